//! How programs connect to a message broker: what producers and consumers say of their client libraries.

use crate::language::{Duration, Located, keyword, section};

keyword! {
    /// A protocol that a broker speaks ("Amazon MQ supported protocols").
    pub enum BrokerProtocolConfig {
        /// OpenWire, the protocol of JMS clients of ActiveMQ.
        Openwire = "openwire",
        /// AMQP 1.0.
        Amqp = "amqp",
        /// STOMP.
        Stomp = "stomp",
        /// MQTT.
        Mqtt = "mqtt",
        /// STOMP or MQTT over WebSocket.
        Wss = "wss",
        /// AMQP 0-9-1, the protocol of RabbitMQ.
        Amqp091 = "amqp_0_9_1",
    }
}

keyword! {
    /// When messages are acknowledged.
    pub enum AcknowledgementConfig {
        /// Each once it is processed (`AUTO_ACKNOWLEDGE`, or `basic.ack` by hand).
        Auto = "auto",
        /// By the program (`CLIENT_ACKNOWLEDGE`): everything that the session has delivered so far.
        Client = "client",
        /// Each by itself (`INDIVIDUAL_ACKNOWLEDGE`).
        Individual = "individual",
        /// Lazily, half a prefetch at once (`DUPS_OK_ACKNOWLEDGE`).
        DupsOk = "dups_ok",
        /// By the commit of a transaction of `transaction_size` messages (`SESSION_TRANSACTED`).
        Transacted = "transacted",
        /// Never: what is delivered is done with (`autoAck` of RabbitMQ).
        None = "none",
    }
}

section! {
    /// Attempts to connect again ("Failover Transport" of ActiveMQ, automatic recovery of RabbitMQ's clients).
    pub struct ReconnectConfig {
        /// The pause before the first attempt (`initialReconnectDelay`); by default 10ms, with AMQP 0-9-1 5s.
        pub initial_delay: Option<Duration>, above (Duration::ZERO);
        /// The longest pause (`maxReconnectDelay`); by default 30s, with AMQP 0-9-1 5s.
        pub maximum_delay: Option<Duration>, above (Duration::ZERO);
        /// How much longer each pause is than the one before (`reconnectDelayExponent`).
        pub multiplier: u32 = 2, within (1, 100);
    }
}

section! {
    /// How a producer connects to a broker.
    pub struct BrokerSenderConfig {
        /// The protocol; by default `openwire`, with RabbitMQ `amqp_0_9_1`.
        pub protocol: Option<BrokerProtocolConfig>;
        /// Whether messages outlive a restart of the broker (`deliveryMode`).
        pub persistent: bool = true;
        /// Whether a persistent message is sent without waiting for the broker's answer (`useAsyncSend` of ActiveMQ).
        pub use_async_send: bool = false;
        /// Whether the broker confirms each message, and one that it refuses is sent again (publisher confirms of RabbitMQ).
        pub publisher_confirms: bool = true;
        /// Messages that may be under way without an answer, on each connection: 1 waits for each answer.
        pub sends_at_once: u32 = 1, within (1, 10_000);
        /// Connections.
        pub connections: u32 = 1, within (1, 10_000);
        /// After this a message is too old (`timeToLive`).
        pub time_to_live: Option<Duration>, above (Duration::ZERO);
        /// The priority of its messages (`JMSPriority`, 0 to 9 and 4 by default; with RabbitMQ 0 to 255 and 0 by default), for
        /// queues that look at priorities.
        pub priority: Option<u32>, within (0, 255);
        /// The quality of service of MQTT: 0 at most once, 1 at least once, 2 exactly once.
        pub qos: Option<u32>, within (0, 2);
        /// How it gets its connection back.
        pub reconnect: Option<ReconnectConfig>;
    }
}

section! {
    /// What a client of ActiveMQ does with a message whose processing failed ("Redelivery Policy").
    pub struct RedeliveryPolicyConfig {
        /// How often it is delivered again (`maximumRedeliveries`); -1 for ever. Then it is poison, and goes to the dead-letter
        /// queue.
        pub maximum_redeliveries: i64 = 6, within (-1, 1_000_000);
        /// The pause before the first time (`initialRedeliveryDelay`).
        pub initial_redelivery_delay: Duration = Duration::from_seconds(1);
        /// The pause before the others (`redeliveryDelay`).
        pub redelivery_delay: Duration = Duration::from_seconds(1);
        /// Whether each pause is longer than the one before (`useExponentialBackOff`).
        pub use_exponential_back_off: bool = false;
        /// How much longer (`backOffMultiplier`).
        pub back_off_multiplier: f64 = 5.0, within (1.0, 1_000.0);
        /// The longest pause (`maximumRedeliveryDelay`); by default without end.
        pub maximum_redelivery_delay: Option<Duration>;
    }
}

section! {
    /// How a consumer connects to a broker: each of its threads has a connection with one session.
    pub struct BrokerReaderConfig {
        /// The protocol; by default `openwire`, with RabbitMQ `amqp_0_9_1`.
        pub protocol: Option<BrokerProtocolConfig>;
        /// Messages that a thread may have without having acknowledged them (`prefetchSize`, `basic.qos`): by default 1000 for a
        /// queue of ActiveMQ, 100 for a durable subscription, 32766 for another one, and any number with RabbitMQ. 0 fetches
        /// each when it is wanted (ActiveMQ), or means any number (RabbitMQ).
        pub prefetch: Option<u32>, within (0, 65_535);
        /// Which messages of a queue it wants, as a condition over their attributes: `type = 'order' AND amount > 100` (`selector`
        /// of JMS).
        pub selector: Option<Located<String>>;
        /// When messages are acknowledged.
        pub acknowledgement: AcknowledgementConfig = AcknowledgementConfig::Auto;
        /// Messages of a transaction.
        pub transaction_size: u32 = 1, within (1, 10_000);
        /// What the client does after a failure; with RabbitMQ the broker takes the message back at once.
        pub redelivery_policy: Option<RedeliveryPolicyConfig>;
        /// How it gets its connection back.
        pub reconnect: Option<ReconnectConfig>;
    }
}
