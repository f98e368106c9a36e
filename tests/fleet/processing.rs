//! What one worker does with its messages: deletes, failures, heartbeats, results sent on.

use super::{area, check_close, check_counts, run, value};

fn one_queue(consumer: &str, burst: u32, batching: &str) -> String {
    format!(
        "duration: 400s
queues: {{ q: {{ visibility_timeout: 30s, receive_message_wait_time: 20s }} }}
producers:
  p: {{ publishes_to: {{ queue: q }}, arrivals: {{ bursts: [{{ at: 0s, messages: {burst} }}] }}{batching} }}
consumers: {{ w: {{ receives_from: {{ queue: q }}, {consumer} }} }}
"
    )
}

const IN_TENS: &str = ", batching: { max_entries: 10 }";

#[test]
fn messages_are_deleted_one_by_one_or_together() {
    // Each message takes 100 ms: a batch of ten stays within the visibility timeout.
    let calls = |consumer: &str| {
        let tape = run(&one_queue(&format!("batch_size: 10, {consumer}"), 40, IN_TENS));
        check_counts(&tape, "w", &[("messages_processed", 40), ("duplicates", 0)]);
        check_counts(&tape, "q", &[("messages_deleted", 40), ("messages_received", 40), ("send_calls", 4)]);
        check_close(value(&tape, "q", "messages_in_flight", "last"), 0.0, "messages still in flight");
        let deletes = value(&tape, "q", "delete_calls", "sum");
        (
            deletes as u64,
            value(&tape, "w", "processing_time", "count") as u64,
            area(&tape, "w", "busy_threads"),
        )
    };
    let (deletes, processings, busy) = calls("processing_time: 100ms");
    assert_eq!((deletes, processings), (40, 40));
    check_close(busy, 4.0, "forty messages of 100 ms");
    let (deletes, processings, busy) = calls("processing_time: 100ms, delete: whole_batch");
    assert_eq!((deletes, processings), (4, 40));
    check_close(busy, 4.0, "forty messages of 100 ms");
    for delete in ["each_message", "whole_batch"] {
        let (deletes, processings, busy) =
            calls(&format!("processing_time: 100ms, processing: per_batch, delete: {delete}"));
        assert_eq!((deletes, processings), (4, 4), "a batch processed as a whole is deleted as a whole");
        check_close(busy, 0.4, "four batches of 100 ms");
    }
}

/// With whole batches a message stays in flight until the batch is done, also after its own processing.
#[test]
fn deleting_together_keeps_messages_in_flight_for_longer() {
    let in_flight = |delete: &str| {
        let consumer = format!("batch_size: 10, processing_time: 1s, delete: {delete}");
        area(&run(&one_queue(&consumer, 10, IN_TENS)), "q", "messages_in_flight")
    };
    check_close(in_flight("each_message"), 55.0, "1 + 2 + ... + 10 seconds");
    check_close(in_flight("whole_batch"), 100.0, "ten messages for ten seconds");
}

#[test]
fn a_slow_message_without_heartbeat_is_never_done() {
    // Two threads, one message of 100 s, hidden for 30 s. Received at 0 s by one thread, at 30 s by the other; each
    // finds its handle stale when it is done, and receives the message again.
    let tape = run(&one_queue("threads: 2, processing_time: 100s", 1, ""));
    // Done at 100, 130, 200, 230, 300, 330 and 400 s; received at each of these, and at 0 and 30 s.
    check_counts(&tape, "w", &[("messages_processed", 1), ("duplicates", 6)]);
    check_counts(&tape, "q", &[("messages_received", 9), ("stale_deletes", 7), ("messages_deleted", 0)]);
    check_close(value(&tape, "w", "end_to_end_latency", "max"), 100.0, "the first time counts");
}

#[test]
fn a_heartbeat_keeps_a_slow_message_hidden() {
    let consumer = "threads: 2, processing_time: 100s, heartbeat: { interval: 10s, visibility_timeout: 30s }";
    let tape = run(&one_queue(consumer, 1, ""));
    check_counts(&tape, "w", &[("messages_processed", 1), ("duplicates", 0)]);
    check_counts(
        &tape,
        "q",
        &[
            ("messages_received", 1),
            ("change_visibility_calls", 9),
            ("messages_deleted", 1),
            ("visibility_timeouts", 0),
        ],
    );
    // Beating slower than the timeout is no help: back at 30 s.
    let consumer = "threads: 2, processing_time: 100s, heartbeat: { interval: 31s, visibility_timeout: 60s }";
    let tape = run(&one_queue(consumer, 1, ""));
    assert!(value(&tape, "q", "messages_received", "sum") > 1.0);
}

/// A message that is processed but waits for the delete call of its batch is in hand as well.
#[test]
fn a_heartbeat_covers_the_whole_batch_until_it_is_deleted() {
    for delete in ["each_message", "whole_batch"] {
        let consumer = format!(
            "threads: 2, batch_size: 10, processing_time: 10s, delete: {delete}, \
             heartbeat: {{ interval: 10s, visibility_timeout: 20s }}"
        );
        let tape = run(&one_queue(&consumer, 10, IN_TENS));
        check_counts(&tape, "w", &[("messages_processed", 10), ("duplicates", 0)]);
        check_counts(
            &tape,
            "q",
            &[("visibility_timeouts", 0), ("messages_received", 10), ("stale_deletes", 0)],
        );
    }
}

/// Seconds between polls are the consumer's choice: each row is a consumer and its empty receives in 400 s.
#[test]
fn empty_receives_follow_waits_and_pauses() {
    let cases = [
        ("wait_time: 20s", 20),
        ("wait_time: 20s, pause_after_empty_receive: 5s", 16),
        ("wait_time: 0s, pause_after_empty_receive: 1s", 401),
        ("threads: 3, wait_time: 10s", 120),
    ];
    for (consumer, empty_receives) in cases {
        let tape = run(&one_queue(&format!("processing_time: 1s, {consumer}"), 0, ""));
        check_counts(&tape, "q", &[("empty_receives", empty_receives), ("messages_received", 0)]);
    }
}

/// A refused poll is repeated after 200 ms, however short the consumer's own pause.
#[test]
fn a_refused_poll_pauses() {
    let consumer = "threads: 2, wait_time: 0s, pause_after_empty_receive: 1ms, processing_time: 10s";
    let text = one_queue(consumer, 2, "") + "quotas: { sqs_maximum_in_flight: 1 }\n";
    let tape = run(&text);
    check_counts(&tape, "w", &[("messages_processed", 2), ("duplicates", 0)]);
    // The burst comes at 0 s after both threads have polled in vain. At 1 ms one takes the first message and the other
    // is refused; at 10.001 s, when that message is done, one of them takes the second and the other is refused again;
    // at 20.001 s there is room. Refused at 1 ms + k · 200 ms for k = 0, ..., 99.
    check_counts(&tape, "q", &[("over_limit_errors", 100)]);
}

#[test]
fn a_batch_processed_as_a_whole_fails_as_a_whole() {
    let consumer = "batch_size: 10, processing: per_batch, processing_time: 1s, failure_rate: 100%";
    let tape = run(&one_queue(consumer, 10, IN_TENS));
    // Received every 30 s, for the last time at 390 s.
    check_counts(&tape, "w", &[("failures", 140), ("messages_processed", 0)]);
    check_counts(&tape, "q", &[("delete_calls", 0), ("messages_received", 140)]);
    check_close(area(&tape, "w", "busy_threads"), 14.0, "fourteen batches of a second");
}

#[test]
fn outliers_have_their_share_and_their_time() {
    let consumer = "instances: 40, processing_time: 1s, outliers: { share: 20%, processing_time: 3s }";
    let tape = run(&one_queue(consumer, 10_000, ""));
    check_counts(&tape, "w", &[("messages_processed", 10_000)]);
    let share = (value(&tape, "w", "processing_time", "mean") - 1.0) / 2.0;
    // 10,000 trials: four standard deviations are 0.016.
    assert!((share - 0.2).abs() < 0.016, "{share}");
}

fn poisoned(consumer: &str, max_receive_count: u32) -> String {
    format!(
        "duration: 400s
queues:
  q:
    visibility_timeout: 30s
    receive_message_wait_time: 20s
    redrive_policy: {{ dead_letter_queue: dlq, max_receive_count: {max_receive_count} }}
  dlq: {{ message_retention_period: 14d }}
producers:
  p:
    publishes_to: {{ queue: q }}
    arrivals: {{ bursts: [{{ at: 0s, messages: 5 }}] }}
    message: {{ poison_rate: 100% }}
consumers: {{ w: {{ receives_from: {{ queue: q }}, threads: 5, processing_time: 1s, {consumer} }} }}
"
    )
}

#[test]
fn poison_is_dead_after_exactly_as_many_receives_as_allowed() {
    for receives in [1, 2, 3, 7] {
        let tape = run(&poisoned("on_failure: wait_for_timeout", receives));
        let calls = 5 * u64::from(receives);
        check_counts(&tape, "w", &[("failures", calls), ("messages_processed", 0)]);
        check_counts(&tape, "q", &[("messages_received", calls), ("messages_dead_lettered", 5)]);
        check_counts(&tape, "dlq", &[("messages_redriven_in", 5), ("messages_sent", 0)]);
        // Received every 30 s, and found dead by the receive after the last timeout.
        let dead_for = 400.0 - 30.0 * f64::from(receives);
        check_close(area(&tape, "dlq", "messages_visible"), 5.0 * dead_for, "time in the dead-letter queue");
    }
}

#[test]
fn a_failed_message_may_be_made_visible_at_once() {
    for receives in [1, 2, 3, 7] {
        let tape = run(&poisoned("on_failure: make_visible_again", receives));
        let calls = 5 * u64::from(receives);
        check_counts(&tape, "w", &[("failures", calls)]);
        check_counts(&tape, "q", &[("change_visibility_calls", calls), ("visibility_timeouts", 0)]);
        // Each receive follows the one before after the second of processing.
        let dead_for = 400.0 - f64::from(receives);
        check_close(area(&tape, "dlq", "messages_visible"), 5.0 * dead_for, "time in the dead-letter queue");
    }
}

#[test]
fn results_keep_the_time_of_the_first_publish() {
    let tape = run("duration: 60s
api_latency: fixed
queues:
  raw: { receive_message_wait_time: 20s }
  done: { receive_message_wait_time: 20s }
producers:
  p:
    publishes_to: { queue: raw }
    arrivals: { bursts: [{ at: 500ms, messages: 1 }] }
    message: { size: 3000B }
consumers:
  first:
    receives_from: { queue: raw }
    processing_time: 2s
    forwards_to: { queue: done, size: 500B }
  second: { receives_from: { queue: done }, processing_time: 3s }
");
    // 8 ms to send, 8 ms to receive, 2 s of work; 8 ms to send on, 8 ms to receive, 3 s of work.
    check_close(value(&tape, "first", "end_to_end_latency", "max"), 2.016, "first");
    check_close(value(&tape, "second", "end_to_end_latency", "max"), 5.032, "second");
    check_counts(&tape, "first", &[("messages_forwarded", 1)]);
    check_close(value(&tape, "done", "sent_message_size", "max"), 500.0, "size of the result");
    check_close(value(&tape, "raw", "sent_message_size", "max"), 3000.0, "size of the message");
    // The handler deletes when the result is sent: in flight from the pick at 508 ms until 2.516 s + 8 ms + 6 ms.
    check_close(area(&tape, "raw", "messages_in_flight"), 2.53 - 0.508, "in flight");
}

#[test]
fn a_share_of_the_messages_is_sent_on() {
    let tape = run("duration: 1h
queues: { raw: { receive_message_wait_time: 20s }, done: {} }
producers: { p: { publishes_to: { queue: raw }, arrivals: { constant: { rate: 10/s } } } }
consumers:
  w: { receives_from: { queue: raw }, processing_time: 10ms, forwards_to: { queue: done, share: 30% } }
");
    let share =
        value(&tape, "w", "messages_forwarded", "sum") / value(&tape, "w", "messages_processed", "sum");
    // About 36,000 trials: four standard deviations are 0.0097.
    assert!((share - 0.3).abs() < 0.0097, "{share}");
    check_close(
        value(&tape, "done", "messages_visible", "last"),
        value(&tape, "w", "messages_forwarded", "sum"),
        "all",
    );
}
