//! A standard queue: its state, and how it is brought up to date.

use super::metrics::QueueMetrics;
use super::order::VisibleOrder;
use super::slots::{Slot, Slots, State};
use super::waiting::Waiters;
use crate::engine::{Distribution, Span, Stream, Time};
use crate::wire::{
    ApiLatency, Context, DeadlineList, EntityId, Entry, Messages, Outbox, Prices, Purpose, Receipt,
    SqsQuotas, draw_span,
};

/// Where a queue sends messages that were received too often ("`CreateQueue`", `RedrivePolicy`).
#[derive(Debug, Clone, Copy)]
pub struct Redrive {
    /// The dead-letter queue.
    pub dead_letter_queue: EntityId,
    /// A message is handed out this many times; the next receive that would pick it moves it instead.
    pub max_receive_count: u32,
}

/// Everything that is fixed about a queue during a run.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// Its name.
    pub name: String,
    /// `VisibilityTimeout`, 0..=12 h.
    pub visibility_timeout: Span,
    /// `MessageRetentionPeriod`, 60 s..=14 d.
    pub message_retention_period: Span,
    /// `DelaySeconds`, 0..=15 min.
    pub delay: Span,
    /// `ReceiveMessageWaitTimeSeconds`, 0..=20.
    pub receive_message_wait_seconds: u8,
    /// `MaximumMessageSize`, bytes.
    pub maximum_message_size: u32,
    /// `RedrivePolicy`.
    pub redrive: Option<Redrive>,
    /// The limits in force.
    pub quotas: SqsQuotas,
    /// How long calls take.
    pub latency: ApiLatency,
    /// What calls cost.
    pub prices: Prices,
    /// Probability that a deleted message comes back once more.
    pub duplicate_probability: f64,
    /// How long after its delete such a message comes back, in nanoseconds.
    pub duplicate_delay: Distribution,
    /// How much later than its arrival a message's place in the queue may be, in nanoseconds.
    pub ordering_jitter: Distribution,
    /// Whether short polls ask only some of the servers.
    pub short_poll_sampling: bool,
}

/// A standard queue.
#[derive(Debug)]
pub struct Queue {
    pub(super) settings: QueueSettings,
    pub(super) slots: Slots,
    pub(super) visible: VisibleOrder,
    /// Delayed messages and copies on their way back.
    pub(super) delayed: DeadlineList,
    pub(super) in_flight: DeadlineList,
    pub(super) retention: DeadlineList,
    /// Oldest first: messages that count for the age metric.
    pub(super) ages: DeadlineList,
    pub(super) waiters: Waiters,
    /// The earliest wake-up that was asked for and has not come yet.
    pub(super) armed: Time,
    pub(super) counts: Counts,
    pub(super) metrics: QueueMetrics,
    pub(super) chance: Chance,
}

/// How many messages are in which state, and how many ever came and went.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) delayed: u64,
    pub(super) returning: u64,
    pub(super) visible: u64,
    pub(super) in_flight: u64,
    pub(super) deleted: u64,
}

impl Counts {
    pub(super) fn held(&self) -> u64 {
        self.delayed + self.returning + self.visible + self.in_flight
    }
}

/// The queue's random streams.
#[derive(Debug)]
pub(super) struct Chance {
    pub(super) receive_latency: Stream,
    ordering: Stream,
    pub(super) servers: Stream,
    duplication: Stream,
    /// Deletes until the next one whose message comes back.
    deletes_until_copy: u64,
}

/// Servers in the model of a queue with many messages; short polls ask some of them.
pub(super) const SERVERS: u64 = 64;

impl Queue {
    /// A queue without messages.
    pub fn new(settings: QueueSettings, seed: u64, replication: u32) -> Self {
        let stream = |purpose: Purpose| purpose.stream(seed, replication, "queue", &settings.name);
        let mut chance = Chance {
            receive_latency: stream(Purpose::ReceiveLatency),
            ordering: stream(Purpose::Ordering),
            servers: stream(Purpose::Servers),
            duplication: stream(Purpose::Duplication),
            deletes_until_copy: 0,
        };
        chance.draw_next_copy(settings.duplicate_probability);
        let metrics =
            QueueMetrics { age_of_oldest_message: crate::record::Level::absent(), ..QueueMetrics::default() };
        Self {
            settings,
            slots: Slots::default(),
            visible: VisibleOrder::default(),
            delayed: DeadlineList::default(),
            in_flight: DeadlineList::default(),
            retention: DeadlineList::default(),
            ages: DeadlineList::default(),
            waiters: Waiters::default(),
            armed: Time::MAX,
            counts: Counts::default(),
            metrics,
            chance,
        }
    }

    /// Takes a message in. The queue holds it from now on.
    #[inline]
    pub(super) fn admit(&mut self, entry: &Entry, delay: Span, now: Time) {
        let server = if self.settings.short_poll_sampling {
            (self.chance.servers.next_u64() % SERVERS) as u8
        } else {
            0
        };
        let slot = Slot {
            message: entry.message,
            birth: 0,
            generation: 0,
            receive_count: entry.receive_count,
            received_elsewhere: entry.receive_count,
            state: State::Delayed,
            server,
            enqueued_at: entry.enqueued_at,
            key: now,
            hidden_until: now + delay,
            since: now,
        };
        let index = self.slots.take(slot);
        let slots = &self.slots;
        let stay = slots.stay(index);
        let held = self.counts.held();
        let staying = |_, stay: Receipt| slots.is_staying(stay);
        // A dead letter older than this queue's retention period is lost now, not in the past.
        let expires = entry.enqueued_at.saturating_add(self.settings.message_retention_period).max(now);
        self.retention.push(expires, stay, held, staying);
        self.ages.push(now, stay, held, staying);
        if delay == Span::ZERO {
            self.show(index, now, now);
        } else {
            self.hide(index, State::Delayed, now + delay, now);
        }
    }

    /// The message is hidden until `until`: delayed or on its way back.
    pub(super) fn hide(&mut self, index: u32, state: State, until: Time, now: Time) {
        let slot = self.slots.get_mut(index);
        slot.state = state;
        slot.hidden_until = until;
        let slots = &self.slots;
        self.delayed.push(
            until,
            slots.receipt(index),
            self.counts.delayed + self.counts.returning,
            |_, receipt| slots.is_to_come(receipt),
        );
        if state == State::Delayed {
            self.counts.delayed += 1;
            self.metrics.messages_delayed.set(now, self.counts.delayed);
        } else {
            self.counts.returning += 1;
        }
    }

    /// The message may be received from `now` on; `available` is the time its place in the queue is judged by.
    #[inline]
    pub(super) fn show(&mut self, index: u32, now: Time, available: Time) {
        let key = available + draw_span(&self.settings.ordering_jitter, &mut self.chance.ordering);
        self.show_at(index, now, key);
    }

    /// The message may be received from `now` on, with the place `key` in the queue.
    #[inline]
    pub(super) fn show_at(&mut self, index: u32, now: Time, key: Time) {
        let slot = self.slots.get_mut(index);
        slot.state = State::Visible;
        slot.key = key;
        slot.since = now;
        self.counts.visible += 1;
        self.metrics.messages_visible.set(now, self.counts.visible);
        let slots = &self.slots;
        self.visible.push(now, key, slots.receipt(index), self.counts.visible, |receipt| {
            slots.is_in(receipt, State::Visible)
        });
    }

    /// The message leaves the state it is in, at `now`.
    #[inline]
    pub(super) fn leave_state(&mut self, index: u32, now: Time) {
        match self.slots.get(index).state {
            State::Delayed => {
                self.counts.delayed -= 1;
                self.metrics.messages_delayed.set(now, self.counts.delayed);
            }
            State::Returning => self.counts.returning -= 1,
            State::Visible => {
                self.counts.visible -= 1;
                self.metrics.messages_visible.set(now, self.counts.visible);
            }
            State::InFlight => {
                self.counts.in_flight -= 1;
                self.metrics.messages_in_flight.set(now, self.counts.in_flight);
            }
            State::Free => unreachable!("an empty place has no state to leave"),
        }
    }

    /// The message leaves the queue.
    #[inline]
    pub(super) fn remove(&mut self, index: u32, now: Time) {
        self.leave_state(index, now);
        self.slots.give_back(index);
    }

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
        } else if let Some((at, receipt)) = delayed.filter(|(at, _)| *at == earliest) {
            self.delayed.pop();
            if self.slots.get(receipt.slot).state == State::Returning {
                self.count_age_again(receipt.slot);
            }
            self.leave_state(receipt.slot, at);
            self.show(receipt.slot, at, at);
        } else if let Some((at, receipt)) = in_flight {
            self.in_flight.pop();
            self.metrics.visibility_timeouts.add(1);
            self.leave_state(receipt.slot, at);
            self.show_again(receipt.slot, at);
        }
        true
    }

    /// A message that was in flight is visible again. It keeps its place, unless it was received three times or
    /// more: then it goes to the back ("Available CloudWatch metrics for Amazon SQS", age of the oldest message;
    /// "Using dead-letter queues in Amazon SQS").
    pub(super) fn show_again(&mut self, index: u32, now: Time) {
        let slot = self.slots.get(index);
        let key = if slot.receives_here() >= RECEIVES_TO_THE_BACK { now } else { slot.key };
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

    /// Asks to be woken when the next waiting poll can be answered, if that is earlier than already asked.
    #[inline]
    pub(super) fn arm<O: Outbox<super::Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.waiters.is_empty() {
            return;
        }
        let mut at =
            self.waiters.earliest_deadline().min(self.delayed.earliest()).min(self.in_flight.earliest());
        if self.room_in_flight() == 0 {
            // A message that expires in flight makes room.
            at = at.min(self.retention.earliest());
        }
        if at < self.armed {
            self.armed = at;
            cx.outbox.wake(at.max(cx.now), super::Timer::Deadline);
        }
    }

    /// The message was deleted: whether a copy of it comes back, and when.
    #[inline]
    pub(super) fn copy_returns_at(&mut self, now: Time) -> Option<Time> {
        if self.chance.deletes_until_copy > 0 {
            self.chance.deletes_until_copy -= 1;
            return None;
        }
        self.chance.draw_next_copy(self.settings.duplicate_probability);
        Some(now + draw_span(&self.settings.duplicate_delay, &mut self.chance.duplication))
    }

    /// A copy that is back has the age of its message; while it was away it had none.
    #[cold]
    fn count_age_again(&mut self, index: u32) {
        let slots = &self.slots;
        let (sent, stay) = (slots.get(index).enqueued_at, slots.stay(index));
        self.ages.push(sent, stay, self.counts.held(), |_, stay| slots.is_staying(stay));
    }

    /// Age of the oldest message, for the metric: messages received three times or more do not count, nor do copies
    /// of deleted messages on their way back.
    pub(super) fn oldest_age(&mut self, now: Time) -> Option<Span> {
        let slots = &self.slots;
        let oldest = self.ages.next(|_, stay| {
            let slot = slots.get(stay.slot);
            slots.is_staying(stay)
                && slot.state != State::Returning
                && slot.receives_here() < RECEIVES_TO_THE_BACK
        });
        oldest.map(|(since, _)| now - since)
    }
}

/// A message received this often from one queue without being deleted goes to the back of it.
pub(super) const RECEIVES_TO_THE_BACK: u32 = 3;

impl Chance {
    /// How many deletes go by before the next whose message comes back: one draw instead of one a delete.
    fn draw_next_copy(&mut self, probability: f64) {
        self.deletes_until_copy = if probability <= 0.0 {
            u64::MAX
        } else if probability >= 1.0 {
            0
        } else {
            (libm::log(self.duplication.open_unit()) / libm::log1p(-probability)) as u64
        };
    }
}
