//! Everything that is fixed about an event source mapping of a stream during a run.

use super::super::event_filter::EventFilterSettings;
use crate::engine::{Span, Time};
use crate::wire::{EntityId, IteratorStart};

/// What AWS does not say about mappings of streams, and queuelab therefore assumes.
#[derive(Debug, Clone, Copy)]
pub struct StreamMappingAssumptions {
    /// From the end of a `GetRecords` call to the next while records are left in the shard.
    pub backlog_poll_interval: Span,
    /// How long a failed or throttled batch waits before it is tried again; twice as long each time, a minute at most.
    pub retry_pause: Span,
    /// How long after its end a tumbling window stays open in a shard without new records.
    pub idle_window_delay: Span,
    /// What a record needs of a payload besides its data, bytes.
    pub record_overhead_bytes: u64,
    /// Size of the message that tells of discarded records, bytes.
    pub failure_message_bytes: u32,
}

/// Tumbling windows ("Using Lambda to process Amazon Kinesis Data Streams records", stateful processing).
#[derive(Debug, Clone, Copy)]
pub struct TumblingWindow {
    /// `TumblingWindowInSeconds`, up to 900 s.
    pub length: Span,
    /// What each record adds to the state that the function hands on, bytes.
    pub state_bytes_per_record: u64,
}

/// Where what is known of discarded records goes ("Retain discarded batch records for a Kinesis Data Streams event source in
/// Lambda").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamDestination {
    /// To a queue or a topic: a message that says which they were.
    Message(EntityId),
    /// To a bucket: an object with what they said.
    Object(EntityId),
}

/// Everything that is fixed about an event source mapping of a stream during a run.
#[derive(Debug, Clone)]
pub struct StreamMappingSettings {
    /// Its name.
    pub name: String,
    /// The stream it reads.
    pub stream: EntityId,
    /// Shards of the stream at the beginning.
    pub shards: u32,
    /// How long the stream keeps records, at the beginning.
    pub retention: Span,
    /// The function it invokes.
    pub function: EntityId,
    /// Whether it has a throughput of its own (enhanced fan-out).
    pub enhanced_fan_out: bool,
    /// `StartingPosition`.
    pub start: IteratorStart,
    /// `BatchSize`, 1..=10,000.
    pub batch_size: u32,
    /// `MaximumBatchingWindowInSeconds`, 0..=300 s.
    pub window: Span,
    /// `ParallelizationFactor`, 1..=10: batches of a shard at a time.
    pub parallelization_factor: u32,
    /// `BisectBatchOnFunctionError`.
    pub bisects: bool,
    /// `MaximumRetryAttempts`, 0..=10,000; `None` until the records expire.
    pub maximum_retry_attempts: Option<u32>,
    /// `MaximumRecordAgeInSeconds`, 60 s..=7 d; `None` is as long as the stream keeps them.
    pub maximum_record_age: Option<Span>,
    /// The on-failure destination.
    pub destination: Option<StreamDestination>,
    /// `FunctionResponseTypes` has `ReportBatchItemFailures`.
    pub reports_failures: bool,
    /// Tumbling windows.
    pub tumbling_window: Option<TumblingWindow>,
    /// Whether it polls at the beginning.
    pub enabled: bool,
    /// When it is disabled, and enabled again.
    pub disabled: Vec<(Time, Time)>,
    /// Largest payload of an invocation, bytes.
    pub maximum_payload_bytes: u64,
    /// `FilterCriteria`.
    pub filter: Option<EventFilterSettings>,
    /// What AWS does not say.
    pub assumptions: StreamMappingAssumptions,
}
