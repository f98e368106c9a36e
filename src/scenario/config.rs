//! The scenario file: its sections, as they are written.

use super::quotas::QuotasConfig;
use crate::engine::Distribution;
use crate::language::{
    Bytes, Date, Decode, Definitions, DistributionOf, DistributionSpec, Duration, Files, Json, Located, Name,
    Named, Node, Probability, Problems, keyword, section,
};
use crate::services::client::ClientConfig;
use crate::services::cloudwatch::{AlarmConfig, CompositeAlarmConfig, CustomMetricConfig};
use crate::services::compute::ConsumerConfig;
use crate::services::firehose::DeliveryStreamConfig;
use crate::services::flink::{FlinkApplicationConfig, SqlApplicationConfig};
use crate::services::kinesis::{StreamConfig, StreamConsumerConfig};
use crate::services::lambda::{FunctionConfig, MappingConfig, StreamMappingConfig};
use crate::services::mq::{BrokerConfig, BrokerQueueConfig, BrokerSubscriptionConfig, BrokerTopicConfig};
use crate::services::object_store::ObjectStoreConfig;
use crate::services::producer::ProducerConfig;
use crate::services::requester::RequesterConfig;
use crate::services::sns::{PhoneNumberConfig, PlatformEndpointConfig, TopicConfig};
use crate::services::sqs::QueueConfig;
use crate::services::video::{CameraConfig, VideoConsumerConfig, VideoStreamConfig};
use crate::wire::{ApiLatencyConfig, PricesConfig, Region};

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
        /// How often it is run, each time with other random numbers, to say how sure its results are.
        pub replications: u32 = 1, within (1, 100_000);
        /// AWS's limits: `current`, `2022`, or a mapping that changes single ones.
        pub quotas: QuotasConfig = QuotasConfig::default();
        /// The AWS Region of everything: quotas depend on it. Prices are those of us-east-1 unless `prices` says otherwise.
        pub region: Region = Region::UsEast1;
        /// The AWS account that all queues are in, and everybody who does not say otherwise.
        pub account: String = "111111111111".to_owned();
        /// How long calls to queues take. An assumption.
        pub api_latency: ApiLatencyConfig = ApiLatencyConfig::Realistic;
        /// What AWS does not publish.
        pub assumptions: Option<AssumptionsConfig>;
        /// What things cost; by default list prices of us-east-1.
        pub prices: PricesConfig = PricesConfig::default();
        /// SQS queues.
        pub queues: Named<QueueConfig>;
        /// Who sends messages.
        pub producers: Named<ProducerConfig>;
        /// Who receives and processes them.
        pub consumers: Named<ConsumerConfig>;
        /// Who makes exact calls at exact times.
        pub clients: Named<ClientConfig>;
        /// SNS topics.
        pub topics: Named<TopicConfig>;
        /// Who sends requests and waits for replies.
        pub requesters: Named<RequesterConfig>;
        /// Stores for payloads that are too large for messages.
        pub object_stores: Named<ObjectStoreConfig>;
        /// Lambda functions.
        pub functions: Named<FunctionConfig>;
        /// Which functions are invoked with the messages of which queues.
        pub event_source_mappings: Named<MappingConfig>;
        /// Kinesis data streams.
        pub streams: Named<StreamConfig>;
        /// Who reads them.
        pub stream_consumers: Named<StreamConsumerConfig>;
        /// Which functions are invoked with the records of which streams.
        pub stream_mappings: Named<StreamMappingConfig>;
        /// Telephone numbers that SNS sends SMS to, without a topic.
        pub phone_numbers: Named<PhoneNumberConfig>;
        /// Apps on devices that SNS sends pushes to, without a topic.
        pub platform_endpoints: Named<PlatformEndpointConfig>;
        /// Delivery streams of Amazon Data Firehose.
        pub delivery_streams: Named<DeliveryStreamConfig>;
        /// Kinesis video streams.
        pub video_streams: Named<VideoStreamConfig>;
        /// Who films.
        pub cameras: Named<CameraConfig>;
        /// Who watches.
        pub video_consumers: Named<VideoConsumerConfig>;
        /// Applications of Managed Service for Apache Flink.
        pub flink_applications: Named<FlinkApplicationConfig>;
        /// Applications of Kinesis Data Analytics for SQL, with `quotas: 2022`.
        pub sql_applications: Named<SqlApplicationConfig>;
        /// Brokers of Amazon MQ.
        pub brokers: Named<BrokerConfig>;
        /// Their queues.
        pub broker_queues: Named<BrokerQueueConfig>;
        /// Their topics, or exchanges.
        pub broker_topics: Named<BrokerTopicConfig>;
        /// Subscriptions of these.
        pub broker_subscriptions: Named<BrokerSubscriptionConfig>;
        /// CloudWatch alarms.
        pub alarms: Named<AlarmConfig>;
        /// Alarms that follow from the states of other alarms.
        pub composite_alarms: Named<CompositeAlarmConfig>;
        /// Metrics that programs publish.
        pub custom_metrics: Named<CustomMetricConfig>;
        /// What the run must show: expressions about a metric of a thing, or about a row of its ledger.
        pub expect: ExpectConfig;
    }
    check ScenarioConfig::check;
}

section! {
    /// How long after their minute the metrics of single namespaces can be read.
    pub struct MetricDelaysConfig {
        /// `AWS/SQS`: queues.
        pub aws_sqs: Option<DistributionOf<Duration>>;
        /// `AWS/AutoScaling`: groups.
        pub aws_auto_scaling: Option<DistributionOf<Duration>>;
        /// `queuelab`: consumers, producers and what else AWS has no metrics of.
        pub queuelab: Option<DistributionOf<Duration>>;
    }
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
        /// The same for the metrics of one namespace, where that differs.
        pub metric_delays: Option<MetricDelaysConfig>;
        /// From an alarm's state change to the scaling policy's decision.
        pub alarm_action_delay: Duration = Duration::from_seconds(1);
        /// The low alarm of target tracking is at this share of the target.
        pub target_tracking_low_fraction: Probability = Probability::new(0.7);
        /// Target tracking removes capacity at most once in this time.
        pub target_tracking_scale_in_interval: Duration = Duration::from_seconds(300);
        /// Target tracking removes at most this share of the capacity at once, but one instance always.
        pub target_tracking_scale_in_share: Probability = Probability::new(0.1);
        /// Policies of a group that alarms invoke within this time are decided together: the largest capacity wins.
        pub policy_gathering_time: Duration = Duration::ZERO, at_most (Duration::from_seconds(60));
        /// The low alarm of target tracking by Application Auto Scaling is at this share of the target.
        pub application_target_tracking_low_fraction: Probability = Probability::new(0.9);
        /// The second of its minute at which every alarm is evaluated; by default each has one of its own, at random.
        pub alarm_evaluation_second: Option<u32>, within (0, 59);
        /// How late a scheduled action runs.
        pub scheduled_action_delay: DistributionOf<Duration> = DistributionOf::constant(Duration::ZERO);
        /// How long an execution environment of a Lambda function waits for work before it is shut down.
        pub lambda_environment_idle_time: Duration = Duration::from_minutes(6);
        /// From the request for more provisioned concurrency of a Lambda function to its being ready.
        pub provisioned_concurrency_delay: DistributionOf<Duration> = default_metric_delay();
        /// How long receive calls of event source mappings wait for messages.
        pub mapping_poll_wait: Duration = Duration::from_seconds(20),
            within (Duration::from_seconds(1), Duration::from_seconds(20));
        /// How often an event source mapping looks whether it can process more batches at once; a minute's increase spreads
        /// evenly over these looks.
        pub mapping_ramp_interval: Duration = Duration::from_seconds(1), above (Duration::ZERO);
        /// How long one of an event source mapping's concurrent polls finds nothing before it is given up.
        pub mapping_idle_time: Duration = Duration::from_seconds(60);
        /// The share of invocations that must fail or be throttled before an event source mapping processes fewer batches
        /// at once.
        pub mapping_back_off_threshold: Probability = Probability::new(0.5);
        /// The share of its concurrency it gives up then, at each look.
        pub mapping_back_off_share: Probability = Probability::new(0.1);
        /// How long an event source mapping waits before it tries a throttled batch again; twice as long each time.
        pub mapping_throttle_pause: Duration = Duration::from_seconds(1), above (Duration::ZERO);
        /// What a message needs of an invocation's payload besides body and attributes.
        pub mapping_record_overhead: Bytes = Bytes::new(500);
        /// Until attributes count that a script sets; AWS takes up to 60 seconds.
        pub attribute_change_time: DistributionOf<Duration> = instantly();
        /// Until a retention period counts that a script sets; AWS takes up to 15 minutes.
        pub retention_change_time: DistributionOf<Duration> = instantly();
        /// Until a purge has deleted everything; AWS takes up to 60 seconds.
        pub purge_time: DistributionOf<Duration> = instantly();
        /// Whether a purge also deletes what is sent while it is under way, as AWS says it might.
        pub purge_takes_later_messages: bool = false;
        /// Whether resources were in use shortly before the run, so that their metrics are published from the start.
        pub active_at_start: bool = true;
        /// How late the first datapoints are of a resource that was inactive; AWS takes up to 15 minutes.
        pub metric_wake_up_delay: DistributionOf<Duration> = default_wake_up_delay();
        /// Probability that a standard topic makes a delivery once more.
        pub sns_duplicate_probability: Probability = Probability::new(1e-7);
        /// How long SNS takes until its first attempt to deliver; by default as `api_latency` says, with a median of 20 ms.
        pub sns_delivery_latency: Option<DistributionOf<Duration>>;
        /// What the JSON envelope adds to a message that is not delivered raw.
        pub sns_envelope_size: Bytes = Bytes::new(1_000);
        /// Whether pauses between attempts of SNS are shortened at random, by up to half.
        pub sns_retry_jitter: bool = false;
        /// Until a filter policy counts that a script sets; AWS takes up to 15 minutes.
        pub filter_policy_change_time: DistributionOf<Duration> = instantly();
        /// What SMS messages may cost in a month, in dollars; those beyond it are not sent.
        pub sms_monthly_spend_limit: f64 = 1.0, at_least (0.0);
        /// What an active queue without such messages publishes of those in flight and delayed.
        pub empty_queue_gauges: EmptyGaugesConfig = EmptyGaugesConfig::Zero;
        /// How the limits of a shard are measured.
        pub kinesis_limits: LimitModelConfig = LimitModelConfig::TokenBucket;
        /// From the arrival of a record in its shard to its arrival at a subscriber (enhanced fan-out).
        pub kinesis_push_delay: DistributionOf<Duration> = default_push_delay();
        /// How long creating a stream takes; AWS says a few seconds and more.
        pub kinesis_create_time: Duration = Duration::from_seconds(10);
        /// How long splitting or merging shards takes.
        pub kinesis_reshard_time: Duration = Duration::from_seconds(30);
        /// How many splits and merges of `UpdateShardCount` go on at a time.
        pub kinesis_reshards_at_a_time: u32 = 8, within (1, 10_000);
        /// How long a shard of a stream on demand is warm before it is split, the minute included in which that is found; AWS takes up to
        /// 15 minutes.
        pub kinesis_split_delay: DistributionOf<Duration> = default_split_delay();
        /// Probability that a record is not taken because of an internal failure.
        pub kinesis_internal_failures: Probability = Probability::ZERO;
        /// How often an event source mapping polls a shard while records are left in it; otherwise it polls once a second.
        pub stream_mapping_backlog_poll_interval: Duration = Duration::from_milliseconds(250),
            at_least (Duration::from_milliseconds(200));
        /// How long an event source mapping of a stream waits before it tries a failed or throttled batch again; twice as
        /// long each time, a minute at most.
        pub stream_mapping_retry_pause: Duration = Duration::from_seconds(1), above (Duration::ZERO);
        /// How long after its end a tumbling window is closed in a shard without new records; AWS takes up to 2 minutes.
        pub stream_mapping_idle_window_delay: Duration = Duration::from_minutes(2);
        /// Size of the message that tells an on-failure destination of discarded records.
        pub stream_mapping_failure_message_size: Bytes = Bytes::new(1_000);
        /// How long records of a delivery stream wait whose buffer interval is zero; AWS says "within a few seconds".
        pub firehose_zero_buffering_delay: DistributionOf<Duration> = default_zero_buffering_delay();
        /// How long records of a partition wait at most, in buffer intervals: drawn evenly between one and this.
        pub firehose_partitioning_delay: f64 = 1.5, within (1.0, 10.0);
        /// From the first failed attempt of a delivery to the next; twice as long after each further one.
        pub firehose_retry_pause: Duration = Duration::from_seconds(1), above (Duration::ZERO);
        /// The longest such pause.
        pub firehose_longest_retry_pause: Duration = Duration::from_seconds(120), above (Duration::ZERO);
        /// How much such pauses are moved at random, up and down, with HTTP endpoints.
        pub firehose_retry_jitter: Probability = Probability::new(0.15);
        /// From a failed invocation of a transformation to the next.
        pub firehose_transformation_retry_pause: Duration = Duration::from_seconds(1);
        /// After so much continuous throttling the limits of Direct PUT double; by default never.
        pub firehose_limit_raise_time: Option<Duration>;
        /// How the limits of a video stream are measured.
        pub video_limits: LimitModelConfig = LimitModelConfig::TokenBucket;
        /// From the first byte of a fragment of video to its `BUFFERING` acknowledgement.
        pub video_buffering_ack_time: DistributionOf<Duration> = DistributionOf::constant(Duration::from_milliseconds(100));
        /// From the last byte of a fragment of video to its `RECEIVED` acknowledgement.
        pub video_received_ack_time: DistributionOf<Duration> = DistributionOf::constant(Duration::from_milliseconds(100));
        /// From the last byte of a fragment of video to its being archived, which the `PERSISTED` acknowledgement tells.
        pub video_persisted_ack_time: DistributionOf<Duration> = DistributionOf::constant(Duration::from_milliseconds(500));
        /// What the warm tier adds to that; AWS speaks of milliseconds.
        pub video_warm_delay: Duration = Duration::from_milliseconds(20);
        /// Probability that a fragment of video cannot be archived.
        pub video_archival_failures: Probability = Probability::ZERO;
        /// How long a call to a video stream takes until its answer, or the first byte of it.
        pub video_call_time: Duration = Duration::from_milliseconds(20);
        /// How long a slot of an application needs to read and decode a record.
        pub flink_source_time: Duration = Duration::from_nanos(20_000);
        /// How long it needs for a record in an operator that does not say.
        pub flink_operator_time: Duration = Duration::from_nanos(20_000);
        /// From the failure of a job to its restart; reading the state comes on top.
        pub flink_restart_delay: Duration = Duration::from_seconds(10);
        /// How long a job is down when it is scaled or updated.
        pub flink_scaling_time: DistributionOf<Duration> = default_flink_scaling_time();
        /// State of a window of a key.
        pub flink_state_size: Bytes = Bytes::new(200);
        /// State that is written or read in a second.
        pub flink_state_throughput: Bytes = Bytes::from_mib(100), at_least (Bytes::from_kib(1));
        /// How long a checkpoint takes besides writing the state.
        pub flink_checkpoint_overhead: Duration = Duration::from_milliseconds(500);
        /// How much work waits between operators before it holds the source back.
        pub flink_buffered_work: Duration = Duration::from_seconds(1);
        /// How long a sink waits before it sends again what was refused.
        pub flink_sink_retry_pause: Duration = Duration::from_seconds(1), above (Duration::ZERO);
        /// How long a row takes in an in-application stream of a SQL application; AWS says 5,000 to 15,000 rows a second.
        pub sql_row_time: Duration = Duration::from_nanos(100_000);
        /// From one `GetRecords` call of a SQL application to the next.
        pub sql_get_records_interval: Duration = Duration::from_seconds(1), at_least (Duration::from_milliseconds(200));
        /// How long a broker with Amazon EFS takes to store a persistent message: AWS says that a producer sends about 80 a second.
        pub mq_efs_send_time: Duration = Duration::from_nanos(12_500_000);
        /// The same with Amazon EBS: about 500 a second.
        pub mq_ebs_send_time: Duration = Duration::from_milliseconds(2);
        /// How long a broker takes for a message that stays in memory: about 5,000 a second.
        pub mq_memory_send_time: Duration = Duration::from_nanos(200_000);
        /// Messages a second that each virtual CPU of a broker takes, over all of its connections.
        pub mq_messages_per_second_and_vcpu: f64 = 2_500.0, at_least (0.001);
        /// How long a standby takes over as planned; AWS says a few seconds.
        pub mq_planned_failover_time: DistributionOf<Duration> = DistributionOf::constant(Duration::from_seconds(5));
        /// How long a standby takes over after a failure; AWS says a short while.
        pub mq_unplanned_failover_time: DistributionOf<Duration> = default_failover_time();
        /// How long a single instance, or a node, reboots; AWS says about five minutes.
        pub mq_reboot_time: DistributionOf<Duration> = DistributionOf::constant(Duration::from_minutes(5));
        /// How long it takes until a failed instance, or node, is replaced.
        pub mq_instance_replacement_time: DistributionOf<Duration> = default_replacement_time();
        /// How long a queue of a cluster has no leader after the node of its leader is gone.
        pub mq_leader_election_time: Duration = Duration::from_seconds(5);
        /// Probability that a send which a failure of the broker cut off had been stored: its producer, which has no answer, sends
        /// it again, and there are two.
        pub mq_stored_before_failure: Probability = Probability::new(0.5);
    }
}

keyword! {
    /// What a gauge of an active queue is while there is nothing to count.
    pub enum EmptyGaugesConfig {
        /// A datapoint of zero.
        Zero = "zero",
        /// No datapoint.
        Missing = "missing",
    }
}

keyword! {
    /// How a limit per second is measured.
    pub enum LimitModelConfig {
        /// What is not used comes back evenly, at most a second's worth is kept.
        TokenBucket = "token_bucket",
        /// Each second of the clock begins with all of it.
        FixedSecond = "fixed_second",
    }
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

/// What must come of a run: expressions by what they are about. Unlike names, these may hold ` / `.
#[derive(Debug, Clone, Default)]
pub struct ExpectConfig(pub Vec<(Located<String>, ExpressionsConfig)>);

impl Decode for ExpectConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let Some(entries) = node.mapping() else {
            if node.is_null() {
                return Some(Self::default());
            }
            problems
                .mismatch(node, "a mapping from metrics to expressions")
                .help("expect: { workers.end_to_end_latency: [\"p99 < 30s\"] }");
            return None;
        };
        // All are read before any is missed, so that all problems are told.
        let read: Vec<_> = entries
            .iter()
            .map(|(key, node)| {
                let target = Located { value: key.name.clone(), place: key.place };
                Some((target, ExpressionsConfig::decode(node, problems)?))
            })
            .collect();
        read.into_iter().collect::<Option<_>>().map(Self)
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let expressions = ExpressionsConfig::schema(definitions);
        serde_json::json!({ "type": ["object", "null"], "additionalProperties": expressions })
    }

    fn type_name() -> String {
        format!("mapping from metrics to {}", ExpressionsConfig::type_name())
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

impl AssumptionsConfig {
    /// The delays of namespaces that have their own; `None` when a problem was told.
    pub(super) fn metric_delays(
        &self,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<Vec<(&'static str, Distribution)>> {
        let Some(delays) = &self.metric_delays else { return Some(Vec::new()) };
        let all = [
            ("AWS/SQS", &delays.aws_sqs),
            ("AWS/AutoScaling", &delays.aws_auto_scaling),
            ("queuelab", &delays.queuelab),
        ];
        let given = all.into_iter().filter_map(|(namespace, delay)| Some((namespace, delay.as_ref()?)));
        // All are built before any is missed, so that all problems are told.
        let built: Vec<_> =
            given.map(|(namespace, delay)| Some((namespace, delay.build(files, problems)?))).collect();
        built.into_iter().collect()
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
        let is_empty = self.queues.is_empty() && self.topics.is_empty() && self.functions.is_empty();
        let is_direct = !self.phone_numbers.is_empty() || !self.platform_endpoints.is_empty();
        let is_stream =
            !self.streams.is_empty() || !self.delivery_streams.is_empty() || !self.video_streams.is_empty();
        if is_empty && !is_stream && !is_direct && self.brokers.is_empty() {
            problems
                .error(self.place, "the scenario has nothing that messages could go to")
                .help("begin with a queue: `queues: { orders: {} }`");
        }
    }
}

/// A Thursday, at midnight.
pub(super) fn default_start() -> Date {
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

fn instantly() -> DistributionOf<Duration> {
    DistributionOf::from_spec(DistributionSpec::Constant(0.0), None)
}

fn default_wake_up_delay() -> DistributionOf<Duration> {
    let spec = DistributionSpec::Uniform { minimum: 0.0, maximum: seconds(900) };
    DistributionOf::from_spec(spec, None)
}

fn default_metric_delay() -> DistributionOf<Duration> {
    let spec = DistributionSpec::Uniform { minimum: seconds(60), maximum: seconds(120) };
    DistributionOf::from_spec(spec, None)
}

/// A lognormal with the mean that AWS tells for any number of consumers.
fn default_push_delay() -> DistributionOf<Duration> {
    let milliseconds = |number| Duration::from_milliseconds(number).as_nanos() as f64;
    let spec = DistributionSpec::LognormalMeanP95 { mean: milliseconds(70), p95: milliseconds(120) };
    DistributionOf::from_spec(spec, None)
}

/// Until the standby of a broker is active, around 45 seconds.
fn default_failover_time() -> DistributionOf<Duration> {
    let spec = DistributionSpec::Uniform { minimum: seconds(30), maximum: seconds(60) };
    DistributionOf::from_spec(spec, None)
}

fn default_replacement_time() -> DistributionOf<Duration> {
    let spec = DistributionSpec::Uniform { minimum: seconds(180), maximum: seconds(600) };
    DistributionOf::from_spec(spec, None)
}

fn default_split_delay() -> DistributionOf<Duration> {
    let spec = DistributionSpec::Uniform { minimum: seconds(300), maximum: seconds(900) };
    DistributionOf::from_spec(spec, None)
}

fn default_flink_scaling_time() -> DistributionOf<Duration> {
    let spec = DistributionSpec::Uniform { minimum: seconds(10), maximum: seconds(60) };
    DistributionOf::from_spec(spec, None)
}

fn default_zero_buffering_delay() -> DistributionOf<Duration> {
    let spec = DistributionSpec::Uniform { minimum: seconds(1), maximum: seconds(5) };
    DistributionOf::from_spec(spec, None)
}
