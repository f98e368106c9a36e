//! Protocols: which engine speaks them, and what their clients do unless told otherwise.

use super::settings::{
    Acknowledgement, ReaderSettings, Reconnect, RedeliveryPolicy, SenderSettings, StoreKind,
};
use crate::engine::Span;
use crate::language::{Place, Problems};
use crate::wire::{
    AcknowledgementConfig, BrokerProtocolConfig, BrokerReaderConfig, BrokerSenderConfig, EntityId,
    ReconnectConfig, RedeliveryPolicyConfig, span,
};

/// A protocol.
pub type Protocol = BrokerProtocolConfig;

/// How many there are.
pub(super) const PROTOCOLS: usize = BrokerProtocolConfig::ALL.len();

/// What the clients of a broker must know of it.
#[derive(Debug, Clone, Copy)]
pub struct BrokerForClients<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether it runs RabbitMQ.
    pub is_rabbitmq: bool,
    /// Whether it runs RabbitMQ 4.
    pub is_rabbitmq_4: bool,
    /// What the destination is; `None` for a topic or an exchange.
    pub store: Option<StoreKind>,
}

/// Prefetch limits of ActiveMQ ("What is the Prefetch Limit For?"): queues, durable subscriptions, others.
const QUEUE_PREFETCH: u32 = 1_000;
const DURABLE_PREFETCH: u32 = 100;
const TOPIC_PREFETCH: u32 = 32_766;

/// The priority of a message unless its producer says otherwise: with JMS 4, with RabbitMQ 0.
pub(super) fn usual_priority(is_rabbitmq: bool) -> u8 {
    if is_rabbitmq { 0 } else { 4 }
}

fn usual_protocol(is_rabbitmq: bool) -> Protocol {
    if is_rabbitmq { Protocol::Amqp091 } else { Protocol::Openwire }
}

/// Tells when an engine does not speak a protocol.
fn check_protocol(
    protocol: Protocol,
    broker: BrokerForClients<'_>,
    place: Option<Place>,
    problems: &mut Problems,
) {
    let speaks = match protocol {
        Protocol::Amqp091 => broker.is_rabbitmq,
        Protocol::Amqp => !broker.is_rabbitmq || broker.is_rabbitmq_4,
        Protocol::Openwire | Protocol::Stomp | Protocol::Mqtt | Protocol::Wss => !broker.is_rabbitmq,
    };
    if speaks {
        return;
    }
    let known = match (broker.is_rabbitmq, broker.is_rabbitmq_4) {
        (false, _) => "openwire, amqp, stomp, mqtt, wss",
        (true, false) => "amqp_0_9_1",
        (true, true) => "amqp_0_9_1, amqp",
    };
    problems
        .error(place, format!("`{}` does not speak `{protocol}`", broker.name))
        .why("\"Amazon MQ supported protocols\"")
        .help(format!("it speaks {known}"));
}

fn reconnect(protocol: Protocol, config: Option<&ReconnectConfig>) -> Reconnect {
    let usual = if protocol == Protocol::Amqp091 {
        let five = Span::from_seconds(5);
        Reconnect { initial_delay: five, longest_delay: five, multiplier: 1 }
    } else {
        Reconnect {
            initial_delay: Span::from_millis(10),
            longest_delay: Span::from_seconds(30),
            multiplier: 2,
        }
    };
    config.map_or(usual, |config| Reconnect {
        initial_delay: config.initial_delay.map_or(usual.initial_delay, span),
        longest_delay: config.maximum_delay.map_or(usual.longest_delay, span),
        multiplier: u64::from(config.multiplier),
    })
}

/// How a producer sends; `None` in `config` for what clients do unless told otherwise.
pub fn sender(
    from: Option<EntityId>,
    config: Option<&BrokerSenderConfig>,
    broker: BrokerForClients<'_>,
    problems: &mut Problems,
) -> SenderSettings {
    let usual = usual_protocol(broker.is_rabbitmq);
    let Some(config) = config else {
        return SenderSettings {
            from,
            protocol: usual,
            persistent: true,
            confirms: true,
            exactly_once: false,
            sends_at_once: 1,
            connections: 1,
            time_to_live: None,
            priority: usual_priority(broker.is_rabbitmq),
            reconnect: reconnect(usual, None),
        };
    };
    let protocol = config.protocol.unwrap_or(usual);
    check_protocol(protocol, broker, config.places.of("protocol"), problems);
    let place = config.places.key("publisher_confirms").filter(|_| !broker.is_rabbitmq);
    if let Some(place) = place {
        problems
            .error(place, "publisher confirms are for RabbitMQ")
            .help("a client of ActiveMQ waits for the broker unless it has `use_async_send: true`");
    }
    if let Some(place) = config.places.key("use_async_send").filter(|_| broker.is_rabbitmq) {
        problems
            .error(place, "`use_async_send` is for ActiveMQ")
            .help("a client of RabbitMQ does not wait with `publisher_confirms: false`");
    }
    if let Some(priority) = config.priority.filter(|priority| !broker.is_rabbitmq && *priority > 9) {
        problems
            .error(config.places.key("priority"), format!("JMS has priorities from 0 to 9, not {priority}"));
    }
    if let Some(place) = config.places.key("qos").filter(|_| protocol != Protocol::Mqtt) {
        problems.error(place, "`qos` is for the protocol `mqtt`").help("protocol: mqtt");
    }
    let qos = config.qos.filter(|_| protocol == Protocol::Mqtt);
    let persistent = qos.map_or(config.persistent, |qos| qos > 0);
    let waits = if broker.is_rabbitmq {
        config.publisher_confirms
    } else {
        // A message that is not persistent is sent without waiting ("Async Sends" of ActiveMQ).
        persistent && !config.use_async_send
    };
    SenderSettings {
        from,
        protocol,
        persistent,
        confirms: waits,
        exactly_once: qos == Some(2),
        sends_at_once: config.sends_at_once.saturating_mul(config.connections),
        connections: config.connections,
        time_to_live: config.time_to_live.map(span),
        priority: config.priority.map_or(usual_priority(broker.is_rabbitmq), |given| given as u8),
        reconnect: reconnect(protocol, config.reconnect.as_ref()),
    }
}

fn redelivery(config: Option<&RedeliveryPolicyConfig>) -> RedeliveryPolicy {
    let Some(config) = config else {
        let second = Span::from_seconds(1);
        return RedeliveryPolicy {
            maximum_redeliveries: Some(6),
            initial_delay: second,
            delay: second,
            multiplier: None,
            longest_delay: None,
        };
    };
    RedeliveryPolicy {
        maximum_redeliveries: u32::try_from(config.maximum_redeliveries).ok(),
        initial_delay: span(config.initial_redelivery_delay),
        delay: span(config.redelivery_delay),
        multiplier: config.use_exponential_back_off.then_some((config.back_off_multiplier * 1_000.0) as u64),
        longest_delay: config.maximum_redelivery_delay.map(span),
    }
}

/// How a consumer receives; `None` in `config` for what clients do unless told otherwise.
pub fn reader(
    from: Option<EntityId>,
    config: Option<&BrokerReaderConfig>,
    broker: BrokerForClients<'_>,
    problems: &mut Problems,
) -> ReaderSettings {
    let usual = usual_protocol(broker.is_rabbitmq);
    let usual_prefetch = match (broker.is_rabbitmq, broker.store) {
        (true, _) => None,
        (false, Some(StoreKind::Durable)) => Some(DURABLE_PREFETCH),
        (false, Some(StoreKind::Broadcast)) => Some(TOPIC_PREFETCH),
        (false, _) => Some(QUEUE_PREFETCH),
    };
    let protocol = config.and_then(|config| config.protocol).unwrap_or(usual);
    let Some(config) = config else {
        return ReaderSettings {
            from,
            protocol,
            prefetch: usual_prefetch,
            acknowledgement: Acknowledgement::Individual,
            selector: None,
            redelivery: redelivery(None),
            reconnect: reconnect(protocol, None),
        };
    };
    check_protocol(protocol, broker, config.places.of("protocol"), problems);
    if let Some(place) = config.places.key("redelivery_policy").filter(|_| broker.is_rabbitmq) {
        problems
            .error(place, "a redelivery policy is for clients of ActiveMQ")
            .why("RabbitMQ takes a rejected message back at once, and counts deliveries of quorum queues itself")
            .help("give the queue a `delivery_limit`");
    }
    if let Some(place) = config.places.key("selector").filter(|_| broker.is_rabbitmq) {
        problems
            .error(place, "selectors are for consumers of ActiveMQ")
            .help("bind queues of their own to an exchange: `exchange_type: topic` or `headers`");
    }
    if let Some(place) = config.places.key("selector").filter(|_| broker.store != Some(StoreKind::Queue)) {
        problems.error(place, "a subscription has its own `selector`").help("give it to the subscription");
    }
    check_acknowledgement(config, broker, problems);
    if config.places.key("transaction_size").is_some()
        && config.acknowledgement != AcknowledgementConfig::Transacted
    {
        problems
            .error(config.places.key("transaction_size"), "`transaction_size` is for transactions")
            .help("acknowledgement: transacted");
    }
    let given = config.prefetch.filter(|prefetch| !broker.is_rabbitmq || *prefetch > 0);
    let prefetch = if config.prefetch.is_some() { given } else { usual_prefetch };
    ReaderSettings {
        from,
        protocol,
        prefetch,
        acknowledgement: match config.acknowledgement {
            AcknowledgementConfig::Auto | AcknowledgementConfig::Individual => Acknowledgement::Individual,
            AcknowledgementConfig::Client => Acknowledgement::Cumulative,
            AcknowledgementConfig::DupsOk => Acknowledgement::DupsOk,
            AcknowledgementConfig::Transacted => Acknowledgement::Transacted(config.transaction_size),
            AcknowledgementConfig::None => Acknowledgement::None,
        },
        selector: None,
        redelivery: redelivery(config.redelivery_policy.as_ref()),
        reconnect: reconnect(protocol, config.reconnect.as_ref()),
    }
}

fn check_acknowledgement(config: &BrokerReaderConfig, broker: BrokerForClients<'_>, problems: &mut Problems) {
    let fits = match config.acknowledgement {
        AcknowledgementConfig::Auto => true,
        AcknowledgementConfig::None => broker.is_rabbitmq,
        AcknowledgementConfig::Client
        | AcknowledgementConfig::Individual
        | AcknowledgementConfig::DupsOk
        | AcknowledgementConfig::Transacted => !broker.is_rabbitmq,
    };
    if !fits {
        let other = if broker.is_rabbitmq { "`auto` and `none`" } else { "all but `none`" };
        problems
            .error(
                config.places.of("acknowledgement"),
                format!("`{}` has no acknowledgement `{}`", broker.name, config.acknowledgement),
            )
            .help(format!("it knows {other}"));
    }
}
