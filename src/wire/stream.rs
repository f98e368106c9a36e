//! What data streams, their producers and their consumers have in common: shards, iterators, limits.

use super::{HashRange, QuotaProfile, Region};
use crate::engine::Time;

/// A shard, by its number: `shardId-000000000007` is 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShardId(pub u32);

impl ShardId {
    /// As an index.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl std::fmt::Display for ShardId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "shardId-{:012}", self.0)
    }
}

/// Where an iterator begins ("`GetShardIterator`").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IteratorStart {
    /// `TRIM_HORIZON`: the oldest record that is kept.
    TrimHorizon,
    /// `LATEST`: behind the newest record.
    Latest,
    /// `AT_TIMESTAMP`: the first record that arrived then or later.
    AtTimestamp(Time),
    /// `AT_SEQUENCE_NUMBER`: this place in the shard.
    At(u64),
    /// Where the consumer's former iterator or subscription of the shard has come to.
    Current,
}

/// `ShardIteratorType`: the kind of an [`IteratorStart`], which travels in two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IteratorType {
    /// `TRIM_HORIZON`.
    TrimHorizon,
    /// `LATEST`.
    Latest,
    /// `AT_TIMESTAMP`; the value is in nanoseconds.
    AtTimestamp,
    /// `AT_SEQUENCE_NUMBER`; the value is a place in the shard.
    At,
    /// See [`IteratorStart::Current`].
    Current,
}

impl IteratorStart {
    /// Kind and value.
    pub fn parts(self) -> (IteratorType, u64) {
        match self {
            IteratorStart::TrimHorizon => (IteratorType::TrimHorizon, 0),
            IteratorStart::Latest => (IteratorType::Latest, 0),
            IteratorStart::AtTimestamp(time) => (IteratorType::AtTimestamp, time.as_nanos()),
            IteratorStart::At(position) => (IteratorType::At, position),
            IteratorStart::Current => (IteratorType::Current, 0),
        }
    }

    /// From kind and value.
    pub fn of(kind: IteratorType, value: u64) -> Self {
        match kind {
            IteratorType::TrimHorizon => IteratorStart::TrimHorizon,
            IteratorType::Latest => IteratorStart::Latest,
            IteratorType::AtTimestamp => IteratorStart::AtTimestamp(Time::from_nanos(value)),
            IteratorType::At => IteratorStart::At(value),
            IteratorType::Current => IteratorStart::Current,
        }
    }
}

// What the `receive_count` of an entry says that was read from a stream.
/// The stream has the record twice: its producer sent it again.
pub const COPIED_RECORD: u32 = 1;
/// Its processing will fail, or has.
pub const FAILED_RECORD: u32 = 2;
/// Whoever holds the entry has processed it before.
pub const DONE_RECORD: u32 = 4;
/// Whoever holds the entry has begun to process it before, well or badly.
pub const BEGUN_RECORD: u32 = 8;
/// Processing it always fails.
pub const POISON_RECORD: u32 = 16;

/// A shard, as `ListShards` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardInfo {
    /// The shard.
    pub shard: ShardId,
    /// `HashKeyRange`.
    pub range: HashRange,
    /// `ParentShardId`.
    pub parent: Option<ShardId>,
    /// `AdjacentParentShardId`.
    pub adjacent_parent: Option<ShardId>,
    /// Whether it takes no more records.
    pub closed: bool,
}

/// Bytes that an aggregated record has besides its user records ("KPL aggregated record format": magic number and MD5,
/// with a few bytes of its table). The table's own size depends on the records: an assumption.
pub const AGGREGATE_BYTES: u32 = 24;
/// Bytes that each user record of it has besides its data and its partition key. An assumption, as above.
pub const AGGREGATED_RECORD_BYTES: u32 = 8;

/// The limits of data streams. A scenario may change each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KinesisQuotas {
    /// Largest record, data and partition key ("Quotas and limits"): a stream may allow up to this since October 2025; it
    /// allows 1 MiB unless told otherwise.
    pub largest_record_bytes: u32,
    /// Most records of a `PutRecords` call ("`PutRecords`").
    pub put_records_entries: u32,
    /// Most bytes of a `PutRecords` call, keys included (same page): 5 MiB until October 2025.
    pub put_records_bytes: u32,
    /// Records a second that a shard takes ("Quotas and limits").
    pub shard_write_records_per_second: u32,
    /// Bytes a second that a shard takes (same page).
    pub shard_write_bytes_per_second: u32,
    /// Bytes a second that a shard gives to all consumers that share it (same page).
    pub shard_read_bytes_per_second: u32,
    /// `GetRecords` calls a second to a shard (same page).
    pub shard_read_calls_per_second: u32,
    /// Most records of a `GetRecords` call ("`GetRecords`").
    pub get_records_entries: u32,
    /// Most bytes of a `GetRecords` call (same page).
    pub get_records_bytes: u32,
    /// Most consumers with enhanced fan-out ("`RegisterStreamConsumer`").
    pub fan_out_consumers: u32,
    /// Most calls of `UpdateShardCount` in 24 hours ("`UpdateShardCount`").
    pub update_shard_counts_per_day: u32,
    /// Most changes of the capacity mode in 24 hours ("Choose the right mode to stream in").
    pub mode_changes_per_day: u32,
    /// Most shards of a stream after `UpdateShardCount` ("`UpdateShardCount`").
    pub most_shards: u32,
    /// Bytes a second that a stream on demand takes at most ("Quotas and limits"): 10 GB in three Regions, 200 MB
    /// elsewhere and in 2022.
    pub on_demand_write_bytes_per_second: u64,
    /// Whether a stream on demand can be warmed up (`UpdateStreamWarmThroughput`): since November 2025.
    pub warm_throughput: bool,
    /// Whether a stream on demand can distribute records itself (`RecordDistributionStrategy`): since autumn 2026.
    pub record_distribution: bool,
}

impl KinesisQuotas {
    /// The limits of a profile.
    pub fn of(profile: QuotaProfile) -> Self {
        const MEBIBYTE: u32 = 1 << 20;
        let current = Self {
            largest_record_bytes: 10 * MEBIBYTE,
            put_records_entries: 500,
            put_records_bytes: 10 * MEBIBYTE,
            shard_write_records_per_second: 1000,
            shard_write_bytes_per_second: MEBIBYTE,
            shard_read_bytes_per_second: 2 * MEBIBYTE,
            shard_read_calls_per_second: 5,
            get_records_entries: 10_000,
            get_records_bytes: 10 * MEBIBYTE,
            fan_out_consumers: 20,
            update_shard_counts_per_day: 10,
            mode_changes_per_day: 2,
            most_shards: 10_000,
            on_demand_write_bytes_per_second: 10_000 * u64::from(MEBIBYTE),
            warm_throughput: true,
            record_distribution: true,
        };
        match profile {
            QuotaProfile::Current => current,
            QuotaProfile::Exam2022 => Self {
                largest_record_bytes: MEBIBYTE,
                put_records_bytes: 5 * MEBIBYTE,
                on_demand_write_bytes_per_second: 200 * u64::from(MEBIBYTE),
                warm_throughput: false,
                record_distribution: false,
                ..current
            },
        }
    }

    /// The same in a Region: a stream on demand takes 200 MB a second outside of three of them.
    #[must_use]
    pub fn in_region(self, region: Region) -> Self {
        let is_large = matches!(region, Region::UsEast1 | Region::UsWest2 | Region::EuWest1);
        let small = 200 << 20;
        let most = self.on_demand_write_bytes_per_second;
        Self { on_demand_write_bytes_per_second: if is_large { most } else { most.min(small) }, ..self }
    }
}
