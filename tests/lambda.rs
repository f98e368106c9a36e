//! Lambda functions and event source mappings in small scenarios whose every instant can be worked out on paper.

mod asynchronous;
mod conservation;
mod filters;
mod functions;
mod mappings;
mod scaling;
mod stream_filters;
mod streams;

use queuelab::language::NoFiles;
use queuelab::record::Tape;
use queuelab::scenario::Scenario;

/// Loads a scenario on an ideal day: calls take no time, nothing is duplicated, environments need no initialisation.
fn load(rest: &str) -> Result<Scenario, String> {
    let latency = if rest.contains("api_latency") { "" } else { "api_latency: none\n" };
    let assumptions = if rest.contains("assumptions:") {
        ""
    } else {
        "assumptions: { duplicate_probability: 0, ordering_jitter: 0s }\n"
    };
    let text = format!("name: lambda\n{latency}{assumptions}{rest}");
    Scenario::load("lambda.yaml", text.as_bytes(), &[], &NoFiles).map_err(|error| error.to_string())
}

fn run(rest: &str) -> Tape {
    load(rest).unwrap_or_else(|error| panic!("{error}\n{rest}")).run().expect("the run succeeds")
}

fn value(tape: &Tape, name: &str, metric: &str, statistic: &str) -> f64 {
    tape.value(name, metric, statistic).unwrap_or_else(|| panic!("no {name}.{metric} {statistic}"))
}

fn count(tape: &Tape, name: &str, metric: &str) -> u64 {
    value(tape, name, metric, "sum") as u64
}

fn fate(tape: &Tape, kind: &str, name: &str, fate: &str) -> u64 {
    tape.ledger.get(kind, name, fate).unwrap_or_else(|| panic!("no {fate} of {kind} {name}"))
}

fn check_counts(tape: &Tape, name: &str, expected: &[(&str, u64)]) {
    for (metric, number) in expected {
        assert_eq!(count(tape, name, metric), *number, "{name}.{metric}");
    }
}
