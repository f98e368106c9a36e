//! Wanted values, in the unit of the statistic they are held against.

use crate::language::{Bytes, Duration, Probability, Rate};
use crate::record::Unit;

/// A value in the unit of its statistic; the error says what was expected.
pub(super) fn read_value(text: &str, unit: Unit) -> Result<f64, &'static str> {
    let number = || text.replace('_', "").parse::<f64>().ok().filter(|number| number.is_finite());
    match unit {
        Unit::Seconds => {
            text.parse::<Duration>().map(Duration::as_seconds).map_err(|_| "a duration such as `30s`")
        }
        Unit::Milliseconds => text
            .parse::<Duration>()
            .map(|time| time.as_seconds() * 1e3)
            .map_err(|_| "a duration such as `30s`"),
        Unit::Bytes => {
            text.parse::<Bytes>().map(|bytes| bytes.as_u64() as f64).map_err(|_| "a size such as `64KiB`")
        }
        Unit::Ratio => number()
            .or_else(|| text.parse::<Probability>().ok().map(Probability::as_f64))
            .ok_or("a share such as `0.8` or `80%`"),
        Unit::PerSecond => number()
            .or_else(|| text.parse::<Rate>().ok().map(Rate::as_per_second))
            .ok_or("a rate such as `120/s`"),
        Unit::Dollars => {
            number().or_else(|| text.strip_prefix('$')?.trim().parse().ok()).ok_or("dollars such as `12.50`")
        }
        Unit::Hours => number().ok_or("a number of hours such as `48`"),
        Unit::Percent => {
            text.strip_suffix('%').unwrap_or(text).trim().parse().map_err(|_| "a percentage such as `80%`")
        }
        Unit::Count => number().ok_or("a number such as `20`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_units_of_their_statistics() {
        let cases = [
            ("30s", Unit::Seconds, Ok(30.0)),
            ("1h30m", Unit::Seconds, Ok(5400.0)),
            ("30", Unit::Seconds, Err("a duration such as `30s`")),
            ("64KiB", Unit::Bytes, Ok(65536.0)),
            ("80%", Unit::Ratio, Ok(0.8)),
            ("1.2", Unit::Ratio, Ok(1.2)),
            ("1_000", Unit::Count, Ok(1000.0)),
            ("30s", Unit::Count, Err("a number such as `20`")),
            ("NaN", Unit::Count, Err("a number such as `20`")),
            ("3000/min", Unit::PerSecond, Ok(50.0)),
            ("$0.5", Unit::Dollars, Ok(0.5)),
        ];
        for (text, unit, expected) in cases {
            assert_eq!(read_value(text, unit), expected, "{text}");
        }
    }
}
