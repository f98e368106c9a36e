//! Lambda: functions with the queues they send to, the concurrency they share, and the mappings that invoke them.

use super::resolve::Resolver;
use crate::language::{Problems, Reference};
use crate::services::lambda::{
    Function, FunctionConfig, FunctionDefaults, FunctionQueues, FunctionSettings, MappingAssumptions,
    MappingConfig, MappingDefaults, MappingEnds, MappingSettings,
};
use crate::services::producer::ProducerTarget;
use crate::services::sqs::{Queue, is_fifo};
use crate::wire::{Contents, LambdaPrices, Service, span, whole_seconds};
use std::sync::Arc;

/// The functions of a scenario.
#[derive(Debug)]
pub(super) struct LambdaResources {
    pub(super) functions: Vec<FunctionSettings>,
    pub(super) mappings: Vec<MappingSettings>,
}

impl LambdaResources {
    /// Looks up and builds everything of Lambda; `None` when a problem was told.
    pub(super) fn resolve(resolver: &mut Resolver<'_>, problems: &mut Problems) -> Option<Self> {
        check_concurrency(resolver, problems);
        let defaults = FunctionDefaults {
            quotas: resolver.config.quotas.lambda(resolver.config.region),
            prices: LambdaPrices::of(resolver.prices),
            environment_idle_time: span(resolver.assumptions.lambda_environment_idle_time),
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
        Some(Self {
            functions: functions.into_iter().collect::<Option<_>>()?,
            mappings: mappings.into_iter().collect::<Option<_>>()?,
        })
    }
}

impl LambdaResources {
    /// The filters of the mappings read what messages say.
    pub(super) fn enter_contents(&mut self, contents: &Arc<Contents>) {
        for filter in self.mappings.iter_mut().filter_map(|mapping| mapping.filter.as_mut()) {
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
        resolver.flow(Function::KIND, name, Queue::KIND, forward.queue.as_str());
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

/// A filter deletes every message whose body it cannot read.
fn warn_of_unread_bodies(mapping: &MappingConfig, resolver: &Resolver<'_>, problems: &mut Problems) {
    for (name, producer) in resolver.config.producers.iter() {
        let feeds = matches!(&producer.publishes_to, ProducerTarget::Queue(queue) if queue.as_str() == mapping.queue.as_str());
        if feeds && producer.message.as_ref().is_none_or(|message| message.body.is_none()) {
            problems
                .warning(mapping.queue.place, format!("the filters delete all messages of `{name}`"))
                .why("it says nothing about their bodies, so that they satisfy no pattern")
                .help(format!("give `{name}` a `body`"));
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
