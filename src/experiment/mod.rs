//! Experiments: many runs that answer one question. Replications say how sure a result is, baselines whether it changed,
//! comparisons which of two scenarios is better, sweeps how results follow from settings, tuning which setting is enough.
//!
//! The only floor with threads. Runs are independent of each other, and what comes of them is put together in a fixed
//! order, so that results do not depend on how many threads there are.

mod baseline;
mod batches;
mod compare;
mod crew;
mod estimate;
mod replications;
mod sheets;
mod statistics;
mod sweep;
mod trial;
mod tune;
mod warm_up;

pub use baseline::{Baseline, BaselineRow, Change, Strictness};
pub use batches::{BatchEstimate, batch_means};
pub use compare::{Contestant, Difference, Show, differences, verdict};
pub use crew::Crew;
pub use estimate::{Estimate, estimates, is_headline, quantile_of};
pub use replications::{Precision, ReplicationPlan, Replications};
pub use sheets::{Held, VALUE_COLUMNS, held, intervals_sheet, replications_sheet, value_rows};
pub use statistics::{Interval, Sample, t_quantile};
pub use sweep::{
    ExperimentConfig, Knob, MOST_POINTS, Part, PartHead, Sweep, grid, merge, points_of_task, values_of,
};
pub use trial::{Key, LevelOverTime, Trial, TrialError, Values};
pub use tune::{Met, cost, met};
pub use warm_up::{WarmUp, detect, truncation};
