//! A queue in a scenario.

use super::changes::ChangeTimes;
use super::cost::QueuePrices;
use super::fair::FairSettings;
use super::queue::{FifoSettings, QueueSettings, Redrive};
use crate::engine::{Distribution, Span};
use crate::language::{
    Bytes, DistributionOf, Duration, Files, Name, Probability, Problems, Reference, choice, keyword, section,
};
use crate::wire::{
    Access, ActivitySettings, ApiLatency, ApiLatencyConfig, EntityId, KeyConfig, KmsSettings,
    PolicyStatementConfig, SqsQuotas, check_fifo_name, span, whole_seconds,
};
use std::sync::Arc;

section! {
    /// An SQS queue: a FIFO queue when its name ends in `.fifo`, a standard queue otherwise.
    pub struct QueueConfig {
        /// How long a received message stays hidden from other consumers (`VisibilityTimeout`).
        pub visibility_timeout: Duration = Duration::from_seconds(30),
            within (Duration::ZERO, Duration::from_hours(12));
        /// How long a message is kept from its first send on; then it is lost (`MessageRetentionPeriod`).
        pub message_retention_period: Duration = Duration::from_days(4),
            within (Duration::from_seconds(60), Duration::from_days(14));
        /// How long a new message stays invisible, unless it has a delay of its own (`DelaySeconds`).
        pub delay: Duration = Duration::ZERO, within (Duration::ZERO, Duration::from_minutes(15));
        /// How long a receive waits for a message: 0s is a short poll, more a long poll (`ReceiveMessageWaitTimeSeconds`).
        pub receive_message_wait_time: Duration = Duration::ZERO, within (Duration::ZERO, Duration::from_seconds(20));
        /// Largest message, attributes included (`MaximumMessageSize`); by default the quota.
        pub maximum_message_size: Option<Bytes>, at_least (Bytes::new(1024));
        /// Where messages go that were received too often without being deleted (`RedrivePolicy`).
        pub redrive_policy: Option<RedrivePolicyConfig>;
        /// Which queues may use this one as their dead-letter queue (`RedriveAllowPolicy`); by default all.
        pub redrive_allow_policy: Option<RedriveAllowPolicyConfig>;
        /// FIFO: a message sent without a deduplication id gets the SHA-256 of its body (`ContentBasedDeduplication`).
        pub content_based_deduplication: bool = false;
        /// FIFO: whether ids are compared in the whole queue or in each group (`DeduplicationScope`).
        pub deduplication_scope: DeduplicationScopeConfig = DeduplicationScopeConfig::Queue;
        /// FIFO: whether the quota of calls holds for the queue or for each message group id (`FifoThroughputLimit`): the
        /// latter, together with `deduplication_scope: message_group`, is high throughput.
        pub fifo_throughput_limit: FifoThroughputLimitConfig = FifoThroughputLimitConfig::PerQueue;
        /// What the name says already (`FifoQueue`): `true` needs a name that ends in `.fifo`.
        pub fifo_queue: Option<bool>;
        /// Who else may use the queue, and who may not (its resource policy).
        pub policy: Vec<PolicyStatementConfig> = Vec::new();
        /// Encryption at rest; SSE-SQS costs nothing and takes no time.
        pub encryption: EncryptionConfig = EncryptionConfig::SseSqs;
        /// How long calls to this queue take; by default as the scenario says.
        pub api_latency: Option<ApiLatencyConfig>;
        /// Probability that a deleted message is delivered once more; by default as the scenario says.
        pub duplicate_probability: Option<Probability>;
        /// How much later than its arrival a message's place in the queue may be; by default as the scenario says.
        pub ordering_jitter: Option<DistributionOf<Duration>>;
    }
    check QueueConfig::check;
}

section! {
    /// A redrive policy.
    pub struct RedrivePolicyConfig {
        /// The dead-letter queue.
        pub dead_letter_queue: Reference;
        /// A message is handed out this many times; the next receive that would pick it moves it (`maxReceiveCount`).
        pub max_receive_count: u32 = 10, within (1, 1000);
    }
}

choice! {
    /// Which queues may use a queue as their dead-letter queue.
    pub enum RedriveAllowPolicyConfig {
        /// All of the same account.
        AllowAll = "allow_all",
        /// None.
        DenyAll = "deny_all",
        /// These, ten at most.
        ByQueue(Vec<Reference>) = "by_queue",
    }
}

keyword! {
    /// Where deduplication ids are compared.
    pub enum DeduplicationScopeConfig {
        /// In the whole queue.
        Queue = "queue",
        /// In each message group.
        MessageGroup = "message_group",
    }
}

keyword! {
    /// What the quota of calls to a FIFO queue is for.
    pub enum FifoThroughputLimitConfig {
        /// The queue.
        PerQueue = "per_queue",
        /// Each message group id; in truth each partition, on which some groups lie.
        PerMessageGroupId = "per_message_group_id",
    }
}

choice! {
    /// Encryption at rest.
    pub enum EncryptionConfig {
        /// None.
        None = "none",
        /// With a key that SQS owns.
        SseSqs = "sse_sqs",
        /// With a key of AWS KMS.
        SseKms(KmsConfig) = "sse_kms",
    }
}

section! {
    /// Encryption with a key of AWS KMS.
    pub struct KmsConfig {
        /// How long a data key is used before KMS is called again (`KmsDataKeyReusePeriodSeconds`).
        pub data_key_reuse_period: Duration = Duration::from_seconds(300),
            within (Duration::from_seconds(60), Duration::from_hours(24));
        /// Which key: only the policy of a customer managed key can let other accounts and AWS services in.
        pub key: KeyConfig = KeyConfig::AwsManaged;
        /// Producers, consumers and clients that must not use the key.
        pub refused: Vec<Reference> = Vec::new();
        /// Calls that KMS takes a second; by default all. Beyond it sends and receives are refused (`KmsThrottled`).
        pub requests_per_second: Option<u32>, at_least (1);
    }
}

/// What the resolver finds out about a queue.
#[derive(Debug, Clone)]
pub struct QueueSurroundings {
    /// Its dead-letter queue.
    pub dead_letter_queue: Option<EntityId>,
    /// The queues whose redrive policies name it.
    pub dead_letter_sources: Vec<EntityId>,
    /// Whether a script can make it a dead-letter queue.
    pub may_be_dead_letter_queue: bool,
    /// The queues of the other type.
    pub other_type: Arc<[EntityId]>,
    /// Whether a script looks at its messages.
    pub is_scripted: bool,
    /// Who may not do what.
    pub access: Access,
    /// Who may not use its key.
    pub refused_key: Vec<EntityId>,
}

/// What the scenario says for all queues.
#[derive(Debug, Clone)]
pub struct QueueDefaults {
    /// The limits in force.
    pub quotas: SqsQuotas,
    /// How long calls take: the scenario's latencies, or the queue's own.
    pub latency: ApiLatency,
    /// What calls cost.
    pub prices: QueuePrices,
    /// Probability that a deleted message comes back.
    pub duplicate_probability: f64,
    /// How long after its delete it comes back, in nanoseconds.
    pub duplicate_delay: Distribution,
    /// How much later than its arrival a message's place may be, in nanoseconds.
    pub ordering_jitter: Distribution,
    /// Whether short polls ask only some of the servers.
    pub short_poll_sampling: bool,
    /// How fair queues find noisy neighbours.
    pub fair: FairSettings,
    /// Messages a second that a move task moves when it does not say.
    pub move_rate: u32,
    /// How long changes take.
    pub changes: ChangeTimes,
    /// When metrics are published.
    pub activity: ActivitySettings,
    /// Whether gauges of messages in flight and delayed are published while there are none.
    pub empty_gauges: bool,
}

impl QueueConfig {
    fn check(&self, problems: &mut Problems) {
        let seconds = [
            ("visibility_timeout", self.visibility_timeout),
            ("message_retention_period", self.message_retention_period),
            ("delay", self.delay),
            ("receive_message_wait_time", self.receive_message_wait_time),
        ];
        for (name, duration) in seconds {
            whole_seconds(duration, self.places.of(name), name, problems);
        }
    }

    /// How long calls to this queue take, given how long they take in the scenario.
    pub fn latency(
        &self,
        scenario: &ApiLatency,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<ApiLatency> {
        self.api_latency
            .as_ref()
            .map_or_else(|| Some(scenario.clone()), |latency| latency.build(files, problems))
    }

    /// The queue's settings, its references resolved; `None` when a problem was told.
    pub fn settings(
        &self,
        name: &Name,
        surroundings: &QueueSurroundings,
        defaults: &QueueDefaults,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<QueueSettings> {
        let largest = u64::from(defaults.quotas.maximum_message_bytes);
        let maximum = self.maximum_message_size.map_or(largest, Bytes::as_u64);
        if maximum > largest {
            problems
                .error(
                    self.places.of("maximum_message_size"),
                    format!("`maximum_message_size` is above the quota of {}", Bytes::new(largest)),
                )
                .help("the quota depends on `quotas`: 256KiB in 2022, 1MiB since August 2025");
        }
        let fifo = self.fifo(name, &defaults.quotas, problems);
        let ordering_jitter = match &self.ordering_jitter {
            Some(jitter) => jitter.build(files, problems),
            None => Some(defaults.ordering_jitter.clone()),
        };
        Some(QueueSettings {
            name: name.text.clone(),
            visibility_timeout: span(self.visibility_timeout),
            message_retention_period: span(self.message_retention_period),
            delay: span(self.delay),
            receive_message_wait_seconds: (span(self.receive_message_wait_time) / Span::from_seconds(1))
                as u8,
            maximum_message_size: maximum.min(largest) as u32,
            redrive: self.redrive_policy.as_ref().zip(surroundings.dead_letter_queue).map(
                |(policy, dead_letter_queue)| Redrive {
                    dead_letter_queue,
                    max_receive_count: policy.max_receive_count,
                },
            ),
            is_detailed: fifo.is_some()
                || surroundings.may_be_dead_letter_queue
                || !surroundings.dead_letter_sources.is_empty()
                || surroundings.is_scripted,
            dead_letter_sources: surroundings.dead_letter_sources.clone(),
            fifo,
            other_type: Arc::clone(&surroundings.other_type),
            access: surroundings.access.clone(),
            kms: match &self.encryption {
                EncryptionConfig::SseKms(kms) => Some(KmsSettings {
                    data_key_reuse_period: span(kms.data_key_reuse_period),
                    refused: surroundings.refused_key.clone(),
                    requests_per_second: kms.requests_per_second,
                }),
                EncryptionConfig::None | EncryptionConfig::SseSqs => None,
            },
            fair: defaults.fair,
            move_rate: defaults.move_rate,
            quotas: defaults.quotas,
            latency: defaults.latency.clone(),
            prices: defaults.prices,
            // No copy of a FIFO queue's message comes back ("Exactly-once processing in Amazon SQS").
            duplicate_probability: if fifo.is_some() {
                0.0
            } else {
                self.duplicate_probability.map_or(defaults.duplicate_probability, Probability::as_f64)
            },
            duplicate_delay: defaults.duplicate_delay.clone(),
            ordering_jitter: ordering_jitter?,
            // AWS says today that FIFO queues are sampled too; their order makes it moot, so queuelab does not.
            short_poll_sampling: defaults.short_poll_sampling && fifo.is_none(),
            changes: defaults.changes.clone(),
            activity: defaults.activity.clone(),
            empty_gauges: defaults.empty_gauges,
        })
    }

    /// What only FIFO queues have; keys that a standard queue cannot have are told.
    fn fifo(&self, name: &Name, quotas: &SqsQuotas, problems: &mut Problems) -> Option<FifoSettings> {
        check_fifo_name(name, (self.fifo_queue, self.places.key("fifo_queue")), problems);
        if !is_fifo(name.as_str()) {
            for key in ["content_based_deduplication", "deduplication_scope", "fifo_throughput_limit"] {
                if let Some(place) = self.places.key(key) {
                    problems
                        .error(place, format!("`{key}` is for FIFO queues, and `{name}` is a standard queue"))
                        .help(format!("a FIFO queue's name ends in `.fifo`: `{name}.fifo`"));
                }
            }
            return None;
        }
        for key in ["duplicate_probability", "ordering_jitter"] {
            if let Some(place) = self.places.key(key) {
                problems.error(
                    place,
                    format!("`{key}` is for standard queues: `{name}` keeps order and takes nothing twice"),
                );
            }
        }
        let by_group = self.deduplication_scope == DeduplicationScopeConfig::MessageGroup;
        let per_group = self.fifo_throughput_limit == FifoThroughputLimitConfig::PerMessageGroupId;
        if per_group && !by_group {
            problems
                .error(
                    self.places.key("fifo_throughput_limit"),
                    "`fifo_throughput_limit: per_message_group_id` needs `deduplication_scope: message_group`",
                )
                .why("SQS allows the higher limit only when ids are compared in each group");
        }
        let partition = quotas.fifo_partition_calls_per_second;
        Some(FifoSettings {
            content_based_deduplication: self.content_based_deduplication,
            deduplicates_by_group: by_group,
            calls_per_second: if per_group { partition } else { quotas.fifo_calls_per_second },
            most_partitions: if per_group {
                (quotas.fifo_high_throughput_calls_per_second / partition.max(1)).max(1)
            } else {
                1
            },
        })
    }
}

/// Whether a queue of this name is a FIFO queue ("Amazon SQS queue quotas").
pub fn is_fifo(name: &str) -> bool {
    // SQS tells capitals from small letters.
    name.strip_suffix(".fifo").is_some()
}
