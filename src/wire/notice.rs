//! Messages that a service publishes by itself when something happens: an event of a bucket, of a group.

use super::{Content, Context, Detail, EntityId, Entry, NewMessage, Outbox, Signal, TextId};
use crate::engine::Span;

/// What is published when something happens, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// The topic, queue or function.
    pub target: EntityId,
    /// What it says: a JSON object.
    pub text: TextId,
    /// Its size.
    pub bytes: u32,
}

impl Notice {
    /// Publishes it as message `number` of the sender: it arrives after `delay`.
    pub fn publish<T, O: Outbox<T>>(self, number: u64, delay: Span, cx: &mut Context<'_, O>) {
        let message = cx.messages.create(NewMessage {
            published_at: cx.now,
            producer: cx.me,
            sequence: number,
            bytes: self.bytes,
            poison: false,
            detail: Detail { content: Content::Text(self.text), ..Detail::NONE },
        });
        let batch = cx.batches.open();
        cx.batches.entries_mut(batch).push(Entry::new(message));
        cx.outbox.send(self.target, delay, Signal::Put { batch });
    }
}
