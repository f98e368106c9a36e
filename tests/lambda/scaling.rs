//! Provisioned concurrency that Application Auto Scaling changes.

use super::{load, run, value};
use queuelab::record::Tape;

/// A function whose code takes a second, and what changes its provisioned concurrency.
fn text(arrivals: &str, (scaling, more): (&str, &str), duration: &str) -> String {
    format!(
        "duration: {duration}
assumptions:
  duplicate_probability: 0
  metric_delay: 0s
  alarm_action_delay: 0s
  alarm_evaluation_second: 0
  provisioned_concurrency_delay: 70s
producers: {{ p: {{ publishes_to: {{ function: f }}, arrivals: {arrivals} }} }}
functions:
  f: {{ processing_time: 1s, {more}application_auto_scaling: {{ minimum_capacity: 10, maximum_capacity: 50, {scaling} }} }}
"
    )
}

const TRACKING: &str =
    "policies: [{ target_tracking: { metric: LambdaProvisionedConcurrencyUtilization, target_value: 0.7 } }]";

fn changes(tape: &Tape) -> Vec<(u64, u32)> {
    let done = tape.activities.iter().filter(|activity| activity.status == "Successful");
    done.map(|activity| (activity.time.as_nanos() / 60_000_000_000, activity.new_desired)).collect()
}

#[test]
fn target_tracking_provisions_what_is_used_by_the_target() {
    let tape = run(&text("{ constant: { rate: 20/s } }", (TRACKING, ""), "30m"));
    let changes = changes(&tape);
    // Three minutes above the target, then 10 / 0.7; a decision waits for the allocation before it.
    assert_eq!(changes[0], (3, 15), "{changes:?}");
    assert_eq!(changes[1], (5, 21), "{changes:?}");
    // 20 of 29 or 30 environments are below the target and above nine tenths of it.
    let last = value(&tape, "f", "allocated_provisioned_concurrency", "last");
    assert!((29.0..=31.0).contains(&last), "{last}: {changes:?}");
    let share = value(&tape, "f", "provisioned_concurrency_utilization", "last");
    assert!((share - 20.0 / last).abs() < 1e-3, "{share}");
    // All ten are busy but for the moments until the next message.
    assert!(value(&tape, "f", "provisioned_concurrency_utilization", "max") > 0.97);
    assert!(value(&tape, "f", "provisioned_concurrency_spillover_invocations", "sum") > 0.0);
}

#[test]
fn without_invocations_there_is_no_datapoint_and_nothing_is_given_back() {
    let until = |rate: u32| {
        format!("{{ piecewise: {{ points: [{{ at: 0s, rate: 20/s }}, {{ at: 899s, rate: {rate}/s }}] }} }}")
    };
    let last = |tape: &Tape| value(tape, "f", "allocated_provisioned_concurrency", "last");
    let silent = run(&text(&until(0), (TRACKING, ""), "60m"));
    assert!(last(&silent) >= 29.0);
    let quiet = run(&text(&until(5), (TRACKING, ""), "60m"));
    assert_eq!(last(&quiet), 10.0);
}

#[test]
fn a_schedule_moves_the_bounds_and_what_is_provisioned_is_set_aside() {
    let actions =
        "scheduled_actions: { peak: { schedule: \"at(2026-01-01T00:05:00)\", minimum_capacity: 40 } }";
    let tape = run(&text("{ constant: { rate: 1/s } }", (actions, ""), "10m"));
    assert_eq!(value(&tape, "f", "allocated_provisioned_concurrency", "min"), 10.0);
    assert_eq!(value(&tape, "f", "allocated_provisioned_concurrency", "last"), 40.0);
}

#[test]
fn what_does_not_fit_a_function_is_told() {
    for (scaling, wanted) in [
        (
            "policies: [{ target_tracking: { metric: backlog_per_instance, target_value: 1 } }]",
            "another predefined metric",
        ),
        (
            "policies: [{ target_tracking: { metric: ASGAverageCPUUtilization, target_value: 1 } }]",
            "does not fit here",
        ),
        (
            "policies: [{ simple_scaling: { alarm: a, adjustment_type: ExactCapacity, scaling_adjustment: 3 } }]",
            "no simple scaling",
        ),
        (
            "policies: [{ step_scaling: { alarm: a, adjustment_type: ExactCapacity, step_adjustments: [{ lower_bound: 0, scaling_adjustment: 3 }] } }]",
            "not offered for Lambda",
        ),
    ] {
        let error = load(&text("{ constant: { rate: 1/s } }", (scaling, ""), "1m")).expect_err(scaling);
        assert!(error.contains(wanted), "{scaling}: {error}");
    }
    for (more, wanted) in [
        ("provisioned_concurrent_executions: 5, ", "outside of the bounds"),
        ("reserved_concurrent_executions: 49, ", "cannot exceed"),
    ] {
        let error = load(&text("{ constant: { rate: 1/s } }", (TRACKING, more), "1m")).expect_err(more);
        assert!(error.contains(wanted), "{more}: {error}");
    }
}
