//! When messages are produced, in a scenario.

use super::arrivals::{Arrivals, Piece, Pieces, RateArrivals, Spacing, sine_pieces};
use super::renewal::{Renewal, RenewalArrivals, RenewalConfig};
use super::trace::{Trace, TraceArrivals, TraceOptions};
use crate::engine::{Span, Stream, Time};
use crate::language::{
    Duration, Files, Located, Place, Probability, Problems, Rate, choice, keyword, section,
};

choice! {
    /// When messages are produced.
    pub enum ArrivalsConfig {
        /// At a constant rate, evenly spaced; the first one interval after the start.
        Constant(RateConfig) = "constant",
        /// As a Poisson process: independent of each other, at a constant rate.
        Poisson(RateConfig) = "poisson",
        /// At rates that change in steps and ramps.
        Piecewise(PiecewiseConfig) = "piecewise",
        /// At a rate that follows a sine wave, by default over a day of the simulated clock.
        Daily(DailyConfig) = "daily",
        /// At two rates in turn, for random times: a Markov-modulated Poisson process.
        OnOff(OnOffConfig) = "on_off",
        /// At a base rate with spikes.
        Spikes(SpikesConfig) = "spikes",
        /// Many at once, at given times.
        Bursts(Vec<BurstConfig>) = "bursts",
        /// As a recording of counts says.
        Trace(TraceConfig) = "trace",
        /// At independent random distances of any distribution, one or several at a time.
        Renewal(RenewalConfig) = "renewal",
    }
}

keyword! {
    /// How messages lie within a rate or an interval.
    pub enum SpacingConfig {
        /// At equal distances.
        Evenly = "evenly",
        /// As a Poisson process.
        Poisson = "poisson",
    }
}

section! {
    /// A constant rate.
    pub struct RateConfig {
        /// Messages per time.
        pub rate: Rate;
    }
}

section! {
    /// A rate that changes in steps and ramps.
    pub struct PiecewiseConfig {
        /// The changes, in order of time. Before the first the rate is 0; after the last it stays.
        pub points: Vec<PointConfig>;
        /// How messages lie within the rate.
        pub spacing: SpacingConfig = SpacingConfig::Poisson;
        /// Begin again after this time.
        pub repeat_every: Option<Duration>, above (Duration::ZERO);
    }
    check PiecewiseConfig::check;
}

section! {
    /// A change of a rate.
    pub struct PointConfig {
        /// When the change begins, from the start of the run.
        pub at: Duration;
        /// The rate it leads to.
        pub rate: Rate;
        /// How long the change takes: 0s is a step, more a ramp.
        pub ramp: Duration = Duration::ZERO;
    }
}

section! {
    /// A rate that follows a sine wave.
    pub struct DailyConfig {
        /// The mean rate.
        pub mean: Rate;
        /// How far the rate swings, as a share of the mean: with 60% it goes from 0.4 to 1.6 times the mean.
        pub amplitude: Probability = Probability::new(0.5);
        /// When the rate is highest, as time since midnight UTC of the simulated clock.
        pub peak_at: Duration = Duration::from_hours(14);
        /// The length of a wave.
        pub period: Duration = Duration::from_hours(24), at_least (Duration::from_seconds(60));
        /// How messages lie within the rate.
        pub spacing: SpacingConfig = SpacingConfig::Poisson;
    }
}

section! {
    /// Two rates in turn, each for a random (exponential) time. The first period is an on period.
    pub struct OnOffConfig {
        /// Rate while on.
        pub on_rate: Rate;
        /// Rate while off.
        pub off_rate: Rate = Rate::ZERO;
        /// Mean length of an on period.
        pub mean_on: Duration, above (Duration::ZERO);
        /// Mean length of an off period.
        pub mean_off: Duration, above (Duration::ZERO);
        /// How messages lie within a period.
        pub spacing: SpacingConfig = SpacingConfig::Poisson;
    }
}

section! {
    /// A base rate with spikes on top.
    pub struct SpikesConfig {
        /// Rate outside the spikes.
        pub base_rate: Rate = Rate::ZERO;
        /// The spikes, in order of time, without overlap.
        pub spikes: Vec<SpikeConfig>;
        /// How messages lie within the rate.
        pub spacing: SpacingConfig = SpacingConfig::Poisson;
    }
    check SpikesConfig::check;
}

section! {
    /// A spike.
    pub struct SpikeConfig {
        /// When it begins, from the start of the run.
        pub at: Duration;
        /// The rate during it.
        pub rate: Rate;
        /// How long it lasts.
        pub duration: Duration, above (Duration::ZERO);
    }
}

section! {
    /// Many messages at once.
    pub struct BurstConfig {
        /// When, from the start of the run.
        pub at: Duration;
        /// How many.
        pub messages: u64;
    }
}

section! {
    /// A recording: a CSV with a timestamp and a count column, as CloudWatch exports. Its first row is laid on the
    /// start of the run.
    pub struct TraceConfig {
        /// The file, relative to the scenario.
        pub file: Located<String>;
        /// The column with timestamps; by default `timestamp`, or the first.
        pub timestamp_column: Option<String>;
        /// The column with counts; by default `value`, `count` or `Sum`, or the second.
        pub count_column: Option<String>;
        /// Every count is multiplied by this; fractions are carried over to the next interval.
        pub scale: f64 = 1.0, above (0.0);
        /// The recording is played this many times faster; counts stay.
        pub speed_up: f64 = 1.0, above (0.0);
        /// How messages lie within an interval.
        pub spacing: SpacingConfig = SpacingConfig::Evenly;
    }
}

impl From<SpacingConfig> for Spacing {
    fn from(spacing: SpacingConfig) -> Self {
        match spacing {
            SpacingConfig::Evenly => Spacing::Evenly,
            SpacingConfig::Poisson => Spacing::Poisson,
        }
    }
}

/// A duration of the scenario in run time.
fn span(duration: Duration) -> Span {
    Span::from_nanos(duration.as_nanos())
}

/// Tells when `times` do not increase.
fn in_order(times: impl Iterator<Item = (Duration, Option<Place>)>, problems: &mut Problems) {
    let mut last: Option<Duration> = None;
    for (time, place) in times {
        if let Some(last) = last.filter(|last| time < *last) {
            problems.error(
                place,
                format!("{time} comes after {last} but is earlier: write them in order of time"),
            );
        }
        last = Some(time);
    }
}

impl PiecewiseConfig {
    fn check(&self, problems: &mut Problems) {
        if self.points.is_empty() {
            problems.error(self.places.of("points"), "at least one point is needed");
        }
        in_order(self.points.iter().map(|point| (point.at, point.places.of("at"))), problems);
        for pair in self.points.windows(2) {
            if pair[0].at.as_nanos() + pair[0].ramp.as_nanos() > pair[1].at.as_nanos()
                && pair[0].at <= pair[1].at
            {
                problems.error(
                    pair[0].places.of("ramp"),
                    format!("this ramp is not over when the next change begins, at {}", pair[1].at),
                );
            }
        }
        if let (Some(every), Some(last)) = (self.repeat_every, self.points.last())
            && last.at.as_nanos() + last.ramp.as_nanos() > every.as_nanos()
        {
            problems.error(self.places.of("repeat_every"), "the last change is not over by then");
        }
    }

    fn pieces(&self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let (mut time, mut rate) = (0, 0.0);
        for point in &self.points {
            pieces.push(flat(point.at.as_nanos() - time, rate));
            let next = point.rate.as_per_second();
            pieces.push(Piece { length: span(point.ramp), from: rate, to: next });
            time = point.at.as_nanos() + point.ramp.as_nanos();
            rate = next;
        }
        match self.repeat_every {
            Some(every) => pieces.push(flat(every.as_nanos() - time, rate)),
            None => pieces.push(Piece { length: Span::MAX, from: rate, to: rate }),
        }
        pieces.retain(|piece| piece.length > Span::ZERO);
        pieces
    }
}

fn flat(nanoseconds: u64, rate: f64) -> Piece {
    Piece { length: Span::from_nanos(nanoseconds), from: rate, to: rate }
}

impl SpikesConfig {
    fn check(&self, problems: &mut Problems) {
        in_order(self.spikes.iter().map(|spike| (spike.at, spike.places.of("at"))), problems);
        for pair in self.spikes.windows(2) {
            if pair[0].at.as_nanos() + pair[0].duration.as_nanos() > pair[1].at.as_nanos()
                && pair[0].at <= pair[1].at
            {
                problems.error(pair[0].places.of("duration"), "this spike is not over when the next begins");
            }
        }
    }

    fn pieces(&self) -> Vec<Piece> {
        let base = self.base_rate.as_per_second();
        let mut pieces = Vec::new();
        let mut time = 0;
        for spike in &self.spikes {
            pieces.push(flat(spike.at.as_nanos() - time, base));
            pieces.push(flat(spike.duration.as_nanos(), spike.rate.as_per_second()));
            time = spike.at.as_nanos() + spike.duration.as_nanos();
        }
        pieces.push(Piece { length: Span::MAX, from: base, to: base });
        pieces.retain(|piece| piece.length > Span::ZERO);
        pieces
    }
}

impl DailyConfig {
    /// The wave from the start of the run on: where in it the start lies follows from the clock.
    fn pieces(&self, start_unix_millis: i64) -> Vec<Piece> {
        let period = span(self.period);
        let start = i128::from(start_unix_millis) * 1_000_000;
        let since_peak =
            (start - i128::from(self.peak_at.as_nanos())).rem_euclid(i128::from(period.as_nanos())) as f64;
        let mean = self.mean.as_per_second();
        sine_pieces(mean, mean * self.amplitude.as_f64(), period, since_peak / period.as_nanos() as f64)
    }
}

impl TraceConfig {
    /// Reads the recording; `None` when a problem was told.
    pub fn read(&self, files: &dyn Files, problems: &mut Problems) -> Option<Trace> {
        let path = &self.file;
        let text = files.read(&path.value).map_err(|why| {
            problems
                .error(path.place, format!("cannot read the recording `{}`: {why}", path.value))
                .help("the path is relative to the scenario file");
        });
        let options = TraceOptions {
            timestamp_column: self.timestamp_column.clone(),
            count_column: self.count_column.clone(),
            scale: self.scale,
            speed_up: self.speed_up,
        };
        let read = Trace::read(&text.ok()?, &options);
        read.map_err(|error| {
            problems.error(path.place, format!("in `{}`: {error}", path.value));
        })
        .ok()
    }
}

/// What is read or worked out of a section once, for all runs.
#[derive(Debug, Clone, Default)]
pub enum ArrivalsSource {
    /// Nothing.
    #[default]
    None,
    /// The recording that is replayed.
    Trace(Trace),
    /// The distributions of a renewal process.
    Renewal(Renewal),
}

/// What the arrivals of a producer need besides their section.
#[derive(Debug)]
pub struct ArrivalsContext<'a> {
    /// Randomness of the arrivals.
    pub stream: Stream,
    /// The simulated clock at the start, in milliseconds since 1970.
    pub start_unix_millis: i64,
    /// What was read of the section.
    pub source: &'a ArrivalsSource,
}

impl ArrivalsConfig {
    /// The arrivals of one run.
    pub fn build(&self, context: ArrivalsContext<'_>) -> Arrivals {
        let rate = |pieces: Vec<Piece>, repeat: bool, spacing: Spacing, stream: Stream| {
            Arrivals::Rate(RateArrivals::new(Pieces::Listed { list: pieces, repeat }, spacing, stream))
        };
        let forever = |config: &RateConfig| {
            let rate = config.rate.as_per_second();
            vec![Piece { length: Span::MAX, from: rate, to: rate }]
        };
        let stream = context.stream;
        match self {
            ArrivalsConfig::Constant(config) => rate(forever(config), false, Spacing::Evenly, stream),
            ArrivalsConfig::Poisson(config) => rate(forever(config), false, Spacing::Poisson, stream),
            ArrivalsConfig::Piecewise(config) => {
                rate(config.pieces(), config.repeat_every.is_some(), config.spacing.into(), stream)
            }
            ArrivalsConfig::Daily(config) => {
                rate(config.pieces(context.start_unix_millis), true, config.spacing.into(), stream)
            }
            ArrivalsConfig::Spikes(config) => rate(config.pieces(), false, config.spacing.into(), stream),
            ArrivalsConfig::OnOff(config) => {
                let pieces = Pieces::OnOff {
                    on_rate: config.on_rate.as_per_second(),
                    off_rate: config.off_rate.as_per_second(),
                    mean_on: span(config.mean_on),
                    mean_off: span(config.mean_off),
                };
                Arrivals::Rate(RateArrivals::new(pieces, config.spacing.into(), stream))
            }
            ArrivalsConfig::Bursts(bursts) => {
                let mut bursts: Vec<(Time, u64)> =
                    bursts.iter().map(|burst| (Time::ZERO + span(burst.at), burst.messages)).collect();
                bursts.sort_by_key(|(at, _)| *at);
                Arrivals::bursts(bursts)
            }
            ArrivalsConfig::Trace(config) => {
                let trace = match context.source {
                    ArrivalsSource::Trace(trace) => trace.clone(),
                    _ => Trace::default(),
                };
                Arrivals::Trace(TraceArrivals::new(trace, config.spacing.into(), stream))
            }
            ArrivalsConfig::Renewal(_) => match context.source {
                ArrivalsSource::Renewal(renewal) => {
                    Arrivals::Renewal(RenewalArrivals::new(renewal.clone(), stream))
                }
                _ => Arrivals::bursts(Vec::new()),
            },
        }
    }
}
