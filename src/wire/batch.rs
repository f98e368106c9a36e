//! What one API call carries: up to ten messages (or more, for services that allow more), recycled.

use super::{MessageId, Messages};
use crate::engine::Time;
use std::num::NonZeroU16;
use std::ops::Range;

/// The address of a batch in the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchId(u32);

/// What identifies one receive of a message ("`ReceiveMessage`": a new handle each time).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The message's place in its queue.
    pub slot: u32,
    /// Which use and which receive of that place it was.
    pub generation: u32,
}

impl Receipt {
    /// For entries that were not received from a queue.
    pub const NONE: Self = Self { slot: u32::MAX, generation: u32::MAX };

    /// The place of a record in its shard.
    #[inline]
    pub fn of_position(position: u64) -> Self {
        Self { slot: position as u32, generation: (position >> 32) as u32 }
    }

    /// The place of a record in its shard.
    #[inline]
    pub fn position(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }
}

/// `DelaySeconds` of a message. No more than two bytes, also as an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelaySeconds(NonZeroU16);

impl DelaySeconds {
    /// So many seconds, below 65,535.
    pub fn new(seconds: u16) -> Self {
        Self(NonZeroU16::MIN.saturating_add(seconds))
    }

    /// The seconds.
    pub fn get(self) -> u16 {
        self.0.get() - 1
    }
}

/// One message of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The message.
    pub message: MessageId,
    /// Its receipt handle, when it was received.
    pub receipt: Receipt,
    /// `ApproximateReceiveCount`.
    pub receive_count: u32,
    /// `DelaySeconds` of the message; `None` takes the queue's.
    pub delay_seconds: Option<DelaySeconds>,
    /// When it entered its first queue; kept when it is moved to a dead-letter queue.
    pub enqueued_at: Time,
    /// Whether it lies in the same record of a stream as the entry before it ("KPL key concepts", aggregation).
    pub aggregated: bool,
    /// The message's bytes, where it is a record that goes to a stream or comes from one: these are too many to look each up.
    pub bytes: u32,
}

const _: () =
    assert!(std::mem::size_of::<Entry>() == 32, "two entries share a line of the processor's cache");

impl Entry {
    /// A message about to be sent.
    pub fn new(message: MessageId) -> Self {
        Self {
            message,
            receipt: Receipt::NONE,
            receive_count: 0,
            delay_seconds: None,
            enqueued_at: Time::ZERO,
            aggregated: false,
            bytes: 0,
        }
    }

    /// A record on its way to a stream. It has no receipt yet and was not enqueued: its hash key lies in their places.
    #[inline]
    pub fn for_stream(message: MessageId, hash_key: u128, messages: &Messages) -> Self {
        Self {
            bytes: messages.bytes(message),
            receipt: Receipt::of_position((hash_key >> 64) as u64),
            enqueued_at: Time::from_nanos(hash_key as u64),
            ..Self::new(message)
        }
    }

    /// The hash key of a record on its way to a stream.
    #[inline]
    pub fn hash_key(&self) -> u128 {
        u128::from(self.receipt.position()) << 64 | u128::from(self.enqueued_at.as_nanos())
    }
}

/// A pool of batches. Their memory is kept, so that a warmed-up run allocates nothing.
#[derive(Debug, Default)]
pub struct Batches {
    batches: Vec<Vec<Entry>>,
    free: Vec<u32>,
}

impl Batches {
    /// An empty batch.
    #[inline]
    pub fn open(&mut self) -> BatchId {
        if let Some(index) = self.free.pop() {
            return BatchId(index);
        }
        let index = u32::try_from(self.batches.len()).expect("at most four billion batches at once");
        self.batches.push(Vec::with_capacity(10));
        BatchId(index)
    }

    /// The entries of a batch.
    #[inline]
    pub fn entries(&self, batch: BatchId) -> &[Entry] {
        &self.batches[batch.0 as usize]
    }

    /// The entries of a batch, to change.
    #[inline]
    pub fn entries_mut(&mut self, batch: BatchId) -> &mut Vec<Entry> {
        &mut self.batches[batch.0 as usize]
    }

    /// Adds a range of the entries of one batch to another; both keep theirs.
    #[inline]
    pub fn copy(&mut self, from: BatchId, range: Range<usize>, to: BatchId) {
        for position in range {
            let entry = self.batches[from.0 as usize][position];
            self.batches[to.0 as usize].push(entry);
        }
    }

    /// Gives the batch back; its entries are forgotten (their messages must have been handed on or released).
    #[inline]
    pub fn close(&mut self, batch: BatchId) {
        self.batches[batch.0 as usize].clear();
        self.free.push(batch.0);
    }

    /// Batches in use.
    pub fn in_use(&self) -> usize {
        self.batches.len() - self.free.len()
    }
}
