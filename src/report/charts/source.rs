//! Where a chart finds its data on the tape. Anything may be missing; a missing series is an empty trace.

use super::panel::COLUMNS;
use super::trace::{Step, Thin, Trace};
use crate::record::{AlarmSeries, DistributionCurve, QuantileSeries, Tape};

/// A level or rate over time, thinned to what can be seen.
pub(super) fn series(tape: &Tape, kind: &str, name: &str, metric: &str, thin: Thin) -> Trace {
    tape.series
        .iter()
        .find(|series| series.kind == kind && series.name == name && series.definition.name == metric)
        .map_or_else(Trace::default, |series| trace(tape, series.points.iter().map(Step::from), thin))
}

/// The kinds of things that are queues.
const QUEUES: [&str; 3] = ["queue", "broker_queue", "broker_subscription"];

/// Whether something of this kind is a queue.
pub(super) fn is_queue(kind: &str) -> bool {
    QUEUES.contains(&kind)
}

/// A level or rate of a queue. Queues of brokers call theirs by other names.
pub(super) fn of_queue(tape: &Tape, name: &str, metric: &str, thin: Thin) -> Trace {
    let of_broker = match metric {
        "messages_visible" => "messages_ready",
        "messages_in_flight" => "in_flight_count",
        "messages_sent" => "enqueue_count",
        "messages_received" => "dispatch_count",
        "messages_deleted" => "dequeue_count",
        other => other,
    };
    let by_kind = QUEUES.iter().zip([metric, of_broker, of_broker]);
    let rabbitmq = QUEUES.iter().zip(["messages_unacknowledged"; 3]);
    let rabbitmq = rabbitmq.filter(|_| metric == "messages_in_flight");
    let mut found = by_kind.chain(rabbitmq).map(|(kind, metric)| series(tape, kind, name, metric, thin));
    found.find(|trace| !trace.is_empty()).unwrap_or_default()
}

/// Thins steps to what can be seen.
pub(super) fn trace(tape: &Tape, steps: impl Iterator<Item = Step>, thin: Thin) -> Trace {
    Trace::new(steps, tape.header.duration.as_seconds_f64(), COLUMNS, thin)
}

/// Quantiles over time.
pub(super) fn quantiles<'a>(
    tape: &'a Tape,
    kind: &str,
    name: &str,
    metric: &str,
) -> Option<&'a QuantileSeries> {
    tape.quantiles
        .iter()
        .find(|series| series.kind == kind && series.name == name && series.definition.name == metric)
}

/// The distribution of the whole run.
pub(super) fn distribution<'a>(
    tape: &'a Tape,
    kind: &str,
    name: &str,
    metric: &str,
) -> Option<&'a DistributionCurve> {
    tape.distributions
        .iter()
        .find(|curve| curve.kind == kind && curve.name == name && curve.definition.name == metric)
}

/// The queues that give messages to a consumer or function, in the tape's order.
pub(super) fn queues_of<'a>(tape: &'a Tape, consumer: &str) -> Vec<&'a str> {
    let mut queues: Vec<&str> = Vec::new();
    for flow in &tape.flows {
        let reads = is_queue(flow.from_kind)
            && matches!(flow.to_kind, "consumer" | "function")
            && flow.to == consumer;
        if reads && !queues.contains(&flow.from.as_str()) {
            queues.push(&flow.from);
        }
    }
    queues
}

/// The functions, in the tape's order.
pub(super) fn functions(tape: &Tape) -> Vec<&str> {
    let mut functions: Vec<&str> = Vec::new();
    for flow in tape.flows.iter().filter(|flow| flow.to_kind == "function") {
        if !functions.contains(&flow.to.as_str()) {
            functions.push(&flow.to);
        }
    }
    functions
}

/// The things of a kind that measure a latency.
pub(super) fn named<'a>(tape: &'a Tape, kind: &'static str) -> impl Iterator<Item = &'a str> {
    let of_kind = tape
        .quantiles
        .iter()
        .filter(move |series| series.kind == kind && series.definition.name == "end_to_end_latency");
    of_kind.map(|series| series.name.as_str())
}

/// The alarms that invoke scaling policies of a consumer, in the tape's order.
pub(super) fn alarms_of<'a>(tape: &'a Tape, consumer: &str) -> Vec<&'a AlarmSeries> {
    let invokes = |alarm: &&AlarmSeries| {
        tape.flows.iter().any(|flow| {
            flow.from_kind == "alarm"
                && flow.from == alarm.alarm
                && flow.to_kind == "consumer"
                && flow.to == consumer
        })
    };
    tape.alarm_series.iter().filter(invokes).collect()
}

/// The consumers that read a queue, in the tape's order.
pub(super) fn consumers(tape: &Tape) -> Vec<&str> {
    let mut consumers: Vec<&str> = Vec::new();
    for flow in &tape.flows {
        let reads = is_queue(flow.from_kind) && flow.to_kind == "consumer";
        if reads && !consumers.contains(&flow.to.as_str()) {
            consumers.push(&flow.to);
        }
    }
    consumers
}

/// Every queue the tape knows of, in its order.
pub(super) fn queues(tape: &Tape) -> Vec<&str> {
    let mut queues: Vec<&str> = Vec::new();
    let measured =
        tape.series.iter().filter(|series| is_queue(series.kind)).map(|series| series.name.as_str());
    let given = tape.flows.iter().filter(|flow| is_queue(flow.from_kind)).map(|flow| flow.from.as_str());
    let taken = tape.flows.iter().filter(|flow| is_queue(flow.to_kind)).map(|flow| flow.to.as_str());
    for queue in measured.chain(given).chain(taken) {
        if !queues.contains(&queue) {
            queues.push(queue);
        }
    }
    queues
}

/// The topics, in the tape's order.
pub(super) fn topics(tape: &Tape) -> Vec<&str> {
    let mut topics: Vec<&str> = Vec::new();
    for row in tape.ledger.rows().iter().filter(|row| row.kind == "topic") {
        if !topics.contains(&row.name.as_str()) {
            topics.push(&row.name);
        }
    }
    topics
}
