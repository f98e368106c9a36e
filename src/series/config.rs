//! Which time series is meant: a metric of something, a statistic of it, or metric math over several ("MetricDataQuery").

use super::statistic::Statistic;
use crate::language::{
    Decode, Definitions, Duration, Json, Located, Node, Problems, Reference, section, suggest,
};

section! {
    /// A metric: of a queue, consumer or producer, by its name.
    pub struct MetricConfig {
        /// The queue whose metric it is.
        pub queue: Option<Reference>;
        /// The consumer (or its Auto Scaling group) whose metric it is.
        pub consumer: Option<Reference>;
        /// The producer whose metric it is.
        pub producer: Option<Reference>;
        /// The topic whose metric it is.
        pub topic: Option<Reference>;
        /// The Lambda function whose metric it is.
        pub function: Option<Reference>;
        /// The event source mapping whose metric it is.
        pub event_source_mapping: Option<Reference>;
        /// The stream whose metric it is.
        pub stream: Option<Reference>;
        /// The consumer of a stream whose metric it is.
        pub stream_consumer: Option<Reference>;
        /// The event source mapping of a stream whose metric it is.
        pub stream_mapping: Option<Reference>;
        /// The delivery stream whose metric it is.
        pub delivery_stream: Option<Reference>;
        /// Whose metric it is: video streams.
        pub video_stream: Option<Reference>;
        /// The shard of the stream, by its number, whose metric it is (dimension `ShardId`); the stream needs
        /// `enhanced_monitoring`.
        pub shard: Option<u32>;
        /// The Flink application whose metric it is.
        pub flink_application: Option<Reference>;
        /// The SQL application whose metric it is.
        pub sql_application: Option<Reference>;
        /// The broker whose metric it is.
        pub broker: Option<Reference>;
        /// The queue of a broker whose metric it is.
        pub broker_queue: Option<Reference>;
        /// The metric: CloudWatch's name (`ApproximateNumberOfMessagesVisible`) or that of `summary.csv`.
        pub name: Option<Located<String>>;
        /// The metric that a program publishes, of `custom_metrics`.
        pub custom_metric: Option<Reference>;
        /// Short for metric math: the visible messages of this consumer's queue, divided by its instances in service.
        pub backlog_per_instance: Option<Reference>;
    }
    check MetricConfig::check;
}

section! {
    /// One of several queries: a statistic of a metric, or an expression over other queries ("MetricDataQuery").
    ///
    /// Exactly one query of a list has `return_data`: the one that is watched. Together they may name ten metrics.
    pub struct MetricQueryConfig {
        /// How expressions call it: a lower-case letter, then letters, digits and `_`.
        pub id: Located<String>;
        /// The metric; not together with `expression`.
        pub metric: Option<MetricConfig>;
        /// The statistic of the metric over a period; `Average` if not given.
        pub statistic: Option<StatisticConfig>;
        /// The metric's period; all queries of a list have the same, which is also the alarm's.
        pub period: Option<Duration>;
        /// Metric math over the ids of other queries, such as `visible / instances`.
        pub expression: Option<Located<String>>;
        /// What it is called in reports; by default its id.
        pub label: Option<String>;
        /// Whether it is the one that is watched.
        pub return_data: bool = true;
    }
    check MetricQueryConfig::check;
}

/// A statistic of a metric over a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StatisticConfig(pub Statistic);

impl Decode for StatisticConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let Some(text) = node.text() else {
            problems.mismatch(node, "a statistic such as `Average` or `p99`");
            return None;
        };
        match Statistic::parse(text) {
            Ok(statistic) => Some(StatisticConfig(statistic)),
            Err(what) => {
                let mut names: Vec<&str> = Statistic::PLAIN.iter().map(|(name, _)| *name).collect();
                names.extend(["p99", "tm99", "TM(10%:90%)", "PR(:300)"]);
                let help = suggest(text, &names, "statistics");
                problems.error(node.place, what).help(help);
                None
            }
        }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        const MEANING: &str = "A statistic (\"CloudWatch statistics definitions\"): `Average`, `Sum`, `Minimum`, `Maximum`, \
            `SampleCount`, a percentile (`p99.9`), a trimmed mean (`tm99`, `TM(10%:90%)`, `IQM`), a winsorized mean \
            (`wm99`, `WM(10%:90%)`), a trimmed count or sum (`tc99`, `TC(150:1000)`, `ts99`, `TS(:80%)`) or a percentile \
            rank (`PR(:300)`).";
        const PATTERN: &str = "^(Average|Sum|Minimum|Maximum|SampleCount|IQM|(p|tm|wm|tc|ts)[0-9.]+|(TM|WM|TC|TS|PR)\\([0-9.%]*:[0-9.%]*\\))$";
        let schema = serde_json::json!({
            "type": "string",
            "pattern": PATTERN,
            "examples": ["Average", "Sum", "p99", "tm99.5", "TM(10%:90%)", "PR(:300)"]
        });
        definitions.form("StatisticConfig", module_path!(), MEANING, schema)
    }

    fn type_name() -> String {
        crate::language::link("StatisticConfig")
    }

    fn to_json(&self) -> Option<Json> {
        Some(Json::from(self.0.to_string()))
    }
}

impl MetricConfig {
    /// Whether it says whose metric it is; otherwise it is one by its name alone.
    pub fn has_owner(&self) -> bool {
        self.owners() > 0
    }

    /// How many things it names whose metric it would be.
    fn owners(&self) -> usize {
        let owners = [
            &self.queue,
            &self.consumer,
            &self.producer,
            &self.topic,
            &self.function,
            &self.event_source_mapping,
            &self.stream,
            &self.stream_consumer,
            &self.stream_mapping,
            &self.delivery_stream,
            &self.video_stream,
            &self.flink_application,
            &self.sql_application,
            &self.broker,
            &self.broker_queue,
        ];
        owners.into_iter().flatten().count()
    }

    fn check(&self, problems: &mut Problems) {
        let owners = self.owners();
        if self.shard.is_some() && self.stream.is_none() {
            problems
                .error(self.places.of("shard"), "a shard belongs to a stream")
                .help("write `{ stream: clicks, shard: 0, name: IncomingRecords }`");
        }
        let whole = [&self.custom_metric, &self.backlog_per_instance].into_iter().flatten().count();
        let named = usize::from(self.name.is_some());
        // A name alone is a series that a policy test gives.
        if ![(1, 1, 0), (0, 1, 0), (0, 0, 1)].contains(&(owners, named, whole)) {
            problems
                .error(self.place, "a metric belongs to one thing and has a name")
                .help("write `{ queue: orders, name: ApproximateNumberOfMessagesVisible }`, `{ custom_metric: Backlog }` or `{ backlog_per_instance: workers }`");
        }
    }
}

impl MetricQueryConfig {
    fn check(&self, problems: &mut Problems) {
        let id = &self.id.value;
        let fits = id.starts_with(|letter: char| letter.is_ascii_lowercase())
            && id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            && id.len() <= 255;
        if !fits {
            problems
                .error(self.id.place, format!("`{id}` cannot be the id of a query"))
                .why("an id begins with a lower-case letter and goes on with letters, digits and `_`");
        }
        match (&self.metric, &self.expression) {
            (None, None) => {
                problems
                    .error(self.place, "a query reads a metric or computes an expression")
                    .help("give `metric` or `expression`");
            }
            (Some(_), Some(_)) => {
                problems.error(
                    self.places.key("expression"),
                    "a query reads a metric or computes an expression, not both",
                );
            }
            (Some(metric), None) if metric.backlog_per_instance.is_some() => {
                problems
                    .error(metric.place, "the backlog per instance is metric math of its own")
                    .help("read the two metrics in queries of their own and divide them in an `expression`");
            }
            (None, Some(_)) => {
                for key in ["statistic", "period"] {
                    if let Some(place) = self.places.key(key) {
                        problems.error(place, format!("an expression has no `{key}`: its metrics have"));
                    }
                }
            }
            (Some(_), None) => {}
        }
    }
}
