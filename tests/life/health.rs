//! Health checks, grace periods, replacements, and old age.

use super::{acts_at, area, changing, check_close, count, group, group_with_work, run, states, value};

const ONE: &str = "min_size: 1\nmax_size: 1\n";

fn failing(what: &str, keys: &str, seconds: u32) -> String {
    group(&format!("{ONE}instance_failures: [{{ what: {what}, at: 100s }}]\n{keys}"), seconds)
}

#[test]
fn an_instance_that_does_not_run_is_terminated_then_replaced() {
    let tape = run(&failing("instance", "", 600));
    assert_eq!(states(&tape, 1), [(0, "InService"), (120, "Terminating"), (150, "Terminated")]);
    assert_eq!(states(&tape, 2), [(150, "Pending"), (170, "InService")]);
    assert_eq!(count(&tape, "w", "instances_replaced"), 1);
    check_close(area(&tape, "threads"), 100.0 + 430.0, "threads");
}

#[test]
fn checks_come_as_often_as_told() {
    let tape = run(&failing("instance", "health_check: { interval: 7s }", 600));
    assert_eq!(states(&tape, 1)[1], (105, "Terminating"));
}

#[test]
fn an_application_that_hangs_goes_unnoticed_by_ec2() {
    let tape = run(&failing("application", "", 600));
    assert_eq!(states(&tape, 1).len(), 1);
    check_close(area(&tape, "instances_in_service"), 600.0, "in service");
    check_close(area(&tape, "threads"), 100.0, "threads");
    for kind in ["ELB", "custom"] {
        let tape = run(&failing("application", &format!("health_check: {{ type: {kind} }}"), 600));
        assert_eq!(states(&tape, 1)[1..], [(120, "Terminating"), (150, "Terminated")]);
        assert_eq!(states(&tape, 2), [(150, "Pending"), (170, "InService")]);
    }
}

#[test]
fn the_grace_period_protects_applications_and_not_instances() {
    let grace = "health_check: { type: ELB, grace_period: 300s }";
    assert_eq!(states(&run(&failing("application", grace, 600)), 1)[1], (300, "Terminating"));
    assert_eq!(states(&run(&failing("instance", grace, 600)), 1)[1], (120, "Terminating"));
}

#[test]
fn without_grace_an_application_that_starts_slowly_is_replaced_for_ever() {
    let keys = |grace: u32| {
        format!(
            "{ONE}application_start: 120s\nterminate_instances: [{{ at: 100s }}]\nhealth_check: {{ type: ELB, grace_period: {grace}s }}"
        )
    };
    let tape = run(&group(&keys(0), 3_600));
    assert!(count(&tape, "w", "instances_replaced") > 10);
    check_close(area(&tape, "threads"), 100.0, "threads: nothing works ever again");
    let tape = run(&group(&keys(121), 3_600));
    assert_eq!(count(&tape, "w", "instances_replaced"), 0);
    check_close(area(&tape, "threads"), 100.0 + 3_360.0, "threads");
}

#[test]
fn a_message_of_a_lost_instance_comes_back() {
    let keys = format!("{ONE}instance_failures: [{{ at: 100s }}]");
    let tape = run(&group_with_work(1, "200s", &keys, 900));
    assert_eq!(count(&tape, "w", "messages_abandoned"), 1);
    assert_eq!(count(&tape, "w", "messages_processed"), 1);
    // Hidden from 30 s to 330 s, then processed for 200 s.
    check_close(value(&tape, "w", "end_to_end_latency", "max"), 500.0, "latency");
}

#[test]
fn failures_by_chance_come_as_often_as_told() {
    let keys = "min_size: 50\nmax_size: 50\ninstance_failures: [{ mean_time_between: 10h }]";
    let tape = run(&group(keys, 36_000));
    let replaced = count(&tape, "w", "instances_replaced") as f64;
    // 50 expected, Poisson.
    assert!((replaced - 50.0).abs() < 28.0, "{replaced}");
    check_close(value(&tape, "w", "desired_capacity", "min"), 50.0, "desired");
}

#[test]
fn suspended_checks_find_nothing_until_they_are_resumed() {
    for process in ["HealthCheck", "ReplaceUnhealthy"] {
        let keys = format!("suspended_processes: [{{ at: 50s, duration: 450s, processes: [{process}] }}]");
        let tape = run(&failing("instance", &keys, 900));
        assert_eq!(states(&tape, 1)[1], (540, "Terminating"), "{process}");
    }
}

#[test]
fn old_instances_are_replaced_one_at_a_time() {
    let tape = run(&group("min_size: 3\nmax_size: 3\nmax_instance_lifetime: 1d", 90_000));
    let first = |instance| states(&tape, instance)[1];
    assert_eq!(first(1), (86_400, "Terminating"));
    assert_eq!(states(&tape, 4), [(86_430, "Pending"), (86_450, "InService")]);
    assert_eq!(first(2), (86_460, "Terminating"));
    assert_eq!(first(3), (86_520, "Terminating"));
    assert_eq!(count(&tape, "w", "instances_replaced"), 3);
}

#[test]
fn an_instance_that_is_not_needed_any_more_is_not_replaced() {
    // The lost one terminates from 120 s to 150 s; meanwhile the desired capacity falls by one.
    let keys = "min_size: 1\nmax_size: 2\ndesired_capacity: 2\ninstance_failures: [{ at: 100s }]\nset_desired_capacity: [{ at: 130s, desired_capacity: 1 }]";
    let tape = run(&group(keys, 600));
    assert_eq!(states(&tape, 2), [(0, "InService")]);
    assert!(states(&tape, 3).is_empty());
}

#[test]
fn a_replacement_is_no_activity_of_a_policy() {
    // The cooldown of a simple policy waits for its own launches, not for the replacement.
    let keys = "min_size: 1\nmax_size: 3\ninstance_failures: [{ at: 50s }]";
    let text = changing(&group(keys, 600), 1).replace("cooldown: 100h", "cooldown: 60s");
    let tape = run(&text);
    let at = acts_at();
    let changes: Vec<_> =
        tape.activities.iter().filter(|one| !one.policy.is_empty() && one.status == "Successful").collect();
    assert_eq!(changes[0].time.as_nanos() / 1_000_000_000, at);
    assert_eq!(
        changes[1].time.as_nanos() / 1_000_000_000,
        at + 120,
        "20 s of launch, 60 s of cooldown, the next minute"
    );
}
