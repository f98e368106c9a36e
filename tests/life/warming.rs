//! Instances that warm up: in service, and left out of what the group's metrics aggregate.

use super::{acts_at, area, changing, check_close, group, group_with_work, run, value};
use queuelab::record::Tape;

#[test]
fn an_instance_warms_up_once_it_is_in_service() {
    let keys = "min_size: 1\nmax_size: 3\ninstance_warmup: 60s";
    let tape = run(&changing(&group(keys, 600), 2));
    let launched = acts_at();
    // Two launches of 20 s, then a minute each; the instance of the start is warm.
    check_close(area(&tape, "instances_warming"), 120.0, "warming");
    assert_eq!(value(&tape, "w", "instances_warming", "max"), 2.0);
    check_close(area(&tape, "instances_in_service"), 600.0 + 2.0 * (580.0 - launched as f64), "in service");
    // Without a warm-up there is none, and without one of its own a group has its cooldown.
    let none = run(&changing(&group("min_size: 1\nmax_size: 3\ninstance_warmup: 0s", 600), 2));
    check_close(area(&none, "instances_warming"), 0.0, "no warm-up");
    let cooldown = run(&changing(&group("min_size: 1\nmax_size: 3\ndefault_cooldown: 100s", 600), 2));
    check_close(area(&cooldown, "instances_warming"), 200.0, "the cooldown");
}

#[test]
fn an_instance_that_leaves_service_warms_up_no_more() {
    let keys = "min_size: 1\nmax_size: 3\ninstance_warmup: 300s\nterminate_instances: [{ at: 200s, instances: 3, decrement: false }]";
    let tape = run(&changing(&group(keys, 330), 2));
    let in_service = (acts_at() + 20) as f64;
    // Two until 200 s, then three new ones, in service from 220 s on, one of them in place of the first.
    check_close(area(&tape, "instances_warming"), 2.0 * (200.0 - in_service) + 3.0 * 110.0, "warming");
}

/// CPU by minute.
fn cpu(tape: &Tape) -> Vec<(u64, f64)> {
    let series =
        tape.metrics.iter().find(|series| series.definition.cloudwatch_name == Some("CPUUtilization"));
    let points = series.expect("CPU is published").datapoints.iter();
    points.map(|point| (point.time.as_nanos() / 60_000_000_000, point.average())).collect()
}

#[test]
fn the_cpu_of_an_instance_that_warms_up_is_left_out() {
    // Two endless messages come at 30 s: the first instance takes one, the second waits for an instance. That one is busy as
    // soon as it is in service, a third never finds anything to do.
    let keys = |warmup: u32| {
        format!(
            "min_size: 1\nmax_size: 3\ninstance_warmup: {warmup}s\nset_desired_capacity: [{{ at: 100s, desired_capacity: 3 }}]"
        )
    };
    let warm = run(&group_with_work(2, "2h", &keys(0), 900));
    let warming = run(&group_with_work(2, "2h", &keys(120), 900));
    let at = |tape: &Tape, minute: u64| cpu(tape).iter().find(|point| point.0 == minute).map(|point| point.1);
    // In service at 120 s: two of three threads are busy. Warm from 240 s on.
    for (minute, while_warming) in [(3, 100.0), (4, 200.0 / 3.0)] {
        let share = at(&warm, minute).expect("a datapoint");
        assert!((share - 200.0 / 3.0).abs() < 0.01, "minute {minute}: {share}");
        let share = at(&warming, minute).expect("a datapoint");
        assert!((share - while_warming).abs() < 0.01, "minute {minute}: {share}, not {while_warming}");
    }
}

#[test]
fn a_group_that_only_warms_up_has_no_cpu_utilisation() {
    let keys = "min_size: 0\nmax_size: 1\ninstance_warmup: 300s\nset_desired_capacity: [{ at: 40s, desired_capacity: 1 }]";
    let tape = run(&group_with_work(1, "2h", keys, 600));
    let minutes: Vec<u64> = cpu(&tape).iter().map(|point| point.0).collect();
    assert_eq!(minutes, [6, 7, 8, 9], "in service at 60 s, warm at 360 s");
}
