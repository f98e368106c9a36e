//! `queuelab run --replications`: the same scenario several times, and how sure its results are.

use super::experiments::{RunsArguments, failed, go_on, interval_table, precision, statistic_of};
use super::outcome::{DIM, wrong};
use crate::engine::Span;
use crate::experiment::{
    Crew, Estimate, ReplicationPlan, Replications, Trial, batch_means, detect, estimates, intervals_sheet,
    is_headline, replications_sheet,
};
use crate::language::Duration;
use crate::record::Tape;
use crate::report::{Sheet, number_text};
use crate::scenario::Scenario;
use clap::Args;
use std::fmt::Write as _;

/// How sure results must be.
#[derive(Debug, Args)]
pub(super) struct ReplicateArguments {
    #[command(flatten)]
    pub(super) runs: RunsArguments,
    /// Go on until the interval of `--metric` is no wider than this to each side.
    #[arg(long, value_name = "PERCENT", value_parser = precision)]
    until_precision: Option<f64>,
    /// The statistic that `--until-precision` is about: `workers.end_to_end_latency.p99`. By default the first mean latency.
    #[arg(long, value_name = "STATISTIC", requires = "until_precision")]
    metric: Option<String>,
    /// But no more replications than this.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000, requires = "until_precision")]
    max_replications: u32,
    /// Intervals from so many equal parts of the run itself (batch means), for runs that are too long to repeat.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(2..=1_000))]
    batches: Option<u32>,
    /// What is left out of the statistics: a time such as `10m`, or `auto` to have it found out (MSER-5).
    #[arg(long, value_name = "TIME")]
    warm_up: Option<String>,
}

/// What is found out besides a run's own results.
#[derive(Debug, Default)]
pub(super) struct Further {
    /// Tables for the report.
    pub(super) sheets: Vec<Sheet>,
    /// Words for the terminal.
    pub(super) told: String,
    /// The expectations, where they are judged over replications.
    pub(super) failed: Option<bool>,
}

/// Replications of a pilot that finds the warm-up.
const PILOTS: u32 = 5;

/// Replications before the first look at their precision.
const FIRST_LOOK: u32 = 10;

impl ReplicateArguments {
    /// The scenario as it will be run: its warm-up found, its parts asked for.
    pub(super) fn prepared(
        &self,
        scenario: Scenario,
        seed: u64,
        crew: &Crew,
        told: &mut String,
    ) -> anyhow::Result<Scenario> {
        let scenario = scenario.with_batches(self.batches.unwrap_or(0));
        let warm_up = match self.warm_up.as_deref() {
            None => return Ok(scenario),
            Some("auto") => {
                let Some(cold) = scenario.clone().with_warm_up(Span::ZERO) else { return Ok(scenario) };
                let plan = ReplicationPlan::exactly(PILOTS, self.runs.confidence);
                let pilots = plan.play(&cold, seed, crew, &go_on).map_err(failed)?;
                let Some(found) = detect(&pilots.trials.iter().collect::<Vec<_>>()) else {
                    told.push_str("Warm-up: no level varies, none is needed\n");
                    return Ok(cold);
                };
                let (_, name, metric) = &found.slowest;
                let Some(seconds) = found.seconds else {
                    return Err(wrong(format!(
                        "no warm-up was found: `{name}.{metric}` does not settle in the first half of the run (MSER-5 over \
                         {PILOTS} replications)\n  help: give the run a longer `duration`, or set `--warm-up` yourself"
                    )));
                };
                let _ = writeln!(
                    told,
                    "Warm-up: {} (MSER-5 over {PILOTS} replications; {name}.{metric} settles last)",
                    human(seconds)
                ); // into a string
                Span::from_nanos((seconds * 1e9) as u64)
            }
            Some(text) => {
                let time = text.parse::<Duration>();
                let time = time.map_err(|_| {
                    wrong(format!("expected a time such as `10m`, or `auto`, found `{text}`"))
                })?;
                Span::from_nanos(time.as_nanos())
            }
        };
        let duration = scenario.duration();
        let shortened = scenario.with_warm_up(warm_up);
        shortened.ok_or_else(|| {
            wrong(format!("a warm-up of {warm_up} leaves nothing of the run, which lasts {duration}"))
        })
    }

    /// Plays the other replications and puts all together. `tape` is the first.
    pub(super) fn further(
        &self,
        scenario: &Scenario,
        seed: u64,
        tape: &Tape,
        crew: &Crew,
        width: usize,
    ) -> anyhow::Result<Further> {
        let mut further = Further::default();
        if let Some(batches) = self.batches {
            self.add_batches(tape, batches as usize, width, &mut further);
        }
        let confidence = self.runs.confidence;
        let mut plan = self.runs.plan(scenario.replications());
        if plan.most < 2 && self.until_precision.is_none() {
            return Ok(further);
        }
        let first = Trial::of(tape);
        if let Some(relative) = self.until_precision {
            let known = estimates(&[&first], confidence);
            plan.least = self.runs.replications.unwrap_or(FIRST_LOOK).max(2);
            plan.most = self.max_replications.max(plan.least);
            plan.precision = Some(statistic_of(&self.metric_or_default(&known)?, relative, &known)?);
        }
        let runs = plan.play_on(vec![first], (scenario, seed), crew, &go_on).map_err(failed)?;
        let estimates = runs.estimates(confidence);
        further.sheets.push(replications_sheet(&runs.trials));
        further.sheets.push(intervals_sheet(&estimates));
        let shown: Vec<&Estimate> = estimates
            .iter()
            .filter(|one| is_headline(&one.key()) && (one.sample.mean != 0.0 || one.sample.stddev != 0.0))
            .collect();
        let title =
            format!("{} replications, {}% intervals", runs.trials.len(), number_text(100.0 * confidence));
        let _ = write!(further.told, "\n{}", interval_table(&title, &shown, width)); // into a string
        if let Some(wanted) = &plan.precision {
            let which = format!("{} {} {}", wanted.name, wanted.metric, wanted.statistic);
            let _ = writeln!(
                further.told,
                "\nPrecision: {which} {} {}% after {} replications",
                if runs.is_precise { "is known to" } else { "is not known to" },
                number_text(100.0 * wanted.relative),
                runs.trials.len()
            ); // into a string
        }
        further.told += &over_all(&runs, scenario, &mut further.failed);
        Ok(further)
    }

    fn metric_or_default(&self, known: &[Estimate]) -> anyhow::Result<String> {
        if let Some(metric) = &self.metric {
            return Ok(metric.clone());
        }
        let latency = known.iter().find(|one| {
            one.statistic == "mean" && matches!(one.metric.as_str(), "end_to_end_latency" | "response_time")
        });
        let latency = latency
            .ok_or_else(|| wrong("no latency was measured: say with `--metric` what must be known"))?;
        Ok(format!("{}.{}.{}", latency.name, latency.metric, latency.statistic))
    }

    fn add_batches(&self, tape: &Tape, batches: usize, width: usize, further: &mut Further) {
        let means = batch_means(tape, batches, self.runs.confidence);
        let mut sheet = Sheet::new(
            "batch_means.csv",
            [
                "kind",
                "name",
                "metric",
                "statistic",
                "unit",
                "batches",
                "mean",
                "stddev",
                "low",
                "high",
                "half_width",
                "lag_1_correlation",
            ],
        );
        sheet.rows = means
            .iter()
            .map(|one| {
                let texts = [one.kind, &one.name, &one.metric, one.statistic, one.unit.name()];
                let numbers = [
                    f64::from(one.sample.count),
                    one.sample.mean,
                    one.sample.stddev,
                    one.interval.low(),
                    one.interval.high(),
                    one.interval.half_width,
                    one.correlation,
                ];
                texts.map(str::to_owned).into_iter().chain(numbers.map(number_text)).collect()
            })
            .collect();
        further.sheets.push(sheet);
        let shown: Vec<_> = means
            .iter()
            .filter(|one| {
                matches!(one.metric.as_str(), "end_to_end_latency" | "messages_visible" | "response_time")
            })
            .collect();
        let rows: Vec<Estimate> = shown
            .iter()
            .map(|one| Estimate {
                kind: one.kind,
                name: one.name.clone(),
                metric: one.metric.clone(),
                statistic: one.statistic,
                unit: one.unit,
                sample: one.sample,
                interval: Some(one.interval),
            })
            .collect();
        let rows: Vec<&Estimate> = rows.iter().collect();
        let title = format!("{batches} batches of this run");
        let _ = write!(further.told, "\n{}", interval_table(&title, &rows, width)); // into a string
        for one in shown.iter().filter(|one| one.is_correlated()) {
            let _ = writeln!(
                further.told,
                "{DIM}{} {}: neighbouring batches are correlated ({:.2}), so the interval is too narrow; use fewer, longer \
                 batches or replications{DIM:#}",
                one.name, one.metric, one.correlation
            ); // into a string
        }
    }
}

/// The expectations over all replications.
fn over_all(runs: &Replications, scenario: &Scenario, failed: &mut Option<bool>) -> String {
    let judged = runs.judge(scenario);
    *failed = Some(judged.iter().any(|one| !one.passed));
    if judged.is_empty() {
        return String::new();
    }
    judged.iter().fold("\nExpectations over all replications\n".to_owned(), |mut text, one| {
        let mark = if one.passed { '✓' } else { '✗' };
        let _ = writeln!(text, "{mark} {} {}  {DIM}was{DIM:#} {}", one.name, one.expression, one.observed); // into a string
        text
    })
}

fn human(seconds: f64) -> String {
    crate::expect::show(seconds, crate::record::Unit::Seconds)
}
