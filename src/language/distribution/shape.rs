//! The shapes of distributions with their parameters, and the checks that need no sampling.

use serde_json::{Value as Json, json};

use super::{Amount, DistributionOf, Unit};
use crate::language::decode::Decode;
use crate::language::node::Node;
use crate::language::place::Located;
use crate::language::problem::Problems;
use crate::language::schema::Definitions;
use crate::language::{choice, section};

choice! {
    /// The shape of a distribution.
    pub enum Shape<U: Unit> {
        /// Always the same value.
        Constant(Amount<U>) = "constant",
        /// Every value between two bounds is as likely.
        Uniform(Bounds<U>) = "uniform",
        /// Times between independent events; many short, a few long.
        Exponential(Exponential<U>) = "exponential",
        /// The bell curve, cut off at 0 unless told otherwise.
        Normal(Normal<U>) = "normal",
        /// Skewed to the right, as most service times are.
        Lognormal(Lognormal<U>) = "lognormal",
        /// Between exponential and normal, by its shape.
        Gamma(Gamma<U>) = "gamma",
        /// The sum of `k` exponential phases: steadier than exponential.
        Erlang(Erlang<U>) = "erlang",
        /// Lifetimes whose risk falls (shape below 1) or grows (above 1) with age.
        Weibull(Weibull<U>) = "weibull",
        /// A heavy tail: a few values are enormous.
        Pareto(Pareto<U>) = "pareto",
        /// Least, most likely and greatest value, when nothing else is known.
        Triangular(Corners<U>) = "triangular",
        /// One of some measured values.
        Empirical(Empirical<U>) = "empirical",
        /// One of several distributions, by weight.
        Mixture(Vec<Part<U>>) = "mixture",
    }
}

section! {
    /// The bounds of a uniform distribution.
    pub struct UniformBounds<U: Unit> {
        /// The least value.
        pub minimum: Amount<U>;
        /// The greatest value.
        pub maximum: Amount<U>;
    }
}

section! {
    /// An exponential distribution.
    pub struct Exponential<U: Unit> {
        /// The mean.
        pub mean: Amount<U>;
    }
}

section! {
    /// A normal distribution, drawn again when outside its bounds.
    pub struct Normal<U: Unit> {
        /// The mean before cutting.
        pub mean: Amount<U>;
        /// The standard deviation before cutting.
        pub standard_deviation: Amount<U>;
        /// The least value that may be drawn; 0 when not given.
        pub minimum: Option<Amount<U>>;
        /// The greatest value that may be drawn.
        pub maximum: Option<Amount<U>>;
    }
}

section! {
    /// A lognormal distribution: `mean` and `p95`, or `median` and `sigma`.
    pub struct Lognormal<U: Unit> {
        /// The mean.
        pub mean: Option<Amount<U>>;
        /// The value that 95% stay below.
        pub p95: Option<Amount<U>>;
        /// The value that half stay below.
        pub median: Option<Amount<U>>;
        /// The standard deviation of the logarithm, without a unit.
        pub sigma: Option<Located<f64>>, above (0.0);
        /// The greatest value that may be drawn, with `median` and `sigma`.
        pub maximum: Option<Amount<U>>;
    }
}

section! {
    /// A gamma distribution: its shape, and either its scale or its mean.
    pub struct Gamma<U: Unit> {
        /// The shape: 1 is exponential, more is steadier.
        pub shape: f64, above (0.0);
        /// The mean: shape times scale.
        pub mean: Option<Amount<U>>;
        /// The scale.
        pub scale: Option<Amount<U>>;
    }
}

section! {
    /// An Erlang distribution.
    pub struct Erlang<U: Unit> {
        /// The number of phases.
        pub k: u32, within (1, 10_000);
        /// The mean of their sum.
        pub mean: Amount<U>;
    }
}

section! {
    /// A Weibull distribution.
    pub struct Weibull<U: Unit> {
        /// The shape: 1 is exponential.
        pub shape: f64, above (0.0);
        /// The scale: the value that 63.2% stay below.
        pub scale: Amount<U>;
    }
}

section! {
    /// A Pareto distribution.
    pub struct Pareto<U: Unit> {
        /// The shape: the smaller, the heavier the tail; at 1 or below it has no mean.
        pub shape: f64, above (0.0);
        /// The least value.
        pub minimum: Amount<U>;
    }
}

section! {
    /// The corners of a triangular distribution.
    pub struct TriangularCorners<U: Unit> {
        /// The least value.
        pub minimum: Amount<U>;
        /// The most likely value.
        pub mode: Amount<U>;
        /// The greatest value.
        pub maximum: Amount<U>;
    }
}

section! {
    /// Measured values: a list, or a column of a CSV file.
    pub struct Empirical<U: Unit> {
        /// The values.
        pub values: Option<Vec<Amount<U>>>;
        /// How often each value is drawn, relative to the others; all alike when not given.
        pub weights: Option<Vec<f64>>, at_least (0.0);
        /// A CSV file with one number a row, beside the scenario.
        pub file: Option<Located<String>>;
        /// The name of the file's column; the first column when not given.
        pub column: Option<Located<String>>;
        /// What the number 1 in the file stands for; a second, a byte or plain 1 when not given.
        pub unit: Option<Amount<U>>;
    }
}

section! {
    /// One part of a mixture.
    pub struct Part<U: Unit> {
        /// How often this part is chosen, relative to the others.
        pub weight: f64, at_least (0.0);
        /// What is drawn then.
        pub distribution: Box<DistributionOf<U>>;
    }
}

/// The bounds of a uniform distribution: `[1s, 5s]` or `{ minimum: 1s, maximum: 5s }`.
#[derive(Debug, Clone)]
pub struct Bounds<U: Unit>(pub Amount<U>, pub Amount<U>);

/// The corners of a triangular distribution: `[1s, 2s, 5s]` or named.
#[derive(Debug, Clone)]
pub struct Corners<U: Unit>(pub Amount<U>, pub Amount<U>, pub Amount<U>);

/// Decodes a list that must have `N` values; `None` also when the node is no list.
fn exactly<U: Unit, const N: usize>(
    items: &[Node],
    node: &Node,
    names: &str,
    problems: &mut Problems,
) -> Option<[Amount<U>; N]> {
    if items.len() != N {
        problems.error(node.place, format!("expected {N} values ({names}), found {}", items.len()));
        return None;
    }
    Vec::<Amount<U>>::decode(node, problems)?.try_into().ok()
}

fn list_or_section<U: Unit>(count: usize, section: &Json, definitions: &mut Definitions) -> Json {
    let list =
        json!({ "type": "array", "items": U::schema(definitions), "minItems": count, "maxItems": count });
    json!({ "anyOf": [list, section] })
}

impl<U: Unit> Decode for Bounds<U> {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Some(items) = node.sequence() {
            let [minimum, maximum] = exactly(items, node, "minimum, maximum", problems)?;
            return Some(Bounds(minimum, maximum));
        }
        UniformBounds::decode(node, problems).map(|bounds| Bounds(bounds.minimum, bounds.maximum))
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let section = UniformBounds::<U>::schema(definitions);
        list_or_section::<U>(2, &section, definitions)
    }

    fn type_name() -> String {
        format!("`[minimum, maximum]` or {}", UniformBounds::<U>::type_name())
    }
}

impl<U: Unit> Decode for Corners<U> {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Some(items) = node.sequence() {
            let [minimum, mode, maximum] = exactly(items, node, "minimum, mode, maximum", problems)?;
            return Some(Corners(minimum, mode, maximum));
        }
        TriangularCorners::decode(node, problems)
            .map(|corners| Corners(corners.minimum, corners.mode, corners.maximum))
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let section = TriangularCorners::<U>::schema(definitions);
        list_or_section::<U>(3, &section, definitions)
    }

    fn type_name() -> String {
        format!("`[minimum, mode, maximum]` or {}", TriangularCorners::<U>::type_name())
    }
}
