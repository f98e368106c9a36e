//! What time promises: exact arithmetic, sentences instead of wrap-around, text that reads back.

use super::{Span, Time};
use proptest::prelude::*;

/// Reads the displayed form back; the language of scenarios has its own, richer reader.
fn parse(text: &str) -> u64 {
    let mut nanos = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').expect("a unit follows");
        let (digits, after) = rest.split_at(number);
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let unit = match unit {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000_u64,
            other => panic!("unknown unit {other}"),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        nanos += whole.parse::<u64>().expect("digits") * unit;
        let mut scale = unit;
        for digit in fraction.bytes() {
            scale /= 10;
            nanos += u64::from(digit - b'0') * scale;
        }
        rest = next;
    }
    nanos
}

#[test]
fn displayed_as_people_write_it() {
    let cases = [
        (Span::ZERO, "0s"),
        (Span::from_nanos(250), "250ns"),
        (Span::from_nanos(1_500), "1.5us"),
        (Span::from_millis(400), "400ms"),
        (Span::from_millis(1_500), "1.5s"),
        (Span::from_nanos(1_000_000_001), "1.000000001s"),
        (Span::from_seconds(60), "1m"),
        (Span::from_minutes(90), "1h30m"),
        (Span::from_millis(3_600_400), "1h0.4s"),
        (Span::from_days(14), "14d"),
    ];
    for (span, text) in cases {
        assert_eq!(span.to_string(), text);
    }
    assert_eq!(Time::MAX.to_string(), "never");
    assert_eq!(format!("{:>6}|{:<6}|", Span::from_seconds(5), Time::from_nanos(5)), "    5s|5ns   |");
}

#[test]
fn seconds_as_floats_are_rounded_and_clamped() {
    let nanos = |seconds: f64| Span::from_seconds_f64(seconds).as_nanos();
    assert_eq!(nanos(0.1), 100_000_000);
    assert_eq!(nanos(0.3e-9), 0);
    assert_eq!(nanos(0.5e-9), 1);
    assert_eq!(nanos(1.499_999_9e-9), 1);
    assert_eq!(nanos(-1.0), 0);
    assert_eq!(nanos(f64::NAN), 0);
    assert_eq!(nanos(f64::NEG_INFINITY), 0);
    assert_eq!(Span::from_seconds_f64(1e30), Span::MAX);
    assert_eq!(Span::from_seconds_f64(f64::INFINITY), Span::MAX);
}

#[test]
fn steps_divide_time() {
    let minute = Span::from_minutes(1);
    let at = Time::ZERO + Span::from_millis(61_500);
    assert_eq!(at.floor_to(minute), Time::ZERO + minute);
    assert_eq!(at.since_start() / minute, 1);
    assert_eq!(at.since_start() % minute, Span::from_millis(1_500));
    assert_eq!([minute, minute].into_iter().sum::<Span>(), Span::from_minutes(2));
    assert_eq!(Time::ZERO.saturating_since(at), Span::ZERO);
}

#[test]
#[should_panic(expected = "beyond the end of simulated time")]
fn time_does_not_wrap() {
    let _ = Time::MAX + Span::from_nanos(1);
}

#[test]
#[should_panic(expected = "an earlier instant minus a later one")]
fn spans_are_not_negative() {
    let _ = Time::ZERO - Time::from_nanos(1);
}

#[test]
#[should_panic(expected = "more than 584 years")]
fn units_do_not_wrap() {
    let _ = Span::from_days(1 << 40);
}

proptest! {
    #[test]
    fn text_reads_back(nanos: u64, shift in 0_u32..64) {
        let nanos = nanos >> shift;
        prop_assert_eq!(parse(&Span::from_nanos(nanos).to_string()), nanos);
    }

    #[test]
    fn round_numbers_read_back(count in 0_u64..100_000, unit in prop::sample::select(vec![1_000_u64, 1_000_000, 100_000_000, 60_000_000_000])) {
        prop_assert_eq!(parse(&Span::from_nanos(count * unit).to_string()), count * unit);
    }

    #[test]
    fn sums_and_differences_undo_each_other(a in 0_u64..1 << 62, b in 0_u64..1 << 62) {
        let (at, span) = (Time::from_nanos(a), Span::from_nanos(b));
        prop_assert_eq!((at + span) - at, span);
        prop_assert_eq!((at + span) - span, at);
    }

    #[test]
    fn exact_floats_survive(micros in 0_u64..1 << 40) {
        let span = Span::from_micros(micros);
        prop_assert_eq!(Span::from_seconds_f64(span.as_seconds_f64()), span);
    }
}
