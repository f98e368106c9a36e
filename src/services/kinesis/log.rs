//! The log of a shard: its records in the order in which they came, from the trim horizon on.

use crate::engine::Time;
use crate::wire::{BatchId, Batches, COPIED_RECORD, Entry, MessageId, Messages, POISON_RECORD, Receipt};
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
            bytes: self.bytes(),
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

/// The records that a shard keeps.
#[derive(Debug, Default)]
pub(super) struct Log {
    records: VecDeque<Stored>,
    /// The position of the first of them: the trim horizon.
    base: u64,
}

impl Log {
    /// When the newest record arrived.
    #[inline]
    pub(super) fn newest(&self) -> Option<Time> {
        self.records.back().map(|newest| newest.arrived_at)
    }

    #[inline]
    pub(super) fn push(&mut self, stored: Stored) {
        self.records.push_back(stored);
    }

    /// The position behind the newest record.
    #[inline]
    pub(super) fn end(&self) -> u64 {
        self.base + self.records.len() as u64
    }

    /// The position of the oldest record.
    pub(super) fn trim_horizon(&self) -> u64 {
        self.base
    }

    /// The position of the first record that arrived at `time` or later.
    pub(super) fn position_at(&self, time: Time) -> u64 {
        self.base + self.records.partition_point(|stored| stored.arrived_at < time) as u64
    }

    /// Hands records on to a reader, whole ones.
    pub(super) fn read(
        &self,
        wanted: Wanted,
        batch: BatchId,
        batches: &mut Batches,
        messages: &mut Messages,
    ) -> Taken {
        let position = wanted.position.max(self.base);
        let start = ((position - self.base) as usize).min(self.records.len());
        let (number, records, bytes) = self.measure(start, wanted);
        let given = self.records.range(start..start + number);
        let newest = given.clone().next_back().map_or(Time::ZERO, |last| last.arrived_at);
        let place = given.clone().zip(position..);
        batches.entries_mut(batch).extend(place.map(|(stored, position)| stored.entry(position)));
        given.for_each(|stored| messages.hold(stored.message));
        Taken { position: position + number as u64, records, bytes, newest }
    }

    /// How far a reader gets from a place of the log: entries of the log, records, bytes.
    fn measure(&self, start: usize, wanted: Wanted) -> (usize, u64, u64) {
        let (mut number, mut records, mut bytes) = (0, 0, 0);
        let mut rest = self.records.range(start..).peekable();
        while records < wanted.records
            && let Some(first) = rest.next()
        {
            let (mut entries, mut size) = (1, u64::from(first.bytes()));
            while let Some(next) = rest.next_if(|next| next.continues()) {
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
        match self.records.front() {
            Some(oldest) if oldest.arrived_at < time => self.position_at(time) - self.base,
            _ => 0,
        }
    }

    /// Lets the oldest records up to `position` go; gives their number.
    pub(super) fn drop_until(&mut self, position: u64, mut each: impl FnMut(MessageId)) -> u64 {
        let number = position.saturating_sub(self.base).min(self.records.len() as u64);
        self.records.drain(..number as usize).for_each(|stored| each(stored.message));
        self.base += number;
        if self.records.is_empty() && self.records.capacity() > 1 << 16 {
            self.records.shrink_to(1 << 12);
        }
        number
    }

    /// Records that are kept.
    pub(super) fn kept(&self) -> u64 {
        self.records.len() as u64
    }

    pub(super) fn messages(&self) -> impl Iterator<Item = MessageId> {
        self.records.iter().map(|stored| stored.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Span;
    use crate::wire::{Detail, EntityId, NewMessage};

    /// A log of records with so many entries each, of 10 bytes each entry; a record arrives each second.
    fn log(records: &[u32], messages: &mut Messages) -> Log {
        let mut log = Log::default();
        for (index, entries) in records.iter().enumerate() {
            for number in 0..*entries {
                let message = messages.create(NewMessage {
                    published_at: Time::ZERO,
                    producer: EntityId(0),
                    sequence: 0,
                    bytes: 10,
                    poison: index == 1,
                    detail: Detail::NONE,
                });
                let marks = RecordMarks { continues: number > 0, is_copy: index == 2, is_poison: index == 1 };
                let arrived_at = Time::ZERO + Span::from_seconds(1 + index as u64);
                log.push(Stored::new(arrived_at, message, 10, marks));
            }
        }
        log
    }

    /// Position, records, bytes, the second of the newest, and entries.
    fn read(log: &Log, messages: &mut Messages, wanted: (u64, u64, u64)) -> (u64, u64, u64, u64, usize) {
        let mut batches = Batches::default();
        let batch = batches.open();
        let (position, records, bytes) = wanted;
        let taken = log.read(Wanted { position, records, bytes }, batch, &mut batches, messages);
        let newest = taken.newest.as_nanos() / 1_000_000_000;
        for (entry, position) in batches.entries(batch).iter().zip(position.max(log.trim_horizon())..) {
            assert!(messages.is_shared(entry.message), "the reader holds it besides the log");
            assert_eq!(entry.receipt.position(), position);
        }
        (taken.position, taken.records, taken.bytes, newest, batches.entries(batch).len())
    }

    #[test]
    fn readers_get_whole_records_within_their_limits() {
        let mut messages = Messages::new(0);
        let mut log = log(&[1, 3, 1, 2], &mut messages);
        let all = u64::MAX;
        for (wanted, given) in [
            ((0, all, all), (7, 4, 70, 4, 7)),
            ((0, 2, all), (4, 2, 40, 2, 4)),
            ((0, all, 40), (4, 2, 40, 2, 4)),
            ((0, all, 39), (1, 1, 10, 1, 1)),
            // The first comes also when it is larger by itself.
            ((1, all, 5), (4, 1, 30, 2, 3)),
            ((0, 0, all), (0, 0, 0, 0, 0)),
            ((7, all, all), (7, 0, 0, 0, 0)),
            ((9, all, all), (9, 0, 0, 0, 0)),
        ] {
            assert_eq!(read(&log, &mut messages, wanted), given, "{wanted:?}");
        }
        assert_eq!(log.drop_until(4, |_| {}), 4);
        assert_eq!(read(&log, &mut messages, (0, 1, all)), (5, 1, 10, 3, 1));
    }

    #[test]
    fn a_record_takes_its_marks_along() {
        let mut messages = Messages::new(0);
        let log = log(&[1, 2, 1], &mut messages);
        let mut batches = Batches::default();
        let batch = batches.open();
        let wanted = Wanted { position: 0, records: 9, bytes: u64::MAX };
        log.read(wanted, batch, &mut batches, &mut messages);
        let marks = batches.entries(batch).iter().map(|entry| (entry.receive_count, entry.aggregated));
        let expected = [(0, false), (POISON_RECORD, false), (POISON_RECORD, true), (COPIED_RECORD, false)];
        assert_eq!(marks.collect::<Vec<_>>(), expected);
    }
}
