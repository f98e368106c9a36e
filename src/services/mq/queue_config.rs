//! Queues, topics and subscriptions of brokers in a scenario.

use super::broker_config::BrokerConfig;
use super::settings::{BrokerQueueSettings, Engine, ReaderSettings, SenderSettings, StoreKind};
use crate::engine::Span;
use crate::language::{Bytes, Duration, Problems, Reference, keyword, section};
use crate::wire::{EntityId, span};

section! {
    /// A queue of a broker.
    pub struct BrokerQueueConfig {
        /// Its broker.
        pub broker: Reference;
        /// Where messages go that failed too often or were too old, a queue of the same broker. By default `ActiveMQ.DLQ`;
        /// with RabbitMQ (`x-dead-letter-exchange`) nowhere: they are dropped.
        pub dead_letter_queue: Option<Reference>;
        /// Whether messages that are too old are dead letters too (`processExpired`).
        pub process_expired: bool = true;
        /// Memory for its messages; while it is used up, producers wait (`memoryLimit` of ActiveMQ).
        pub memory_limit: Option<Bytes>, at_least (Bytes::new(1));
        /// Most messages (`max-length` of RabbitMQ, with `overflow: reject-publish`); by default 8,000,000 in a cluster.
        pub max_length: Option<u64>, at_least (1);
        /// What kind of queue of RabbitMQ it is (`x-queue-type`); by default `quorum` from RabbitMQ 4 on.
        pub queue_type: Option<QueueTypeConfig>;
        /// How often a quorum queue takes a message back (`x-delivery-limit`), then it is a dead letter; by default 20 from
        /// RabbitMQ 4 on.
        pub delivery_limit: Option<u32>;
        /// After this a message is too old (`x-message-ttl` of RabbitMQ).
        pub message_ttl: Option<Duration>, above (Duration::ZERO);
        /// After this a message that is not acknowledged closes its channel (`consumer_timeout` of RabbitMQ).
        pub consumer_timeout: Duration = Duration::from_minutes(30), above (Duration::ZERO);
        /// Whether one consumer gets everything as long as it is there (`consumer.exclusive`, `x-single-active-consumer`).
        pub exclusive_consumer: bool = false;
    }
}

keyword! {
    /// The kinds of queues of RabbitMQ.
    pub enum QueueTypeConfig {
        /// On one node, or mirrored.
        Classic = "classic",
        /// Replicated on three nodes; everything in it is persistent.
        Quorum = "quorum",
    }
}

section! {
    /// A topic of ActiveMQ, or a fan-out exchange of RabbitMQ. What is sent to a topic `VirtualTopic.X` goes to all queues
    /// `Consumer.n.VirtualTopic.X` of its broker ("Virtual Destinations").
    pub struct BrokerTopicConfig {
        /// Its broker.
        pub broker: Reference;
        /// The queues that are bound to it, with RabbitMQ.
        pub bindings: Vec<Reference> = Vec::new();
    }
}

section! {
    /// A subscription of a topic of ActiveMQ.
    pub struct BrokerSubscriptionConfig {
        /// The topic.
        pub topic: Reference;
        /// Whether messages wait for the subscriber while it is not there. A durable subscription has one consumer at a time;
        /// of another one each consumer gets each message, as long as it is connected.
        pub durable: bool = false;
    }
}

/// What a queue is in its broker.
#[derive(Debug, Clone)]
pub struct QueueSurroundings {
    /// The position of the broker.
    pub broker: usize,
    /// Its number in it.
    pub number: u32,
    /// Where its dead letters go.
    pub dead_letter_queue: Option<EntityId>,
    /// Who sends how; the last one is for everybody else.
    pub senders: Vec<SenderSettings>,
    /// Who receives how; the last one is for everybody else.
    pub readers: Vec<ReaderSettings>,
}

/// Most messages by default in a cluster ("Amazon MQ for RabbitMQ broker defaults").
const USUAL_MAX_LENGTH: u64 = 8_000_000;
/// `x-delivery-limit` ("RabbitMQ 4 on Amazon MQ").
const USUAL_DELIVERY_LIMIT: u32 = 20;

impl BrokerQueueConfig {
    /// The settings; problems are told.
    pub fn settings(
        &self,
        name: &str,
        (broker, engine): (&BrokerConfig, Engine),
        around: QueueSurroundings,
        problems: &mut Problems,
    ) -> BrokerQueueSettings {
        self.check(broker, engine, problems);
        let is_rabbitmq = engine != Engine::ActiveMq;
        let is_quorum = self.is_quorum(engine);
        let usual_limit = (engine == Engine::RabbitMq4 && is_quorum).then_some(USUAL_DELIVERY_LIMIT);
        let usual_length = broker.is_cluster().then_some(USUAL_MAX_LENGTH);
        BrokerQueueSettings {
            name: name.to_owned(),
            store: StoreKind::Queue,
            number: around.number,
            broker: around.broker,
            dead_letter_queue: around.dead_letter_queue,
            maximum_length: self.max_length.or(usual_length),
            memory_limit: self.memory_limit.map(Bytes::as_u64),
            delivery_limit: self.delivery_limit.or(usual_limit),
            is_quorum,
            process_expired: self.process_expired,
            time_to_live: self.message_ttl.map(span),
            consumer_timeout: is_rabbitmq.then(|| span(self.consumer_timeout)),
            exclusive_consumer: self.exclusive_consumer,
            senders: around.senders,
            readers: around.readers,
        }
    }

    fn is_quorum(&self, engine: Engine) -> bool {
        let usual =
            if engine == Engine::RabbitMq4 { QueueTypeConfig::Quorum } else { QueueTypeConfig::Classic };
        self.queue_type.unwrap_or(usual) == QueueTypeConfig::Quorum && engine != Engine::ActiveMq
    }

    fn check(&self, broker: &BrokerConfig, engine: Engine, problems: &mut Problems) {
        let foreign: &[&str] = if broker.is_rabbitmq() {
            &["memory_limit"]
        } else {
            &["max_length", "queue_type", "delivery_limit", "message_ttl", "consumer_timeout"]
        };
        let (own, other) =
            if broker.is_rabbitmq() { ("RabbitMQ", "ActiveMQ") } else { ("ActiveMQ", "RabbitMQ") };
        for key in foreign {
            if let Some(place) = self.places.key(key) {
                problems
                    .error(place, format!("`{key}` is for queues of {other}"))
                    .why(format!("the broker `{}` runs {own}", self.broker));
            }
        }
        if self.delivery_limit.is_some() && broker.is_rabbitmq() && !self.is_quorum(engine) {
            problems
                .error(self.places.key("delivery_limit"), "a classic queue has no `delivery_limit`")
                .why("\"Quorum Queues\": only these count how often a message was returned")
                .help("queue_type: quorum");
        }
    }
}

impl BrokerSubscriptionConfig {
    /// The settings of the messages that wait for its consumers.
    pub fn settings(&self, name: &str, around: QueueSurroundings) -> BrokerQueueSettings {
        BrokerQueueSettings {
            name: name.to_owned(),
            store: if self.durable { StoreKind::Durable } else { StoreKind::Broadcast },
            number: around.number,
            broker: around.broker,
            dead_letter_queue: around.dead_letter_queue,
            maximum_length: None,
            memory_limit: None,
            delivery_limit: None,
            is_quorum: false,
            process_expired: true,
            time_to_live: None::<Span>,
            consumer_timeout: None,
            exclusive_consumer: false,
            senders: around.senders,
            readers: around.readers,
        }
    }
}
