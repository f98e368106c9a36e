//! How messages get to consumers: the broker pushes as many as their prefetch allows, their clients hand them on.

use super::queue::{BrokerQueue, QueueTimer};
use super::session::{Ask, Program, Session};
use super::settings::{Acknowledgement, StoreKind};
use super::slots::{Slot, State};
use crate::engine::Span;
use crate::filter::{Document, Scope};
use crate::wire::{
    ApiError, BatchId, Context, EntityId, Entry, Outbox, PollOutcome, PollerId, Receipt, Signal,
};

impl BrokerQueue {
    /// A thread asks its client for messages. One that was not there before connects.
    pub(super) fn poll<O: Outbox<QueueTimer>>(
        &mut self,
        from: EntityId,
        poller: PollerId,
        maximum: u8,
        cx: &mut Context<'_, O>,
    ) {
        let key = (from, Some(poller.0));
        let session = match self.by_program.get(&key) {
            Some(session) => *session,
            None => match self.open(key, Program::Worker(poller), cx) {
                Ok(session) => session,
                Err(error) => {
                    let outcome = PollOutcome::Refused(error);
                    cx.outbox.send(from, Span::ZERO, Signal::Delivery { poller, outcome });
                    return;
                }
            },
        };
        self.session(session).ask = Some(Ask::Worker(maximum));
        self.go_on(session, cx);
    }

    /// A session that wants messages gets them.
    pub(super) fn go_on<O: Outbox<QueueTimer>>(&mut self, session: u32, cx: &mut Context<'_, O>) {
        self.hand_over(session, cx);
        self.line_up(session);
        self.dispatch(cx);
        let one = self.session(session);
        if one.ask.is_some() && one.buffer.is_empty() && !one.done.is_empty() {
            // Nothing more to do: what is done is acknowledged, or committed, before the client waits.
            self.acknowledge_done(session, cx);
            self.dispatch(cx);
        }
    }

    pub(super) fn session(&mut self, session: u32) -> &mut Session {
        match &mut self.sessions[session as usize] {
            Some(session) => session,
            None => unreachable!("a session is used while it is open"),
        }
    }

    /// The session, if it is still in the life that a timer belongs to.
    pub(super) fn alive(&mut self, session: u32, epoch: u32) -> Option<&mut Session> {
        self.sessions[session as usize].as_mut().filter(|session| session.epoch == epoch)
    }

    /// A new session. A durable subscription has one at a time.
    pub(super) fn open<O: Outbox<QueueTimer>>(
        &mut self,
        key: (EntityId, Option<u64>),
        program: Program,
        cx: &mut Context<'_, O>,
    ) -> Result<u32, ApiError> {
        if self.settings.store == StoreKind::Durable && !self.by_program.is_empty() {
            self.metrics.consumers_refused.add(1);
            return Err(ApiError::InvalidClientId);
        }
        let free = self.sessions.iter().position(Option::is_none);
        let place = free.unwrap_or_else(|| {
            self.sessions.push(None);
            self.lives.push(0);
            self.sessions.len() - 1
        });
        let session = place as u32;
        let mut new = Session::new(key.0, program, self.reader(key.0), cx.now);
        new.node = (session % u32::from(self.machine.broker.nodes)) as u8;
        new.epoch = self.lives[place];
        self.sessions[place] = Some(new);
        self.by_program.insert(key, session);
        // While the broker is down, the client of a session tries until it is up.
        if self.machine.get().node_for(0).is_some() && !self.connect(session, cx) {
            self.close(key, cx);
            return Err(ApiError::TooManyConnections);
        }
        Ok(session)
    }

    /// A session connects; `false` when there are too many connections.
    pub(super) fn connect<O: Outbox<QueueTimer>>(&mut self, session: u32, cx: &mut Context<'_, O>) -> bool {
        let one = self.session(session);
        let (protocol, wanted) = (one.settings.protocol, one.node);
        let node = self.machine.get().node_for(wanted);
        let Some(node) = node.filter(|node| self.machine.get().connect(protocol, 1, *node, cx.now)) else {
            self.metrics.consumers_refused.add(1);
            return false;
        };
        let one = self.session(session);
        one.node = node;
        one.is_connected = true;
        self.show_clients(cx.now);
        true
    }

    /// A session that has room gets in line.
    pub(super) fn line_up(&mut self, session: u32) {
        let is_rabbitmq = self.is_rabbitmq();
        let one = self.session(session);
        if !one.is_in_line && one.has_room(is_rabbitmq) {
            one.is_in_line = true;
            self.line.push_back(session);
        }
    }

    /// Whose turn it is: consumers that have room take turns.
    fn next_in_line(&mut self) -> Option<u32> {
        let is_rabbitmq = self.is_rabbitmq();
        if self.settings.exclusive_consumer {
            // The one that has been there longest gets everything.
            let first = (0..).zip(&mut self.sessions).find_map(|(index, session)| {
                let session = session.as_mut().filter(|session| session.is_connected)?;
                Some((index, session.has_room(is_rabbitmq)))
            });
            return first.filter(|(_, has_room)| *has_room).map(|(index, _)| index);
        }
        while let Some(session) = self.line.pop_front() {
            let Some(one) = &mut self.sessions[session as usize] else { continue };
            one.is_in_line = false;
            if one.has_room(is_rabbitmq) {
                return Some(session);
            }
        }
        None
    }

    /// Ready messages go to consumers that have room.
    pub(super) fn dispatch<O: Outbox<QueueTimer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.elected_at > cx.now {
            return;
        }
        loop {
            self.push(cx);
            // Each client hands over all that it was given, not only the first of it.
            let Some(session) = self.given.pop() else { return };
            if self.sessions[session as usize].is_some() {
                self.hand_over(session, cx);
                self.line_up(session);
            }
        }
    }

    fn push<O: Outbox<QueueTimer>>(&mut self, cx: &mut Context<'_, O>) {
        if !self.settings.selectors.is_empty() {
            self.push_selected(cx);
            return;
        }
        while let Some(slot) = self.slots.front() {
            if self.slots.get(slot).expires_at <= cx.now {
                self.expire_one(slot, cx);
                continue;
            }
            let Some(session) = self.next_in_line() else { return };
            self.give(slot, session, cx);
            self.line_up(session);
        }
    }

    /// Consumers with selectors get what they want of the first page of ready messages ("Per Destination Policies",
    /// `maxPageSize`). When nobody wants what lies there, nobody gets what lies behind it: the broker's filter buffer is full
    /// ("Amazon MQ for ActiveMQ best practices").
    fn push_selected<O: Outbox<QueueTimer>>(&mut self, cx: &mut Context<'_, O>) {
        let sessions = &self.sessions;
        self.line.retain(|session| sessions[*session as usize].is_some());
        let mut document = Document::default();
        loop {
            let mut is_over = true;
            for slot in self.slots.page(self.settings.max_page_size) {
                if self.slots.get(slot).expires_at <= cx.now {
                    self.expire_one(slot, cx);
                    is_over = false;
                    continue;
                }
                let message = self.slots.get(slot).message;
                self.settings.contents.read(message, Scope::MessageAttributes, cx.messages, &mut document);
                let Some(session) = self.next_that_wants(&document) else { continue };
                self.give(slot, session, cx);
                self.line_up(session);
                is_over = false;
            }
            if is_over {
                return;
            }
        }
    }

    /// The first in line who wants a message with these attributes.
    fn next_that_wants(&mut self, document: &Document) -> Option<u32> {
        let selectors = &self.settings.selectors;
        let first =
            (0..).zip(&self.sessions).find(|(_, one)| one.as_ref().is_some_and(|one| one.is_connected));
        let only = first.map(|(session, _)| session).filter(|_| self.settings.exclusive_consumer);
        for position in 0..self.line.len() {
            let session = self.line[position];
            let Some(one) = &mut self.sessions[session as usize] else { continue };
            let selector = one.settings.selector.and_then(|selector| selectors.get(usize::from(selector)));
            let wants = selector.is_none_or(|selector| selector.accepts(document));
            if wants && only.is_none_or(|only| only == session) && one.has_room(false) {
                one.is_in_line = false;
                self.line.remove(position);
                return Some(session);
            }
        }
        None
    }

    /// A message goes to the client of a session.
    fn give<O: Outbox<QueueTimer>>(&mut self, slot: u32, session: u32, cx: &mut Context<'_, O>) {
        self.slots.dispatch(slot, session, cx.now);
        let message = self.slots.get(slot);
        self.metrics.dispatch_count.add(1);
        self.metrics.enqueue_time.record((cx.now - message.enqueued_at).as_nanos());
        self.metrics.messages_redelivered.add(u64::from(message.dispatches > 1));
        self.prefetched += 1;
        let one = self.session(session);
        one.buffer.push_back(slot);
        if one.ask.is_some() && one.buffer.len() == 1 {
            self.given.push(session);
        }
        self.watch(session, cx);
    }

    /// A message goes to every consumer that is there: a copy for each.
    pub(super) fn broadcast<O: Outbox<QueueTimer>>(&mut self, slot: Slot, cx: &mut Context<'_, O>) {
        let there = |session: &Option<Session>| session.as_ref().is_some_and(|session| session.is_connected);
        let sessions: Vec<u32> =
            (0..).zip(&self.sessions).filter(|(_, session)| there(session)).map(|(index, _)| index).collect();
        let Some((last, others)) = sessions.split_last() else {
            // Who is not there misses it.
            self.fates.dropped += 1;
            self.metrics.messages_dropped.add(1);
            cx.messages.mark_filtered(slot.message);
            cx.messages.release(slot.message);
            return;
        };
        for session in others {
            let copy = cx.messages.copy(slot.message);
            self.fates.copied += 1;
            let index = self.insert(Slot { message: copy, ..slot }, cx.now);
            self.give(index, *session, cx);
        }
        let index = self.insert(slot, cx.now);
        self.give(index, *last, cx);
    }

    /// The client of a session hands its program what it asks for.
    pub(super) fn hand_over<O: Outbox<QueueTimer>>(&mut self, session: u32, cx: &mut Context<'_, O>) {
        let one = self.session(session);
        let Some(ask) = one.ask else { return };
        if one.held_until > cx.now || one.buffer.is_empty() {
            return;
        }
        let (Ask::Worker(most) | Ask::Script(_, most)) = ask;
        let settings = one.settings;
        let batch = cx.batches.open();
        while cx.batches.entries(batch).len() < usize::from(most.max(1)) {
            let Some(slot) = self.session(session).buffer.pop_front() else { break };
            self.prefetched -= 1;
            let redeliveries = self.slots.get(slot).redeliveries;
            let most = settings.redelivery.maximum_redeliveries;
            if !self.is_rabbitmq() && most.is_some_and(|most| redeliveries > most) {
                // The client finds it poisoned, and tells the broker so.
                self.dead_letter(slot, cx);
                continue;
            }
            self.deliver(slot, session, batch, cx);
        }
        if cx.batches.entries(batch).is_empty() {
            cx.batches.close(batch);
            return;
        }
        self.session(session).ask = None;
        match (ask, self.session(session).program) {
            (Ask::Worker(_), Program::Worker(poller)) => {
                let from = self.session(session).from;
                let outcome = PollOutcome::Messages(batch);
                cx.outbox.send(from, Span::ZERO, Signal::Delivery { poller, outcome });
            }
            (Ask::Script(request, _), _) => {
                let from = self.session(session).from;
                Self::answer_received(from, request, batch, cx);
            }
            (Ask::Worker(_), Program::Script) => unreachable!("a script asks by requests"),
        }
    }

    /// A message is in the hands of the program, which holds it as well.
    fn deliver<O: Outbox<QueueTimer>>(
        &mut self,
        slot: u32,
        session: u32,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        let receipt = self.slots.receipt(slot);
        let one = self.slots.get_mut(slot);
        one.state = State::Dispatched { session, is_delivered: true };
        let entry = Entry {
            receipt,
            receive_count: one.dispatches + one.redeliveries,
            enqueued_at: one.enqueued_at,
            ..Entry::new(one.message)
        };
        cx.messages.hold(one.message);
        cx.batches.entries_mut(batch).push(entry);
        if self.session(session).settings.acknowledgement == Acknowledgement::None {
            self.complete(slot, cx);
        } else {
            self.session(session).delivered.push(slot);
        }
    }

    /// A program is gone, or hangs up.
    pub(super) fn hang_up<O: Outbox<QueueTimer>>(
        &mut self,
        key: (EntityId, Option<u64>),
        cx: &mut Context<'_, O>,
    ) {
        self.close(key, cx);
        self.dispatch(cx);
    }

    /// The session of a program ends, whatever it has is given back.
    pub(super) fn close<O: Outbox<QueueTimer>>(
        &mut self,
        key: (EntityId, Option<u64>),
        cx: &mut Context<'_, O>,
    ) {
        let Some(session) = self.by_program.remove(&key) else { return };
        self.lose_connection(session, cx);
        let place = session as usize;
        if let Some(one) = self.sessions[place].take() {
            self.lives[place] = one.epoch.wrapping_add(1);
        }
        self.show_clients(cx.now);
    }

    /// A receipt that is good for a message in the program's hands, and the session that has it.
    pub(super) fn in_hand(&self, receipt: Receipt) -> Option<(u32, u32)> {
        let slot = self.slots.find(receipt)?;
        match self.slots.get(slot).state {
            State::Dispatched { session, is_delivered: true } => Some((slot, session)),
            _ => None,
        }
    }
}
