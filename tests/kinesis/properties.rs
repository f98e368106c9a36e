//! What holds whatever happens to a stream.

use super::{run, sum};
use proptest::prelude::*;

/// Calls that change a stream; not all of them will be allowed.
fn change() -> impl Strategy<Value = String> {
    let call = prop_oneof![
        (0_u32..6).prop_map(|shard| format!("split_shard: {{ shard: {shard} }}")),
        (0_u32..6, 0_u32..6)
            .prop_map(|(a, b)| format!("merge_shards: {{ shard: {a}, adjacent_shard: {b} }}")),
        (1_u32..9).prop_map(|target| format!("update_shard_count: {target}")),
    ];
    (10_u32..300, call).prop_map(|(at, call)| format!("{{ at: {at}s, call: {{ {call} }} }}"))
}

fn stop(workers: u32) -> impl Strategy<Value = String> {
    (10_u32..300, 0..workers, 0_u32..120, any::<bool>()).prop_map(|(at, worker, down, graceful)| {
        format!("{{ at: {at}s, worker: {worker}, down_for: {down}s, graceful: {graceful} }}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Each record is processed once for the first time, in the order of its key, whatever is split, merged, crashed, shut
    /// down, handed over and taken over meanwhile, with calls that take the same time, or one after the other for each key.
    #[test]
    fn every_record_is_processed_in_the_order_of_its_key(
        shards in 1_u32..5,
        workers in 1_u32..4,
        retrieval in prop_oneof![Just("polling"), Just("enhanced_fan_out")],
        checkpoint in prop_oneof![Just("each_batch"), Just("{ every: 20s }")],
        library in prop_oneof![
            Just("kcl_2"),
            Just("{ kcl_3: {} }"),
            Just("{ kcl_3: { graceful_lease_handoff_enabled: false, variance_balancing_frequency: 1 } }"),
            Just("{ kcl_3: { graceful_lease_handoff_timeout: 1s, variance_balancing_frequency: 1 } }"),
        ],
        (latency, puts) in prop_oneof![
            Just(("fixed", "put_record")),
            Just(("realistic", "{ put_record: { sequence_number_for_ordering: true } }")),
        ],
        threads in prop_oneof![Just(""), Just("processing_threads: 1")],
        changes in prop::collection::vec(change(), 0..5),
        stops in prop::collection::vec(stop(3), 0..4),
        seed in 0_u64..1_000,
    ) {
        let stops: Vec<String> = stops
            .into_iter()
            .filter(|stop| (0..3).any(|worker| worker < workers && stop.contains(&format!("worker: {worker}"))))
            .collect();
        let text = format!(
            "seed: {seed}\nduration: 30m\napi_latency: {latency}\nstreams: {{ s: {{ shards: {shards}, changes: [{}] }} }}\n\
             producers:\n  p:\n    publishes_to: {{ stream: s }}\n    library: {puts}\n    \
             arrivals: {{ piecewise: {{ points: [{{ at: 0s, rate: 20/s }}, {{ at: 6m, rate: 0/s }}] }} }}\n    \
             message: {{ partition_key: {{ uniform: 20 }} }}\nstream_consumers:\n  c:\n    client_library: {library}\n    {threads}\n    \
             reads_from: {{ stream: s }}\n    retrieval: {retrieval}\n    instances: {workers}\n    \
             processing_time: {{ exponential: {{ mean: 5ms }} }}\n    checkpoint: {checkpoint}\n    stops: [{}]\n",
            changes.join(", "),
            stops.join(", "),
        );
        let tape = run(&text);
        prop_assert_eq!(sum(&tape, "c", "out_of_order"), 0, "{}", text);
        prop_assert_eq!(sum(&tape, "c", "messages_processed"), sum(&tape, "p", "messages_produced"), "{}", text);
        prop_assert_eq!(sum(&tape, "c", "records_missed"), 0);
    }

    /// Throttled and taken records are those that were offered.
    #[test]
    fn what_is_taken_and_what_is_refused_was_offered(
        shards in 1_u32..4,
        rate in 500_u32..5_000,
        size in 10_u32..3_000,
        library in prop_oneof![
            Just("put_record"),
            Just("{ put_records: { resend_failed_records: false } }"),
        ],
        key in prop_oneof![Just("random"), Just("{ uniform: 7 }"), Just("{ zipf: { keys: 30 } }")],
        model in prop_oneof![Just("token_bucket"), Just("fixed_second")],
    ) {
        let tape = run(&format!(
            "duration: 20s\nstreams: {{ s: {{ shards: {shards} }} }}\nassumptions: {{ kinesis_limits: {model} }}\n\
             producers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ poisson: {{ rate: {rate}/s }} }}\n    \
             message: {{ size: {size}B, partition_key: {key} }}\n    library: {library}\n    retries: {{ max_attempts: 1 }}\n"
        ));
        let taken = sum(&tape, "s", "incoming_records");
        let handed_over = tape.ledger.get("producer", "p", "handed_over").unwrap_or(0);
        let offered = taken + sum(&tape, "s", "write_throttled");
        prop_assert!(offered <= handed_over && offered + 500 >= handed_over);
        prop_assert!(taken <= u64::from(shards) * 21_000);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    /// What the stream took can be read until it expires: by whoever comes late, by whoever reads it again, and by a function
    /// with any number of batches at a time, each in the order of its keys.
    #[test]
    fn what_was_taken_can_be_read_until_it_expires(
        shards in 1_u32..4,
        factor in 1_u32..5,
        batch in 1_u32..200,
        window in 0_u32..3,
        retrieval in prop_oneof![Just("polling"), Just("enhanced_fan_out")],
        changes in prop::collection::vec(change(), 0..4),
        seed in 0_u64..1_000,
    ) {
        let text = format!(
            "seed: {seed}\nduration: 60m\napi_latency: fixed\nstreams: {{ s: {{ shards: {shards}, changes: [{}] }} }}\n\
             producers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ piecewise: {{ points: [{{ at: 0s, rate: 20/s }}, {{ at: 6m, rate: 0/s }}] }} }}\n    \
             message: {{ partition_key: {{ uniform: 20 }} }}\nstream_consumers:\n  c:\n    \
             reads_from: {{ stream: s }}\n    processing_time: 1ms\n    replays: [{{ at: 20m, from: trim_horizon }}]\n\
             functions: {{ f: {{ processing_time: 2ms, timeout: 60s }} }}\nstream_mappings:\n  m:\n    stream: s\n    \
             function: f\n    retrieval: {retrieval}\n    parallelization_factor: {factor}\n    \
             batch_size: {batch}\n    maximum_batching_window: {window}s\n    disabled: [{{ from: 1m, until: 20m }}]\n",
            changes.join(", "),
        );
        let tape = run(&text);
        let taken = sum(&tape, "s", "user_records");
        prop_assert_eq!(taken, sum(&tape, "p", "messages_produced"));
        prop_assert_eq!(sum(&tape, "c", "messages_processed"), taken, "{}", text);
        prop_assert_eq!(sum(&tape, "c", "duplicates"), taken, "{}", text);
        prop_assert_eq!(sum(&tape, "f", "messages_processed"), taken, "{}", text);
        prop_assert_eq!(sum(&tape, "f", "duplicates") + sum(&tape, "f", "out_of_order"), 0, "{}", text);
        prop_assert_eq!(sum(&tape, "s", "records_expired"), 0);
    }
}
