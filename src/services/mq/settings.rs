//! Everything that is fixed about brokers, their destinations and their clients during a run.

use super::protocol::Protocol;
use super::routing::{Condition, Target};
use crate::engine::{Distribution, Span, Time};
use crate::filter::Selector;
use crate::wire::{Contents, EntityId};
use std::sync::Arc;

/// What a broker runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Apache ActiveMQ Classic.
    ActiveMq,
    /// RabbitMQ 3: classic queues, mirrored in a cluster.
    RabbitMq3,
    /// RabbitMQ 4: quorum queues.
    RabbitMq4,
}

/// What becomes of a producer's message when there is no room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// The producer waits.
    Block,
    /// The send fails.
    Fail,
}

/// Whether somebody wanted an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutageKind {
    /// A reboot, or maintenance: the broker is shut down in order.
    Planned,
    /// A failure.
    Unplanned,
}

/// A time when a broker, or a node of it, is not there.
#[derive(Debug, Clone)]
pub struct Outage {
    /// When it begins.
    pub at: Time,
    /// Whether somebody wanted it.
    pub kind: OutageKind,
    /// The node of a cluster.
    pub node: u8,
    /// How long nobody can connect, in nanoseconds.
    pub lasts: Distribution,
}

/// What a broker costs, in dollars.
#[derive(Debug, Clone, Copy)]
pub struct BrokerPrices {
    /// Instances that are paid for.
    pub instances: u32,
    /// An instance for an hour.
    pub instance_hour: f64,
    /// A gigabyte of storage for a month.
    pub storage_gb_month: f64,
}

/// Everything that is fixed about a broker.
#[derive(Debug, Clone)]
pub struct BrokerSettings {
    /// Its name.
    pub name: String,
    /// What it runs.
    pub engine: Engine,
    /// Nodes that clients connect to: three of a cluster, else one.
    pub nodes: u8,
    /// Its queues, topics and subscriptions.
    pub destinations: Vec<EntityId>,
    /// How many of them are queues.
    pub queues: u64,
    /// How long a connection takes for a persistent message: until it is on disk.
    pub stored_send_time: Span,
    /// How long it takes for a message that is kept in memory.
    pub memory_send_time: Span,
    /// How long the machine is busy with a message.
    pub message_time: Span,
    /// Memory for messages, in bytes.
    pub memory_limit: u64,
    /// Storage for messages, in bytes.
    pub storage_limit: u64,
    /// Storage for messages that are not persistent, in bytes.
    pub temporary_limit: u64,
    /// Most connections: of each protocol with ActiveMQ, of each node with RabbitMQ.
    pub most_connections: u32,
    /// Most connections in all.
    pub connections_in_all: u32,
    /// Largest message that a client may send, in bytes.
    pub maximum_message_bytes: u32,
    /// What becomes of producers' messages when there is no room.
    pub when_full: WhenFull,
    /// Whether messages for fast consumers bypass the disk.
    pub concurrent_store_and_dispatch: bool,
    /// When it is not there.
    pub outages: Vec<Outage>,
    /// Probability that a send which a failure cut off had been stored.
    pub stored_before_failure: f64,
    /// How long a queue of a cluster has no leader after its node is gone.
    pub leader_election_time: Span,
    /// What it costs.
    pub prices: BrokerPrices,
}

impl BrokerSettings {
    /// Whether it runs RabbitMQ.
    pub fn is_rabbitmq(&self) -> bool {
        self.engine != Engine::ActiveMq
    }

    /// Whether it goes on when one of its nodes is gone.
    pub fn is_cluster(&self) -> bool {
        self.nodes > 1
    }
}

/// How a client gets its connection back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconnect {
    /// The pause before the first attempt.
    pub initial_delay: Span,
    /// The longest pause.
    pub longest_delay: Span,
    /// How much longer each pause is than the one before.
    pub multiplier: u64,
}

impl Reconnect {
    /// When a connection is back that was lost at `lost`, if the broker takes connections from `up` on.
    pub fn back_at(&self, lost: Time, up: Time) -> Time {
        let mut pause = self.initial_delay.max(Span::from_nanos(1));
        let mut attempt = lost + pause;
        while attempt < up {
            let longer = pause.saturating_mul(self.multiplier.max(1));
            pause = longer.min(self.longest_delay).max(pause.min(self.longest_delay));
            attempt = attempt.saturating_add(pause.max(Span::from_nanos(1)));
        }
        attempt
    }
}

/// How somebody sends messages to a broker.
#[derive(Debug, Clone, Copy)]
pub struct SenderSettings {
    /// Who; `None` stands for everybody whom nothing is said about.
    pub from: Option<EntityId>,
    /// The protocol.
    pub protocol: Protocol,
    /// Whether its messages outlive a restart of the broker.
    pub persistent: bool,
    /// Whether it waits for the broker's answer: a synchronous send, a publisher confirm.
    pub confirms: bool,
    /// Whether a message that it sends once more is recognised (quality of service 2 of MQTT).
    pub exactly_once: bool,
    /// Sends that may be under way at once, over all of its connections.
    pub sends_at_once: u32,
    /// Its connections.
    pub connections: u32,
    /// How long its messages are good for.
    pub time_to_live: Option<Span>,
    /// The priority of its messages.
    pub priority: u8,
    /// How it gets its connections back.
    pub reconnect: Reconnect,
}

/// When a message that was processed is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledgement {
    /// Each by itself, once it is processed.
    Individual,
    /// All that the session has delivered, once one of them is processed.
    Cumulative,
    /// Lazily, several together.
    DupsOk,
    /// With the commit of a transaction of so many messages.
    Transacted(u32),
    /// Never: a message is done with when it is delivered.
    None,
}

/// What a client of ActiveMQ does with a message whose processing failed ("Redelivery Policy").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedeliveryPolicy {
    /// Redeliveries; `None` for any number.
    pub maximum_redeliveries: Option<u32>,
    /// Pause before the first one.
    pub initial_delay: Span,
    /// Pause before the others, or the first of them with back-off.
    pub delay: Span,
    /// How much longer each is than the one before, in thousandths; `None` without back-off.
    pub multiplier: Option<u64>,
    /// The longest of them.
    pub longest_delay: Option<Span>,
}

impl RedeliveryPolicy {
    /// The pause before a message is delivered again that was so often before, at least once.
    pub fn pause(&self, redelivery: u32) -> Span {
        let first = if self.initial_delay.is_zero() { self.delay } else { self.initial_delay };
        let Some(multiplier) = self.multiplier else {
            return if redelivery <= 1 { first } else { self.delay };
        };
        let mut pause = first;
        for _ in 1..redelivery.min(64) {
            pause = Span::from_nanos(pause.as_nanos().saturating_mul(multiplier) / 1_000);
        }
        self.longest_delay.map_or(pause, |longest| pause.min(longest))
    }
}

/// How somebody receives messages from a broker.
#[derive(Debug, Clone, Copy)]
pub struct ReaderSettings {
    /// Who; `None` stands for everybody whom nothing is said about.
    pub from: Option<EntityId>,
    /// The protocol.
    pub protocol: Protocol,
    /// Messages that a consumer may have without having acknowledged them; `None` for any number.
    pub prefetch: Option<u32>,
    /// When messages are acknowledged.
    pub acknowledgement: Acknowledgement,
    /// Which messages it wants: a position among the selectors of the queue.
    pub selector: Option<u16>,
    /// What the client does after a failure.
    pub redelivery: RedeliveryPolicy,
    /// How it gets its connection back.
    pub reconnect: Reconnect,
}

/// What kind of store a destination is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// A queue: each message goes to one consumer.
    Queue,
    /// A durable subscription of a topic: one consumer at a time, messages wait for it.
    Durable,
    /// A subscription of a topic that is not durable: each consumer that is there gets each message.
    Broadcast,
}

/// Everything that is fixed about a queue of a broker.
#[derive(Debug, Clone)]
pub struct BrokerQueueSettings {
    /// Its name.
    pub name: String,
    /// What it is.
    pub store: StoreKind,
    /// Its number among the queues of its broker.
    pub number: u32,
    /// The position of its broker among all.
    pub broker: usize,
    /// Where messages go that failed too often or were too old; `None` for a place that nobody declared, or nowhere.
    pub dead_letter_queue: Option<EntityId>,
    /// Most messages; more are refused (`max-length` with `overflow: reject-publish`).
    pub maximum_length: Option<u64>,
    /// Memory for its messages, in bytes; producers wait when it is used up.
    pub memory_limit: Option<u64>,
    /// How often a message may be returned (`x-delivery-limit` of quorum queues).
    pub delivery_limit: Option<u32>,
    /// Whether it is replicated and everything in it is persistent: a quorum queue.
    pub is_quorum: bool,
    /// Whether old messages are dead letters too.
    pub process_expired: bool,
    /// How long its messages are good for, whatever their producers say (`message-ttl`).
    pub time_to_live: Option<Span>,
    /// After this a message that is not acknowledged closes its channel (`consumer_timeout`).
    pub consumer_timeout: Option<Span>,
    /// Whether one consumer gets everything as long as it is there (`exclusive`, `x-single-active-consumer`).
    pub exclusive_consumer: bool,
    /// Priorities that it knows; 1 without any.
    pub priorities: u16,
    /// Messages that are looked at for consumers with selectors.
    pub max_page_size: usize,
    /// The selectors of its consumers.
    pub selectors: Vec<Selector>,
    /// What messages say.
    pub contents: Arc<Contents>,
    /// Who sends how; the last one is for everybody else.
    pub senders: Vec<SenderSettings>,
    /// Who receives how; the last one is for everybody else.
    pub readers: Vec<ReaderSettings>,
}

/// Everything that is fixed about a topic, or an exchange, of a broker.
#[derive(Debug, Clone)]
pub struct BrokerTopicSettings {
    /// Its name.
    pub name: String,
    /// The position of its broker among all.
    pub broker: usize,
    /// Where its messages go.
    pub targets: Arc<[Target]>,
    /// What messages say.
    pub contents: Arc<Contents>,
    /// Who sends how; the last one is for everybody else.
    pub senders: Vec<SenderSettings>,
}

impl BrokerTopicSettings {
    /// Whether messages must be looked at to know where they go.
    pub(super) fn is_selective(&self) -> bool {
        self.targets.iter().any(|target| !matches!(target.condition, Condition::Everything))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(number: u64) -> Span {
        Span::from_seconds(number)
    }

    #[test]
    fn clients_are_back_with_the_first_attempt_after_the_broker() {
        let openwire =
            Reconnect { initial_delay: Span::from_millis(10), longest_delay: seconds(30), multiplier: 2 };
        let at =
            |up: u64| openwire.back_at(Time::ZERO, Time::from_nanos(up * 1_000_000)).as_nanos() / 1_000_000;
        // After 10, 30, 70 ms, …, 20,470 and 40,950 ms; the next pause is the longest, of 30 s.
        assert_eq!((at(0), at(11), at(31), at(20_470)), (10, 30, 70, 20_470));
        assert_eq!((at(20_471), at(40_951)), (40_950, 70_950));
        let rabbitmq = Reconnect { initial_delay: seconds(5), longest_delay: seconds(5), multiplier: 1 };
        assert_eq!(rabbitmq.back_at(Time::ZERO, Time::ZERO + seconds(11)), Time::ZERO + seconds(15));
    }

    #[test]
    fn pauses_before_redeliveries_are_equal_or_grow() {
        let plain = RedeliveryPolicy {
            maximum_redeliveries: Some(6),
            initial_delay: seconds(1),
            delay: seconds(2),
            multiplier: None,
            longest_delay: None,
        };
        assert_eq!([1, 2, 6].map(|number| plain.pause(number)), [1, 2, 2].map(seconds));
        let none_at_first = RedeliveryPolicy { initial_delay: Span::ZERO, ..plain };
        assert_eq!(none_at_first.pause(1), seconds(2));
        let growing = RedeliveryPolicy { multiplier: Some(5_000), longest_delay: Some(seconds(60)), ..plain };
        assert_eq!([1, 2, 3, 4].map(|number| growing.pause(number)), [1, 5, 25, 60].map(seconds));
    }
}
