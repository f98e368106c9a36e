//! Object stores: where payloads lie that are too large for a message ("Managing large Amazon SQS messages using Amazon S3").
//!
//! # What it is
//!
//! Producers with `large_payloads` put payloads here and send pointers; consumers get them after the receive and delete
//! them with the message. The callers know how long their calls take; the store counts requests, objects and bytes, and what
//! they cost.
//!
//! # What is modelled
//!
//! PUT, GET and DELETE with a latency and a rate of transfer; prices of requests and of storage ("Amazon S3 pricing");
//! objects that stay behind when their message expires or is refused; a GET for an object that is gone. Notifications of
//! objects created and removed, to topics, queues and functions ("Amazon S3 Event Notifications"): at least once, in no order,
//! seconds after the event.
//!
//! # What is not
//!
//! Filters of notifications by prefix and suffix, lifecycle rules, storage classes, versions, multipart uploads, throttling (`SlowDown`).

mod config;
mod events;
mod metrics;
mod notification;

use events::Events;

pub use config::{ObjectStoreConfig, ObjectStoreSettings, StorePrices};
pub use metrics::ObjectStoreMetrics;
pub use notification::{NotificationConfig, Notifications, ObjectEventConfig};

use crate::engine::Time;
use crate::record::{Instrument, MetricDefinition, Side, SummaryRow, Unit};
use crate::wire::{Balance, Context, EntityId, Messages, Outbox, Purpose, Service, Signal};

/// An object store never wakes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {}

/// An object store.
#[derive(Debug)]
pub struct ObjectStore {
    settings: ObjectStoreSettings,
    objects: u64,
    bytes: u64,
    events: Option<Events>,
    metrics: ObjectStoreMetrics,
}

impl ObjectStore {
    /// An empty store.
    pub fn new(settings: ObjectStoreSettings, seed: u64, replication: u32) -> Self {
        let mut metrics = ObjectStoreMetrics::default();
        metrics.objects.set(Time::ZERO, 0);
        metrics.bytes_stored.set(Time::ZERO, 0);
        metrics.orphaned_objects.set(Time::ZERO, 0);
        let latency = Purpose::DeliveryLatency.stream(seed, replication, Self::KIND, &settings.name);
        let events = settings.notifications.clone().map(|notifications| Events::new(notifications, latency));
        Self { settings, objects: 0, bytes: 0, events, metrics }
    }

    fn add(&mut self, bytes: u32) {
        self.metrics.put_requests.add(1);
        self.objects += 1;
        self.bytes += u64::from(bytes);
    }
}

/// Seconds of the 30 days that a price a month is reckoned with.
const MONTH_SECONDS: f64 = 30.0 * 86_400.0;
const GIB: f64 = (1_u64 << 30) as f64;

impl Service for ObjectStore {
    type Timer = Timer;
    const KIND: &'static str = "object_store";

    fn receive<O: Outbox<Timer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::PutObject { bytes } => {
                self.add(bytes);
                if let Some(events) = &mut self.events {
                    events.created(&mut self.metrics, cx);
                }
            }
            Signal::Put { batch } => {
                for position in 0..cx.batches.entries(batch).len() {
                    let entry = cx.batches.entries(batch)[position];
                    let Some(events) = &mut self.events else { continue };
                    let bytes = events.take_upload(entry, &mut self.metrics, cx);
                    self.add(bytes);
                }
                cx.batches.close(batch);
            }
            Signal::Refused { batch, error } => {
                if let Some(events) = &mut self.events {
                    events.take_refusal(from, batch, error, &mut self.metrics, cx);
                }
                return;
            }
            Signal::GetObject { found } => {
                self.metrics.get_requests.add(1);
                self.metrics.get_errors.add(u64::from(!found));
                return;
            }
            Signal::DeleteObject { bytes } => {
                self.metrics.delete_requests.add(1);
                self.objects -= 1;
                self.bytes -= u64::from(bytes);
                if let Some(events) = &mut self.events {
                    events.removed(&mut self.metrics, cx);
                }
            }
            other => unreachable!("an object store is never told {other:?}"),
        }
        self.metrics.objects.set(cx.now, self.objects);
        self.metrics.bytes_stored.set(cx.now, self.bytes);
        self.metrics.orphaned_objects.set(cx.now, cx.messages.orphaned_payloads(cx.me));
    }

    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, _cx: &mut Context<'_, O>) {
        match timer {}
    }

    fn sample(&mut self, now: Time, messages: &mut Messages) {
        self.metrics.orphaned_objects.set(now, messages.orphaned_payloads(self.settings.id));
    }

    fn balance(&self) -> Balance {
        let Some(events) = &self.events else { return Balance::new() };
        vec![
            (Side::In, "uploaded", events.uploaded),
            (Side::In, "produced", events.produced),
            (Side::Out, "handed_over", events.handed_over),
            (Side::Memo, "rejected", events.rejected),
        ]
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        let publishes = self.events.is_some();
        self.metrics.visit(&mut |position, instrument| {
            let definition = &ObjectStoreMetrics::DEFINITIONS[position];
            if publishes || !definition.name.starts_with("notifications_") {
                visitor(definition, instrument);
            }
        });
    }

    fn summarise(&mut self, now: Time, _seconds: f64, rows: &mut Vec<SummaryRow>) {
        let prices = &self.settings.prices;
        let puts = self.metrics.put_requests.since_warm_up() as f64;
        let gets = self.metrics.get_requests.since_warm_up() as f64;
        let stored = self.metrics.bytes_stored.area_seconds(now) / GIB / MONTH_SECONDS;
        // A DELETE is free.
        let cost = puts / 1e3 * prices.put_per_thousand_requests
            + gets / 1e3 * prices.get_per_thousand_requests
            + stored * prices.storage_per_gib_month;
        rows.push(SummaryRow::sum(Self::KIND, &self.settings.name, "estimated_cost", cost, Unit::Dollars));
    }
}
