//! How messages leave a queue: acknowledged, given back, delivered again, or as dead letters.

use super::intake::LineId;
use super::queue::{BrokerQueue, QueueTimer};
use super::settings::Acknowledgement;
use super::slots::{Slot, State};
use crate::engine::Span;
use crate::wire::{BatchId, Context, EntityId, Entry, Outbox, Receipt, Signal};

impl BrokerQueue {
    /// A program is done with messages.
    pub(super) fn acknowledge<O: Outbox<QueueTimer>>(
        &mut self,
        from: EntityId,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        for position in 0..cx.batches.entries(batch).len() {
            let receipt = cx.batches.entries(batch)[position].receipt;
            self.acknowledge_one(from, receipt, cx);
        }
        cx.batches.close(batch);
        self.make_room(cx);
        self.dispatch(cx);
    }

    /// Whether the receipt was still good.
    pub(super) fn acknowledge_one<O: Outbox<QueueTimer>>(
        &mut self,
        from: EntityId,
        receipt: Receipt,
        cx: &mut Context<'_, O>,
    ) -> bool {
        let Some((slot, session)) = self.in_hand(receipt) else {
            // Without acknowledgements there is nothing to be late for.
            let expects = self.reader(from).acknowledgement != Acknowledgement::None;
            self.metrics.stale_acknowledgements.add(u64::from(expects));
            return false;
        };
        let one = self.session(session);
        if one.settings.acknowledgement == Acknowledgement::Cumulative {
            one.done = one.delivered.clone();
        } else if !one.done.contains(&slot) {
            one.done.push(slot);
        }
        if one.done.len() >= one.acknowledges_together() {
            self.acknowledge_done(session, cx);
        }
        true
    }

    /// What a session is done with is acknowledged, or committed.
    pub(super) fn acknowledge_done<O: Outbox<QueueTimer>>(&mut self, session: u32, cx: &mut Context<'_, O>) {
        for slot in std::mem::take(&mut self.session(session).done) {
            self.complete(slot, cx);
        }
        self.line_up(session);
    }

    /// A message has been consumed.
    pub(super) fn complete<O: Outbox<QueueTimer>>(&mut self, slot: u32, cx: &mut Context<'_, O>) {
        let gone = self.take_out(slot, cx);
        self.fates.dequeued += 1;
        self.metrics.dequeue_count.add(1);
        let mut machine = self.machine.get();
        machine.acknowledged += 1;
        machine.metrics.total_dequeue_count.add(1);
        cx.messages.release(gone.message);
    }

    /// A message leaves its place; whoever takes it out holds it now.
    pub(super) fn take_out<O: Outbox<QueueTimer>>(&mut self, slot: u32, cx: &mut Context<'_, O>) -> Slot {
        let gone = self.slots.remove(slot);
        self.bytes -= u64::from(gone.bytes);
        self.machine.get().remove_bytes(gone.bytes, gone.is_persistent, cx.now);
        if let State::Dispatched { session, is_delivered: true } = gone.state
            && let Some(one) = &mut self.sessions[session as usize]
        {
            one.delivered.retain(|delivered| *delivered != slot);
            one.done.retain(|done| *done != slot);
        }
        if let Some(id) = gone.storing {
            // It need not go to the disk any more: the producer is answered.
            let broker = std::sync::Arc::clone(&self.machine.broker);
            if let Some((id, at)) = self.intake.hurry(id, &broker, cx.now) {
                cx.outbox.wake(at, QueueTimer::Line(id));
            }
        }
        gone
    }

    /// A send is over: its message, if it is still here, is on disk.
    pub(super) fn forget_storing(&mut self, id: LineId) {
        if let Some(slot) = self.storing.remove(&(id.sender, id.line)) {
            let slot = self.slots.get_mut(slot);
            if slot.storing.is_some_and(|storing| storing == id) {
                slot.storing = None;
            }
        }
    }

    /// The processing of messages failed, and the program tells its client so: a rollback, a `recover`, a `basic.nack`.
    pub(super) fn roll_back<O: Outbox<QueueTimer>>(&mut self, batch: BatchId, cx: &mut Context<'_, O>) {
        let mut slots: Vec<(u32, u32)> = Vec::new();
        for entry in cx.batches.entries(batch) {
            slots.extend(self.in_hand(entry.receipt));
        }
        cx.batches.close(batch);
        let Some(&(_, session)) = slots.first() else { return };
        let slots = slots.into_iter().map(|(slot, _)| slot).collect();
        self.roll_back_in(session, slots, cx);
    }

    /// Messages of a session failed. A transaction fails as a whole.
    pub(super) fn roll_back_in<O: Outbox<QueueTimer>>(
        &mut self,
        session: u32,
        mut slots: Vec<u32>,
        cx: &mut Context<'_, O>,
    ) {
        let one = self.session(session);
        if matches!(one.settings.acknowledgement, Acknowledgement::Transacted(_)) {
            slots.clone_from(&one.delivered);
            one.done.clear();
        }
        one.delivered.retain(|delivered| !slots.contains(delivered));
        one.done.retain(|done| !slots.contains(done));
        if self.is_rabbitmq() {
            for slot in slots {
                self.requeue(slot, cx);
            }
            self.line_up(session);
        } else {
            self.redeliver(session, slots, cx);
        }
        self.make_room(cx);
        self.dispatch(cx);
    }

    /// RabbitMQ takes a message back at once, unless that was so often enough ("Quorum Queues", poison message handling).
    fn requeue<O: Outbox<QueueTimer>>(&mut self, slot: u32, cx: &mut Context<'_, O>) {
        let one = self.slots.get_mut(slot);
        one.redeliveries += 1;
        let redeliveries = one.redeliveries;
        if self.settings.delivery_limit.is_some_and(|limit| redeliveries > limit) {
            self.dead_letter(slot, cx);
        } else {
            self.slots.give_back(slot);
        }
    }

    /// A client of ActiveMQ keeps messages that failed, and delivers them again after a pause in which it delivers nothing
    /// else; after too many times they are poison ("Redelivery Policy").
    fn redeliver<O: Outbox<QueueTimer>>(&mut self, session: u32, slots: Vec<u32>, cx: &mut Context<'_, O>) {
        let policy = self.session(session).settings.redelivery;
        let mut pause = Span::ZERO;
        for slot in slots.into_iter().rev() {
            self.slots.renew(slot);
            let one = self.slots.get_mut(slot);
            one.redeliveries += 1;
            let redeliveries = one.redeliveries;
            if policy.maximum_redeliveries.is_some_and(|most| redeliveries > most) {
                self.dead_letter(slot, cx);
                continue;
            }
            pause = pause.max(policy.pause(redeliveries));
            self.metrics.messages_redelivered.add(1);
            self.prefetched += 1;
            self.session(session).buffer.push_front(slot);
        }
        let one = self.session(session);
        one.held_until = cx.now + pause;
        let epoch = one.epoch;
        cx.outbox.wake(cx.now + pause, QueueTimer::Resume { session, epoch });
        self.line_up(session);
    }

    /// The pause before a redelivery is over.
    pub(super) fn resume<O: Outbox<QueueTimer>>(
        &mut self,
        session: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        if self.alive(session, epoch).is_some_and(|session| session.held_until <= cx.now) {
            self.go_on(session, cx);
        }
    }

    /// A message that nobody could process, or that is too old, goes to the place for such ones, if there is any.
    pub(super) fn dead_letter<O: Outbox<QueueTimer>>(&mut self, slot: u32, cx: &mut Context<'_, O>) {
        let gone = self.take_out(slot, cx);
        if !self.is_rabbitmq() && !gone.is_persistent {
            // By default ActiveMQ keeps no dead letters that are not persistent ("Message Redelivery and DLQ Handling").
            self.drop_message(gone, cx);
            return;
        }
        match self.settings.dead_letter_queue {
            Some(queue) => {
                self.metrics.messages_dead_lettered.add(1);
                self.fates.dead_lettered += 1;
                cx.messages.mark_dead_lettered(gone.message);
                let batch = cx.batches.open();
                cx.batches.entries_mut(batch).push(Entry::new(gone.message));
                cx.outbox.send(queue, Span::ZERO, Signal::DeadLetter { batch });
            }
            // `ActiveMQ.DLQ` exists whether anybody declares it or not.
            None if !self.is_rabbitmq() => {
                self.metrics.messages_dead_lettered.add(1);
                cx.messages.mark_dead_lettered(gone.message);
                self.dead_letters.push(gone.message);
            }
            None => self.drop_message(gone, cx),
        }
    }

    fn drop_message<O>(&mut self, gone: Slot, cx: &mut Context<'_, O>) {
        self.metrics.messages_dropped.add(1);
        self.fates.dropped += 1;
        cx.messages.release(gone.message);
    }
}
