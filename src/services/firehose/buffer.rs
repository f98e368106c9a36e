//! Records that wait together, and channels: what a buffer fills, its deliveries carry off.

use crate::engine::Time;
use crate::wire::{BatchId, Batches, Entry, MessageId, Receipt};

/// A record of a delivery stream: its size travels in the place of a receipt, for a transformation may change it while
/// others still hold the message as it was.
#[inline]
pub(super) fn record(message: MessageId, bytes: u32, accepted_at: Time) -> Entry {
    Entry { receipt: Receipt { slot: bytes, generation: 0 }, enqueued_at: accepted_at, ..Entry::new(message) }
}

/// The size of a record.
#[inline]
pub(super) fn size(entry: &Entry) -> u32 {
    entry.receipt.slot
}

/// The same record with another size.
#[inline]
pub(super) fn resized(entry: Entry, bytes: u32) -> Entry {
    Entry { receipt: Receipt { slot: bytes, generation: 0 }, ..entry }
}

/// Records on their way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) batch: BatchId,
    /// Before compression.
    pub(super) bytes: u64,
    /// When the oldest of them got into Firehose.
    pub(super) oldest: Time,
}

/// Records that wait.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Buffer {
    load: Option<Load>,
}

impl Buffer {
    /// One more record; tells whether it is the first.
    #[inline]
    pub(super) fn push(&mut self, entry: Entry, batches: &mut Batches) -> bool {
        let is_first = self.load.is_none();
        let load = self.load.get_or_insert_with(|| Load {
            batch: batches.open(),
            bytes: 0,
            oldest: entry.enqueued_at,
        });
        load.bytes += u64::from(size(&entry));
        load.oldest = load.oldest.min(entry.enqueued_at);
        batches.entries_mut(load.batch).push(entry);
        is_first
    }

    /// Everything that waits.
    pub(super) fn take(&mut self) -> Option<Load> {
        self.load.take()
    }

    /// What waits, as it is.
    pub(super) fn load(&self) -> Option<&Load> {
        self.load.as_ref()
    }

    /// Bytes that wait.
    #[inline]
    pub(super) fn bytes(&self) -> u64 {
        self.load.map_or(0, |load| load.bytes)
    }
}

/// What a channel carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carries {
    /// Records to the destination.
    Records,
    /// Records of one partition.
    Partition(u64),
    /// Records as they came in, to the bucket of the source backup.
    SourceBackup,
    /// Records that could not be processed, to the error prefix of the bucket.
    Errors,
}

impl Carries {
    /// Whether it leads to the destination.
    pub(super) fn to_destination(self) -> bool {
        matches!(self, Carries::Records | Carries::Partition(_))
    }
}

/// A buffer with the deliveries that carry it off.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) carries: Carries,
    pub(super) buffer: Buffer,
    /// Changes with each buffer: timers of earlier ones are void.
    pub(super) epoch: u32,
    /// The time of the buffer is over.
    pub(super) is_due: bool,
    /// Deliveries under way.
    pub(super) under_way: u32,
    /// Of them, those that failed at least once.
    pub(super) failing: u32,
}

impl Channel {
    pub(super) fn new(carries: Carries) -> Self {
        Self { carries, buffer: Buffer::default(), epoch: 0, is_due: false, under_way: 0, failing: 0 }
    }
}

/// Places that are used again.
#[derive(Debug)]
pub(super) struct Places<T> {
    all: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { all: Vec::new(), free: Vec::new() }
    }
}

impl<T> Places<T> {
    pub(super) fn enter(&mut self, thing: T) -> u32 {
        if let Some(place) = self.free.pop() {
            self.all[place as usize] = Some(thing);
            return place;
        }
        self.all.push(Some(thing));
        self.all.len() as u32 - 1
    }

    #[inline]
    pub(super) fn get(&mut self, place: u32) -> &mut T {
        match self.all.get_mut(place as usize) {
            Some(Some(thing)) => thing,
            _ => unreachable!("a place is looked at while it is used"),
        }
    }

    /// What is at a place, if it is used.
    pub(super) fn find(&mut self, place: u32) -> Option<&mut T> {
        self.all.get_mut(place as usize)?.as_mut()
    }

    pub(super) fn leave(&mut self, place: u32) {
        self.all[place as usize] = None;
        self.free.push(place);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.all.iter().flatten()
    }

    /// Places in use, in order.
    pub(super) fn used(&self) -> Vec<u32> {
        (0..).zip(&self.all).filter(|(_, thing)| thing.is_some()).map(|(place, _)| place).collect()
    }
}
