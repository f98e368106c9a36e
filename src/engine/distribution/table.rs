//! Distributions by table: measured values with weights, and mixtures of other distributions.

use super::alias::Alias;
use super::checks::{finite, weights};
use super::{Distribution, DistributionError, Facts, Shape};
use crate::engine::random::Stream;

/// Several distributions and the odds of drawing from each.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mixture {
    choice: Alias<u32>,
    parts: Vec<Distribution>,
}

impl Mixture {
    pub(super) fn sample(&self, stream: &mut Stream) -> f64 {
        let part = self.choice.pick(stream.next_u64());
        self.parts[part as usize].sample(stream)
    }
}

impl Distribution {
    /// Exactly the given values of (value, weight), each as often as its weight says; nothing
    /// between them. Weights need not sum to anything; those of zero are left out, equal values may
    /// be repeated (a file of measurements has weight 1 throughout).
    ///
    /// # Errors
    ///
    /// Refuses an empty table, negative weights and what is not finite.
    pub fn empirical(values: &[(f64, f64)]) -> Result<Self, DistributionError> {
        if values.is_empty() {
            return Err(DistributionError::new("an empirical distribution needs at least one value"));
        }
        for (index, (value, _)) in values.iter().enumerate() {
            finite(&format!("value {} of the table", index + 1), *value)?;
        }
        let total = weights("table", values.iter().map(|(_, weight)| *weight))?;
        let kept: Vec<(f64, f64)> = values.iter().copied().filter(|(_, weight)| *weight > 0.0).collect();
        let minimum = kept.iter().fold(f64::INFINITY, |least, (value, _)| least.min(*value));
        let maximum = kept.iter().fold(f64::NEG_INFINITY, |most, (value, _)| most.max(*value));
        if minimum >= maximum {
            return Self::constant(minimum);
        }
        let mean: f64 = kept.iter().map(|(value, weight)| value * (weight / total)).sum();
        let variance =
            kept.iter().map(|(value, weight)| (value - mean) * (value - mean) * (weight / total)).sum();
        let facts = Facts { mean: Some(mean), variance: Some(variance), minimum, maximum };
        Ok(Self::of(Shape::Empirical(Alias::new(&kept, total)), facts))
    }

    /// Draws from one of the parts, chosen anew each time by weight: (weight, distribution). Weights
    /// need not sum to anything; parts of weight zero are left out, and a single part left stands
    /// for itself. Parts may be mixtures.
    ///
    /// # Errors
    ///
    /// Refuses no parts at all and negative weights.
    pub fn mixture(parts: Vec<(f64, Self)>) -> Result<Self, DistributionError> {
        if parts.is_empty() {
            return Err(DistributionError::new("a mixture needs at least one part"));
        }
        let total = weights("mixture", parts.iter().map(|(weight, _)| *weight))?;
        let mut kept: Vec<(f64, Self)> = parts.into_iter().filter(|(weight, _)| *weight > 0.0).collect();
        if kept.len() == 1 {
            return Ok(kept.remove(0).1);
        }
        let facts = mixed(&kept, total);
        let odds: Vec<(u32, f64)> = (0..).zip(kept.iter().map(|(weight, _)| *weight)).collect();
        let choice = Alias::new(&odds, total);
        let parts = kept.into_iter().map(|(_, part)| part).collect();
        Ok(Self::of(Shape::Mixture(Box::new(Mixture { choice, parts })), facts))
    }
}

fn mixed(parts: &[(f64, Distribution)], total: f64) -> Facts {
    let mean = parts.iter().map(|(weight, part)| Some(weight / total * part.mean()?)).sum::<Option<f64>>();
    // Within the parts, and between their means.
    let variance = parts
        .iter()
        .map(|(weight, part)| {
            let off = part.mean()? - mean?;
            Some(weight / total * (part.variance()? + off * off))
        })
        .sum::<Option<f64>>();
    Facts {
        mean,
        variance,
        minimum: parts.iter().fold(f64::INFINITY, |least, (_, part)| least.min(part.minimum())),
        maximum: parts.iter().fold(f64::NEG_INFINITY, |most, (_, part)| most.max(part.maximum())),
    }
}
