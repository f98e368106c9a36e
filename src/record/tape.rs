//! Everything a run leaves behind, in memory: the only thing expectations and reports may read.

use super::{Ledger, MetricDefinition, Unit, WindowReading};
use crate::engine::{Span, Time};
use std::sync::Arc;

/// Which run it was.
#[derive(Debug, Clone)]
pub struct RunHeader {
    /// The scenario's name.
    pub scenario: String,
    /// The scenario's description, possibly empty.
    pub description: String,
    /// SHA-256 of the scenario as it was run (file and overrides), in hexadecimal.
    pub scenario_hash: String,
    /// Seed of every random stream.
    pub seed: u64,
    /// Which replication of the seed.
    pub replication: u32,
    /// The simulated wall clock at time zero, in milliseconds since 1970-01-01T00:00:00Z.
    pub start_unix_millis: i64,
    /// How much time was simulated.
    pub duration: Span,
    /// The part of it left out of the statistics.
    pub warm_up: Span,
    /// The quota profile, `current` or `2022`.
    pub quota_profile: String,
    /// Events the engine handled.
    pub events: u64,
}

/// A metric of one entity, with its CloudWatch datapoints (all of one period).
#[derive(Debug, Clone)]
pub struct MetricSeries {
    /// The declaration.
    pub definition: &'static MetricDefinition,
    /// Kind of the owner: `queue`, `consumer`, ….
    pub kind: &'static str,
    /// Name of the owner in the scenario, the value of CloudWatch's dimension.
    pub name: String,
    /// The datapoints, oldest first; minutes without a point are missing, not zero.
    pub datapoints: Vec<Datapoint>,
}

/// One CloudWatch datapoint: the statistic set of one period, in the metric's outside unit (seconds, not nanoseconds).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Datapoint {
    /// Start of the period ("CloudWatch concepts": a datapoint is stamped with the start of its period).
    pub time: Time,
    /// Length of the period.
    pub period: Span,
    /// Samples in the period.
    pub sample_count: f64,
    /// Their sum.
    pub sum: f64,
    /// The smallest.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
}

impl Datapoint {
    /// Sum over sample count.
    pub fn average(&self) -> f64 {
        self.sum / self.sample_count
    }
}

/// One row of `summary.csv`: one statistic of one metric of one thing, after the warm-up.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryRow {
    /// Kind of the thing: `queue`, `consumer`, `producer`, `alarm`, `run`.
    pub kind: &'static str,
    /// Its name in the scenario.
    pub name: String,
    /// The metric, in `snake_case`.
    pub metric: String,
    /// The statistic: `mean`, `p99`, `sum`, ….
    pub statistic: &'static str,
    /// The value, in `unit`.
    pub value: f64,
    /// What it is counted in.
    pub unit: Unit,
}

impl SummaryRow {
    /// A total over the run.
    pub fn sum(kind: &'static str, name: &str, metric: &str, value: f64, unit: Unit) -> Self {
        Self { kind, name: name.to_owned(), metric: metric.to_owned(), statistic: "sum", value, unit }
    }
}

/// A counter or level over time, at the steps of the charts.
#[derive(Debug, Clone)]
pub struct Series {
    /// Kind of the owner.
    pub kind: &'static str,
    /// Name of the owner.
    pub name: String,
    /// The declaration; a counter's points are rates per second, a level's are levels.
    pub definition: &'static MetricDefinition,
    /// The points, oldest first.
    pub points: Vec<SeriesPoint>,
}

/// One step of a [`Series`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesPoint {
    /// End of the step.
    pub time: Time,
    /// The level at the end of the step, or the rate per second during it.
    pub value: f64,
    /// The lowest level during the step (a rate's own value).
    pub minimum: f64,
    /// The highest level during the step (a rate's own value).
    pub maximum: f64,
}

/// Quantiles of a distribution over time, at the steps of the charts.
#[derive(Debug, Clone)]
pub struct QuantileSeries {
    /// Kind of the owner.
    pub kind: &'static str,
    /// Name of the owner.
    pub name: String,
    /// The declaration.
    pub definition: &'static MetricDefinition,
    /// The points, oldest first; steps without values have none.
    pub points: Vec<QuantilePoint>,
}

/// One step of a [`QuantileSeries`], in the metric's outside unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantilePoint {
    /// End of the step.
    pub time: Time,
    /// Values in the step.
    pub count: u64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
    /// Largest value.
    pub maximum: f64,
}

/// A distribution of the whole run (after the warm-up).
#[derive(Debug, Clone)]
pub struct DistributionCurve {
    /// Kind of the owner.
    pub kind: &'static str,
    /// Name of the owner.
    pub name: String,
    /// The declaration.
    pub definition: &'static MetricDefinition,
    /// Occupied buckets, lowest first: value in the outside unit, and how many values fell there.
    pub buckets: Vec<(f64, u64)>,
}

/// One alarm state change: a row of `alarms.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmChange {
    /// When.
    pub time: Time,
    /// The alarm's name.
    pub alarm: String,
    /// State before: `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    pub old_state: &'static str,
    /// State after.
    pub new_state: &'static str,
    /// Why, for a person.
    pub reason: String,
    /// What became of its actions: `performed`, `disabled`, or what suppresses them.
    pub actions: String,
}

/// What an alarm watched over time, for charts: its state changes are [`AlarmChange`]s.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmSeries {
    /// The alarm's name.
    pub alarm: String,
    /// What it watches, in words.
    pub label: String,
    /// Its threshold.
    pub threshold: f64,
    /// When a value breaches: `above`, `at or above`, `below`, `at or below` the threshold.
    pub comparison: &'static str,
    /// The datapoints it has read: beginning of the period and value, oldest first, as they were when they were first
    /// read.
    pub points: Vec<(Time, f64)>,
}

impl AlarmSeries {
    /// Adds what is new among values that an alarm reads, oldest first. `time` is the beginning of a period; `None` before
    /// the run.
    pub fn add(&mut self, values: &[Option<f64>], time: impl Fn(usize) -> Option<Time>) {
        for (slot, value) in values.iter().enumerate() {
            let Some((value, time)) = value.zip(time(slot)) else { continue };
            if self.points.last().is_none_or(|(last, _)| *last < time) {
                self.points.push((time, value));
            }
        }
    }
}

/// The datapoints of a metric that a program publishes.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomMetricSeries {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its dimensions: `Queue=orders;Region=eu`.
    pub dimensions: String,
    /// Its unit, as CloudWatch calls it.
    pub unit: String,
    /// The datapoints, oldest first, as of its storage resolution.
    pub datapoints: Vec<Datapoint>,
}

/// One scaling activity: a row of `scaling_activities.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalingActivity {
    /// When the decision was taken.
    pub time: Time,
    /// The Auto Scaling group: its consumer's name.
    pub group: String,
    /// The policy that decided; empty when none did.
    pub policy: String,
    /// Why, for a person.
    pub cause: String,
    /// Desired capacity before.
    pub old_desired: u32,
    /// Desired capacity after.
    pub new_desired: u32,
    /// `Successful`, or why nothing changed.
    pub status: &'static str,
}

/// An instance of an Auto Scaling group is in another state: a row of `instances.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceChange {
    /// When.
    pub time: Time,
    /// The Auto Scaling group: its consumer's name.
    pub group: Arc<str>,
    /// Which instance; they are numbered in the order of their launches.
    pub instance: u64,
    /// Its Availability Zone, from 0.
    pub zone: u8,
    /// Its state, as AWS calls it.
    pub state: &'static str,
    /// Why.
    pub cause: &'static str,
}

/// A result of a window: a row of `window_results.csv`.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowResult {
    /// When it was emitted.
    pub time: Time,
    /// The application.
    pub application: String,
    /// The window's position among the application's operators, from 0.
    pub operator: u32,
    /// The key; empty when records are not grouped.
    pub key: String,
    /// The first millisecond of the window, since 1970-01-01T00:00:00Z.
    pub start_unix_millis: i64,
    /// The first millisecond after it.
    pub end_unix_millis: i64,
    /// The step of event time that records are grouped by besides, where they are (SQL).
    pub event_step_unix_millis: Option<i64>,
    /// Records in it.
    pub count: u64,
    /// The sum of their values.
    pub sum: f64,
    /// The smallest value.
    pub minimum: f64,
    /// The largest value.
    pub maximum: f64,
    /// Whether it corrects an earlier result because of a late record.
    pub is_late: bool,
    /// Whether it was emitted before a failure already.
    pub is_repeated: bool,
}

/// One call of a scripted client: a row of `api_calls.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCall {
    /// When it was made.
    pub time: Time,
    /// When its answer was there.
    pub answered_at: Time,
    /// Who made it.
    pub client: String,
    /// Its position in the client's script, from zero.
    pub step: u32,
    /// AWS's name of the action.
    pub action: &'static str,
    /// The queue it was made to.
    pub resource: String,
    /// Its parameters.
    pub request: String,
    /// `Success`, or AWS's error code.
    pub outcome: String,
    /// What came of it: the messages returned, or what else the call tells.
    pub messages: String,
    /// The bodies of the messages returned.
    pub bodies: Vec<String>,
}

/// One expectation, judged: a row of `expectations.csv`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExpectationResult {
    /// The thing and metric it is about, as written: `workers.end_to_end_latency`.
    pub name: String,
    /// The expression as written: `p99 < 30s`.
    pub expression: String,
    /// What was observed, with its unit; empty when there was nothing to observe.
    pub observed: String,
    /// Whether it held.
    pub passed: bool,
    /// What was observed as a number, where it is one; infinite for what never happened.
    pub value: Option<f64>,
    /// The line of the scenario file it stands in, counted from 1; `None` when it does not stand there.
    pub line: Option<u32>,
}

/// Who hands messages to whom: what lets a chart put a queue and its consumer on one time axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Kind of the giver: `producer`, `queue`, `consumer`.
    pub from_kind: &'static str,
    /// Its name.
    pub from: String,
    /// Kind of the taker.
    pub to_kind: &'static str,
    /// Its name.
    pub to: String,
}

/// All levels at one instant, for a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// When.
    pub time: Time,
    /// The levels.
    pub readings: Vec<Reading>,
}

/// A level at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Whose it is.
    pub name: String,
    /// The metric's name in `summary.csv`.
    pub metric: &'static str,
    /// The level.
    pub value: u64,
}

/// What queueing theory says of a queue and its consumer, beside what the run showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Theory {
    /// The queue and its consumer.
    pub name: String,
    /// The model and its load, or why there is no steady state.
    pub sentence: String,
    /// What it predicts.
    pub rows: Vec<TheoryRow>,
}

/// A value that theory predicts.
#[derive(Debug, Clone, PartialEq)]
pub struct TheoryRow {
    /// Whose metric and statistic it is.
    pub what: String,
    /// By the formula.
    pub theory: f64,
    /// In the run; `None` when it has none.
    pub simulated: Option<f64>,
    /// What both are counted in.
    pub unit: Unit,
}

/// Everything one run left behind.
#[derive(Debug, Clone)]
pub struct Tape {
    /// Which run it was.
    pub header: RunHeader,
    /// `summary.csv`.
    pub summary: Vec<SummaryRow>,
    /// `metrics.csv`.
    pub metrics: Vec<MetricSeries>,
    /// `ledger.csv`.
    pub ledger: Ledger,
    /// `alarms.csv`.
    pub alarms: Vec<AlarmChange>,
    /// What alarms watched, for charts.
    pub alarm_series: Vec<AlarmSeries>,
    /// Metrics that programs publish, in `metrics.csv` too.
    pub custom_metrics: Vec<CustomMetricSeries>,
    /// `scaling_activities.csv`.
    pub activities: Vec<ScalingActivity>,
    /// Levels and rates over time, for charts.
    pub series: Vec<Series>,
    /// Quantiles over time, for charts.
    pub quantiles: Vec<QuantileSeries>,
    /// Distributions, for charts.
    pub distributions: Vec<DistributionCurve>,
    /// `api_calls.csv`, by the time the calls were made.
    pub api_calls: Vec<ApiCall>,
    /// `instances.csv`, by time.
    pub instances: Vec<InstanceChange>,
    /// `window_results.csv`, by time.
    pub window_results: Vec<WindowResult>,
    /// `expectations.csv`.
    pub expectations: Vec<ExpectationResult>,
    /// Levels at the times a test asked for.
    pub probes: Vec<Probe>,
    /// Stretches that were measured on their own, in the order they were asked for.
    pub windows: Vec<WindowReading>,
    /// What queueing theory says of it; filled in for who shows it.
    pub theory: Vec<Theory>,
    /// Who hands messages to whom.
    pub flows: Vec<Flow>,
    /// What a reader of the results should know: gaps of a trace, things that could not be judged.
    pub notes: Vec<String>,
}

impl Tape {
    /// A value of `summary.csv`.
    ///
    /// ```no_run
    /// # let tape: queuelab::record::Tape = unimplemented!();
    /// let p99 = tape.value("workers", "end_to_end_latency", "p99").expect("the metric exists");
    /// ```
    pub fn value(&self, name: &str, metric: &str, statistic: &str) -> Option<f64> {
        self.summary
            .iter()
            .find(|row| row.name == name && row.metric == metric && row.statistic == statistic)
            .map(|row| row.value)
    }
}
