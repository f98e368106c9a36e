//! The messages in a queue of a broker, each in a place of its own.

use super::intake::LineId;
use crate::engine::Time;
use crate::wire::{MessageId, Receipt};
use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The place is free.
    Free,
    /// It could be delivered.
    Ready,
    /// A consumer has it.
    Dispatched {
        /// The session.
        session: u32,
        /// Whether its program has it, not only its client.
        is_delivered: bool,
    },
}

/// A message in a queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) message: MessageId,
    pub(super) bytes: u32,
    pub(super) state: State,
    /// Changes whenever the message moves: receipts of before are void.
    pub(super) generation: u32,
    /// Its number among all that came.
    pub(super) arrival: u64,
    pub(super) enqueued_at: Time,
    pub(super) dispatched_at: Time,
    pub(super) expires_at: Time,
    /// How often it was given to a consumer.
    pub(super) dispatches: u32,
    /// How often its processing failed, or its consumer went away with it.
    pub(super) redeliveries: u32,
    pub(super) is_persistent: bool,
    /// Higher ones go first, in a queue that knows priorities.
    pub(super) priority: u8,
    /// The send that waits for it to be on disk.
    pub(super) storing: Option<LineId>,
}

/// The messages of a queue.
#[derive(Debug)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Ready messages that nobody has had, by priority, in the order in which they came.
    fresh: Vec<VecDeque<Receipt>>,
    /// Ready messages that came back: they go before the others of their priority, in their old order.
    returned: BTreeMap<(Reverse<u8>, u64), Receipt>,
    /// All messages, oldest first, those that are gone included.
    ages: VecDeque<(u64, u32)>,
    arrivals: u64,
    pub(super) ready: u64,
    pub(super) dispatched: u64,
}

impl Slots {
    /// No messages; the queue knows so many priorities, at least one.
    pub(super) fn new(priorities: u16) -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            fresh: vec![VecDeque::new(); usize::from(priorities.max(1))],
            returned: BTreeMap::new(),
            ages: VecDeque::new(),
            arrivals: 0,
            ready: 0,
            dispatched: 0,
        }
    }

    pub(super) fn held(&self) -> u64 {
        self.ready + self.dispatched
    }

    pub(super) fn get(&self, slot: u32) -> &Slot {
        &self.slots[slot as usize]
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> &mut Slot {
        &mut self.slots[slot as usize]
    }

    /// The receipt that is good for a message now.
    pub(super) fn receipt(&self, slot: u32) -> Receipt {
        Receipt { slot, generation: self.get(slot).generation }
    }

    /// The place that a receipt means, if it is still good.
    pub(super) fn find(&self, receipt: Receipt) -> Option<u32> {
        let slot = self.slots.get(receipt.slot as usize)?;
        (slot.generation == receipt.generation && slot.state != State::Free).then_some(receipt.slot)
    }

    /// A message comes, ready.
    pub(super) fn insert(&mut self, new: Slot) -> u32 {
        let priority = new.priority.min((self.fresh.len() - 1) as u8);
        let slot = Slot { arrival: self.arrivals, state: State::Ready, priority, ..new };
        self.arrivals += 1;
        let index = if let Some(index) = self.free.pop() {
            let generation = self.get(index).generation;
            *self.get_mut(index) = Slot { generation, ..slot };
            index
        } else {
            self.slots.push(slot);
            (self.slots.len() - 1) as u32
        };
        self.ready += 1;
        let receipt = self.receipt(index);
        if self.fresh[usize::from(priority)].len() as u64 > 2 * self.ready + 1_024 {
            let slots = &self.slots;
            self.fresh[usize::from(priority)].retain(|receipt| is_ready(slots, *receipt));
        }
        self.fresh[usize::from(priority)].push_back(receipt);
        if self.ages.len() as u64 > 2 * self.held() + 1_024 {
            let slots = &self.slots;
            self.ages.retain(|(arrival, slot)| is_there(slots, *arrival, *slot));
        }
        self.ages.push_back((slot.arrival, index));
        index
    }

    /// The next message to deliver.
    pub(super) fn front(&mut self) -> Option<u32> {
        let slots = &self.slots;
        while let Some(entry) = self.returned.first_entry() {
            if is_ready(slots, *entry.get()) {
                break;
            }
            entry.remove();
        }
        let returned =
            self.returned.first_key_value().map(|((priority, _), receipt)| (priority.0, receipt.slot));
        for (priority, fresh) in (0..=u8::MAX).zip(&mut self.fresh).rev() {
            if let Some((_, slot)) = returned.filter(|(of_returned, _)| *of_returned >= priority) {
                return Some(slot);
            }
            while let Some(receipt) = fresh.front() {
                if is_ready(slots, *receipt) {
                    return Some(receipt.slot);
                }
                fresh.pop_front();
            }
        }
        None
    }

    /// The first ready messages, in the order in which they are to be delivered.
    pub(super) fn page(&self, most: usize) -> Vec<u32> {
        let levels = (0..=u8::MAX).zip(&self.fresh).rev();
        let receipts = levels.flat_map(|(priority, fresh)| {
            let level = Reverse(priority);
            self.returned.range((level, 0)..=(level, u64::MAX)).map(|(_, receipt)| receipt).chain(fresh)
        });
        let ready = receipts.filter(|receipt| is_ready(&self.slots, **receipt));
        ready.take(most).map(|receipt| receipt.slot).collect()
    }

    /// A ready message goes to a session. Its entry in the order of ready ones is void with its generation.
    pub(super) fn dispatch(&mut self, index: u32, session: u32, now: Time) {
        let slot = self.get_mut(index);
        slot.generation = slot.generation.wrapping_add(1);
        slot.state = State::Dispatched { session, is_delivered: false };
        slot.dispatched_at = now;
        slot.dispatches += 1;
        self.ready -= 1;
        self.dispatched += 1;
    }

    /// A message that a consumer had is ready again.
    pub(super) fn give_back(&mut self, index: u32) {
        let slot = self.get_mut(index);
        slot.generation = slot.generation.wrapping_add(1);
        slot.state = State::Ready;
        let place = (Reverse(slot.priority), slot.arrival);
        let receipt = Receipt { slot: index, generation: slot.generation };
        self.ready += 1;
        self.dispatched -= 1;
        self.returned.insert(place, receipt);
    }

    /// A message goes from the program back to its client.
    pub(super) fn renew(&mut self, index: u32) {
        let slot = self.get_mut(index);
        slot.generation = slot.generation.wrapping_add(1);
        slot.dispatches += 1;
        if let State::Dispatched { is_delivered, .. } = &mut slot.state {
            *is_delivered = false;
        }
    }

    /// A message leaves the queue.
    pub(super) fn remove(&mut self, index: u32) -> Slot {
        let slot = self.get_mut(index);
        let gone = *slot;
        slot.generation = slot.generation.wrapping_add(1);
        slot.state = State::Free;
        slot.storing = None;
        match gone.state {
            State::Ready => self.ready -= 1,
            State::Dispatched { .. } => self.dispatched -= 1,
            State::Free => unreachable!("a message leaves once"),
        }
        self.free.push(index);
        gone
    }

    /// When the oldest message came.
    pub(super) fn oldest(&mut self) -> Option<Time> {
        while let Some((arrival, slot)) = self.ages.front() {
            if is_there(&self.slots, *arrival, *slot) {
                return Some(self.get(*slot).enqueued_at);
            }
            self.ages.pop_front();
        }
        None
    }

    /// The places of all messages.
    pub(super) fn all(&self) -> impl Iterator<Item = u32> + '_ {
        (0..).zip(&self.slots).filter(|(_, slot)| slot.state != State::Free).map(|(index, _)| index)
    }
}

fn is_ready(slots: &[Slot], receipt: Receipt) -> bool {
    let slot = &slots[receipt.slot as usize];
    slot.generation == receipt.generation && slot.state == State::Ready
}

fn is_there(slots: &[Slot], arrival: u64, slot: u32) -> bool {
    let slot = &slots[slot as usize];
    slot.arrival == arrival && slot.state != State::Free
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Detail, EntityId, Messages, NewMessage};

    fn slot(messages: &mut Messages, sequence: u64) -> Slot {
        let message = messages.create(NewMessage {
            published_at: Time::ZERO,
            producer: EntityId(0),
            sequence,
            bytes: 1,
            poison: false,
            detail: Detail::NONE,
        });
        Slot {
            message,
            bytes: 1,
            state: State::Ready,
            generation: 0,
            arrival: 0,
            enqueued_at: Time::from_nanos(sequence),
            dispatched_at: Time::ZERO,
            expires_at: Time::MAX,
            dispatches: 0,
            redeliveries: 0,
            is_persistent: true,
            priority: 0,
            storing: None,
        }
    }

    #[test]
    fn what_comes_back_goes_first_and_in_its_old_order() {
        let (mut messages, mut slots) = (Messages::new(0), Slots::new(1));
        let places: Vec<u32> = (0..4).map(|number| slots.insert(slot(&mut messages, number))).collect();
        for place in &places[..3] {
            slots.dispatch(*place, 0, Time::ZERO);
        }
        let receipt = slots.receipt(places[0]);
        slots.give_back(places[2]);
        slots.give_back(places[0]);
        assert_eq!(slots.find(receipt), None, "the receipt of before is void");
        let mut order = Vec::new();
        while let Some(place) = slots.front() {
            order.push(place);
            slots.remove(place);
        }
        assert_eq!(order, [places[0], places[2], places[3]]);
        assert_eq!((slots.ready, slots.dispatched), (0, 1));
        assert_eq!(slots.oldest(), Some(Time::from_nanos(1)));
    }

    #[test]
    fn places_are_used_again_and_memory_follows_what_is_there() {
        let (mut messages, mut slots) = (Messages::new(0), Slots::new(1));
        let first = slots.insert(slot(&mut messages, 0));
        for number in 1..10_000 {
            let place = slots.insert(slot(&mut messages, number));
            slots.dispatch(place, 0, Time::ZERO);
            slots.remove(place);
        }
        assert_eq!(slots.all().collect::<Vec<_>>(), [first]);
        assert!(slots.slots.len() <= 2 && slots.ages.len() < 2_000);
    }

    #[test]
    fn higher_priorities_go_first_and_equal_ones_in_their_order() {
        let (mut messages, mut slots) = (Messages::new(0), Slots::new(10));
        let places: Vec<u32> = [4, 9, 4, 0, 200]
            .into_iter()
            .zip(0..)
            .map(|(priority, number)| slots.insert(Slot { priority, ..slot(&mut messages, number) }))
            .collect();
        let order = [1, 4, 0, 2, 3].map(|position: usize| places[position]);
        assert_eq!(slots.page(10), order);
        assert_eq!(slots.page(2), order[..2]);
        slots.dispatch(places[2], 0, Time::ZERO);
        slots.give_back(places[2]);
        let mut delivered = Vec::new();
        while let Some(place) = slots.front() {
            delivered.push(place);
            slots.remove(place);
        }
        assert_eq!(delivered, [1, 4, 2, 0, 3].map(|position: usize| places[position]));
    }
}
