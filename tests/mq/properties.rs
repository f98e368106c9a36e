//! What holds in every run: persistent messages are never lost, order is kept for one consumer, books balance.

use super::run;
use proptest::prelude::*;
use std::fmt::Write as _;

/// A broker with failures at these seconds, each so long.
fn world(engine: &str, failures: &[(u32, u32)], keys: (&str, &str), seed: u64) -> String {
    let (producer, consumer) = keys;
    let mut list = String::new();
    for (at, lasts) in failures {
        let _ = write!(
            list,
            "{{ at: {at}s, lasts: {lasts}s, kind: {} }}, ",
            if at % 2 == 0 { "unplanned" } else { "reboot" }
        );
    }
    format!(
        "seed: {seed}\nduration: 60m\nbrokers: {{ b: {{ engine_type: {engine}, host_instance_type: mq.m5.large, failures: [{list}] }} }}\n\
         broker_queues: {{ q: {{ broker: b }} }}\nproducers:\n  p:\n    publishes_to: {{ broker_queue: q }}\n    \
         arrivals: {{ bursts: [{{ at: 1s, messages: 200 }}, {{ at: 200s, messages: 200 }}] }}\n    broker_client: {producer}\n\
         consumers:\n  w:\n    receives_from: {{ broker_queue: q }}\n    processing_time: {{ exponential: {{ mean: 300ms }} }}\n    {consumer}\n"
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn no_failure_loses_a_persistent_message(
        engine in prop::sample::select(vec!["activemq", "rabbitmq"]),
        failures in prop::collection::vec((0_u32..600, 1_u32..120), 0..5),
        acknowledgement in prop::sample::select(vec!["{ acknowledgement: auto }", "{ prefetch: 1 }", "{ prefetch: 20 }"]),
        crashes in any::<bool>(),
        seed in 0_u64..1_000,
    ) {
        let crashes = if crashes { "    crashes: { mean_time_between: 60s, restart_time: 5s }\n" } else { "" };
        let consumer = format!("instances: 3\n    broker_client: {acknowledgement}\n{crashes}");
        // A message that was given back often because of crashes must not become a dead letter here.
        let for_ever = ", redelivery_policy: { maximum_redeliveries: -1 } }";
        let own = if engine == "activemq" { acknowledgement.replace(" }", for_ever) } else { acknowledgement.to_owned() };
        let consumer = consumer.replace(acknowledgement, &own);
        let text = world(engine, &failures, ("{}", &consumer), seed);
        let tape = run(&text);
        let processed = tape.ledger.get("run", "mq", "processed");
        prop_assert_eq!(processed, Some(400), "{}", text);
        prop_assert_eq!(tape.ledger.get("broker_queue", "q", "lost"), Some(0));
    }

    #[test]
    fn what_is_not_persistent_is_processed_or_counted_as_lost(
        failures in prop::collection::vec((0_u32..600, 1_u32..120), 1..5),
        seed in 0_u64..1_000,
    ) {
        let text = world("activemq", &failures, ("{ persistent: false }", "instances: 2"), seed);
        let tape = run(&text);
        let fate = |fate| tape.ledger.get("broker_queue", "q", fate).unwrap_or(0);
        prop_assert_eq!(fate("acknowledged") + fate("lost") + fate("dropped"), 400, "{}", text);
    }

    #[test]
    fn one_consumer_sees_the_order_of_a_producer(seed in 0_u64..1_000, prefetch in 1_u32..50) {
        let consumer = format!("threads: 1\n    broker_client: {{ prefetch: {prefetch} }}");
        let text = world("activemq", &[], ("{}", &consumer), seed);
        let tape = run(&text);
        prop_assert_eq!(tape.value("w", "out_of_order", "sum"), Some(0.0));
        prop_assert_eq!(tape.value("w", "messages_processed", "sum"), Some(400.0));
    }
}
