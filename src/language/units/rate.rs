//! Rates: `120/s`, `3000/min`.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value as Json, json};

use super::duration::unit;
use super::number::float;
use super::{Quantity, UnitError};

/// Events per second: finite and never negative.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Rate(f64);

impl Rate {
    /// Nothing ever happens.
    pub const ZERO: Rate = Rate(0.0);

    /// Events per second; what is negative or not finite becomes zero.
    pub fn per_second(events: f64) -> Self {
        if events.is_finite() && events > 0.0 { Rate(events) } else { Rate::ZERO }
    }

    /// In events per second.
    pub fn as_per_second(self) -> f64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let text = text.trim();
        let form = || UnitError::form("write events per unit of time: `120/s`, `3000/min` or `5/h`");
        let (number, rest) = float(text).ok_or_else(form)?;
        if text.starts_with('-') && number != 0.0 {
            return Err(UnitError::because("a rate cannot be negative", ""));
        }
        let rest = rest.trim_start();
        if rest.is_empty() {
            if number == 0.0 {
                return Ok(Rate::ZERO);
            }
            let help = if text.len() <= 20 { format!("write a unit: `{text}/s`") } else { String::new() };
            return Err(UnitError::form(help));
        }
        let word = rest.strip_prefix('/').or_else(|| rest.strip_prefix("per ")).ok_or_else(form)?;
        let nanoseconds = unit(word.trim()).ok_or_else(form)?;
        // Divided by whole seconds where possible, so that `60/min` is exactly 1 per second.
        let rate = if nanoseconds >= 1_000_000_000 {
            number / (nanoseconds / 1_000_000_000) as f64
        } else {
            number * (1_000_000_000 / nanoseconds) as f64
        };
        if rate.is_finite() {
            Ok(Rate(rate.abs()))
        } else {
            Err(UnitError::because("the rate is larger than a number can be", ""))
        }
    }
}

/// In the unit that needs the fewest digits, the shortest unit of those.
impl fmt::Display for Rate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = [(1.0, "s"), (60.0, "min"), (3_600.0, "h"), (86_400.0, "day")]
            .iter()
            .map(|(seconds, word)| (self.0 * seconds, seconds, word))
            .filter(|(number, seconds, _)| {
                number.is_finite() && (number / *seconds).to_bits() == self.0.to_bits()
            })
            .map(|(number, _, word)| (number.to_string(), word))
            .min_by_key(|(number, _)| number.len())
            .map_or_else(|| format!("{}/s", self.0), |(number, word)| format!("{number}/{word}"));
        // A shorter text in a longer unit is only clearer when the number per second is a long one.
        let plain = format!("{}/s", self.0);
        formatter.pad(if plain.len() <= 10 { &plain } else { &text })
    }
}

impl Quantity for Rate {
    const NAME: &'static str = "Rate";
    const NOUN: &'static str = "rate";
    const EXPECTED: &'static str = "a rate such as `120/s`";
    const DOCUMENTATION: &'static str = "How often something happens: a number, `/`, and a unit of time (`s`, `min`, `h`, `day`). The unit must be written, except for `0`.";
    const EXAMPLES: &'static [&'static str] = &["120/s", "3000/min", "5/h", "0.5/s", "1e6/day"];
    const PATTERN: &'static str = r"^\s*\+?(0|\d[\d_]*(\.\d+)?([eE][-+]?\d+)?\s*(/|per )\s*[a-zµμ]+)\s*$";

    fn plain_number() -> Option<Json> {
        Some(json!({ "const": 0 }))
    }
}
