//! Where the periods that an alarm judges begin and end: "Alarm evaluation window".

use super::store::Window;
use crate::engine::{Span, Time};
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// `EvaluationWindow` ("PutMetricAlarm").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvaluationWindow {
    /// It moves on with each evaluation: a minute, or 10 seconds for periods below a minute.
    Sliding,
    /// It is aligned to the clock of a time zone: only periods that are over are judged.
    WallClock(TimeZone),
}

/// The periods of a wall clock window ("WallClockWindow").
pub(super) const WALL_CLOCK_PERIODS: &[u64] = &[60, 300, 3_600, 86_400, 604_800];

/// How often an alarm is evaluated ("Alarm evaluation").
pub(super) fn cadence(period: Span) -> Span {
    let minute = Span::from_minutes(1);
    if period < minute { Span::from_seconds(10) } else { minute }
}

impl EvaluationWindow {
    /// The newest `slots` periods, as they are seen at `now` in a run that began at `start_unix_millis`.
    pub(super) fn at(&self, now: Time, period: Span, slots: usize, start_unix_millis: i64) -> Window {
        let end = now.floor_to(cadence(period));
        let sliding = Window { end, period, slots, now, edges: Vec::new(), start_unix_millis };
        match self {
            EvaluationWindow::Sliding => sliding,
            EvaluationWindow::WallClock(zone) => {
                let now_millis = start_unix_millis + (now.as_nanos() / 1_000_000).cast_signed();
                let mut edges = vec![boundary(now_millis, period, zone)];
                for _ in 0..slots {
                    edges.push(boundary(edges[edges.len() - 1] - 1, period, zone));
                }
                edges.reverse();
                Window { edges, ..sliding }
            }
        }
    }
}

/// The last moment up to this one at which a period begins, in milliseconds since 1970. Weeks begin on Monday: AWS says
/// "the start of the calendar week", not which day that is.
fn boundary(unix_millis: i64, period: Span, zone: &TimeZone) -> i64 {
    let time =
        Timestamp::from_millisecond(unix_millis).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone());
    let midnight =
        |date: Date| date.to_zoned(zone.clone()).map_or(unix_millis, |day| day.timestamp().as_millisecond());
    let seconds = (period.as_nanos() / 1_000_000_000).cast_signed();
    match seconds {
        604_800 => {
            let back = i64::from(time.weekday().to_monday_zero_offset());
            midnight(time.date().checked_sub(back.days()).unwrap_or(time.date()))
        }
        86_400 => midnight(time.date()),
        _ => {
            let offset = i64::from(time.offset().seconds()) * 1000;
            (unix_millis + offset).div_euclid(seconds * 1000) * (seconds * 1000) - offset
        }
    }
}

/// Reads a time zone as the API takes it: `America/New_York`, `+05:30`, `UTC+05:30`, `UTC`.
///
/// # Errors
///
/// What is wrong with it.
pub fn time_zone(text: &str) -> Result<TimeZone, String> {
    let offset = text.strip_prefix("UTC").or_else(|| text.strip_prefix("GMT")).unwrap_or(text);
    if text.is_empty() || offset.is_empty() {
        return if text.is_empty() { Err("a time zone has a name".to_owned()) } else { Ok(TimeZone::UTC) };
    }
    if let Some(sign) = offset.chars().next().filter(|sign| matches!(sign, '+' | '-')) {
        let wrong = || format!("`{text}` is no offset such as `+05:30`");
        let (hours, minutes) = offset[1..].split_once(':').ok_or_else(wrong)?;
        let number = |text: &str| text.parse::<i32>().ok().filter(|_| text.len() == 2);
        let (hours, minutes) = number(hours).zip(number(minutes)).ok_or_else(wrong)?;
        if hours > 18 || minutes > 59 {
            return Err(wrong());
        }
        if minutes % 5 != 0 {
            return Err("an offset is a multiple of five minutes".to_owned());
        }
        let seconds = (hours * 60 + minutes) * 60;
        let offset =
            Offset::from_seconds(if sign == '-' { -seconds } else { seconds }).map_err(|_| wrong())?;
        return Ok(TimeZone::fixed(offset));
    }
    TimeZone::get(text).map_err(|_| format!("there is no time zone `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(zone: &str, now: &str, period: u64, slots: usize) -> Vec<String> {
        let now: Timestamp = now.parse().expect("a time");
        let zone = time_zone(zone).expect("a time zone");
        let window = EvaluationWindow::WallClock(zone);
        let window = window.at(Time::ZERO, Span::from_seconds(period), slots, now.as_millisecond());
        let show = |edge: &i64| Timestamp::from_millisecond(*edge).expect("a time").to_string();
        window.edges.iter().map(show).collect()
    }

    #[test]
    fn windows_are_aligned_to_the_clock_of_their_zone() {
        let cases: &[(&str, &str, u64, &[&str])] = &[
            ("UTC", "2026-01-01T10:17:30Z", 60, &["2026-01-01T10:16:00Z", "2026-01-01T10:17:00Z"]),
            ("UTC", "2026-01-01T10:17:30Z", 300, &["2026-01-01T10:10:00Z", "2026-01-01T10:15:00Z"]),
            ("UTC", "2026-01-01T10:00:00Z", 3_600, &["2026-01-01T09:00:00Z", "2026-01-01T10:00:00Z"]),
            ("+05:30", "2026-01-01T10:17:30Z", 3_600, &["2026-01-01T08:30:00Z", "2026-01-01T09:30:00Z"]),
            ("UTC-03:00", "2026-01-01T02:00:00Z", 86_400, &["2025-12-30T03:00:00Z", "2025-12-31T03:00:00Z"]),
            // 2026-01-01 is a Thursday.
            ("UTC", "2026-01-01T10:17:30Z", 604_800, &["2025-12-22T00:00:00Z", "2025-12-29T00:00:00Z"]),
            // The night in which Berlin's clocks go forward: the day has 23 hours.
            (
                "Europe/Berlin",
                "2026-03-30T12:00:00Z",
                86_400,
                &["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"],
            ),
        ];
        for (zone, now, period, wanted) in cases {
            assert_eq!(edges(zone, now, *period, wanted.len() - 1), *wanted, "{zone} {now} {period}");
        }
    }

    #[test]
    fn time_zones_are_read_as_the_api_takes_them() {
        for text in ["UTC", "America/New_York", "+05:30", "-11:00", "UTC+05:45", "Europe/Berlin"] {
            assert!(time_zone(text).is_ok(), "{text}");
        }
        for text in ["", "Europe/Berln", "+5:30", "+05:33", "UTC+99:00", "+05:75", "+ab:cd", "+0530"] {
            assert!(time_zone(text).is_err(), "{text}");
        }
    }
}
