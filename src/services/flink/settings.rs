//! Everything that is fixed about an application during a run.

use super::operator::Operator;
use super::says::Questions;
use crate::engine::{Distribution, Span, Time};
use crate::wire::{Contents, EntityId, FlinkPrices, IteratorStart, Texts, ValueGroups};
use std::sync::Arc;

/// What runs: an application of Apache Flink, or one of the discontinued SQL kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// Apache Flink.
    Flink,
    /// "Amazon Kinesis Data Analytics for SQL Applications", until January 2026.
    Sql,
}

/// Where records come from.
#[derive(Debug, Clone, Copy)]
pub struct SourceSettings {
    /// The stream.
    pub stream: EntityId,
    /// Its shards at the beginning.
    pub shards: u32,
    /// Whether it is a delivery stream, which hands on what it takes.
    pub is_pushed: bool,
    /// Whether it pushes (enhanced fan-out).
    pub fan_out: bool,
    /// From one `GetRecords` to the next (`SHARD_GETRECORDS_INTERVAL_MILLIS`).
    pub interval: Span,
    /// `Limit` (`SHARD_GETRECORDS_MAX`).
    pub limit: u32,
    /// Where it begins without a checkpoint (`STREAM_INITIAL_POSITION`).
    pub start: IteratorStart,
}

/// What kind of thing takes results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinkKind {
    /// A data stream: `PutRecords`.
    Stream,
    /// A delivery stream: `PutRecordBatch`.
    DeliveryStream,
    /// A function, invoked for each result.
    Function,
}

/// Where results go.
#[derive(Debug, Clone)]
pub struct SinkSettings {
    /// Who takes them.
    pub target: EntityId,
    /// What that is.
    pub kind: SinkKind,
    /// How long calls take, in nanoseconds.
    pub latency: Distribution,
    /// How long a result waits for others (`maxTimeInBufferMS`).
    pub time_in_buffer: Span,
    /// Most results of a call (`maxBatchSize`).
    pub batch_size: usize,
    /// Most bytes of a call (`maxBatchSizeInBytes`).
    pub batch_bytes: u64,
}

/// What becomes of a record whose processing always fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnPoison {
    /// The exception fails the job, which comes back to the record after its restart.
    FailJob,
    /// The code catches it and drops the record.
    Drop,
    /// The row goes to the error stream (SQL).
    ErrorStream,
}

/// Checkpoints.
#[derive(Debug, Clone, Copy)]
pub struct CheckpointSettings {
    /// `CheckpointInterval`.
    pub interval: Span,
    /// `MinPauseBetweenCheckpoints`.
    pub minimum_pause: Span,
    /// After so long a checkpoint has failed.
    pub timeout: Span,
}

/// A time at which its owner stops it.
#[derive(Debug, Clone, Copy)]
pub struct StopSettings {
    /// When.
    pub at: Time,
    /// When it is started again, counted from then; `None` is never.
    pub down_for: Option<Span>,
    /// Whether it is stopped without a snapshot.
    pub force: bool,
}

/// A time at which its owner updates it.
#[derive(Debug, Clone, Copy)]
pub struct UpdateSettings {
    /// When.
    pub at: Time,
    /// Its parallelism from then on.
    pub parallelism: Option<u32>,
}

/// What AWS does not publish.
#[derive(Debug, Clone)]
pub struct FlinkAssumptions {
    /// How long a slot needs to read and decode a record.
    pub source_time: Span,
    /// From a failure to the attempt to go on.
    pub restart_delay: Span,
    /// How long the job is down when it is scaled or updated, in nanoseconds.
    pub scaling_time: Distribution,
    /// State of a window of a key, bytes.
    pub state_entry_bytes: u64,
    /// Bytes of state that are written or read in a second.
    pub state_bytes_per_second: u64,
    /// How long a checkpoint takes besides.
    pub checkpoint_overhead: Span,
    /// How much work waits in buffers between operators before they hold the source back.
    pub buffered_work: Span,
    /// How long a sink waits before it sends again what was refused.
    pub sink_retry_pause: Span,
}

/// How capacity is paid for.
#[derive(Debug, Clone, Copy)]
pub struct Billing {
    /// KPUs on top of those that process.
    pub orchestration_kpus: u32,
    /// Shortest time that is billed after a start.
    pub minimum: Span,
    /// Whether each begun hour costs the most KPUs that were used in it.
    pub hourly: bool,
    /// Whether running application storage is paid for.
    pub storage: bool,
}

/// Everything that is fixed about an application during a run.
#[derive(Debug, Clone)]
pub struct ApplicationSettings {
    /// Its name.
    pub name: String,
    /// What runs.
    pub runtime: Runtime,
    /// Where records come from.
    pub source: SourceSettings,
    /// Bounded out-of-orderness, milliseconds.
    pub out_of_orderness: i64,
    /// After so many milliseconds without records a shard holds nobody back.
    pub idleness: Option<i64>,
    /// How often watermarks are emitted.
    pub watermark_interval: Span,
    /// What it does with records.
    pub operators: Vec<Operator>,
    /// Where results go.
    pub sinks: Vec<SinkSettings>,
    /// Where late records go, as the last of the sinks.
    pub has_side_output: bool,
    /// `Parallelism`.
    pub parallelism: u32,
    /// `ParallelismPerKPU`.
    pub parallelism_per_kpu: u32,
    /// `AutoScalingEnabled`.
    pub auto_scaling: bool,
    /// The most it is ever scaled to.
    pub maximum_parallelism: u32,
    /// Key groups of keyed state (Flink's `maxParallelism`).
    pub key_groups: u32,
    /// Share of its time in which an operator uses the processor.
    pub cpu_share: f64,
    /// What becomes of records whose processing always fails.
    pub on_poison: OnPoison,
    /// Checkpoints, if there are any.
    pub checkpoints: Option<CheckpointSettings>,
    /// Whether state is kept when it is stopped, updated or scaled.
    pub snapshots: bool,
    /// Failures at given times.
    pub failures: Vec<Time>,
    /// Mean time between failures by chance (exponential).
    pub mean_time_between_failures: Option<Span>,
    /// When it is stopped.
    pub stops: Vec<StopSettings>,
    /// When it is updated.
    pub updates: Vec<UpdateSettings>,
    /// Most results of windows that are written to a table.
    pub table_rows: u32,
    /// What AWS does not publish.
    pub assumptions: FlinkAssumptions,
    /// What it costs.
    pub prices: FlinkPrices,
    /// How it is paid for.
    pub billing: Billing,
    /// The simulated wall clock at time zero, milliseconds since 1970.
    pub start_unix_millis: i64,
    /// What keys are called; known once all of the scenario is read.
    pub texts: Arc<Texts>,
    /// What operators ask of records.
    pub questions: Questions,
    /// What records say; known when the texts are.
    pub contents: Arc<Contents>,
    /// What the values of keys are called as groups; known then too.
    pub groups: Arc<ValueGroups>,
}

impl ApplicationSettings {
    /// Whether anything may ever be read again.
    pub fn may_go_back(&self) -> bool {
        !self.failures.is_empty()
            || self.mean_time_between_failures.is_some()
            || !self.stops.is_empty()
            || !self.updates.is_empty()
            || self.auto_scaling
            || self.on_poison == OnPoison::FailJob
    }

    /// Whether it may lose its state and begin with old records again: then the stream must keep them.
    pub fn may_begin_anew(&self) -> bool {
        let without_snapshot =
            !self.snapshots && (!self.stops.is_empty() || !self.updates.is_empty() || self.auto_scaling);
        let loses_state = without_snapshot || self.stops.iter().any(|stop| stop.force);
        loses_state && self.source.start != IteratorStart::Latest
    }

    /// KPUs of so many slots ("Implement application scaling"; a begun KPU counts).
    pub fn kpus(&self, parallelism: u32) -> u32 {
        parallelism.div_ceil(self.parallelism_per_kpu)
    }
}
