//! Payloads that a producer keeps in an object store ("Managing large Amazon SQS messages using Amazon S3").

use super::Timer;
use super::entity::Producer;
use crate::engine::Span;
use crate::wire::{BatchId, Content, Context, MessageId, Outbox, PayloadStore, Signal};

/// Which payloads go to an object store.
#[derive(Debug, Clone)]
pub struct LargePayloads {
    /// The store.
    pub store: PayloadStore,
    /// Messages above this size, attributes included, go there; `None` for all of them.
    pub threshold: Option<u32>,
    /// Size of the body that points to a payload, with the attribute that tells its size.
    pub pointer_bytes: u32,
}

impl Producer {
    /// A message that is too large becomes a pointer; `body` and `bytes` are the sizes of its body and of all of it.
    pub(super) fn point_to_payload<O>(
        &self,
        message: MessageId,
        body: u32,
        bytes: u32,
        cx: &mut Context<'_, O>,
    ) {
        let Some(large) = &self.settings.large_payloads else { return };
        if large.threshold.is_none_or(|threshold| bytes > threshold) {
            let content = Content::Pointer { store: large.store.id, bytes: body };
            cx.messages.set_content(message, content);
            cx.messages.set_bytes(message, bytes - body + large.pointer_bytes);
        }
    }

    /// How long the uploads of a batch to an object store take, one after another.
    #[cold]
    pub(super) fn upload_time<O>(&mut self, batch: BatchId, cx: &Context<'_, O>) -> Span {
        let Some(store) = &self.settings.upload else { return Span::ZERO };
        let sizes = cx.batches.entries(batch).iter().map(|entry| cx.messages.bytes(entry.message));
        sizes.map(|bytes| store.put_time(bytes, &mut self.chance.object_store)).sum()
    }

    /// The payloads of a batch are uploaded one after another, from `begins` after now on, before the send call; tells how
    /// long that takes. A call that was refused and is tried again uploads nothing.
    pub(super) fn store_payloads<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        begins: Span,
        cx: &mut Context<'_, O>,
    ) -> Span {
        let Some(large) = &self.settings.large_payloads else { return Span::ZERO };
        let mut time = Span::ZERO;
        for entry in cx.batches.entries(batch) {
            let Some(payload) = cx.messages.payload(entry.message) else { continue };
            if entry.receive_count > 0 {
                continue;
            }
            time += large.store.put_time(payload.bytes, &mut self.chance.object_store);
            cx.outbox.send(payload.store, begins + time, Signal::PutObject { bytes: payload.bytes });
        }
        time
    }
}
