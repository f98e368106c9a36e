//! From a shape to its specification: what the parameters must be to one another.

use super::shape::{Bounds, Corners, Empirical, Gamma, Lognormal, Normal, Part, Shape};
use super::{Amount, DistributionSpec, MixturePart, Unit};
use crate::language::place::Place;
use crate::language::problem::Problems;

/// The greatest 95th percentile a lognormal distribution of mean 1 can have: e^(z²/2) at z = 1.6449.
const GREATEST_P95_TO_MEAN: f64 = 3.868_0;

impl<U: Unit> Shape<U> {
    /// The specification, if the parameters fit together; all that do not are told.
    pub fn spec(self, place: Place, problems: &mut Problems) -> Option<DistributionSpec> {
        match self {
            Shape::Constant(value) => Some(DistributionSpec::Constant(value.base)),
            Shape::Uniform(bounds) => uniform(&bounds, problems),
            Shape::Exponential(parameters) => {
                let mean = positive("mean", &parameters.mean, problems)?;
                Some(DistributionSpec::Exponential { mean })
            }
            Shape::Normal(parameters) => normal(&parameters, problems),
            Shape::Lognormal(parameters) => lognormal(&parameters, problems),
            Shape::Gamma(parameters) => gamma(&parameters, problems),
            Shape::Erlang(parameters) => {
                let mean = positive("mean", &parameters.mean, problems)?;
                Some(DistributionSpec::Erlang { k: parameters.k, mean })
            }
            Shape::Weibull(parameters) => {
                let scale = positive("scale", &parameters.scale, problems)?;
                Some(DistributionSpec::Weibull { shape: parameters.shape, scale })
            }
            Shape::Pareto(parameters) => {
                let minimum = positive("minimum", &parameters.minimum, problems)?;
                Some(DistributionSpec::Pareto { shape: parameters.shape, minimum })
            }
            Shape::Triangular(corners) => triangular(&corners, problems),
            Shape::Empirical(parameters) => empirical(parameters, problems),
            Shape::Mixture(parts) => mixture(parts, place, problems),
        }
    }
}

fn positive<U: Unit>(name: &str, amount: &Amount<U>, problems: &mut Problems) -> Option<f64> {
    if amount.base > 0.0 {
        return Some(amount.base);
    }
    problems
        .error(amount.place, format!("`{name}` is {}; it must be more than 0", amount.show()))
        .label("must be more than 0")
        .help("a value that never changes is written `constant`");
    None
}

/// Tells that `low` is above `high`, at the latter.
fn ordered<U: Unit>(
    low: (&str, &Amount<U>),
    high: (&str, &Amount<U>),
    strictly: bool,
    problems: &mut Problems,
) -> bool {
    let fits = if strictly { low.1.base < high.1.base } else { low.1.base <= high.1.base };
    if !fits {
        let (relation, rule) = if strictly { ("not above", "above") } else { ("below", "at least") };
        problems
            .error(
                high.1.place,
                format!("`{}` ({}) is {relation} `{}` ({})", high.0, high.1.show(), low.0, low.1.show()),
            )
            .label(format!("must be {rule} {}", low.1.show()));
    }
    fits
}

fn uniform<U: Unit>(bounds: &Bounds<U>, problems: &mut Problems) -> Option<DistributionSpec> {
    let Bounds(minimum, maximum) = bounds;
    let fits = ordered(("minimum", minimum), ("maximum", maximum), false, problems);
    fits.then_some(DistributionSpec::Uniform { minimum: minimum.base, maximum: maximum.base })
}

fn normal<U: Unit>(parameters: &Normal<U>, problems: &mut Problems) -> Option<DistributionSpec> {
    let Normal { mean, standard_deviation, minimum, maximum, .. } = parameters;
    let deviation = positive("standard_deviation", standard_deviation, problems);
    let low = minimum.map_or(0.0, |minimum| minimum.base);
    let high = maximum.map_or(f64::INFINITY, |maximum| maximum.base);
    // A mean far outside its bounds would be drawn again for ever.
    let mut fits = true;
    match minimum {
        Some(minimum) => fits &= ordered(("minimum", minimum), ("mean", mean), false, problems),
        None if mean.base < 0.0 => {
            problems
                .error(mean.place, format!("`mean` is {}, below the least value 0", mean.show()))
                .help("give a `minimum` below the mean");
            fits = false;
        }
        None => {}
    }
    if let Some(maximum) = maximum {
        fits &= ordered(("mean", mean), ("maximum", maximum), false, problems);
        if fits && low >= high {
            problems.error(maximum.place, "`maximum` is not above the least value that may be drawn");
            fits = false;
        }
    }
    let standard_deviation = deviation?;
    fits.then_some(DistributionSpec::Normal {
        mean: mean.base,
        standard_deviation,
        minimum: low,
        maximum: high,
    })
}

fn lognormal<U: Unit>(parameters: &Lognormal<U>, problems: &mut Problems) -> Option<DistributionSpec> {
    let Lognormal { mean, p95, median, sigma, maximum, .. } = parameters;
    match (mean, p95, median, sigma) {
        (Some(mean), Some(p95), None, None) if maximum.is_none() => {
            positive("mean", mean, problems)?;
            if !ordered(("mean", mean), ("p95", p95), true, problems) {
                return None;
            }
            if p95.base >= GREATEST_P95_TO_MEAN * mean.base {
                let greatest = U::from_base((GREATEST_P95_TO_MEAN * mean.base).floor());
                problems
                    .error(
                        p95.place,
                        format!("no lognormal of mean {} has a p95 of {}", mean.show(), p95.show()),
                    )
                    .label(format!("must be below {greatest}"))
                    .why("the 95th percentile of a lognormal is less than 3.868 times its mean")
                    .help("for heavier tails use `pareto`, or give `median` and `sigma`");
                return None;
            }
            Some(DistributionSpec::LognormalMeanP95 { mean: mean.base, p95: p95.base })
        }
        (None, None, Some(median), Some(sigma)) => {
            let base = positive("median", median, problems)?;
            if let Some(maximum) = maximum
                && !ordered(("median", median), ("maximum", maximum), true, problems)
            {
                return None;
            }
            let maximum = maximum.map(|maximum| maximum.base);
            Some(DistributionSpec::LognormalMedianSigma { median: base, sigma: sigma.value, maximum })
        }
        _ => {
            problems
                .error(
                    parameters.place,
                    "a lognormal is given by `mean` and `p95`, or by `median` and `sigma`",
                )
                .help("`maximum` may be added to `median` and `sigma`");
            None
        }
    }
}

fn gamma<U: Unit>(parameters: &Gamma<U>, problems: &mut Problems) -> Option<DistributionSpec> {
    let shape = parameters.shape;
    let scale = match (&parameters.mean, &parameters.scale) {
        (Some(mean), None) => positive("mean", mean, problems)? / shape,
        (None, Some(scale)) => positive("scale", scale, problems)?,
        _ => {
            problems.error(parameters.place, "a gamma is given by its `shape` and either `mean` or `scale`");
            return None;
        }
    };
    if scale.is_finite() && scale > 0.0 {
        return Some(DistributionSpec::Gamma { shape, scale });
    }
    problems.error(parameters.place, "the mean divided by the shape is beyond what a number can hold");
    None
}

fn triangular<U: Unit>(corners: &Corners<U>, problems: &mut Problems) -> Option<DistributionSpec> {
    let Corners(minimum, mode, maximum) = corners;
    let fits = ordered(("minimum", minimum), ("mode", mode), false, problems)
        & ordered(("mode", mode), ("maximum", maximum), false, problems);
    if !fits || !ordered(("minimum", minimum), ("maximum", maximum), true, problems) {
        return None;
    }
    Some(DistributionSpec::Triangular { minimum: minimum.base, mode: mode.base, maximum: maximum.base })
}

/// Tells when weights cannot be chosen by.
fn weighable(weights: &[f64], place: Place, problems: &mut Problems) -> bool {
    let total: f64 = weights.iter().sum();
    let fits = total > 0.0 && total.is_finite();
    if !fits {
        problems.error(place, "no weight is more than 0, or their sum is too large");
    }
    fits
}

fn empirical<U: Unit>(parameters: Empirical<U>, problems: &mut Problems) -> Option<DistributionSpec> {
    let Empirical { values, weights, file, column, unit, place, places } = parameters;
    match (values, file) {
        (Some(values), None) if column.is_none() && unit.is_none() => {
            let values: Vec<f64> = values.iter().map(|value| value.base).collect();
            if values.is_empty() {
                problems.error(places.of("values"), "there is no value to draw");
                return None;
            }
            let weights_place = places.of("weights").unwrap_or(place);
            let weights = weights.unwrap_or_else(|| vec![1.0; values.len()]);
            if weights.len() != values.len() {
                problems.error(
                    weights_place,
                    format!("there are {} weights for {} values", weights.len(), values.len()),
                );
                return None;
            }
            let fits = weighable(&weights, weights_place, problems);
            fits.then(|| DistributionSpec::Empirical(values.into_iter().zip(weights).collect()))
        }
        (None, Some(path)) if weights.is_none() => {
            let unit = match unit {
                Some(unit) => positive("unit", &unit, problems)?,
                None => U::FILE_UNIT,
            };
            Some(DistributionSpec::EmpiricalFile { path, column, unit })
        }
        _ => {
            problems
                .error(place, "measured values are either a list or a file")
                .help("give `values` (and `weights`), or `file` (and `column`, `unit`)");
            None
        }
    }
}

fn mixture<U: Unit>(parts: Vec<Part<U>>, place: Place, problems: &mut Problems) -> Option<DistributionSpec> {
    if parts.is_empty() {
        problems.error(place, "a mixture needs at least one part");
        return None;
    }
    let weights: Vec<f64> = parts.iter().map(|part| part.weight).collect();
    if !weighable(&weights, place, problems) {
        return None;
    }
    let parts = parts.into_iter().map(|part| MixturePart {
        weight: part.weight,
        distribution: part.distribution.spec,
        place: part.place,
    });
    Some(DistributionSpec::Mixture(parts.collect()))
}
