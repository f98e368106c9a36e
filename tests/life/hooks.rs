//! Lifecycle hooks: who waits for whom, how long, and what a timeout means.

use super::{
    activities, acts_at, area, changing, check_close, count, group, group_with_work, load, run, since,
    states, value,
};

/// One instance is replaced at 100 s; the replacement waits for these hooks.
fn launching(hooks: &str, seconds: u32) -> String {
    let keys = format!(
        "min_size: 1\nmax_size: 1\napplication_start: 60s\nterminate_instances: [{{ at: 100s }}]\nlifecycle_hooks:\n{hooks}"
    );
    group(&keys, seconds)
}

#[test]
fn a_launch_hook_holds_an_instance_until_its_application_is_ready() {
    let tape = run(&launching("  ready: { transition: launching }", 600));
    assert_eq!(
        states(&tape, 2),
        [(100, "Pending"), (120, "Pending:Wait"), (180, "Pending:Proceed"), (180, "InService")]
    );
    check_close(area(&tape, "instances_pending"), 80.0, "pending, and waiting");
    check_close(area(&tape, "threads"), 100.0 + 420.0, "threads");
}

#[test]
fn a_timeout_abandons_the_launch_and_another_instance_is_launched() {
    let hook = "  slow: { transition: launching, heartbeat_timeout: 30s, never_completed: 100% }";
    let tape = run(&launching(hook, 600));
    let second = [(100, "Pending"), (120, "Pending:Wait"), (150, "Terminating"), (180, "Terminated")];
    assert_eq!(states(&tape, 2), second);
    let third = [(150, "Pending"), (170, "Pending:Wait"), (200, "Terminating"), (230, "Terminated")];
    assert_eq!(states(&tape, 3), third, "the first failure is followed by another launch at once");
    assert_eq!(states(&tape, 4)[0], (260, "Pending"), "the second one by a wait of a minute");
    assert_eq!(states(&tape, 5)[0], (310 + 120, "Pending"), "the third one by two minutes");
    assert_eq!(count(&tape, "w", "launches_failed"), 4);
    let failed: Vec<u64> =
        activities(&tape).iter().filter(|one| one.1 == "Failed").map(|one| one.0).collect();
    assert_eq!(failed, [150, 200, 310, 480]);
}

#[test]
fn a_timeout_may_also_let_the_launch_go_on() {
    let hook = "  slow: { transition: launching, heartbeat_timeout: 30s, default_result: CONTINUE }";
    let tape = run(&launching(hook, 600));
    // The application is ready only at 180 s.
    assert_eq!(
        states(&tape, 2),
        [(100, "Pending"), (120, "Pending:Wait"), (150, "Pending:Proceed"), (150, "InService")]
    );
    check_close(area(&tape, "threads"), 100.0 + 420.0, "threads");
}

#[test]
fn an_action_that_is_completed_at_the_timeout_is_complete() {
    let hook = "  edge: { transition: launching, heartbeat_timeout: 60s, completed: { after: 60s } }";
    assert_eq!(since(&run(&launching(hook, 600)), 2, "InService"), Some(180));
    let hook = "  edge: { transition: launching, heartbeat_timeout: 60s }";
    assert_eq!(since(&run(&launching(hook, 600)), 2, "InService"), Some(180));
}

#[test]
fn heartbeats_restart_the_timeout() {
    let hook = |rest: &str| {
        format!(
            "  slow: {{ transition: launching, heartbeat_timeout: 30s, completed: {{ after: 100s }}{rest} }}"
        )
    };
    let without = run(&launching(&hook(""), 600));
    assert_eq!(states(&without, 2)[2], (150, "Terminating"));
    let with = run(&launching(&hook(", heartbeat_interval: 20s"), 600));
    assert_eq!(since(&with, 2, "InService"), Some(220));
    let too_seldom = run(&launching(&hook(", heartbeat_interval: 30s"), 600));
    assert_eq!(states(&too_seldom, 2)[2], (150, "Terminating"));
}

#[test]
fn heartbeats_help_for_a_hundred_timeouts_and_no_longer() {
    let hook = "  slow: { transition: launching, heartbeat_timeout: 30s, heartbeat_interval: 20s, completed: { after: 5_000s }, default_result: CONTINUE }";
    let tape = run(&launching(hook, 4_000));
    assert_eq!(since(&tape, 2, "InService"), Some(120 + 3_000));
}

#[test]
fn the_last_of_several_hooks_decides_and_one_that_abandons_decides_at_once() {
    let two = "  first: { transition: launching, completed: { after: 10s } }\n  second: { transition: launching, completed: { after: 40s } }";
    assert_eq!(since(&run(&launching(two, 600)), 2, "InService"), Some(160));
    let abandons = two.replace("after: 10s }", "after: 10s }, result: ABANDON");
    assert_eq!(states(&run(&launching(&abandons, 300)), 2)[2], (130, "Terminating"));
}

fn terminating(termination: &str, hooks: &str, messages: u32, processing: &str) -> String {
    let keys = format!(
        "min_size: 0\nmax_size: 1\ndesired_capacity: 1\ntermination: {termination}\nterminate_instances: [{{ at: 100s, decrement: true }}]\nlifecycle_hooks:\n{hooks}"
    );
    group_with_work(messages, processing, &keys, 900)
}

#[test]
fn a_terminating_hook_gives_the_time_to_finish() {
    let without = run(&terminating("graceful", "  other: { transition: launching }", 1, "200s"));
    assert_eq!(count(&without, "w", "messages_abandoned"), 1, "30 s are too short");
    let with = run(&terminating("graceful", "  drain: { transition: terminating }", 1, "200s"));
    assert_eq!(count(&with, "w", "messages_abandoned"), 0);
    assert_eq!(count(&with, "w", "messages_processed"), 1);
    let expected =
        [(100, "Terminating"), (100, "Terminating:Wait"), (230, "Terminating:Proceed"), (260, "Terminated")];
    assert_eq!(states(&with, 1)[1..], expected);
    check_close(area(&with, "instances_terminating"), 160.0, "terminating, and waiting");
}

#[test]
fn a_terminating_hook_takes_nothing_new_from_a_worker_that_is_told() {
    let tape = run(&terminating("graceful", "  drain: { transition: terminating }", 10, "50s"));
    assert_eq!(count(&tape, "w", "messages_processed"), 2, "from 30 s to 130 s");
    assert_eq!(since(&tape, 1, "Terminating:Proceed"), Some(130));
}

#[test]
fn a_worker_that_is_not_told_goes_on_while_the_hook_waits() {
    let hook = "  logs: { transition: terminating, completed: { after: 100s } }";
    let tape = run(&terminating("kill", hook, 10, "50s"));
    // It receives at 30, 80, 130 and 180 s; at 200 s it is cut off.
    assert_eq!(count(&tape, "w", "messages_processed"), 3);
    assert_eq!(count(&tape, "w", "messages_abandoned"), 1);
    assert_eq!(since(&tape, 1, "Terminating:Wait"), Some(100));
    assert_eq!(since(&tape, 1, "Terminating:Proceed"), Some(200));
}

#[test]
fn work_that_outlives_the_hook_is_lost_to_the_instance() {
    for result in ["CONTINUE", "ABANDON"] {
        let hook = format!(
            "  drain: {{ transition: terminating, heartbeat_timeout: 60s, default_result: {result} }}"
        );
        let tape = run(&terminating("graceful", &hook, 1, "200s"));
        assert_eq!(count(&tape, "w", "messages_abandoned"), 1);
        assert_eq!(since(&tape, 1, "Terminating:Proceed"), Some(160), "either way the instance goes");
        check_close(value(&tape, "q", "messages_visible", "last"), 1.0, "back after its visibility timeout");
    }
}

#[test]
fn an_abandoned_termination_waits_for_no_other_hook() {
    let hooks = "  first: { transition: terminating, completed: { after: 10s }, result: RESULT }\n  second: { transition: terminating, completed: { after: 50s } }";
    let end = |result: &str| {
        let tape = run(&terminating("graceful", &hooks.replace("RESULT", result), 0, "1s"));
        since(&tape, 1, "Terminating:Proceed")
    };
    assert_eq!(end("CONTINUE"), Some(150));
    assert_eq!(end("ABANDON"), Some(110));
}

#[test]
fn an_idle_instance_completes_its_hook_at_once() {
    let tape = run(&terminating("graceful", "  drain: { transition: terminating }", 0, "1s"));
    assert_eq!(
        states(&tape, 1)[1..],
        [(100, "Terminating"), (100, "Terminating:Wait"), (100, "Terminating:Proceed"), (130, "Terminated")]
    );
}

#[test]
fn scaling_waits_for_hooks_before_instances_count() {
    let keys = "min_size: 1\nmax_size: 2\nlifecycle_hooks:\n  ready: { transition: launching, completed: { after: 45s } }";
    let tape = run(&changing(&group(keys, 600), 1));
    let at = acts_at();
    assert_eq!(
        states(&tape, 2),
        [(at, "Pending"), (at + 20, "Pending:Wait"), (at + 65, "Pending:Proceed"), (at + 65, "InService")]
    );
}

#[test]
fn what_aws_would_not_create_is_told() {
    let problem = |text: &str| load(&format!("name: life\n{text}")).expect_err("it is refused");
    let hook = "  drain: { transition: terminating }";
    assert!(problem(&terminating("kill", hook, 0, "1s")).contains("nobody completes the action of `drain`"));
    let hooks = (0..51)
        .fold(String::new(), |text, number| text + &format!("  h{number}: {{ transition: launching }}\n"));
    assert!(problem(&launching(&hooks, 60)).contains("50 lifecycle hooks at most"));
    for timeout in ["29s", "7201s"] {
        let hook = format!("  h: {{ transition: launching, heartbeat_timeout: {timeout} }}");
        assert!(problem(&launching(&hook, 60)).contains("heartbeat_timeout"), "{timeout}");
    }
}
