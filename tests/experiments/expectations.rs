//! What only expectations ask for: windows, times above a bound, shares, alarms, activities, CloudWatch's own.

use super::load;
use std::fmt::Write as _;

/// One message a second, at the half of each second, and nobody takes them for five minutes; then ten a second are taken.
const HEAP: &str = "\
name: heap
duration: 10m
api_latency: none
assumptions: { duplicate_probability: 0, ordering_jitter: 0s, metric_delay: 0s, alarm_evaluation_second: 1 }
queues: { q: { visibility_timeout: 1h, receive_message_wait_time: 20s } }
producers: { p: { publishes_to: { queue: q }, arrivals: { constant: { rate: 1/s } } } }
alarms:
  high: { metric: { queue: q, name: ApproximateNumberOfMessagesVisible }, threshold: 100, evaluation_periods: 1 }
";

fn judged(more: &str, expectations: &[(&str, &str)]) -> Vec<(String, Option<f64>, bool)> {
    let mut text = format!("{HEAP}{more}expect:\n");
    let mut last = "";
    for (target, expression) in expectations {
        if *target != last {
            let _ = writeln!(text, "  {target}:"); // into a string
        }
        let _ = writeln!(text, "    - \"{expression}\""); // into a string
        last = target;
    }
    let tape = load(&text).run().expect("it runs");
    tape.expectations.into_iter().map(|one| (one.expression, one.value, one.passed)).collect()
}

#[test]
fn windows_and_bounds_are_exact() {
    let cases = [
        ("q.messages_sent", "sum == 60 between 90500ms and 150500ms", 60.0),
        ("q.messages_visible", "time_above(100) == 499s", 499.0),
        ("q.messages_visible", "time_below(100) == 100s", 100.0),
        ("q.messages_visible", "max == 90 before 90500ms", 90.0),
        ("q.messages_visible", "min == 90 after 90500ms", 90.0),
        ("q.messages_visible", "mean == 29.5 before 1m", 29.5),
        ("q.messages_visible", "drained_by 10m", f64::INFINITY),
        ("q.ApproximateNumberOfMessagesVisible", "Maximum <= 600 after 5m", 600.0),
        ("q.NumberOfMessagesSent", "Sum == 240 between 1m and 5m", 240.0),
        ("q.messages_received / q.messages_sent", "sum == 0%", 0.0),
        ("high.state", "first_alarm < 4m", 121.0),
        ("high.state", "alarms == 1", 1.0),
    ];
    for (target, expression, value) in cases {
        let judged = judged("", &[(target, expression)]);
        let (_, observed, passed) = &judged[0];
        let observed = observed.expect("there is something to observe");
        assert!(observed == value || (observed - value).abs() < 1e-6, "{target} {expression}: {observed}");
        assert_eq!(*passed, value.is_finite(), "{target} {expression}: {observed}");
    }
}

#[test]
fn a_backlog_is_drained_once_somebody_takes_it() {
    let consumer = "\
consumers:
  w:
    receives_from: { queue: q }
    threads: 1
    processing_time: 100ms
    auto_scaling_group:
      min_size: 0
      max_size: 1
      desired_capacity: 0
      launch_time: 0s
      scheduled_actions: { begin: { start_time: 2026-01-01T00:05:00Z, desired_capacity: 1 } }
";
    let drained = judged(
        consumer,
        &[
            ("q.messages_visible", "drained_by 340s"),
            ("w.scale_outs", "count == 1"),
            ("w.scaling_activities", "first <= 5m"),
            ("w.scale_ins", "first > 1s"),
            ("w.end_to_end_latency", "share_above(0s) == 100%"),
            ("w.end_to_end_latency", "share_above(10m) == 0%"),
            ("w.end_to_end_latency", "p50 < 1s after 6m"),
            ("w.messages_processed / q.messages_sent", "sum > 99%"),
        ],
    );
    assert!(drained.iter().all(|(_, _, passed)| *passed), "{drained:#?}");
    // 300 messages wait, ten a second go and one comes: 33 s and a little.
    let when = drained[0].1.expect("it was drained");
    assert!((332.0..336.0).contains(&when), "{when}");
    assert_eq!(drained[3].1, Some(f64::INFINITY), "what never happens is later than any time");
}
