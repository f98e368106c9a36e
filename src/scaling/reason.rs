//! Why a policy did what it did, and why it did nothing: in numbers, and in words for a person.

use super::controller::SimpleWait;
use super::policy::AdjustmentType;
use crate::engine::Span;
use std::fmt;

/// From a metric to a capacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Arithmetic {
    Simple {
        adjustment_type: AdjustmentType,
        number: f64,
        desired: u32,
        wanted: f64,
    },
    Step {
        adjustment_type: AdjustmentType,
        value: f64,
        threshold: f64,
        number: f64,
        from: u32,
        desired: u32,
        wanted: f64,
    },
    /// No step holds the value.
    NoStep {
        value: f64,
        threshold: f64,
        desired: f64,
    },
    Tracking {
        value: f64,
        target: f64,
        from: u32,
        formula: f64,
        wanted: f64,
    },
}

impl Arithmetic {
    /// The capacity it asks for, before it meets the sizes.
    pub(super) fn wanted(&self) -> f64 {
        match *self {
            Arithmetic::Simple { wanted, .. }
            | Arithmetic::Step { wanted, .. }
            | Arithmetic::Tracking { wanted, .. } => wanted,
            Arithmetic::NoStep { desired, .. } => desired,
        }
    }
}

/// A metric's value as a person reads it.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

impl fmt::Display for Arithmetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Arithmetic::Simple { adjustment_type, number, desired, wanted } => {
                write!(
                    f,
                    "simple scaling: {} {number:+} on {desired} asks for {wanted}",
                    adjustment_type.name()
                )
            }
            Arithmetic::Step { adjustment_type, value, threshold, number, from, desired, wanted } => {
                let beyond = rounded(value - threshold);
                write!(
                    f,
                    "step scaling: {} is {beyond:+} from the threshold {threshold}, the step says {} {number:+}, ",
                    rounded(value),
                    adjustment_type.name()
                )?;
                if from == desired {
                    write!(f, "on {desired} that asks for {wanted}")
                } else {
                    write!(
                        f,
                        "on {from} (of {desired} desired, the rest has not settled) that asks for {wanted}"
                    )
                }
            }
            Arithmetic::NoStep { value, threshold, .. } => {
                write!(f, "step scaling: {} with a threshold of {threshold}", rounded(value))
            }
            Arithmetic::Tracking { value, target, from, formula, wanted } => {
                write!(
                    f,
                    "target tracking: {from} × {} / {target}, rounded up, is {formula}",
                    rounded(value)
                )?;
                if formula < wanted {
                    write!(f, ", gradually or with what is on its way {wanted}")?;
                }
                Ok(())
            }
        }
    }
}

/// What keeps a policy from changing the capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hold {
    Activity,
    Cooldown(Span),
    ScaleInCooldown(Span),
    ScaleInInterval(Span),
    WarmUp(u32),
    Deployment,
    NoStep,
    NothingToMultiply,
    Disagrees(String),
    Larger { policy: String, desired: u32 },
    Maximum(u32),
    Minimum(u32),
    NothingToDo,
}

impl From<SimpleWait> for Hold {
    fn from(wait: SimpleWait) -> Self {
        match wait {
            SimpleWait::Activity => Hold::Activity,
            SimpleWait::Cooldown(left) => Hold::Cooldown(left),
        }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hold::Activity => f.write_str("the last scaling activity is still in progress"),
            Hold::Cooldown(left) => write!(f, "cooldown, for another {left}"),
            Hold::ScaleInCooldown(left) => write!(f, "scale-in cooldown, for another {left}"),
            Hold::ScaleInInterval(left) => {
                write!(f, "the last scale-in was not long ago, wait another {left}")
            }
            Hold::WarmUp(instances) => write!(f, "no scale-in while {instances} instances launch or warm up"),
            Hold::Deployment => f.write_str("no scale-in while a deployment is in progress"),
            Hold::NoStep => f.write_str("no step holds this value"),
            Hold::NothingToMultiply => f.write_str("no instance has settled, and a multiple of 0 is 0"),
            Hold::Disagrees(policy) => {
                write!(f, "the target tracking policy {policy} is not ready to scale in")
            }
            Hold::Larger { policy, desired } => {
                write!(f, "policy {policy} asks for a larger capacity, {desired}")
            }
            Hold::Maximum(size) => write!(f, "the maximum of {size} is reached"),
            Hold::Minimum(size) => write!(f, "the minimum of {size} is reached"),
            Hold::NothingToDo => f.write_str("it is the capacity desired already"),
        }
    }
}
