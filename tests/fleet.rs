//! Consumers and their groups in small scenarios whose every instant can be worked out on paper.

mod instances;
mod policies;
mod processing;

use queuelab::language::NoFiles;
use queuelab::record::Tape;
use queuelab::scenario::Scenario;
use queuelab::wire::Purpose;

const SEED: u64 = 11;

/// Runs a scenario on an ideal day: calls take no time, nothing is duplicated, alarms see each minute at its end and
/// act at once. `rest` is the scenario without these lines; it may give an `api_latency` of its own.
fn run(rest: &str) -> Tape {
    run_with_seed(SEED, rest)
}

fn run_with_seed(seed: u64, rest: &str) -> Tape {
    let latency = if rest.contains("api_latency") { "" } else { "api_latency: none\n" };
    let text = format!(
        "name: fleet
{latency}assumptions:
  duplicate_probability: 0
  ordering_jitter: 0s
  metric_delay: 0s
  alarm_action_delay: 0s
{rest}"
    );
    let scenario = Scenario::load("fleet.yaml", text.as_bytes(), &[], &NoFiles)
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    scenario.run_with(seed, 0, &mut |_| true).expect("the run succeeds")
}

fn value(tape: &Tape, name: &str, metric: &str, statistic: &str) -> f64 {
    tape.value(name, metric, statistic).unwrap_or_else(|| panic!("no {name}.{metric} {statistic}"))
}

/// A counter.
fn count(tape: &Tape, name: &str, metric: &str) -> u64 {
    value(tape, name, metric, "sum") as u64
}

/// Several counters of one thing, each with the number it must have.
fn check_counts(tape: &Tape, name: &str, expected: &[(&str, u64)]) {
    for (metric, number) in expected {
        assert_eq!(count(tape, name, metric), *number, "{name}.{metric}");
    }
}

/// A level times the seconds it lasted, over the whole run.
fn area(tape: &Tape, name: &str, level: &str) -> f64 {
    value(tape, name, level, "mean") * tape.header.duration.as_seconds_f64()
}

fn check_close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-6, "{what}: {found} is not {expected}");
}

/// The second of the minute at which an alarm is evaluated: drawn from a stream of its own.
fn phase(alarm: &str) -> u64 {
    let phase = Purpose::AlarmPhase.stream(SEED, 0, "alarm", alarm).below(60);
    assert!(
        phase > 0,
        "at second 0 it is open whether an alarm sees the minute that just ended: another seed"
    );
    phase
}

/// Scaling activities that changed something: second, old and new desired capacity.
fn changes(tape: &Tape) -> Vec<(u64, u32, u32)> {
    tape.activities
        .iter()
        .filter(|activity| activity.status == "Successful")
        .map(|activity| {
            assert_eq!(activity.time.as_nanos() % 1_000_000_000, 0, "alarms are evaluated at whole seconds");
            (activity.time.as_nanos() / 1_000_000_000, activity.old_desired, activity.new_desired)
        })
        .collect()
}
