//! Time series: the statistics of a metric, metric math over several, and how a scenario says which one is meant.
//!
//! Alarms watch one, target tracking keeps one at its target, and a program may publish one as a metric of its own.

mod config;
pub mod math;
mod recording;
mod statistic;

pub use config::{MetricConfig, MetricQueryConfig, StatisticConfig};
pub use recording::RecordingConfig;
pub use statistic::{Bounds, Samples, Statistic};
