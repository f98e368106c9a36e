//! An alarm in a scenario.

use super::alarm::Comparison;
use super::evaluate::TreatMissingData;
use super::store::Statistic;
use crate::language::{Duration, Located, Problems, Reference, keyword, section};

section! {
    /// A CloudWatch alarm. It invokes the scaling policies that name it.
    pub struct AlarmConfig {
        /// What it watches.
        pub metric: AlarmMetricConfig;
        /// The statistic over a period.
        pub statistic: StatisticConfig = StatisticConfig::Average;
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

section! {
    /// What an alarm watches: a metric of a queue, consumer or producer, or the backlog per instance.
    pub struct AlarmMetricConfig {
        /// The queue whose metric it is.
        pub queue: Option<Reference>;
        /// The consumer (or its Auto Scaling group) whose metric it is.
        pub consumer: Option<Reference>;
        /// The producer whose metric it is.
        pub producer: Option<Reference>;
        /// The stream whose metric it is.
        pub stream: Option<Reference>;
        /// The consumer of a stream whose metric it is.
        pub stream_consumer: Option<Reference>;
        /// The metric: CloudWatch's name (`ApproximateNumberOfMessagesVisible`) or that of `summary.csv`.
        pub name: Option<Located<String>>;
        /// Metric math: the visible messages of this consumer's queue, divided by its instances in service.
        pub backlog_per_instance: Option<Reference>;
    }
    check AlarmMetricConfig::check;
}

keyword! {
    /// A statistic.
    pub enum StatisticConfig {
        /// Sum over number of samples.
        Average = "Average",
        /// Sum.
        Sum = "Sum",
        /// Smallest sample.
        Minimum = "Minimum",
        /// Largest sample.
        Maximum = "Maximum",
        /// Number of samples.
        SampleCount = "SampleCount",
    }
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

impl From<StatisticConfig> for Statistic {
    fn from(statistic: StatisticConfig) -> Self {
        match statistic {
            StatisticConfig::Average => Statistic::Average,
            StatisticConfig::Sum => Statistic::Sum,
            StatisticConfig::Minimum => Statistic::Minimum,
            StatisticConfig::Maximum => Statistic::Maximum,
            StatisticConfig::SampleCount => Statistic::SampleCount,
        }
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
}

impl AlarmMetricConfig {
    fn check(&self, problems: &mut Problems) {
        let owners = [&self.queue, &self.consumer, &self.producer, &self.stream, &self.stream_consumer]
            .into_iter()
            .flatten()
            .count();
        let math = self.backlog_per_instance.is_some();
        if (owners != 1 || self.name.is_none()) && !(math && owners == 0 && self.name.is_none()) {
            problems
                .error(self.place, "an alarm watches one metric")
                .help("write `{ queue: orders, name: ApproximateNumberOfMessagesVisible }` or `{ backlog_per_instance: workers }`");
        }
    }
}
