//! Who looks at instruments besides the sampler: programs that publish metrics of their own, and alarms on percentiles,
//! which want single values.

use super::sampling::{Track, cloudwatch};
use super::{Seat, WatchedMetric};
use crate::engine::{Span, Time};
use crate::record::{Instrument, InstrumentKind};
use crate::series::Samples;
use crate::services::cloudwatch::{MetricId, Values};

/// A program looks at one instrument again and again.
#[derive(Debug)]
struct Observer {
    metric: MetricId,
    /// What the counter was when the program published last.
    published_total: u64,
    /// What the instrument was when it was looked at.
    total: u64,
    level: Option<f64>,
    /// Single values since the program published last.
    values: Vec<f64>,
    kind: InstrumentKind,
}

/// A program that publishes a metric.
#[derive(Debug)]
struct Program {
    interval: Span,
    next: Time,
    observers: Vec<Observer>,
}

/// Everybody who looks at instruments besides the sampler.
#[derive(Debug)]
pub(super) struct Observers {
    programs: Vec<Program>,
    /// Single values of the minute, by metric; `None` where nobody asks for them.
    minutes: Vec<Option<Vec<f64>>>,
}

impl Observers {
    pub(super) fn new(watched: &[WatchedMetric], seats: &mut [Seat]) -> Self {
        let minutes = watched.iter().map(|watched| watched.keeps_values.then(Vec::new)).collect();
        let mut programs = Vec::new();
        if let Some(cloudwatch) = cloudwatch(seats) {
            for (custom, interval) in cloudwatch.custom_intervals().into_iter().enumerate() {
                let observers = cloudwatch.custom_operands(custom).into_iter().map(|metric| Observer {
                    metric,
                    published_total: 0,
                    total: 0,
                    level: None,
                    values: Vec::new(),
                    kind: InstrumentKind::Level,
                });
                programs.push(Program {
                    interval,
                    next: Time::ZERO + interval,
                    observers: observers.collect(),
                });
            }
        }
        Self { programs, minutes }
    }

    /// Takes from the instruments what has come since they were looked at.
    pub(super) fn look(&mut self, tracks: &[Track], seats: &mut [Seat]) {
        let nobody = self.programs.is_empty() && self.minutes.iter().all(Option::is_none);
        if nobody {
            return;
        }
        let mut tracks = tracks.iter();
        for seat in seats {
            seat.entity.visit_metrics(&mut |_, instrument| {
                let track = tracks.next().expect("an entity shows the same instruments each time");
                let Some(metric) = track.watched else { return };
                let parts = track.definition.unit.parts();
                let (mut total, mut level, mut values) = (0, None, Vec::new());
                match instrument {
                    Instrument::Counter(counter) => total = counter.total(),
                    Instrument::Level(now) => level = now.value().map(|value| value as f64 / parts),
                    Instrument::Distribution(distribution) => {
                        let taken = distribution.take_values();
                        values = taken.into_iter().map(|value| value as f64 / parts).collect();
                    }
                }
                if let Some(minute) = &mut self.minutes[metric.0 as usize] {
                    minute.extend_from_slice(&values);
                }
                let observers = self.programs.iter_mut().flat_map(|program| &mut program.observers);
                for observer in observers.filter(|observer| observer.metric == metric) {
                    (observer.total, observer.level) = (total, level);
                    observer.kind = track.definition.kind;
                    observer.values.extend_from_slice(&values);
                }
            });
        }
    }

    /// The single values of the minute that ends, where somebody asks for them and the metric has any.
    pub(super) fn take_minute(&mut self, metric: MetricId) -> Option<Values> {
        let mut values = std::mem::take(self.minutes.get_mut(metric.0 as usize)?.as_mut()?);
        (!values.is_empty()).then(|| counted(&mut values).into_boxed_slice())
    }

    /// What nobody has taken belongs to the minute that has ended.
    pub(super) fn end_minute(&mut self) {
        self.minutes.iter_mut().flatten().for_each(Vec::clear);
    }

    pub(super) fn next_publication(&self) -> Time {
        self.programs.iter().map(|program| program.next).min().unwrap_or(Time::MAX)
    }

    /// Programs whose time it is publish.
    pub(super) fn publish(&mut self, now: Time, seats: &mut [Seat]) {
        let Some(cloudwatch) = cloudwatch(seats) else { return };
        for (index, program) in self.programs.iter_mut().enumerate() {
            if program.next > now {
                continue;
            }
            program.next = now + program.interval;
            let observers = &mut program.observers;
            // An expression may name a metric twice, with two statistics: both see the same.
            let seen: Vec<(MetricId, Samples)> =
                observers.iter_mut().map(|observer| (observer.metric, observer.samples())).collect();
            cloudwatch.publish_custom(index, now, &mut |metric| {
                let found = seen.iter().find(|(known, _)| *known == metric);
                found.map_or_else(Samples::none, |(_, samples)| samples.clone())
            });
        }
    }
}

impl Observer {
    /// What the program sees: the level now, what a counter has counted and the values measured since it published last.
    fn samples(&mut self) -> Samples {
        match self.kind {
            InstrumentKind::Level => self.level.map_or_else(Samples::none, Samples::one),
            InstrumentKind::Counter => {
                let counted = self.total - self.published_total;
                self.published_total = self.total;
                Samples::one(counted as f64)
            }
            InstrumentKind::Distribution => {
                let mut values = std::mem::take(&mut self.values);
                let mut samples = Samples::none();
                for value in &values {
                    samples.add(*value);
                }
                samples.values = Some(counted(&mut values));
                samples
            }
        }
    }
}

/// Values with how often each occurs, the smallest first.
fn counted(values: &mut [f64]) -> Vec<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    let runs = values.chunk_by(|left, right| left.total_cmp(right).is_eq());
    runs.map(|run| (run[0], run.len() as f64)).collect()
}
