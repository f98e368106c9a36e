//! Means, intervals and tests: what replications say together.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// A number of independent values of one statistic, condensed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// How many values.
    pub count: u32,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (divided by n - 1); 0 for a single value.
    pub stddev: f64,
}

/// An estimate with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub centre: f64,
    /// How far the interval reaches to each side.
    pub half_width: f64,
}

impl Sample {
    /// Condenses values; `None` without any.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let first = *values.first()?;
        // Values that are all the same have no spread, not one of the last bit.
        if values.iter().all(|value| *value == first) {
            return Some(Self { count: values.len() as u32, mean: first, stddev: 0.0 });
        }
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        Some(Self { count: values.len() as u32, mean, stddev: (squares / (count - 1.0)).sqrt() })
    }

    /// The confidence interval of the mean by Student's t; `None` for fewer than two values.
    pub fn interval(&self, confidence: f64) -> Option<Interval> {
        if self.count < 2 {
            return None;
        }
        let count = f64::from(self.count);
        let half_width = t_quantile(count - 1.0, confidence) * self.stddev / count.sqrt();
        Some(Interval { centre: self.mean, half_width })
    }

    /// The probability of means so far apart when both samples are of the same thing (Welch's test, two-sided). Samples
    /// without any spread that differ at all are certainly of different things.
    pub fn p_value(&self, other: &Self) -> f64 {
        let part = |sample: &Self| sample.stddev * sample.stddev / f64::from(sample.count);
        let (a, b) = (part(self), part(other));
        let apart = (self.mean - other.mean).abs();
        if a + b == 0.0 {
            return if apart == 0.0 { 1.0 } else { 0.0 };
        }
        let freedom = |part: f64, sample: &Self| part * part / f64::from(sample.count.max(2) - 1);
        let degrees = (a + b) * (a + b) / (freedom(a, self) + freedom(b, other));
        2.0 * StudentsT::new(0.0, 1.0, degrees).map_or(1.0, |t| t.cdf(-apart / (a + b).sqrt()))
    }
}

impl Interval {
    /// The lower end.
    pub fn low(&self) -> f64 {
        self.centre - self.half_width
    }

    /// The upper end.
    pub fn high(&self) -> f64 {
        self.centre + self.half_width
    }

    /// The half width by the estimate; infinite around zero.
    pub fn relative(&self) -> f64 {
        if self.half_width == 0.0 { 0.0 } else { (self.half_width / self.centre).abs() }
    }
}

/// The quantile of Student's t for a two-sided interval.
///
/// Rounded to ten digits, because the last bits of the functions it is worked out with differ from machine to machine.
pub fn t_quantile(degrees_of_freedom: f64, confidence: f64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees_of_freedom)
        .map_or(f64::INFINITY, |t| (t.inverse_cdf(f64::midpoint(1.0, confidence)) * 1e9).round() / 1e9)
}

/// The interval of a quantile by sectioning: the estimate is that of all values together, and the spread is that of the
/// replications' own quantiles around it. The mean of the replications' quantiles would be biased.
pub(super) fn sectioned(pooled: f64, values: &[f64], confidence: f64) -> Option<Interval> {
    let count = values.len() as f64;
    if values.len() < 2 {
        return None;
    }
    let squares: f64 = values.iter().map(|value| (value - pooled) * (value - pooled)).sum();
    let half_width = t_quantile(count - 1.0, confidence) * (squares / (count - 1.0) / count).sqrt();
    Some(Interval { centre: pooled, half_width })
}

/// The quantile of values that are counted in buckets, of several runs together: the largest of the lowest `quantile`
/// share, as CloudWatch defines it ("CloudWatch statistics definitions").
pub(super) fn pooled_quantile(runs: &[&[(f64, u64)]], quantile: f64) -> Option<f64> {
    let total: u64 = runs.iter().flat_map(|run| run.iter()).map(|(_, count)| count).sum();
    if total == 0 {
        return None;
    }
    let rank = ((total as f64 * quantile).ceil() as u64).clamp(1, total);
    let mut all: Vec<(f64, u64)> = runs.iter().flat_map(|run| run.iter().copied()).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut seen = 0;
    all.iter()
        .find(|(_, count)| {
            seen += count;
            seen >= rank
        })
        .map(|(value, _)| *value)
}

/// The correlation of neighbours in a series; 0 when it does not vary.
pub(super) fn lag_one_correlation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let products: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    if squares > 0.0 { products / squares } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_t_are_those_of_the_tables() {
        for (degrees, confidence, wanted) in
            [(1.0, 0.95, 12.706_205), (4.0, 0.95, 2.776_445), (29.0, 0.99, 2.756_386), (9.0, 0.9, 1.833_113)]
        {
            assert!((t_quantile(degrees, confidence) - wanted).abs() < 1e-6, "{degrees} {confidence}");
        }
        assert!((t_quantile(1e6, 0.95) - 1.959_966).abs() < 1e-5);
    }

    #[test]
    fn a_sample_of_five() {
        let sample = Sample::of(&[2.0, 4.0, 4.0, 4.0, 6.0]).expect("there are values");
        assert_eq!((sample.count, sample.mean), (5, 4.0));
        assert!((sample.stddev - 2.0_f64.sqrt()).abs() < 1e-12);
        let interval = sample.interval(0.95).expect("two are enough");
        assert!((interval.half_width - 2.776_445 * (2.0_f64 / 5.0).sqrt()).abs() < 1e-5);
        assert_eq!(Sample::of(&[]), None);
        assert_eq!(Sample::of(&[0.1; 3]).map(|sample| sample.stddev), Some(0.0));
        assert_eq!(Sample::of(&[1.0]).and_then(|one| one.interval(0.95)), None);
    }

    #[test]
    fn what_differs_is_told_from_what_does_not() {
        // A worked example of Welch's test: t = 2.8436, 7.9997 degrees of freedom.
        let sample = |values: &[f64]| Sample::of(values).expect("there are values");
        let (a, b) = (sample(&[3.0, 4.0, 1.0, 2.1]), sample(&[490.2, 340.0, 433.9]));
        let p = a.p_value(&b);
        assert!((p - 0.010_751_561_149_784_96).abs() < 1e-9, "{p}");
        let (same, other) = (sample(&[5.0, 5.0]), sample(&[6.0, 6.0]));
        assert_eq!((same.p_value(&same), same.p_value(&other)), (1.0, 0.0));
    }

    #[test]
    fn quantiles_of_several_runs_are_those_of_their_values() {
        let (a, b): (&[_], &[_]) = (&[(1.0, 5), (3.0, 1)], &[(2.0, 4)]);
        assert_eq!(pooled_quantile(&[a, b], 0.5), Some(1.0));
        assert_eq!(pooled_quantile(&[a, b], 0.51), Some(2.0));
        assert_eq!(pooled_quantile(&[a, b], 1.0), Some(3.0));
        assert_eq!(pooled_quantile(&[&[]], 0.5), None);
    }

    #[test]
    fn neighbours_that_swing_are_correlated_downwards() {
        assert!(lag_one_correlation(&[1.0, -1.0, 1.0, -1.0, 1.0, -1.0]) < -0.7);
        assert!(lag_one_correlation(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) > 0.4);
        assert_eq!(lag_one_correlation(&[2.0, 2.0]), 0.0);
    }
}
