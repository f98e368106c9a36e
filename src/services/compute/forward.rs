//! Results of processing that are sent on to another queue.

use super::Timer;
use super::fleet::Fleet;
use crate::engine::Time;
use crate::wire::{
    BatchId, Content, Context, Deduplication, Entry, NewMessage, Outbox, Signal, draw_bytes, draw_span,
};
use std::ops::Range;

impl Fleet {
    /// The result of processing is sent on to another queue; returns when that call ends.
    pub(super) fn call_forward<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        range: Range<usize>,
        cx: &mut Context<'_, O>,
    ) -> Time {
        let Some(forward) = &self.settings.forward else { return cx.now };
        let latency = draw_span(&forward.latency, &mut self.chance.forward_latency);
        let sent = cx.batches.open();
        for position in range {
            let ancestor = cx.batches.entries(batch)[position].message;
            if !self.chance.forwarding.chance(forward.share) {
                continue;
            }
            let bytes = match &forward.size {
                Some(size) => draw_bytes(size, &mut self.chance.forwarding),
                None => {
                    cx.messages.payload(ancestor).map_or(cx.messages.bytes(ancestor), |payload| payload.bytes)
                }
            };
            let mut detail = cx.messages.detail(ancestor);
            if matches!(detail.content, Content::Pointer { .. }) {
                // A result is not the payload it was made of.
                detail.content = Content::Own;
            }
            if let Some(groups) = &forward.groups {
                detail.group = groups.draw(self.forwarded, &mut self.chance.group);
            }
            if !forward.is_fifo {
                // A standard queue takes no deduplication ids.
                detail.deduplication = Deduplication::Once;
            }
            let message = cx.messages.create(NewMessage {
                published_at: cx.messages.published_at(ancestor),
                producer: cx.me,
                sequence: self.forwarded,
                bytes,
                poison: false,
                detail,
            });
            self.forwarded += 1;
            cx.batches.entries_mut(sent).push(Entry::new(message));
        }
        let messages = cx.batches.entries(sent).len() as u64;
        if messages == 0 {
            cx.batches.close(sent);
            return cx.now;
        }
        self.metrics.messages_forwarded.add(messages);
        cx.outbox.send(forward.queue, latency, Signal::Put { batch: sent });
        cx.now + latency
    }
}
