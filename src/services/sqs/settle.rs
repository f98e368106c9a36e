//! What happens in a queue by itself: delays and visibility timeouts that end, messages that grow too old. It is played
//! when somebody looks, in the order of its time.

use super::queue::{Order, Queue};
use super::slots::State;
use crate::engine::Time;
use crate::wire::{Messages, Receipt};

/// A message received this often from one queue without being deleted goes to the back of it.
pub(super) const RECEIVES_TO_THE_BACK: u32 = 3;

impl Queue {
    /// Plays everything that happened by itself up to `now`, in the order of time: delays and visibility timeouts
    /// that ran out, messages that outlived the retention period.
    #[inline]
    pub(super) fn settle(&mut self, now: Time, messages: &mut Messages) {
        while self.next_change_bound() <= now {
            if !self.settle_one(now, messages) {
                break;
            }
        }
    }

    /// No message changes by itself before this time.
    #[inline]
    fn next_change_bound(&self) -> Time {
        self.delayed.earliest().min(self.in_flight.earliest()).min(self.retention.earliest())
    }

    /// Plays the earliest change up to `now`; false when there is none.
    fn settle_one(&mut self, now: Time, messages: &mut Messages) -> bool {
        let slots = &self.slots;
        let delayed = self.delayed.next(|_, receipt| slots.is_to_come(receipt));
        let in_flight = self.in_flight.next(|at, receipt| slots.is_in_flight_until(at, receipt));
        let expiring = self.retention.next(|_, stay| slots.is_staying(stay));
        let time = |deadline: Option<(Time, Receipt)>| deadline.map_or(Time::MAX, |(at, _)| at);
        let earliest = time(delayed).min(time(in_flight)).min(time(expiring));
        if earliest > now || earliest == Time::MAX {
            return false;
        }
        // Of changes at the same instant the expiry comes first: an expired message does not show up again.
        if let Some((at, stay)) = expiring.filter(|(at, _)| *at == earliest) {
            self.retention.pop();
            self.expire(stay.slot, at, messages);
        } else if let Some((at, _)) = delayed.filter(|(at, _)| *at == earliest) {
            self.end_delays(at);
        } else if let Some((at, _)) = in_flight {
            self.end_visibility_timeouts(at);
        }
        true
    }

    /// Delays end, and copies return. What ends at one instant in a FIFO queue ends in the order of arrival, so that the
    /// turns of the groups do not depend on anything else.
    fn end_delays(&mut self, at: Time) {
        let mut due = std::mem::take(&mut self.due);
        let slots = &self.slots;
        while let Some((end, receipt)) = self.delayed.next(|_, receipt| slots.is_to_come(receipt)) {
            if end > at || (!due.is_empty() && matches!(self.order, Order::Standard(_))) {
                break;
            }
            self.delayed.pop();
            due.push(receipt.slot);
        }
        self.sort_due(&mut due);
        for index in due.drain(..) {
            if self.slots.get(index).state == State::Returning {
                self.count_age_again(index);
            }
            self.leave_state(index, at);
            self.show(index, at, at);
        }
        self.due = due;
    }

    /// Visibility timeouts run out.
    fn end_visibility_timeouts(&mut self, at: Time) {
        let mut due = std::mem::take(&mut self.due);
        let slots = &self.slots;
        while let Some((end, receipt)) =
            self.in_flight.next(|at, receipt| slots.is_in_flight_until(at, receipt))
        {
            if end > at || (!due.is_empty() && matches!(self.order, Order::Standard(_))) {
                break;
            }
            self.in_flight.pop();
            due.push(receipt.slot);
        }
        self.sort_due(&mut due);
        for index in due.drain(..) {
            self.metrics.visibility_timeouts.add(1);
            self.leave_state(index, at);
            self.show_again(index, at);
        }
        self.due = due;
    }

    fn sort_due(&self, due: &mut Vec<u32>) {
        if due.len() > 1 {
            due.sort_unstable_by_key(|index| self.slots.get(*index).sequence);
            // A timeout that was set twice to the same end.
            due.dedup();
        }
    }

    /// A message that was in flight is visible again. It keeps its place, unless it was received three times or
    /// more: then it goes to the back ("Available CloudWatch metrics for Amazon SQS", age of the oldest message;
    /// "Using dead-letter queues in Amazon SQS").
    pub(super) fn show_again(&mut self, index: u32, now: Time) {
        let slot = self.slots.get(index);
        let to_the_back =
            slot.receives_here() >= RECEIVES_TO_THE_BACK && matches!(self.order, Order::Standard(_));
        let key = if to_the_back { now } else { slot.key };
        self.show_at(index, now, key);
    }

    /// Retention has run out ("Amazon SQS message quotas"): the message is gone, in whatever state it was.
    fn expire(&mut self, index: u32, at: Time, messages: &mut Messages) {
        let message = self.slots.get(index).message;
        messages.mark_expired(message);
        messages.release(message);
        self.metrics.messages_expired.add(1);
        self.remove(index, at);
    }
}
