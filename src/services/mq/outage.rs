//! What an outage of its broker does to a queue: connections are gone, what consumers had comes back, what was only in
//! memory is lost; clients connect again when they can, and producers repeat what had no answer.

use super::accept::Kept;
use super::intake::{LineId, REFUSED_PAUSE, Reconnection, Serving};
use super::queue::{BrokerQueue, QueueTimer};
use super::settings::StoreKind;
use super::slots::State;
use crate::wire::{Context, Outbox};

impl BrokerQueue {
    /// The broker, or a node of it, is down.
    pub(super) fn go_down<O: Outbox<QueueTimer>>(
        &mut self,
        node: u8,
        is_planned: bool,
        cx: &mut Context<'_, O>,
    ) {
        let nodes = self.machine.broker.nodes;
        let is_cluster = self.machine.broker.is_cluster();
        for sender in self.intake.connected_to(node) {
            self.cut_off_sender(sender, is_planned, cx);
        }
        for session in 0..self.sessions.len() as u32 {
            let is_there = |one: &super::session::Session| one.is_connected && one.node == node;
            if self.sessions[session as usize].as_ref().is_some_and(is_there) {
                if !is_cluster {
                    self.forget_what_is_in_hand(session, cx);
                }
                self.lose_connection(session, cx);
                if is_cluster {
                    self.return_session_later(session, cx);
                }
            }
        }
        if !is_cluster {
            self.lose_memory(cx);
        } else if self.settings.number % u32::from(nodes) == u32::from(node) {
            self.elected_at = cx.now + self.machine.broker.leader_election_time;
            cx.outbox.wake(self.elected_at, QueueTimer::Elected);
        }
        self.show_clients(cx.now);
        self.make_room(cx);
        self.dispatch(cx);
    }

    /// The queue has a leader again.
    pub(super) fn end_election<O: Outbox<QueueTimer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.elected_at <= cx.now {
            self.serve_all(cx);
            self.dispatch(cx);
        }
    }

    /// The broker is there again: clients that have lost it will find it.
    pub(super) fn come_up<O: Outbox<QueueTimer>>(&mut self, cx: &mut Context<'_, O>) {
        for sender in 0..self.intake.len() {
            if !self.intake.get(sender).is_connected {
                self.return_sender_later(sender, cx);
            }
        }
        for session in 0..self.sessions.len() as u32 {
            if self.sessions[session as usize].as_ref().is_some_and(|session| !session.is_connected) {
                self.return_session_later(session, cx);
            }
        }
    }

    fn return_sender_later<O: Outbox<QueueTimer>>(&mut self, sender: usize, cx: &mut Context<'_, O>) {
        let (at, epoch) = self.intake.next_attempt(sender, cx.now);
        cx.outbox.wake(at, QueueTimer::SenderBack { sender: sender as u16, epoch });
    }

    fn return_session_later<O: Outbox<QueueTimer>>(&mut self, session: u32, cx: &mut Context<'_, O>) {
        let one = self.session(session);
        let at = one.settings.reconnect.back_at(one.lost_at, cx.now);
        let timer = QueueTimer::SessionBack { session, epoch: one.epoch };
        cx.outbox.wake(at, timer);
    }

    /// A producer connects again, and repeats what had no answer.
    pub(super) fn sender_back<O: Outbox<QueueTimer>>(
        &mut self,
        sender: usize,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        let outcome = self.intake.reconnect(sender, epoch, &mut self.machine.get(), cx.now);
        match outcome {
            Reconnection::Void => {}
            Reconnection::Refused => {
                let timer = QueueTimer::SenderBack { sender: sender as u16, epoch };
                cx.outbox.wake(cx.now + REFUSED_PAUSE, timer);
            }
            Reconnection::Connected => {
                self.show_clients(cx.now);
                self.serve(sender, cx);
            }
        }
    }

    /// A consumer connects again.
    pub(super) fn session_back<O: Outbox<QueueTimer>>(
        &mut self,
        session: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        if self.alive(session, epoch).is_none_or(|session| session.is_connected) {
            return;
        }
        if self.machine.get().node_for(0).is_none() {
            return;
        }
        if !self.connect(session, cx) {
            cx.outbox.wake(cx.now + REFUSED_PAUSE, QueueTimer::SessionBack { session, epoch });
            return;
        }
        self.machine.get().metrics.reconnections.add(1);
        self.go_on(session, cx);
    }

    /// The connection of a session is gone: everything that it has not acknowledged is ready again.
    pub(super) fn lose_connection<O: Outbox<QueueTimer>>(&mut self, session: u32, cx: &mut Context<'_, O>) {
        let is_broadcast = self.settings.store == StoreKind::Broadcast;
        let one = self.session(session);
        let (was_connected, protocol, node) = (one.is_connected, one.settings.protocol, one.node);
        let (delivered, buffered) = one.cut_off(cx.now);
        if was_connected {
            self.machine.get().disconnect(protocol, 1, node, cx.now);
        }
        self.prefetched -= buffered.len() as u64;
        for slot in &delivered {
            self.slots.get_mut(*slot).redeliveries += 1;
        }
        for slot in delivered.into_iter().chain(buffered) {
            if is_broadcast {
                // It was the copy of this consumer, and nobody else's.
                let gone = self.take_out(slot, cx);
                self.fates.dropped += 1;
                self.metrics.messages_dropped.add(1);
                cx.messages.release(gone.message);
            } else {
                self.slots.give_back(slot);
            }
        }
    }

    /// Messages in a program's hands that the broker knew only in memory: it will never hear of them, but the program
    /// works on.
    fn forget_what_is_in_hand<O: Outbox<QueueTimer>>(&mut self, session: u32, cx: &mut Context<'_, O>) {
        for slot in self.session(session).delivered.clone() {
            if !self.slots.get(slot).is_persistent {
                let gone = self.take_out(slot, cx);
                self.fates.dequeued += 1;
                cx.messages.release(gone.message);
            }
        }
    }

    /// What was only in memory is lost.
    fn lose_memory<O: Outbox<QueueTimer>>(&mut self, cx: &mut Context<'_, O>) {
        let only_in_memory = |slot: &u32| !self.slots.get(*slot).is_persistent;
        let lost: Vec<u32> = self.slots.all().filter(only_in_memory).collect();
        for slot in lost {
            let gone = self.take_out(slot, cx);
            self.fates.lost += 1;
            self.metrics.messages_lost.add(1);
            cx.messages.release(gone.message);
        }
    }

    /// A producer loses its connections with sends under way.
    fn cut_off_sender<O: Outbox<QueueTimer>>(
        &mut self,
        sender: usize,
        is_planned: bool,
        cx: &mut Context<'_, O>,
    ) {
        let (settings, node) = (self.intake.get(sender).settings, self.intake.get(sender).node);
        let cut = self.intake.cut_off(sender, cx.now);
        self.machine.get().disconnect(settings.protocol, settings.connections, node, cx.now);
        let chance = if is_planned { 0.0 } else { self.machine.broker.stored_before_failure };
        for (id, serving) in cut.into_iter().rev() {
            let was_stored = self.luck.chance(chance);
            if serving.has_arrived {
                self.cut_off_storing(id, serving, was_stored, cx);
            } else {
                self.cut_off_sending(sender, serving, was_stored, cx);
            }
        }
        if self.machine.broker.is_cluster() {
            self.return_sender_later(sender, cx);
        }
    }

    /// The broker had a message, perhaps had passed it on, and was storing it.
    fn cut_off_storing<O: Outbox<QueueTimer>>(
        &mut self,
        id: LineId,
        serving: Serving,
        was_stored: bool,
        cx: &mut Context<'_, O>,
    ) {
        let sender = usize::from(id.sender);
        let batch = serving.waiting.batch;
        let slot = self.storing.remove(&(id.sender, id.line));
        let slot = slot.filter(|slot| self.slots.get(*slot).storing == Some(id));
        let Some(slot) = slot else {
            // A consumer was faster than the disk, and only the answer is missing: the producer sends it again, and
            // nobody knows it any more. Its origin is gone with the last holder, so that queuelab lets it be.
            cx.batches.close(batch);
            return;
        };
        self.slots.get_mut(slot).storing = None;
        let exactly_once = self.intake.get(sender).settings.exactly_once;
        if was_stored && exactly_once {
            cx.batches.close(batch);
        } else if was_stored {
            // Stored, but not answered: the producer sends it again, and there are two.
            let message = self.slots.get(slot).message;
            cx.messages.hold(message);
            self.store_twice(1);
            self.intake.send_again(sender, serving.waiting, 1);
        } else {
            // Consumers may have it in their hands; the broker does not know it any more.
            let state = self.slots.get(slot).state;
            if let State::Dispatched { session, is_delivered: false } = state {
                self.prefetched -= 1;
                self.session(session).buffer.retain(|buffered| *buffered != slot);
            }
            let _ = self.take_out(slot, cx);
            self.intake.send_again(sender, serving.waiting, 1);
        }
    }

    /// The broker did not have the messages yet, as far as the producer can tell.
    fn cut_off_sending<O: Outbox<QueueTimer>>(
        &mut self,
        sender: usize,
        serving: Serving,
        was_stored: bool,
        cx: &mut Context<'_, O>,
    ) {
        let settings = self.intake.get(sender).settings;
        let batch = serving.waiting.batch;
        let messages = cx.batches.entries(batch).len();
        let is_persistent = settings.persistent || self.settings.is_quorum;
        if !settings.confirms {
            // Nobody waits for an answer, so nobody sends it again.
            self.intake.lose(messages);
            self.fates.lost += messages as u64;
            self.metrics.messages_lost.add(messages as u64);
            for position in 0..messages {
                cx.messages.release(cx.batches.entries(batch)[position].message);
            }
            cx.batches.close(batch);
            return;
        }
        if !(was_stored && is_persistent) {
            self.intake.put_back(sender, serving.waiting);
            return;
        }
        for position in 0..messages {
            let message = cx.batches.entries(batch)[position].message;
            if settings.exactly_once {
                self.intake.lose(1);
            } else {
                cx.messages.hold(message);
                self.store_twice(1);
            }
            self.enqueue(message, Kept::for_good(settings.priority), None, cx);
        }
        if settings.exactly_once {
            cx.batches.close(batch);
        } else {
            self.intake.put_back(sender, serving.waiting);
        }
    }

    fn store_twice(&mut self, messages: u64) {
        self.metrics.messages_stored_twice.add(messages);
    }

    /// Somebody looks at how old the unacknowledged messages of a session are.
    pub(super) fn watch<O: Outbox<QueueTimer>>(&mut self, session: u32, cx: &mut Context<'_, O>) {
        let Some(timeout) = self.settings.consumer_timeout else { return };
        let one = self.session(session);
        if !one.is_watched {
            one.is_watched = true;
            let timer = QueueTimer::Unacknowledged { session, epoch: one.epoch };
            cx.outbox.wake(cx.now + timeout, timer);
        }
    }

    /// RabbitMQ closes a channel whose consumer does not acknowledge (`consumer_timeout`); its client opens another one.
    pub(super) fn look_at_oldest<O: Outbox<QueueTimer>>(
        &mut self,
        session: u32,
        epoch: u32,
        cx: &mut Context<'_, O>,
    ) {
        let Some(timeout) = self.settings.consumer_timeout else { return };
        let Some(one) = self.sessions[session as usize].as_mut().filter(|one| one.epoch == epoch) else {
            return;
        };
        let slots = &self.slots;
        let unacknowledged = one.buffer.iter().chain(&one.delivered);
        let Some(oldest) = unacknowledged.map(|slot| slots.get(*slot).dispatched_at).min() else {
            one.is_watched = false;
            return;
        };
        let due = oldest + timeout;
        if due > cx.now {
            cx.outbox.wake(due, QueueTimer::Unacknowledged { session, epoch });
            return;
        }
        self.metrics.consumer_timeouts.add(1);
        self.lose_connection(session, cx);
        self.return_session_later(session, cx);
        self.show_clients(cx.now);
        self.dispatch(cx);
    }
}
