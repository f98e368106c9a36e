//! The normal distribution cut to an interval, exact however far the interval lies from the mean.

use super::checks::{finite, not_negative};
use super::{Distribution, DistributionError, Facts, Shape};
use crate::engine::random::Stream;

/// A normal of given mean and deviation, cut to `low` to `high`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TruncatedNormal {
    mean: f64,
    deviation: f64,
    low: f64,
    high: f64,
    standard: Between,
}

impl TruncatedNormal {
    pub(super) fn sample(&self, stream: &mut Stream) -> f64 {
        (self.mean + self.deviation * self.standard.sample(stream)).clamp(self.low, self.high)
    }
}

impl Distribution {
    /// Normal with the given mean and standard deviation *before* it is cut to `low` to `high`
    /// (`-inf` and `+inf` where there is no bound; 0 and `+inf` for times). Values outside are not
    /// moved to the bounds: they do not occur, and [`mean`](Self::mean) is that of what remains.
    ///
    /// # Errors
    ///
    /// Refuses a negative deviation and bounds out of order. A deviation of zero gives a constant, if
    /// the mean lies within the bounds; equal bounds give a constant.
    pub fn normal_truncated(mean: f64, sd: f64, low: f64, high: f64) -> Result<Self, DistributionError> {
        finite("the mean of a normal distribution", mean)?;
        not_negative("the standard deviation of a normal distribution", sd)?;
        // Written so that NaN is refused too.
        if !(low <= high && low < f64::INFINITY && high > f64::NEG_INFINITY) {
            return Err(DistributionError::new(format!("low ({low}) must not exceed high ({high})")));
        }
        if low >= high {
            return Self::constant(low);
        }
        if sd <= 0.0 {
            if (low..=high).contains(&mean) {
                return Self::constant(mean);
            }
            return Err(DistributionError::new(format!(
                "with a standard deviation of 0 every value is {mean}, outside {low} to {high}"
            )));
        }
        finite("the far tail of the normal distribution", mean.abs() + super::checks::FAR_NORMAL * sd)?;
        let (from, to) = ((low - mean) / sd, (high - mean) / sd);
        if from.abs().min(to.abs()) > FARTHEST && from.signum() == to.signum() {
            return Err(DistributionError::new(format!(
                "{low} to {high} lies more than {FARTHEST:e} standard deviations from the mean {mean}"
            )));
        }
        let standard = Between::new(from, to);
        let (shift, variance) = standard.moments();
        let facts = Facts {
            mean: Some((mean + sd * shift).clamp(low, high)),
            variance: Some(sd * sd * variance),
            minimum: low,
            maximum: high,
        };
        let normal = TruncatedNormal { mean, deviation: sd, low, high, standard };
        Ok(Self::of(Shape::Normal(Box::new(normal)), facts))
    }
}

/// Intervals farther out, in standard deviations, are refused: rounding would swallow the spread.
const FARTHEST: f64 = 1e6;

/// The standard normal cut to `low` to `high`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Between {
    /// Bounds; where both were negative they are mirrored, so that `high` is positive or zero.
    low: f64,
    high: f64,
    sign: f64,
    method: Method,
}

/// How to draw; the cheapest is chosen once by what it rejects.
#[derive(Clone, Debug, PartialEq)]
enum Method {
    /// Normal draws until one falls inside.
    Plain,
    /// Uniform draws under the density's highest point, at `peak`.
    Flat { peak: f64 },
    /// Exponential draws from `low` on (Robert, Statistics and Computing 5, 1995).
    Tail { rate: f64 },
}

impl Between {
    pub(super) fn new(low: f64, high: f64) -> Self {
        let (low, high, sign) = if high < 0.0 { (-high, -low, -1.0) } else { (low, high, 1.0) };
        let peak = low.max(0.0);
        let root = (2.0 * std::f64::consts::PI).sqrt();
        let height = libm::exp(-0.5 * peak * peak);
        let rate = 0.5 * (peak + (peak * peak + 4.0).sqrt());
        // Expected draws up to a factor common to all three. Flat and tail need a logarithm or an
        // exponential more per draw, hence 2.
        let flat = (high - low) / root * 2.0;
        let tail = libm::exp(0.5 / (rate * rate)) / (rate * root) * 2.0;
        let method = if height * flat.min(if low > 0.0 { tail } else { flat }) > 1.0 {
            Method::Plain
        } else if low > 0.0 && tail < flat {
            Method::Tail { rate }
        } else {
            Method::Flat { peak }
        };
        Self { low, high, sign, method }
    }

    #[inline]
    pub(super) fn sample(&self, stream: &mut Stream) -> f64 {
        self.sign * self.sample_upper(stream)
    }

    fn sample_upper(&self, stream: &mut Stream) -> f64 {
        loop {
            match self.method {
                Method::Plain => {
                    let x = stream.normal();
                    if self.low <= x && x <= self.high {
                        return x;
                    }
                }
                Method::Flat { peak } => {
                    let x = self.low + (self.high - self.low) * stream.unit();
                    // exp(-E) is uniform, so E > y has probability exp(-y).
                    if stream.exponential() >= 0.5 * (x - peak) * (x + peak) {
                        return x;
                    }
                }
                Method::Tail { rate } => {
                    let ahead = stream.exponential();
                    let x = self.low + ahead / rate;
                    // rate - low is 1 / rate, so the usual (x - rate) reads (ahead - 1) / rate.
                    let off = (ahead - 1.0) / rate;
                    if x <= self.high && stream.exponential() >= 0.5 * off * off {
                        return x;
                    }
                }
            }
        }
    }

    /// Mean and variance, by Simpson's rule over the part of the interval that matters. The closed
    /// forms cancel to nothing far out and in narrow intervals; this does neither.
    fn moments(&self) -> (f64, f64) {
        const PANELS: u32 = 4_000;
        // Beyond, the density is below 10^-19 of its highest point.
        let reach = if self.low > 0.0 { (45.0 / self.low).min(9.5) } else { 9.5 };
        let peak = self.low.max(0.0);
        let from = (self.low - peak).max(-reach);
        let step = ((self.high - peak).min(reach) - from) / f64::from(PANELS);
        let mut sums = [0.0; 3];
        for index in 0..=PANELS {
            let simpson = match index {
                0 | PANELS => 1.0,
                _ if index % 2 == 1 => 4.0,
                _ => 2.0,
            };
            let t = from + f64::from(index) * step;
            let weight = simpson * libm::exp(-t * (0.5 * t + peak));
            sums[0] += weight;
            sums[1] += weight * t;
            sums[2] += weight * t * t;
        }
        let shift = sums[1] / sums[0];
        (self.sign * (peak + shift), sums[2] / sums[0] - shift * shift)
    }
}
