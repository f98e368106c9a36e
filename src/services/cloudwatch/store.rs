//! The metrics that alarms watch, as far back as they look.

use crate::engine::{Span, Time};
use crate::record::Datapoint;
use std::collections::VecDeque;

/// A statistic of a metric over a period ("CloudWatch statistics definitions").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// Sum over sample count.
    Average,
    /// Sum.
    Sum,
    /// Smallest sample.
    Minimum,
    /// Largest sample.
    Maximum,
    /// Number of samples.
    SampleCount,
}

/// A metric in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricId(pub u32);

#[derive(Debug, Clone, Copy)]
struct Stored {
    datapoint: Datapoint,
    visible_from: Time,
}

/// The datapoints of every watched metric.
#[derive(Debug, Default)]
pub(super) struct Store {
    metrics: Vec<VecDeque<Stored>>,
    /// How far back alarms look.
    keep: Span,
}

impl Store {
    pub(super) fn new(metrics: usize, keep: Span) -> Self {
        Self { metrics: vec![VecDeque::new(); metrics], keep }
    }

    /// A datapoint is published; it can be read from `visible_from` on.
    pub(super) fn put(&mut self, metric: MetricId, datapoint: Datapoint, visible_from: Time) {
        let points = &mut self.metrics[metric.0 as usize];
        points.push_back(Stored { datapoint, visible_from });
        while points
            .front()
            .is_some_and(|oldest| oldest.datapoint.time.saturating_add(self.keep) < datapoint.time)
        {
            points.pop_front();
        }
    }

    /// The statistic over `[from, from + period)`, of the datapoints that can be read at `now`; `None` without any.
    pub(super) fn statistic(
        &self,
        metric: MetricId,
        statistic: Statistic,
        from: Time,
        period: Span,
        now: Time,
    ) -> Option<f64> {
        let end = from + period;
        let points = self.metrics[metric.0 as usize]
            .iter()
            .rev()
            .skip_while(|stored| stored.datapoint.time >= end)
            .take_while(|stored| stored.datapoint.time >= from)
            .filter(|stored| stored.visible_from <= now)
            .map(|stored| stored.datapoint);
        let (mut count, mut sum, mut minimum, mut maximum) = (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
        for point in points {
            count += point.sample_count;
            sum += point.sum;
            minimum = point.minimum.min(minimum);
            maximum = point.maximum.max(maximum);
        }
        (count > 0.0).then_some(match statistic {
            Statistic::Average => sum / count,
            Statistic::Sum => sum,
            Statistic::Minimum => minimum,
            Statistic::Maximum => maximum,
            Statistic::SampleCount => count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_visible_counts() {
        let minute = Span::from_minutes(1);
        let mut store = Store::new(1, Span::from_minutes(10));
        for index in 0..20_u64 {
            let time = Time::ZERO + minute * index;
            let value = index as f64;
            let datapoint = Datapoint {
                time,
                period: minute,
                sample_count: 1.0,
                sum: value,
                minimum: value,
                maximum: value,
            };
            store.put(MetricId(0), datapoint, time + minute * 2);
        }
        let from = Time::ZERO + minute * 15;
        let read = |statistic, now| store.statistic(MetricId(0), statistic, from, minute * 5, now);
        let late = Time::ZERO + minute * 60;
        assert_eq!(read(Statistic::Sum, late), Some(85.0));
        assert_eq!(read(Statistic::Maximum, late), Some(19.0));
        assert_eq!(read(Statistic::Average, Time::ZERO + minute * 18), Some(15.5));
        assert_eq!(read(Statistic::SampleCount, Time::ZERO + minute * 16), None);
    }
}
