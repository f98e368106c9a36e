//! A scripted client in a scenario: the calls it makes, as they are written.

use super::broker_calls::{
    BrokerAcknowledgeConfig, BrokerReceiveConfig, BrokerSendConfig, BrokerSessionConfig,
};
use super::delivery_calls::{FirehosePutRecordBatchConfig, FirehosePutRecordConfig};
use super::stream_config::{
    CreateStreamConfig, GetRecordsConfig, GetShardIteratorConfig, PutRecordConfig, PutRecordsConfig,
    RetentionCallConfig, ScriptedMergeConfig, ScriptedSplitConfig, StreamCallConfig,
    UpdateDistributionConfig, UpdateShardCountConfig, UpdateStreamModeConfig,
    UpdateStreamWarmThroughputConfig,
};
use super::topic_config::{
    PublishBatchConfig, PublishConfig, ReadDeliveriesConfig, SetSubscriptionAttributesConfig,
    SubscriptionCallConfig,
};
use super::video_calls::{
    VideoCreateStreamConfig, VideoFragmentListCallConfig, VideoGetMediaConfig, VideoListFragmentsConfig,
    VideoPutMediaConfig, VideoStreamCallConfig, VideoUpdateDataRetentionConfig,
};
use crate::filter::JsonConfig;
use crate::language::{Bytes, Duration, Located, Place, Problems, Reference, section};
use crate::wire::{ApiLatencyConfig, BrokerReaderConfig, BrokerSenderConfig, IdentityConfig, whole_seconds};

section! {
    /// Somebody who makes exact calls at exact times; each call and its answer is a row of `api_calls.csv`.
    pub struct ClientConfig {
        /// Who it is to the queues; by default a role of their account.
        pub identity: Option<IdentityConfig>;
        /// How long its calls take; by default no time.
        pub api_latency: ApiLatencyConfig = ApiLatencyConfig::None;
        /// How it sends to brokers.
        pub broker_producer: Option<BrokerSenderConfig>;
        /// How it receives from brokers; a script acknowledges by itself.
        pub broker_consumer: Option<BrokerReaderConfig>;
        /// The calls, in the order of time.
        pub script: Vec<StepConfig>;
    }
    check ClientConfig::check;
}

section! {
    /// One call of a script: a time, and one action.
    pub struct StepConfig {
        /// When the call is made, from the start of the run.
        pub at: Duration;
        /// `SendMessage`.
        pub send_message: Option<SendMessageConfig>;
        /// `SendMessageBatch`.
        pub send_message_batch: Option<SendMessageBatchConfig>;
        /// `ReceiveMessage`.
        pub receive_message: Option<ReceiveMessageConfig>;
        /// `DeleteMessage`.
        pub delete_message: Option<DeleteMessageConfig>;
        /// `DeleteMessageBatch`.
        pub delete_message_batch: Option<DeleteMessageBatchConfig>;
        /// `ChangeMessageVisibility`.
        pub change_message_visibility: Option<ChangeMessageVisibilityConfig>;
        /// `ChangeMessageVisibilityBatch`.
        pub change_message_visibility_batch: Option<ChangeMessageVisibilityBatchConfig>;
        /// `PurgeQueue`.
        pub purge_queue: Option<QueueCallConfig>;
        /// `SetQueueAttributes`.
        pub set_queue_attributes: Option<SetQueueAttributesConfig>;
        /// `GetQueueAttributes`: the approximate numbers of messages.
        pub get_queue_attributes: Option<QueueCallConfig>;
        /// `StartMessageMoveTask`.
        pub start_message_move_task: Option<StartMessageMoveTaskConfig>;
        /// `ListMessageMoveTasks`.
        pub list_message_move_tasks: Option<ListMessageMoveTasksConfig>;
        /// `CancelMessageMoveTask`.
        pub cancel_message_move_task: Option<CancelMessageMoveTaskConfig>;
        /// `Publish`.
        pub publish: Option<PublishConfig>;
        /// `PublishBatch`.
        pub publish_batch: Option<PublishBatchConfig>;
        /// `Subscribe`: a subscription that the topic declares with `subscribed: false`.
        pub subscribe: Option<SubscriptionCallConfig>;
        /// `Unsubscribe`.
        pub unsubscribe: Option<SubscriptionCallConfig>;
        /// `SetSubscriptionAttributes`.
        pub set_subscription_attributes: Option<SetSubscriptionAttributesConfig>;
        /// `PutRecord` of Firehose.
        pub firehose_put_record: Option<FirehosePutRecordConfig>;
        /// `PutRecordBatch` of Firehose.
        pub firehose_put_record_batch: Option<FirehosePutRecordBatchConfig>;
        /// What the endpoint of a subscription has received since it was read last; queues are read by `receive_message`.
        pub read_deliveries: Option<ReadDeliveriesConfig>;
        /// `CreateStream`: a stream that the scenario declares with `created: false`.
        pub create_stream: Option<CreateStreamConfig>;
        /// `DescribeStream`.
        pub describe_stream: Option<StreamCallConfig>;
        /// `ListShards`.
        pub list_shards: Option<StreamCallConfig>;
        /// `PutRecord`.
        pub put_record: Option<PutRecordConfig>;
        /// `PutRecords`.
        pub put_records: Option<PutRecordsConfig>;
        /// `GetShardIterator`.
        pub get_shard_iterator: Option<GetShardIteratorConfig>;
        /// `GetRecords`.
        pub get_records: Option<GetRecordsConfig>;
        /// `SplitShard`.
        pub split_shard: Option<ScriptedSplitConfig>;
        /// `MergeShards`.
        pub merge_shards: Option<ScriptedMergeConfig>;
        /// `UpdateShardCount`.
        pub update_shard_count: Option<UpdateShardCountConfig>;
        /// `UpdateStreamMode`.
        pub update_stream_mode: Option<UpdateStreamModeConfig>;
        /// `UpdateStreamWarmThroughput`.
        pub update_stream_warm_throughput: Option<UpdateStreamWarmThroughputConfig>;
        /// `UpdateStreamRecordDistributionStrategy`.
        pub update_stream_record_distribution_strategy: Option<UpdateDistributionConfig>;
        /// `IncreaseStreamRetentionPeriod`.
        pub increase_stream_retention_period: Option<RetentionCallConfig>;
        /// `DecreaseStreamRetentionPeriod`.
        pub decrease_stream_retention_period: Option<RetentionCallConfig>;
        /// `CreateStream` of Kinesis Video Streams.
        pub video_create_stream: Option<VideoCreateStreamConfig>;
        /// `DescribeStream` of Kinesis Video Streams.
        pub video_describe_stream: Option<VideoStreamCallConfig>;
        /// `GetDataEndpoint`.
        pub video_get_data_endpoint: Option<VideoStreamCallConfig>;
        /// `PutMedia`.
        pub video_put_media: Option<VideoPutMediaConfig>;
        /// `GetMedia`.
        pub video_get_media: Option<VideoGetMediaConfig>;
        /// `ListFragments`.
        pub video_list_fragments: Option<VideoListFragmentsConfig>;
        /// `GetMediaForFragmentList`.
        pub video_get_media_for_fragment_list: Option<VideoFragmentListCallConfig>;
        /// `GetHLSStreamingSessionURL`.
        pub video_get_hls_streaming_session_url: Option<VideoStreamCallConfig>;
        /// `GetDASHStreamingSessionURL`.
        pub video_get_dash_streaming_session_url: Option<VideoStreamCallConfig>;
        /// `UpdateDataRetention`.
        pub video_update_data_retention: Option<VideoUpdateDataRetentionConfig>;
        /// A message is sent to a broker.
        pub broker_send: Option<BrokerSendConfig>;
        /// Messages are received from a broker. The first receive begins a session.
        pub broker_receive: Option<BrokerReceiveConfig>;
        /// A message is acknowledged (`acknowledge`, `basic.ack`); by the mode of the session also those before it.
        pub broker_acknowledge: Option<BrokerAcknowledgeConfig>;
        /// Everything that the session has delivered failed (`rollback`, `recover`, `basic.nack`).
        pub broker_rollback: Option<BrokerSessionConfig>;
        /// Everything that the session has delivered is acknowledged (`commit`).
        pub broker_commit: Option<BrokerSessionConfig>;
        /// A session begins: a durable subscriber comes.
        pub broker_connect: Option<BrokerSessionConfig>;
        /// A session ends; what it has not acknowledged goes back.
        pub broker_disconnect: Option<BrokerSessionConfig>;
        /// What must come of the call; judged like the scenario's other expectations.
        pub expect: Option<StepExpectConfig>;
    }
    check StepConfig::check;
}

section! {
    /// What must come of a call.
    pub struct StepExpectConfig {
        /// `Success`, or the error code; for a batch with failures those of its entries: `Success, InvalidParameterValue`.
        pub outcome: Option<String>;
        /// The bodies a receive must return, in their order; `[]`: none.
        pub bodies: Option<Vec<String>>;
        /// When the answer must be there, from the start of the run: to show when a long poll ends.
        pub answered_at: Option<Duration>;
    }
}

section! {
    /// A message to send.
    pub struct SendMessageConfig {
        /// The queue.
        pub queue: Reference;
        /// The body: what tells this message from others.
        pub body: String;
        /// A delay of its own (`DelaySeconds`).
        pub delay: Option<Duration>;
        /// Its group (`MessageGroupId`).
        pub message_group_id: Option<String>;
        /// Its deduplication id (`MessageDeduplicationId`).
        pub message_deduplication_id: Option<String>;
        /// Its attributes (`MessageAttributes`): texts, numbers, lists.
        pub attributes: Option<JsonConfig>;
        /// Its size; by default that of body and attributes.
        pub size: Option<Bytes>;
    }
}

section! {
    /// Messages to send in one call.
    pub struct SendMessageBatchConfig {
        /// The queue.
        pub queue: Reference;
        /// The messages.
        pub entries: Vec<SendEntryConfig>;
    }
}

section! {
    /// One message of a batch.
    pub struct SendEntryConfig {
        /// What the answer calls it (`Id`); by default its position.
        pub id: Option<String>;
        /// The body: what tells this message from others.
        pub body: String;
        /// A delay of its own (`DelaySeconds`).
        pub delay: Option<Duration>;
        /// Its group (`MessageGroupId`).
        pub message_group_id: Option<String>;
        /// Its deduplication id (`MessageDeduplicationId`).
        pub message_deduplication_id: Option<String>;
        /// Its attributes (`MessageAttributes`): texts, numbers, lists.
        pub attributes: Option<JsonConfig>;
        /// Its size; by default that of body and attributes.
        pub size: Option<Bytes>;
    }
}

section! {
    /// A receive.
    pub struct ReceiveMessageConfig {
        /// The queue.
        pub queue: Reference;
        /// `MaxNumberOfMessages`.
        pub max_number_of_messages: Option<i64>;
        /// `WaitTimeSeconds`; by default as the queue says.
        pub wait_time: Option<Duration>;
        /// How long the messages it returns are hidden (`VisibilityTimeout`); by default as the queue says.
        pub visibility_timeout: Option<Duration>;
        /// `ReceiveRequestAttemptId`, for FIFO queues.
        pub receive_request_attempt_id: Option<String>;
        /// A name for what it returns: `first` makes `first[0]` the handle of the first message.
        pub r#as: Option<Located<String>>;
    }
}

section! {
    /// A message to delete.
    pub struct DeleteMessageConfig {
        /// The queue.
        pub queue: Reference;
        /// Its receipt handle: `first[0]`, or `unknown` for one that SQS never gave.
        pub handle: Located<String>;
    }
}

section! {
    /// Messages to delete in one call.
    pub struct DeleteMessageBatchConfig {
        /// The queue.
        pub queue: Reference;
        /// Their receipt handles.
        pub handles: Vec<Located<String>>;
    }
}

section! {
    /// A change of visibility.
    pub struct ChangeMessageVisibilityConfig {
        /// The queue.
        pub queue: Reference;
        /// The message's receipt handle.
        pub handle: Located<String>;
        /// How long it stays hidden from now on; 0s makes it visible.
        pub visibility_timeout: Duration;
    }
}

section! {
    /// Changes of visibility in one call.
    pub struct ChangeMessageVisibilityBatchConfig {
        /// The queue.
        pub queue: Reference;
        /// The changes.
        pub entries: Vec<VisibilityEntryConfig>;
    }
}

section! {
    /// One change of visibility of a batch.
    pub struct VisibilityEntryConfig {
        /// The message's receipt handle.
        pub handle: Located<String>;
        /// How long it stays hidden from now on; 0s makes it visible.
        pub visibility_timeout: Duration;
    }
}

section! {
    /// A call about a queue as a whole.
    pub struct QueueCallConfig {
        /// The queue.
        pub queue: Reference;
    }
}

section! {
    /// Attributes to set; those not given stay.
    pub struct SetQueueAttributesConfig {
        /// The queue.
        pub queue: Reference;
        /// `VisibilityTimeout`.
        pub visibility_timeout: Option<Duration>;
        /// `DelaySeconds`.
        pub delay: Option<Duration>;
        /// `MessageRetentionPeriod`.
        pub message_retention_period: Option<Duration>;
        /// `ReceiveMessageWaitTimeSeconds`.
        pub receive_message_wait_time: Option<Duration>;
        /// `MaximumMessageSize`.
        pub maximum_message_size: Option<Bytes>;
        /// `RedrivePolicy`.
        pub redrive_policy: Option<ScriptedRedriveConfig>;
    }
}

section! {
    /// A redrive policy to set.
    pub struct ScriptedRedriveConfig {
        /// The dead-letter queue.
        pub dead_letter_queue: Reference;
        /// `maxReceiveCount`.
        pub max_receive_count: i64 = 10;
    }
}

section! {
    /// A message move task to start.
    pub struct StartMessageMoveTaskConfig {
        /// The dead-letter queue whose messages move (`SourceArn`).
        pub source: Reference;
        /// Where they go (`DestinationArn`); by default back to where each came from.
        pub destination: Option<Reference>;
        /// `MaxNumberOfMessagesPerSecond`.
        pub max_number_of_messages_per_second: Option<i64>;
        /// A name for the task.
        pub r#as: Option<Located<String>>;
    }
}

section! {
    /// The message move tasks of a queue.
    pub struct ListMessageMoveTasksConfig {
        /// The dead-letter queue (`SourceArn`).
        pub source: Reference;
    }
}

section! {
    /// A message move task to cancel.
    pub struct CancelMessageMoveTaskConfig {
        /// The name its start gave it.
        pub task: Located<String>;
    }
}

impl ClientConfig {
    fn check(&self, problems: &mut Problems) {
        for pair in self.script.windows(2) {
            if pair[1].at < pair[0].at {
                problems
                    .error(
                        pair[1].places.of("at"),
                        format!("this step is at {}, before the one above it", pair[1].at),
                    )
                    .why(format!(
                        "the steps of a script stand in the order of time; the last was at {}",
                        pair[0].at
                    ));
            }
        }
    }

    /// The streams it calls.
    pub fn streams(&self) -> impl Iterator<Item = &Reference> {
        self.script.iter().filter_map(StepConfig::stream)
    }

    /// The queues it calls, and those it makes dead-letter queues.
    pub fn queues(&self) -> impl Iterator<Item = &Reference> {
        self.script.iter().flat_map(StepConfig::queues)
    }
}

impl ClientConfig {
    /// Whether it calls a queue, topic or subscription of a broker.
    pub fn calls_broker(&self, destination: &str) -> bool {
        let mut called = self.script.iter().filter_map(StepConfig::broker_destination);
        called.any(|called| called.as_str() == destination)
    }
}

impl StepConfig {
    /// The keys of the actions that are given.
    fn actions(&self) -> Vec<&'static str> {
        let given = [
            ("send_message", self.send_message.is_some()),
            ("send_message_batch", self.send_message_batch.is_some()),
            ("receive_message", self.receive_message.is_some()),
            ("delete_message", self.delete_message.is_some()),
            ("delete_message_batch", self.delete_message_batch.is_some()),
            ("change_message_visibility", self.change_message_visibility.is_some()),
            ("change_message_visibility_batch", self.change_message_visibility_batch.is_some()),
            ("purge_queue", self.purge_queue.is_some()),
            ("set_queue_attributes", self.set_queue_attributes.is_some()),
            ("get_queue_attributes", self.get_queue_attributes.is_some()),
            ("start_message_move_task", self.start_message_move_task.is_some()),
            ("list_message_move_tasks", self.list_message_move_tasks.is_some()),
            ("cancel_message_move_task", self.cancel_message_move_task.is_some()),
            ("publish", self.publish.is_some()),
            ("publish_batch", self.publish_batch.is_some()),
            ("subscribe", self.subscribe.is_some()),
            ("unsubscribe", self.unsubscribe.is_some()),
            ("set_subscription_attributes", self.set_subscription_attributes.is_some()),
            ("read_deliveries", self.read_deliveries.is_some()),
            ("create_stream", self.create_stream.is_some()),
            ("describe_stream", self.describe_stream.is_some()),
            ("list_shards", self.list_shards.is_some()),
            ("put_record", self.put_record.is_some()),
            ("put_records", self.put_records.is_some()),
            ("get_shard_iterator", self.get_shard_iterator.is_some()),
            ("get_records", self.get_records.is_some()),
            ("split_shard", self.split_shard.is_some()),
            ("merge_shards", self.merge_shards.is_some()),
            ("update_shard_count", self.update_shard_count.is_some()),
            ("update_stream_mode", self.update_stream_mode.is_some()),
            ("update_stream_warm_throughput", self.update_stream_warm_throughput.is_some()),
            (
                "update_stream_record_distribution_strategy",
                self.update_stream_record_distribution_strategy.is_some(),
            ),
            ("increase_stream_retention_period", self.increase_stream_retention_period.is_some()),
            ("decrease_stream_retention_period", self.decrease_stream_retention_period.is_some()),
            ("firehose_put_record", self.firehose_put_record.is_some()),
            ("firehose_put_record_batch", self.firehose_put_record_batch.is_some()),
            ("video_create_stream", self.video_create_stream.is_some()),
            ("video_describe_stream", self.video_describe_stream.is_some()),
            ("video_get_data_endpoint", self.video_get_data_endpoint.is_some()),
            ("video_put_media", self.video_put_media.is_some()),
            ("video_get_media", self.video_get_media.is_some()),
            ("video_list_fragments", self.video_list_fragments.is_some()),
            ("video_get_media_for_fragment_list", self.video_get_media_for_fragment_list.is_some()),
            ("video_get_hls_streaming_session_url", self.video_get_hls_streaming_session_url.is_some()),
            ("video_get_dash_streaming_session_url", self.video_get_dash_streaming_session_url.is_some()),
            ("video_update_data_retention", self.video_update_data_retention.is_some()),
            ("broker_send", self.broker_send.is_some()),
            ("broker_receive", self.broker_receive.is_some()),
            ("broker_acknowledge", self.broker_acknowledge.is_some()),
            ("broker_rollback", self.broker_rollback.is_some()),
            ("broker_commit", self.broker_commit.is_some()),
            ("broker_connect", self.broker_connect.is_some()),
            ("broker_disconnect", self.broker_disconnect.is_some()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key).collect()
    }

    fn check(&self, problems: &mut Problems) {
        match self.actions()[..] {
            [_] => {}
            [] => {
                problems
                    .error(self.place, "this step makes no call")
                    .help("give an action: `send_message`, `receive_message`, `delete_message`, …");
            }
            [_, second, ..] => {
                problems
                    .error(self.places.key(second), "a step makes one call")
                    .help("write a step of its own, with the same `at`");
            }
        }
        if self.receive_message.is_none()
            && self.read_deliveries.is_none()
            && self.get_records.is_none()
            && self.video_get_media.is_none()
            && self.video_list_fragments.is_none()
            && self.video_get_media_for_fragment_list.is_none()
            && self.broker_receive.is_none()
            && let Some(expect) = &self.expect
            && expect.bodies.is_some()
        {
            problems.error(
                expect.places.key("bodies"),
                "only `receive_message`, `read_deliveries`, `get_records`, `broker_receive` and calls that give fragments of video return bodies",
            );
        }
        let seconds =
            |duration: Option<Duration>, place: Option<Place>, name: &str, problems: &mut Problems| {
                if let Some(duration) = duration {
                    whole_seconds(duration, place, name, problems);
                }
            };
        if let Some(send) = &self.send_message {
            seconds(send.delay, send.places.of("delay"), "delay", problems);
        }
        for entry in self.send_message_batch.iter().flat_map(|batch| &batch.entries) {
            seconds(entry.delay, entry.places.of("delay"), "delay", problems);
        }
        if let Some(receive) = &self.receive_message {
            seconds(receive.wait_time, receive.places.of("wait_time"), "wait_time", problems);
            let place = receive.places.of("visibility_timeout");
            seconds(receive.visibility_timeout, place, "visibility_timeout", problems);
        }
        if let Some(change) = &self.change_message_visibility {
            let place = change.places.of("visibility_timeout");
            seconds(Some(change.visibility_timeout), place, "visibility_timeout", problems);
        }
        for entry in self.change_message_visibility_batch.iter().flat_map(|batch| &batch.entries) {
            let place = entry.places.of("visibility_timeout");
            seconds(Some(entry.visibility_timeout), place, "visibility_timeout", problems);
        }
        if let Some(set) = &self.set_queue_attributes {
            let all = [
                ("visibility_timeout", set.visibility_timeout),
                ("delay", set.delay),
                ("message_retention_period", set.message_retention_period),
                ("receive_message_wait_time", set.receive_message_wait_time),
            ];
            for (name, duration) in all {
                seconds(duration, set.places.of(name), name, problems);
            }
            if all.iter().all(|(_, duration)| duration.is_none())
                && set.maximum_message_size.is_none()
                && set.redrive_policy.is_none()
            {
                problems.error(set.place, "this call sets nothing");
            }
        }
    }

    fn queues(&self) -> impl Iterator<Item = &Reference> {
        let start = self.start_message_move_task.as_ref();
        let set = self.set_queue_attributes.as_ref();
        [
            self.send_message.as_ref().map(|call| &call.queue),
            self.send_message_batch.as_ref().map(|call| &call.queue),
            self.receive_message.as_ref().map(|call| &call.queue),
            self.delete_message.as_ref().map(|call| &call.queue),
            self.delete_message_batch.as_ref().map(|call| &call.queue),
            self.change_message_visibility.as_ref().map(|call| &call.queue),
            self.change_message_visibility_batch.as_ref().map(|call| &call.queue),
            self.purge_queue.as_ref().map(|call| &call.queue),
            set.map(|call| &call.queue),
            self.get_queue_attributes.as_ref().map(|call| &call.queue),
            start.map(|call| &call.source),
            start.and_then(|call| call.destination.as_ref()),
            self.list_message_move_tasks.as_ref().map(|call| &call.source),
            set.and_then(|call| call.redrive_policy.as_ref()).map(|policy| &policy.dead_letter_queue),
        ]
        .into_iter()
        .flatten()
    }

    /// The topic it calls, or what it publishes to instead of one.
    pub fn topic(&self) -> Option<&Reference> {
        let about_subscription = [&self.subscribe, &self.unsubscribe];
        self.publish
            .as_ref()
            .and_then(|call| call.target().reference())
            .or(self.read_deliveries.as_ref().and_then(|call| call.target().reference()))
            .or(self.publish_batch.as_ref().map(|call| &call.topic))
            .or(self.set_subscription_attributes.as_ref().map(|call| &call.topic))
            .or(about_subscription.into_iter().flatten().next().map(|call| &call.topic))
    }

    /// The queue it makes the dead-letter queue of another.
    pub fn dead_letter_queue(&self) -> Option<&Reference> {
        let policy = self.set_queue_attributes.as_ref()?.redrive_policy.as_ref()?;
        Some(&policy.dead_letter_queue)
    }
}
