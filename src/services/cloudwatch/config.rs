//! An alarm in a scenario.

use super::action_config::{self, ActionLists, NotifyConfig, by_state};
use super::alarm::Comparison;
use super::evaluate::TreatMissingData;
use super::window::{EvaluationWindow, WALL_CLOCK_PERIODS, time_zone};
use crate::language::{Duration, Located, Place, Problems, SourceId, choice, keyword, section};
use crate::series::{MetricConfig, MetricQueryConfig, StatisticConfig};
use crate::wire::AlarmState;

section! {
    /// A CloudWatch alarm. It invokes the scaling policies that name it.
    pub struct AlarmConfig {
        /// The metric it watches; not together with `metrics`.
        pub metric: Option<MetricConfig>;
        /// The statistic of `metric` over a period; `Average` if not given.
        pub statistic: Option<StatisticConfig>;
        /// Metric math: metrics and expressions over them, one of which is watched.
        pub metrics: Option<Vec<MetricQueryConfig>>;
        /// Length of a period: `10s`, `20s`, `30s`, or a multiple of a minute.
        pub period: Duration = Duration::from_seconds(60), within (Duration::from_seconds(10), Duration::from_days(7));
        /// How many of the newest periods are judged.
        pub evaluation_periods: u32 = 1, within (1, 8640);
        /// How many of them must breach; by default all.
        pub datapoints_to_alarm: Option<u32>, at_least (1);
        /// What values are compared with.
        pub threshold: f64;
        /// When a value breaches, the value on the left.
        pub comparison_operator: ComparisonConfig = ComparisonConfig::GreaterThanThreshold;
        /// What missing datapoints mean.
        pub treat_missing_data: TreatMissingDataConfig = TreatMissingDataConfig::Missing;
        /// Whether a percentile of too few samples is judged: fewer than 10 over the share of samples beyond it.
        pub evaluate_low_sample_count_percentile: LowSamplesConfig = LowSamplesConfig::Evaluate;
        /// How many of the newest periods it fetches, at least `evaluation_periods` N. An assumption: N + 2, or N + N/3 where
        /// that is more.
        pub evaluation_range: Option<u32>, within (1, 20_000);
        /// Where periods begin and end.
        pub evaluation_window: EvaluationWindowConfig = EvaluationWindowConfig::SlidingWindow;
        /// A time at the beginning in which it stays in INSUFFICIENT_DATA and does nothing.
        pub warm_up: Option<WarmUpConfig>;
        /// Whether it acts.
        pub actions_enabled: bool = true;
        /// Whom it tells when its state becomes ALARM (`AlarmActions`); scaling policies name their alarms themselves.
        pub alarm_actions: Vec<NotifyConfig> = Vec::new();
        /// Whom it tells when its state becomes OK (`OKActions`).
        pub ok_actions: Vec<NotifyConfig> = Vec::new();
        /// Whom it tells when its state becomes INSUFFICIENT_DATA (`InsufficientDataActions`).
        pub insufficient_data_actions: Vec<NotifyConfig> = Vec::new();
    }
    check AlarmConfig::check;
}

impl AlarmConfig {
    fn action_lists(&self) -> ActionLists<'_> {
        [&self.alarm_actions, &self.ok_actions, &self.insufficient_data_actions]
    }

    /// Whom it tells, by state.
    pub fn actions(&self) -> impl Iterator<Item = (AlarmState, &NotifyConfig)> {
        by_state(self.action_lists())
    }
}

keyword! {
    /// What becomes of percentiles of few samples ("EvaluateLowSampleCountPercentile").
    pub enum LowSamplesConfig {
        /// They are judged like any other.
        Evaluate = "evaluate",
        /// The state is kept while there are too few.
        Ignore = "ignore",
    }
}

choice! {
    /// Where the periods of an alarm begin and end ("Alarm evaluation window").
    pub enum EvaluationWindowConfig {
        /// The newest periods up to now: they move on with each evaluation.
        SlidingWindow = "sliding_window",
        /// Periods aligned to the clock; only those that are over are judged. The period is `60s`, `5m`, `1h`, `1d` or `7d`.
        WallClockWindow(WallClockWindowConfig) = "wall_clock_window",
    }
}

section! {
    /// A window that is aligned to the clock.
    pub struct WallClockWindowConfig {
        /// The time zone: a name such as `Europe/Berlin`, or an offset such as `+05:30`.
        pub time_zone: Located<String> = utc();
    }
}

section! {
    /// An alarm's warm-up ("WarmUpConfiguration").
    pub struct WarmUpConfig {
        /// How long it lasts.
        pub duration: Duration, within (Duration::from_seconds(60), Duration::from_days(2));
        /// Whether it lasts to its end; otherwise it ends as soon as there are enough datapoints to judge.
        pub only_start_evaluating_after_warm_up_period_ends: bool = false;
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
        const SECOND: u64 = 1_000_000_000;
        const MINUTE: u64 = 60 * SECOND;
        const DAY: u64 = 1_440 * MINUTE;
        self.check_watched(problems);
        action_config::check(self.action_lists(), problems);
        let period = self.period.as_nanos();
        if ![10 * SECOND, 20 * SECOND, 30 * SECOND].contains(&period) && !period.is_multiple_of(MINUTE) {
            problems.error(self.places.of("period"), "a period is 10s, 20s, 30s or a multiple of 60s");
        }
        let reach = period.saturating_mul(u64::from(self.evaluation_periods));
        if reach > 7 * DAY || (period < 60 * MINUTE && reach > DAY) {
            problems.error(
                self.places.of("evaluation_periods").or(self.places.of("period")),
                "`period` times `evaluation_periods` may be a day at most (a week for periods of an hour or more)",
            );
        }
        if self.evaluation_range.is_some_and(|range| range < self.evaluation_periods) {
            problems.error(
                self.places.of("evaluation_range"),
                format!("`evaluation_range` is at least `evaluation_periods` ({})", self.evaluation_periods),
            );
        }
        if let EvaluationWindowConfig::WallClockWindow(window) = &self.evaluation_window
            && !WALL_CLOCK_PERIODS.iter().any(|seconds| seconds * SECOND == period)
        {
            problems
                .error(
                    self.places.of("period").unwrap_or(window.place),
                    "a wall clock window has a period of 60s, 5m, 1h, 1d or 7d",
                )
                .why("WallClockWindow");
        }
        if self.evaluate_low_sample_count_percentile == LowSamplesConfig::Ignore
            && self.statistic.is_none_or(|statistic| statistic.0.fewest_samples().is_none())
        {
            problems
                .error(
                    self.places.key("evaluate_low_sample_count_percentile"),
                    "only alarms on a percentile can ignore low samples",
                )
                .help("give `statistic: p99`, or leave this away");
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

    /// Whether percentiles of few samples are judged.
    pub fn evaluates_low_samples(&self) -> bool {
        self.evaluate_low_sample_count_percentile == LowSamplesConfig::Evaluate
    }

    /// Its window, the time zone looked up; `None` when a problem was told.
    pub fn window(&self, problems: &mut Problems) -> Option<EvaluationWindow> {
        let EvaluationWindowConfig::WallClockWindow(window) = &self.evaluation_window else {
            return Some(EvaluationWindow::Sliding);
        };
        match time_zone(&window.time_zone.value) {
            Ok(zone) => Some(EvaluationWindow::WallClock(zone)),
            Err(what) => {
                problems
                    .error(window.time_zone.place, what)
                    .help("write a name such as `Europe/Berlin`, or an offset such as `+05:30`");
                None
            }
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

fn utc() -> Located<String> {
    Located { value: "UTC".to_owned(), place: Place::start_of(SourceId(0)) }
}
