//! Everything that is fixed about an event source mapping during a run.

use super::event_filter::EventFilterSettings;
use crate::engine::{Distribution, Span, Time};
use crate::wire::EntityId;

/// How many batches a mapping processes at once ("Configuring scaling behavior for SQS event source mappings").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MappingConcurrency {
    /// When nothing comes for a while.
    pub idle: u32,
    /// When messages appear.
    pub initial: u32,
    /// The most.
    pub maximum: u32,
    /// How many more after each minute with messages.
    pub ramp_per_minute: u32,
}

/// What AWS does not say about mappings, and queuelab therefore assumes.
#[derive(Debug, Clone, Copy)]
pub struct MappingAssumptions {
    /// How long its receive calls wait for messages, 1..=20 s.
    pub poll_wait_seconds: u8,
    /// How often the number of batches at once is looked at.
    pub ramp_interval: Span,
    /// How long one of them finds nothing before it is taken away.
    pub idle_time: Span,
    /// The share of invocations that must fail or be throttled before there are fewer.
    pub back_off_threshold: f64,
    /// The share that is taken away then, at each look.
    pub back_off_share: f64,
    /// How long a throttled batch waits before it is tried again; twice as long each time.
    pub throttle_pause: Span,
    /// What a message needs of a payload besides body and attributes, bytes.
    pub record_overhead_bytes: u64,
}

/// Everything that is fixed about an event source mapping during a run.
#[derive(Debug, Clone)]
pub struct MappingSettings {
    /// Its name.
    pub name: String,
    /// The queue it polls.
    pub queue: EntityId,
    /// Whether that is a FIFO queue.
    pub is_fifo: bool,
    /// The function it invokes.
    pub function: EntityId,
    /// `BatchSize`, 1..=10,000; at most 10 of a FIFO queue.
    pub batch_size: u32,
    /// `MaximumBatchingWindowInSeconds`, 0..=300 s.
    pub window: Span,
    /// How long it asks the queue to hide messages, seconds; `None` leaves it to the queue.
    pub visibility_seconds: Option<u16>,
    /// How long they are hidden.
    pub visibility_timeout: Span,
    /// `FunctionResponseTypes` has `ReportBatchItemFailures`.
    pub reports_failures: bool,
    /// How many batches at once.
    pub concurrency: MappingConcurrency,
    /// `ProvisionedPollerConfig`: whether pollers are provisioned.
    pub is_provisioned: bool,
    /// `FilterCriteria`: which messages the function gets; `None` for all.
    pub filter: Option<EventFilterSettings>,
    /// Whether it polls at the beginning.
    pub enabled: bool,
    /// When it is disabled, and enabled again.
    pub disabled: Vec<(Time, Time)>,
    /// How long delete calls take, in nanoseconds.
    pub delete_latency: Distribution,
    /// Largest payload of an invocation, bytes.
    pub maximum_payload_bytes: u64,
    /// Dollars for an hour of an event poller unit.
    pub event_poller_unit_hour: f64,
    /// What AWS does not say.
    pub assumptions: MappingAssumptions,
}

/// Batches that one provisioned poller processes at once ("Using provisioned mode with an Amazon SQS event source
/// mapping").
pub(super) const BATCHES_PER_POLLER: u32 = 10;
/// Receive calls a second of one provisioned poller (same page).
pub(super) const POLLS_PER_POLLER: u32 = 10;
