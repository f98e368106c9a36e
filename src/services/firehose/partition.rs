//! Dynamic partitioning: each value of the partition keys has a buffer and objects of its own ("Partition streaming data in
//! Amazon Data Firehose").

use super::Timer;
use super::buffer::{Carries, Channel};
use super::stream::DeliveryStream;
use crate::engine::{Distribution, Span, Time};
use crate::filter::Atom;
use crate::wire::{
    BodyReader, Contents, Context, Entry, LimitBucket, LimitModel, MessageGroups, Messages, Outbox,
};
use std::sync::Arc;

/// What tells the partition of a record.
#[derive(Debug, Clone)]
pub enum PartitionBy {
    /// Inline parsing of these keys of its JSON.
    Body(Vec<String>),
    /// The function of the transformation, which returns the partition key of the data stream.
    PartitionKey,
    /// Something that is drawn.
    Drawn(MessageGroups),
}

/// How records are sorted into partitions.
#[derive(Debug, Clone)]
pub struct PartitionSettings {
    /// What tells the partition.
    pub by: PartitionBy,
    /// How many records a record that comes in consists of; `None`: one.
    pub records_in_one: Option<Distribution>,
}

/// An active partition.
#[derive(Debug)]
pub(super) struct Partition {
    channel: u32,
    limit: LimitBucket,
    /// When it began, or its throughput was measured last.
    since: Time,
    /// Bytes that it has got since.
    bytes: u64,
}

/// What a partition takes in a second: counted, for AWS does not tell what becomes of more.
pub(super) fn throughput(bytes_per_second: u64, model: LimitModel) -> LimitBucket {
    LimitBucket::full(bytes_per_second, bytes_per_second, model)
}

/// Several values as one: the constants of FNV-1a, which spreads any bits well.
const NO_VALUES: u64 = 0xcbf2_9ce4_8422_2325;

fn with_value(hash: u64, value: u64) -> u64 {
    let bytes = value.to_le_bytes();
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A value as a number. Equal values are equal whoever writes them.
fn number(value: Atom) -> u64 {
    match value {
        Atom::Number(number) => number.to_f64().to_bits(),
        Atom::Word(word) => u64::from(word.number()),
        // No text has such a number.
        Atom::True => u64::MAX,
        Atom::False => u64::MAX - 1,
        Atom::Null => u64::MAX - 2,
    }
}

impl PartitionSettings {
    /// Who reads the keys of inline parsing.
    pub(super) fn reader(&self, contents: &Arc<Contents>) -> Option<BodyReader> {
        match &self.by {
            PartitionBy::Body(keys) => Some(BodyReader::new(contents, keys.iter().map(String::as_str))),
            PartitionBy::PartitionKey | PartitionBy::Drawn(_) => None,
        }
    }
}

impl Partition {
    /// Bytes a second since it was measured last.
    fn throughput(&self, now: Time) -> u64 {
        let seconds = (now - self.since).as_seconds_f64().max(1.0);
        (self.bytes as f64 / seconds + 0.5) as u64
    }
}

impl DeliveryStream {
    /// The minute is over.
    pub(super) fn measure_partitions(&mut self, now: Time) {
        // Whoever looks at metrics in between sees the whole minutes.
        if now - self.partitions_measured < Span::from_minutes(1) {
            return;
        }
        self.partitions_measured = now;
        for partition in self.partitions.values_mut() {
            self.metrics.per_partition_throughput.record(partition.throughput(now));
            (partition.since, partition.bytes) = (now, 0);
        }
    }

    /// A record goes to the buffer of its partition; without one, or when there are too many, to the error prefix.
    pub(super) fn partition<O: Outbox<Timer>>(&mut self, entry: Entry, cx: &mut Context<'_, O>) {
        self.partitioned += 1;
        let found = self.partition_of(&entry, cx.messages);
        let Some(partition) = found else {
            self.metrics.records_without_partition.add(1);
            self.fail_record(entry, cx);
            return;
        };
        let channel = match self.partitions.get(&partition) {
            Some(partition) => partition.channel,
            None if self.partitions.len() >= self.settings.quotas.active_partitions as usize => {
                self.metrics.partition_count_exceeded.record(1);
                self.metrics.records_over_partition_limit.add(1);
                self.fail_record(entry, cx);
                return;
            }
            None => {
                let channel = self.channels.enter(Channel::new(Carries::Partition(partition)));
                let quotas = &self.settings.quotas;
                let limit = throughput(quotas.partition_bytes_per_second, self.settings.limit_model);
                self.partitions.insert(partition, Partition { channel, limit, since: cx.now, bytes: 0 });
                self.metrics.partition_count_exceeded.record(0);
                self.metrics.partition_count.set(cx.now, self.partitions.len() as u64);
                channel
            }
        };
        self.count_throughput(partition, &entry, cx);
        self.push(channel, entry, cx);
    }

    /// The partition of a record; `None` when its keys cannot be read.
    fn partition_of(&mut self, entry: &Entry, messages: &Messages) -> Option<u64> {
        if messages.is_poison(entry.message) {
            return None;
        }
        match &self.settings.partitioning.as_ref()?.by {
            PartitionBy::Body(keys) => {
                let reader = self.reader.as_mut()?;
                reader.read(entry.message, messages);
                (0..keys.len()).try_fold(NO_VALUES, |hash, key| {
                    reader.value(key).map(|value| with_value(hash, number(value)))
                })
            }
            PartitionBy::PartitionKey => Some(u64::from(messages.group(entry.message).0)),
            PartitionBy::Drawn(groups) => {
                Some(u64::from(groups.draw(self.partitioned, &mut self.chance.partition).0))
            }
        }
    }

    fn count_throughput<O>(&mut self, partition: u64, entry: &Entry, cx: &Context<'_, O>) {
        let Some(partition) = self.partitions.get_mut(&partition) else { return };
        let bytes = u64::from(super::buffer::size(entry));
        partition.bytes += bytes;
        if partition.limit.has(bytes, cx.now) {
            partition.limit.take(bytes, cx.now);
        } else {
            self.metrics.records_over_partition_throughput.add(1);
        }
    }

    /// A partition whose records are all delivered is not active any more.
    pub(super) fn end_partition<O>(&mut self, channel: u32, cx: &Context<'_, O>) {
        let ended = self.channels.get(channel);
        let Carries::Partition(partition) = ended.carries else { return };
        if ended.under_way > 0 || ended.buffer.load().is_some() {
            return;
        }
        if let Some(ended) = self.partitions.remove(&partition) {
            self.metrics.per_partition_throughput.record(ended.throughput(cx.now));
        }
        self.channels.leave(channel);
        self.metrics.partition_count.set(cx.now, self.partitions.len() as u64);
    }
}
