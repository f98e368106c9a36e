//! Everything that is fixed about the instance refreshes of a group during a run.

use crate::engine::{Distribution, Span, Time};

/// A version of the launch template: what its instances do otherwise than the consumer says.
#[derive(Debug, Clone)]
pub struct Version {
    /// Its name.
    pub name: String,
    /// How long processing takes, in nanoseconds.
    pub processing_time: Option<Distribution>,
    /// Probability that processing fails.
    pub failure_rate: Option<f64>,
}

/// What becomes of instances that a refresh cannot replace like others ("`RefreshPreferences`").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InTheWay {
    /// They go all the same.
    Replace,
    /// They are left alone.
    Ignore,
    /// The refresh waits for them, and fails after an hour.
    Wait,
}

/// An instance refresh ("Use an instance refresh to update instances in an Auto Scaling group").
#[derive(Debug, Clone)]
pub struct InstanceRefresh {
    /// When it starts.
    pub at: Time,
    /// When it is cancelled.
    pub cancelled_at: Option<Time>,
    /// When it is rolled back by hand.
    pub rolled_back_at: Option<Time>,
    /// The desired configuration: a position among the group's versions; `None` keeps the group's.
    pub version: Option<u16>,
    /// `MinHealthyPercentage`, 0..=100.
    pub min_healthy: u32,
    /// `MaxHealthyPercentage`, 100..=200.
    pub max_healthy: u32,
    /// `InstanceWarmup`.
    pub warm_up: Span,
    /// `CheckpointPercentages`, 1..=100, going up.
    pub checkpoints: Vec<u32>,
    /// `CheckpointDelay`.
    pub checkpoint_delay: Span,
    /// `SkipMatching`.
    pub skip_matching: bool,
    /// `AutoRollback`.
    pub auto_rollback: bool,
    /// `ScaleInProtectedInstances`.
    pub protected: InTheWay,
    /// `StandbyInstances`.
    pub standby: InTheWay,
    /// `AlarmSpecification`: names of alarms.
    pub alarms: Vec<String>,
    /// `BakeTime`.
    pub bake_time: Span,
}

impl InstanceRefresh {
    /// Fewest instances that are ready, of so many: rounded up.
    pub(super) fn least_ready(&self, desired: u32) -> u32 {
        share(desired, self.min_healthy)
    }

    /// Most instances there, of so many: rounded down, and one more than desired at least where more may be there. How AWS
    /// rounds is an assumption.
    pub(super) fn most_there(&self, desired: u32) -> u32 {
        let exact = u64::from(desired) * u64::from(self.max_healthy) / 100;
        let least = desired + u32::from(self.max_healthy > 100);
        (exact as u32).max(least)
    }

    /// New instances at a checkpoint, of so many: rounded up ("the minimum percentage of instances … that must be new").
    pub(super) fn new_at(&self, checkpoint: usize, desired: u32) -> u32 {
        self.checkpoints.get(checkpoint).map_or(desired, |percentage| share(desired, *percentage))
    }
}

/// A percentage of so many, rounded up.
fn share(desired: u32, percentage: u32) -> u32 {
    (u64::from(desired) * u64::from(percentage)).div_ceil(100) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refresh(min_healthy: u32, max_healthy: u32, checkpoints: &[u32]) -> InstanceRefresh {
        InstanceRefresh {
            at: Time::ZERO,
            cancelled_at: None,
            rolled_back_at: None,
            version: None,
            min_healthy,
            max_healthy,
            warm_up: Span::ZERO,
            checkpoints: checkpoints.to_vec(),
            checkpoint_delay: Span::ZERO,
            skip_matching: false,
            auto_rollback: false,
            protected: InTheWay::Wait,
            standby: InTheWay::Wait,
            alarms: Vec::new(),
            bake_time: Span::ZERO,
        }
    }

    #[test]
    fn shares_are_whole_instances() {
        let bounds = |min, max, desired| {
            let refresh = refresh(min, max, &[]);
            (refresh.least_ready(desired), refresh.most_there(desired))
        };
        assert_eq!(bounds(90, 120, 100), (90, 120), "AWS's example");
        assert_eq!(bounds(90, 100, 10), (9, 10));
        assert_eq!(bounds(90, 100, 9), (9, 9), "8.1 rounded up");
        assert_eq!(bounds(100, 110, 4), (4, 5), "4.4, and one more at least");
        assert_eq!(bounds(100, 150, 3), (3, 4), "4.5 rounded down");
        assert_eq!(bounds(0, 100, 5), (0, 5));
        assert_eq!(bounds(100, 200, 0), (0, 1));
    }

    #[test]
    fn checkpoints_are_whole_instances() {
        let refresh = refresh(90, 100, &[20, 50, 100]);
        assert_eq!([0, 1, 2, 3].map(|checkpoint| refresh.new_at(checkpoint, 10)), [2, 5, 10, 10]);
        assert_eq!([0, 1, 2].map(|checkpoint| refresh.new_at(checkpoint, 3)), [1, 2, 3]);
    }
}
