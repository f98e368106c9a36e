//! What calls to a stream ask and answer whose answer somebody reads.

use super::{Content, EntityId, GroupId, ShardId};
use crate::engine::{Span, Time};

/// `ShardIterator`: a place in a shard, for five minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardIterator {
    /// The shard.
    pub shard: ShardId,
    /// The place in it.
    pub position: u64,
    /// When it was given.
    pub issued_at: Time,
}

/// `StreamStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamStatus {
    /// It is being created.
    Creating,
    /// It can be used and changed.
    Active,
    /// It is being changed, and can be used.
    Updating,
}

impl StreamStatus {
    /// AWS's name of the status.
    pub fn name(self) -> &'static str {
        match self {
            StreamStatus::Creating => "CREATING",
            StreamStatus::Active => "ACTIVE",
            StreamStatus::Updating => "UPDATING",
        }
    }
}

/// A stream, as `DescribeStream` tells it.
#[derive(Debug, Clone, Copy)]
pub struct StreamDescription {
    /// `StreamStatus`.
    pub status: StreamStatus,
    /// Whether its `StreamMode` is `ON_DEMAND`.
    pub on_demand: bool,
    /// Whether its `RecordDistributionStrategy` is `AUTO`.
    pub distributes_records: bool,
    /// `OpenShardCount`.
    pub open_shards: u32,
    /// `RetentionPeriodHours`.
    pub retention: Span,
}

/// Where a record lies: its shard, and its place in it. Its sequence number says both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPlace {
    /// The shard.
    pub shard: ShardId,
    /// The place.
    pub position: u64,
}

impl RecordPlace {
    /// `SequenceNumber`: it grows along a shard.
    pub fn sequence_number(self) -> u128 {
        u128::from(self.shard.0 + 1) << 64 | u128::from(self.position)
    }
}

/// What says where a record goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordKey {
    /// Its hash key; `None` without a partition key.
    pub hash: Option<u128>,
    /// `SequenceNumberForOrdering`: a record before it; `Some(None)` is a number that nobody gave.
    pub after: Option<Option<RecordPlace>>,
}

/// `ShardIteratorType` and what goes with it. A record is `None` when its sequence number is one that nobody gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IteratorPlace {
    /// `TRIM_HORIZON`.
    TrimHorizon,
    /// `LATEST`.
    Latest,
    /// `AT_TIMESTAMP`.
    AtTimestamp(Time),
    /// `AT_SEQUENCE_NUMBER`.
    AtSequenceNumber(Option<RecordPlace>),
    /// `AFTER_SEQUENCE_NUMBER`.
    AfterSequenceNumber(Option<RecordPlace>),
}

/// A record as `GetRecords` answers it. The one who asked does not hold it.
#[derive(Debug, Clone, Copy)]
pub struct RecordRead {
    /// Its data.
    pub content: Content,
    /// Who made it, and its number among that producer's messages.
    pub origin: (EntityId, u64),
    /// `PartitionKey`.
    pub key: GroupId,
    /// `SequenceNumber`.
    pub place: RecordPlace,
    /// `ApproximateArrivalTimestamp`.
    pub arrived_at: Time,
}

/// What `GetRecords` answers.
#[derive(Debug, Clone)]
pub struct RecordsRead {
    /// `Records`.
    pub records: Vec<RecordRead>,
    /// `NextShardIterator`; `None` at the end of a closed shard.
    pub next: Option<ShardIterator>,
    /// `MillisBehindLatest`.
    pub milliseconds_behind: u32,
}
