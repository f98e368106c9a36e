//! How a producer's records get to a stream: single calls of the SDK, batches of it, the Kinesis Producer Library, or the
//! Kinesis Agent.

use super::partition_keys::{PartitionKeyConfig, PartitionKeys};
use crate::engine::Span;
use crate::language::{Bytes, Duration, Files, Located, Place, Problems, choice, section};
use crate::wire::{FirehoseQuotas, HashRange, KinesisQuotas, Texts, span};

choice! {
    /// What puts records on a stream.
    pub enum LibraryConfig {
        /// The SDK, record by record (`PutRecord`).
        PutRecord(Option<PutRecordConfig>) = "put_record",
        /// The SDK, in batches (`PutRecords`).
        PutRecords(PutRecordsConfig) = "put_records",
        /// The Kinesis Producer Library.
        Kpl(KplConfig) = "kpl",
        /// The Kinesis Agent, which follows files and puts their lines.
        Agent(AgentConfig) = "agent",
        /// The SDK, in batches for a delivery stream (`PutRecordBatch`).
        PutRecordBatch(PutRecordBatchConfig) = "put_record_batch",
    }
}

section! {
    /// Single calls of the SDK.
    pub struct PutRecordConfig {
        /// Whether each call names the sequence number of the one before with the same partition key
        /// (`SequenceNumberForOrdering`): it waits for its answer, and the order of the key stays. Otherwise calls go out side by
        /// side and overtake each other.
        pub sequence_number_for_ordering: bool = false;
    }
}

section! {
    /// Batches of the SDK.
    pub struct PutRecordsConfig {
        /// Most records in a call.
        pub max_entries: u32 = 500, within (1, 500);
        /// Most bytes in a call; by default the quota.
        pub max_bytes: Option<Bytes>, at_least (Bytes::new(1));
        /// How long the first record of a batch waits for others.
        pub linger: Duration = Duration::from_milliseconds(100);
        /// Whether records that a call did not take are sent again (`retries` says how often): no SDK does so by itself,
        /// because the call as such succeeded.
        pub resend_failed_records: bool = true;
    }
}

section! {
    /// Batches of the SDK for a delivery stream.
    pub struct PutRecordBatchConfig {
        /// Most records in a call.
        pub max_entries: u32 = 500, within (1, 500);
        /// Most bytes in a call.
        pub max_bytes: Bytes = Bytes::from_mib(4), within (Bytes::new(1), Bytes::from_mib(4));
        /// How long the first record of a batch waits for others.
        pub linger: Duration = Duration::from_milliseconds(100);
        /// Whether records that a call did not take (`FailedPutCount`) are sent again (`retries` says how often): no SDK does so
        /// by itself, because the call as such succeeded.
        pub resend_failed_records: bool = true;
    }
}

section! {
    /// The Kinesis Producer Library, by its names ("`default_config.properties`").
    pub struct KplConfig {
        /// How long a record may wait for others (`RecordMaxBufferedTime`).
        pub record_max_buffered_time: Duration = Duration::from_milliseconds(100);
        /// Whether several records are packed into one (`AggregationEnabled`).
        pub aggregation_enabled: bool = true;
        /// Most bytes of such a one (`AggregationMaxSize`); larger records go alone.
        pub aggregation_max_size: Bytes = Bytes::from_kib(50), within (Bytes::new(64), Bytes::from_mib(1));
        /// Most records in such a one (`AggregationMaxCount`).
        pub aggregation_max_count: u32 = u32::MAX, at_least (1);
        /// Most records in a call (`CollectionMaxCount`).
        pub collection_max_count: u32 = 500, within (1, 500);
        /// Most bytes in a call (`CollectionMaxSize`).
        pub collection_max_size: Bytes = Bytes::from_mib(5), within (Bytes::from_kib(51), Bytes::from_mib(5));
        /// What a shard is asked to take, in percent of its limits (`RateLimit`).
        pub rate_limit: u32 = 150, within (1, 10_000);
        /// After this a record that was not put fails (`RecordTtl`).
        pub record_ttl: Duration = Duration::from_seconds(30), at_least (Duration::from_milliseconds(100));
        /// Whether a throttled record fails at once (`FailIfThrottled`).
        pub fail_if_throttled: bool = false;
    }
}

section! {
    /// The Kinesis Agent, by its names ("Write to Amazon Kinesis Data Streams using Kinesis Agent").
    pub struct AgentConfig {
        /// How long lines wait for others (`maxBufferAgeMillis`).
        pub max_buffer_age: Duration = Duration::from_seconds(60),
            within (Duration::from_seconds(1), Duration::from_seconds(900));
        /// Most bytes in a call (`maxBufferSizeBytes`).
        pub max_buffer_size: Bytes = Bytes::from_mib(4), within (Bytes::new(1), Bytes::from_mib(4));
        /// Most records in a call (`maxBufferSizeRecords`).
        pub max_buffer_records: u32 = 500, within (1, 500);
    }
}

/// What a producer must know about the stream it writes to.
#[derive(Debug, Clone)]
pub struct StreamTarget {
    /// Its limits.
    pub quotas: KinesisQuotas,
    /// Largest record it takes.
    pub max_record_bytes: u32,
    /// Its shards at the beginning.
    pub shards: Vec<HashRange>,
    /// Whether it distributes records over them itself (`RecordDistributionStrategy`).
    pub distributes_records: bool,
}

/// What a producer must know about the delivery stream it puts records to.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryTarget {
    /// Its limits.
    pub quotas: FirehoseQuotas,
}

/// When a batch of records is sent.
#[derive(Debug, Clone, Copy)]
pub struct Gathering {
    /// Most records.
    pub maximum_entries: usize,
    /// Most bytes.
    pub maximum_bytes: u32,
    /// Longest wait of the first record.
    pub linger: Span,
}

/// The settings of the Kinesis Producer Library.
#[derive(Debug, Clone)]
pub struct KplSettings {
    /// `RecordMaxBufferedTime`.
    pub buffered_time: Span,
    /// `AggregationMaxSize`; `None` without aggregation.
    pub aggregation_bytes: Option<u32>,
    /// `AggregationMaxCount`.
    pub aggregation_count: u32,
    /// `CollectionMaxCount` and `CollectionMaxSize`.
    pub collection: (u32, u32),
    /// Records and bytes a second to a shard.
    pub rates: (u64, u64),
    /// `RecordTtl`.
    pub ttl: Span,
    /// `FailIfThrottled`.
    pub fail_if_throttled: bool,
    /// The stream's shards at the beginning.
    pub shards: Vec<HashRange>,
}

/// How records get to the stream.
#[derive(Debug, Clone)]
pub enum Library {
    /// `PutRecord`.
    PutRecord,
    /// `PutRecords`, by the SDK or the Agent.
    PutRecords(Gathering),
    /// The Kinesis Producer Library.
    Kpl(KplSettings),
}

/// What a producer that writes to a stream needs besides.
#[derive(Debug, Clone)]
pub struct RecordSettings {
    /// The partition keys; a delivery stream has none.
    pub keys: Option<PartitionKeys>,
    /// `ExplicitHashKey` of every record.
    pub explicit_hash_key: Option<u128>,
    /// How many shards the stream has at the beginning: records of one lie together.
    pub shards: u32,
    /// How records get to the stream.
    pub library: Library,
    /// How often a call is tried, if the library has its own mind about it.
    pub max_attempts: Option<u32>,
    /// Whether a call waits for the one before with the same partition key.
    pub keeps_order: bool,
}

/// The keys of a message that only streams read.
pub(super) struct KeyConfigs<'a> {
    pub(super) partition_key: Option<&'a PartitionKeyConfig>,
    pub(super) explicit_hash_key: Option<&'a Located<String>>,
}

/// The settings of a producer that writes to a stream; `None` when a problem was told.
pub(super) fn record_settings(
    library: Option<&LibraryConfig>,
    keys: &KeyConfigs<'_>,
    target: &StreamTarget,
    texts: &mut Texts,
    files: &dyn Files,
    problems: &mut Problems,
) -> Option<RecordSettings> {
    let explicit = keys.explicit_hash_key.map(|text| HashRange::read_key(text, problems));
    let keys =
        keys.partition_key.map_or(Some(PartitionKeys::Random), |key| key.build(texts, files, problems));
    let keeps_order = matches!(library, Some(LibraryConfig::PutRecord(Some(config))) if config.sequence_number_for_ordering);
    if let Some(LibraryConfig::PutRecord(Some(config))) = library
        && keeps_order
        && target.distributes_records
    {
        problems
            .error(
                config.places.of("sequence_number_for_ordering"),
                "a stream that distributes records itself keeps no order",
            )
            .why("`PutRecord` refuses a `SequenceNumberForOrdering` there (InvalidArgumentException)");
        return None;
    }
    let (library, max_attempts) = match library {
        None | Some(LibraryConfig::PutRecord(_)) => (Library::PutRecord, None),
        Some(LibraryConfig::PutRecordBatch(config)) => {
            problems
                .error(config.place, "`put_record_batch` is for delivery streams")
                .help("write `put_records`");
            return None;
        }
        Some(LibraryConfig::PutRecords(config)) => {
            let quota = u64::from(target.quotas.put_records_bytes);
            let bytes = config.max_bytes.map_or(quota, Bytes::as_u64);
            if bytes > quota {
                let most = Bytes::new(quota);
                problems.error(
                    config.places.of("max_bytes"),
                    format!("a call has {most} at most (`PutRecords`)"),
                );
            }
            let gathering = Gathering {
                maximum_entries: config.max_entries as usize,
                maximum_bytes: bytes.min(quota) as u32,
                linger: span(config.linger),
            };
            (Library::PutRecords(gathering), (!config.resend_failed_records).then_some(1))
        }
        // The agent tries until it succeeds.
        Some(LibraryConfig::Agent(config)) => (Library::PutRecords(config.gathering()), Some(u32::MAX)),
        Some(LibraryConfig::Kpl(config)) => (Library::Kpl(config.settings(target)), None),
    };
    Some(RecordSettings {
        keys: Some(keys?),
        explicit_hash_key: explicit.map_or(Some(None), |hash| hash.map(Some))?,
        shards: target.shards.len() as u32,
        library,
        max_attempts,
        keeps_order,
    })
}

/// The settings of a producer that puts records to a delivery stream; `None` when a problem was told.
pub(super) fn delivery_settings(
    library: Option<&LibraryConfig>,
    target: &DeliveryTarget,
    place: Place,
    problems: &mut Problems,
) -> Option<RecordSettings> {
    let (library, max_attempts) = match library {
        Some(LibraryConfig::PutRecord(Some(config))) if config.sequence_number_for_ordering => {
            problems
                .error(
                    config.places.of("sequence_number_for_ordering"),
                    "a delivery stream has no sequence numbers",
                )
                .help("leave it away: `library: put_record`");
            return None;
        }
        None | Some(LibraryConfig::PutRecord(_)) => (Library::PutRecord, None),
        Some(LibraryConfig::PutRecordBatch(config)) => {
            let gathering = Gathering {
                maximum_entries: (config.max_entries as usize).min(target.quotas.batch_records),
                maximum_bytes: (config.max_bytes.as_u64() as u32).min(target.quotas.batch_bytes),
                linger: span(config.linger),
            };
            (Library::PutRecords(gathering), (!config.resend_failed_records).then_some(1))
        }
        Some(LibraryConfig::Agent(config)) => (Library::PutRecords(config.gathering()), Some(u32::MAX)),
        Some(other) => {
            let what = other.key();
            problems
                .error(place, format!("`{what}` does not put records to a delivery stream"))
                .help("write `put_record`, `put_record_batch` or `agent`");
            return None;
        }
    };
    Some(RecordSettings {
        keys: None,
        explicit_hash_key: None,
        shards: 0,
        library,
        max_attempts,
        keeps_order: false,
    })
}

impl AgentConfig {
    fn gathering(&self) -> Gathering {
        Gathering {
            maximum_entries: self.max_buffer_records as usize,
            maximum_bytes: self.max_buffer_size.as_u64() as u32,
            linger: span(self.max_buffer_age),
        }
    }
}

impl KplConfig {
    fn settings(&self, target: &StreamTarget) -> KplSettings {
        let rate = |limit: u32| u64::from(limit) * u64::from(self.rate_limit) / 100;
        let quotas = &target.quotas;
        // "KPL and KCL with service-managed streams": the library sees that such a stream takes no aggregated records.
        let aggregates = self.aggregation_enabled && !target.distributes_records;
        KplSettings {
            buffered_time: span(self.record_max_buffered_time),
            aggregation_bytes: aggregates.then_some(self.aggregation_max_size.as_u64() as u32),
            aggregation_count: self.aggregation_max_count,
            collection: (self.collection_max_count, self.collection_max_size.as_u64() as u32),
            rates: (rate(quotas.shard_write_records_per_second), rate(quotas.shard_write_bytes_per_second)),
            ttl: span(self.record_ttl),
            fail_if_throttled: self.fail_if_throttled,
            shards: target.shards.clone(),
        }
    }
}
