//! When messages are produced.
//!
//! Every rate, however it is written, becomes a chain of straight pieces; an arrival comes when the area under them
//! has grown by one (evenly spaced) or by an exponential amount (a Poisson process whose rate follows the pieces).

use super::renewal::RenewalArrivals;
use super::trace::TraceArrivals;
use crate::engine::{Span, Stream, Time};

/// A straight piece of a rate over time: from `from` to `to` messages per second during `length`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// How long it lasts; [`Span::MAX`] for ever (then the rate is `from` throughout).
    pub length: Span,
    /// Rate at its beginning, per second, not negative.
    pub from: f64,
    /// Rate at its end, per second, not negative.
    pub to: f64,
}

/// How arrivals lie within a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spacing {
    /// At equal steps of the area under the rate.
    Evenly,
    /// As a Poisson process.
    Poisson,
}

/// Where the pieces of a rate come from.
#[derive(Debug, Clone)]
pub enum Pieces {
    /// One after another; after the last, either the whole again or its final rate for ever.
    Listed {
        /// The pieces.
        list: Vec<Piece>,
        /// Whether they begin again after the last.
        repeat: bool,
    },
    /// Two states of random, exponential length, each with its rate: a Markov-modulated process.
    OnOff {
        /// Rate while on, per second.
        on_rate: f64,
        /// Rate while off, per second.
        off_rate: f64,
        /// Mean length of an on period.
        mean_on: Span,
        /// Mean length of an off period.
        mean_off: Span,
    },
}

/// When the next message is produced.
#[derive(Debug)]
pub enum Arrivals {
    /// Along a rate.
    Rate(RateArrivals),
    /// As a recording says.
    Trace(TraceArrivals),
    /// Many at once, at given times: `(time, messages)`, in order of time.
    Bursts(std::vec::IntoIter<(Time, u64)>, Option<(Time, u64)>),
    /// At independent random distances.
    Renewal(RenewalArrivals),
}

impl Arrivals {
    /// Groups of messages at given times, earliest first.
    pub fn bursts(bursts: Vec<(Time, u64)>) -> Self {
        Arrivals::Bursts(bursts.into_iter(), None)
    }

    /// The time of the next arrival, not before the one told last; `None` when there are no more.
    #[inline]
    pub fn next_arrival(&mut self) -> Option<Time> {
        match self {
            Arrivals::Rate(arrivals) => arrivals.next_arrival(),
            Arrivals::Trace(arrivals) => arrivals.next_arrival(),
            Arrivals::Renewal(arrivals) => arrivals.next_arrival(),
            Arrivals::Bursts(bursts, current) => loop {
                match current {
                    Some((at, left)) if *left > 0 => {
                        *left -= 1;
                        return Some(*at);
                    }
                    _ => *current = Some(bursts.next()?),
                }
            },
        }
    }
}

/// Arrivals along a rate.
#[derive(Debug)]
pub struct RateArrivals {
    pieces: Pieces,
    spacing: Spacing,
    stream: Stream,
    /// Which piece comes next (listed), or whether the next state is on.
    next_piece: usize,
    piece: Piece,
    piece_began: Time,
    piece_ends: Time,
    at: Time,
    /// The part of a nanosecond that rounding took from evenly spaced arrivals.
    carry: f64,
    /// Pieces without area passed in a row: ends a search that would never find an arrival.
    empty_pieces: usize,
}

/// Mean lengths of on and off periods are drawn; this many empty ones in a row cannot happen by chance.
const ENDLESS: usize = 1_000_000;

impl RateArrivals {
    /// Arrivals from time zero on.
    pub fn new(pieces: Pieces, spacing: Spacing, stream: Stream) -> Self {
        let mut arrivals = Self {
            pieces,
            spacing,
            stream,
            next_piece: 0,
            piece: Piece { length: Span::ZERO, from: 0.0, to: 0.0 },
            piece_began: Time::ZERO,
            piece_ends: Time::ZERO,
            at: Time::ZERO,
            carry: 0.0,
            empty_pieces: 0,
        };
        arrivals.begin_next_piece();
        arrivals
    }

    fn begin_next_piece(&mut self) {
        let piece = match &self.pieces {
            Pieces::Listed { list, repeat } => {
                let index =
                    if *repeat && !list.is_empty() { self.next_piece % list.len() } else { self.next_piece };
                list.get(index).copied().unwrap_or_else(|| {
                    let rate = list.last().map_or(0.0, |last| last.to);
                    Piece { length: Span::MAX, from: rate, to: rate }
                })
            }
            Pieces::OnOff { on_rate, off_rate, mean_on, mean_off } => {
                let (rate, mean) = if self.next_piece.is_multiple_of(2) {
                    (*on_rate, *mean_on)
                } else {
                    (*off_rate, *mean_off)
                };
                let length = Span::from_seconds_f64(mean.as_seconds_f64() * self.stream.exponential());
                Piece { length, from: rate, to: rate }
            }
        };
        self.next_piece += 1;
        self.piece = piece;
        self.piece_began = self.piece_ends;
        self.piece_ends = self.piece_began.saturating_add(piece.length);
    }

    /// The rate at `self.at`, and how fast it changes, per second and per second squared.
    #[inline]
    fn rate_here(&self) -> (f64, f64) {
        if self.piece.from.to_bits() == self.piece.to.to_bits() {
            return (self.piece.from, 0.0);
        }
        let slope = (self.piece.to - self.piece.from) / self.piece.length.as_seconds_f64();
        (self.piece.from + slope * (self.at - self.piece_began).as_seconds_f64(), slope)
    }

    /// The time of the next arrival; `None` when none will ever come.
    #[inline]
    pub fn next_arrival(&mut self) -> Option<Time> {
        let mut wanted = match self.spacing {
            Spacing::Evenly => 1.0,
            Spacing::Poisson => self.stream.exponential(),
        };
        loop {
            let (rate, slope) = self.rate_here();
            // Time until the area has grown by `wanted`, in a form that stays exact for small slopes.
            let root = rate * rate + 2.0 * slope * wanted;
            let denominator = rate + if slope == 0.0 { rate } else { root.max(0.0).sqrt() };
            if denominator > 0.0 && root >= 0.0 {
                let nanoseconds = 2.0 * wanted / denominator * 1e9 + self.carry;
                let left = (self.piece_ends - self.at).as_nanos() as f64;
                if nanoseconds <= left && nanoseconds < u64::MAX as f64 {
                    let whole = nanoseconds.floor();
                    if self.spacing == Spacing::Evenly {
                        self.carry = nanoseconds - whole;
                    }
                    self.at = self.at.checked_add(Span::from_nanos(whole as u64))?;
                    self.empty_pieces = 0;
                    return Some(self.at);
                }
            }
            if self.piece_ends == Time::MAX {
                return None;
            }
            let left = (self.piece_ends - self.at).as_seconds_f64();
            let area = (rate + slope * left * 0.5) * left + self.carry * 1e-9 * rate;
            if area > 0.0 {
                self.empty_pieces = 0;
            } else {
                self.empty_pieces += 1;
            }
            wanted = (wanted - area.max(0.0)).max(0.0);
            self.carry = 0.0;
            self.at = self.piece_ends;
            if self.empty_pieces > ENDLESS {
                return None;
            }
            self.begin_next_piece();
        }
    }
}

/// A daily (or other) sine wave as straight pieces, one period of them, beginning at `phase` of the period
/// (0..1, measured from the peak). With 1,440 pieces the rate is right to three parts in a million.
pub fn sine_pieces(mean: f64, amplitude: f64, period: Span, phase: f64) -> Vec<Piece> {
    const PIECES: u64 = 1_440;
    let rate = |index: u64| {
        let angle = 2.0 * std::f64::consts::PI * (phase + index as f64 / PIECES as f64);
        (mean + amplitude * libm::cos(angle)).max(0.0)
    };
    let nanoseconds = u128::from(period.as_nanos());
    let boundary = |index: u64| (nanoseconds * u128::from(index) / u128::from(PIECES)) as u64;
    (0..PIECES)
        .map(|index| Piece {
            length: Span::from_nanos(boundary(index + 1) - boundary(index)),
            from: rate(index),
            to: rate(index + 1),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate_arrivals(pieces: Pieces, spacing: Spacing) -> RateArrivals {
        RateArrivals::new(pieces, spacing, Stream::new(1, 0, "test", "arrivals"))
    }

    fn forever(rate: f64) -> Pieces {
        Pieces::Listed { list: vec![Piece { length: Span::MAX, from: rate, to: rate }], repeat: false }
    }

    fn count_until(arrivals: &mut RateArrivals, end: Time) -> u64 {
        let mut count = 0;
        while arrivals.next_arrival().is_some_and(|at| at <= end) {
            count += 1;
        }
        count
    }

    #[test]
    fn a_constant_rate_does_not_drift() {
        let mut arrivals = rate_arrivals(forever(3.0), Spacing::Evenly);
        let last = (0..3_000_000).map(|_| arrivals.next_arrival().unwrap()).last().unwrap();
        let drift = last.as_nanos().abs_diff(1_000_000 * 1_000_000_000);
        assert!(drift <= 10, "{drift} ns off after a million seconds");
    }

    #[test]
    fn a_ramp_has_the_area_of_its_trapezoid() {
        let list = vec![
            Piece { length: Span::from_seconds(100), from: 0.0, to: 40.0 },
            Piece { length: Span::from_seconds(100), from: 40.0, to: 10.0 },
            Piece { length: Span::from_seconds(100), from: 0.0, to: 0.0 },
        ];
        let mut arrivals = rate_arrivals(Pieces::Listed { list, repeat: true }, Spacing::Evenly);
        assert_eq!(count_until(&mut arrivals, Time::ZERO + Span::from_seconds(300)), 4_500);
    }

    #[test]
    fn a_rate_of_zero_never_arrives() {
        assert_eq!(rate_arrivals(forever(0.0), Spacing::Poisson).next_arrival(), None);
        let zeros = vec![Piece { length: Span::from_nanos(1), from: 0.0, to: 0.0 }];
        assert_eq!(
            rate_arrivals(Pieces::Listed { list: zeros, repeat: true }, Spacing::Evenly).next_arrival(),
            None
        );
    }

    #[test]
    fn a_poisson_process_has_its_mean_and_variance() {
        let mut arrivals = rate_arrivals(forever(50.0), Spacing::Poisson);
        let mut counts = [0_u64; 2_000];
        while let Some(count) = arrivals
            .next_arrival()
            .and_then(|at| counts.get_mut((at.as_nanos() / Span::from_seconds(1).as_nanos()) as usize))
        {
            *count += 1;
        }
        let mean = counts.iter().sum::<u64>() as f64 / 2_000.0;
        let variance = counts.iter().map(|c| (*c as f64 - mean) * (*c as f64 - mean)).sum::<f64>() / 2_000.0;
        assert!((mean - 50.0).abs() < 0.6, "mean {mean}");
        assert!((variance / mean - 1.0).abs() < 0.12, "variance {variance}");
    }

    #[test]
    fn on_and_off_periods_mix_their_rates() {
        let pieces = Pieces::OnOff {
            on_rate: 100.0,
            off_rate: 0.0,
            mean_on: Span::from_seconds(10),
            mean_off: Span::from_seconds(30),
        };
        let mut arrivals = rate_arrivals(pieces, Spacing::Poisson);
        let count = count_until(&mut arrivals, Time::ZERO + Span::from_seconds(400_000));
        let share = count as f64 / (400_000.0 * 100.0);
        assert!((share - 0.25).abs() < 0.01, "on for {share} of the time");
    }

    #[test]
    fn a_sine_has_its_mean_and_peaks_where_it_should() {
        let day = Span::from_hours(24);
        let pieces = Pieces::Listed { list: sine_pieces(10.0, 5.0, day, 0.5), repeat: true };
        let mut arrivals = rate_arrivals(pieces, Spacing::Evenly);
        let mut hours = [0_u64; 24];
        while let Some(at) = arrivals.next_arrival().filter(|at| *at < Time::ZERO + day) {
            hours[(at.as_nanos() / Span::from_hours(1).as_nanos()) as usize] += 1;
        }
        assert!(hours.iter().sum::<u64>().abs_diff(864_000) <= 2);
        let peak = hours.iter().enumerate().max_by_key(|(_, count)| **count).unwrap().0;
        assert!(peak == 11 || peak == 12, "half a period after the start, not in hour {peak}");
    }

    #[test]
    fn bursts_come_at_once() {
        let at = |seconds| Time::ZERO + Span::from_seconds(seconds);
        let mut arrivals = Arrivals::bursts(vec![(at(1), 2), (at(5), 0), (at(7), 1)]);
        let times: Vec<_> = std::iter::from_fn(|| arrivals.next_arrival()).collect();
        assert_eq!(times, [at(1), at(1), at(7)]);
    }
}
