//! Batch means: intervals from the parts of a single long run.

use super::statistics::{Interval, Sample, lag_one_correlation};
use crate::record::{Tape, Unit};
use std::collections::BTreeMap;

/// A statistic of the whole run, with an interval from its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchEstimate {
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
    /// The value of the parts.
    pub sample: Sample,
    /// The interval, around the mean of the parts.
    pub interval: Interval,
    /// The correlation of neighbouring parts; far from zero the parts are too short and the interval is too narrow.
    pub correlation: f64,
}

impl BatchEstimate {
    /// Whether neighbouring parts are correlated more than chance explains (von Neumann's ratio, 5 %, one-sided).
    pub fn is_correlated(&self) -> bool {
        self.correlation > 1.645 / f64::from(self.sample.count).sqrt()
    }
}

/// Statistics whose value for a run is the mean of its parts' values, or nearly so.
const AVERAGES: [&str; 3] = ["mean", "rate", "share_above_zero"];

/// The estimates from the last `batches` windows of a tape, which are equal parts of its run.
pub fn batch_means(tape: &Tape, batches: usize, confidence: f64) -> Vec<BatchEstimate> {
    let parts = &tape.windows[tape.windows.len().saturating_sub(batches)..];
    let mut values: BTreeMap<(&str, &str, &str, &str), Vec<f64>> = BTreeMap::new();
    for row in parts.iter().flat_map(|part| &part.rows).filter(|row| AVERAGES.contains(&row.statistic)) {
        let key = (row.kind, row.name.as_str(), row.metric.as_str(), row.statistic);
        values.entry(key).or_default().push(row.value);
    }
    tape.summary
        .iter()
        .filter_map(|row| {
            let parts = values.get(&(row.kind, row.name.as_str(), row.metric.as_str(), row.statistic))?;
            // A part without any value says that parts are too short.
            let sample = Sample::of(parts).filter(|sample| sample.count as usize == batches)?;
            Some(BatchEstimate {
                kind: row.kind,
                name: row.name.clone(),
                metric: row.metric.clone(),
                statistic: row.statistic,
                unit: row.unit,
                sample,
                interval: sample.interval(confidence)?,
                correlation: lag_one_correlation(parts),
            })
        })
        .collect()
}
