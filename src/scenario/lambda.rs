//! Lambda: functions with the queues they send to, the concurrency they share, and the mappings that invoke them.

use super::resolve::Resolver;
use crate::language::{Problems, Reference};
use crate::services::kinesis::DataStream;
use crate::services::lambda::{
    Function, FunctionConfig, FunctionDefaults, FunctionQueues, FunctionSettings, MappingAssumptions,
    MappingConfig, MappingDefaults, MappingEnds, MappingSettings, StreamDestination, StreamDestinationConfig,
    StreamMappingAssumptions, StreamMappingConfig, StreamMappingEnds, StreamMappingSettings,
};
use crate::services::object_store::ObjectStore;
use crate::services::producer::{LibraryConfig, ProducerConfig, ProducerTarget};
use crate::services::sns::{Topic, is_fifo_topic};
use crate::services::sqs::{Queue, is_fifo};
use crate::wire::{Contents, EntityId, LambdaPrices, Service, span, whole_seconds};
use std::sync::Arc;

/// The functions of a scenario.
#[derive(Debug)]
pub(super) struct LambdaResources {
    pub(super) functions: Vec<FunctionSettings>,
    pub(super) mappings: Vec<MappingSettings>,
    pub(super) stream_mappings: Vec<StreamMappingSettings>,
}

impl LambdaResources {
    /// Looks up and builds everything of Lambda; `None` when a problem was told.
    pub(super) fn resolve(resolver: &mut Resolver<'_>, problems: &mut Problems) -> Option<Self> {
        check_concurrency(resolver, problems);
        let allocation_delay =
            resolver.assumptions.provisioned_concurrency_delay.build(resolver.files, problems);
        let defaults = FunctionDefaults {
            quotas: resolver.config.quotas.lambda(resolver.config.region),
            prices: LambdaPrices::of(resolver.prices),
            environment_idle_time: span(resolver.assumptions.lambda_environment_idle_time),
            allocation_delay: allocation_delay?,
            account: resolver.directory.account(),
        };
        let config = resolver.config;
        let mut functions = Vec::new();
        for (name, function) in config.functions.iter() {
            let queues = queues(name.as_str(), function, resolver, problems);
            let files = resolver.files;
            let texts = &mut resolver.texts;
            functions.push(function.settings(name.as_str(), queues, &defaults, texts, files, problems));
        }
        let mappings = mappings(&defaults, resolver, problems);
        let stream_mappings = stream_mappings(&defaults, resolver, problems);
        Some(Self {
            functions: functions.into_iter().collect::<Option<_>>()?,
            mappings: mappings.into_iter().collect::<Option<_>>()?,
            stream_mappings: stream_mappings.into_iter().collect::<Option<_>>()?,
        })
    }
}

impl LambdaResources {
    /// The filters of the mappings read what messages say.
    pub(super) fn enter_contents(&mut self, contents: &Arc<Contents>) {
        let of_queues = self.mappings.iter_mut().filter_map(|mapping| mapping.filter.as_mut());
        let of_streams = self.stream_mappings.iter_mut().filter_map(|mapping| mapping.filter.as_mut());
        for filter in of_queues.chain(of_streams) {
            filter.contents = Arc::clone(contents);
        }
    }
}

/// The queues a function sends to. Destinations are standard queues ("Capturing records of Lambda asynchronous
/// invocations").
fn queues(
    name: &str,
    function: &FunctionConfig,
    resolver: &mut Resolver<'_>,
    problems: &mut Problems,
) -> FunctionQueues {
    let mut queues = FunctionQueues::default();
    if let Some(forward) = &function.forwards_to {
        let mappings = resolver.config.event_source_mappings.iter();
        let sources: Vec<&Reference> = mappings
            .filter(|(_, mapping)| mapping.function.as_str() == name)
            .map(|(_, mapping)| &mapping.queue)
            .collect();
        queues.forward = resolver.forward_target(forward, &sources, problems);
        resolver.forward_flow(Function::KIND, name, forward);
    }
    let destinations = [
        (function.dead_letter_queue.as_ref(), &mut queues.dead_letter_queue),
        (function.on_failure(), &mut queues.on_failure),
    ];
    for (reference, slot) in destinations {
        let Some(reference) = reference else { continue };
        if is_fifo(reference.as_str()) {
            problems
                .error(reference.place, format!("`{reference}` cannot take the events of `{name}`"))
                .why("dead-letter queues and destinations of functions are standard queues");
        }
        *slot = resolver.directory.queues.find(reference, problems).map(|(_, id)| id);
        resolver.flow(Function::KIND, name, Queue::KIND, reference.as_str());
    }
    queues
}

/// Everything about the mappings. A queue and a function have one mapping at most ("`CreateEventSourceMapping`").
fn mappings(
    defaults: &FunctionDefaults,
    resolver: &mut Resolver<'_>,
    problems: &mut Problems,
) -> Vec<Option<MappingSettings>> {
    let config = resolver.config;
    let assumptions = resolver.assumptions;
    let wait = whole_seconds(
        assumptions.mapping_poll_wait,
        assumptions.places.of("mapping_poll_wait"),
        "mapping_poll_wait",
        problems,
    );
    let defaults = MappingDefaults {
        quotas: defaults.quotas,
        prices: defaults.prices,
        assumptions: MappingAssumptions {
            poll_wait_seconds: wait as u8,
            ramp_interval: span(assumptions.mapping_ramp_interval),
            idle_time: span(assumptions.mapping_idle_time),
            back_off_threshold: assumptions.mapping_back_off_threshold.as_f64(),
            back_off_share: assumptions.mapping_back_off_share.as_f64(),
            throttle_pause: span(assumptions.mapping_throttle_pause),
            record_overhead_bytes: assumptions.mapping_record_overhead.as_u64(),
        },
    };
    let (mut settings, mut pairs) = (Vec::new(), Vec::new());
    for (name, mapping) in config.event_source_mappings.iter() {
        let queue = resolver.directory.queues.find(&mapping.queue, problems);
        let function = resolver.directory.functions.find(&mapping.function, problems);
        let pair = (mapping.queue.as_str(), mapping.function.as_str());
        if pairs.contains(&pair) {
            problems.error(
                name.place,
                format!(
                    "`{}` and `{}` have an event source mapping already",
                    mapping.queue, mapping.function
                ),
            );
        }
        pairs.push(pair);
        if mapping.filter_criteria.is_some() {
            warn_of_unread_bodies(mapping, resolver, problems);
        }
        settings.push(queue.zip(function).map(|((position, queue), (index, function))| {
            let ends = MappingEnds {
                queue,
                is_fifo: is_fifo(mapping.queue.as_str()),
                visibility_timeout: config.queues.entries[position].1.visibility_timeout,
                latency: &resolver.latencies[position],
                function,
                function_config: &config.functions.entries[index].1,
            };
            mapping.settings(name.as_str(), &ends, &defaults, problems)
        }));
        resolver.flow(Queue::KIND, mapping.queue.as_str(), Function::KIND, mapping.function.as_str());
    }
    settings
}

/// The mappings of streams.
fn stream_mappings(
    defaults: &FunctionDefaults,
    resolver: &mut Resolver<'_>,
    problems: &mut Problems,
) -> Vec<Option<StreamMappingSettings>> {
    let (config, assumptions) = (resolver.config, resolver.assumptions);
    let quotas = config.quotas.kinesis(config.region);
    let mut settings = Vec::new();
    for (name, mapping) in config.stream_mappings.iter() {
        let stream = resolver.directory.streams.find(&mapping.stream, problems);
        let function = resolver.directory.functions.find(&mapping.function, problems);
        let destination = mapping.on_failure.as_ref().map(|config| destination(config, resolver, problems));
        let is_known = destination.is_none_or(|found| found.is_some());
        if mapping.filter_criteria.is_some() {
            warn_of_unread_data(mapping, resolver, problems);
        }
        settings.push(stream.zip(function).filter(|_| is_known).map(
            |((position, stream), (index, function))| {
                let stream_config = &config.streams.entries[position].1;
                let ends = StreamMappingEnds {
                    stream,
                    shards: stream_config.initial_shards(&quotas),
                    retention: stream_config.retention_period,
                    function,
                    function_config: &config.functions.entries[index].1,
                    destination: destination.flatten(),
                    maximum_payload_bytes: defaults.quotas.maximum_payload_bytes,
                    most_filters: defaults.quotas.filters_of_mapping,
                    assumptions: StreamMappingAssumptions {
                        backlog_poll_interval: span(assumptions.stream_mapping_backlog_poll_interval),
                        retry_pause: span(assumptions.stream_mapping_retry_pause),
                        idle_window_delay: span(assumptions.stream_mapping_idle_window_delay),
                        record_overhead_bytes: assumptions.mapping_record_overhead.as_u64(),
                        failure_message_bytes: assumptions.stream_mapping_failure_message_size.as_u64()
                            as u32,
                    },
                };
                mapping.settings(name.as_str(), &ends, problems)
            },
        ));
        resolver.flow(DataStream::KIND, mapping.stream.as_str(), Function::KIND, mapping.function.as_str());
        if let Some(destination) = &mapping.on_failure {
            let (kind, reference) = match destination {
                StreamDestinationConfig::Queue(queue) => (Queue::KIND, queue),
                StreamDestinationConfig::Topic(topic) => (Topic::KIND, topic),
                StreamDestinationConfig::ObjectStore(bucket) => (ObjectStore::KIND, bucket),
            };
            resolver.flow(Function::KIND, mapping.function.as_str(), kind, reference.as_str());
        }
    }
    settings
}

/// Who is told of records that are given up: standard queues and topics, buckets ("Retain discarded batch records for a Kinesis
/// Data Streams event source in Lambda").
fn destination(
    config: &StreamDestinationConfig,
    resolver: &Resolver<'_>,
    problems: &mut Problems,
) -> Option<StreamDestination> {
    let (reference, names, is_fifo) = match config {
        StreamDestinationConfig::ObjectStore(bucket) => {
            let found = resolver.directory.object_stores.find(bucket, problems);
            return found.map(|(_, id): (usize, EntityId)| StreamDestination::Object(id));
        }
        StreamDestinationConfig::Queue(queue) => (queue, &resolver.directory.queues, is_fifo(queue.as_str())),
        StreamDestinationConfig::Topic(topic) => {
            (topic, &resolver.directory.topics, is_fifo_topic(topic.as_str()))
        }
    };
    let found = names.find(reference, problems);
    if is_fifo {
        problems
            .error(reference.place, format!("`{reference}` cannot be told of discarded records"))
            .why("what a mapping sends has no message group: its destination is a standard queue or topic");
    }
    found.map(|(_, id)| StreamDestination::Message(id))
}

/// A filter lets nothing pass of which it cannot read what it says.
fn warn_of_unread_bodies(mapping: &MappingConfig, resolver: &Resolver<'_>, problems: &mut Problems) {
    let feeds = |target: &ProducerTarget| matches!(target, ProducerTarget::Queue(queue) if queue.as_str() == mapping.queue.as_str());
    for (name, producer) in resolver.config.producers.iter() {
        if feeds(&producer.publishes_to) && says_nothing(producer) {
            problems
                .warning(mapping.queue.place, format!("the filters delete all messages of `{name}`"))
                .why("it says nothing about their bodies, so that they satisfy no pattern")
                .help(format!("give `{name}` a `body`"));
        }
    }
}

fn says_nothing(producer: &ProducerConfig) -> bool {
    producer.message.as_ref().is_none_or(|message| message.body.is_none())
}

/// The same of streams. Of aggregated records only a subscription lets a filter see the parts ("Using event filtering with a
/// Kinesis event source").
fn warn_of_unread_data(mapping: &StreamMappingConfig, resolver: &Resolver<'_>, problems: &mut Problems) {
    let feeds = |target: &ProducerTarget| matches!(target, ProducerTarget::Stream(stream) if stream.as_str() == mapping.stream.as_str());
    for (name, producer) in resolver.config.producers.iter() {
        if !feeds(&producer.publishes_to) {
            continue;
        }
        if says_nothing(producer) {
            problems
                .warning(mapping.stream.place, format!("the filters pass over all records of `{name}`"))
                .why("it says nothing about their data, so that they satisfy no pattern")
                .help(format!("give `{name}` a `body`"));
        }
        let aggregates =
            matches!(&producer.library, Some(LibraryConfig::Kpl(library)) if library.aggregation_enabled);
        if aggregates && !mapping.is_fan_out() {
            problems
                .warning(mapping.stream.place, format!("the filters pass over aggregated records of `{name}`"))
                .why("\"Filtering aggregated records with standard Kinesis isn't supported\": as a whole they are no JSON")
                .help("add `retrieval: enhanced_fan_out`, or `aggregation_enabled: false` to the library");
        }
    }
}

/// Reservations must leave something to the others ("Configuring reserved concurrency for a function").
fn check_concurrency(resolver: &Resolver<'_>, problems: &mut Problems) {
    let quotas = resolver.config.quotas.lambda(resolver.config.region);
    let most = quotas.concurrent_executions.saturating_sub(quotas.least_unreserved);
    let mut set_aside: u32 = 0;
    for (name, function) in resolver.config.functions.iter() {
        let own = function.set_aside();
        set_aside = set_aside.saturating_add(own);
        if own > 0 && set_aside > most {
            let key = if function.reserved_concurrent_executions.is_some() {
                "reserved_concurrent_executions"
            } else {
                "provisioned_concurrent_executions"
            };
            problems
                .error(
                    function.places.of(key),
                    format!("`{key}` of `{name}` leaves too little concurrency to functions without it"),
                )
                .why(format!(
                    "of {} executions at once, {} must stay unreserved",
                    quotas.concurrent_executions, quotas.least_unreserved
                ))
                .help("give less, or raise `quotas.lambda_concurrent_executions`");
            return;
        }
    }
}
