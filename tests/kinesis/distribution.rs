//! Streams on demand that distribute records themselves (`RecordDistributionStrategy`).

use super::{load, run, sum, value};

const HOT: &str = "producers:\n  p:\n    publishes_to: { stream: s }\n    arrivals: { constant: { rate: 1600/s } }\n    \
                   message: { size: 200B, partition_key: celebrity }\n    library: { put_records: { resend_failed_records: false } }\n";

fn of_shard(tape: &queuelab::record::Tape, shard: u32) -> f64 {
    value(tape, &format!("s/shardId-{shard:012}"), "incoming_records", "sum")
}

#[test]
fn a_hot_key_harms_nobody_and_has_no_order() {
    let with = |strategy: &str| {
        run(&format!(
            "duration: 2m\nstreams: {{ s: {{ capacity_mode: on_demand, record_distribution_strategy: {strategy} }} }}\n{HOT}\
             stream_consumers:\n  c: {{ reads_from: {{ stream: s }}, processing_time: 0s }}\n"
        ))
    };
    let keyed = with("user_partition_key");
    assert!(sum(&keyed, "s", "write_throttled") > 60_000);
    assert_eq!(sum(&keyed, "c", "out_of_order"), 0);
    let even = with("auto");
    assert_eq!(sum(&even, "s", "write_throttled"), 0);
    let quarter = sum(&even, "s", "incoming_records") / 4;
    assert!((0..4).all(|shard| (of_shard(&even, shard) as u64).abs_diff(quarter) <= 1));
    assert!(sum(&even, "c", "out_of_order") > 0);
}

#[test]
fn the_strategy_changes_at_once_and_what_is_there_stays() {
    let put = |at: u32| {
        let record = "{ data: x, partition_key: a, explicit_hash_key: '0' }";
        format!(
            "{{ at: {at}s, put_records: {{ stream: s, records: [{record}, {record}, {record}, {record}] }} }}"
        )
    };
    let set = |at: u32, to: &str| {
        format!(
            "{{ at: {at}s, update_stream_record_distribution_strategy: {{ stream: s, record_distribution_strategy: {to} }} }}"
        )
    };
    let order = "{ at: 4s, put_record: { stream: s, data: y, partition_key: a, sequence_number_for_ordering: 'first[0]' } }";
    let steps = [
        "{ at: 0s, put_record: { stream: s, data: x, partition_key: a, explicit_hash_key: '0', as: first } }"
            .to_owned(),
        put(1),
        set(2, "auto"),
        put(3).replace("partition_key: a, ", ""),
        order.to_owned(),
        set(5, "user_partition_key"),
        put(6).replace("partition_key: a, ", ""),
        order.replace("4s", "7s"),
        "{ at: 8s, update_stream_mode: { stream: s, stream_mode: provisioned } }".to_owned(),
        set(9, "auto"),
        "{ at: 10s, update_stream_warm_throughput: { stream: s, warm_throughput_mibps: 8 } }".to_owned(),
        "{ at: 11s, update_stream_mode: { stream: s, stream_mode: on_demand } }".to_owned(),
        "{ at: 12s, update_stream_warm_throughput: { stream: s, warm_throughput_mibps: 8 } }".to_owned(),
        // Also while shards are being split.
        set(13, "auto"),
        "{ at: 60s, describe_stream: { stream: s } }".to_owned(),
    ];
    let tape = run(&format!(
        "duration: 2m\nstreams: {{ s: {{ capacity_mode: on_demand }} }}\nclients: {{ c: {{ script: [{}] }} }}\n",
        steps.join(", ")
    ));
    let outcomes: Vec<&str> = tape.api_calls.iter().map(|call| call.outcome.as_str()).collect();
    // A partition key may be missing while it is AUTO.
    let refused: Vec<usize> = (0..outcomes.len()).filter(|step| outcomes[*step] != "Success").collect();
    assert_eq!(refused, [4, 6, 9, 10], "{outcomes:?}");
    assert!(refused.iter().all(|step| outcomes[*step] == "InvalidArgumentException"));
    assert!(tape.api_calls[14].messages.contains("OpenShardCount=8"));
    assert!(tape.api_calls[14].messages.contains("RecordDistributionStrategy=AUTO"));
    // One in each shard while it was AUTO, all others in the first.
    assert_eq!([0, 1, 2, 3].map(|shard| of_shard(&tape, shard)), [7.0, 1.0, 1.0, 1.0]);
}

#[test]
fn the_library_sends_single_records_to_such_a_stream() {
    let library = HOT.replace("put_records: { resend_failed_records: false }", "kpl: {}");
    let tape = run(&format!(
        "duration: 1m\nstreams: {{ s: {{ capacity_mode: on_demand, record_distribution_strategy: auto }} }}\n{library}"
    ));
    assert_eq!(sum(&tape, "p", "records_aggregated"), 0);
    assert_eq!(sum(&tape, "s", "incoming_records"), sum(&tape, "s", "user_records"));
}

#[test]
fn what_has_no_such_strategy_is_told() {
    let auto = "record_distribution_strategy: auto";
    let change = "changes: [{ at: 1m, call: { update_stream_record_distribution_strategy: auto } }]";
    for (text, told) in [
        (format!("streams: {{ s: {{ {auto} }} }}"), "a provisioned stream finds shards by partition keys"),
        (
            format!("quotas: 2022\nstreams: {{ s: {{ capacity_mode: on_demand, {auto} }} }}"),
            "since autumn 2026",
        ),
        (
            format!("quotas: 2022\nstreams: {{ s: {{ capacity_mode: on_demand, {change} }} }}"),
            "since autumn 2026",
        ),
        (
            format!(
                "streams: {{ s: {{ capacity_mode: on_demand, {auto} }} }}\n{}",
                HOT.replace(
                    "put_records: { resend_failed_records: false }",
                    "put_record: { sequence_number_for_ordering: true }"
                )
            ),
            "keeps no order",
        ),
    ] {
        let error = load(&format!("duration: 1m\n{text}\n")).expect_err("it is refused");
        assert!(error.contains(told), "{error}");
    }
}
