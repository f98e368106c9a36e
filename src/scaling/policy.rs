//! What a scaling policy is set to.

use crate::engine::Span;

/// How a policy's number is meant ("`PutScalingPolicy`", `AdjustmentType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdjustmentType {
    /// Add (or with a minus, remove) this many instances.
    ChangeInCapacity,
    /// Have exactly this many instances.
    ExactCapacity,
    /// Add or remove this percentage of the present instances.
    PercentChangeInCapacity,
}

/// One step of a step scaling policy. Bounds are relative to the alarm's threshold; `None` is without bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepAdjustment {
    /// `MetricIntervalLowerBound`.
    pub lower_bound: Option<f64>,
    /// `MetricIntervalUpperBound`.
    pub upper_bound: Option<f64>,
    /// `ScalingAdjustment`.
    pub scaling_adjustment: f64,
}

/// What a policy does.
#[derive(Debug, Clone, PartialEq)]
pub enum PolicyKind {
    /// Simple scaling: one adjustment, then a cooldown.
    Simple {
        /// How the number is meant.
        adjustment_type: AdjustmentType,
        /// The number.
        scaling_adjustment: f64,
        /// `MinAdjustmentMagnitude`, for percentages.
        min_adjustment_magnitude: u32,
        /// `Cooldown`; `None` takes the group's.
        cooldown: Option<Span>,
    },
    /// Step scaling: the adjustment depends on how far the metric is beyond the threshold.
    Step {
        /// How the numbers are meant.
        adjustment_type: AdjustmentType,
        /// The steps.
        steps: Vec<StepAdjustment>,
        /// `MinAdjustmentMagnitude`, for percentages.
        min_adjustment_magnitude: u32,
        /// The alarm's threshold.
        threshold: f64,
        /// `EstimatedInstanceWarmup`; `None` takes the group's.
        instance_warmup: Option<Span>,
    },
    /// Target tracking, the half that its high alarm drives.
    TrackHigh {
        /// `TargetValue`.
        target_value: f64,
        /// `EstimatedInstanceWarmup`; `None` takes the group's.
        instance_warmup: Option<Span>,
    },
    /// Target tracking, the half that its low alarm drives.
    TrackLow {
        /// `TargetValue`.
        target_value: f64,
        /// `EstimatedInstanceWarmup`; `None` takes the group's.
        instance_warmup: Option<Span>,
        /// Shortest time between two scale-in activities of this policy.
        scale_in_interval: Span,
    },
}

/// A scaling policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// What it does.
    pub kind: PolicyKind,
}
