//! From the decision to launch an instance to its first message.

use super::{acts_at, area, changing, check_close, count, group, group_with_work, run, states, value};

#[test]
fn an_instance_is_in_service_before_its_application_is_ready() {
    let sizes = "min_size: 1\nmax_size: 2\nos_boot: 10s\napplication_start: 50s";
    let tape = run(&changing(&group(sizes, 600), 1));
    let at = acts_at();
    assert_eq!(states(&tape, 2), [(at, "Pending"), (at + 20, "InService")]);
    check_close(area(&tape, "instances_pending"), 20.0, "pending");
    check_close(area(&tape, "instances_in_service"), 600.0 + (580 - at) as f64, "in service");
    check_close(area(&tape, "threads"), 600.0 + (520 - at) as f64, "threads that ask for messages");
    check_close(
        value(&tape, "w", "instance_hours", "sum") * 3_600.0,
        (1_200 - at) as f64,
        "paid from the launch",
    );
}

#[test]
fn an_instance_whose_application_starts_receives_nothing() {
    // Two messages of 400 s come at 30 s; the only instance has one, the launched one the other, once it is ready.
    let keys = "min_size: 1\nmax_size: 2\napplication_start: 100s";
    let tape = run(&changing(&group_with_work(2, "400s", keys, 600), 1));
    let ready = acts_at() + 120;
    check_close(value(&tape, "w", "end_to_end_latency", "min"), 400.0, "the first message");
    check_close(value(&tape, "q", "queue_wait", "max"), (ready - 30) as f64, "the wait of the second one");
}

#[test]
fn with_its_pieces_a_launch_takes_as_long_as_ec2_needs() {
    let text = changing(&group("min_size: 0\nmax_size: 100\nos_boot: 10s", 600), 100);
    let tape = run(&text.replace("      launch_time: 20s\n", ""));
    let (mut shortest, mut longest) = (u64::MAX, 0);
    for instance in 1..=100 {
        let states = states(&tape, instance);
        shortest = shortest.min(states[1].0 - acts_at());
        longest = longest.max(states[1].0 - acts_at());
    }
    assert!((5..=10).contains(&shortest) && (25..=35).contains(&longest), "{shortest} s to {longest} s");
}

#[test]
fn an_instance_that_is_terminated_by_hand_is_replaced_at_once() {
    let keys = "min_size: 2\nmax_size: 2\nterminate_instances: [{ at: 100s }]";
    let tape = run(&group(keys, 600));
    assert_eq!(states(&tape, 1), [(0, "InService"), (100, "Terminating"), (130, "Terminated")]);
    assert_eq!(states(&tape, 3), [(100, "Pending"), (120, "InService")]);
    assert_eq!(count(&tape, "w", "instances_replaced"), 0);
}

#[test]
fn hours_are_paid_from_the_launch_to_the_end() {
    let keys = "min_size: 1\nmax_size: 1\nterminate_instances: [{ at: 100s }]";
    let tape = run(&group(keys, 600));
    let paid = value(&tape, "w", "instance_hours", "sum") * 3_600.0;
    check_close(paid, 130.0 + 500.0, "both instances");
}
