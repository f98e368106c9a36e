//! Numbers as people read them: thousands separated, units that fit, three digits that matter.

use crate::record::Unit;

/// A value in its outside unit, with a unit that fits: `340 ms`, `12,345`, `1.5 KiB`, `$0.42`.
pub(super) fn value(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Count => count(value),
        Unit::Seconds => seconds(value),
        Unit::Milliseconds => seconds(value / 1e3),
        Unit::Bytes => bytes(value),
        Unit::Percent => format!("{} %", three_digits(value)),
        Unit::Ratio => format!("{} %", three_digits(value * 100.0)),
        Unit::PerSecond => format!("{}/s", count(value)),
        Unit::Hours => format!("{} h", count(value)),
        Unit::Dollars => dollars(value),
    }
}

/// A number of things: `12,345`, `0.25`, `1.2 bn`.
pub(super) fn count(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        return "–".to_owned();
    }
    for (from, scale, suffix) in [(1e13, 1e12, "tn"), (1e10, 1e9, "bn")] {
        if size >= from {
            return format!("{} {suffix}", separated(value / scale, 0));
        }
    }
    if size >= 1000.0 || value.fract() == 0.0 { separated(value, 0) } else { three_digits(value) }
}

/// A time: `340 ms`, `1.2 s`, `12m30s`, `3h`, `2d4h`.
pub(super) fn seconds(value: f64) -> String {
    // The coarser unit's neighbour is as much as matters.
    let rounded = |unit: f64| span((value / unit).round() * unit);
    match value {
        days if days >= 1e15 => return format!("{} d", count(days / 86_400.0)),
        days if days >= 86_400.0 => return rounded(3600.0),
        hours if hours >= 3600.0 => return rounded(60.0),
        minutes if minutes >= 59.95 => return rounded(1.0),
        _ => {}
    }
    let (scale, name) = time_unit(value);
    format!("{} {name}", three_digits(value / scale))
}

/// The unit a time reads best in, and its seconds.
pub(super) fn time_unit(value: f64) -> (f64, &'static str) {
    let size = value.abs();
    // Just below a unit rounds up to it: 999.6 ms is 1 s.
    let fits = |unit: f64, digits: f64| size >= unit * digits;
    if size == 0.0 || (fits(1.0, 0.9995) && !fits(60.0, 1.0)) {
        (1.0, "s")
    } else if fits(86_400.0, 2.0) {
        (86_400.0, "d")
    } else if fits(3600.0, 1.0) {
        (3600.0, "h")
    } else if fits(60.0, 1.0) {
        (60.0, "min")
    } else if fits(1e-3, 0.9995) {
        (1e-3, "ms")
    } else if fits(1e-6, 0.9995) {
        (1e-6, "µs")
    } else {
        (1e-9, "ns")
    }
}

/// A size: `512 B`, `1.5 KiB`.
pub(super) fn bytes(value: f64) -> String {
    let (scale, name) = byte_unit(value);
    format!("{} {name}", three_digits(value / scale))
}

/// The unit a size reads best in, and its bytes.
pub(super) fn byte_unit(value: f64) -> (f64, &'static str) {
    const KIB: f64 = 1024.0;
    let units = [(KIB * KIB * KIB * KIB, "TiB"), (KIB * KIB * KIB, "GiB"), (KIB * KIB, "MiB"), (KIB, "KiB")];
    units.into_iter().find(|(scale, _)| value.abs() >= *scale).unwrap_or((1.0, "B"))
}

fn dollars(value: f64) -> String {
    let sign = if value < 0.0 { "-" } else { "" };
    let size = value.abs();
    // Queues are cheap: four decimals keep a small bill from reading as nothing.
    let decimals = if size >= 1000.0 {
        0
    } else if size >= 1.0 || size == 0.0 {
        2
    } else {
        4
    };
    if size > 0.0 && size < 0.0001 {
        format!("< {sign}$0.0001")
    } else {
        format!("{sign}${}", separated(size, decimals))
    }
}

/// At most three digits that matter, at least all before the point; without zeros at the end.
pub(super) fn three_digits(value: f64) -> String {
    let size = value.abs();
    let decimals = if size >= 99.95 {
        0
    } else if size >= 9.995 {
        1
    } else if size >= 0.9995 {
        2
    } else if size >= 0.0995 {
        3
    } else {
        4
    };
    let text = separated(value, decimals);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// With so many decimals and a comma between thousands: `12,345.60`.
pub(super) fn separated(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if value < 0.0 && text.contains(|digit: char| ('1'..='9').contains(&digit)) {
        out.push('-');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A span of simulated time, exact to the second above a minute: `4h`, `1h30m`, `2d`, `10m`, `2.5s`.
pub(super) fn span(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{}s", three_digits(seconds));
    }
    let mut rest = seconds.round() as u64;
    let mut text = String::new();
    for (unit, name) in [(86_400, "d"), (3600, "h"), (60, "m"), (1, "s")] {
        if rest >= unit {
            text += &(rest / unit).to_string();
            text += name;
            rest %= unit;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_well() {
        for (number, unit, text) in [
            (0.0, Unit::Seconds, "0 s"),
            (0.34, Unit::Seconds, "340 ms"),
            (0.9997, Unit::Seconds, "1 s"),
            (1.234, Unit::Seconds, "1.23 s"),
            (0.000_012_5, Unit::Seconds, "12.5 µs"),
            (59.96, Unit::Seconds, "1m"),
            (750.0, Unit::Seconds, "12m30s"),
            (8130.0, Unit::Seconds, "2h16m"),
            (90_000.0, Unit::Seconds, "1d1h"),
            (1e12, Unit::Seconds, "11574074d2h"),
            (12_345.0, Unit::Count, "12,345"),
            (1_234_567.8, Unit::Count, "1,234,568"),
            (0.25, Unit::Count, "0.25"),
            (99.96, Unit::Count, "100"),
            (-1234.0, Unit::Count, "-1,234"),
            (-0.0, Unit::Count, "0"),
            (1e12, Unit::Count, "1,000 bn"),
            (f64::NAN, Unit::Count, "–"),
            (1536.0, Unit::Bytes, "1.5 KiB"),
            (0.0312, Unit::Ratio, "3.12 %"),
            (39.96, Unit::PerSecond, "40/s"),
            (0.0312, Unit::Dollars, "$0.0312"),
            (1234.5, Unit::Dollars, "$1,234"),
            (12.5, Unit::Hours, "12.5 h"),
        ] {
            assert_eq!(value(number, unit), text);
        }
        assert_eq!(
            (span(14_400.0), span(5400.0), span(2.5), span(60.0)),
            ("4h".into(), "1h30m".into(), "2.5s".into(), "1m".into())
        );
    }
}
