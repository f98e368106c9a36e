//! Calls to streams, as a script writes them.

use super::config::StepConfig;
use crate::language::{Bytes, Duration, Located, Reference, keyword, section};

section! {
    /// A call about a stream as a whole.
    pub struct StreamCallConfig {
        /// The stream.
        pub stream: Reference;
    }
}

section! {
    /// A stream to create.
    pub struct CreateStreamConfig {
        /// The stream.
        pub stream: Reference;
        /// `ShardCount`, of a provisioned stream.
        pub shard_count: Option<i64>;
        /// `StreamMode`.
        pub stream_mode: StreamModeConfig = StreamModeConfig::Provisioned;
    }
}

keyword! {
    /// How the capacity of a stream is chosen (`StreamMode`).
    pub enum StreamModeConfig {
        /// By its owner, in shards.
        Provisioned = "provisioned",
        /// By AWS, which follows the load.
        OnDemand = "on_demand",
    }
}

section! {
    /// A record to put.
    pub struct PutRecordConfig {
        /// The stream.
        pub stream: Reference;
        /// Its data: what tells this record from others.
        pub data: String;
        /// `PartitionKey`; a stream that distributes records itself needs none.
        pub partition_key: Option<String>;
        /// `ExplicitHashKey`, in quotes.
        pub explicit_hash_key: Option<Located<String>>;
        /// `SequenceNumberForOrdering`: that of an earlier record, `first[0]`, or `unknown`.
        pub sequence_number_for_ordering: Option<Located<String>>;
        /// Its size, partition key included; by default that of data and key.
        pub size: Option<Bytes>;
        /// When its event happened, from the start of the run; by default when it is put. Windows of applications go by it.
        pub event_time: Option<Duration>;
        /// A name for the call: `first` makes `first[0]` the sequence number.
        pub r#as: Option<Located<String>>;
    }
}

section! {
    /// Records to put in one call.
    pub struct PutRecordsConfig {
        /// The stream.
        pub stream: Reference;
        /// The records.
        pub records: Vec<RecordEntryConfig>;
        /// A name for the call: `all` makes `all[1]` the sequence number of the second record.
        pub r#as: Option<Located<String>>;
    }
}

section! {
    /// One record of a call.
    pub struct RecordEntryConfig {
        /// Its data: what tells this record from others.
        pub data: String;
        /// `PartitionKey`; a stream that distributes records itself needs none.
        pub partition_key: Option<String>;
        /// `ExplicitHashKey`, in quotes.
        pub explicit_hash_key: Option<Located<String>>;
        /// Its size, partition key included; by default that of data and key.
        pub size: Option<Bytes>;
        /// When its event happened, from the start of the run; by default when it is put.
        pub event_time: Option<Duration>;
    }
}

section! {
    /// An iterator of a shard.
    pub struct GetShardIteratorConfig {
        /// The stream.
        pub stream: Reference;
        /// The shard, by its number: 7 is `shardId-000000000007`.
        pub shard: u32 = 0;
        /// `ShardIteratorType`.
        pub r#type: IteratorTypeConfig = IteratorTypeConfig::TrimHorizon;
        /// `StartingSequenceNumber`: that of an earlier put, `first[0]`, or `unknown`.
        pub starting_sequence_number: Option<Located<String>>;
        /// `Timestamp`, from the start of the run.
        pub timestamp: Option<Duration>;
        /// A name for the iterator.
        pub r#as: Option<Located<String>>;
    }
    check GetShardIteratorConfig::check;
}

keyword! {
    /// Where an iterator begins (`ShardIteratorType`).
    pub enum IteratorTypeConfig {
        /// The oldest record that is kept.
        TrimHorizon = "trim_horizon",
        /// Behind the newest record.
        Latest = "latest",
        /// The first record that arrived at `timestamp` or later.
        AtTimestamp = "at_timestamp",
        /// The record of `starting_sequence_number`.
        AtSequenceNumber = "at_sequence_number",
        /// The record behind it.
        AfterSequenceNumber = "after_sequence_number",
    }
}

section! {
    /// A read.
    pub struct GetRecordsConfig {
        /// The stream.
        pub stream: Reference;
        /// The iterator, by its name, or `unknown`.
        pub iterator: Located<String>;
        /// `Limit`.
        pub limit: Option<i64>;
        /// A name for `NextShardIterator`.
        pub r#as: Option<Located<String>>;
    }
}

section! {
    /// A shard to split.
    pub struct ScriptedSplitConfig {
        /// The stream.
        pub stream: Reference;
        /// The shard, by its number.
        pub shard: u32;
        /// `NewStartingHashKey`, in quotes; by default the middle.
        pub new_starting_hash_key: Option<Located<String>>;
    }
}

section! {
    /// Shards to merge.
    pub struct ScriptedMergeConfig {
        /// The stream.
        pub stream: Reference;
        /// The shard, by its number.
        pub shard: u32;
        /// The other one.
        pub adjacent_shard: u32;
    }
}

section! {
    /// A number of shards.
    pub struct UpdateShardCountConfig {
        /// The stream.
        pub stream: Reference;
        /// `TargetShardCount`.
        pub target_shard_count: i64;
    }
}

section! {
    /// A capacity mode.
    pub struct UpdateStreamModeConfig {
        /// The stream.
        pub stream: Reference;
        /// `StreamMode`.
        pub stream_mode: StreamModeConfig;
    }
}

section! {
    /// A warm throughput.
    pub struct UpdateStreamWarmThroughputConfig {
        /// The stream.
        pub stream: Reference;
        /// `WarmThroughputMiBps`: MiB a second.
        pub warm_throughput_mibps: i64;
    }
}

section! {
    /// A way to distribute records.
    pub struct UpdateDistributionConfig {
        /// The stream.
        pub stream: Reference;
        /// `RecordDistributionStrategy`.
        pub record_distribution_strategy: DistributionStrategyConfig;
    }
}

keyword! {
    /// How records find their shards (`RecordDistributionStrategy`).
    pub enum DistributionStrategyConfig {
        /// By their partition keys, or explicit hash keys.
        UserPartitionKey = "user_partition_key",
        /// The stream spreads them evenly.
        Auto = "auto",
    }
}

section! {
    /// A retention period.
    pub struct RetentionCallConfig {
        /// The stream.
        pub stream: Reference;
        /// `RetentionPeriodHours`.
        pub retention_period_hours: i64;
    }
}

impl GetShardIteratorConfig {
    fn check(&self, problems: &mut crate::language::Problems) {
        let needed = match self.r#type {
            IteratorTypeConfig::AtTimestamp => [false, true],
            IteratorTypeConfig::AtSequenceNumber | IteratorTypeConfig::AfterSequenceNumber => [true, false],
            IteratorTypeConfig::TrimHorizon | IteratorTypeConfig::Latest => [false, false],
        };
        let given = [self.starting_sequence_number.is_some(), self.timestamp.is_some()];
        for ((key, needed), given) in
            ["starting_sequence_number", "timestamp"].into_iter().zip(needed).zip(given)
        {
            if needed && !given {
                problems.error(self.place, format!("this type of iterator needs a `{key}`"));
            } else if given && !needed {
                problems.error(self.places.of(key), format!("this type of iterator has no `{key}`"));
            }
        }
    }
}

impl StepConfig {
    /// The stream it calls.
    pub(super) fn stream(&self) -> Option<&Reference> {
        let of_whole = [&self.describe_stream, &self.list_shards];
        let of_retention = [&self.increase_stream_retention_period, &self.decrease_stream_retention_period];
        of_whole
            .into_iter()
            .flatten()
            .map(|call| &call.stream)
            .chain(of_retention.into_iter().flatten().map(|call| &call.stream))
            .chain(self.create_stream.iter().map(|call| &call.stream))
            .chain(self.put_record.iter().map(|call| &call.stream))
            .chain(self.put_records.iter().map(|call| &call.stream))
            .chain(self.get_shard_iterator.iter().map(|call| &call.stream))
            .chain(self.get_records.iter().map(|call| &call.stream))
            .chain(self.split_shard.iter().map(|call| &call.stream))
            .chain(self.merge_shards.iter().map(|call| &call.stream))
            .chain(self.update_shard_count.iter().map(|call| &call.stream))
            .chain(self.update_stream_mode.iter().map(|call| &call.stream))
            .chain(self.update_stream_warm_throughput.iter().map(|call| &call.stream))
            .chain(self.update_stream_record_distribution_strategy.iter().map(|call| &call.stream))
            .next()
    }
}
