//! Slots, KPUs, back pressure, automatic scaling, and what it all costs.

use super::{app, run, sum, value};

fn lines(hours: u32, shards: u32, rate: u32) -> String {
    format!(
        "duration: {hours}h\nassumptions: {{ flink_source_time: 5ms, flink_operator_time: 5ms, flink_scaling_time: 30s }}\n\
         streams: {{ s: {{ shards: {shards} }} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    arrivals: {{ constant: {{ rate: {rate}/s }} }}\n    \
         message: {{ size: 10B, partition_key: random }}\n    library: {{ put_records: {{}} }}\n"
    )
}

const NOTHING: &str = "{ map: {} }";
const FIXED: &str = ", auto_scaling: false";
/// Fewer polls make a faster test.
const SLOW: &str = ", get_records_interval: 2s";

#[test]
fn a_slot_does_so_much_and_the_stream_keeps_the_rest() {
    // Ten milliseconds a record: 100 a second in a slot.
    let of = |rate: u32, more: &str| run(&format!("{}{}", lines(1, 4, rate), app(NOTHING, more)));
    let enough = of(80, FIXED);
    let cpu = value(&enough, "app", "cpu_utilization", "last");
    assert!((78.0..82.0).contains(&cpu), "{cpu}");
    assert!(value(&enough, "app", "milliseconds_behind_latest", "max") < 5_000.0);
    let tape = of(120, FIXED);
    let done = value(&tape, "app", "records_in", "rate");
    assert!((99.0..=100.1).contains(&done), "{done}");
    assert_eq!(value(&tape, "app", "cpu_utilization", "last"), 100.0);
    let behind = value(&tape, "app", "milliseconds_behind_latest", "max");
    assert!(behind > 200_000.0, "{behind}");
    let two = of(120, ", auto_scaling: false, parallelism: 2");
    assert!((119.0..120.1).contains(&value(&two, "app", "records_in", "rate")));
}

#[test]
fn slots_of_a_kpu_share_its_processor() {
    let of = |more: &str| {
        let more = format!(", auto_scaling: false, parallelism: 4{more}");
        let tape = run(&format!("{}{}", lines(1, 4, 300), app(NOTHING, &more)));
        (value(&tape, "app", "records_in", "rate"), value(&tape, "app", "kpus", "last"))
    };
    let (own, kpus) = of("");
    assert!(own > 290.0 && kpus == 4.0, "{own}");
    let (shared, kpus) = of(", parallelism_per_kpu: 4");
    assert!((99.0..100.1).contains(&shared) && kpus == 1.0, "{shared}");
    // Operators that mostly wait leave the processor to others.
    let (waiting, _) = of(", parallelism_per_kpu: 4, cpu_share: 0.25");
    assert!(waiting > 290.0, "{waiting}");
}

#[test]
fn a_hot_key_has_one_slot_and_holds_the_source_back() {
    let hot = lines(1, 4, 150).replace("partition_key: random", "partition_key: k");
    let operators = "{ key_by: partition_key }, { window: { tumbling: { size: 1m }, operator_time: 10ms } }";
    let hot =
        hot.replace("flink_source_time: 5ms", "flink_source_time: 0s").replace("shards: 4", "shards: 2");
    let hot = hot.replace("partition_key: k", "partition_key: { zipf: { keys: 2, exponent: 8 } }");
    let tape = run(&format!("{hot}{}", app(operators, ", auto_scaling: false, parallelism: 4")));
    let done = value(&tape, "app", "records_in", "rate");
    assert!(done < 110.0, "one slot is full, and three have little to do: {done}");
    let cpu = value(&tape, "app", "cpu_utilization", "last");
    assert!(cpu < 35.0, "{cpu}");
    assert!(value(&tape, "app", "back_pressured_time", "last") > 0.0);
}

#[test]
fn automatic_scaling_doubles_after_fifteen_minutes_and_halves_after_six_hours() {
    let text = format!("{}{}", lines(1, 4, 120), app(NOTHING, ""));
    let tape = run(&text);
    let activities: Vec<(f64, u32, u32)> = tape
        .activities
        .iter()
        .map(|one| (one.time.as_seconds_f64() / 60.0, one.old_desired, one.new_desired))
        .collect();
    assert_eq!(activities[0], (15.0, 1, 2));
    assert!(value(&tape, "app", "full_restarts", "last") >= 1.0);
    // The load ends after an hour, and six hours later half is enough.
    let text = lines(9, 1, 120).replace(
        "constant: { rate: 120/s }",
        "piecewise: { points: [ { at: 0s, rate: 120/s }, { at: 1h, rate: 1/s } ] }",
    );
    let tape = run(&format!("{text}{}", app(NOTHING, SLOW)));
    let down: Vec<(u32, u32)> = tape
        .activities
        .iter()
        .filter(|one| one.new_desired < one.old_desired)
        .map(|one| (one.old_desired, one.new_desired))
        .collect();
    assert_eq!(down.last().map(|one| one.1), Some(1), "{down:?}: back to what was configured");
    let fixed = run(&format!("{}{}", lines(1, 4, 120), app(NOTHING, FIXED)));
    assert!(fixed.activities.is_empty());
}

#[test]
fn scaling_never_goes_beyond_the_quota_of_kpus() {
    let text = format!("quotas: {{ flink_kpus: 3 }}\n{}{}", lines(1, 4, 400), app(NOTHING, ""));
    let tape = run(&text);
    let reached: Vec<u32> = tape.activities.iter().map(|one| one.new_desired).collect();
    assert_eq!(reached, [2, 3]);
}

#[test]
fn a_kpu_for_orchestration_is_paid_for_and_ten_minutes_at_least() {
    let text = |profile: &str, more: &str| {
        let head = "duration: 3h\nstreams: { s: {} }\n";
        format!("quotas: {profile}\n{head}{}", app(NOTHING, more))
    };
    let hours = |text: &str| value(&run(text), "app", "kpu_hours", "sum");
    let close =
        |observed: f64, wanted: f64| assert!((observed - wanted).abs() < 1e-9, "{observed} is {wanted}");
    close(hours(&text("current", ", parallelism: 3, parallelism_per_kpu: 2")), 9.0);
    let tape = run(&text("current", ""));
    let storage = 3.0 * 50.0 / 730.0 * 0.10;
    close(value(&tape, "app", "estimated_cost", "sum"), 6.0 * 0.11 + storage);
    // Stopped after an hour, started for a minute: ten minutes are paid for.
    let stops = ", stops: [ { at: 1h, down_for: 30m }, { at: 1h31m } ]";
    close(hours(&text("current", stops)), 2.0 + 2.0 / 6.0);
    // In 2022 each begun hour cost the most that was used in it.
    close(hours(&text("2022", stops)), 4.0);
    assert_eq!(sum(&tape, "records_in"), 0);
}

#[test]
fn one_polling_application_alone_uses_the_reads_of_a_shard() {
    let consumer = "stream_consumers: { other: { reads_from: { stream: s }, processing_time: 1ms } }\n";
    let of = |more: &str| {
        let text = format!("{}{consumer}{}", lines(1, 1, 10), app(NOTHING, more));
        let tape = run(&text);
        value(&tape, "s", "read_throttled", "sum")
    };
    assert!(of(FIXED) > 500.0);
    assert_eq!(of(", auto_scaling: false, retrieval: enhanced_fan_out"), 0.0);
    assert_eq!(of(", auto_scaling: false, get_records_interval: 1s"), 0.0);
    let alone = run(&format!("{}{}", lines(1, 1, 10), app(NOTHING, FIXED)));
    assert_eq!(value(&alone, "app", "get_records_calls", "rate"), 5.0);
}
