//! In which order the visible messages of a standard queue are handed out.

use crate::engine::Time;
use crate::wire::Receipt;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A visible message and its place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// What the queue sorts by: roughly the time the message became available.
    pub(super) key: Time,
    /// Ties go to whoever came first.
    sequence: u64,
    pub(super) slot: u32,
    generation: u32,
}

impl Place {
    pub(super) fn receipt(self) -> Receipt {
        Receipt { slot: self.slot, generation: self.generation }
    }
}

/// The visible messages, sorted by key.
///
/// Best-effort ordering gives each message a key a little later than its arrival. Keys not yet reached wait in a
/// small heap; once reached they can only be followed by later ones, so they move to a ring. Messages that return
/// with an old key sit in a heap of their own. Entries whose message has gone are dropped when met, or when they
/// outnumber the living.
#[derive(Debug, Default)]
pub(super) struct VisibleOrder {
    reached: VecDeque<Place>,
    ahead: BinaryHeap<Reverse<Place>>,
    returned: BinaryHeap<Reverse<Place>>,
    skipped: Vec<Place>,
}

impl VisibleOrder {
    /// A message becomes visible at `now` with its place given by `key`. `living` messages are visible.
    #[inline]
    pub(super) fn push(
        &mut self,
        now: Time,
        (key, sequence): (Time, u64),
        receipt: Receipt,
        living: u64,
        is_live: impl Fn(Place) -> bool,
    ) {
        if (self.reached.len() + self.ahead.len() + self.returned.len()) as u64 > 2 * living + 1024 {
            self.compact(is_live);
        }
        let place = Place { key, sequence, slot: receipt.slot, generation: receipt.generation };
        if key > now {
            self.ahead.push(Reverse(place));
            return;
        }
        self.reach(now);
        if self.reached.back().is_some_and(|last| *last > place) {
            self.returned.push(Reverse(place));
        } else {
            self.reached.push_back(place);
        }
    }

    #[cold]
    fn compact(&mut self, is_live: impl Fn(Place) -> bool) {
        self.reached.retain(|place| is_live(*place));
        self.ahead.retain(|Reverse(place)| is_live(*place));
        self.returned.retain(|Reverse(place)| is_live(*place));
    }

    /// Keys up to `now` have been reached.
    #[inline]
    fn reach(&mut self, now: Time) {
        while self.ahead.peek().is_some_and(|Reverse(place)| place.key <= now) {
            self.reached.extend(self.ahead.pop().map(|Reverse(place)| place));
        }
    }

    #[inline]
    fn pop_place(&mut self, now: Time) -> Option<Place> {
        self.reach(now);
        let front = self.reached.front().copied();
        let back = self.returned.peek().map(|Reverse(place)| *place);
        match (front, back) {
            (Some(front), Some(back)) if back < front => self.returned.pop().map(|Reverse(place)| place),
            (Some(_), _) => self.reached.pop_front(),
            (None, Some(_)) => self.returned.pop().map(|Reverse(place)| place),
            // Nothing older: also a message whose key still lies ahead may be taken, nothing else is there.
            (None, None) => self.ahead.pop().map(|Reverse(place)| place),
        }
    }

    /// The next message that is still meant and that `accept` takes. Those it does not take keep their places when
    /// [`put_back`](Self::put_back) is called.
    #[inline]
    pub(super) fn pop(
        &mut self,
        now: Time,
        is_live: impl Fn(Place) -> bool,
        accept: impl Fn(u32) -> bool,
    ) -> Option<Place> {
        loop {
            let place = self.pop_place(now)?;
            if !is_live(place) {
                continue;
            }
            if accept(place.slot) {
                return Some(place);
            }
            self.skipped.push(place);
        }
    }

    /// A message that was taken out comes back to its place.
    pub(super) fn give_back(&mut self, place: Place) {
        self.returned.push(Reverse(place));
    }

    /// Gives the messages that were passed over their places back.
    #[inline]
    pub(super) fn put_back(&mut self, now: Time) {
        while let Some(place) = self.skipped.pop() {
            if place.key > now {
                self.ahead.push(Reverse(place));
            } else if self.reached.front().is_none_or(|front| place < *front) {
                self.reached.push_front(place);
            } else {
                self.returned.push(Reverse(place));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drain(order: &mut VisibleOrder, now: Time) -> Vec<u32> {
        std::iter::from_fn(|| order.pop(now, |_| true, |_| true).map(|place| place.slot)).collect()
    }

    fn receipt(slot: u32) -> Receipt {
        Receipt { slot, generation: 1 }
    }

    #[test]
    fn without_disorder_first_come_is_first_served() {
        let mut order = VisibleOrder::default();
        for slot in 0..5 {
            let now = Time::from_nanos(u64::from(slot / 2));
            order.push(now, (now, u64::from(slot)), receipt(slot), 5, |_| true);
        }
        assert_eq!(drain(&mut order, Time::from_nanos(9)), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_message_that_returns_keeps_its_place() {
        let mut order = VisibleOrder::default();
        for (now, key, slot) in [(1, 1, 1), (2, 2, 2), (3, 3, 3), (9, 2, 9)] {
            let key = (Time::from_nanos(key), u64::from(slot));
            order.push(Time::from_nanos(now), key, receipt(slot), 5, |_| true);
        }
        assert_eq!(drain(&mut order, Time::from_nanos(9)), [1, 2, 9, 3]);
    }

    #[test]
    fn passed_over_messages_keep_their_places() {
        let mut order = VisibleOrder::default();
        for slot in 0..6 {
            let now = Time::from_nanos(u64::from(slot));
            let key = (Time::from_nanos(u64::from(slot) * 2), u64::from(slot));
            order.push(now, key, receipt(slot), 6, |_| true);
        }
        let now = Time::from_nanos(6);
        assert_eq!(order.pop(now, |_| true, |slot| slot % 2 == 1).map(|place| place.slot), Some(1));
        assert_eq!(order.pop(now, |_| true, |slot| slot % 2 == 1).map(|place| place.slot), Some(3));
        order.put_back(now);
        assert_eq!(drain(&mut order, now), [0, 2, 4, 5]);
    }

    proptest! {
        /// Whatever is pushed and popped, a pop gives the smallest (key, sequence) among the living.
        #[test]
        fn it_sorts_like_a_sorted_list(steps in proptest::collection::vec((0u64..5, 0u64..30, any::<bool>(), 0u64..3), 1..200)) {
            let mut order = VisibleOrder::default();
            let mut reference: Vec<(Time, u32)> = Vec::new();
            let mut now = Time::ZERO;
            for (slot, (wait, key, push, parity)) in steps.into_iter().enumerate() {
                now = Time::from_nanos(now.as_nanos() + wait);
                let slot = slot as u32;
                if push {
                    // Keys lie both before and after now, as for messages that return and messages that jitter.
                    let key = Time::from_nanos((now.as_nanos() + key).saturating_sub(15));
                    order.push(now, (key, u64::from(slot)), receipt(slot), reference.len() as u64, |_| true);
                    reference.push((key, slot));
                } else {
                    let accept = |slot: u32| parity == 0 || u64::from(slot) % 3 == parity;
                    let wanted = reference.iter().filter(|(_, slot)| accept(*slot)).min().copied();
                    let popped = order.pop(now, |_| true, accept).map(|place| place.slot);
                    prop_assert_eq!(popped, wanted.map(|(_, slot)| slot));
                    order.put_back(now);
                    reference.retain(|entry| Some(*entry) != wanted);
                }
            }
        }
    }
}
