//! What the destinations of a broker have in common: its machine with processors, memory, storage and connections.
//!
//! Each destination is an entity of its own, so that it has metrics and books of its own. They and their broker share this.

use super::metrics::BrokerMetrics;
use super::protocol::{PROTOCOLS, Protocol};
use super::settings::BrokerSettings;
use crate::engine::{Span, Time};
use crate::record::Level;
use crate::wire::EntityId;
use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;

/// A machine that several share.
#[derive(Debug, Clone)]
pub struct SharedMachine {
    machine: Rc<RefCell<Machine>>,
    /// What is fixed about the broker.
    pub(super) broker: Arc<BrokerSettings>,
}

impl SharedMachine {
    /// The machine of a broker without messages.
    pub fn new(broker: Arc<BrokerSettings>) -> Self {
        let machine = Machine::new(Arc::clone(&broker));
        Self { machine: Rc::new(RefCell::new(machine)), broker }
    }

    /// The machine, for a moment.
    pub(super) fn get(&self) -> RefMut<'_, Machine> {
        self.machine.borrow_mut()
    }
}

/// How a destination has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Contribution {
    /// Messages that could be delivered.
    pub(super) ready: u64,
    /// Messages that consumers have.
    pub(super) unacknowledged: u64,
    /// Consumers.
    pub(super) consumers: u64,
    /// Producers.
    pub(super) producers: u64,
    /// Durable subscriptions whose subscriber is not there.
    pub(super) inactive: u64,
}

/// The machine of a broker.
#[derive(Debug)]
pub(super) struct Machine {
    broker: Arc<BrokerSettings>,
    up: [bool; 3],
    /// When it is done with the messages it was given.
    busy_until: Time,
    busy: Span,
    /// Bytes of messages that are persistent, and of those that are not.
    persistent_bytes: u64,
    other_bytes: u64,
    /// Persistent bytes over time, for the bill.
    stored: Level,
    /// Connections by node and protocol.
    connections: [[u32; PROTOCOLS]; 3],
    total: Contribution,
    /// Destinations whose producers wait for room.
    blocked: Vec<EntityId>,
    pub(super) confirmed: u64,
    pub(super) published: u64,
    pub(super) acknowledged: u64,
    sampled: Sampled,
    pub(super) metrics: BrokerMetrics,
}

/// Exchanges that RabbitMQ has in every virtual host, the default one among them.
const PREDEFINED_EXCHANGES: u64 = 7;

/// What had been counted when the rates were last worked out.
#[derive(Debug, Clone, Copy, Default)]
struct Sampled {
    at: Time,
    busy: Span,
    published: u64,
    confirmed: u64,
    acknowledged: u64,
}

impl Machine {
    fn new(broker: Arc<BrokerSettings>) -> Self {
        let mut machine = Self {
            up: [true; 3],
            busy_until: Time::ZERO,
            busy: Span::ZERO,
            persistent_bytes: 0,
            other_bytes: 0,
            stored: Level::default(),
            connections: [[0; PROTOCOLS]; 3],
            total: Contribution::default(),
            blocked: Vec::new(),
            confirmed: 0,
            published: 0,
            acknowledged: 0,
            sampled: Sampled::default(),
            metrics: BrokerMetrics::default(),
            broker,
        };
        let now = Time::ZERO;
        machine.metrics.nodes_up.set(now, u64::from(machine.broker.nodes));
        machine.metrics.rabbitmq_mem_limit.set(now, machine.broker.memory_limit);
        machine.metrics.queue_count.set(now, machine.broker.queues);
        let exchanges = machine.broker.destinations.len() as u64 - machine.broker.queues;
        machine.metrics.exchange_count.set(now, exchanges + PREDEFINED_EXCHANGES);
        machine.metrics.destinations_blocked.set(now, 0);
        machine.metrics.established_connections_count.set(now, 0);
        machine.show_bytes(now);
        machine.show_total(now);
        machine.show_connections(now);
        machine
    }

    /// Whether clients can connect to a node.
    pub(super) fn is_up(&self, node: u8) -> bool {
        self.up[usize::from(node)]
    }

    /// A node that clients of the given one can connect to, that one first: a load balancer stands before a cluster.
    pub(super) fn node_for(&self, node: u8) -> Option<u8> {
        let nodes = self.broker.nodes;
        (0..nodes).map(|step| (node + step) % nodes).find(|node| self.is_up(*node))
    }

    pub(super) fn set_up(&mut self, node: u8, is_up: bool, now: Time) {
        self.up[usize::from(node)] = is_up;
        let nodes = usize::from(self.broker.nodes);
        let there = self.up[..nodes].iter().filter(|up| **up).count();
        self.metrics.nodes_up.set(now, there as u64);
        if there == 0 {
            // What it was given and had not got to is given to it again.
            self.busy_until = self.busy_until.min(now);
        }
    }

    /// The machine is given so many messages; tells when it gets to them. One after another, whoever they are from.
    pub(super) fn take(&mut self, messages: u64, now: Time) -> Time {
        let begins = self.busy_until.max(now);
        let time = self.broker.message_time.saturating_mul(messages);
        self.busy_until = begins.saturating_add(time);
        self.busy += time;
        begins
    }

    /// A client connects to a node; `false` when there are too many already: of its protocol with ActiveMQ ("Quotas in Amazon
    /// MQ"), of the node or of the broker with RabbitMQ ("Amazon MQ for RabbitMQ maximum resource limit").
    pub(super) fn connect(&mut self, protocol: Protocol, number: u32, node: u8, now: Time) -> bool {
        let of_node = &self.connections[usize::from(node)];
        let counted =
            if self.broker.is_rabbitmq() { of_node.iter().sum() } else { of_node[protocol as usize] };
        let is_too_much = counted + number > self.broker.most_connections
            || self.connections_in_all() + number > self.broker.connections_in_all;
        if is_too_much {
            self.metrics.connections_refused.add(1);
            return false;
        }
        self.connections[usize::from(node)][protocol as usize] += number;
        let before = self.metrics.established_connections_count.value().unwrap_or(0);
        self.metrics.established_connections_count.set(now, before + u64::from(number));
        self.show_connections(now);
        true
    }

    /// A client of a node is gone.
    pub(super) fn disconnect(&mut self, protocol: Protocol, number: u32, node: u8, now: Time) {
        self.connections[usize::from(node)][protocol as usize] -= number;
        self.show_connections(now);
    }

    fn connections_in_all(&self) -> u32 {
        self.connections.iter().flatten().sum()
    }

    fn show_connections(&mut self, now: Time) {
        let connections = u64::from(self.connections_in_all());
        self.metrics.current_connections_count.set(now, connections);
        self.metrics.connection_count.set(now, connections);
        self.metrics.channel_count.set(now, connections);
    }

    /// What of the bytes that are not persistent lies in memory.
    fn in_memory(&self) -> u64 {
        if self.broker.is_rabbitmq() {
            // RabbitMQ is reckoned to have all its messages in memory, whatever else it does with them.
            return self.persistent_bytes + self.other_bytes;
        }
        self.other_bytes.min(self.broker.memory_limit)
    }

    /// Whether there is no room for further messages.
    pub(super) fn is_full(&self, persistent: bool) -> bool {
        let broker = &self.broker;
        if broker.is_rabbitmq() {
            return self.in_memory() >= broker.memory_limit || self.persistent_bytes >= broker.storage_limit;
        }
        if persistent {
            return self.persistent_bytes >= broker.storage_limit;
        }
        self.other_bytes >= broker.memory_limit.saturating_add(broker.temporary_limit)
    }

    /// A message is in a destination.
    pub(super) fn add_bytes(&mut self, bytes: u32, persistent: bool, now: Time) {
        let kind = if persistent { &mut self.persistent_bytes } else { &mut self.other_bytes };
        *kind += u64::from(bytes);
        self.show_bytes(now);
    }

    /// A message is no longer in a destination.
    pub(super) fn remove_bytes(&mut self, bytes: u32, persistent: bool, now: Time) {
        let kind = if persistent { &mut self.persistent_bytes } else { &mut self.other_bytes };
        *kind -= u64::from(bytes);
        self.show_bytes(now);
    }

    /// Persistent bytes times the seconds that they were there.
    pub(super) fn stored_byte_seconds(&mut self, now: Time) -> f64 {
        self.stored.area_seconds(now)
    }

    /// The warm-up ends.
    pub(super) fn end_warm_up(&mut self, now: Time) {
        self.stored.end_warm_up(now);
    }

    fn show_bytes(&mut self, now: Time) {
        self.stored.set(now, self.persistent_bytes);
        let broker = Arc::clone(&self.broker);
        let memory = self.in_memory();
        let metrics = &mut self.metrics;
        if broker.is_rabbitmq() {
            metrics.rabbitmq_mem_used.set(now, memory);
            let used = self.persistent_bytes;
            metrics.rabbitmq_disk_free.set(now, broker.storage_limit.saturating_sub(used));
            return;
        }
        let heap = broker.memory_limit as f64 / super::broker_config::HEAP_FOR_MESSAGES;
        metrics.heap_usage.set(now, percent(memory, heap as u64));
        metrics.store_percent_usage.set(now, percent(self.persistent_bytes, broker.storage_limit));
        metrics.temp_percent_usage.set(now, percent(self.other_bytes - memory, broker.temporary_limit));
    }

    /// A destination's producers wait for room.
    pub(super) fn block(&mut self, destination: EntityId, now: Time) {
        if !self.blocked.contains(&destination) {
            self.blocked.push(destination);
            self.metrics.destinations_blocked.set(now, self.blocked.len() as u64);
        }
    }

    /// The destinations that have waited for room, if there is some again.
    pub(super) fn unblock(&mut self, now: Time) -> Vec<EntityId> {
        if self.blocked.is_empty() || (self.is_full(true) && self.is_full(false)) {
            return Vec::new();
        }
        self.metrics.destinations_blocked.set(now, 0);
        std::mem::take(&mut self.blocked)
    }

    /// What a destination has, in place of what it had before.
    pub(super) fn update(&mut self, before: Contribution, after: Contribution, now: Time) {
        if before == after {
            return;
        }
        let change = |total: u64, before: u64, after: u64| total + after - before;
        self.total = Contribution {
            ready: change(self.total.ready, before.ready, after.ready),
            unacknowledged: change(self.total.unacknowledged, before.unacknowledged, after.unacknowledged),
            consumers: change(self.total.consumers, before.consumers, after.consumers),
            producers: change(self.total.producers, before.producers, after.producers),
            inactive: change(self.total.inactive, before.inactive, after.inactive),
        };
        self.show_total(now);
    }

    fn show_total(&mut self, now: Time) {
        let Contribution { ready, unacknowledged, consumers, producers, inactive } = self.total;
        let metrics = &mut self.metrics;
        metrics.total_message_count.set(now, ready + unacknowledged);
        metrics.message_count.set(now, ready + unacknowledged);
        metrics.message_ready_count.set(now, ready);
        metrics.message_unacknowledged_count.set(now, unacknowledged);
        metrics.total_consumer_count.set(now, consumers);
        metrics.consumer_count.set(now, consumers);
        metrics.total_producer_count.set(now, producers);
        metrics.inactive_durable_topic_subscribers_count.set(now, inactive);
    }

    /// Rates since this was last asked for.
    pub(super) fn sample(&mut self, now: Time) {
        let before = self.sampled;
        let time = now.saturating_since(before.at);
        if time.is_zero() {
            return;
        }
        self.sampled = Sampled {
            at: now,
            busy: self.busy,
            published: self.published,
            confirmed: self.confirmed,
            acknowledged: self.acknowledged,
        };
        let seconds = time.as_seconds_f64();
        let rate = |count: u64| (count as f64 / seconds + 0.5) as u64;
        let cpu = percent((self.busy - before.busy).as_nanos(), time.as_nanos()).min(100_000);
        let metrics = &mut self.metrics;
        metrics.cpu_utilization.set(now, cpu);
        metrics.system_cpu_utilization.set(now, cpu);
        metrics.publish_rate.set(now, rate(self.published - before.published));
        metrics.confirm_rate.set(now, rate(self.confirmed - before.confirmed));
        metrics.ack_rate.set(now, rate(self.acknowledged - before.acknowledged));
    }
}

/// A part in percent, as levels have it: in thousandths.
pub(super) fn percent(part: u64, whole: u64) -> u64 {
    if whole == 0 {
        return if part == 0 { 0 } else { 100_000 };
    }
    (u128::from(part) * 100_000 / u128::from(whole)) as u64
}
