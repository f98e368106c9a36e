//! Distributions: what is drawn for service times, gaps and sizes.
//!
//! A [`Distribution`] is checked when it is made and cannot change afterwards. Its values are plain
//! `f64` in the unit of its parameters; the engine attaches none. Every sample is finite, within
//! [`minimum`](Distribution::minimum) and [`maximum`](Distribution::maximum), and the same on every
//! machine for the same stream.

mod alias;
mod checks;
mod error;
mod gamma;
mod heavy;
mod lognormal;
mod normal;
mod simple;
mod table;

pub use error::DistributionError;

use super::random::Stream;
use super::time::Span;
use alias::Alias;
use gamma::Gamma;
use lognormal::TruncatedLogNormal;
use normal::TruncatedNormal;
use table::Mixture;

/// A validated distribution of finite numbers. See the constructors for what there is.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    shape: Shape,
    facts: Facts,
}

/// How samples are made. What the hot kinds need is stored inline, the rest in a box.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Constant(f64),
    Exponential {
        mean: f64,
    },
    /// To base 2, whose power is cheaper than that of e.
    LogNormal {
        log2_median: f64,
        sigma: f64,
        /// Normals above it are drawn again; infinite, or so high that this is rare.
        cut: f64,
    },
    Uniform {
        low: f64,
        high: f64,
    },
    Gamma(Gamma),
    Weibull {
        scale: f64,
        exponent: f64,
    },
    Pareto {
        minimum: f64,
        exponent: f64,
    },
    Triangular {
        low: f64,
        width: f64,
        high: f64,
        cut: f64,
    },
    Normal(Box<TruncatedNormal>),
    TruncatedLogNormal(Box<TruncatedLogNormal>),
    Empirical(Alias<f64>),
    Mixture(Box<Mixture>),
}

/// What is known of a distribution without drawing from it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Facts {
    mean: Option<f64>,
    variance: Option<f64>,
    minimum: f64,
    maximum: f64,
}

impl Distribution {
    /// Draws a value.
    ///
    /// How many words of the stream that takes depends on the kind and on chance; a constant takes
    /// none.
    #[inline]
    pub fn sample(&self, stream: &mut Stream) -> f64 {
        match &self.shape {
            Shape::Constant(value) => *value,
            Shape::Exponential { mean } => mean * stream.exponential(),
            Shape::LogNormal { log2_median, sigma, cut } => loop {
                let normal = stream.normal();
                if normal <= *cut {
                    return libm::exp2(log2_median + sigma * normal).min(f64::MAX);
                }
            },
            Shape::Uniform { low, high } => (low + (high - low) * stream.unit()).min(*high),
            _ => self.sample_other(stream),
        }
    }

    #[inline(never)]
    fn sample_other(&self, stream: &mut Stream) -> f64 {
        match &self.shape {
            Shape::Gamma(gamma) => gamma.sample(stream),
            Shape::Weibull { scale, exponent } => scale * libm::pow(stream.exponential(), *exponent),
            Shape::Pareto { minimum, exponent } => minimum * libm::exp(exponent * stream.exponential()),
            Shape::Triangular { low, width, high, cut } => {
                (low + width * simple::triangle(stream.unit(), *cut)).min(*high)
            }
            Shape::Normal(normal) => normal.sample(stream),
            Shape::TruncatedLogNormal(lognormal) => lognormal.sample(stream),
            Shape::Empirical(table) => table.pick(stream.next_u64()),
            Shape::Mixture(mixture) => mixture.sample(stream),
            Shape::Constant(_)
            | Shape::Exponential { .. }
            | Shape::LogNormal { .. }
            | Shape::Uniform { .. } => self.sample(stream),
        }
    }

    /// Draws a value in seconds and rounds it to the nanosecond; a negative one becomes zero.
    #[inline]
    pub fn sample_seconds(&self, stream: &mut Stream) -> Span {
        Span::from_seconds_f64(self.sample(stream))
    }

    /// The mean, in the unit of the parameters. `None` where it is infinite (a Pareto of shape 1 or
    /// less, or a mixture with one).
    pub fn mean(&self) -> Option<f64> {
        self.facts.mean
    }

    /// The variance, in the square of that unit. `None` where it is infinite, or too large for an
    /// `f64`.
    pub fn variance(&self) -> Option<f64> {
        self.facts.variance
    }

    /// No sample is below this; `-inf` where there is no bound.
    pub fn minimum(&self) -> f64 {
        self.facts.minimum
    }

    /// No sample is above this; `+inf` where there is no bound.
    pub fn maximum(&self) -> f64 {
        self.facts.maximum
    }

    /// The value, where all samples are the same one; such a distribution draws nothing.
    pub fn is_constant(&self) -> Option<f64> {
        match self.shape {
            Shape::Constant(value) => Some(value),
            _ => None,
        }
    }

    /// Joins shape and facts; a mean or variance that overflowed is as good as infinite.
    fn of(shape: Shape, mut facts: Facts) -> Self {
        facts.mean = facts.mean.filter(|mean| mean.is_finite());
        facts.variance = facts.variance.filter(|variance| variance.is_finite()).map(|v| v.max(0.0));
        Self { shape, facts }
    }
}

#[cfg(test)]
mod tests;
