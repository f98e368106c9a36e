//! Records of a partition key put one after the other ("`PutRecord`", `SequenceNumberForOrdering`): each call names the
//! sequence number of the one before, and so waits for its answer.

use super::Timer;
use super::entity::Producer;
use crate::engine::Span;
use crate::wire::{BatchId, Context, Entry, GroupId, MessageId, Outbox};
use std::collections::{BTreeMap, VecDeque};

/// The keys of which a call is under way, or waits to be tried again.
#[derive(Debug, Default)]
pub(super) struct Serial {
    keys: BTreeMap<GroupId, Turn>,
}

#[derive(Debug, Default)]
struct Turn {
    /// Later records of the key.
    waiting: VecDeque<Entry>,
    /// The call was refused, and is tried again.
    refused: bool,
}

impl Serial {
    /// The records that wait for an earlier one.
    pub(super) fn messages(&self) -> impl Iterator<Item = MessageId> {
        self.keys.values().flat_map(|turn| &turn.waiting).map(|entry| entry.message)
    }
}

impl Producer {
    /// A record is due: it is put as soon as the one before it is there.
    pub(super) fn produce_in_order<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let entry = self.make_message(cx.now, cx);
        let key = cx.messages.group(entry.message);
        match self.serial.as_mut().and_then(|serial| serial.keys.get_mut(&key)) {
            // A random key is that of one record.
            Some(turn) if key != GroupId::NONE => {
                turn.waiting.push_back(entry);
                self.waiting += 1;
            }
            _ => self.put_in_order(key, entry, cx),
        }
        self.await_next(cx);
    }

    fn put_in_order<O: Outbox<Timer>>(&mut self, key: GroupId, entry: Entry, cx: &mut Context<'_, O>) {
        let batch = cx.batches.open();
        cx.batches.entries_mut(batch).push(entry);
        self.call_in_order(key, batch, cx);
    }

    /// A call begins, for the first time or once more.
    pub(super) fn call_in_order<O: Outbox<Timer>>(
        &mut self,
        key: GroupId,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        self.send(batch, cx.now, cx);
        if let Some(serial) = &mut self.serial {
            serial.keys.entry(key).or_default().refused = false;
        }
        cx.outbox.wake(cx.now + self.answered_in, Timer::Put(key.0));
    }

    /// A call has reached the stream, which says at this very instant whether it takes the record.
    pub(super) fn await_answer<O: Outbox<Timer>>(key: u32, cx: &mut Context<'_, O>) {
        cx.outbox.wake(cx.now + Span::ZERO, Timer::Answered(key));
    }

    /// The record of a call will be put once more: those after it wait.
    pub(super) fn note_refusal(&mut self, key: GroupId) {
        if let Some(turn) = self.serial.as_mut().and_then(|serial| serial.keys.get_mut(&key)) {
            turn.refused = true;
        }
    }

    /// A call has its answer: the next record of the key follows, unless the same one does.
    pub(super) fn end_turn<O: Outbox<Timer>>(&mut self, key: u32, cx: &mut Context<'_, O>) {
        let key = GroupId(key);
        let Some(serial) = &mut self.serial else { return };
        let Some(turn) = serial.keys.get_mut(&key).filter(|turn| !turn.refused) else { return };
        if let Some(next) = turn.waiting.pop_front() {
            self.waiting -= 1;
            self.put_in_order(key, next, cx);
        } else {
            serial.keys.remove(&key);
        }
    }
}
