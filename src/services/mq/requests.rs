//! Scripted clients: calls of a program to its client library, whose answers somebody reads.

use super::accept::Kept;
use super::queue::{BrokerQueue, QueueTimer};
use super::session::{Ask, Program};
use crate::engine::{Span, Time};
use crate::wire::{
    Action, Answer, ApiError, BatchId, BrokerAction, Context, EntityId, Outbox, Received, RequestId,
    SendEntry,
};

impl BrokerQueue {
    /// A script asks for something.
    pub(super) fn ask<O: Outbox<QueueTimer>>(
        &mut self,
        from: EntityId,
        request: RequestId,
        cx: &mut Context<'_, O>,
    ) {
        let Action::Broker(action) = cx.requests.action(request).clone() else {
            unreachable!("a broker's queue is only asked for what brokers do")
        };
        match action {
            BrokerAction::Send(entry) => self.send_for(from, request, entry, cx),
            BrokerAction::Receive { maximum, wait } => self.receive_for(from, request, (maximum, wait), cx),
            BrokerAction::Acknowledge(receipt) => {
                let answer = if self.acknowledge_one(from, receipt, cx) {
                    Answer::Done
                } else {
                    Answer::Failed(ApiError::UnmatchedAcknowledge)
                };
                self.make_room(cx);
                self.dispatch(cx);
                cx.answer((from, request), answer, Span::ZERO);
            }
            BrokerAction::RollBack => {
                if let Some(session) = self.by_program.get(&(from, None)).copied() {
                    let slots = self.session(session).delivered.clone();
                    self.roll_back_in(session, slots, cx);
                }
                cx.answer((from, request), Answer::Done, Span::ZERO);
            }
            BrokerAction::Commit => {
                if let Some(session) = self.by_program.get(&(from, None)).copied() {
                    let one = self.session(session);
                    one.done = one.delivered.clone();
                    self.acknowledge_done(session, cx);
                }
                self.make_room(cx);
                self.dispatch(cx);
                cx.answer((from, request), Answer::Done, Span::ZERO);
            }
            BrokerAction::Connect => {
                let opened = self.session_for(from, cx).map(|_| ());
                self.dispatch(cx);
                let answer = opened.map_or_else(Answer::Failed, |()| Answer::Done);
                cx.answer((from, request), answer, Span::ZERO);
            }
            BrokerAction::Disconnect => {
                self.hang_up((from, None), cx);
                cx.answer((from, request), Answer::Done, Span::ZERO);
            }
        }
    }

    /// A script sends: it waits for the answer, and is told when there is none.
    fn send_for<O: Outbox<QueueTimer>>(
        &mut self,
        from: EntityId,
        request: RequestId,
        entry: SendEntry,
        cx: &mut Context<'_, O>,
    ) {
        let senders = &self.settings.senders;
        let known = senders.iter().find(|sender| sender.from == Some(from)).or(senders.last());
        let Some(settings) = known.copied() else { return };
        let is_persistent = settings.persistent || self.settings.is_quorum;
        let most = self.settings.maximum_length.unwrap_or(u64::MAX);
        let error = if self.machine.get().node_for(0).is_none() || self.elected_at > cx.now {
            Some(ApiError::NotConnected)
        } else if cx.messages.bytes(entry.message) > self.machine.broker.maximum_message_bytes {
            Some(ApiError::MessageTooLarge)
        } else if !self.has_room(is_persistent) {
            Some(ApiError::ResourceAllocation)
        } else if self.slots.held() >= most {
            Some(ApiError::BasicNack)
        } else {
            None
        };
        if let Some(error) = error {
            self.metrics.messages_refused.add(1);
            cx.answer((from, request), Answer::Failed(error), Span::ZERO);
            return;
        }
        let broker = &self.machine.broker;
        let waits_for_disk = is_persistent && settings.confirms;
        let time = if waits_for_disk { broker.stored_send_time } else { broker.memory_send_time };
        self.fates.published += 1;
        self.machine.get().published += 1;
        let expires_at = settings.time_to_live.map_or(Time::MAX, |time| cx.now.saturating_add(time));
        let expires_at = expires_at.min(self.expiry(None, cx.now));
        let kept = Kept { is_persistent, expires_at, priority: settings.priority };
        self.enqueue(entry.message, kept, None, cx);
        self.dispatch(cx);
        cx.answer((from, request), Answer::Entries(vec![Ok(None)]), time);
    }

    fn session_for<O: Outbox<QueueTimer>>(
        &mut self,
        from: EntityId,
        cx: &mut Context<'_, O>,
    ) -> Result<u32, ApiError> {
        let key = (from, None);
        let session = match self.by_program.get(&key) {
            Some(session) => *session,
            None => self.open(key, Program::Script, cx)?,
        };
        self.line_up(session);
        Ok(session)
    }

    /// A script receives: what its client has, or will have before the wait is over.
    fn receive_for<O: Outbox<QueueTimer>>(
        &mut self,
        from: EntityId,
        request: RequestId,
        (maximum, wait): (u8, Span),
        cx: &mut Context<'_, O>,
    ) {
        let session = match self.session_for(from, cx) {
            Ok(session) => session,
            Err(error) => return cx.answer((from, request), Answer::Failed(error), Span::ZERO),
        };
        self.session(session).ask = Some(Ask::Script(request, maximum));
        self.go_on(session, cx);
        if self.session(session).ask.is_none() {
            return;
        }
        if wait.is_zero() {
            self.give_up(session, cx);
            return;
        }
        self.asks = self.asks.wrapping_add(1);
        let ask = self.asks;
        self.session(session).waits = ask;
        cx.outbox.wake(cx.now + wait, QueueTimer::Waited { session, ask });
    }

    /// A receive has waited long enough.
    pub(super) fn end_wait<O: Outbox<QueueTimer>>(
        &mut self,
        session: u32,
        ask: u32,
        cx: &mut Context<'_, O>,
    ) {
        let waits = |one: &super::session::Session| one.waits == ask && one.ask.is_some();
        if self.sessions[session as usize].as_ref().is_some_and(waits) {
            self.give_up(session, cx);
        }
    }

    /// A receive is answered with nothing.
    pub(super) fn give_up<O: Outbox<QueueTimer>>(&mut self, session: u32, cx: &mut Context<'_, O>) {
        let one = self.session(session);
        let from = one.from;
        if let Some(Ask::Script(request, _)) = one.ask.take() {
            cx.answer((from, request), Answer::Messages(Vec::new()), Span::ZERO);
        }
    }

    /// What a script asked for is there. It does not hold messages.
    pub(super) fn answer_received<O: Outbox<QueueTimer>>(
        to: EntityId,
        request: RequestId,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        let received = cx.batches.entries(batch).iter().map(|entry| Received {
            content: cx.messages.detail(entry.message).content,
            origin: cx.messages.origin(entry.message),
            group: cx.messages.detail(entry.message).group,
            receipt: entry.receipt,
            receive_count: entry.receive_count,
            sent_at: entry.enqueued_at,
            first_received_at: cx.now,
            sequence: None,
        });
        let received = received.collect();
        for position in 0..cx.batches.entries(batch).len() {
            cx.messages.release(cx.batches.entries(batch)[position].message);
        }
        cx.batches.close(batch);
        cx.answer((to, request), Answer::Messages(received), Span::ZERO);
    }
}
