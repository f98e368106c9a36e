//! From the datapoints of an evaluation range to a state: "Configuring how CloudWatch alarms treat missing data".

use crate::wire::AlarmState;

/// What an alarm makes of points that are missing ("`PutMetricAlarm`", `TreatMissingData`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreatMissingData {
    /// Nothing: INSUFFICIENT_DATA when all are missing.
    Missing,
    /// The state is kept.
    Ignore,
    /// They count as breaching.
    Breaching,
    /// They count as good.
    NotBreaching,
}

/// How many points an alarm looks at for `evaluation_periods` N: AWS says only that it fetches more than N; two more,
/// or a third more when that is larger, is an assumption that fits the published tables (N = 3, five points).
pub fn evaluation_range(evaluation_periods: usize) -> usize {
    evaluation_periods + (evaluation_periods / 3).max(2)
}

/// Which rule led to a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// There are no points at all.
    Empty,
    /// The newest N points that exist were judged.
    Judged,
    /// Fewer than N exist, and those missing were treated.
    Filled,
    /// Only breaching points exist, fewer than M: an alarm when the oldest is old enough, else the state is kept.
    Premature,
    /// The newest percentile is of too few samples: the state is kept.
    FewSamples,
}

/// The state that follows from a range of points, oldest first: `Some(true)` breaching, `Some(false)` good, `None`
/// missing. `datapoints_to_alarm` M of the newest `evaluation_periods` N must breach.
pub fn evaluate(
    range: &[Option<bool>],
    evaluation_periods: usize,
    datapoints_to_alarm: usize,
    treat: TreatMissingData,
    present: AlarmState,
) -> AlarmState {
    decide(range, evaluation_periods, datapoints_to_alarm, treat, present).0
}

/// The same, with the rule that led to the state.
pub(super) fn decide(
    range: &[Option<bool>],
    evaluation_periods: usize,
    datapoints_to_alarm: usize,
    treat: TreatMissingData,
    present: AlarmState,
) -> (AlarmState, Rule) {
    let real: Vec<bool> = range.iter().flatten().copied().collect();
    let state = |alarm: bool| if alarm { AlarmState::Alarm } else { AlarmState::Ok };
    if real.is_empty() {
        let state = match treat {
            TreatMissingData::Missing => AlarmState::InsufficientData,
            TreatMissingData::Ignore => present,
            TreatMissingData::Breaching => AlarmState::Alarm,
            TreatMissingData::NotBreaching => AlarmState::Ok,
        };
        return (state, Rule::Empty);
    }
    let breaching = |points: &[bool]| points.iter().filter(|breaches| **breaches).count();
    if real.len() >= evaluation_periods {
        let newest = &real[real.len() - evaluation_periods..];
        return (state(breaching(newest) >= datapoints_to_alarm), Rule::Judged);
    }
    let found = breaching(&real);
    let filled = evaluation_periods - real.len();
    match treat {
        TreatMissingData::Breaching => (state(found + filled >= datapoints_to_alarm), Rule::Filled),
        TreatMissingData::NotBreaching => (state(found >= datapoints_to_alarm), Rule::Filled),
        TreatMissingData::Missing | TreatMissingData::Ignore if found >= datapoints_to_alarm => {
            (AlarmState::Alarm, Rule::Filled)
        }
        TreatMissingData::Missing | TreatMissingData::Ignore if found < real.len() => {
            (AlarmState::Ok, Rule::Filled)
        }
        TreatMissingData::Missing | TreatMissingData::Ignore => {
            // Only breaching points, too few of them: ALARM once the oldest is old enough, not at once.
            let oldest = range.iter().position(Option::is_some).map_or(0, |index| range.len() - index);
            let is_old = oldest >= datapoints_to_alarm && treat == TreatMissingData::Missing;
            (if is_old { AlarmState::Alarm } else { present }, Rule::Premature)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published tables: five points, oldest first; the state by treatment (missing, ignore, breaching, not
    /// breaching), `K` for the state kept.
    #[test]
    fn the_published_tables() {
        let tables = [
            (3, "0-X-X", "OOOO"),
            (3, "0----", "OOOO"),
            (3, "-----", "IKAO"),
            (3, "0XX-X", "AAAA"),
            (3, "--X--", "AKAO"),
            (2, "0-X-X", "AAAA"),
            (2, "00X0X", "AAAA"),
            (2, "0-X--", "OOAO"),
            (2, "----0", "OOAO"),
            (2, "---X-", "AKAO"),
        ];
        let treatments = [
            TreatMissingData::Missing,
            TreatMissingData::Ignore,
            TreatMissingData::Breaching,
            TreatMissingData::NotBreaching,
        ];
        for (datapoints_to_alarm, points, states) in tables {
            let range: Vec<Option<bool>> =
                points.chars().map(|point| (point != '-').then_some(point == 'X')).collect();
            for (treat, wanted) in treatments.into_iter().zip(states.chars()) {
                for present in [AlarmState::Ok, AlarmState::Alarm, AlarmState::InsufficientData] {
                    let wanted = match wanted {
                        'O' => AlarmState::Ok,
                        'A' => AlarmState::Alarm,
                        'I' => AlarmState::InsufficientData,
                        _ => present,
                    };
                    let found = evaluate(&range, 3, datapoints_to_alarm, treat, present);
                    assert_eq!(found, wanted, "{points}, {datapoints_to_alarm} of 3, {treat:?}, {present:?}");
                }
            }
        }
    }

    #[test]
    fn one_breaching_point_does_not_alarm_at_once() {
        let range = [None, None, None, None, Some(true)];
        assert_eq!(evaluate(&range, 3, 3, TreatMissingData::Missing, AlarmState::Ok), AlarmState::Ok);
        assert_eq!(evaluation_range(3), 5);
        assert_eq!(evaluation_range(15), 20);
    }
}
