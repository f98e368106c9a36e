//! Everything that is fixed about a function during a run.

use crate::engine::{Distribution, Span};
use crate::scaling::ScalingSettings;
use crate::wire::{EntityId, Forward, LambdaPrices, LambdaQuotas, ProcessingMode};

/// What a function's code does when the processing of a message fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnMessageFailure {
    /// It raises an error: the invocation fails as a whole.
    Raise,
    /// It names the message in its answer (`batchItemFailures`), and the invocation succeeds.
    Report,
}

/// Where an event goes that Lambda gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// `DeadLetterConfig`.
    DeadLetterQueue(EntityId),
    /// The `OnFailure` destination of the asynchronous invocation.
    OnFailure(EntityId),
}

impl Destination {
    /// The queue.
    pub fn queue(self) -> EntityId {
        match self {
            Destination::DeadLetterQueue(queue) | Destination::OnFailure(queue) => queue,
        }
    }
}

/// What Lambda does with asynchronous invocations ("How Lambda handles errors and retries with asynchronous
/// invocation").
#[derive(Debug, Clone, Copy)]
pub struct AsynchronousSettings {
    /// `MaximumRetryAttempts`, 0..=2: after an error of the function.
    pub maximum_retry_attempts: u32,
    /// `MaximumEventAgeInSeconds`, 60 s..=6 h.
    pub maximum_event_age: Span,
    /// Where events go that are given up; `None` drops them.
    pub destination: Option<Destination>,
}

/// Everything that is fixed about a function during a run.
#[derive(Debug, Clone)]
pub struct FunctionSettings {
    /// Its name.
    pub name: String,
    /// `MemorySize` in MB, 128..=10,240.
    pub memory_megabytes: u32,
    /// Whether it runs on Arm.
    pub is_arm: bool,
    /// `Timeout`, 1 s..=900 s.
    pub timeout: Span,
    /// How long the handler takes, in nanoseconds.
    pub processing_time: Distribution,
    /// What that time is drawn for.
    pub processing_mode: ProcessingMode,
    /// Probability that a processing fails.
    pub failure_rate: f64,
    /// What the code does then.
    pub on_message_failure: OnMessageFailure,
    /// How long a new environment initialises, in nanoseconds.
    pub init_duration: Distribution,
    /// How long an environment waits for work before it is shut down.
    pub environment_idle_time: Span,
    /// `ReservedConcurrentExecutions`.
    pub reserved: Option<u32>,
    /// `ProvisionedConcurrentExecutions`, at the start where it is scaled.
    pub provisioned: u32,
    /// What changes it; `None` for what stays.
    pub scaling: Option<ScalingSettings>,
    /// From the request for more of it to its being ready, in nanoseconds.
    pub allocation_delay: Distribution,
    /// Asynchronous invocations.
    pub asynchronous: AsynchronousSettings,
    /// Where results go.
    pub forward: Option<Forward>,
    /// The limits in force.
    pub quotas: LambdaQuotas,
    /// What it costs.
    pub prices: LambdaPrices,
    /// The account, which is told of executions.
    pub account: EntityId,
}

impl FunctionSettings {
    /// What it takes out of the concurrency that all functions share.
    pub fn set_aside(&self) -> u32 {
        self.reserved.unwrap_or(self.provisioned)
    }
}
