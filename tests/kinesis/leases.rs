//! Leases that are handed over in order, shared out by number or by load, and what is read ahead.

use super::{run, sum, value};
use queuelab::record::Tape;

/// An application with two workers on four shards, a hundred records a second for ten minutes.
fn application(more: &str) -> String {
    format!(
        "duration: 15m\nstreams: {{ s: {{ shards: 4 }} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
         arrivals: {{ piecewise: {{ spacing: evenly, points: [{{ at: 0s, rate: 100/s }}, {{ at: 10m, rate: 0/s }}] }} }}\n    \
         message: {{ partition_key: {{ uniform: 100 }} }}\n\
         stream_consumers:\n  c:\n    reads_from: {{ stream: s }}\n    processing_time: 5ms\n    {more}\n"
    )
}

fn all_processed(tape: &Tape) {
    assert_eq!(sum(tape, "c", "messages_processed"), sum(tape, "p", "messages_produced"));
    assert_eq!(sum(tape, "c", "out_of_order") + sum(tape, "c", "records_missed"), 0);
}

#[test]
fn a_worker_that_shuts_down_in_order_leaves_nothing_to_do_again() {
    let text = |graceful: bool| {
        application(&format!(
            "instances: 2\n    checkpoint: {{ every: 60s }}\n    stops: [{{ at: 150s, worker: 0, graceful: {graceful} }}]"
        ))
    };
    let (orderly, crashed) = (run(&text(true)), run(&text(false)));
    all_processed(&orderly);
    all_processed(&crashed);
    assert_eq!(sum(&orderly, "c", "duplicates"), 0, "its progress is written down, whatever the interval");
    assert!(sum(&crashed, "c", "duplicates") > 0);
    assert_eq!((sum(&orderly, "c", "leases_handed_over"), sum(&crashed, "c", "leases_handed_over")), (2, 0));
    assert_eq!((sum(&orderly, "c", "crashes"), sum(&crashed, "c", "crashes")), (0, 1));
    // The other one sees free leases at its next look, 20 s later at most; those of a crash must expire first.
    let slowest = |tape: &Tape| value(tape, "c", "end_to_end_latency", "max");
    assert!(slowest(&orderly) < 23.0, "{}", slowest(&orderly));
    assert!(slowest(&crashed) > 20.0, "{}", slowest(&crashed));
    assert_eq!(value(&orderly, "c", "workers", "last"), 1.0);
}

#[test]
fn instances_that_are_terminated_hand_their_leases_back() {
    let text = |graceful: bool| {
        format!(
            "{}consumers:\n  hosts:\n    receives_from: {{ stream_consumer: c }}\n    auto_scaling_group: {{ min_size: 1, max_size: 4, \
             desired_capacity: 2, set_desired_capacity: [{{ at: 5m, desired_capacity: 1 }}] }}\n",
            application(&format!("checkpoint: {{ every: 60s }}\n    graceful_shutdown: {graceful}"))
        )
    };
    let (orderly, expired) = (run(&text(true)), run(&text(false)));
    all_processed(&orderly);
    all_processed(&expired);
    assert_eq!((sum(&orderly, "c", "leases_handed_over"), sum(&expired, "c", "leases_handed_over")), (2, 0));
    // The second instance steals its share at the beginning, and what it does again then is all.
    let stays = run(&text(true).replace("at: 5m, desired_capacity: 1", "at: 5m, desired_capacity: 2"));
    assert_eq!(sum(&orderly, "c", "duplicates"), sum(&stays, "c", "duplicates"));
    assert!(sum(&expired, "c", "duplicates") > sum(&stays, "c", "duplicates"));
    for tape in [&orderly, &expired] {
        assert_eq!(value(tape, "c", "workers", "last"), 1.0);
        assert_eq!(value(tape, "hosts", "instances_in_service", "last"), 1.0);
    }
}

#[test]
fn a_batch_that_takes_longer_than_the_group_allows_is_done_again() {
    // Records that come at once are one batch of a shard, which takes minutes.
    let text = |limit: &str| {
        format!(
            "duration: 30m\nstreams: {{ s: {{ shards: 1 }} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ bursts: [{{ at: 5m, messages: 600 }}] }}\n    message: {{ partition_key: k }}\n\
             stream_consumers:\n  c:\n    reads_from: {{ stream: s }}\n    processing_time: 200ms\n    graceful_shutdown: true\n\
             consumers:\n  hosts:\n    receives_from: {{ stream_consumer: c }}\n    auto_scaling_group: {{ min_size: 0, max_size: 4, \
             desired_capacity: 1, termination: {{ graceful: {{ timeout: {limit} }} }}, set_desired_capacity: \
             [{{ at: 6m, desired_capacity: 0 }}, {{ at: 10m, desired_capacity: 1 }}] }}\n"
        )
    };
    let patient = run(&text("5m"));
    assert_eq!((sum(&patient, "c", "duplicates"), sum(&patient, "c", "leases_handed_over")), (0, 1));
    let hasty = run(&text("10s"));
    assert!(sum(&hasty, "c", "duplicates") > 250, "{}", sum(&hasty, "c", "duplicates"));
    assert_eq!(sum(&hasty, "c", "leases_handed_over"), 0);
    for tape in [patient, hasty] {
        assert_eq!(sum(&tape, "c", "messages_processed"), 600);
    }
}

/// Eight shards, one of which takes nearly everything; two workers with four leases each.
fn skewed(library: &str) -> Tape {
    run(&format!(
        "duration: 30m\nstreams: {{ s: {{ shards: 8 }} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
         arrivals: {{ piecewise: {{ spacing: evenly, points: [{{ at: 0s, rate: 100/s }}, {{ at: 25m, rate: 0/s }}] }} }}\n    \
         message: {{ size: 1KB, partition_key: {{ zipf: {{ keys: 200, exponent: 1.2 }} }} }}\n\
         stream_consumers:\n  c:\n    reads_from: {{ stream: s }}\n    processing_time: 4ms\n    instances: 2\n    \
         checkpoint: {{ every: 5m }}\n    client_library: {library}\n"
    ))
}

#[test]
fn version_3_moves_leases_until_loads_are_even_and_hands_them_over() {
    let by_number = skewed("kcl_2");
    let by_load = skewed("{ kcl_3: {} }");
    for tape in [&by_number, &by_load] {
        assert_eq!(sum(tape, "c", "messages_processed"), sum(tape, "p", "messages_produced"));
        assert_eq!(sum(tape, "c", "out_of_order"), 0);
        assert_eq!(value(tape, "c", "leases", "last"), 8.0);
    }
    assert_eq!(sum(&by_number, "c", "leases_stolen"), 0, "each has four");
    let imbalance = |tape: &Tape| value(tape, "c", "load_imbalance", "mean");
    assert!(imbalance(&by_number) > 20.0, "{}", imbalance(&by_number));
    assert!(imbalance(&by_load) < imbalance(&by_number) / 2.0, "{}", imbalance(&by_load));
    let moved = sum(&by_load, "c", "leases_stolen");
    assert!(moved > 0);
    assert_eq!(sum(&by_load, "c", "leases_handed_over"), moved);
    assert_eq!(sum(&by_load, "c", "duplicates"), 0, "handed over with their progress");
    let abrupt = skewed("{ kcl_3: { graceful_lease_handoff_enabled: false } }");
    assert!(sum(&abrupt, "c", "leases_stolen") > 0);
    assert!(sum(&abrupt, "c", "duplicates") > 0, "back to the last checkpoint");
}

#[test]
fn only_the_leader_gives_away_what_a_dead_worker_had() {
    let text = |worker: u32| {
        application(&format!(
            "instances: 3\n    client_library: {{ kcl_3: {{}} }}\n    stops: [{{ at: 150s, worker: {worker} }}]"
        ))
    };
    // Found dead at the second look of the leader, and begun within ten seconds more.
    let follower = run(&text(2));
    all_processed(&follower);
    let slowest = value(&follower, "c", "end_to_end_latency", "max");
    assert!((20.0..55.0).contains(&slowest), "{slowest}");
    // Without a leader nothing is given away until its lock has expired, after two minutes.
    let leader = run(&text(0));
    all_processed(&leader);
    let slowest = value(&leader, "c", "end_to_end_latency", "max");
    assert!((120.0..190.0).contains(&slowest), "{slowest}");
    // A leader that shuts down in order lets another one lead at once.
    let orderly = run(&text(0).replace("worker: 0", "worker: 0, graceful: true"));
    all_processed(&orderly);
    assert!(value(&orderly, "c", "end_to_end_latency", "max") < 33.0);
}

#[test]
fn a_handover_that_takes_too_long_is_forced() {
    let text = |timeout: &str| {
        format!(
            "duration: 40m\nstreams: {{ s: {{ shards: 2 }} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ bursts: [{{ at: 10s, messages: 900 }}] }}\n    message: {{ size: 1KB, partition_key: {{ uniform: 500 }} }}\n\
             stream_consumers:\n  c:\n    reads_from: {{ stream: s }}\n    processing_time: 900ms\n    instances: 2\n    \
             stops: [{{ at: 20s, worker: 1, down_for: 100s }}]\n    \
             client_library: {{ kcl_3: {{ graceful_lease_handoff_timeout: {timeout}, rebalance_threshold_percentage: 10 }} }}\n"
        )
    };
    let forced = run(&text("30s"));
    let waited = run(&text("30m"));
    assert!(sum(&forced, "c", "duplicates") > 0);
    assert_eq!(sum(&forced, "c", "leases_handed_over"), 0);
    for tape in [forced, waited] {
        assert_eq!(sum(&tape, "c", "messages_processed"), 900);
    }
}

#[test]
fn reading_pauses_at_eight_mebibytes() {
    // A backlog of records of 100 KiB: a call brings 10 MiB at most, so that one batch ahead is enough to pause; small ones
    // pause at four batches.
    let text = |size: &str, records: u32| {
        format!(
            "duration: 20m\nstreams: {{ s: {{ shards: 16 }} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ constant: {{ rate: 100/s }} }}\n    message: {{ size: {size}, partition_key: {{ uniform: 1000 }} }}\n    \
             retries: {{ max_attempts: 1 }}\nstream_consumers:\n  c:\n    reads_from: {{ stream: s }}\n    processing_time: 100s\n    \
             processing: per_batch\n    max_records: {records}\n"
        )
    };
    let calls = |tape: &Tape| sum(tape, "c", "get_records_calls");
    let (large, small) = (run(&text("100KiB", 100)), run(&text("100B", 100)));
    // Twelve batches of 100 s for each shard in the time, and what was read ahead: one batch and a part, or four.
    assert!(calls(&large) < calls(&small), "{} {}", calls(&large), calls(&small));
    let waiting =
        |tape: &Tape| tape.ledger.get("stream_consumer", "c", "in_hand").expect("it is in the ledger");
    assert!(waiting(&large) < 16 * 300, "{}", waiting(&large));
    assert!(waiting(&small) > 16 * 300, "{}", waiting(&small));
}

#[test]
fn what_leases_cannot_be_told_is_an_error() {
    let told = |text: &str| {
        let yaml = format!("name: kinesis\n{text}");
        let loaded = queuelab::scenario::Scenario::load(
            "kinesis.yaml",
            yaml.as_bytes(),
            &[],
            &queuelab::language::NoFiles,
        );
        loaded.map(|_| ()).map_err(|error| error.to_string()).expect_err(text)
    };
    let error = told(&application("graceful_shutdown: true"));
    assert!(error.contains("is for instances of a consumer"), "{error}");
    let error = told(&application("client_library: { kcl_3: { dampening_percentage: 0 } }"));
    assert!(error.contains("dampening_percentage"), "{error}");
    let error = told(&application("client_library: kcl_4"));
    assert!(error.contains("kcl_2") && error.contains("kcl_3"), "{error}");
}

#[test]
fn a_pool_of_threads_limits_what_a_worker_does_at_a_time() {
    // 100 records of 12 ms a second need two threads: one worker with one thread falls behind, two with one each do not.
    let text = |more: &str| application(more).replace("processing_time: 5ms", "processing_time: 12ms");
    let slowest = |more: &str| {
        let tape = run(&text(more));
        all_processed(&tape);
        let most = value(&tape, "c", "busy_shards", "max");
        (value(&tape, "c", "end_to_end_latency", "max"), most)
    };
    let (behind, most) = slowest("instances: 1\n    processing_threads: 1");
    assert!((110.0..140.0).contains(&behind), "{behind}: 720 s of work in 600 s");
    assert_eq!(most, 1.0);
    let (two, most) = slowest("instances: 1\n    processing_threads: 2");
    assert!(two < 10.0, "{two}");
    assert_eq!(most, 2.0);
    let (alike, most) = slowest("instances: 2\n    processing_threads: 1");
    assert!(alike < 10.0, "{alike}");
    assert_eq!(most, 2.0);
    let (_, most) = slowest("instances: 1");
    assert!(most > 2.0);
}
