//! Random delivery streams: every record is accounted for, and nothing depends on anything but the seed.

use super::load;
use proptest::prelude::*;
use proptest::sample::select;

/// One of some texts.
fn one(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(texts)
}

const OUTAGES: &str = "outages: [{ from: 2m, lasts: 7m }]";

fn scenario() -> impl Strategy<Value = String> {
    let source = one(&[
        "put_record",
        "{ put_record_batch: { max_entries: 7, linger: 3s } }",
        "{ put_record_batch: { resend_failed_records: false } }",
        "{ put_records: {} }",
        "{ kpl: {} }",
    ]);
    let destination = one(&[
        "s3: { bucket: lake, H OUT }",
        "s3: { bucket: lake, H OUT source_backup: { bucket: lake } }",
        "s3: { bucket: lake, compression_format: ZIP, append_delimiter: true }",
        "s3: { bucket: lake, data_format_conversion: { failure_rate: 20% }, OUT }",
        "redshift: { s3: { bucket: lake, H OUT }, failure_rate: 40%, retry_duration: 5m, copy_time: 70s }",
        "opensearch: { H retry_duration: 20s, endpoint: { failure_rate: 50%, OUT }, s3_backup: { bucket: lake, OUT } }",
        "http_endpoint: { H endpoint: { failure_rate: 30%, lost_responses: 20%, latency: { exponential: { mean: 40s } } }, \
         s3_backup: { bucket: lake, mode: all_data } }",
        "http_endpoint: { endpoint: { failure_rate: 60%, failure_status: 413 }, s3_backup: { bucket: lake } }",
        "splunk: { retry_duration: 0s, endpoint: { lost_responses: 50% }, s3_backup: { bucket: lake } }",
        "opensearch: { H retry_duration: 30s, endpoint: { rejected_records: 10%, lost_responses: 20% }, s3_backup: { bucket: lake, OUT } }",
        "iceberg: { H endpoint: { rejected_records: 20%, failure_rate: 30%, OUT }, s3_backup: { bucket: lake, mode: all_data } }",
        "snowflake: { H retry_duration: 0s, endpoint: { lost_responses: 40% }, s3_backup: { bucket: lake } }",
    ]);
    let hints = one(&[
        "",
        "buffering_hints: { size: 1MiB, interval: 60s },",
        "buffering_hints: { size: 2MiB, interval: 0s },",
        "buffering_hints: { size: 1MiB, interval: 7s },",
    ]);
    let function = one(&[
        "",
        "data_transformation: { function: f, dropped: 10%, output_size: 130% },",
        "data_transformation: { function: f, buffer_size: 256KiB, buffer_interval: 0s, number_of_retries: 1 },",
        "data_transformation: { function: g, buffer_size: 300KiB, buffer_interval: 5s },",
    ]);
    let partitions = one(&[
        "",
        "",
        "dynamic_partitioning: { partition_by: { drawn: { uniform: 9 } }, records_in_one: { uniform: [1, 4] } },",
        "dynamic_partitioning: { partition_by: { drawn: each_message } },",
        "dynamic_partitioning: { partition_by: { body: [user] } },",
    ]);
    let shape = (1..30_u32, 1..25_u32, 1..4_u32, select(vec![1_u32, 30, 20_000]));
    (source, destination, hints, function, partitions, shape).prop_map(
        |(source, destination, hints, function, partitions, (rate, minutes, shards, limit))| {
            let reads = source.contains("put_records") || source.contains("kpl");
            let is_s3 = destination.starts_with("s3");
            let converts = destination.contains("conversion");
            let partitions = if is_s3 && !(hints.contains("0s")) { partitions } else { "" };
            let hints = if converts { "" } else { hints };
            let destination = destination.replace("OUT", &format!("{OUTAGES},")).replace(",,", ",");
            let destination = destination.replace('H', hints).replace(", }", " }").replace(",  }", " }");
            let (target, from) =
                if reads { ("stream: s", "reads_from: { stream: s },") } else { ("delivery_stream: d", "") };
            format!(
                "duration: {minutes}m\nwarm_up: {}s\nquotas: {{ firehose_records_per_second: {limit} }}\nstreams: {{ s: {{ shards: {shards}, \
                 changes: [{{ at: 4m, call: {{ split_shard: {{ shard: 0 }} }} }}] }} }}\n\
                 functions:\n  f: {{ processing_time: 50ms, failure_rate: 10% }}\n  \
                 g: {{ processing_time: 1s, failure_rate: 20%, on_message_failure: report_batch_item_failures, timeout: 20s }}\n\
                 producers:\n  p:\n    publishes_to: {{ {target} }}\n    arrivals: {{ poisson: {{ rate: {rate}/s }} }}\n    \
                 message: {{ size: {{ uniform: [1B, 30KiB] }}, poison_rate: 3%, body: {{ user: {{ one_of: {{ a: 1, b: 2 }} }} }} }}\n    \
                 library: {source}\ndelivery_streams:\n  d: {{ {from} {function} {partitions} destination: {{ {destination} }} }}\n",
                minutes * 15
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_record_is_accounted_for(text in scenario()) {
        let scenario = load(&text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        let tape = scenario.run().unwrap_or_else(|error| panic!("{text}\n{error}"));
        let again = scenario.run().unwrap_or_else(|error| panic!("{text}\n{error}"));
        prop_assert_eq!(tape.ledger.rows(), again.ledger.rows());
        prop_assert_eq!(tape.header.events, again.header.events);
        let fate = |fate: &str| tape.ledger.get("delivery_stream", "d", fate).unwrap_or_default();
        prop_assert!(fate("lost") == 0 || text.contains("413"), "nothing is kept too long in an hour");
        let taken = tape.ledger.get("producer", "p", "handed_over").unwrap_or_default();
        if !text.contains("reads_from") {
            prop_assert!(fate("accepted") + fate("throttled") + fate("refused") >= taken);
        }
    }
}
