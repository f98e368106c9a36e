//! Topics, call by call and in whole runs.

mod access;
mod books;
mod cost;
mod delivery;
mod direct;
mod fifo;
mod filters;
mod functions;
mod rules;
mod sources;

use queuelab::language::NoFiles;
use queuelab::record::Tape;
use queuelab::scenario::Scenario;

/// Runs a scenario whose calls take no time unless it says otherwise; all it expects must hold.
fn run(text: &str) -> Tape {
    let scenario = Scenario::load("sns.yaml", text.as_bytes(), &[], &NoFiles);
    let scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
    let tape = scenario.run().unwrap_or_else(|error| panic!("{error}"));
    if let Some(expectation) = tape.expectations.iter().find(|expectation| !expectation.passed) {
        let calls: Vec<String> = tape
            .api_calls
            .iter()
            .map(|call| {
                format!(
                    "{:?} {} {} -> {} {}",
                    call.time, call.action, call.request, call.outcome, call.messages
                )
            })
            .collect();
        panic!("{expectation:?}\n{}", calls.join("\n"));
    }
    tape
}

/// What is wrong with a scenario.
fn refused(text: &str) -> String {
    match Scenario::load("sns.yaml", text.as_bytes(), &[], &NoFiles) {
        Ok(_) => panic!("it is refused:\n{text}"),
        Err(error) => error.to_string(),
    }
}

fn fate(tape: &Tape, name: &str, fate: &str) -> u64 {
    let kind = if name.contains('.') && name != "t.fifo" { "subscription" } else { "topic" };
    tape.ledger.get(kind, name, fate).unwrap_or_else(|| panic!("no row {kind} {name} {fate}"))
}

fn sum(tape: &Tape, name: &str, metric: &str) -> u64 {
    tape.value(name, metric, "sum").unwrap_or_else(|| panic!("no metric {name}.{metric}")) as u64
}
