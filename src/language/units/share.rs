//! Shares of a whole: probabilities and ratios, as percentages or as plain numbers.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value as Json, json};

use super::number::float;
use super::{Quantity, UnitError};

/// A number from 0 to 1: `0.2%` or `0.002`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Probability(f64);

/// A number of at least 0, also above 1: `70%`, `150%` or `1.5`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Ratio(f64);

impl Probability {
    /// Never.
    pub const ZERO: Probability = Probability(0.0);
    /// Always.
    pub const ONE: Probability = Probability(1.0);

    /// A number from 0 to 1; others become the nearest of these, what is no number becomes 0.
    pub fn new(value: f64) -> Self {
        if value.is_nan() { Probability::ZERO } else { Probability(value.clamp(0.0, 1.0)) }
    }

    /// From 0 to 1.
    pub fn as_f64(self) -> f64 {
        self.0
    }
}

impl Ratio {
    /// Nothing.
    pub const ZERO: Ratio = Ratio(0.0);
    /// The whole: 100%.
    pub const ONE: Ratio = Ratio(1.0);

    /// A number of at least 0; what is negative or not finite becomes 0.
    pub fn new(value: f64) -> Self {
        if value.is_finite() && value > 0.0 { Ratio(value) } else { Ratio::ZERO }
    }

    /// 1 is the whole.
    pub fn as_f64(self) -> f64 {
        self.0
    }
}

/// The value of `20%` or `0.2`, and whether a percent sign was written.
fn share(text: &str, help: &str) -> Result<(f64, bool), UnitError> {
    let text = text.trim();
    let (number, rest) = float(text).ok_or_else(|| UnitError::form(help))?;
    let (value, percent) = match rest.trim() {
        "" => (number, false),
        "%" => (number / 100.0, true),
        _ => return Err(UnitError::form(help)),
    };
    if value.is_finite() { Ok((value, percent)) } else { Err(UnitError::form(help)) }
}

impl FromStr for Probability {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (value, percent) = share(text, "write `20%` or `0.2`")?;
        if (0.0..=1.0).contains(&value) {
            return Ok(Probability(value.abs()));
        }
        let what = format!("a probability is from 0% to 100%, found {}", super::super::node::shorten(text));
        let meant_percent = !percent && (1.0..=100.0).contains(&value);
        let help = if meant_percent { format!("write `{value}%`") } else { String::new() };
        Err(UnitError::because(what, help))
    }
}

impl FromStr for Ratio {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (value, _) = share(text, "write `70%` or `0.7`")?;
        if value >= 0.0 {
            return Ok(Ratio(value.abs()));
        }
        Err(UnitError::because("a ratio cannot be negative", ""))
    }
}

/// As a percentage when that reads back as the same number.
fn write(value: f64, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let percent = value * 100.0;
    let text = format!("{percent}");
    if percent.is_finite() && (percent / 100.0).to_bits() == value.to_bits() && text.len() <= 8 {
        return formatter.pad(&format!("{text}%"));
    }
    formatter.pad(&format!("{value}"))
}

impl fmt::Display for Probability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, formatter)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, formatter)
    }
}

impl Quantity for Probability {
    const NAME: &'static str = "Probability";
    const NOUN: &'static str = "probability";
    const EXPECTED: &'static str = "a probability such as `0.2%`";
    const DOCUMENTATION: &'static str = "A probability: a percentage, or a number from 0 to 1.";
    const EXAMPLES: &'static [&'static str] = &["0.2%", "5%"];
    const PATTERN: &'static str = r"^\s*\+?\d[\d_]*(\.\d+)?([eE][-+]?\d+)?\s*%?\s*$";

    fn plain_number() -> Option<Json> {
        Some(json!({ "type": "number", "minimum": 0, "maximum": 1 }))
    }
}

impl Quantity for Ratio {
    const NAME: &'static str = "Ratio";
    const NOUN: &'static str = "ratio";
    const EXPECTED: &'static str = "a ratio such as `70%`";
    const DOCUMENTATION: &'static str =
        "A share of a whole: a percentage, or a number where 1 is the whole. It may be above 100%.";
    const EXAMPLES: &'static [&'static str] = &["70%", "150%"];
    const PATTERN: &'static str = r"^\s*\+?\d[\d_]*(\.\d+)?([eE][-+]?\d+)?\s*%?\s*$";

    fn plain_number() -> Option<Json> {
        Some(json!({ "type": "number", "minimum": 0 }))
    }
}
