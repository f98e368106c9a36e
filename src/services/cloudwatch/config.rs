//! An alarm in a scenario.

use super::alarm::Comparison;
use super::evaluate::TreatMissingData;
use super::query_config::{MetricConfig, MetricQueryConfig, StatisticConfig};
use crate::language::{Duration, Problems, keyword, section};

section! {
    /// A CloudWatch alarm. It invokes the scaling policies that name it.
    pub struct AlarmConfig {
        /// The metric it watches; not together with `metrics`.
        pub metric: Option<MetricConfig>;
        /// The statistic of `metric` over a period; `Average` if not given.
        pub statistic: Option<StatisticConfig>;
        /// Metric math: metrics and expressions over them, one of which is watched.
        pub metrics: Option<Vec<MetricQueryConfig>>;
        /// Length of a period, a multiple of a minute.
        pub period: Duration = Duration::from_seconds(60), within (Duration::from_seconds(60), Duration::from_days(1));
        /// How many of the newest periods are judged.
        pub evaluation_periods: u32 = 1, within (1, 1440);
        /// How many of them must breach; by default all.
        pub datapoints_to_alarm: Option<u32>, at_least (1);
        /// What values are compared with.
        pub threshold: f64;
        /// When a value breaches, the value on the left.
        pub comparison_operator: ComparisonConfig = ComparisonConfig::GreaterThanThreshold;
        /// What missing datapoints mean.
        pub treat_missing_data: TreatMissingDataConfig = TreatMissingDataConfig::Missing;
    }
    check AlarmConfig::check;
}

keyword! {
    /// A comparison.
    pub enum ComparisonConfig {
        /// `>=`
        GreaterThanOrEqualToThreshold = "GreaterThanOrEqualToThreshold",
        /// `>`
        GreaterThanThreshold = "GreaterThanThreshold",
        /// `<`
        LessThanThreshold = "LessThanThreshold",
        /// `<=`
        LessThanOrEqualToThreshold = "LessThanOrEqualToThreshold",
    }
}

keyword! {
    /// What missing datapoints mean.
    pub enum TreatMissingDataConfig {
        /// Nothing; INSUFFICIENT_DATA when all are missing.
        Missing = "missing",
        /// The state is kept.
        Ignore = "ignore",
        /// They breach.
        Breaching = "breaching",
        /// They do not breach.
        NotBreaching = "notBreaching",
    }
}

impl From<ComparisonConfig> for Comparison {
    fn from(comparison: ComparisonConfig) -> Self {
        match comparison {
            ComparisonConfig::GreaterThanOrEqualToThreshold => Comparison::GreaterThanOrEqualToThreshold,
            ComparisonConfig::GreaterThanThreshold => Comparison::GreaterThanThreshold,
            ComparisonConfig::LessThanThreshold => Comparison::LessThanThreshold,
            ComparisonConfig::LessThanOrEqualToThreshold => Comparison::LessThanOrEqualToThreshold,
        }
    }
}

impl From<TreatMissingDataConfig> for TreatMissingData {
    fn from(treat: TreatMissingDataConfig) -> Self {
        match treat {
            TreatMissingDataConfig::Missing => TreatMissingData::Missing,
            TreatMissingDataConfig::Ignore => TreatMissingData::Ignore,
            TreatMissingDataConfig::Breaching => TreatMissingData::Breaching,
            TreatMissingDataConfig::NotBreaching => TreatMissingData::NotBreaching,
        }
    }
}

impl AlarmConfig {
    /// The limits of "`PutMetricAlarm`".
    fn check(&self, problems: &mut Problems) {
        const MINUTE: u64 = 60_000_000_000;
        const DAY: u64 = 1_440 * MINUTE;
        self.check_watched(problems);
        if !self.period.as_nanos().is_multiple_of(MINUTE) {
            problems
                .error(self.places.of("period"), "a period is a multiple of 60s")
                .why("shorter ones need high-resolution metrics, which are not modelled yet");
        }
        if self.period.as_nanos().saturating_mul(u64::from(self.evaluation_periods)) > 7 * DAY
            || (self.period.as_nanos() < 60 * MINUTE
                && self.period.as_nanos().saturating_mul(u64::from(self.evaluation_periods)) > DAY)
        {
            problems.error(
                self.places.of("evaluation_periods"),
                "`period` times `evaluation_periods` may be a day at most (a week for periods of an hour or more)",
            );
        }
        if self.datapoints_to_alarm.is_some_and(|datapoints| datapoints > self.evaluation_periods) {
            problems.error(
                self.places.of("datapoints_to_alarm"),
                format!(
                    "`datapoints_to_alarm` cannot exceed `evaluation_periods` ({})",
                    self.evaluation_periods
                ),
            );
        }
    }

    fn check_watched(&self, problems: &mut Problems) {
        if self.metric.is_some() == self.metrics.is_some() {
            problems
                .error(self.places.key("metrics").unwrap_or(self.place), "an alarm watches one time series")
                .why("it is that of a `metric`, or what `metrics` compute from several")
                .help("write `metric: { queue: orders, name: ApproximateNumberOfMessagesVisible }`");
        }
        if self.metrics.is_some()
            && let Some(place) = self.places.key("statistic")
        {
            problems
                .error(place, "`statistic` belongs to `metric`")
                .help("give each query of `metrics` a statistic of its own");
        }
    }
}
