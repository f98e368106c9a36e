//! Which time series is meant: metrics are looked up, metric math is read and checked ("MetricDataQuery").

use super::config::ScenarioConfig;
use super::directory::{Directory, Names};
use crate::language::{Duration, Located, Place, Problems, Reference};
use crate::record::MetricDefinition;
use crate::series::math::{MathError, MetricMath, Query, read};
use crate::series::{MetricConfig, MetricQueryConfig, Statistic};
use crate::services::cloudwatch::{MetricId, Watched, WatchedMath};
use crate::services::compute::{
    ConsumerMetrics, ConsumerSource, GroupCapacityMetrics, GroupMetrics, ServiceMetrics, WarmPoolMetrics,
};
use crate::services::flink::{FlinkMetrics, SqlMetrics};
use crate::services::kinesis::{ShardMetricConfig, ShardMetrics, StreamConsumerMetrics, StreamMetrics};
use crate::services::lambda::{FunctionMetrics, MappingMetrics, StreamMappingMetrics};
use crate::services::mq::{BrokerConfig, BrokerMetrics, BrokerQueueMetrics};
use crate::services::producer::ProducerMetrics;
use crate::services::sns::TopicMetrics;
use crate::services::sqs::QueueMetrics;
use crate::services::video::VideoStreamMetrics;
use crate::wire::EntityId;
use crate::world::{WatchedMetric, watched_metric};
use std::sync::Arc;

/// Most metrics that an alarm's metric math may name ("Using metric math", alarms).
const MOST_METRICS: usize = 10;

/// The metrics that somebody watches, each once.
pub(super) struct Watching<'a> {
    pub(super) config: &'a ScenarioConfig,
    pub(super) directory: Directory<'a>,
    custom: Names<'a>,
    watched: Vec<WatchedMetric>,
    /// Series that are given from outside: they come after the custom metrics among what is watched.
    given: &'a [String],
}

impl<'a> Watching<'a> {
    pub(super) fn new(config: &'a ScenarioConfig, directory: Directory<'a>, given: &'a [String]) -> Self {
        let custom = Names::new("custom metric", config.custom_metrics.names(), 0);
        // Nobody in the world has them: CloudWatch publishes custom metrics, and a test feeds what is given.
        let published = WatchedMetric { entity: None, part: None, metric: "", keeps_values: false };
        let watched = vec![published; config.custom_metrics.entries.len() + given.len()];
        Self { config, directory, custom, watched, given }
    }

    /// What is watched, by the position in a [`MetricId`].
    pub(super) fn into_watched(self) -> Vec<WatchedMetric> {
        self.watched
    }

    /// The metric as CloudWatch's store knows it, of which this statistic is wanted.
    fn watch(&mut self, entity: EntityId, metric: &'static str, statistic: Statistic) -> MetricId {
        self.watch_part(entity, None, metric, statistic)
    }

    /// The same of a part of an entity.
    fn watch_part(
        &mut self,
        entity: EntityId,
        part: Option<u32>,
        metric: &'static str,
        statistic: Statistic,
    ) -> MetricId {
        let wanted = WatchedMetric { entity: Some(entity), part, metric, keeps_values: false };
        let known = self
            .watched
            .iter()
            .position(|watched| WatchedMetric { keeps_values: false, ..*watched } == wanted);
        let position = known.unwrap_or_else(|| {
            self.watched.push(wanted);
            self.watched.len() - 1
        });
        self.watched[position].keeps_values |= statistic.needs_values();
        watched_metric(position)
    }

    /// How many metrics are published by programs: they are the first ones.
    pub(super) fn custom_metrics(&self) -> usize {
        self.config.custom_metrics.entries.len()
    }

    /// Whether metrics of single shards are among what is read here.
    pub(super) fn reads_parts(&self, watched: &Watched) -> bool {
        watched.metrics().iter().any(|(metric, _)| self.watched[metric.0 as usize].part.is_some())
    }

    /// Somebody needs the single values of everything that is read here.
    pub(super) fn keep_values(&mut self, watched: &Watched) {
        for (metric, _) in watched.metrics() {
            self.watched[metric.0 as usize].keeps_values = true;
        }
    }

    /// The time series of one metric, or the metric math it is short for.
    pub(super) fn series(
        &mut self,
        metric: &MetricConfig,
        statistic: Statistic,
        problems: &mut Problems,
    ) -> Option<Watched> {
        match &metric.backlog_per_instance {
            Some(consumer) => self.backlog_per_instance(consumer, problems),
            None => Some(Watched::Metric(self.metric(metric, statistic, problems)?, statistic)),
        }
    }

    /// The metric of a thing, by its name.
    fn metric(
        &mut self,
        metric: &MetricConfig,
        statistic: Statistic,
        problems: &mut Problems,
    ) -> Option<MetricId> {
        if let Some(custom) = &metric.custom_metric {
            return Some(watched_metric(self.custom.find(custom, problems)?.0));
        }
        let name = metric.name.as_ref()?;
        if !metric.has_owner() {
            return self.series_by_name(name, problems);
        }
        let (owner, definition) = self.definition(metric, problems)?;
        if metric.shard.is_some() {
            self.check_shard(metric, definition, statistic, problems)?;
        }
        Some(self.watch_part(owner, metric.shard, definition.name, statistic))
    }

    /// Metrics of single shards are published for streams that ask for them.
    fn check_shard(
        &self,
        metric: &MetricConfig,
        definition: &MetricDefinition,
        statistic: Statistic,
        problems: &mut Problems,
    ) -> Option<()> {
        let (stream, name) = (metric.stream.as_ref()?, definition.cloudwatch_name?);
        let asked = &self.config.streams.get(stream.as_str())?.enhanced_monitoring;
        if !asked.iter().any(|one| *one == ShardMetricConfig::All || one.as_str() == name) {
            problems
                .error(
                    metric.places.of("shard"),
                    format!("`{stream}` publishes no `{name}` of single shards"),
                )
                .why("\"EnableEnhancedMonitoring\": shard-level metrics are off by default")
                .help(format!("`streams: {{ {stream}: {{ enhanced_monitoring: [{name}] }} }}`"));
            return None;
        }
        if statistic.needs_values() {
            problems
                .error(metric.places.of("shard"), format!("there is no `{statistic}` of a single shard"))
                .help("take `Average`, `Sum`, `Minimum`, `Maximum` or `SampleCount`");
            return None;
        }
        Some(())
    }

    fn definition(
        &self,
        metric: &MetricConfig,
        problems: &mut Problems,
    ) -> Option<(EntityId, &'static MetricDefinition)> {
        let name = metric.name.as_ref()?;
        let (owner, tables) = self.owner(metric, problems)?;
        let definitions = || tables.iter().copied().flatten();
        let found = definitions().find(|definition| {
            definition.name == name.value || definition.cloudwatch_name == Some(&name.value)
        });
        let Some(definition) = found else {
            let names: Vec<&str> = definitions().map(|d| d.cloudwatch_name.unwrap_or(d.name)).collect();
            let help = problems.suggest(&name.value, &names, "metrics");
            problems.error(name.place, format!("there is no metric `{}`", name.value)).help(help);
            return None;
        };
        Some((owner, definition))
    }

    /// The metric of a thing, as the thing itself knows it.
    pub(super) fn source(
        &self,
        metric: &MetricConfig,
        problems: &mut Problems,
    ) -> Option<(EntityId, &'static str)> {
        if !metric.has_owner() {
            problems
                .error(metric.place, "a load is a metric of something of the scenario")
                .help("write `{ queue: orders, name: NumberOfMessagesSent }`");
            return None;
        }
        if let Some(place) = metric.places.key("shard") {
            problems.error(place, "a load is a metric of the whole stream");
            return None;
        }
        self.definition(metric, problems).map(|(owner, definition)| (owner, definition.name))
    }

    /// A metric by its name alone: one that is given from outside.
    fn series_by_name(&self, name: &Located<String>, problems: &mut Problems) -> Option<MetricId> {
        let found = self.given(&name.value);
        if found.is_none() {
            let names: Vec<&str> = self.given.iter().map(String::as_str).collect();
            let help = if names.is_empty() {
                format!("say whose metric it is: `{{ queue: orders, name: {} }}`", name.value)
            } else {
                problems.suggest(&name.value, &names, "series")
            };
            problems
                .error(name.place, format!("there is no metric that is just called `{}`", name.value))
                .help(help);
        }
        found
    }

    /// The thing whose metric is meant, and the tables of metrics that such things have.
    fn owner(
        &self,
        metric: &MetricConfig,
        problems: &mut Problems,
    ) -> Option<(EntityId, &'static [&'static [MetricDefinition]])> {
        if let Some(queue) = &metric.queue {
            return Some((self.directory.queues.find(queue, problems)?.1, &[QueueMetrics::DEFINITIONS]));
        }
        if let Some(consumer) = &metric.consumer {
            let (position, id) = self.directory.consumers.find(consumer, problems)?;
            let is_service = self.config.consumers.entries[position].1.ecs_service.is_some();
            let tables: &'static [&'static [MetricDefinition]] = if is_service {
                &[ConsumerMetrics::DEFINITIONS, ServiceMetrics::DEFINITIONS]
            } else {
                &[
                    ConsumerMetrics::DEFINITIONS,
                    GroupMetrics::DEFINITIONS,
                    GroupCapacityMetrics::DEFINITIONS,
                    WarmPoolMetrics::DEFINITIONS,
                ]
            };
            return Some((id, tables));
        }
        if let Some(function) = &metric.function {
            return Some((
                self.directory.functions.find(function, problems)?.1,
                &[FunctionMetrics::DEFINITIONS],
            ));
        }
        if let Some(mapping) = &metric.event_source_mapping {
            return Some((
                self.directory.mappings.find(mapping, problems)?.1,
                &[MappingMetrics::DEFINITIONS],
            ));
        }
        if let Some(topic) = &metric.topic {
            return Some((self.directory.topics.find(topic, problems)?.1, &[TopicMetrics::DEFINITIONS]));
        }
        if let Some(stream) = &metric.stream {
            let found = self.directory.streams.find(stream, problems)?;
            return Some(match metric.shard {
                Some(_) => (found.1, &[ShardMetrics::DEFINITIONS]),
                None => (found.1, &[StreamMetrics::DEFINITIONS]),
            });
        }
        if let Some(mapping) = &metric.stream_mapping {
            let found = self.directory.stream_mappings.find(mapping, problems)?;
            return Some((found.1, &[StreamMappingMetrics::DEFINITIONS]));
        }
        if let Some(consumer) = &metric.stream_consumer {
            let found = self.directory.stream_consumers.find(consumer, problems)?;
            return Some((found.1, &[StreamConsumerMetrics::DEFINITIONS]));
        }
        if let Some(broker) = &metric.broker {
            let found = self.directory.brokers.find(broker, problems)?;
            return Some((found.1, &[BrokerMetrics::DEFINITIONS]));
        }
        if let Some(queue) = &metric.broker_queue {
            let found = self.directory.broker_queues.find(queue, problems)?;
            return Some((found.1, &[BrokerQueueMetrics::DEFINITIONS]));
        }
        if let Some(stream) = &metric.delivery_stream {
            return self.delivery_stream(stream, problems);
        }
        if let Some(streams) = &metric.video_stream {
            let found = self.directory.video_streams.find(streams, problems)?;
            return Some((found.1, &[VideoStreamMetrics::DEFINITIONS]));
        }
        if let Some(application) = &metric.flink_application {
            let found = self.directory.flink_applications.find(application, problems)?;
            return Some((found.1, &[FlinkMetrics::DEFINITIONS]));
        }
        if let Some(application) = &metric.sql_application {
            let found = self.directory.sql_applications.find(application, problems)?;
            return Some((found.1, &[SqlMetrics::DEFINITIONS, FlinkMetrics::DEFINITIONS]));
        }
        let producer = self.directory.producers.find(metric.producer.as_ref()?, problems)?;
        Some((producer.1, &[ProducerMetrics::DEFINITIONS]))
    }

    /// "Scaling based on Amazon SQS": visible messages (Sum) over instances in service (Average), as metric math.
    pub(super) fn backlog_per_instance(
        &mut self,
        consumer: &Reference,
        problems: &mut Problems,
    ) -> Option<Watched> {
        if let Some(series) = self.given("BacklogPerInstance") {
            return Some(Watched::Metric(series, Statistic::Average));
        }
        let (position, group) = self.directory.consumers.find(consumer, problems)?;
        let source = &self.config.consumers.entries[position].1.receives_from;
        let queue = source.reference();
        let visible = if let Some(series) = self.given("ApproximateNumberOfMessagesVisible") {
            series
        } else if let ConsumerSource::BrokerQueue(queue) = source {
            let (position, id) = self.directory.broker_queues.find(queue, problems)?;
            let broker = &self.config.broker_queues.entries[position].1.broker;
            let is_rabbitmq = self.config.brokers.get(broker.as_str()).is_some_and(BrokerConfig::is_rabbitmq);
            self.watch(id, if is_rabbitmq { "messages_ready" } else { "queue_size" }, Statistic::Sum)
        } else {
            let (_, queue) = self.directory.queues.find(queue, problems)?;
            self.watch(queue, "messages_visible", Statistic::Sum)
        };
        let is_service = self.config.consumers.entries[position].1.ecs_service.is_some();
        let in_service = if is_service { "running_tasks" } else { "instances_in_service" };
        let metrics = vec![
            Some((visible, Statistic::Sum)),
            Some((self.watch(group, in_service, Statistic::Average), Statistic::Average)),
            None,
        ];
        let query = |id: &str, expression| Query { id: id.to_owned(), expression };
        let division = read("m1 / m2").ok()?;
        let queries = vec![query("m1", None), query("m2", None), query("e1", Some(division))];
        let math = MetricMath::new(queries, 2).ok()?;
        Some(Watched::Math(Arc::new(WatchedMath { math, metrics })))
    }

    /// CPU utilisation of a consumer's instances.
    pub(super) fn cpu_utilization(
        &mut self,
        consumer: &Reference,
        problems: &mut Problems,
    ) -> Option<Watched> {
        let given = self.given("CPUUtilization").or_else(|| self.given("ASGAverageCPUUtilization"));
        if let Some(series) = given.or_else(|| self.given("ECSServiceAverageCPUUtilization")) {
            return Some(Watched::Metric(series, Statistic::Average));
        }
        let (_, group) = self.directory.consumers.find(consumer, problems)?;
        Some(Watched::Metric(self.watch(group, "cpu_utilization", Statistic::Average), Statistic::Average))
    }

    /// The share of a function's provisioned environments that runs code.
    pub(super) fn provisioned_concurrency_utilization(&mut self, function: EntityId) -> Watched {
        let metric = self.watch(function, "provisioned_concurrency_utilization", Statistic::Average);
        Watched::Metric(metric, Statistic::Average)
    }

    /// The series of this name that is given from outside.
    fn given(&self, name: &str) -> Option<MetricId> {
        let position = self.given.iter().position(|given| given == name)?;
        Some(watched_metric(self.config.custom_metrics.entries.len() + position))
    }

    /// Metric math: the time series that a list of queries returns, and the period its metrics ask for. `place` is
    /// where the list stands.
    pub(super) fn queries(
        &mut self,
        configs: &[MetricQueryConfig],
        place: Option<Place>,
        problems: &mut Problems,
    ) -> Option<(Watched, Option<Located<Duration>>)> {
        let errors = problems.errors();
        check_ids(configs, problems);
        let returned = returned(configs, place, problems);
        let period = period(configs, problems);
        let named = configs.iter().filter(|config| config.metric.is_some()).count();
        if named > MOST_METRICS {
            problems
                .error(
                    place,
                    format!("metric math of an alarm has at most {MOST_METRICS} metrics, not {named}"),
                )
                .why("Using metric math: an alarm can be based on up to ten metrics");
        }
        let mut metrics = Vec::new();
        let mut queries = Vec::new();
        for config in configs {
            let statistic = config.statistic.map_or(Statistic::Average, |statistic| statistic.0);
            let metric = config.metric.as_ref().map(|metric| self.metric(metric, statistic, problems));
            metrics.push(metric.flatten().map(|metric| (metric, statistic)));
            let expression = config.expression.as_ref().map(|expression| {
                let term = read(&expression.value);
                term.map_err(|error| tell(expression, &error, problems)).ok()
            });
            queries.push(Query { id: config.id.value.clone(), expression: expression.flatten() });
        }
        if problems.errors() > errors {
            return None;
        }
        let returned = returned?;
        match MetricMath::new(queries, returned) {
            Ok(math) => {
                let watched = match metrics.get(returned)? {
                    Some((metric, statistic)) => Watched::Metric(*metric, *statistic),
                    None => Watched::Math(Arc::new(WatchedMath { math, metrics })),
                };
                Some((watched, period))
            }
            Err(errors) => {
                for error in errors {
                    if let Some(expression) = &configs[error.query].expression {
                        tell(expression, &error.error, problems);
                    }
                }
                None
            }
        }
    }
}

/// A problem of an expression, at its place in the scenario.
fn tell(expression: &Located<String>, error: &MathError, problems: &mut Problems) {
    let place = expression.place.part(&expression.value, error.start, error.end);
    problems.error(place, error.what.clone()).help(error.help.clone());
}

fn check_ids(configs: &[MetricQueryConfig], problems: &mut Problems) {
    for (position, config) in configs.iter().enumerate() {
        if configs[..position].iter().any(|earlier| earlier.id.value == config.id.value) {
            problems.error(config.id.place, format!("two queries have the id `{}`", config.id.value));
        }
    }
}

/// The position of the one query that is watched.
fn returned(configs: &[MetricQueryConfig], place: Option<Place>, problems: &mut Problems) -> Option<usize> {
    let returned: Vec<usize> = (0..configs.len()).filter(|query| configs[*query].return_data).collect();
    match returned[..] {
        [one] => return Some(one),
        [] => {
            problems.error(place, "one of the queries must be watched").help("leave its `return_data` away");
        }
        [_, second, ..] => {
            let expressions = configs.iter().any(|config| config.expression.is_some());
            problems
                .error(configs[second].id.place, "only one of the queries can be watched")
                .why("an alarm watches one time series, and `return_data` is true where it is not given")
                .help(if expressions {
                    "give the metrics that the expression reads `return_data: false`"
                } else {
                    "add an `expression`, and give the other queries `return_data: false`"
                });
        }
    }
    None
}

/// The period of the metrics, where one is given: all must agree.
fn period(configs: &[MetricQueryConfig], problems: &mut Problems) -> Option<Located<Duration>> {
    let mut found: Option<Located<Duration>> = None;
    for config in configs {
        let Some((value, place)) = config.period.zip(config.places.of("period")) else { continue };
        match found {
            None => found = Some(Located { value, place }),
            Some(first) if first.value != value => {
                problems
                    .error(place, "all metrics of an expression have the same period")
                    .why(format!("another one has {}", first.value));
            }
            Some(_) => {}
        }
    }
    found
}
