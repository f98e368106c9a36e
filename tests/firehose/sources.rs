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
fn only_the_data_of_records_is_delivered_and_billed() {
    // With its key of one or two digits a record is larger than 5 KB, its data is not.
    let text = stream("duration: 10m\nstreams: { s: {} }", "10/s", "{ put_records: {} }", D);
    let tape = run(&text.replace("1000B", "5KiB"));
    let (records, delivered) = (sum(&tape, "incoming_records"), sum(&tape, "records_delivered"));
    assert_eq!(value(&tape, "d", "billed_bytes", "sum") as u64, records * 5_120);
    assert_eq!(
        (sum(&tape, "bytes_read"), sum(&tape, "delivery_to_s3_bytes")),
        (records * 5_120, delivered * 5_120)
    );
    // A buffer of 5 MiB is full with 1,024 records.
    assert_eq!(value(&tape, "d", "records_per_object", "max"), 1_024.0);
    assert!(value(&tape, "s", "incoming_bytes", "sum") > records as f64 * 5_121.0);
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

fn topic(keys: &str, head: &str) -> String {
    format!(
        "duration: 20m\n{head}topics: {{ t: {{ subscriptions: [{{ firehose: d{keys} }}] }} }}\nproducers:\n  p:\n    \
         publishes_to: {{ topic: t }}\n    arrivals: {{ constant: {{ rate: 5/s }} }}\n    message: {{ size: 1000B }}\n\
         delivery_streams: {{ d: {{ destination: {{ s3: {{ bucket: lake }} }} }} }}\n"
    )
}

#[test]
fn a_topic_delivers_raw_or_in_its_envelope() {
    let raw = run(&topic(", raw_message_delivery: true", ""));
    assert_eq!(sum(&raw, "incoming_bytes"), sum(&raw, "incoming_records") * 1_000);
    let published = value(&raw, "t", "messages_published", "sum") as u64;
    let accepted = fate(&raw, "accepted");
    assert!(accepted + 5 >= published && accepted <= published + 1, "{accepted} of {published}");
    let dollars = value(&raw, "t", "estimated_cost", "sum");
    let wanted = published as f64 * 0.5e-6 + accepted as f64 * 0.19e-6;
    assert!((dollars - wanted).abs() < 1e-5, "{dollars} is {wanted}");
    let envelope = run(&topic("", "assumptions: { sns_envelope_size: 300B }\n"));
    assert_eq!(sum(&envelope, "incoming_bytes"), sum(&envelope, "incoming_records") * 1_300);
    assert!(fate(&envelope, "delivered") > 4_000);
}

#[test]
fn several_topics_deliver_to_one_stream() {
    let two = topic("", "")
        .replace("topics: { t: {", "topics: { u: { subscriptions: [{ firehose: d }] }, t: {")
        .replace("producers:\n", "producers:\n  r: { publishes_to: { topic: u }, arrivals: { constant: { rate: 3/s } }, message: { size: 500B } }\n");
    let tape = run(&two);
    let published = |name| value(&tape, name, "messages_published", "sum") as u64;
    let (accepted, all) = (fate(&tape, "accepted"), published("t") + published("u"));
    assert!(published("u") > 3_000 && published("t") > 5_000);
    assert!(accepted <= all && accepted + 10 >= all, "{accepted} of {all}");
}

#[test]
fn a_topic_tries_again_what_a_delivery_stream_throttles() {
    let tape = run(&topic("", "quotas: { firehose_records_per_second: 2 }\n"));
    assert!(sum(&tape, "throttled_records") > 1_000);
    let delivered = tape.ledger.get("topic", "t.firehose", "discarded");
    assert!(delivered.is_none_or(|discarded| discarded == 0), "it is tried for hours");
    assert!(sum(&tape, "incoming_records") > 2_000, "what the limit lets through");
}

#[test]
fn what_a_delivery_stream_refuses_for_good_goes_to_the_dead_letter_queue() {
    let text = topic(
        ", redrive_policy: { dead_letter_queue: q }",
        "queues: { q: {} }\nquotas: { sns_publishes_per_second: 1000 }\n",
    )
    .replace("size: 1000B", "size: 1020KiB")
    .replace("t: { subscriptions", "t: { maximum_message_size: 1MiB, subscriptions");
    let tape = run(&text);
    assert_eq!(sum(&tape, "incoming_records"), 0, "1,000 KiB are the most");
    assert!(tape.ledger.get("queue", "q", "sent").is_some_and(|sent| sent > 5_000));
}
