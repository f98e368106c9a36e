//! Delivery streams of Amazon Data Firehose, whole runs.

mod admission;
mod buffering;
mod destinations;
mod partitions;
mod properties;
mod rejections;
mod rules;
mod sources;
mod transformation;

use crate::play::{self, value};
use queuelab::record::Tape;
use queuelab::scenario::Scenario;

/// A bucket whose writes take no time.
const LAKE: &str = "object_stores: { lake: { put_latency: 0s, bytes_per_second: 10000000TB } }\n";

fn load(text: &str) -> Result<Scenario, String> {
    play::load("firehose", ("api_latency", "none"), &format!("{LAKE}{text}"))
}

/// Runs a scenario with these lines and the bucket `lake`; its calls take no time unless it says otherwise.
fn run(text: &str) -> Tape {
    play::run(load(text))
}

/// What is told about a scenario that is wrong.
fn problems(text: &str) -> String {
    play::problems(load(text))
}

/// A second in nanoseconds.
const SECOND: u64 = 1_000_000_000;

/// A time in whole nanoseconds.
fn nanos(tape: &Tape, metric: &str, statistic: &str) -> u64 {
    (value(tape, "d", metric, statistic) * 1e9).round() as u64
}

/// The sum of a counter of the delivery stream `d`.
fn sum(tape: &Tape, metric: &str) -> u64 {
    value(tape, "d", metric, "sum") as u64
}

/// A fate of records of the delivery stream `d`.
fn fate(tape: &Tape, fate: &str) -> u64 {
    tape.ledger.get("delivery_stream", "d", fate).unwrap_or_else(|| panic!("there is the fate {fate}"))
}

/// A client that puts a record at each of these seconds, each of this size.
fn puts(seconds: &[u32], size: &str) -> String {
    let step = |at: &u32| {
        format!(
            "      - {{ at: {at}s, firehose_put_record: {{ delivery_stream: d, data: r{at}, size: {size} }} }}\n"
        )
    };
    let steps: String = seconds.iter().map(step).collect();
    format!("clients:\n  c:\n    script:\n{steps}")
}

/// A producer at a constant rate.
fn producer(rate: &str, size: &str, more: &str) -> String {
    format!(
        "producers:\n  p:\n    publishes_to: {{ delivery_stream: d }}\n    arrivals: {{ constant: {{ rate: {rate} }} }}\n    \
         message: {{ size: {size} }}\n{more}"
    )
}
