//! Lognormal: the usual shape of latencies, given as people know it.

use super::checks::{FAR_NORMAL, finite, not_negative, positive};
use super::normal::Between;
use super::{Distribution, DistributionError, Facts, Shape};
use crate::engine::random::Stream;

/// The 95 % point of the standard normal.
const Z95: f64 = 1.644_853_626_951_472_2;

/// Less than one normal in seven hundred lies above this: drawing again is cheaper than cutting exactly.
const RARELY_ABOVE: f64 = 3.0;

/// A lognormal cut at `maximum`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TruncatedLogNormal {
    log_median: f64,
    sigma: f64,
    maximum: f64,
    standard: Between,
}

impl TruncatedLogNormal {
    pub(super) fn sample(&self, stream: &mut Stream) -> f64 {
        libm::exp(self.log_median + self.sigma * self.standard.sample(stream)).min(self.maximum)
    }
}

impl Distribution {
    /// Lognormal with the given median; `sigma` is the standard deviation of the logarithm (0.5 is
    /// a moderate spread: p95 at 2.3 medians). With a `maximum`, larger values do not occur; median
    /// and sigma are those before that cut.
    ///
    /// # Errors
    ///
    /// Refuses a median of zero or below, a negative sigma, and a maximum that leaves next to
    /// nothing. A sigma of zero gives a constant.
    pub fn lognormal_median_sigma(
        median: f64,
        sigma: f64,
        maximum: Option<f64>,
    ) -> Result<Self, DistributionError> {
        positive("the median of a lognormal distribution", median)?;
        not_negative("sigma of a lognormal distribution", sigma)?;
        if let Some(maximum) = maximum {
            positive("the maximum of a lognormal distribution", maximum)?;
            if sigma <= 0.0 && maximum < median {
                return Err(DistributionError::new(format!(
                    "with sigma 0 every value is {median}, above the maximum of {maximum}"
                )));
            }
        }
        if sigma <= 0.0 {
            return Self::constant(median);
        }
        let log_median = libm::log(median);
        if !libm::exp(log_median + FAR_NORMAL * sigma).is_finite() {
            return Err(DistributionError::new(format!(
                "sigma {sigma} spreads the distribution beyond all numbers; sigma is the standard \
                 deviation of the natural logarithm, rarely above 2"
            )));
        }
        match maximum {
            None => Ok(Self::lognormal(log_median, sigma)),
            Some(maximum) => Self::lognormal_below(median, sigma, maximum),
        }
    }

    /// Lognormal with the given mean and 95 % point (`mean: 200ms, p95: 500ms`).
    ///
    /// Of the two lognormals that fit, the one with the lighter tail is taken.
    ///
    /// # Errors
    ///
    /// Refuses a p95 below the mean, and one above about 3.87 means, where none fits. Equal values
    /// give a constant.
    pub fn lognormal_mean_p95(mean: f64, p95: f64) -> Result<Self, DistributionError> {
        positive("the mean of a lognormal distribution", mean)?;
        finite("p95", p95)?;
        if p95 < mean {
            return Err(DistributionError::new(format!(
                "p95 ({p95}) must exceed the mean ({mean}): a lognormal given by both has most of its \
                 values below the mean and its 95 % point above"
            )));
        }
        // ln p95 = mu + z sigma and ln mean = mu + sigma²/2; their difference is quadratic in sigma.
        let rise = libm::log(p95 / mean);
        let square = Z95 * Z95 - 2.0 * rise;
        if square < 0.0 {
            let most = libm::exp(0.5 * Z95 * Z95);
            return Err(DistributionError::new(format!(
                "p95 is {:.3} times the mean, but in a lognormal distribution it is at most {most:.3} \
                 times; lower p95, raise the mean, or give median and sigma",
                p95 / mean
            )));
        }
        // The smaller root z - sqrt(z² - 2 rise), without its cancellation for a small rise.
        let sigma = 2.0 * rise / (Z95 + square.sqrt());
        if sigma <= 0.0 {
            return Self::constant(mean);
        }
        let log_median = libm::log(mean) - 0.5 * sigma * sigma;
        finite("the far tail of the lognormal distribution", libm::exp(log_median + FAR_NORMAL * sigma))?;
        Ok(Self::lognormal(log_median, sigma))
    }

    fn lognormal(log_median: f64, sigma: f64) -> Self {
        let mean = libm::exp(log_median + 0.5 * sigma * sigma);
        let facts = Facts {
            mean: Some(mean),
            variance: Some(mean * mean * libm::expm1(sigma * sigma)),
            minimum: 0.0,
            maximum: f64::INFINITY,
        };
        Self::of(base_two(log_median, sigma, f64::INFINITY), facts)
    }

    fn lognormal_below(median: f64, sigma: f64, maximum: f64) -> Result<Self, DistributionError> {
        let log_median = libm::log(median);
        let cut = (libm::log(maximum) - log_median) / sigma;
        if cut < -5.0 {
            return Err(DistributionError::new(format!(
                "the maximum ({maximum}) leaves less than one in a million of the values of a lognormal \
                 with median {median} and sigma {sigma}; lower the median"
            )));
        }
        let kept = below(cut);
        let mean = libm::exp(log_median + 0.5 * sigma * sigma) * below(cut - sigma) / kept;
        let square = libm::exp(2.0 * (log_median + sigma * sigma)) * below(cut - 2.0 * sigma) / kept;
        let facts = Facts { mean: Some(mean), variance: Some(square - mean * mean), minimum: 0.0, maximum };
        if cut >= RARELY_ABOVE {
            return Ok(Self::of(base_two(log_median, sigma, cut), facts));
        }
        let standard = Between::new(f64::NEG_INFINITY, cut);
        let lognormal = TruncatedLogNormal { log_median, sigma, maximum, standard };
        Ok(Self::of(Shape::TruncatedLogNormal(Box::new(lognormal)), facts))
    }
}

fn base_two(log_median: f64, sigma: f64, cut: f64) -> Shape {
    let to_base_two = std::f64::consts::LOG2_E;
    Shape::LogNormal { log2_median: log_median * to_base_two, sigma: sigma * to_base_two, cut }
}

/// The distribution function of the standard normal.
fn below(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}
