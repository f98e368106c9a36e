//! Why an alarm's state is what it is, for a person.

use super::alarm::{AlarmSettings, Evaluation};
use super::evaluate::{Rule, TreatMissingData};
use crate::wire::AlarmState;
use std::fmt::Write as _;

/// The sentence of a state change: which datapoints were judged, and which rule led to the state.
pub(super) fn reason(settings: &AlarmSettings, evaluation: &Evaluation) -> String {
    let wanted = settings.evaluation_periods as usize;
    let range = evaluation.values.len();
    let treat = settings.treat_missing_data.word();
    if evaluation.rule == Rule::Empty {
        return format!("no datapoint in the last {range} periods; missing data is treated as `{treat}`");
    }
    let real =
        evaluation.values.iter().enumerate().filter_map(|(slot, value)| value.map(|value| (slot, value)));
    let real: Vec<(usize, f64)> = real.collect();
    let judged = &real[real.len().saturating_sub(wanted)..];
    let breaching =
        judged.iter().filter(|(_, value)| settings.comparison.breaches(*value, settings.threshold));
    let breaching = breaching.count();
    let mut text = format!(
        "{breaching} of the last {} datapoint{} {} {} the threshold {}: ",
        judged.len(),
        if judged.len() == 1 { "" } else { "s" },
        if breaching == 1 { "is" } else { "are" },
        settings.comparison.words(),
        settings.threshold
    );
    for (index, (slot, value)) in judged.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        let _ =
            write!(text, "{separator}{} at {}", (value * 1000.0).round() / 1000.0, clock(evaluation, *slot));
    }
    let _ = write!(text, " ({} of {wanted} make an alarm", settings.datapoints_to_alarm);
    if judged.len() < wanted {
        let _ = write!(text, ", {} missing", wanted - judged.len());
    }
    text.push(')');
    match evaluation.rule {
        Rule::Filled => {
            let _ = write!(text, "; missing data is treated as `{treat}`");
        }
        Rule::Premature if evaluation.state == AlarmState::Alarm => {
            let _ = write!(
                text,
                "; fewer than {} datapoints, but the oldest of them is {} periods old and none after it is good",
                settings.datapoints_to_alarm, settings.datapoints_to_alarm
            );
        }
        _ => {}
    }
    text
}

/// The wall clock, UTC, at the beginning of a period.
fn clock(evaluation: &Evaluation, slot: usize) -> String {
    let millis = evaluation.window.slot_start_unix_millis(slot);
    let time = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let pattern =
        if evaluation.window.period.as_nanos().is_multiple_of(60_000_000_000) { "%H:%M" } else { "%H:%M:%S" };
    time.strftime(pattern).to_string()
}

impl TreatMissingData {
    /// CloudWatch's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            TreatMissingData::Missing => "missing",
            TreatMissingData::Ignore => "ignore",
            TreatMissingData::Breaching => "breaching",
            TreatMissingData::NotBreaching => "notBreaching",
        }
    }
}
