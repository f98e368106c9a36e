//! What an object store publishes of its events.

use super::metrics::ObjectStoreMetrics;
use super::notification::Notifications;
use crate::engine::{Span, Stream};
use crate::wire::{
    ApiError, BatchId, Content, Context, Detail, EntityId, Entry, Notice, Outbox, Signal, draw_span,
};

/// A destination that refuses a notification for now gets it again after this time.
const PAUSE: Span = Span::from_seconds(1);

/// The events of a store, on their way to whoever is told.
#[derive(Debug)]
pub(super) struct Events {
    settings: Notifications,
    latency: Stream,
    /// Messages of uploads that producers sent, and messages made here.
    pub(super) uploaded: u64,
    pub(super) produced: u64,
    pub(super) handed_over: u64,
    pub(super) rejected: u64,
}

impl Events {
    pub(super) fn new(settings: Notifications, latency: Stream) -> Self {
        Self { settings, latency, uploaded: 0, produced: 0, handed_over: 0, rejected: 0 }
    }

    /// An upload whose message the store was given: the message becomes the notification. Gives the size of the object.
    pub(super) fn take_upload<T, O: Outbox<T>>(
        &mut self,
        entry: Entry,
        metrics: &mut ObjectStoreMetrics,
        cx: &mut Context<'_, O>,
    ) -> u32 {
        let bytes = cx.messages.bytes(entry.message);
        self.uploaded += 1;
        self.handed_over += 1;
        let Some(notice) = self.settings.created else {
            // Nobody is told: a scenario cannot say it.
            cx.messages.release(entry.message);
            return bytes;
        };
        cx.messages.set_bytes(entry.message, notice.bytes);
        let detail = Detail { content: Content::Text(notice.text), ..cx.messages.detail(entry.message) };
        cx.messages.change_detail(entry.message, detail);
        metrics.notifications_sent.add(1);
        let batch = cx.batches.open();
        cx.batches.entries_mut(batch).push(Entry::new(entry.message));
        let delay = draw_span(&self.settings.latency, &mut self.latency);
        cx.outbox.send(notice.target, delay, Signal::Put { batch });
        bytes
    }

    /// An object was created.
    pub(super) fn created<T, O: Outbox<T>>(
        &mut self,
        metrics: &mut ObjectStoreMetrics,
        cx: &mut Context<'_, O>,
    ) {
        self.publish(self.settings.created, metrics, cx);
    }

    /// An object was removed.
    pub(super) fn removed<T, O: Outbox<T>>(
        &mut self,
        metrics: &mut ObjectStoreMetrics,
        cx: &mut Context<'_, O>,
    ) {
        self.publish(self.settings.removed, metrics, cx);
    }

    fn publish<T, O: Outbox<T>>(
        &mut self,
        notice: Option<Notice>,
        metrics: &mut ObjectStoreMetrics,
        cx: &mut Context<'_, O>,
    ) {
        let Some(notice) = notice else { return };
        let delay = draw_span(&self.settings.latency, &mut self.latency);
        notice.publish(self.produced, delay, cx);
        self.produced += 1;
        self.handed_over += 1;
        metrics.notifications_sent.add(1);
    }

    /// A destination refused notifications: S3 publishes at least once, so what is refused for now comes again.
    pub(super) fn take_refusal<T, O: Outbox<T>>(
        &mut self,
        from: EntityId,
        batch: BatchId,
        error: ApiError,
        metrics: &mut ObjectStoreMetrics,
        cx: &mut Context<'_, O>,
    ) {
        if error.is_retryable() {
            let number = cx.batches.entries(batch).len() as u64;
            metrics.notifications_retried.add(number);
            cx.outbox.send(from, PAUSE, Signal::Put { batch });
        } else {
            self.rejected += cx.reject(batch);
        }
    }
}
