//! Replies of a consumer to the requests it processes.

use super::Timer;
use super::fleet::Fleet;
use crate::engine::Time;
use crate::wire::{
    BatchId, Content, Context, Detail, Entry, MessageId, NewMessage, Outbox, Signal, draw_bytes, draw_span,
};
use std::ops::Range;

impl Fleet {
    /// Every request among the processed messages is answered, one send call after another, to the reply queue it names.
    /// The first call begins at `begins`; tells when the last ends.
    pub(super) fn call_replies<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        range: Range<usize>,
        begins: Time,
        cx: &mut Context<'_, O>,
    ) -> Time {
        let mut until = begins;
        for position in range {
            let request = cx.batches.entries(batch)[position].message;
            until = self.reply_to(request, until, cx);
        }
        until
    }

    fn reply_to<O: Outbox<Timer>>(
        &mut self,
        request: MessageId,
        begins: Time,
        cx: &mut Context<'_, O>,
    ) -> Time {
        let Some(answers) = &self.settings.answers else { return begins };
        let Content::Request(correlation) = cx.messages.detail(request).content else { return begins };
        let known = answers.addresses.iter().find(|address| address.requester == correlation.requester);
        let Some(address) = known else { return begins };
        let reply = cx.messages.create(NewMessage {
            published_at: cx.messages.published_at(request),
            producer: cx.me,
            sequence: self.reply_metrics.replies_sent.total(),
            bytes: draw_bytes(&answers.size, &mut self.chance.reply),
            poison: false,
            detail: Detail { content: Content::Reply(correlation), ..Detail::NONE },
        });
        self.reply_metrics.replies_sent.add(1);
        let sent = cx.batches.open();
        cx.batches.entries_mut(sent).push(Entry::new(reply));
        let until = begins + draw_span(&address.send_latency, &mut self.chance.reply);
        cx.outbox.send(address.queue, until - cx.now, Signal::Put { batch: sent });
        until
    }
}
