//! Data streams, whole runs.

mod calls;
mod hosting;
mod leases;
mod properties;
mod reading;
mod resharding;
mod rules;
mod writing;

use queuelab::language::NoFiles;
use queuelab::record::Tape;
use queuelab::scenario::Scenario;

/// Runs a scenario with these lines; its calls take no time unless it says otherwise.
fn run(text: &str) -> Tape {
    let latency = if text.contains("api_latency") { "" } else { "api_latency: none\n" };
    let yaml = format!("name: kinesis\n{latency}{text}");
    let scenario = Scenario::load("kinesis.yaml", yaml.as_bytes(), &[], &NoFiles)
        .unwrap_or_else(|error| panic!("{error}"));
    scenario.run().unwrap_or_else(|error| panic!("{error}"))
}

/// A sum or another statistic of `summary.csv`.
fn value(tape: &Tape, name: &str, metric: &str, statistic: &str) -> f64 {
    tape.value(name, metric, statistic).unwrap_or_else(|| panic!("{name}.{metric} has {statistic}"))
}

/// The sum of a counter, a whole number.
fn sum(tape: &Tape, name: &str, metric: &str) -> u64 {
    value(tape, name, metric, "sum") as u64
}
