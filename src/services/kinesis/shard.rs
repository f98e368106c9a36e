//! A shard: a range of hash keys, the records it holds, and what it takes and gives in a second.

use super::enhanced::Ages;
use super::settings::StreamSettings;
use super::sizing::HotKeys;
use crate::engine::Time;
use crate::wire::{
    BatchId, COPIED_RECORD, Entry, HashRange, LimitBucket, LimitModel, MessageId, Messages, POISON_RECORD,
    Receipt, ShardId,
};
use std::collections::VecDeque;

/// A record, or one user record of an aggregated one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored {
    /// `ApproximateArrivalTimestamp`.
    pub(super) arrived_at: Time,
    pub(super) message: MessageId,
    /// Its bytes and some marks.
    packed: u32,
}

/// What a stream notes of a record besides its size.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordMarks {
    /// It lies in the same record as the one before it.
    pub(super) continues: bool,
    /// The stream has it twice: its producer sent it again.
    pub(super) is_copy: bool,
    /// Processing it always fails.
    pub(super) is_poison: bool,
}

const CONTINUES: u32 = 1 << 31;
const COPY: u32 = 1 << 30;
const POISON: u32 = 1 << 29;

impl Stored {
    #[inline]
    pub(super) fn new(arrived_at: Time, message: MessageId, bytes: u32, marks: RecordMarks) -> Self {
        let bit = |is_set: bool, mark: u32| if is_set { mark } else { 0 };
        let marks = bit(marks.continues, CONTINUES) | bit(marks.is_copy, COPY) | bit(marks.is_poison, POISON);
        Self { arrived_at, message, packed: bytes.min(POISON - 1) | marks }
    }

    #[inline]
    fn bytes(self) -> u32 {
        self.packed & (POISON - 1)
    }

    #[inline]
    pub(super) fn continues(self) -> bool {
        self.packed & CONTINUES != 0
    }

    #[inline]
    fn entry(self, position: u64) -> Entry {
        let copied = if self.packed & COPY != 0 { COPIED_RECORD } else { 0 };
        let poison = if self.packed & POISON != 0 { POISON_RECORD } else { 0 };
        Entry {
            receipt: Receipt::of_position(position),
            receive_count: copied | poison,
            enqueued_at: self.arrived_at,
            aggregated: self.continues(),
            ..Entry::new(self.message)
        }
    }
}

/// What a reader asks for: records from a position on, at most so many, and at most so many bytes unless the first is
/// larger by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) position: u64,
    pub(super) records: u64,
    pub(super) bytes: u64,
}

/// What a reader was given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    /// Where the next read begins.
    pub(super) position: u64,
    /// Records as AWS counts them.
    pub(super) records: u64,
    pub(super) bytes: u64,
    /// When the last of them arrived.
    pub(super) newest: Time,
}

/// What one shard has seen since the run began.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Traffic {
    pub(super) incoming_records: u64,
    pub(super) incoming_bytes: u64,
    pub(super) write_throttled: u64,
    pub(super) outgoing_records: u64,
    pub(super) outgoing_bytes: u64,
    pub(super) read_throttled: u64,
}

/// A shard.
#[derive(Debug)]
pub(super) struct Shard {
    pub(super) range: HashRange,
    pub(super) parents: [Option<ShardId>; 2],
    pub(super) closed: bool,
    log: VecDeque<Stored>,
    /// The position of the first record of the log: the trim horizon.
    base: u64,
    pub(super) write_records: LimitBucket,
    pub(super) write_bytes: LimitBucket,
    pub(super) read_calls: LimitBucket,
    pub(super) read_bytes: LimitBucket,
    /// `GetShardIterator` calls of scripts.
    pub(super) iterator_calls: LimitBucket,
    /// A reader took more than was there: nothing is given until then.
    pub(super) read_blocked_until: Time,
    /// Bytes of the call that is being taken.
    pub(super) call_bytes: u64,
    pub(super) traffic: Traffic,
    /// Ages of what was read in this minute.
    pub(super) ages: Ages,
    /// The traffic when the minute began.
    pub(super) at_minute: Traffic,
    /// The traffic when the warm-up ended.
    pub(super) at_warm_up: Traffic,
    pub(super) hot_keys: HotKeys,
    /// Whether it is to be split already (on demand).
    pub(super) splitting: bool,
}

impl Shard {
    pub(super) fn new(range: HashRange, parents: [Option<ShardId>; 2], settings: &StreamSettings) -> Self {
        let quotas = &settings.quotas;
        let (records, bytes) = (
            u64::from(quotas.shard_write_records_per_second),
            u64::from(quotas.shard_write_bytes_per_second),
        );
        let reads = u64::from(quotas.shard_read_bytes_per_second);
        let calls = u64::from(quotas.shard_read_calls_per_second);
        let model = settings.limit_model;
        Self {
            range,
            parents,
            closed: false,
            log: VecDeque::new(),
            base: 0,
            write_records: LimitBucket::full(records, records, model),
            // "Handling large records": a shard saves up for records that are larger than a second's worth.
            write_bytes: LimitBucket::full(bytes, bytes.max(u64::from(settings.max_record_bytes)), model),
            read_calls: LimitBucket::full(calls, calls, model),
            read_bytes: LimitBucket::full(reads, reads, LimitModel::TokenBucket),
            iterator_calls: LimitBucket::full(calls, calls, model),
            read_blocked_until: Time::ZERO,
            call_bytes: 0,
            traffic: Traffic::default(),
            ages: Ages::default(),
            at_minute: Traffic::default(),
            at_warm_up: Traffic::default(),
            hot_keys: HotKeys::default(),
            splitting: false,
        }
    }

    /// Whether the shard takes one more record of so many bytes now; takes the tokens if so.
    #[inline]
    pub(super) fn admits(&mut self, bytes: u64, now: Time) -> bool {
        if self.write_records.has(1, now) && self.write_bytes.has(bytes, now) {
            self.write_records.spend(1);
            self.write_bytes.spend(bytes);
            return true;
        }
        self.traffic.write_throttled += 1;
        false
    }

    /// Brings near what a record that comes will change (see [`Messages::fetch`]).
    #[inline]
    pub(super) fn fetch(&self) {
        let tail = self.log.back().map(|newest| newest.arrived_at);
        std::hint::black_box((tail, self.call_bytes, self.traffic.incoming_records, self.hot_keys.all()));
    }

    #[inline]
    pub(super) fn push(&mut self, stored: Stored) {
        self.log.push_back(stored);
    }

    /// The position behind the newest record.
    #[inline]
    pub(super) fn end(&self) -> u64 {
        self.base + self.log.len() as u64
    }

    /// The position of the oldest record.
    pub(super) fn trim_horizon(&self) -> u64 {
        self.base
    }

    /// The position of the first record that arrived at `time` or later.
    pub(super) fn position_at(&self, time: Time) -> u64 {
        self.base + self.log.partition_point(|stored| stored.arrived_at < time) as u64
    }

    /// Hands records on to a reader, whole ones.
    pub(super) fn read(
        &self,
        wanted: Wanted,
        batch: BatchId,
        batches: &mut crate::wire::Batches,
        messages: &mut Messages,
    ) -> Taken {
        let position = wanted.position.max(self.base);
        let start = ((position - self.base) as usize).min(self.log.len());
        let (number, records, bytes) = self.measure(start, wanted);
        let given = self.log.range(start..start + number);
        let newest = given.clone().next_back().map_or(Time::ZERO, |last| last.arrived_at);
        let place = given.clone().zip(position..);
        batches.entries_mut(batch).extend(place.map(|(stored, position)| stored.entry(position)));
        given.for_each(|stored| messages.hold(stored.message));
        Taken { position: position + number as u64, records, bytes, newest }
    }

    /// How far a reader gets from a place of the log: entries of the log, records, bytes.
    fn measure(&self, start: usize, wanted: Wanted) -> (usize, u64, u64) {
        let (mut number, mut records, mut bytes) = (0, 0, 0);
        let mut log = self.log.range(start..).peekable();
        while records < wanted.records
            && let Some(first) = log.next()
        {
            let (mut entries, mut size) = (1, u64::from(first.bytes()));
            while let Some(next) = log.next_if(|next| next.continues()) {
                entries += 1;
                size += u64::from(next.bytes());
            }
            if records > 0 && bytes + size > wanted.bytes {
                break;
            }
            number += entries;
            records += 1;
            bytes += size;
        }
        (number, records, bytes)
    }

    /// How many of the oldest records arrived before `time`.
    pub(super) fn older_than(&self, time: Time) -> u64 {
        match self.log.front() {
            Some(oldest) if oldest.arrived_at < time => self.position_at(time) - self.base,
            _ => 0,
        }
    }

    /// Lets the oldest records up to `position` go; gives their number.
    pub(super) fn drop_until(&mut self, position: u64, mut each: impl FnMut(MessageId)) -> u64 {
        let number = position.saturating_sub(self.base).min(self.log.len() as u64);
        self.log.drain(..number as usize).for_each(|stored| each(stored.message));
        self.base += number;
        if self.log.is_empty() && self.log.capacity() > 1 << 16 {
            self.log.shrink_to(1 << 12);
        }
        number
    }

    /// Records that are kept.
    pub(super) fn kept(&self) -> u64 {
        self.log.len() as u64
    }

    pub(super) fn messages(&self) -> impl Iterator<Item = MessageId> {
        self.log.iter().map(|stored| stored.message)
    }
}
