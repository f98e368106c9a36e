//! Amazon Redshift: objects are delivered to a bucket and copied from there ("Understand data delivery in Amazon Data
//! Firehose").
//!
//! A new `COPY` begins when the one before it has succeeded, and takes all objects that have come meanwhile.

use super::Timer;
use super::buffer::Load;
use super::settings::{Destination, Warehouse, outage_at};
use super::stream::DeliveryStream;
use crate::engine::{Span, Time};
use crate::wire::{Context, Outbox, draw_span};

/// From a failed `COPY` to the next ("Handle data delivery failures").
const RETRY_INTERVAL: Span = Span::from_minutes(5);

/// Objects that are to be copied.
#[derive(Debug, Default)]
pub(super) struct Copies {
    waiting: Vec<Load>,
    /// Those of the `COPY` that is under way or will be repeated.
    current: Vec<Load>,
    succeeds: bool,
    failing_since: Option<Time>,
}

impl Copies {
    pub(super) fn push(&mut self, load: Load) {
        self.waiting.push(load);
    }

    pub(super) fn loads(&self) -> impl Iterator<Item = &Load> {
        self.current.iter().chain(&self.waiting)
    }
}

impl DeliveryStream {
    fn warehouse(&self) -> Option<&Warehouse> {
        match &self.settings.destination {
            Destination::Redshift(warehouse) => Some(warehouse),
            Destination::S3 | Destination::Endpoint(_) => None,
        }
    }

    /// A `COPY` of everything that waits, unless one is under way.
    pub(super) fn copy_next<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.copies.current.is_empty() && !self.copies.waiting.is_empty() {
            std::mem::swap(&mut self.copies.current, &mut self.copies.waiting);
            self.copy(cx);
        }
    }

    /// A `COPY` begins, for the first time or once more.
    pub(super) fn copy<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let Some(warehouse) = self.warehouse() else { return };
        let (time, rate) = (warehouse.copy_time.clone(), warehouse.failure_rate);
        let is_out = outage_at(&warehouse.outages, cx.now).is_some();
        let takes = draw_span(&time, &mut self.chance.latency);
        let fails = self.chance.failure.chance(rate);
        self.copies.succeeds = !is_out && !fails;
        cx.outbox.wake(cx.now + takes, Timer::Copied);
    }

    /// A `COPY` has ended.
    pub(super) fn copied<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let Some(retry_duration) = self.warehouse().map(|warehouse| warehouse.retry_duration) else { return };
        self.metrics.copies.add(1);
        self.delivery_metrics.success.record(u64::from(self.copies.succeeds));
        if !self.copies.succeeds {
            let since = *self.copies.failing_since.get_or_insert(cx.now);
            if cx.now + RETRY_INTERVAL <= since + retry_duration {
                cx.outbox.wake(cx.now + RETRY_INTERVAL, Timer::Copy);
                return;
            }
        }
        self.copies.failing_since = None;
        for load in std::mem::take(&mut self.copies.current) {
            let records = cx.batches.entries(load.batch).len() as u64;
            self.counts.in_copy -= records;
            if self.copies.succeeds {
                self.delivery_metrics.records.add(records);
                self.delivery_metrics.bytes.add(load.bytes);
                self.note_delivered(&load, cx);
            } else {
                // They stay in the bucket; a manifest in `errors/` names them.
                self.metrics.records_not_copied.add(records);
                cx.batches.entries(load.batch).iter().for_each(|entry| cx.messages.release(entry.message));
                cx.batches.close(load.batch);
            }
        }
        self.copy_next(cx);
    }
}
