//! What tests of whole runs begin with: a few lines of YAML, and what a run or a refusal says.

use queuelab::language::NoFiles;
use queuelab::record::Tape;
use queuelab::scenario::Scenario;

/// The scenario of this name with these lines. `otherwise` is a key and its value, for lines without that key.
pub(crate) fn load(name: &str, otherwise: (&str, &str), lines: &str) -> Result<Scenario, String> {
    let (key, value) = otherwise;
    let default = if lines.contains(key) { String::new() } else { format!("{key}: {value}\n") };
    let yaml = format!("name: {name}\n{default}{lines}");
    Scenario::load(&format!("{name}.yaml"), yaml.as_bytes(), &[], &NoFiles).map_err(|error| error.to_string())
}

/// Runs a scenario that is in order.
pub(crate) fn run(scenario: Result<Scenario, String>) -> Tape {
    let scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
    scenario.run().unwrap_or_else(|error| panic!("{error}"))
}

/// What is told about a scenario that is wrong.
pub(crate) fn problems(scenario: Result<Scenario, String>) -> String {
    scenario.expect_err("the scenario is wrong")
}

/// A statistic of `summary.csv`.
pub(crate) fn value(tape: &Tape, name: &str, metric: &str, statistic: &str) -> f64 {
    tape.value(name, metric, statistic).unwrap_or_else(|| panic!("{name}.{metric} has {statistic}"))
}

/// The sum of a counter, a whole number.
pub(crate) fn sum(tape: &Tape, name: &str, metric: &str) -> u64 {
    value(tape, name, metric, "sum") as u64
}
