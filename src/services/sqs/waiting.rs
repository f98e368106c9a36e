//! Long polls that wait for a message.

use super::calls::Caller;
use crate::engine::Time;
use crate::wire::{EntityId, PollerId};
use std::collections::VecDeque;

/// A long poll that waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiter {
    pub(super) from: EntityId,
    pub(super) caller: Caller,
    pub(super) maximum: u8,
    /// When its wait ends.
    pub(super) deadline: Time,
}

/// The waiting long polls, longest waiting first.
///
/// AWS does not say which of several waiting calls gets a message; the one that waited longest is an assumption.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    queue: VecDeque<Waiter>,
    /// No waiter's deadline is earlier.
    earliest: Option<Time>,
}

impl Waiters {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    #[inline]
    pub(super) fn push(&mut self, waiter: Waiter) {
        self.earliest = Some(self.earliest.map_or(waiter.deadline, |earliest| earliest.min(waiter.deadline)));
        self.queue.push_back(waiter);
    }

    /// No wait ends before this time.
    #[inline]
    pub(super) fn earliest_deadline(&self) -> Time {
        self.earliest.unwrap_or(Time::MAX)
    }

    /// Who has waited longest.
    #[inline]
    pub(super) fn front(&self) -> Option<&Waiter> {
        self.queue.front()
    }

    #[inline]
    pub(super) fn pop_front(&mut self) {
        self.queue.pop_front();
        if self.queue.is_empty() {
            self.earliest = None;
        }
    }

    /// Takes out the waiters whose wait has ended at `now`, in the order they came.
    pub(super) fn take_expired(&mut self, now: Time, mut tell: impl FnMut(Waiter)) {
        if self.earliest_deadline() > now {
            return;
        }
        let mut earliest = None;
        self.queue.retain(|waiter| {
            if waiter.deadline <= now {
                tell(*waiter);
                return false;
            }
            earliest = Some(earliest.map_or(waiter.deadline, |time: Time| time.min(waiter.deadline)));
            true
        });
        self.earliest = earliest;
    }

    /// The poller's connection is gone.
    pub(super) fn hang_up(&mut self, from: EntityId, poller: PollerId) {
        self.queue.retain(|waiter| {
            waiter.from != from || !matches!(waiter.caller, Caller::Poller(one, _) if one == poller)
        });
        if self.queue.is_empty() {
            self.earliest = None;
        }
    }
}
