//! CloudWatch: the metrics that alarms watch, and the alarms.
//!
//! # What it is
//!
//! Every entity publishes its metrics once a minute, and programs publish metrics of their own; each datapoint can be
//! read a while later. Alarms are evaluated every minute (or every ten seconds), at a second of their own, and invoke
//! scaling policies. Composite alarms follow the states of other alarms.
//!
//! # What is modelled
//!
//! All statistics, percentiles and trimmed means included; metric math; periods from 10 seconds to a day; M out of N, the
//! evaluation range, the four treatments of missing data, low samples of percentiles, sliding and wall clock windows,
//! warm-up; Auto Scaling actions repeated each minute while the state lasts; composite alarms with their suppressors;
//! custom metrics of standard and high resolution, as values and as statistic sets.
//!
//! # What is not
//!
//! Anomaly detection, Metrics Insights and PromQL, search expressions, alarms across accounts, `SetAlarmState`.
//!
//! # Assumptions
//!
//! How late a datapoint can be read, at which second an alarm is evaluated and how many points it fetches: AWS does
//! not say. See `docs/assumptions.md`.

mod action;
mod action_config;
mod alarm;
mod composite;
mod composite_config;
mod config;
mod cost;
mod custom;
mod custom_config;
mod entity;
mod evaluate;
mod reason;
mod rule;
mod store;
mod watched;
mod window;

pub use action::{AlarmAction, AlarmActions};
pub use action_config::NotifyConfig;
pub use alarm::{AlarmSettings, Comparison, WarmUp};
pub use composite::{CompositeAlarmSettings, Suppressor};
pub use composite_config::CompositeAlarmConfig;
pub use config::{AlarmConfig, ComparisonConfig, TreatMissingDataConfig};
pub use cost::CloudWatchPrices;
pub use custom::{CustomMetricSettings, CustomSource, PublishAs};
pub use custom_config::CustomMetricConfig;
pub use entity::{CloudWatch, CloudWatchSettings, Timer};
pub use evaluate::{TreatMissingData, evaluate, evaluation_range};
pub use rule::{AlarmId, Rule, RuleError};
pub use store::{MetricId, Values};
pub use watched::{Watched, WatchedMath};
pub use window::{EvaluationWindow, time_zone};
