//! Deliveries: attempts at exact instants, dead letters, outages that hold up nobody else.

use super::{fate, run, sum};

/// A subscription that fails in every attempt, given up after `seconds`, with so many attempts.
fn given_up(subscription: &str, duration: &str) -> (u64, u64, u64) {
    let tape = run(&format!(
        "
name: attempts
duration: {duration}
topics:
  t:
    subscriptions:
      - {{ name: s, redrive_policy: {{ dead_letter_queue: letters }}, {subscription} }}
queues: {{ letters: {{}} }}
clients:
  me: {{ script: [{{ at: 0s, publish: {{ topic: t, message: A }} }}] }}
"
    ));
    let first = tape.value("letters", "messages_sent", "sum").unwrap() as u64;
    (sum(&tape, "t", "delivery_attempts"), sum(&tape, "t", "notifications_failed"), first)
}

#[test]
fn http_attempts_come_at_exact_instants() {
    // An answer of 500 after 1 second, three retries 20 seconds apart: 0, 21, 42, 63 seconds; given up at 64.
    let endpoint = "http: { latency: 1s, failure_rate: 100%, failure_status: 500 }";
    assert_eq!(given_up(endpoint, "62999ms"), (3, 3, 0));
    assert_eq!(given_up(endpoint, "63001ms"), (4, 3, 0));
    assert_eq!(given_up(endpoint, "64001ms"), (4, 4, 1));
    // No answer: SNS waits 15 seconds, so 35 lie between two attempts.
    let silent = "https: {}, outages: [{ from: 0s, lasts: 1d }]";
    assert_eq!(given_up(silent, "104999ms"), (3, 3, 0));
    assert_eq!(given_up(silent, "105001ms"), (4, 3, 0));
    assert_eq!(given_up(silent, "120001ms"), (4, 4, 1));
    // An answer after the timeout is none.
    assert_eq!(given_up("http: { latency: 16s }", "121s"), (4, 4, 1));
}

#[test]
fn what_stays_wrong_is_never_tried_again() {
    for status in [400, 403, 404, 410, 301] {
        let endpoint = format!("http: {{ latency: 1s, failure_rate: 100%, failure_status: {status} }}");
        assert_eq!(given_up(&endpoint, "2s"), (1, 1, 1), "{status}");
    }
    for status in [500, 502, 503, 429] {
        let endpoint = format!("http: {{ latency: 1s, failure_rate: 100%, failure_status: {status} }}");
        assert_eq!(given_up(&endpoint, "2s"), (1, 1, 0), "{status}");
    }
}

#[test]
fn a_policy_of_ones_own() {
    // At once, after 10 s, 10, 20, 40, then 40: with 1 s an attempt.
    let endpoint = "http: { latency: 1s, failure_rate: 100% }, delivery_policy: { min_delay_target: 10s, max_delay_target: 40s, \
                    num_retries: 6, num_no_delay_retries: 1, num_min_delay_retries: 1, num_max_delay_retries: 1, \
                    backoff_function: exponential }";
    let starts = [0, 1, 12, 23, 44, 85, 126];
    for (attempt, start) in (0..).zip(starts) {
        if start > 0 {
            assert_eq!(given_up(endpoint, &format!("{}999ms", start - 1)).0, attempt, "before {start}");
        }
        assert_eq!(given_up(endpoint, &format!("{start}001ms")).0, attempt + 1, "after {start}");
    }
    assert_eq!(given_up(endpoint, "200s"), (7, 7, 1));
}

#[test]
fn mail_sms_and_push_are_tried_fifty_times_more() {
    let email = "email: { latency: 0s, failure_rate: 100% }";
    // 10, 10, then 10, 20, 40, 80, 160, 320, 600 × 4, then 38 × 600: given up with attempt 51.
    let total = 20 + 630 + 4 * 600 + 38 * 600;
    assert_eq!(given_up(email, &format!("{}999ms", total - 1)), (50, 0, 0));
    assert_eq!(given_up(email, &format!("{total}001ms")), (51, 1, 1));
    let push = "application: { latency: 0s, failure_rate: 100% }, time_to_live: 1h";
    let (attempts, failed, letters) = given_up(push, "12h");
    assert!(attempts < 20, "dropped after an hour: {attempts}");
    assert_eq!((failed, letters), (1, 1));
    assert_eq!(given_up("sms: { latency: 0s, failure_rate: 100%, failure_status: 400 }", "1s"), (1, 1, 1));
}

#[test]
fn an_outage_of_a_queue_shows_in_no_metric_until_it_is_over() {
    let tape = run("
name: outage
duration: 1h
topics:
  t:
    subscriptions:
      - { queue: down, raw_message_delivery: true, outages: [{ from: 0s, lasts: 100s, status: 500 }] }
      - { queue: up, raw_message_delivery: true }
queues: { down: {}, up: {} }
clients:
  me:
    script:
      - { at: 0s, publish: { topic: t, message: A } }
      - { at: 1s, receive_message: { queue: up }, expect: { bodies: [A] } }
      - { at: 112s, receive_message: { queue: down }, expect: { bodies: [] } }
      - { at: 113s, receive_message: { queue: down }, expect: { bodies: [A] } }
");
    // 0, 0, 0, 0, 1, 2, 3, 5, 9, 17, 33, 53, 73, 93, 113 seconds.
    assert_eq!(sum(&tape, "t", "delivery_attempts"), 16);
    assert_eq!(sum(&tape, "t", "notifications_failed"), 0);
    assert_eq!(fate(&tape, "t.down", "delivered"), 1);
}

#[test]
fn a_queue_without_a_statement_for_the_topic_gets_nothing() {
    let scenario = |policy: &str, subscription: &str| {
        run(&format!(
            "
name: policies
duration: 1m
topics: {{ t: {{ subscriptions: [{{ queue: q{subscription} }}] }} }}
queues: {{ q: {{ policy: {policy} }}, letters: {{}} }}
producers: {{ p: {{ publishes_to: {{ topic: t }}, arrivals: {{ bursts: [{{ at: 1s, messages: 3 }}] }} }} }}
"
        ))
    };
    let fates = |policy: &str, subscription: &str| {
        let tape = scenario(policy, subscription);
        ["delivered", "redriven_to_dlq", "discarded"].map(|one| fate(&tape, "t.q", one))
    };
    let statement = |source: &str| {
        format!("[{{ principals: [sns.amazonaws.com], actions: [send_message], source: {source} }}]")
    };
    assert_eq!(fates("[]", ""), [3, 0, 0], "the console's statement");
    assert_eq!(fates("[]", ", queue_policy: as_given"), [0, 0, 3]);
    assert_eq!(
        fates("[]", ", queue_policy: as_given, redrive_policy: { dead_letter_queue: letters }"),
        [0, 3, 0]
    );
    assert_eq!(fates(&statement("t"), ""), [3, 0, 0]);
    assert_eq!(fates(&statement("other"), ""), [0, 0, 3], "a policy that is given is all there is");
    let tape = scenario("[]", ", queue_policy: as_given");
    assert_eq!(sum(&tape, "t", "delivery_attempts"), 3, "no retries");
    assert_eq!(sum(&tape, "t", "notifications_failed"), 3);
    assert_eq!(tape.ledger.get("run", "policies", "discarded"), Some(3));
}

#[test]
fn the_key_of_a_queue_must_let_sns_in() {
    let tape = run("
name: keys
duration: 1m
topics: { t: { subscriptions: [{ queue: aws }, { queue: own }] } }
queues:
  aws: { encryption: { sse_kms: {} } }
  own: { encryption: { sse_kms: { key: customer_managed } } }
producers: { p: { publishes_to: { topic: t }, arrivals: { bursts: [{ at: 1s, messages: 3 }] } } }
");
    assert_eq!(fate(&tape, "t.aws", "discarded"), 3, "the policy of alias/aws/sqs cannot be changed");
    assert_eq!(fate(&tape, "t.own", "delivered"), 3);
}

#[test]
fn the_envelope_counts_towards_the_size() {
    let tape = run("
name: envelope
duration: 1m
topics:
  t:
    subscriptions:
      - { queue: raw, raw_message_delivery: true }
      - { queue: wrapped }
      - { queue: tight }
queues: { raw: {}, wrapped: {}, tight: { maximum_message_size: 2KiB } }
producers:
  p: { publishes_to: { topic: t }, arrivals: { bursts: [{ at: 1s, messages: 2 }] }, message: { size: 1500B } }
");
    assert!((tape.value("raw", "sent_message_size", "max").unwrap() - 1_500.0).abs() < 20.0);
    assert!((tape.value("wrapped", "sent_message_size", "max").unwrap() - 2_500.0).abs() < 40.0);
    assert_eq!(fate(&tape, "t.tight", "discarded"), 2, "too large with its envelope: never tried again");
}

#[test]
fn an_endpoint_can_be_throttled_and_read() {
    let tape = run("
name: throttle
duration: 1m
topics:
  t:
    subscriptions:
      - { name: hook, http: { latency: 0s }, delivery_policy: { max_receives_per_second: 1/s } }
      - { name: mail, email: { latency: 0s } }
clients:
  me:
    script:
      - at: 0s
        publish_batch: { topic: t, entries: [{ message: A }, { message: B }, { message: C }] }
        expect: { outcome: Success }
      - { at: 50ms, read_deliveries: { topic: t, subscription: hook }, expect: { bodies: [A] } }
      - { at: 1050ms, read_deliveries: { topic: t, subscription: hook }, expect: { bodies: [B] } }
      - { at: 2050ms, read_deliveries: { topic: t, subscription: hook }, expect: { bodies: [C] } }
      - { at: 3s, read_deliveries: { topic: t, subscription: mail }, expect: { bodies: [A, B, C] } }
");
    // Ten mails a second, a hard limit.
    assert!((tape.value("t", "delivery_time", "max").unwrap() - 2.0).abs() < 0.01);
    assert_eq!(fate(&tape, "t.mail", "delivered"), 3);
}

#[test]
fn subscriptions_begin_and_end() {
    run("
name: subscriptions
duration: 1h
topics:
  t:
    subscriptions:
      - { queue: q, raw_message_delivery: true, subscribed: false }
      - { name: late, http: { latency: 0s }, confirmed_at: 10s }
queues: { q: {} }
clients:
  me:
    script:
      - { at: 0s, publish: { topic: t, message: A } }
      - { at: 1s, subscribe: { topic: t, subscription: q }, expect: { outcome: Success } }
      - { at: 2s, publish: { topic: t, message: B } }
      - { at: 11s, publish: { topic: t, message: C } }
      - { at: 12s, unsubscribe: { topic: t, subscription: q } }
      - { at: 13s, publish: { topic: t, message: D } }
      - { at: 14s, set_subscription_attributes: { topic: t, subscription: q, raw_message_delivery: false }, expect: { outcome: NotFound } }
      - { at: 15s, receive_message: { queue: q, max_number_of_messages: 10 }, expect: { bodies: [B, C] } }
      - { at: 16s, read_deliveries: { topic: t, subscription: late }, expect: { bodies: [C, D] } }
");
}

#[test]
fn a_standard_topic_may_deliver_twice() {
    let tape = run("
name: twice
duration: 10m
assumptions: { sns_duplicate_probability: 10% }
topics: { t: { subscriptions: [{ queue: q }, { name: hook, http: {} }] } }
queues: { q: {} }
producers: { p: { publishes_to: { topic: t }, arrivals: { constant: { rate: 10/s } } } }
consumers: { w: { receives_from: { queue: q }, processing_time: 1ms, instances: 4 } }
");
    let twice = fate(&tape, "t.q", "duplicates");
    assert!((480..720).contains(&twice), "{twice}");
    assert!(sum(&tape, "w", "duplicates") > 200);
    assert!(fate(&tape, "t.hook", "duplicates") > 480);
}
