//! A metric that a program publishes, in a scenario.

use super::custom::PublishAs;
use crate::language::{
    Decode, Definitions, DistributionOf, DistributionSpec, Duration, Json, Name, Named, Node, Problems,
    keyword, section,
};
use crate::series::{MetricConfig, MetricQueryConfig, RecordingConfig, StatisticConfig};

section! {
    /// A custom metric: a program measures something and publishes it with PutMetricData ("Publish custom metrics").
    ///
    /// What it measures is a metric of the scenario, metric math over several (both as they are when it publishes, not as
    /// CloudWatch shows them later), or values that are given.
    pub struct CustomMetricConfig {
        /// Its namespace.
        pub namespace: String = "Custom".to_owned();
        /// Its dimensions: names and values.
        pub dimensions: Named<Name>;
        /// Its unit ("MetricDatum").
        pub unit: String = "None".to_owned();
        /// The metric it is a statistic of.
        pub metric: Option<MetricConfig>;
        /// The statistic of `metric` since the time before; `Average` if not given.
        pub statistic: Option<StatisticConfig>;
        /// Metric math over several metrics.
        pub metrics: Option<Vec<MetricQueryConfig>>;
        /// Values given beforehand, one for each time; `null` where nothing is published, and after the last.
        pub values: Option<Vec<ValueConfig>>;
        /// Values of a recording, one for each time.
        pub recording: Option<RecordingConfig>;
        /// In which form it is published.
        pub publish_as: PublishAsConfig = PublishAsConfig::Value;
        /// How often it is published.
        pub publish_interval: Duration = Duration::from_seconds(60),
            within (Duration::from_seconds(1), Duration::from_days(1));
        /// `1s` for high resolution, `60s` for standard resolution.
        pub storage_resolution: Duration = Duration::from_seconds(60);
        /// How long after publishing a datapoint can be read. An assumption.
        pub metric_delay: DistributionOf<Duration> = default_delay();
    }
    check CustomMetricConfig::check;
}

keyword! {
    /// In which form a metric is published ("MetricDatum").
    pub enum PublishAsConfig {
        /// One value: the statistic.
        Value = "value",
        /// A statistic set: sample count, sum, minimum and maximum. Percentiles of it are not known.
        StatisticSet = "statistic_set",
        /// All values with their counts.
        Values = "values",
    }
}

/// A value, or `null` for none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueConfig(pub Option<f64>);

impl Decode for ValueConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if node.is_null() {
            Some(ValueConfig(None))
        } else {
            f64::decode(node, problems).map(|v| ValueConfig(Some(v)))
        }
    }

    fn schema(_: &mut Definitions) -> Json {
        serde_json::json!({ "type": ["number", "null"] })
    }

    fn type_name() -> String {
        "number or `null`".to_owned()
    }
}

impl From<PublishAsConfig> for PublishAs {
    fn from(config: PublishAsConfig) -> Self {
        match config {
            PublishAsConfig::Value => PublishAs::Value,
            PublishAsConfig::StatisticSet => PublishAs::StatisticSet,
            PublishAsConfig::Values => PublishAs::Values,
        }
    }
}

impl CustomMetricConfig {
    fn check(&self, problems: &mut Problems) {
        const SECOND: u64 = 1_000_000_000;
        let sources =
            [self.metric.is_some(), self.metrics.is_some(), self.values.is_some(), self.recording.is_some()];
        if sources.iter().filter(|given| **given).count() != 1 {
            problems
                .error(self.place, "a custom metric has one source")
                .help("give one of `metric`, `metrics`, `values` and `recording`");
        }
        if self.metric.is_none() {
            if let Some(place) = self.places.key("statistic") {
                problems.error(place, "`statistic` belongs to `metric`");
            }
            if self.publish_as != PublishAsConfig::Value {
                problems.error(
                    self.places.of("publish_as"),
                    "only what one `metric` measures has more than one value",
                );
            }
        }
        let resolution = self.storage_resolution.as_nanos();
        if resolution != SECOND && resolution != 60 * SECOND {
            problems
                .error(self.places.of("storage_resolution"), "the storage resolution is `1s` or `60s`")
                .why("PutMetricData: high resolution or standard resolution");
        }
        if !self.publish_interval.as_nanos().is_multiple_of(SECOND) {
            problems
                .error(self.places.of("publish_interval"), "`publish_interval` is a whole number of seconds");
        }
        if self.namespace.starts_with("AWS/") {
            problems
                .error(self.places.of("namespace"), "namespaces that begin with `AWS/` belong to AWS")
                .why("PutMetricData");
        }
    }
}

/// 2 seconds.
fn default_delay() -> DistributionOf<Duration> {
    DistributionOf::from_spec(DistributionSpec::Constant(2e9), None)
}
