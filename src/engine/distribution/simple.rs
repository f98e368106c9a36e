//! Constant, uniform, exponential and triangular.

use super::checks::{finite, ordered, positive};
use super::{Distribution, DistributionError, Facts, Shape};

impl Distribution {
    /// Always `value`.
    ///
    /// # Errors
    ///
    /// Refuses what is not finite.
    pub fn constant(value: f64) -> Result<Self, DistributionError> {
        finite("the constant", value)?;
        let facts = Facts { mean: Some(value), variance: Some(0.0), minimum: value, maximum: value };
        Ok(Self::of(Shape::Constant(value), facts))
    }

    /// Every value from `low` to `high` alike.
    ///
    /// # Errors
    ///
    /// Refuses `low > high`; equal bounds give a constant.
    pub fn uniform(low: f64, high: f64) -> Result<Self, DistributionError> {
        ordered(("low", "high"), low, high)?;
        if low >= high {
            return Self::constant(low);
        }
        let width = high - low;
        let facts = Facts {
            mean: Some(low + width / 2.0),
            variance: Some(width * width / 12.0),
            minimum: low,
            maximum: high,
        };
        Ok(Self::of(Shape::Uniform { low, high }, facts))
    }

    /// Exponential: gaps of a Poisson process, without memory.
    ///
    /// # Errors
    ///
    /// Refuses a mean of zero or below.
    pub fn exponential(mean: f64) -> Result<Self, DistributionError> {
        positive("the mean of an exponential distribution", mean)?;
        finite("the far tail of the exponential distribution", mean * super::checks::FAR_EXPONENTIAL)?;
        let facts =
            Facts { mean: Some(mean), variance: Some(mean * mean), minimum: 0.0, maximum: f64::INFINITY };
        Ok(Self::of(Shape::Exponential { mean }, facts))
    }

    /// A triangle over `low` to `high` with its peak at `mode`: an estimate by least, likeliest and
    /// most.
    ///
    /// # Errors
    ///
    /// Refuses bounds out of order and a mode outside; equal bounds give a constant.
    pub fn triangular(low: f64, mode: f64, high: f64) -> Result<Self, DistributionError> {
        ordered(("low", "high"), low, high)?;
        finite("mode", mode)?;
        if !(low..=high).contains(&mode) {
            return Err(DistributionError::new(format!(
                "mode ({mode}) must lie between low ({low}) and high ({high})"
            )));
        }
        if low >= high {
            return Self::constant(low);
        }
        let width = high - low;
        let cut = (mode - low) / width;
        let facts = Facts {
            mean: Some(low + width * (1.0 + cut) / 3.0),
            variance: Some(width * width * (1.0 - cut + cut * cut) / 18.0),
            minimum: low,
            maximum: high,
        };
        Ok(Self::of(Shape::Triangular { low, width, high, cut }, facts))
    }
}

/// The inverse of the distribution function of a triangle over 0 to 1 with its peak at `cut`.
pub(super) fn triangle(u: f64, cut: f64) -> f64 {
    if u < cut { (u * cut).sqrt() } else { 1.0 - ((1.0 - u) * (1.0 - cut)).sqrt() }
}
