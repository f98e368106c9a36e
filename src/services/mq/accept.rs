//! How messages come into a queue: sends from producers, what topics pass on, dead letters of other queues.

use super::intake::{Advance, LineId};
use super::protocol::usual_priority;
use super::queue::{BrokerQueue, QueueTimer};
use super::settings::{StoreKind, WhenFull};
use super::slots::{Slot, State};
use crate::engine::{Span, Time};
use crate::wire::{ApiError, BatchId, BrokerEvent, Context, EntityId, MessageId, Outbox, Signal};

/// How often ActiveMQ looks for messages that are too old (`expireMessagesPeriod`).
const EXPIRY_PERIOD: Span = Span::from_seconds(30);
/// RabbitMQ takes them out when they are at the head of the queue: queuelab looks once a second.
const RABBITMQ_EXPIRY_PERIOD: Span = Span::from_seconds(1);

/// How a queue keeps a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub(super) is_persistent: bool,
    pub(super) expires_at: Time,
    pub(super) priority: u8,
}

impl Kept {
    /// On disk, until somebody takes it.
    pub(super) fn for_good(priority: u8) -> Self {
        Self { is_persistent: true, expires_at: Time::MAX, priority }
    }
}

impl BrokerQueue {
    /// A producer wants to send.
    pub(super) fn put<O: Outbox<QueueTimer>>(
        &mut self,
        from: EntityId,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        let nodes = self.machine.broker.nodes;
        let known = self.intake.len();
        let sender = self.intake.sender(from, &mut self.machine.get(), nodes, cx.now);
        if self.intake.len() > known {
            self.show_clients(cx.now);
        }
        let messages = cx.batches.entries(batch).len();
        self.fates.published += messages as u64;
        let largest = self.machine.broker.maximum_message_bytes;
        if cx.batches.entries(batch).iter().any(|entry| cx.messages.bytes(entry.message) > largest) {
            // The whole frame or channel is refused, whatever else it carries.
            self.refuse(from, batch, ApiError::MessageTooLarge, cx);
            return;
        }
        self.intake.push(sender, batch, messages, cx.now);
        self.serve(sender, cx);
    }

    /// All producers may go on.
    pub(super) fn serve_all<O: Outbox<QueueTimer>>(&mut self, cx: &mut Context<'_, O>) {
        for sender in 0..self.intake.len() {
            self.serve(sender, cx);
        }
    }

    /// Whether a further message has room ("Producer Flow Control"; memory and disk alarms of RabbitMQ).
    pub(super) fn has_room(&self, persistent: bool) -> bool {
        let own = self.settings.memory_limit.is_none_or(|limit| self.bytes < limit);
        own && !self.machine.get().is_full(persistent)
    }

    /// A producer sends what it has, as far as its connections allow.
    pub(super) fn serve<O: Outbox<QueueTimer>>(&mut self, sender: usize, cx: &mut Context<'_, O>) {
        if self.elected_at > cx.now {
            return;
        }
        while self.intake.wants_to_send(sender) {
            let settings = self.intake.get(sender).settings;
            let is_persistent = settings.persistent || self.settings.is_quorum;
            if !self.has_room(is_persistent) {
                if self.is_rabbitmq() || self.machine.broker.when_full == WhenFull::Block {
                    self.machine.get().block(cx.me, cx.now);
                    return;
                }
                self.refuse_next(sender, cx);
                continue;
            }
            let Some(messages) = self.intake.next_messages(sender, cx.batches) else { return };
            let reached = self.machine.get().take(messages as u64, cx.now);
            let concurrently = self.passes_on(sender, messages);
            let broker = std::sync::Arc::clone(&self.machine.broker);
            let begun = self.intake.begin(sender, (reached, concurrently), &broker, cx.now);
            let Some(begun) = begun else { return };
            if begun.arrives_now {
                self.arrive(begun.id, true, cx);
            }
            if self.intake.serving(begun.id).is_some() {
                cx.outbox.wake(begun.next, QueueTimer::Line(begun.id));
            }
        }
    }

    /// Whether a message of this producer is passed on while it is being stored. A transaction is stored by its commit.
    fn passes_on(&self, sender: usize, messages: usize) -> bool {
        let settings = &self.intake.get(sender).settings;
        let waits_for_disk = settings.persistent && settings.confirms;
        self.machine.broker.concurrent_store_and_dispatch && waits_for_disk && messages == 1
    }

    fn refuse_next<O: Outbox<QueueTimer>>(&mut self, sender: usize, cx: &mut Context<'_, O>) {
        let Some(waiting) = self.intake.withdraw(sender, cx.batches) else { return };
        let from = self.intake.get(sender).from();
        self.refuse(from, waiting.batch, ApiError::ResourceAllocation, cx);
    }

    fn refuse<O: Outbox<QueueTimer>>(
        &mut self,
        to: EntityId,
        batch: BatchId,
        error: ApiError,
        cx: &mut Context<'_, O>,
    ) {
        let messages = cx.batches.entries(batch).len() as u64;
        self.fates.refused += messages;
        self.metrics.messages_refused.add(messages);
        cx.outbox.send(to, Span::ZERO, Signal::Refused { batch, error });
    }

    /// The time of a send has come.
    pub(super) fn advance<O: Outbox<QueueTimer>>(&mut self, id: LineId, cx: &mut Context<'_, O>) {
        let sender = usize::from(id.sender);
        let broker = std::sync::Arc::clone(&self.machine.broker);
        let concurrently = match self.intake.serving(id) {
            Some(serving) => {
                let messages = cx.batches.entries(serving.waiting.batch).len();
                self.passes_on(sender, messages)
            }
            None => return,
        };
        match self.intake.advance(id, concurrently, &broker, cx.now) {
            Advance::Void => {}
            Advance::Arrives(stored) => {
                self.arrive(id, true, cx);
                if self.intake.serving(id).is_some() {
                    cx.outbox.wake(stored, QueueTimer::Line(id));
                }
            }
            Advance::ArrivesAndEnds => {
                self.arrive(id, false, cx);
                self.end_send(id, cx);
            }
            Advance::Ends => self.end_send(id, cx),
        }
    }

    /// The broker has the messages of a send. With `storing` they are not on disk yet.
    pub(super) fn arrive<O: Outbox<QueueTimer>>(
        &mut self,
        id: LineId,
        storing: bool,
        cx: &mut Context<'_, O>,
    ) {
        let sender = usize::from(id.sender);
        let settings = self.intake.get(sender).settings;
        let from = self.intake.get(sender).from();
        let Some(serving) = self.intake.serving(id) else { return };
        let batch = serving.waiting.batch;
        let messages = cx.batches.entries(batch).len();
        self.intake.arrive(id, messages);
        self.machine.get().published += messages as u64;
        let most = self.settings.maximum_length.unwrap_or(u64::MAX);
        if self.slots.held().saturating_add(messages as u64) > most {
            // `overflow: reject-publish` ("Amazon MQ for RabbitMQ broker defaults"): nobody hears of it without confirms.
            if let Some(waiting) = self.intake.end(id) {
                if settings.confirms {
                    self.refuse(from, waiting.batch, ApiError::BasicNack, cx);
                } else {
                    let refused = cx.reject(waiting.batch);
                    self.fates.refused += refused;
                    self.metrics.messages_refused.add(refused);
                }
            }
            return;
        }
        let expires_at = self.expiry(settings.time_to_live, cx.now);
        for position in 0..messages {
            let message = cx.batches.entries(batch)[position].message;
            let kept = Kept {
                is_persistent: settings.persistent || self.settings.is_quorum,
                expires_at,
                priority: settings.priority,
            };
            self.enqueue(message, kept, storing.then_some(id), cx);
        }
        self.dispatch(cx);
    }

    fn end_send<O: Outbox<QueueTimer>>(&mut self, id: LineId, cx: &mut Context<'_, O>) {
        let sender = usize::from(id.sender);
        if let Some(waiting) = self.intake.end(id) {
            let messages = cx.batches.entries(waiting.batch).len() as u64;
            for _ in 0..messages {
                self.metrics.send_time.record((cx.now - waiting.since).as_nanos());
            }
            if self.intake.get(sender).settings.confirms {
                self.machine.get().confirmed += messages;
            }
            cx.batches.close(waiting.batch);
            self.forget_storing(id);
        }
        self.serve(sender, cx);
    }

    /// A topic or an exchange passes messages on.
    pub(super) fn take_routed<O: Outbox<QueueTimer>>(
        &mut self,
        batch: BatchId,
        (is_persistent, priority): (bool, u8),
        cx: &mut Context<'_, O>,
    ) {
        let kept = Kept {
            is_persistent: is_persistent || self.settings.is_quorum,
            expires_at: self.expiry(None, cx.now),
            priority,
        };
        for position in 0..cx.batches.entries(batch).len() {
            let message = cx.batches.entries(batch)[position].message;
            self.fates.routed += 1;
            if self.slots.held() >= self.settings.maximum_length.unwrap_or(u64::MAX) {
                self.fates.refused += 1;
                self.metrics.messages_refused.add(1);
                cx.messages.mark_rejected(message);
                cx.messages.release(message);
                continue;
            }
            self.enqueue(message, kept, None, cx);
        }
        cx.batches.close(batch);
        self.dispatch(cx);
    }

    /// Another queue has dead letters.
    pub(super) fn take_dead_letters<O: Outbox<QueueTimer>>(
        &mut self,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        let kept = Kept::for_good(usual_priority(self.is_rabbitmq()));
        for position in 0..cx.batches.entries(batch).len() {
            let message = cx.batches.entries(batch)[position].message;
            self.metrics.messages_dead_lettered_in.add(1);
            self.enqueue(message, kept, None, cx);
        }
        cx.batches.close(batch);
        self.dispatch(cx);
    }

    /// When a message that comes now is too old.
    pub(super) fn expiry(&self, of_message: Option<Span>, now: Time) -> Time {
        let shortest = [of_message, self.settings.time_to_live].into_iter().flatten().min();
        shortest.map_or(Time::MAX, |time| now.saturating_add(time))
    }

    /// A message is in the queue from now on, which holds it.
    pub(super) fn enqueue<O: Outbox<QueueTimer>>(
        &mut self,
        message: MessageId,
        Kept { is_persistent, expires_at, priority }: Kept,
        storing: Option<LineId>,
        cx: &mut Context<'_, O>,
    ) {
        self.metrics.enqueue_count.add(1);
        self.machine.get().metrics.total_enqueue_count.add(1);
        let slot = Slot {
            message,
            bytes: cx.messages.bytes(message),
            state: State::Ready,
            generation: 0,
            arrival: 0,
            enqueued_at: cx.now,
            dispatched_at: cx.now,
            expires_at,
            dispatches: 0,
            redeliveries: 0,
            is_persistent,
            priority,
            storing,
        };
        if self.settings.store == StoreKind::Broadcast {
            self.broadcast(slot, cx);
            return;
        }
        let index = self.insert(slot, cx.now);
        if let Some(id) = storing {
            self.storing.insert((id.sender, id.line), index);
        }
        if expires_at < Time::MAX && !self.expiry_armed {
            self.arm_expiry(expires_at, cx);
        }
    }

    pub(super) fn insert(&mut self, slot: Slot, now: Time) -> u32 {
        self.bytes += u64::from(slot.bytes);
        self.machine.get().add_bytes(slot.bytes, slot.is_persistent, now);
        self.slots.insert(slot)
    }

    fn arm_expiry<O: Outbox<QueueTimer>>(&mut self, earliest: Time, cx: &mut Context<'_, O>) {
        let period = if self.is_rabbitmq() { RABBITMQ_EXPIRY_PERIOD } else { EXPIRY_PERIOD };
        let floor = earliest.max(cx.now).floor_to(period);
        let at = if floor < earliest { floor + period } else { floor };
        self.expiry_armed = true;
        cx.outbox.wake(at.max(cx.now), QueueTimer::Expire);
    }

    /// Messages that are too old leave the queue: as dead letters, unless nobody wants these ("Message Redelivery and DLQ
    /// Handling", "Time-to-Live and Expiration").
    pub(super) fn expire<O: Outbox<QueueTimer>>(&mut self, cx: &mut Context<'_, O>) {
        self.expiry_armed = false;
        let ready = |slot: &u32| self.slots.get(*slot).state == State::Ready;
        let waiting: Vec<u32> = self.slots.all().filter(ready).collect();
        let mut earliest = Time::MAX;
        for slot in waiting {
            let expires_at = self.slots.get(slot).expires_at;
            if expires_at > cx.now {
                earliest = earliest.min(expires_at);
                continue;
            }
            self.expire_one(slot, cx);
        }
        if earliest < Time::MAX {
            self.arm_expiry(earliest, cx);
        }
        self.make_room(cx);
    }

    pub(super) fn expire_one<O: Outbox<QueueTimer>>(&mut self, slot: u32, cx: &mut Context<'_, O>) {
        self.metrics.expired_count.add(1);
        let is_persistent = self.slots.get(slot).is_persistent;
        let is_wanted = self.settings.process_expired && is_persistent;
        let has_place = self.settings.dead_letter_queue.is_some() || !self.is_rabbitmq();
        if is_wanted && has_place {
            self.dead_letter(slot, cx);
            return;
        }
        let gone = self.take_out(slot, cx);
        self.fates.expired += 1;
        cx.messages.mark_expired(gone.message);
        cx.messages.release(gone.message);
    }

    /// Messages have left: producers that waited for room go on, here and in other destinations.
    pub(super) fn make_room<O: Outbox<QueueTimer>>(&mut self, cx: &mut Context<'_, O>) {
        let waiting = self.machine.get().unblock(cx.now);
        for destination in waiting {
            let signal = Signal::Broker { event: BrokerEvent::Room };
            cx.outbox.send(destination, Span::ZERO, signal);
        }
    }
}
