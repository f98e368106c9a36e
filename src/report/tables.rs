//! The CSV files of a report. Their columns are a contract: new ones go to the end.

use super::ReportError;
use super::number::{WallClock, number, push_number, seconds};
use super::staging::Staging;
use crate::record::{Datapoint, Tape};

/// Writes every table of the tape.
pub(super) fn write(tape: &Tape, staging: &mut Staging) -> Result<(), ReportError> {
    summary(tape, staging)?;
    metrics(tape, staging)?;
    ledger(tape, staging)?;
    alarms(tape, staging)?;
    scaling_activities(tape, staging)?;
    if !tape.api_calls.is_empty() {
        api_calls(tape, staging)?;
    }
    if !tape.instances.is_empty() {
        instances(tape, staging)?;
    }
    if !tape.window_results.is_empty() {
        window_results(tape, staging)?;
    }
    if tape.expectations.is_empty() { Ok(()) } else { expectations(tape, staging) }
}

fn summary(tape: &Tape, staging: &mut Staging) -> Result<(), ReportError> {
    staging.table("summary.csv", &["kind", "name", "metric", "statistic", "value", "unit"], |table| {
        tape.summary.iter().try_for_each(|row| {
            table.row(&[row.kind, &row.name, &row.metric, row.statistic, &number(row.value), row.unit.name()])
        })
    })
}

/// A metric with its datapoints, as `metrics.csv` tells it.
struct Published<'a> {
    namespace: &'a str,
    metric: &'a str,
    dimensions: String,
    unit: &'a str,
    datapoints: &'a [Datapoint],
}

/// The datapoints CloudWatch would have, by time, then in the order of the series.
fn metrics(tape: &Tape, staging: &mut Staging) -> Result<(), ReportError> {
    const COLUMNS: [&str; 12] = [
        "timestamp",
        "time_s",
        "namespace",
        "metric",
        "dimensions",
        "period_s",
        "sample_count",
        "sum",
        "minimum",
        "maximum",
        "average",
        "unit",
    ];
    let published: Vec<Published<'_>> = tape
        .metrics
        .iter()
        .filter_map(|series| {
            let definition = series.definition;
            Some(Published {
                namespace: definition.namespace,
                metric: definition.cloudwatch_name?,
                dimensions: format!("{}={}", definition.dimension, series.name),
                unit: definition.unit.cloudwatch_name(),
                datapoints: &series.datapoints,
            })
        })
        .chain(tape.custom_metrics.iter().map(|series| Published {
            namespace: &series.namespace,
            metric: &series.name,
            dimensions: series.dimensions.clone(),
            unit: &series.unit,
            datapoints: &series.datapoints,
        }))
        .collect();
    let mut order: Vec<(u32, u32)> = published
        .iter()
        .zip(0..)
        .flat_map(|(series, index)| (0..series.datapoints.len() as u32).map(move |point| (index, point)))
        .collect();
    // Stable, so that equal times keep the order of the series.
    order.sort_by_key(|&(index, point)| published[index as usize].datapoints[point as usize].time);

    let clock = WallClock::new(tape.header.start_unix_millis);
    staging.table("metrics.csv", &COLUMNS, |table| {
        let mut last = None;
        let (mut timestamp, mut time_s, mut cell) = (String::new(), String::new(), String::new());
        for (index, point) in order {
            let series = &published[index as usize];
            let point = series.datapoints[point as usize];
            // All series of a minute share it.
            if last != Some(point.time) {
                last = Some(point.time);
                timestamp = clock.timestamp(point.time);
                time_s = seconds(point.time.as_nanos());
            }
            for text in [&timestamp, &time_s, series.namespace, series.metric, series.dimensions.as_str()] {
                table.cell(text)?;
            }
            let period = point.period.as_seconds_f64();
            let values =
                [period, point.sample_count, point.sum, point.minimum, point.maximum, point.average()];
            for value in values {
                cell.clear();
                push_number(&mut cell, value);
                table.cell(&cell)?;
            }
            table.cell(series.unit)?;
            table.end_row()?;
        }
        Ok(())
    })
}

fn ledger(tape: &Tape, staging: &mut Staging) -> Result<(), ReportError> {
    staging.table("ledger.csv", &["kind", "name", "fate", "messages"], |table| {
        tape.ledger
            .rows()
            .iter()
            .try_for_each(|row| table.row(&[row.kind, &row.name, row.fate, &row.messages.to_string()]))
    })
}

fn alarms(tape: &Tape, staging: &mut Staging) -> Result<(), ReportError> {
    let clock = WallClock::new(tape.header.start_unix_millis);
    let columns = ["timestamp", "time_s", "alarm", "old_state", "new_state", "reason", "actions"];
    staging.table("alarms.csv", &columns, |table| {
        tape.alarms.iter().try_for_each(|change| {
            table.row(&[
                &clock.timestamp(change.time),
                &seconds(change.time.as_nanos()),
                &change.alarm,
                change.old_state,
                change.new_state,
                &change.reason,
                &change.actions,
            ])
        })
    })
}

fn scaling_activities(tape: &Tape, staging: &mut Staging) -> Result<(), ReportError> {
    let clock = WallClock::new(tape.header.start_unix_millis);
    let columns = ["timestamp", "time_s", "group", "policy", "cause", "old_desired", "new_desired", "status"];
    staging.table("scaling_activities.csv", &columns, |table| {
        tape.activities.iter().try_for_each(|activity| {
            table.row(&[
                &clock.timestamp(activity.time),
                &seconds(activity.time.as_nanos()),
                &activity.group,
                &activity.policy,
                &activity.cause,
                &activity.old_desired.to_string(),
                &activity.new_desired.to_string(),
                activity.status,
            ])
        })
    })
}

fn instances(tape: &Tape, staging: &mut Staging) -> Result<(), ReportError> {
    let clock = WallClock::new(tape.header.start_unix_millis);
    let columns = ["timestamp", "time_s", "group", "instance", "availability_zone", "state", "cause"];
    staging.table("instances.csv", &columns, |table| {
        tape.instances.iter().try_for_each(|change| {
            table.row(&[
                &clock.timestamp(change.time),
                &seconds(change.time.as_nanos()),
                &change.group,
                &format!("i-{:08x}", change.instance),
                &char::from(b'a' + change.zone).to_string(),
                change.state,
                change.cause,
            ])
        })
    })
}

fn window_results(tape: &Tape, staging: &mut Staging) -> Result<(), ReportError> {
    let columns = [
        "time_s",
        "application",
        "operator",
        "key",
        "window_start",
        "window_end",
        "event_time_step",
        "count",
        "sum",
        "minimum",
        "maximum",
        "late",
        "repeated",
    ];
    staging.table("window_results.csv", &columns, |table| {
        tape.window_results.iter().try_for_each(|result| {
            table.row(&[
                &seconds(result.time.as_nanos()),
                &result.application,
                &result.operator.to_string(),
                &result.key,
                &WallClock::millisecond(result.start_unix_millis),
                &WallClock::millisecond(result.end_unix_millis),
                &result.event_step_unix_millis.map_or_else(String::new, WallClock::millisecond),
                &result.count.to_string(),
                &number(result.sum),
                &number(result.minimum),
                &number(result.maximum),
                if result.is_late { "true" } else { "false" },
                if result.is_repeated { "true" } else { "false" },
            ])
        })
    })
}

fn api_calls(tape: &Tape, staging: &mut Staging) -> Result<(), ReportError> {
    let columns = ["time_s", "client", "action", "resource", "request", "outcome", "messages", "answered_s"];
    staging.table("api_calls.csv", &columns, |table| {
        tape.api_calls.iter().try_for_each(|call| {
            table.row(&[
                &seconds(call.time.as_nanos()),
                &call.client,
                call.action,
                &call.resource,
                &call.request,
                &call.outcome,
                &call.messages,
                &seconds(call.answered_at.as_nanos()),
            ])
        })
    })
}

fn expectations(tape: &Tape, staging: &mut Staging) -> Result<(), ReportError> {
    staging.table("expectations.csv", &["name", "expression", "observed", "passed"], |table| {
        tape.expectations.iter().try_for_each(|result| {
            let passed = if result.passed { "true" } else { "false" };
            table.row(&[&result.name, &result.expression, &result.observed, passed])
        })
    })
}

#[cfg(test)]
#[path = "tables_tests.rs"]
mod tests;
