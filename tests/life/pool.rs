//! Warm pools: how large they are, how fast their instances are, what they cost.

use super::{acts_at, area, changing, check_close, group, load, run, states, value};

fn pooled(pool: &str, keys: &str, seconds: u32) -> String {
    group(&format!("{keys}\napplication_start: 60s\nwarm_pool: {{ start_time: 10s{pool} }}"), seconds)
}

#[test]
fn an_instance_of_the_pool_is_there_sooner_and_needs_no_bootstrap() {
    let tape = run(&changing(&pooled("", "min_size: 1\nmax_size: 3", 600), 1));
    let at = acts_at();
    assert_eq!(states(&tape, 2), [(0, "Warmed:Stopped"), (at, "Pending"), (at + 10, "InService")]);
    check_close(area(&tape, "threads"), 600.0 + (590 - at) as f64, "threads");
    // What is taken is not launched again: the pool is the group's distance from its largest size.
    assert!(states(&tape, 4).is_empty());
    check_close(value(&tape, "w", "pool_warmed", "last"), 1.0, "left in the pool");
    check_close(value(&tape, "w", "pool_desired", "last"), 1.0, "wanted in the pool");
    check_close(value(&tape, "w", "group_and_pool_desired", "min"), 3.0, "group and pool");
}

#[test]
fn the_size_of_the_pool_follows_from_the_group() {
    let cases = [
        ("", 4),
        (", max_group_prepared_capacity: 8", 2),
        (", max_group_prepared_capacity: 5", 0),
        (", max_group_prepared_capacity: 5, min_size: 1", 1),
        (", min_size: 3", 4),
        (", min_size: 6", 6),
    ];
    for (pool, size) in cases {
        let tape = run(&pooled(pool, "min_size: 6\nmax_size: 10", 60));
        check_close(value(&tape, "w", "pool_warmed", "last"), f64::from(size), pool);
    }
}

#[test]
fn stopped_instances_cost_nothing_and_running_ones_do() {
    let hours = |state: &str| {
        let tape = run(&pooled(&format!(", pool_state: {state}"), "min_size: 1\nmax_size: 3", 3_600));
        value(&tape, "w", "instance_hours", "sum")
    };
    check_close(hours("Stopped"), 1.0, "stopped");
    check_close(hours("Hibernated"), 1.0, "hibernated");
    check_close(hours("Running"), 3.0, "running");
}

#[test]
fn an_empty_pool_leaves_a_cold_launch() {
    let pool = ", max_group_prepared_capacity: 2";
    let tape = run(&changing(&pooled(pool, "min_size: 1\nmax_size: 10", 600), 2));
    let at = acts_at();
    assert_eq!(states(&tape, 2)[1..], [(at, "Pending"), (at + 10, "InService")]);
    assert_eq!(states(&tape, 3), [(at, "Pending"), (at + 20, "InService")]);
    // The cold one is ready a minute later.
    check_close(area(&tape, "threads"), 600.0 + (590 - at) as f64 + (520 - at) as f64, "threads");
}

#[test]
fn without_a_hook_an_instance_is_stopped_before_it_is_prepared() {
    let keys = "min_size: 1\nmax_size: 1\nterminate_instances: [{ at: 100s }, { at: 400s }]";
    let tape = run(&pooled(", min_size: 1", keys, 900));
    let third = [(100, "Warmed:Pending"), (120, "Warmed:Stopped"), (400, "Pending"), (410, "InService")];
    assert_eq!(states(&tape, 3), third);
    // The second one was prepared: ready at 110 s. The third starts its application anew: ready at 470 s.
    check_close(area(&tape, "threads"), 100.0 + (400.0 - 110.0) + (900.0 - 470.0), "threads");
}

#[test]
fn a_launch_hook_prepares_an_instance_and_fires_twice() {
    let keys = "min_size: 1\nmax_size: 1\nterminate_instances: [{ at: 100s }, { at: 400s }]\nlifecycle_hooks: { ready: { transition: launching } }";
    let tape = run(&pooled(", min_size: 1", keys, 900));
    let third = [
        (100, "Warmed:Pending"),
        (120, "Warmed:Pending:Wait"),
        (180, "Warmed:Pending:Proceed"),
        (180, "Warmed:Stopped"),
        (400, "Pending"),
        (410, "Pending:Wait"),
        (410, "Pending:Proceed"),
        (410, "InService"),
    ];
    assert_eq!(states(&tape, 3), third);
    check_close(area(&tape, "threads"), 100.0 + (400.0 - 110.0) + (900.0 - 410.0), "threads");
}

#[test]
fn scale_in_returns_instances_to_the_pool_only_if_it_may() {
    let keys = "min_size: 1\nmax_size: 2\ndesired_capacity: 2";
    let at = acts_at();
    let tape = run(&changing(&pooled(", reuse_on_scale_in: true", keys, 600), -1));
    let kept = [(at, "Terminating"), (at, "Warmed:Pending"), (at + 30, "Warmed:Stopped")];
    assert_eq!(states(&tape, 1)[1..], kept);
    assert!(states(&tape, 3).is_empty());
    let tape = run(&changing(&pooled("", keys, 600), -1));
    assert_eq!(states(&tape, 1)[1..], [(at, "Terminating"), (at + 30, "Terminated")]);
    assert_eq!(
        states(&tape, 3),
        [(at, "Warmed:Pending"), (at + 20, "Warmed:Stopped")],
        "the pool is refilled"
    );
}

#[test]
fn a_pool_that_is_too_large_shrinks() {
    // Desired 2 of 4: the pool has 2. The group grows by a standby that is replaced and returns: the pool shrinks.
    let keys = "min_size: 1\nmax_size: 4\ndesired_capacity: 2\nstandby: [{ at: 100s, duration: 100s, decrement: false }]";
    let tape = run(&pooled("", keys, 600));
    // At 100 s one is taken from the pool, and one launched into it; at 200 s desired is 3, and one pooled too many.
    assert_eq!(states(&tape, 5)[..2], [(100, "Warmed:Pending"), (120, "Warmed:Stopped")]);
    assert_eq!(states(&tape, 4), [(0, "Warmed:Stopped"), (200, "Warmed:Terminating"), (230, "Terminated")]);
    check_close(value(&tape, "w", "pool_warmed", "last"), 1.0, "left in the pool");
}

#[test]
fn spot_and_pool_do_not_go_together() {
    let text = group("min_size: 1\nmax_size: 3\nwarm_pool: {}\nspot: {}", 60);
    let problem = load(&format!("name: life\n{text}")).expect_err("it is refused");
    assert!(problem.contains("cannot have a warm pool"), "{problem}");
}
