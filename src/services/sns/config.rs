//! A topic in a scenario.

use super::direct::Kind;
use super::endpoint::Endpoint;
use super::policy_config::{TopicEncryptionConfig, TopicStatementConfig};
use super::retry::RetryPolicy;
use super::settings::{FifoTopic, Protocol, SnsPrices, SubscriptionSettings, TopicAccess, TopicSettings};
use super::subscription_config::{
    DeliveryPolicyConfig, EndpointConfig, FunctionPolicyConfig, SubscriptionConfig,
};
use crate::engine::{Distribution, Span, Time};
use crate::filter::{Dialect, Policy};
use crate::language::{Bytes, Duration, Files, Name, Problems, Reference, keyword, section};
use crate::wire::{ActivitySettings, Contents, EntityId, SnsQuotas, check_fifo_name, span};
use std::collections::BTreeMap;
use std::sync::Arc;

section! {
    /// An SNS topic: a FIFO topic when its name ends in `.fifo`, a standard topic otherwise.
    pub struct TopicConfig {
        /// Who gets its messages.
        pub subscriptions: Vec<SubscriptionConfig> = Vec::new();
        /// Largest message, attributes included (`MaximumMessageSize`); above 256KiB the topic has at most 100 subscriptions,
        /// of queues, functions and Firehose streams only.
        pub maximum_message_size: Option<Bytes>, at_least (Bytes::new(1024));
        /// FIFO: a message without a deduplication id gets the SHA-256 of its body (`ContentBasedDeduplication`).
        pub content_based_deduplication: bool = false;
        /// FIFO: whether quota and deduplication are those of the topic or of each group (`FifoThroughputScope`).
        pub fifo_throughput_scope: FifoThroughputScopeConfig = FifoThroughputScopeConfig::Topic;
        /// What the name says already (`FifoTopic`): `true` needs a name that ends in `.fifo`.
        pub fifo_topic: Option<bool>;
        /// FIFO: keeps messages so that subscriptions can have them once more (`ArchivePolicy`).
        pub archive_policy: Option<ArchivePolicyConfig>;
        /// Who may publish and subscribe (`Policy`); by default everybody of the topic's account, and its alarms.
        pub policy: Vec<TopicStatementConfig> = Vec::new();
        /// Encryption at rest (`KmsMasterKeyId`).
        pub encryption: TopicEncryptionConfig = TopicEncryptionConfig::None;
        /// When failed deliveries to HTTP endpoints are tried again, for subscriptions without a policy of their own
        /// (`DeliveryPolicy` of the topic).
        pub delivery_policy: Option<DeliveryPolicyConfig>;
        /// Whether that counts for subscriptions with a policy of their own too (`disableSubscriptionOverrides`).
        pub disable_subscription_overrides: bool = false;
    }
}

section! {
    /// An archive of a FIFO topic.
    pub struct ArchivePolicyConfig {
        /// How long messages are kept (`MessageRetentionPeriod`, whole days).
        pub message_retention_period: Duration = Duration::from_days(30),
            within (Duration::from_days(1), Duration::from_days(365));
    }
}

keyword! {
    /// What the quota of a FIFO topic is for.
    pub enum FifoThroughputScopeConfig {
        /// The topic.
        Topic = "topic",
        /// Each message group; the topic has the account's quota.
        MessageGroup = "message_group",
    }
}

/// A function that subscribes, as far as the topic must know it.
#[derive(Debug, Clone, Copy)]
pub struct FunctionTarget {
    /// The function.
    pub id: EntityId,
    /// The largest event that it takes.
    pub takes_up_to: u32,
}

/// A queue that subscribes, as far as the topic must know it.
#[derive(Debug, Clone, Copy)]
pub struct QueueTarget {
    /// The queue.
    pub id: EntityId,
    /// Whether it is a FIFO queue.
    pub is_fifo: bool,
    /// The largest message that it surely takes; `None` when it may refuse some.
    pub takes_up_to: Option<u32>,
}

/// What the scenario says for all topics.
#[derive(Debug, Clone)]
pub struct TopicDefaults {
    /// The limits in force.
    pub quotas: SnsQuotas,
    /// The operators of filter policies.
    pub dialect: Dialect,
    /// How long SNS takes until its first attempt, in nanoseconds.
    pub delivery_latency: Distribution,
    /// Bytes of the JSON envelope.
    pub envelope_bytes: u32,
    /// Probability that a delivery is made once more.
    pub duplicate_probability: f64,
    /// How much later, in nanoseconds.
    pub duplicate_delay: Distribution,
    /// Whether pauses between attempts are shortened at random.
    pub retry_jitter: bool,
    /// Until a new filter policy counts, in nanoseconds.
    pub policy_change_time: Distribution,
    /// What things cost.
    pub prices: SnsPrices,
    /// What SMS messages may cost in a month.
    pub sms_spend_limit: f64,
    /// What messages say.
    pub contents: Arc<Contents>,
    /// Whether scripts read what endpoints received.
    pub is_read: bool,
    /// When metrics are published.
    pub activity: ActivitySettings,
    /// The delivery streams by their names, and whether each takes records that are put.
    pub delivery_streams: Arc<BTreeMap<String, (EntityId, bool)>>,
}

/// Who can subscribe. Where there is no such thing a problem is told.
pub trait Endpoints {
    /// The queue of a reference.
    fn queue(&self, reference: &Reference, problems: &mut Problems) -> Option<QueueTarget>;
    /// The function of a reference.
    fn function(&self, reference: &Reference, problems: &mut Problems) -> Option<FunctionTarget>;
}

/// Whether a topic of this name is a FIFO topic.
pub fn is_fifo_topic(name: &str) -> bool {
    name.strip_suffix(".fifo").is_some()
}

impl TopicDefaults {
    /// A standard topic without anything of its own.
    pub(super) fn topic(&self, name: &str, subscriptions: Vec<SubscriptionSettings>) -> TopicSettings {
        TopicSettings {
            name: name.to_owned(),
            fifo: None,
            maximum_message_size: self.quotas.maximum_message_bytes,
            quotas: self.quotas,
            subscriptions,
            changes: Vec::new(),
            contents: Arc::clone(&self.contents),
            envelope_bytes: self.envelope_bytes,
            duplicate_probability: self.duplicate_probability,
            duplicate_delay: self.duplicate_delay.clone(),
            retry_jitter: self.retry_jitter,
            policy_change_time: self.policy_change_time.clone(),
            access: TopicAccess::default(),
            kms: None,
            kind: Kind::Topic,
            prices: self.prices,
            sms_spend_limit: self.sms_spend_limit,
            activity: self.activity.clone(),
        }
    }
}

impl TopicConfig {
    /// The topic's settings, its references resolved; `None` when a problem was told.
    pub fn settings(
        &self,
        name: &Name,
        defaults: &TopicDefaults,
        endpoints: &dyn Endpoints,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<TopicSettings> {
        let quotas = &defaults.quotas;
        let is_fifo = is_fifo_topic(name.as_str());
        let fifo = self.fifo(name, quotas, problems);
        let usual = u64::from(quotas.maximum_message_bytes);
        let maximum = self.maximum_message_size.map_or(usual, Bytes::as_u64);
        self.check_size(maximum, quotas, problems);
        let policies = self.subscriptions.iter().filter(|one| one.filter_policy.is_some());
        if let Some(extra) = policies.clone().nth(quotas.filter_policies as usize) {
            problems
                .error(extra.place, format!("a topic has at most {} filter policies", quotas.filter_policies))
                .why("\"Filter policy constraints\"; a quota that AWS raises on request")
                .help("`quotas: { sns_filter_policies: … }`");
        }
        let most = quotas.subscriptions_of(is_fifo);
        if let Some(extra) = self.subscriptions.iter().filter(|one| one.subscribed).nth(most as usize) {
            let (kind, key) =
                if is_fifo { ("FIFO", "sns_fifo_subscriptions") } else { ("standard", "sns_subscriptions") };
            problems
                .error(extra.place, format!("a {kind} topic has at most {most} subscriptions"))
                .why("\"Amazon Simple Notification Service endpoints and quotas\"")
                .help(format!("`quotas: {{ {key}: … }}`"));
        }
        let names = self.names(problems);
        let mut subscriptions = Vec::new();
        for (subscription, own_name) in self.subscriptions.iter().zip(names) {
            let built =
                self.subscription(subscription, own_name, is_fifo, defaults, endpoints, files, problems);
            subscriptions.push(built);
        }
        let subscriptions = subscriptions.into_iter().collect::<Option<_>>()?;
        Some(TopicSettings {
            fifo,
            maximum_message_size: maximum as u32,
            // FIFO topics deliver once ("Message deduplication for FIFO topics").
            duplicate_probability: if is_fifo { 0.0 } else { defaults.duplicate_probability },
            ..defaults.topic(name.as_str(), subscriptions)
        })
    }

    /// The names of the subscriptions: given, of the queue or function, or of the protocol.
    pub fn names(&self, problems: &mut Problems) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for subscription in &self.subscriptions {
            let own = subscription.name.as_ref().map(|name| name.text.clone());
            let endpoint = || subscription.queue.as_ref().or(subscription.function.as_ref());
            let mut name = own
                .or_else(|| endpoint().map(|endpoint| endpoint.text.clone()))
                .unwrap_or_else(|| subscription.protocol().to_owned());
            if names.contains(&name) {
                if subscription.name.is_some() || endpoint().is_some() {
                    problems
                        .error(subscription.place, format!("the topic has a subscription `{name}` already"))
                        .why("an endpoint subscribes once to a topic (\"`Subscribe`\")");
                }
                name = format!("{name}-{}", names.len() + 1);
            }
            names.push(name);
        }
        names
    }

    fn check_size(&self, maximum: u64, quotas: &SnsQuotas, problems: &mut Problems) {
        let place = self.places.of("maximum_message_size");
        let largest = u64::from(quotas.largest_maximum_message_bytes);
        if maximum > largest {
            problems
                .error(place, format!("`maximum_message_size` is above the quota of {}", Bytes::new(largest)))
                .help("the quota depends on `quotas`: 256KiB in 2022, 1MiB since September 2026");
        }
        if maximum <= u64::from(quotas.maximum_message_bytes) {
            return;
        }
        if self.subscriptions.len() > quotas.large_topic_subscriptions as usize {
            problems.error(
                place,
                format!(
                    "a topic with messages above 256KiB has at most {} subscriptions",
                    quotas.large_topic_subscriptions
                ),
            );
        }
        let takes_large = |one: &&SubscriptionConfig| {
            one.queue.is_some() || one.function.is_some() || one.firehose.is_some()
        };
        for subscription in self.subscriptions.iter().filter(|one| !takes_large(one)) {
            problems
                .error(
                    subscription.place,
                    format!(
                        "a topic with messages above 256KiB cannot deliver to `{}`",
                        subscription.protocol()
                    ),
                )
                .why("\"Large message payloads\": only queues, functions and Firehose streams take them");
        }
    }

    /// What only FIFO topics have; keys that a standard topic cannot have are told.
    fn fifo(&self, name: &Name, quotas: &SnsQuotas, problems: &mut Problems) -> Option<FifoTopic> {
        check_fifo_name(name, (self.fifo_topic, self.places.key("fifo_topic")), problems);
        if !is_fifo_topic(name.as_str()) {
            for key in ["content_based_deduplication", "fifo_throughput_scope", "archive_policy"] {
                if let Some(place) = self.places.key(key) {
                    problems
                        .error(place, format!("`{key}` is for FIFO topics, and `{name}` is a standard topic"))
                        .help(format!("a FIFO topic's name ends in `.fifo`: `{name}.fifo`"));
                }
            }
            return None;
        }
        let scope_is_group = self.fifo_throughput_scope == FifoThroughputScopeConfig::MessageGroup;
        if scope_is_group && !quotas.fifo_throughput_scope {
            problems
                .error(
                    self.places.key("fifo_throughput_scope"),
                    "FIFO topics have no `fifo_throughput_scope` with these quotas",
                )
                .why("it is there since January 2025, after the profile `2022`");
        }
        if self.archive_policy.is_some() && !quotas.archive {
            problems
                .error(self.places.key("archive_policy"), "FIFO topics have no archive with these quotas")
                .why("it is there since October 2023, after the profile `2022`");
        }
        Some(FifoTopic {
            content_based_deduplication: self.content_based_deduplication,
            scope_is_group,
            archive: self.archive_policy.as_ref().map(|archive| span(archive.message_retention_period)),
        })
    }

    #[allow(clippy::too_many_arguments, reason = "each is of another kind")]
    fn subscription(
        &self,
        subscription: &SubscriptionConfig,
        name: String,
        is_fifo: bool,
        defaults: &TopicDefaults,
        endpoints: &dyn Endpoints,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<SubscriptionSettings> {
        let protocol = protocol(subscription, is_fifo, defaults, endpoints, files, problems);
        let filter = subscription.filter_policy.as_ref().map(|policy| {
            let scope = subscription.filter_policy_scope.scope();
            Policy::read(&policy.0, scope, defaults.dialect, problems).map(Arc::new)
        });
        let dead_letter_queue = subscription.redrive_policy.as_ref().map(|policy| {
            let queue = endpoints.queue(&policy.dead_letter_queue, problems)?;
            let is_fifo_subscription = matches!(protocol, Some(Protocol::Sqs { is_fifo: true, .. }));
            if queue.is_fifo != is_fifo_subscription {
                let kind = if is_fifo_subscription { "a FIFO queue" } else { "a standard queue" };
                problems.error(
                    policy.dead_letter_queue.place,
                    format!("the dead-letter queue of this subscription must be {kind}"),
                );
            }
            Some(queue.id)
        });
        let replay = subscription.replay_policy.as_ref().map(|replay| {
            if self.archive_policy.is_none() {
                problems.error(replay.place, "there is nothing to replay: the topic has no `archive_policy`");
            }
            replay.replay()
        });
        let latency = match &subscription.delivery_latency {
            Some(latency) => latency.build(files, problems),
            None => Some(defaults.delivery_latency.clone()),
        };
        let protocol = protocol?;
        let own = subscription.delivery_policy.as_ref().filter(|_| !self.disable_subscription_overrides);
        let policy = own.or(self.delivery_policy.as_ref()).filter(|_| matches!(protocol, Protocol::Http(_)));
        let gap = policy.map_or(Span::ZERO, DeliveryPolicyConfig::gap);
        Some(SubscriptionSettings {
            name,
            retries: match (&protocol, policy) {
                (Protocol::Sqs { .. } | Protocol::Lambda { .. } | Protocol::Firehose { .. }, _) => {
                    RetryPolicy::AWS_MANAGED
                }
                (Protocol::Http(_), Some(policy)) => policy.policy(),
                (Protocol::Http(_), None) => RetryPolicy::HTTP,
                _ => RetryPolicy::CUSTOMER_MANAGED,
            },
            gap,
            disabled_at: Time::MAX,
            protocol,
            protocol_name: subscription.protocol_name(),
            active_from: subscription.subscribed.then(|| Time::ZERO + span(subscription.confirmed_at)),
            filter: filter.map_or(Some(None), |filter| filter.map(Some))?,
            is_raw: subscription.raw_message_delivery,
            dead_letter_queue: dead_letter_queue.map_or(Some(None), |queue| queue.map(Some))?,
            latency: latency?,
            outages: subscription.outages(),
            replay,
            is_read: defaults.is_read,
        })
    }
}

/// A delivery stream that subscribes.
fn delivery_stream(
    reference: &Reference,
    defaults: &TopicDefaults,
    problems: &mut Problems,
) -> Option<Protocol> {
    match defaults.delivery_streams.get(reference.as_str()) {
        Some((stream, true)) => Some(Protocol::Firehose { stream: *stream }),
        Some((_, false)) => {
            problems
                .error(reference.place, format!("`{reference}` takes no records from topics"))
                .why("it reads a data stream, and AWS then refuses everything else");
            None
        }
        None => {
            let names: Vec<&str> = defaults.delivery_streams.keys().map(String::as_str).collect();
            let help = problems.suggest(reference.as_str(), &names, "delivery streams");
            problems.error(reference.place, format!("there is no delivery stream `{reference}`")).help(help);
            None
        }
    }
}

fn protocol(
    subscription: &SubscriptionConfig,
    is_fifo: bool,
    defaults: &TopicDefaults,
    endpoints: &dyn Endpoints,
    files: &dyn Files,
    problems: &mut Problems,
) -> Option<Protocol> {
    if let Some(reference) = &subscription.queue {
        let queue = endpoints.queue(reference, problems)?;
        if queue.is_fifo && !is_fifo {
            problems
                .error(
                    reference.place,
                    format!("the FIFO queue `{reference}` cannot subscribe to a standard topic"),
                )
                .help("a FIFO topic's name ends in `.fifo`");
        }
        if is_fifo && !queue.is_fifo && !defaults.quotas.fifo_to_standard_queues {
            problems
                .error(
                    reference.place,
                    format!("the standard queue `{reference}` cannot subscribe to a FIFO topic"),
                )
                .why("with the profile `2022` only FIFO queues can (\"Message delivery for FIFO topics\")");
        }
        return Some(Protocol::Sqs {
            queue: queue.id,
            is_fifo: queue.is_fifo,
            takes_up_to: queue.takes_up_to,
        });
    }
    if is_fifo {
        problems
            .error(
                subscription.place,
                format!("a FIFO topic cannot deliver to `{}`", subscription.protocol()),
            )
            .why("\"Message delivery for FIFO topics\": only queues can subscribe");
    }
    if let Some(reference) = &subscription.function {
        let function = endpoints.function(reference, problems)?;
        return Some(Protocol::Lambda {
            function: function.id,
            is_permitted: subscription.function_policy == FunctionPolicyConfig::Automatic,
            takes_up_to: function.takes_up_to,
        });
    }
    if let Some(reference) = &subscription.firehose {
        return delivery_stream(reference, defaults, problems);
    }
    let mut build = |endpoint: &Option<EndpointConfig>| -> Option<Option<Endpoint>> {
        endpoint.as_ref().map(|endpoint| endpoint.build(files, problems))
    };
    if let Some(endpoint) = build(&subscription.http).or_else(|| build(&subscription.https)) {
        return endpoint.map(Protocol::Http);
    }
    if let Some(endpoint) = build(&subscription.email) {
        return endpoint.map(Protocol::Email);
    }
    if let Some(endpoint) = build(&subscription.sms) {
        return endpoint.map(|endpoint| Protocol::Sms(endpoint, subscription.sms_type.into()));
    }
    let time_to_live = subscription.time_to_live.map(span);
    build(&subscription.application)?.map(|endpoint| Protocol::Application(endpoint, time_to_live))
}
