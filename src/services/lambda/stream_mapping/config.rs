//! An event source mapping of a stream in a scenario.

use super::super::event_filter::{EventKey, FilterCriteriaConfig};
use super::super::function_config::{FunctionConfig, OnMessageFailureConfig};
use super::super::mapping_config::{DisabledConfig, ResponseTypeConfig, check_disabled};
use super::settings::{StreamDestination, StreamMappingAssumptions, StreamMappingSettings, TumblingWindow};
use crate::engine::Span;
use crate::language::{Bytes, Duration, Problems, Reference, choice, section};
use crate::wire::{EntityId, RetrievalConfig, StartingPositionConfig, span, whole_seconds};

section! {
    /// An event source mapping of a stream: Lambda reads its shards and invokes a function with what it finds.
    pub struct StreamMappingConfig {
        /// The stream.
        pub stream: Reference;
        /// The function.
        pub function: Reference;
        /// How the stream is read: by polls, or by a consumer with a throughput of its own.
        pub retrieval: RetrievalConfig = RetrievalConfig::Polling;
        /// Where it begins (`StartingPosition`).
        pub starting_position: StartingPositionConfig = StartingPositionConfig::TrimHorizon;
        /// Most records of an invocation (`BatchSize`).
        pub batch_size: u32 = 100, within (1, 10_000);
        /// How long records are gathered before the function is invoked (`MaximumBatchingWindowInSeconds`).
        pub maximum_batching_window: Duration = Duration::ZERO, within (Duration::ZERO, Duration::from_seconds(300));
        /// Batches of a shard that are processed at a time (`ParallelizationFactor`); a partition key is in one of them.
        pub parallelization_factor: u32 = 1, within (1, 10);
        /// Whether a batch is split in two when the function fails (`BisectBatchOnFunctionError`).
        pub bisect_batch_on_function_error: bool = false;
        /// How often a batch is tried again when the function fails (`MaximumRetryAttempts`); with -1 until its records expire.
        pub maximum_retry_attempts: i64 = -1, within (-1, 10_000);
        /// How old a record may become (`MaximumRecordAgeInSeconds`); by default as old as the stream keeps it.
        pub maximum_record_age: Option<Duration>, within (Duration::from_seconds(60), Duration::from_seconds(604_800));
        /// Who is told of records that are given up.
        pub on_failure: Option<StreamDestinationConfig>;
        /// What of the function's answers counts.
        pub function_response_types: Vec<ResponseTypeConfig> = Vec::new();
        /// Tumbling windows: the function hands a state on from one invocation to the next, until the window ends.
        pub tumbling_window: Option<TumblingWindowConfig>;
        /// Whether it polls at the beginning.
        pub enabled: bool = true;
        /// When it is disabled and enabled again.
        pub disabled: Vec<DisabledConfig> = Vec::new();
        /// Which records the function gets; all others are passed over.
        pub filter_criteria: Option<FilterCriteriaConfig>;
    }
    check StreamMappingConfig::check;
}

choice! {
    /// Who is told of records that are given up.
    pub enum StreamDestinationConfig {
        /// A standard queue: a message says which records they were, not what they said.
        Queue(Reference) = "queue",
        /// A standard topic: the same.
        Topic(Reference) = "topic",
        /// A bucket: an object with the whole invocation, what the records said included.
        ObjectStore(Reference) = "object_store",
    }
}

section! {
    /// Tumbling windows, by the arrival of records; each of the batches at a time of a shard has its own.
    pub struct TumblingWindowConfig {
        /// How long each is (`TumblingWindowInSeconds`).
        pub length: Duration, within (Duration::from_seconds(1), Duration::from_seconds(900));
        /// What a record adds to the state. A window whose state is larger than 1 MB ends early.
        pub state_per_record: Bytes = Bytes::new(0);
    }
}

/// The stream, the function and the destination of a mapping, looked up.
#[derive(Debug)]
pub struct StreamMappingEnds<'a> {
    /// The stream.
    pub stream: EntityId,
    /// Its shards at the beginning.
    pub shards: u32,
    /// How long it keeps records.
    pub retention: Duration,
    /// The function.
    pub function: EntityId,
    /// What is said about it.
    pub function_config: &'a FunctionConfig,
    /// The on-failure destination.
    pub destination: Option<StreamDestination>,
    /// Largest payload of an invocation, bytes.
    pub maximum_payload_bytes: u64,
    /// Most filters.
    pub most_filters: u32,
    /// What AWS does not say.
    pub assumptions: StreamMappingAssumptions,
}

impl StreamMappingConfig {
    fn check(&self, problems: &mut Problems) {
        let seconds = [
            (
                "maximum_batching_window",
                Some(self.maximum_batching_window),
                self.places.of("maximum_batching_window"),
            ),
            ("maximum_record_age", self.maximum_record_age, self.places.of("maximum_record_age")),
        ];
        for (key, value, place) in seconds {
            if let Some(value) = value {
                whole_seconds(value, place, key, problems);
            }
        }
        if let Some(window) = &self.tumbling_window {
            whole_seconds(window.length, window.places.of("length"), "length", problems);
        }
        check_disabled(&self.disabled, problems);
    }

    /// Whether it has a throughput of its own.
    pub fn is_fan_out(&self) -> bool {
        self.retrieval == RetrievalConfig::EnhancedFanOut
    }

    /// What must be wrong about a stream and a function together.
    fn check_ends(&self, ends: &StreamMappingEnds<'_>, problems: &mut Problems) {
        let reports = !self.function_response_types.is_empty();
        let names =
            ends.function_config.on_message_failure == OnMessageFailureConfig::ReportBatchItemFailures;
        if names && !reports {
            problems
                .warning(
                    self.function.place,
                    format!(
                        "failures that `{}` reports are ignored, and their records passed over",
                        self.function
                    ),
                )
                .help("add `function_response_types: [ReportBatchItemFailures]`");
        }
        if !names && self.maximum_retry_attempts < 0 && self.maximum_record_age.is_none() {
            let fails = ends.function_config.failure_rate.as_f64() >= 1.0;
            if fails {
                problems
                    .warning(
                        self.function.place,
                        format!("`{}` blocks every shard of `{}`", self.function, self.stream),
                    )
                    .why("a batch that fails is tried again until its records expire")
                    .help("give `maximum_retry_attempts` or `maximum_record_age`");
            }
        }
    }

    /// The mapping's settings.
    pub fn settings(
        &self,
        name: &str,
        ends: &StreamMappingEnds<'_>,
        problems: &mut Problems,
    ) -> StreamMappingSettings {
        self.check_ends(ends, problems);
        StreamMappingSettings {
            name: name.to_owned(),
            stream: ends.stream,
            shards: ends.shards,
            retention: span(ends.retention),
            function: ends.function,
            enhanced_fan_out: self.is_fan_out(),
            start: self.starting_position.start(),
            batch_size: self.batch_size,
            window: span(self.maximum_batching_window),
            parallelization_factor: self.parallelization_factor,
            bisects: self.bisect_batch_on_function_error,
            maximum_retry_attempts: u32::try_from(self.maximum_retry_attempts).ok(),
            maximum_record_age: self.maximum_record_age.map(span),
            destination: ends.destination,
            reports_failures: !self.function_response_types.is_empty(),
            tumbling_window: self.tumbling_window.as_ref().map(|window| TumblingWindow {
                length: span(window.length).max(Span::from_seconds(1)),
                state_bytes_per_record: window.state_per_record.as_u64(),
            }),
            enabled: self.enabled,
            disabled: self.disabled.iter().map(DisabledConfig::times).collect(),
            maximum_payload_bytes: ends.maximum_payload_bytes,
            filter: self
                .filter_criteria
                .as_ref()
                .and_then(|criteria| criteria.read(EventKey::Data, ends.most_filters as usize, problems)),
            assumptions: ends.assumptions,
        }
    }
}
