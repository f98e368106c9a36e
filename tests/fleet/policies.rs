//! Scaling policies in a running group: when they act, and on what.

use super::{area, changes, check_close, phase, run};
use queuelab::record::Tape;
use std::fmt::Write as _;

/// A backlog that hardly changes: each instance takes one message and keeps it for longer than the run.
fn standing_backlog(messages: u32, group: &str, alarm: &str) -> Tape {
    let mut text = format!(
        "duration: 40m
queues: {{ q: {{ visibility_timeout: 12h, receive_message_wait_time: 20s }} }}
producers: {{ p: {{ publishes_to: {{ queue: q }}, arrivals: {{ bursts: [{{ at: 0s, messages: {messages} }}] }} }} }}
consumers:
  w:
    receives_from: {{ queue: q }}
    processing_time: 10h
    auto_scaling_group:
      termination_time: 30s
{group}
"
    );
    if !alarm.is_empty() {
        let _ = write!(
            text,
            "alarms:
  backlog:
    metric: {{ queue: q, name: ApproximateNumberOfMessagesVisible }}
{alarm}
"
        );
    }
    run(&text)
}

const ANY_BACKLOG: &str = "    threshold: 0";

/// The first evaluation that sees a whole minute; the alarm invokes its policy every minute from there.
fn first() -> u64 {
    60 + phase("backlog")
}

#[test]
fn simple_scaling_acts_once_a_launch_and_cooldown() {
    // Ready 45 s after the decision; the cooldown begins there. Invoked every 60 s, the policy acts at the first
    // invocation not before the end of the cooldown: 45 + 120 → 180, 45 + 135 = 180, 45 + 136 → 240.
    for (cooldown, step) in
        [("0s", 60), ("15s", 60), ("16s", 120), ("120s", 180), ("135s", 180), ("136s", 240)]
    {
        let group = format!(
            "      max_size: 4
      launch_time: 45s
      policies:
        - simple_scaling:
            {{ alarm: backlog, adjustment_type: ChangeInCapacity, scaling_adjustment: 1, cooldown: {cooldown} }}"
        );
        let tape = standing_backlog(100, &group, ANY_BACKLOG);
        let at = first();
        assert_eq!(
            changes(&tape),
            [(at, 1, 2), (at + step, 2, 3), (at + 2 * step, 3, 4)],
            "cooldown {cooldown}"
        );
        // One to begin with, and three more 45 s after their decisions.
        let ready = (0..3).map(|nth| at + nth * step + 45);
        let service: u64 = 2400 + ready.map(|ready| 2400 - ready).sum::<u64>();
        check_close(area(&tape, "w", "instances_in_service"), service as f64, cooldown);
        check_close(area(&tape, "w", "instances_pending"), 135.0, cooldown);
    }
}

#[test]
fn simple_scaling_takes_the_groups_cooldown_by_default() {
    let group = "      max_size: 3
      launch_time: 0s
      default_cooldown: 150s
      policies:
        - simple_scaling: { alarm: backlog, adjustment_type: ChangeInCapacity, scaling_adjustment: 1 }";
    let tape = standing_backlog(100, group, ANY_BACKLOG);
    assert_eq!(changes(&tape), [(first(), 1, 2), (first() + 180, 2, 3)]);
}

#[test]
fn a_policy_stays_within_the_sizes_of_the_group() {
    let simple = |adjustment: &str| {
        let group = format!(
            "      min_size: 2
      max_size: 5
      desired_capacity: 3
      launch_time: 10s
      policies: [simple_scaling: {{ alarm: backlog, cooldown: 1h, {adjustment} }}]"
        );
        changes(&standing_backlog(100, &group, ANY_BACKLOG))
    };
    let at = first();
    assert_eq!(simple("adjustment_type: ChangeInCapacity, scaling_adjustment: 10"), [(at, 3, 5)]);
    assert_eq!(simple("adjustment_type: ChangeInCapacity, scaling_adjustment: -10"), [(at, 3, 2)]);
    assert_eq!(simple("adjustment_type: ExactCapacity, scaling_adjustment: 4"), [(at, 3, 4)]);
    assert_eq!(simple("adjustment_type: ExactCapacity, scaling_adjustment: 99"), [(at, 3, 5)]);
    assert_eq!(simple("adjustment_type: PercentChangeInCapacity, scaling_adjustment: 34"), [(at, 3, 4)]);
    assert_eq!(simple("adjustment_type: PercentChangeInCapacity, scaling_adjustment: -10"), [(at, 3, 2)]);
}

fn steps(max_size: u32) -> String {
    format!(
        "      max_size: {max_size}
      launch_time: 30s
      instance_warmup: 300s
      policies:
        - step_scaling:
            alarm: backlog
            adjustment_type: ChangeInCapacity
            step_adjustments:
              - {{ lower_bound: 0, upper_bound: 900, scaling_adjustment: 1 }}
              - {{ lower_bound: 900, scaling_adjustment: 3 }}"
    )
}

#[test]
fn step_scaling_waits_for_its_instances_to_warm_up() {
    // In service 30 s after the decision, warm 300 s later: the next of the invocations is that after 360 s.
    let tape = standing_backlog(1_100, &steps(9), "    threshold: 100");
    let at = first();
    assert_eq!(changes(&tape), [(at, 1, 4), (at + 360, 4, 7), (at + 720, 7, 9)], "the last one clamped to 9");
    // 999 beyond 100 are in the first step.
    let tape = standing_backlog(1_000, &steps(3), "    threshold: 100");
    assert_eq!(changes(&tape), [(at, 1, 2), (at + 360, 2, 3)]);
}

#[test]
fn more_evaluation_periods_put_a_scale_out_off() {
    for periods in 1..=4 {
        let alarm = format!("    threshold: 100\n    evaluation_periods: {periods}");
        let tape = standing_backlog(1_100, &steps(4), &alarm);
        assert_eq!(changes(&tape), [(60 * (periods - 1) + first(), 1, 4)], "{periods} periods");
    }
}

fn tracking(min_size: u32, max_size: u32, desired: u32) -> String {
    format!(
        "      min_size: {min_size}
      max_size: {max_size}
      desired_capacity: {desired}
      launch_time: 30s
      policies: [target_tracking: {{ metric: backlog_per_instance, target_value: 100 }}]"
    )
}

#[test]
fn target_tracking_acts_after_three_minutes_above_the_target() {
    // 1,002 messages, two of them in flight: 500 an instance where 100 are wanted asks for ten instances. Then 992
    // are left for ten, which is neither above 100 nor below 70.
    let at = 180 + phase("TargetTracking-w-AlarmHigh");
    let tape = standing_backlog(1_002, &tracking(1, 20, 2), "");
    assert_eq!(changes(&tape), [(at, 2, 10)]);
    let alarms: Vec<_> =
        tape.alarms.iter().map(|change| (change.time.as_nanos() / 1_000_000_000, change.new_state)).collect();
    assert!(alarms.contains(&(at, "ALARM")), "{alarms:?}");
    // One message more is a fraction of an instance more, which is rounded up.
    assert_eq!(changes(&standing_backlog(1_003, &tracking(1, 20, 2), "")), [(at, 2, 11)]);
    assert_eq!(changes(&standing_backlog(1_002, &tracking(1, 8, 2), "")), [(at, 2, 8)], "max_size");
}

#[test]
fn target_tracking_gives_capacity_back_after_fifteen_minutes_below() {
    let at = 900 + phase("TargetTracking-w-AlarmLow");
    // Ten instances, 510 messages: 500 are left, 50 an instance. Five are enough, but a tenth goes at once, and the next
    // instance five minutes later, at the first of the minutes that is not before them.
    let steps = |least: u32| -> Vec<(u64, u32, u32)> {
        (0..10)
            .map(|step| (at + 300 * step, 10 - step as u32, 9 - step as u32))
            .take_while(|(time, _, desired)| *time < 2400 && *desired >= least)
            .collect()
    };
    // With seven there are 71 an instance, which is not below the low alarm's 70 any more.
    assert_eq!(changes(&standing_backlog(510, &tracking(1, 20, 10), "")), steps(7));
    assert_eq!(changes(&standing_backlog(510, &tracking(8, 20, 10), "")), steps(8), "min_size");
    // 70 of 100 is not yet below the low alarm's threshold.
    assert_eq!(changes(&standing_backlog(710, &tracking(1, 20, 10), "")), []);
    assert_eq!(changes(&standing_backlog(709, &tracking(1, 20, 10), ""))[0], (at, 10, 9));
}
