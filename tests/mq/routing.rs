//! Routing keys, headers, selectors, priorities, and the limits of RabbitMQ by instance type.

use super::{calls, problems, received, run, script, sum, value};

#[test]
fn a_queue_that_is_bound_twice_gets_a_message_once() {
    let keys = ["a", "b", "c"].map(|key| {
        format!("broker_send: {{ broker_topic: x, body: {key}, attributes: {{ routing_key: {key} }} }}")
    });
    let steps = script(&[
        (1.0, &keys[0]),
        (1.0, &keys[1]),
        (1.0, &keys[2]),
        (1.0, "broker_send: { broker_topic: x, body: without }"),
        (2.0, "broker_receive: { broker_queue: one, max_messages: 9 }"),
        (2.0, "broker_receive: { broker_queue: two, max_messages: 9 }"),
    ]);
    let tape = run(&format!(
        "brokers: {{ b: {{ engine_type: rabbitmq, host_instance_type: mq.m7g.large }} }}\n\
         broker_topics: {{ x: {{ broker: b, exchange_type: topic, bindings: [\
         {{ queue: one, routing_key: a }}, {{ queue: two, routing_key: '*' }}, {{ queue: two, routing_key: 'a.#' }}] }} }}\n\
         broker_queues: {{ one: {{ broker: b }}, two: {{ broker: b }} }}\n{steps}"
    ));
    assert_eq!(received(&tape), [vec!["a"], vec!["a", "b", "c"]]);
    let fate = |fate| tape.ledger.get("broker_topic", "x", fate);
    assert_eq!((fate("routed"), fate("copied"), fate("unwanted")), (Some(4), Some(1), Some(1)));
    assert_eq!(sum(&tape, "x", "dispatch_count"), 4);
    assert_eq!(value(&tape, "b", "queue_count", "last") as u64, 2);
    assert_eq!(value(&tape, "b", "exchange_count", "last") as u64, 8, "seven are always there");
}

#[test]
fn results_are_sent_on_to_a_topic() {
    let tape = run("
brokers: { b: { host_instance_type: mq.m5.large, storage_type: ebs } }
broker_topics: { done: { broker: b } }
broker_subscriptions: { log: { topic: done, durable: true } }
broker_queues: { q: { broker: b } }
producers:
  p: { publishes_to: { broker_queue: q }, arrivals: { bursts: [{ at: 1s, messages: 3 }] } }
consumers:
  w: { receives_from: { broker_queue: q }, processing_time: 1s, forwards_to: { broker_topic: done } }
");
    assert_eq!(value(&tape, "log", "queue_size", "last") as u64, 3);
}

#[test]
fn priorities_and_selectors_of_consumers_at_work() {
    let tape = run("
brokers: { b: { host_instance_type: mq.m5.large, storage_type: ebs } }
broker_queues: { q: { broker: b, prioritized_messages: true } }
producers:
  slow: { publishes_to: { broker_queue: q }, arrivals: { bursts: [{ at: 1s, messages: 20 }] }, message: { attributes: { kind: x } } }
  fast: { publishes_to: { broker_queue: q }, arrivals: { bursts: [{ at: 5s, messages: 5 }] }, broker_client: { priority: 9 }, message: { attributes: { kind: y } } }
consumers:
  all: { receives_from: { broker_queue: q }, processing_time: 1s, broker_client: { prefetch: 1 } }
  ys: { receives_from: { broker_queue: q }, processing_time: 1s, broker_client: { prefetch: 1, selector: \"kind = 'y'\" } }
");
    let processed = |who| sum(&tape, who, "messages_processed");
    assert_eq!(processed("all") + processed("ys"), 25);
    assert!((1..=5).contains(&processed("ys")), "only what it wants");
    assert!(value(&tape, "ys", "end_to_end_latency", "max") < 4.0, "before everything that waited longer");
}

#[test]
fn connections_of_rabbitmq_are_limited_by_instance_type_and_node() {
    let consumers = |instances: u32, more: &str| {
        run(&format!(
            "duration: 10s\nbrokers: {{ b: {{ engine_type: rabbitmq{more} }} }}\nbroker_queues: {{ q: {{ broker: b }} }}\nconsumers:\n  \
             w: {{ receives_from: {{ broker_queue: q }}, instances: {instances}, processing_time: 1s }}\n"
        ))
    };
    let connected = |tape| value(tape, "b", "connection_count", "max") as u64;
    let medium = consumers(120, ", host_instance_type: mq.m7g.medium");
    assert_eq!(connected(&medium), 100);
    let raised = consumers(120, ", host_instance_type: mq.m7g.medium, connection_max: 110");
    assert_eq!(connected(&raised), 110);
    let cluster = consumers(320, ", host_instance_type: mq.m7g.medium, deployment_mode: cluster_multi_az");
    assert_eq!(connected(&cluster), 300, "a hundred for each node");
    let old = consumers(320, ", host_instance_type: mq.m7g.medium, engine_version: '3.13'");
    assert_eq!(connected(&old), 100, "of the whole broker");
}

#[test]
fn a_message_that_is_too_large_is_refused() {
    let steps = script(&[
        (1.0, "broker_send: { broker_queue: q, body: a, size: 524288B }"),
        (1.0, "broker_send: { broker_queue: q, body: b, size: 524289B }"),
    ]);
    let outcomes = |more: &str| {
        let tape = run(&format!(
            "brokers: {{ b: {{ engine_type: rabbitmq, host_instance_type: mq.m7g.large{more} }} }}\n\
             broker_queues: {{ q: {{ broker: b }} }}\n{steps}"
        ));
        calls(&tape).iter().map(|call| call.outcome.clone()).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(""), ["Success", "PRECONDITION_FAILED"]);
    assert_eq!(outcomes(", max_message_size: 1MiB"), ["Success", "Success"]);
    assert_eq!(outcomes(", engine_version: '3.13'"), ["Success", "Success"]);
}

#[test]
fn bindings_have_what_their_exchange_looks_at() {
    let told = problems(
        "
brokers: { r: { engine_type: rabbitmq, host_instance_type: mq.m7g.large } }
broker_topics:
  fan: { broker: r, bindings: [{ queue: q, routing_key: a }, { queue: q, arguments: { k: v } }] }
  direct: { broker: r, exchange_type: direct, bindings: [q] }
broker_queues: { q: { broker: r } }
",
    );
    for words in ["does not look at routing keys", "does not look at headers", "needs a `routing_key`"] {
        assert!(told.contains(words), "{words}\n{told}");
    }
}

#[test]
fn what_does_not_go_together_is_told() {
    let told = problems(
        "
brokers: { r: { engine_type: rabbitmq, host_instance_type: mq.m7g.large, connection_max: 5001 }, a: { host_instance_type: mq.m5.large, connection_max: 10 } }
broker_topics:
  jms: { broker: a, exchange_type: topic }
broker_subscriptions: { s: { topic: jms, selector: \"amount >\" } }
broker_queues: { q: { broker: r, max_priority: 5, prioritized_messages: true }, p: { broker: a } }
producers:
  p: { publishes_to: { broker_queue: p }, arrivals: { constant: { rate: 1/s } }, broker_client: { priority: 10 } }
consumers:
  w: { receives_from: { broker_queue: q }, processing_time: 1s, broker_client: { selector: \"k = 'v'\" } }
  x: { receives_from: { broker_subscription: s }, processing_time: 1s, broker_client: { selector: \"k = 'v'\" } }
",
    );
    for words in [
        "takes 5000 connections at most",
        "`connection_max` is for RabbitMQ 4",
        "is no exchange",
        "this is no selector: the selector ends too early",
        "a quorum queue has no `max_priority`",
        "`prioritized_messages` is for queues of ActiveMQ",
        "priorities from 0 to 9",
        "selectors are for consumers of ActiveMQ",
        "a subscription has its own `selector`",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
}
