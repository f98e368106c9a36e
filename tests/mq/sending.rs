//! What producers see: how long sends take, ceilings, flow control.

use super::{ACTIVEMQ, RABBITMQ, fate, run, sum, value};

/// A broker with its send time from the storage, and no consumer.
fn saturated(broker: &str, client: &str) -> f64 {
    let text = format!(
        "duration: 10s\nbrokers: {{ b: {broker} }}\nbroker_queues: {{ q: {{ broker: b }} }}\nproducers:\n  p:\n    \
         publishes_to: {{ broker_queue: q }}\n    arrivals: {{ constant: {{ rate: 6000/s }} }}\n    broker_client: {client}\n"
    );
    value(&run(&text), "q", "enqueue_count", "rate")
}

#[test]
fn a_connection_sends_as_fast_as_its_storage_is() {
    let efs = "{ host_instance_type: mq.m5.4xlarge }";
    let ebs = "{ host_instance_type: mq.m5.4xlarge, storage_type: ebs }";
    let cases = [
        (efs, "{}", 80.0),
        (ebs, "{}", 500.0),
        (efs, "{ persistent: false }", 5_000.0),
        (efs, "{ use_async_send: true }", 5_000.0),
        (efs, "{ connections: 10 }", 800.0),
        (efs, "{ connections: 2, sends_at_once: 5 }", 800.0),
    ];
    for (broker, client, expected) in cases {
        let rate = saturated(broker, client);
        assert!((rate - expected).abs() <= expected * 0.02, "{rate} with {broker} and {client}");
    }
}

#[test]
fn a_broker_takes_so_many_messages_in_all() {
    let rate =
        saturated("{ host_instance_type: mq.m5.large, messages_per_second: 300 }", "{ persistent: false }");
    assert!((rate - 300.0).abs() < 6.0, "{rate}");
    let rate = saturated("{ host_instance_type: mq.m5.large }", "{ persistent: false, connections: 10 }");
    assert!((rate - 5_000.0).abs() < 50.0, "two processors with 2,500 each: {rate}");
}

#[test]
fn a_transaction_goes_to_the_disk_once() {
    let text = format!(
        "duration: 20s\n{ACTIVEMQ}producers:\n  p:\n    publishes_to: {{ broker_queue: q }}\n    \
         arrivals: {{ constant: {{ rate: 2000/s }} }}\n    batching: {{ max_entries: 10 }}\n"
    );
    let rate = value(&run(&text), "q", "enqueue_count", "rate");
    assert!((rate - 800.0).abs() < 10.0, "{rate}");
}

#[test]
fn fast_consumers_spare_messages_the_disk() {
    let with = |flag: &str, time: &str| {
        let text = format!(
            "duration: 20s\nbrokers: {{ b: {{ host_instance_type: mq.m5.large, concurrent_store_and_dispatch_queues: {flag} }} }}\n\
             broker_queues: {{ q: {{ broker: b }} }}\nproducers:\n  p:\n    publishes_to: {{ broker_queue: q }}\n    \
             arrivals: {{ constant: {{ rate: 400/s }} }}\nconsumers:\n  w:\n    receives_from: {{ broker_queue: q }}\n    \
             threads: 100\n    processing_time: {time}\n"
        );
        value(&run(&text), "q", "enqueue_count", "rate")
    };
    assert!(with("true", "1ms") > 395.0, "acknowledged before the disk has them");
    assert!((with("true", "100ms") - 80.0).abs() < 2.0, "slow consumers do not help");
    assert!((with("false", "1ms") - 80.0).abs() < 2.0, "nothing bypasses the disk");
}

#[test]
fn producers_wait_while_there_is_no_room() {
    let with = |broker: &str, client: &str| {
        run(&format!(
            "brokers: {{ b: {{ host_instance_type: mq.m5.large, {broker} }} }}\nbroker_queues: {{ q: {{ broker: b }} }}\n\
             producers:\n  p:\n    publishes_to: {{ broker_queue: q }}\n    arrivals: {{ constant: {{ rate: 10/s }} }}\n    \
             message: {{ size: 1KiB }}\n    broker_client: {client}\n"
        ))
    };
    let tape = with("storage_limit: 100KiB", "{}");
    assert_eq!(value(&tape, "q", "queue_size", "last") as u64, 100);
    assert_eq!(value(&tape, "b", "store_percent_usage", "last") as u64, 100);
    assert_eq!(fate(&tape, "q", "waiting_to_send"), 6_000 - 100);
    assert_eq!(value(&tape, "b", "destinations_blocked", "last") as u64, 1);
    let tape = with("storage_limit: 100KiB", "{ persistent: false }");
    assert!(fate(&tape, "q", "waiting_to_send") <= 1, "what is not persistent needs no storage");
    let tape = with("memory_limit: 50KiB, temporary_storage_limit: 50KiB", "{ persistent: false }");
    assert_eq!(value(&tape, "q", "queue_size", "last") as u64, 100, "memory first, then temporary storage");
    let tape = with("storage_limit: 100KiB, when_full: fail", "{}");
    assert_eq!(value(&tape, "q", "queue_size", "last") as u64, 100);
    assert!(sum(&tape, "q", "messages_refused") > 5_000);
    assert!(sum(&tape, "p", "messages_rejected") > 5_000);
}

#[test]
fn acknowledged_messages_make_room() {
    let tape = run(
        "brokers: { b: { host_instance_type: mq.m5.large, storage_limit: 10KiB } }\nbroker_queues: { q: { broker: b }, other: { broker: b } }\n\
         producers:\n  p:\n    publishes_to: { broker_queue: q }\n    arrivals: { bursts: [{ at: 0s, messages: 10 }] }\n  \
         r:\n    publishes_to: { broker_queue: other }\n    arrivals: { bursts: [{ at: 1s, messages: 10 }] }\n\
         consumers:\n  w:\n    receives_from: { broker_queue: q }\n    processing_time: 10s\n  \
         v:\n    receives_from: { broker_queue: other }\n    processing_time: 1s\n",
    );
    assert_eq!(sum(&tape, "v", "messages_processed"), 10, "the other queue's producer went on");
    assert!(value(&tape, "other", "send_time", "max") > 9.0);
}

#[test]
fn a_queues_own_memory_limit_holds_its_producers_up() {
    let text = ACTIVEMQ.replace("{ broker: b } }\n", "{ broker: b, memory_limit: 10KiB } }\n");
    let tape = run(&format!(
        "{text}producers:\n  p:\n    publishes_to: {{ broker_queue: q }}\n    arrivals: {{ bursts: [{{ at: 0s, messages: 30 }}] }}\n\
         consumers:\n  w:\n    receives_from: {{ broker_queue: q }}\n    processing_time: 1s\n"
    ));
    assert_eq!(value(&tape, "q", "queue_size", "max") as u64, 10);
    assert_eq!(sum(&tape, "w", "messages_processed"), 30);
}

#[test]
fn the_memory_alarm_of_rabbitmq_blocks_every_publisher() {
    let text = "brokers: { b: { engine_type: rabbitmq, host_instance_type: mq.m5.large, memory_limit: 50KiB } }\n\
        broker_queues: { q: { broker: b }, other: { broker: b } }\nproducers:\n  p:\n    publishes_to: { broker_queue: q }\n    \
        arrivals: { constant: { rate: 10/s } }\n  r:\n    publishes_to: { broker_queue: other }\n    arrivals: { constant: { rate: 1/s } }\n\
        consumers: { w: { receives_from: { broker_queue: other }, processing_time: 1ms } }\n";
    let tape = run(text);
    assert!(sum(&tape, "w", "messages_processed") < 10, "also the queue that is empty");
    assert!(value(&tape, "other", "messages_waiting_to_send", "last") > 500.0);
}

#[test]
fn a_full_queue_of_rabbitmq_refuses_and_only_confirms_tell() {
    let text = RABBITMQ.replace("{ broker: b } }\n", "{ broker: b, max_length: 10 } }\n");
    let burst = "producers:\n  p:\n    publishes_to: { broker_queue: q }\n    arrivals: { bursts: [{ at: 0s, messages: 50 }] }\n    ";
    let tape = run(&format!("{text}{burst}broker_client: {{ publisher_confirms: false }}\n"));
    assert_eq!(
        (value(&tape, "q", "message_count", "last") as u64, sum(&tape, "q", "messages_refused")),
        (10, 40)
    );
    assert_eq!(sum(&tape, "p", "send_errors"), 0, "nobody hears of it");
    let consumer = "consumers: { w: { receives_from: { broker_queue: q }, processing_time: 10ms } }\n";
    let retries = "retries: { max_attempts: 20 }\n";
    let tape = run(&format!("{text}{burst}{retries}{consumer}"));
    assert_eq!(sum(&tape, "w", "messages_processed"), 50, "what was refused is sent again");
}
