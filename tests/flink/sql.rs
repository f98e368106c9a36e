//! SQL applications, as they were until January 2026.

use super::{problems, puts, run, value, windows};
use queuelab::record::Tape;

/// The example of the developer guide, half a second before each row enters: reads come once a second.
const RECORDS: [(f64, f64, &str); 4] =
    [(20.0, 10.0, "k"), (30.0, 20.0, "k"), (65.0, 55.0, "k"), (75.0, 65.0, "k")];

fn sql(keys: &str) -> Tape {
    let lines = "quotas: 2022\nduration: 10m\nassumptions: { sql_get_records_interval: 200ms }\nstreams: { s: {}, out: {} }\n";
    let app = format!(
        "sql_applications:\n  app: {{ reads_from: {{ stream: s }}, group_by: nothing, sinks: [ {{ stream: out }} ], {keys} }}\n"
    );
    run(&format!("{lines}{app}{}", puts(&RECORDS)))
}

/// End of the window in whole seconds, step of event time, count.
fn rows(tape: &Tape) -> Vec<(i64, i64, u64)> {
    let second = |wall: i64| (wall - tape.header.start_unix_millis) / 1_000;
    tape.window_results
        .iter()
        .map(|one| {
            (second(one.end_unix_millis), second(one.event_step_unix_millis.unwrap_or_default()), one.count)
        })
        .collect()
}

#[test]
fn a_tumbling_window_of_rowtime_cuts_a_minute_of_events_in_two() {
    let tape = sql("window: { tumbling: 1m, event_time_step: 1m }");
    assert_eq!(rows(&tape), [(60, 0, 2), (120, 0, 1), (120, 60, 1)]);
    assert_eq!(tape.window_results[0].time.as_seconds_f64(), 60.0);
}

#[test]
fn a_stagger_window_opens_with_its_first_row_and_keeps_the_minute_together() {
    let tape = sql("window: { stagger: 1m, event_time_step: 1m }");
    assert_eq!(rows(&tape), [(80, 0, 3), (135, 60, 1)]);
}

#[test]
fn a_sliding_window_gives_a_row_for_each_row_that_comes() {
    let tape = sql("window: { sliding: 40s }");
    let counts: Vec<u64> = windows(&tape).iter().map(|one| one.3).collect();
    // The row of 20 s has left at 65 s, that of 30 s is in it; at 75 s only that of 65 s.
    assert_eq!(counts, [1, 2, 2, 2]);
    assert_eq!(value(&tape, "out", "incoming_records", "sum"), 4.0);
}

#[test]
fn there_are_no_sql_applications_any_more() {
    let text = "duration: 1m\nstreams: { s: {} }\nsql_applications: { app: { reads_from: { stream: s } } }\n";
    let told = problems(text);
    assert!(told.contains("there are no SQL applications any more"), "{told}");
    assert!(told.contains("flink_applications") && told.contains("quotas: 2022"), "{told}");
    let told = problems(&format!("quotas: 2022\n{}", text.replace("stream: s }", "stream: t }")));
    assert!(told.contains("there is no stream `t`"), "{told}");
}

#[test]
fn rows_that_do_not_fit_go_to_the_error_stream() {
    let text = "quotas: 2022\nduration: 10m\nstreams: { s: {}, errors: {}, out: {} }\nproducers:\n  p:\n    publishes_to: { stream: s }\n    \
        arrivals: { constant: { rate: 1/s } }\n    message: { size: { mixture: [ { weight: 1, distribution: 1KiB }, { weight: 1, distribution: 600KiB } ] }, \
        partition_key: k, poison_rate: 10% }\nsql_applications:\n  app: { reads_from: { stream: s }, sinks: [ { stream: out } ], error_stream: { stream: errors } }\n";
    let tape = run(text);
    let sum = |metric: &str| value(&tape, "app", metric, "sum");
    let (failed, passed) = (sum("records_failed"), sum("records_passed"));
    assert!(failed > 300.0 && passed > 200.0 && failed + passed > 595.0, "{failed} {passed}");
    let waiting = tape.ledger.get("sql_application", "app", "waiting_in_sinks").unwrap_or_default() as f64;
    let arrived =
        value(&tape, "errors", "incoming_records", "sum") + value(&tape, "out", "incoming_records", "sum");
    assert!(failed + passed - arrived <= waiting);
}

#[test]
fn a_delivery_stream_can_be_the_source() {
    let text = "quotas: 2022\nduration: 10m\nobject_stores: { lake: {} }\ndelivery_streams: { d: { destination: { s3: { bucket: lake } } } }\n\
        functions: { alert: { processing_time: 10ms } }\nproducers:\n  p:\n    publishes_to: { delivery_stream: d }\n    arrivals: { constant: { rate: 10/s } }\n    \
        message: { size: 1KiB }\nsql_applications:\n  app: { reads_from: { delivery_stream: d }, group_by: nothing, window: { tumbling: 1m }, sinks: [ { function: alert } ] }\n";
    let tape = run(text);
    let counts: Vec<u64> = windows(&tape).iter().map(|one| one.3).collect();
    assert_eq!(counts.len(), 10, "the last ends with the run");
    assert!(counts[1..].iter().all(|count| *count == 600), "{counts:?}");
    assert_eq!(value(&tape, "alert", "messages_processed", "sum"), 9.0);
    assert_eq!(value(&tape, "d", "incoming_records", "sum"), value(&tape, "p", "messages_produced", "sum"));
    let told = problems(&text.replace("group_by: nothing", "failures: [ { at: 1m } ], group_by: nothing"));
    assert!(told.contains("cannot be read again") || told.contains("can be read again"), "{told}");
}

#[test]
fn kpus_follow_the_load_up_to_eight() {
    let text = |rate: u32| {
        format!(
            "quotas: 2022\nduration: 1h\nstreams: {{ s: {{ shards: 4 }} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ constant: {{ rate: {rate}/s }} }}\n    message: {{ size: 10B, partition_key: random }}\n    library: {{ put_records: {{}} }}\n\
             sql_applications: {{ app: {{ reads_from: {{ stream: s }}, input_parallelism: 4, row_time: 10ms, group_by: nothing, window: {{ tumbling: 1m }} }} }}\n"
        )
    };
    // Ten milliseconds a row: 250 a second need two and a half in-application streams.
    let tape = run(&text(250));
    assert_eq!(value(&tape, "app", "kpus", "last"), 3.0);
    let hours = value(&tape, "app", "kpu_hours", "sum");
    assert!((2.8..=3.0).contains(&hours), "the mean of the hour: {hours}");
    let idle = run(&text(1));
    assert!((value(&idle, "app", "estimated_cost", "sum") - 0.11).abs() < 1e-9);
}
