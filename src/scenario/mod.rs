//! The scenario: read, checked, resolved, and made into worlds.
//!
//! [`Scenario::load`] tells all problems of a file at once; what it returns can be run as often as wanted, with any
//! seed, without touching the file again.

mod access;
mod alarms;
mod brokers;
mod composites;
mod config;
mod consumers;
mod custom_metrics;
mod delivery_streams;
mod directory;
mod flink;
mod lambda;
mod notices;
mod paths;
mod payloads;
mod policy_test;
mod quotas;
mod references;
mod requesters;
mod resolve;
mod scaling;
mod scripts;
mod streams;
mod targets;
mod theory;
mod topics;
mod video;
mod watching;

pub use config::{AssumptionsConfig, ExpectConfig, ExpressionsConfig, ScenarioConfig};
pub use paths::whole_path;
pub use policy_test::{
    AlarmStateConfig, ExpectedStateConfig, PolicyTestConfig, PolicyTests, SeriesConfig, TestResult, Timeline,
    is_policy_test, policy_test_schema,
};
pub use quotas::{ProfileConfig, QuotasConfig};

use brokers::Brokers;

use crate::engine::{Span, Time};
use crate::expect::{Catalog, CatalogRow, Expectation, Origin, judge, requests};
use crate::language::{
    Decode, Definitions, Files, Json, Problems, Sources, apply_set, markdown, parse_bytes,
};
use crate::record::{Flow, InstrumentKind, RunHeader, Tape, Theory, Unit, WindowRequest};
use crate::services::client::{Client, ClientSettings, Expected};
use crate::services::cloudwatch::{CloudWatch, CloudWatchSettings};
use crate::services::compute::{ConsumerSettings, Fleet};
use crate::services::firehose::{DeliveryStream, DeliveryStreamSettings};
use crate::services::flink::{Application, ApplicationSettings};
use crate::services::kinesis::{DataStream, StreamConsumer, StreamConsumerSettings, StreamSettings};
use crate::services::lambda::{
    Account, EventSourceMapping, Function, FunctionSettings, MappingSettings, StreamMapping,
    StreamMappingSettings,
};
use crate::services::object_store::{ObjectStore, ObjectStoreSettings};
use crate::services::producer::{Producer, ProducerSettings};
use crate::services::requester::{Requester, RequesterSettings};
use crate::services::sns::{Topic, TopicSettings};
use crate::services::sqs::{Queue, QueueSettings};
use crate::services::video::{
    CameraSettings, Cameras, VideoConsumer, VideoConsumerSettings, VideoStreamSettings, VideoStreams,
};
use crate::traffic::{ArrivalsConfig, ArrivalsContext, ArrivalsSource};
use crate::wire::{LambdaAccount, LambdaQuotas, Purpose, SnsAccount, SnsQuotas};
use crate::world::{Entity, Feed, Load, Plan, RunError, RunProgress, Seat, WatchedMetric};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

/// A scenario that was found to be in order.
#[derive(Debug, Clone)]
pub struct Scenario {
    name: String,
    description: String,
    hash: String,
    seed: u64,
    start_unix_millis: i64,
    duration: Span,
    warm_up: Span,
    replications: u32,
    /// Into how many equal parts the run is divided, for intervals; 0 for none.
    batches: u32,
    quota_profile: &'static str,
    queues: Vec<QueueSettings>,
    consumers: Vec<ConsumerSettings>,
    producers: Vec<WithArrivals<ProducerSettings>>,
    clients: Vec<ClientSettings>,
    topics: Vec<TopicSettings>,
    sns_quotas: SnsQuotas,
    requesters: Vec<WithArrivals<RequesterSettings>>,
    object_stores: Vec<ObjectStoreSettings>,
    streams: Vec<StreamSettings>,
    stream_consumers: Vec<StreamConsumerSettings>,
    stream_mappings: Vec<StreamMappingSettings>,
    phone_numbers: Vec<TopicSettings>,
    platform_endpoints: Vec<TopicSettings>,
    delivery_streams: Vec<DeliveryStreamSettings>,
    video_streams: Vec<VideoStreamSettings>,
    cameras: Vec<CameraSettings>,
    video_consumers: Vec<VideoConsumerSettings>,
    flink_applications: Vec<ApplicationSettings>,
    brokers: Brokers,
    /// What scripts expect, by client.
    scripted: Vec<Vec<Expected>>,
    functions: Vec<FunctionSettings>,
    mappings: Vec<MappingSettings>,
    lambda_quotas: LambdaQuotas,
    cloudwatch: CloudWatchSettings,
    watched: Vec<WatchedMetric>,
    /// Metrics that are given from outside, and when a test reads all levels.
    feed: Feed,
    probes: Vec<Time>,
    /// What forecasts are made from.
    loads: Vec<Load>,
    flows: Vec<Flow>,
    attributes_each: usize,
    expectations: Vec<Expectation>,
    notes: Vec<String>,
    warnings: String,
}

/// Settings of somebody with arrivals of its own, and what they need.
#[derive(Debug, Clone)]
struct WithArrivals<S> {
    settings: S,
    arrivals: ArrivalsConfig,
    source: ArrivalsSource,
}

/// Everything that is wrong with a scenario file, rendered for a person.
#[derive(Debug, Clone)]
pub struct ScenarioError {
    plain: String,
    coloured: String,
    errors: usize,
}

impl ScenarioError {
    /// With ANSI colours.
    pub fn coloured(&self) -> &str {
        &self.coloured
    }

    /// How many problems there are.
    pub fn errors(&self) -> usize {
        self.errors
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.plain)
    }
}

impl std::error::Error for ScenarioError {}

/// The sections that say how, not what: overrides may begin them.
const SETTINGS: [&str; 3] = ["assumptions", "prices", "quotas"];

impl Scenario {
    /// Reads a scenario. `name` is what problems call the file; `sets` are overrides (`path=value`), applied in order;
    /// `files` reads what the scenario names.
    ///
    /// # Errors
    ///
    /// All problems of the file and of the overrides.
    pub fn load(name: &str, text: &[u8], sets: &[String], files: &dyn Files) -> Result<Self, ScenarioError> {
        let mut sources = Sources::new();
        let mut problems = Problems::new();
        let mut hasher = Sha256::new();
        hasher.update(text);
        let mut root = parse_bytes(&mut sources, name, text, &mut problems);
        if let Some(root) = &mut root {
            for set in sets {
                hasher.update([0]);
                hasher.update(set.as_bytes());
                apply_set(root, &mut sources, set, &SETTINGS, &mut problems);
            }
        }
        let hash = hexadecimal(&hasher.finalize());
        let config = root.as_ref().and_then(|root| ScenarioConfig::decode(root, &mut problems));
        if let (Some(root), None) = (&root, &config) {
            references::check(root, &mut problems);
        }
        let scenario = config.and_then(|config| {
            let prices = config.prices.list(|path| files.read(path), &mut sources, &mut problems);
            resolve::resolve(&config, hash, prices.as_ref(), &[], files, &mut problems)
        });
        match scenario {
            Some(mut scenario) if !problems.has_errors() => {
                if !problems.is_empty() {
                    scenario.warnings = problems.render(&sources, false);
                }
                Ok(scenario)
            }
            _ => Err(ScenarioError {
                plain: problems.render(&sources, false),
                coloured: problems.render(&sources, true),
                errors: problems.errors(),
            }),
        }
    }

    /// The scenario's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The seed it asks for.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How much time it simulates.
    pub fn duration(&self) -> Span {
        self.duration
    }

    /// The part of it that is left out of the statistics.
    pub fn warm_up(&self) -> Span {
        self.warm_up
    }

    /// The same with another warm-up; `None` when that leaves nothing of the run.
    #[must_use]
    pub fn with_warm_up(self, warm_up: Span) -> Option<Self> {
        (warm_up < self.duration).then_some(Self { warm_up, ..self })
    }

    /// How many replications it asks for.
    pub fn replications(&self) -> u32 {
        self.replications
    }

    /// The same, also measured in so many equal parts, which are the last windows of its tape.
    #[must_use]
    pub fn with_batches(self, batches: u32) -> Self {
        Self { batches, ..self }
    }

    /// What it expects of metrics, in the order in which a tape has the results; what its scripts expect comes after.
    pub fn expectation_list(&self) -> &[Expectation] {
        &self.expectations
    }

    /// Every statistic that its summary will have: `workers.end_to_end_latency.p99`.
    pub fn statistics(&self) -> Vec<String> {
        let rows = crate::world::rows(self.plan(self.seed, 0));
        let of_summary = rows.into_iter().filter(|row| row.statistic != "messages");
        of_summary.map(|row| format!("{}.{}.{}", row.name, row.metric, row.statistic)).collect()
    }

    /// How many expectations it has.
    pub fn expectations(&self) -> usize {
        self.expectations.len() + self.scripted.iter().map(Vec::len).sum::<usize>()
    }

    /// Warnings found while reading, rendered; empty without any.
    pub fn warnings(&self) -> &str {
        &self.warnings
    }

    /// SHA-256 of file and overrides, in hexadecimal.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Runs it with the seed it asks for.
    ///
    /// # Errors
    ///
    /// See [`RunError`]: a fault of queuelab.
    pub fn run(&self) -> Result<Tape, RunError> {
        self.run_with(self.seed, 0, &mut |_| true)
    }

    /// Runs it with this seed, as this replication. `watch` is asked now and then whether to go on.
    ///
    /// # Errors
    ///
    /// See [`RunError`].
    pub fn run_with(
        &self,
        seed: u64,
        replication: u32,
        watch: &mut dyn FnMut(RunProgress) -> bool,
    ) -> Result<Tape, RunError> {
        let mut tape = crate::world::run(self.plan(seed, replication), watch)?;
        tape.expectations = judge(&self.expectations, &tape);
        for (client, expected) in self.clients.iter().zip(&self.scripted) {
            tape.expectations.extend(scripts::judge(&client.name, expected, &tape));
        }
        Ok(tape)
    }

    /// What queueing theory says of a run of it, where it is a known model.
    pub fn theory(&self, tape: &Tape) -> Vec<Theory> {
        theory::companions(self, tape)
    }

    /// The entities of a world, in the order that a [`Directory`] numbers them.
    fn seats(&self, seed: u64, replication: u32) -> Vec<Seat> {
        let arrivals = |kind: &str, name: &str, config: &ArrivalsConfig, source: &ArrivalsSource| {
            config.build(ArrivalsContext {
                stream: Purpose::Arrivals.stream(seed, replication, kind, name),
                start_unix_millis: self.start_unix_millis,
                source,
            })
        };
        let mut seats = Vec::new();
        let mut seat = |name: &str, entity: Entity| seats.push(Seat { name: name.to_owned(), entity });
        for queue in &self.queues {
            seat(&queue.name, Queue::new(queue.clone(), seed, replication).into());
        }
        for consumer in &self.consumers {
            seat(&consumer.name, Fleet::new(consumer.clone(), seed, replication).into());
        }
        for producer in &self.producers {
            let name = &producer.settings.name;
            let arrivals = arrivals("producer", name, &producer.arrivals, &producer.source);
            seat(name, Producer::new(producer.settings.clone(), arrivals, seed, replication).into());
        }
        for client in &self.clients {
            seat(&client.name, Client::new(client.clone(), seed, replication).into());
        }
        for requester in &self.requesters {
            let name = &requester.settings.name;
            let arrivals = arrivals("requester", name, &requester.arrivals, &requester.source);
            seat(name, Requester::new(requester.settings.clone(), arrivals, seed, replication).into());
        }
        for store in &self.object_stores {
            seat(&store.name, ObjectStore::new(store.clone(), seed, replication).into());
        }
        for topic in &self.topics {
            seat(&topic.name, Topic::new(topic.clone(), seed, replication).into());
        }
        for function in &self.functions {
            seat(&function.name, Function::new(function.clone(), seed, replication).into());
        }
        for mapping in &self.mappings {
            seat(&mapping.name, EventSourceMapping::new(mapping.clone(), seed, replication).into());
        }
        for stream in &self.streams {
            seat(&stream.name, DataStream::new(stream.clone(), seed, replication).into());
        }
        for consumer in &self.stream_consumers {
            seat(&consumer.name, StreamConsumer::new(consumer.clone(), seed, replication).into());
        }
        for mapping in &self.stream_mappings {
            seat(&mapping.name, StreamMapping::new(mapping.clone(), seed, replication).into());
        }
        for direct in self.phone_numbers.iter().chain(&self.platform_endpoints) {
            seat(&direct.name, Topic::new(direct.clone(), seed, replication).into());
        }
        for stream in &self.delivery_streams {
            seat(&stream.name, DeliveryStream::new(stream.clone(), seed, replication).into());
        }
        for streams in &self.video_streams {
            seat(&streams.name, VideoStreams::new(streams.clone(), seed, replication).into());
        }
        for cameras in &self.cameras {
            seat(&cameras.name, Cameras::new(cameras.clone(), seed, replication).into());
        }
        for consumer in &self.video_consumers {
            seat(&consumer.name, VideoConsumer::new(consumer.clone(), seed, replication).into());
        }
        for application in &self.flink_applications {
            seat(&application.name, Application::new(application.clone(), seed, replication).into());
        }
        self.brokers.seats(seed, replication, &mut seat);
        if !self.functions.is_empty() {
            seat("lambda", Account::default().into());
        }
        seat("cloudwatch", CloudWatch::new(self.cloudwatch.clone(), seed, replication).into());
        seats
    }

    fn plan(&self, seed: u64, replication: u32) -> Plan {
        let set_aside = self.functions.iter().map(FunctionSettings::set_aside).sum();
        Plan {
            header: RunHeader {
                scenario: self.name.clone(),
                description: self.description.clone(),
                scenario_hash: self.hash.clone(),
                seed,
                replication,
                start_unix_millis: self.start_unix_millis,
                duration: self.duration,
                warm_up: self.warm_up,
                quota_profile: self.quota_profile.to_owned(),
                events: 0,
            },
            seats: self.seats(seed, replication),
            flows: self.flows.clone(),
            watched: self.watched.clone(),
            feed: self.feed.clone(),
            probes: self.probes.clone(),
            windows: self.windows(),
            loads: self.loads.clone(),
            attributes_each: self.attributes_each,
            notes: self.notes.clone(),
            sns: SnsAccount::new(&self.sns_quotas),
            lambda: LambdaAccount::new(&self.lambda_quotas, set_aside),
        }
    }

    /// What is measured apart: what expectations ask for, then the equal parts of the run.
    fn windows(&self) -> Vec<WindowRequest> {
        let mut windows = requests(&self.expectations, self.measured());
        let nanos = (self.duration - self.warm_up).as_nanos();
        let boundary = |number: u32| {
            let part = u128::from(nanos) * u128::from(number) / u128::from(self.batches);
            Time::ZERO + self.warm_up + Span::from_nanos(part as u64)
        };
        windows.extend((0..self.batches).map(|number| WindowRequest {
            of: None,
            from: boundary(number),
            to: boundary(number + 1),
            bound: None,
        }));
        windows
    }

    /// The part of the run that statistics are of, in seconds.
    fn measured(&self) -> (f64, f64) {
        (self.warm_up.as_seconds_f64(), self.duration.as_seconds_f64())
    }

    /// Everything that can be expected something of.
    fn catalog(&self) -> Catalog {
        let (warm_up, end) = self.measured();
        let mut catalog = Catalog { warm_up, end, ..Catalog::default() };
        let instruments = crate::world::instruments(self.plan(self.seed, 0));
        let kinds: BTreeMap<(&str, &str, &str), InstrumentKind> = instruments
            .iter()
            .map(|(kind, name, definition, _)| ((*kind, name.as_str(), definition.name), definition.kind))
            .collect();
        for row in crate::world::rows(self.plan(self.seed, 0)) {
            let instrument = kinds.get(&(row.kind, row.name.as_str(), row.metric.as_str()));
            let origin = match instrument {
                _ if row.statistic == "messages" => Origin::Ledger,
                Some(kind) => Origin::Instrument(*kind),
                None => Origin::Summary,
            };
            if row.kind == "alarm" && row.metric == "time_in_alarm" {
                catalog.add_alarm(&row.name);
            }
            catalog.rows.push(CatalogRow {
                kind: row.kind,
                name: row.name,
                metric: row.metric,
                statistic: row.statistic,
                unit: row.unit,
                origin,
            });
        }
        for (kind, name, definition, is_published) in instruments {
            if let Some(metric) = definition.cloudwatch_name.filter(|_| is_published) {
                catalog.add_series(kind, &name, metric, definition.unit);
            }
            if matches!(definition.name, "desired_capacity" | "desired_tasks") {
                catalog.add_activities(kind, &name);
            }
        }
        for custom in &self.cloudwatch.custom_metrics {
            let is_known = |row: &CatalogRow| row.name == custom.namespace && row.metric == custom.name;
            // Metrics of one name and other dimensions are expected of together.
            if !catalog.rows.iter().any(is_known) {
                catalog.add_series("custom_metric", &custom.namespace, &custom.name, Unit::Count);
            }
        }
        catalog
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The JSON Schema of scenario files (draft 2020-12), for editors.
pub fn schema() -> Json {
    Definitions::document::<ScenarioConfig>("queuelab scenario")
}

/// The reference of the scenario language as Markdown tables.
pub fn reference() -> String {
    markdown::<ScenarioConfig>()
}
