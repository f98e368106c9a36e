//! Checks that several constructors share.

use super::DistributionError;

/// Exponential draws beyond this have a probability of 10^-44, normal draws beyond `FAR_NORMAL` one
/// of 10^-88: a distribution that is finite there is finite.
pub(super) const FAR_EXPONENTIAL: f64 = 100.0;
pub(super) const FAR_NORMAL: f64 = 20.0;

pub(super) fn finite(name: &str, value: f64) -> Result<(), DistributionError> {
    if value.is_finite() {
        return Ok(());
    }
    Err(DistributionError::new(format!("{name} must be a finite number, not {value}")))
}

pub(super) fn positive(name: &str, value: f64) -> Result<(), DistributionError> {
    finite(name, value)?;
    if value > 0.0 {
        return Ok(());
    }
    Err(DistributionError::new(format!("{name} must be above zero, not {value}")))
}

pub(super) fn not_negative(name: &str, value: f64) -> Result<(), DistributionError> {
    finite(name, value)?;
    if value >= 0.0 {
        return Ok(());
    }
    Err(DistributionError::new(format!("{name} must not be negative, and is {value}")))
}

/// `low` must not exceed `high`, both finite.
pub(super) fn ordered(names: (&str, &str), low: f64, high: f64) -> Result<(), DistributionError> {
    finite(names.0, low)?;
    finite(names.1, high)?;
    finite("the distance between the bounds", high - low)?;
    if low <= high {
        return Ok(());
    }
    let (first, second) = names;
    Err(DistributionError::new(format!("{first} ({low}) must not exceed {second} ({high})")))
}

/// The weights of a table or mixture: at least one, none negative, not all zero. Returns their sum.
pub(super) fn weights(
    what: &str,
    weights: impl Iterator<Item = f64> + Clone,
) -> Result<f64, DistributionError> {
    for (index, weight) in weights.clone().enumerate() {
        not_negative(&format!("weight {} of the {what}", index + 1), weight)?;
    }
    let total: f64 = weights.sum();
    positive(&format!("the sum of the weights of the {what}"), total)?;
    Ok(total)
}
