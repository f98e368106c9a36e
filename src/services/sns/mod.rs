//! Amazon SNS: topics, standard and FIFO, and their subscriptions.
//!
//! # What it is
//!
//! A topic takes a message once and delivers it to every subscription whose filter policy wants it. Each delivery lives a
//! life of its own: an endpoint that fails holds up nobody else.
//!
//! # What is modelled
//!
//! Publishes, single and batched, with the quotas of account and topic and the limits of size. Subscriptions of queues, functions,
//! HTTP endpoints, mail, SMS and mobile push: confirmation, filter policies over attributes and body, raw delivery or the
//! JSON envelope, the retries of each protocol attempt by attempt, policies of HTTP endpoints with their four backoff
//! functions and their throttle, faults that are never retried, dead-letter queues, deliveries made twice. FIFO topics:
//! order of groups, deduplication, quotas, archive and replay. Metrics and prices.
//!
//! # What is not
//!
//! Delivery status logs; message data protection; Firehose streams as subscribers.
//!
//! # Quotas
//!
//! See [`SnsQuotas`](crate::wire::SnsQuotas): "Amazon Simple Notification Service endpoints and quotas", read in November
//! 2026.
//!
//! # How it stays fast
//!
//! A message to a standard queue that cannot refuse it needs one signal, and one call of ten messages one signal for each
//! queue. Only deliveries that can fail are kept one by one. Filter policies are matched through an index.

mod config;
mod cost;
mod delivery;
mod direct;
mod direct_config;
mod endpoint;
mod fifo;
mod metrics;
mod policy_config;
mod requests;
mod retry;
mod settings;
mod subscription_config;
#[cfg(test)]
mod tests;
mod topic;

pub use config::{
    ArchivePolicyConfig, Endpoints, FifoThroughputScopeConfig, FunctionTarget, QueueTarget, TopicConfig,
    TopicDefaults, is_fifo_topic,
};
pub use delivery::LONGEST_SMS;
pub use direct::Kind;
pub use direct_config::{PhoneNumberConfig, PlatformEndpointConfig};
pub use endpoint::{Endpoint, Outage, Response, TIMEOUT};
pub use metrics::TopicMetrics;
pub use policy_config::{
    ALARMS, TopicActionConfig, TopicEncryptionConfig, TopicKmsConfig, TopicStatementConfig, refuses,
};
pub use retry::{Backoff, RetryPolicy};
pub use settings::{
    FifoTopic, Protocol, Replay, SnsPrices, SubscriptionChange, SubscriptionSettings, TopicAccess,
    TopicSettings,
};
pub use subscription_config::{
    BackoffConfig, DeliveryPolicyConfig, EndpointConfig, FunctionPolicyConfig, OutageConfig,
    QueuePolicyConfig, ReplayPolicyConfig, SmsTypeConfig, SubscriptionConfig, SubscriptionRedriveConfig,
};
pub use topic::Topic;

use crate::engine::Time;
use crate::record::{Instrument, MetricDefinition, Side, SummaryRow, Unit};
use crate::wire::{
    Account, Balance, Batches, Context, EntityId, MessageId, Messages, Outbox, Publication, Service, Signal,
};

/// Why a topic wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// An attempt to deliver is due.
    Attempt(u32),
    /// An endpoint has answered, or the time for it is over.
    Answered(u32),
    /// A queue was given a message; it has had so many fewer looks at it.
    HandedOver(u32, u8),
    /// A subscription is confirmed.
    Activate(u32),
    /// A replay begins.
    Replay(u32),
    /// A change of a subscription counts.
    Change {
        /// The subscription.
        subscription: u16,
        /// The change.
        change: u16,
    },
}

impl Service for Topic {
    type Timer = Timer;
    const KIND: &'static str = Kind::Topic.name();

    fn kind(&self) -> &'static str {
        self.settings.kind.name()
    }

    fn start<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.begin(cx);
    }

    #[inline]
    fn receive<O: Outbox<Timer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Put { batch } => self.put(from, batch, cx),
            Signal::Refused { batch, error } => self.take_refusal(batch, error, cx),
            Signal::Request { request } => self.ask(from, request, cx),
            other => unreachable!("a topic is never told {other:?}"),
        }
    }

    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::Attempt(place) => self.attempt(place, cx),
            Timer::Answered(place) => self.answered(place, cx),
            Timer::HandedOver(place, looks) => self.handed_over(place, looks, cx),
            Timer::Activate(number) => {
                self.set_active(number, true);
                self.sort_wants();
            }
            Timer::Replay(number) => self.replay(number, cx),
            Timer::Change { subscription, change } => self.change(u32::from(subscription), u32::from(change)),
        }
    }

    fn sample(&mut self, _now: Time, _messages: &mut Messages) {}

    fn publish(&mut self, now: Time) -> Option<Publication> {
        let calls = self.metrics.publish_calls.total() + self.management_calls;
        let readable_from = self.activity.end_minute(now, calls, self.deliveries.number() > 0)?;
        Some(Publication { readable_from, ..Publication::ALL })
    }

    fn end_warm_up(&mut self, now: Time) {
        self.forget_costs(now);
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        let kind = self.settings.kind;
        self.metrics.visit(&mut |position, instrument| {
            let definition = &kind.definitions()[position];
            if kind.measures(definition.name) {
                visitor(definition, instrument);
            }
        });
    }

    fn balance(&self) -> Balance {
        let sum = |of: fn(&topic::SubscriptionCounts) -> u64| {
            self.subscriptions.iter().map(|one| of(&one.counts)).sum::<u64>()
        };
        let seen: u64 = self.subscriptions.iter().map(|one| self.seen(one)).sum();
        let mut books = vec![
            (Side::In, "notifications", seen),
            (Side::In, "duplicates", sum(|counts| counts.duplicates)),
            (Side::In, "replayed", sum(|counts| counts.replayed)),
            (Side::Out, "delivered", sum(|counts| counts.delivered)),
            (Side::Out, "filtered_out", self.metrics.notifications_filtered_out.total()),
            (Side::Out, "redriven_to_dlq", sum(|counts| counts.redriven)),
            (Side::Out, "discarded", sum(|counts| counts.discarded)),
            (Side::Out, "in_delivery", self.deliveries.number()),
            (Side::Memo, "published", self.metrics.messages_published.total()),
            (Side::Memo, "deduplicated", self.metrics.messages_deduplicated.total()),
            (Side::Memo, "copied", self.copied),
            (Side::Memo, "unwanted", self.unwanted),
            (Side::Memo, "refused", self.metrics.messages_refused.total()),
            (Side::Memo, "throttled", self.metrics.messages_throttled.total()),
        ];
        books.retain(|(_, fate, _)| self.settings.kind.has_fate(fate));
        books
    }

    fn accounts(&self) -> Vec<Account> {
        if self.settings.kind.is_direct() {
            return Vec::new();
        }
        let account = |one: &topic::Subscription| {
            let (seen, counts) = (self.seen(one), &one.counts);
            let filtered = seen - counts.matched;
            let balance = vec![
                (Side::In, "published", seen),
                (Side::In, "duplicates", counts.duplicates),
                (Side::In, "replayed", counts.replayed),
                (Side::Out, "delivered", counts.delivered),
                (Side::Out, "filtered_out", filtered),
                (Side::Out, "redriven_to_dlq", counts.redriven),
                (Side::Out, "discarded", counts.discarded),
                (Side::Out, "in_delivery", counts.pending),
            ];
            Account {
                kind: "subscription",
                name: format!("{}.{}", self.settings.name, one.settings.name),
                balance,
            }
        };
        self.subscriptions.iter().map(account).collect()
    }

    fn holdings(&self, _batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        self.deliveries.held().for_each(mark);
    }

    fn summarise(&mut self, now: Time, _seconds: f64, rows: &mut Vec<SummaryRow>) {
        let (kind, cost) = (self.kind(), self.cost(now));
        rows.push(SummaryRow::sum(kind, &self.settings.name, "estimated_cost", cost, Unit::Dollars));
    }
}
