//! FIFO topics: order, deduplication, quotas, archive.

use super::{fate, run, sum};

#[test]
fn a_message_is_taken_once_in_five_minutes() {
    run("
name: once
duration: 10m
topics:
  t.fifo:
    content_based_deduplication: true
    subscriptions:
      - { queue: a.fifo, raw_message_delivery: true }
      - { queue: plain, raw_message_delivery: true }
queues: { a.fifo: {}, plain: {} }
clients:
  me:
    script:
      - { at: 0s, publish: { topic: t.fifo, message: A, message_group_id: g } }
      - { at: 1s, publish: { topic: t.fifo, message: A, message_group_id: h }, expect: { outcome: Success } }
      - { at: 299s, publish: { topic: t.fifo, message: X, message_group_id: g, message_deduplication_id: one } }
      - { at: 299s, publish: { topic: t.fifo, message: Y, message_group_id: g, message_deduplication_id: one } }
      - { at: 300s, publish: { topic: t.fifo, message: A, message_group_id: g } }
      - { at: 301s, publish: { topic: t.fifo, message: N }, expect: { outcome: InvalidParameter } }
      - { at: 302s, receive_message: { queue: plain, max_number_of_messages: 10 }, expect: { bodies: [A, X, A] } }
      - { at: 302s, receive_message: { queue: a.fifo, max_number_of_messages: 10 }, expect: { bodies: [A, X, A] } }
");
}

#[test]
fn a_group_waits_for_its_first_message_and_others_do_not() {
    let tape = run("
name: head
duration: 10m
topics:
  t.fifo:
    subscriptions:
      - { queue: q.fifo, raw_message_delivery: true, outages: [{ from: 1s, lasts: 10s, status: 500 }] }
      - { queue: r.fifo, raw_message_delivery: true }
queues: { q.fifo: {}, r.fifo: {} }
clients:
  me:
    script:
      - { at: 2s, publish: { topic: t.fifo, message: A1, message_group_id: a, message_deduplication_id: '1' } }
      - { at: 3s, publish: { topic: t.fifo, message: A2, message_group_id: a, message_deduplication_id: '2' } }
      - { at: 3s, receive_message: { queue: r.fifo, max_number_of_messages: 10 }, expect: { bodies: [A1, A2] } }
      - { at: 11s, publish: { topic: t.fifo, message: B1, message_group_id: b, message_deduplication_id: '3' } }
      - { at: 12s, receive_message: { queue: q.fifo, max_number_of_messages: 10 }, expect: { bodies: [A1, A2, B1] } }
      - { at: 20s, receive_message: { queue: q.fifo, max_number_of_messages: 10 }, expect: { bodies: [] } }
");
    assert_eq!(fate(&tape, "t.fifo.q.fifo", "delivered"), 3);
}

#[test]
fn quotas_of_topic_group_and_profile() {
    let throttled = |quotas: &str, scope: &str, groups: &str| {
        let tape = run(&format!(
            "
name: quotas
duration: 10s
quotas: {quotas}
topics: {{ t.fifo: {{ {scope} subscriptions: [{{ queue: q.fifo }}] }} }}
queues: {{ q.fifo: {{ deduplication_scope: message_group, fifo_throughput_limit: per_message_group_id }} }}
producers:
  p:
    publishes_to: {{ topic: t.fifo }}
    arrivals: {{ constant: {{ rate: 1000/s }} }}
    retries: {{ max_attempts: 1 }}
    message: {{ message_group_id: {groups}, size: 100B }}
"
        ));
        sum(&tape, "t.fifo", "messages_throttled")
    };
    assert_eq!(throttled("current", "", "{ uniform: 100 }"), 0);
    assert!(throttled("current", "", "one") > 6_000, "300 a second and group");
    assert!(throttled("2022", "", "{ uniform: 100 }") > 6_000, "300 a second and topic");
    let scope = "fifo_throughput_scope: message_group,";
    assert_eq!(throttled("{ sns_fifo_messages_per_second: 500 }", scope, "{ uniform: 100 }"), 0);
    assert!(throttled("{ sns_fifo_messages_per_second: 500 }", "", "{ uniform: 100 }") > 4_000);
    assert!(throttled("{ sns_fifo_bytes_per_second: 50000 }", "", "{ uniform: 100 }") > 4_000);
}

#[test]
fn an_archive_is_replayed() {
    let tape = run("
name: archive
duration: 1h
topics:
  t.fifo:
    archive_policy: { message_retention_period: 1d }
    content_based_deduplication: true
    subscriptions:
      - { queue: late.fifo, raw_message_delivery: true, confirmed_at: 1m, replay_policy: { at: 1m } }
      - queue: some.fifo
        raw_message_delivery: true
        confirmed_at: 1m
        filter_policy: { k: [x] }
        replay_policy: { at: 2m, starting_point: 10s, ending_point: 20s }
queues: { late.fifo: {}, some.fifo: {} }
clients:
  me:
    script:
      - { at: 5s, publish: { topic: t.fifo, message: A, message_group_id: g, attributes: { k: x } } }
      - { at: 10s, publish: { topic: t.fifo, message: B, message_group_id: g, attributes: { k: x } } }
      - { at: 15s, publish: { topic: t.fifo, message: C, message_group_id: g, attributes: { k: y } } }
      - { at: 20s, publish: { topic: t.fifo, message: D, message_group_id: g, attributes: { k: x } } }
      - { at: 90s, publish: { topic: t.fifo, message: E, message_group_id: g, attributes: { k: x } } }
      - { at: 121s, publish: { topic: t.fifo, message: F, message_group_id: g, attributes: { k: x } } }
      - { at: 3m, receive_message: { queue: late.fifo, max_number_of_messages: 10 }, expect: { bodies: [A, B, C, D, E, F] } }
      - { at: 3m, receive_message: { queue: some.fifo, max_number_of_messages: 10 }, expect: { bodies: [E, B] } }
");
    assert_eq!(sum(&tape, "t.fifo", "messages_replayed"), 5);
}

#[test]
fn order_and_exactly_once_hold_through_to_the_consumers() {
    let tape = run("
name: order
duration: 10m
topics: { t.fifo: { subscriptions: [{ queue: a.fifo }, { queue: b.fifo }] } }
queues: { a.fifo: { receive_message_wait_time: 20s }, b.fifo: { receive_message_wait_time: 20s } }
api_latency: fixed
producers:
  p:
    publishes_to: { topic: t.fifo }
    arrivals: { poisson: { rate: 10/s } }
    lost_responses: 5%
    message: { message_group_id: one }
consumers:
  a: { receives_from: { queue: a.fifo }, processing_time: { exponential: { mean: 10ms } }, batch_size: 10, instances: 3 }
  b: { receives_from: { queue: b.fifo }, processing_time: { exponential: { mean: 10ms } }, batch_size: 10, instances: 3 }
");
    for consumer in ["a", "b"] {
        assert_eq!(sum(&tape, consumer, "out_of_order"), 0);
        assert_eq!(sum(&tape, consumer, "duplicates"), 0);
        assert!(sum(&tape, consumer, "messages_processed") > 5_500);
    }
    assert!(sum(&tape, "t.fifo", "messages_deduplicated") > 200);
}
