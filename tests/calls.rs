//! Clients that do more than one call at a time: requests and replies, payloads in an object store, receiving ahead.

mod ahead;
mod payloads;
mod requests;

use queuelab::language::NoFiles;
use queuelab::record::Tape;
use queuelab::scenario::Scenario;

fn load(rest: &str) -> Result<Scenario, String> {
    let text = format!(
        "name: calls\napi_latency: fixed\nassumptions: {{ duplicate_probability: 0, ordering_jitter: 0s }}\n{rest}"
    );
    Scenario::load("calls.yaml", text.as_bytes(), &[], &NoFiles).map_err(|error| format!("{error}\n{text}"))
}

/// Runs a scenario whose sends and receives take 8 ms, deletes 6 ms, always.
fn run(rest: &str) -> Tape {
    load(rest).unwrap_or_else(|error| panic!("{error}")).run().expect("the run succeeds")
}

/// What is wrong with a scenario.
fn problems(rest: &str) -> String {
    load(rest).err().unwrap_or_default()
}

fn value(tape: &Tape, name: &str, metric: &str, statistic: &str) -> f64 {
    tape.value(name, metric, statistic).unwrap_or_else(|| panic!("no {name}.{metric} {statistic}"))
}

/// A statistic that is a whole number.
fn number(tape: &Tape, name: &str, metric: &str, statistic: &str) -> u64 {
    value(tape, name, metric, statistic) as u64
}

/// Several counters of one thing, each with the number it must have.
fn check_counts(tape: &Tape, name: &str, expected: &[(&str, u64)]) {
    for (metric, wanted) in expected {
        assert_eq!(number(tape, name, metric, "sum"), *wanted, "{name}.{metric}");
    }
}

/// A time, to the microsecond.
fn check_seconds(tape: &Tape, name: &str, metric: &str, statistic: &str, seconds: f64) {
    let found = value(tape, name, metric, statistic);
    assert!((found - seconds).abs() < 1e-6, "{name}.{metric} {statistic}: {found} is not {seconds}");
}
