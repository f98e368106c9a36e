//! Values as people read them.

use crate::record::Unit;

/// A value with its unit: `29.8s`, `340ms`, `1,204`, `64.0KiB`, `82.1%`, `$0.42`.
pub fn show(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Seconds => show_seconds(value),
        Unit::Milliseconds => show_seconds(value / 1e3),
        Unit::Bytes if value >= 1_048_576.0 => format!("{:.1}MiB", value / 1_048_576.0),
        Unit::Bytes if value >= 1_024.0 => format!("{:.1}KiB", value / 1_024.0),
        Unit::Bytes => format!("{value:.0}B"),
        Unit::Ratio => format!("{:.1}%", value * 100.0),
        Unit::PerSecond => format!("{}/s", plain(value)),
        Unit::Hours => format!("{}h", plain(value)),
        Unit::Dollars => format!("${value:.4}"),
        Unit::Percent => format!("{value:.1}%"),
        Unit::Count => plain(value),
    }
}

fn show_seconds(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0s".to_owned()
    } else if size < 1e-3 {
        format!("{:.1}us", value * 1e6)
    } else if size < 1.0 {
        format!("{:.1}ms", value * 1e3)
    } else if size < 120.0 {
        format!("{value:.2}s")
    } else if size < 7_200.0 {
        format!("{:.1}m", value / 60.0)
    } else {
        format!("{:.1}h", value / 3_600.0)
    }
}

/// Whole numbers with thousands apart, others with three digits after the point.
fn plain(value: f64) -> String {
    if value.fract() != 0.0 || value.abs() >= 1e15 {
        return format!("{value:.3}");
    }
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_well() {
        let cases = [
            (29.8, Unit::Seconds, "29.80s"),
            (0.34, Unit::Seconds, "340.0ms"),
            (5400.0, Unit::Seconds, "90.0m"),
            (1_234_567.0, Unit::Count, "1,234,567"),
            (2.5, Unit::Count, "2.500"),
            (0.821, Unit::Ratio, "82.1%"),
            (2048.0, Unit::Bytes, "2.0KiB"),
            (0.42, Unit::Dollars, "$0.4200"),
        ];
        for (value, unit, expected) in cases {
            assert_eq!(show(value, unit), expected);
        }
    }
}
