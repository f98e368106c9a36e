//! The tables of the summary: one for each kind of thing.

use super::grid::Grid;
use super::{human, names, told};
use crate::record::{Tape, Unit};

/// All tables, in their order.
pub(in crate::report) fn all(tape: &Tape) -> Vec<Grid> {
    vec![
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
        applications(tape, "Flink applications", "flink_application"),
        applications(tape, "SQL applications", "sql_application"),
        cameras(tape),
        video_streams(tape),
        video_consumers(tape),
        brokers(tape),
        broker_queues(tape, "Queues of brokers", "broker_queue"),
        broker_queues(tape, "Subscriptions", "broker_subscription"),
    ]
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

fn applications(tape: &Tape, title: &str, kind: &'static str) -> Grid {
    let columns = [
        ("records in", "records_in", "sum", true),
        ("out", "records_out", "sum", true),
        ("results", "window_results", "sum", true),
        ("corrected", "window_corrections", "sum", false),
        ("late", "records_late_dropped", "sum", false),
        ("aside", "records_late_side_output", "sum", false),
        ("failed", "records_failed", "sum", false),
        ("replayed", "records_replayed", "sum", false),
        ("repeated", "results_repeated", "sum", false),
        ("p50", "end_to_end_latency", "p50", true),
        ("behind", "milliseconds_behind_latest", "max", true),
        ("restarts", "full_restarts", "last", false),
        ("KPUs", "kpus", "mean", true),
    ];
    table(tape, title, kind, &columns)
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

fn brokers(tape: &Tape) -> Grid {
    let columns = [
        ("outages", "outages", "sum", true),
        ("CPU", "cpu_utilization", "mean", true),
        ("CPU of RabbitMQ", "system_cpu_utilization", "mean", false),
        ("reconnections", "reconnections", "sum", false),
        ("connections refused", "connections_refused", "sum", false),
        ("storage", "store_percent_usage", "max", false),
        ("memory", "rabbitmq_mem_used", "max", false),
    ];
    table(tape, "Brokers", "broker", &columns)
}

fn broker_queues(tape: &Tape, title: &'static str, kind: &str) -> Grid {
    let columns = [
        ("sent", "enqueue_count", "sum", true),
        ("acknowledged", "dequeue_count", "sum", true),
        ("ready", "messages_ready", "mean", true),
        ("peak", "messages_ready", "max", true),
        ("prefetched", "prefetched_messages", "max", true),
        ("oldest", "age_of_oldest_message", "max", true),
        ("slowest send", "send_time", "max", false),
        ("redelivered", "messages_redelivered", "sum", false),
        ("to DLQ", "messages_dead_lettered", "sum", false),
        ("from DLQ", "messages_dead_lettered_in", "sum", false),
        ("lost", "messages_lost", "sum", false),
        ("twice", "messages_stored_twice", "sum", false),
        ("refused", "messages_refused", "sum", false),
        ("dropped", "messages_dropped", "sum", false),
        ("expired", "expired_count", "sum", false),
    ];
    table(tape, title, kind, &columns)
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
