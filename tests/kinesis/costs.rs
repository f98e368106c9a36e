//! What streams cost, to the last cent that can be worked out on paper.

use super::{run, value};

/// A gigabyte, and kilobytes as they are billed.
const GIGABYTE: f64 = (1_u64 << 30) as f64;

fn assert_costs(text: &str, dollars: f64) {
    let tape = run(text);
    let cost = value(&tape, "s", "estimated_cost", "sum");
    assert!((cost - dollars).abs() < 1e-9, "{cost} is not {dollars}:\n{text}");
}

/// A producer of so many records a second, of so many bytes, for half an hour.
fn producer(rate: u32, size: u32) -> String {
    format!(
        "producers:\n  p:\n    publishes_to: {{ stream: s }}\n    arrivals: {{ piecewise: {{ spacing: evenly, points: \
         [{{ at: 0s, rate: {rate}/s }}, {{ at: 30m, rate: 0/s }}] }} }}\n    \
         message: {{ size: {size}B, partition_key: k }}\n"
    )
}

#[test]
fn provisioned_shards_cost_hours_and_payload_units() {
    // 25 KB is a unit, a byte more is two; the partition key counts.
    for (size, units) in [(25_599, 1.0), (25_600, 2.0)] {
        let text = format!("duration: 1h\nstreams: {{ s: {{ shards: 3 }} }}\n{}", producer(1, size));
        assert_costs(&text, 3.0 * 0.015 + 1_800.0 * units / 1e6 * 0.014);
    }
}

#[test]
fn enhanced_fan_out_costs_hours_of_shards_and_gigabytes() {
    let consumer = "stream_consumers:\n  c: { reads_from: { stream: s }, retrieval: enhanced_fan_out, processing_time: 0s }\n";
    let text = format!("duration: 1h\nstreams: {{ s: {{ shards: 2 }} }}\n{}{consumer}", producer(10, 1_023));
    let shards = 2.0 * (0.015 + 0.015);
    assert_costs(&text, shards + 18_000.0 / 1e6 * 0.014 + 18_000.0 * 1_024.0 / GIGABYTE * 0.013);
}

#[test]
fn a_stream_on_demand_costs_hours_and_gigabytes_each_record_in_whole_kilobytes() {
    let consumer = "stream_consumers:\n  c: { reads_from: { stream: s }, processing_time: 0s }\n";
    let text = format!(
        "duration: 1h\nstreams: {{ s: {{ capacity_mode: on_demand }} }}\n{}{consumer}",
        producer(10, 1_024)
    );
    let (put, read) = (18_000.0 * 2_048.0 / GIGABYTE, 18_000.0 * 1_025.0 / GIGABYTE);
    assert_costs(&text, 0.04 + put * 0.08 + read * 0.04);
}

#[test]
fn what_changes_is_paid_from_then_on() {
    let with = |change: &str| {
        format!(
            "duration: 4h\nstreams: {{ s: {{ shards: 2, changes: [{{ at: 1h, call: {{ {change} }} }}] }} }}\n"
        )
    };
    let shards = |hours: f64| 2.0 * hours * 0.015;
    assert_costs(&with("update_stream_mode: on_demand"), shards(1.0) + 3.0 * 0.04);
    assert_costs(&with("retention_period: 48h"), shards(4.0) + 2.0 * 3.0 * 0.02);
    // Two splits at once take 30 s.
    assert_costs(&with("update_shard_count: 4"), shards(4.0) + shards(3.0 - 30.0 / 3_600.0));
    let warm = format!("warm_up: 2h\n{}", with("update_stream_mode: on_demand"));
    assert_costs(&warm, 2.0 * 0.04);
}

#[test]
fn a_stream_is_paid_from_its_creation_on_as_it_was_created() {
    for (mode, dollars) in [("shard_count: 3", 3.0 * 0.015), ("stream_mode: on_demand", 0.04)] {
        let text = format!(
            "duration: 2h\nassumptions: {{ kinesis_create_time: 0s }}\nstreams: {{ s: {{ created: false }} }}\n\
             clients: {{ c: {{ script: [{{ at: 1h, create_stream: {{ stream: s, {mode} }} }}] }} }}\n"
        );
        assert_costs(&text, dollars);
    }
}
