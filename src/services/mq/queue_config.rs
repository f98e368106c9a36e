//! Queues, topics and subscriptions of brokers in a scenario.

use super::broker_config::BrokerConfig;
use super::settings::{BrokerQueueSettings, Engine, ReaderSettings, SenderSettings, StoreKind};
use crate::engine::Span;
use crate::filter::{JsonConfig, Selector};
use crate::language::{
    Bytes, Decode, Definitions, Duration, Json, Located, Node, Problems, Reference, Value, keyword, section,
};
use crate::wire::{Contents, EntityId, span};
use std::sync::Arc;

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
        /// Most messages (`max-length` of RabbitMQ, with `overflow: reject-publish`); by default in a
        /// cluster, by its instances: 8,000,000 with `large`.
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
        /// Whether messages of a higher priority go first (`prioritizedMessages` of ActiveMQ).
        pub prioritized_messages: bool = false;
        /// Priorities that a classic queue of RabbitMQ knows (`x-max-priority`); by default none.
        pub max_priority: Option<u32>, within (1, 255);
        /// Messages that are looked at for consumers with a `selector` (`maxPageSize` of ActiveMQ): what lies behind them waits.
        pub max_page_size: u32 = 200, within (1, 1_000_000);
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
    /// A topic of ActiveMQ, or an exchange of RabbitMQ. What is sent to a topic `VirtualTopic.X` goes to all queues
    /// `Consumer.n.VirtualTopic.X` of its broker ("Virtual Destinations").
    pub struct BrokerTopicConfig {
        /// Its broker.
        pub broker: Reference;
        /// How an exchange of RabbitMQ chooses among its queues.
        pub exchange_type: ExchangeTypeConfig = ExchangeTypeConfig::Fanout;
        /// The queues that are bound to it, with RabbitMQ: names, or what they want (`{ queue: orders, routing_key: "order.*" }`).
        pub bindings: Vec<BindingConfig> = Vec::new();
    }
    check BrokerTopicConfig::check;
}

keyword! {
    /// How an exchange of RabbitMQ chooses ("Exchanges"). The routing key of a message is its attribute `routing_key`.
    pub enum ExchangeTypeConfig {
        /// Queues whose binding has the routing key of the message.
        Direct = "direct",
        /// All queues that are bound.
        Fanout = "fanout",
        /// Queues whose binding has headers of the message, which are its attributes.
        Headers = "headers",
        /// Queues whose binding has a pattern that the routing key fits: `*` stands for one word, `#` for any number.
        Topic = "topic",
    }
}

section! {
    /// A queue that is bound to an exchange of RabbitMQ.
    pub struct BoundQueueConfig {
        /// The queue.
        pub queue: Reference;
        /// The routing key of a direct exchange, or the pattern of a topic exchange.
        pub routing_key: Option<String>;
        /// The headers of a headers exchange; `x-match: any` if one is enough.
        pub arguments: Option<JsonConfig>;
    }
}

/// A binding: the name of a queue, or what the queue wants.
#[derive(Debug, Clone)]
pub enum BindingConfig {
    /// A queue.
    Queue(Reference),
    /// And what it wants.
    With(BoundQueueConfig),
}

impl BindingConfig {
    /// The queue.
    pub fn queue(&self) -> &Reference {
        match self {
            BindingConfig::Queue(queue) => queue,
            BindingConfig::With(bound) => &bound.queue,
        }
    }
}

impl Decode for BindingConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Mapping(_) = node.value {
            return BoundQueueConfig::decode(node, problems).map(BindingConfig::With);
        }
        Reference::decode(node, problems).map(BindingConfig::Queue)
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let (name, bound) = (Reference::schema(definitions), BoundQueueConfig::schema(definitions));
        serde_json::json!({ "anyOf": [name, bound] })
    }

    fn type_name() -> String {
        format!("{} or {}", Reference::type_name(), BoundQueueConfig::type_name())
    }
}

impl BrokerTopicConfig {
    fn check(&self, problems: &mut Problems) {
        for binding in &self.bindings {
            let queue = binding.queue();
            let (key, arguments) = match binding {
                BindingConfig::Queue(_) => (None, None),
                BindingConfig::With(bound) => {
                    (bound.places.key("routing_key"), bound.places.key("arguments"))
                }
            };
            let wants_key =
                matches!(self.exchange_type, ExchangeTypeConfig::Direct | ExchangeTypeConfig::Topic);
            if wants_key && key.is_none() {
                problems
                    .error(
                        queue.place,
                        format!(
                            "a binding to an exchange of the type `{}` needs a `routing_key`",
                            self.exchange_type
                        ),
                    )
                    .help(format!("{{ queue: {queue}, routing_key: … }}"));
            }
            if let Some(place) = key.filter(|_| !wants_key) {
                problems
                    .error(
                        place,
                        format!(
                            "an exchange of the type `{}` does not look at routing keys",
                            self.exchange_type
                        ),
                    )
                    .help("exchange_type: topic");
            }
            if let Some(place) = arguments.filter(|_| self.exchange_type != ExchangeTypeConfig::Headers) {
                problems
                    .error(
                        place,
                        format!("an exchange of the type `{}` does not look at headers", self.exchange_type),
                    )
                    .help("exchange_type: headers");
            }
        }
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
        /// Which messages it wants, as a condition over their attributes: `type = 'order' AND amount > 100` (`selector` of JMS).
        pub selector: Option<Located<String>>;
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
    /// The selectors of those.
    pub selectors: Vec<Selector>,
    /// What messages say.
    pub contents: Arc<Contents>,
}

/// Priorities of JMS, 0 to 9.
const JMS_PRIORITIES: u16 = 10;

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
        let usual_length = broker.usual_max_length();
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
            priorities: match self.max_priority {
                Some(most) => most as u16 + 1,
                None if self.prioritized_messages => JMS_PRIORITIES,
                None => 1,
            },
            max_page_size: self.max_page_size as usize,
            selectors: around.selectors,
            contents: around.contents,
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
            &["memory_limit", "prioritized_messages", "max_page_size"]
        } else {
            &["max_length", "queue_type", "delivery_limit", "message_ttl", "consumer_timeout", "max_priority"]
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
        if let Some(place) = self.places.key("max_priority").filter(|_| self.is_quorum(engine)) {
            problems
                .error(place, "a quorum queue has no `max_priority`")
                .why("`x-max-priority` is an argument of classic queues")
                .help("queue_type: classic");
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
            priorities: 1,
            max_page_size: usize::MAX,
            selectors: around.selectors,
            contents: around.contents,
            senders: around.senders,
            readers: around.readers,
        }
    }
}
