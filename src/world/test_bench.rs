//! What a test puts into a world and reads from it: metrics that are given, and levels at given times.

use super::{Entity, Seat};
use crate::engine::{Span, Time};
use crate::record::{Datapoint, Instrument, Probe, Reading};
use crate::services::cloudwatch::MetricId;

/// Metrics that are given from outside, all with the same interval.
#[derive(Debug, Clone, Default)]
pub struct Feed {
    /// How long an interval is; zero without any series.
    pub interval: Span,
    /// How long after its interval a value can be read.
    pub delay: Span,
    /// One value an interval by series; the position of a series is its [`MetricId`].
    pub series: Vec<Vec<Option<f64>>>,
}

impl Feed {
    /// Publishes the values of the interval that ends now.
    pub(super) fn publish(&self, now: Time, seats: &mut [Seat]) {
        let cloudwatch = seats.iter_mut().find_map(|seat| match &mut seat.entity {
            Entity::CloudWatch(cloudwatch) => Some(cloudwatch),
            _ => None,
        });
        let Some(cloudwatch) = cloudwatch else { return };
        let begin = now - self.interval;
        let index = (begin.since_start().as_nanos() / self.interval.as_nanos()) as usize;
        for (series, position) in self.series.iter().zip(0..) {
            let Some(value) = series.get(index).copied().flatten() else { continue };
            let datapoint = Datapoint {
                time: begin,
                period: self.interval,
                sample_count: 1.0,
                sum: value,
                minimum: value,
                maximum: value,
            };
            cloudwatch.put(MetricId(position), datapoint, None, now + self.delay);
        }
    }
}

/// The levels of all entities now.
pub(super) fn probe(now: Time, seats: &mut [Seat]) -> Probe {
    let mut readings = Vec::new();
    for seat in seats {
        let name = seat.name.clone();
        seat.entity.visit_metrics(&mut |definition, instrument| {
            if let Instrument::Level(level) = instrument
                && let Some(value) = level.value()
            {
                readings.push(Reading { name: name.clone(), metric: definition.name, value });
            }
        });
    }
    Probe { time: now, readings }
}
