//! One condition on the value of a key.

use super::cidr::Cidr;
use super::number::Number;
use super::wildcard::Wildcard;
use std::fmt;

/// A value of a policy or a message, its text as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plain<'a> {
    /// A text.
    Text(&'a str),
    /// A number.
    Number(Number),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

/// How a number is compared ("Numeric value matching", value range matching).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`.
    Equal,
    /// `<`.
    Less,
    /// `<=`.
    AtMost,
    /// `>`.
    Greater,
    /// `>=`.
    AtLeast,
}

impl Comparison {
    const ALL: [Self; 5] = [Self::Equal, Self::Less, Self::AtMost, Self::Greater, Self::AtLeast];

    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
        }
    }

    /// The comparison of a sign.
    pub fn of(sign: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|comparison| comparison.sign() == sign)
    }
}

/// The numbers that one or two comparisons leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range(pub Vec<(Comparison, Number)>);

impl Range {
    /// The smallest and the largest of them.
    pub fn bounds(&self) -> (Number, Number) {
        let (mut low, mut high) = (Number::MIN, Number::MAX);
        for (comparison, bound) in &self.0 {
            match comparison {
                Comparison::Equal => (low, high) = (*bound, *bound),
                Comparison::Less => high = bound.below(),
                Comparison::AtMost => high = *bound,
                Comparison::Greater => low = bound.above(),
                Comparison::AtLeast => low = *bound,
            }
        }
        (low, high)
    }
}

/// A condition ("String value matching", "Numeric value matching", "Key matching"). Texts are compared as they are, case
/// and all; a text is never equal to a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// This text.
    Text(String),
    /// This number.
    Number(Number),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// A text that begins so.
    Prefix(String),
    /// A text that ends so.
    Suffix(String),
    /// This text, whatever the case of its letters.
    EqualsIgnoreCase(String),
    /// A text that the pattern covers.
    Wildcard(Wildcard),
    /// An address of the network.
    Cidr(Cidr),
    /// A number of the range.
    Numeric(Range),
    /// Any value (`true`), or no such key at all (`false`).
    Exists(bool),
    /// A value for which none of these conditions holds.
    AnythingBut(Vec<Condition>),
}

impl Condition {
    /// Whether it holds for a value that is there.
    pub fn holds(&self, value: Plain<'_>) -> bool {
        match (self, value) {
            (Condition::Text(wanted), Plain::Text(text)) => wanted == text,
            (Condition::Number(wanted), Plain::Number(number)) => *wanted == number,
            (Condition::Bool(wanted), Plain::Bool(value)) => *wanted == value,
            (Condition::Null, Plain::Null) => true,
            (Condition::Prefix(prefix), Plain::Text(text)) => text.starts_with(prefix.as_str()),
            (Condition::Suffix(suffix), Plain::Text(text)) => text.ends_with(suffix.as_str()),
            (Condition::EqualsIgnoreCase(wanted), Plain::Text(text)) => {
                wanted.to_lowercase() == text.to_lowercase()
            }
            (Condition::Wildcard(pattern), Plain::Text(text)) => pattern.covers(text),
            (Condition::Cidr(network), Plain::Text(text)) => network.contains(text),
            (Condition::Numeric(range), Plain::Number(number)) => {
                let (low, high) = range.bounds();
                low <= number && number <= high
            }
            (Condition::Exists(wanted), _) => *wanted,
            (Condition::AnythingBut(others), value) => !others.iter().any(|other| other.holds(value)),
            _ => false,
        }
    }

    /// Whether it holds when there is no such key.
    pub fn holds_without(&self) -> bool {
        matches!(self, Condition::Exists(false))
    }
}

/// As in a policy.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| serde_json::Value::from(text);
        match self {
            Condition::Text(text) => write!(f, "{}", quoted(text)),
            Condition::Number(number) => write!(f, "{}", number.to_f64()),
            Condition::Bool(value) => write!(f, "{value}"),
            Condition::Null => f.write_str("null"),
            Condition::Prefix(text) => write!(f, "{{\"prefix\":{}}}", quoted(text)),
            Condition::Suffix(text) => write!(f, "{{\"suffix\":{}}}", quoted(text)),
            Condition::EqualsIgnoreCase(text) => write!(f, "{{\"equals-ignore-case\":{}}}", quoted(text)),
            Condition::Wildcard(pattern) => write!(f, "{{\"wildcard\":{}}}", quoted(pattern.written())),
            Condition::Cidr(network) => write!(f, "{{\"cidr\":\"{network}\"}}"),
            Condition::Numeric(range) => write!(f, "{{\"numeric\":[{range}]}}"),
            Condition::Exists(value) => write!(f, "{{\"exists\":{value}}}"),
            Condition::AnythingBut(others) => {
                f.write_str("{\"anything-but\":[")?;
                for (position, other) in others.iter().enumerate() {
                    let comma = if position > 0 { "," } else { "" };
                    write!(f, "{comma}{other}")?;
                }
                f.write_str("]}")
            }
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (comparison, bound)) in self.0.iter().enumerate() {
            let comma = if position > 0 { "," } else { "" };
            write!(f, "{comma}\"{}\",{}", comparison.sign(), bound.to_f64())?;
        }
        Ok(())
    }
}
