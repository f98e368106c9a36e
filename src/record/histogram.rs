//! Quantiles with a bounded relative error, in constant memory and a few nanoseconds a record.

/// Buckets per power of two, as a power of two.
///
/// With 1,024 buckets an octave a bucket is at most 1/1024 of its value wide; answering with its middle
/// keeps the relative error of every quantile below 0.05 %.
const PRECISION_BITS: u32 = 10;
const OCTAVE: usize = 1 << PRECISION_BITS;

/// A log-linear histogram of non-negative integers (nanoseconds, bytes, …).
///
/// Values below 2,048 are kept exactly; above, the relative error of a quantile is at most 0.05 %.
/// Count, sum, minimum and maximum are exact. Memory follows the largest value seen (at most 450 KiB),
/// never the number of records.
#[derive(Debug, Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    sum: u128,
    sum_of_squares: f64,
    minimum: u64,
    maximum: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// An empty histogram.
    pub fn new() -> Self {
        Self { counts: Vec::new(), count: 0, sum: 0, sum_of_squares: 0.0, minimum: u64::MAX, maximum: 0 }
    }

    #[inline]
    fn index(value: u64) -> usize {
        let highest_bit = (value | (1 << PRECISION_BITS)).ilog2();
        let shift = highest_bit - PRECISION_BITS;
        ((shift as usize) << PRECISION_BITS) + (value >> shift) as usize
    }

    /// The lowest value of a bucket and the bucket's width.
    fn bucket(index: usize) -> (u64, u64) {
        if index < 2 * OCTAVE {
            return (index as u64, 1);
        }
        let shift = (index >> PRECISION_BITS) - 1;
        let mantissa = (index & (OCTAVE - 1)) | OCTAVE;
        ((mantissa as u64) << shift, 1 << shift)
    }

    /// Adds one value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let index = Self::index(value);
        if index >= self.counts.len() {
            self.grow(index);
        }
        self.counts[index] += 1;
        self.count += 1;
        self.sum += u128::from(value);
        let real = value as f64;
        self.sum_of_squares += real * real;
        self.minimum = self.minimum.min(value);
        self.maximum = self.maximum.max(value);
    }

    #[cold]
    fn grow(&mut self, index: usize) {
        self.counts.resize((index / OCTAVE + 1) * OCTAVE, 0);
    }

    /// Forgets everything; the memory is kept.
    pub fn clear(&mut self) {
        if self.count == 0 {
            return;
        }
        let (first, last) = (Self::index(self.minimum), Self::index(self.maximum));
        self.counts[first..=last].fill(0);
        self.count = 0;
        self.sum = 0;
        self.sum_of_squares = 0.0;
        self.minimum = u64::MAX;
        self.maximum = 0;
    }

    /// The values that came since `earlier`, a copy of this histogram. Count and sum are exact; the extremes are those of
    /// their buckets.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut counts = self.counts.clone();
        for (count, before) in counts.iter_mut().zip(&earlier.counts) {
            *count -= before;
        }
        let mut later = Self {
            count: self.count - earlier.count,
            sum: self.sum - earlier.sum,
            sum_of_squares: (self.sum_of_squares - earlier.sum_of_squares).max(0.0),
            minimum: u64::MAX,
            maximum: 0,
            counts,
        };
        let mut occupied = later.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        if let Some((first, _)) = occupied.next() {
            let last = occupied.next_back().map_or(first, |(last, _)| last);
            let ((low, _), (high, width)) = (Self::bucket(first), Self::bucket(last));
            // What is the lowest or highest of all may have come since.
            later.minimum = low.max(self.minimum);
            later.maximum = (high + (width - 1)).min(self.maximum);
        }
        later
    }

    /// The share of values above a bound. Values in the bound's own bucket count as not above it, unless all are.
    pub fn share_above(&self, bound: f64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        if (self.minimum as f64) > bound {
            return Some(1.0);
        }
        let own = Self::index(bound.max(0.0) as u64);
        let above: u64 = self.counts.iter().skip(own + 1).sum();
        Some(above as f64 / self.count as f64)
    }

    /// How many values were recorded.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The exact sum of all values.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The smallest value; `None` when empty.
    pub fn minimum(&self) -> Option<u64> {
        (self.count > 0).then_some(self.minimum)
    }

    /// The largest value; `None` when empty.
    pub fn maximum(&self) -> Option<u64> {
        (self.count > 0).then_some(self.maximum)
    }

    /// The exact mean; `None` when empty.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The standard deviation of the values (of the population, not of a sample); `None` when empty.
    pub fn standard_deviation(&self) -> Option<f64> {
        let mean = self.mean()?;
        Some((self.sum_of_squares / self.count as f64 - mean * mean).max(0.0).sqrt())
    }

    /// The share of values above zero: with waiting times, the probability of having to wait.
    pub fn share_above_zero(&self) -> Option<f64> {
        let zeros = self.counts.first()?;
        (self.count > 0).then(|| (self.count - zeros) as f64 / self.count as f64)
    }

    /// The `quantile` (0..=1): the largest of the lowest `quantile` share of the values, as CloudWatch defines
    /// pNN ("CloudWatch statistics definitions"). `None` when empty.
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        let rank = ((self.count as f64 * quantile).ceil() as u64).clamp(1, self.count);
        if rank == self.count {
            return Some(self.maximum);
        }
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate().skip(Self::index(self.minimum)) {
            seen += count;
            if seen >= rank {
                let (low, width) = Self::bucket(index);
                return Some((low + (width - 1) / 2).clamp(self.minimum, self.maximum));
            }
        }
        Some(self.maximum)
    }

    /// The occupied buckets, lowest first: a value standing for the bucket and how many values fell into it.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(index, count)| {
            let (low, width) = Self::bucket(index);
            ((low + (width - 1) / 2).clamp(self.minimum, self.maximum), *count)
        })
    }
}

/// Buckets per power of two of an [`IntervalHistogram`], as a power of two: a relative error below 0.4 %.
const INTERVAL_BITS: u32 = 7;
/// Buckets that are looked at together when most are empty.
const STRETCH: usize = 32;

/// A coarse histogram of a short interval, cheap to fill, to read and to empty many times.
#[derive(Debug, Clone, Default)]
pub(super) struct IntervalHistogram {
    counts: Vec<u32>,
    count: u64,
    /// Zero when empty.
    maximum: u64,
    /// The complement of the smallest value, so that an empty histogram is all zeros.
    below_top: u64,
}

impl IntervalHistogram {
    #[inline]
    fn index(value: u64) -> usize {
        let shift = (value | (1 << INTERVAL_BITS)).ilog2() - INTERVAL_BITS;
        ((shift as usize) << INTERVAL_BITS) + (value >> shift) as usize
    }

    #[inline]
    pub(super) fn record(&mut self, value: u64) {
        let index = Self::index(value);
        if index >= self.counts.len() {
            self.grow(index);
        }
        self.counts[index] += 1;
        self.count += 1;
        self.maximum = self.maximum.max(value);
        self.below_top = self.below_top.max(!value);
    }

    #[cold]
    fn grow(&mut self, index: usize) {
        self.counts.resize(index + 1, 0);
    }

    /// The occupied buckets lie in here, once there are any.
    fn occupied(&self) -> std::ops::RangeInclusive<usize> {
        Self::index(!self.below_top)..=Self::index(self.maximum)
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn maximum(&self) -> u64 {
        self.maximum
    }

    /// The values at some quantiles, which must increase; the middle of the bucket each falls into.
    pub(super) fn quantiles<const N: usize>(&self, quantiles: [f64; N]) -> [u64; N] {
        let mut found = [self.maximum; N];
        let ranks = quantiles.map(|quantile| (self.count as f64 * quantile).ceil() as u64);
        let occupied = self.occupied();
        let first = *occupied.start();
        let (mut seen, mut next) = (0, 0);
        // Most buckets are empty: they are passed over many at a time.
        for (number, stretch) in self.counts[occupied].chunks(STRETCH).enumerate() {
            let many: u64 = stretch.iter().map(|count| u64::from(*count)).sum();
            if seen + many < ranks[next] {
                seen += many;
                continue;
            }
            for (offset, count) in stretch.iter().enumerate() {
                seen += u64::from(*count);
                while seen >= ranks[next] {
                    found[next] = Self::middle(first + number * STRETCH + offset).min(self.maximum);
                    next += 1;
                    if next == N {
                        return found;
                    }
                }
            }
        }
        found
    }

    fn middle(index: usize) -> u64 {
        const OCTAVE: usize = 1 << INTERVAL_BITS;
        if index < 2 * OCTAVE {
            return index as u64;
        }
        let shift = (index >> INTERVAL_BITS) - 1;
        let low = (((index & (OCTAVE - 1)) | OCTAVE) as u64) << shift;
        low + ((1 << shift) - 1) / 2
    }

    pub(super) fn clear(&mut self) {
        if self.count > 0 {
            let occupied = self.occupied();
            self.counts[occupied].fill(0);
            (self.count, self.maximum, self.below_top) = (0, 0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_came_later_can_be_told() {
        let mut histogram = Histogram::new();
        for value in [5, 7, 1_000] {
            histogram.record(value);
        }
        let earlier = histogram.clone();
        for value in [6, 800, 800] {
            histogram.record(value);
        }
        let later = histogram.since(&earlier);
        assert_eq!((later.count(), later.sum()), (3, 1_606));
        assert_eq!((later.minimum(), later.maximum()), (Some(6), Some(800)));
        assert_eq!(later.quantile(0.5), Some(800));
        assert_eq!(histogram.since(&histogram.clone()).quantile(0.5), None);
        assert_eq!(histogram.share_above(800.0), Some(1.0 / 6.0));
        assert_eq!(histogram.share_above(799.5), Some(0.5));
        assert_eq!((histogram.share_above(4.0), histogram.share_above(1e12)), (Some(1.0), Some(0.0)));
    }

    #[test]
    fn small_values_are_exact() {
        let mut histogram = Histogram::new();
        for value in 0..=2000 {
            histogram.record(value);
        }
        assert_eq!(histogram.quantile(0.5), Some(1000));
        assert_eq!(histogram.quantile(1.0), Some(2000));
        assert_eq!(histogram.quantile(0.0), Some(0));
        assert_eq!(histogram.mean(), Some(1000.0));
        assert_eq!(histogram.share_above_zero(), Some(2000.0 / 2001.0));
    }

    #[test]
    fn an_empty_histogram_has_no_statistics() {
        let histogram = Histogram::new();
        assert_eq!(histogram.quantile(0.5), None);
        assert_eq!(histogram.mean(), None);
        assert_eq!(histogram.maximum(), None);
    }

    #[test]
    fn clearing_leaves_nothing_behind() {
        let mut histogram = Histogram::new();
        histogram.record(7);
        histogram.record(u64::MAX);
        histogram.clear();
        assert_eq!(histogram.buckets().count(), 0);
        histogram.record(3);
        assert_eq!(histogram.quantile(0.99), Some(3));
    }

    #[test]
    fn an_interval_forgets_and_begins_anew() {
        let mut interval = IntervalHistogram::default();
        for value in [5_000_000, 7, 0, 9_000_000_000] {
            interval.record(value);
        }
        assert_eq!(interval.quantiles([0.25, 0.5]), [0, 7]);
        interval.clear();
        interval.record(100);
        assert_eq!(
            (interval.count(), interval.maximum(), interval.quantiles([0.5, 0.99])),
            (1, 100, [100, 100])
        );
    }

    proptest! {
        #[test]
        fn quantiles_of_an_interval_are_within_a_hundredth(
            mut values in proptest::collection::vec(0u64..u64::MAX, 1..100)
        ) {
            let mut interval = IntervalHistogram::default();
            for value in &values {
                interval.record(*value);
            }
            values.sort_unstable();
            for (quantile, found) in [0.5, 0.9, 0.99].into_iter().zip(interval.quantiles([0.5, 0.9, 0.99])) {
                let rank = ((values.len() as f64 * quantile).ceil() as usize).clamp(1, values.len());
                let exact = values[rank - 1] as f64;
                prop_assert!((found as f64 - exact).abs() <= exact * 0.01, "{found} is not {exact}");
            }
        }

        #[test]
        fn quantiles_are_within_a_thousandth(mut values in proptest::collection::vec(0u64..u64::MAX, 1..200),
                                             quantile in 0.0f64..=1.0) {
            let mut histogram = Histogram::new();
            for value in &values {
                histogram.record(*value);
            }
            values.sort_unstable();
            let rank = ((values.len() as f64 * quantile).ceil() as usize).clamp(1, values.len());
            let exact = values[rank - 1] as f64;
            let found = histogram.quantile(quantile).unwrap() as f64;
            prop_assert!((found - exact).abs() <= exact * 0.001, "{found} is not {exact}");
        }
    }
}
