//! Applications that compute over streams, whole runs.

mod capacity;
mod faults;
mod properties;
mod rules;
mod sinks;
mod sql;
mod windows;

use crate::play::{self, value};
use queuelab::record::{Tape, WindowResult};
use queuelab::scenario::Scenario;

fn load(text: &str) -> Result<Scenario, String> {
    play::load("flink", ("api_latency", "none"), text)
}

/// Runs a scenario with these lines; its calls take no time unless it says otherwise.
fn run(text: &str) -> Tape {
    play::run(load(text))
}

/// What is told about a scenario that is wrong.
fn problems(text: &str) -> String {
    play::problems(load(text))
}

/// The sum of a counter of the application `app`.
fn sum(tape: &Tape, metric: &str) -> u64 {
    value(tape, "app", metric, "sum") as u64
}

/// The application `app` on the stream `s`, with these operators and keys.
fn app(operators: &str, more: &str) -> String {
    let start = if more.contains("starting_position") { "" } else { "starting_position: trim_horizon, " };
    format!(
        "flink_applications:\n  app: {{ reads_from: {{ stream: s }}, {start}operators: [ {operators} ]{more} }}\n"
    )
}

/// A record of a script: second at which it is put, second of its event, key.
type Put = (f64, f64, &'static str);

/// A client that puts these records on the stream `s`.
fn puts(records: &[Put]) -> String {
    let step = |(at, event, key): &Put| {
        format!(
            "      - {{ at: {at}s, put_record: {{ stream: s, data: r, partition_key: {key}, size: 10B, event_time: {event}s }} }}\n"
        )
    };
    let steps: String = records.iter().map(step).collect();
    format!("clients:\n  c:\n    script:\n{steps}")
}

/// The windows of a table: key, start and end in seconds of the run, count.
fn windows(tape: &Tape) -> Vec<(String, i64, i64, u64)> {
    tape.window_results.iter().map(|result| told(tape, result)).collect()
}

fn told(tape: &Tape, result: &WindowResult) -> (String, i64, i64, u64) {
    let second = |wall: i64| (wall - tape.header.start_unix_millis) / 1_000;
    (result.key.clone(), second(result.start_unix_millis), second(result.end_unix_millis), result.count)
}

/// Windows as a test writes them.
fn wanted(windows: &[(&str, i64, i64, u64)]) -> Vec<(String, i64, i64, u64)> {
    windows.iter().map(|(key, start, end, count)| ((*key).to_owned(), *start, *end, *count)).collect()
}

/// One shard, so that all records are read in the order in which they came.
const ONE: &str = "duration: 10m\nstreams: { s: {} }\n";
