//! Data streams as sources.

use super::{fate, run, sum, value};

/// A stream `s` that `d` reads, with a producer.
fn stream(head: &str, rate: &str, library: &str, more: &str) -> String {
    format!(
        "{head}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    arrivals: {{ constant: {{ rate: {rate} }} }}\n    \
         message: {{ size: 1000B, partition_key: {{ uniform: 100 }} }}\n    library: {library}\n{more}"
    )
}

const D: &str =
    "delivery_streams: { d: { reads_from: { stream: s }, destination: { s3: { bucket: lake } } } }\n";

#[test]
fn each_shard_is_asked_once_a_second_and_twice_with_a_full_source_backup() {
    let head = "duration: 60s\nstreams: { s: { shards: 3 } }";
    let once = run(&stream(head, "10/s", "{ put_records: {} }", D));
    assert_eq!(value(&once, "s", "get_records_calls", "sum"), 180.0);
    let backup = D.replace("bucket: lake }", "bucket: lake, source_backup: { bucket: lake } }");
    let twice = run(&stream(head, "10/s", "{ put_records: {} }", &backup));
    assert_eq!(value(&twice, "s", "get_records_calls", "sum"), 360.0);
}

#[test]
fn its_calls_count_among_the_five_of_a_shard() {
    let consumers = "stream_consumers: { c: { reads_from: { stream: s }, idle_time_between_reads: 200ms, \
                     processing_time: 1us } }\n";
    let head = "duration: 5m\nstreams: { s: {} }";
    let tape = run(&stream(head, "10/s", "{ put_records: {} }", &format!("{D}{consumers}")));
    assert!(value(&tape, "s", "read_throttled", "sum") > 0.0, "six calls a second are one too many");
    let alone = run(&stream(head, "10/s", "{ put_records: {} }", D));
    assert_eq!(value(&alone, "s", "read_throttled", "sum"), 0.0);
    assert_eq!(sum(&alone, "throttled_get_records"), 0);
}

#[test]
fn resharding_loses_nothing() {
    let head = "duration: 30m\nstreams: { s: { shards: 2, changes: [{ at: 2m, call: { split_shard: { shard: 0 } } }, \
                { at: 6m, call: { merge_shards: { shard: 1, adjacent_shard: 3 } } }] } }\n\
                quotas: { kinesis_shard_records_per_second: 100000 }";
    let tape = run(&stream(head, "50/s", "{ put_records: {} }", D));
    let put = value(&tape, "s", "user_records", "sum") as u64;
    let accepted = sum(&tape, "incoming_records");
    assert!(value(&tape, "s", "splits", "sum") == 1.0 && value(&tape, "s", "merges", "sum") == 1.0);
    // What came in the last second and a half may still be in the stream.
    assert!(accepted <= put && accepted + 100 >= put, "{accepted} of {put}");
    assert_eq!(accepted, fate(&tape, "delivered") + fate(&tape, "buffered") + fate(&tape, "in_delivery"));
}

#[test]
fn aggregated_records_are_taken_apart_and_billed_as_one() {
    let head = "duration: 10m\nstreams: { s: {} }";
    let tape = run(&stream(head, "50/s", "{ kpl: {} }", D));
    let (records, user) = (sum(&tape, "records_read"), sum(&tape, "incoming_records"));
    assert!(records * 3 < user, "{user} user records in {records}");
    let billed = value(&tape, "d", "billed_bytes", "sum");
    assert!(billed < user as f64 * 5_120.0 / 2.0, "{billed}");
    assert_eq!(billed % 5_120.0, 0.0);
}

#[test]
fn data_stays_in_the_stream_while_it_cannot_be_delivered() {
    let head = "duration: 60m\nstreams: { s: { shards: 2 } }";
    let out = D.replace("bucket: lake }", "bucket: lake, outages: [{ from: 1m, lasts: 40m }] }");
    let text = stream(head, "1500/s", "{ put_records: {} }", &out);
    let during = run(&text.replace("duration: 60m", "duration: 40m"));
    let held = fate(&during, "buffered") + fate(&during, "in_delivery");
    // Two shards, each with a buffer of 128 MiB and what was on its way.
    assert!(held < 400_000, "{held} records of a kilobyte");
    let kept = during.ledger.get("stream", "s", "kept").expect("streams keep records");
    assert!(kept > 3_000_000, "{kept}");
    assert!(value(&during, "d", "kinesis_milliseconds_behind_latest", "max") >= 0.0);
}

#[test]
fn a_stream_is_read_from_the_newest_record_on() {
    let steps = "quotas: { kinesis_shard_records_per_second: 100000 }\n";
    let head = format!("duration: 60s\n{steps}streams: {{ s: {{}} }}");
    let tape = run(&stream(&head, "100/s", "put_record", D));
    let put = value(&tape, "s", "user_records", "sum") as u64;
    let read = sum(&tape, "incoming_records");
    assert!(read <= put && read + 101 >= put, "{read} of {put}");
}
