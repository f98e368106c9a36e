//! AWS's limits in a scenario: a profile, and what is changed in it.

use crate::filter::Dialect;
use crate::language::{Bytes, Decode, Definitions, Duration, Json, Node, Problems, Value, keyword, section};
use crate::wire::{
    FirehoseQuotas, FlinkQuotas, KinesisQuotas, LambdaQuotas, QuotaProfile, Region, ScalingRate, SnsQuotas,
    SqsQuotas, VideoQuotas, span,
};

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
        /// the scenario's `region`.
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
        /// Messages a second that an account may publish to standard topics; by default as in the scenario's `region`.
        pub sns_publishes_per_second: Option<u32>, at_least (1);
        /// The same of FIFO topics.
        pub sns_fifo_publishes_per_second: Option<u32>, at_least (1);
        /// Messages a second to a FIFO topic.
        pub sns_fifo_messages_per_second: Option<u32>, at_least (1);
        /// Bytes a second to a FIFO topic.
        pub sns_fifo_bytes_per_second: Option<u32>, at_least (1);
        /// Messages a second to a message group of a FIFO topic.
        pub sns_fifo_group_messages_per_second: Option<u32>, at_least (1);
        /// Most filter policies of a topic.
        pub sns_filter_policies: Option<u32>, at_least (1);
        /// Most subscriptions of a standard topic.
        pub sns_subscriptions: Option<u32>, at_least (1);
        /// Most subscriptions of a FIFO topic.
        pub sns_fifo_subscriptions: Option<u32>, at_least (1);
        /// Most standard topics.
        pub sns_topics: Option<u32>, at_least (1);
        /// Most FIFO topics.
        pub sns_fifo_topics: Option<u32>, at_least (1);
        /// E-mails a second.
        pub sns_emails_per_second: Option<u32>, at_least (1);
        /// SMS messages a second.
        pub sns_sms_per_second: Option<u32>, at_least (1);
        /// Whether messages of FIFO queues can be moved by message move tasks.
        pub sqs_fifo_move_tasks: Option<bool>;
        /// Executions of Lambda functions at once, of all functions together.
        pub lambda_concurrent_executions: Option<u32>, at_least (1);
        /// New execution environments of each function in ten seconds. Not with `lambda_burst_concurrency`.
        pub lambda_environments_per_ten_seconds: Option<u32>, at_least (1);
        /// Until November 2023: new execution environments of all functions in a burst; 3,000, 1,000 or 500 by Region.
        pub lambda_burst_concurrency: Option<u32>, at_least (1);
        /// Until November 2023: new execution environments of all functions in each minute after a burst.
        pub lambda_environments_per_minute: Option<u32>, at_least (1);
        /// How many more batches an event source mapping processes at once after each minute.
        pub lambda_mapping_ramp_per_minute: Option<u32>, at_least (1);
        /// The most batches an event source mapping processes at once.
        pub lambda_mapping_maximum_concurrency: Option<u32>, at_least (1);
        /// Most filters of an event source mapping.
        pub lambda_filters_per_event_source_mapping: Option<u32>, within (1, 10);
        /// Whether the initialisation of execution environments is billed.
        pub lambda_init_is_billed: Option<bool>;
        /// Most records of a `PutRecords` call.
        pub kinesis_put_records_maximum_entries: Option<u32>, within (1, 10_000);
        /// Most bytes of a `PutRecords` call.
        pub kinesis_put_records_maximum_size: Option<Bytes>, at_least (Bytes::new(1024));
        /// Records a second that a shard takes.
        pub kinesis_shard_records_per_second: Option<u32>, at_least (1);
        /// Bytes a second that a shard takes.
        pub kinesis_shard_bytes_per_second: Option<Bytes>, at_least (Bytes::new(1024));
        /// Bytes a second that a shard gives to consumers that poll, and to each subscriber.
        pub kinesis_shard_read_bytes_per_second: Option<Bytes>, at_least (Bytes::new(1024));
        /// `GetRecords` calls a second to a shard.
        pub kinesis_shard_read_calls_per_second: Option<u32>, at_least (1);
        /// Most consumers with enhanced fan-out.
        pub kinesis_fan_out_consumers: Option<u32>;
        /// Most calls of `UpdateShardCount` in 24 hours.
        pub kinesis_update_shard_counts_per_day: Option<u32>;
        /// Most changes of the capacity mode in 24 hours.
        pub kinesis_mode_changes_per_day: Option<u32>;
        /// Bytes a second that a stream on demand takes at most.
        pub kinesis_on_demand_bytes_per_second: Option<Bytes>, at_least (Bytes::from_mib(4));
        /// Records a second that a delivery stream takes with Direct PUT; by default as in the scenario's `region`.
        pub firehose_records_per_second: Option<u64>, within (1, 1_000_000_000);
        /// Calls a second that it takes.
        pub firehose_requests_per_second: Option<u64>, within (1, 1_000_000_000);
        /// Bytes a second that it takes.
        pub firehose_bytes_per_second: Option<Bytes>, within (Bytes::from_kib(1), Bytes::from_mib(4096));
        /// Most active partitions of a delivery stream.
        pub firehose_active_partitions: Option<u32>, within (1, 5_000);
        /// Most KPUs of a Flink application.
        pub flink_kpus: Option<u32>, within (1, 10_000);
        /// Most tracks of a fragment of video.
        pub video_tracks: Option<u32>, within (1, 10);
        /// Bytes a second that a video stream reads from its producer.
        pub video_put_bytes_per_second: Option<Bytes>, within (Bytes::from_kib(1), Bytes::from_mib(4096));
        /// Bytes a second that a video stream sends through a connection.
        pub video_get_bytes_per_second: Option<Bytes>, within (Bytes::from_kib(1), Bytes::from_mib(4096));
        /// `GetMediaForFragmentList` connections of a video stream.
        pub video_fragment_list_connections: Option<u32>, within (1, 1_000);
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

    /// The limits of topics.
    pub fn sns(&self, region: Region) -> SnsQuotas {
        let mut quotas = SnsQuotas::of(self.profile(), region);
        if let QuotasConfig::Changed(changed) = self {
            let changes = [
                (changed.sns_publishes_per_second, &mut quotas.publishes_per_second),
                (changed.sns_fifo_publishes_per_second, &mut quotas.fifo_publishes_per_second),
                (changed.sns_fifo_messages_per_second, &mut quotas.fifo_messages_per_second),
                (changed.sns_fifo_bytes_per_second, &mut quotas.fifo_bytes_per_second),
                (changed.sns_fifo_group_messages_per_second, &mut quotas.fifo_group_messages_per_second),
                (changed.sns_filter_policies, &mut quotas.filter_policies),
                (changed.sns_subscriptions, &mut quotas.subscriptions),
                (changed.sns_fifo_subscriptions, &mut quotas.fifo_subscriptions),
                (changed.sns_topics, &mut quotas.topics),
                (changed.sns_fifo_topics, &mut quotas.fifo_topics),
                (changed.sns_emails_per_second, &mut quotas.emails_per_second),
                (changed.sns_sms_per_second, &mut quotas.sms_per_second),
            ];
            for (given, quota) in changes {
                *quota = given.unwrap_or(*quota);
            }
        }
        quotas
    }

    /// The operators of SNS's filter policies.
    pub fn filter_dialect(&self) -> Dialect {
        match self.profile() {
            QuotaProfile::Current => Dialect::Sns,
            QuotaProfile::Exam2022 => Dialect::Sns2022,
        }
    }

    /// The limits of queues.
    pub fn sqs(&self, region: Region) -> SqsQuotas {
        let mut quotas = SqsQuotas::of(self.profile()).in_region(self.profile(), region);
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

impl QuotasConfig {
    /// The limits of Lambda.
    pub fn lambda(&self, region: Region) -> LambdaQuotas {
        let mut quotas = LambdaQuotas::of(self.profile()).in_region(region);
        if let QuotasConfig::Changed(changed) = self {
            take(&mut quotas.concurrent_executions, changed.lambda_concurrent_executions);
            take(&mut quotas.mapping_ramp_per_minute, changed.lambda_mapping_ramp_per_minute);
            take(&mut quotas.mapping_maximum_concurrency, changed.lambda_mapping_maximum_concurrency);
            take(&mut quotas.filters_of_mapping, changed.lambda_filters_per_event_source_mapping);
            take(&mut quotas.init_is_billed, changed.lambda_init_is_billed);
            if let Some(per_ten_seconds) = changed.lambda_environments_per_ten_seconds {
                quotas.scaling = ScalingRate::PerFunction { per_ten_seconds };
            }
            let (burst, minute) = (changed.lambda_burst_concurrency, changed.lambda_environments_per_minute);
            if burst.is_some() || minute.is_some() {
                quotas.scaling = ScalingRate::PerRegion {
                    burst: burst.unwrap_or(3_000),
                    per_minute: minute.unwrap_or(500),
                };
            }
        }
        quotas
    }
}

impl QuotasConfig {
    /// The limits of data streams.
    pub fn kinesis(&self, region: Region) -> KinesisQuotas {
        let mut quotas = KinesisQuotas::of(self.profile()).in_region(region);
        if let QuotasConfig::Changed(changed) = self {
            let bytes =
                |bytes: Bytes| u32::try_from(bytes.as_u64()).unwrap_or(u32::MAX / 4).min(u32::MAX / 4);
            let set = |limit: &mut u32, changed: Option<Bytes>| *limit = changed.map_or(*limit, bytes);
            take(&mut quotas.put_records_entries, changed.kinesis_put_records_maximum_entries);
            set(&mut quotas.put_records_bytes, changed.kinesis_put_records_maximum_size);
            take(&mut quotas.shard_write_records_per_second, changed.kinesis_shard_records_per_second);
            set(&mut quotas.shard_write_bytes_per_second, changed.kinesis_shard_bytes_per_second);
            set(&mut quotas.shard_read_bytes_per_second, changed.kinesis_shard_read_bytes_per_second);
            take(&mut quotas.shard_read_calls_per_second, changed.kinesis_shard_read_calls_per_second);
            take(&mut quotas.fan_out_consumers, changed.kinesis_fan_out_consumers);
            take(&mut quotas.update_shard_counts_per_day, changed.kinesis_update_shard_counts_per_day);
            take(&mut quotas.mode_changes_per_day, changed.kinesis_mode_changes_per_day);
            let on_demand = changed.kinesis_on_demand_bytes_per_second.map(Bytes::as_u64);
            take(&mut quotas.on_demand_write_bytes_per_second, on_demand);
        }
        quotas
    }
}

impl QuotasConfig {
    /// The limits of delivery streams.
    pub fn firehose(&self, region: Region) -> FirehoseQuotas {
        let mut quotas = FirehoseQuotas::of(self.profile(), region);
        if let QuotasConfig::Changed(changed) = self {
            take(&mut quotas.records_per_second, changed.firehose_records_per_second);
            take(&mut quotas.requests_per_second, changed.firehose_requests_per_second);
            take(&mut quotas.bytes_per_second, changed.firehose_bytes_per_second.map(Bytes::as_u64));
            take(&mut quotas.active_partitions, changed.firehose_active_partitions);
        }
        quotas
    }
}

impl QuotasConfig {
    /// The limits of applications that compute over streams.
    pub fn flink(&self) -> FlinkQuotas {
        let mut quotas = FlinkQuotas::of(self.profile());
        if let QuotasConfig::Changed(changed) = self {
            take(&mut quotas.kpus, changed.flink_kpus);
        }
        quotas
    }
}

impl QuotasConfig {
    /// The limits of video streams.
    pub fn video(&self) -> VideoQuotas {
        let mut quotas = VideoQuotas::CURRENT;
        if let QuotasConfig::Changed(changed) = self {
            take(&mut quotas.tracks, changed.video_tracks.map(|tracks| tracks as u8));
            let bytes = |bytes: Option<Bytes>| bytes.map(Bytes::as_u64);
            take(&mut quotas.put_bytes_per_second, bytes(changed.video_put_bytes_per_second));
            take(&mut quotas.get_bytes_per_second, bytes(changed.video_get_bytes_per_second));
            take(&mut quotas.fragment_list_connections, changed.video_fragment_list_connections);
        }
        quotas
    }
}

/// A limit that was changed, or stays.
fn take<T: Copy>(limit: &mut T, changed: Option<T>) {
    *limit = changed.unwrap_or(*limit);
}
