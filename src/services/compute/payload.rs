//! Payloads in an object store: fetched after the receive, deleted with the message.

use super::Timer;
use super::fleet::Fleet;
use crate::engine::Span;
use crate::wire::{BatchId, Context, MessageId, Messages, Outbox, Signal};
use std::ops::Range;

impl Fleet {
    /// GET for each payload that the messages of a batch point to, one after another; tells how long that takes.
    pub(super) fn fetch_payloads<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) -> Span {
        let mut time = Span::ZERO;
        let Some(payloads) = &self.settings.payloads else { return time };
        for entry in cx.batches.entries(batch) {
            let Some(payload) = cx.messages.payload(entry.message) else { continue };
            if payload.store != payloads.store.id {
                continue;
            }
            let found = !payload.is_deleted;
            let bytes = if found { payload.bytes } else { 0 };
            time += payloads.store.get_time(bytes, &mut self.chance.object_store);
            cx.outbox.send(payload.store, time, Signal::GetObject { found });
            self.payload_metrics.payloads_fetched.add(u64::from(found));
            self.payload_metrics.payloads_missing.add(u64::from(!found));
        }
        time
    }

    /// Whether a message points to something that the consumer cannot read: it knows no object store, or another one, or
    /// the object is gone.
    #[inline]
    pub(super) fn cannot_read(&self, message: MessageId, messages: &Messages) -> bool {
        messages.payload(message).is_some_and(|payload| {
            let known = self.settings.payloads.as_ref().map(|payloads| payloads.store.id);
            payload.is_deleted || known != Some(payload.store)
        })
    }

    /// How long the DELETEs before a delete call take.
    pub(super) fn payload_delete_time<O>(
        &mut self,
        batch: BatchId,
        range: Range<usize>,
        cx: &mut Context<'_, O>,
    ) -> Span {
        let Some(payloads) = &self.settings.payloads else { return Span::ZERO };
        let mut time = Span::ZERO;
        if payloads.delete {
            for entry in &cx.batches.entries(batch)[range] {
                if cx.messages.payload(entry.message).is_some_and(|payload| !payload.is_deleted) {
                    time += payloads.store.delete_time(&mut self.chance.object_store);
                }
            }
        }
        time
    }

    /// The payloads of messages that are about to be deleted go first. A consumer with large payloads holds such
    /// messages until then.
    pub(super) fn delete_payloads<O: Outbox<Timer>>(&mut self, receipts: BatchId, cx: &mut Context<'_, O>) {
        let Some(payloads) = &self.settings.payloads else { return };
        for entry in cx.batches.entries(receipts) {
            if payloads.delete
                && let Some(payload) = cx.messages.delete_payload(entry.message)
            {
                let signal = Signal::DeleteObject { bytes: payload.bytes };
                cx.outbox.send(payload.store, Span::ZERO, signal);
                self.payload_metrics.payloads_deleted.add(1);
            }
            cx.messages.release(entry.message);
        }
    }
}
