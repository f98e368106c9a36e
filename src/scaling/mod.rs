//! Scaling policies: what they are set to, how they are written in a scenario, and their arithmetic.
//!
//! Whoever has capacity that policies change (an Auto Scaling group) is their host: it says what the capacity is like,
//! and carries out what they decide. Policies know no host.

mod arithmetic;
mod config;
mod policy;

pub use arithmetic::{Capacity, adjusted, adjustment, step_for, tracked, tracked_in, tracked_out};
pub use config::{
    MetricChoice, PolicyConfig, SimpleScalingConfig, StepConfig, StepScalingConfig, TargetTrackingConfig,
};
pub use policy::{AdjustmentType, Policy, PolicyKind, StepAdjustment};
