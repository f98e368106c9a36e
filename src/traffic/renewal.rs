//! Arrivals at independent random distances, one or several at a time: a renewal process.

use crate::engine::{Distribution, Span, Stream, Time};
use crate::language::{DistributionOf, Duration, Files, Problems, section};

section! {
    /// Arrivals at independent distances of any distribution, of one or several messages each.
    pub struct RenewalConfig {
        /// The time between two arrivals, and from the start to the first.
        pub interval: DistributionOf<Duration>;
        /// How many messages come at once, rounded to a whole number, 1 at least.
        pub messages: DistributionOf<f64> = DistributionOf::constant(1.0);
    }
}

/// Distances and numbers, ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Renewal {
    /// Between two arrivals, in nanoseconds.
    pub interval: Distribution,
    /// Messages of an arrival.
    pub messages: Distribution,
}

impl RenewalConfig {
    /// Its distributions; `None` when a problem was told.
    pub fn read(&self, files: &dyn Files, problems: &mut Problems) -> Option<Renewal> {
        let interval = self.interval.build(files, problems);
        let messages = self.messages.build(files, problems);
        let interval = interval?;
        // Shorter than half a nanosecond is no distance: time would stand still.
        if interval.mean().is_some_and(|mean| mean < 0.5) {
            problems
                .error(self.places.of("interval"), "arrivals without any time between them never end")
                .help("write `bursts` for many messages at once");
            return None;
        }
        Some(Renewal { interval, messages: messages? })
    }
}

/// The arrivals of one run.
#[derive(Debug)]
pub struct RenewalArrivals {
    renewal: Renewal,
    stream: Stream,
    at: Time,
    /// Messages of the present arrival that are still to come.
    left: u64,
}

impl RenewalArrivals {
    /// Arrivals from time zero on.
    pub fn new(renewal: Renewal, stream: Stream) -> Self {
        Self { renewal, stream, at: Time::ZERO, left: 0 }
    }

    /// The time of the next message; `None` at the end of time.
    pub fn next_arrival(&mut self) -> Option<Time> {
        if self.left == 0 {
            let nanoseconds = (self.renewal.interval.sample(&mut self.stream) + 0.5) as u64;
            self.at = self.at.checked_add(Span::from_nanos(nanoseconds))?;
            self.left = ((self.renewal.messages.sample(&mut self.stream) + 0.5) as u64).max(1);
        }
        self.left -= 1;
        Some(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_come_in_groups_at_their_distances() {
        let constant = |value: f64| Distribution::constant(value).expect("it is finite");
        let renewal = Renewal { interval: constant(3e9), messages: constant(2.4) };
        let mut arrivals = RenewalArrivals::new(renewal, Stream::new(1, 0, "test", "arrivals"));
        let seconds: Vec<f64> = (0..5)
            .map(|_| arrivals.next_arrival().expect("there is a next one").since_start().as_seconds_f64())
            .collect();
        assert_eq!(seconds, [3.0, 3.0, 6.0, 6.0, 9.0]);
    }
}
