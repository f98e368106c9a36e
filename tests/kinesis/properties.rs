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
            "duration: 30s\nstreams: {{ s: {{ shards: {shards} }} }}\nassumptions: {{ kinesis_limits: {model} }}\n\
             producers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ piecewise: {{ points: [{{ at: 0s, rate: {rate}/s }}, {{ at: 20s, rate: 0/s }}] }} }}\n    \
             message: {{ size: {size}B, partition_key: {key} }}\n    library: {library}\n    retries: {{ max_attempts: 1 }}\n"
        ));
        let taken = sum(&tape, "s", "incoming_records");
        let offered = taken + sum(&tape, "s", "write_throttled");
        prop_assert_eq!(offered, sum(&tape, "p", "messages_produced"));
        prop_assert_eq!(sum(&tape, "p", "messages_rejected"), sum(&tape, "s", "write_throttled"));
        prop_assert!(taken <= u64::from(shards) * 21_000);
        prop_assert!(sum(&tape, "s", "incoming_bytes") <= u64::from(shards) * (21 << 20));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    /// A shard takes of a constant rate what a second's worth and the time since give, in records or in bytes, whichever is less;
    /// a record of `PutRecord` counts whole kilobytes.
    #[test]
    fn the_share_of_a_constant_rate_that_is_throttled_is_known(rate in 200_u64..4_000, size in 1_u64..9_000) {
        let tape = run(&format!(
            "duration: 5s\nstreams: {{ s: {{}} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ piecewise: {{ spacing: evenly, points: [{{ at: 0s, rate: {rate}/s }}, {{ at: 4s, rate: 0/s }}] }} }}\n    \
             message: {{ size: {size}B, partition_key: k }}\n    retries: {{ max_attempts: 1 }}\n"
        ));
        let charged = (size + 1).div_ceil(1_024) * 1_024;
        let share = (rate * 4).min(5_000).min(5 * (1 << 20) / charged);
        let taken = sum(&tape, "s", "incoming_records");
        let slack = 2 + 1_000_u64.min((1 << 20) / charged) / rate;
        prop_assert!(taken.abs_diff(share) <= slack, "{} is not {}", taken, share);
        prop_assert_eq!(taken + sum(&tape, "s", "write_throttled"), sum(&tape, "p", "messages_produced"));
    }

    /// What was put can be read until its age reaches the retention period, whatever the period was and becomes.
    #[test]
    fn a_record_can_be_read_for_exactly_as_long_as_it_is_retained(
        steps in prop::collection::vec((1_u64..50_000, 0_u32..8, 24_u64..80), 4..20),
    ) {
        const HOUR: u64 = 3_600;
        let (mut now, mut retention, mut kept, mut script) = (0, 24 * HOUR, Vec::new(), Vec::new());
        let mut expected: Vec<Option<String>> = Vec::new();
        for (number, (gap, what, hours)) in steps.into_iter().enumerate() {
            // Half of the gaps end just where the oldest record expires, or a second before.
            let oldest = kept.first().map_or(0, |(at, _)| at + retention);
            now = if gap % 2 == 0 && oldest > now + 1 { oldest - gap / 2 % 2 } else { now + gap };
            kept.retain(|(at, _)| now - at < retention);
            let call = match what {
                0..=2 => {
                    kept.push((now, format!("r{number}")));
                    expected.push(Some(String::new()));
                    format!("put_record: {{ stream: s, data: r{number}, partition_key: k }}")
                }
                3 | 4 => {
                    let grows = what == 3;
                    let fits = if grows { hours * HOUR > retention } else { hours * HOUR < retention };
                    expected.push(fits.then(String::new));
                    retention = if fits { hours * HOUR } else { retention };
                    kept.retain(|(at, _)| now - at < retention);
                    let verb = if grows { "increase" } else { "decrease" };
                    format!("{verb}_stream_retention_period: {{ stream: s, retention_period_hours: {hours} }}")
                }
                _ => {
                    expected.push(Some(String::new()));
                    script.push(format!("{{ at: {now}s, get_shard_iterator: {{ stream: s, as: i{number} }} }}"));
                    let bodies: Vec<&str> = kept.iter().map(|(_, body): &(u64, String)| body.as_str()).collect();
                    expected.push(Some(bodies.join(" ")));
                    format!("get_records: {{ stream: s, iterator: i{number} }}")
                }
            };
            script.push(format!("{{ at: {now}s, {call} }}"));
        }
        let script = script.join(", ");
        let tape = run(&format!(
            "duration: {}s\nstreams: {{ s: {{}} }}\nclients: {{ c: {{ script: [{script}] }} }}\n",
            now + 1
        ));
        let answers: Vec<Option<String>> = tape
            .api_calls
            .iter()
            .map(|call| (call.outcome == "Success").then(|| call.bodies.join(" ")))
            .collect();
        prop_assert_eq!(answers, expected, "{}", script);
    }

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
