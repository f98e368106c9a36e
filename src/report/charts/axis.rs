//! Axes: where values fall, and which of them get a tick and a name.

use crate::record::Unit;
use crate::report::human;

/// How values become positions along an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    Linear { low: f64, high: f64 },
    Log { low: f64, high: f64 },
}

impl Scale {
    /// Position of a value: 0 at the beginning of the axis, 1 at its end; values beyond stop there.
    pub(super) fn position(self, value: f64) -> f64 {
        let share = match self {
            Scale::Linear { low, high } => (value - low) / (high - low),
            Scale::Log { low, high } => libm::log(value.max(low) / low) / libm::log(high / low),
        };
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// An axis with its ticks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) scale: Scale,
    /// Value and name of each tick.
    pub(super) ticks: Vec<(f64, String)>,
    /// What is shown, with its unit.
    pub(super) title: String,
}

/// The step of a scale with about `count` ticks between 0 and `high`: 1, 2 or 5 times a power of ten.
fn round_step(high: f64, count: f64) -> f64 {
    let rough = high / count;
    let power = libm::exp10(libm::floor(libm::log10(rough)));
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough)
        .unwrap_or(10.0 * power)
}

impl Axis {
    /// From zero to a little above `peak`, titled `what` with the unit that fits.
    pub(super) fn from_zero(what: &str, peak: f64, unit: Unit, ticks: f64) -> Self {
        let (per_unit, name) = match unit {
            Unit::Seconds => human::time_unit(peak),
            Unit::Bytes => human::byte_unit(peak),
            _ => (1.0, ""),
        };
        let countable = matches!(unit, Unit::Count);
        let peak = if peak.is_finite() && peak > 0.0 { peak / per_unit } else { 1.0 };
        let mut step = round_step(peak, ticks);
        if unit == Unit::Seconds && name == "min" || name == "h" {
            step = sixties(step);
        }
        if countable {
            step = step.max(1.0);
        }
        let steps = libm::ceil(peak / step - 1e-9).max(1.0);
        let high = steps * step;
        let decimals = if step >= 1.0 { 0 } else { (-libm::floor(libm::log10(step) + 1e-9)) as usize };
        let ticks = (0..=steps as usize)
            .map(|index| {
                let value = index as f64 * step;
                let text = if high >= 1e7 { large(value, high) } else { human::separated(value, decimals) };
                (value * per_unit, text)
            })
            .collect();
        let title = if name.is_empty() { what.to_owned() } else { format!("{what} ({name})") };
        Self { scale: Scale::Linear { low: 0.0, high: high * per_unit }, ticks, title }
    }

    /// Times on a logarithmic scale that contains both ends; `room` is the number of ticks that fit.
    pub(super) fn log_seconds(what: &str, lowest: f64, highest: f64, room: usize) -> Self {
        // Powers of ten of the units people use.
        const NAMED: [(f64, &str); 19] = [
            (1e-9, "1 ns"),
            (1e-8, "10 ns"),
            (1e-7, "100 ns"),
            (1e-6, "1 µs"),
            (1e-5, "10 µs"),
            (1e-4, "100 µs"),
            (1e-3, "1 ms"),
            (1e-2, "10 ms"),
            (1e-1, "100 ms"),
            (1.0, "1 s"),
            (10.0, "10 s"),
            (60.0, "1 min"),
            (600.0, "10 min"),
            (3600.0, "1 h"),
            (36_000.0, "10 h"),
            (86_400.0, "1 d"),
            (864_000.0, "10 d"),
            (8_640_000.0, "100 d"),
            (86_400_000.0, "1,000 d"),
        ];
        let lowest = lowest.max(1e-9);
        let highest = highest.max(lowest);
        let first = NAMED.iter().rposition(|(value, _)| *value <= lowest).unwrap_or(0);
        let last = NAMED.iter().position(|(value, _)| *value >= highest);
        let mut last = last.unwrap_or(NAMED.len() - 1);
        let mut first = first;
        if first == last {
            // A single value: room on both sides.
            first = first.saturating_sub(1);
            last = (last + 1).min(NAMED.len() - 1);
        }
        let (mut low, mut high) = (lowest / 1.15, highest * 1.15);
        let mut ticks: Vec<(f64, String)> = if last - first <= 3 {
            // Few powers: twice and five times are named as well.
            NAMED[first..=last]
                .iter()
                .flat_map(|(value, _)| [1.0, 2.0, 5.0].map(|factor| value * factor))
                .map(|value| {
                    let (scale, unit) = human::time_unit(value);
                    (value, format!("{} {unit}", human::three_digits(value / scale)))
                })
                .collect()
        } else {
            NAMED[first..=last].iter().map(|(value, name)| (*value, (*name).to_owned())).collect()
        };
        let inside = |value: f64| (low..=high).contains(&value);
        if ticks.iter().filter(|(value, _)| inside(*value)).count() > 1 {
            ticks.retain(|(value, _)| inside(*value));
        } else {
            (low, high) = (NAMED[first].0, NAMED[last].0.max(high));
        }
        // Minutes and hours are not ten times a second: what stands too close to the one before goes.
        let scale = Scale::Log { low, high };
        let apart = 1.0 / room as f64;
        let mut before = f64::NEG_INFINITY;
        ticks.retain(|(value, _)| {
            let keep = scale.position(*value) - before >= apart;
            if keep {
                before = scale.position(*value);
            }
            keep
        });
        Self { scale, ticks, title: format!("{what}, logarithmic") }
    }

    /// Simulated time from 0 to `duration` seconds; `room` is the number of ticks that fit.
    pub(super) fn time(duration: f64, title: &str, room: f64) -> Self {
        let high = if duration > 0.0 { duration } else { 1.0 };
        let step = time_step(high / room);
        let unit = match step {
            s if s < 60.0 => "s",
            s if s < 3600.0 => "m",
            s if s < 86_400.0 => "h",
            _ => "d",
        };
        let ticks = (0..=(high / step + 1e-9) as usize)
            .map(|index| {
                let value = index as f64 * step;
                (value, if index == 0 { format!("0{unit}") } else { human::span(value) })
            })
            .collect();
        Self { scale: Scale::Linear { low: 0.0, high }, ticks, title: title.to_owned() }
    }
}

/// Steps that divide an hour or a day, for minutes and hours.
fn sixties(step: f64) -> f64 {
    [1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0]
        .into_iter()
        .find(|nice| *nice >= step)
        .filter(|_| step > 0.99)
        .unwrap_or(step)
}

/// The smallest step of a clock or calendar that is at least `rough` seconds.
fn time_step(rough: f64) -> f64 {
    const STEPS: [f64; 24] = [
        0.001, 0.01, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0,
        1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0,
    ];
    STEPS
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or_else(|| 86_400.0 * round_step(rough / 86_400.0, 1.0))
}

/// A number of ten million and more, short: `20 M`.
fn large(value: f64, high: f64) -> String {
    let (scale, suffix) = [(1e15, "qd"), (1e12, "tn"), (1e9, "bn"), (1e6, "M")]
        .into_iter()
        .find(|(s, _)| high >= *s)
        .unwrap_or((1.0, ""));
    if value == 0.0 { "0".to_owned() } else { format!("{} {suffix}", human::three_digits(value / scale)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, name)| name.as_str()).collect()
    }

    #[test]
    fn value_axes_have_round_ticks() {
        let axis = Axis::from_zero("Messages", 12_345.0, Unit::Count, 5.0);
        assert_eq!(names(&axis), ["0", "5,000", "10,000", "15,000"]);
        assert_eq!(names(&Axis::from_zero("Instances", 0.0, Unit::Count, 5.0)), ["0", "1"]);
        assert_eq!(
            names(&Axis::from_zero("Rate", 0.05, Unit::PerSecond, 5.0))[..3],
            ["0.00", "0.01", "0.02"]
        );
        let latency = Axis::from_zero("Latency", 0.34, Unit::Seconds, 5.0);
        assert_eq!(
            (latency.title.as_str(), names(&latency)),
            ("Latency (ms)", vec!["0", "100", "200", "300", "400"])
        );
        let age = Axis::from_zero("Age", 2000.0, Unit::Seconds, 5.0);
        assert_eq!((age.title.as_str(), names(&age)), ("Age (min)", vec!["0", "10", "20", "30", "40"]));
        assert_eq!(names(&Axis::from_zero("Messages", 1e12, Unit::Count, 4.0)), ["0", "0.5 tn", "1 tn"]);
        assert!(Axis::from_zero("Odd", f64::NAN, Unit::Count, 5.0).ticks.len() >= 2);
    }

    #[test]
    fn time_axes_follow_clock_and_calendar() {
        assert_eq!(names(&Axis::time(3600.0, "", 9.0)), ["0m", "10m", "20m", "30m", "40m", "50m", "1h"]);
        assert_eq!(names(&Axis::time(86_400.0, "", 9.0)).len(), 9);
        assert_eq!(names(&Axis::time(86_400.0 * 2.0, "", 9.0))[..3], ["0h", "6h", "12h"]);
        assert_eq!(names(&Axis::time(86_400.0 * 30.0, "", 9.0))[..3], ["0d", "5d", "10d"]);
        assert_eq!(names(&Axis::time(0.0, "", 9.0))[0], "0s");
        assert!(Axis::time(1e12, "", 9.0).ticks.len() < 12);
    }

    #[test]
    fn logarithmic_axes_contain_their_values() {
        let axis = Axis::log_seconds("Latency", 0.012, 340.0, 12);
        assert_eq!(names(&axis), ["100 ms", "1 s", "10 s", "1 min"]);
        assert_eq!(names(&Axis::log_seconds("Latency", 0.2, 0.2, 12)), ["100 ms", "200 ms", "500 ms", "1 s"]);
        let wide = Axis::log_seconds("Latency", 0.0, 1e12, 9);
        assert!(wide.ticks.len() <= 9 && wide.scale.position(1e12) <= 1.0);
        assert!(wide.scale.position(-1.0) >= 0.0 && wide.scale.position(f64::NAN) >= 0.0);
    }
}
