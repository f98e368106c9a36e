//! Dynamic partitioning: each value of the partition keys has a buffer and objects of its own ("Partition streaming data in
//! Amazon Data Firehose").

use super::Timer;
use super::buffer::{Carries, Channel};
use super::stream::DeliveryStream;
use crate::engine::{Distribution, Stream};
use crate::wire::{Context, EntityId, Entry, LimitBucket, LimitModel, MessageGroups, Messages, Outbox};

/// A key of a record's JSON, as one producer writes it.
#[derive(Debug, Clone)]
pub enum KeyColumn {
    /// The same in every record.
    Constant(u64),
    /// A number, at this place among the values of the message.
    Number(usize),
    /// One of these values, by the number at this place.
    OneOf(usize, Vec<u64>),
}

impl KeyColumn {
    fn value(&self, values: &[u64]) -> u64 {
        match self {
            KeyColumn::Constant(value) => *value,
            KeyColumn::Number(place) => values[*place],
            KeyColumn::OneOf(place, all) => all[values[*place] as usize],
        }
    }
}

/// The keys that inline parsing reads, as one producer writes them; `None` where it does not.
pub type ProducerKeys = Option<Vec<KeyColumn>>;

/// What tells the partition of a record.
#[derive(Debug, Clone)]
pub enum PartitionBy {
    /// Inline parsing of keys of its JSON; by the entity of its producer.
    Body(Vec<ProducerKeys>),
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

/// What a partition takes in a second: counted, for AWS does not tell what becomes of more.
pub(super) fn throughput(bytes_per_second: u64, model: LimitModel) -> LimitBucket {
    LimitBucket::full(bytes_per_second, bytes_per_second, model)
}

/// Several values as one.
fn combined(values: impl Iterator<Item = u64>) -> u64 {
    // The constants of FNV-1a, which spreads any bits well.
    values.fold(0xcbf2_9ce4_8422_2325, |hash, value| {
        value
            .to_le_bytes()
            .iter()
            .fold(hash, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
    })
}

impl PartitionBy {
    /// The partition of a record; `None` when its keys cannot be read.
    fn partition(&self, entry: &Entry, number: u64, chance: &mut Stream, messages: &Messages) -> Option<u64> {
        if messages.is_poison(entry.message) {
            return None;
        }
        match self {
            PartitionBy::Body(producers) => {
                let (EntityId(producer), _) = messages.origin(entry.message);
                let columns = producers.get(producer as usize)?.as_ref()?;
                let values = messages.attributes(entry.message);
                Some(combined(columns.iter().map(|column| column.value(values))))
            }
            PartitionBy::PartitionKey => Some(u64::from(messages.group(entry.message).0)),
            PartitionBy::Drawn(groups) => Some(u64::from(groups.draw(number, chance).0)),
        }
    }
}

impl DeliveryStream {
    /// A record goes to the buffer of its partition; without one, or when there are too many, to the error prefix.
    pub(super) fn partition<O: Outbox<Timer>>(&mut self, entry: Entry, cx: &mut Context<'_, O>) {
        let Some(settings) = &self.settings.partitioning else { return };
        self.partitioned += 1;
        let found = settings.by.partition(&entry, self.partitioned, &mut self.chance.partition, cx.messages);
        let Some(partition) = found else {
            self.metrics.records_without_partition.add(1);
            self.fail_record(entry, cx);
            return;
        };
        let channel = match self.partitions.get(&partition) {
            Some((channel, _)) => *channel,
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
                self.partitions.insert(partition, (channel, limit));
                self.metrics.partition_count_exceeded.record(0);
                self.metrics.partition_count.set(cx.now, self.partitions.len() as u64);
                channel
            }
        };
        self.count_throughput(partition, &entry, cx);
        self.push(channel, entry, cx);
    }

    fn count_throughput<O>(&mut self, partition: u64, entry: &Entry, cx: &Context<'_, O>) {
        let Some((_, limit)) = self.partitions.get_mut(&partition) else { return };
        let bytes = u64::from(super::buffer::size(entry));
        if limit.has(bytes, cx.now) {
            limit.take(bytes, cx.now);
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
        self.partitions.remove(&partition);
        self.channels.leave(channel);
        self.metrics.partition_count.set(cx.now, self.partitions.len() as u64);
    }
}
