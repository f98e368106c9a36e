//! What is told of a run in sentences, on a terminal and on a page alike.

use super::{names, told};
use crate::engine::Time;
use crate::record::{Tape, Unit};
use crate::report::human;
use crate::report::number::WallClock;
use std::fmt::Write as _;

/// Seed, length and warm-up.
pub(in crate::report) fn facts(tape: &Tape) -> String {
    let header = &tape.header;
    let start = WallClock::new(header.start_unix_millis).timestamp(Time::ZERO);
    let mut facts = vec![format!("seed {}", header.seed)];
    if header.replication > 0 {
        facts.push(format!("replication {}", header.replication));
    }
    facts.push(format!("{} simulated from {start}", human::span(header.duration.as_seconds_f64())));
    if !header.warm_up.is_zero() {
        let warm_up = human::span(header.warm_up.as_seconds_f64());
        facts.push(format!("the first {warm_up} not in the statistics"));
    }
    facts.join(", ")
}

/// Messages that nobody could process deserve a sentence of their own.
pub(in crate::report) fn dead_letters(tape: &Tape) -> Vec<String> {
    let mut sentences = Vec::new();
    for name in names(tape, "queue") {
        let Some((number, told)) = told(tape, ("queue", name), "messages_dead_lettered", "sum") else {
            continue;
        };
        if number > 0.0 {
            let to = tape
                .flows
                .iter()
                .find(|flow| flow.from_kind == "queue" && flow.to_kind == "queue" && flow.from == name);
            let to = to
                .map_or("its dead-letter queue".to_owned(), |flow| format!("dead-letter queue {}", flow.to));
            let messages = if told == "1" { "message was" } else { "messages were" };
            sentences.push(format!("{told} {messages} moved from {name} to {to}."));
        }
    }
    sentences
}

/// Counters that tell of something lost, refused or done twice, and what to call them.
const LOSSES: [(&str, &str, &str); 14] = [
    ("producer", "messages_rejected", "rejected for good"),
    ("queue", "messages_expired", "expired, nobody had deleted them"),
    ("topic", "notifications_failed", "notifications failed"),
    ("consumer", "duplicates", "processed more than once"),
    ("function", "duplicates", "processed more than once"),
    ("function", "throttles", "invocations throttled"),
    ("function", "async_events_dropped", "events dropped"),
    ("stream", "write_throttled", "writes throttled"),
    ("stream", "records_expired_unread", "records expired unread"),
    ("stream_consumer", "duplicates", "processed more than once"),
    ("delivery_stream", "records_lost", "records lost"),
    ("camera", "fragments_dropped", "fragments dropped"),
    ("broker_queue", "messages_lost", "lost"),
    ("broker_queue", "messages_stored_twice", "stored twice"),
];

/// What was lost, refused or done twice.
pub(in crate::report) fn losses(tape: &Tape) -> Vec<String> {
    let mut sentences = Vec::new();
    for (kind, metric, what) in LOSSES {
        for name in names(tape, kind) {
            if let Some((_, number)) =
                told(tape, (kind, name), metric, "sum").filter(|(value, _)| *value > 0.0)
            {
                sentences.push(format!("{name}: {number} {what}."));
            }
        }
    }
    sentences
}

/// Calls and cost, with the three resources that cost most.
pub(in crate::report) fn cost(tape: &Tape) -> String {
    let run = |metric| {
        tape.summary
            .iter()
            .find(|row| row.kind == "run" && row.metric == metric && row.statistic == "sum")
            .map(|row| human::value(row.value, row.unit))
    };
    let mut sentence = run("api_calls").map(|calls| format!("{calls} API calls")).unwrap_or_default();
    if let Some(cost) = run("estimated_cost") {
        let joint = if sentence.is_empty() { "Estimated" } else { ", estimated" };
        let _ = write!(sentence, "{joint} cost {cost}"); // into a string
        let mut parts: Vec<_> = tape
            .summary
            .iter()
            .filter(|row| row.kind != "run" && row.metric == "estimated_cost" && row.value > 0.0)
            .collect();
        // Stable: equal costs stay in the tape's order.
        parts.sort_by(|a, b| b.value.total_cmp(&a.value));
        if parts.len() > 1 {
            let most: Vec<String> = parts
                .iter()
                .take(3)
                .map(|row| format!("{} {}", row.name, human::value(row.value, Unit::Dollars)))
                .collect();
            let rest = if parts.len() > 3 { ", …" } else { "" };
            let _ = write!(sentence, " ({}{rest})", most.join(", ")); // into a string
        }
    }
    sentence
}
