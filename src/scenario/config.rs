//! The scenario file: its sections, as they are written.

use crate::language::{
    Bytes, Date, Decode, Definitions, DistributionOf, DistributionSpec, Duration, Json, Located, Name, Named,
    Node, Probability, Problems, Value, keyword, section,
};
use crate::services::client::ClientConfig;
use crate::services::cloudwatch::AlarmConfig;
use crate::services::compute::ConsumerConfig;
use crate::services::producer::ProducerConfig;
use crate::services::sqs::QueueConfig;
use crate::wire::{ApiLatencyConfig, Prices, QuotaProfile, SqsQuotas, span};

section! {
    /// A scenario: an architecture, the load on it, and what must come of it.
    pub struct ScenarioConfig {
        /// The scenario's name; the folder of its report is called so.
        pub name: Name;
        /// What it shows, in a sentence or two.
        pub description: String = String::new();
        /// Seed of all randomness: the same seed gives the same results.
        pub seed: u64 = 42;
        /// The simulated wall clock at the start.
        pub start: Date = default_start();
        /// How much time is simulated.
        pub duration: Duration, above (Duration::ZERO);
        /// Simulated, but left out of the statistics (not of ledger and metrics).
        pub warm_up: Duration = Duration::ZERO;
        /// AWS's limits: `current`, `2022`, or a mapping that changes single ones.
        pub quotas: QuotasConfig = QuotasConfig::default();
        /// The AWS account that all queues are in, and everybody who does not say otherwise.
        pub account: String = "111111111111".to_owned();
        /// How long calls to queues take. An assumption.
        pub api_latency: ApiLatencyConfig = ApiLatencyConfig::Realistic;
        /// What AWS does not publish.
        pub assumptions: Option<AssumptionsConfig>;
        /// What things cost; by default list prices of us-east-1.
        pub prices: Option<PricesConfig>;
        /// SQS queues.
        pub queues: Named<QueueConfig>;
        /// Who sends messages.
        pub producers: Named<ProducerConfig>;
        /// Who receives and processes them.
        pub consumers: Named<ConsumerConfig>;
        /// Who makes exact calls at exact times.
        pub clients: Named<ClientConfig>;
        /// CloudWatch alarms.
        pub alarms: Named<AlarmConfig>;
        /// What the run must show: expressions about a metric of a thing, or about a row of its ledger.
        pub expect: Named<ExpressionsConfig>;
    }
    check ScenarioConfig::check;
}

section! {
    /// What AWS does not publish, and queuelab therefore assumes.
    pub struct AssumptionsConfig {
        /// Probability that a deleted message of a standard queue is delivered once more, from a copy on a server that
        /// was away.
        pub duplicate_probability: Probability = Probability::new(1e-7);
        /// How long after its delete such a message comes back.
        pub duplicate_delay: DistributionOf<Duration> = default_duplicate_delay();
        /// How much later than its arrival a message's place in a standard queue may be: the more, the more disorder.
        pub ordering_jitter: DistributionOf<Duration> = default_ordering_jitter();
        /// Whether short polls ask only a third of a queue's servers and so miss messages.
        pub short_poll_sampling: bool = true;
        /// How long a tenant of a fair queue must be over its share before the others go first.
        pub fair_queue_detection_delay: Duration = Duration::from_seconds(200);
        /// Messages a second that a message move task moves when it does not say.
        pub message_move_rate: u32 = 500, within (1, 500);
        /// How long after its minute a metric can be read by alarms.
        pub metric_delay: DistributionOf<Duration> = default_metric_delay();
        /// From an alarm's state change to the scaling policy's decision.
        pub alarm_action_delay: Duration = Duration::from_seconds(1);
        /// The low alarm of target tracking is at this share of the target.
        pub target_tracking_low_fraction: Probability = Probability::new(0.7);
        /// Target tracking removes capacity at most once in this time.
        pub target_tracking_scale_in_interval: Duration = Duration::from_seconds(300);
    }
}

section! {
    /// Prices in dollars.
    pub struct PricesConfig {
        /// A million requests to a standard queue.
        pub sqs_standard_per_million_requests: f64 = Prices::default().sqs_standard_per_million_requests,
            at_least (0.0);
        /// A million requests to a FIFO queue.
        pub sqs_fifo_per_million_requests: f64 = Prices::default().sqs_fifo_per_million_requests,
            at_least (0.0);
        /// On top for a million requests to a standard queue with message groups.
        pub sqs_fair_queue_per_million_requests: f64 = Prices::default().sqs_fair_queue_per_million_requests,
            at_least (0.0);
        /// Ten thousand requests to AWS KMS.
        pub kms_per_ten_thousand_requests: f64 = Prices::default().kms_per_ten_thousand_requests,
            at_least (0.0);
    }
}

keyword! {
    /// A set of limits.
    pub enum ProfileConfig {
        /// As they are now (read November 2026).
        Current = "current",
        /// As they were in September 2022.
        Exam2022 = "2022",
    }
}

section! {
    /// A set of limits with changes.
    pub struct ChangedQuotasConfig {
        /// The set to begin with.
        pub profile: ProfileConfig = ProfileConfig::Current;
        /// Largest message of a queue.
        pub sqs_maximum_message_size: Option<Bytes>, at_least (Bytes::new(1024));
        /// Largest sum of the messages of a batch.
        pub sqs_maximum_batch_size: Option<Bytes>, at_least (Bytes::new(1024));
        /// Most messages in flight in a standard queue.
        pub sqs_maximum_in_flight: Option<u64>, at_least (1);
        /// Most messages in flight in a FIFO queue.
        pub sqs_maximum_in_flight_fifo: Option<u64>, at_least (1);
        /// Messages of a FIFO queue that are searched for available groups.
        pub sqs_fifo_scan_window: Option<u64>, at_least (1);
        /// Calls a second and action to a FIFO queue.
        pub sqs_fifo_calls_per_second: Option<u32>, at_least (1);
        /// Calls a second and action to a partition of a FIFO queue with high throughput.
        pub sqs_fifo_partition_calls_per_second: Option<u32>, at_least (1);
        /// Calls a second and action to a FIFO queue with high throughput, all partitions together; by default as in
        /// us-east-1.
        pub sqs_fifo_high_throughput_calls_per_second: Option<u32>, at_least (1);
        /// How long a FIFO queue remembers deduplication ids.
        pub sqs_deduplication_interval: Option<Duration>, above (Duration::ZERO);
        /// Time between two purges of a queue.
        pub sqs_purge_interval: Option<Duration>;
        /// Most messages a second of a message move task.
        pub sqs_move_task_maximum_per_second: Option<u32>, at_least (1);
        /// Longest time a message move task runs.
        pub sqs_move_task_longest: Option<Duration>, above (Duration::ZERO);
        /// Most queues that a redrive allow policy names.
        pub sqs_redrive_allow_sources: Option<u32>, at_least (1);
        /// Whether the retention clock of a FIFO queue's message starts anew in the dead-letter queue.
        pub sqs_fifo_dead_letters_restart_retention: Option<bool>;
        /// Whether standard queues take message groups.
        pub sqs_fair_queues: Option<bool>;
        /// Whether messages of FIFO queues can be moved by message move tasks.
        pub sqs_fifo_move_tasks: Option<bool>;
    }
}

/// AWS's limits: the name of a profile, or a mapping.
#[derive(Debug, Clone)]
pub enum QuotasConfig {
    /// A profile as it is.
    Profile(ProfileConfig),
    /// A profile with changes.
    Changed(Box<ChangedQuotasConfig>),
}

impl Default for QuotasConfig {
    fn default() -> Self {
        QuotasConfig::Profile(ProfileConfig::Current)
    }
}

impl Decode for QuotasConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Mapping(_) = node.value {
            return ChangedQuotasConfig::decode(node, problems).map(Box::new).map(QuotasConfig::Changed);
        }
        ProfileConfig::decode(node, problems).map(QuotasConfig::Profile)
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let (profile, changed) =
            (ProfileConfig::schema(definitions), ChangedQuotasConfig::schema(definitions));
        // YAML reads a bare 2022 as a number.
        serde_json::json!({ "anyOf": [profile, { "const": 2022 }, changed] })
    }

    fn type_name() -> String {
        format!("{} or {}", ProfileConfig::type_name(), ChangedQuotasConfig::type_name())
    }

    fn to_json(&self) -> Option<Json> {
        match self {
            QuotasConfig::Profile(profile) => profile.to_json(),
            QuotasConfig::Changed(_) => None,
        }
    }
}

impl QuotasConfig {
    /// The profile they begin with.
    pub fn profile(&self) -> QuotaProfile {
        let profile = match self {
            QuotasConfig::Profile(profile) => *profile,
            QuotasConfig::Changed(changed) => changed.profile,
        };
        match profile {
            ProfileConfig::Current => QuotaProfile::Current,
            ProfileConfig::Exam2022 => QuotaProfile::Exam2022,
        }
    }

    /// The limits of queues.
    pub fn sqs(&self) -> SqsQuotas {
        let mut quotas = SqsQuotas::of(self.profile());
        if let QuotasConfig::Changed(changed) = self {
            let bytes =
                |bytes: Bytes| u32::try_from(bytes.as_u64()).unwrap_or(u32::MAX / 4).min(u32::MAX / 4);
            let set = |limit: &mut u32, changed: Option<Bytes>| *limit = changed.map_or(*limit, bytes);
            set(&mut quotas.maximum_message_bytes, changed.sqs_maximum_message_size);
            set(&mut quotas.maximum_batch_bytes, changed.sqs_maximum_batch_size);
            take(&mut quotas.maximum_in_flight, changed.sqs_maximum_in_flight);
            take(&mut quotas.maximum_in_flight_fifo, changed.sqs_maximum_in_flight_fifo);
            take(&mut quotas.fifo_scan_window, changed.sqs_fifo_scan_window);
            take(&mut quotas.fifo_calls_per_second, changed.sqs_fifo_calls_per_second);
            take(&mut quotas.fifo_partition_calls_per_second, changed.sqs_fifo_partition_calls_per_second);
            take(
                &mut quotas.fifo_high_throughput_calls_per_second,
                changed.sqs_fifo_high_throughput_calls_per_second,
            );
            take(&mut quotas.deduplication_interval, changed.sqs_deduplication_interval.map(span));
            take(&mut quotas.purge_interval, changed.sqs_purge_interval.map(span));
            take(&mut quotas.move_task_maximum_per_second, changed.sqs_move_task_maximum_per_second);
            take(&mut quotas.move_task_longest, changed.sqs_move_task_longest.map(span));
            let sources = changed.sqs_redrive_allow_sources.map(|sources| sources as usize);
            take(&mut quotas.redrive_allow_sources, sources);
            let restart = changed.sqs_fifo_dead_letters_restart_retention;
            take(&mut quotas.fifo_dead_letters_restart_retention, restart);
            take(&mut quotas.fair_queues, changed.sqs_fair_queues);
            take(&mut quotas.fifo_move_tasks, changed.sqs_fifo_move_tasks);
        }
        quotas
    }
}

/// A limit that was changed, or stays.
fn take<T: Copy>(limit: &mut T, changed: Option<T>) {
    *limit = changed.unwrap_or(*limit);
}

/// One expression, or a list of them.
#[derive(Debug, Clone)]
pub struct ExpressionsConfig(pub Vec<Located<String>>);

impl Decode for ExpressionsConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if node.sequence().is_some() {
            return Vec::decode(node, problems).map(ExpressionsConfig);
        }
        Located::decode(node, problems).map(|expression| ExpressionsConfig(vec![expression]))
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let (one, many) = (String::schema(definitions), Vec::<String>::schema(definitions));
        serde_json::json!({ "anyOf": [one, many], "examples": [["p99 < 30s", "max <= 2m"]] })
    }

    fn type_name() -> String {
        "expression or list of expressions such as `p99 < 30s`".to_owned()
    }
}

impl ScenarioConfig {
    fn check(&self, problems: &mut Problems) {
        if matches!(self.name.as_str(), "." | "..") {
            problems
                .error(self.name.place, format!("a scenario cannot be called `{}`", self.name))
                .why("the folder of its report is called as the scenario");
        }
        if self.warm_up >= self.duration {
            problems
                .error(
                    self.places.of("warm_up"),
                    format!("`warm_up` ({}) leaves nothing of the run", self.warm_up),
                )
                .why(format!("the run lasts {}", self.duration));
        }
        if self.queues.is_empty() {
            problems.error(self.place, "a scenario needs at least one queue").help("queues: { orders: {} }");
        }
    }
}

/// A Thursday, at midnight.
fn default_start() -> Date {
    Date::new(jiff::Timestamp::from_second(1_767_225_600).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
}

fn seconds(seconds: u64) -> f64 {
    Duration::from_seconds(seconds).as_nanos() as f64
}

fn default_duplicate_delay() -> DistributionOf<Duration> {
    let spec = DistributionSpec::Uniform { minimum: seconds(1), maximum: seconds(600) };
    DistributionOf::from_spec(spec, None)
}

fn default_ordering_jitter() -> DistributionOf<Duration> {
    let mean = Duration::from_milliseconds(20).as_nanos() as f64;
    DistributionOf::from_spec(DistributionSpec::Exponential { mean }, None)
}

fn default_metric_delay() -> DistributionOf<Duration> {
    let spec = DistributionSpec::Uniform { minimum: seconds(60), maximum: seconds(120) };
    DistributionOf::from_spec(spec, None)
}
