//! Comparing scenarios: the same traffic and the same luck through each of them, and the differences run by run.
//!
//! Every entity has random streams of its own, by its name, so that a replication of one scenario and the same replication
//! of another meet the same arrivals wherever producers have the same name (common random numbers). What differs between
//! such a pair is mostly due to the scenario.

use super::estimate::{Estimate, estimates};
use super::statistics::{Interval, Sample};
use super::trial::{Key, Trial};
use crate::record::Unit;
use std::collections::BTreeMap;

/// A scenario of a comparison with its runs.
#[derive(Debug)]
pub struct Contestant {
    /// How it is called.
    pub name: String,
    /// Its runs, by replication.
    pub trials: Vec<Trial>,
    /// Simulated seconds that its statistics are of.
    pub seconds: f64,
}

/// A statistic of one scenario beside that of the first.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The statistic of the first scenario.
    pub first: Estimate,
    /// The statistic of the other.
    pub other: Estimate,
    /// Other minus first, run by run.
    pub sample: Sample,
    /// Its interval; `None` with a single replication.
    pub interval: Option<Interval>,
    /// Runs that a comparison of unpaired runs would need for an interval as narrow, by the runs there were.
    pub saving: f64,
}

impl Difference {
    /// Whether the difference is more than chance.
    pub fn is_sure(&self) -> bool {
        self.interval.is_some_and(|interval| interval.low() > 0.0 || interval.high() < 0.0)
    }
}

/// The differences of a scenario to the first, for all statistics that both have in every run.
pub fn differences(first: &Contestant, other: &Contestant, confidence: f64) -> Vec<Difference> {
    let all = |contestant: &Contestant| estimates(&contestant.trials.iter().collect::<Vec<_>>(), confidence);
    let others = all(other);
    let by_key: BTreeMap<Key<'_>, &Estimate> = others.iter().map(|one| (one.key(), one)).collect();
    let run_name = others.iter().find(|one| one.kind == "run").map_or("", |one| &one.name);
    let (ours, their_values) = (values(first), values(other));
    all(first)
        .into_iter()
        .filter_map(|estimate| {
            let key = estimate.key();
            // The run's own rows bear the scenario's name.
            let name = if key.kind == "run" { run_name } else { key.name };
            let theirs = *by_key.get(&Key { name, ..key })?;
            let pairs: Vec<f64> = ours
                .iter()
                .zip(&their_values)
                .filter_map(|(a, b)| Some(b.get(&theirs.key())? - a.get(&key)?))
                .collect();
            let sample = Sample::of(&pairs).filter(|sample| sample.count as usize == first.trials.len())?;
            let square = |value: f64| value * value;
            let apart = square(estimate.sample.stddev) + square(theirs.sample.stddev);
            let saving = apart / square(sample.stddev);
            Some(Difference {
                interval: sample.interval(confidence),
                saving: if saving.is_finite() { saving } else { 1.0 },
                other: theirs.clone(),
                first: estimate,
                sample,
            })
        })
        .collect()
}

/// The statistics of each run.
fn values(contestant: &Contestant) -> Vec<BTreeMap<Key<'_>, f64>> {
    contestant.trials.iter().map(Trial::by_key).collect()
}

/// What a comparison comes to, in a sentence: the tail of the latency, and the cost.
pub fn verdict(first: &Contestant, other: &Contestant, differences: &[Difference], show: Show<'_>) -> String {
    let latencies: Vec<&Difference> = differences
        .iter()
        .filter(|one| {
            one.first.statistic == "p99"
                && matches!(one.first.metric.as_str(), "end_to_end_latency" | "response_time")
        })
        .collect();
    let mut parts: Vec<String> = Vec::new();
    for one in &latencies {
        let whose = if latencies.len() > 1 { format!(" of {}", one.first.name) } else { String::new() };
        let (sample, half) = (one.sample.mean, one.interval.map_or(0.0, |interval| interval.half_width));
        let amount = format!("{} ± {}", show(sample.abs(), one.first.unit), show(half, one.first.unit));
        parts.push(match (one.is_sure(), sample < 0.0) {
            (true, true) => format!("lowers p99{whose} by {amount}"),
            (true, false) => format!("raises p99{whose} by {amount}"),
            (false, _) if sample == 0.0 && half == 0.0 => format!("leaves p99{whose} as it is"),
            (false, _) => format!(
                "does not surely change p99{whose} ({}{amount})",
                if sample < 0.0 { "-" } else { "+" }
            ),
        });
    }
    let cost = differences.iter().find(|one| one.first.kind == "run" && one.first.metric == "estimated_cost");
    if let Some(cost) = cost {
        let day = |value: f64, seconds: f64| value * 86_400.0 / seconds;
        let more = day(cost.other.sample.mean, other.seconds) - day(cost.first.sample.mean, first.seconds);
        let half = cost.interval.map_or(0.0, |interval| day(interval.half_width, first.seconds));
        let amount = format!("${:.2}/day", more.abs());
        parts.push(if more.abs() <= half || more == 0.0 {
            "costs as much".to_owned()
        } else if more > 0.0 {
            format!("costs {amount} more")
        } else {
            format!("costs {amount} less")
        });
    }
    match parts.split_last() {
        None => format!("{} and {} have nothing in common to compare", first.name, other.name),
        Some((last, [])) => format!("{} {last}", other.name),
        Some((last, rest)) => format!("{} {} and {last}", other.name, rest.join(", ")),
    }
}

/// How a value is shown to a person.
pub type Show<'a> = &'a dyn Fn(f64, Unit) -> String;
