//! Gamma and Erlang: sums of exponential stages, and everything between them.

use super::checks::{finite, positive};
use super::{Distribution, DistributionError, Facts, Shape};
use crate::engine::random::Stream;

/// Marsaglia and Tsang's method (ACM TOMS 26/3, 2000) for shapes from 1 up.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gamma {
    d: f64,
    c: f64,
    scale: f64,
    /// 1 / shape for shapes below 1, which are drawn as gamma(shape + 1) × U^(1/shape); else 0.
    boost: f64,
}

impl Gamma {
    pub(super) fn sample(&self, stream: &mut Stream) -> f64 {
        let value = self.scale * self.unscaled(stream);
        // U^(1/shape) is exp(-E/shape) with E exponential.
        if self.boost > 0.0 { value * libm::exp(-self.boost * stream.exponential()) } else { value }
    }

    fn unscaled(&self, stream: &mut Stream) -> f64 {
        loop {
            let x = stream.normal();
            let root = 1.0 + self.c * x;
            if root <= 0.0 {
                continue;
            }
            let v = root * root * root;
            let u = stream.open_unit();
            let square = x * x;
            if u < 1.0 - 0.0331 * square * square
                || libm::log(u) < 0.5 * square + self.d * (1.0 - v + libm::log(v))
            {
                return self.d * v;
            }
        }
    }
}

impl Distribution {
    /// Gamma with the given shape (a number; the squared ratio of mean to deviation) and scale (in
    /// the unit of the values): mean = shape × scale.
    ///
    /// # Errors
    ///
    /// Refuses what is not above zero.
    pub fn gamma(shape: f64, scale: f64) -> Result<Self, DistributionError> {
        positive("the shape of a gamma distribution", shape)?;
        positive("the scale of a gamma distribution", scale)?;
        let mean = shape * scale;
        // Generous for small shapes, many deviations for large ones.
        finite("the far tail of the gamma distribution", scale * (2.0 * shape + 1e3))?;
        let boost = if shape < 1.0 { 1.0 / shape } else { 0.0 };
        finite("the inverse of the shape of a gamma distribution", boost)?;
        let d = shape + if shape < 1.0 { 1.0 } else { 0.0 } - 1.0 / 3.0;
        let gamma = Gamma { d, c: 1.0 / (9.0 * d).sqrt(), scale, boost };
        let facts =
            Facts { mean: Some(mean), variance: Some(mean * scale), minimum: 0.0, maximum: f64::INFINITY };
        Ok(Self::of(Shape::Gamma(gamma), facts))
    }

    /// Erlang: the sum of `stages` exponential stages with `mean` in all. One stage is exponential,
    /// many are nearly constant.
    ///
    /// # Errors
    ///
    /// Refuses zero stages and a mean of zero or below.
    pub fn erlang(stages: u32, mean: f64) -> Result<Self, DistributionError> {
        positive("the mean of an Erlang distribution", mean)?;
        match stages {
            0 => Err(DistributionError::new("an Erlang distribution needs at least one stage")),
            1 => Self::exponential(mean),
            _ => Self::gamma(f64::from(stages), mean / f64::from(stages)),
        }
    }
}
