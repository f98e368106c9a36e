//! What the verbs of experiments have in common: threads, confidence, tables of intervals.

use super::outcome::{Failure, Outcome, broken, wrong};
use super::run::{interrupted, listen_for_interrupts};
use crate::expect::show;
use crate::experiment::{Crew, Estimate, Interval, Precision, ReplicationPlan, TrialError};
use crate::record::Unit;
use crate::report::grid;
use crate::world::RunError;
use clap::Args;

/// How many runs there are, how sure their results must be, and who works on them.
#[derive(Debug, Clone, Args)]
pub(super) struct RunsArguments {
    /// How often each scenario is run, each time with other random numbers; by default as the scenario says.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) replications: Option<u32>,
    /// Confidence of the intervals, in percent.
    #[arg(long, value_name = "PERCENT", default_value = "95%", value_parser = confidence)]
    pub(super) confidence: f64,
    /// Threads that work at the same time; by default as many as the machine has processors. Results are the same with any.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(super) threads: Option<u32>,
}

impl RunsArguments {
    pub(super) fn crew(&self) -> anyhow::Result<Crew> {
        listen_for_interrupts();
        let threads = self.threads.map(|threads| threads as usize);
        Crew::new(threads).map_err(|error| broken(format!("cannot start threads: {error}")))
    }

    pub(super) fn plan(&self, otherwise: u32) -> ReplicationPlan {
        ReplicationPlan::exactly(self.replications.unwrap_or(otherwise), self.confidence)
    }
}

/// A share in percent: `95%` or `95`.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim().parse::<f64>().ok().filter(|n| n.is_finite());
    number.map(|percent| percent / 100.0).ok_or(format!("expected a percentage such as `1%`, found `{text}`"))
}

fn confidence(text: &str) -> Result<f64, String> {
    let share = percent(text)?;
    let is_possible = (0.5..1.0).contains(&share);
    if is_possible { Ok(share) } else { Err("expected a percentage from 50% to below 100%".to_owned()) }
}

/// A relative precision: above nothing.
pub(super) fn precision(text: &str) -> Result<f64, String> {
    percent(text)
        .and_then(|share| if share > 0.0 { Ok(share) } else { Err("expected more than 0%".to_owned()) })
}

/// `workers.end_to_end_latency.p99` in its parts; statistics such as `p99.9` have a dot of their own.
pub(super) fn statistic_of(text: &str, relative: f64, known: &[Estimate]) -> anyhow::Result<Precision> {
    let written = |one: &Estimate| format!("{}.{}.{}", one.name, one.metric, one.statistic);
    if let Some(one) = known.iter().find(|one| written(one) == text) {
        let (name, metric) = (one.name.clone(), one.metric.clone());
        return Ok(Precision { name, metric, statistic: one.statistic.to_owned(), relative });
    }
    Err(no_statistic(text, &known.iter().map(written).collect::<Vec<_>>()))
}

/// What is said of a statistic that there is not.
pub(super) fn no_statistic(text: &str, known: &[String]) -> anyhow::Error {
    let near = crate::language::nearest(text, known.iter().map(String::as_str));
    let help = near.map_or_else(
        || "write a statistic of `summary.csv`: `workers.end_to_end_latency.p99`".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    wrong(format!("there is no statistic `{text}`\n  help: {help}"))
}

/// Whether runs go on: until Ctrl-C.
pub(super) fn go_on() -> bool {
    !interrupted()
}

/// A run of an experiment failed.
pub(super) fn failed(TrialError { error, run }: TrialError) -> anyhow::Error {
    match error {
        RunError::Interrupted => {
            Failure { outcome: Outcome::Interrupted, what: "nothing was written".to_owned() }.into()
        }
        RunError::StandsStill { .. } => wrong(format!("{error}\n  {run}")),
        RunError::Unbalanced(_) | RunError::Fault { .. } => {
            broken(format!("{error}\n  {run}: please report this"))
        }
    }
}

/// A table of estimates with their intervals.
pub(super) fn interval_table(title: &str, rows: &[&Estimate], width: usize) -> String {
    let names: Vec<String> =
        rows.iter().map(|one| format!("{} {} {}", one.name, one.metric, one.statistic)).collect();
    let column = |tell: &dyn Fn(&Estimate) -> Option<String>| rows.iter().map(|one| tell(one)).collect();
    let interval = |one: &Estimate, end: fn(&Interval) -> f64| Some(show(end(&one.interval?), one.unit));
    grid(
        title,
        &names,
        vec![
            ("estimate", column(&|one| Some(show(one.centre(), one.unit)))),
            ("±", column(&|one| interval(one, |interval| interval.half_width))),
            ("low", column(&|one| interval(one, Interval::low))),
            ("high", column(&|one| interval(one, Interval::high))),
            ("stddev", column(&|one| Some(show(one.sample.stddev, one.unit)))),
            ("±, relative", column(&|one| Some(relative(one.interval?.relative())))),
        ],
        width,
    )
}

/// A relative change or width.
pub(super) fn relative(share: f64) -> String {
    if share.is_finite() { show(share, Unit::Ratio) } else { "–".to_owned() }
}
