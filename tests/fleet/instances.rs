//! The life of instances: taken out of service gently or not, crashed, restarted.

use super::{area, changes, check_close, check_counts, phase, run, run_with_seed, value};
use queuelab::wire::Purpose;

/// Two instances take a message of 100 s each at 30 s; a policy takes one of them away between 60 and 120 s.
fn shrinking(group: &str, messages: u32) -> String {
    shrinking_with("", group, messages)
}

fn shrinking_with(consumer: &str, group: &str, messages: u32) -> String {
    format!(
        "duration: 600s
queues: {{ q: {{ visibility_timeout: 300s, receive_message_wait_time: 20s }} }}
producers:
  p: {{ publishes_to: {{ queue: q }}, arrivals: {{ bursts: [{{ at: 30s, messages: {messages} }}] }} }}
consumers:
  w:
    receives_from: {{ queue: q }}
    processing_time: 100s{consumer}
    auto_scaling_group:
      min_size: 0
      max_size: 2
      desired_capacity: 2
      termination_time: 30s
      {group}
      policies:
        - simple_scaling: {{ alarm: calm, adjustment_type: ChangeInCapacity, scaling_adjustment: -1, cooldown: 1h }}
alarms:
  calm:
    metric: {{ queue: q, name: ApproximateNumberOfMessagesVisible }}
    threshold: 0
    comparison_operator: GreaterThanOrEqualToThreshold
"
    )
}

/// When the policy acts: the first evaluation that sees a whole minute.
fn taken_away() -> u64 {
    60 + phase("calm")
}

#[test]
fn a_killed_instance_leaves_its_message_to_the_visibility_timeout() {
    let tape = run(&shrinking("termination: kill", 2));
    assert_eq!(changes(&tape), [(taken_away(), 2, 1)]);
    check_counts(&tape, "w", &[("messages_abandoned", 1), ("messages_processed", 2), ("duplicates", 0)]);
    check_counts(&tape, "q", &[("visibility_timeouts", 1), ("messages_received", 3)]);
    // Hidden until 330 s, then taken by the other instance.
    check_close(value(&tape, "w", "end_to_end_latency", "max"), 400.0, "latency of the abandoned message");
    check_close(area(&tape, "w", "instances_terminating"), 30.0, "terminating");
    let busy = (taken_away() - 30) as f64 + 100.0 + 100.0;
    check_close(area(&tape, "w", "busy_threads"), busy, "work until the kill, and both messages");
}

#[test]
fn a_drained_instance_finishes_what_it_has() {
    let tape = run(&shrinking("termination: { graceful: { timeout: 120s } }", 2));
    assert_eq!(changes(&tape), [(taken_away(), 2, 1)]);
    check_counts(&tape, "w", &[("messages_abandoned", 0), ("messages_processed", 2)]);
    check_counts(&tape, "q", &[("visibility_timeouts", 0), ("messages_received", 2)]);
    check_close(value(&tape, "w", "end_to_end_latency", "max"), 100.0, "latency");
    // It drains until 130 s and is gone 30 s later; it is paid for until then.
    check_close(area(&tape, "w", "instances_terminating"), 160.0 - taken_away() as f64, "terminating");
    check_close(area(&tape, "w", "instances_in_service"), 600.0 + taken_away() as f64, "in service");
    check_close(value(&tape, "w", "instance_hours", "sum"), (600.0 + 160.0) / 3600.0, "instance hours");
}

/// The heart stops with the instance: the message is back one heartbeat's timeout after the last beat.
#[test]
fn a_killed_instance_beats_no_more() {
    let consumer = "\n    heartbeat: { interval: 10s, visibility_timeout: 40s }";
    let tape = run(&shrinking_with(consumer, "termination: kill", 2));
    let last_beat = taken_away() / 10 * 10;
    assert!(!taken_away().is_multiple_of(10), "at the instant of a beat it is open which comes first");
    check_counts(&tape, "w", &[("messages_abandoned", 1), ("messages_processed", 2), ("duplicates", 0)]);
    // The other instance is free at 130 s.
    let back = (last_beat + 40).max(130);
    check_close(value(&tape, "w", "end_to_end_latency", "max"), (back + 100 - 30) as f64, "latency");
}

#[test]
fn a_drained_instance_takes_nothing_new() {
    let tape = run(&shrinking("termination: { graceful: { timeout: 120s } }", 10));
    // One by the drained instance; the other takes one every 100 s, at 30 s, 130 s, ..., 530 s.
    check_counts(&tape, "q", &[("messages_received", 1 + 6)]);
    check_counts(&tape, "w", &[("messages_processed", 1 + 5), ("messages_abandoned", 0)]);
}

#[test]
fn a_drain_has_its_time_and_no_more() {
    let tape = run(&shrinking("termination: { graceful: { timeout: 5s } }", 2));
    check_counts(&tape, "w", &[("messages_abandoned", 1), ("messages_processed", 2)]);
    check_close(value(&tape, "w", "end_to_end_latency", "max"), 400.0, "latency of the abandoned message");
    check_close(area(&tape, "w", "instances_terminating"), 35.0, "terminating");
    let busy = (taken_away() + 5 - 30) as f64 + 100.0 + 100.0;
    check_close(area(&tape, "w", "busy_threads"), busy, "work until the end of the drain, and both messages");
}

#[test]
fn the_termination_policy_says_who_goes() {
    // One message: the first instance has it, the second is idle.
    for (policy, abandoned) in [("OldestInstance", 1), ("NewestInstance", 0)] {
        let tape = run(&shrinking(&format!("termination: kill\n      termination_policy: {policy}"), 1));
        check_counts(&tape, "w", &[("messages_abandoned", abandoned), ("messages_processed", 1)]);
    }
}

#[test]
fn an_idle_instance_goes_at_once() {
    let tape = run(&shrinking("termination_policy: NewestInstance", 1));
    check_counts(&tape, "w", &[("messages_abandoned", 0), ("messages_processed", 1)]);
    check_close(area(&tape, "w", "instances_terminating"), 30.0, "no drain: its thread only waited");
}

/// One message of 50 s at the start, hidden for 120 s; crashes come after exponential times, restarts after 30 s.
#[test]
fn a_crash_loses_the_work_but_not_the_message() {
    let crashes = |seed: u64| {
        let mut stream = Purpose::Crash.stream(seed, 0, "consumer", "w");
        let (mut crashes, mut up) = (Vec::new(), 0.0);
        while crashes.last().is_none_or(|last| *last < 300.0) {
            crashes.push(up + 100.0 * stream.exponential());
            up = crashes.last().expect("one was added") + 30.0;
        }
        crashes
    };
    // A seed whose first crash hits the first processing, and whose second spares the second.
    let seed = (0..10_000)
        .find(|seed| {
            let crashes = crashes(*seed);
            crashes[0] > 10.0 && crashes[0] < 50.0 && crashes[1] > 180.0
        })
        .expect("there are seeds enough");
    let tape = run_with_seed(
        seed,
        "duration: 300s
queues: { q: { visibility_timeout: 120s, receive_message_wait_time: 20s } }
producers: { p: { publishes_to: { queue: q }, arrivals: { bursts: [{ at: 0s, messages: 1 }] } } }
consumers:
  w:
    receives_from: { queue: q }
    processing_time: 50s
    crashes: { mean_time_between: 100s, restart_time: 30s }
",
    );
    let crashes = crashes(seed);
    let within = crashes.iter().filter(|crash| **crash <= 300.0).count() as u64;
    check_counts(&tape, "w", &[("crashes", within), ("messages_abandoned", 1), ("messages_processed", 1)]);
    check_counts(&tape, "q", &[("visibility_timeouts", 1), ("messages_received", 2)]);
    check_close(value(&tape, "w", "end_to_end_latency", "max"), 170.0, "taken up again at 120 s");
    check_close(
        area(&tape, "w", "busy_threads"),
        crashes[0] + 50.0,
        "work until the crash, and the whole message",
    );
}

/// However often instances crash, nothing is lost: everything sent is processed in the end.
#[test]
fn crashes_lose_nothing() {
    let tape = run("duration: 4h
queues: { q: { visibility_timeout: 30s, receive_message_wait_time: 20s } }
producers:
  p:
    publishes_to: { queue: q }
    arrivals: { piecewise: { points: [{ at: 0s, rate: 20/s }, { at: 1h, rate: 0/s }] } }
consumers:
  w:
    receives_from: { queue: q }
    instances: 5
    threads: 2
    batch_size: 10
    processing_time: { exponential: { mean: 300ms } }
    crashes: { mean_time_between: 60s, restart_time: 10s }
");
    let produced = value(&tape, "p", "messages_produced", "sum") as u64;
    check_counts(&tape, "w", &[("messages_processed", produced)]);
    assert!(value(&tape, "w", "crashes", "sum") > 500.0);
    assert!(value(&tape, "w", "messages_abandoned", "sum") > 100.0);
}
