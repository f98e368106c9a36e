//! When buffers are delivered, by size and by time.

use super::{SECOND, fate, nanos, producer, puts, run, sum, value};

fn s3(keys: &str) -> String {
    format!("delivery_streams: {{ d: {{ destination: {{ s3: {{ bucket: lake{keys} }} }} }} }}\n")
}

#[test]
fn a_buffer_is_delivered_when_its_first_record_has_waited_for_the_interval() {
    let text = |duration| format!("duration: {duration}\n{}{}", s3(""), puts(&[10, 200, 311], "1KiB"));
    let before = run(&text("309999ms"));
    assert_eq!((sum(&before, "records_delivered"), fate(&before, "buffered")), (0, 2));
    let after = run(&text("320s"));
    assert_eq!((sum(&after, "records_delivered"), sum(&after, "objects_delivered")), (2, 1));
    assert_eq!(nanos(&after, "object_latency", "max"), 300 * SECOND);
    assert_eq!(nanos(&after, "delivery_latency", "min"), 110 * SECOND);
    assert_eq!(fate(&after, "buffered"), 1, "the next buffer began with the next record");
}

#[test]
fn a_buffer_is_delivered_at_the_record_that_fills_it() {
    let hints = s3(", buffering_hints: { size: 1MiB, interval: 60s }");
    let tape = run(&format!("duration: 70s\n{hints}{}", puts(&[1, 2, 4, 8, 9], "256KiB")));
    assert_eq!(sum(&tape, "objects_delivered"), 2);
    // The first four at 8 s; the fifth a minute after it came.
    assert_eq!(nanos(&tape, "object_latency", "min"), 7 * SECOND);
    assert_eq!(nanos(&tape, "object_latency", "max"), 60 * SECOND);
    assert_eq!(value(&tape, "d", "object_size", "max"), 1_048_576.0);
    assert_eq!(nanos(&tape, "delivery_latency", "min"), 0);
}

#[test]
fn one_byte_less_waits_for_the_interval() {
    let hints = s3(", buffering_hints: { size: 1MiB, interval: 60s }");
    let tape = run(&format!("duration: 70s\n{hints}{}", puts(&[1, 2], "524287B")));
    assert_eq!((sum(&tape, "objects_delivered"), sum(&tape, "records_delivered")), (1, 2));
    assert_eq!(nanos(&tape, "object_latency", "max"), 60 * SECOND);
}

#[test]
fn zero_buffering_delivers_within_a_few_seconds() {
    let hints = s3(", buffering_hints: { size: 5MiB, interval: 0s }");
    let text = format!("duration: 60s\n{hints}{}", puts(&[1, 10, 20, 30], "1KiB"));
    let tape = run(&text);
    assert_eq!(sum(&tape, "records_delivered"), 4);
    let (least, most) =
        (value(&tape, "d", "delivery_latency", "min"), value(&tape, "d", "delivery_latency", "max"));
    assert!(least >= 1.0 && most <= 5.0, "{least} to {most}");
    let exact = run(&format!("assumptions: {{ firehose_zero_buffering_delay: 3s }}\n{text}"));
    assert_eq!(nanos(&exact, "delivery_latency", "max"), 3 * SECOND);
    assert_eq!(nanos(&exact, "delivery_latency", "min"), 3 * SECOND);
}

#[test]
fn sizes_are_measured_before_compression() {
    let keys =
        ", buffering_hints: { size: 1MiB, interval: 900s }, compression_format: GZIP, compressed_size: 10%";
    let tape = run(&format!("duration: 60s\n{}{}", s3(keys), puts(&[1, 2, 3, 4], "256KiB")));
    assert_eq!(sum(&tape, "objects_delivered"), 1);
    assert_eq!(value(&tape, "d", "object_size", "max"), 104_858.0);
    assert_eq!(sum(&tape, "delivery_to_s3_bytes"), 104_858);
    assert_eq!(value(&tape, "lake", "bytes_stored", "last"), 104_858.0);
}

#[test]
fn a_line_break_follows_each_record_if_wanted() {
    let tape = run(&format!("duration: 400s\n{}{}", s3(", append_delimiter: true"), puts(&[1, 2], "1000B")));
    assert_eq!(value(&tape, "d", "object_size", "max"), 2_002.0);
}

#[test]
fn hints_hold_for_each_shard() {
    let stream = |shards| {
        format!(
            "duration: 30m\nstreams: {{ s: {{ shards: {shards} }} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ constant: {{ rate: 5/s }} }}\n    library: {{ put_records: {{}} }}\ndelivery_streams: {{ d: {{ reads_from: \
             {{ stream: s }}, destination: {{ s3: {{ bucket: lake }} }} }} }}\n"
        )
    };
    let (one, eight) = (run(&stream(1)), run(&stream(8)));
    assert_eq!(sum(&one, "objects_delivered"), 5);
    assert_eq!(sum(&eight, "objects_delivered"), 40, "eight times as many objects, an eighth of the size");
}

#[test]
fn a_buffer_grows_while_deliveries_fall_behind() {
    let keys = ", buffering_hints: { size: 1MiB, interval: 60s }, outages: [{ from: 0s, lasts: 400s }]";
    let tape = run(&format!("duration: 20m\n{}{}", s3(keys), producer("10/s", "64KiB", "")));
    // 640 KiB a second fill a mebibyte in less than two; what waits for the end of the outage goes as one object.
    let largest = value(&tape, "d", "object_size", "max");
    assert!(largest > 64.0 * 1_048_576.0 && largest <= 129.0 * 1_048_576.0, "{largest}");
    assert_eq!(sum(&tape, "records_lost"), 0);
    assert!(value(&tape, "d", "delivery_to_s3_success", "mean") < 1.0);
}

#[test]
fn what_comes_at_once_fills_buffer_after_buffer() {
    let hints = s3(", buffering_hints: { size: 1MiB, interval: 60s }");
    let records = ["{ data: x, size: 512KiB }"; 7].join(", ");
    let batch = format!(
        "clients:\n  c:\n    script:\n      - {{ at: 1s, firehose_put_record_batch: {{ delivery_stream: d, records: [{records}] }} }}\n"
    );
    let tape = run(&format!("duration: 2m\n{hints}{batch}"));
    // Three buffers are full at once, half a one waits a minute.
    assert_eq!(sum(&tape, "objects_delivered"), 4);
    assert_eq!(value(&tape, "d", "object_size", "max"), 1_048_576.0);
    assert_eq!(nanos(&tape, "object_latency", "max"), 60 * SECOND);
    assert_eq!(nanos(&tape, "object_latency", "p50"), 0);
}
