//! Where results go: data streams, delivery streams and functions.

use super::{app, puts, run, sum, value};

const PASS: &str = "{ map: { size_ratio: 2 } }";
const RECORDS: [(f64, f64, &str); 3] = [(1.0, 1.0, "a"), (2.0, 2.0, "b"), (3.0, 3.0, "a")];

#[test]
fn results_go_to_streams_delivery_streams_and_functions() {
    let lines = "duration: 10m\nstreams: { s: {}, out: {} }\nobject_stores: { lake: {} }\n\
        delivery_streams: { d: { destination: { s3: { bucket: lake, buffering_hints: { size: 1MiB, interval: 60s } } } } }\n\
        functions: { f: { processing_time: 10ms } }\n";
    let sinks = ", sinks: [ { stream: out }, { delivery_stream: d }, { function: f } ]";
    let tape = run(&format!("{lines}{}{}", app(PASS, sinks), puts(&RECORDS)));
    assert_eq!(value(&tape, "out", "incoming_records", "sum"), 3.0);
    // Nine bytes of data and a key of one are twice nine and the key.
    assert_eq!(value(&tape, "out", "incoming_bytes", "sum"), 57.0, "twice the data");
    assert_eq!(value(&tape, "d", "incoming_bytes", "sum"), 54.0);
    assert_eq!(value(&tape, "d", "records_delivered", "sum"), 3.0);
    assert_eq!(value(&tape, "f", "messages_processed", "sum"), 3.0);
    assert_eq!((sum(&tape, "records_out"), sum(&tape, "results_sent")), (3, 9));
}

#[test]
fn results_wait_for_others_for_a_while() {
    let lines = "duration: 10m\nstreams: { s: {}, out: {} }\n";
    let calls = |sink: &str| {
        let sinks = format!(", sinks: [ {{ stream: out{sink} }} ]");
        let tape = run(&format!("{lines}{}{}", app(PASS, &sinks), puts(&RECORDS)));
        value(&tape, "out", "put_records_calls", "sum")
    };
    assert_eq!(calls(""), 1.0, "within five seconds");
    assert_eq!(calls(", time_in_buffer: 500ms"), 3.0);
    assert_eq!(calls(", batch_size: 2"), 2.0);
}

#[test]
fn what_a_stream_throttles_is_sent_again() {
    let lines = "duration: 10m\nquotas: { kinesis_shard_records_per_second: 5 }\nstreams: { s: { shards: 8 }, out: {} }\n\
        producers:\n  p:\n    publishes_to: { stream: s }\n    arrivals: { constant: { rate: 4/s } }\n    message: { size: 10B, partition_key: random }\n";
    let sinks = ", sinks: [ { stream: out, time_in_buffer: 30s } ], auto_scaling: false";
    let tape = run(&format!("{lines}{}", app(PASS, sinks)));
    assert!(sum(&tape, "results_sent_again") > 100);
    assert_eq!(sum(&tape, "results_rejected"), 0);
    let arrived = value(&tape, "out", "incoming_records", "sum");
    assert!(arrived > 1_500.0, "{arrived}");
}

#[test]
fn a_full_sink_holds_the_source_back() {
    let lines = "duration: 20m\nquotas: { kinesis_shard_records_per_second: 10 }\nstreams: { s: { shards: 100 }, out: {} }\n\
        producers:\n  p:\n    publishes_to: { stream: s }\n    arrivals: { constant: { rate: 100/s } }\n    message: { size: 10B, partition_key: random }\n";
    let sinks = ", sinks: [ { stream: out } ], auto_scaling: false";
    let tape = run(&format!("{lines}{}", app(PASS, sinks)));
    let waiting = tape.ledger.get("flink_application", "app", "waiting_in_sinks").unwrap_or_default();
    assert!((9_000..30_000).contains(&waiting), "{waiting}");
    let processed = sum(&tape, "records_in");
    assert!(processed < 60_000, "of 120,000 records: {processed}");
}
