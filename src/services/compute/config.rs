//! A consumer in a scenario.

use super::group_config::{AutoScalingGroupConfig, fixed_group};
use super::prefetch::Prefetch;
use super::service_config::EcsServiceConfig;
use super::settings::{
    Answers, ConsumerSettings, Crashes, DeleteMode, FailureMode, Heartbeat, Payloads, ReplyAddress,
};
use crate::engine::{Distribution, Span};
use crate::language::{
    Bytes, DistributionOf, DistributionSpec, Duration, Files, Probability, Problems, Reference, choice,
    keyword, section,
};
use crate::wire::{
    ApiLatency, BrokerReaderConfig, EntityId, Forward, ForwardConfig, IdentityConfig, PayloadStore,
    PriceList, ProcessingConfig, Retries, RetriesConfig, span, whole_seconds,
};

section! {
    /// Somebody who receives messages and processes them, on one or more instances.
    pub struct ConsumerConfig {
        /// Where the messages come from.
        pub receives_from: ConsumerSource;
        /// Who it is to the queues; by default a role of their account.
        pub identity: Option<IdentityConfig>;
        /// Most messages of a receive call (`MaxNumberOfMessages`).
        pub batch_size: u32 = 1, within (1, 10);
        /// How long a receive call waits for messages (`WaitTimeSeconds`); by default as the queue says.
        pub wait_time: Option<Duration>, within (Duration::ZERO, Duration::from_seconds(20));
        /// Pause after a receive call that returned nothing.
        pub pause_after_empty_receive: Duration = Duration::ZERO;
        /// Threads of an instance, each with a receive loop of its own.
        pub threads: u32 = 1, within (1, 10_000);
        /// How long processing takes; with a `queue` it must be given.
        pub processing_time: Option<DistributionOf<Duration>>;
        /// What a processing time is drawn for.
        pub processing: ProcessingConfig = ProcessingConfig::PerMessage;
        /// Messages that take another time than the rest.
        pub outliers: Option<OutliersConfig>;
        /// Probability that a processing fails; the message then stays in the queue.
        pub failure_rate: Probability = Probability::ZERO;
        /// What the consumer does with a message whose processing failed.
        pub on_failure: OnFailureConfig = OnFailureConfig::WaitForTimeout;
        /// When processed messages are deleted.
        pub delete: DeleteConfig = DeleteConfig::EachMessage;
        /// Probability that a delete call never reaches the queue; nobody notices, and the message comes back.
        pub lost_deletes: Probability = Probability::ZERO;
        /// Probability that the answer to a receive call never reaches the consumer: the messages stay hidden for their
        /// visibility timeout, and count as received.
        pub lost_receives: Probability = Probability::ZERO;
        /// Receives and deletes that SQS refuses for now (throttled) are tried again as SDKs do it; by default a receive is
        /// repeated after 200 ms, and a delete every 200 ms until it is taken.
        pub retries: Option<RetriesConfig>;
        /// Extend the visibility timeout at regular times while a batch is in hand (`ChangeMessageVisibility`).
        pub heartbeat: Option<HeartbeatConfig>;
        /// Send a message on for each one that was processed.
        pub forwards_to: Option<ForwardConfig>;
        /// Send a reply for each processed message that is a request of a requester.
        pub answers_requests: Option<AnswersConfig>;
        /// Read payloads that lie in an object store (the Extended Client Library).
        pub large_payloads: Option<ReadPayloadsConfig>;
        /// Receive ahead of the threads, into a buffer of each instance (`AmazonSQSBufferedAsyncClient`).
        pub prefetch: Option<PrefetchConfig>;
        /// How its threads connect to a broker.
        pub broker_client: Option<BrokerReaderConfig>;
        /// Crashes of the process on an instance.
        pub crashes: Option<CrashesConfig>;
        /// A fleet of fixed size; 1 when neither this nor a group is given.
        pub instances: Option<u32>, within (0, 100_000);
        /// An Auto Scaling group of instances.
        pub auto_scaling_group: Option<AutoScalingGroupConfig>;
        /// An ECS service: its tasks in place of instances.
        pub ecs_service: Option<EcsServiceConfig>;
        /// CPU utilisation of an instance all of whose threads process a message. An assumption.
        pub cpu_utilization_when_busy: Probability = Probability::ONE;
        /// The EC2 instance type, for its price.
        pub instance_type: String = "t3.medium".to_owned();
        /// Dollars for an hour of an instance; by default the list price of the type.
        pub instance_price: Option<f64>, at_least (0.0);
    }
    check ConsumerConfig::check;
}

choice! {
    /// Where messages come from.
    pub enum ConsumerSource {
        /// A queue.
        Queue(Reference) = "queue",
        /// The consumer of a stream whose workers run here, one on each instance. How records are read and processed is said
        /// there; here, how instances come and go.
        StreamConsumer(Reference) = "stream_consumer",
        /// A queue of a broker of Amazon MQ.
        BrokerQueue(Reference) = "broker_queue",
        /// A subscription of a topic of such a broker.
        BrokerSubscription(Reference) = "broker_subscription",
    }
}

impl ConsumerSource {
    /// Its name.
    pub fn reference(&self) -> &Reference {
        match self {
            ConsumerSource::Queue(reference)
            | ConsumerSource::StreamConsumer(reference)
            | ConsumerSource::BrokerQueue(reference)
            | ConsumerSource::BrokerSubscription(reference) => reference,
        }
    }

    /// The queue, if it is one.
    pub fn queue(&self) -> Option<&Reference> {
        match self {
            ConsumerSource::Queue(queue) => Some(queue),
            ConsumerSource::StreamConsumer(_)
            | ConsumerSource::BrokerQueue(_)
            | ConsumerSource::BrokerSubscription(_) => None,
        }
    }

    /// Whether messages come from a broker.
    pub fn is_broker(&self) -> bool {
        matches!(self, ConsumerSource::BrokerQueue(_) | ConsumerSource::BrokerSubscription(_))
    }
}

keyword! {
    /// When processed messages are deleted.
    pub enum DeleteConfig {
        /// Each after its own processing (`DeleteMessage`).
        EachMessage = "each_message",
        /// All of a batch in one call at its end (`DeleteMessageBatch`).
        WholeBatch = "whole_batch",
    }
}

keyword! {
    /// What becomes of a message whose processing failed.
    pub enum OnFailureConfig {
        /// It stays hidden until its visibility timeout runs out.
        WaitForTimeout = "wait_for_timeout",
        /// The consumer makes it visible again at once (`ChangeMessageVisibility` with 0).
        MakeVisibleAgain = "make_visible_again",
    }
}

section! {
    /// Messages that take another time than the rest.
    pub struct OutliersConfig {
        /// Their share.
        pub share: Probability;
        /// The time they take.
        pub processing_time: DistributionOf<Duration>;
    }
}

section! {
    /// Regular extension of the visibility timeout.
    pub struct HeartbeatConfig {
        /// Time between two extensions.
        pub interval: Duration, above (Duration::ZERO);
        /// The timeout each of them sets, counted from the call.
        pub visibility_timeout: Duration, within (Duration::from_seconds(1), Duration::from_hours(12));
    }
}

section! {
    /// Replies to requests. Each is sent in a call of its own, before the request is deleted.
    pub struct AnswersConfig {
        /// Size of a reply, attributes included.
        pub reply_size: DistributionOf<Bytes> = DistributionOf::constant(Bytes::from_kib(1));
    }
}

section! {
    /// Payloads in an object store: fetched after the receive, deleted before the message.
    pub struct ReadPayloadsConfig {
        /// The object store.
        pub object_store: Reference;
        /// Whether a payload is deleted together with its message.
        pub delete_payloads: bool = true;
    }
}

section! {
    /// Receiving ahead ("Enabling client-side buffering and request batching with Amazon SQS"). Receives of up to ten messages
    /// fill a buffer, where the visibility timeouts run on. For standard queues only.
    pub struct PrefetchConfig {
        /// Most receive calls under way (`maxInflightReceiveBatches`); 0 receives only on demand.
        pub max_inflight_receive_batches: u32 = 10, within (0, 100);
        /// Most batches in the buffer (`maxDoneReceiveBatches`); 0 receives only on demand.
        pub max_done_receive_batches: u32 = 10, within (0, 1_000);
        /// How long a receive waits (`longPollWaitTimeoutSeconds`); 0s leaves it to the queue (`longPoll: false`).
        pub long_poll_wait_timeout: Duration = Duration::from_seconds(20), within (Duration::ZERO, Duration::from_seconds(20));
        /// The visibility timeout of what is received (`visibilityTimeoutSeconds`); by default the queue's.
        pub visibility_timeout: Option<Duration>, within (Duration::from_seconds(1), Duration::from_hours(12));
    }
    check PrefetchConfig::check;
}

section! {
    /// Crashes of the process on an instance; what it has in hand is lost to it.
    pub struct CrashesConfig {
        /// Mean time between two crashes of one instance (exponential).
        pub mean_time_between: Duration, above (Duration::ZERO);
        /// How long the process is down.
        pub restart_time: Duration = Duration::from_seconds(30);
    }
}

/// What the queue of a consumer is like, as far as the consumer must know.
#[derive(Debug, Clone)]
pub struct SourceQueue {
    /// The queue.
    pub id: EntityId,
    /// How long its calls take.
    pub latency: ApiLatency,
    /// How long its receives wait by default.
    pub wait_seconds: u8,
    /// How long it hides a received message.
    pub visibility_timeout: Span,
    /// Whether it is a FIFO queue.
    pub is_fifo: bool,
    /// Whether it is an application that finishes what it has in hand on an instance that is told to go.
    pub shuts_down: bool,
    /// Whether a worker has a connection to it, with which everything goes back that it had.
    pub keeps_connection: bool,
}

/// What a consumer must know about who and what is around it.
#[derive(Debug)]
pub struct ConsumerSurroundings<'a> {
    /// The queue it receives from.
    pub queue: &'a SourceQueue,
    /// Where its results go.
    pub forward: Option<Forward>,
    /// Where the replies to each requester go.
    pub addresses: &'a [ReplyAddress],
    /// The object store that payloads lie in.
    pub payload_store: Option<PayloadStore>,
}

impl PrefetchConfig {
    fn check(&self, problems: &mut Problems) {
        let place = self.places.of("long_poll_wait_timeout");
        whole_seconds(self.long_poll_wait_timeout, place, "long_poll_wait_timeout", problems);
        if let Some(timeout) = self.visibility_timeout {
            whole_seconds(timeout, self.places.of("visibility_timeout"), "visibility_timeout", problems);
        }
    }

    /// `None` when a problem was told.
    fn build(&self, queue: &SourceQueue, problems: &mut Problems) -> Option<Prefetch> {
        if queue.is_fifo {
            problems
                .error(self.place, "a FIFO queue cannot be read ahead")
                .why("`AmazonSQSBufferedAsyncClient` does not support FIFO queues");
            return None;
        }
        let wait = self.wait_seconds(queue);
        let timeout = self.visibility_timeout.map_or(queue.visibility_timeout, span);
        if timeout <= Span::from_seconds(u64::from(wait)) {
            problems
                .warning(self.place, "what is received may be too old for the client when it arrives")
                .why(format!(
                    "the client counts the visibility timeout from the begin of its call, which may wait for {wait} s"
                ));
        }
        let wait = self.long_poll_wait_timeout;
        Some(Prefetch {
            maximum_in_flight: self.max_inflight_receive_batches,
            maximum_done: self.max_done_receive_batches,
            wait_seconds: (!wait.is_zero()).then(|| (span(wait) / Span::from_seconds(1)) as u8),
            visibility_seconds: self
                .visibility_timeout
                .map(|timeout| (span(timeout) / Span::from_seconds(1)) as u16),
            timeout,
        })
    }

    fn wait_seconds(&self, queue: &SourceQueue) -> u8 {
        match (span(self.long_poll_wait_timeout) / Span::from_seconds(1)) as u8 {
            0 => queue.wait_seconds,
            wait => wait,
        }
    }
}

/// Keys that say how messages of a queue are received and processed.
const OF_QUEUES: [&str; 19] = [
    "identity",
    "batch_size",
    "wait_time",
    "pause_after_empty_receive",
    "threads",
    "processing_time",
    "processing",
    "outliers",
    "failure_rate",
    "on_failure",
    "delete",
    "lost_deletes",
    "lost_receives",
    "retries",
    "heartbeat",
    "forwards_to",
    "answers_requests",
    "large_payloads",
    "prefetch",
];

/// Of those, the ones that hold for a broker, too: the rest is told to its client by `broker_client`.
const OF_BROKERS_TOO: [&str; 5] = ["threads", "processing_time", "outliers", "failure_rate", "forwards_to"];

impl ConsumerConfig {
    fn check_broker(&self, problems: &mut Problems) {
        if !self.receives_from.is_broker() {
            if let Some(place) = self.places.key("broker_client") {
                problems
                    .error(place, "`broker_client` is for consumers that receive from a broker")
                    .help("receives_from: { broker_queue: … }");
            }
            return;
        }
        for key in OF_QUEUES.into_iter().filter(|key| !OF_BROKERS_TOO.contains(key)) {
            if let Some(place) = self.places.key(key) {
                let problem = problems.error(place, format!("a consumer of a broker has no `{key}`"));
                match key {
                    "prefetch" => problem.help("broker_client: { prefetch: 10 }"),
                    "delete" => problem.help("broker_client: { acknowledgement: transacted }"),
                    "lost_deletes" => {
                        problem.help("acknowledgements get lost when the broker fails: give it `failures`")
                    }
                    _ => problem
                        .why("a broker pushes messages, and keeps them as long as the connection is there"),
                };
            }
        }
    }

    /// What is said of messages is for queues.
    fn check_source(&self, problems: &mut Problems) {
        self.check_broker(problems);
        if self.receives_from.queue().is_some() || self.receives_from.is_broker() {
            if self.processing_time.is_none() {
                problems.error(self.place, "`processing_time` is missing").help("processing_time: 300ms");
            }
            return;
        }
        for key in OF_QUEUES {
            if let Some(place) = self.places.key(key) {
                problems
                    .error(place, format!("`{key}` is for consumers that receive from a queue"))
                    .why("how records of a stream are read and processed is said in `stream_consumers`");
            }
        }
    }

    fn check(&self, problems: &mut Problems) {
        self.check_source(problems);
        self.check_size(problems);
        if let Some(wait) = self.wait_time {
            whole_seconds(wait, self.places.of("wait_time"), "wait_time", problems);
        }
        if let Some(heartbeat) = &self.heartbeat {
            let place = heartbeat.places.of("visibility_timeout");
            whole_seconds(heartbeat.visibility_timeout, place, "visibility_timeout", problems);
        }
        if self.ecs_service.is_some() {
            for key in ["instances", "auto_scaling_group", "instance_type", "instance_price"] {
                if let Some(place) = self.places.key(key) {
                    problems.error(place, format!("a consumer has either `ecs_service` or `{key}`"));
                }
            }
        }
        if self.instances.is_some() && self.auto_scaling_group.is_some() {
            problems
                .error(
                    self.places.key("instances"),
                    "a consumer has either `instances` or an `auto_scaling_group`",
                )
                .help("the group's `desired_capacity` is its size at the start");
        }
        if self.prefetch.is_some() && self.wait_time.is_some() {
            problems
                .error(
                    self.places.key("wait_time"),
                    "the threads of a consumer with `prefetch` wait for its buffer",
                )
                .help("its receives wait for `long_poll_wait_timeout`");
        }
    }

    /// The price of an instance, dollars an hour; `None` when a problem was told.
    pub fn instance_price_per_hour(&self, prices: &PriceList, problems: &mut Problems) -> Option<f64> {
        if let Some(service) = &self.ecs_service {
            return Some(service.price_per_hour(prices));
        }
        let price = self.instance_price.or_else(|| prices.instance_per_hour(&self.instance_type));
        if price.is_none() {
            let known: Vec<&str> = prices.instance_types().collect();
            let help = problems.suggest(&self.instance_type, &known, "instance types");
            problems
                .error(
                    self.places.of("instance_type"),
                    format!("the price of the instance type `{}` is not known", self.instance_type),
                )
                .why("give `instance_price` in dollars an hour, or `ec2_instances_per_hour` under `prices`")
                .help(help);
        }
        price
    }

    /// A fleet with more threads than this would fill the memory before it did anything.
    fn check_size(&self, problems: &mut Problems) {
        const MOST_THREADS: u64 = 2_000_000;
        let instances =
            self.auto_scaling_group.as_ref().map_or(self.instances.unwrap_or(1), |group| group.max_size);
        let instances = self.ecs_service.as_ref().map_or(instances, EcsServiceConfig::most_tasks);
        if u64::from(instances) * u64::from(self.threads) > MOST_THREADS {
            problems
                .error(
                    self.places.of("threads"),
                    format!(
                        "{instances} instances with {} threads each are more than can be simulated",
                        self.threads
                    ),
                )
                .why(format!("a consumer may have {MOST_THREADS} threads in all"));
        }
    }

    /// Polls that return at once, cost no time and are followed by no pause would go on for ever at one instant.
    fn check_that_time_passes(&self, queue: &SourceQueue, problems: &mut Problems) {
        let wait = match &self.prefetch {
            Some(prefetch) => u64::from(prefetch.wait_seconds(queue)),
            None => self.wait_time.map_or(u64::from(queue.wait_seconds), Duration::as_nanos),
        };
        let free = |latency: &Distribution| latency.maximum() <= 0.0;
        if wait == 0 && self.pause_after_empty_receive.is_zero() && free(&queue.latency.receive) {
            problems
                .error(
                    self.place,
                    "with short polls that take no time, an empty queue would be polled infinitely often",
                )
                .help("give `pause_after_empty_receive`, a `wait_time`, or an `api_latency` above zero");
        }
        let time = self.processing_time.as_ref().map(|time| &time.spec);
        let instant = matches!(time, Some(DistributionSpec::Constant(time)) if *time <= 0.0);
        if instant && queue.visibility_timeout == Span::ZERO && free(&queue.latency.receive) {
            problems
                .error(
                    self.place,
                    "a message that is processed in no time and was never hidden would be received infinitely often",
                )
                .help("give the queue a `visibility_timeout`, or a `processing_time` or `api_latency` above zero");
        }
        if instant
            && self.on_failure == OnFailureConfig::MakeVisibleAgain
            && free(&queue.latency.receive)
            && free(&queue.latency.change_visibility)
        {
            problems.error(
                self.places.of("on_failure"),
                "a message that fails in no time and is visible again in no time would fail infinitely often",
            );
        }
    }

    /// The consumer's settings, its references resolved and without scaling policies and price; `None` when a problem was told.
    #[allow(clippy::too_many_arguments, reason = "each comes from another part of the scenario")]
    pub fn settings(
        &self,
        name: &str,
        around: ConsumerSurroundings<'_>,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<ConsumerSettings> {
        let ConsumerSurroundings { queue, forward, addresses, payload_store } = around;
        let processing_time = match &self.processing_time {
            Some(time) => time.build(files, problems),
            None => DistributionOf::constant(Duration::ZERO).build(files, problems),
        };
        if self.receives_from.queue().is_some() {
            self.check_that_time_passes(queue, problems);
        }
        let outliers = self.outliers.as_ref().map(|outliers| {
            Some((outliers.share.as_f64(), outliers.processing_time.build(files, problems)?))
        });
        let answers = self.answers_requests.as_ref().map(|answers| {
            let size = answers.reply_size.build(files, problems)?;
            Some(Answers { size, addresses: addresses.to_vec() })
        });
        let prefetch = self.prefetch.as_ref().map(|prefetch| prefetch.build(queue, problems));
        let group = match (&self.ecs_service, &self.auto_scaling_group) {
            (Some(service), _) => service.settings(files, problems),
            (None, Some(group)) => group.settings(files, problems),
            (None, None) => fixed_group(self.instances.unwrap_or(1)),
        };
        Some(ConsumerSettings {
            name: name.to_owned(),
            queue: queue.id,
            source_shuts_down: queue.shuts_down,
            latency: queue.latency.clone(),
            batch_size: self.batch_size as u8,
            wait_seconds: self.wait_time.map(|wait| (span(wait) / Span::from_seconds(1)) as u8),
            pause_after_empty_receive: span(self.pause_after_empty_receive),
            threads: self.threads,
            processing_time: processing_time?,
            outliers: outliers.map_or(Some(None), |outliers| outliers.map(Some))?,
            processing_mode: self.processing.into(),
            delete_mode: match self.delete {
                DeleteConfig::EachMessage => DeleteMode::EachMessage,
                DeleteConfig::WholeBatch => DeleteMode::WholeBatch,
            },
            failure_rate: self.failure_rate.as_f64(),
            retries: self.retries.as_ref().map(|retries| Retries::of(Some(retries))),
            lost_deletes: self.lost_deletes.as_f64(),
            lost_receives: self.lost_receives.as_f64(),
            keeps_connection: queue.keeps_connection,
            on_failure: match self.on_failure {
                // The client of a broker is always told.
                OnFailureConfig::WaitForTimeout if queue.keeps_connection => FailureMode::MakeVisibleAgain,
                OnFailureConfig::WaitForTimeout => FailureMode::WaitForTimeout,
                OnFailureConfig::MakeVisibleAgain => FailureMode::MakeVisibleAgain,
            },
            heartbeat: self.heartbeat.as_ref().map(|heartbeat| Heartbeat {
                interval: span(heartbeat.interval),
                visibility_timeout: span(heartbeat.visibility_timeout),
            }),
            forward,
            payloads: self
                .large_payloads
                .as_ref()
                .zip(payload_store)
                .map(|(config, store)| Payloads { store, delete: config.delete_payloads }),
            prefetch: prefetch.map_or(Some(None), |prefetch| prefetch.map(Some))?,
            answers: answers.map_or(Some(None), |answers| answers.map(Some))?,
            crashes: self.crashes.as_ref().map(|crashes| Crashes {
                mean_time_between: span(crashes.mean_time_between),
                restart_time: span(crashes.restart_time),
            }),
            group: group?,
            cpu_utilization_when_busy: self.cpu_utilization_when_busy.as_f64(),
            instance_price_per_hour: 0.0,
        })
    }
}
