//! An alarm: what it watches, what it is set to, and the state it is in.

use super::evaluate::{TreatMissingData, evaluate, evaluation_range};
use super::store::{Store, Window};
use super::watched::Watched;
use crate::engine::{Span, Time};
use crate::wire::{AlarmReport, AlarmState, EntityId, JudgedDatapoint};
use std::fmt::Write as _;

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
    fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Comparison::GreaterThanOrEqualToThreshold => value >= threshold,
            Comparison::GreaterThanThreshold => value > threshold,
            Comparison::LessThanThreshold => value < threshold,
            Comparison::LessThanOrEqualToThreshold => value <= threshold,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Comparison::GreaterThanOrEqualToThreshold => "at or above",
            Comparison::GreaterThanThreshold => "above",
            Comparison::LessThanThreshold => "below",
            Comparison::LessThanOrEqualToThreshold => "at or below",
        }
    }
}

/// Everything that is fixed about an alarm during a run.
#[derive(Debug, Clone)]
pub struct AlarmSettings {
    /// Its name.
    pub name: String,
    /// What it watches.
    pub watched: Watched,
    /// `Period`: a multiple of 60 s.
    pub period: Span,
    /// `EvaluationPeriods` N.
    pub evaluation_periods: u32,
    /// `DatapointsToAlarm` M, at most N.
    pub datapoints_to_alarm: u32,
    /// `Threshold`.
    pub threshold: f64,
    /// `ComparisonOperator`.
    pub comparison: Comparison,
    /// `TreatMissingData`.
    pub treat_missing_data: TreatMissingData,
    /// Scaling policies it invokes: the group, and the policy as the group numbers it.
    pub policies: Vec<(EntityId, u32)>,
}

impl AlarmSettings {
    /// How far back it looks.
    pub(super) fn looks_back(&self) -> Span {
        self.period * (evaluation_range(self.evaluation_periods as usize) as u64 + 1)
    }
}

/// An alarm.
#[derive(Debug)]
pub(super) struct Alarm {
    pub(super) settings: AlarmSettings,
    pub(super) state: AlarmState,
    /// The second of the minute at which it is evaluated.
    pub(super) phase: Span,
    pub(super) time_in_alarm: Span,
    pub(super) state_since: Time,
}

/// What an evaluation found.
pub(super) struct Evaluation {
    pub(super) state: AlarmState,
    /// The values read, oldest first.
    values: Vec<Option<f64>>,
}

impl Alarm {
    /// Looks at the newest whole minutes: the window slides with each evaluation ("Alarm evaluation").
    pub(super) fn evaluate(&self, store: &Store, now: Time, start_unix_millis: i64) -> Evaluation {
        let settings = &self.settings;
        let window = Window {
            end: now.floor_to(Span::from_minutes(1)),
            period: settings.period,
            slots: evaluation_range(settings.evaluation_periods as usize),
            now,
        };
        let values = settings.watched.points(store, window, start_unix_millis);
        let points: Vec<Option<bool>> = values
            .iter()
            .map(|value| value.map(|value| settings.comparison.breaches(value, settings.threshold)))
            .collect();
        let state = evaluate(
            &points,
            settings.evaluation_periods as usize,
            settings.datapoints_to_alarm as usize,
            settings.treat_missing_data,
            self.state,
        );
        Evaluation { state, values }
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

    /// Why the state is what it is, for a person.
    pub(super) fn reason(&self, evaluation: &Evaluation) -> String {
        let settings = &self.settings;
        let wanted = settings.evaluation_periods as usize;
        let mut judged: Vec<f64> = evaluation.values.iter().rev().flatten().take(wanted).copied().collect();
        judged.reverse();
        if judged.is_empty() {
            return format!("no datapoint in the last {} periods", evaluation.values.len());
        }
        let breaching =
            judged.iter().filter(|value| settings.comparison.breaches(**value, settings.threshold)).count();
        let mut text = format!(
            "{breaching} of the last {} datapoints {} {} the threshold {}: ",
            judged.len(),
            if breaching == 1 { "is" } else { "are" },
            settings.comparison.words(),
            settings.threshold
        );
        for (index, value) in judged.iter().enumerate() {
            let _ =
                write!(text, "{}{}", if index == 0 { "" } else { ", " }, (value * 1000.0).round() / 1000.0);
        }
        let _ = write!(text, " ({} of {wanted} make an alarm", settings.datapoints_to_alarm);
        if judged.len() < wanted {
            let _ = write!(text, ", {} missing", wanted - judged.len());
        }
        text.push(')');
        text
    }
}
