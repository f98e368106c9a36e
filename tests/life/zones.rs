//! Availability Zones, capacity errors, and the balance between zones.

use super::{activities, acts_at, changing, check_close, count, group, load, run, states, value, zones};

#[test]
fn instances_are_spread_evenly() {
    let tape = run(&changing(&group("min_size: 4\nmax_size: 9\navailability_zones: 3", 300), 5));
    assert_eq!(zones(&tape), "abcabcabc");
}

#[test]
fn a_zone_outage_moves_instances_and_the_balance_comes_back() {
    let keys = "min_size: 3\nmax_size: 3\navailability_zones: 3\nzone_outages: [{ zone: a, at: 100s, duration: 200s }]";
    let tape = run(&group(keys, 600));
    // Lost at 100 s, found by the check at 120 s, gone at 150 s, then replaced in another zone.
    let lost = [(0, "InService"), (120, "Terminating"), (150, "Terminated")];
    assert_eq!(states(&tape, 1), lost);
    assert_eq!(states(&tape, 4), [(150, "Pending"), (170, "InService")]);
    // When the zone is back, one is launched there before another goes: for a while there is one more than max_size.
    assert_eq!(states(&tape, 5), [(300, "Pending"), (320, "InService")]);
    assert_eq!(zones(&tape), "abcba");
    assert_eq!(states(&tape, 2)[1..], [(320, "Terminating"), (350, "Terminated")]);
    check_close(value(&tape, "w", "instances_total", "max"), 4.0, "one more than max_size");
    check_close(value(&tape, "w", "desired_capacity", "max"), 3.0, "desired");
    check_close(value(&tape, "w", "instances_in_service", "max"), 3.0, "in service: the swap takes no time");
}

#[test]
fn nothing_is_launched_in_a_zone_that_is_down() {
    let keys = "min_size: 2\nmax_size: 8\navailability_zones: 2\nzone_outages: [{ zone: b, at: 10s, duration: 700s }]";
    let tape = run(&changing(&group(keys, 600), 4));
    assert_eq!(zones(&tape), "abaaaaa");
    assert!(count(&tape, "w", "launches_failed") > 0);
}

#[test]
fn another_zone_is_tried_first() {
    let keys = "min_size: 1\nmax_size: 4\navailability_zones: 2\ncapacity_errors: { windows: [{ at: 0s, duration: 300s, zone: b }] }";
    let tape = run(&changing(&group(keys, 250), 1));
    let at = acts_at();
    assert_eq!(states(&tape, 2), [(at, "Pending"), (at + 20, "InService")]);
    assert_eq!(zones(&tape), "aa");
    assert_eq!(activities(&tape)[1], (at, "Failed", 2));
    assert!(tape.activities[1].cause.contains("InsufficientInstanceCapacity"), "{:?}", tape.activities);
}

#[test]
fn without_capacity_anywhere_the_group_waits_longer_and_longer() {
    let keys = "min_size: 1\nmax_size: 1\nterminate_instances: [{ at: 100s }]\ncapacity_errors: { windows: [{ at: 50s, duration: 350s }] }";
    let tape = run(&group(keys, 900));
    let failed: Vec<u64> =
        activities(&tape).iter().filter(|one| one.1 == "Failed").map(|one| one.0).collect();
    assert_eq!(failed, [100, 160, 280]);
    assert_eq!(states(&tape, 2), [(520, "Pending"), (540, "InService")]);
    let capped = run(&group(&format!("{keys}\nlaunch_retry_interval: 30s\nlaunch_retry_maximum: 45s"), 900));
    let failed: Vec<u64> =
        activities(&capped).iter().filter(|one| one.1 == "Failed").map(|one| one.0).collect();
    assert_eq!(failed, [100, 130, 175, 220, 265, 310, 355]);
    assert_eq!(states(&capped, 2)[0], (400, "Pending"), "at the end of the window there is capacity");
}

#[test]
fn chance_refuses_as_often_as_told() {
    let keys = "min_size: 0\nmax_size: 2000\ncapacity_errors: { probability: 20% }\nlaunch_retry_interval: 1s\nlaunch_retry_maximum: 1s";
    let tape = run(&changing(&group(keys, 3_600), 2_000));
    let refused = count(&tape, "w", "launches_failed") as f64;
    check_close(value(&tape, "w", "instances_in_service", "last"), 2_000.0, "in the end all are there");
    // Each launch succeeds with 80 %: 500 refusals on average, with a standard deviation of 25.
    assert!((refused - 500.0).abs() < 125.0, "{refused}");
}

#[test]
fn the_zone_with_the_most_loses_first_whatever_the_policy() {
    // The first instance (zone a) is replaced in a at 10 s; then a has the third and fourth, b the second.
    let keys = "min_size: 1\nmax_size: 3\ndesired_capacity: 3\navailability_zones: 2\nterminate_instances: [{ at: 10s }]\ntermination_policy: OldestInstance";
    let tape = run(&changing(&group(keys, 300), -1));
    assert_eq!(zones(&tape), "abaa");
    assert_eq!(states(&tape, 3)[1].0, acts_at(), "the oldest of zone a");
    assert_eq!(states(&tape, 2).len(), 1, "the oldest of all stays");
}

#[test]
fn zones_that_the_group_has_not_are_told() {
    let text = group(
        "min_size: 1\nmax_size: 1\navailability_zones: 2\nzone_outages: [{ zone: c, at: 1s, duration: 1s }]",
        60,
    );
    let problem = load(&format!("name: life\n{text}")).expect_err("it is refused");
    assert!(problem.contains("the group has no zone `c`"), "{problem}");
}
