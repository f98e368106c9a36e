//! Everything that is fixed about a consumer of a stream during a run.

use crate::engine::{Distribution, Span, Time};
use crate::wire::{EntityId, Forward, IteratorStart};

/// How records are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retrieval {
    /// `GetRecords`, sharing the shard's throughput with all others that poll.
    Polling {
        /// From the end of a call to the next.
        idle_time: Span,
        /// `Limit`.
        max_records: u32,
    },
    /// Enhanced fan-out.
    FanOut,
}

/// When progress is written to the lease table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checkpointing {
    /// After each batch.
    EachBatch,
    /// After the first batch that ends so long after the last checkpoint.
    Every(Span),
}

/// What becomes of a record whose processing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The application lets the exception out: the library goes on with the next batch.
    SkipBatch,
    /// The application goes on with the next record.
    SkipRecord,
    /// The application tries so many times in all, then goes on with the next record.
    Retry(u32),
}

/// Crashes of workers by chance.
#[derive(Debug, Clone, Copy)]
pub struct WorkerCrashes {
    /// Mean time between two crashes of one worker (exponential).
    pub mean_time_between: Span,
    /// How long it is down.
    pub restart_time: Span,
}

/// Which version of the library shares the leases out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Library {
    /// Version 2: workers take leases by themselves, each the same number.
    Kcl2,
    /// Version 3: a leader shares them out by load.
    Kcl3(Balancing),
}

impl Library {
    /// How long the owner of a lease that is to go to another worker may take to finish its batch; `None` when it stops at
    /// once.
    pub(super) fn graceful_timeout(&self) -> Option<Span> {
        match self {
            Library::Kcl2 => None,
            Library::Kcl3(balancing) => balancing.graceful_timeout,
        }
    }
}

/// How leases are balanced by load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balancing {
    /// `gracefulLeaseHandoffTimeoutMillis`; `None` when `isGracefulLeaseHandoffEnabled` is false.
    pub graceful_timeout: Option<Span>,
    /// `reBalanceThresholdPercentage`, as a share of the mean load.
    pub threshold: f64,
    /// `dampeningPercentage`, as a share of what is too much.
    pub dampening: f64,
    /// `allowThroughputOvershoot`.
    pub overshoots: bool,
    /// `varianceBalancingFrequency`.
    pub frequency: u32,
}

/// A crash, or an orderly shutdown, at a given time.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    /// When.
    pub at: Time,
    /// Which worker.
    pub worker: u32,
    /// When it comes back, counted from its end; `None` is never.
    pub down_for: Option<Span>,
    /// Whether it hands its leases back first.
    pub is_graceful: bool,
}

/// Everything that is fixed about a consumer of a stream during a run.
#[derive(Debug, Clone)]
pub struct StreamConsumerSettings {
    /// Its name.
    pub name: String,
    /// The stream.
    pub stream: EntityId,
    /// Shards of the stream at the beginning.
    pub shards: u32,
    /// How records are read.
    pub retrieval: Retrieval,
    /// Where it begins in a shard without a checkpoint.
    pub start: IteratorStart,
    /// Whether its workers run on the instances of a consumer.
    pub is_hosted: bool,
    /// Workers, one an instance; of a hosted application they come and go.
    pub workers: u32,
    /// Where results go.
    pub forward: Option<Forward>,
    /// How long a record (or a batch) takes, in nanoseconds.
    pub processing_time: Distribution,
    /// Whether the time is that of a batch as a whole.
    pub per_batch: bool,
    /// Shards that a worker processes at a time; `None` is all of its own.
    pub processing_threads: Option<u32>,
    /// When progress is written down.
    pub checkpointing: Checkpointing,
    /// Probability that a processing fails.
    pub failure_rate: f64,
    /// What happens then.
    pub on_failure: OnFailure,
    /// `failoverTimeMillis`.
    pub failover_time: Span,
    /// How leases are shared out.
    pub library: Library,
    /// Crashes by chance.
    pub crashes: Option<WorkerCrashes>,
    /// Crashes at given times.
    pub stops: Vec<Stop>,
    /// Times at which it begins anew, and where.
    pub replays: Vec<(Time, IteratorStart)>,
    /// Whether the children of a shard wait until it has been read to its end.
    pub parents_first: bool,
    /// Price of an instance, dollars an hour.
    pub instance_price_per_hour: f64,
}
