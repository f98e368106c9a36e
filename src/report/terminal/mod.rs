//! What a run shows on a terminal: a header, a table for each kind of thing, and where the files are.

mod grid;

use super::human;
use super::number::WallClock;
use crate::engine::Time;
use crate::record::{Tape, TheoryRow, Unit};
use anstyle::{AnsiColor, Style};
use grid::Grid;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// The summary of a run for a terminal `width` columns wide, with ANSI styles (print it through `anstream`).
///
/// `files` are the paths that [`write`](super::write) returned, none when nothing was written. Tables wider than
/// the terminal continue below; columns in which nothing happened and kinds without members are left out.
pub fn summary(tape: &Tape, width: usize, files: &[PathBuf]) -> String {
    let width = width.max(40);
    let mut parts = vec![header(tape, width)];
    let tables = [
        producers(tape),
        requesters(tape),
        topics(tape),
        subscriptions(tape),
        queues(tape),
        consumers(tape),
        functions(tape),
        object_stores(tape),
        streams(tape),
        sizing(tape),
        stream_consumers(tape),
        stream_mappings(tape),
        delivery_streams(tape),
        cameras(tape),
        video_streams(tape),
        video_consumers(tape),
    ];
    for table in tables {
        parts.push(table.render(width));
    }
    parts.push(dead_letters(tape, width));
    parts.push(cost(tape, width));
    parts.push(theory(tape, width));
    parts.push(expectations(tape, width));
    parts.push(tape.notes.iter().map(|note| wrapped(&format!("Note: {note}"), width, "      ")).collect());
    parts.push(places(files, width));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// A table for a terminal: a row for each name, columns that have no room continue below; missing cells are dashes.
pub fn grid(
    title: &str,
    names: &[String],
    columns: Vec<(&str, Vec<Option<String>>)>,
    width: usize,
) -> String {
    let mut grid = Grid::whole(title, names);
    for (head, cells) in columns {
        grid.column(head, cells);
    }
    grid.render(width.max(40))
}

fn header(tape: &Tape, width: usize) -> String {
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
    let mut text = format!("{BOLD}{}{BOLD:#}\n", header.scenario);
    if !header.description.trim().is_empty() {
        text += &wrapped(header.description.trim(), width, "");
    }
    let facts = wrapped(&facts.join(", "), width, "");
    let _ = writeln!(text, "{DIM}{}{DIM:#}", facts.trim_end()); // into a string
    text
}

/// A statistic of one thing, as a person reads it; `None` when the tape has none.
fn told(tape: &Tape, (kind, name): (&str, &str), metric: &str, statistic: &str) -> Option<(f64, String)> {
    let row = tape.summary.iter().find(|row| {
        row.kind == kind && row.name == name && row.metric == metric && row.statistic == statistic
    })?;
    Some((row.value, human::value(row.value, row.unit)))
}

/// The names of a kind, in the tape's order.
fn names<'a>(tape: &'a Tape, kind: &str) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for row in tape.summary.iter().filter(|row| row.kind == kind) {
        if !names.contains(&row.name.as_str()) {
            names.push(&row.name);
        }
    }
    names
}

/// A column: its head, the metric and statistic in it, and whether it is shown when nothing happened.
type Column = (&'static str, &'static str, &'static str, bool);

fn table(tape: &Tape, title: &str, kind: &str, columns: &[Column]) -> Grid {
    let names = names(tape, kind);
    let mut grid = Grid::new(title, &names);
    for (head, metric, statistic, always) in columns {
        let cells: Vec<_> = names.iter().map(|name| told(tape, (kind, name), metric, statistic)).collect();
        let happened = cells.iter().flatten().any(|(value, _)| *value != 0.0);
        if happened || (*always && cells.iter().any(Option::is_some)) {
            grid.column(head, cells.into_iter().map(|cell| cell.map(|(_, text)| text)).collect());
        }
    }
    grid
}

fn producers(tape: &Tape) -> Grid {
    let columns = [
        ("produced", "messages_produced", "sum", true),
        ("rate", "messages_produced", "rate", true),
        ("rejected", "messages_rejected", "sum", false),
        ("mean size", "message_size", "mean", false),
    ];
    table(tape, "Producers", "producer", &columns)
}

fn requesters(tape: &Tape) -> Grid {
    let columns = [
        ("requests", "requests", "sum", true),
        ("replies", "replies_received", "sum", true),
        ("p50", "response_time", "p50", true),
        ("p99", "response_time", "p99", true),
        ("slowest", "response_time", "max", true),
        ("timeouts", "timeouts", "sum", false),
        ("failed", "requests_failed", "sum", false),
        ("late replies", "late_replies", "sum", false),
        ("abandoned", "requests_abandoned", "sum", false),
    ];
    table(tape, "Requesters", "requester", &columns)
}

fn object_stores(tape: &Tape) -> Grid {
    let columns = [
        ("puts", "put_requests", "sum", true),
        ("gets", "get_requests", "sum", true),
        ("deletes", "delete_requests", "sum", true),
        ("objects", "objects", "last", true),
        ("orphans", "orphaned_objects", "last", false),
        ("missing", "get_errors", "sum", false),
    ];
    table(tape, "Object stores", "object_store", &columns)
}

fn queues(tape: &Tape) -> Grid {
    let columns = [
        ("sent", "messages_sent", "sum", true),
        ("received", "messages_received", "sum", true),
        ("deleted", "messages_deleted", "sum", true),
        ("backlog", "messages_visible", "mean", true),
        ("peak", "messages_visible", "max", true),
        ("oldest", "age_of_oldest_message", "max", true),
        ("to DLQ", "messages_dead_lettered", "sum", false),
        ("expired", "messages_expired", "sum", false),
        ("from DLQ", "messages_redriven_in", "sum", false),
        ("duplicates", "duplicates", "sum", false),
        ("empty receives", "empty_receives", "sum", false),
    ];
    table(tape, "Queues", "queue", &columns)
}

fn topics(tape: &Tape) -> Grid {
    let columns = [
        ("published", "messages_published", "sum", true),
        ("delivered", "notifications_delivered", "sum", true),
        ("filtered out", "notifications_filtered_out", "sum", false),
        ("failed", "notifications_failed", "sum", false),
        ("to DLQ", "notifications_redriven_to_dlq", "sum", false),
        ("attempts", "delivery_attempts", "sum", false),
        ("delivery p99", "delivery_time", "p99", false),
        ("throttled", "messages_throttled", "sum", false),
        ("deduplicated", "messages_deduplicated", "sum", false),
    ];
    table(tape, "Topics", "topic", &columns)
}

/// What became of a topic's messages, by subscription: rows of the ledger.
fn subscriptions(tape: &Tape) -> Grid {
    let rows = || tape.ledger.rows().iter().filter(|row| row.kind == "subscription");
    let mut names: Vec<&str> = Vec::new();
    for row in rows() {
        if !names.contains(&row.name.as_str()) {
            names.push(&row.name);
        }
    }
    let mut grid = Grid::new("Subscriptions", &names);
    let columns = [
        ("published", "published", true),
        ("delivered", "delivered", true),
        ("filtered out", "filtered_out", false),
        ("to DLQ", "redriven_to_dlq", false),
        ("lost", "discarded", false),
        ("in delivery", "in_delivery", false),
    ];
    for (head, fate, always) in columns {
        let number = |name: &&str| {
            rows().find(|row| row.name == **name && row.fate == fate).map_or(0, |row| row.messages)
        };
        let cells: Vec<u64> = names.iter().map(number).collect();
        if always || cells.iter().any(|number| *number > 0) {
            grid.column(
                head,
                cells.iter().map(|number| Some(human::value(*number as f64, Unit::Count))).collect(),
            );
        }
    }
    grid
}

fn functions(tape: &Tape) -> Grid {
    let columns = [
        ("processed", "messages_processed", "sum", true),
        ("p50", "end_to_end_latency", "p50", true),
        ("p99", "end_to_end_latency", "p99", true),
        ("invocations", "invocations", "sum", true),
        ("at once", "concurrent_executions", "max", true),
        ("cold", "cold_starts", "sum", false),
        ("throttles", "throttles", "sum", false),
        ("errors", "errors", "sum", false),
        ("timeouts", "timeouts", "sum", false),
        ("dropped", "async_events_dropped", "sum", false),
        ("duplicates", "duplicates", "sum", false),
        ("out of order", "out_of_order", "sum", false),
        ("failures", "failures", "sum", false),
        ("transformed", "messages_transformed", "sum", false),
    ];
    table(tape, "Functions", "function", &columns)
}

fn consumers(tape: &Tape) -> Grid {
    let columns = [
        ("processed", "messages_processed", "sum", true),
        ("rate", "messages_processed", "rate", true),
        ("p50", "end_to_end_latency", "p50", true),
        ("p90", "end_to_end_latency", "p90", true),
        ("p99", "end_to_end_latency", "p99", true),
        ("slowest", "end_to_end_latency", "max", true),
        ("duplicates", "duplicates", "sum", false),
        ("out of order", "out_of_order", "sum", false),
        ("failures", "failures", "sum", false),
        ("crashes", "crashes", "sum", false),
        ("abandoned", "messages_abandoned", "sum", false),
        ("expired in buffer", "prefetched_messages_expired", "sum", false),
    ];
    let mut grid = table(tape, "Consumers", "consumer", &columns);
    let names = names(tape, "consumer");
    let instances: Vec<_> = names.iter().map(|name| instances(tape, name)).collect();
    if instances.iter().any(Option::is_some) {
        grid.column("instances", instances);
    }
    for (head, metric, statistic) in
        [("inst. hours", "instance_hours", "sum"), ("busy", "utilization", "mean")]
    {
        let cells: Vec<_> = names
            .iter()
            .map(|name| told(tape, ("consumer", name), metric, statistic).map(|(_, text)| text))
            .collect();
        if cells.iter().any(Option::is_some) {
            grid.column(head, cells);
        }
    }
    grid
}

fn streams(tape: &Tape) -> Grid {
    let columns = [
        ("records", "incoming_records", "sum", true),
        ("rate", "incoming_records", "rate", true),
        ("user records", "user_records", "sum", false),
        ("throttled", "write_throttled", "sum", true),
        ("reads throttled", "read_throttled", "sum", true),
        ("iterator age", "iterator_age", "max", false),
        ("copies", "copies", "sum", false),
        ("expired unread", "records_expired_unread", "sum", false),
        ("splits", "splits", "sum", false),
        ("merges", "merges", "sum", false),
    ];
    table(tape, "Streams", "stream", &columns)
}

/// What each stream would need in its busiest minute, beside what it has.
fn sizing(tape: &Tape) -> Grid {
    let columns = [
        ("by records", "shards_for_records", "peak", true),
        ("by bytes", "shards_for_bytes", "peak", true),
        ("by consumers", "shards_for_consumers", "peak", true),
        ("it has", "open_shards", "last", true),
        ("hottest key", "hottest_key_share", "mean", true),
        ("of a shard", "hottest_key_shard_load", "peak", true),
    ];
    table(tape, "Shards needed", "stream", &columns)
}

fn stream_consumers(tape: &Tape) -> Grid {
    let columns = [
        ("processed", "messages_processed", "sum", true),
        ("rate", "messages_processed", "rate", true),
        ("p50", "end_to_end_latency", "p50", true),
        ("p99", "end_to_end_latency", "p99", true),
        ("slowest", "end_to_end_latency", "max", true),
        ("propagation", "propagation_delay", "mean", true),
        ("duplicates", "duplicates", "sum", false),
        ("out of order", "out_of_order", "sum", false),
        ("failures", "failures", "sum", false),
        ("missed", "records_missed", "sum", false),
        ("crashes", "crashes", "sum", false),
        ("leases taken", "leases_taken", "sum", false),
        ("stolen", "leases_stolen", "sum", false),
    ];
    table(tape, "Stream consumers", "stream_consumer", &columns)
}

fn stream_mappings(tape: &Tape) -> Grid {
    let columns = [
        ("read", "polled_events", "sum", true),
        ("done", "succeeded_events", "sum", true),
        ("iterator age", "iterator_age", "mean", true),
        ("oldest", "iterator_age", "max", true),
        ("invocations", "invocations", "sum", true),
        ("records each", "batch_records", "mean", true),
        ("throttled", "throttled_invocations", "sum", false),
        ("retries", "retries", "sum", false),
        ("split", "bisections", "sum", false),
        ("dropped", "dropped_events", "sum", false),
        ("missed", "missed_events", "sum", false),
    ];
    table(tape, "Event source mappings of streams", "stream_mapping", &columns)
}

fn delivery_streams(tape: &Tape) -> Grid {
    let columns = [
        ("accepted", "incoming_records", "sum", true),
        ("throttled", "throttled_records", "sum", false),
        ("delivered", "records_delivered", "sum", true),
        ("in", "objects_delivered", "sum", true),
        ("of mean size", "object_size", "mean", true),
        ("p50", "delivery_latency", "p50", true),
        ("slowest", "delivery_latency", "max", true),
        ("dropped", "records_dropped", "sum", false),
        ("failed", "records_failed", "sum", false),
        ("backed up", "records_backed_up", "sum", false),
        ("not copied", "records_not_copied", "sum", false),
        ("lost", "records_lost", "sum", false),
        ("duplicates", "duplicates", "sum", false),
    ];
    table(tape, "Delivery streams", "delivery_stream", &columns)
}

fn cameras(tape: &Tape) -> Grid {
    let columns = [
        ("fragments", "messages_produced", "sum", true),
        ("acknowledged", "fragments_acknowledged", "sum", true),
        ("after", "acknowledgement_latency", "p50", true),
        ("slowest", "acknowledgement_latency", "max", true),
        ("sent again", "fragments_sent_again", "sum", false),
        ("dropped", "fragments_dropped", "sum", false),
        ("refused", "fragments_refused", "sum", false),
        ("connections lost", "connections_lost", "sum", false),
        ("most offline", "cameras_offline", "max", false),
    ];
    table(tape, "Cameras", "camera", &columns)
}

fn video_streams(tape: &Tape) -> Grid {
    let columns = [
        ("fragments", "incoming_fragments", "sum", true),
        ("bytes in", "incoming_bytes", "sum", true),
        ("stored", "bytes_stored", "max", true),
        ("errors", "error_ack_count", "sum", false),
        ("copies", "copies", "sum", false),
        ("expired", "fragments_expired", "sum", false),
        ("sent live", "get_media_fragments", "sum", false),
        ("media points", "archived_media", "rate", false),
        ("metadata points", "archived_metadata", "rate", false),
    ];
    table(tape, "Video streams", "video_stream", &columns)
}

fn video_consumers(tape: &Tape) -> Grid {
    let columns = [
        ("fragments", "messages_processed", "sum", true),
        ("sessions", "sessions", "max", true),
        ("p50", "end_to_end_latency", "p50", true),
        ("p99", "end_to_end_latency", "p99", true),
        ("slowest", "end_to_end_latency", "max", true),
        ("stalls", "stalls", "sum", false),
        ("missed", "fragments_missed", "sum", false),
        ("duplicates", "duplicates", "sum", false),
        ("refused", "calls_refused", "sum", false),
    ];
    table(tape, "Video consumers", "video_consumer", &columns)
}

/// Fewest, mean and most instances in service; one number when that never changed.
fn instances(tape: &Tape, name: &str) -> Option<String> {
    let read = |statistic| told(tape, ("consumer", name), "instances_in_service", statistic);
    let (least, most) = (read("min")?, read("max")?);
    if least.1 == most.1 {
        return Some(most.1);
    }
    let mean = read("mean").map(|(value, _)| human::three_digits(value)).unwrap_or_default();
    Some(format!("{}–{} (mean {mean})", least.1, most.1))
}

/// Messages that nobody could process deserve a sentence of their own.
fn dead_letters(tape: &Tape, width: usize) -> String {
    let mut text = String::new();
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
            text += &wrapped(&format!("{told} {messages} moved from {name} to {to}."), width, "");
        }
    }
    text
}

fn cost(tape: &Tape, width: usize) -> String {
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
    if sentence.is_empty() { sentence } else { wrapped(&sentence, width, "") }
}

/// What queueing theory says, beside the run.
fn theory(tape: &Tape, width: usize) -> String {
    let mut text = String::new();
    for one in &tape.theory {
        let sentence =
            wrapped(&format!("{}: {}", one.name, one.sentence), width.saturating_sub(8), "        ");
        let _ = write!(text, "{BOLD}Theory{BOLD:#}  {sentence}"); // into a string
        let names: Vec<String> = one.rows.iter().map(|row| row.what.clone()).collect();
        let shown = |value: f64, unit| Some(human::value(value, unit));
        let by_row = |tell: &dyn Fn(&TheoryRow) -> Option<String>| one.rows.iter().map(tell).collect();
        let difference = |row: &TheoryRow| {
            let simulated = row.simulated.filter(|_| row.theory != 0.0)?;
            Some(format!("{:+.1} %", 100.0 * (simulated - row.theory) / row.theory))
        };
        let columns = vec![
            ("theory", by_row(&|row| shown(row.theory, row.unit))),
            ("this run", by_row(&|row| shown(row.simulated?, row.unit))),
            ("difference", by_row(&difference)),
        ];
        text += &grid("", &names, columns, width);
    }
    text
}

fn expectations(tape: &Tape, width: usize) -> String {
    if tape.expectations.is_empty() {
        return String::new();
    }
    let failed = tape.expectations.iter().filter(|result| !result.passed).count();
    let all = tape.expectations.len();
    let mut text = if failed == 0 {
        format!("{BOLD}Expectations{BOLD:#}  {GOOD}all {all} held{GOOD:#}\n")
    } else {
        format!("{BOLD}Expectations{BOLD:#}  {BAD}{failed} of {all} failed{BAD:#}\n")
    };
    let said = |result: &crate::record::ExpectationResult| format!("{} {}", result.name, result.expression);
    let longest = tape.expectations.iter().map(|result| said(result).chars().count()).max().unwrap_or(0);
    for result in &tape.expectations {
        let (style, mark) = if result.passed { (GOOD, '✓') } else { (BAD, '✗') };
        let observed = match result.observed.as_str() {
            "" => format!("{DIM}nothing to observe{DIM:#}"),
            observed => format!("{DIM}was{DIM:#} {observed}"),
        };
        let said = said(result);
        // Observed values stand below each other where there is room.
        let pad = if longest + 26 <= width { longest } else { 0 };
        let _ = writeln!(text, "{style}{mark}{style:#} {said:pad$}  {observed}"); // into a string
    }
    text
}

/// Where the report is and what is in it.
fn places(files: &[PathBuf], width: usize) -> String {
    let Some(folder) = files.last().and_then(|manifest| manifest.parent()) else { return String::new() };
    let inside = |file: &Path| file.strip_prefix(folder).map_or_else(|_| file.to_owned(), Path::to_owned);
    let charts = files.iter().filter(|file| file.extension().is_some_and(|end| end == "svg")).count();
    let names: Vec<String> = files
        .iter()
        .map(|file| inside(file))
        .filter(|file| file.components().count() == 1)
        .map(|file| file.display().to_string())
        .collect();
    let mut text = format!("{BOLD}Report{BOLD:#}  {}\n", folder.display());
    let _ = writeln!(text, "{DIM}{}{DIM:#}", wrapped(&names.join(", "), width, "").trim_end()); // into a string
    if charts > 0 {
        let noun = if charts == 1 { "chart" } else { "charts" };
        let place = folder.join("charts");
        let _ = writeln!(text, "{DIM}{charts} {noun} as SVG and PNG in {}{DIM:#}", place.display()); // into a string
    }
    text
}

/// The text in lines of at most `width` characters, those after the first behind `indent`.
fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push('\n');
            lines.push_str(indent);
            used = indent.chars().count();
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += length;
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
