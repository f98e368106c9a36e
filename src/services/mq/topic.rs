//! A topic of a broker, or an exchange: what is sent to it goes to each of its queues and subscriptions.

use super::intake::{Intake, LineId, REFUSED_PAUSE, Reconnection};
use super::machine::{Contribution, SharedMachine};
use super::metrics::BrokerTopicMetrics;
use super::settings::{BrokerTopicSettings, SenderSettings, WhenFull};
use crate::engine::{Span, Stream, Time};
use crate::filter::{Document, Scope};
use crate::record::{Instrument, MetricDefinition, Side};
use crate::wire::{
    Action, Answer, ApiError, Balance, BatchId, Batches, BrokerAction, BrokerEvent, Context, EntityId, Entry,
    MessageId, Messages, Outbox, Purpose, RequestId, Service, Signal,
};
use std::sync::Arc;

/// Why a topic wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicTimer {
    /// A send ends.
    Line(LineId),
    /// A producer connects again.
    SenderBack {
        /// The producer.
        sender: u16,
        /// The connection that it lost.
        epoch: u32,
    },
}

/// A topic of a broker.
#[derive(Debug)]
pub struct BrokerTopic {
    settings: BrokerTopicSettings,
    machine: SharedMachine,
    intake: Intake,
    /// Whether messages must be looked at to know where they go.
    is_selective: bool,
    document: Document,
    wanted: Vec<usize>,
    published: u64,
    copied: u64,
    routed: u64,
    unwanted: u64,
    refused: u64,
    lost: u64,
    stored_twice: u64,
    shown: Contribution,
    luck: Stream,
    metrics: BrokerTopicMetrics,
}

impl BrokerTopic {
    /// A topic to which nothing was sent yet.
    pub fn new(settings: BrokerTopicSettings, machine: SharedMachine, seed: u64, replication: u32) -> Self {
        let luck = Purpose::Outage.stream(seed, replication, Self::KIND, &settings.name);
        let nodes = machine.broker.nodes;
        let intake = Intake::new(&settings.senders, &mut machine.get(), nodes);
        let mut topic = Self {
            is_selective: settings.is_selective(),
            document: Document::default(),
            wanted: Vec::new(),
            settings,
            machine,
            intake,
            published: 0,
            copied: 0,
            routed: 0,
            unwanted: 0,
            refused: 0,
            lost: 0,
            stored_twice: 0,
            shown: Contribution::default(),
            luck,
            metrics: BrokerTopicMetrics::default(),
        };
        topic.show(Time::ZERO);
        topic
    }

    fn show(&mut self, now: Time) {
        self.metrics.messages_waiting_to_send.set(now, self.intake.unsent);
        let producers = self.intake.connected();
        self.metrics.producer_count.set(now, producers);
        let shown = Contribution { producers, ..Contribution::default() };
        self.machine.get().update(self.shown, shown, now);
        self.shown = shown;
    }

    fn put<O: Outbox<TopicTimer>>(&mut self, from: EntityId, batch: BatchId, cx: &mut Context<'_, O>) {
        let nodes = self.machine.broker.nodes;
        let sender = self.intake.sender(from, &mut self.machine.get(), nodes, cx.now);
        let messages = cx.batches.entries(batch).len();
        self.published += messages as u64;
        let largest = self.machine.broker.maximum_message_bytes;
        if cx.batches.entries(batch).iter().any(|entry| cx.messages.bytes(entry.message) > largest) {
            self.refuse(from, batch, ApiError::MessageTooLarge, cx);
            return;
        }
        self.intake.push(sender, batch, messages, cx.now);
        self.serve(sender, cx);
    }

    fn refuse<O: Outbox<TopicTimer>>(
        &mut self,
        to: EntityId,
        batch: BatchId,
        error: ApiError,
        cx: &mut Context<'_, O>,
    ) {
        let messages = cx.batches.entries(batch).len() as u64;
        self.refused += messages;
        self.metrics.messages_refused.add(messages);
        cx.outbox.send(to, Span::ZERO, Signal::Refused { batch, error });
    }

    fn serve_all<O: Outbox<TopicTimer>>(&mut self, cx: &mut Context<'_, O>) {
        for sender in 0..self.intake.len() {
            self.serve(sender, cx);
        }
    }

    /// A producer sends what it has, as far as its connections allow. The machine is as busy as with a message for each
    /// place that it goes to.
    fn serve<O: Outbox<TopicTimer>>(&mut self, sender: usize, cx: &mut Context<'_, O>) {
        while self.intake.wants_to_send(sender) {
            let settings = self.intake.get(sender).settings;
            if self.machine.get().is_full(settings.persistent) {
                if self.machine.broker.is_rabbitmq() || self.machine.broker.when_full == WhenFull::Block {
                    self.machine.get().block(cx.me, cx.now);
                    return;
                }
                let Some(waiting) = self.intake.withdraw(sender, cx.batches) else { return };
                let to = self.intake.get(sender).from();
                self.refuse(to, waiting.batch, ApiError::ResourceAllocation, cx);
                continue;
            }
            let Some(messages) = self.intake.next_messages(sender, cx.batches) else { return };
            let places = if self.is_selective {
                self.places(sender, cx)
            } else {
                self.settings.targets.len().max(1) * messages
            };
            let reached = self.machine.get().take(places as u64, cx.now);
            let broker = Arc::clone(&self.machine.broker);
            let Some(begun) = self.intake.begin(sender, (reached, false), &broker, cx.now) else { return };
            cx.outbox.wake(begun.next, TopicTimer::Line(begun.id));
        }
    }

    /// A send ends: its messages go where they are wanted.
    fn end_send<O: Outbox<TopicTimer>>(&mut self, id: LineId, cx: &mut Context<'_, O>) {
        let Some(serving) = self.intake.serving(id) else { return };
        let batch = serving.waiting.batch;
        let messages = cx.batches.entries(batch).len();
        let sender = usize::from(id.sender);
        let settings = self.intake.get(sender).settings;
        self.intake.arrive(id, messages);
        {
            let mut machine = self.machine.get();
            machine.published += messages as u64;
            machine.confirmed += if settings.confirms { messages as u64 } else { 0 };
        }
        self.route(batch, settings, cx);
        if let Some(waiting) = self.intake.end(id) {
            for _ in 0..messages {
                self.metrics.send_time.record((cx.now - waiting.since).as_nanos());
            }
            cx.batches.close(waiting.batch);
        }
        self.serve(sender, cx);
    }

    /// Each place gets each message: the first one the message itself, the others copies.
    fn route<O: Outbox<TopicTimer>>(
        &mut self,
        batch: BatchId,
        settings: SenderSettings,
        cx: &mut Context<'_, O>,
    ) {
        let (is_persistent, priority) = (settings.persistent, settings.priority);
        let messages = cx.batches.entries(batch).len();
        self.metrics.enqueue_count.add(messages as u64);
        if self.is_selective {
            self.route_selected(batch, (is_persistent, priority), cx);
            return;
        }
        let targets = Arc::clone(&self.settings.targets);
        if targets.is_empty() {
            for position in 0..messages {
                self.drop_unwanted(cx.batches.entries(batch)[position].message, cx);
            }
            return;
        }
        // The others first: as soon as the message itself has been passed on, somebody else holds it.
        for (number, target) in targets.iter().enumerate().rev() {
            let sent = cx.batches.open();
            for position in 0..messages {
                let message = cx.batches.entries(batch)[position].message;
                let message = if number == 0 {
                    message
                } else {
                    self.copied += 1;
                    cx.messages.copy(message)
                };
                cx.batches.entries_mut(sent).push(Entry::new(message));
            }
            self.routed += messages as u64;
            self.metrics.dispatch_count.add(messages as u64);
            cx.outbox.send(target.id, Span::ZERO, Signal::Routed { batch: sent, is_persistent, priority });
        }
    }

    /// What nobody wants is gone: RabbitMQ drops messages that it cannot route, and ActiveMQ those without a subscriber.
    fn drop_unwanted<O>(&mut self, message: MessageId, cx: &mut Context<'_, O>) {
        self.unwanted += 1;
        cx.messages.mark_filtered(message);
        cx.messages.release(message);
    }

    /// Which places want a message, by their positions.
    fn find_wanted<O>(&mut self, message: MessageId, cx: &Context<'_, O>) {
        let (settings, document) = (&self.settings, &mut self.document);
        settings.contents.read(message, Scope::MessageAttributes, cx.messages, document);
        let targets = settings.targets.iter().enumerate();
        let wanted = targets.filter(|(_, target)| target.condition.accepts(document));
        self.wanted.clear();
        self.wanted.extend(wanted.map(|(position, _)| position));
    }

    /// How many messages the next send of a producer is for the machine: one for each place, or one that is dropped.
    fn places<O>(&mut self, sender: usize, cx: &Context<'_, O>) -> usize {
        let Some(batch) = self.intake.next_batch(sender) else { return 0 };
        let mut places = 0;
        for entry in cx.batches.entries(batch) {
            self.find_wanted(entry.message, cx);
            places += self.wanted.len().max(1);
        }
        places
    }

    /// Each place gets those messages that it wants: the first one the message itself, the others copies.
    fn route_selected<O: Outbox<TopicTimer>>(
        &mut self,
        batch: BatchId,
        (is_persistent, priority): (bool, u8),
        cx: &mut Context<'_, O>,
    ) {
        let targets = Arc::clone(&self.settings.targets);
        let mut sent: Vec<Option<BatchId>> = vec![None; targets.len()];
        for position in 0..cx.batches.entries(batch).len() {
            let message = cx.batches.entries(batch)[position].message;
            self.find_wanted(message, cx);
            let Some((first, others)) = self.wanted.split_first() else {
                self.drop_unwanted(message, cx);
                continue;
            };
            let number = self.wanted.len() as u64;
            for other in others {
                let copy = cx.messages.copy(message);
                let to = *sent[*other].get_or_insert_with(|| cx.batches.open());
                cx.batches.entries_mut(to).push(Entry::new(copy));
            }
            let to = *sent[*first].get_or_insert_with(|| cx.batches.open());
            cx.batches.entries_mut(to).push(Entry::new(message));
            self.copied += number - 1;
            self.routed += number;
            self.metrics.dispatch_count.add(number);
        }
        for (target, batch) in targets.iter().zip(sent) {
            if let Some(batch) = batch {
                cx.outbox.send(target.id, Span::ZERO, Signal::Routed { batch, is_persistent, priority });
            }
        }
    }

    /// The broker, or a node of it, is down.
    fn go_down<O: Outbox<TopicTimer>>(&mut self, node: u8, is_planned: bool, cx: &mut Context<'_, O>) {
        for sender in self.intake.connected_to(node) {
            self.cut_off(sender, is_planned, cx);
        }
    }

    fn cut_off<O: Outbox<TopicTimer>>(&mut self, sender: usize, is_planned: bool, cx: &mut Context<'_, O>) {
        let (settings, node) = (self.intake.get(sender).settings, self.intake.get(sender).node);
        let cut = self.intake.cut_off(sender, cx.now);
        self.machine.get().disconnect(settings.protocol, settings.connections, node, cx.now);
        let chance = if is_planned { 0.0 } else { self.machine.broker.stored_before_failure };
        for (_, serving) in cut.into_iter().rev() {
            let batch = serving.waiting.batch;
            let messages = cx.batches.entries(batch).len();
            let was_stored = self.luck.chance(chance) && settings.persistent;
            if !settings.confirms {
                self.intake.lose(messages);
                self.lost += messages as u64;
                self.metrics.messages_lost.add(messages as u64);
                for position in 0..messages {
                    cx.messages.release(cx.batches.entries(batch)[position].message);
                }
                cx.batches.close(batch);
                continue;
            }
            if was_stored && settings.exactly_once {
                self.intake.lose(messages);
                self.route(batch, SenderSettings { persistent: true, ..settings }, cx);
                cx.batches.close(batch);
                continue;
            }
            if was_stored {
                // Stored, but not answered: the producer sends it again, and there are two.
                for position in 0..messages {
                    cx.messages.hold(cx.batches.entries(batch)[position].message);
                }
                self.stored_twice += messages as u64;
                self.route(batch, SenderSettings { persistent: true, ..settings }, cx);
            }
            self.intake.put_back(sender, serving.waiting);
        }
        if self.machine.broker.is_cluster() {
            self.return_later(sender, cx);
        }
    }

    fn return_later<O: Outbox<TopicTimer>>(&mut self, sender: usize, cx: &mut Context<'_, O>) {
        let (at, epoch) = self.intake.next_attempt(sender, cx.now);
        cx.outbox.wake(at, TopicTimer::SenderBack { sender: sender as u16, epoch });
    }

    fn sender_back<O: Outbox<TopicTimer>>(&mut self, sender: usize, epoch: u32, cx: &mut Context<'_, O>) {
        let outcome = self.intake.reconnect(sender, epoch, &mut self.machine.get(), cx.now);
        match outcome {
            Reconnection::Void => {}
            Reconnection::Refused => {
                let timer = TopicTimer::SenderBack { sender: sender as u16, epoch };
                cx.outbox.wake(cx.now + REFUSED_PAUSE, timer);
            }
            Reconnection::Connected => self.serve(sender, cx),
        }
    }

    /// A script sends: it waits for the answer, and is told when there is none.
    fn ask<O: Outbox<TopicTimer>>(&mut self, from: EntityId, request: RequestId, cx: &mut Context<'_, O>) {
        let Action::Broker(BrokerAction::Send(entry)) = *cx.requests.action(request) else {
            unreachable!("a topic is only asked to send")
        };
        let senders = &self.settings.senders;
        let known = senders.iter().find(|sender| sender.from == Some(from)).or(senders.last());
        let Some(settings) = known.copied() else { return };
        let error = if self.machine.get().node_for(0).is_none() {
            Some(ApiError::NotConnected)
        } else if cx.messages.bytes(entry.message) > self.machine.broker.maximum_message_bytes {
            Some(ApiError::MessageTooLarge)
        } else {
            let is_full = self.machine.get().is_full(settings.persistent);
            is_full.then_some(ApiError::ResourceAllocation)
        };
        if let Some(error) = error {
            self.metrics.messages_refused.add(1);
            cx.answer((from, request), Answer::Failed(error), Span::ZERO);
            return;
        }
        self.published += 1;
        let batch = cx.batches.open();
        cx.batches.entries_mut(batch).push(Entry::new(entry.message));
        self.route(batch, settings, cx);
        cx.batches.close(batch);
        let broker = &self.machine.broker;
        let waits = settings.persistent && settings.confirms;
        let time = if waits { broker.stored_send_time } else { broker.memory_send_time };
        cx.answer((from, request), Answer::Entries(vec![Ok(None)]), time);
    }
}

impl Service for BrokerTopic {
    type Timer = TopicTimer;
    const KIND: &'static str = "broker_topic";

    fn receive<O: Outbox<TopicTimer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Put { batch } => self.put(from, batch, cx),
            Signal::Request { request } => self.ask(from, request, cx),
            Signal::Broker { event } => match event {
                BrokerEvent::Down { node, is_planned } => self.go_down(node, is_planned, cx),
                BrokerEvent::Up { .. } => {
                    for sender in 0..self.intake.len() {
                        if !self.intake.get(sender).is_connected {
                            self.return_later(sender, cx);
                        }
                    }
                }
                BrokerEvent::Room => self.serve_all(cx),
            },
            other => unreachable!("a broker's topic is never told {other:?}"),
        }
        self.show(cx.now);
    }

    fn wake<O: Outbox<TopicTimer>>(&mut self, timer: TopicTimer, cx: &mut Context<'_, O>) {
        match timer {
            TopicTimer::Line(id) => self.end_send(id, cx),
            TopicTimer::SenderBack { sender, epoch } => self.sender_back(usize::from(sender), epoch, cx),
        }
        self.show(cx.now);
    }

    fn sample(&mut self, _now: Time, _messages: &mut Messages) {}

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics.visit(&mut |position, instrument| {
            visitor(&BrokerTopicMetrics::DEFINITIONS[position], instrument);
        });
    }

    fn publishes(&self, _metric: &MetricDefinition) -> bool {
        // RabbitMQ has no metrics of exchanges.
        !self.machine.broker.is_rabbitmq()
    }

    fn balance(&self) -> Balance {
        vec![
            (Side::In, "published", self.published),
            (Side::In, "copied", self.copied),
            (Side::In, "stored_twice", self.stored_twice),
            (Side::Out, "waiting_to_send", self.intake.unsent),
            (Side::Out, "routed", self.routed),
            (Side::Out, "unwanted", self.unwanted),
            (Side::Out, "refused", self.refused),
            (Side::Out, "lost", self.lost),
        ]
    }

    fn holdings(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        self.intake.messages(batches).for_each(mark);
    }
}
