//! What must hold of every scenario, whatever it is: random ones are played and their books are kept a second time.

mod generate;
mod judge;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use queuelab::language::Files;
use queuelab::record::Tape;
use queuelab::scenario::Scenario;
use std::cell::Cell;

/// The only file random scenarios name.
struct Recording;

impl Files for Recording {
    fn read(&self, path: &str) -> Result<String, String> {
        if path == "recording.csv" {
            Ok(generate::RECORDING.to_owned())
        } else {
            Err("no such file".to_owned())
        }
    }
}

/// More events than any of these scenarios should take: beyond it something goes round in circles.
const MOST_EVENTS: u64 = 20_000_000;

fn play(text: &str) -> Result<(Scenario, Tape), String> {
    let scenario =
        Scenario::load("random.yaml", text.as_bytes(), &[], &Recording).map_err(|error| error.to_string())?;
    let tape = scenario
        .run_with(42, 0, &mut |progress| progress.events < MOST_EVENTS)
        .map_err(|error| error.to_string())?;
    Ok((scenario, tape))
}

/// What is set for groups in the text, against what the run shows.
fn sizes(text: &str, tape: &Tape) -> Vec<String> {
    let number = |line: &str, key: &str| -> Option<f64> {
        let rest = &line[line.find(&format!("{key}: "))? + key.len() + 2..];
        rest[..rest.find(|c: char| !c.is_ascii_digit())?].parse().ok()
    };
    let mut faults = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("  c")) {
        let name = &line[2..line.find(':').unwrap_or(2)];
        let fleet = number(line, "instances");
        let (least, most) = (number(line, "min_size").or(fleet), number(line, "max_size").or(fleet));
        let (least, most) = least.zip(most).expect("a group has sizes");
        let value = |metric: &str, statistic: &str| tape.value(name, metric, statistic).unwrap_or(f64::NAN);
        let desired = (value("desired_capacity", "min"), value("desired_capacity", "max"));
        let in_service = value("instances_in_service", "max");
        if !(desired.0 >= least && desired.1 <= most && in_service <= most) {
            faults.push(format!(
                "{name}: desired {desired:?}, in service {in_service}, sizes {least} to {most}"
            ));
        }
        // With draining instances there may be more threads than the group's greatest size has, but no idle group has any.
        if most == 0.0 && value("threads", "max") > 0.0 {
            faults.push(format!("{name}: {} threads", value("threads", "max")));
        }
    }
    faults
}

fn hold(cases: u32, seed: u64) {
    let config = Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_iters: 500,
        ..Config::default()
    };
    let (played, busy, dead, refused, scaled, copies) = Default::default();
    let tally: [Cell<u32>; 6] = [played, busy, dead, refused, scaled, copies];
    let outcome = TestRunner::new(config).run(&generate::scenario(), |text| {
        let (_, tape) = play(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let mut faults = judge::faults(&tape);
        faults.extend(sizes(&text, &tape));
        if !faults.is_empty() {
            return Err(TestCaseError::fail(format!("{}\n{text}", faults.join("\n"))));
        }
        let total =
            |fate: &str| tape.ledger.rows().iter().filter(|row| row.fate == fate).map(|r| r.messages).sum();
        let seen: [u64; 6] = [
            1,
            total("processed"),
            total("dead_letters_in"),
            total("refused"),
            tape.activities.iter().filter(|activity| activity.status == "Successful").count() as u64,
            total("copies_returned"),
        ];
        for (tally, seen) in tally.iter().zip(seen) {
            tally.set(tally.get() + u32::from(seen > 0));
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    // Random scenarios that show nothing would prove nothing.
    let [played, rest @ ..] = tally.map(Cell::into_inner);
    assert_eq!(played, cases);
    for (what, seen) in ["processed", "dead letters", "refusals", "scaling", "copies"].iter().zip(rest) {
        assert!(seen * 30 > cases, "only {seen} of {cases} scenarios show {what}");
    }
}

#[test]
fn books_balance_and_time_goes_forward() {
    hold(2_000, 1);
}

#[test]
#[ignore = "minutes: run it before a release"]
fn books_balance_and_time_goes_forward_in_tens_of_thousands_of_scenarios() {
    hold(40_000, 2);
}
