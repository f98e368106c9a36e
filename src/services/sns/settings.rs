//! What is given about a topic and its subscriptions.

use super::direct::Kind;
use super::endpoint::{Endpoint, Outage};
use super::retry::RetryPolicy;
use crate::engine::{Distribution, Span, Time};
use crate::filter::Policy;
use crate::wire::{ActivitySettings, Contents, EntityId, KmsSettings, PriceList, SmsType, SnsQuotas};
use std::sync::Arc;

/// What only a FIFO topic has ("FIFO topics").
#[derive(Debug, Clone, Copy)]
pub struct FifoTopic {
    /// `ContentBasedDeduplication`.
    pub content_based_deduplication: bool,
    /// `FifoThroughputScope` is `MessageGroup`: ids of different groups do not meet, and the topic has no quota of its own.
    pub scope_is_group: bool,
    /// `ArchivePolicy`: how long messages are kept to be replayed.
    pub archive: Option<Span>,
}

/// How a message gets to a subscriber.
#[derive(Debug, Clone)]
pub enum Protocol {
    /// An SQS queue.
    Sqs {
        /// The queue.
        queue: EntityId,
        /// Whether it is a FIFO queue.
        is_fifo: bool,
        /// Whether it takes every message up to this size, so that nobody needs to wait for its answer.
        takes_up_to: Option<u32>,
    },
    /// A Lambda function, invoked asynchronously.
    Lambda {
        /// The function.
        function: EntityId,
        /// Whether its policy lets the topic invoke it.
        is_permitted: bool,
        /// The largest event that it takes.
        takes_up_to: u32,
    },
    /// An HTTP or HTTPS endpoint.
    Http(Endpoint),
    /// A mail address.
    Email(Endpoint),
    /// A telephone number.
    Sms(Endpoint, SmsType),
    /// An app on a mobile device.
    Application(Endpoint, Option<Span>),
    /// A delivery stream of Amazon Data Firehose.
    Firehose {
        /// The delivery stream.
        stream: EntityId,
    },
}

impl Protocol {
    /// The queue or function that is handed its messages, and up to which size it surely takes them.
    pub(super) fn taker(&self) -> Option<(EntityId, Option<u32>)> {
        match self {
            Protocol::Sqs { queue, takes_up_to, .. } => Some((*queue, *takes_up_to)),
            Protocol::Lambda { function, is_permitted, takes_up_to } => {
                Some((*function, is_permitted.then_some(*takes_up_to)))
            }
            Protocol::Firehose { stream } => Some((*stream, None)),
            _ => None,
        }
    }

    /// Whether messages go to it in a JSON envelope; mail, SMS and push carry the message alone.
    pub(super) fn has_envelope(&self) -> bool {
        matches!(
            self,
            Protocol::Sqs { .. } | Protocol::Lambda { .. } | Protocol::Http(_) | Protocol::Firehose { .. }
        )
    }
}

/// A subscription.
#[derive(Debug, Clone)]
pub struct SubscriptionSettings {
    /// Its name within the topic.
    pub name: String,
    /// How its messages travel.
    pub protocol: Protocol,
    /// What SNS calls that (`Protocol`): `sqs`, `lambda`, `http`, `https`, `email`, `sms`, `application`.
    pub protocol_name: &'static str,
    /// When it takes part: at the start, once it is confirmed, or when a script subscribes it; `None`: never by itself.
    pub active_from: Option<Time>,
    /// Which messages it wants.
    pub filter: Option<Arc<Policy>>,
    /// `RawMessageDelivery`.
    pub is_raw: bool,
    /// When failed deliveries are tried again.
    pub retries: RetryPolicy,
    /// Least time between two attempts (`maxReceivesPerSecond`).
    pub gap: Span,
    /// From when on a device is disabled ("Managing device tokens and mobile platform endpoints").
    pub disabled_at: Time,
    /// The dead-letter queue.
    pub dead_letter_queue: Option<EntityId>,
    /// How long SNS itself takes, in nanoseconds.
    pub latency: Distribution,
    /// When the endpoint does not work.
    pub outages: Vec<Outage>,
    /// Whether a script reads what the endpoint received.
    pub is_read: bool,
    /// `ReplayPolicy`: when it is set, and from when to when messages were published.
    pub replay: Option<Replay>,
}

/// A replay of archived messages ("Message archiving and replay for FIFO topics").
#[derive(Debug, Clone, Copy)]
pub struct Replay {
    /// When it begins.
    pub at: Time,
    /// The first message was published at this time or later.
    pub from: Time,
    /// The last one before this time; then the subscription gets no more messages. `None`: up to now, and all that follow.
    pub until: Option<Time>,
}

/// A change of a subscription by a script.
#[derive(Debug, Clone)]
pub struct SubscriptionChange {
    /// `FilterPolicy`, with its scope: `None` leaves it, `Some(None)` takes it away.
    pub filter: Option<Option<Arc<Policy>>>,
    /// `RawMessageDelivery`.
    pub is_raw: Option<bool>,
}

/// Who may not do what with a topic.
#[derive(Debug, Clone, Default)]
pub struct TopicAccess {
    /// Who may not publish.
    pub publish: Vec<EntityId>,
    /// Who may not subscribe, unsubscribe and set attributes.
    pub subscribe: Vec<EntityId>,
}

/// Everything that is given about a topic.
#[derive(Debug, Clone)]
pub struct TopicSettings {
    /// Its name.
    pub name: String,
    /// What only a FIFO topic has.
    pub fifo: Option<FifoTopic>,
    /// Largest message, attributes included.
    pub maximum_message_size: u32,
    /// The limits in force.
    pub quotas: SnsQuotas,
    /// The subscriptions, also those that scripts make.
    pub subscriptions: Vec<SubscriptionSettings>,
    /// What scripts change in subscriptions, by number.
    pub changes: Vec<SubscriptionChange>,
    /// What messages say.
    pub contents: Arc<Contents>,
    /// Bytes that the JSON envelope adds to a message.
    pub envelope_bytes: u32,
    /// Probability that a delivery is made once more.
    pub duplicate_probability: f64,
    /// How much later, in nanoseconds.
    pub duplicate_delay: Distribution,
    /// Whether pauses between attempts are shortened at random.
    pub retry_jitter: bool,
    /// Until a new filter policy counts, in nanoseconds.
    pub policy_change_time: Distribution,
    /// Who may not do what.
    pub access: TopicAccess,
    /// The key that encrypts it.
    pub kms: Option<KmsSettings>,
    /// Whether it is a topic, or what is published to without one.
    pub kind: Kind,
    /// What things cost.
    pub prices: SnsPrices,
    /// What SMS messages may cost in a month.
    pub sms_spend_limit: f64,
    /// When metrics are published.
    pub activity: ActivitySettings,
}

/// Prices of a topic, in dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SnsPrices {
    /// A publish of 64 KiB to a standard topic.
    pub publish: f64,
    /// A call that publishes to a FIFO topic.
    pub fifo_publish: f64,
    /// A GB that is published to one.
    pub fifo_gb_published: f64,
    /// A message of one for a subscription.
    pub fifo_notification: f64,
    /// A GB of these.
    pub fifo_gb_notified: f64,
    /// A GB that goes into an archive.
    pub archive_gb: f64,
    /// A GB in an archive for a month.
    pub archive_gb_month: f64,
    /// A GB of bodies that a filter policy looks at.
    pub body_filtering_gb: f64,
    /// A delivery over HTTP.
    pub http: f64,
    /// An e-mail.
    pub email: f64,
    /// A mobile push.
    pub push: f64,
    /// A part of an SMS.
    pub sms: f64,
    /// A call to AWS KMS.
    pub key: f64,
    /// A delivery to a delivery stream.
    pub firehose: f64,
}

impl SnsPrices {
    /// Those of a list.
    pub fn of(list: &PriceList) -> Self {
        Self {
            publish: list.dollars("sns_standard_per_million_publishes") / 1e6,
            fifo_publish: list.dollars("sns_fifo_per_million_publishes") / 1e6,
            fifo_gb_published: list.dollars("sns_fifo_per_gb_published"),
            fifo_notification: list.dollars("sns_fifo_per_million_notifications") / 1e6,
            fifo_gb_notified: list.dollars("sns_fifo_per_gb_notified"),
            archive_gb: list.dollars("sns_archive_per_gb"),
            archive_gb_month: list.dollars("sns_archive_gb_month"),
            body_filtering_gb: list.dollars("sns_body_filtering_per_gb"),
            http: list.dollars("sns_http_per_hundred_thousand_deliveries") / 1e5,
            email: list.dollars("sns_email_per_hundred_thousand_deliveries") / 1e5,
            push: list.dollars("sns_push_per_million_deliveries") / 1e6,
            sms: list.dollars("sns_sms_per_message_part"),
            key: list.dollars("kms_per_ten_thousand_requests") / 1e4,
            firehose: list.dollars("sns_firehose_per_million_deliveries") / 1e6,
        }
    }
}
