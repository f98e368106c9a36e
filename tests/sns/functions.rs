//! Functions as subscribers: asynchronous invocations.

use super::{fate, refused, run, sum};

#[test]
fn a_function_is_invoked_for_each_message_it_wants() {
    let tape = run("
name: functions
duration: 10m
topics:
  t:
    subscriptions:
      - { function: f, filter_policy: { kind: [a] } }
      - { queue: q }
queues: { q: {} }
functions: { f: { processing_time: 100ms } }
producers:
  p:
    publishes_to: { topic: t }
    arrivals: { constant: { rate: 5/s } }
    message: { attributes: { kind: { one_of: { a: 1, b: 1 } } } }
");
    let published = fate(&tape, "t.f", "published");
    let delivered = fate(&tape, "t.f", "delivered");
    assert!(published > 2_990 && delivered > 1_300 && delivered < 1_700, "{published} {delivered}");
    assert_eq!(delivered + fate(&tape, "t.f", "filtered_out"), published);
    assert_eq!(sum(&tape, "f", "async_events_received"), delivered);
    assert!(delivered - sum(&tape, "f", "messages_processed") < 5);
    // With the envelope around it.
    assert!(tape.value("f", "async_event_age", "p50").unwrap() < 1.0);
}

#[test]
fn a_throttled_function_is_lambdas_matter() {
    let tape = run("
name: throttled
duration: 2h
topics: { t: { subscriptions: [{ function: f }] } }
functions: { f: { processing_time: 1s, reserved_concurrent_executions: 1 } }
producers: { p: { publishes_to: { topic: t }, arrivals: { bursts: [{ at: 1s, messages: 20 }] } } }
");
    // SNS has done its part with the first attempt; Lambda's queue tries again.
    assert_eq!(sum(&tape, "t", "delivery_attempts"), 20);
    assert_eq!(sum(&tape, "t", "notifications_delivered"), 20);
    assert_eq!(sum(&tape, "t", "notifications_failed"), 0);
    assert!(sum(&tape, "f", "throttles") > 20);
    assert_eq!(sum(&tape, "f", "messages_processed"), 20);
}

#[test]
fn a_failing_function_is_lambdas_matter_too() {
    let tape = run("
name: failing
duration: 1h
topics: { t: { subscriptions: [{ function: f, redrive_policy: { dead_letter_queue: of-topic } }] } }
queues: { of-topic: {}, of-function: {} }
functions: { f: { processing_time: 1s, failure_rate: 100%, dead_letter_queue: of-function } }
producers: { p: { publishes_to: { topic: t }, arrivals: { bursts: [{ at: 1s, messages: 4 }] } } }
");
    assert_eq!(fate(&tape, "t.f", "delivered"), 4);
    assert_eq!(sum(&tape, "of-topic", "messages_sent"), 0);
    assert_eq!(sum(&tape, "of-function", "messages_sent"), 4);
    assert_eq!(sum(&tape, "f", "invocations"), 12);
}

#[test]
fn without_permission_or_function_nothing_is_tried_again() {
    let fates = |subscription: &str| {
        let tape = run(&format!(
            "
name: gone
duration: 1m
topics: {{ t: {{ subscriptions: [{{ function: f, {subscription} }}] }} }}
queues: {{ letters: {{}} }}
functions: {{ f: {{ processing_time: 10ms }} }}
producers: {{ p: {{ publishes_to: {{ topic: t }}, arrivals: {{ bursts: [{{ at: 1s, messages: 3 }}, {{ at: 20s, messages: 2 }}] }} }} }}
"
        ));
        assert_eq!(sum(&tape, "t", "delivery_attempts"), 5);
        ["delivered", "redriven_to_dlq", "discarded"].map(|one| fate(&tape, "t.f", one))
    };
    let letters = "redrive_policy: { dead_letter_queue: letters }";
    assert_eq!(fates("function_policy: automatic"), [5, 0, 0]);
    assert_eq!(fates("function_policy: missing"), [0, 0, 5]);
    assert_eq!(fates(&format!("function_policy: missing, {letters}")), [0, 5, 0]);
    assert_eq!(fates("endpoint_deleted_at: 10s"), [3, 0, 2]);
    assert_eq!(fates(&format!("endpoint_deleted_at: 10s, {letters}")), [3, 2, 0]);
}

#[test]
fn an_outage_is_waited_out_in_the_phases_of_managed_endpoints() {
    let tape = run("
name: outage
duration: 1h
topics: { t: { subscriptions: [{ function: f, outages: [{ from: 0s, lasts: 100s, status: 500 }] }] } }
functions: { f: { processing_time: 10ms } }
clients:
  me:
    script:
      - { at: 0s, publish: { topic: t, message: A } }
      - { at: 112999ms, read_deliveries: { topic: t, subscription: f }, expect: { bodies: [] } }
      - { at: 113001ms, read_deliveries: { topic: t, subscription: f }, expect: { bodies: [A] } }
");
    // 0, 0, 0, 0, 1, 2, 3, 5, 9, 17, 33, 53, 73, 93, 113 seconds.
    assert_eq!(sum(&tape, "t", "delivery_attempts"), 15);
    assert_eq!(sum(&tape, "f", "messages_processed"), 1);
}

#[test]
fn an_event_has_a_limit_of_its_own() {
    let delivered = |quotas: &str, bytes: u32| {
        let tape = run(&format!(
            "
name: size
duration: 1m
quotas: {quotas}
topics: {{ t: {{ subscriptions: [{{ function: f }}] }} }}
functions: {{ f: {{ processing_time: 10ms }} }}
clients: {{ me: {{ script: [{{ at: 0s, publish: {{ topic: t, message: A, size: {bytes}B }}, expect: {{ outcome: Success }} }}] }} }}
"
        ));
        assert_eq!(sum(&tape, "t", "delivery_attempts"), 1);
        fate(&tape, "t.f", "delivered")
    };
    // 256 KB with the envelope of 1,000 bytes, in 2022; then 1 MB.
    assert_eq!(delivered("2022", 261_144), 1);
    assert_eq!(delivered("2022", 261_145), 0);
    assert_eq!(delivered("current", 262_144), 1);
}

#[test]
fn what_a_function_cannot_have_is_told() {
    let told = |topic: &str| {
        refused(&format!(
            "
name: rules
duration: 1m
topics: {{ {topic} }}
queues: {{ q: {{}} }}
functions: {{ f: {{ processing_time: 10ms }} }}
"
        ))
    };
    let cases = [
        ("t: { subscriptions: [{ function: g }] }", "there is no function `g`"),
        ("t.fifo: { subscriptions: [{ function: f }] }", "a FIFO topic cannot deliver to `function`"),
        ("t: { subscriptions: [{ function: f, raw_message_delivery: true }] }", "not for `function`"),
        ("t: { subscriptions: [{ function: f }, { function: f }] }", "has a subscription `f` already"),
        ("t: { subscriptions: [{ function: f, delivery_policy: {} }] }", "is for HTTP and HTTPS"),
        (
            "t: { subscriptions: [{ queue: q, function_policy: missing }] }",
            "`function_policy` is for functions",
        ),
        ("t: { subscriptions: [{ function: f, confirmed_at: 1m }] }", "needs no confirmation"),
    ];
    for (topic, words) in cases {
        let told = told(topic);
        assert!(told.contains(words), "{topic}: {words}\n{told}");
    }
}
