//! Brokers of Amazon MQ: references looked up, settings of destinations and of their clients built.

use super::config::AssumptionsConfig;
use super::resolve::Resolver;
use crate::filter::{Selector, Vocabulary};
use crate::language::{Located, Name, Problems, Reference};
use crate::services::compute::{ConsumerSource, SourceQueue};
use crate::services::mq::{
    BindingConfig, Broker, BrokerDefaults, BrokerForClients, BrokerQueue, BrokerQueueSettings,
    BrokerSettings, BrokerTopic, BrokerTopicConfig, BrokerTopicSettings, Condition, Engine,
    ExchangeTypeConfig, QueueSurroundings, ReaderSettings, SenderSettings, SharedMachine, StoreKind, Target,
    reader, sender,
};
use crate::services::producer::{Producer, ProducerTarget, SendTarget};
use crate::wire::{ApiLatency, BrokerReaderConfig, Contents, EntityId, Service, SqsQuotas, span};
use crate::world::Entity;
use std::sync::Arc;

/// The brokers of a scenario, and their destinations, in the order of their entities.
#[derive(Debug, Clone)]
pub(super) struct Brokers {
    brokers: Vec<Arc<BrokerSettings>>,
    queues: Vec<BrokerQueueSettings>,
    topics: Vec<BrokerTopicSettings>,
}

impl Brokers {
    /// Seats them. The destinations of a broker share its machine.
    pub(super) fn seats(&self, seed: u64, replication: u32, seat: &mut dyn FnMut(&str, Entity)) {
        let machines: Vec<SharedMachine> =
            self.brokers.iter().map(|broker| SharedMachine::new(Arc::clone(broker))).collect();
        for (broker, machine) in self.brokers.iter().zip(&machines) {
            seat(&broker.name, Broker::new(machine.clone(), seed, replication).into());
        }
        for queue in &self.queues {
            let machine = machines[queue.broker].clone();
            seat(&queue.name, BrokerQueue::new(queue.clone(), machine, seed, replication).into());
        }
        for topic in &self.topics {
            let machine = machines[topic.broker].clone();
            seat(&topic.name, BrokerTopic::new(topic.clone(), machine, seed, replication).into());
        }
    }
}

/// The dead-letter queue of ActiveMQ that exists without being declared.
const ACTIVEMQ_DLQ: &str = "ActiveMQ.DLQ";

/// A destination on its way to being resolved.
#[derive(Clone, Copy)]
struct Destination<'a> {
    id: EntityId,
    broker: usize,
    store: Option<StoreKind>,
    name: &'a str,
}

impl Resolver<'_> {
    fn broker_defaults(&self, problems: &mut Problems) -> Option<BrokerDefaults> {
        let assumptions: &AssumptionsConfig = self.assumptions;
        let is_2022 = self.config.quotas.profile().name() == "2022";
        let planned = assumptions.mq_planned_failover_time.build(self.files, problems);
        let unplanned = assumptions.mq_unplanned_failover_time.build(self.files, problems);
        let reboot = assumptions.mq_reboot_time.build(self.files, problems);
        let replacement = assumptions.mq_instance_replacement_time.build(self.files, problems);
        Some(BrokerDefaults {
            efs_send_time: span(assumptions.mq_efs_send_time),
            ebs_send_time: span(assumptions.mq_ebs_send_time),
            memory_send_time: span(assumptions.mq_memory_send_time),
            messages_per_second_and_vcpu: assumptions.mq_messages_per_second_and_vcpu,
            planned_failover_time: planned?,
            unplanned_failover_time: unplanned?,
            reboot_time: reboot?,
            instance_replacement_time: replacement?,
            leader_election_time: span(assumptions.mq_leader_election_time),
            stored_before_failure: assumptions.mq_stored_before_failure.as_f64(),
            // "Quotas in Amazon MQ": wire-level connections for each protocol.
            connections: if is_2022 { (100, 1_000) } else { (300, 2_000) },
            rabbitmq_4: self.rabbitmq_4(),
        })
    }

    /// Whether RabbitMQ is version 4 unless a broker says otherwise.
    fn rabbitmq_4(&self) -> bool {
        self.config.quotas.profile().name() != "2022"
    }

    /// The broker of a destination, by its position; problems are told where the destination is resolved.
    fn broker_position(&self, broker: &Reference) -> Option<usize> {
        self.config.brokers.names().position(|name| name == broker.as_str())
    }

    fn broker_of_subscription(&self, position: usize) -> Option<usize> {
        let topic = &self.config.broker_subscriptions.entries[position].1.topic;
        self.broker_position(&self.config.broker_topics.get(topic.as_str())?.broker)
    }

    /// What a consumer receives from at a broker: to its workers it looks like a queue whose receives wait for ever, and whose
    /// calls take no time, as client libraries receive ahead and acknowledge without waiting.
    pub(super) fn broker_source(
        &self,
        reference: &Reference,
        is_subscription: bool,
        problems: &mut Problems,
    ) -> Option<SourceQueue> {
        let names = if is_subscription {
            &self.directory.broker_subscriptions
        } else {
            &self.directory.broker_queues
        };
        let (_, id) = names.find(reference, problems)?;
        Some(SourceQueue {
            id,
            latency: ApiLatency::none(),
            wait_seconds: 20,
            visibility_timeout: crate::engine::Span::from_hours(12),
            is_fifo: false,
            keeps_connection: true,
            shuts_down: false,
        })
    }

    /// A queue or topic of a broker that a producer sends to. The connection that sends its messages is the broker's part.
    pub(super) fn broker_target(
        &mut self,
        producer: &Name,
        (target, reference): (&ProducerTarget, &Reference),
        problems: &mut Problems,
    ) -> (bool, Option<SendTarget>) {
        let is_topic = matches!(target, ProducerTarget::BrokerTopic(_));
        let names = if is_topic { &self.directory.broker_topics } else { &self.directory.broker_queues };
        let found = names.find(reference, problems);
        let kind = if is_topic { BrokerTopic::KIND } else { BrokerQueue::KIND };
        self.flow(Producer::KIND, producer.as_str(), kind, reference.as_str());
        let config = self.config;
        let broker = found.and_then(|(position, _)| {
            let broker = if is_topic {
                &config.broker_topics.entries[position].1.broker
            } else {
                &config.broker_queues.entries[position].1.broker
            };
            config.brokers.get(broker.as_str())
        });
        let largest = broker.map_or(u32::MAX, |broker| broker.maximum_message_bytes(self.rabbitmq_4()));
        let quotas = SqsQuotas {
            maximum_message_bytes: largest,
            maximum_batch_bytes: u32::MAX,
            fair_queues: false,
            ..self.defaults.quotas
        };
        let target = SendTarget {
            id: found.map_or(EntityId(0), |(_, id)| id),
            send_latency: ApiLatency::none().send,
            quotas,
            is_fifo: false,
            payload_store: None,
            upload: None,
            stream: None,
            delivery_stream: None,
        };
        (found.is_some(), Some(target))
    }

    /// All destinations, queues first, then subscriptions, then topics: in the order of their entities.
    fn destinations(&self) -> Vec<Option<Destination<'_>>> {
        let (config, directory) = (self.config, &self.directory);
        let queues = config.broker_queues.iter().map(|(name, queue)| {
            Some(Destination {
                id: directory.broker_queues.entity(name.as_str())?,
                broker: self.broker_position(&queue.broker)?,
                store: Some(StoreKind::Queue),
                name: name.as_str(),
            })
        });
        let subscriptions =
            config.broker_subscriptions.iter().enumerate().map(|(position, (name, subscription))| {
                Some(Destination {
                    id: directory.broker_subscriptions.entity(name.as_str())?,
                    broker: self.broker_of_subscription(position)?,
                    store: Some(if subscription.durable { StoreKind::Durable } else { StoreKind::Broadcast }),
                    name: name.as_str(),
                })
            });
        let topics = config.broker_topics.iter().map(|(name, topic)| {
            Some(Destination {
                id: directory.broker_topics.entity(name.as_str())?,
                broker: self.broker_position(&topic.broker)?,
                store: None,
                name: name.as_str(),
            })
        });
        queues.chain(subscriptions).chain(topics).collect()
    }

    /// The brokers and their destinations; `None` when a problem was told.
    pub(super) fn brokers(&mut self, contents: &Arc<Contents>, problems: &mut Problems) -> Option<Brokers> {
        let errors = problems.errors();
        let defaults = self.broker_defaults(problems)?;
        let config = self.config;
        for reference in config.broker_queues.iter().map(|(_, queue)| &queue.broker) {
            self.directory.brokers.find(reference, problems);
        }
        for reference in config.broker_topics.iter().map(|(_, topic)| &topic.broker) {
            self.directory.brokers.find(reference, problems);
        }
        let destinations = self.destinations();
        let mut brokers = Vec::new();
        for (position, (name, broker)) in config.brokers.iter().enumerate() {
            let own = destinations.iter().flatten().filter(|one| one.broker == position);
            let queues = own.clone().filter(|one| one.store == Some(StoreKind::Queue)).count();
            let own = (own.map(|one| one.id).collect(), queues);
            brokers.push(broker.settings(name.as_str(), own, &defaults, self.prices, self.files, problems));
        }
        let engines: Vec<Engine> =
            config.brokers.iter().map(|(_, broker)| broker.engine(&defaults)).collect();
        // Every text that can come is known by now.
        let mut vocabulary = contents.vocabulary.clone();
        let mut queues = Vec::new();
        let mut numbers = vec![0; config.brokers.entries.len()];
        for (position, (name, queue)) in config.broker_queues.iter().enumerate() {
            let Some(destination) = destinations[position] else { continue };
            let broker = &config.brokers.entries[destination.broker].1;
            let engine = engines[destination.broker];
            let dead_letters = queue.dead_letter_queue.as_ref();
            let dead_letter_queue =
                self.broker_dead_letters((name, dead_letters), destination.broker, problems);
            let (readers, selectors) = self.readers(destination, engine, &mut vocabulary, problems);
            let around = QueueSurroundings {
                broker: destination.broker,
                number: numbers[destination.broker],
                dead_letter_queue,
                senders: self.senders(destination, engine, problems),
                readers,
                selectors,
                contents: Arc::clone(contents),
            };
            numbers[destination.broker] += 1;
            queues.push(queue.settings(name.as_str(), (broker, engine), around, problems));
        }
        for (position, (name, subscription)) in config.broker_subscriptions.iter().enumerate() {
            self.directory.broker_topics.find(&subscription.topic, problems);
            let Some(destination) = destinations[config.broker_queues.entries.len() + position] else {
                continue;
            };
            let engine = engines[destination.broker];
            if engine != Engine::ActiveMq {
                problems
                    .error(subscription.topic.place, "subscriptions of topics are for ActiveMQ")
                    .help("bind a queue to the exchange: `bindings: [ … ]`");
            }
            let (readers, selectors) = self.readers(destination, engine, &mut vocabulary, problems);
            let around = QueueSurroundings {
                broker: destination.broker,
                number: 0,
                dead_letter_queue: self.broker_dead_letters((name, None), destination.broker, problems),
                senders: self.senders(destination, engine, problems),
                readers,
                selectors,
                contents: Arc::clone(contents),
            };
            queues.push(subscription.settings(name.as_str(), around));
        }
        let known = (contents, &mut vocabulary);
        let topics = self.broker_topics(&destinations_of(&destinations), &engines, known, problems);
        drop(destinations);
        self.broker_flows();
        if problems.errors() > errors {
            return None;
        }
        Some(Brokers { brokers: brokers.into_iter().collect::<Option<_>>()?, queues, topics })
    }

    /// The topics with the queues and subscriptions that their messages go to.
    fn broker_topics(
        &self,
        destinations: &[(EntityId, usize, Option<StoreKind>, String)],
        engines: &[Engine],
        (contents, vocabulary): (&Arc<Contents>, &mut Vocabulary),
        problems: &mut Problems,
    ) -> Vec<BrokerTopicSettings> {
        let config = self.config;
        let mut topics = Vec::new();
        for (name, topic) in config.broker_topics.iter() {
            let own = destinations.iter().find(|(_, _, store, own)| store.is_none() && own == name.as_str());
            let Some((id, broker, _, _)) = own else { continue };
            let engine = engines[*broker];
            let mut targets: Vec<Target> = Vec::new();
            let everything = |id| Target { id, condition: Condition::Everything };
            for (queue, config) in config.broker_queues.iter() {
                let is_consumer = is_virtual_consumer(queue.as_str(), name.as_str());
                if is_consumer
                    && config.broker.as_str() == topic.broker.as_str()
                    && engine == Engine::ActiveMq
                {
                    targets.extend(self.directory.broker_queues.entity(queue.as_str()).map(everything));
                }
            }
            for (subscription, config) in config.broker_subscriptions.iter() {
                if config.topic.as_str() == name.as_str() {
                    let id = self.directory.broker_subscriptions.entity(subscription.as_str());
                    let selector = config.selector.as_ref();
                    let selector = selector.and_then(|text| read_selector(text, vocabulary, problems));
                    let condition = selector.map_or(Condition::Everything, Condition::Selector);
                    targets.extend(id.map(|id| Target { id, condition }));
                }
            }
            self.check_exchange(name, topic, engine, problems);
            for binding in &topic.bindings {
                let Some((_, id)) = self.directory.broker_queues.find(binding.queue(), problems) else {
                    continue;
                };
                let condition = match binding {
                    BindingConfig::Queue(_) => Condition::Everything,
                    BindingConfig::With(bound) => {
                        Condition::of_binding(topic.exchange_type, bound, vocabulary, problems)
                    }
                };
                Target::add(&mut targets, id, condition);
            }
            let destination = Destination { id: *id, broker: *broker, store: None, name: name.as_str() };
            topics.push(BrokerTopicSettings {
                name: name.text.clone(),
                broker: *broker,
                targets: targets.into(),
                contents: Arc::clone(contents),
                senders: self.senders(destination, engine, problems),
            });
        }
        topics
    }

    /// What only exchanges of RabbitMQ have.
    fn check_exchange(
        &self,
        name: &Name,
        topic: &BrokerTopicConfig,
        engine: Engine,
        problems: &mut Problems,
    ) {
        if engine == Engine::ActiveMq && topic.exchange_type != ExchangeTypeConfig::Fanout {
            problems
                .error(topic.places.key("exchange_type"), "a topic of ActiveMQ is no exchange")
                .help("give its `broker_subscriptions` a `selector`");
        }
        for queue in topic.bindings.iter().map(BindingConfig::queue) {
            if engine == Engine::ActiveMq {
                problems
                    .error(queue.place, "a topic of ActiveMQ has no bindings")
                    .help("call the topic `VirtualTopic.X` and the queue `Consumer.n.VirtualTopic.X`, or give the topic `broker_subscriptions`");
            }
            let bound = self.config.broker_queues.get(queue.as_str());
            if bound.is_some_and(|bound| bound.broker.as_str() != topic.broker.as_str()) {
                problems.error(queue.place, format!("`{queue}` is a queue of another broker than `{name}`"));
            }
        }
    }

    /// Where dead letters of a queue go.
    fn broker_dead_letters(
        &self,
        (name, reference): (&Name, Option<&Reference>),
        broker: usize,
        problems: &mut Problems,
    ) -> Option<EntityId> {
        let config = self.config;
        let is_own = |queue: &str| {
            let queue = config.broker_queues.get(queue);
            queue.is_some_and(|queue| self.broker_position(&queue.broker) == Some(broker))
        };
        let Some(reference) = reference else {
            let usual = !config.brokers.entries[broker].1.is_rabbitmq() && name.as_str() != ACTIVEMQ_DLQ;
            return self
                .directory
                .broker_queues
                .entity(ACTIVEMQ_DLQ)
                .filter(|_| usual && is_own(ACTIVEMQ_DLQ));
        };
        let (_, id) = self.directory.broker_queues.find(reference, problems)?;
        if reference.as_str() == name.as_str() {
            problems.error(reference.place, format!("`{name}` cannot be its own dead-letter queue"));
        } else if !is_own(reference.as_str()) {
            problems
                .error(reference.place, format!("`{reference}` is a queue of another broker than `{name}`"));
        }
        Some(id)
    }

    fn for_clients(&self, destination: Destination<'_>, engine: Engine) -> BrokerForClients<'_> {
        BrokerForClients {
            name: self.config.brokers.entries[destination.broker].0.as_str(),
            is_rabbitmq: engine != Engine::ActiveMq,
            is_rabbitmq_4: engine == Engine::RabbitMq4,
            store: destination.store,
        }
    }

    /// How everybody sends to a destination; the last one is for those whom nothing is said about.
    fn senders(
        &self,
        destination: Destination<'_>,
        engine: Engine,
        problems: &mut Problems,
    ) -> Vec<SenderSettings> {
        let broker = self.for_clients(destination, engine);
        let mut senders = Vec::new();
        for (name, producer) in self.config.producers.iter() {
            let (reference, is_topic) = match &producer.publishes_to {
                ProducerTarget::BrokerQueue(reference) => (reference, false),
                ProducerTarget::BrokerTopic(reference) => (reference, true),
                _ => continue,
            };
            let is_this = reference.as_str() == destination.name && is_topic == destination.store.is_none();
            if is_this && destination.store.is_none_or(|store| store == StoreKind::Queue) {
                let from = self.directory.producers.entity(name.as_str());
                senders.push(sender(from, producer.broker_client.as_ref(), broker, problems));
            }
        }
        for (name, client) in self.config.clients.iter() {
            if let Some(config) = &client.broker_producer
                && client.calls_broker(destination.name)
            {
                let from = self.directory.clients.entity(name.as_str());
                senders.push(sender(from, Some(config), broker, problems));
            }
        }
        senders.push(sender(None, None, broker, problems));
        senders
    }

    /// How everybody receives from a destination, and with which selectors; the last one is for those whom nothing is said about.
    fn readers(
        &self,
        destination: Destination<'_>,
        engine: Engine,
        vocabulary: &mut Vocabulary,
        problems: &mut Problems,
    ) -> (Vec<ReaderSettings>, Vec<Selector>) {
        let broker = self.for_clients(destination, engine);
        let (mut readers, mut selectors) = (Vec::new(), Vec::new());
        let mut add = |from, config: Option<&BrokerReaderConfig>, problems: &mut Problems| {
            let mut reader = reader(from, config, broker, problems);
            let selector = config.and_then(|config| config.selector.as_ref());
            if let Some(selector) = selector.and_then(|text| read_selector(text, vocabulary, problems)) {
                reader.selector = Some(selectors.len() as u16);
                selectors.push(selector);
            }
            readers.push(reader);
        };
        for (name, consumer) in self.config.consumers.iter() {
            let (reference, is_queue) = match &consumer.receives_from {
                ConsumerSource::BrokerQueue(reference) => (reference, true),
                ConsumerSource::BrokerSubscription(reference) => (reference, false),
                ConsumerSource::Queue(_) | ConsumerSource::StreamConsumer(_) => continue,
            };
            let is_this = destination.store.is_some_and(|store| (store == StoreKind::Queue) == is_queue);
            if is_this && reference.as_str() == destination.name {
                let from = self.directory.consumers.entity(name.as_str());
                add(from, consumer.broker_client.as_ref(), problems);
            }
        }
        for (name, client) in self.config.clients.iter() {
            if let Some(config) = &client.broker_consumer
                && client.calls_broker(destination.name)
            {
                let from = self.directory.clients.entity(name.as_str());
                add(from, Some(config), problems);
            }
        }
        add(None, None, problems);
        (readers, selectors)
    }

    fn broker_flows(&mut self) {
        let config = self.config;
        let mut flows = Vec::new();
        for (topic, _) in config.broker_topics.iter() {
            for queue in config.broker_queues.names() {
                if is_virtual_consumer(queue, topic.as_str()) {
                    flows.push((BrokerTopic::KIND, topic.as_str(), BrokerQueue::KIND, queue));
                }
            }
        }
        for (topic, settings) in config.broker_topics.iter() {
            for binding in &settings.bindings {
                flows.push((BrokerTopic::KIND, topic.as_str(), BrokerQueue::KIND, binding.queue().as_str()));
            }
        }
        for (name, subscription) in config.broker_subscriptions.iter() {
            let topic = subscription.topic.as_str();
            flows.push((BrokerTopic::KIND, topic, "broker_subscription", name.as_str()));
        }
        for (name, queue) in config.broker_queues.iter() {
            if let Some(dead_letters) = &queue.dead_letter_queue {
                flows.push((BrokerQueue::KIND, name.as_str(), BrokerQueue::KIND, dead_letters.as_str()));
            }
        }
        for (from_kind, from, to_kind, to) in flows {
            self.flow(from_kind, from, to_kind, to);
        }
    }
}

/// A selector; what is wrong with it is told.
fn read_selector(
    text: &Located<String>,
    vocabulary: &mut Vocabulary,
    problems: &mut Problems,
) -> Option<Selector> {
    match Selector::read(&text.value, vocabulary) {
        Ok(selector) => Some(selector),
        Err(what) => {
            problems
                .error(text.place, format!("this is no selector: {what}"))
                .help("for example `type = 'order' AND amount > 100`");
            None
        }
    }
}

/// Whether a queue is one of a virtual topic ("Virtual Destinations"): `Consumer.n.VirtualTopic.X`.
fn is_virtual_consumer(queue: &str, topic: &str) -> bool {
    let rest = queue.strip_prefix("Consumer.").and_then(|rest| rest.strip_suffix(topic));
    let consumer = rest.and_then(|rest| rest.strip_suffix('.'));
    topic.starts_with("VirtualTopic.") && consumer.is_some_and(|consumer| !consumer.is_empty())
}

/// The destinations with names of their own.
fn destinations_of(
    destinations: &[Option<Destination<'_>>],
) -> Vec<(EntityId, usize, Option<StoreKind>, String)> {
    let known = destinations.iter().flatten();
    known.map(|one| (one.id, one.broker, one.store, one.name.to_owned())).collect()
}
