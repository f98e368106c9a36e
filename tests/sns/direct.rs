//! Messages to numbers and devices without a topic, and the rates that the account has.

use super::{fate, refused, run, sum};

fn seconds(tape: &queuelab::record::Tape, name: &str, statistic: &str) -> f64 {
    tape.value(name, "delivery_time", statistic).unwrap()
}

#[test]
fn numbers_share_a_rate_for_each_kind_of_sms() {
    let tape = run("
name: sms
duration: 5m
api_latency: none
phone_numbers:
  ann: { carrier: { latency: 0s } }
  bob: { carrier: { latency: 0s } }
  eve: { carrier: { latency: 0s }, sms_type: transactional }
producers:
  p: { publishes_to: { phone_number: ann }, arrivals: { bursts: [{ at: 1s, messages: 50 }] }, message: { size: 100B } }
  q: { publishes_to: { phone_number: bob }, arrivals: { bursts: [{ at: 1s, messages: 50 }] }, message: { size: 100B } }
  r: { publishes_to: { phone_number: eve }, arrivals: { bursts: [{ at: 1s, messages: 50 }] }, message: { size: 100B } }
");
    for name in ["ann", "bob", "eve"] {
        assert_eq!(sum(&tape, name, "notifications_delivered"), 50);
    }
    // Twenty a second of each kind: the last of a hundred waits 99 twentieths.
    let last = seconds(&tape, "ann", "max").max(seconds(&tape, "bob", "max"));
    assert!((last - 4.95).abs() < 0.02, "{last}");
    assert!((seconds(&tape, "eve", "max") - 2.45).abs() < 0.02);
    assert_eq!(tape.ledger.get("phone_number", "ann", "delivered"), Some(50));
    let cost = tape.value("eve", "estimated_cost", "sum").unwrap();
    assert!((cost - 50.0 * 0.006_45 - 50.0 * 0.5e-6).abs() < 1e-9, "{cost}");
}

#[test]
fn mails_are_ten_a_second_in_all_topics_together() {
    let tape = run("
name: mail
duration: 5m
api_latency: none
topics:
  t: { subscriptions: [{ name: ann, email: { latency: 0s } }, { name: bob, email: { latency: 0s } }] }
  u: { subscriptions: [{ name: eve, email: { latency: 0s } }] }
producers:
  p: { publishes_to: { topic: t }, arrivals: { bursts: [{ at: 1s, messages: 20 }] } }
  q: { publishes_to: { topic: u }, arrivals: { bursts: [{ at: 1s, messages: 20 }] } }
");
    assert_eq!(sum(&tape, "t", "notifications_delivered") + sum(&tape, "u", "notifications_delivered"), 60);
    let last = seconds(&tape, "t", "max").max(seconds(&tape, "u", "max"));
    assert!((last - 5.9).abs() < 0.02, "{last}");
}

#[test]
fn a_retry_that_is_far_off_holds_up_nobody() {
    let tape = run("
name: retries
duration: 1h
topics:
  t:
    subscriptions:
      - { name: hook, http: { latency: 0s }, delivery_policy: { max_receives_per_second: 10/s }, outages: [{ from: 0s, lasts: 10s, status: 503 }] }
clients:
  me:
    script:
      - { at: 9s, publish: { topic: t, message: A } }
      - { at: 11s, publish: { topic: t, message: B } }
      - { at: 12s, read_deliveries: { topic: t, subscription: hook }, expect: { bodies: [B] } }
      - { at: 30s, read_deliveries: { topic: t, subscription: hook }, expect: { bodies: [A] } }
");
    assert_eq!(fate(&tape, "t.hook", "delivered"), 2);
}

#[test]
fn a_disabled_device_refuses_publishes() {
    let tape = run("
name: devices
duration: 10m
platform_endpoints:
  phone: { push_service: { latency: 0s }, disabled_at: 10s }
  sold: { push_service: { latency: 0s, failure_rate: 100%, failure_status: 410 } }
  slow: { push_service: { latency: 1s }, time_to_live: 5s, outages: [{ from: 0s, lasts: 1h, status: 503 }] }
clients:
  me:
    script:
      - { at: 0s, publish: { platform_endpoint: phone, message: A }, expect: { outcome: Success } }
      - { at: 0s, publish: { platform_endpoint: sold, message: B }, expect: { outcome: Success } }
      - { at: 0s, publish: { platform_endpoint: slow, message: C }, expect: { outcome: Success } }
      - { at: 1s, publish: { platform_endpoint: sold, message: D }, expect: { outcome: EndpointDisabled } }
      - { at: 1s, publish: { platform_endpoint: phone, message: E, message_group_id: g }, expect: { outcome: InvalidParameter } }
      - { at: 9999ms, publish: { platform_endpoint: phone, message: F }, expect: { outcome: Success } }
      - { at: 10s, publish: { platform_endpoint: phone, message: G }, expect: { outcome: EndpointDisabled } }
      - { at: 11s, read_deliveries: { platform_endpoint: phone }, expect: { bodies: [A, F] } }
");
    assert_eq!(sum(&tape, "sold", "notifications_failed"), 1);
    // The second attempt comes after 10 seconds, too late.
    assert_eq!(sum(&tape, "slow", "delivery_attempts"), 2);
    assert_eq!(tape.ledger.get("platform_endpoint", "slow", "discarded"), Some(1));
    assert_eq!(sum(&tape, "phone", "messages_refused"), 2);
}

#[test]
fn an_sms_has_1600_characters_and_a_push_4096_bytes() {
    let tape = run("
name: long
duration: 10m
assumptions: { sms_monthly_spend_limit: 100 }
phone_numbers: { ann: {} }
topics: { t: { subscriptions: [{ name: bob, sms: {} }, { name: app, application: {} }] } }
clients:
  me:
    script:
      - { at: 0s, publish: { phone_number: ann, message: A, size: 1600B }, expect: { outcome: Success } }
      - { at: 0s, publish: { phone_number: ann, message: A, size: 1601B }, expect: { outcome: InvalidParameter } }
      - { at: 0s, publish: { topic: t, message: A, size: 1600B }, expect: { outcome: Success } }
      - { at: 0s, publish: { topic: t, message: A, size: 1601B }, expect: { outcome: Success } }
      - { at: 0s, publish: { topic: t, message: A, size: 4097B }, expect: { outcome: Success } }
");
    assert_eq!(fate(&tape, "t.bob", "delivered"), 1, "two are longer");
    assert_eq!(fate(&tape, "t.app", "delivered"), 2, "one is larger");
    assert_eq!(sum(&tape, "ann", "sms_parts"), 10);
}

#[test]
fn the_spending_limit_is_that_of_the_account() {
    let tape = run("
name: spend
duration: 10m
assumptions: { sms_monthly_spend_limit: 0.0129 }
phone_numbers: { ann: {} }
topics: { t: { subscriptions: [{ name: bob, sms: {} }] } }
clients:
  me:
    script:
      - { at: 0s, publish: { phone_number: ann, message: A } }
      - { at: 1s, publish: { topic: t, message: A } }
      - { at: 2s, publish: { phone_number: ann, message: A } }
      - { at: 3s, publish: { topic: t, message: A } }
");
    let success = tape.value("ann", "sms_success_rate", "mean").unwrap();
    assert!((success - 0.5).abs() < 1e-12, "{success}");
    assert_eq!(tape.value("t", "sms_month_to_date_spent", "max"), Some(0.0129));
    // Two of 0.00645 dollars each are exactly the limit.
    assert_eq!(sum(&tape, "ann", "notifications_delivered"), 1);
    assert_eq!(fate(&tape, "t.bob", "delivered"), 1);
    assert_eq!(sum(&tape, "ann", "notifications_failed") + sum(&tape, "t", "notifications_failed"), 2);
}

#[test]
fn what_is_published_directly_has_neither_batches_nor_groups() {
    let told = refused(
        "
name: rules
duration: 1m
phone_numbers: { ann: {} }
platform_endpoints: { phone: {} }
producers:
  p: { publishes_to: { phone_number: bob }, arrivals: { constant: { rate: 1/s } } }
  q: { publishes_to: { phone_number: ann }, arrivals: { constant: { rate: 1/s } }, batching: {} }
  r: { publishes_to: { platform_endpoint: phone }, arrivals: { constant: { rate: 1/s } }, message: { message_group_id: g } }
",
    );
    for words in ["there is no phone number `bob`", "a batch is published to a topic only", "message groups"]
    {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let told = refused(
        "
name: rules
duration: 1m
phone_numbers: { ann: {} }
platform_endpoints: { phone: {} }
clients:
  me:
    script:
      - { at: 0s, publish: { phone_number: ann, platform_endpoint: phone, message: A } }
      - { at: 0s, read_deliveries: { topic: t } }
",
    );
    for words in [
        "give one of `topic`, `phone_number` and `platform_endpoint`",
        "a `subscription` is one of a `topic`",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
}

#[test]
fn each_protocol_gets_its_own_text() {
    run(r#"
name: structure
duration: 10m
topics:
  t:
    subscriptions:
      - { queue: q, raw_message_delivery: true }
      - { queue: picky, raw_message_delivery: true, filter_policy_scope: message_body, filter_policy: { k: [v] } }
      - { name: hook, https: { latency: 0s } }
      - { name: plain, http: { latency: 0s } }
      - { name: ann, sms: { latency: 0s } }
queues: { q: {}, picky: {} }
clients:
  me:
    script:
      - at: 0s
        publish: { topic: t, message_structure: json, message: '{"default":"{\"k\":\"v\"}","sqs":"Q","https":"H","sms":"S"}' }
        expect: { outcome: Success }
      - { at: 1s, receive_message: { queue: q }, expect: { bodies: [Q] } }
      - { at: 1s, receive_message: { queue: picky }, expect: { bodies: [Q] } }
      - { at: 1s, read_deliveries: { topic: t, subscription: hook }, expect: { bodies: [H] } }
      - { at: 1s, read_deliveries: { topic: t, subscription: plain }, expect: { bodies: ['{"k":"v"}'] } }
      - { at: 1s, read_deliveries: { topic: t, subscription: ann }, expect: { bodies: [S] } }
      - { at: 2s, publish: { topic: t, message_structure: json, message: '{"sqs":"Q"}' }, expect: { outcome: InvalidParameter } }
      - { at: 2s, publish: { topic: t, message_structure: json, message: 'plain' }, expect: { outcome: InvalidParameter } }
      - { at: 2s, publish: { topic: t, message_structure: json, message: '{"default":1}' }, expect: { outcome: InvalidParameter } }
      - { at: 3s, publish: { topic: t, message: '{"sqs":"Q"}' }, expect: { outcome: Success } }
      - { at: 4s, receive_message: { queue: q }, expect: { bodies: ['{"sqs":"Q"}'] } }
      - at: 5s
        publish_batch: { topic: t, entries: [{ message: '{"default":"D"}', message_structure: json }, { message: '[]', message_structure: json }] }
        expect: { outcome: 'Success, InvalidParameter' }
"#);
}

#[test]
fn raw_delivery_to_a_queue_carries_ten_attributes() {
    let attributes =
        |number: usize| (0..number).map(|one| format!("a{one}: x")).collect::<Vec<_>>().join(", ");
    let tape = run(&format!(
        "
name: attributes
duration: 1m
topics:
  t:
    subscriptions:
      - {{ queue: raw, raw_message_delivery: true }}
      - {{ queue: wrapped }}
      - {{ name: hook, http: {{}}, raw_message_delivery: true }}
queues: {{ raw: {{}}, wrapped: {{}} }}
clients:
  me:
    script:
      - {{ at: 0s, publish: {{ topic: t, message: A, attributes: {{ {} }} }}, expect: {{ outcome: Success }} }}
      - {{ at: 1s, publish: {{ topic: t, message: B, attributes: {{ {} }} }}, expect: {{ outcome: Success }} }}
      - {{ at: 2s, receive_message: {{ queue: raw, max_number_of_messages: 10 }}, expect: {{ bodies: [A] }} }}
",
        attributes(10),
        attributes(11)
    ));
    assert_eq!(fate(&tape, "t.raw", "discarded"), 1);
    assert_eq!(fate(&tape, "t.wrapped", "delivered"), 2);
    assert_eq!(fate(&tape, "t.hook", "delivered"), 2);
    assert_eq!(sum(&tape, "t", "delivery_attempts"), 6, "never tried again");
}
