//! Sweeps: a scenario at many settings, each point independent of the others, so that several machines can share them.

mod charts;
mod file;
mod knob;
mod part;

pub use file::ExperimentConfig;
pub use knob::{Knob, values_of};
pub use part::{Part, PartHead};

use super::crew::Crew;
use super::estimate::is_headline;
use super::replications::ReplicationPlan;
use super::sheets::{
    HELD_COLUMNS, INTERVAL_COLUMNS, VALUE_COLUMNS, held, held_row, interval_row, value_rows,
};
use super::trial::TrialError;
use crate::report::{Experiment, Sheet};
use crate::scenario::Scenario;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What is varied, and how often each point is run.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// What it is called.
    pub name: String,
    /// The paths that are varied.
    pub knobs: Vec<String>,
    /// The values of the knobs at each point.
    pub points: Vec<Vec<String>>,
    /// How many replications a point has.
    pub plan: ReplicationPlan,
    /// What the charts show: `name.metric.statistic`; the headlines when empty.
    pub metrics: Vec<String>,
}

/// More points than a sweep can be meant to have.
pub const MOST_POINTS: usize = 1_000_000;

/// All combinations of the values of some knobs; the last knob changes first. `None` when there are too many.
pub fn grid(knobs: &[Knob]) -> Option<Vec<Vec<String>>> {
    let count = knobs.iter().try_fold(1_usize, |count, knob| count.checked_mul(knob.values.len()))?;
    if count > MOST_POINTS {
        return None;
    }
    let mut points = vec![Vec::new()];
    for knob in knobs {
        points = points
            .iter()
            .flat_map(|point: &Vec<String>| {
                knob.values.iter().map(|value| point.iter().cloned().chain([value.clone()]).collect())
            })
            .collect();
    }
    Some(points)
}

impl Sweep {
    /// What a point changes, as `--set` takes it.
    pub fn sets(&self, point: usize) -> Vec<String> {
        self.knobs.iter().zip(&self.points[point]).map(|(path, value)| format!("{path}={value}")).collect()
    }

    /// How a point is called: `max_size=20 visibility_timeout=30s`.
    pub fn label(&self, point: usize) -> String {
        label(&self.knobs, &self.points[point])
    }

    /// Hash of everything the results follow from. `scenarios` are the hashes of the points' scenarios.
    pub fn hash(&self, seed: Option<u64>, scenarios: &[String]) -> String {
        let mut hash = Sha256::new();
        let ReplicationPlan { least, most, precision, confidence } = &self.plan;
        let plan = format!("{least} {most} {precision:?} {confidence} {seed:?} {:?}", self.metrics);
        hash.update(format!("{} {} {plan}", env!("CARGO_PKG_VERSION"), self.name));
        for scenario in scenarios {
            hash.update(scenario);
        }
        hash.finalize().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // into a string
            text
        })
    }

    /// Runs one point.
    ///
    /// # Errors
    ///
    /// The first run that failed.
    pub fn run_point(
        &self,
        point: usize,
        experiment: &str,
        (scenario, seed): (&Scenario, u64),
        crew: &Crew,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Part, TrialError> {
        let runs = self.plan.play(scenario, seed, crew, go_on)?;
        let rows = runs.trials.iter().enumerate();
        let estimates = runs.estimates(self.plan.confidence);
        let metrics = if self.metrics.is_empty() {
            // The tail of each latency, and the cost.
            let shown = estimates
                .iter()
                .map(super::Estimate::key)
                .filter(|key| is_headline(key) && (key.statistic == "p99" || key.metric == "estimated_cost"));
            shown.map(|key| format!("{}.{}.{}", key.name, key.metric, key.statistic)).collect()
        } else {
            self.metrics.clone()
        };
        Ok(Part {
            head: PartHead {
                experiment: experiment.to_owned(),
                name: self.name.clone(),
                knobs: self.knobs.clone(),
                values: self.points[point].clone(),
                point,
                points: self.points.len(),
                metrics,
            },
            values: rows.flat_map(|(replication, trial)| value_rows(replication, trial)).collect(),
            intervals: estimates.iter().map(interval_row).collect(),
            expectations: held(&runs.trials).iter().map(held_row).collect(),
        })
    }
}

/// The last steps of the paths with the values.
fn label(knobs: &[String], values: &[String]) -> String {
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    let pairs = knobs.iter().zip(values).map(|(path, value)| format!("{}={value}", last(path)));
    pairs.collect::<Vec<_>>().join(" ")
}

/// Lays the parts of a sweep together: the same bytes whoever ran which part.
///
/// # Errors
///
/// Parts that are missing, or that belong to another sweep.
pub fn merge(parts: Vec<Part>) -> Result<Experiment, String> {
    let mut by_point: BTreeMap<usize, Part> = BTreeMap::new();
    for part in parts {
        if let Some(first) = by_point.values().next()
            && first.head.experiment != part.head.experiment
        {
            return Err(format!(
                "parts of different sweeps: point {} is of `{}`, point {} of `{}`, or of another version or scenario",
                first.head.point, first.head.name, part.head.point, part.head.name
            ));
        }
        by_point.insert(part.head.point, part);
    }
    let Some(head) = by_point.values().next().map(|part| part.head.clone()) else {
        return Err("there are no parts".to_owned());
    };
    let missing: Vec<String> =
        (0..head.points).filter(|point| !by_point.contains_key(point)).map(|p| p.to_string()).collect();
    if !missing.is_empty() {
        let shown = missing.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
        let rest = if missing.len() > 20 { ", …" } else { "" };
        return Err(format!("{} of {} points are missing: {shown}{rest}", missing.len(), head.points));
    }
    let parts: Vec<Part> = by_point.into_values().collect();
    let knobs: Vec<&str> = head.knobs.iter().map(String::as_str).collect();
    let sheet = |name: &str, columns: &[&str], rows: fn(&Part) -> &Vec<Vec<String>>| {
        let columns = ["point"].iter().chain(&knobs).chain(columns).copied();
        let mut sheet = Sheet::new(name, columns);
        for part in &parts {
            let point = [part.head.point.to_string()];
            let place: Vec<String> = point.into_iter().chain(part.head.values.iter().cloned()).collect();
            sheet
                .rows
                .extend(rows(part).iter().map(|row| place.iter().chain(row).cloned().collect::<Vec<_>>()));
        }
        sheet
    };
    let mut sheets = vec![
        sheet("sweep.csv", &VALUE_COLUMNS, |part| &part.values),
        sheet("intervals.csv", &INTERVAL_COLUMNS, |part| &part.intervals),
    ];
    if parts.iter().any(|part| !part.expectations.is_empty()) {
        sheets.push(sheet("expectations.csv", &HELD_COLUMNS, |part| &part.expectations));
    }
    Ok(Experiment {
        title: head.name.clone(),
        facts: vec![
            ("kind".to_owned(), "sweep".to_owned()),
            ("points".to_owned(), head.points.to_string()),
            ("varied".to_owned(), head.knobs.join(", ")),
            ("experiment_sha256".to_owned(), head.experiment.clone()),
        ],
        charts: charts::draw(&parts),
        sheets,
    })
}

/// Which points a task of several has: every so many-th, so that dear corners are shared.
pub fn points_of_task(points: usize, index: usize, count: usize) -> Vec<usize> {
    (0..points).filter(|point| point % count == index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_has_every_combination_and_tasks_share_it() {
        let knobs = ["a=1..3:1", "b=x,y"].map(|text| Knob::parse(text).expect("it is in order"));
        let points = grid(&knobs).expect("it is small");
        assert_eq!(
            points.iter().map(|point| point.concat()).collect::<Vec<_>>(),
            ["1x", "1y", "2x", "2y", "3x", "3y"]
        );
        let mut all: Vec<usize> = (0..7).flat_map(|index| points_of_task(6, index, 7)).collect();
        all.sort_unstable();
        assert_eq!(all, (0..6).collect::<Vec<_>>());
        let wide = ["a=1..2000:1", "b=1..2000:1"].map(|text| Knob::parse(text).expect("it is in order"));
        assert_eq!(grid(&wide), None);
    }
}
