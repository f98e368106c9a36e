//! What scaling policies, and the capacity they change, are set to.

use super::schedule::{ScalableTargetActionConfig, ScheduledAction};
use crate::engine::{Distribution, Span, Time};
use crate::language::Named;
use jiff::Timestamp;

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

impl AdjustmentType {
    /// AWS's name.
    pub fn name(self) -> &'static str {
        match self {
            AdjustmentType::ChangeInCapacity => "ChangeInCapacity",
            AdjustmentType::ExactCapacity => "ExactCapacity",
            AdjustmentType::PercentChangeInCapacity => "PercentChangeInCapacity",
        }
    }
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

/// How the datapoints of an alarm become the one value that steps are chosen by ("`PutScalingPolicy`",
/// `MetricAggregationType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricAggregation {
    /// Their mean.
    Average,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
}

/// What a policy does.
#[derive(Debug, Clone, PartialEq)]
pub enum PolicyKind {
    /// Simple scaling: one adjustment, then a cooldown. EC2 Auto Scaling only.
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
        /// `MetricAggregationType`.
        aggregation: MetricAggregation,
        /// How long it waits between two actions.
        pace: Pace,
    },
    /// Target tracking: two alarms of its own, one above the target and one some way below.
    TargetTracking {
        /// `TargetValue`.
        target_value: f64,
        /// `DisableScaleIn`.
        disable_scale_in: bool,
        /// How long it waits between two actions.
        pace: Pace,
    },
    /// Predictive scaling: capacity for the load that is forecast. EC2 Auto Scaling only.
    Predictive(PredictiveSettings),
}

/// What keeps a step or target tracking policy from acting on its own effects. EC2 groups wait for instances to warm
/// up ("Set the default instance warmup"), Application Auto Scaling for cooldowns ("Step scaling policies for
/// Application Auto Scaling").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// `EstimatedInstanceWarmup`; `None` takes the group's.
    pub instance_warmup: Option<Span>,
    /// `ScaleOutCooldown`, or `Cooldown`.
    pub scale_out_cooldown: Span,
    /// `ScaleInCooldown`, or `Cooldown`.
    pub scale_in_cooldown: Span,
}

/// A scaling policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// What it does.
    pub kind: PolicyKind,
}

/// Predictive scaling ("Predictive scaling for Amazon EC2 Auto Scaling").
#[derive(Debug, Clone, PartialEq)]
pub struct PredictiveSettings {
    /// Load one instance is to have in an hour: `TargetValue`.
    pub target_value: f64,
    /// Whether the forecast changes the capacity (`ForecastAndScale`) or is only made (`ForecastOnly`).
    pub scales: bool,
    /// `SchedulingBufferTime`: how long before its hour the forecast takes effect.
    pub buffer: Span,
    /// `MaxCapacityBreachBehavior` `IncreaseMaxCapacity` with its `MaxCapacityBuffer`, a share; `None` honours the
    /// group's maximum.
    pub increase_max_capacity: Option<f64>,
    /// Load by hour before the run, the last one just before its start.
    pub history: Vec<f64>,
}

/// A call of `SetDesiredCapacity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManualChange {
    /// When.
    pub at: Time,
    /// `DesiredCapacity`.
    pub desired_capacity: u32,
    /// `HonorCooldown`.
    pub honor_cooldown: bool,
}

/// Whose rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ScalingService {
    /// Amazon EC2 Auto Scaling: instances that warm up.
    #[default]
    Ec2AutoScaling,
    /// Application Auto Scaling: cooldowns.
    ApplicationAutoScaling,
}

/// What AWS does not publish about scaling.
#[derive(Debug, Clone)]
pub struct ScalingAssumptions {
    /// Target tracking of EC2 groups removes capacity at most once in this time.
    pub scale_in_interval: Span,
    /// Target tracking removes at most this share of the capacity at once, but one instance always.
    pub scale_in_share: f64,
    /// Policies that alarms invoke within this time are decided together.
    pub gathering_time: Span,
    /// How late a scheduled action is, in nanoseconds.
    pub scheduled_action_delay: Option<Distribution>,
}

impl Default for ScalingAssumptions {
    fn default() -> Self {
        Self {
            scale_in_interval: Span::from_seconds(300),
            scale_in_share: 0.1,
            gathering_time: Span::ZERO,
            scheduled_action_delay: None,
        }
    }
}

/// Everything that is fixed about the scaling of one target: an Auto Scaling group, or a service.
#[derive(Debug, Clone)]
pub struct ScalingSettings {
    /// Whose rules hold.
    pub service: ScalingService,
    /// Fewest instances at the start.
    pub min_size: u32,
    /// Most instances at the start.
    pub max_size: u32,
    /// `DefaultCooldown`, for simple scaling.
    pub default_cooldown: Span,
    /// `DefaultInstanceWarmup`.
    pub instance_warmup: Span,
    /// The policies, in the order alarms know them by.
    pub policies: Vec<Policy>,
    /// The scheduled actions.
    pub scheduled_actions: Vec<ScheduledAction>,
    /// Calls of `SetDesiredCapacity`, in the order of time.
    pub manual_changes: Vec<ManualChange>,
    /// The simulated wall clock at time zero, in milliseconds since 1970.
    pub start_unix_millis: i64,
    /// What AWS does not publish.
    pub assumptions: ScalingAssumptions,
}

impl ScalingSettings {
    /// A target between these sizes that nothing changes.
    pub fn fixed(min_size: u32, max_size: u32) -> Self {
        Self {
            service: ScalingService::Ec2AutoScaling,
            min_size,
            max_size,
            default_cooldown: Span::ZERO,
            instance_warmup: Span::ZERO,
            policies: Vec::new(),
            scheduled_actions: Vec::new(),
            manual_changes: Vec::new(),
            start_unix_millis: 0,
            assumptions: ScalingAssumptions::default(),
        }
    }

    /// A scalable target of Application Auto Scaling between these sizes, without policies yet. `begin` is the wall clock
    /// at time zero.
    pub fn scalable_target(
        (min_size, max_size): (u32, u32),
        actions: &Named<ScalableTargetActionConfig>,
        begin: Timestamp,
    ) -> Self {
        Self {
            service: ScalingService::ApplicationAutoScaling,
            scheduled_actions: actions
                .iter()
                .filter_map(|(name, action)| action.resolve(name, begin))
                .collect(),
            start_unix_millis: begin.as_millisecond(),
            ..Self::fixed(min_size, max_size)
        }
    }
}

/// An alarm's way to a policy, in one number: which policy, and which of its two alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// The policy, as its target numbers them.
    pub policy: usize,
    /// Whether it is the low alarm of target tracking.
    pub low: bool,
}

impl Binding {
    /// As a signal carries it.
    pub fn number(self) -> u32 {
        (self.policy as u32) << 1 | u32::from(self.low)
    }

    /// From a signal.
    pub fn of(number: u32) -> Self {
        Self { policy: (number >> 1) as usize, low: number & 1 == 1 }
    }
}
