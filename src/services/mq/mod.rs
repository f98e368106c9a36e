//! Amazon MQ: brokers of ActiveMQ and RabbitMQ with their queues, topics and subscriptions.
//!
//! # What it is
//!
//! A broker is a machine, not a service without limits: it has connections, memory and storage, it takes so many messages a
//! second, and now and then it is not there. It pushes messages to consumers, as many as their prefetch allows, and keeps each
//! until it is acknowledged.
//!
//! # What is modelled
//!
//! Deployment modes and storage with AWS's allowed combinations; how long a send takes by storage, concurrent store and
//! dispatch, a ceiling for the broker as a whole; producer flow control, memory and disk alarms, `max-length`, publisher
//! confirms; routing keys, headers, selectors and priorities; prefetch and its refill, acknowledgement modes, transactions, redelivery policies, delivery limits, dead letters,
//! messages that are too old, `consumer_timeout`; topics, durable subscriptions, virtual topics, fan-out exchanges; outages
//! with failover, reconnecting clients, redelivered and repeated messages; connection quotas; price.
//!
//! # What is not
//!
//! Networks of brokers, replication across Regions, the job scheduler, users and groups, the journal files and their recovery, the time that mirrored queues of RabbitMQ 3 take to synchronise.
//!
//! # How it is built
//!
//! Each destination is an entity with books and metrics; what they have in common is a [`SharedMachine`]. The client libraries
//! of producers and consumers live here too: a producer hands over messages as to any queue, and the connection that sends
//! them is the destination's; a worker asks for messages as it asks any queue, and the client that has received ahead of it is
//! a session of the queue. So neither has to know what it is connected to.
//!
//! # Quotas
//!
//! "Quotas in Amazon MQ", read in November 2026.

mod accept;
mod acknowledge;
mod broker;
mod broker_config;
mod deliver;
mod instance;
mod intake;
mod machine;
mod metrics;
mod outage;
mod protocol;
mod queue;
mod queue_config;
mod requests;
mod routing;
mod session;
mod settings;
mod slots;
mod topic;

pub use broker::{Broker, BrokerTimer};
pub use broker_config::{BrokerConfig, BrokerDefaults};
pub use intake::LineId;
pub use machine::SharedMachine;
pub use metrics::{BrokerMetrics, BrokerQueueMetrics, BrokerTopicMetrics};
pub use protocol::{BrokerForClients, Protocol, reader, sender};
pub use queue::{BrokerQueue, QueueTimer};
pub use queue_config::{
    BindingConfig, BoundQueueConfig, BrokerQueueConfig, BrokerSubscriptionConfig, BrokerTopicConfig,
    ExchangeTypeConfig, QueueSurroundings,
};
pub use routing::{Condition, ROUTING_KEY, Target};
pub use settings::{
    Acknowledgement, BrokerPrices, BrokerQueueSettings, BrokerSettings, BrokerTopicSettings, Engine, Outage,
    OutageKind, ReaderSettings, Reconnect, RedeliveryPolicy, SenderSettings, StoreKind, WhenFull,
};
pub use topic::{BrokerTopic, TopicTimer};
