//! A queue of a broker, or a subscription of one of its topics: its state, and what it shows of itself.

use super::intake::{Intake, LineId};
use super::machine::{Contribution, SharedMachine, percent};
use super::metrics::BrokerQueueMetrics;
use super::session::Session;
use super::settings::{BrokerQueueSettings, ReaderSettings, StoreKind};
use super::slots::Slots;
use crate::engine::{Stream, Time};
use crate::record::{Instrument, Level, MetricDefinition, Side};
use crate::wire::{
    Balance, Batches, BrokerEvent, Context, EntityId, MessageId, Messages, Outbox, Purpose, Service, Signal,
};
use std::collections::{BTreeMap, VecDeque};

/// Why a queue of a broker wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueTimer {
    /// A send gets on.
    Line(LineId),
    /// A producer connects again.
    SenderBack {
        /// The producer.
        sender: u16,
        /// The connection that it lost.
        epoch: u32,
    },
    /// A consumer connects again.
    SessionBack {
        /// The session.
        session: u32,
        /// The connection that it lost.
        epoch: u32,
    },
    /// The pause before a redelivery is over.
    Resume {
        /// The session.
        session: u32,
        /// Its connection.
        epoch: u32,
    },
    /// A message may have been unacknowledged for too long.
    Unacknowledged {
        /// The session.
        session: u32,
        /// Its connection.
        epoch: u32,
    },
    /// The queue has a leader again.
    Elected,
    /// Messages may be too old.
    Expire,
    /// A receive of a script has waited long enough.
    Waited {
        /// The session.
        session: u32,
        /// The receive.
        ask: u32,
    },
}

/// What happened to messages, beyond what metrics count.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Fates {
    pub(super) routed: u64,
    pub(super) copied: u64,
    pub(super) refused: u64,
    pub(super) dequeued: u64,
    pub(super) dead_lettered: u64,
    pub(super) expired: u64,
    pub(super) lost: u64,
    pub(super) dropped: u64,
    pub(super) published: u64,
}

/// A queue of a broker.
#[derive(Debug)]
pub struct BrokerQueue {
    pub(super) settings: BrokerQueueSettings,
    pub(super) machine: SharedMachine,
    pub(super) intake: Intake,
    pub(super) slots: Slots,
    pub(super) sessions: Vec<Option<Session>>,
    /// The life of the next session in each place.
    pub(super) lives: Vec<u32>,
    /// Where the session of a program is; threads by their number, scripts by none.
    pub(super) by_program: BTreeMap<(EntityId, Option<u64>), u32>,
    /// Sessions that can take messages, the one whose turn it is first.
    pub(super) line: VecDeque<u32>,
    /// Sessions whose programs wait, and whose clients have just been given something.
    pub(super) given: Vec<u32>,
    /// Messages that are being stored, by the place of their send.
    pub(super) storing: BTreeMap<(u16, u16), u32>,
    /// Dead letters in the broker's own place for them, which nobody declared.
    pub(super) dead_letters: Vec<MessageId>,
    /// Until the queue has a leader again.
    pub(super) elected_at: Time,
    pub(super) expiry_armed: bool,
    pub(super) asks: u32,
    /// Bytes of its messages.
    pub(super) bytes: u64,
    pub(super) prefetched: u64,
    pub(super) fates: Fates,
    shown: Contribution,
    pub(super) luck: Stream,
    pub(super) metrics: BrokerQueueMetrics,
}

impl BrokerQueue {
    /// A queue without messages.
    pub fn new(settings: BrokerQueueSettings, machine: SharedMachine, seed: u64, replication: u32) -> Self {
        let luck = Purpose::Outage.stream(seed, replication, "broker_queue", &settings.name);
        let nodes = machine.broker.nodes;
        let intake = Intake::new(&settings.senders, &mut machine.get(), nodes);
        let metrics = BrokerQueueMetrics { age_of_oldest_message: Level::absent(), ..Default::default() };
        let slots = Slots::new(settings.priorities);
        let mut queue = Self {
            settings,
            machine,
            intake,
            slots,
            sessions: Vec::new(),
            lives: Vec::new(),
            by_program: BTreeMap::new(),
            line: VecDeque::new(),
            given: Vec::new(),
            storing: BTreeMap::new(),
            dead_letters: Vec::new(),
            elected_at: Time::ZERO,
            expiry_armed: false,
            asks: 0,
            bytes: 0,
            prefetched: 0,
            fates: Fates::default(),
            shown: Contribution::default(),
            luck,
            metrics,
        };
        queue.show(Time::ZERO);
        queue
    }

    pub(super) fn is_rabbitmq(&self) -> bool {
        self.machine.broker.is_rabbitmq()
    }

    /// How somebody receives.
    pub(super) fn reader(&self, from: EntityId) -> ReaderSettings {
        let readers = &self.settings.readers;
        let known = readers.iter().find(|reader| reader.from == Some(from)).or(readers.last());
        known.copied().unwrap_or_else(|| unreachable!("there are settings for everybody else"))
    }

    /// Levels follow what is there.
    pub(super) fn show(&mut self, now: Time) {
        let metrics = &mut self.metrics;
        let (held, dispatched) = (self.slots.held(), self.slots.dispatched);
        metrics.queue_size.set(now, held);
        metrics.message_count.set(now, held);
        metrics.in_flight_count.set(now, dispatched);
        metrics.messages_unacknowledged.set(now, dispatched);
        metrics.messages_ready.set(now, self.slots.ready);
        metrics.messages_waiting_to_send.set(now, self.intake.unsent);
        metrics.prefetched_messages.set(now, self.prefetched);
        let usual = self.machine.broker.memory_limit;
        metrics
            .memory_usage
            .set(now, percent(self.bytes, self.settings.memory_limit.unwrap_or(usual)).min(100_000));
        let contribution = Contribution { ready: self.slots.ready, unacknowledged: dispatched, ..self.shown };
        if contribution != self.shown {
            self.machine.get().update(self.shown, contribution, now);
            self.shown = contribution;
        }
    }

    /// Consumers or producers have come or gone.
    pub(super) fn show_clients(&mut self, now: Time) {
        let connected = self.sessions.iter().flatten().filter(|session| session.is_connected).count() as u64;
        self.metrics.consumer_count.set(now, connected);
        self.metrics.producer_count.set(now, self.intake.connected());
        let is_inactive = self.settings.store == StoreKind::Durable && connected == 0;
        let contribution = Contribution {
            consumers: connected,
            producers: self.intake.connected(),
            inactive: u64::from(is_inactive),
            ..self.shown
        };
        self.machine.get().update(self.shown, contribution, now);
        self.shown = contribution;
    }

    /// Its name in the ledger and in reports.
    fn kind_of(store: StoreKind) -> &'static str {
        match store {
            StoreKind::Queue => "broker_queue",
            StoreKind::Durable | StoreKind::Broadcast => "broker_subscription",
        }
    }
}

impl Service for BrokerQueue {
    type Timer = QueueTimer;
    const KIND: &'static str = "broker_queue";

    fn kind(&self) -> &'static str {
        Self::kind_of(self.settings.store)
    }

    fn start<O: Outbox<QueueTimer>>(&mut self, cx: &mut Context<'_, O>) {
        self.show_clients(cx.now);
    }

    fn receive<O: Outbox<QueueTimer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Put { batch } => self.put(from, batch, cx),
            Signal::Routed { batch, is_persistent, priority } => {
                self.take_routed(batch, (is_persistent, priority), cx);
            }
            Signal::DeadLetter { batch } => self.take_dead_letters(batch, cx),
            Signal::Poll { poller, maximum, .. } => self.poll(from, poller, maximum, cx),
            Signal::HangUp { poller } => self.hang_up((from, Some(poller.0)), cx),
            Signal::Delete { batch } => self.acknowledge(from, batch, cx),
            Signal::ChangeVisibility { batch, .. } => self.roll_back(batch, cx),
            Signal::Request { request } => self.ask(from, request, cx),
            Signal::Broker { event } => match event {
                BrokerEvent::Down { node, is_planned } => self.go_down(node, is_planned, cx),
                BrokerEvent::Up { .. } => self.come_up(cx),
                BrokerEvent::Room => self.serve_all(cx),
            },
            other => unreachable!("a broker's queue is never told {other:?}"),
        }
        self.show(cx.now);
    }

    fn wake<O: Outbox<QueueTimer>>(&mut self, timer: QueueTimer, cx: &mut Context<'_, O>) {
        match timer {
            QueueTimer::Line(id) => self.advance(id, cx),
            QueueTimer::SenderBack { sender, epoch } => self.sender_back(usize::from(sender), epoch, cx),
            QueueTimer::SessionBack { session, epoch } => self.session_back(session, epoch, cx),
            QueueTimer::Resume { session, epoch } => self.resume(session, epoch, cx),
            QueueTimer::Unacknowledged { session, epoch } => self.look_at_oldest(session, epoch, cx),
            QueueTimer::Elected => self.end_election(cx),
            QueueTimer::Expire => self.expire(cx),
            QueueTimer::Waited { session, ask } => self.end_wait(session, ask, cx),
        }
        self.show(cx.now);
    }

    fn sample(&mut self, now: Time, _messages: &mut Messages) {
        match self.slots.oldest() {
            Some(since) => self.metrics.age_of_oldest_message.set(now, (now - since).as_nanos()),
            None => self.metrics.age_of_oldest_message.clear(now),
        }
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        let is_rabbitmq = self.is_rabbitmq();
        self.metrics.visit_engine(is_rabbitmq, visitor);
    }

    fn publishes(&self, metric: &MetricDefinition) -> bool {
        BrokerQueueMetrics::is_published(self.is_rabbitmq(), metric.name)
    }

    fn balance(&self) -> Balance {
        let (fates, metrics) = (&self.fates, &self.metrics);
        vec![
            (Side::In, "published", fates.published),
            (Side::In, "routed", fates.routed),
            (Side::In, "copied", fates.copied),
            (Side::In, "dead_letters_in", metrics.messages_dead_lettered_in.total()),
            (Side::In, "stored_twice", metrics.messages_stored_twice.total()),
            (Side::Out, "waiting_to_send", self.intake.unsent),
            (Side::Out, "ready", self.slots.ready),
            (Side::Out, "unacknowledged", self.slots.dispatched),
            (Side::Out, "acknowledged", fates.dequeued),
            (Side::Out, "dead_lettered", fates.dead_lettered),
            (Side::Out, "in_activemq_dlq", self.dead_letters.len() as u64),
            (Side::Out, "expired", fates.expired),
            (Side::Out, "lost", fates.lost),
            (Side::Out, "refused", fates.refused),
            (Side::Out, "dropped", fates.dropped),
        ]
    }

    fn holdings(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        self.intake.messages(batches).for_each(&mut *mark);
        self.slots.all().for_each(|slot| mark(self.slots.get(slot).message));
        self.dead_letters.iter().copied().for_each(mark);
    }
}
