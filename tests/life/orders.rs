//! What is done by hand: standby, terminations, suspended processes.

use super::{
    activities, acts_at, area, changing, check_close, count, group, group_with_work, run, states, value,
};

#[test]
fn a_standby_lowers_the_desired_capacity_and_its_end_raises_it() {
    let keys = "min_size: 1\nmax_size: 2\ndesired_capacity: 2\nstandby: [{ at: 100s, duration: 100s }]";
    let tape = run(&group(keys, 600));
    let expected = [(0, "InService"), (100, "Standby"), (200, "Pending"), (200, "InService")];
    assert_eq!(states(&tape, 1), expected);
    assert_eq!(activities(&tape), [(100, "Successful", 1), (200, "Successful", 2)]);
    check_close(area(&tape, "instances_standby"), 100.0, "standby");
    check_close(area(&tape, "instances_total"), 1_200.0, "standby instances are part of the group");
    check_close(value(&tape, "w", "instance_hours", "sum") * 3_600.0, 1_200.0, "and are paid for");
    check_close(area(&tape, "threads"), 1_100.0, "threads");
}

#[test]
fn a_standby_that_is_replaced_leaves_one_more() {
    let keys = |most: u32| {
        format!("min_size: 1\nmax_size: {most}\nstandby: [{{ at: 100s, duration: 100s, decrement: false }}]")
    };
    let tape = run(&group(&keys(2), 600));
    assert_eq!(states(&tape, 2), [(100, "Pending"), (120, "InService")]);
    assert_eq!(activities(&tape), [(100, "Successful", 1), (200, "Successful", 2)]);
    let refused = run(&group(&keys(1), 600));
    assert_eq!(activities(&refused), [(100, "Successful", 1), (200, "Failed", 1)]);
    assert_eq!(states(&refused, 1).last(), Some(&(100, "Standby")));
}

#[test]
fn calls_that_would_break_min_size_are_refused() {
    for call in ["standby: [{ at: 100s }]", "terminate_instances: [{ at: 100s, decrement: true }]"] {
        let tape = run(&group(&format!("min_size: 1\nmax_size: 2\n{call}"), 600));
        assert_eq!(activities(&tape), [(100, "Failed", 1)], "{call}");
        assert_eq!(states(&tape, 1).len(), 1);
    }
}

#[test]
fn a_worker_in_standby_finishes_and_takes_nothing_new() {
    let keys = "min_size: 0\nmax_size: 1\ndesired_capacity: 1\nstandby: [{ at: 50s, duration: 200s }]";
    let tape = run(&group_with_work(5, "50s", keys, 600));
    // The first from 30 s to 80 s; then from 250 s on.
    assert_eq!(count(&tape, "w", "messages_abandoned"), 0);
    check_close(
        value(&tape, "q", "queue_wait", "max"),
        250.0 + 150.0 - 30.0,
        "the last one waits for the end of standby",
    );
    check_close(value(&tape, "q", "queue_wait", "min"), 0.0, "the first did not wait");
}

#[test]
fn an_application_that_starts_goes_on_starting_in_standby() {
    // Launched at 10 s, in service at 30 s, in standby from 40 s to 60 s, ready at 130 s.
    let keys = "min_size: 0\nmax_size: 2\ndesired_capacity: 1\napplication_start: 100s\nset_desired_capacity: [{ at: 10s, desired_capacity: 2 }]\nterminate_instances: [{ at: 35s, decrement: true }]\nstandby: [{ at: 40s, duration: 20s }]";
    let tape = run(&group(keys, 600));
    check_close(area(&tape, "threads"), 35.0 + 470.0, "threads");
}

#[test]
fn terminating_with_a_decrement_launches_nothing() {
    let keys = "min_size: 0\nmax_size: 3\ndesired_capacity: 3\nterminate_instances: [{ at: 100s, instances: 2, decrement: true }]";
    let tape = run(&group(keys, 600));
    assert_eq!(activities(&tape), [(100, "Successful", 1)]);
    assert!(states(&tape, 4).is_empty());
    assert_eq!(states(&tape, 2)[1], (100, "Terminating"));
}

#[test]
fn without_launch_nothing_is_launched_until_it_is_resumed() {
    let keys = "min_size: 1\nmax_size: 1\nterminate_instances: [{ at: 100s }]\nsuspended_processes: [{ at: 50s, duration: 250s, processes: [Launch] }]";
    assert_eq!(states(&run(&group(keys, 600)), 2), [(300, "Pending"), (320, "InService")]);
}

#[test]
fn without_terminate_a_group_stays_too_large() {
    let keys = "min_size: 1\nmax_size: 2\ndesired_capacity: 2\nsuspended_processes: [{ duration: 300s, processes: [Terminate] }]";
    let tape = run(&changing(&group(keys, 600), -1));
    assert_eq!(states(&tape, 1)[1], (300, "Terminating"));
    check_close(value(&tape, "w", "desired_capacity", "last"), 1.0, "desired");
}

#[test]
fn alarms_in_breach_are_heard_when_notifications_are_resumed() {
    let keys =
        "min_size: 1\nmax_size: 2\nsuspended_processes: [{ duration: 300s, processes: [AlarmNotification] }]";
    let tape = run(&changing(&group(keys, 600), 1));
    let resumed = acts_at() + 60 * (300 - acts_at()).div_ceil(60);
    assert_eq!(activities(&tape)[0], (resumed, "Successful", 2));
}

#[test]
fn zones_stay_out_of_balance_without_rebalancing() {
    let keys = "min_size: 4\nmax_size: 4\navailability_zones: 2\nzone_outages: [{ zone: a, at: 100s, duration: 100s }]";
    let moved = run(&group(keys, 900));
    assert!(count(&moved, "w", "instances_replaced") == 2 && states(&moved, 7).len() > 1);
    let suspended = format!("{keys}\nsuspended_processes: [{{ processes: [AZRebalance] }}]");
    let tape = run(&group(&suspended, 900));
    assert_eq!(states(&tape, 6).last().unwrap().1, "InService");
    assert!(states(&tape, 7).is_empty());
}
