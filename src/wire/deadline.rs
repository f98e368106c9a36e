//! Deadlines beside the entity they belong to, so that the calendar holds one wake-up an entity, not one a message.

use super::Receipt;
use crate::engine::Time;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Deadline {
    at: Time,
    slot: u32,
    generation: u32,
}

impl Deadline {
    fn receipt(self) -> Receipt {
        Receipt { slot: self.slot, generation: self.generation }
    }
}

/// Deadlines, earliest first; equal ones in the order they were set when they were set in order of time.
///
/// Most deadlines are set in order (a constant timeout runs out in the order it began) and sit in a ring; the rest
/// goes to a heap. A deadline whose cause has gone (the message was deleted) stays until it is met or until the
/// dead outnumber the living: memory follows the living.
#[derive(Debug, Default)]
pub struct DeadlineList {
    ring: VecDeque<Deadline>,
    heap: BinaryHeap<Reverse<Deadline>>,
}

impl DeadlineList {
    /// Sets a deadline. `living` is how many deadlines are still meant; `is_live` tells them from the dead.
    #[inline]
    pub fn push(&mut self, at: Time, receipt: Receipt, living: u64, is_live: impl Fn(Time, Receipt) -> bool) {
        let length = self.ring.len() + self.heap.len();
        if length as u64 > 2 * living + 1024 {
            self.compact(&is_live);
        }
        let deadline = Deadline { at, slot: receipt.slot, generation: receipt.generation };
        if self.ring.back().is_none_or(|last| last.at <= at) {
            self.ring.push_back(deadline);
        } else {
            self.heap.push(Reverse(deadline));
        }
    }

    #[cold]
    fn compact(&mut self, is_live: &impl Fn(Time, Receipt) -> bool) {
        self.ring.retain(|deadline| is_live(deadline.at, deadline.receipt()));
        self.heap.retain(|Reverse(deadline)| is_live(deadline.at, deadline.receipt()));
    }

    /// The earliest deadline that is still meant; dead ones before it are dropped.
    #[inline]
    pub fn next(&mut self, is_live: impl Fn(Time, Receipt) -> bool) -> Option<(Time, Receipt)> {
        while let Some(front) = self.ring.front() {
            if is_live(front.at, front.receipt()) {
                break;
            }
            self.ring.pop_front();
        }
        while let Some(Reverse(top)) = self.heap.peek() {
            if is_live(top.at, top.receipt()) {
                break;
            }
            self.heap.pop();
        }
        let earliest = match (self.ring.front(), self.heap.peek()) {
            (Some(front), Some(Reverse(top))) => *front.min(top),
            (Some(front), None) => *front,
            (None, Some(Reverse(top))) => *top,
            (None, None) => return None,
        };
        Some((earliest.at, earliest.receipt()))
    }

    /// The time of the earliest entry, dead or alive: a cheap first look. `Time::MAX` when there is none.
    #[inline]
    pub fn earliest(&self) -> Time {
        let ring = self.ring.front().map_or(Time::MAX, |deadline| deadline.at);
        let heap = self.heap.peek().map_or(Time::MAX, |Reverse(deadline)| deadline.at);
        ring.min(heap)
    }

    /// Removes the entry [`next`](Self::next) told last.
    #[inline]
    pub fn pop(&mut self) {
        let from_ring = match (self.ring.front(), self.heap.peek()) {
            (Some(front), Some(Reverse(top))) => front <= top,
            (ring, _) => ring.is_some(),
        };
        if from_ring {
            self.ring.pop_front();
        } else {
            self.heap.pop();
        }
    }

    /// Entries held, dead ones included.
    pub fn len(&self) -> usize {
        self.ring.len() + self.heap.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(slot: u32) -> Receipt {
        Receipt { slot, generation: 0 }
    }

    #[test]
    fn deadlines_come_in_order_and_the_dead_are_skipped() {
        let mut list = DeadlineList::default();
        for (at, slot) in [(5, 0), (9, 1), (3, 2), (9, 3), (4, 4)] {
            list.push(Time::from_nanos(at), receipt(slot), 10, |_, _| true);
        }
        let live = |_, receipt: Receipt| receipt.slot != 4;
        let mut order = Vec::new();
        while let Some((at, receipt)) = list.next(live) {
            order.push((at.as_nanos(), receipt.slot));
            list.pop();
        }
        assert_eq!(order, [(3, 2), (5, 0), (9, 1), (9, 3)]);
        assert!(list.is_empty());
    }

    #[test]
    fn memory_follows_the_living() {
        let mut list = DeadlineList::default();
        for index in 0..100_000 {
            list.push(Time::from_nanos(u64::from(index)), receipt(index), 5, |_, receipt| {
                receipt.slot + 5 > index
            });
        }
        assert!(list.len() < 2_000, "{} entries for five living", list.len());
    }
}
