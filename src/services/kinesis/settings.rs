//! Everything that is fixed about a stream during a run.

use crate::engine::{Distribution, Span, Time};
use crate::record::MetricDefinition;
use crate::scaling::ScalingSettings;
use crate::wire::{EntityId, KinesisQuotas, LimitModel, PriceList, ShardId};

/// How a stream's capacity is chosen ("Choose the right mode to stream in").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapacityMode {
    /// The owner says how many shards there are.
    Provisioned,
    /// AWS follows the load.
    OnDemand,
}

/// How records find their shards (`RecordDistributionStrategy`, "Service-managed record distribution").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordDistribution {
    /// By their partition keys, or explicit hash keys.
    UserPartitionKey,
    /// The stream spreads them evenly, whatever their keys.
    Auto,
}

/// A call that changes a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// `SplitShard`, at the hash key that becomes the first of the upper child; `None` is the middle.
    Split(ShardId, Option<u128>),
    /// `MergeShards`.
    Merge(ShardId, ShardId),
    /// `UpdateShardCount`.
    UpdateShardCount(u32),
    /// `UpdateStreamMode`.
    UpdateStreamMode(CapacityMode),
    /// `IncreaseStreamRetentionPeriod`, `DecreaseStreamRetentionPeriod`.
    Retention(Span),
    /// `UpdateStreamWarmThroughput`, in bytes a second.
    WarmThroughput(u64),
    /// `UpdateStreamRecordDistributionStrategy`.
    RecordDistribution(RecordDistribution),
}

impl Change {
    /// AWS's name of the action.
    pub fn action(&self) -> &'static str {
        match self {
            Change::Split(..) => "SplitShard",
            Change::Merge(..) => "MergeShards",
            Change::UpdateShardCount(_) => "UpdateShardCount",
            Change::UpdateStreamMode(_) => "UpdateStreamMode",
            Change::Retention(_) => "ChangeStreamRetentionPeriod",
            Change::WarmThroughput(_) => "UpdateStreamWarmThroughput",
            Change::RecordDistribution(_) => "UpdateStreamRecordDistributionStrategy",
        }
    }
}

/// A consumer that reads a stream.
#[derive(Debug, Clone, Copy)]
pub struct ReaderSettings {
    /// Who it is.
    pub entity: EntityId,
    /// Whether it has a throughput of its own (enhanced fan-out).
    pub enhanced_fan_out: bool,
}

/// Everything that is fixed about a stream during a run.
#[derive(Debug, Clone)]
pub struct StreamSettings {
    /// Its name.
    pub name: String,
    /// How its capacity is chosen, at the beginning.
    pub mode: CapacityMode,
    /// How records find their shards, at the beginning.
    pub distribution: RecordDistribution,
    /// Whether it is there from the beginning; otherwise a script creates it.
    pub created: bool,
    /// Whether a script calls it: then everything stays readable as long as it is retained.
    pub is_scripted: bool,
    /// Shards at the beginning.
    pub shards: u32,
    /// How long records are kept, at the beginning.
    pub retention: Span,
    /// Largest record, partition key included.
    pub max_record_bytes: u32,
    /// Calls that change it, in the order of their times.
    pub changes: Vec<(Time, Change)>,
    /// Policies and schedules that change the number of shards.
    pub scaling: Option<ScalingSettings>,
    /// Who reads it.
    pub readers: Vec<ReaderSettings>,
    /// How long `GetRecords` takes, in nanoseconds.
    pub read_latency: Distribution,
    /// From the arrival of a record to its arrival at a subscriber, in nanoseconds.
    pub push_delay: Distribution,
    /// How long a split or a merge takes.
    pub reshard_time: Span,
    /// How long creating it takes.
    pub create_time: Span,
    /// Splits and merges at a time of `UpdateShardCount`.
    pub reshard_parallel: u32,
    /// How long a shard of a stream on demand is warm before it is split, in nanoseconds.
    pub split_delay: Distribution,
    /// How limits per second are measured.
    pub limit_model: LimitModel,
    /// Probability that a record is not taken because of an internal failure.
    pub internal_failures: f64,
    /// `EnhancedMonitoring`: what CloudWatch gets of single shards.
    pub shard_metrics: Vec<&'static MetricDefinition>,
    /// AWS's limits.
    pub quotas: KinesisQuotas,
    /// What it costs.
    pub prices: KinesisPrices,
}

/// What streams cost, in dollars ("Amazon Kinesis Data Streams pricing").
#[derive(Debug, Clone, Copy)]
pub struct KinesisPrices {
    pub(super) shard_hour: f64,
    pub(super) million_payload_units: f64,
    pub(super) extended_retention_shard_hour: f64,
    pub(super) fan_out_shard_hour: f64,
    pub(super) fan_out_gigabyte: f64,
    pub(super) on_demand_stream_hour: f64,
    pub(super) on_demand_gigabyte_in: f64,
    pub(super) on_demand_gigabyte_out: f64,
    pub(super) on_demand_fan_out_gigabyte: f64,
}

impl KinesisPrices {
    /// Those of a list.
    pub fn of(list: &PriceList) -> Self {
        Self {
            shard_hour: list.dollars("kinesis_shard_hour"),
            million_payload_units: list.dollars("kinesis_million_payload_units"),
            extended_retention_shard_hour: list.dollars("kinesis_extended_retention_shard_hour"),
            fan_out_shard_hour: list.dollars("kinesis_fan_out_shard_hour"),
            fan_out_gigabyte: list.dollars("kinesis_fan_out_gigabyte"),
            on_demand_stream_hour: list.dollars("kinesis_on_demand_stream_hour"),
            on_demand_gigabyte_in: list.dollars("kinesis_on_demand_gigabyte_in"),
            on_demand_gigabyte_out: list.dollars("kinesis_on_demand_gigabyte_out"),
            on_demand_fan_out_gigabyte: list.dollars("kinesis_on_demand_fan_out_gigabyte"),
        }
    }
}
