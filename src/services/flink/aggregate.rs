//! What a window keeps of the records that fall into it.

use crate::engine::Time;

/// Count, sum, extremes: all that the aggregate functions of a window need.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Aggregate {
    /// How many records.
    pub(super) count: u64,
    /// The sum of their values.
    pub(super) sum: f64,
    /// The smallest value.
    pub(super) minimum: f64,
    /// The largest value.
    pub(super) maximum: f64,
    /// When the newest of them was published.
    pub(super) newest: Time,
}

impl Aggregate {
    /// Of nothing.
    pub(super) const EMPTY: Self =
        Self { count: 0, sum: 0.0, minimum: f64::INFINITY, maximum: f64::NEG_INFINITY, newest: Time::ZERO };

    /// One more record.
    #[inline]
    pub(super) fn add(&mut self, value: f64, published: Time) {
        self.count += 1;
        self.sum += value;
        self.minimum = self.minimum.min(value);
        self.maximum = self.maximum.max(value);
        self.newest = self.newest.max(published);
    }

    /// The records of another window too.
    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
        self.newest = self.newest.max(other.newest);
    }

    /// The mean of the values; zero of nothing.
    pub(super) fn average(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }
}
