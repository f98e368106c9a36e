//! How numbers and instants are written in files: exact, plain, and the same everywhere.

use crate::engine::Time;
use jiff::Timestamp;
use std::fmt::Write as _;

/// Appends `value` as the shortest decimal that reads back as the same `f64`.
///
/// Never in exponent form, never `-0`, whole numbers without `.0`. What is not a number (the average of nothing)
/// leaves the cell empty.
pub(super) fn push_number(text: &mut String, value: f64) {
    // Nearly all values are whole; printing them as integers is several times faster. Below 2^53 it is exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let written = if !value.is_finite() {
        Ok(())
    } else if value.abs() < EXACT && value.fract() == 0.0 {
        write!(text, "{}", value as i64)
    } else {
        write!(text, "{value}")
    };
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

/// [`push_number`] into a new string.
pub(super) fn number(value: f64) -> String {
    let mut text = String::new();
    push_number(&mut text, value);
    text
}

/// Nanoseconds as seconds, exact.
pub(super) fn seconds(nanos: u64) -> String {
    let mut text = (nanos / 1_000_000_000).to_string();
    let rest = nanos % 1_000_000_000;
    if rest > 0 {
        let fraction = format!(".{rest:09}");
        text += fraction.trim_end_matches('0');
    }
    text
}

/// The simulated wall clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct WallClock {
    start_unix_millis: i64,
}

impl WallClock {
    pub(super) fn new(start_unix_millis: i64) -> Self {
        Self { start_unix_millis }
    }

    /// A millisecond of the wall clock, whenever the run began.
    pub(super) fn millisecond(unix_millis: i64) -> String {
        Timestamp::from_millisecond(unix_millis)
            .map_or_else(|_| String::new(), |timestamp| timestamp.to_string())
    }

    /// RFC 3339 in UTC, with a fraction only where there is one: `2026-03-02T08:00:00Z`.
    ///
    /// Empty where the instant lies outside the years -9999 to 9999.
    pub(super) fn timestamp(self, time: Time) -> String {
        let nanos = i128::from(self.start_unix_millis) * 1_000_000 + i128::from(time.as_nanos());
        Timestamp::from_nanosecond(nanos).map_or_else(|_| String::new(), |timestamp| timestamp.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_plain() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.0, "-1"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-9, "0.000000001"),
            (1.5e12, "1500000000000"),
            (1e21, "1000000000000000000000"),
            (-2.5, "-2.5"),
            (f64::NAN, ""),
            (f64::INFINITY, ""),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn instants_have_a_fraction_only_when_needed() {
        let clock = WallClock::new(1_772_438_400_000);
        assert_eq!(clock.timestamp(Time::ZERO), "2026-03-02T08:00:00Z");
        assert_eq!(clock.timestamp(Time::from_nanos(90_500_000_000)), "2026-03-02T08:01:30.5Z");
        assert_eq!(WallClock::new(i64::MAX).timestamp(Time::MAX), "");
        assert_eq!(seconds(60_000_000_000), "60");
        assert_eq!(seconds(1_250_000_000), "1.25");
        assert_eq!(seconds(1), "0.000000001");
    }

    proptest! {
        #[test]
        fn a_number_reads_back(value in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
            let text = number(value);
            // Bit by bit, but for the sign of zero.
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), (value + 0.0).to_bits());
            prop_assert!(!text.contains(['e', 'E']) && !text.ends_with(".0") && text != "-0");
        }
    }
}
