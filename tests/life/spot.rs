//! Spot Instances: their number, price, notice and end.

use super::{area, check_close, count, group, group_with_work, run, states, value};

fn with_spot(messages: u32, processing: &str, spot: &str, keys: &str) -> String {
    let keys = format!("spot: {{ on_demand_percentage_above_base_capacity: 0%{spot} }}\n{keys}");
    group_with_work(messages, processing, &keys, 600)
}

const TWO: &str = "min_size: 2\nmax_size: 2";

#[test]
fn the_first_are_on_demand_and_a_share_of_the_rest() {
    let price = |base: u32, share: u32| {
        let spot = format!(
            "spot: {{ on_demand_base_capacity: {base}, on_demand_percentage_above_base_capacity: {share}%, price_share: 40% }}"
        );
        let tape = run(&group(&format!("min_size: 10\nmax_size: 10\n{spot}"), 3_600)
            .replace("    auto_scaling_group", "    instance_price: 1\n    auto_scaling_group"));
        check_close(value(&tape, "w", "instance_hours", "sum"), 10.0, "hours");
        value(&tape, "w", "estimated_cost", "sum")
    };
    check_close(price(0, 100), 10.0, "all on demand");
    check_close(price(0, 0), 4.0, "all Spot");
    check_close(price(3, 0), 3.0 + 7.0 * 0.4, "three on demand");
    check_close(price(3, 50), 3.0 + 4.0 + 3.0 * 0.4, "three, and half of seven rounded up");
    check_close(price(20, 0), 10.0, "more than there are");
}

#[test]
fn two_minutes_after_the_notice_an_instance_is_gone() {
    let tape = run(&with_spot(0, "1s", ", interruptions: [{ at: 100s }]", TWO));
    assert_eq!(count(&tape, "w", "spot_interruptions"), 1);
    // Gone at 220 s, found by the check at 240 s; only then the replacement is launched.
    assert_eq!(states(&tape, 1), [(0, "InService"), (240, "Terminating"), (270, "Terminated")]);
    assert_eq!(states(&tape, 3), [(270, "Pending"), (290, "InService")]);
}

#[test]
fn with_capacity_rebalancing_the_replacement_comes_first() {
    let tape = run(&with_spot(0, "1s", ", interruptions: [{ at: 100s }], capacity_rebalance: true", TWO));
    assert_eq!(states(&tape, 3), [(100, "Pending"), (120, "InService")]);
    assert_eq!(states(&tape, 1), [(0, "InService"), (120, "Terminating"), (150, "Terminated")]);
    check_close(value(&tape, "w", "instances_total", "max"), 3.0, "one more than max_size");
    check_close(area(&tape, "instances_in_service"), 1_200.0, "always two in service");
    assert_eq!(count(&tape, "w", "instances_replaced"), 0);
}

#[test]
fn a_replacement_that_comes_too_late_is_not_launched_twice() {
    let spot = ", interruptions: [{ at: 100s }], capacity_rebalance: true";
    let tape = run(&with_spot(0, "1s", spot, TWO).replace("launch_time: 20s", "launch_time: 200s"));
    assert_eq!(states(&tape, 3), [(100, "Pending"), (300, "InService")]);
    assert_eq!(states(&tape, 1), [(0, "InService"), (240, "Terminating"), (270, "Terminated")]);
    assert!(states(&tape, 4).is_empty());
}

#[test]
fn a_worker_that_hears_the_notice_finishes_in_time() {
    let one = "min_size: 1\nmax_size: 1";
    // Messages of 100 s from 30 s on: the second is in hand from 130 s to 230 s, the loss comes at 270 s.
    let heard = run(&with_spot(5, "100s", ", interruptions: [{ at: 150s }]", one));
    assert_eq!(count(&heard, "w", "messages_abandoned"), 0);
    let ignored =
        run(&with_spot(5, "100s", ", interruptions: [{ at: 150s }], on_interruption_notice: ignore", one));
    assert_eq!(count(&ignored, "w", "messages_abandoned"), 1, "the third, begun at 230 s");
    let too_long = run(&with_spot(1, "300s", ", interruptions: [{ at: 150s }]", one));
    assert_eq!(count(&too_long, "w", "messages_abandoned"), 1, "two minutes are two minutes");
}

#[test]
fn interruptions_by_chance_come_as_often_as_told() {
    let keys = "min_size: 50\nmax_size: 50\nspot: { on_demand_percentage_above_base_capacity: 0%, mean_time_to_interruption: 10h }";
    let tape = run(&group(keys, 36_000));
    let interrupted = count(&tape, "w", "spot_interruptions") as f64;
    assert!((interrupted - 50.0).abs() < 28.0, "{interrupted}");
    let on_demand = run(&group("min_size: 50\nmax_size: 50\nspot: { mean_time_to_interruption: 1h }", 3_600));
    assert_eq!(count(&on_demand, "w", "spot_interruptions"), 0, "the default is on-demand");
}

#[test]
fn a_recommendation_may_come_before_the_notice() {
    let spot = |rest: &str| {
        let spot = format!(
            "spot: {{ on_demand_percentage_above_base_capacity: 0%, mean_time_to_interruption: 1h, capacity_rebalance: true{rest} }}"
        );
        run(&group(&format!("min_size: 10\nmax_size: 10\n{spot}"), 36_000))
    };
    // With ten minutes of warning every instance is replaced before its notice.
    let early = spot(", recommendation_lead: 10m");
    assert!(count(&early, "w", "spot_interruptions") <= 5);
    assert!(count(&spot(""), "w", "spot_interruptions") > 50);
}
