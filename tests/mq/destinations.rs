//! Topics, subscriptions, virtual topics, exchanges.

use super::{run, script, sum, value};

const TOPIC: &str = "brokers: { b: { host_instance_type: mq.m5.large } }\n";

/// A producer of ten messages to the topic, from 100 s on.
fn publisher(topic: &str) -> String {
    format!(
        "producers:\n  p:\n    publishes_to: {{ broker_topic: {topic} }}\n    arrivals: {{ bursts: [{{ at: 100s, messages: 10 }}] }}\n"
    )
}

#[test]
fn each_consumer_of_a_virtual_topic_has_a_queue_with_competing_consumers() {
    let text = format!(
        "{TOPIC}broker_topics: {{ VirtualTopic.Orders: {{ broker: b }} }}\nbroker_queues:\n  \
         Consumer.Billing.VirtualTopic.Orders: {{ broker: b }}\n  Consumer.Mail.VirtualTopic.Orders: {{ broker: b }}\n  \
         Consumer.Mail.VirtualTopic.Other: {{ broker: b }}\n{}consumers:\n  billing:\n    \
         receives_from: {{ broker_queue: Consumer.Billing.VirtualTopic.Orders }}\n    instances: 3\n    processing_time: 1s\n",
        publisher("VirtualTopic.Orders")
    );
    let tape = run(&text);
    assert_eq!(sum(&tape, "billing", "messages_processed"), 10, "shared by three");
    assert_eq!(value(&tape, "Consumer.Mail.VirtualTopic.Orders", "queue_size", "last") as u64, 10);
    assert_eq!(value(&tape, "Consumer.Mail.VirtualTopic.Other", "queue_size", "max") as u64, 0);
    assert_eq!(tape.ledger.get("run", "mq", "copied"), Some(10));
}

#[test]
fn a_durable_subscription_waits_for_its_subscriber_and_another_one_does_not() {
    let steps = script(&[
        (50.0, "broker_connect: { broker_subscription: durable }"),
        (60.0, "broker_disconnect: { broker_subscription: durable }"),
        (200.0, "broker_receive: { broker_subscription: durable, max_messages: 20 }"),
        (201.0, "broker_receive: { broker_subscription: fleeting, max_messages: 20 }"),
    ]);
    let text = format!(
        "{TOPIC}broker_topics: {{ t: {{ broker: b }} }}\nbroker_subscriptions:\n  durable: {{ topic: t, durable: true }}\n  \
         fleeting: {{ topic: t }}\n{}{steps}",
        publisher("t")
    );
    let tape = run(&text);
    let received = super::received(&tape);
    assert_eq!((received[0].len(), received[1].len()), (10, 0));
    assert_eq!(sum(&tape, "fleeting", "messages_dropped"), 10);
    assert_eq!(value(&tape, "b", "inactive_durable_topic_subscribers_count", "max") as u64, 1);
}

#[test]
fn a_durable_subscription_has_one_subscriber_and_each_other_one_its_copy() {
    let consumer = |name: &str| {
        format!(
            "  {name}:\n    receives_from: {{ broker_subscription: {name} }}\n    instances: 3\n    processing_time: 1s\n"
        )
    };
    let text = format!(
        "{TOPIC}broker_topics: {{ t: {{ broker: b }} }}\nbroker_subscriptions:\n  durable: {{ topic: t, durable: true }}\n  \
         fleeting: {{ topic: t }}\n{}consumers:\n{}{}",
        publisher("t"),
        consumer("durable"),
        consumer("fleeting")
    );
    let tape = run(&text);
    assert_eq!(sum(&tape, "durable", "messages_processed"), 10);
    assert_eq!(value(&tape, "durable", "busy_threads", "max") as u64, 1, "no load is shared");
    assert!(sum(&tape, "durable", "consumers_refused") > 0);
    assert_eq!(sum(&tape, "fleeting", "messages_processed"), 30, "three subscribers, a copy each");
}

#[test]
fn an_exchange_passes_on_to_all_queues_that_are_bound() {
    let text = format!(
        "brokers: {{ b: {{ engine_type: rabbitmq, host_instance_type: mq.m5.large }} }}\nbroker_topics: {{ x: {{ broker: b, bindings: [one, two] }} }}\n\
         broker_queues: {{ one: {{ broker: b }}, two: {{ broker: b, max_length: 4 }}, three: {{ broker: b }} }}\n{}",
        publisher("x")
    );
    let tape = run(&text);
    let length = |queue| value(&tape, queue, "message_count", "last") as u64;
    assert_eq!((length("one"), length("two"), length("three")), (10, 4, 0));
    assert_eq!(sum(&tape, "two", "messages_refused"), 6);
}

#[test]
fn a_topic_that_nobody_wants_throws_away() {
    let tape = run(&format!("{TOPIC}broker_topics: {{ t: {{ broker: b }} }}\n{}", publisher("t")));
    assert_eq!(tape.ledger.get("broker_topic", "t", "unwanted"), Some(10));
    assert_eq!(tape.ledger.get("run", "mq", "filtered"), Some(10));
}
