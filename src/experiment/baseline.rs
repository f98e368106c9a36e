//! Baselines: accepted results, and whether a new run differs from them by more than chance.
//!
//! A baseline keeps mean and standard deviation of a scenario's headline statistics over replications, so that what comes
//! later can be compared with Welch's test whatever its seed. All statistics are judged together (Holm's method), so that
//! an unchanged scenario seldom fails however many statistics it has.

use super::estimate::{Estimate, is_headline};
use super::statistics::Sample;
use super::trial::Key;
use std::fmt::Write as _;

/// Accepted results of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// The version of queuelab that made it.
    pub version: String,
    /// Hash of the scenario.
    pub scenario_hash: String,
    /// The seed of its runs.
    pub seed: u64,
    /// The statistics.
    pub rows: Vec<BaselineRow>,
}

/// An accepted statistic.
#[derive(Debug, Clone, PartialEq)]
pub struct BaselineRow {
    /// Kind of the thing.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The metric.
    pub metric: String,
    /// The statistic.
    pub statistic: String,
    /// What it is counted in, as in `summary.csv`.
    pub unit: String,
    /// Its values over the replications.
    pub sample: Sample,
}

/// How a statistic compares with its baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The statistic now, or as it was when it is gone.
    pub row: BaselineRow,
    /// Before.
    pub before: Option<Sample>,
    /// Now.
    pub after: Option<Sample>,
    /// The probability of such a difference by chance.
    pub p_value: f64,
    /// Whether it is more than chance, all statistics considered, and more than the tolerance.
    pub is_real: bool,
}

/// How strict a comparison is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strictness {
    /// How often an unchanged scenario may fail, 0 to 1.
    pub false_alarms: f64,
    /// Relative changes up to this are no failures, however sure they are.
    pub tolerance: f64,
}

impl Default for Strictness {
    fn default() -> Self {
        Self { false_alarms: 0.01, tolerance: 0.01 }
    }
}

const COLUMNS: [&str; 8] = ["kind", "name", "metric", "statistic", "unit", "mean", "stddev", "replications"];

/// A number with seven digits: enough to compare, few enough to read in a diff.
fn seven_digits(value: f64) -> String {
    let text = format!("{value:.6e}");
    let rounded: f64 = text.parse().unwrap_or(value);
    format!("{rounded}")
}

impl Baseline {
    /// The headline statistics of an experiment.
    pub fn of(estimates: &[Estimate], scenario_hash: &str, seed: u64) -> Self {
        let rows = estimates.iter().filter(|one| is_headline(&one.key()));
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario_hash: scenario_hash.to_owned(),
            seed,
            rows: rows
                .map(|one| BaselineRow {
                    kind: one.kind.to_owned(),
                    name: one.name.clone(),
                    metric: one.metric.clone(),
                    statistic: one.statistic.to_owned(),
                    unit: one.unit.name().to_owned(),
                    sample: one.sample,
                })
                .collect(),
        }
    }

    /// As a file: a comment with the origin, then a table, one line a statistic.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "# queuelab {}, scenario {}, seed {}\n{}\n",
            self.version,
            self.scenario_hash,
            self.seed,
            COLUMNS.join(",")
        );
        for row in &self.rows {
            let BaselineRow { kind, name, metric, statistic, unit, sample } = row;
            let (mean, stddev) = (seven_digits(sample.mean), seven_digits(sample.stddev));
            let _ =
                writeln!(text, "{kind},{name},{metric},{statistic},{unit},{mean},{stddev},{}", sample.count); // into a string
        }
        text
    }

    /// Reads such a file.
    ///
    /// # Errors
    ///
    /// The line that is no line of a baseline, and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().zip(1..);
        let head = lines.next().map_or("", |(line, _)| line);
        let origin = || {
            let mut parts = head.strip_prefix("# queuelab ")?.split(", ");
            let version = parts.next()?.to_owned();
            let scenario_hash = parts.next()?.strip_prefix("scenario ")?.to_owned();
            let seed = parts.next()?.strip_prefix("seed ")?.parse().ok()?;
            Some(Self { version, scenario_hash, seed, rows: Vec::new() })
        };
        let mut baseline =
            origin().ok_or("line 1: expected `# queuelab VERSION, scenario HASH, seed NUMBER`")?;
        if lines.next().map(|(line, _)| line) != Some(&COLUMNS.join(",")) {
            return Err(format!("line 2: expected `{}`", COLUMNS.join(",")));
        }
        for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
            let cells: Vec<&str> = line.split(',').collect();
            let row = || {
                let [kind, name, metric, statistic, unit, mean, stddev, count] = cells.as_slice() else {
                    return None;
                };
                let real = |cell: &str| cell.parse::<f64>().ok().filter(|value| value.is_finite());
                let sample = Sample { count: count.parse().ok()?, mean: real(mean)?, stddev: real(stddev)? };
                let texts = [kind, name, metric, statistic, unit].map(|cell| (*cell).to_owned());
                let [kind, name, metric, statistic, unit] = texts;
                Some(BaselineRow { kind, name, metric, statistic, unit, sample })
            };
            baseline.rows.push(row().ok_or(format!("line {number}: `{line}` is no line of a baseline"))?);
        }
        Ok(baseline)
    }

    /// How `now` differs from it, statistic by statistic: those that are gone come last.
    pub fn compare(&self, now: &Baseline, strictness: Strictness) -> Vec<Change> {
        let find = |rows: &[BaselineRow], key: &Key<'_>| {
            rows.iter().find(|row| row.key() == *key).map(|row| row.sample)
        };
        let mut changes: Vec<Change> = now
            .rows
            .iter()
            .map(|row| {
                let before = find(&self.rows, &row.key());
                // The numbers of the file are rounded; so must be what is held against them.
                let after = row.sample.rounded();
                let p_value = before.map_or(1.0, |before| before.rounded().p_value(&after));
                Change { row: row.clone(), before, after: Some(row.sample), p_value, is_real: false }
            })
            .collect();
        let gone = self.rows.iter().filter(|row| find(&now.rows, &row.key()).is_none());
        changes.extend(gone.map(|row| Change {
            row: row.clone(),
            before: Some(row.sample),
            after: None,
            p_value: 1.0,
            is_real: false,
        }));
        // Holm: the surest difference must pass the strictest test; the first that does not ends the search.
        let mut order: Vec<usize> = (0..changes.len()).filter(|index| changes[*index].is_pair()).collect();
        order.sort_by(|a, b| changes[*a].p_value.total_cmp(&changes[*b].p_value));
        for (rank, index) in order.iter().enumerate() {
            if changes[*index].p_value > strictness.false_alarms / (order.len() - rank) as f64 {
                break;
            }
            changes[*index].is_real = changes[*index].relative().abs() > strictness.tolerance;
        }
        changes
    }
}

impl Sample {
    fn rounded(self) -> Self {
        let round = |value: f64| seven_digits(value).parse().unwrap_or(value);
        Self { mean: round(self.mean), stddev: round(self.stddev), ..self }
    }
}

impl BaselineRow {
    /// Which statistic it is.
    pub fn key(&self) -> Key<'_> {
        Key { kind: &self.kind, name: &self.name, metric: &self.metric, statistic: &self.statistic }
    }
}

impl Change {
    fn is_pair(&self) -> bool {
        self.before.is_some() && self.after.is_some()
    }

    /// The change by the value before; infinite from zero, 0 when there is nothing to compare.
    pub fn relative(&self) -> f64 {
        match (self.before, self.after) {
            (Some(before), Some(after)) if before.mean == after.mean => 0.0,
            (Some(before), Some(after)) => (after.mean - before.mean) / before.mean.abs(),
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(statistic: &str, values: &[f64]) -> BaselineRow {
        let [kind, name, metric, unit] = ["consumer", "w", "end_to_end_latency", "s"].map(str::to_owned);
        let sample = Sample::of(values).expect("there are values");
        BaselineRow { kind, name, metric, statistic: statistic.to_owned(), unit, sample }
    }

    fn baseline(rows: Vec<BaselineRow>) -> Baseline {
        Baseline { version: "0.1.0".to_owned(), scenario_hash: "ab12".to_owned(), seed: 42, rows }
    }

    #[test]
    fn a_baseline_reads_back() {
        let written = baseline(vec![row("mean", &[0.1, 0.25]), row("max", &[1e9 / 3.0, 0.0])]);
        let read = Baseline::parse(&written.to_text()).expect("it was just written");
        assert_eq!(read.to_text(), written.to_text());
        assert!(written.to_text().contains("consumer,w,end_to_end_latency,mean,s,0.175,0.106066,2\n"));
        assert!(written.compare(&read, Strictness::default()).iter().all(|change| change.p_value == 1.0));
        for (text, wanted) in [
            ("", "line 1: expected"),
            ("# queuelab 1, scenario a, seed 1\nkind\n", "line 2: expected `kind,"),
            ("# queuelab 1, scenario a, seed x\n", "line 1"),
        ] {
            assert!(Baseline::parse(text).expect_err("it is none").contains(wanted), "{text}");
        }
        let broken = written.to_text().replace("0.175", "nan");
        assert!(Baseline::parse(&broken).expect_err("no number").starts_with("line 3: "));
    }

    #[test]
    fn noise_is_no_change_and_a_shift_is() {
        let before = baseline(vec![row("mean", &[1.0, 1.1, 0.9, 1.05, 0.95]), row("max", &[3.0; 5])]);
        let noise = baseline(vec![row("mean", &[1.02, 1.12, 0.93, 1.0, 0.9]), row("max", &[3.0; 5])]);
        let shift = baseline(vec![row("mean", &[1.5, 1.6, 1.4, 1.55, 1.45]), row("max", &[3.0; 5])]);
        let real = |now: &Baseline| {
            let changes = before.compare(now, Strictness::default());
            changes.iter().map(|change| change.is_real).collect::<Vec<_>>()
        };
        assert_eq!((real(&noise), real(&shift)), (vec![false, false], vec![true, false]));
        // Sure, and too small to matter.
        let tiny = baseline(vec![row("mean", &[1.0, 1.1, 0.9, 1.05, 0.95]), row("max", &[3.01; 5])]);
        assert_eq!(real(&tiny), [false, false]);
        let gone = before.compare(&baseline(vec![row("p50", &[1.0])]), Strictness::default());
        assert_eq!(
            gone.iter().map(|change| (change.before.is_some(), change.after.is_some())).collect::<Vec<_>>(),
            [(false, true), (true, false), (true, false)]
        );
    }
}
