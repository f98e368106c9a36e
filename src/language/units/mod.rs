//! Units: quantities as people write them, each a type of its own.

mod bytes;
mod date;
mod duration;
mod number;
mod rate;
mod share;

use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Value as Json, json};

use super::decode::Decode;
use super::node::Node;
use super::problem::Problems;
use super::schema::Definitions;

pub use bytes::Bytes;
pub use date::Date;
pub use duration::Duration;
pub use rate::Rate;
pub use share::{Probability, Ratio};

/// Why a text is no quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitError {
    /// What is wrong with it, when that is more than "not of this form": `a duration cannot be negative`.
    pub what: Option<String>,
    /// What to write instead; may be empty.
    pub help: String,
}

impl UnitError {
    fn form(help: impl Into<String>) -> Self {
        UnitError { what: None, help: help.into() }
    }

    fn because(what: impl Into<String>, help: impl Into<String>) -> Self {
        UnitError { what: Some(what.into()), help: help.into() }
    }
}

impl Display for UnitError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.what.as_deref().unwrap_or("not of the expected form"))?;
        if !self.help.is_empty() {
            write!(formatter, " ({})", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for UnitError {}

/// A quantity that is written as one scalar. `Display` writes what `FromStr` reads back.
pub trait Quantity: FromStr<Err = UnitError> + Display + Copy {
    /// The name in schema and reference: `Duration`.
    const NAME: &'static str;
    /// The name in prose: `duration`.
    const NOUN: &'static str;
    /// What a message expects: "a duration such as `30s`".
    const EXPECTED: &'static str;
    /// What the quantity is and how it is written.
    const DOCUMENTATION: &'static str;
    /// Texts to show in editors.
    const EXAMPLES: &'static [&'static str];
    /// A regular expression (ECMA 262) that every valid text matches.
    const PATTERN: &'static str;

    /// What a plain number may be, as a JSON Schema; `None` when a unit must be written.
    fn plain_number() -> Option<Json> {
        None
    }
}

/// Reads any quantity.
fn decode<T: Quantity>(node: &Node, problems: &mut Problems) -> Option<T> {
    let Some(text) = node.text() else {
        problems.mismatch(node, T::EXPECTED);
        return None;
    };
    let error = match text.parse::<T>() {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    match error.what {
        Some(what) => problems.error(node.place, what),
        None => problems.mismatch(node, T::EXPECTED),
    }
    .help(error.help);
    None
}

/// Describes any quantity.
fn schema<T: Quantity>(definitions: &mut Definitions) -> Json {
    let mut forms = vec![json!({ "type": "string", "pattern": T::PATTERN })];
    forms.extend(T::plain_number());
    let mut schema = if forms.len() == 1 { forms.remove(0) } else { json!({ "anyOf": forms }) };
    schema["examples"] = json!(T::EXAMPLES);
    definitions.form(T::NAME, module_path!(), T::DOCUMENTATION, schema)
}

// One impl for every `Quantity` would collide with the one for `Box`, which other crates might make a quantity.
macro_rules! decoded {
    ($($quantity:ty),*) => {
        $(impl Decode for $quantity {
            fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
                decode(node, problems)
            }

            fn schema(definitions: &mut Definitions) -> Json {
                schema::<$quantity>(definitions)
            }

            fn type_name() -> String {
                <$quantity as Quantity>::NOUN.to_owned()
            }

            fn to_json(&self) -> Option<Json> {
                Some(json!(self.to_string()))
            }
        })*
    };
}

decoded!(Duration, Rate, Bytes, Probability, Ratio, Date);

#[cfg(test)]
mod tests;
