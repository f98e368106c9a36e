//! What a topic costs ("Amazon SNS pricing").

use super::settings::Protocol;
use super::topic::{Subscription, Topic};
use crate::engine::Time;
use crate::record::Level;

/// What one request of a call to a standard topic may have.
const BILLED_CHUNK: u64 = 65_536;
/// A GB on the bill.
const GIB: f64 = (1_u64 << 30) as f64;
const MONTH_SECONDS: f64 = 30.0 * 86_400.0;

/// What is on the bill besides what metrics count.
#[derive(Debug, Default)]
pub(super) struct Bill {
    /// Bytes that were published.
    published: u64,
    /// Bytes of FIFO topics, once for each subscription.
    notified: u64,
    /// Bytes that policies over the body have looked at, once for each of them.
    scanned: u64,
    /// Bytes that went into the archive.
    archived: u64,
    /// Bytes that lie in it.
    pub(super) stored: Level,
    sms_spent: f64,
    /// What all of this was when the warm-up ended.
    before: Before,
}

/// What had been counted when the warm-up ended.
#[derive(Debug, Default)]
struct Before {
    published: u64,
    notified: u64,
    scanned: u64,
    archived: u64,
    notifications: u64,
    delivered: Vec<u64>,
    sms_spent: f64,
}

impl Bill {
    /// A message is notified to so many subscriptions of a FIFO topic.
    pub(super) fn notify(&mut self, bytes: u32, subscriptions: u64) {
        self.notified += u64::from(bytes) * subscriptions;
    }

    /// So many policies look at the body of a message.
    pub(super) fn scan(&mut self, bytes: u32, policies: u64) {
        self.scanned += u64::from(bytes) * policies;
    }

    /// A message goes into the archive, which has so many bytes then.
    pub(super) fn archive(&mut self, bytes: u32, stored: u64, now: Time) {
        self.archived += u64::from(bytes);
        self.stored.set(now, stored);
    }

    /// An SMS was delivered.
    pub(super) fn spend(&mut self, dollars: f64) {
        self.sms_spent += dollars;
    }
}

impl Topic {
    /// A call of which messages with so many bytes were taken is over. A standard topic bills each 64 KiB of it as a request,
    /// whatever number of messages that is, and a FIFO topic the call and its bytes.
    pub(super) fn bill_call(&mut self, messages: u64, bytes: u64) {
        if messages == 0 {
            return;
        }
        let requests = if self.fifo.is_some() { 1 } else { bytes.div_ceil(BILLED_CHUNK).max(1) };
        self.metrics.billed_publishes.add(requests);
        self.bill.published += bytes;
    }

    /// The warm-up ends: what it cost is left out.
    pub(super) fn forget_costs(&mut self, now: Time) {
        self.bill.stored.end_warm_up(now);
        self.bill.before = Before {
            published: self.bill.published,
            notified: self.bill.notified,
            scanned: self.bill.scanned,
            archived: self.bill.archived,
            notifications: self.notifications(),
            delivered: self.subscriptions.iter().map(|one| one.counts.delivered).collect(),
            sms_spent: self.bill.sms_spent,
        };
    }

    /// Messages published times subscriptions, whether these wanted them or not.
    fn notifications(&self) -> u64 {
        self.subscriptions.iter().map(|one| self.seen(one) + one.counts.replayed).sum()
    }

    /// What publishes and deliveries cost; deliveries to queues and functions are free.
    pub(super) fn cost(&mut self, now: Time) -> f64 {
        let stored = self.bill.stored.area_seconds(now) / GIB / MONTH_SECONDS;
        let (prices, bill, before) = (&self.settings.prices, &self.bill, &self.bill.before);
        let gigabytes = |bytes: u64, before: u64| (bytes - before) as f64 / GIB;
        let requests = self.metrics.billed_publishes.since_warm_up() as f64;
        let publishes = if self.fifo.is_some() {
            let notifications = (self.notifications() - before.notifications) as f64;
            requests * prices.fifo_publish
                + gigabytes(bill.published, before.published) * prices.fifo_gb_published
                + notifications * prices.fifo_notification
                + gigabytes(bill.notified, before.notified) * prices.fifo_gb_notified
                + gigabytes(bill.archived, before.archived) * prices.archive_gb
                + stored * prices.archive_gb_month
        } else {
            requests * prices.publish
        };
        let filtering = gigabytes(bill.scanned, before.scanned) * prices.body_filtering_gb;
        let delivery = |(position, one): (usize, &Subscription)| {
            let each = match one.settings.protocol {
                Protocol::Sqs { .. } | Protocol::Lambda { .. } | Protocol::Sms(..) => 0.0,
                Protocol::Http(_) => prices.http,
                Protocol::Email(_) => prices.email,
                Protocol::Application(..) => prices.push,
                Protocol::Firehose { .. } => prices.firehose,
            };
            let delivered_before = before.delivered.get(position).copied().unwrap_or(0);
            (one.counts.delivered - delivered_before) as f64 * each
        };
        let deliveries: f64 = self.subscriptions.iter().enumerate().map(delivery).sum();
        let keys = self.metrics.kms_calls.since_warm_up() as f64 * prices.key;
        publishes + filtering + deliveries + keys + (bill.sms_spent - before.sms_spent)
    }
}
