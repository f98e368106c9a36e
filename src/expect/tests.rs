//! Expectations are read with their windows and bounds, and observed.

use super::*;
use crate::language::{Located, Place, Problems, SourceId};

fn catalog() -> Catalog {
    let mut catalog = Catalog { warm_up: 600.0, end: 7200.0, ..Catalog::default() };
    let mut add = |kind, name: &str, metric: &str, statistic, unit, origin| {
        let (name, metric) = (name.to_owned(), metric.to_owned());
        catalog.rows.push(CatalogRow { kind, name, metric, statistic, unit, origin });
    };
    for kind in [InstrumentKind::Counter, InstrumentKind::Level, InstrumentKind::Distribution] {
        let (name, metric, unit) = match kind {
            InstrumentKind::Counter => ("q", "messages_sent", Unit::Count),
            InstrumentKind::Level => ("q", "messages_visible", Unit::Count),
            InstrumentKind::Distribution => ("w", "end_to_end_latency", Unit::Seconds),
        };
        for statistic in kind.statistics() {
            let unit = if *statistic == "rate" { Unit::PerSecond } else { unit };
            add("thing", name, metric, statistic, unit, Origin::Instrument(kind));
        }
    }
    add("run", "r", "estimated_cost", "sum", Unit::Dollars, Origin::Summary);
    add("queue", "q", "expired", "messages", Unit::Count, Origin::Ledger);
    catalog.add_series("queue", "q", "ApproximateAgeOfOldestMessage", Unit::Seconds);
    catalog.add_alarm("high");
    catalog.add_activities("consumer", "w");
    catalog
}

fn read(target: &str, expression: &str) -> Result<Expectation, String> {
    let place = Place::start_of(SourceId(0));
    let mut problems = Problems::new();
    let text = Located { value: expression.to_owned(), place };
    let mut read = catalog().read(target, place, &[text], &mut problems);
    read.pop().ok_or_else(|| {
        let told: Vec<String> = problems
            .sorted()
            .into_iter()
            .map(|problem| {
                let parts = [Some(&problem.what), problem.why.as_ref(), problem.help.as_ref()];
                parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" | ")
            })
            .collect();
        told.join(" & ")
    })
}

#[test]
fn what_can_be_expected() {
    let cases = [
        ("w.end_to_end_latency", "p99 < 30s", 30.0, Unit::Seconds, None),
        ("w.end_to_end_latency", "p99 < 30s between 1h and 2h", 30.0, Unit::Seconds, Some((3600.0, 7200.0))),
        (
            "w.end_to_end_latency",
            "share_above(30s) < 1% after 20m",
            0.01,
            Unit::Ratio,
            Some((1200.0, 7200.0)),
        ),
        ("q.messages_visible", "time_above(100) < 5m", 300.0, Unit::Seconds, None),
        ("q.messages_visible", "drained_by 1h30m", 5400.0, Unit::Seconds, None),
        ("q.messages_sent", "rate > 3000/min before 1h", 50.0, Unit::PerSecond, Some((600.0, 3600.0))),
        ("q.expired / q.messages_sent", "messages < 1%", f64::NAN, Unit::Ratio, None),
        ("r.estimated_cost / q.messages_sent", "sum < 0.001", 0.001, Unit::Dollars, None),
        ("q.ApproximateAgeOfOldestMessage", "Maximum <= 5m", 300.0, Unit::Seconds, None),
        (
            "q.ApproximateAgeOfOldestMessage",
            "time_above(1m) < 5m after 1h",
            300.0,
            Unit::Seconds,
            Some((3600.0, 7200.0)),
        ),
        ("high.state", "first_alarm < 10m", 600.0, Unit::Seconds, None),
        ("w.scale_outs", "count <= 3 after 1h", 3.0, Unit::Count, Some((3600.0, 7200.0))),
    ];
    for (target, text, value, unit, window) in cases {
        match read(target, text) {
            Ok(one) => {
                let read = (one.value, one.unit, one.of.window);
                assert_eq!(read, (value, unit, window), "{target} {text}");
            }
            // The ledger and a counter have no statistic in common.
            Err(error) => {
                let is_meant = value.is_nan() && error.contains("has no statistic `messages`");
                assert!(is_meant, "{text}: {error}");
            }
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_what_was_meant() {
    let cases = [
        ("w.end_to_end_latency", "p98 < 30s", "did you mean `p90`?"),
        ("w.end_to_end_latency", "p99 < 30", "expected a duration such as `30s`, found `30`"),
        ("w.end_to_end_latency", "p99 < 30s betwixt 1h and 2h", "a part of the run is written"),
        ("w.end_to_end_latency", "p99 < 30s after 2h", "it ends before it begins"),
        ("w.end_to_end_latency", "p99 < 30s after 5m", "it begins within the warm-up"),
        ("w.end_to_end_latency", "p99 < 30s before 3h", "it ends after the run"),
        ("w.end_to_end_latency", "p99 < 30s between 1h", "`between 1h` is no part of the run"),
        ("q.messages_visible", "time_above < 5m", "`time_above` needs a bound | write `time_above(100)`"),
        ("q.messages_visible", "time_above(1m) < 5m", "expected a number such as `20` in `time_above(1m)`"),
        ("q.messages_visible", "time_abov(1) < 5m", "did you mean `time_above(…)`?"),
        ("q.messages_sent", "time_above(1) < 5m", "has no statistic `time_above(1)`"),
        ("q.expired", "messages == 0 after 1h", "`q.expired` is known of the whole run only"),
        ("high.stat", "first_alarm < 5m", "did you mean `state`?"),
        ("q.messages_sent / ww.failures", "sum < 1%", "nothing is named `ww`"),
        ("q.messages_sent", "often", "`often` is no expectation"),
    ];
    for (target, text, wanted) in cases {
        let error = read(target, text).expect_err("it is wrong");
        assert!(error.contains(wanted), "{target} {text}: {error}");
    }
}
