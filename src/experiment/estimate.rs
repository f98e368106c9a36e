//! What several trials say together of each statistic.

use super::statistics::{Interval, Sample, pooled_quantile, sectioned};
use super::trial::{Key, Trial};
use crate::record::Unit;
use std::collections::BTreeMap;

/// A statistic over all trials.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Kind of the thing.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// The metric.
    pub metric: String,
    /// The statistic.
    pub statistic: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// Its values.
    pub sample: Sample,
    /// The confidence interval; `None` for fewer than two values. That of a quantile is around the quantile of all values
    /// of all trials.
    pub interval: Option<Interval>,
}

impl Estimate {
    /// Which statistic it is.
    pub fn key(&self) -> Key<'_> {
        Key { kind: self.kind, name: &self.name, metric: &self.metric, statistic: self.statistic }
    }

    /// The best guess: the centre of the interval, or the only value.
    pub fn centre(&self) -> f64 {
        self.interval.map_or(self.sample.mean, |interval| interval.centre)
    }
}

/// The share below a quantile; `None` for what is no quantile.
pub fn quantile_of(statistic: &str) -> Option<f64> {
    let percent: f64 = statistic.strip_prefix('p')?.parse().ok()?;
    Some(percent / 100.0)
}

/// Every statistic of the trials, in the order in which the first has them; those that only later ones have come last.
pub fn estimates(trials: &[&Trial], confidence: f64) -> Vec<Estimate> {
    let mut places: BTreeMap<Key<'_>, usize> = BTreeMap::new();
    let mut found: Vec<(&crate::record::SummaryRow, Vec<f64>)> = Vec::new();
    for trial in trials {
        for row in &trial.summary {
            let place = *places.entry(Key::of(row)).or_insert_with(|| {
                found.push((row, Vec::new()));
                found.len() - 1
            });
            found[place].1.push(row.value);
        }
    }
    found
        .into_iter()
        .filter_map(|(row, values)| {
            let sample = Sample::of(&values)?;
            let pooled = quantile_of(row.statistic).and_then(|quantile| {
                pooled_quantile(&buckets(trials, row.kind, &row.name, &row.metric), quantile)
            });
            let interval = match pooled {
                Some(pooled) => sectioned(pooled, &values, confidence),
                None => sample.interval(confidence),
            };
            Some(Estimate {
                kind: row.kind,
                name: row.name.clone(),
                metric: row.metric.clone(),
                statistic: row.statistic,
                unit: row.unit,
                sample,
                interval,
            })
        })
        .collect()
}

/// The values of a distribution in each trial that has it.
fn buckets<'a>(trials: &[&'a Trial], kind: &str, name: &str, metric: &str) -> Vec<&'a [(f64, u64)]> {
    trials
        .iter()
        .filter_map(|trial| {
            let mut all = trial.values.iter();
            all.find(|values| values.kind == kind && values.name == name && values.metric == metric)
        })
        .map(|values| values.buckets.as_slice())
        .collect()
}

/// The statistics a person looks at first, of all there are: how long messages take, how much work waits, how busy
/// capacity is, and what it costs.
pub fn is_headline(key: &Key<'_>) -> bool {
    matches!(
        (key.metric, key.statistic),
        ("end_to_end_latency" | "response_time", "mean" | "p50" | "p99" | "max")
            | ("messages_visible", "mean" | "max")
            | ("iterator_age" | "age_of_oldest_message" | "concurrent_executions", "max")
            | ("throughput" | "utilization" | "instances_in_service" | "running_tasks", "mean")
            | ("messages_dead_lettered" | "messages_expired" | "failures" | "throttles" | "timeouts", "sum")
    ) || (key.kind == "run" && matches!(key.metric, "estimated_cost" | "messages_processed" | "duplicates"))
}
