//! How messages get into a destination: the connections of its producers.
//!
//! A producer makes messages whatever happens; its connection sends them one after another and, if it is to, waits for the
//! broker's answer to each. What has no answer yet is still the producer's, and is sent again after an outage.

use super::machine::Machine;
use super::settings::{BrokerSettings, SenderSettings};
use crate::engine::{Span, Time};
use crate::wire::{BatchId, Batches, EntityId, MessageId};
use std::collections::VecDeque;

/// Messages that a producer wants to send, in one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) batch: BatchId,
    /// When the producer made them.
    pub(super) since: Time,
}

/// A send under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Serving {
    pub(super) waiting: Waiting,
    began: Time,
    /// Whether the broker has the messages: then it holds them.
    pub(super) has_arrived: bool,
}

/// What may send at the same time as others: a connection, or one of the unanswered sends on it.
#[derive(Debug, Default)]
struct Line {
    serving: Option<Serving>,
    /// Changes with each send: timers of former ones are void.
    epoch: u32,
}

/// A producer, as its destination sees it.
#[derive(Debug)]
pub(super) struct Sender {
    from: EntityId,
    pub(super) settings: SenderSettings,
    waiting: VecDeque<Waiting>,
    lines: Vec<Line>,
    pub(super) node: u8,
    pub(super) is_connected: bool,
    /// When it lost its connection.
    pub(super) lost_at: Time,
    /// Counts connections: timers of former ones are void.
    pub(super) epoch: u32,
}

impl Sender {
    /// Who it is.
    pub(super) fn from(&self) -> EntityId {
        self.from
    }
}

/// The place of a send under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineId {
    /// The sender.
    pub sender: u16,
    /// Which of the sends that it may have under way.
    pub line: u16,
    /// Its life.
    pub epoch: u32,
}

/// A send has begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begun {
    pub(super) id: LineId,
    /// Whether the broker has the messages already, and only their storing takes time.
    pub(super) arrives_now: bool,
    /// When something happens to it next.
    pub(super) next: Time,
}

/// What happens to a send when its time has come.
#[derive(Debug, Clone, Copy)]
pub(super) enum Advance {
    /// Nothing: it is over.
    Void,
    /// The broker has the messages, and stores them until this time.
    Arrives(Time),
    /// The broker has the messages and answers.
    ArrivesAndEnds,
    /// The broker, which has the messages, answers.
    Ends,
}

/// From the failure of an attempt to connect because of too many connections to the next.
pub(super) const REFUSED_PAUSE: Span = Span::from_seconds(1);

/// What came of a producer's attempt to connect again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reconnection {
    /// It is connected.
    Connected,
    /// The broker has too many connections: it tries again after [`REFUSED_PAUSE`].
    Refused,
    /// It is of a connection that is over, or nobody is there: whoever comes up next will be found.
    Void,
}

/// The producers of a destination.
#[derive(Debug)]
pub(super) struct Intake {
    senders: Vec<Sender>,
    /// What holds for those whom nothing is said about.
    usual: SenderSettings,
    /// Messages that the broker does not have yet.
    pub(super) unsent: u64,
}

impl Intake {
    /// The producers that are known, connected, each to another node of a cluster.
    pub(super) fn new(settings: &[SenderSettings], machine: &mut Machine, nodes: u8) -> Self {
        let Some((usual, known)) = settings.split_last() else {
            unreachable!("there are settings for everybody else");
        };
        let mut intake = Self { senders: Vec::new(), usual: *usual, unsent: 0 };
        for settings in known {
            if let Some(from) = settings.from {
                intake.add(from, *settings, machine, nodes, Time::ZERO);
            }
        }
        intake
    }

    fn add(
        &mut self,
        from: EntityId,
        settings: SenderSettings,
        machine: &mut Machine,
        nodes: u8,
        now: Time,
    ) -> usize {
        let index = self.senders.len();
        let wanted = (from.0 % u32::from(nodes)) as u8;
        let node = machine.node_for(wanted);
        let (protocol, connections) = (settings.protocol, settings.connections);
        let is_connected = node.is_some_and(|node| machine.connect(protocol, connections, node, now));
        self.senders.push(Sender {
            from,
            settings,
            waiting: VecDeque::new(),
            lines: Vec::new(),
            node: node.unwrap_or(wanted),
            is_connected,
            lost_at: now,
            epoch: 0,
        });
        index
    }

    /// Whoever sends; somebody new is connected.
    pub(super) fn sender(&mut self, from: EntityId, machine: &mut Machine, nodes: u8, now: Time) -> usize {
        let known = self.senders.iter().position(|sender| sender.from == from);
        known.unwrap_or_else(|| {
            let settings = SenderSettings { from: Some(from), ..self.usual };
            self.add(from, settings, machine, nodes, now)
        })
    }

    /// How many messages a producer sends next, in one call.
    pub(super) fn next_messages(&self, sender: usize, batches: &Batches) -> Option<usize> {
        self.senders[sender].waiting.front().map(|waiting| batches.entries(waiting.batch).len())
    }

    /// What a producer sends next, in one call.
    pub(super) fn next_batch(&self, sender: usize) -> Option<BatchId> {
        self.senders[sender].waiting.front().map(|waiting| waiting.batch)
    }

    pub(super) fn get(&self, sender: usize) -> &Sender {
        &self.senders[sender]
    }

    pub(super) fn len(&self) -> usize {
        self.senders.len()
    }

    /// The senders with a connection to a node, which an outage of it ends.
    pub(super) fn connected_to(&self, node: u8) -> Vec<usize> {
        let is_there =
            |sender: &usize| self.senders[*sender].is_connected && self.senders[*sender].node == node;
        (0..self.len()).filter(is_there).collect()
    }

    pub(super) fn connected(&self) -> u64 {
        self.senders.iter().filter(|sender| sender.is_connected).count() as u64
    }

    /// The producer wants to send these.
    pub(super) fn push(&mut self, sender: usize, batch: BatchId, messages: usize, now: Time) {
        self.unsent += messages as u64;
        self.senders[sender].waiting.push_back(Waiting { batch, since: now });
    }

    /// Whether a producer has something to send, and may.
    pub(super) fn wants_to_send(&self, sender: usize) -> bool {
        let sender = &self.senders[sender];
        let most = sender.settings.sends_at_once as usize;
        let is_free = sender.lines.len() < most || sender.lines.iter().any(|line| line.serving.is_none());
        sender.is_connected && is_free && !sender.waiting.is_empty()
    }

    /// The next messages of a producer are not sent at all.
    pub(super) fn withdraw(&mut self, sender: usize, batches: &Batches) -> Option<Waiting> {
        let waiting = self.senders[sender].waiting.pop_front()?;
        self.unsent -= batches.entries(waiting.batch).len() as u64;
        Some(waiting)
    }

    /// The next messages of a producer are sent; the machine gets to them at `reached`. With `concurrently` the broker
    /// passes a message on while it stores it.
    pub(super) fn begin(
        &mut self,
        index: usize,
        (reached, concurrently): (Time, bool),
        broker: &BrokerSettings,
        now: Time,
    ) -> Option<Begun> {
        let sender = &mut self.senders[index];
        let waiting = sender.waiting.pop_front()?;
        let free = sender.lines.iter().position(|line| line.serving.is_none());
        let place = free.unwrap_or_else(|| {
            sender.lines.push(Line::default());
            sender.lines.len() - 1
        });
        let line = &mut sender.lines[place];
        line.epoch = line.epoch.wrapping_add(1);
        line.serving = Some(Serving { waiting, began: now, has_arrived: false });
        let waits_for_disk = sender.settings.persistent && sender.settings.confirms;
        let time = if waits_for_disk { broker.stored_send_time } else { broker.memory_send_time };
        let ends = (now + time).max(reached);
        let arrives_now = concurrently && reached <= now;
        Some(Begun {
            id: LineId { sender: index as u16, line: place as u16, epoch: line.epoch },
            arrives_now,
            next: if concurrently && !arrives_now { reached } else { ends },
        })
    }

    /// The send under way at this place, if it is still the same.
    pub(super) fn serving(&mut self, id: LineId) -> Option<&mut Serving> {
        let line = &mut self.senders[usize::from(id.sender)].lines[usize::from(id.line)];
        if line.epoch == id.epoch { line.serving.as_mut() } else { None }
    }

    /// The time of a send has come.
    pub(super) fn advance(
        &mut self,
        id: LineId,
        concurrently: bool,
        broker: &BrokerSettings,
        now: Time,
    ) -> Advance {
        let Some(serving) = self.serving(id) else { return Advance::Void };
        if serving.has_arrived {
            return Advance::Ends;
        }
        let stored = serving.began + broker.stored_send_time;
        if concurrently && stored > now { Advance::Arrives(stored) } else { Advance::ArrivesAndEnds }
    }

    /// The broker has the messages of a send.
    pub(super) fn arrive(&mut self, id: LineId, messages: usize) {
        self.unsent -= messages as u64;
        if let Some(serving) = self.serving(id) {
            serving.has_arrived = true;
        }
    }

    /// A message was acknowledged before it was on disk: its send need not wait any longer than one that stays in memory.
    /// Tells when it ends, and by which name.
    pub(super) fn hurry(&mut self, id: LineId, broker: &BrokerSettings, now: Time) -> Option<(LineId, Time)> {
        let began = self.serving(id)?.began;
        let line = &mut self.senders[usize::from(id.sender)].lines[usize::from(id.line)];
        line.epoch = line.epoch.wrapping_add(1);
        Some((LineId { epoch: line.epoch, ..id }, (began + broker.memory_send_time).max(now)))
    }

    /// The broker has answered: gives what was sent.
    pub(super) fn end(&mut self, id: LineId) -> Option<Waiting> {
        self.serving(id)?;
        let line = &mut self.senders[usize::from(id.sender)].lines[usize::from(id.line)];
        line.serving.take().map(|serving| serving.waiting)
    }

    /// The connections of a producer are gone: gives its sends under way, in their order.
    pub(super) fn cut_off(&mut self, index: usize, now: Time) -> Vec<(LineId, Serving)> {
        let sender = &mut self.senders[index];
        sender.is_connected = false;
        sender.lost_at = now;
        sender.epoch = sender.epoch.wrapping_add(1);
        let mut cut = Vec::new();
        for (line, place) in sender.lines.iter_mut().zip(0..) {
            if let Some(serving) = line.serving.take() {
                cut.push((LineId { sender: index as u16, line: place, epoch: line.epoch }, serving));
                line.epoch = line.epoch.wrapping_add(1);
            }
        }
        cut.sort_by_key(|(_, serving)| (serving.waiting.since, serving.began));
        cut
    }

    /// When a producer that has lost its connection tries to connect again, and the connection that it has lost.
    pub(super) fn next_attempt(&self, sender: usize, now: Time) -> (Time, u32) {
        let one = &self.senders[sender];
        (one.settings.reconnect.back_at(one.lost_at, now), one.epoch)
    }

    /// A producer that lost this connection connects again.
    pub(super) fn reconnect(
        &mut self,
        sender: usize,
        epoch: u32,
        machine: &mut Machine,
        now: Time,
    ) -> Reconnection {
        let one = &mut self.senders[sender];
        if one.epoch != epoch || one.is_connected {
            return Reconnection::Void;
        }
        let Some(node) = machine.node_for(one.node) else { return Reconnection::Void };
        if !machine.connect(one.settings.protocol, one.settings.connections, node, now) {
            return Reconnection::Refused;
        }
        machine.metrics.reconnections.add(u64::from(one.settings.connections));
        one.node = node;
        one.is_connected = true;
        Reconnection::Connected
    }

    /// Something that was under way is to be sent once more, before everything that was not sent yet.
    pub(super) fn send_again(&mut self, sender: usize, waiting: Waiting, messages: usize) {
        self.unsent += messages as u64;
        self.senders[sender].waiting.push_front(waiting);
    }

    /// Something that the broker never got is with the producer again, which has been counted all the time.
    pub(super) fn put_back(&mut self, sender: usize, waiting: Waiting) {
        self.senders[sender].waiting.push_front(waiting);
    }

    /// What the broker never got is gone.
    pub(super) fn lose(&mut self, messages: usize) {
        self.unsent -= messages as u64;
    }

    /// The messages that the broker does not have yet.
    pub(super) fn messages<'a>(&'a self, batches: &'a Batches) -> impl Iterator<Item = MessageId> + 'a {
        let unsent = self.senders.iter().flat_map(|sender| {
            let under_way = sender.lines.iter().filter_map(|line| line.serving.as_ref());
            let under_way = under_way.filter(|serving| !serving.has_arrived);
            sender.waiting.iter().chain(under_way.map(|serving| &serving.waiting))
        });
        unsent.flat_map(|waiting| batches.entries(waiting.batch)).map(|entry| entry.message)
    }
}
