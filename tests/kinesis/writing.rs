//! How records come in: routing, limits of a shard, partial failure, libraries.

use super::{run, sum, value};

/// A stream of one shard and a producer at a constant rate.
fn one_shard(rate: &str, message: &str, library: &str, more: &str) -> queuelab::record::Tape {
    run(&format!(
        "duration: 60s\nstreams: {{ s: {{}} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
         arrivals: {{ constant: {{ rate: {rate} }} }}\n    message: {message}\n    library: {library}\n    \
         retries: {{ max_attempts: 1 }}\n{more}"
    ))
}

#[test]
fn a_shard_takes_a_thousand_records_a_second_and_a_second_in_advance() {
    let tape = one_shard("2000/s", "{ size: 100B, partition_key: k }", "put_record", "");
    let (taken, refused) = (sum(&tape, "s", "incoming_records"), sum(&tape, "s", "write_throttled"));
    assert_eq!(taken + refused, sum(&tape, "p", "messages_produced"));
    assert!((60_999..=61_001).contains(&taken), "{taken}: 1,000 at once and 1,000 a second");
}

#[test]
fn counted_by_the_second_of_the_clock_it_takes_exactly_a_thousand_in_each() {
    let more = "assumptions: { kinesis_limits: fixed_second }";
    let tape = one_shard("2000/s", "{ size: 100B, partition_key: k }", "put_record", more);
    let taken = sum(&tape, "s", "incoming_records");
    // A record of the very end begins the next second.
    assert!((60_000..=60_001).contains(&taken), "{taken}");
}

#[test]
fn a_shard_takes_a_mebibyte_a_second_and_put_record_rounds_up_to_whole_kilobytes() {
    // 1,536 bytes with the key count 2 KiB: 512 of them are a second's worth.
    let tape = one_shard("1000/s", "{ size: 1535B, partition_key: k }", "put_record", "");
    let taken = sum(&tape, "s", "incoming_records");
    assert!((512 + 60 * 512 - 2..=512 + 60 * 512 + 2).contains(&taken), "{taken}");
}

#[test]
fn put_records_rounds_up_the_sum_of_a_call() {
    // 1,025 bytes with the key: rounded each they would count 2 KiB, and 512 of them were a second's worth; unrounded all
    // 1,000 a second would pass. Ten in a call are 10,250 bytes and count 11 KiB: 93.09 calls are a second's worth.
    let more = "quotas: { kinesis_shard_records_per_second: 1000000 }";
    let library = "{ put_records: { max_entries: 10, linger: 10s, resend_failed_records: false } }";
    let tape = one_shard("1000/s", "{ size: 1024B, partition_key: k }", library, more);
    let taken = sum(&tape, "s", "incoming_records");
    let expected = 61 * (1 << 20) * 10 / (11 * 1024);
    // The last call of a full second is taken in part, and its rounding costs nothing.
    assert!(taken.abs_diff(expected) < 600, "{taken}, not {expected}");
    let single = sum(
        &one_shard("1000/s", "{ size: 1024B, partition_key: k }", "put_record", more),
        "s",
        "incoming_records",
    );
    assert!(single.abs_diff(61 * 512) <= 2, "{single}");
}

#[test]
fn a_call_can_fail_in_part() {
    let library = "{ put_records: { max_entries: 500, linger: 1s } }";
    let tape = one_shard("1500/s", "{ size: 10B, partition_key: k }", library, "");
    let (calls, good) = (sum(&tape, "s", "put_records_calls"), sum(&tape, "s", "put_records_successes"));
    let total = sum(&tape, "s", "put_records_total");
    assert_eq!(calls, good, "some record of each call was taken");
    let (taken, throttled) =
        (sum(&tape, "s", "put_records_successful"), sum(&tape, "s", "put_records_throttled"));
    assert_eq!(taken + throttled, total);
    assert!(throttled > total / 4, "{throttled} of {total}");
    assert_eq!(throttled, sum(&tape, "p", "messages_rejected"));
}

#[test]
fn a_hot_key_throttles_at_ten_shards() {
    let tape = run(
        "duration: 60s\nstreams: { ten: { shards: 10 } }\nproducers:\n  p:\n    publishes_to: { stream: ten }\n    \
         arrivals: { constant: { rate: 1500/s } }\n    message: { size: 100B, partition_key: one }\n    \
         retries: { max_attempts: 1 }",
    );
    assert!(sum(&tape, "ten", "write_throttled") > 25_000);
    assert_eq!(value(&tape, "ten", "shards_for_records", "peak"), 2.0);
    assert!(value(&tape, "ten", "hottest_key_shard_load", "peak") > 1.49, "no shard can carry it");
}

#[test]
fn explicit_hash_keys_and_known_keys_find_their_shards() {
    for (key, explicit, shard) in [
        ("user-1", None, 8),
        ("user-2", None, 2),
        ("a", None, 0),
        ("partitionKey-1", None, 4),
        ("a", Some("340282366920938463463374607431768211455"), 9),
        ("user-1", Some("0"), 0),
    ] {
        let explicit = explicit.map_or(String::new(), |hash| format!(", explicit_hash_key: '{hash}'"));
        let tape = run(&format!(
            "duration: 10s\nstreams: {{ s: {{ shards: 10 }} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ constant: {{ rate: 10/s }} }}\n    message: {{ partition_key: {key}{explicit} }}"
        ));
        let name = format!("s/shardId-{shard:012}");
        assert_eq!(sum(&tape, &name, "incoming_records"), sum(&tape, "s", "incoming_records"), "{key}");
    }
}

#[test]
fn the_library_packs_records_and_the_stream_counts_the_packs() {
    let tape = run(
        "duration: 60s\nstreams: { s: { shards: 2 } }\nproducers:\n  p:\n    publishes_to: { stream: s }\n    \
         arrivals: { constant: { rate: 4000/s } }\n    message: { size: 100B, partition_key: { uniform: 50 } }\n    \
         library: { kpl: {} }\nstream_consumers:\n  c: { reads_from: { stream: s }, processing_time: 0s }",
    );
    let (records, inside) = (sum(&tape, "s", "incoming_records"), sum(&tape, "s", "user_records"));
    assert!(records * 100 < inside, "{records} for {inside}");
    assert_eq!(sum(&tape, "s", "write_throttled"), 0);
    assert_eq!(sum(&tape, "c", "duplicates") + sum(&tape, "c", "out_of_order"), 0);
    // Everything but the last seconds was read.
    assert!(sum(&tape, "c", "messages_processed") > inside - 4 * 4000);
}

#[test]
fn without_aggregation_the_library_is_held_to_the_records_of_a_shard() {
    let tape =
        run("duration: 60s\nstreams: { s: {} }\nproducers:\n  p:\n    publishes_to: { stream: s }\n    \
         arrivals: { constant: { rate: 2500/s } }\n    message: { size: 100B, partition_key: k }\n    \
         library: { kpl: { aggregation_enabled: false, rate_limit: 100, record_ttl: 5s } }");
    // At 100 % its own limiter asks for what the shard takes, and the rest grows old.
    assert!(sum(&tape, "s", "write_throttled") < 1_500);
    let expired = sum(&tape, "p", "messages_rejected");
    assert!(expired > 70_000, "{expired} records outlived their TTL");
}

#[test]
fn retries_inside_of_put_records_lose_the_order_of_a_key() {
    let text = |resend: bool| {
        format!(
            "duration: 60s\nstreams: {{ s: {{}} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ constant: {{ rate: 1100/s }} }}\n    message: {{ size: 50B, partition_key: {{ uniform: 10 }} }}\n    \
             library: {{ put_records: {{ linger: 100ms, resend_failed_records: {resend} }} }}\n\
             stream_consumers:\n  c: {{ reads_from: {{ stream: s }}, processing_time: 0s }}"
        )
    };
    let tape = run(&text(true));
    assert!(sum(&tape, "p", "records_retried") > 0);
    assert!(sum(&tape, "c", "out_of_order") > 0);
    let tape = run(&text(false));
    assert_eq!(sum(&tape, "c", "out_of_order"), 0);
    assert!(sum(&tape, "p", "messages_rejected") > 0);
}

#[test]
fn an_answer_that_gets_lost_makes_a_second_record() {
    let tape = run(
        "duration: 2m\nstreams: { s: {} }\nproducers:\n  p:\n    publishes_to: { stream: s }\n    \
         arrivals: { piecewise: { spacing: evenly, points: [{ at: 0s, rate: 100/s }, { at: 60s, rate: 0/s }] } }\n    \
         message: { partition_key: { uniform: 10 } }\n    lost_responses: 10%\n\
         stream_consumers:\n  c: { reads_from: { stream: s }, processing_time: 0s }",
    );
    let copies = sum(&tape, "s", "copies");
    assert!(copies > 300, "{copies}");
    assert_eq!(sum(&tape, "c", "duplicates"), copies);
    assert_eq!(sum(&tape, "c", "messages_processed"), sum(&tape, "p", "messages_produced"));
}

#[test]
fn the_agent_waits_for_a_minute_or_five_hundred_lines() {
    let text = |rate: &str| {
        format!(
            "duration: 10m\nstreams: {{ s: {{}} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ constant: {{ rate: {rate} }} }}\n    library: {{ agent: {{}} }}"
        )
    };
    // The first line comes after its gap; from then on every minute.
    assert_eq!(sum(&run(&text("1/s")), "s", "put_records_calls"), 9);
    let tape = run(&text("100/s"));
    assert_eq!(sum(&tape, "s", "put_records_calls"), sum(&tape, "p", "messages_produced") / 500);
}

#[test]
fn a_record_that_is_too_large_is_refused_as_a_call() {
    let tape = run("duration: 10s\nstreams: { s: {}, large: { max_record_size: 10MiB } }\nproducers:\n  \
         a:\n    publishes_to: { stream: s }\n    arrivals: { constant: { rate: 1/s } }\n    \
         message: { size: { uniform: [1MiB, 1100KiB] }, partition_key: k }\n  \
         b:\n    publishes_to: { stream: large }\n    arrivals: { constant: { rate: 0.1/s } }\n    \
         message: { size: 9MiB, partition_key: k }");
    assert_eq!(sum(&tape, "s", "incoming_records"), 0);
    assert_eq!(sum(&tape, "s", "records_refused"), sum(&tape, "a", "messages_rejected"));
    assert_eq!(sum(&tape, "large", "incoming_records"), sum(&tape, "b", "messages_produced"));
}

/// Thirty records a second of ten keys for five minutes, by calls of very different lengths.
fn puts(library: &str, more: &str) -> queuelab::record::Tape {
    run(&format!(
        "duration: 10m\napi_latency: {{ custom: {{ send: {{ lognormal: {{ mean: 50ms, p95: 150ms }} }}, receive: 0s }} }}\nstreams: {{ s: {{ shards: 1 }} }}\n\
         producers:\n  p:\n    publishes_to: {{ stream: s }}\n    library: {library}\n    message: {{ size: 10KiB, partition_key: {{ uniform: 10 }} }}\n    \
         arrivals: {{ piecewise: {{ points: [{{ at: 0s, rate: 30/s }}, {{ at: 5m, rate: 30/s }}, {{ at: 5m, rate: 0/s }}] }} }}\n\
         {more}stream_consumers: {{ c: {{ reads_from: {{ stream: s }}, processing_time: 0s }} }}\n"
    ))
}

#[test]
fn a_sequence_number_for_ordering_keeps_the_order_of_a_key_and_takes_longer() {
    let in_order = "{ put_record: { sequence_number_for_ordering: true } }";
    let (beside, after) = (puts("put_record", ""), puts(in_order, ""));
    let produced = sum(&beside, "p", "messages_produced");
    for tape in [&beside, &after] {
        assert_eq!(sum(tape, "p", "messages_produced"), produced, "the same luck");
        assert_eq!(sum(tape, "c", "messages_processed"), produced);
    }
    assert!(sum(&beside, "c", "out_of_order") > produced / 100, "{}", sum(&beside, "c", "out_of_order"));
    assert_eq!(sum(&after, "c", "out_of_order"), 0);
    let mean = |tape| value(tape, "c", "end_to_end_latency", "mean");
    assert!(mean(&after) > mean(&beside), "who waits for his turn is later");
}

#[test]
fn a_throttled_record_holds_back_those_after_it() {
    // A hot key offers more than its shard takes for ten seconds; with enough attempts nothing is lost.
    let text = |library: &str| {
        format!(
            "duration: 20m\napi_latency: {{ custom: {{ send: 10ms, receive: 0s }} }}\nstreams: {{ s: {{ shards: 1 }} }}\nproducers:\n  p:\n    \
             publishes_to: {{ stream: s }}\n    library: {library}\n    message: {{ size: 30KiB, partition_key: {{ uniform: 3 }} }}\n    \
             arrivals: {{ piecewise: {{ spacing: evenly, points: [{{ at: 0s, rate: 60/s }}, {{ at: 30s, rate: 60/s }}, {{ at: 30s, rate: 0/s }}] }} }}\n    \
             retries: {{ max_attempts: 100, max_backoff: 1s }}\nstream_consumers: {{ c: {{ reads_from: {{ stream: s }}, processing_time: 0s }} }}\n"
        )
    };
    let after = run(&text("{ put_record: { sequence_number_for_ordering: true } }"));
    let beside = run(&text("put_record"));
    for tape in [&after, &beside] {
        assert!(sum(tape, "p", "records_retried") > 0);
        assert_eq!(sum(tape, "c", "messages_processed"), sum(tape, "p", "messages_produced"));
    }
    assert_eq!(sum(&after, "c", "out_of_order"), 0);
    assert!(sum(&beside, "c", "out_of_order") > 0);
    // A record that is given up lets the next one have its turn.
    let given_up = run(&text("{ put_record: { sequence_number_for_ordering: true } }")
        .replace("max_attempts: 100", "max_attempts: 1"));
    let (lost, processed) =
        (sum(&given_up, "p", "messages_rejected"), sum(&given_up, "c", "messages_processed"));
    assert!(lost > 0);
    assert_eq!(lost + processed, sum(&given_up, "p", "messages_produced"));
    assert_eq!(sum(&given_up, "c", "out_of_order"), 0);
}

#[test]
fn an_answer_that_gets_lost_holds_back_the_next_record_of_the_key() {
    let tape = puts("{ put_record: { sequence_number_for_ordering: true } }", "    lost_responses: 5%\n");
    assert!(sum(&tape, "c", "duplicates") > 0);
    // Each record stands before the later ones of its key, its second copy too.
    assert_eq!(sum(&tape, "c", "out_of_order"), 0);
    assert_eq!(sum(&tape, "c", "messages_processed"), sum(&tape, "p", "messages_produced"));
}

/// Records by hand, and where they went.
fn shards_of(stream: &str, script: &str) -> Vec<String> {
    let tape = run(&format!(
        "duration: 10m\nstreams: {{ s: {{ {stream} }} }}\nclients: {{ c: {{ script: [{script}] }} }}\n"
    ));
    let puts = tape
        .api_calls
        .iter()
        .filter(|call| call.messages.contains("SequenceNumber") || call.messages.contains("shardId"));
    puts.filter(|call| call.action == "PutRecord").map(|call| call.messages.clone()).collect()
}

#[test]
fn boundaries_belong_to_the_shard_that_begins_there_also_after_splits_and_merges() {
    let (one, two) = (
        113_427_455_640_312_821_154_458_202_477_256_070_485_u128,
        226_854_911_280_625_642_308_916_404_954_512_140_970_u128,
    );
    let put = |at: &str, hash: u128| {
        format!(
            "{{ at: {at}, put_record: {{ stream: s, data: x, partition_key: k, explicit_hash_key: '{hash}' }} }}"
        )
    };
    // Three shards, the middle one split unevenly: two records below and from its new boundary; the last of its parts merged
    // with the shard above it.
    let h = one + 1_000;
    let script = [
        put("1s", 0),
        put("1s", one - 1),
        put("1s", one),
        put("1s", two - 1),
        put("1s", two),
        put("1s", u128::MAX),
        format!("{{ at: 2s, split_shard: {{ stream: s, shard: 1, new_starting_hash_key: '{h}' }} }}"),
        put("100s", one),
        put("100s", h - 1),
        put("100s", h),
        put("100s", two - 1),
        put("100s", two),
        "{ at: 101s, merge_shards: { stream: s, shard: 4, adjacent_shard: 2 } }".to_owned(),
        put("200s", h - 1),
        put("200s", h),
        put("200s", two),
        put("200s", u128::MAX),
        put("200s", one - 1),
    ];
    let told = shards_of("shards: 3", &script.join(", "));
    let expected = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 2, 3, 5, 5, 5, 0];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for (position, (told, shard)) in told.iter().zip(expected).enumerate() {
        assert!(told.contains(&format!("shardId-{shard:012}")), "{position}: {told}");
    }
}

#[test]
fn a_shard_with_large_records_bursts_up_to_ten_mebibytes() {
    let record = |number: u32| {
        format!("{{ at: 1s, put_record: {{ stream: s, data: r{number}, partition_key: k, size: 1MiB }} }}")
    };
    for (largest, taken) in [("1MiB", 1.0), ("1025KiB", 10.0), ("10MiB", 10.0)] {
        let script: Vec<String> = (0..11).map(record).collect();
        let tape = run(&format!(
            "duration: 1m\nstreams: {{ s: {{ max_record_size: {largest} }} }}\nclients: {{ c: {{ script: [{}] }} }}\n",
            script.join(", ")
        ));
        assert_eq!(tape.value("s", "incoming_records", "sum"), Some(taken), "{largest}");
        assert_eq!(tape.value("s", "put_record_bytes", "sum"), Some(taken * f64::from(1 << 20)), "{largest}");
    }
}
