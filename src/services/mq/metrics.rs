//! What brokers and their destinations measure ("Monitoring Amazon MQ for ActiveMQ brokers", "Monitoring Amazon MQ for
//! RabbitMQ brokers").

use crate::record::{Instrument, MetricDefinition};

crate::metrics! {
    /// The metrics of one broker. Those with a CloudWatch name exist for the engine that has them.
    pub struct BrokerMetrics in "AWS/AmazonMQ", by "Broker" {
        /// ActiveMQ: how busy the machine is with messages. An assumption, as what it can take.
        pub cpu_utilization: Level [Percent] as "CpuUtilization",
        /// ActiveMQ: the part of the heap that is in use.
        pub heap_usage: Level [Percent] as "HeapUsage",
        /// ActiveMQ: the part of the storage that is in use. At 100 % persistent messages are no longer taken.
        pub store_percent_usage: Level [Percent] as "StorePercentUsage",
        /// ActiveMQ: the part of the temporary storage that is in use, for messages that are not persistent.
        pub temp_percent_usage: Level [Percent] as "TempPercentUsage",
        /// ActiveMQ: connections.
        pub current_connections_count: Level [Count] as "CurrentConnectionsCount",
        /// ActiveMQ: connections made so far.
        pub established_connections_count: Level [Count] as "EstablishedConnectionsCount",
        /// ActiveMQ: messages in the broker.
        pub total_message_count: Level [Count] as "TotalMessageCount",
        /// ActiveMQ: consumers.
        pub total_consumer_count: Level [Count] as "TotalConsumerCount",
        /// ActiveMQ: producers.
        pub total_producer_count: Level [Count] as "TotalProducerCount",
        /// ActiveMQ: messages sent to the broker.
        pub total_enqueue_count: Counter [Count] as "TotalEnqueueCount",
        /// ActiveMQ: messages consumed.
        pub total_dequeue_count: Counter [Count] as "TotalDequeueCount",
        /// ActiveMQ: durable subscriptions whose subscriber is not connected.
        pub inactive_durable_topic_subscribers_count: Level [Count] as "InactiveDurableTopicSubscribersCount",
        /// RabbitMQ: how busy the machine is with messages. An assumption, as what it can take.
        pub system_cpu_utilization: Level [Percent] as "SystemCpuUtilization",
        /// RabbitMQ: memory in use for messages.
        pub rabbitmq_mem_used: Level [Bytes] as "RabbitMQMemUsed",
        /// RabbitMQ: from here on the memory alarm is on.
        pub rabbitmq_mem_limit: Level [Bytes] as "RabbitMQMemLimit",
        /// RabbitMQ: free storage.
        pub rabbitmq_disk_free: Level [Bytes] as "RabbitMQDiskFree",
        /// RabbitMQ: connections.
        pub connection_count: Level [Count] as "ConnectionCount",
        /// RabbitMQ: channels; each connection has one.
        pub channel_count: Level [Count] as "ChannelCount",
        /// RabbitMQ: consumers.
        pub consumer_count: Level [Count] as "ConsumerCount",
        /// RabbitMQ: queues.
        pub queue_count: Level [Count] as "QueueCount",
        /// RabbitMQ: exchanges, the seven that every broker has among them.
        pub exchange_count: Level [Count] as "ExchangeCount",
        /// RabbitMQ: messages in queues.
        pub message_count: Level [Count] as "MessageCount",
        /// RabbitMQ: messages that could be delivered.
        pub message_ready_count: Level [Count] as "MessageReadyCount",
        /// RabbitMQ: messages that were delivered and not acknowledged.
        pub message_unacknowledged_count: Level [Count] as "MessageUnacknowledgedCount",
        /// RabbitMQ: messages published a second.
        pub publish_rate: Level [PerSecond] as "PublishRate",
        /// RabbitMQ: messages confirmed a second.
        pub confirm_rate: Level [PerSecond] as "ConfirmRate",
        /// RabbitMQ: messages acknowledged a second.
        pub ack_rate: Level [PerSecond] as "AckRate",
        /// Whether clients can connect, 1 or 0; of a cluster: the nodes that are there. AWS has no such metric.
        pub nodes_up: Level [Count],
        /// Times that it, or a node, was gone.
        pub outages: Counter [Count],
        /// Connections that were made again after that.
        pub reconnections: Counter [Count],
        /// Connections refused because there were too many.
        pub connections_refused: Counter [Count],
        /// Destinations whose producers are held up because there is no room.
        pub destinations_blocked: Level [Count],
    }
}

crate::metrics! {
    /// The metrics of one queue of a broker, or of one subscription of a topic.
    pub struct BrokerQueueMetrics in "AWS/AmazonMQ", by "Queue" {
        /// ActiveMQ: messages in the queue, those that consumers have included.
        pub queue_size: Level [Count] as "QueueSize",
        /// ActiveMQ: messages that consumers have, and have not acknowledged.
        pub in_flight_count: Level [Count] as "InFlightCount",
        /// ActiveMQ: messages that came.
        pub enqueue_count: Counter [Count] as "EnqueueCount",
        /// ActiveMQ: messages that were acknowledged.
        pub dequeue_count: Counter [Count] as "DequeueCount",
        /// ActiveMQ: messages given to consumers, redeliveries included.
        pub dispatch_count: Counter [Count] as "DispatchCount",
        /// ActiveMQ: messages that were too old.
        pub expired_count: Counter [Count] as "ExpiredCount",
        /// ActiveMQ: from the arrival of a message to its delivery to a consumer.
        pub enqueue_time: Distribution [Milliseconds] as "EnqueueTime",
        /// ActiveMQ: producers that are connected.
        pub producer_count: Level [Count] as "ProducerCount",
        /// ActiveMQ: the part of the queue's memory limit that is in use.
        pub memory_usage: Level [Percent] as "MemoryUsage",
        /// Consumers that are connected.
        pub consumer_count: Level [Count] as "ConsumerCount",
        /// RabbitMQ: messages in the queue, those that consumers have included.
        pub message_count: Level [Count] as "MessageCount",
        /// RabbitMQ: messages that could be delivered. ActiveMQ does not publish it.
        pub messages_ready: Level [Count] as "MessageReadyCount",
        /// RabbitMQ: messages that consumers have, and have not acknowledged.
        pub messages_unacknowledged: Level [Count] as "MessageUnacknowledgedCount",
        /// Age of the oldest message in the queue; absent while there is none. Amazon MQ has no such metric.
        pub age_of_oldest_message: Level [Seconds],
        /// Messages that lie with a client ahead of its program: received by its prefetch.
        pub prefetched_messages: Level [Count],
        /// How long a producer had a message: from its making to the broker's answer.
        pub send_time: Distribution [Seconds],
        /// Messages that wait in their producers for a free connection, or for room.
        pub messages_waiting_to_send: Level [Count],
        /// Messages given to a consumer that had been delivered before.
        pub messages_redelivered: Counter [Count],
        /// Messages that went to a dead-letter queue.
        pub messages_dead_lettered: Counter [Count],
        /// Messages that came because this is a dead-letter queue.
        pub messages_dead_lettered_in: Counter [Count],
        /// Messages that were gone after an outage of the broker.
        pub messages_lost: Counter [Count],
        /// Messages stored twice: the answer to the first send was lost with the connection.
        pub messages_stored_twice: Counter [Count],
        /// Messages refused: the queue was full, or there was no room.
        pub messages_refused: Counter [Count],
        /// Messages thrown away: returned too often without a place for dead letters, or nobody was there for them.
        pub messages_dropped: Counter [Count],
        /// RabbitMQ: channels closed because a message was not acknowledged in time (`consumer_timeout`).
        pub consumer_timeouts: Counter [Count],
        /// Acknowledgements that came too late: the message had been given back.
        pub stale_acknowledgements: Counter [Count],
        /// Consumers that were refused.
        pub consumers_refused: Counter [Count],
    }
}

crate::metrics! {
    /// The metrics of one topic of a broker, or of an exchange.
    pub struct BrokerTopicMetrics in "AWS/AmazonMQ", by "Topic" {
        /// ActiveMQ: messages that came.
        pub enqueue_count: Counter [Count] as "EnqueueCount",
        /// ActiveMQ: messages passed on to queues and subscriptions.
        pub dispatch_count: Counter [Count] as "DispatchCount",
        /// ActiveMQ: producers that are connected.
        pub producer_count: Level [Count] as "ProducerCount",
        /// How long a producer had a message: from its making to the broker's answer.
        pub send_time: Distribution [Seconds],
        /// Messages that wait in their producers for a free connection, or for room.
        pub messages_waiting_to_send: Level [Count],
        /// Messages refused because there was no room.
        pub messages_refused: Counter [Count],
        /// Messages that were cut off by an outage before the broker had them.
        pub messages_lost: Counter [Count],
    }
}

/// Metrics that only RabbitMQ has.
const RABBITMQ_BROKER: [&str; 14] = [
    "system_cpu_utilization",
    "rabbitmq_mem_used",
    "rabbitmq_mem_limit",
    "rabbitmq_disk_free",
    "connection_count",
    "channel_count",
    "consumer_count",
    "queue_count",
    "exchange_count",
    "message_count",
    "message_ready_count",
    "message_unacknowledged_count",
    "publish_rate",
    "ack_rate",
];
const CONFIRM_RATE: &str = "confirm_rate";
/// Metrics of queues that only ActiveMQ has.
const ACTIVEMQ_QUEUE: [&str; 4] = ["queue_size", "in_flight_count", "memory_usage", "producer_count"];
/// Metrics of queues that only RabbitMQ has.
const RABBITMQ_QUEUE: [&str; 3] = ["message_count", "messages_unacknowledged", "consumer_timeouts"];
/// Metrics that RabbitMQ's queues have on CloudWatch.
const RABBITMQ_PUBLISHED: [&str; 4] =
    ["message_count", "messages_ready", "messages_unacknowledged", "consumer_count"];

impl BrokerMetrics {
    /// Shows the instruments that brokers of an engine have.
    pub(super) fn visit_engine(
        &mut self,
        is_rabbitmq: bool,
        visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>),
    ) {
        self.visit(&mut |position, instrument| {
            let definition = &Self::DEFINITIONS[position];
            let is_rabbits = RABBITMQ_BROKER.contains(&definition.name) || definition.name == CONFIRM_RATE;
            if definition.cloudwatch_name.is_none() || is_rabbits == is_rabbitmq {
                visitor(definition, instrument);
            }
        });
    }
}

impl BrokerQueueMetrics {
    /// Shows the instruments that queues of an engine have.
    pub(super) fn visit_engine(
        &mut self,
        is_rabbitmq: bool,
        visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>),
    ) {
        let foreign: &[&str] = if is_rabbitmq { &ACTIVEMQ_QUEUE } else { &RABBITMQ_QUEUE };
        self.visit(&mut |position, instrument| {
            let definition = &Self::DEFINITIONS[position];
            if !foreign.contains(&definition.name) {
                visitor(definition, instrument);
            }
        });
    }

    /// Whether CloudWatch gets a metric of an engine's queue.
    pub(super) fn is_published(is_rabbitmq: bool, name: &str) -> bool {
        if is_rabbitmq { RABBITMQ_PUBLISHED.contains(&name) } else { name != "messages_ready" }
    }
}
