//! `queuelab check --baseline`: results against those that were accepted.

use super::disk::{reason, write_whole};
use super::experiments::{percent, relative};
use super::outcome::{BAD, DIM, GOOD, broken, wrong};
use crate::expect::show;
use crate::experiment::{Baseline, Change, Estimate, Sample, Strictness};
use crate::record::Unit;
use crate::scenario::Scenario;
use clap::Args;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Where accepted results are, and how strictly they are held to.
#[derive(Debug, Args)]
pub(super) struct BaselineArguments {
    /// Compare the results of scenarios with the accepted ones in this folder.
    #[arg(long, value_name = "FOLDER")]
    baseline: Option<PathBuf>,
    /// Accept the results: write them to the folder of baselines.
    #[arg(long, requires = "baseline")]
    accept: bool,
    /// Changes up to this are no failures, however sure they are.
    #[arg(long, value_name = "PERCENT", default_value = "1%", value_parser = percent, requires = "baseline")]
    tolerance: f64,
    /// How often an unchanged scenario may fail by chance.
    #[arg(long, value_name = "PERCENT", default_value = "1%", value_parser = percent, requires = "baseline")]
    false_alarms: f64,
}

/// Replications behind a baseline unless somebody says otherwise.
const REPLICATIONS: u32 = 10;

/// A scenario beside its baseline.
#[derive(Debug)]
pub(super) struct Compared {
    /// Whether nothing differs by more than chance.
    pub(super) is_as_before: bool,
    /// The comparison for a terminal.
    pub(super) told: String,
}

impl Compared {
    /// The comparison without styles.
    pub(super) fn plain(&self) -> String {
        let lines = self.told.lines().map(|line| anstream::adapter::strip_str(line).to_string());
        lines.map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n")
    }
}

impl BaselineArguments {
    /// Replications of a scenario that asks for none itself.
    pub(super) fn replications(&self, scenario: &Scenario) -> u32 {
        match scenario.replications() {
            1 if self.baseline.is_some() => REPLICATIONS,
            own => own,
        }
    }

    /// Compares results with their baseline, or accepts them; `None` when nobody asked.
    pub(super) fn compare(
        &self,
        scenario: &Scenario,
        seed: u64,
        estimates: impl FnOnce() -> Vec<Estimate>,
    ) -> anyhow::Result<Option<Compared>> {
        let Some(folder) = &self.baseline else { return Ok(None) };
        let estimates = estimates();
        if estimates.iter().all(|one| one.sample.count < 2) {
            return Err(wrong("a baseline needs at least two replications"));
        }
        let file = folder.join(format!("{}.csv", scenario.name()));
        let now = Baseline::of(&estimates, scenario.hash(), seed);
        let before = match std::fs::read_to_string(&file) {
            Ok(text) => Some(
                Baseline::parse(&text)
                    .map_err(|error| wrong(format!("`{}` is no baseline: {error}", file.display())))?,
            ),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                return Err(broken(format!("cannot read `{}`: {}", file.display(), reason(&error))));
            }
        };
        if self.accept {
            write_whole(&file, &now.to_text())?;
        }
        let strictness = Strictness { false_alarms: self.false_alarms, tolerance: self.tolerance };
        Ok(Some(match before {
            None if self.accept => {
                let told = format!("    {GOOD}✓{GOOD:#} accepted as baseline {}\n", file.display());
                Compared { is_as_before: true, told }
            }
            None => {
                let told = format!(
                    "    {BAD}✗{BAD:#} there is no baseline {}: write it with `--accept`\n",
                    file.display()
                );
                Compared { is_as_before: false, told }
            }
            Some(before) => self.told(&before, &now, strictness),
        }))
    }

    fn told(&self, before: &Baseline, now: &Baseline, strictness: Strictness) -> Compared {
        let changes = before.compare(now, strictness);
        let mut told = String::new();
        if before.scenario_hash != now.scenario_hash {
            let _ = writeln!(told, "    {DIM}the scenario has changed since its baseline{DIM:#}"); // into a string
        }
        if before.version != now.version {
            let _ = writeln!(told, "    {DIM}the baseline is of queuelab {}{DIM:#}", before.version); // into a string
        }
        let real = |change: &&Change| change.is_real || change.before.is_none() || change.after.is_none();
        let (mark, style) = if self.accept { ("→", GOOD) } else { ("✗", BAD) };
        for change in changes.iter().filter(real) {
            let row = &change.row;
            let unit = Unit::named(&row.unit).unwrap_or(Unit::Count);
            let shown = |sample: Option<Sample>| sample.map_or("nothing".to_owned(), |s| show(s.mean, unit));
            let _ = write!(
                told,
                "    {style}{mark}{style:#} {} {} {}: {} → {}",
                row.name,
                row.metric,
                row.statistic,
                shown(change.before),
                shown(change.after)
            ); // into a string
            if let (Some(before), Some(after)) = (change.before, change.after) {
                let sign = if after.mean > before.mean { "+" } else { "" };
                let share = relative(change.relative());
                let _ = write!(told, " ({sign}{share}), {}", likelihood(change.p_value)); // into a string
            }
            told.push('\n');
        }
        let is_as_before = !changes.iter().any(|change| real(&change));
        if is_as_before {
            let count = changes.len();
            let _ = writeln!(told, "    {GOOD}✓{GOOD:#} {count} statistics as their baseline"); // into a string
        }
        Compared { is_as_before: is_as_before || self.accept, told }
    }
}

/// How likely a difference is by chance.
fn likelihood(p_value: f64) -> String {
    if p_value < 1e-6 {
        "by chance less than once in a million".to_owned()
    } else {
        format!("by chance once in {:.0}", 1.0 / p_value)
    }
}
