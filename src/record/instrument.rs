//! The three instruments a service holds: counters, levels over time, and distributions.

use super::Histogram;
use super::histogram::IntervalHistogram;
use crate::engine::Time;

/// A borrowed instrument of any kind, as the world sees it when it samples.
#[derive(Debug)]
pub enum Instrument<'a> {
    /// See [`Counter`].
    Counter(&'a mut Counter),
    /// See [`Level`].
    Level(&'a mut Level),
    /// See [`Distribution`].
    Distribution(&'a mut Distribution),
}

/// Counts things that happen. Periods are differences between two readings, so that counting is one addition.
#[derive(Debug, Default, Clone)]
pub struct Counter {
    total: u64,
    at_warm_up: u64,
    at_minute: u64,
    at_tick: u64,
}

impl Counter {
    /// `number` more things happened.
    #[inline]
    pub fn add(&mut self, number: u64) {
        self.total += number;
    }

    /// Everything since the run began, warm-up included.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// What happened since the warm-up ended.
    pub fn since_warm_up(&self) -> u64 {
        self.total - self.at_warm_up
    }

    /// Ends the warm-up: statistics start from here.
    pub fn end_warm_up(&mut self) {
        self.at_warm_up = self.total;
    }

    /// What happened in the CloudWatch period that has not been taken yet.
    pub fn minute(&self) -> u64 {
        self.total - self.at_minute
    }

    /// What happened since the last call: one CloudWatch period.
    pub fn take_minute(&mut self) -> u64 {
        let taken = self.total - self.at_minute;
        self.at_minute = self.total;
        taken
    }

    /// What happened since the last call: one step of the charts.
    pub fn take_tick(&mut self) -> u64 {
        let taken = self.total - self.at_tick;
        self.at_tick = self.total;
        taken
    }
}

/// A level that changes in steps, averaged over time: a backlog, a number of instances.
///
/// A level may be absent (the age of the oldest message of an empty queue): absent stretches count for nothing
/// in its statistics, and CloudWatch gets no datapoint.
#[derive(Debug, Clone)]
pub struct Level {
    value: u64,
    present: bool,
    changed_at: Time,
    /// Value times nanoseconds while present, since the warm-up.
    area: u128,
    /// Nanoseconds while present, since the warm-up.
    watched: u64,
    minimum: u64,
    maximum: u64,
    tick_minimum: u64,
    tick_maximum: u64,
    /// Who looks at a stretch of its own; nearly always nobody.
    watches: Vec<LevelWatch>,
}

/// A level over a stretch of its own, with the time it was beyond a bound.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelWatch {
    id: u32,
    bound: f64,
    opened: u64,
    area: u128,
    watched: u64,
    above: u64,
    below: u64,
    minimum: u64,
    maximum: u64,
    drained: Option<Time>,
}

impl LevelWatch {
    /// A watch called `id` from `now` on.
    pub fn new(id: u32, bound: Option<f64>, now: Time) -> Self {
        Self {
            id,
            bound: bound.unwrap_or(f64::INFINITY),
            opened: now.as_nanos(),
            area: 0,
            watched: 0,
            above: 0,
            below: 0,
            minimum: u64::MAX,
            maximum: 0,
            drained: Some(now),
        }
    }

    /// The level was `value` from `since` on, for `elapsed` nanoseconds.
    fn see(&mut self, value: u64, since: Time, elapsed: u64) {
        self.area += u128::from(value) * u128::from(elapsed);
        self.watched += elapsed;
        if value as f64 > self.bound {
            self.above += elapsed;
        } else if (value as f64) < self.bound {
            self.below += elapsed;
        }
        self.minimum = self.minimum.min(value);
        if value > 0 && value >= self.maximum {
            self.maximum = value;
            self.drained = None;
        } else if value == 0 && self.drained.is_none() {
            self.drained = Some(Time::from_nanos(since.as_nanos().max(self.opened)));
        }
    }

    /// The mean over the time the level was there; `None` when it never was.
    pub fn mean(&self) -> Option<f64> {
        (self.watched > 0).then(|| self.area as f64 / self.watched as f64)
    }

    /// The lowest and the highest value that lasted.
    pub fn extremes(&self) -> Option<(u64, u64)> {
        (self.minimum <= self.maximum).then_some((self.minimum, self.maximum))
    }

    /// For how long the level was above the bound, and for how long below it: seconds.
    pub fn beyond(&self) -> (f64, f64) {
        (self.above as f64 / 1e9, self.below as f64 / 1e9)
    }

    /// When the level was zero for the first time after it last was at its highest value; `None` when it never was.
    pub fn drained(&self) -> Option<Time> {
        self.drained
    }
}

impl Default for Level {
    fn default() -> Self {
        Self {
            value: 0,
            present: true,
            changed_at: Time::ZERO,
            area: 0,
            watched: 0,
            minimum: 0,
            maximum: 0,
            tick_minimum: 0,
            tick_maximum: 0,
            watches: Vec::new(),
        }
    }
}

impl Level {
    /// A level that is absent until it is first set.
    pub fn absent() -> Self {
        Self { present: false, minimum: u64::MAX, tick_minimum: u64::MAX, ..Self::default() }
    }

    /// The level is `value` from `now` on. Calls must not go back in time.
    #[inline]
    pub fn set(&mut self, now: Time, value: u64) {
        self.settle(now);
        // What is replaced before any time has passed was never a level of the run.
        if self.watched == 0 {
            self.minimum = value;
        }
        self.value = value;
        self.present = true;
        self.minimum = self.minimum.min(value);
        self.maximum = self.maximum.max(value);
        self.tick_minimum = self.tick_minimum.min(value);
        self.tick_maximum = self.tick_maximum.max(value);
    }

    /// There is nothing to measure from `now` on.
    pub fn clear(&mut self, now: Time) {
        self.settle(now);
        self.present = false;
    }

    #[inline]
    fn settle(&mut self, now: Time) {
        let elapsed = (now - self.changed_at).as_nanos();
        if self.present {
            self.area += u128::from(self.value) * u128::from(elapsed);
            self.watched += elapsed;
            if !self.watches.is_empty() && elapsed > 0 {
                self.show(elapsed);
            }
        }
        self.changed_at = now;
    }

    #[cold]
    #[inline(never)]
    fn show(&mut self, elapsed: u64) {
        for watch in &mut self.watches {
            watch.see(self.value, self.changed_at, elapsed);
        }
    }

    /// Watches a stretch that begins now.
    pub fn open(&mut self, id: u32, bound: Option<f64>, now: Time) {
        self.settle(now);
        self.watches.push(LevelWatch::new(id, bound, now));
    }

    /// Ends a stretch now, and gives what was seen in it.
    pub fn close(&mut self, id: u32, now: Time) -> Option<LevelWatch> {
        self.settle(now);
        let position = self.watches.iter().position(|watch| watch.id == id)?;
        let mut watch = self.watches.swap_remove(position);
        // What begins at the very end has lasted no time, but it is where the stretch ends.
        if self.present && self.value == 0 && watch.drained.is_none() {
            watch.drained = Some(now);
        }
        Some(watch)
    }

    /// The level now; `None` while absent.
    pub fn value(&self) -> Option<u64> {
        self.present.then_some(self.value)
    }

    /// Ends the warm-up at `now`: statistics start from here.
    pub fn end_warm_up(&mut self, now: Time) {
        self.settle(now);
        self.area = 0;
        self.watched = 0;
        (self.minimum, self.maximum) = self.extremes_from_here();
    }

    fn extremes_from_here(&self) -> (u64, u64) {
        if self.present { (self.value, self.value) } else { (u64::MAX, 0) }
    }

    /// The time-weighted mean up to `now`; `None` when it was never present since the warm-up.
    pub fn mean(&mut self, now: Time) -> Option<f64> {
        self.settle(now);
        if self.watched > 0 {
            Some(self.area as f64 / self.watched as f64)
        } else {
            self.value().map(|v| v as f64)
        }
    }

    /// The level times the seconds it was held, since the warm-up: instance-seconds, for example.
    pub fn area_seconds(&mut self, now: Time) -> f64 {
        self.settle(now);
        self.area as f64 / 1e9
    }

    /// The lowest and the highest value since the warm-up.
    pub fn extremes(&self) -> Option<(u64, u64)> {
        (self.minimum <= self.maximum).then_some((self.minimum, self.maximum))
    }

    /// Value now, lowest and highest since the last call: one step of the charts.
    pub fn take_tick(&mut self) -> Option<(u64, u64, u64)> {
        let taken = (self.tick_minimum <= self.tick_maximum)
            .then_some((self.value, self.tick_minimum, self.tick_maximum))
            .filter(|_| self.present);
        (self.tick_minimum, self.tick_maximum) = self.extremes_from_here();
        taken
    }
}

/// Values with a distribution: latencies, sizes.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// Since the warm-up.
    all: Histogram,
    /// Since the last step of the charts.
    step: IntervalHistogram,
    /// Extremes since the last CloudWatch minute.
    minute_minimum: u64,
    minute_maximum: u64,
    /// Count and sum of `all` when the current minute began.
    at_minute: (u64, u128),
    /// What the current minute had when the warm-up ended in it.
    before_warm_up: (u64, u128),
    /// Every value since the last call of [`Distribution::take_values`], where somebody asks for them.
    values: Option<Vec<u64>>,
}

impl Default for Distribution {
    fn default() -> Self {
        Self {
            all: Histogram::new(),
            step: IntervalHistogram::default(),
            minute_minimum: u64::MAX,
            minute_maximum: 0,
            at_minute: (0, 0),
            before_warm_up: (0, 0),
            values: None,
        }
    }
}

/// What one step of a quantile chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntervalQuantiles {
    /// Values in the step.
    pub count: u64,
    /// Median.
    pub p50: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 99th percentile.
    pub p99: u64,
    /// Largest value.
    pub maximum: u64,
}

impl Distribution {
    /// One more value was observed.
    #[inline]
    pub fn record(&mut self, value: u64) {
        self.all.record(value);
        self.step.record(value);
        self.minute_minimum = self.minute_minimum.min(value);
        self.minute_maximum = self.minute_maximum.max(value);
        if self.values.is_some() {
            self.keep(value);
        }
    }

    /// Out of the way of those, nearly all, whose single values nobody asks for.
    #[cold]
    #[inline(never)]
    fn keep(&mut self, value: u64) {
        if let Some(values) = &mut self.values {
            values.push(value);
        }
    }

    /// Keeps single values from here on, for percentiles that somebody asks for each minute.
    pub fn keep_values(&mut self) {
        self.values.get_or_insert_default();
    }

    /// Every value since the last call, if they are kept.
    pub fn take_values(&mut self) -> Vec<u64> {
        self.values.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Everything since the warm-up ended.
    pub fn histogram(&self) -> &Histogram {
        &self.all
    }

    /// Count and sum of the current minute so far.
    fn this_minute(&self) -> (u64, u128) {
        (
            self.all.count() - self.at_minute.0 + self.before_warm_up.0,
            self.all.sum() - self.at_minute.1 + self.before_warm_up.1,
        )
    }

    /// Ends the warm-up: statistics start from here.
    pub fn end_warm_up(&mut self) {
        self.before_warm_up = self.this_minute();
        self.at_minute = (0, 0);
        self.all.clear();
    }

    /// Count, sum, minimum and maximum since the last call, `None` without values: one CloudWatch period.
    pub fn take_minute(&mut self) -> Option<(u64, u128, u64, u64)> {
        let (count, sum) = self.this_minute();
        self.before_warm_up = (0, 0);
        self.at_minute = (self.all.count(), self.all.sum());
        let minimum = std::mem::replace(&mut self.minute_minimum, u64::MAX);
        let maximum = std::mem::replace(&mut self.minute_maximum, 0);
        (count > 0).then_some((count, sum, minimum, maximum))
    }

    /// The quantiles since the last call, `None` without values: one step of the charts.
    pub fn take_tick(&mut self) -> Option<IntervalQuantiles> {
        if self.step.count() == 0 {
            return None;
        }
        let [p50, p90, p99] = self.step.quantiles([0.5, 0.9, 0.99]);
        let taken =
            IntervalQuantiles { count: self.step.count(), p50, p90, p99, maximum: self.step.maximum() };
        self.step.clear();
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Span;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_seconds(seconds)
    }

    #[test]
    fn a_level_is_averaged_over_time() {
        let mut level = Level::default();
        level.set(at(10), 4);
        level.set(at(20), 0);
        assert_eq!(level.mean(at(40)), Some(1.0));
        assert_eq!(level.extremes(), Some((0, 4)));
        level.end_warm_up(at(40));
        level.set(at(50), 2);
        assert_eq!(level.mean(at(60)), Some(1.0));
        assert_eq!(level.extremes(), Some((0, 2)));
    }

    #[test]
    fn a_stretch_of_a_level_is_seen_on_its_own() {
        let mut level = Level::default();
        level.set(at(0), 9);
        level.open(1, Some(4.0), at(10));
        level.open(2, None, at(10));
        level.set(at(12), 5);
        level.set(at(15), 4);
        level.set(at(16), 0);
        level.set(at(16), 3);
        level.set(at(18), 0);
        level.set(at(19), 1);
        let seen = level.close(1, at(20)).expect("it was opened");
        assert_eq!(seen.extremes(), Some((0, 9)));
        assert_eq!(seen.mean(), Some((18.0 + 15.0 + 4.0 + 6.0 + 1.0) / 10.0));
        assert_eq!(seen.beyond(), (5.0, 4.0), "at the bound is neither above nor below");
        assert_eq!(seen.drained(), Some(at(18)), "a zero that did not last is none");
        assert_eq!(level.close(1, at(20)), None);
        level.end_warm_up(at(20));
        assert_eq!(level.close(2, at(20)).expect("it was opened").extremes(), Some((0, 9)));
        level.open(3, None, at(20));
        assert_eq!(level.close(3, at(30)).expect("it was opened").drained(), None);
    }

    #[test]
    fn the_level_at_the_start_is_the_one_set_there() {
        let mut level = Level::default();
        level.set(at(0), 7);
        level.set(at(0), 5);
        level.set(at(3), 6);
        assert_eq!(level.extremes(), Some((5, 7)));
    }

    #[test]
    fn absent_stretches_do_not_count() {
        let mut level = Level::absent();
        assert_eq!(level.mean(at(5)), None);
        assert_eq!(level.take_tick(), None);
        level.set(at(5), 10);
        level.clear(at(10));
        assert_eq!(level.mean(at(100)), Some(10.0));
        assert_eq!(level.extremes(), Some((10, 10)));
    }

    #[test]
    fn a_minute_is_whole_though_the_warm_up_ends_in_it() {
        let mut distribution = Distribution::default();
        distribution.record(5);
        assert_eq!(distribution.take_minute(), Some((1, 5, 5, 5)));
        distribution.record(7);
        distribution.end_warm_up();
        distribution.record(2);
        assert_eq!(distribution.histogram().count(), 1);
        assert_eq!(distribution.take_minute(), Some((2, 9, 2, 7)));
        assert_eq!(distribution.take_minute(), None);
    }

    #[test]
    fn counters_know_their_periods() {
        let mut counter = Counter::default();
        counter.add(3);
        assert_eq!(counter.take_minute(), 3);
        counter.end_warm_up();
        counter.add(2);
        assert_eq!((counter.take_minute(), counter.take_tick(), counter.since_warm_up()), (2, 5, 2));
    }
}
