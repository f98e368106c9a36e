//! Asynchronous invocations: retries, back-off, age, and where events go that are given up.

use super::{check_counts, count, fate, load, run, value};

/// Events at second zero, and a function with these keys.
fn events(number: u32, message: &str, function: &str, duration: &str) -> String {
    format!(
        "duration: {duration}
queues: {{ dead: {{}} }}
producers: {{ p: {{ publishes_to: {{ function: f }}, arrivals: {{ bursts: [{{ at: 0s, messages: {number} }}] }}{message} }} }}
functions: {{ f: {{ init_duration: 0s, {function} }} }}
"
    )
}

#[test]
fn an_error_is_tried_again_after_a_minute_and_after_two() {
    let tape = run(&events(
        1,
        ", message: { poison_rate: 100% }",
        "processing_time: 1s, dead_letter_queue: dead",
        "10m",
    ));
    check_counts(
        &tape,
        "f",
        &[("invocations", 3), ("errors", 3), ("async_events_dropped", 1), ("throttles", 0)],
    );
    // Begun at 0 s, 61 s and 182 s.
    assert_eq!(value(&tape, "f", "async_event_age", "max").round(), 182.0);
    assert_eq!(count(&tape, "dead", "messages_sent"), 1);
    assert_eq!(fate(&tape, "run", "lambda", "dead_lettered"), 1);
}

#[test]
fn retries_can_be_fewer_and_without_a_destination_the_event_is_gone() {
    for (attempts, config) in [
        (1, "{ maximum_retry_attempts: 0 }"),
        (2, "{ maximum_retry_attempts: 1 }"),
        (2, "{ maximum_event_age: 60s, maximum_retry_attempts: 1 }"),
    ] {
        let keys = format!("processing_time: 1s, failure_rate: 100%, event_invoke_config: {config}");
        let tape = run(&events(1, "", &keys, "10m"));
        let attempts = if config.contains("age") { 1 } else { attempts };
        assert_eq!(count(&tape, "f", "invocations"), attempts, "{config}");
        assert_eq!(fate(&tape, "run", "lambda", "discarded"), 1, "{config}");
    }
}

#[test]
fn a_throttled_event_waits_a_second_then_twice_as_long() {
    // One execution of 5 s at a time: the second event is tried at 0, 1, 3, 7 s.
    let tape =
        run(&events(2, "", "processing_time: 5s, timeout: 10s, reserved_concurrent_executions: 1", "1m"));
    check_counts(&tape, "f", &[("invocations", 2), ("throttles", 3), ("messages_processed", 2)]);
    assert_eq!(value(&tape, "f", "async_event_age", "max").round(), 7.0);
    assert_eq!(value(&tape, "f", "end_to_end_latency", "max").round(), 12.0);
}

#[test]
fn the_pause_after_throttles_ends_at_five_minutes_and_the_event_at_its_age() {
    let keys = "processing_time: 900s, timeout: 900s, reserved_concurrent_executions: 1, \
                event_invoke_config: { maximum_event_age: 10m, on_failure: { queue: dead } }";
    let tape = run(&events(2, "", keys, "1h"));
    // 0, 1, 3, 7, 15, 31, 63, 127, 255, 511 s, then 600 s: too old.
    check_counts(&tape, "f", &[("throttles", 10), ("async_events_dropped", 1), ("messages_processed", 1)]);
    assert_eq!(count(&tape, "dead", "messages_sent"), 1);
}

#[test]
fn without_any_concurrency_events_go_to_the_dead_letter_queue_at_once() {
    let tape = run(&events(
        3,
        "",
        "processing_time: 1s, reserved_concurrent_executions: 0, dead_letter_queue: dead",
        "1m",
    ));
    check_counts(&tape, "f", &[("invocations", 0), ("throttles", 0), ("async_events_dropped", 3)]);
    assert_eq!(count(&tape, "dead", "messages_sent"), 3);
}

#[test]
fn an_event_that_is_too_large_is_refused() {
    let tape = run(&events(2, ", message: { size: 1048576B }", "processing_time: 1s", "1m"));
    assert_eq!(count(&tape, "f", "async_events_received"), 2);
    let now = events(
        2,
        ", message: { size: { one_of: { 1048576B: 1, 1048577B: 1 } } }",
        "processing_time: 1s",
        "1m",
    );
    let error = load(&now.replace("{ one_of: { 1048576B: 1, 1048577B: 1 } }", "1048577B")).unwrap_err();
    assert!(error.contains("larger than the quota"), "{error}");
}

#[test]
fn destinations_are_standard_queues_and_there_is_one() {
    let text = "duration: 1m\nqueues: { d.fifo: {} }\nfunctions:\n  f: { processing_time: 1s, dead_letter_queue: d.fifo, event_invoke_config: { on_failure: { queue: d.fifo } } }\n";
    let error = load(text).unwrap_err();
    assert!(error.contains("either a `dead_letter_queue` or an `on_failure`"), "{error}");
    let error =
        load(&text.replace(", event_invoke_config: { on_failure: { queue: d.fifo } }", "")).unwrap_err();
    assert!(error.contains("standard queues"), "{error}");
}
