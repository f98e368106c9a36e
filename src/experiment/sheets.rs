//! The tables of experiments. Their columns are a contract: new ones go to the end.

use super::estimate::Estimate;
use super::trial::Trial;
use crate::report::{Sheet, number_text};

/// The columns of a value: which replication, which statistic.
pub const VALUE_COLUMNS: [&str; 7] = ["replication", "kind", "name", "metric", "statistic", "value", "unit"];

/// The columns of an interval.
pub(super) const INTERVAL_COLUMNS: [&str; 13] = [
    "kind",
    "name",
    "metric",
    "statistic",
    "unit",
    "replications",
    "mean",
    "stddev",
    "estimate",
    "low",
    "high",
    "half_width",
    "relative_half_width",
];

/// The columns of an expectation over several runs.
pub(super) const HELD_COLUMNS: [&str; 5] = ["name", "expression", "held", "replications", "mean"];

/// Every statistic of every replication.
pub fn replications_sheet(trials: &[Trial]) -> Sheet {
    let rows = trials.iter().enumerate().flat_map(|(replication, trial)| value_rows(replication, trial));
    Sheet { rows: rows.collect(), ..Sheet::new("replications.csv", VALUE_COLUMNS) }
}

/// Every statistic of one replication.
pub fn value_rows(replication: usize, trial: &Trial) -> impl Iterator<Item = Vec<String>> + '_ {
    trial.summary.iter().map(move |row| {
        vec![
            replication.to_string(),
            row.kind.to_owned(),
            row.name.clone(),
            row.metric.clone(),
            row.statistic.to_owned(),
            number_text(row.value),
            row.unit.name().to_owned(),
        ]
    })
}

/// Every statistic with its interval.
pub fn intervals_sheet(estimates: &[Estimate]) -> Sheet {
    Sheet {
        rows: estimates.iter().map(interval_row).collect(),
        ..Sheet::new("intervals.csv", INTERVAL_COLUMNS)
    }
}

pub(super) fn interval_row(one: &Estimate) -> Vec<String> {
    let told = |value: Option<f64>| value.map(number_text).unwrap_or_default();
    let interval = one.interval;
    vec![
        one.kind.to_owned(),
        one.name.clone(),
        one.metric.clone(),
        one.statistic.to_owned(),
        one.unit.name().to_owned(),
        one.sample.count.to_string(),
        number_text(one.sample.mean),
        number_text(one.sample.stddev),
        number_text(one.centre()),
        told(interval.map(|interval| interval.low())),
        told(interval.map(|interval| interval.high())),
        told(interval.map(|interval| interval.half_width)),
        told(interval.map(|interval| interval.relative())),
    ]
}

/// An expectation over several runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// What it is about.
    pub name: String,
    /// The expression.
    pub expression: String,
    /// In how many runs it held.
    pub held: u32,
    /// Of how many.
    pub of: u32,
    /// The mean of what was observed, where that is a number; infinite when something never happened in a run.
    pub mean: Option<f64>,
}

/// In how many trials each expectation held.
pub fn held(trials: &[Trial]) -> Vec<Held> {
    let Some(first) = trials.first() else { return Vec::new() };
    (0..first.expectations.len())
        .map(|index| {
            let all = || trials.iter().map(|trial| &trial.expectations[index]);
            let values: Option<Vec<f64>> = all().map(|one| one.value).collect();
            Held {
                name: first.expectations[index].name.clone(),
                expression: first.expectations[index].expression.clone(),
                held: all().filter(|one| one.passed).count() as u32,
                of: trials.len() as u32,
                mean: values.map(|values| values.iter().sum::<f64>() / values.len() as f64),
            }
        })
        .collect()
}

pub(super) fn held_row(one: &Held) -> Vec<String> {
    vec![
        one.name.clone(),
        one.expression.clone(),
        one.held.to_string(),
        one.of.to_string(),
        one.mean.map(number_text).unwrap_or_default(),
    ]
}
