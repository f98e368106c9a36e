//! Scaling policies in a scenario.

use super::policy::{AdjustmentType, StepAdjustment};
use crate::language::{Duration, Problems, Reference, choice, keyword, section};

choice! {
    /// A scaling policy.
    pub enum PolicyConfig {
        /// Keep a metric at a target value.
        TargetTracking(TargetTrackingConfig) = "target_tracking",
        /// Change the capacity the more, the further an alarm's metric is beyond its threshold.
        StepScaling(StepScalingConfig) = "step_scaling",
        /// Change the capacity once when an alarm goes off, then wait for a cooldown.
        SimpleScaling(SimpleScalingConfig) = "simple_scaling",
    }
}

keyword! {
    /// A metric a group can track.
    pub enum MetricChoice {
        /// Visible messages of the consumer's queue, divided by the instances in service.
        BacklogPerInstance = "backlog_per_instance",
    }
}

section! {
    /// Target tracking: the group makes two alarms of its own, one above the target (3 of 3 minutes), one some way
    /// below (15 of 15 minutes), and adds or removes capacity in proportion.
    pub struct TargetTrackingConfig {
        /// The policy's name; by default `target-tracking`.
        pub name: Option<String>;
        /// The metric to keep at the target.
        pub metric: MetricChoice;
        /// The target.
        pub target_value: f64, above (0.0);
        /// Only add, never remove.
        pub disable_scale_in: bool = false;
        /// Warm-up of instances for this policy; by default the group's.
        pub instance_warmup: Option<Duration>, within (Duration::ZERO, Duration::from_hours(1));
    }
}

keyword! {
    /// How an adjustment is meant.
    pub enum AdjustmentTypeConfig {
        /// Add this many instances; remove with a minus.
        ChangeInCapacity = "ChangeInCapacity",
        /// Have exactly this many instances.
        ExactCapacity = "ExactCapacity",
        /// Add this percentage of the present instances; remove with a minus.
        PercentChangeInCapacity = "PercentChangeInCapacity",
    }
}

section! {
    /// Step scaling.
    pub struct StepScalingConfig {
        /// The policy's name; by default that of its alarm.
        pub name: Option<String>;
        /// The alarm that invokes it.
        pub alarm: Reference;
        /// How adjustments are meant.
        pub adjustment_type: AdjustmentTypeConfig;
        /// The steps.
        pub step_adjustments: Vec<StepConfig>;
        /// Least change of a percentage (`MinAdjustmentMagnitude`).
        pub min_adjustment_magnitude: u32 = 0;
        /// Warm-up of instances for this policy; by default the group's.
        pub instance_warmup: Option<Duration>, within (Duration::ZERO, Duration::from_hours(1));
    }
    check StepScalingConfig::check;
}

section! {
    /// A step: bounds relative to the alarm's threshold, and the adjustment between them.
    pub struct StepConfig {
        /// `MetricIntervalLowerBound`; without it there is none.
        pub lower_bound: Option<f64>;
        /// `MetricIntervalUpperBound`; without it there is none.
        pub upper_bound: Option<f64>;
        /// `ScalingAdjustment`.
        pub scaling_adjustment: i64;
    }
}

section! {
    /// Simple scaling.
    pub struct SimpleScalingConfig {
        /// The policy's name; by default that of its alarm.
        pub name: Option<String>;
        /// The alarm that invokes it.
        pub alarm: Reference;
        /// How the adjustment is meant.
        pub adjustment_type: AdjustmentTypeConfig;
        /// `ScalingAdjustment`.
        pub scaling_adjustment: i64;
        /// Least change of a percentage (`MinAdjustmentMagnitude`).
        pub min_adjustment_magnitude: u32 = 0;
        /// Wait after an activity of this policy; by default the group's.
        pub cooldown: Option<Duration>;
    }
}

impl From<AdjustmentTypeConfig> for AdjustmentType {
    fn from(adjustment_type: AdjustmentTypeConfig) -> Self {
        match adjustment_type {
            AdjustmentTypeConfig::ChangeInCapacity => AdjustmentType::ChangeInCapacity,
            AdjustmentTypeConfig::ExactCapacity => AdjustmentType::ExactCapacity,
            AdjustmentTypeConfig::PercentChangeInCapacity => AdjustmentType::PercentChangeInCapacity,
        }
    }
}

impl StepConfig {
    /// The step as the policy takes it.
    pub fn adjustment(&self) -> StepAdjustment {
        StepAdjustment {
            lower_bound: self.lower_bound,
            upper_bound: self.upper_bound,
            scaling_adjustment: self.scaling_adjustment as f64,
        }
    }
}

/// Most steps of a policy ("Amazon EC2 Auto Scaling service quotas").
const MOST_STEPS: usize = 20;

impl StepScalingConfig {
    /// The rules of "`PutScalingPolicy`": no gaps, no overlaps, one open end on each side at most.
    fn check(&self, problems: &mut Problems) {
        let steps = &self.step_adjustments;
        let here = self.places.of("step_adjustments");
        if steps.is_empty() || steps.len() > MOST_STEPS {
            problems.error(
                here,
                format!("a step scaling policy has 1 to {MOST_STEPS} steps, not {}", steps.len()),
            );
        }
        let mut sorted: Vec<&StepConfig> = steps.iter().collect();
        let low = |step: &StepConfig| step.lower_bound.unwrap_or(f64::NEG_INFINITY);
        let high = |step: &StepConfig| step.upper_bound.unwrap_or(f64::INFINITY);
        sorted.sort_by(|a, b| low(a).total_cmp(&low(b)));
        for step in &sorted {
            if low(step) >= high(step) {
                problems.error(step.place, "the upper bound of a step must be above its lower bound");
            } else if step.lower_bound.is_none() && step.upper_bound.is_none() {
                problems.error(step.place, "a step needs at least one bound");
            }
        }
        for pair in sorted.windows(2) {
            if high(pair[0]).total_cmp(&low(pair[1])) != std::cmp::Ordering::Equal {
                let what = if high(pair[0]) > low(pair[1]) { "overlap" } else { "leave a gap" };
                problems.error(pair[1].place, format!("the steps {what} below this one")).why(format!(
                    "it begins at {}, the one before ends at {}",
                    low(pair[1]),
                    high(pair[0])
                ));
            }
        }
        if let (Some(first), Some(last)) = (sorted.first(), sorted.last()) {
            if first.lower_bound.is_some_and(|bound| bound < 0.0) {
                problems.error(first.place, "with a negative lower bound one step must have no lower bound");
            }
            if last.upper_bound.is_some_and(|bound| bound > 0.0) {
                problems.error(last.place, "with a positive upper bound one step must have no upper bound");
            }
        }
    }
}
