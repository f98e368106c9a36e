//! Weibull and Pareto: the two with tails that may be heavier than exponential.

use super::checks::{FAR_EXPONENTIAL, finite, positive};
use super::{Distribution, DistributionError, Facts, Shape};

impl Distribution {
    /// Weibull: `shape` (a number) below 1 gives a heavier tail than exponential, above 1 a lighter
    /// one; 63 % of the values lie below `scale`.
    ///
    /// # Errors
    ///
    /// Refuses what is not above zero, and shapes so small (about 0.007) that values leave the range
    /// of numbers.
    pub fn weibull(shape: f64, scale: f64) -> Result<Self, DistributionError> {
        positive("the shape of a Weibull distribution", shape)?;
        positive("the scale of a Weibull distribution", scale)?;
        let exponent = 1.0 / shape;
        if !(scale * libm::pow(FAR_EXPONENTIAL, exponent)).is_finite() {
            return Err(DistributionError::new(format!(
                "a Weibull shape of {shape} spreads the values beyond all numbers; shapes in use lie \
                 between 0.3 and 10"
            )));
        }
        let mean = libm::tgamma(1.0 + exponent);
        let square = libm::tgamma(1.0 + 2.0 * exponent);
        let facts = Facts {
            mean: Some(scale * mean),
            variance: Some(scale * scale * (square - mean * mean)),
            minimum: 0.0,
            maximum: f64::INFINITY,
        };
        Ok(Self::of(Shape::Weibull { scale, exponent }, facts))
    }

    /// Pareto: values from `minimum` up, a fraction (minimum / x)^shape of them above x. The mean is
    /// infinite up to shape 1, the variance up to shape 2.
    ///
    /// # Errors
    ///
    /// Refuses what is not above zero, and shapes so small (about 0.15) that values leave the range
    /// of numbers.
    pub fn pareto(shape: f64, minimum: f64) -> Result<Self, DistributionError> {
        positive("the shape of a Pareto distribution", shape)?;
        positive("the minimum of a Pareto distribution", minimum)?;
        let exponent = 1.0 / shape;
        finite("the inverse of the shape of a Pareto distribution", exponent)?;
        if !(minimum * libm::exp(FAR_EXPONENTIAL * exponent)).is_finite() {
            return Err(DistributionError::new(format!(
                "a Pareto shape of {shape} spreads the values beyond all numbers; up to shape 1 there \
                 is no mean either, shapes in use lie between 1.1 and 3"
            )));
        }
        let mean = (shape > 1.0).then(|| shape * minimum / (shape - 1.0));
        let variance = mean.filter(|_| shape > 2.0).map(|mean| mean * mean / (shape * (shape - 2.0)));
        let facts = Facts { mean, variance, minimum, maximum: f64::INFINITY };
        Ok(Self::of(Shape::Pareto { minimum, exponent }, facts))
    }
}
