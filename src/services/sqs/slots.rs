//! The places of a queue: one for each message it holds, used again when the message has gone.

use crate::engine::Time;
use crate::wire::{EntityId, GroupId, MessageId, Receipt};

/// What a message in a queue is doing ("Amazon SQS message lifecycle").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The place is empty.
    Free,
    /// Not yet available: its delay is running.
    Delayed,
    /// Deleted, but a copy survived on a server that was away and will come back.
    Returning,
    /// Ready to be received.
    Visible,
    /// Received, its visibility timeout running.
    InFlight,
}

/// One message in the queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) message: MessageId,
    /// The generation at which this message took the place.
    pub(super) birth: u32,
    /// Changes with each receive and each change of tenant: the other half of a receipt handle.
    pub(super) generation: u32,
    /// `ApproximateReceiveCount`: receives in this queue and in those it came from as a dead letter.
    pub(super) receive_count: u32,
    /// Those of them that happened elsewhere.
    pub(super) received_elsewhere: u32,
    pub(super) state: State,
    /// The server it lies on, 0..64, for short polls.
    pub(super) server: u8,
    /// When it entered its first queue: retention runs from here.
    pub(super) enqueued_at: Time,
    /// What its place in the order is judged by.
    pub(super) key: Time,
    /// Its number among all messages that ever came: the order among equal keys, and FIFO's sequence number.
    pub(super) sequence: u64,
    /// When its present hidden state ends (delayed, returning, in flight).
    pub(super) hidden_until: Time,
    /// When it was received last; when it became visible, as long as nobody received it.
    pub(super) since: Time,
}

impl Slot {
    /// How often it was received from this queue.
    #[inline]
    pub(super) fn receives_here(&self) -> u32 {
        self.receive_count - self.received_elsewhere
    }
}

/// What only some queues know of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extra {
    /// `MessageGroupId`.
    pub(super) group: GroupId,
    /// Who sent it, or the queue it was moved from (`DeadLetterQueueSourceArn`).
    pub(super) source: EntityId,
    /// Whether it was moved here as a dead letter.
    pub(super) is_dead_letter: bool,
    /// `ApproximateFirstReceiveTimestamp`.
    pub(super) first_received_at: Time,
}

impl Extra {
    pub(super) const NONE: Self = Self {
        group: GroupId::NONE,
        source: EntityId(u32::MAX),
        is_dead_letter: false,
        first_received_at: Time::MAX,
    };
}

/// All places of a queue.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Slots {
    /// Gives a message a place.
    #[inline]
    pub(super) fn take(&mut self, slot: Slot) -> u32 {
        if let Some(index) = self.free.pop() {
            let generation = self.slots[index as usize].generation.wrapping_add(1);
            self.slots[index as usize] = Slot { birth: generation, generation, ..slot };
            index
        } else {
            let index = u32::try_from(self.slots.len()).expect("at most four billion messages in a queue");
            self.slots.push(Slot { birth: 0, generation: 0, ..slot });
            index
        }
    }

    /// Takes a message's place back; every handle to it is void from now on.
    #[inline]
    pub(super) fn give_back(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        slot.state = State::Free;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(index);
    }

    /// The places in use.
    pub(super) fn in_use(&self) -> Vec<u32> {
        let places = 0..self.slots.len() as u32;
        places.filter(|index| self.slots[*index as usize].state != State::Free).collect()
    }

    /// Deadlines and places in the order that the message had are void from now on.
    pub(super) fn renew(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        slot.generation = slot.generation.wrapping_add(1);
    }

    /// The messages the queue holds.
    pub(super) fn messages(&self) -> impl Iterator<Item = MessageId> + '_ {
        self.slots.iter().filter(|slot| slot.state != State::Free).map(|slot| slot.message)
    }

    /// How many places there are, used or not.
    #[cfg(test)]
    pub(super) fn places(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    pub(super) fn get(&self, index: u32) -> &Slot {
        &self.slots[index as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, index: u32) -> &mut Slot {
        &mut self.slots[index as usize]
    }

    /// The handle of the message's present state.
    #[inline]
    pub(super) fn receipt(&self, index: u32) -> Receipt {
        Receipt { slot: index, generation: self.get(index).generation }
    }

    /// The handle of the message's stay in the queue, whatever state it is in.
    #[inline]
    pub(super) fn stay(&self, index: u32) -> Receipt {
        Receipt { slot: index, generation: self.get(index).birth }
    }

    /// Whether the message is still in the very state the handle was made in.
    #[inline]
    pub(super) fn is_in(&self, receipt: Receipt, state: State) -> bool {
        let slot = self.get(receipt.slot);
        slot.generation == receipt.generation && slot.state == state
    }

    /// Whether the message is visible with this very place in the order: one that was hidden and came back under the same
    /// handle may have left a former place behind.
    #[inline]
    pub(super) fn is_visible(&self, receipt: Receipt, key: Time) -> bool {
        self.is_in(receipt, State::Visible) && self.get(receipt.slot).key == key
    }

    /// Whether the message still waits to become visible: delayed, or on its way back.
    #[inline]
    pub(super) fn is_to_come(&self, receipt: Receipt) -> bool {
        self.is_in(receipt, State::Delayed) || self.is_in(receipt, State::Returning)
    }

    /// Whether the message is still in flight, and until this time.
    #[inline]
    pub(super) fn is_in_flight_until(&self, until: Time, receipt: Receipt) -> bool {
        self.is_in(receipt, State::InFlight) && self.get(receipt.slot).hidden_until == until
    }

    /// Whether the message is still in the queue.
    #[inline]
    pub(super) fn is_staying(&self, stay: Receipt) -> bool {
        let slot = self.get(stay.slot);
        slot.birth == stay.generation && slot.state != State::Free
    }

    /// Whether the message of a receipt handle is still in the queue (received again since, or not).
    #[inline]
    pub(super) fn is_known(&self, receipt: Receipt) -> bool {
        self.slots.get(receipt.slot as usize).is_some_and(|slot| {
            slot.state != State::Free
                && receipt.generation.wrapping_sub(slot.birth) <= slot.generation.wrapping_sub(slot.birth)
        })
    }
}
