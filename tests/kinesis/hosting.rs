//! Workers on the instances of an Auto Scaling group, and results that go on.

use super::{run, sum, value};

/// An application whose workers run on a group that an alarm on the iterator's age scales.
fn hosted(group: &str, more: &str) -> String {
    format!(
        "duration: 30m\nstreams: {{ s: {{ shards: 4 }} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
         arrivals: {{ piecewise: {{ spacing: evenly, points: [{{ at: 0s, rate: 100/s }}, {{ at: 20m, rate: 0/s }}] }} }}\n    \
         message: {{ partition_key: {{ uniform: 100 }} }}\nstream_consumers:\n  app: {{ reads_from: {{ stream: s }}, processing_time: 2ms }}\n\
         consumers:\n  hosts:\n    receives_from: {{ stream_consumer: app }}\n    {group}\n{more}"
    )
}

#[test]
fn an_instance_is_a_worker_and_takes_its_share() {
    let tape = run(&hosted("instances: 2", ""));
    assert_eq!(value(&tape, "app", "workers", "last"), 2.0);
    assert_eq!(value(&tape, "app", "leases", "last"), 4.0);
    // The first that looks takes all, the other steals two.
    assert_eq!((sum(&tape, "app", "leases_taken"), sum(&tape, "app", "leases_stolen")), (4, 2));
    let produced = sum(&tape, "p", "messages_produced");
    assert_eq!(sum(&tape, "app", "messages_processed"), produced);
    assert_eq!(sum(&tape, "app", "out_of_order"), 0);
    // Instances are paid for where they are.
    assert!(value(&tape, "hosts", "instance_hours", "sum") > 0.9);
    assert!(tape.value("app", "instance_hours", "sum").is_none());
}

#[test]
fn a_group_launches_and_terminates_workers() {
    let group = "auto_scaling_group: { min_size: 1, max_size: 4, desired_capacity: 1, launch_time: 60s, \
                 set_desired_capacity: [{ at: 5m, desired_capacity: 3 }, { at: 12m, desired_capacity: 1 }] }";
    let tape = run(&hosted(group, ""));
    assert_eq!(value(&tape, "app", "workers", "max"), 3.0);
    assert_eq!(value(&tape, "app", "workers", "last"), 1.0);
    assert!(sum(&tape, "app", "leases_stolen") >= 2, "new workers get their share");
    // The leases of terminated workers expire, and whoever is left takes them: records wait meanwhile, none is lost.
    assert!(sum(&tape, "app", "leases_taken") > 4);
    let slowest = value(&tape, "app", "end_to_end_latency", "max");
    assert!((15.0..90.0).contains(&slowest), "{slowest}");
    assert_eq!(sum(&tape, "app", "messages_processed"), sum(&tape, "p", "messages_produced"));
    assert_eq!(sum(&tape, "app", "out_of_order"), 0);
}

#[test]
fn results_go_to_queues_topics_and_streams() {
    let tape = run(
        "duration: 10m\nstreams: { s: { shards: 2 }, t: { shards: 4 } }\nqueues: { q: {}, r: {} }\n\
         topics: { news: { subscriptions: [{ name: r, queue: r, raw_message_delivery: true }] } }\nproducers:\n  p:\n    \
         publishes_to: { stream: s }\n    \
         arrivals: { piecewise: { spacing: evenly, points: [{ at: 0s, rate: 20/s }, { at: 5m, rate: 0/s }] } }\n    \
         message: { partition_key: { uniform: 50 } }\nstream_consumers:\n  \
         a: { reads_from: { stream: s }, processing_time: 1ms, forwards_to: { stream: t } }\n  \
         b: { reads_from: { stream: s }, processing_time: 1ms, forwards_to: { queue: q, share: 50% } }\n  \
         c: { reads_from: { stream: s }, processing_time: 1ms, forwards_to: { topic: news } }\n  \
         d: { reads_from: { stream: t }, processing_time: 1ms }",
    );
    let produced = sum(&tape, "p", "messages_produced");
    assert_eq!(sum(&tape, "a", "messages_forwarded"), produced);
    assert_eq!(sum(&tape, "t", "incoming_records"), produced);
    assert_eq!((sum(&tape, "d", "messages_processed"), sum(&tape, "d", "out_of_order")), (produced, 0));
    // Keys stay keys: the same keys go to the same halves.
    let half = |name: &str, shards: std::ops::Range<u32>| -> u64 {
        shards.map(|shard| sum(&tape, &format!("{name}/shardId-{shard:012}"), "incoming_records")).sum()
    };
    assert_eq!(half("s", 0..1), half("t", 0..2));
    let queued = sum(&tape, "q", "messages_sent");
    assert!(queued.abs_diff(produced / 2) < 300, "{queued}");
    assert_eq!(sum(&tape, "r", "messages_sent"), produced);
}

#[test]
fn what_a_host_cannot_say_is_told() {
    let error = |text: String| {
        let text = format!("name: x\n{text}");
        let loaded =
            queuelab::scenario::Scenario::load("x.yaml", text.as_bytes(), &[], &queuelab::language::NoFiles);
        loaded.expect_err("it is wrong").to_string()
    };
    let host = error(hosted("instances: 2\n    batch_size: 10\n    processing_time: 1s", ""));
    assert!(host.contains("`batch_size` is for consumers that receive from a queue"), "{host}");
    assert!(host.contains("`processing_time` is for consumers that receive from a queue"), "{host}");
    let guest =
        hosted("instances: 2", "").replace("processing_time: 2ms", "processing_time: 2ms, instances: 3");
    assert!(error(guest).contains("`instances` of `app` is that of the consumer it runs on"));
    let nobody = error(hosted("instances: 2", "").replace("stream_consumer: app", "stream_consumer: ap"));
    assert!(nobody.contains("there is no stream consumer `ap`"), "{nobody}");
    let queue =
        "duration: 1m\nqueues: { q: {} }\nconsumers: { c: { receives_from: { queue: q } } }".to_owned();
    assert!(error(queue).contains("`processing_time` is missing"));
}
