//! Why a message does not pass.

use super::document::{Document, Invalid};
use super::matcher::{Accepts, Matcher};
use super::policy::{Alternative, KeyRule, Policy};
use super::vocabulary::{Atom, Vocabulary};
use std::fmt;

/// Why an alternative does not want a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The message as a whole cannot match.
    Invalid(Invalid),
    /// A key is not there.
    Missing {
        /// The key.
        key: String,
        /// What is wanted of it.
        wanted: String,
    },
    /// No value of a key fits.
    Wrong {
        /// The key.
        key: String,
        /// What is wanted of it.
        wanted: String,
        /// What the message has.
        found: String,
    },
    /// Every key fits, but by values of different elements of an array.
    Apart,
}

impl Invalid {
    /// In words.
    pub fn reason(self) -> &'static str {
        match self {
            Invalid::NoAttributes => "the message has no attributes at all",
            Invalid::Attributes => "an attribute of type String.Array is no JSON array",
            Invalid::Body => "the body is no JSON object",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Invalid(invalid) => f.write_str(invalid.reason()),
            Failure::Missing { key, wanted } => write!(f, "`{key}` is not there; wanted {wanted}"),
            Failure::Wrong { key, wanted, found } => write!(f, "`{key}` is {found}; wanted {wanted}"),
            Failure::Apart => f.write_str("the keys fit only by values of different elements of an array"),
        }
    }
}

/// Whether a message passes, and why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Whether it passes.
    pub passes: bool,
    /// The first thing that is wrong, for each alternative; empty when it passes.
    pub failures: Vec<Failure>,
}

/// Holds one message against one policy.
pub fn explain(policy: &Policy, document: &Document, vocabulary: &mut Vocabulary) -> Explanation {
    let passes = Matcher::new([(0, policy)], vocabulary).passes(document);
    let failures = if passes {
        Vec::new()
    } else {
        policy.alternatives.iter().map(|alternative| failure(alternative, document, vocabulary)).collect()
    };
    Explanation { passes, failures }
}

fn failure(alternative: &Alternative, document: &Document, vocabulary: &Vocabulary) -> Failure {
    if let Some(invalid) = document.invalid {
        return Failure::Invalid(invalid);
    }
    let failed = alternative.keys.iter().find_map(|rule| failed_key(rule, document, vocabulary));
    failed.unwrap_or(Failure::Apart)
}

fn failed_key(rule: &KeyRule, document: &Document, vocabulary: &Vocabulary) -> Option<Failure> {
    let accepts = Accepts::new(&rule.conditions, vocabulary);
    let fields = document.fields.iter().filter(|field| vocabulary.text(field.key) == rule.path);
    let values: Vec<Atom> = fields.map(|field| field.value).collect();
    if values.iter().any(|value| accepts.accepts(*value)) {
        return None;
    }
    let conditions: Vec<String> = rule.conditions.iter().map(ToString::to_string).collect();
    let wanted = conditions.join(" or ");
    if values.is_empty() {
        let holds_without = rule.conditions.iter().any(super::Condition::holds_without);
        return (!holds_without).then(|| Failure::Missing { key: rule.path.clone(), wanted });
    }
    let found: Vec<String> = values.iter().map(|value| written(*value, vocabulary)).collect();
    Some(Failure::Wrong { key: rule.path.clone(), wanted, found: found.join(", ") })
}

fn written(value: Atom, vocabulary: &Vocabulary) -> String {
    match value {
        Atom::Word(word) => serde_json::Value::from(vocabulary.text(word)).to_string(),
        Atom::Number(number) => number.to_f64().to_string(),
        Atom::True => "true".to_owned(),
        Atom::False => "false".to_owned(),
        Atom::Null => "null".to_owned(),
    }
}
