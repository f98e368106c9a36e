//! The future event list: what will happen when, in one total order.
//!
//! Events come out by time, and those of one instant in the order they were posted. The order is
//! total, so a run has one history.
//!
//! An event is stored once, in a slab; a ladder (see `ladder.rs`) sorts 16-byte keys of (time,
//! order posted, slot).
//! Events posted for the very instant at which they are posted (a large part in models that hand
//! messages on without delay) go to a queue of their own and never touch the ladder. Nothing is
//! allocated once the containers have grown to the largest number of events pending at one time.

use super::heap::EMPTY;
use super::ladder::Ladder;
use super::time::Time;
use std::collections::VecDeque;

const SLOT_BITS: u32 = 24;
const ORDER_BITS: u32 = 40;
/// Events that can be pending for later instants at one time: 16,777,216.
const SLOTS: usize = 1 << SLOT_BITS;
/// The last order number stays unused, so that every key is below [`EMPTY`].
const ORDERS: u64 = (1 << ORDER_BITS) - 1;

/// Future events of type `E`, a small plain value, and the clock they drive.
///
/// The clock starts at [`Time::ZERO`] and moves only forward: to the instant of each event handed
/// out, or by [`advance_to`](Self::advance_to).
///
/// ```
/// use queuelab::engine::{Calendar, Span, Time};
///
/// let mut calendar = Calendar::new();
/// calendar.post(Time::ZERO + Span::from_seconds(2), 'b');
/// calendar.post(Time::ZERO + Span::from_seconds(2), 'c');
/// calendar.post_now('a');
/// let end = Time::ZERO + Span::from_seconds(2);
/// let order: String = std::iter::from_fn(|| calendar.pop_until(end)).collect();
/// assert_eq!(order, "abc");
/// assert_eq!(calendar.now(), end);
/// ```
#[derive(Clone, Debug)]
pub struct Calendar<E: Copy> {
    now: Time,
    posted: u64,
    future: Ladder,
    /// Events by slot; slots named in `free` hold leftovers.
    slab: Vec<E>,
    free: Vec<u32>,
    /// Events of the instant `now` that were posted at this instant, oldest first.
    //
    // Why the order stays total: at an instant t the ladder can hold events for t only if they were
    // posted while the clock stood before t, since from t on such posts go to this queue. All of
    // the ladder's events for t are therefore older than all in the queue, and are handed out first;
    // the queue itself is first in, first out. The clock leaves t only when both are exhausted.
    instant: VecDeque<E>,
}

impl<E: Copy> Calendar<E> {
    /// An empty calendar with its clock at [`Time::ZERO`].
    pub const fn new() -> Self {
        Self {
            now: Time::ZERO,
            posted: 0,
            future: Ladder::new(),
            slab: Vec::new(),
            free: Vec::new(),
            instant: VecDeque::new(),
        }
    }

    /// The present instant: that of the event handed out last, unless the clock was advanced since.
    #[inline]
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Posts `event` for the instant `at`, behind everything posted for that instant before.
    ///
    /// Panics when `at` lies in the past, when 16,777,216 events are pending already, or after
    /// 2^40 - 1 posts (10^12; days of computing).
    #[inline]
    pub fn post(&mut self, at: Time, event: E) {
        if at <= self.now {
            assert!(at == self.now, "an event was posted for {at}, but it is {} already", self.now);
            self.post_now(event);
            return;
        }
        assert!(self.posted < ORDERS, "the calendar can order {ORDERS} posts, and all have been used");
        let slot = self.store(event);
        let order = self.posted << SLOT_BITS | u64::from(slot);
        self.posted += 1;
        self.future.push(u128::from(at.as_nanos()) << 64 | u128::from(order));
    }

    /// Posts `event` for the present instant, behind everything else that happens at it.
    #[inline]
    pub fn post_now(&mut self, event: E) {
        self.posted += 1;
        self.instant.push_back(event);
    }

    /// Takes out the next event if it happens at `end` or before, and moves the clock to its
    /// instant. `None` leaves the clock alone.
    #[inline]
    pub fn pop_until(&mut self, end: Time) -> Option<E> {
        let key = self.future.first();
        let at = time_of(key);
        if !self.instant.is_empty() && (at > self.now || key == EMPTY) {
            return if self.now <= end { self.instant.pop_front() } else { None };
        }
        if at > end || key == EMPTY {
            return None;
        }
        self.now = at;
        self.future.remove_first();
        let slot = key as u32 & (SLOTS as u32 - 1);
        self.free.push(slot);
        Some(self.slab[slot as usize])
    }

    /// The instant of the next event, `None` when no event is left.
    pub fn next_time(&self) -> Option<Time> {
        if !self.instant.is_empty() {
            return Some(self.now);
        }
        let key = self.future.first();
        (key != EMPTY).then(|| time_of(key))
    }

    /// Number of pending events.
    pub fn len(&self) -> usize {
        self.future.len() + self.instant.len()
    }

    /// True when nothing is left to happen.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of events posted since the calendar was made.
    pub const fn posted(&self) -> u64 {
        self.posted
    }

    /// Moves the clock to `at` without handing out an event.
    ///
    /// Panics when `at` lies in the past, or when an event is pending before it.
    pub fn advance_to(&mut self, at: Time) {
        assert!(at >= self.now, "the clock cannot go back from {} to {at}", self.now);
        if let Some(next) = self.next_time() {
            assert!(next >= at, "the clock cannot skip an event at {next} on its way to {at}");
        }
        assert!(
            self.instant.is_empty() || at == self.now,
            "the clock cannot leave an instant that has events left"
        );
        self.now = at;
    }

    #[inline]
    fn store(&mut self, event: E) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.slab[slot as usize] = event;
            return slot;
        }
        assert!(self.slab.len() < SLOTS, "{SLOTS} events are pending, more than the calendar can hold");
        self.slab.push(event);
        self.slab.len() as u32 - 1
    }
}

impl<E: Copy> Default for Calendar<E> {
    fn default() -> Self {
        Self::new()
    }
}

#[inline]
fn time_of(key: u128) -> Time {
    Time::from_nanos((key >> 64) as u64)
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
