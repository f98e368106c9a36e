//! Attributes of a queue that are set during a run ("`SetQueueAttributes`"); when they count, `changes.rs` says.

use super::Timer;
use super::calls::LONGEST_DELAY_SECONDS;
use super::queue::{Order, Queue, Redrive};
use super::requests::{LONGEST_VISIBILITY, LONGEST_WAIT};
use super::slots::State;
use crate::engine::{Span, Time};
use crate::wire::{Answer, ApiError, Context, DeadlineList, Outbox, QueueAttribute, Signal};

/// Shortest and longest `MessageRetentionPeriod`, seconds ("Amazon SQS message quotas").
const RETENTION: std::ops::RangeInclusive<i64> = 60..=1_209_600;
/// Smallest `MaximumMessageSize`, bytes ("`SetQueueAttributes`").
const SMALLEST_MAXIMUM: i64 = 1_024;
/// Largest `maxReceiveCount` (as the console has it).
const MOST_RECEIVES: i64 = 1_000;

fn seconds(seconds: i64) -> Span {
    Span::from_seconds(seconds as u64)
}

impl Queue {
    /// All of them, or none when one is out of range.
    pub(super) fn set_attributes<O: Outbox<Timer>>(
        &mut self,
        attributes: &[QueueAttribute],
        cx: &mut Context<'_, O>,
    ) -> Answer {
        if !attributes.iter().all(|attribute| self.is_possible(*attribute, cx)) {
            return Answer::Failed(ApiError::InvalidAttributeValue);
        }
        self.spread_attributes(attributes, cx);
        Answer::Done
    }

    /// The attribute counts from now on.
    pub(super) fn apply<O: Outbox<Timer>>(&mut self, attribute: QueueAttribute, cx: &mut Context<'_, O>) {
        match attribute {
            QueueAttribute::VisibilityTimeout(timeout) => {
                self.settings.visibility_timeout = seconds(timeout);
            }
            QueueAttribute::Delay(delay) => self.set_delay(seconds(delay), cx.now),
            QueueAttribute::MessageRetentionPeriod(period) => self.set_retention(seconds(period), cx),
            QueueAttribute::ReceiveMessageWaitTime(wait) => {
                self.settings.receive_message_wait_seconds = wait as u8;
            }
            QueueAttribute::MaximumMessageSize(size) => self.settings.maximum_message_size = size as u32,
            QueueAttribute::RedrivePolicy(policy) => {
                let redrive = policy.map(|(dead_letter_queue, count)| Redrive {
                    dead_letter_queue,
                    max_receive_count: count as u32,
                });
                // A queue is a dead-letter queue as long as a policy names it.
                for (policy, named) in [(self.settings.redrive, false), (redrive, true)] {
                    if let Some(Redrive { dead_letter_queue, .. }) = policy {
                        cx.outbox.send(dead_letter_queue, Span::ZERO, Signal::RedrivePolicy { named });
                    }
                }
                self.settings.redrive = redrive;
            }
        }
    }

    fn is_possible<O>(&self, attribute: QueueAttribute, cx: &Context<'_, O>) -> bool {
        match attribute {
            QueueAttribute::VisibilityTimeout(timeout) => (0..=LONGEST_VISIBILITY).contains(&timeout),
            QueueAttribute::Delay(delay) => (0..=LONGEST_DELAY_SECONDS).contains(&delay),
            QueueAttribute::MessageRetentionPeriod(period) => RETENTION.contains(&period),
            QueueAttribute::ReceiveMessageWaitTime(wait) => (0..=LONGEST_WAIT).contains(&wait),
            QueueAttribute::MaximumMessageSize(size) => {
                (SMALLEST_MAXIMUM..=i64::from(self.settings.quotas.maximum_message_bytes)).contains(&size)
            }
            QueueAttribute::RedrivePolicy(None) => true,
            QueueAttribute::RedrivePolicy(Some((queue, count))) => {
                (1..=MOST_RECEIVES).contains(&count)
                    && queue != cx.me
                    && !self.settings.other_type.contains(&queue)
            }
        }
    }

    /// A standard queue delays only what comes from now on; a FIFO queue also what is there and was never received
    /// ("Amazon SQS delay queues").
    fn set_delay(&mut self, delay: Span, now: Time) {
        self.settings.delay = delay;
        if matches!(self.order, Order::Standard(_)) {
            return;
        }
        let mut affected: Vec<u32> = self.slots.in_use();
        affected.retain(|index| self.slots.get(*index).receives_here() == 0);
        affected.sort_unstable_by_key(|index| self.slots.get(*index).sequence);
        for index in affected {
            let slot = self.slots.get(index);
            let (state, until) = (slot.state, slot.enqueued_at + delay);
            if until > now {
                self.leave_state(index, now);
                // The delay that ran until now is void.
                self.slots.renew(index);
                self.hide(index, State::Delayed, until, now);
            } else if state == State::Delayed {
                self.leave_state(index, now);
                self.show(index, now, now);
            }
        }
    }

    /// The retention period counts for all messages, also those already there: what is too old goes at once.
    fn set_retention<O>(&mut self, period: Span, cx: &mut Context<'_, O>) {
        self.settings.message_retention_period = period;
        self.retention = DeadlineList::default();
        let mut held: Vec<u32> = self.slots.in_use();
        held.sort_unstable_by_key(|index| self.slots.get(*index).sequence);
        for index in &held {
            let slot = self.slots.get(*index);
            let expires = slot.enqueued_at.saturating_add(period).max(cx.now);
            self.retention.push(expires, self.slots.stay(*index), held.len() as u64, |_, _| true);
        }
        self.settle(cx.now, cx.messages);
    }
}
