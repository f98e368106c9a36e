//! Distributions as scenarios write them: `400ms`, `{ lognormal: { mean: 400ms, p95: 1s } }`.
//!
//! Decoding ends in a [`DistributionSpec`]: plain numbers in base units whose order and signs are checked
//! already. Making a sampler of it is for the floor that has one.

mod amount;
mod check;
pub mod shape;

use std::marker::PhantomData;

use serde_json::{Value as Json, json};

use super::decode::Decode;
use super::node::{Node, Value};
use super::place::{Located, Place};
use super::problem::Problems;
use super::reference::{declared_name, link};
use super::schema::{Content, Definitions, Page};

pub use amount::{Amount, Unit};
pub use shape::Shape;

/// What can be drawn, in base units: nanoseconds, bytes, events per second or plain numbers.
///
/// All numbers are finite, and every condition named below holds.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // the parameters have their textbook names
pub enum DistributionSpec {
    /// Always this.
    Constant(f64),
    /// Evenly from `minimum` to `maximum`; `minimum <= maximum`.
    Uniform { minimum: f64, maximum: f64 },
    /// Exponential; `mean > 0`.
    Exponential { mean: f64 },
    /// Normal, drawn again outside `minimum..=maximum`; `standard_deviation > 0`, `minimum < maximum`
    /// (`maximum` is infinite when it was not given) and the mean lies between them.
    Normal { mean: f64, standard_deviation: f64, minimum: f64, maximum: f64 },
    /// Lognormal by its mean and 95th percentile; `0 < mean < p95 < 3.86 mean`.
    LognormalMeanP95 { mean: f64, p95: f64 },
    /// Lognormal by its median and the standard deviation of its logarithm; both positive, and
    /// `maximum > median`.
    LognormalMedianSigma { median: f64, sigma: f64, maximum: Option<f64> },
    /// Gamma; both positive. A mean was turned into a scale.
    Gamma { shape: f64, scale: f64 },
    /// The sum of `k` exponential phases; `k >= 1`, `mean > 0`.
    Erlang { k: u32, mean: f64 },
    /// Weibull; both positive.
    Weibull { shape: f64, scale: f64 },
    /// Pareto; both positive.
    Pareto { shape: f64, minimum: f64 },
    /// Triangular; `minimum <= mode <= maximum` and `minimum < maximum`.
    Triangular { minimum: f64, mode: f64, maximum: f64 },
    /// One of some (value, weight); at least one, weights not negative and not all zero.
    Empirical(Vec<(f64, f64)>),
    /// One of the numbers of a CSV file, each times `unit`. Reading the file is the caller's.
    EmpiricalFile { path: Located<String>, column: Option<Located<String>>, unit: f64 },
    /// One of some distributions, by weight; at least one, weights not negative and not all zero.
    Mixture(Vec<MixturePart>),
}

/// One part of a mixture.
#[derive(Debug, Clone, PartialEq)]
pub struct MixturePart {
    /// How often it is chosen, relative to the other parts.
    pub weight: f64,
    /// What is drawn then.
    pub distribution: DistributionSpec,
    /// Where it stands.
    pub place: Place,
}

/// A distribution over quantities of one unit: `DistributionOf<Duration>`, `<Bytes>`, `<Rate>` or `<f64>`.
#[derive(Debug, Clone, PartialEq)]
pub struct DistributionOf<U: Unit> {
    /// What is drawn, in the base unit of `U`.
    pub spec: DistributionSpec,
    /// Where it stands; `None` for a default.
    pub place: Option<Place>,
    unit: PhantomData<U>,
}

impl<U: Unit> DistributionOf<U> {
    /// Always the same, for defaults.
    pub fn constant(value: U) -> Self {
        DistributionOf::from_spec(DistributionSpec::Constant(value.base()), None)
    }

    /// Any specification, for defaults; its conditions are not checked again.
    pub fn from_spec(spec: DistributionSpec, place: Option<Place>) -> Self {
        DistributionOf { spec, place, unit: PhantomData }
    }
}

impl<U: Unit> Decode for DistributionOf<U> {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let spec = match &node.value {
            Value::Mapping(_) => Shape::<U>::decode(node, problems)?.spec(node.place, problems)?,
            Value::Null | Value::Sequence(_) => {
                let (noun, example) = (U::NOUN, U::EXAMPLE);
                problems
                    .mismatch(node, &format!("a distribution: a {noun} such as `{example}`, or a mapping"))
                    .help(format!("write `{example}` or `{{ exponential: {{ mean: {example} }} }}`"));
                return None;
            }
            _ => DistributionSpec::Constant(U::decode(node, problems)?.base()),
        };
        Some(DistributionOf::from_spec(spec, Some(node.place)))
    }

    fn schema(definitions: &mut Definitions) -> Json {
        const DOCUMENTATION: &str = "A distribution: one value alone, which is then constant, or the name of a shape with its parameters.";
        let declared = declared_name("Distribution", &[U::NAME]);
        definitions.define(&declared, module_path!(), |definitions| {
            let alone = U::schema(definitions);
            let shape = Shape::<U>::schema(definitions);
            let example = U::EXAMPLE;
            let content = Content::Form(vec![
                example.to_owned(),
                format!("{{ exponential: {{ mean: {example} }} }}"),
                format!("see Shape{}", &declared["Distribution".len()..]),
            ]);
            let schema = json!({ "description": DOCUMENTATION, "anyOf": [alone, shape] });
            (schema, Page { documentation: DOCUMENTATION.to_owned(), content })
        })
    }

    fn type_name() -> String {
        link(&declared_name("Distribution", &[U::NAME]))
    }

    fn to_json(&self) -> Option<Json> {
        let value = |base| U::from_base(base).to_json();
        Some(match self.spec {
            DistributionSpec::Constant(constant) => value(constant)?,
            DistributionSpec::Uniform { minimum, maximum } => {
                json!({ "uniform": [value(minimum)?, value(maximum)?] })
            }
            DistributionSpec::Exponential { mean } => json!({ "exponential": { "mean": value(mean)? } }),
            DistributionSpec::LognormalMeanP95 { mean, p95 } => {
                json!({ "lognormal": { "mean": value(mean)?, "p95": value(p95)? } })
            }
            _ => return None,
        })
    }
}
