//! Sizes: `64KiB`, `256KB`.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value as Json, json};

use super::number::decimal;
use super::{Quantity, UnitError};

/// A size in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Bytes(u64);

/// Largest first; the first that leaves a whole number is written.
const UNITS: [(&str, u64); 9] = [
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("KB", 1_000),
    ("KiB", 1 << 10),
    ("B", 1),
];

impl Bytes {
    /// Nothing.
    pub const ZERO: Bytes = Bytes(0);

    /// Whole bytes.
    pub const fn new(bytes: u64) -> Self {
        Bytes(bytes)
    }

    /// Whole kibibytes (1,024 bytes); too many become the largest size.
    pub const fn from_kib(kibibytes: u64) -> Self {
        Bytes(kibibytes.saturating_mul(1 << 10))
    }

    /// Whole mebibytes (1,048,576 bytes); too many become the largest size.
    pub const fn from_mib(mebibytes: u64) -> Self {
        Bytes(mebibytes.saturating_mul(1 << 20))
    }

    /// In bytes.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl FromStr for Bytes {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let text = text.trim();
        if text.starts_with('-') {
            return Err(UnitError::because("a size cannot be negative", ""));
        }
        let form =
            || UnitError::form("write a size with its unit: `64KiB` (65,536 bytes) or `64KB` (64,000)");
        let (number, rest) = decimal(text).ok_or_else(form)?;
        let word = rest.trim();
        if word.is_empty() {
            if number.is_zero() {
                return Ok(Bytes::ZERO);
            }
            let help = if text.len() <= 20 {
                format!("write a unit: `{text}B`, `{text}KiB` or `{text}MiB`")
            } else {
                String::new()
            };
            return Err(UnitError::form(help));
        }
        let lower = word.to_lowercase();
        let unit = match lower.as_str() {
            "b" | "byte" | "bytes" => Some(1),
            _ => UNITS.iter().find(|(name, _)| name.to_lowercase() == lower).map(|(_, unit)| *unit),
        };
        let unit = unit.ok_or_else(form)?;
        if unit == 1 && !number.is_whole() {
            return Err(UnitError::because("a size has whole bytes", ""));
        }
        number.times(unit).map(Bytes).ok_or_else(|| UnitError::because("the size is larger than 16 EiB", ""))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fitting = UNITS.iter().find(|(_, unit)| self.0 != 0 && self.0.is_multiple_of(*unit));
        let (name, unit) = fitting.copied().unwrap_or(("B", 1));
        formatter.pad(&format!("{}{name}", self.0 / unit))
    }
}

impl Quantity for Bytes {
    const NAME: &'static str = "Bytes";
    const NOUN: &'static str = "size";
    const EXPECTED: &'static str = "a size such as `64KiB`";
    const DOCUMENTATION: &'static str = "A number of bytes with its unit: `B`, `KiB`, `MiB`, `GiB`, `TiB` (powers of 1,024) or `KB`, `MB`, `GB`, `TB` (powers of 1,000). The unit must be written, except for `0`.";
    const EXAMPLES: &'static [&'static str] = &["64KiB", "256KB", "1MiB", "100B"];
    const PATTERN: &'static str = r"^\s*(0|\d[\d_]*(\.\d+)?\s*([bB]|[bB]ytes?|[kKmMgGtT][iI]?[bB]))\s*$";

    fn plain_number() -> Option<Json> {
        Some(json!({ "const": 0 }))
    }
}
