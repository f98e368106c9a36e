//! Requests, replies, and the queues between them.

use super::{check_counts, check_seconds, number, problems, run};

/// A requester that asks `requests` times at once, a service, and what else they say.
fn scenario(seconds: u32, requests: u32, requester: &str, service: &str) -> String {
    format!(
        "duration: {seconds}s
queues: {{ requests: {{ receive_message_wait_time: 20s }}, replies: {{}} }}
requesters:
  web:
    sends_requests_to: {{ queue: requests }}
    arrivals: {{ bursts: [ {{ at: 0s, messages: {requests} }} ] }}
    {requester}
consumers:
  service: {{ receives_from: {{ queue: requests }}, answers_requests: {{}}, {service} }}"
    )
}

const VIRTUAL: &str = "replies_through: { virtual_queues: { host_queue: replies } }";
const REAL: &str = "replies_through: { queue_per_request: {} }";

#[test]
fn a_reply_through_a_virtual_queue_takes_four_calls() {
    let tape = run(&scenario(10, 1, VIRTUAL, "processing_time: 100ms"));
    // Send, receive, process, send, receive.
    check_seconds(&tape, "web", "response_time", "max", 0.132);
    check_counts(
        &tape,
        "web",
        &[
            ("requests", 1),
            ("replies_received", 1),
            ("timeouts", 0),
            ("late_replies", 0),
            ("create_queue_calls", 0),
            ("delete_queue_calls", 0),
            ("receive_calls", 0),
        ],
    );
    // The second receive waits for the next reply.
    check_counts(&tape, "replies", &[("send_calls", 1), ("receive_calls", 2), ("delete_calls", 1)]);
    check_counts(&tape, "replies", &[("messages_deleted", 1)]);
    assert_eq!(tape.ledger.get("run", "calls", "replied"), Some(1));
}

#[test]
fn one_receive_feeds_up_to_ten_virtual_queues() {
    let tape = run(&scenario(10, 12, VIRTUAL, "threads: 12, processing_time: 100ms"));
    check_counts(&tape, "web", &[("replies_received", 12)]);
    // The first reply ends the long poll that waits; ten come with the next receive, one with the third.
    check_counts(&tape, "replies", &[("receive_calls", 4), ("messages_received", 12), ("delete_calls", 12)]);
}

#[test]
fn a_queue_of_its_own_costs_each_request_its_calls_and_a_second() {
    let tape = run(&scenario(10, 3, REAL, "threads: 3, processing_time: 100ms"));
    // CreateQueue and a second on top of the four calls and the processing.
    check_seconds(&tape, "web", "response_time", "min", 1.232);
    check_seconds(&tape, "web", "response_time", "max", 1.232);
    check_counts(
        &tape,
        "web",
        &[
            ("replies_received", 3),
            ("create_queue_calls", 3),
            ("tag_queue_calls", 3),
            ("send_calls", 3),
            ("receive_calls", 3),
            ("empty_receives", 0),
            ("delete_calls", 3),
            ("delete_queue_calls", 3),
            // One ListQueues at the start.
            ("list_calls", 1),
            ("billed_requests", 19),
        ],
    );
    check_seconds(&tape, "web", "estimated_cost", "sum", 19.0 / 1e6 * 0.4);
    assert_eq!(number(&tape, "web", "temporary_queues", "max"), 3);
    assert_eq!(number(&tape, "web", "temporary_queues", "last"), 0);
}

#[test]
fn a_receive_from_a_temporary_queue_waits_twenty_seconds_and_asks_again() {
    let requester = format!("timeout: 1m\n    {REAL}");
    let tape = run(&scenario(90, 1, &requester, "processing_time: 45s"));
    // The second and the third begin after two empty ones.
    check_counts(&tape, "web", &[("receive_calls", 3), ("empty_receives", 2), ("replies_received", 1)]);
}

#[test]
fn a_late_reply_is_dropped_and_never_taken_for_the_reply_to_a_later_attempt() {
    let requester = format!("timeout: 2s\n    max_attempts: 2\n    {VIRTUAL}");
    let tape = run(&scenario(30, 1, &requester, "processing_time: 3s"));
    check_counts(
        &tape,
        "web",
        &[
            ("requests", 1),
            ("requests_sent", 2),
            ("timeouts", 2),
            ("requests_failed", 1),
            ("late_replies", 2),
            ("replies_received", 0),
        ],
    );
    // They are deleted all the same.
    check_counts(&tape, "replies", &[("messages_deleted", 2), ("visibility_timeouts", 0)]);
    assert_eq!(tape.ledger.get("requester", "web", "replies_late"), Some(2));
    assert_eq!(tape.ledger.get("run", "calls", "discarded"), Some(2));
}

#[test]
fn the_timeout_counts_from_the_end_of_the_send_call() {
    // Receive, process, send, receive: 116 ms after the send call has ended.
    for (timeout, replies) in [("116ms", 0), ("117ms", 1)] {
        let requester = format!("timeout: {timeout}\n    {VIRTUAL}");
        let tape = run(&scenario(10, 1, &requester, "processing_time: 92ms"));
        check_counts(&tape, "web", &[("replies_received", replies), ("timeouts", 1 - replies)]);
    }
}

#[test]
fn a_queue_that_was_deleted_refuses_the_late_reply() {
    let requester = format!("timeout: 2s\n    {REAL}");
    let tape = run(&scenario(30, 1, &requester, "processing_time: 3s"));
    check_counts(&tape, "web", &[("timeouts", 1), ("requests_failed", 1), ("delete_queue_calls", 1)]);
    check_counts(&tape, "service", &[("replies_sent", 1), ("messages_rejected", 1)]);
    assert_eq!(tape.ledger.get("run", "calls", "rejected"), Some(1));
}

#[test]
fn a_virtual_queue_that_is_idle_for_too_long_is_gone_when_its_reply_comes() {
    let idle =
        "replies_through: { virtual_queues: { host_queue: replies, idle_queue_retention_period: 1s } }";
    let tape = run(&scenario(60, 1, idle, "processing_time: 3s"));
    check_counts(
        &tape,
        "web",
        &[("virtual_queues_expired", 1), ("late_replies", 1), ("timeouts", 1), ("requests_failed", 1)],
    );
    let shorter = "replies_through: { virtual_queues: { host_queue: replies, idle_queue_retention_period: 1s, max_wait_time: 1s } }";
    let tape = run(&scenario(60, 1, shorter, "processing_time: 3s"));
    check_counts(&tape, "web", &[("virtual_queues_expired", 0), ("replies_received", 1)]);
}

#[test]
fn what_a_crashed_process_leaves_behind_is_found_and_deleted() {
    let text = scenario(
        7_200,
        0,
        "crashes: { mean_time_between: 2m }
    timeout: 1m
    replies_through: { queue_per_request: { idle_queue_retention_period: 60s } }",
        "threads: 4, processing_time: 10s",
    );
    let tape = run(&text.replace("{ bursts: [ { at: 0s, messages: 0 } ] }", "{ constant: { rate: 0.3/s } }"));
    let of = |metric: &str| number(&tape, "web", metric, "sum");
    assert!(of("crashes") > 30 && of("requests_abandoned") > 30);
    let left = number(&tape, "web", "temporary_queues", "last");
    assert_eq!(of("create_queue_calls"), of("delete_queue_calls") + left, "each queue is deleted once");
    let waiting = number(&tape, "web", "requests_waiting", "last");
    assert_eq!(of("requests_abandoned"), of("orphans_deleted") + left - waiting);
    let ended = of("replies_received") + of("requests_failed") + of("requests_abandoned") + waiting;
    assert_eq!(of("requests"), ended, "each request ends in one way");
}

#[test]
fn a_crash_makes_the_replies_under_way_late_also_with_virtual_queues() {
    let requester = format!("crashes: {{ mean_time_between: 1m }}\n    {VIRTUAL}");
    let text = scenario(3_600, 0, &requester, "threads: 20, processing_time: 5s");
    let tape = run(&text.replace("{ bursts: [ { at: 0s, messages: 0 } ] }", "{ constant: { rate: 2/s } }"));
    let of = |metric: &str| number(&tape, "web", metric, "sum");
    assert!(of("late_replies") > 100);
    assert_eq!(of("timeouts"), 0);
    assert_eq!(
        of("requests"),
        of("replies_received") + of("requests_abandoned") + number(&tape, "web", "requests_waiting", "last")
    );
}

#[test]
fn a_fifo_queue_takes_each_request_as_a_group_of_its_own() {
    let text =
        scenario(20, 5, VIRTUAL, "threads: 5, processing_time: 1s").replace("requests", "requests.fifo");
    let text = text.replace("sends_requests.fifo_to", "sends_requests_to");
    let text = text.replace("answers_requests.fifo", "answers_requests");
    let tape = run(&text);
    // All at once: no request waits for another, only four replies for the second receive.
    check_seconds(&tape, "web", "response_time", "min", 1.032);
    check_seconds(&tape, "web", "response_time", "max", 1.040);
}

#[test]
fn what_cannot_work_is_told() {
    let text = scenario(9, 1, VIRTUAL, "processing_time: 1s");
    assert_eq!(problems(&text), "");
    let fifo = problems(
        &text
            .replace("replies: {}", "replies.fifo: {}")
            .replace("host_queue: replies", "host_queue: replies.fifo"),
    );
    assert!(fifo.contains("replies cannot go through a FIFO queue"), "{fifo}");
    let same = problems(&text.replace("host_queue: replies", "host_queue: requests"));
    assert!(same.contains("is the queue for the requests of `web`"), "{same}");
    let none = problems(&text.replace("host_queue: replies", "host_queue: replis"));
    assert!(none.contains("there is no queue `replis`") && none.contains("replies"), "{none}");
    let long = problems(
        &text.replace("host_queue: replies", "host_queue: replies, idle_queue_retention_period: 6m"),
    );
    assert!(long.contains("idle_queue_retention_period"), "{long}");
    let parts = problems(&text.replace("host_queue: replies", "host_queue: replies, max_wait_time: 1500ms"));
    assert!(parts.contains("whole number of seconds"), "{parts}");
}
