//! How records go out: polls, fan-out, leases, crashes, replays, retention.

use super::{run, sum, value};

fn polled_by(consumers: usize, idle: &str) -> queuelab::record::Tape {
    let each: Vec<String> = (0..consumers)
        .map(|number| {
            format!("  c{number}: {{ reads_from: {{ stream: s }}, processing_time: 0s, idle_time_between_reads: {idle} }}\n")
        })
        .collect();
    let each = each.concat();
    run(&format!(
        "duration: 5m\nstreams: {{ s: {{}} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
         arrivals: {{ poisson: {{ rate: 10/s }} }}\nstream_consumers:\n{each}"
    ))
}

#[test]
fn a_shard_answers_five_polls_a_second_whoever_asks() {
    let tape = polled_by(5, "1s");
    assert_eq!(sum(&tape, "s", "read_throttled"), 0);
    let polls = sum(&tape, "s", "get_records_calls");
    assert!((1_495..=1_505).contains(&polls), "{polls}: each polls once a second");
    // Each polls once in each of 300 seconds, whenever it begins: exactly, as long as all of them together are allowed to.
    for consumers in 1..=5 {
        let tape = polled_by(consumers, "1s");
        assert_eq!(sum(&tape, "s", "get_records_calls"), 300 * consumers as u64, "{consumers}");
        assert_eq!(sum(&tape, "s", "read_throttled"), 0, "{consumers}");
    }
    let tape = polled_by(7, "1s");
    let (calls, refused) = (sum(&tape, "s", "get_records_calls"), sum(&tape, "s", "read_throttled"));
    assert!((1_490..=1_506).contains(&(calls - refused)), "{calls} less {refused}");
}

#[test]
fn one_poller_waits_for_its_own_interval_and_five_for_longer_ones() {
    let alone = value(&polled_by(1, "200ms"), "c0", "propagation_delay", "mean");
    assert!((0.09..0.11).contains(&alone), "{alone}");
    let shared = value(&polled_by(5, "1s"), "c0", "propagation_delay", "mean");
    assert!((0.45..0.55).contains(&shared), "{shared}");
}

#[test]
fn subscribers_do_not_share() {
    for consumers in [1, 5] {
        let each: Vec<String> = (0..consumers)
            .map(|number| {
                format!("  c{number}: {{ reads_from: {{ stream: s }}, processing_time: 0s, retrieval: enhanced_fan_out }}\n")
            })
            .collect();
        let each = each.concat();
        let tape = run(&format!(
            "duration: 12m\nstreams: {{ s: {{}} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ poisson: {{ rate: 5/s }} }}\nstream_consumers:\n{each}"
        ));
        let delay = value(&tape, "c0", "propagation_delay", "mean");
        assert!((0.065..0.08).contains(&delay), "{consumers}: {delay}");
        assert_eq!(sum(&tape, "s", "subscriptions"), 3 * consumers, "renewed every five minutes");
        assert_eq!(sum(&tape, "c0", "duplicates"), 0);
        let (produced, processed) =
            (sum(&tape, "p", "messages_produced"), sum(&tape, "c0", "messages_processed"));
        assert!(processed + 10 > produced, "{processed} of {produced}");
    }
}

#[test]
fn consumers_that_poll_share_two_mebibytes_a_second() {
    let text = |retrieval: &str| {
        let each: Vec<String> = (0..4)
            .map(|number| {
                format!("  c{number}: {{ reads_from: {{ stream: s }}, processing_time: 0s, retrieval: {retrieval} }}\n")
            })
            .collect();
        let each = each.concat();
        format!(
            "duration: 5m\nstreams: {{ s: {{}} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ constant: {{ rate: 90/s }} }}\n    message: {{ size: 10KiB, partition_key: k }}\n\
             stream_consumers:\n{each}"
        )
    };
    let shared = run(&text("polling"));
    assert!(sum(&shared, "s", "read_throttled") > 50);
    let bytes = sum(&shared, "s", "get_records_bytes");
    assert!(bytes < (300 + 5) * (2 << 20), "{bytes}");
    assert_eq!(value(&shared, "s", "shards_for_consumers", "peak"), 2.0);
    let fan_out = run(&text("enhanced_fan_out"));
    assert!(value(&fan_out, "c3", "end_to_end_latency", "max") < 2.0);
}

#[test]
fn a_crash_is_taken_over_after_twenty_to_forty_seconds_and_repeats_what_follows_the_checkpoint() {
    let tape = run(
        "duration: 5m\nstreams: { s: { shards: 4 } }\nproducers:\n  p:\n    publishes_to: { stream: s }\n    \
         arrivals: { constant: { rate: 100/s } }\n    message: { partition_key: { uniform: 100 } }\n\
         stream_consumers:\n  c:\n    reads_from: { stream: s }\n    processing_time: 1ms\n    instances: 2\n    \
         checkpoint: { every: 30s }\n    stops: [{ at: 2m, worker: 0 }]",
    );
    assert_eq!(sum(&tape, "c", "crashes"), 1);
    assert_eq!(sum(&tape, "c", "leases_taken"), 2);
    let slowest = value(&tape, "c", "end_to_end_latency", "max");
    assert!((20.0..45.0).contains(&slowest), "{slowest}");
    let again = sum(&tape, "c", "duplicates");
    assert!((1..=2 * 25 * 33).contains(&again), "{again}");
    assert_eq!(sum(&tape, "c", "out_of_order") + sum(&tape, "c", "records_missed"), 0);
    let (produced, processed) = (sum(&tape, "p", "messages_produced"), sum(&tape, "c", "messages_processed"));
    assert!(processed + 300 > produced);
}

#[test]
fn a_worker_that_comes_back_steals_until_it_has_its_share() {
    let tape = run(
        "duration: 10m\nstreams: { s: { shards: 4 } }\nproducers:\n  p:\n    publishes_to: { stream: s }\n    \
         arrivals: { constant: { rate: 100/s } }\nstream_consumers:\n  c:\n    reads_from: { stream: s }\n    \
         processing_time: 1ms\n    instances: 2\n    stops: [{ at: 2m, worker: 0, down_for: 2m }]",
    );
    assert_eq!(sum(&tape, "c", "leases_taken"), 2);
    assert_eq!(sum(&tape, "c", "leases_stolen"), 2);
    assert_eq!(value(&tape, "c", "leases", "last"), 4.0);
}

#[test]
fn a_replay_processes_everything_from_there_on_again() {
    let text = |from: &str| {
        format!(
            "duration: 20m\nstreams: {{ s: {{ shards: 2 }} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ piecewise: {{ spacing: evenly, points: [{{ at: 0s, rate: 10/s }}, {{ at: 10m, rate: 0/s }}] }} }}\n\
             stream_consumers:\n  c:\n    reads_from: {{ stream: s }}\n    processing_time: 1ms\n    \
             replays: [{{ at: 12m, from: {from} }}]"
        )
    };
    let tape = run(&text("trim_horizon"));
    assert_eq!(sum(&tape, "c", "duplicates"), sum(&tape, "c", "messages_processed"));
    let tape = run(&text("{ at_timestamp: 5m }"));
    let again = sum(&tape, "c", "duplicates");
    assert!((2_999..=3_001).contains(&again), "{again}");
    assert_eq!(sum(&run(&text("latest")), "c", "duplicates"), 0);
}

#[test]
fn a_slow_consumer_loses_what_expires() {
    let tape =
        run("duration: 30h\nstreams: { s: {} }\nproducers:\n  p:\n    publishes_to: { stream: s }\n    \
         arrivals: { constant: { rate: 0.1/s } }\nstream_consumers:\n  \
         slow: { reads_from: { stream: s }, processing_time: 100s, max_records: 10 }\n  \
         fast: { reads_from: { stream: s }, processing_time: 1s }");
    let missed = sum(&tape, "slow", "records_missed");
    assert!(missed > 0);
    assert_eq!(sum(&tape, "fast", "records_missed"), 0);
    let (unread, expired) = (sum(&tape, "s", "records_expired_unread"), sum(&tape, "s", "records_expired"));
    // Some were read, but not yet processed, when they expired.
    assert!(missed <= unread && unread <= expired, "{missed}, {unread}, {expired}");
}

#[test]
fn retention_can_be_made_longer_in_time() {
    let tape = run(
        "duration: 30h\nstreams: { s: { changes: [{ at: 20h, call: { retention_period: 48h } }] } }\nproducers:\n  \
         p: { publishes_to: { stream: s }, arrivals: { constant: { rate: 0.1/s } } }",
    );
    assert_eq!(sum(&tape, "s", "records_expired"), 0);
}

#[test]
fn an_exception_costs_the_rest_of_its_batch() {
    let text = |on_failure: &str| {
        format!(
            "duration: 5m\nstreams: {{ s: {{}} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ constant: {{ rate: 20/s }} }}\n    message: {{ poison_rate: 1% }}\n\
             stream_consumers:\n  c: {{ reads_from: {{ stream: s }}, processing_time: 1ms, on_failure: {on_failure} }}"
        )
    };
    let batch = sum(&run(&text("skip_batch")), "c", "failures");
    let record = sum(&run(&text("skip_record")), "c", "failures");
    let retry = sum(&run(&text("retry")), "c", "failures");
    assert!(batch > 5 * record, "{batch} against {record}");
    assert_eq!(record, retry);
}

#[test]
fn an_iterator_of_more_than_five_minutes_is_not_taken() {
    // Four batches wait, each takes longer than five minutes: reading pauses meanwhile.
    let tape =
        run("duration: 1h\nstreams: { s: {} }\nproducers:\n  p:\n    publishes_to: { stream: s }\n    \
         arrivals: { constant: { rate: 10/s } }\nstream_consumers:\n  \
         c: { reads_from: { stream: s }, processing_time: 6m, processing: per_batch }");
    assert!(sum(&tape, "c", "expired_iterators") > 3);
    assert_eq!(sum(&tape, "c", "expired_iterators"), sum(&tape, "s", "iterators_expired"));
    assert_eq!(sum(&tape, "c", "records_missed") + sum(&tape, "c", "duplicates"), 0);
}
