//! A queue in a scenario.

use super::queue::{QueueSettings, Redrive};
use crate::engine::{Distribution, Span};
use crate::language::{Bytes, DistributionOf, Duration, Files, Probability, Problems, Reference, section};
use crate::wire::{ApiLatency, ApiLatencyConfig, EntityId, Prices, SqsQuotas, span, whole_seconds};

section! {
    /// A standard SQS queue.
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

/// What the scenario says for all queues.
#[derive(Debug, Clone)]
pub struct QueueDefaults {
    /// The limits in force.
    pub quotas: SqsQuotas,
    /// How long calls take: the scenario's latencies, or the queue's own.
    pub latency: ApiLatency,
    /// What calls cost.
    pub prices: Prices,
    /// Probability that a deleted message comes back.
    pub duplicate_probability: f64,
    /// How long after its delete it comes back, in nanoseconds.
    pub duplicate_delay: Distribution,
    /// How much later than its arrival a message's place may be, in nanoseconds.
    pub ordering_jitter: Distribution,
    /// Whether short polls ask only some of the servers.
    pub short_poll_sampling: bool,
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
        name: &str,
        dead_letter_queue: Option<EntityId>,
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
        let ordering_jitter = match &self.ordering_jitter {
            Some(jitter) => jitter.build(files, problems),
            None => Some(defaults.ordering_jitter.clone()),
        };
        Some(QueueSettings {
            name: name.to_owned(),
            visibility_timeout: span(self.visibility_timeout),
            message_retention_period: span(self.message_retention_period),
            delay: span(self.delay),
            receive_message_wait_seconds: (span(self.receive_message_wait_time) / Span::from_seconds(1))
                as u8,
            maximum_message_size: maximum.min(largest) as u32,
            redrive: self.redrive_policy.as_ref().zip(dead_letter_queue).map(
                |(policy, dead_letter_queue)| Redrive {
                    dead_letter_queue,
                    max_receive_count: policy.max_receive_count,
                },
            ),
            quotas: defaults.quotas,
            latency: defaults.latency.clone(),
            prices: defaults.prices,
            duplicate_probability: self
                .duplicate_probability
                .map_or(defaults.duplicate_probability, Probability::as_f64),
            duplicate_delay: defaults.duplicate_delay.clone(),
            ordering_jitter: ordering_jitter?,
            short_poll_sampling: defaults.short_poll_sampling,
        })
    }
}
