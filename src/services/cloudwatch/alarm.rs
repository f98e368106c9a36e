//! An alarm: what it watches, what it is set to, and the state it is in.

use super::action::AlarmActions;
use super::evaluate::{Rule, TreatMissingData, decide, evaluation_range};
use super::store::{Store, Window};
use super::watched::Watched;
use super::window::{EvaluationWindow, cadence};
use crate::engine::{Span, Time};
use crate::series::Statistic;
use crate::series::math::Points;
use crate::wire::{AlarmReport, AlarmState, JudgedDatapoint};

/// How a value is compared with the threshold, the value on the left ("`PutMetricAlarm`").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `>=`
    GreaterThanOrEqualToThreshold,
    /// `>`
    GreaterThanThreshold,
    /// `<`
    LessThanThreshold,
    /// `<=`
    LessThanOrEqualToThreshold,
}

impl Comparison {
    /// Whether a value breaches the threshold.
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Comparison::GreaterThanOrEqualToThreshold => value >= threshold,
            Comparison::GreaterThanThreshold => value > threshold,
            Comparison::LessThanThreshold => value < threshold,
            Comparison::LessThanOrEqualToThreshold => value <= threshold,
        }
    }

    /// In words, for "is … the threshold".
    pub fn words(self) -> &'static str {
        match self {
            Comparison::GreaterThanOrEqualToThreshold => "at or above",
            Comparison::GreaterThanThreshold => "above",
            Comparison::LessThanThreshold => "below",
            Comparison::LessThanOrEqualToThreshold => "at or below",
        }
    }
}

/// The time at the beginning in which an alarm does nothing ("Alarm warm-up periods").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUp {
    /// How long it lasts, from 1 to 2,880 minutes.
    pub duration: Span,
    /// Whether it lasts to its end; otherwise it ends with the first evaluation that finds N datapoints.
    pub to_the_end: bool,
}

/// Everything that is fixed about an alarm during a run.
#[derive(Debug, Clone)]
pub struct AlarmSettings {
    /// Its name.
    pub name: String,
    /// What it watches.
    pub watched: Watched,
    /// What that is called.
    pub label: String,
    /// `Period`: 10, 20 or 30 s, or a multiple of 60 s.
    pub period: Span,
    /// `EvaluationPeriods` N.
    pub evaluation_periods: u32,
    /// `DatapointsToAlarm` M, at most N.
    pub datapoints_to_alarm: u32,
    /// How many datapoints it fetches, at least N.
    pub evaluation_range: u32,
    /// `Threshold`.
    pub threshold: f64,
    /// `ComparisonOperator`.
    pub comparison: Comparison,
    /// `TreatMissingData`.
    pub treat_missing_data: TreatMissingData,
    /// `EvaluateLowSampleCountPercentile`: whether percentiles of few samples are judged.
    pub evaluates_low_samples: bool,
    /// `EvaluationWindow`.
    pub window: EvaluationWindow,
    /// `WarmUpConfiguration`.
    pub warm_up: Option<WarmUp>,
    /// `ActionsEnabled`.
    pub actions_enabled: bool,
    /// What it does.
    pub actions: AlarmActions,
}

impl AlarmSettings {
    /// An alarm with AWS's defaults: `periods` of `periods` minutes must be above the threshold.
    pub fn new(name: String, watched: Watched, label: String, periods: u32, threshold: f64) -> Self {
        Self {
            name,
            watched,
            label,
            period: Span::from_minutes(1),
            evaluation_periods: periods,
            datapoints_to_alarm: periods,
            evaluation_range: evaluation_range(periods as usize) as u32,
            threshold,
            comparison: Comparison::GreaterThanThreshold,
            treat_missing_data: TreatMissingData::Missing,
            evaluates_low_samples: true,
            window: EvaluationWindow::Sliding,
            warm_up: None,
            actions_enabled: true,
            actions: AlarmActions::default(),
        }
    }

    /// How far back it looks.
    pub(super) fn looks_back(&self) -> Span {
        self.period * (u64::from(self.evaluation_range) + 2)
    }
}

/// An alarm.
#[derive(Debug)]
pub(super) struct Alarm {
    pub(super) settings: AlarmSettings,
    pub(super) state: AlarmState,
    /// How long after the beginning of a minute, or of ten seconds, it is evaluated.
    pub(super) phase: Span,
    pub(super) time_in_alarm: Span,
    pub(super) state_since: Time,
    /// When it last acted.
    pub(super) acted_at: Option<Time>,
    /// Whether its warm-up goes on.
    pub(super) warms_up: bool,
}

/// What an evaluation found.
pub(super) struct Evaluation {
    pub(super) state: AlarmState,
    /// Which rule led to it.
    pub(super) rule: Rule,
    /// The values read, oldest first.
    pub(super) values: Points,
    /// The periods they are of.
    pub(super) window: Window,
}

impl Alarm {
    pub(super) fn new(settings: AlarmSettings, phase: Span) -> Self {
        let cadence = cadence(settings.period);
        Self {
            phase: Span::from_nanos(phase.as_nanos() % cadence.as_nanos()),
            warms_up: settings.warm_up.is_some(),
            settings,
            state: AlarmState::InsufficientData,
            time_in_alarm: Span::ZERO,
            state_since: Time::ZERO,
            acted_at: None,
        }
    }

    /// Looks at the newest periods.
    pub(super) fn evaluate(&self, store: &Store, now: Time, start_unix_millis: i64) -> Evaluation {
        let settings = &self.settings;
        let slots = settings.evaluation_range as usize;
        let window = settings.window.at(now, settings.period, slots, start_unix_millis);
        let values = settings.watched.points(store, &window);
        let points: Vec<Option<bool>> = values
            .iter()
            .map(|value| value.map(|value| settings.comparison.breaches(value, settings.threshold)))
            .collect();
        let (mut state, mut rule) = decide(
            &points,
            settings.evaluation_periods as usize,
            settings.datapoints_to_alarm as usize,
            settings.treat_missing_data,
            self.state,
        );
        if !settings.evaluates_low_samples && self.has_few_samples(store, &window) {
            (state, rule) = (self.state, Rule::FewSamples);
        }
        Evaluation { state, rule, values, window }
    }

    /// What the policies it invokes go by.
    pub(super) fn report(&self, evaluation: &Evaluation, report: &mut AlarmReport) {
        let settings = &self.settings;
        if report.alarm != settings.name {
            report.alarm.clone_from(&settings.name);
            report.condition =
                format!("{} the threshold {}", settings.comparison.words(), settings.threshold);
        }
        let newest = evaluation.values.iter().rev().flatten().take(settings.evaluation_periods as usize);
        report.datapoints.clear();
        report.datapoints.extend(newest.map(|value| JudgedDatapoint {
            value: *value,
            breaches: settings.comparison.breaches(*value, settings.threshold),
        }));
        report.datapoints.reverse();
    }

    /// Whether the newest datapoint has too few samples to say much ("Percentile-based alarms and low data samples").
    fn has_few_samples(&self, store: &Store, window: &Window) -> bool {
        let Watched::Metric(metric, statistic) = self.settings.watched else { return false };
        let Some(fewest) = statistic.fewest_samples() else { return false };
        let counts = store.points(metric, Statistic::SampleCount, window);
        counts.into_iter().rev().flatten().next().is_some_and(|count| count < fewest)
    }

    /// Whether its warm-up goes on after an evaluation: it ends with its time, or as soon as there are enough datapoints
    /// to fill the evaluation window.
    pub(super) fn goes_on_warming_up(&self, evaluation: &Evaluation, now: Time) -> bool {
        let Some(warm_up) = self.settings.warm_up.filter(|_| self.warms_up) else { return false };
        let filled = evaluation.values.iter().flatten().count() >= self.settings.evaluation_periods as usize;
        now < Time::ZERO + warm_up.duration && (warm_up.to_the_end || !filled)
    }

    /// Takes the state on; gives whether it was another one.
    pub(super) fn enter(&mut self, state: AlarmState, now: Time) -> bool {
        if state == self.state {
            return false;
        }
        self.settle(now);
        self.state = state;
        true
    }

    /// Brings the time in ALARM up to date.
    pub(super) fn settle(&mut self, now: Time) {
        if self.state == AlarmState::Alarm {
            self.time_in_alarm = self.time_in_alarm.saturating_add(now - self.state_since);
        }
        self.state_since = now;
    }
}
