//! Instants of the simulated wall clock: `2026-03-02T08:00:00Z`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::Offset;

use super::{Quantity, UnitError};

/// An instant of the simulated wall clock; without a zone it is UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(Timestamp);

impl Date {
    /// Wraps an instant.
    pub const fn new(instant: Timestamp) -> Self {
        Date(instant)
    }

    /// The instant.
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }
}

impl FromStr for Date {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        const HELP: &str = "write `2026-03-02`, `2026-03-02T08:00:00Z` or `2026-03-02T08:00:00+01:00`";
        let text = text.trim();
        // Only years of four digits: anything else is a misprint rather than a plan.
        let begins = text.len() >= 10
            && text.len() <= 40
            && text.bytes().take(4).all(|byte| byte.is_ascii_digit())
            && text.as_bytes().get(4) == Some(&b'-')
            && text.as_bytes().get(7) == Some(&b'-')
            && !text.contains('[');
        if !begins {
            return Err(UnitError::form(HELP));
        }
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok(Date(instant));
        }
        let local = if text.len() == 10 {
            text.parse::<civil::Date>().map(|day| day.at(0, 0, 0, 0))
        } else {
            text.parse::<civil::DateTime>()
        };
        local
            .and_then(|local| Offset::UTC.to_timestamp(local))
            .map(Date)
            .map_err(|_| UnitError::because("there is no such date or time", HELP))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0.to_string())
    }
}

impl Quantity for Date {
    const NAME: &'static str = "Date";
    const NOUN: &'static str = "date";
    const EXPECTED: &'static str = "a date such as `2026-03-02T08:00:00Z`";
    const DOCUMENTATION: &'static str = "An instant of the simulated wall clock, by RFC 3339. Without a time it is midnight; without a zone it is UTC.";
    const EXAMPLES: &'static [&'static str] = &["2026-03-02", "2026-03-02T08:00:00Z"];
    const PATTERN: &'static str =
        r"^\s*\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?([Zz]|[-+]\d{2}(:?\d{2})?)?)?\s*$";
}
