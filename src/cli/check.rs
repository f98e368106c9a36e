//! `queuelab check`: run scenarios and policy tests and judge what they expect, as a test runner does.

use super::baselines::{BaselineArguments, Compared};
use super::disk::{Loaded, read, write_whole};
use super::experiments::{RunsArguments, failed, go_on};
use super::files::scenarios;
use super::junit;
use super::outcome::{BAD, DIM, GOOD, Outcome, broken, print, print_error, wrong};
use super::run::interrupted;
use crate::experiment::{Crew, Replications, Trial};
use crate::record::ExpectationResult;
use crate::scenario::Scenario;
use clap::{Args, ValueEnum};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Run scenarios and policy tests and judge what they expect.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  queuelab check scenarios/\n  queuelab check policy-tests/\n  queuelab check scenarios/ --only classic --junit results.xml\n  queuelab check scenarios/ --format github\n  queuelab check scenarios/quickstart.yaml --baseline baselines/ --accept\n  queuelab check scenarios/quickstart.yaml --baseline baselines/\n\nExit code 1 when an expectation failed or a result differs from its baseline, 2 when a scenario is wrong."
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
    /// Only scenarios and policy tests whose name contains this.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Also write the results as JUnit XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// How results are told: `text`, or `github`, which adds annotations at the lines of what failed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    baseline: BaselineArguments,
    #[command(flatten)]
    runs: RunsArguments,
}

/// How results are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For people, and for GitHub Actions.
    Github,
}

/// What came of a file.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) path: PathBuf,
    /// What is wrong with it, or what it warns of.
    problems: String,
    /// Its scenario, or its policy tests.
    pub(super) suites: Vec<Suite>,
    pub(super) is_sound: bool,
    is_policy_test: bool,
    took: Duration,
}

/// A scenario or a policy test with its expectations.
#[derive(Debug)]
pub(super) struct Suite {
    pub(super) name: String,
    pub(super) seed: Option<u64>,
    pub(super) expectations: Vec<ExpectationResult>,
    pub(super) compared: Option<Compared>,
}

#[derive(Default)]
struct Tally {
    scenarios: usize,
    tests: usize,
    passed: usize,
    failed: usize,
    unsound: usize,
    changed: usize,
}

pub(super) fn check(arguments: &CheckArguments) -> anyhow::Result<Outcome> {
    let paths = scenarios(&arguments.paths)?;
    let crew = arguments.runs.crew()?;
    let mut printed = Ok(());
    let checked = crew.map_telling(
        paths.len(),
        |index| arguments.check_file(&paths[index], &crew),
        |_, result| {
            if let (Ok(()), Ok(Some(checked))) = (&printed, result) {
                print_error(&checked.problems);
                printed = print(&told(checked, arguments.format));
            }
        },
    );
    printed?;
    let mut all = Vec::new();
    for result in checked {
        all.extend(result?);
    }
    if interrupted() {
        return Err(super::outcome::Failure {
            outcome: Outcome::Interrupted,
            what: "not all was checked".to_owned(),
        }
        .into());
    }
    if let (Some(only), true) = (&arguments.only, all.is_empty()) {
        return Err(wrong(format!("no scenario or policy test has `{only}` in its name")));
    }
    if let Some(file) = &arguments.junit {
        write_whole(file, &junit::text(&all))?;
    }
    let tally = Tally::of(&all);
    print(&tally.line())?;
    Ok(tally.outcome())
}

impl CheckArguments {
    fn is_meant(&self, name: &str, path: &Path) -> bool {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()) || stem.contains(only.as_str()))
    }

    /// Runs what a file has; `None` when nothing of it is meant.
    fn check_file(&self, path: &Path, crew: &Crew) -> anyhow::Result<Option<Checked>> {
        #[allow(clippy::disallowed_methods, reason = "how long it took is told to the terminal only")]
        let began = Instant::now();
        if interrupted() {
            return Ok(None);
        }
        let (loaded, problems) = read(path, &self.set)?;
        let mut checked = Checked {
            path: path.to_owned(),
            problems,
            suites: Vec::new(),
            is_sound: true,
            is_policy_test: false,
            took: Duration::ZERO,
        };
        match loaded {
            Loaded::Unsound if !self.is_meant("", path) => return Ok(None),
            Loaded::Unsound => checked.is_sound = false,
            Loaded::PolicyTests(tests) => {
                checked.is_policy_test = true;
                let results = tests.run().map_err(|error| broken(error.to_string()))?;
                let meant = results.into_iter().filter(|result| self.is_meant(&result.name, path));
                checked.suites = meant
                    .map(|result| Suite {
                        name: result.name,
                        seed: None,
                        expectations: result.expectations,
                        compared: None,
                    })
                    .collect();
                if checked.suites.is_empty() {
                    return Ok(None);
                }
            }
            Loaded::Sound(scenario) if !self.is_meant(scenario.name(), path) => return Ok(None),
            Loaded::Sound(scenario) => checked.suites.push(self.check_scenario(&scenario, crew)?),
        }
        checked.took = began.elapsed();
        Ok(Some(checked))
    }

    fn check_scenario(&self, scenario: &Scenario, crew: &Crew) -> anyhow::Result<Suite> {
        let seed = self.seed.unwrap_or(scenario.seed());
        let otherwise = self.baseline.replications(scenario);
        let plan = self.runs.plan(otherwise);
        let runs = if plan.least == 1 {
            let trial = Trial::play(scenario, seed, 0, &go_on).map_err(failed)?;
            Replications { trials: vec![trial], is_precise: true }
        } else {
            plan.play(scenario, seed, crew, &go_on).map_err(failed)?
        };
        let expectations = match runs.trials.as_slice() {
            [only] => only.expectations.clone(),
            _ => runs.judge(scenario),
        };
        let compared = self.baseline.compare(scenario, seed, || runs.estimates(plan.confidence))?;
        Ok(Suite { name: scenario.name().to_owned(), seed: Some(seed), expectations, compared })
    }
}

impl Tally {
    fn of(all: &[Checked]) -> Self {
        let mut tally = Self::default();
        for checked in all {
            if checked.is_policy_test {
                tally.tests += checked.suites.len();
            } else {
                tally.scenarios += 1;
            }
            tally.unsound += usize::from(!checked.is_sound);
            for suite in &checked.suites {
                let failed = suite.expectations.iter().filter(|one| !one.passed).count();
                tally.failed += failed;
                tally.passed += suite.expectations.len() - failed;
                tally.changed += usize::from(suite.compared.as_ref().is_some_and(|one| !one.is_as_before));
            }
        }
        tally
    }

    fn line(&self) -> String {
        let Self { scenarios, tests, passed, failed, unsound, changed } = self;
        let what = match (scenarios, tests) {
            (_, 0) => number(*scenarios, "scenario"),
            (0, _) => number(*tests, "policy test"),
            _ => format!("{}, {}", number(*scenarios, "scenario"), number(*tests, "policy test")),
        };
        let mut line = format!("\n{what}: {} passed, {failed} failed", number(*passed, "expectation"));
        if *changed > 0 {
            let differ = if *changed == 1 { "differs" } else { "differ" };
            let _ = write!(line, ", {} {differ} from the baseline", number(*changed, "scenario")); // into a string
        }
        if *unsound > 0 {
            let _ = write!(line, ", {} cannot be run", number(*unsound, "scenario")); // into a string
        }
        line + "\n"
    }

    fn outcome(&self) -> Outcome {
        if self.unsound > 0 {
            Outcome::Wrong
        } else if self.failed + self.changed > 0 {
            Outcome::Failed
        } else {
            Outcome::Well
        }
    }
}

/// `1 scenario`, `2 scenarios`.
fn number(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A file with its expectations, observed beside wanted.
fn told(checked: &Checked, format: Format) -> String {
    let path = checked.path.display();
    let mut text = String::new();
    if !checked.is_sound {
        let _ = writeln!(text, "{BAD}✗{BAD:#} {path} {DIM}cannot be run{DIM:#}"); // into a string
    }
    for (index, suite) in checked.suites.iter().enumerate() {
        let title = if checked.is_policy_test { format!("{path}: {}", suite.name) } else { path.to_string() };
        let mut facts = Vec::new();
        facts.extend(suite.seed.map(|seed| format!("seed {seed}")));
        // Policy tests of a file are timed together.
        facts.extend((index == 0).then(|| format!("{:.1} s", checked.took.as_secs_f64())));
        text += &judged(&title, &facts.join(", "), suite);
    }
    if format == Format::Github {
        text += &annotations(checked);
    }
    text
}

fn judged(title: &str, facts: &str, suite: &Suite) -> String {
    let expectations = &suite.expectations;
    let is_as_before = suite.compared.as_ref().is_none_or(|compared| compared.is_as_before);
    let is_well = is_as_before && expectations.iter().all(|expectation| expectation.passed);
    let (mark, style) = if is_well { ("✓", GOOD) } else { ("✗", BAD) };
    let facts = if facts.is_empty() { String::new() } else { format!("  {DIM}{facts}{DIM:#}") };
    let mut text = format!("{style}{mark}{style:#} {title}{facts}\n");
    if expectations.is_empty() {
        let _ = writeln!(text, "    {DIM}expects nothing{DIM:#}"); // into a string
    }
    let width = expectations.iter().map(|e| e.name.len() + e.expression.len()).max().unwrap_or(0) + 1;
    for expectation in expectations {
        let (mark, style) = if expectation.passed { ("✓", GOOD) } else { ("✗", BAD) };
        let wanted = format!("{} {}", expectation.name, expectation.expression);
        let _ = writeln!(
            text,
            "    {style}{mark}{style:#} {wanted:width$}  {DIM}observed{DIM:#} {}",
            expectation.observed
        ); // into a string
    }
    text + suite.compared.as_ref().map_or("", |compared| &compared.told)
}

/// What failed as annotations of GitHub Actions ("Workflow commands"), at the lines where it is expected.
fn annotations(checked: &Checked) -> String {
    let path = property(&checked.path.display().to_string());
    let mut text = String::new();
    let mut error = |line: Option<u32>, title: &str, what: &str| {
        let line = line.map(|line| format!(",line={line}")).unwrap_or_default();
        let _ = writeln!(text, "::error file={path}{line},title={}::{}", property(title), data(what)); // into a string
    };
    if !checked.is_sound {
        error(None, "cannot be run", &checked.problems);
    }
    for suite in &checked.suites {
        for one in suite.expectations.iter().filter(|one| !one.passed) {
            let what = format!("expected {} {}, observed {}", one.name, one.expression, one.observed);
            error(one.line, &suite.name, &what);
        }
        if let Some(compared) = suite.compared.as_ref().filter(|compared| !compared.is_as_before) {
            error(None, &format!("{}: differs from the baseline", suite.name), &compared.plain());
        }
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_are_escaped_and_have_lines() {
        let result = |line| ExpectationResult {
            name: "w.x".to_owned(),
            expression: "p99 < 30s".to_owned(),
            observed: "50%\nand more".to_owned(),
            line,
            ..ExpectationResult::default()
        };
        let suite =
            |expectations| Suite { name: "a: b".to_owned(), seed: None, expectations, compared: None };
        let checked = Checked {
            path: PathBuf::from("x,y.yaml"),
            problems: String::new(),
            suites: vec![suite(vec![result(Some(7)), result(None)])],
            is_sound: true,
            is_policy_test: false,
            took: Duration::ZERO,
        };
        let wanted = "::error file=x%2Cy.yaml,line=7,title=a%3A b::expected w.x p99 < 30s, observed 50%25%0Aand more\n\
                      ::error file=x%2Cy.yaml,title=a%3A b::expected w.x p99 < 30s, observed 50%25%0Aand more\n";
        assert_eq!(annotations(&checked), wanted);
    }
}
