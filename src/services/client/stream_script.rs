//! Steps of a script about streams.

use super::config::StepConfig;
use super::script::{Built, Call, Handle, Lookup, ResultKind, Results, Send, send};
use super::show::{Cell, entries, text};
use super::stream_config::{
    DistributionStrategyConfig, GetShardIteratorConfig, IteratorTypeConfig, StreamModeConfig,
};
use crate::engine::Time;
use crate::language::{Bytes, Duration, Located, Problems};
use crate::wire::{EntityId, HashRange, ShardId, Texts, partition_hash, span};

/// Most characters of a partition key ("`PutRecord`").
const LONGEST_KEY: usize = 256;

/// A record to put.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    /// Data and partition key.
    pub send: Send,
    /// Its hash key; without a partition key it has none.
    pub hash: Option<u128>,
    /// `SequenceNumberForOrdering`.
    pub after: Option<Handle>,
    /// When its event happened; by default when it is put.
    pub event_time: Option<Time>,
}

/// `ShardIteratorType` and what goes with it.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// `TRIM_HORIZON`.
    TrimHorizon,
    /// `LATEST`.
    Latest,
    /// `AT_TIMESTAMP`.
    AtTimestamp(Time),
    /// `AT_SEQUENCE_NUMBER`.
    AtSequenceNumber(Handle),
    /// `AFTER_SEQUENCE_NUMBER`.
    AfterSequenceNumber(Handle),
}

/// A call to a stream, its names looked up.
#[derive(Debug, Clone)]
pub enum StreamCall {
    /// `CreateStream`.
    Create {
        /// `ShardCount`.
        shards: Option<i64>,
        /// Whether `StreamMode` is `ON_DEMAND`.
        on_demand: bool,
    },
    /// `DescribeStream`.
    Describe,
    /// `ListShards`.
    ListShards,
    /// `PutRecord`.
    Put(Record),
    /// `PutRecords`.
    PutAll(Vec<Record>),
    /// `GetShardIterator`.
    Iterator(ShardId, Place),
    /// `GetRecords`, by the number of the iterator's name.
    Get {
        /// The iterator; `None` is one that nobody gave.
        iterator: Option<usize>,
        /// `Limit`.
        limit: Option<i64>,
    },
    /// `SplitShard`.
    Split(ShardId, Option<u128>),
    /// `MergeShards`.
    Merge(ShardId, ShardId),
    /// `UpdateShardCount`.
    UpdateShardCount(i64),
    /// `UpdateStreamMode`.
    UpdateStreamMode {
        /// Whether `StreamMode` is `ON_DEMAND`.
        on_demand: bool,
    },
    /// `UpdateStreamWarmThroughput`, in MiB a second.
    UpdateWarmThroughput(i64),
    /// `UpdateStreamRecordDistributionStrategy`.
    UpdateDistribution {
        /// Whether it is `AUTO`.
        auto: bool,
    },
    /// `IncreaseStreamRetentionPeriod`, in hours.
    IncreaseRetention(i64),
    /// `DecreaseStreamRetentionPeriod`, in hours.
    DecreaseRetention(i64),
}

/// A record, as it is written.
#[derive(Debug, Clone, Copy)]
struct Written<'a> {
    data: &'a str,
    key: Option<&'a str>,
    explicit: Option<&'a Located<String>>,
    size: Option<Bytes>,
    event_time: Option<Duration>,
}

fn record(
    Written { data, key, explicit, size, event_time }: Written<'_>,
    place: crate::language::Place,
    texts: &mut Texts,
    problems: &mut Problems,
) -> Option<Record> {
    if key.is_some_and(|key| key.is_empty() || key.chars().count() > LONGEST_KEY) {
        problems.error(place, "a partition key has 1 to 256 characters (`PutRecord`)");
        return None;
    }
    let explicit = match explicit {
        Some(text) => Some(HashRange::read_key(text, problems)?),
        None => None,
    };
    let hash = key.map(|key| explicit.unwrap_or_else(|| partition_hash(key)));
    let key = key.map(str::to_owned);
    let mut send = send(data, (None, size), (key.as_ref(), None), texts);
    if size.is_none() {
        send.bytes += key.map_or(0, |key| key.len() as u32);
    }
    let event_time = event_time.map(|time| Time::ZERO + span(time));
    Some(Record { send, hash, after: None, event_time })
}

fn record_cell(Written { data, key, explicit, size, event_time }: Written<'_>) -> Cell {
    Cell::default()
        .with("data", Some(text(data)))
        .with("partition_key", key.map(text))
        .with("explicit_hash_key", explicit.map(|hash| &hash.value))
        .with("size", size)
        .with("event_time", event_time)
}

impl GetShardIteratorConfig {
    fn place(&self, results: &Results, problems: &mut Problems) -> Option<Place> {
        let sequence = |problems: &mut Problems| {
            results.handle(self.starting_sequence_number.as_ref()?, ResultKind::Records, problems)
        };
        Some(match self.r#type {
            IteratorTypeConfig::TrimHorizon => Place::TrimHorizon,
            IteratorTypeConfig::Latest => Place::Latest,
            IteratorTypeConfig::AtTimestamp => Place::AtTimestamp(Time::ZERO + span(self.timestamp?)),
            IteratorTypeConfig::AtSequenceNumber => Place::AtSequenceNumber(sequence(problems)?),
            IteratorTypeConfig::AfterSequenceNumber => Place::AfterSequenceNumber(sequence(problems)?),
        })
    }
}

impl StepConfig {
    /// Calls to streams.
    pub(super) fn stream_call(
        &self,
        lookup: &mut Lookup<'_>,
        results: &mut Results,
        problems: &mut Problems,
    ) -> Option<Built> {
        let reference = self.stream()?;
        let stream = (lookup.stream)(reference, problems).map(|id| (id, reference.text.clone()));
        let (call, cell, name) = self
            .record_call(stream.as_ref(), lookup.texts, results, problems)
            .or_else(|| self.shard_call(problems))?;
        Some((stream, call.map(Call::Stream), cell, name))
    }

    /// Calls about records.
    fn record_call(
        &self,
        stream: Option<&(EntityId, String)>,
        texts: &mut Texts,
        results: &mut Results,
        problems: &mut Problems,
    ) -> Option<(Option<StreamCall>, Cell, Option<usize>)> {
        if let Some(config) = &self.put_record {
            let written = Written {
                data: &config.data,
                key: config.partition_key.as_deref(),
                explicit: config.explicit_hash_key.as_ref(),
                size: config.size,
                event_time: config.event_time,
            };
            let record = record(written, config.place, texts, problems);
            let before = config.sequence_number_for_ordering.as_ref();
            let after = before.map(|before| results.handle(before, ResultKind::Records, problems));
            let is_known = after.is_none_or(|after| after.is_some());
            let record =
                record.filter(|_| is_known).map(|record| Record { after: after.flatten(), ..record });
            let name = results.define(config.r#as.as_ref(), ResultKind::Records, stream.cloned(), problems);
            let cell =
                record_cell(written).with("sequence_number_for_ordering", before.map(|before| &before.value));
            return Some((record.map(StreamCall::Put), cell, name));
        }
        if let Some(config) = &self.put_records {
            let written: Vec<(Written<'_>, crate::language::Place)> = config
                .records
                .iter()
                .map(|entry| {
                    let written = Written {
                        data: &entry.data,
                        key: entry.partition_key.as_deref(),
                        explicit: entry.explicit_hash_key.as_ref(),
                        size: entry.size,
                        event_time: entry.event_time,
                    };
                    (written, entry.place)
                })
                .collect();
            let records: Vec<Option<Record>> =
                written.iter().map(|(one, place)| record(*one, *place, texts, problems)).collect();
            let name = results.define(config.r#as.as_ref(), ResultKind::Records, stream.cloned(), problems);
            let cell = entries(written.iter().map(|(one, _)| record_cell(*one)));
            let records = records.into_iter().collect::<Option<_>>();
            return Some((records.map(StreamCall::PutAll), cell, name));
        }
        if let Some(config) = &self.get_shard_iterator {
            let shard = ShardId(config.shard);
            let place = config.place(results, problems);
            let name = results.define(config.r#as.as_ref(), ResultKind::Iterator, stream.cloned(), problems);
            let cell = Cell::default()
                .with("shard", Some(shard))
                .with("type", Some(config.r#type))
                .with(
                    "starting_sequence_number",
                    config.starting_sequence_number.as_ref().map(|number| &number.value),
                )
                .with("timestamp", config.timestamp);
            return Some((place.map(|place| StreamCall::Iterator(shard, place)), cell, name));
        }
        let config = self.get_records.as_ref()?;
        let iterator = match config.iterator.value.as_str() {
            "unknown" => Some(None),
            name => results.find(name, ResultKind::Iterator, &config.iterator, problems).map(Some),
        };
        let call = iterator.map(|iterator| StreamCall::Get { iterator, limit: config.limit });
        let cell = Cell::default().with("iterator", Some(&config.iterator.value)).with("limit", config.limit);
        let name = results.define(config.r#as.as_ref(), ResultKind::Iterator, stream.cloned(), problems);
        Some((call, cell, name))
    }

    /// Calls about shards, and about the stream as a whole.
    fn shard_call(&self, problems: &mut Problems) -> Option<(Option<StreamCall>, Cell, Option<usize>)> {
        let cell = Cell::default();
        if let Some(config) = &self.create_stream {
            let on_demand = config.stream_mode == StreamModeConfig::OnDemand;
            let cell =
                cell.with("shard_count", config.shard_count).with("stream_mode", Some(config.stream_mode));
            return Some((Some(StreamCall::Create { shards: config.shard_count, on_demand }), cell, None));
        }
        if self.describe_stream.is_some() {
            return Some((Some(StreamCall::Describe), cell, None));
        }
        if self.list_shards.is_some() {
            return Some((Some(StreamCall::ListShards), cell, None));
        }
        if let Some(config) = &self.split_shard {
            let at = config.new_starting_hash_key.as_ref().map(|text| HashRange::read_key(text, problems));
            let is_read = at.is_none_or(|at| at.is_some());
            let shard = ShardId(config.shard);
            let cell = cell
                .with("shard", Some(shard))
                .with("new_starting_hash_key", config.new_starting_hash_key.as_ref().map(|key| &key.value));
            return Some((is_read.then(|| StreamCall::Split(shard, at.flatten())), cell, None));
        }
        if let Some(config) = &self.merge_shards {
            let (shard, other) = (ShardId(config.shard), ShardId(config.adjacent_shard));
            let cell = cell.with("shard", Some(shard)).with("adjacent_shard", Some(other));
            return Some((Some(StreamCall::Merge(shard, other)), cell, None));
        }
        if let Some(config) = &self.update_shard_count {
            let target = config.target_shard_count;
            let cell = cell.with("target_shard_count", Some(target));
            return Some((Some(StreamCall::UpdateShardCount(target)), cell, None));
        }
        if let Some(config) = &self.update_stream_mode {
            let on_demand = config.stream_mode == StreamModeConfig::OnDemand;
            let cell = cell.with("stream_mode", Some(config.stream_mode));
            return Some((Some(StreamCall::UpdateStreamMode { on_demand }), cell, None));
        }
        if let Some(config) = &self.update_stream_warm_throughput {
            let mebibytes = config.warm_throughput_mibps;
            let cell = cell.with("warm_throughput_mibps", Some(mebibytes));
            return Some((Some(StreamCall::UpdateWarmThroughput(mebibytes)), cell, None));
        }
        if let Some(config) = &self.update_stream_record_distribution_strategy {
            let strategy = config.record_distribution_strategy;
            let auto = strategy == DistributionStrategyConfig::Auto;
            let cell = cell.with("record_distribution_strategy", Some(strategy));
            return Some((Some(StreamCall::UpdateDistribution { auto }), cell, None));
        }
        let (config, grows) =
            match (&self.increase_stream_retention_period, &self.decrease_stream_retention_period) {
                (Some(config), _) => (config, true),
                (None, Some(config)) => (config, false),
                (None, None) => return None,
            };
        let hours = config.retention_period_hours;
        let call =
            if grows { StreamCall::IncreaseRetention(hours) } else { StreamCall::DecreaseRetention(hours) };
        Some((Some(call), cell.with("retention_period_hours", Some(hours)), None))
    }
}
