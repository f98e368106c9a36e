//! The metrics that alarms watch, as far back as they look.

use crate::engine::{Span, Time};
use crate::record::Datapoint;
use crate::series::math::{Grid, Points};
use crate::series::{Samples, Statistic};
use std::collections::VecDeque;

/// A metric in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricId(pub u32);

/// The single values of a datapoint: a value, and how many samples had it.
pub type Values = Box<[(f64, f64)]>;

#[derive(Debug, Clone)]
struct Stored {
    datapoint: Datapoint,
    /// Only kept where somebody asks for a percentile or a like statistic.
    values: Option<Values>,
    visible_from: Time,
}

/// The datapoints of every watched metric.
#[derive(Debug, Default)]
pub(super) struct Store {
    metrics: Vec<VecDeque<Stored>>,
    /// How far back alarms look.
    keep: Span,
}

/// Which periods are read, and when.
#[derive(Debug, Clone)]
pub(super) struct Window {
    /// The end of the newest period.
    pub(super) end: Time,
    /// Length of a period.
    pub(super) period: Span,
    /// How many periods.
    pub(super) slots: usize,
    /// The time of reading: later datapoints are not seen.
    pub(super) now: Time,
    /// Where the periods begin and end where they are aligned to the clock, in milliseconds since 1970; else empty.
    pub(super) edges: Vec<i64>,
    /// The simulated wall clock at time zero.
    pub(super) start_unix_millis: i64,
}

impl Window {
    /// The period that holds a time, from 0, the oldest; `None` when none does.
    fn slot(&self, time: Time) -> Option<usize> {
        if !self.edges.is_empty() {
            let millis = self.start_unix_millis + (time.as_nanos() / 1_000_000).cast_signed();
            let behind = self.edges.partition_point(|edge| *edge <= millis);
            return behind.checked_sub(1).filter(|slot| *slot < self.slots);
        }
        if time >= self.end {
            return None;
        }
        let age = (self.end - time).as_nanos() - 1;
        self.slots.checked_sub((age / self.period.as_nanos()) as usize + 1)
    }

    /// When a period begins, in milliseconds since 1970.
    pub(super) fn slot_start_unix_millis(&self, slot: usize) -> i64 {
        self.edges.get(slot).copied().unwrap_or_else(|| {
            let grid = self.grid();
            grid.start_unix_millis + (self.period.as_nanos() / 1_000_000 * slot as u64).cast_signed()
        })
    }

    /// The periods as metric math sees them.
    pub(super) fn grid(&self) -> Grid {
        match self.edges.first() {
            Some(first) => Grid { start_unix_millis: *first, period: self.period, slots: self.slots },
            None => Grid::ending(self.end, self.period, self.slots, self.start_unix_millis),
        }
    }
}

impl Store {
    pub(super) fn new(metrics: usize, keep: Span) -> Self {
        Self { metrics: vec![VecDeque::new(); metrics], keep }
    }

    /// A datapoint is published; it can be read from `visible_from` on.
    pub(super) fn put(
        &mut self,
        metric: MetricId,
        datapoint: Datapoint,
        values: Option<Values>,
        visible_from: Time,
    ) {
        let points = &mut self.metrics[metric.0 as usize];
        points.push_back(Stored { datapoint, values, visible_from });
        while points
            .front()
            .is_some_and(|oldest| oldest.datapoint.time.saturating_add(self.keep) < datapoint.time)
        {
            points.pop_front();
        }
    }

    /// The samples of each period of the window, oldest first, of the datapoints that can be read.
    fn samples(&self, metric: MetricId, window: &Window, values: bool) -> Vec<Samples> {
        let mut samples = vec![Samples::none(); window.slots];
        for stored in &self.metrics[metric.0 as usize] {
            if stored.visible_from <= window.now
                && let Some(slot) = window.slot(stored.datapoint.time)
            {
                stored.add_to(&mut samples[slot], values);
            }
        }
        samples
    }

    /// The statistic of each period of the window, oldest first; `None` where there is none.
    pub(super) fn points(&self, metric: MetricId, statistic: Statistic, window: &Window) -> Points {
        let samples = self.samples(metric, window, statistic.needs_values());
        samples.into_iter().map(|samples| statistic.of(samples)).collect()
    }
}

impl Stored {
    fn add_to(&self, samples: &mut Samples, values: bool) {
        let point = &self.datapoint;
        samples.count += point.sample_count;
        samples.sum += point.sum;
        samples.minimum = point.minimum.min(samples.minimum);
        samples.maximum = point.maximum.max(samples.maximum);
        if !values {
            return;
        }
        // A statistic set tells its values only when there is one of them, or all are the same ("CloudWatch statistics
        // definitions").
        let alone = [(point.minimum, point.sample_count)];
        let known: Option<&[(f64, f64)]> = match &self.values {
            Some(values) => Some(values),
            None => (point.minimum >= point.maximum).then_some(&alone),
        };
        match (known, &mut samples.values) {
            (Some(known), Some(all)) => all.extend_from_slice(known),
            (_, all) => *all = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Span = Span::from_minutes(1);

    fn window(end: Time, period: Span, slots: usize, now: Time) -> Window {
        Window { end, period, slots, now, edges: Vec::new(), start_unix_millis: 0 }
    }

    fn point(time: Time, count: f64, minimum: f64, maximum: f64) -> Datapoint {
        let sum = f64::midpoint(minimum, maximum) * count;
        Datapoint { time, period: MINUTE, sample_count: count, sum, minimum, maximum }
    }

    #[test]
    fn only_what_is_visible_counts() {
        let mut store = Store::new(1, Span::from_minutes(10));
        for index in 0..20_u64 {
            let time = Time::ZERO + MINUTE * index;
            store.put(MetricId(0), point(time, 1.0, index as f64, index as f64), None, time + MINUTE * 2);
        }
        let end = Time::ZERO + MINUTE * 20;
        let read = |statistic, now| store.points(MetricId(0), statistic, &window(end, MINUTE * 5, 1, now))[0];
        let late = Time::ZERO + MINUTE * 60;
        assert_eq!(read(Statistic::Sum, late), Some(85.0));
        assert_eq!(read(Statistic::Maximum, late), Some(19.0));
        assert_eq!(read(Statistic::Average, Time::ZERO + MINUTE * 18), Some(15.5));
        assert_eq!(read(Statistic::SampleCount, Time::ZERO + MINUTE * 16), None);
    }

    #[test]
    fn periods_lie_one_behind_the_other_also_before_the_run() {
        let mut store = Store::new(1, Span::from_minutes(10));
        for index in [0, 1, 3] {
            let time = Time::ZERO + MINUTE * index;
            store.put(MetricId(0), point(time, 1.0, 1.0, 1.0), None, time);
        }
        let now = Time::ZERO + MINUTE * 4;
        let six = window(now, MINUTE, 6, now);
        let one = Some(1.0);
        assert_eq!(store.points(MetricId(0), Statistic::Sum, &six), [None, None, one, one, None, one]);
        // 10-second periods see one point in six of a metric of whole minutes.
        let seen = store.points(MetricId(0), Statistic::Sum, &window(now, Span::from_seconds(10), 8, now));
        assert_eq!(seen, [None, None, one, None, None, None, None, None]);
    }

    #[test]
    fn a_statistic_set_has_percentiles_only_when_its_values_are_known() {
        let percentile = |points: &[(Datapoint, Option<Values>)]| {
            let mut store = Store::new(1, Span::from_minutes(10));
            for (point, values) in points {
                store.put(MetricId(0), *point, values.clone(), Time::ZERO);
            }
            let first = window(Time::ZERO + MINUTE, MINUTE, 1, Time::ZERO);
            store.points(MetricId(0), Statistic::Percentile(50.0), &first)[0]
        };
        let set = |count, minimum, maximum| point(Time::ZERO, count, minimum, maximum);
        assert_eq!(percentile(&[(set(4.0, 1.0, 3.0), None)]), None);
        assert_eq!(percentile(&[(set(4.0, 3.0, 3.0), None)]), Some(3.0));
        assert_eq!(percentile(&[(set(1.0, 2.0, 2.0), None)]), Some(2.0));
        let known: Values = Box::new([(1.0, 3.0), (3.0, 1.0)]);
        assert_eq!(percentile(&[(set(4.0, 1.0, 3.0), Some(known.clone()))]), Some(1.0));
        assert_eq!(percentile(&[(set(4.0, 1.0, 3.0), Some(known)), (set(2.0, 1.0, 2.0), None)]), None);
    }
}
