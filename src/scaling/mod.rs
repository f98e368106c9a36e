//! Scaling: policies, scheduled actions, and what they decide.
//!
//! Whoever has capacity that policies change (an Auto Scaling group, an ECS service) is their host: it says what the
//! capacity is like ([`Facts`]), and carries out what the [`Controller`] decides. Policies know no host.
//!
//! # What is modelled
//!
//! Simple, step, target tracking and predictive scaling of EC2 Auto Scaling, with cooldown and warm-up; step scaling and
//! target tracking of Application Auto Scaling, with its cooldowns; several policies at once; scheduled actions
//! with cron expressions and time zones; calls of `SetDesiredCapacity`.
//!
//! # Assumptions
//!
//! How gradually target tracking scales in, which datapoints steps are chosen by, when policies count as invoked at once,
//! the model of the forecast: AWS does not say. See `docs/assumptions.md`.

mod actions;
mod arithmetic;
mod config;
mod controller;
mod forecast;
mod policy;
mod reason;
mod schedule;

pub use actions::ScalingTimer;
pub use arithmetic::{Capacity, adjusted, adjusted_from, adjustment, gradual, step_for, tracked};
pub use config::{
    AdjustmentTypeConfig, CustomizedMetricConfig, MaxCapacityBreachBehaviorConfig, MetricAggregationConfig,
    MetricChoice, PolicyConfig, PredictiveModeConfig, PredictiveScalingConfig, SetDesiredCapacityConfig,
    SimpleScalingConfig, StepConfig, StepScalingConfig, TargetTrackingConfig,
};
pub use controller::{Change, Controller, Facts, SimpleWait};
pub use policy::{
    AdjustmentType, Binding, ManualChange, MetricAggregation, Pace, Policy, PolicyKind, PredictiveSettings,
    ScalingAssumptions, ScalingService, ScalingSettings, StepAdjustment,
};
pub use schedule::{
    Cron, CronDialect, MomentConfig, ScalableTargetActionConfig, Schedule, ScheduledAction,
    ScheduledActionConfig, ScheduledSizes,
};
