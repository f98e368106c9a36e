//! A producer in a scenario.

use super::attributes::{Attribute, AttributeConfig, BodyConfig};
use super::entity::{Batching, ProducerSettings};
use super::library::{
    DeliveryTarget, KeyConfigs, LibraryConfig, StreamTarget, delivery_settings, record_settings,
};
use super::partition_keys::PartitionKeyConfig;
use super::payload::LargePayloads;
use crate::engine::Distribution;
use crate::language::{
    Bytes, DistributionOf, Duration, Files, Located, Named, Probability, Problems, Reference, choice, section,
};
use crate::traffic::ArrivalsConfig;
use crate::wire::{
    BrokerSenderConfig, EntityId, GroupConfig, IdentityConfig, PayloadStore, Retries, RetriesConfig,
    SqsQuotas, Texts, span,
};

section! {
    /// Somebody who sends messages.
    pub struct ProducerConfig {
        /// Where the messages go.
        pub publishes_to: ProducerTarget;
        /// When messages are produced.
        pub arrivals: ArrivalsConfig;
        /// What the messages are like.
        pub message: Option<MessageConfig>;
        /// Calls that SQS refuses for now (throttled) are tried again, as SDKs do it.
        pub retries: Option<RetriesConfig>;
        /// Probability that a send succeeds but its answer gets lost: the producer then sends once more.
        pub lost_responses: Probability = Probability::ZERO;
        /// How long the producer waits for an answer that got lost.
        pub response_timeout: Duration = Duration::from_seconds(5);
        /// Who it is to the queue; by default a role of the queue's account.
        pub identity: Option<IdentityConfig>;
        /// Keep large payloads in an object store and send pointers to them (the Extended Client Library).
        pub large_payloads: Option<LargePayloadsConfig>;
        /// Send several messages in one call (`SendMessageBatch`); by default each goes alone.
        pub batching: Option<BatchingConfig>;
        /// What puts records on a stream; by default the SDK, record by record.
        pub library: Option<LibraryConfig>;
        /// How it connects to a broker.
        pub broker_client: Option<BrokerSenderConfig>;
    }
}

choice! {
    /// Where messages go.
    pub enum ProducerTarget {
        /// A queue.
        Queue(Reference) = "queue",
        /// A topic.
        Topic(Reference) = "topic",
        /// A Lambda function, which is invoked asynchronously for each message.
        Function(Reference) = "function",
        /// A data stream.
        Stream(Reference) = "stream",
        /// A telephone number, without a topic.
        PhoneNumber(Reference) = "phone_number",
        /// An app on a device, without a topic.
        PlatformEndpoint(Reference) = "platform_endpoint",
        /// An object store: each message is an upload, whose notification goes where the store's `notifications` say.
        ObjectStore(Reference) = "object_store",
        /// A delivery stream of Amazon Data Firehose.
        DeliveryStream(Reference) = "delivery_stream",
        /// A queue of a broker of Amazon MQ.
        BrokerQueue(Reference) = "broker_queue",
        /// A topic of such a broker, or an exchange.
        BrokerTopic(Reference) = "broker_topic",
    }
}

section! {
    /// What messages are like.
    pub struct MessageConfig {
        /// Size of the body.
        pub size: DistributionOf<Bytes> = DistributionOf::constant(Bytes::from_kib(1));
        /// The message group (`MessageGroupId`): a FIFO queue keeps its order, in a standard queue it is a tenant. A name,
        /// `each_message`, or drawn.
        pub message_group_id: Option<GroupConfig>;
        /// Message attributes, up to 10. They count towards the size.
        pub attributes: Named<AttributeConfig>;
        /// What the body says, as JSON that filter policies can read: keys with constant or drawn values, also nested. Its size
        /// stays what `size` says.
        pub body: Option<BodyConfig>;
        /// Share of the messages whose processing always fails.
        pub poison_rate: Probability = Probability::ZERO;
        /// A delay of the message's own, in place of the queue's (`DelaySeconds`, whole seconds up to 15 minutes).
        pub delay: Option<DistributionOf<Duration>>;
        /// The partition key of a record for a stream (`PartitionKey`), `random` without one. It counts towards the size.
        pub partition_key: Option<PartitionKeyConfig>;
        /// The hash key of every record, in place of the partition key's (`ExplicitHashKey`).
        pub explicit_hash_key: Option<Located<String>>;
        /// How long before it is sent its event happened: the time that windows of applications go by.
        pub event_delay: Option<DistributionOf<Duration>>;
    }
}

section! {
    /// Payloads that are kept in an object store, up to 2 GB ("Managing large Amazon SQS messages using Amazon S3").
    pub struct LargePayloadsConfig {
        /// The object store.
        pub object_store: Reference;
        /// Messages above this size, attributes included, go there; by default those that are larger than the quota.
        pub threshold: Option<Bytes>;
        /// All payloads go there, whatever their size.
        pub always_through_object_store: bool = false;
        /// Size of what is sent instead of the payload: a pointer, and an attribute with the payload's size. An assumption.
        pub pointer_size: Bytes = Bytes::new(256), within (Bytes::new(1), Bytes::from_kib(64));
    }
}

section! {
    /// Batches of messages in one send call.
    pub struct BatchingConfig {
        /// Most messages in a call.
        pub max_entries: u32 = 10, within (1, 10);
        /// Most bytes in a call; by default the quota.
        pub max_bytes: Option<Bytes>, at_least (Bytes::new(1));
        /// How long the first message of a batch waits for others; 200ms in `AmazonSQSBufferedAsyncClient` (`maxBatchOpenMs`).
        pub linger: Duration = Duration::from_milliseconds(100);
        /// Most calls under way at once; by default any number, and 5 in `AmazonSQSBufferedAsyncClient`
        /// (`maxInflightOutboundBatches`). Further batches wait.
        pub max_inflight_batches: Option<u32>, within (1, 10_000);
    }
}

/// What a producer must know about where its messages go.
#[derive(Debug, Clone)]
pub struct SendTarget {
    /// The target.
    pub id: EntityId,
    /// How long a send call takes, in nanoseconds.
    pub send_latency: Distribution,
    /// The limits in force there.
    pub quotas: SqsQuotas,
    /// Whether it is a FIFO queue.
    pub is_fifo: bool,
    /// What it is, when it is a stream.
    pub stream: Option<StreamTarget>,
    /// Where large payloads go.
    pub payload_store: Option<PayloadStore>,
    /// The object store, when it is one that objects are uploaded to.
    pub upload: Option<PayloadStore>,
    /// What it is, when it is a delivery stream.
    pub delivery_stream: Option<DeliveryTarget>,
}

/// Most attributes of a message ("Amazon SQS message metadata").
const MOST_ATTRIBUTES: usize = 10;
/// Longest `DelaySeconds` ("Amazon SQS message timers").
const LONGEST_DELAY_NANOSECONDS: f64 = 900e9;

impl ProducerConfig {
    /// The producer's settings, its target resolved; `None` when a problem was told.
    pub fn settings(
        &self,
        name: &str,
        target: SendTarget,
        texts: &mut Texts,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<ProducerSettings> {
        let message = self.message.as_ref();
        self.check_target(&target, problems);
        let group = message.and_then(|message| message.message_group_id.as_ref());
        let groups = group.map(|group| group.build(texts, problems));
        let quotas = &target.quotas;
        let largest = match (&target.stream, &target.delivery_stream) {
            (Some(stream), _) => stream.max_record_bytes,
            (None, Some(delivery)) => delivery.quotas.record_bytes,
            (None, None) => quotas.maximum_message_bytes,
        };
        let records = target.stream.as_ref().map(|stream| {
            let keys = KeyConfigs {
                partition_key: message.and_then(|message| message.partition_key.as_ref()),
                explicit_hash_key: message.and_then(|message| message.explicit_hash_key.as_ref()),
            };
            record_settings(self.library.as_ref(), &keys, stream, texts, files, problems)
        });
        let delivery = target.delivery_stream.as_ref();
        let records = records.or_else(|| {
            delivery.map(|delivery| delivery_settings(self.library.as_ref(), delivery, self.place, problems))
        });
        let body_size = match message {
            Some(message) => message.size.build(files, problems),
            None => Distribution::constant(1024.0).ok(),
        };
        if let Some(size) = &body_size
            && size.minimum() > f64::from(largest)
            && self.large_payloads.is_none()
        {
            problems
                .error(
                    message.and_then(|message| message.places.of("size")),
                    format!(
                        "no message can be sent: all are larger than the quota of {}",
                        Bytes::new(u64::from(largest))
                    ),
                )
                .help("AWS refuses larger ones; keep the payload elsewhere and send a pointer (for queues: `large_payloads`)");
        }
        let attributes =
            message.map_or(Some(Vec::new()), |message| message.build_attributes(files, problems));
        let body = message.and_then(|message| message.body.as_ref()).map(|body| body.build(files, problems));
        let delay_seconds = message
            .and_then(|message| message.delay.as_ref())
            .map(|delay| build_delay(delay, files, problems));
        let event_delay = message
            .and_then(|message| message.event_delay.as_ref())
            .map(|delay| delay.build(files, problems));
        let large_payloads = self.large_payloads.as_ref().map(|large| large.build(&target, problems));
        let large_payloads = large_payloads.map_or(Some(None), |large| large.map(Some))?;
        let batching = self.batching.as_ref().map(|batching| batching.build(quotas, problems));
        let records = records.map_or(Some(None), |records| records.map(Some))?;
        let own_attempts = records.as_ref().and_then(|records| records.max_attempts);
        Some(ProducerSettings {
            name: name.to_owned(),
            target: target.id,
            send_latency: target.send_latency,
            body_size: body_size?,
            attributes: attributes?,
            body: body.map_or(Some(None), |body| body.map(Some))?,
            poison_rate: message.map_or(0.0, |message| message.poison_rate.as_f64()),
            delay_seconds: delay_seconds.map_or(Some(None), |delay| delay.map(Some))?,
            batching,
            large_payloads,
            groups: groups.map_or(Some(None), |groups| groups.map(Some))?,
            retries: own_attempts.map_or(Retries::of(self.retries.as_ref()), |attempts| {
                Retries::of(self.retries.as_ref()).with_attempts(attempts)
            }),
            lost_responses: self.lost_responses.as_f64(),
            response_timeout: span(self.response_timeout),
            records,
            upload: target.upload,
            event_delay: event_delay.map_or(Some(None), |delay| delay.map(Some))?,
        })
    }
}

impl ProducerConfig {
    /// Keys that say nothing to a stream.
    fn check_stream_keys(&self, problems: &mut Problems) {
        let message = self.message.as_ref();
        let place = |key: &str| message.and_then(|message| message.places.key(key));
        let keys = [
            (
                "message_group_id",
                place("message_group_id"),
                "the order of a stream is that of its partition keys",
            ),
            ("attributes", place("attributes"), "records have data and a partition key, nothing else"),
            ("delay", place("delay"), "a stream delays nothing"),
            (
                "batching",
                self.places.key("batching"),
                "`library: { put_records: {} }` sends batches to a stream",
            ),
        ];
        if let Some(place) = self.places.key("large_payloads") {
            problems
                .error(place, "records for a stream have no `large_payloads`")
                .why("the Extended Client Library is for queues");
        }
        for (key, place, why) in keys {
            if let Some(place) = place {
                problems.error(place, format!("records for a stream have no `{key}`")).why(why);
            }
        }
    }

    /// Keys that say nothing to an object store.
    fn check_upload_keys(&self, problems: &mut Problems) {
        let message = self.message.as_ref();
        let place = |key: &str| message.and_then(|message| message.places.key(key));
        let keys = [
            ("batching", self.places.key("batching")),
            ("large_payloads", self.places.key("large_payloads")),
            ("lost_responses", self.places.key("lost_responses")),
            ("message_group_id", place("message_group_id")),
            ("attributes", place("attributes")),
            ("body", place("body")),
            ("delay", place("delay")),
        ];
        for (key, place) in keys {
            if let Some(place) = place {
                problems
                    .error(place, format!("uploads to an object store have no `{key}`"))
                    .why("what is told of an upload is the store's own notification");
            }
        }
    }

    /// Keys that say nothing to a delivery stream.
    fn check_delivery_keys(&self, problems: &mut Problems) {
        let message = self.message.as_ref();
        let place = |key: &str| message.and_then(|message| message.places.key(key));
        let keys = [
            ("message_group_id", place("message_group_id")),
            ("attributes", place("attributes")),
            ("delay", place("delay")),
            ("partition_key", place("partition_key")),
            ("explicit_hash_key", place("explicit_hash_key")),
            ("batching", self.places.key("batching")),
            ("large_payloads", self.places.key("large_payloads")),
        ];
        for (key, place) in keys {
            if let Some(place) = place {
                let problem = problems.error(place, format!("records for a delivery stream have no `{key}`"));
                problem.why("they have data and nothing else");
                if key == "batching" {
                    problem.help("`library: { put_record_batch: {} }` sends batches to a delivery stream");
                }
            }
        }
    }

    /// Keys that say nothing to a queue.
    fn check_queue_keys(&self, problems: &mut Problems) {
        let message = self.message.as_ref();
        let place = |key: &str| message.and_then(|message| message.places.key(key));
        let keys = [
            ("library", self.places.key("library")),
            ("partition_key", place("partition_key")),
            ("explicit_hash_key", place("explicit_hash_key")),
        ];
        for (key, place) in keys {
            if let Some(place) = place {
                problems.error(place, format!("`{key}` is for producers that publish to a stream"));
            }
        }
    }

    /// Whether messages go to a broker.
    fn is_for_broker(&self) -> bool {
        matches!(self.publishes_to, ProducerTarget::BrokerQueue(_) | ProducerTarget::BrokerTopic(_))
    }

    /// Keys that say nothing to a broker, or to anybody else.
    fn check_broker_keys(&self, problems: &mut Problems) {
        if !self.is_for_broker() {
            if let Some(place) = self.places.key("broker_client") {
                problems
                    .error(place, "`broker_client` is for producers that publish to a broker")
                    .help("publishes_to: { broker_queue: … }");
            }
            return;
        }
        let message = self.message.as_ref();
        let place = |key: &str| message.and_then(|message| message.places.key(key));
        let keys = [
            ("identity", self.places.key("identity")),
            ("lost_responses", self.places.key("lost_responses")),
            ("large_payloads", self.places.key("large_payloads")),
            ("message_group_id", place("message_group_id")),
            ("delay", place("delay")),
        ];
        for (key, place) in keys {
            if let Some(place) = place {
                let problem = problems.error(place, format!("messages for a broker have no `{key}`"));
                if key == "lost_responses" {
                    problem.help("answers get lost when the broker fails: give it `failures`");
                }
            }
        }
    }

    /// What a queue of this type would refuse in every single message.
    fn check_target(&self, target: &SendTarget, problems: &mut Problems) {
        self.check_broker_keys(problems);
        let message = self.message.as_ref();
        let is_direct =
            matches!(self.publishes_to, ProducerTarget::PhoneNumber(_) | ProducerTarget::PlatformEndpoint(_));
        if let Some(place) = self.places.key("batching").filter(|_| is_direct) {
            problems
                .error(place, "a batch is published to a topic only")
                .why("`PublishBatch` takes neither a `PhoneNumber` nor a `TargetArn`");
        }
        if target.stream.is_some() {
            self.check_stream_keys(problems);
            return;
        }
        if target.delivery_stream.is_some() {
            self.check_delivery_keys(problems);
            return;
        }
        self.check_queue_keys(problems);
        if target.upload.is_some() {
            self.check_upload_keys(problems);
        }
        let place = |key: &str| message.and_then(|message| message.places.key(key));
        let has_group = message.is_some_and(|message| message.message_group_id.is_some());
        if target.is_fifo && !has_group {
            problems
                .error(
                    message.map_or(self.place, |message| message.place),
                    "messages to a FIFO queue need a `message_group_id`",
                )
                .help("for example `message: { message_group_id: { uniform: 100 } }`");
        }
        if target.is_fifo && message.is_some_and(|message| message.delay.is_some()) {
            problems
                .error(place("delay"), "a message to a FIFO queue cannot have a delay of its own")
                .help("give the queue a `delay`");
        }
        if !target.is_fifo && has_group && !target.quotas.fair_queues {
            problems
                .error(
                    place("message_group_id"),
                    "a standard queue takes no message groups with these quotas",
                )
                .why("fair queues are there since July 2025, after the profile `2022`");
        }
    }
}

/// The delay in seconds instead of nanoseconds.
fn build_delay(
    delay: &DistributionOf<Duration>,
    files: &dyn Files,
    problems: &mut Problems,
) -> Option<super::entity::MessageDelay> {
    let built = delay.build(files, problems)?;
    if built.minimum() > LONGEST_DELAY_NANOSECONDS {
        problems
            .error(delay.place, "a message can be delayed by 15 minutes at most (`DelaySeconds` 0 to 900)");
        return None;
    }
    Some(super::entity::MessageDelay { nanoseconds: built })
}

impl MessageConfig {
    fn build_attributes(&self, files: &dyn Files, problems: &mut Problems) -> Option<Vec<Attribute>> {
        if self.attributes.len() > MOST_ATTRIBUTES {
            problems.error(
                self.places.of("attributes"),
                format!(
                    "a message has at most {MOST_ATTRIBUTES} attributes, these are {}",
                    self.attributes.len()
                ),
            );
        }
        let built: Vec<Option<Attribute>> =
            self.attributes.iter().map(|(name, value)| value.build(name.as_str(), files, problems)).collect();
        built.into_iter().collect()
    }
}

impl LargePayloadsConfig {
    fn build(&self, target: &SendTarget, problems: &mut Problems) -> Option<LargePayloads> {
        let largest = target.quotas.maximum_message_bytes;
        let threshold = self.threshold.map_or(u64::from(largest), Bytes::as_u64);
        if threshold > u64::from(largest) {
            problems
                .error(
                    self.places.of("threshold"),
                    format!("a message has {} at most", Bytes::new(u64::from(largest))),
                )
                .why("what is larger, but not above the threshold, would be refused");
        }
        let threshold =
            (!self.always_through_object_store).then_some(threshold.min(u64::from(largest)) as u32);
        let store = target.payload_store.clone()?;
        Some(LargePayloads { store, threshold, pointer_bytes: self.pointer_size.as_u64() as u32 })
    }
}

impl BatchingConfig {
    fn build(&self, quotas: &SqsQuotas, problems: &mut Problems) -> Batching {
        let largest = u64::from(quotas.maximum_batch_bytes);
        let maximum = self.max_bytes.map_or(largest, Bytes::as_u64);
        if maximum > largest {
            problems.error(
                self.places.of("max_bytes"),
                format!("a batch has at most {} (`SendMessageBatch`)", Bytes::new(largest)),
            );
        }
        Batching {
            maximum_entries: self.max_entries as usize,
            maximum_bytes: maximum.min(largest) as u32,
            linger: span(self.linger),
            maximum_in_flight: self.max_inflight_batches,
        }
    }
}
