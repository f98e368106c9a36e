//! Clients that receive ahead of their application, and limit the sends under way.

use super::{check_counts, check_seconds, load, number, problems, run, value};

fn scenario(queue: &str, bursts: &str, consumer: &str) -> String {
    format!(
        "duration: 5m
queues: {{ q: {{ {queue} }} }}
producers: {{ p: {{ publishes_to: {{ queue: q }}, arrivals: {{ bursts: [ {bursts} ] }} }} }}
consumers: {{ c: {{ receives_from: {{ queue: q }}, {consumer} }} }}"
    )
}

#[test]
fn threads_are_served_from_the_buffer_without_a_call() {
    let text =
        scenario("visibility_timeout: 10m", "{ at: 1s, messages: 100 }", "processing_time: 1s, prefetch: {}");
    let tape = run(&text);
    check_counts(&tape, "c", &[("messages_processed", 100), ("duplicates", 0)]);
    check_counts(&tape, "c", &[("prefetched_messages_expired", 0)]);
    // One message came to the long poll that waited, 99 in batches of ten; the rest wait for more.
    let calls = value(&tape, "q", "receive_calls", "sum");
    assert!((11.0..150.0).contains(&calls), "{calls} receive calls");
    assert!(value(&tape, "c", "prefetched_messages", "max") <= 99.0);
    assert!(value(&tape, "c", "buffer_time", "max") > 60.0, "the last waited for a minute and more");
}

#[test]
fn the_last_messages_of_a_batch_are_handed_out_first() {
    let late = |consumer: &str| {
        let tape = run(&scenario("visibility_timeout: 10m", "{ at: 1s, messages: 30 }", consumer));
        number(&tape, "c", "out_of_order", "sum")
    };
    assert_eq!(late("batch_size: 10, processing_time: 1s, wait_time: 20s"), 0);
    assert!(late("processing_time: 1s, prefetch: {}") > 20);
}

#[test]
fn a_batch_is_forgotten_when_its_timeout_has_passed_since_its_call_began() {
    // The call of second 0 waits; what comes after 19 s is older than 10 s for the client, though SQS has just sent it.
    let text =
        scenario("visibility_timeout: 10s", "{ at: 19s, messages: 1 }", "processing_time: 1s, prefetch: {}");
    assert!(load(&text).expect("in order").warnings().contains("may be too old for the client"));
    let tape = run(&text);
    check_counts(&tape, "c", &[("prefetched_messages_expired", 1), ("messages_abandoned", 1)]);
    // It comes back after its visibility timeout, to the call that has waited since: just not too old this time.
    check_counts(&tape, "c", &[("messages_processed", 1), ("duplicates", 0)]);
    check_counts(&tape, "q", &[("visibility_timeouts", 1), ("messages_received", 2)]);
}

#[test]
fn a_message_taken_late_is_processed_twice() {
    // Nine messages lie in one batch, of 4 s each: the one that is taken after 28 s is not done when its timeout ends, and
    // another call of the client receives it meanwhile.
    let text =
        scenario("visibility_timeout: 30s", "{ at: 0s, messages: 10 }", "processing_time: 4s, prefetch: {}");
    let tape = run(&text);
    assert!(value(&tape, "c", "duplicates", "sum") >= 1.0);
    assert!(value(&tape, "c", "prefetched_messages_expired", "sum") >= 1.0);
}

#[test]
fn the_clients_own_visibility_timeout_replaces_the_queues() {
    let text = scenario(
        "visibility_timeout: 2s",
        "{ at: 1s, messages: 50 }",
        "processing_time: 1s, prefetch: { visibility_timeout: 10m }",
    );
    let tape = run(&text);
    check_counts(&tape, "c", &[("messages_processed", 50), ("duplicates", 0)]);
    check_counts(&tape, "q", &[("visibility_timeouts", 0)]);
}

#[test]
fn a_crash_loses_the_buffer_until_the_visibility_timeouts_run_out() {
    let text = scenario(
        "visibility_timeout: 60s",
        "{ at: 1s, messages: 60 }",
        "processing_time: 2s, prefetch: {}, crashes: { mean_time_between: 20s, restart_time: 1s }",
    );
    let tape = run(&text);
    assert!(value(&tape, "c", "crashes", "sum") > 3.0);
    assert!(value(&tape, "c", "messages_abandoned", "sum") > 40.0);
    assert!(value(&tape, "q", "visibility_timeouts", "sum") > 40.0);
}

#[test]
fn without_prefetch_batches_the_client_receives_on_demand() {
    let text = scenario(
        "visibility_timeout: 30s",
        "{ at: 0s, messages: 100 }",
        "batch_size: 10, processing_time: 1s, prefetch: { max_done_receive_batches: 0, max_inflight_receive_batches: 0 }",
    );
    let tape = run(&text);
    assert!(value(&tape, "c", "prefetched_messages", "max") <= 20.0);
}

#[test]
fn a_client_has_so_many_sends_under_way_and_no_more() {
    let batches = |limit: &str| {
        let text =
            scenario("", "{ at: 0s, messages: 40 }", "processing_time: 1ms, wait_time: 20s, threads: 40")
                .replace("} ] } } }", &format!("}} ] }}, batching: {{ linger: 200ms{limit} }} }} }}"));
        run(&text)
    };
    // Four batches of ten, 8 ms each: all at once, or one after another.
    let free = batches("");
    let limited = batches(", max_inflight_batches: 1");
    for tape in [&free, &limited] {
        check_counts(tape, "p", &[("send_calls", 4)]);
        check_counts(tape, "c", &[("messages_processed", 40)]);
    }
    check_seconds(&free, "c", "end_to_end_latency", "max", 0.017);
    check_seconds(&limited, "c", "end_to_end_latency", "max", 4.0 * 0.008 + 0.009);
}

#[test]
fn what_cannot_work_is_told() {
    let text = scenario("", "{ at: 0s, messages: 1 }", "processing_time: 1s, prefetch: {}");
    let fifo = text.replace("q: {", "q.fifo: {").replace("queue: q ", "queue: q.fifo ");
    assert!(problems(&fifo).contains("a FIFO queue cannot be read ahead"), "{}", problems(&fifo));
    let wait = problems(&text.replace("prefetch", "wait_time: 2s, prefetch"));
    assert!(wait.contains("wait for its buffer"), "{wait}");
    let zero = problems(&text.replace("prefetch: {}", "prefetch: { visibility_timeout: 0s }"));
    assert!(zero.contains("visibility_timeout"), "{zero}");
}
