//! One run of an experiment, condensed to what experiments compare.

use crate::record::{ExpectationResult, SummaryRow, Tape};
use crate::scenario::Scenario;
use crate::world::RunError;
use std::collections::BTreeMap;

/// What is kept of a run.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The statistics.
    pub summary: Vec<SummaryRow>,
    /// The expectations, judged.
    pub expectations: Vec<ExpectationResult>,
    /// The distributions: of whom and what, and the values with their counts.
    pub values: Vec<Values>,
    /// Levels over time at the steps of the charts, for pictures and for the warm-up.
    pub levels: Vec<LevelOverTime>,
}

/// The values of a distribution.
#[derive(Debug, Clone)]
pub struct Values {
    /// Kind of the owner.
    pub kind: &'static str,
    /// Name of the owner.
    pub name: String,
    /// The metric.
    pub metric: &'static str,
    /// Values, lowest first, and how many there are of each.
    pub buckets: Vec<(f64, u64)>,
}

/// A level over time.
#[derive(Debug, Clone)]
pub struct LevelOverTime {
    /// Kind of the owner.
    pub kind: &'static str,
    /// Name of the owner.
    pub name: String,
    /// The metric.
    pub metric: &'static str,
    /// Seconds since the start, and the level.
    pub points: Vec<(f64, f64)>,
}

/// Why a trial gave nothing: the error, and which run it was.
#[derive(Debug)]
pub struct TrialError {
    /// What went wrong.
    pub error: RunError,
    /// The scenario's name, hash, seed and replication.
    pub run: String,
}

/// Levels that a person looks at over time: those of queues and streams, and capacities.
const LEVELS: [&str; 8] = [
    "messages_visible",
    "messages_in_flight",
    "instances_in_service",
    "running_tasks",
    "concurrent_executions",
    "desired_capacity",
    "age_of_oldest_message",
    "busy_threads",
];

impl Trial {
    /// What is kept of a tape.
    pub fn of(tape: &Tape) -> Self {
        let is_shown = |metric: &str| LEVELS.contains(&metric);
        let levels = tape.series.iter().filter(|series| is_shown(series.definition.name));
        Self {
            levels: levels
                .map(|series| LevelOverTime {
                    kind: series.kind,
                    name: series.name.clone(),
                    metric: series.definition.name,
                    points: series
                        .points
                        .iter()
                        .map(|point| (point.time.since_start().as_seconds_f64(), point.value))
                        .collect(),
                })
                .collect(),
            summary: tape.summary.clone(),
            expectations: tape.expectations.clone(),
            values: tape
                .distributions
                .iter()
                .map(|curve| Values {
                    kind: curve.kind,
                    name: curve.name.clone(),
                    metric: curve.definition.name,
                    buckets: curve.buckets.clone(),
                })
                .collect(),
        }
    }

    /// Plays a replication of a scenario. `go_on` is asked now and then.
    ///
    /// # Errors
    ///
    /// See [`RunError`].
    pub fn play(
        scenario: &Scenario,
        seed: u64,
        replication: u32,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self, TrialError> {
        let played = scenario.run_with(seed, replication, &mut |_| go_on());
        played.map(|tape| Self::of(&tape)).map_err(|error| TrialError {
            error,
            run: format!(
                "scenario `{}` ({}), seed {seed}, replication {replication}",
                scenario.name(),
                scenario.hash()
            ),
        })
    }

    /// Its statistics.
    pub fn by_key(&self) -> BTreeMap<Key<'_>, f64> {
        self.summary.iter().map(|row| (Key::of(row), row.value)).collect()
    }
}

/// Which statistic of which metric of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key<'a> {
    /// Kind of the thing.
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The metric.
    pub metric: &'a str,
    /// The statistic.
    pub statistic: &'a str,
}

impl<'a> Key<'a> {
    /// That of a row of the summary.
    pub fn of(row: &'a SummaryRow) -> Self {
        Key { kind: row.kind, name: &row.name, metric: &row.metric, statistic: row.statistic }
    }
}
