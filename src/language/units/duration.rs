//! Durations: `30s`, `1h30m`, `400ms`.

use std::fmt::{self, Write};
use std::str::FromStr;

use serde_json::{Value as Json, json};

use super::number::decimal;
use super::{Quantity, UnitError};

/// A length of simulated time in whole nanoseconds, from 0 to ten years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Duration(u64);

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000 * MICROSECOND;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration(0);
    /// The longest duration a scenario may have: ten years of 365 days.
    pub const LONGEST: Duration = Duration(3_650 * DAY);

    /// Whole nanoseconds; more than ten years become ten years.
    pub const fn from_nanos(nanoseconds: u64) -> Self {
        if nanoseconds > Duration::LONGEST.0 { Duration::LONGEST } else { Duration(nanoseconds) }
    }

    /// Whole milliseconds; more than ten years become ten years.
    pub const fn from_milliseconds(milliseconds: u64) -> Self {
        Duration::from_nanos(milliseconds.saturating_mul(MILLISECOND))
    }

    /// Whole seconds; more than ten years become ten years.
    pub const fn from_seconds(seconds: u64) -> Self {
        Duration::from_nanos(seconds.saturating_mul(SECOND))
    }

    /// Whole minutes; more than ten years become ten years.
    pub const fn from_minutes(minutes: u64) -> Self {
        Duration::from_nanos(minutes.saturating_mul(MINUTE))
    }

    /// Whole hours; more than ten years become ten years.
    pub const fn from_hours(hours: u64) -> Self {
        Duration::from_nanos(hours.saturating_mul(HOUR))
    }

    /// Whole days of 24 hours; more than ten years become ten years.
    pub const fn from_days(days: u64) -> Self {
        Duration::from_nanos(days.saturating_mul(DAY))
    }

    /// In nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// In seconds.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

/// The nanoseconds of a unit.
pub(super) fn unit(word: &str) -> Option<u64> {
    Some(match word {
        "ns" | "nanosecond" | "nanoseconds" => 1,
        "us" | "µs" | "μs" | "microsecond" | "microseconds" => MICROSECOND,
        "ms" | "millisecond" | "milliseconds" => MILLISECOND,
        "s" | "sec" | "secs" | "second" | "seconds" => SECOND,
        "m" | "min" | "mins" | "minute" | "minutes" => MINUTE,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "d" | "day" | "days" => DAY,
        "w" | "week" | "weeks" => 7 * DAY,
        _ => return None,
    })
}

const UNITS: &str = "the units are `ns`, `us`, `ms`, `s`, `m`, `h`, `d` and `w`";

impl FromStr for Duration {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let text = text.trim();
        if text.starts_with('-') {
            return Err(UnitError::because("a duration cannot be negative", ""));
        }
        if text.starts_with('P') {
            return Err(UnitError::form("write `1h30m` instead of the ISO 8601 form"));
        }
        let (mut total, mut last_unit, mut rest) = (0_u64, u64::MAX, text);
        loop {
            let (number, behind) = decimal(rest).ok_or_else(|| UnitError::form("write `30s` or `1h30m`"))?;
            let behind = behind.trim_start();
            if behind.is_empty() {
                if last_unit == u64::MAX && number.is_zero() {
                    return Ok(Duration::ZERO);
                }
                let help = if last_unit == u64::MAX && rest.len() <= 20 {
                    format!("write a unit: `{rest}s` or `{rest}ms`")
                } else {
                    "every number needs a unit: `1h30m`".to_owned()
                };
                return Err(UnitError::form(help));
            }
            let end = behind.find(|character: char| !character.is_alphabetic()).unwrap_or(behind.len());
            let (word, after) = behind.split_at(end);
            if word.starts_with("month") || word.starts_with("year") || word == "M" || word == "y" {
                return Err(UnitError::because(
                    "months and years have no fixed length",
                    "write days, such as `30d` or `365d`",
                ));
            }
            let unit = unit(word).ok_or_else(|| UnitError::form(UNITS))?;
            if unit >= last_unit {
                return Err(UnitError::form("write each unit once, the largest first: `1h30m`"));
            }
            rest = after.trim_start();
            if !number.is_whole() && !rest.is_empty() {
                return Err(UnitError::form("only the last number may have decimals: `1h30.5m`"));
            }
            total = number
                .times(unit)
                .and_then(|part| total.checked_add(part))
                .filter(|total| *total <= Duration::LONGEST.0)
                .ok_or_else(|| UnitError::because("a duration has at most ten years", ""))?;
            last_unit = unit;
            if rest.is_empty() {
                return Ok(Duration(total));
            }
        }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return formatter.pad("0s");
        }
        let mut text = String::new();
        let mut rest = self.0;
        for (unit, letter) in [(DAY, 'd'), (HOUR, 'h'), (MINUTE, 'm')] {
            if rest >= unit {
                let _ = write!(text, "{}{letter}", rest / unit);
                rest %= unit;
            }
        }
        for (unit, letters) in [(SECOND, "s"), (MILLISECOND, "ms"), (MICROSECOND, "us"), (1, "ns")] {
            if rest >= unit {
                let _ = write!(text, "{}", rest / unit);
                let fraction = rest % unit;
                if fraction > 0 {
                    let width = unit.ilog10() as usize;
                    text.push_str(format!(".{fraction:0width$}").trim_end_matches('0'));
                }
                text.push_str(letters);
                break;
            }
        }
        formatter.pad(&text)
    }
}

impl Quantity for Duration {
    const NAME: &'static str = "Duration";
    const NOUN: &'static str = "duration";
    const EXPECTED: &'static str = "a duration such as `30s`";
    const DOCUMENTATION: &'static str = "A length of simulated time: numbers with units `ns`, `us`, `ms`, `s`, `m`, `h`, `d` (24 hours) or `w`, \
         the largest unit first. A unit must be written, except for `0`. At most ten years.";
    const EXAMPLES: &'static [&'static str] = &["30s", "5m", "1h30m", "400ms", "14d"];
    const PATTERN: &'static str = r"^\s*(0|(\d[\d_]*(\.\d+)?\s*(ns|nanoseconds?|us|µs|μs|microseconds?|ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)\s*)+)$";

    fn plain_number() -> Option<Json> {
        Some(json!({ "const": 0 }))
    }
}
