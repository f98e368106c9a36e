//! Brokers that are not there: gaps, reconnecting clients, what is lost, repeated, and delivered again.

use super::{fate, run, sum, value};
use std::fmt::Write as _;

/// A pair of brokers with a failure, a producer of 20 a second, and consumers that keep up.
fn failover(failure: &str, client: &str) -> queuelab::record::Tape {
    run(&format!(
        "duration: 20m\nbrokers:\n  b:\n    host_instance_type: mq.m5.large\n    deployment_mode: active_standby_multi_az\n    \
         failures: [{failure}]\nbroker_queues: {{ q: {{ broker: b }} }}\nproducers:\n  p:\n    publishes_to: {{ broker_queue: q }}\n    \
         arrivals: {{ constant: {{ rate: 20/s }} }}\n    broker_client: {client}\nconsumers:\n  w:\n    \
         receives_from: {{ broker_queue: q }}\n    instances: 8\n    processing_time: 300ms\n"
    ))
}

#[test]
fn a_planned_failover_is_short_and_loses_nothing_that_is_persistent() {
    let tape = failover("{ at: 5m, kind: reboot }", "{}");
    assert!((value(&tape, "b", "nodes_up", "mean") - (1.0 - 5.0 / 1_200.0)).abs() < 1e-6);
    assert_eq!(fate(&tape, "q", "lost"), 0);
    assert_eq!(sum(&tape, "q", "messages_stored_twice"), 0);
    assert!(sum(&tape, "w", "duplicates") > 0, "what was in hand is delivered again");
    assert_eq!(sum(&tape, "b", "reconnections"), 9);
    assert_eq!(sum(&tape, "w", "messages_processed") + fate(&tape, "q", "unacknowledged"), 24_000);
}

#[test]
fn an_unplanned_failover_takes_longer_and_clients_find_the_standby_by_doubling_pauses() {
    let tape = failover("{ at: 5m, lasts: 42s }", "{}");
    // Attempts after 10, 30, 70 ms … 20.47 s, then 40.95 s and, the pause at its longest, 70.95 s.
    let slowest = value(&tape, "q", "send_time", "max");
    assert!((slowest - 70.95).abs() < 0.1, "{slowest}");
    assert_eq!(fate(&tape, "q", "lost"), 0);
    let fast = "{ reconnect: { initial_delay: 1s, maximum_delay: 1s } }";
    let tape = failover("{ at: 5m, lasts: 42s }", fast);
    assert!(value(&tape, "q", "send_time", "max") < 43.1);
}

#[test]
fn what_is_only_in_memory_is_lost() {
    let tape = run(
        "brokers: { b: { host_instance_type: mq.m5.large, failures: [{ at: 5m, lasts: 10s }] } }\nbroker_queues: { q: { broker: b } }\n\
         producers:\n  p: { publishes_to: { broker_queue: q }, arrivals: { bursts: [{ at: 1s, messages: 70 }] } }\n  \
         n: { publishes_to: { broker_queue: q }, arrivals: { bursts: [{ at: 1s, messages: 30 }] }, broker_client: { persistent: false } }\n",
    );
    assert_eq!((fate(&tape, "q", "lost"), fate(&tape, "q", "ready")), (30, 70));
    assert_eq!(sum(&tape, "q", "messages_lost"), 30);
}

#[test]
fn a_send_without_an_answer_is_repeated_and_may_be_there_twice() {
    let with = |stored: &str, client: &str| {
        run(&format!(
            "assumptions: {{ mq_stored_before_failure: {stored} }}\nbrokers: {{ b: {{ host_instance_type: mq.m5.large, failures: [{{ at: 10s, lasts: 10s }}] }} }}\n\
             broker_queues: {{ q: {{ broker: b }} }}\nproducers:\n  p:\n    publishes_to: {{ broker_queue: q }}\n    \
             arrivals: {{ bursts: [{{ at: 9s, messages: 300 }}] }}\n    broker_client: {client}\n"
        ))
    };
    let tape = with("100%", "{}");
    assert_eq!((sum(&tape, "q", "messages_stored_twice"), fate(&tape, "q", "ready")), (1, 301));
    let tape = with("0%", "{}");
    assert_eq!((sum(&tape, "q", "messages_stored_twice"), fate(&tape, "q", "ready")), (0, 300));
    let tape = with("100%", "{ protocol: mqtt, qos: 2 }");
    assert_eq!(
        (sum(&tape, "q", "messages_stored_twice"), fate(&tape, "q", "ready")),
        (0, 300),
        "exactly once"
    );
    let tape = with("100%", "{ protocol: mqtt, qos: 0 }");
    assert!(fate(&tape, "q", "lost") > 100, "at most once, and not persistent");
}

#[test]
fn a_single_instance_is_away_for_minutes() {
    let tape = run(
        "duration: 30m\nbrokers: { b: { host_instance_type: mq.m5.large, failures: [{ at: 60s, kind: reboot }, { at: 15m }] } }\n",
    );
    let away = (1.0 - value(&tape, "b", "nodes_up", "mean")) * 1_800.0;
    assert!((480.0..=900.0).contains(&away), "five minutes and three to ten: {away}");
    assert_eq!(sum(&tape, "b", "outages"), 2);
}

#[test]
fn an_outage_within_another_one_makes_it_longer_once() {
    let tape = run(
        "brokers: { b: { host_instance_type: mq.m5.large, failures: [{ at: 60s, lasts: 60s }, { at: 90s, lasts: 60s }, { at: 100s, lasts: 10s }] } }\n",
    );
    let away = (1.0 - value(&tape, "b", "nodes_up", "mean")) * 600.0;
    assert!((away - 90.0).abs() < 1e-6, "{away}");
    assert_eq!(sum(&tape, "b", "outages"), 1);
}

/// A cluster with a queue on each node, and a failure of the first node.
fn cluster(failure: &str) -> queuelab::record::Tape {
    let queues = "broker_queues: { q0: { broker: b }, q1: { broker: b }, q2: { broker: b } }\n";
    let mut text = format!(
        "brokers:\n  b:\n    engine_type: rabbitmq\n    host_instance_type: mq.m7g.large\n    deployment_mode: cluster_multi_az\n    \
         failures: [{failure}]\n{queues}producers:\n"
    );
    for queue in 0..3 {
        let _ = writeln!(
            text,
            "  p{queue}: {{ publishes_to: {{ broker_queue: q{queue} }}, arrivals: {{ constant: {{ rate: 20/s }} }} }}"
        );
    }
    text += "consumers:\n";
    for queue in 0..3 {
        let _ = writeln!(
            text,
            "  w{queue}: {{ receives_from: {{ broker_queue: q{queue} }}, instances: 6, processing_time: 100ms, broker_client: {{ prefetch: 5 }} }}"
        );
    }
    run(&text)
}

#[test]
fn a_cluster_goes_on_without_a_node_after_an_election() {
    let tape = cluster("{ at: 5m, node: 1, lasts: 2m }");
    for queue in ["q0", "q1", "q2"] {
        assert_eq!(fate(&tape, queue, "lost"), 0);
    }
    assert_eq!(value(&tape, "b", "nodes_up", "min") as u64, 2);
    // The queue of the first node waits for its new leader; all publishers are back after their five seconds.
    assert!(value(&tape, "q0", "send_time", "max") >= 4.9);
    let longest = ["q0", "q1", "q2"].map(|queue| value(&tape, queue, "send_time", "max"));
    assert!(longest.iter().all(|longest| *longest < 11.0), "{longest:?}");
    let processed: u64 = ["w0", "w1", "w2"].iter().map(|name| sum(&tape, name, "messages_processed")).sum();
    assert!(processed > 35_900, "{processed} of 36,000");
}

#[test]
fn a_consumer_that_comes_while_the_broker_is_away_connects_when_it_is_back() {
    let tape = run(
        "brokers: { b: { host_instance_type: mq.m5.large, failures: [{ at: 0s, lasts: 60s }] } }\nbroker_queues: { q: { broker: b } }\n\
         producers: { p: { publishes_to: { broker_queue: q }, arrivals: { bursts: [{ at: 1s, messages: 5 }] } } }\n\
         consumers: { w: { receives_from: { broker_queue: q }, processing_time: 1s } }\n",
    );
    assert_eq!(sum(&tape, "w", "messages_processed"), 5);
    assert!(value(&tape, "w", "end_to_end_latency", "min") > 59.0);
}
