//! `queuelab check`: run scenarios and judge what they expect, as a test runner does.

use super::disk::{Loaded, load};
use super::files::scenarios;
use super::outcome::{BAD, DIM, GOOD, Outcome, broken, print};
use super::run::simulate;
use crate::record::{ExpectationResult, Tape};
use crate::scenario::TestResult;
use clap::Args;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Run scenarios and policy tests and judge what they expect.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  queuelab check scenarios/\n  queuelab check policy-tests/\n\nExit code 1 when an expectation failed, 2 when a scenario is wrong."
)]
pub(super) struct CheckArguments {
    /// Scenario files and files of policy tests, or folders with them.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change a value of every scenario. May be given several times.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Seed of all randomness, in place of the scenarios'.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

#[derive(Default)]
struct Tally {
    scenarios: usize,
    tests: usize,
    passed: usize,
    failed: usize,
    unsound: usize,
}

pub(super) fn check(arguments: &CheckArguments) -> anyhow::Result<Outcome> {
    let mut tally = Tally::default();
    for path in scenarios(&arguments.paths)? {
        tally.scenarios += 1;
        match load(&path, &arguments.set)? {
            Loaded::Unsound => {
                tally.unsound += 1;
                print(&format!("{BAD}✗{BAD:#} {} {DIM}cannot be run{DIM:#}\n", path.display()))?;
            }
            Loaded::PolicyTests(tests) => {
                tally.scenarios -= 1;
                tally.tests += tests.len();
                let results = tests.run().map_err(|error| broken(error.to_string()))?;
                print(&tested(&path, &results, &mut tally))?;
            }
            Loaded::Sound(scenario) => {
                let tape = simulate(&scenario, arguments.seed.unwrap_or(scenario.seed()))?;
                print(&judged(&path, &tape, &mut tally))?;
            }
        }
    }
    let Tally { scenarios, tests, passed, failed, unsound } = tally;
    let what = match (scenarios, tests) {
        (_, 0) => number(scenarios, "scenario"),
        (0, _) => number(tests, "policy test"),
        _ => format!("{}, {}", number(scenarios, "scenario"), number(tests, "policy test")),
    };
    let mut line = format!("\n{what}: {} passed, {failed} failed", number(passed, "expectation"));
    if unsound > 0 {
        let _ = write!(line, ", {} cannot be run", number(unsound, "scenario"));
    }
    print(&(line + "\n"))?;
    Ok(if unsound > 0 {
        Outcome::Wrong
    } else if failed > 0 {
        Outcome::Failed
    } else {
        Outcome::Well
    })
}

/// `1 scenario`, `2 scenarios`.
fn number(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The policy tests of a file with what they expect, observed beside wanted.
fn tested(path: &Path, results: &[TestResult], tally: &mut Tally) -> String {
    results
        .iter()
        .map(|result| judged_as(&format!("{}: {}", path.display(), result.name), &result.expectations, tally))
        .collect()
}

/// The scenario with its expectations, observed beside wanted.
fn judged(path: &Path, tape: &Tape, tally: &mut Tally) -> String {
    judged_as(&path.display().to_string(), &tape.expectations, tally)
}

fn judged_as(title: &str, expectations: &[ExpectationResult], tally: &mut Tally) -> String {
    let failed = expectations.iter().filter(|expectation| !expectation.passed).count();
    tally.failed += failed;
    tally.passed += expectations.len() - failed;
    let (mark, style) = if failed == 0 { ("✓", GOOD) } else { ("✗", BAD) };
    let mut text = format!("{style}{mark}{style:#} {title}\n");
    if expectations.is_empty() {
        let _ = writeln!(text, "    {DIM}expects nothing{DIM:#}");
    }
    let width = expectations.iter().map(|e| e.name.len() + e.expression.len()).max().unwrap_or(0) + 1;
    for expectation in expectations {
        let (mark, style) = if expectation.passed { ("✓", GOOD) } else { ("✗", BAD) };
        let wanted = format!("{} {}", expectation.name, expectation.expression);
        let _ = writeln!(
            text,
            "    {style}{mark}{style:#} {wanted:width$}  {DIM}observed{DIM:#} {}",
            expectation.observed
        );
    }
    text
}
