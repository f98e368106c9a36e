//! Token buckets: how many of something are allowed in a time.

use crate::engine::{Span, Time};

/// How a limit per second is measured; AWS publishes limits, not how it measures them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LimitModel {
    /// Tokens come back evenly, and at most a burst of them is kept.
    #[default]
    TokenBucket,
    /// Each whole second of the clock begins with all of them.
    FixedSecond,
}

/// A bucket of tokens. Exact: tokens are counted in billionths.
#[derive(Debug, Clone, Copy)]
pub struct LimitBucket {
    level: i64,
    capacity: i64,
    per_second: u64,
    updated: Time,
    model: LimitModel,
}

const SCALE: i64 = 1_000_000_000;
const SECOND: Span = Span::from_seconds(1);

impl LimitBucket {
    /// A full bucket: `per_second` tokens come back each second, at most `capacity` (up to 2³³) are kept.
    pub fn full(per_second: u64, capacity: u64, model: LimitModel) -> Self {
        let capacity = (capacity.min(1 << 33) as i64) * SCALE;
        Self { level: capacity, capacity, per_second, updated: Time::ZERO, model }
    }

    /// The same bucket without tokens.
    #[must_use]
    pub fn empty(self) -> Self {
        Self { level: 0, ..self }
    }

    #[inline]
    fn refill(&mut self, now: Time) {
        if now <= self.updated {
            return;
        }
        match self.model {
            LimitModel::TokenBucket => {
                let elapsed = (now - self.updated).as_nanos();
                let gained = elapsed.saturating_mul(self.per_second).min(i64::MAX as u64 / 2) as i64;
                self.level = self.level.saturating_add(gained).min(self.capacity);
            }
            LimitModel::FixedSecond => {
                if now.floor_to(SECOND) > self.updated {
                    self.level = self.capacity;
                }
            }
        }
        self.updated = now;
    }

    /// Whether there are so many tokens.
    #[inline]
    pub fn has(&mut self, tokens: u64, now: Time) -> bool {
        self.refill(now);
        self.level >= tokens as i64 * SCALE
    }

    /// Takes tokens, also those that are not there: the bucket then owes them.
    #[inline]
    pub fn take(&mut self, tokens: u64, now: Time) {
        self.refill(now);
        self.level -= tokens as i64 * SCALE;
    }

    /// Takes tokens that were there at this very instant.
    #[inline]
    pub fn spend(&mut self, tokens: u64) {
        self.level -= tokens as i64 * SCALE;
    }

    /// Whether more was taken than was there.
    pub fn owes(&self) -> bool {
        self.level < 0
    }

    /// When it will hold so many tokens (at most its capacity), if nobody takes any.
    pub fn time_of(&mut self, tokens: u64, now: Time) -> Time {
        self.refill(now);
        let missing = (tokens as i64 * SCALE).min(self.capacity) - self.level;
        if missing <= 0 {
            return now;
        }
        match self.model {
            LimitModel::TokenBucket => now + Span::from_nanos((missing as u64).div_ceil(self.per_second)),
            LimitModel::FixedSecond => now.floor_to(SECOND) + SECOND,
        }
    }

    /// When it is full again, if nobody takes any.
    pub fn time_full(&mut self, now: Time) -> Time {
        self.time_of((self.capacity / SCALE) as u64, now)
    }
}

/// So many at once, and each one back after a time: exact, in whole nanoseconds. Unlike a [`LimitBucket`] it owes nothing and
/// knows one model.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// From empty to full.
    whole: Span,
    /// Until one is back.
    each: Span,
    /// When all are back.
    full_at: Time,
}

impl Budget {
    /// A full budget of `capacity`, each back after `each`.
    pub fn new(capacity: u32, each: Span) -> Self {
        Self { whole: each * u64::from(capacity), each, full_at: Time::ZERO }
    }

    /// A full budget of so many a second, and no more than a second's worth at once.
    pub fn per_second(number: u32) -> Self {
        let second = Span::from_seconds(1);
        Self { whole: second, each: second / u64::from(number.max(1)), full_at: Time::ZERO }
    }

    /// When it would be full again without `number` more of it.
    #[inline]
    fn full_without(&self, number: u64, now: Time) -> Time {
        self.full_at.max(now) + self.each * number
    }

    /// Whether so many are left.
    #[inline]
    pub fn has(&self, number: u64, now: Time) -> bool {
        self.full_without(number, now) - now <= self.whole
    }

    /// Takes them.
    #[inline]
    pub fn take(&mut self, number: u64, now: Time) {
        self.full_at = self.full_without(number, now);
    }

    /// Takes one, if there is one.
    #[inline]
    pub fn take_one(&mut self, now: Time) -> bool {
        let is_there = self.has(1, now);
        if is_there {
            self.take(1, now);
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Time {
        Time::ZERO + Span::from_millis(milliseconds)
    }

    #[test]
    fn tokens_come_back_evenly() {
        let mut bucket = LimitBucket::full(1000, 1000, LimitModel::TokenBucket);
        bucket.take(1000, at(0));
        assert!(!bucket.has(1, at(0)));
        assert!(bucket.has(250, at(250)) && !bucket.has(251, at(250)));
        assert_eq!(bucket.time_of(1000, at(250)), at(1000));
        assert!(bucket.has(1000, at(90_000)) && !bucket.has(1001, at(90_000)));
    }

    #[test]
    fn debts_are_paid_first() {
        let mut bucket = LimitBucket::full(2, 2, LimitModel::TokenBucket);
        bucket.take(10, at(0));
        assert!(bucket.owes());
        assert_eq!(bucket.time_full(at(0)), at(5000));
        bucket.take(2, at(4500));
        assert_eq!(bucket.time_full(at(4500)), at(6000));
    }

    #[test]
    fn a_second_of_the_clock_begins_anew() {
        let mut bucket = LimitBucket::full(10, 10, LimitModel::FixedSecond);
        bucket.take(10, at(900));
        assert!(!bucket.has(1, at(999)) && bucket.has(10, at(1000)));
        bucket.take(10, at(1000));
        assert_eq!(bucket.time_of(1, at(1001)), at(2000));
    }

    #[test]
    fn a_budget_is_a_second_worth_at_most() {
        let mut budget = Budget::per_second(10);
        let at = |millis: u64| Time::ZERO + Span::from_millis(millis);
        assert!(budget.has(10, at(0)) && !budget.has(11, at(0)));
        budget.take(10, at(0));
        assert!(!budget.has(1, at(99)) && budget.has(1, at(100)) && !budget.has(2, at(100)));
        assert!(budget.has(10, at(5_000)) && !budget.has(11, at(5_000)));
    }

    #[test]
    fn tokens_come_back_one_by_one_and_are_not_saved_up() {
        let mut bucket = Budget::new(1_000, Span::from_millis(10));
        let start = Time::ZERO + Span::from_hours(1);
        assert_eq!((0..2_000).filter(|_| bucket.take_one(start)).count(), 1_000);
        assert!(!bucket.take_one(start + Span::from_nanos(9_999_999)));
        let second = start + Span::from_seconds(1);
        assert_eq!((0..2_000).filter(|_| bucket.take_one(second)).count(), 100);
        let later = start + Span::from_hours(1);
        assert_eq!((0..2_000).filter(|_| bucket.take_one(later)).count(), 1_000, "an hour saves nothing up");
    }
}
