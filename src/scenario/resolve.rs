//! From names to entities: references are looked up, settings are built, and everything that does not fit is told.

use super::access::Principals;
use super::alarms::{Alarms, invocations};
use super::config::{AssumptionsConfig, EmptyGaugesConfig, ScenarioConfig};
use super::directory::Directory;
use super::lambda::LambdaResources;
use super::scaling::Scaling;
use super::scripts::{self, Clients};
use super::topics::{self, Topics};
use super::{Scenario, WithArrivals};
use super::{composites, custom_metrics, delivery_streams, flink};
use crate::engine::Span;
use crate::language::{Decode, Files, Name, Node, Place, Problems, Reference, SourceId, Value};
use crate::record::Flow;
use crate::services::client::StepConfig;
use crate::services::cloudwatch::{CloudWatchPrices, CloudWatchSettings};
use crate::services::compute::ConsumerSettings;
use crate::services::kinesis::StreamSettings;
use crate::services::producer::{ProducerConfig, ProducerSettings, ProducerTarget, SendTarget};
use crate::services::sqs::{
    ChangeTimes, FairSettings, Queue, QueueConfig, QueueDefaults, QueuePrices, QueueSettings,
    QueueSurroundings, RedriveAllowPolicyConfig, is_fifo,
};
use crate::traffic::{ArrivalsConfig, ArrivalsSource, Trace};
use crate::wire::{ActivitySettings, ApiLatency, EntityId, PriceList, Service, Texts, ValueGroups, span};
use crate::world::Feed;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is given nowhere in the file takes its defaults from the section's own declaration.
fn assumptions(config: &ScenarioConfig, problems: &mut Problems) -> Option<AssumptionsConfig> {
    config.assumptions.clone().or_else(|| {
        let empty = Node::new(Place::start_of(SourceId(0)), Value::Mapping(Vec::new()));
        AssumptionsConfig::decode(&empty, problems)
    })
}

/// Looks everything up and builds all settings; `None` when a problem was told. Without `prices` one was told already.
/// `given` are the names of metrics that come from outside.
#[allow(clippy::too_many_lines, reason = "everything once, in the order in which one needs the other")]
pub(super) fn resolve(
    config: &ScenarioConfig,
    hash: String,
    prices: Option<&PriceList>,
    given: &[String],
    files: &dyn Files,
    problems: &mut Problems,
) -> Option<Scenario> {
    let assumptions = assumptions(config, problems)?;
    let prices = prices.unwrap_or(PriceList::published());
    if config.region.as_str() != prices.region() {
        let place = config.places.of("region").or(config.prices.file.as_ref().map(|file| file.place));
        problems
            .warning(
                place,
                format!("the region is {}, the prices are those of {}", config.region, prices.region()),
            )
            .help("name a file with the prices of the region: `prices: { file: … }`");
    }
    let mut resolver = Resolver::new(config, &assumptions, prices, files, problems)?;
    let queues = resolver.queues(problems);
    let mut consumers = resolver.consumers(problems);
    let producers = resolver.producers(problems);
    let lambda = LambdaResources::resolve(&mut resolver, problems);
    let forwards = resolver.stream_forwards(problems);
    let mut topics = Topics::new(config, resolver.directory.clone());
    let alarm_messages = topics.alarm_messages(&mut resolver.texts, problems);
    let object_stores = resolver.object_stores(&mut topics, &queues, problems);
    resolver.group_notices(&mut topics, &mut consumers, problems);
    // Before the clients, who take the texts with them.
    let flink_applications = resolver.flink_applications(problems);
    let clients = resolver.clients(&mut topics, problems);
    for (producer, name) in producers.iter().zip(config.producers.names()) {
        if let (Some(producer), Some(id)) = (producer, resolver.directory.producers.entity(name)) {
            topics.enter_producer(id, &producer.settings);
        }
    }
    let reads_bodies =
        config.event_source_mappings.iter().any(|(_, mapping)| mapping.filter_criteria.is_some())
            || config.stream_mappings.iter().any(|(_, mapping)| mapping.filter_criteria.is_some())
            || delivery_streams::reads_bodies(config)
            || flink::reads_bodies(config);
    if let (true, Some(clients)) = (reads_bodies, &clients) {
        topics.enter_texts(&clients.names.texts);
    }
    let contents = topics.contents();
    let sns = topics.settings(&contents, (&assumptions, prices), &queues, files, problems);
    resolver.topic_flows();
    let requesters = resolver.requesters(problems);
    let streams = resolver.streams(problems);
    let stream_consumers = resolver.stream_consumers(forwards, problems);
    let delivery_streams = resolver.delivery_streams(problems);
    let video = resolver.video(problems);
    let brokers = resolver.brokers(&contents, problems);
    let Resolver { directory, mut flows, notes, .. } = resolver;
    let late = assumptions.scheduled_action_delay.build(files, problems);
    let mut alarms = Alarms::new(config, directory, given);
    alarms.resolve(problems);
    alarms.notify(&alarm_messages);
    let custom_metrics = custom_metrics::resolve(config, &mut alarms.watching, files, problems);
    let mut scaling = Scaling::new(config, &assumptions, late, &mut alarms, files);
    let scaled = scaling.resolve_scaling(problems);
    let scaled_streams = scaling.resolve_streams(problems);
    let scaled_functions = scaling.resolve_functions(problems);
    let loads = scaling.loads;
    let composite_alarms = composites::resolve(config, &alarms.names(), &alarm_messages, problems);
    let metric_delay = assumptions.metric_delay.build(files, problems);
    let metric_delays = assumptions.metric_delays(files, problems);
    if problems.has_errors() {
        return None;
    }
    let mut consumers: Vec<ConsumerSettings> = consumers.into_iter().collect::<Option<_>>()?;
    for (consumer, settings) in consumers.iter_mut().zip(scaled) {
        consumer.group.scaling = settings;
    }
    let producers: Vec<WithArrivals<ProducerSettings>> = producers.into_iter().collect::<Option<_>>()?;
    let clients = clients?;
    let mut lambda = lambda?;
    lambda.enter_contents(&contents);
    let mut texts = clients.names.texts.clone();
    let groups = if flink::reads_bodies(config) {
        Arc::new(ValueGroups::new(&contents, &mut texts))
    } else {
        Arc::default()
    };
    let texts = Arc::new(texts);
    let mut functions = std::mem::take(&mut lambda.functions);
    for (function, scaling) in functions.iter_mut().zip(scaled_functions) {
        function.scaling = scaling;
    }
    let mut stream_consumers = stream_consumers?;
    let mut video = video?;
    let forwards = (consumers.iter_mut().map(|consumer| &mut consumer.forward))
        .chain(functions.iter_mut().map(|function| &mut function.forward))
        .chain(stream_consumers.iter_mut().map(|consumer| &mut consumer.forward))
        .chain(video.consumers.iter_mut().map(|consumer| &mut consumer.forward));
    for forward in forwards.flatten() {
        forward.texts = Arc::clone(&texts);
    }
    let mut flink_applications = flink_applications?;
    for application in &mut flink_applications {
        application.texts = Arc::clone(&texts);
        application.contents = Arc::clone(&contents);
        application.groups = Arc::clone(&groups);
    }
    let mut delivery_streams = delivery_streams?;
    for stream in &mut delivery_streams {
        stream.texts = Arc::clone(&texts);
        stream.contents = Arc::clone(&contents);
    }
    let (alarms, watched) = alarms.into_settings();
    flows.extend(invocations(&alarms, config));
    let mut scenario = Scenario {
        name: config.name.text.clone(),
        description: config.description.clone(),
        hash,
        seed: config.seed,
        start_unix_millis: config.start.timestamp().as_millisecond(),
        duration: span(config.duration),
        warm_up: span(config.warm_up),
        replications: config.replications,
        batches: 0,
        quota_profile: config.quotas.profile().name(),
        queues: queues.into_iter().collect::<Option<_>>()?,
        consumers,
        attributes_each: producers
            .iter()
            .map(|producer| {
                let settings = &producer.settings;
                settings.attributes.len() + settings.body.as_ref().map_or(0, Vec::len)
            })
            .max()
            .unwrap_or(0),
        producers,
        clients: clients.settings,
        object_stores: object_stores.into_iter().collect::<Option<_>>()?,
        requesters: requesters.into_iter().collect::<Option<_>>()?,
        streams: streams?
            .into_iter()
            .zip(scaled_streams)
            .map(|(stream, scaling)| StreamSettings { scaling, ..stream })
            .collect(),
        stream_consumers,
        delivery_streams,
        video_streams: video.streams,
        cameras: video.cameras,
        video_consumers: video.consumers,
        flink_applications,
        brokers: brokers?,
        scripted: clients.expected,
        topics: sns.topics.into_iter().collect::<Option<_>>()?,
        phone_numbers: sns.phone_numbers.into_iter().collect::<Option<_>>()?,
        platform_endpoints: sns.platform_endpoints.into_iter().collect::<Option<_>>()?,
        sns_quotas: topics::quotas(config),
        functions,
        mappings: lambda.mappings,
        stream_mappings: lambda.stream_mappings,
        lambda_quotas: config.quotas.lambda(config.region),
        cloudwatch: CloudWatchSettings {
            alarms,
            composite_alarms: composite_alarms?,
            custom_metrics: custom_metrics?,
            prices: CloudWatchPrices::of(prices),
            metrics: watched.len() as u32,
            metric_delay: metric_delay?,
            metric_delays: metric_delays?,
            action_delay: span(assumptions.alarm_action_delay),
            start_unix_millis: config.start.timestamp().as_millisecond(),
            // A moment after the minute, which has its datapoints by then.
            alarm_phase: assumptions
                .alarm_evaluation_second
                .map(|second| Span::from_seconds(u64::from(second)).max(Span::from_nanos(1))),
        },
        loads,
        feed: Feed::default(),
        probes: Vec::new(),
        watched,
        flows,
        expectations: Vec::new(),
        notes,
        warnings: String::new(),
    };
    if config.expect.0.is_empty() {
        return Some(scenario);
    }
    let catalog = scenario.catalog();
    for (target, expressions) in &config.expect.0 {
        scenario.expectations.extend(catalog.read(&target.value, target.place, &expressions.0, problems));
    }
    Some(scenario)
}

/// A scenario on its way from names to entities.
pub(super) struct Resolver<'a> {
    pub(super) config: &'a ScenarioConfig,
    pub(super) files: &'a dyn Files,
    pub(super) defaults: QueueDefaults,
    pub(super) directory: Directory<'a>,
    pub(super) assumptions: &'a AssumptionsConfig,
    pub(super) prices: &'a PriceList,
    /// The queues that are dead-letter queues, or that a script makes so.
    dead_letter_queues: BTreeSet<&'a str>,
    /// The queues that scripts call, and the dead-letter queues of those.
    scripted_queues: BTreeSet<&'a str>,
    /// Standard queues and FIFO queues.
    by_type: [Arc<[EntityId]>; 2],
    /// How long calls to each queue take.
    pub(super) latencies: Vec<ApiLatency>,
    /// Bodies, groups and ids that are given as text.
    pub(super) texts: Texts,
    pub(super) flows: Vec<Flow>,
    notes: Vec<String>,
}

impl<'a> Resolver<'a> {
    fn new(
        config: &'a ScenarioConfig,
        assumptions: &'a AssumptionsConfig,
        prices: &'a PriceList,
        files: &'a dyn Files,
        problems: &mut Problems,
    ) -> Option<Self> {
        let defaults = queue_defaults(config, assumptions, prices, files, problems)?;
        // Also with a bad latency the rest is looked at, so that all problems are told at once.
        let latencies = config
            .queues
            .iter()
            .map(|(_, queue)| queue.latency(&defaults.latency, files, problems))
            .map(|latency| latency.unwrap_or_else(ApiLatency::none))
            .collect();
        let dead_letters = |queue: &'a QueueConfig| {
            queue.redrive_policy.as_ref().map(|policy| policy.dead_letter_queue.as_str())
        };
        let steps = || config.clients.iter().flat_map(|(_, client)| &client.script);
        let mut dead_letter_queues: BTreeSet<&str> =
            config.queues.iter().filter_map(|(_, queue)| dead_letters(queue)).collect();
        dead_letter_queues.extend(steps().filter_map(StepConfig::dead_letter_queue).map(Reference::as_str));
        let called = config.clients.iter().flat_map(|(_, client)| client.queues());
        let mut scripted_queues: BTreeSet<&str> = called.map(Reference::as_str).collect();
        let theirs = config.queues.iter().filter(|(name, _)| scripted_queues.contains(name.as_str()));
        let theirs: Vec<&str> = theirs.filter_map(|(_, queue)| dead_letters(queue)).collect();
        scripted_queues.extend(theirs);
        let of_type = |fifo: bool| {
            let queues = config.queues.names().zip(0..).filter(move |(name, _)| is_fifo(name) == fifo);
            queues.map(|(_, index)| EntityId(index)).collect()
        };
        Some(Self {
            config,
            files,
            dead_letter_queues,
            scripted_queues,
            by_type: [of_type(false), of_type(true)],
            defaults,
            directory: Directory::new(config),
            assumptions,
            prices,
            latencies,
            texts: Texts::default(),
            flows: Vec::new(),
            notes: Vec::new(),
        })
    }

    /// The clients, their scripts looked up.
    fn clients(&mut self, topics: &mut Topics<'_>, problems: &mut Problems) -> Option<Clients> {
        let config = self.config;
        let texts = std::mem::take(&mut self.texts);
        scripts::resolve(config, &self.directory, (texts, topics), self.files, problems)
    }

    /// A queue that a script calls, or the dead-letter queue of such a one, is ideal as long as nobody says otherwise:
    /// its messages keep their order, short polls see all of them, and none comes twice.
    fn defaults_of(&self, name: &str) -> QueueDefaults {
        let mut defaults = self.defaults.clone();
        let config = self.config;
        let is_scripted = self.scripted_queues.contains(name);
        if is_scripted {
            let is_open =
                |key: &str| config.assumptions.is_none() || self.assumptions.places.key(key).is_none();
            if is_open("duplicate_probability") {
                defaults.duplicate_probability = 0.0;
            }
            if is_open("ordering_jitter") {
                defaults.ordering_jitter = ApiLatency::none().send;
            }
            if is_open("short_poll_sampling") {
                defaults.short_poll_sampling = false;
            }
        }
        defaults
    }

    pub(super) fn flow(&mut self, from_kind: &'static str, from: &str, to_kind: &'static str, to: &str) {
        self.flows.push(Flow { from_kind, from: from.to_owned(), to_kind, to: to.to_owned() });
    }

    fn queues(&mut self, problems: &mut Problems) -> Vec<Option<QueueSettings>> {
        let config = self.config;
        let principals = Principals::new(config, &self.directory, problems);
        let mut settings = Vec::new();
        for ((name, queue), latency) in config.queues.iter().zip(self.latencies.clone()) {
            let surroundings = self.surroundings(name, queue, &principals, problems);
            let defaults = QueueDefaults { latency, ..self.defaults_of(name.as_str()) };
            settings.push(queue.settings(name, &surroundings, &defaults, self.files, problems));
        }
        settings
    }

    /// What others say about a queue.
    fn surroundings(
        &mut self,
        name: &Name,
        queue: &QueueConfig,
        principals: &Principals<'_>,
        problems: &mut Problems,
    ) -> QueueSurroundings {
        let names_it = |(_, other): &(&Name, &QueueConfig)| {
            let policy = other.redrive_policy.as_ref();
            policy.is_some_and(|policy| policy.dead_letter_queue.as_str() == name.as_str())
        };
        let sources = self.config.queues.iter().filter(names_it);
        let dead_letter_sources =
            sources.filter_map(|(source, _)| self.directory.queues.entity(source.as_str())).collect();
        let may_be_dead_letter_queue = self.dead_letter_queues.contains(name.as_str());
        let other_type = Arc::clone(&self.by_type[usize::from(!is_fifo(name.as_str()))]);
        if let Some(RedriveAllowPolicyConfig::ByQueue(sources)) = &queue.redrive_allow_policy {
            let most = self.defaults.quotas.redrive_allow_sources;
            if let Some(extra) = sources.get(most) {
                problems.error(extra.place, format!("`by_queue` takes {most} queues at most"));
            }
            for source in sources {
                self.directory.queues.find(source, problems);
            }
        }
        let dead_letter_queue = queue
            .redrive_policy
            .as_ref()
            .and_then(|policy| self.dead_letter_queue(name, queue, &policy.dead_letter_queue, problems));
        QueueSurroundings {
            dead_letter_queue,
            dead_letter_sources,
            may_be_dead_letter_queue,
            other_type,
            is_scripted: !self.config.clients.is_empty(),
            access: principals.access(name, queue, problems),
            refused_key: principals.refused_key(queue, problems),
        }
    }

    fn dead_letter_queue(
        &mut self,
        name: &Name,
        queue: &QueueConfig,
        reference: &Reference,
        problems: &mut Problems,
    ) -> Option<EntityId> {
        if reference.as_str() == name.as_str() {
            problems.error(reference.place, format!("`{name}` cannot be its own dead-letter queue"));
            return None;
        }
        let (position, id) = self.directory.queues.find(reference, problems)?;
        if is_fifo(name.as_str()) != is_fifo(reference.as_str()) {
            problems
                .error(reference.place, format!("`{reference}` cannot be the dead-letter queue of `{name}`"))
                .why("the dead-letter queue of a FIFO queue is a FIFO queue, that of a standard queue a standard queue");
        }
        let refused = match &self.config.queues.entries[position].1.redrive_allow_policy {
            None | Some(RedriveAllowPolicyConfig::AllowAll) => false,
            Some(RedriveAllowPolicyConfig::DenyAll) => true,
            Some(RedriveAllowPolicyConfig::ByQueue(sources)) => {
                sources.iter().all(|source| source.as_str() != name.as_str())
            }
        };
        if refused {
            problems
                .error(reference.place, format!("`{reference}` does not allow `{name}` to use it"))
                .help(format!("add `{name}` to the `redrive_allow_policy` of `{reference}`"));
        }
        if self.config.queues.entries[position].1.message_retention_period < queue.message_retention_period {
            problems
                .warning(
                    reference.place,
                    format!("`{reference}` keeps messages for a shorter time than `{name}`"),
                )
                .why("the retention clock of a standard queue's message goes on in its dead-letter queue")
                .help("give the dead-letter queue a `message_retention_period` of 14d");
        }
        self.flow(Queue::KIND, name.as_str(), Queue::KIND, reference.as_str());
        Some(id)
    }

    /// Whether the messages of a queue may have groups: all of a FIFO queue do, those of a standard queue if somebody sends
    /// such.
    pub(super) fn has_groups(&self, queue: &Reference) -> bool {
        let config = self.config;
        let mut producers = config.producers.iter().filter(|(_, producer)| match &producer.publishes_to {
            ProducerTarget::Queue(target) => target.as_str() == queue.as_str(),
            ProducerTarget::Topic(topic) => config.topics.get(topic.as_str()).is_some_and(|topic| {
                let mut queues = topic.subscriptions.iter().filter_map(|one| one.queue.as_ref());
                queues.any(|target| target.as_str() == queue.as_str())
            }),
            ProducerTarget::Function(_)
            | ProducerTarget::Stream(_)
            | ProducerTarget::DeliveryStream(_)
            | ProducerTarget::PhoneNumber(_)
            | ProducerTarget::PlatformEndpoint(_)
            | ProducerTarget::ObjectStore(_)
            | ProducerTarget::BrokerQueue(_)
            | ProducerTarget::BrokerTopic(_) => false,
        });
        let has_group = |producer: &ProducerConfig| {
            producer.message.as_ref().is_some_and(|message| message.message_group_id.is_some())
        };
        is_fifo(queue.as_str())
            || producers.any(|(_, producer)| has_group(producer))
            || self.scripted_queues.contains(queue.as_str())
            || config.consumers.iter().any(|(_, consumer)| {
                let target = consumer.forwards_to.as_ref().and_then(|forward| forward.queue.as_ref());
                target.is_some_and(|target| target.as_str() == queue.as_str())
            })
    }

    /// What arrivals need besides their section, a recording for example; `None` when a problem was told.
    pub(super) fn arrivals_source(
        &mut self,
        name: &Name,
        arrivals: &ArrivalsConfig,
        problems: &mut Problems,
    ) -> Option<ArrivalsSource> {
        match arrivals {
            ArrivalsConfig::Trace(trace) => {
                let trace = trace.read(self.files, problems)?;
                tell_gaps(name, &trace, self.config, &mut self.notes);
                Some(ArrivalsSource::Trace(trace))
            }
            ArrivalsConfig::Renewal(renewal) => {
                renewal.read(self.files, problems).map(ArrivalsSource::Renewal)
            }
            _ => Some(ArrivalsSource::None),
        }
    }

    fn producers(&mut self, problems: &mut Problems) -> Vec<Option<WithArrivals<ProducerSettings>>> {
        let config = self.config;
        let mut resolved = Vec::new();
        for (name, producer) in config.producers.iter() {
            let source = self.arrivals_source(name, &producer.arrivals, problems);
            let payload_store = producer
                .large_payloads
                .as_ref()
                .and_then(|large| self.payload_store(&large.object_store, problems));
            self.check_readers(name, producer, problems);
            let (is_known, target) = self.send_target(name, &producer.publishes_to, problems);
            let settings = target.and_then(|target| {
                let target = SendTarget { payload_store, ..target };
                producer.settings(name.as_str(), target, &mut self.texts, self.files, problems)
            });
            resolved.push(settings.filter(|_| is_known).zip(source).map(|(settings, source)| WithArrivals {
                settings,
                arrivals: producer.arrivals.clone(),
                source,
            }));
        }
        resolved
    }
}

fn queue_defaults(
    config: &ScenarioConfig,
    assumptions: &AssumptionsConfig,
    prices: &PriceList,
    files: &dyn Files,
    problems: &mut Problems,
) -> Option<QueueDefaults> {
    let latency = config.api_latency.build(files, problems);
    let jitter = assumptions.ordering_jitter.build(files, problems);
    let delay = assumptions.duplicate_delay.build(files, problems);
    let attributes = assumptions.attribute_change_time.build(files, problems);
    let retention = assumptions.retention_change_time.build(files, problems);
    let purge = assumptions.purge_time.build(files, problems);
    let wake_up_delay = assumptions.metric_wake_up_delay.build(files, problems);
    Some(QueueDefaults {
        quotas: config.quotas.sqs(config.region),
        latency: latency?,
        prices: QueuePrices::of(prices),
        duplicate_probability: assumptions.duplicate_probability.as_f64(),
        duplicate_delay: delay?,
        ordering_jitter: jitter?,
        short_poll_sampling: assumptions.short_poll_sampling,
        fair: FairSettings { detection_delay: span(assumptions.fair_queue_detection_delay) },
        move_rate: assumptions.message_move_rate,
        changes: ChangeTimes {
            attributes: attributes?,
            retention: retention?,
            purge: purge?,
            purge_takes_later_messages: assumptions.purge_takes_later_messages,
        },
        activity: ActivitySettings {
            is_active_at_start: assumptions.active_at_start,
            wake_up_delay: wake_up_delay?,
        },
        empty_gauges: assumptions.empty_queue_gauges == EmptyGaugesConfig::Zero,
    })
}

/// Gaps of a recording are reported with the results, and so is a run that ends before it.
fn tell_gaps(producer: &Name, trace: &Trace, config: &ScenarioConfig, notes: &mut Vec<String>) {
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
