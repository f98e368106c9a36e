//! Finding on a tape what an expectation is about.

use super::{Origin, Quantity};
use crate::record::{Datapoint, SummaryRow, Tape, WindowReading};

/// What was observed; `None` when there was nothing, infinite for what never happened. `windows` are those of quantities
/// that come later.
pub(super) fn observe<'a>(
    quantity: &Quantity,
    tape: &Tape,
    windows: &mut impl Iterator<Item = &'a WindowReading>,
) -> Option<f64> {
    let Quantity { kind, name, metric, statistic, .. } = quantity;
    let is_meant = |row: &&SummaryRow| {
        row.kind == *kind && row.name == *name && row.metric == *metric && row.statistic == statistic.as_str()
    };
    if quantity.is_apart {
        return windows.next()?.rows.iter().find(is_meant).map(|row| row.value);
    }
    match quantity.origin {
        Origin::Summary | Origin::Instrument(_) => tape.summary.iter().find(is_meant).map(|row| row.value),
        Origin::Ledger => tape.ledger.get(kind, name, metric).map(|messages| messages as f64),
        Origin::Series => series(quantity, tape),
        Origin::Activities => Some(activities(quantity, tape)),
        Origin::Alarm => Some(alarm(quantity, tape)),
    }
}

/// The part of the run that is meant, in seconds.
fn part(quantity: &Quantity, tape: &Tape) -> (f64, f64) {
    let header = &tape.header;
    quantity.window.unwrap_or((header.warm_up.as_seconds_f64(), header.duration.as_seconds_f64()))
}

/// A statistic over all datapoints whose periods lie in the part of the run, as CloudWatch would answer for one period as
/// long as that.
fn series(quantity: &Quantity, tape: &Tape) -> Option<f64> {
    let (from, to) = part(quantity, tape);
    let of_metric = tape
        .metrics
        .iter()
        .filter(|series| {
            series.kind == quantity.kind
                && series.name == quantity.name
                && series.definition.cloudwatch_name == Some(&quantity.metric)
        })
        .map(|series| &series.datapoints);
    let custom = tape
        .custom_metrics
        .iter()
        .filter(|series| {
            quantity.kind == "custom_metric"
                && series.namespace == quantity.name
                && series.name == quantity.metric
        })
        .map(|series| &series.datapoints);
    let points: Vec<&Datapoint> = of_metric
        .chain(custom)
        .flatten()
        .filter(|point| {
            let begin = point.time.since_start();
            begin.as_seconds_f64() >= from && (begin + point.period).as_seconds_f64() <= to
        })
        .collect();
    if points.is_empty() {
        return None;
    }
    let total = |value: fn(&Datapoint) -> f64| points.iter().map(|point| value(point)).sum::<f64>();
    let seconds = |is_meant: &dyn Fn(f64) -> bool| {
        let meant = points.iter().filter(|point| is_meant(point.average()));
        meant.map(|point| point.period.as_seconds_f64()).sum()
    };
    let bound = quantity.bound.unwrap_or(0.0);
    Some(match quantity.statistic.as_str() {
        "Sum" => total(|point| point.sum),
        "SampleCount" => total(|point| point.sample_count),
        "Minimum" => points.iter().map(|point| point.minimum).fold(f64::INFINITY, f64::min),
        "Maximum" => points.iter().map(|point| point.maximum).fold(f64::NEG_INFINITY, f64::max),
        "time_above" => seconds(&|average| average > bound),
        "time_below" => seconds(&|average| average < bound),
        _ => total(|point| point.sum) / total(|point| point.sample_count),
    })
}

/// Changes of a group's desired capacity.
fn activities(quantity: &Quantity, tape: &Tape) -> f64 {
    let (from, to) = part(quantity, tape);
    let mut times = tape
        .activities
        .iter()
        .filter(|activity| activity.group == quantity.name && activity.status == "Successful")
        .filter(|activity| match quantity.metric.as_str() {
            "scale_outs" => activity.new_desired > activity.old_desired,
            "scale_ins" => activity.new_desired < activity.old_desired,
            _ => activity.new_desired != activity.old_desired,
        })
        .map(|activity| activity.time.since_start().as_seconds_f64())
        .filter(|time| (from..=to).contains(time));
    match quantity.statistic.as_str() {
        "first" => times.next().unwrap_or(f64::INFINITY),
        _ => times.count() as f64,
    }
}

/// How often, or when first, an alarm was in the state ALARM.
fn alarm(quantity: &Quantity, tape: &Tape) -> f64 {
    let (from, to) = part(quantity, tape);
    let changes = || {
        let of_alarm = tape.alarms.iter().filter(|change| change.alarm == quantity.name);
        of_alarm.map(|change| (change.time.since_start().as_seconds_f64(), change.new_state))
    };
    // One that goes off at the very beginning does so in the part.
    let before = changes().take_while(|(time, _)| *time < from).last();
    let began = before.filter(|(_, state)| *state == "ALARM").map(|_| from);
    let within = changes().filter(|(time, state)| *state == "ALARM" && (from..=to).contains(time));
    match quantity.statistic.as_str() {
        "first_alarm" => began.or_else(|| within.map(|(time, _)| time).next()).unwrap_or(f64::INFINITY),
        _ => within.count() as f64,
    }
}
