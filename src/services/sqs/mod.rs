//! Amazon SQS: standard and FIFO queues.
//!
//! # What it is
//!
//! A queue keeps messages until a consumer deletes them. A received message is hidden for its visibility timeout
//! and comes back when it was not deleted by then; after too many receives it moves to a dead-letter queue.
//!
//! # What is modelled
//!
//! Sends (single and batched), receives (1..10 messages, short and long polls), deletes with current and stale
//! handles, changes of visibility and their 12-hour cap, delays of queue and message, retention and silent expiry, purges,
//! attributes that are set during a run, the in-flight quota, the redrive policy to the exact receive and message move
//! tasks back, best-effort order, at-least-once delivery, calls, payload chunks and their price. FIFO queues: order and
//! lock of groups, deduplication, receive attempts, quotas of calls with and without high throughput. Fair queues,
//! encryption with keys of AWS KMS, queue policies.
//!
//! # What is not, yet
//!
//! Clients that keep messages of their own: buffers, virtual queues, payloads in an object store.
//!
//! # Quotas
//!
//! See [`SqsQuotas`](crate::wire::SqsQuotas): "Amazon SQS message quotas" and "Amazon SQS queue quotas", read in
//! November 2026.
//!
//! # How it stays fast
//!
//! Nothing happens at the end of a visibility timeout, a delay or a retention period unless somebody waits for it:
//! deadlines lie in lists beside the queue, and whoever looks next plays them in their order of time. The calendar
//! holds at most one wake-up of a queue, and only while long polls wait.

mod attempts;
mod attributes;
mod calls;
mod changes;
mod config;
mod cost;
mod fair;
mod fifo;
mod metrics;
mod order;
mod queue;
mod receive;
mod redrive;
mod requests;
mod settle;
mod slots;
#[cfg(test)]
mod tests;
mod throughput;
mod waiting;

use calls::Caller;
pub use changes::ChangeTimes;
pub use config::{
    DeduplicationScopeConfig, EncryptionConfig, FifoThroughputLimitConfig, KmsConfig, QueueConfig,
    QueueDefaults, QueueSurroundings, RedriveAllowPolicyConfig, RedrivePolicyConfig, is_fifo,
};
pub use cost::QueuePrices;
pub use fair::FairSettings;
pub use metrics::QueueMetrics;
pub use queue::{FifoSettings, Queue, QueueSettings, Redrive};

use crate::engine::Time;
use crate::record::{Instrument, MetricDefinition, Side, SummaryRow, Unit};
use crate::wire::{
    Balance, Batches, Context, EntityId, MessageId, Messages, Outbox, Publication, Service, Signal,
};

/// Why a queue wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// A message that somebody waits for becomes visible, or a wait ends.
    Deadline,
    /// A message move task goes on.
    Move(u32),
    /// A change of the queue has spread.
    Change,
}

impl Service for Queue {
    type Timer = Timer;
    const KIND: &'static str = "queue";

    #[inline]
    fn receive<O: Outbox<Timer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Put { batch } => self.put(from, batch, cx),
            Signal::DeadLetter { batch } => self.take_dead_letters(from, batch, cx),
            Signal::Redrive { batch } => self.take_moved(from, batch, cx),
            Signal::Request { request } => self.ask(from, request, cx),
            Signal::Poll { poller, maximum, wait_seconds, visibility_seconds } => {
                self.poll(from, Caller::Poller(poller, visibility_seconds), maximum, wait_seconds, cx);
            }
            Signal::Delete { batch } => self.delete(from, batch, cx),
            Signal::ChangeVisibility { batch, timeout } => self.change_visibility(from, batch, timeout, cx),
            Signal::HangUp { poller } => self.hang_up(from, poller),
            Signal::RedrivePolicy { named } => self.hear_of_policy(from, named),
            other => unreachable!("a queue is never told {other:?}"),
        }
    }

    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::Deadline if cx.now >= self.armed => self.meet_deadline(cx),
            // Somebody asked for an earlier wake-up since; that one has armed the next.
            Timer::Deadline => {}
            Timer::Move(task) => self.move_step(task, cx),
            Timer::Change => self.end_changes(cx),
        }
    }

    fn sample(&mut self, now: Time, messages: &mut Messages) {
        self.settle(now, messages);
        self.sample_quiet_groups(now);
        match self.oldest_age(now) {
            Some(age) => self.metrics.age_of_oldest_message.set(now, age.as_nanos()),
            None => self.metrics.age_of_oldest_message.clear(now),
        }
    }

    fn catch_up(&mut self, now: Time, messages: &mut Messages) {
        self.settle(now, messages);
    }

    fn publish(&mut self, now: Time) -> Option<Publication> {
        let readable_from = self.activity.end_minute(now, self.metrics.calls(), self.counts.held() > 0)?;
        let without_zeros = if self.settings.empty_gauges { &[] } else { metrics::ONLY_WITH_MESSAGES };
        Some(Publication { readable_from, without_zeros })
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics.visit_type(self.settings.fifo.is_some(), visitor);
    }

    fn balance(&self) -> Balance {
        let (metrics, counts) = (&self.metrics, &self.counts);
        vec![
            (Side::In, "sent", metrics.messages_sent.total()),
            (Side::In, "dead_letters_in", metrics.messages_redriven_in.total()),
            (Side::In, "copies_returned", metrics.copies_returned.total()),
            (Side::Out, "deleted", counts.deleted),
            (Side::Out, "purged", counts.purged),
            (Side::Out, "moved_on", counts.moved_out),
            (Side::Out, "expired", metrics.messages_expired.total()),
            (Side::Out, "dead_lettered", metrics.messages_dead_lettered.total()),
            (Side::Out, "visible", counts.visible),
            (Side::Out, "in_flight", counts.in_flight),
            (Side::Out, "delayed", counts.delayed),
            (Side::Out, "copies_away", counts.returning),
            (Side::Memo, "received", metrics.messages_received.total()),
            (Side::Memo, "refused", metrics.messages_refused.total()),
            (Side::Memo, "deduplicated", metrics.messages_deduplicated.total()),
        ]
    }

    fn holdings(&self, _batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        self.slots.messages().for_each(mark);
    }

    fn summarise(&mut self, _now: Time, _seconds: f64, rows: &mut Vec<SummaryRow>) {
        let requests = self.metrics.billed_requests.since_warm_up();
        let key_requests = self.metrics.kms_calls.since_warm_up();
        let prices = &self.settings.prices;
        let cost = prices.cost(self.settings.fifo.is_some(), self.fair.is_some(), requests, key_requests);
        rows.push(SummaryRow::sum(Self::KIND, &self.settings.name, "estimated_cost", cost, Unit::Dollars));
    }
}
