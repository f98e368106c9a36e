//! Quantiles with a bounded relative error, in constant memory and a few nanoseconds a record.

/// Buckets per power of two, as a power of two.
///
/// With 1,024 buckets an octave a bucket is at most 1/1024 of its value wide; answering with its middle
/// keeps the relative error of every quantile below 0.05 %.
const PRECISION_BITS: u32 = 10;

/// A log-linear histogram of non-negative integers (nanoseconds, bytes, …).
///
/// Values below 2,048 are kept exactly; above, the relative error of a quantile is at most 0.05 %.
/// Count, sum, minimum and maximum are exact. Memory follows the largest value seen (at most 450 KiB),
/// never the number of records.
#[derive(Debug, Clone)]
pub struct Histogram {
    precision_bits: u32,
    counts: Vec<u64>,
    count: u64,
    zeros: u64,
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
    /// An empty histogram with a relative error of at most 0.05 %.
    pub fn new() -> Self {
        Self::with_precision_bits(PRECISION_BITS)
    }

    /// An empty histogram with `2^bits` buckets an octave: for short intervals, where a coarser answer does.
    pub fn with_precision_bits(bits: u32) -> Self {
        assert!((1..=16).contains(&bits), "a histogram has between 2 and 65,536 buckets an octave");
        Self {
            precision_bits: bits,
            counts: Vec::new(),
            count: 0,
            zeros: 0,
            sum: 0,
            sum_of_squares: 0.0,
            minimum: u64::MAX,
            maximum: 0,
        }
    }

    #[inline]
    fn index(&self, value: u64) -> usize {
        let highest_bit = 63 - (value | (1 << self.precision_bits)).leading_zeros();
        let shift = highest_bit - self.precision_bits;
        ((shift as usize) << self.precision_bits) + (value >> shift) as usize
    }

    /// The lowest value of a bucket and the bucket's width.
    fn bucket(&self, index: usize) -> (u64, u64) {
        let octave = 1usize << self.precision_bits;
        if index < 2 * octave {
            return (index as u64, 1);
        }
        let shift = (index >> self.precision_bits) - 1;
        let mantissa = (index & (octave - 1)) | octave;
        ((mantissa as u64) << shift, 1 << shift)
    }

    /// Adds one value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let index = self.index(value);
        if index >= self.counts.len() {
            self.grow(index);
        }
        self.counts[index] += 1;
        self.count += 1;
        self.zeros += u64::from(value == 0);
        self.sum += u128::from(value);
        let real = value as f64;
        self.sum_of_squares += real * real;
        self.minimum = self.minimum.min(value);
        self.maximum = self.maximum.max(value);
    }

    #[cold]
    fn grow(&mut self, index: usize) {
        let octave = 1usize << self.precision_bits;
        self.counts.resize((index / octave + 1) * octave, 0);
    }

    /// Forgets everything; the memory is kept.
    pub fn clear(&mut self) {
        if self.count == 0 {
            return;
        }
        let (first, last) = (self.index(self.minimum), self.index(self.maximum));
        self.counts[first..=last].fill(0);
        self.count = 0;
        self.zeros = 0;
        self.sum = 0;
        self.sum_of_squares = 0.0;
        self.minimum = u64::MAX;
        self.maximum = 0;
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
        (self.count > 0).then(|| (self.count - self.zeros) as f64 / self.count as f64)
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
        for (index, count) in self.counts.iter().enumerate().skip(self.index(self.minimum)) {
            seen += count;
            if seen >= rank {
                let (low, width) = self.bucket(index);
                return Some((low + (width - 1) / 2).clamp(self.minimum, self.maximum));
            }
        }
        Some(self.maximum)
    }

    /// The occupied buckets, lowest first: a value standing for the bucket and how many values fell into it.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(index, count)| {
            let (low, width) = self.bucket(index);
            ((low + (width - 1) / 2).clamp(self.minimum, self.maximum), *count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        let mut histogram = Histogram::with_precision_bits(5);
        histogram.record(7);
        histogram.record(u64::MAX);
        histogram.clear();
        assert_eq!(histogram.buckets().count(), 0);
        histogram.record(3);
        assert_eq!(histogram.quantile(0.99), Some(3));
    }

    proptest! {
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
