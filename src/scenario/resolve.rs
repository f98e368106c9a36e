//! From names to entities: references are looked up, settings are built, and everything that does not fit is told.

use super::config::{AssumptionsConfig, ScenarioConfig};
use super::scaling::Scaling;
use super::{ResolvedProducer, Scenario};
use crate::language::{Decode, Files, Name, Node, Place, Problems, Reference, SourceId, Value};
use crate::record::Flow;
use crate::services::cloudwatch::CloudWatchSettings;
use crate::services::compute::{ConsumerConfig, ConsumerSource, Fleet, SourceQueue};
use crate::services::producer::{ArrivalsConfig, Producer, ProducerTarget};
use crate::services::sqs::{Queue, QueueDefaults};
use crate::wire::{ApiLatency, EntityId, Prices, Service, span};

/// Names of one kind, in the order of their entities.
pub(super) struct Names<'a> {
    noun: &'static str,
    names: Vec<&'a str>,
    /// The entity of the first of them.
    first: u32,
}

impl<'a> Names<'a> {
    pub(super) fn new(noun: &'static str, names: impl Iterator<Item = &'a str>, first: usize) -> Self {
        Self { noun, names: names.collect(), first: first as u32 }
    }

    /// The position among its kind and the entity a reference means; a problem is told when there is none.
    pub(super) fn find(&self, reference: &Reference, problems: &mut Problems) -> Option<(usize, EntityId)> {
        let found = self.names.iter().position(|name| *name == reference.as_str());
        if found.is_none() {
            let help = if self.names.is_empty() {
                format!("the scenario defines no {}", self.noun)
            } else {
                problems.suggest(reference.as_str(), &self.names, self.noun)
            };
            problems
                .error(reference.place, format!("there is no {} `{reference}`", self.noun))
                .label(format!("no such {}", self.noun))
                .help(help);
        }
        found.map(|position| (position, EntityId(self.first + position as u32)))
    }
}

/// What is given nowhere in the file takes its defaults from the section's own declaration.
fn assumptions(config: &ScenarioConfig, problems: &mut Problems) -> Option<AssumptionsConfig> {
    config.assumptions.clone().or_else(|| {
        let empty = Node::new(Place::start_of(SourceId(0)), Value::Mapping(Vec::new()));
        AssumptionsConfig::decode(&empty, problems)
    })
}

/// Looks everything up and builds all settings; `None` when a problem was told.
pub(super) fn resolve(
    config: &ScenarioConfig,
    hash: String,
    files: &dyn Files,
    problems: &mut Problems,
) -> Option<Scenario> {
    let assumptions = assumptions(config, problems)?;
    let defaults = queue_defaults(config, &assumptions, files, problems)?;
    let (queues, consumers) = (config.queues.len(), config.consumers.len());
    let queue_names = Names::new("queue", config.queues.names(), 0);
    let consumer_names = Names::new("consumer", config.consumers.names(), queues);
    let producer_names = Names::new("producer", config.producers.names(), queues + consumers);
    let mut flows = Vec::new();

    let latencies: Vec<ApiLatency> = config
        .queues
        .iter()
        .map(|(_, queue)| queue.latency(&defaults.latency, files, &mut Problems::new()))
        .map(|latency| latency.unwrap_or_else(ApiLatency::none))
        .collect();
    let mut queue_settings = Vec::new();
    for (name, queue) in config.queues.iter() {
        let dead_letter_queue = queue.redrive_policy.as_ref().and_then(|policy| {
            let reference = &policy.dead_letter_queue;
            if reference.as_str() == name.as_str() {
                problems.error(reference.place, format!("`{name}` cannot be its own dead-letter queue"));
                return None;
            }
            let (position, id) = queue_names.find(reference, problems)?;
            let other = &config.queues.entries[position].1;
            if other.message_retention_period < queue.message_retention_period {
                problems
                    .warning(
                        reference.place,
                        format!("`{reference}` keeps messages for a shorter time than `{name}`"),
                    )
                    .why("the retention clock of a standard queue's message goes on in its dead-letter queue")
                    .help("give the dead-letter queue a `message_retention_period` of 14d");
            }
            flows.push(flow(Queue::KIND, name, Queue::KIND, reference));
            Some(id)
        });
        queue_settings.push(queue.settings(name.as_str(), dead_letter_queue, &defaults, files, problems));
    }

    let mut consumer_settings = Vec::new();
    for (name, consumer) in config.consumers.iter() {
        let source = source_queue(name, consumer, config, &queue_names, &latencies, &mut flows, problems);
        let forward = consumer.forwards_to.as_ref().map(|forward| {
            let (position, id) = queue_names.find(&forward.queue, problems)?;
            flows.push(flow(Fleet::KIND, name, Queue::KIND, &forward.queue));
            Some((id, &latencies[position]))
        });
        let settings = source
            .as_ref()
            .and_then(|source| consumer.settings(name.as_str(), source, forward.flatten(), files, problems));
        consumer_settings.push(settings);
    }

    let mut producers = Vec::new();
    let mut notes = Vec::new();
    for (name, producer) in config.producers.iter() {
        let ProducerTarget::Queue(reference) = &producer.publishes_to;
        let target = queue_names.find(reference, problems);
        let trace = match &producer.arrivals {
            ArrivalsConfig::Trace(trace) => Some(trace.read(files, problems)),
            _ => None,
        };
        if let Some(Some(trace)) = &trace {
            tell_gaps(name, trace, config, &mut notes);
        }
        let (position, id) = match target {
            Some(target) => target,
            None => (0, EntityId(0)),
        };
        let fallback = ApiLatency::none();
        let latency = latencies.get(position).unwrap_or(&fallback);
        let settings = producer.settings(name.as_str(), id, latency, &defaults.quotas, files, problems);
        flows.push(flow(Producer::KIND, name, Queue::KIND, reference));
        let trace = trace.map_or(Some(None), |trace| trace.map(Some));
        producers.push(target.and(settings).zip(trace).map(|(settings, trace)| ResolvedProducer {
            settings,
            arrivals: producer.arrivals.clone(),
            trace,
        }));
    }

    let mut scaling = Scaling::new(config, &assumptions, queue_names, consumer_names, producer_names);
    scaling.resolve_alarms(problems);
    let policies = scaling.resolve_policies(problems);
    let metric_delay = assumptions.metric_delay.build(files, problems);
    if problems.has_errors() {
        return None;
    }
    let mut consumers: Vec<_> = consumer_settings.into_iter().collect::<Option<_>>()?;
    for (consumer, policies) in consumers.iter_mut().zip(policies) {
        consumer.group.policies = policies;
    }
    let producers: Vec<ResolvedProducer> = producers.into_iter().collect::<Option<_>>()?;
    let (alarms, watched) = scaling.into_alarms();
    let mut scenario = Scenario {
        name: config.name.text.clone(),
        description: config.description.clone(),
        hash,
        seed: config.seed,
        start_unix_millis: config.start.timestamp().as_millisecond(),
        duration: span(config.duration),
        warm_up: span(config.warm_up),
        quota_profile: config.quotas.profile().name(),
        queues: queue_settings.into_iter().collect::<Option<_>>()?,
        consumers,
        attributes_each: producers
            .iter()
            .map(|producer| producer.settings.attributes.len())
            .max()
            .unwrap_or(0),
        producers,
        cloudwatch: CloudWatchSettings {
            alarms,
            metrics: watched.len() as u32,
            metric_delay: metric_delay?,
            action_delay: span(assumptions.alarm_action_delay),
        },
        watched,
        flows,
        expectations: Vec::new(),
        notes,
        warnings: String::new(),
    };
    let catalog = scenario.catalog();
    for (target, expressions) in config.expect.iter() {
        scenario.expectations.extend(catalog.read(target.as_str(), target.place, &expressions.0, problems));
    }
    Some(scenario)
}

fn queue_defaults(
    config: &ScenarioConfig,
    assumptions: &AssumptionsConfig,
    files: &dyn Files,
    problems: &mut Problems,
) -> Option<QueueDefaults> {
    let latency = config.api_latency.build(files, problems);
    let jitter = assumptions.ordering_jitter.build(files, problems);
    let delay = assumptions.duplicate_delay.build(files, problems);
    let mut prices = Prices::default();
    if let Some(given) = &config.prices {
        prices.sqs_standard_per_million_requests = given.sqs_standard_per_million_requests;
    }
    Some(QueueDefaults {
        quotas: config.quotas.sqs(),
        latency: latency?,
        prices,
        duplicate_probability: assumptions.duplicate_probability.as_f64(),
        duplicate_delay: delay?,
        ordering_jitter: jitter?,
        short_poll_sampling: assumptions.short_poll_sampling,
    })
}

fn source_queue(
    name: &Name,
    consumer: &ConsumerConfig,
    config: &ScenarioConfig,
    queues: &Names<'_>,
    latencies: &[ApiLatency],
    flows: &mut Vec<Flow>,
    problems: &mut Problems,
) -> Option<SourceQueue> {
    let ConsumerSource::Queue(reference) = &consumer.receives_from;
    let (position, id) = queues.find(reference, problems)?;
    flows.push(flow(Queue::KIND, reference, Fleet::KIND, name));
    let queue = &config.queues.entries[position].1;
    Some(SourceQueue {
        id,
        latency: latencies[position].clone(),
        wait_seconds: queue.receive_message_wait_time.as_seconds() as u8,
        visibility_timeout: span(queue.visibility_timeout),
    })
}

fn flow(from_kind: &'static str, from: &impl ToString, to_kind: &'static str, to: &impl ToString) -> Flow {
    Flow { from_kind, from: from.to_string(), to_kind, to: to.to_string() }
}

/// Gaps of a recording are reported with the results, and so is a run that ends before it.
fn tell_gaps(
    producer: &Name,
    trace: &crate::services::producer::Trace,
    config: &ScenarioConfig,
    notes: &mut Vec<String>,
) {
    const SHOWN: usize = 5;
    for gap in trace.gaps.iter().take(SHOWN) {
        notes.push(format!(
            "producer `{producer}`: the recording has a gap of {} rows between {} and {} (line {}); nothing arrives in it",
            gap.missing_rows, gap.after, gap.before, gap.line
        ));
    }
    if trace.gaps.len() > SHOWN {
        notes
            .push(format!("producer `{producer}`: the recording has {} more gaps", trace.gaps.len() - SHOWN));
    }
    let run = span(config.duration);
    if trace.end().since_start() > run {
        notes.push(format!(
            "producer `{producer}`: the run ends after {run}, the recording only after {}",
            trace.end().since_start()
        ));
    }
}
