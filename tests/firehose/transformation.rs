//! Transformation by a Lambda function.

use super::{SECOND, fate, nanos, producer, puts, run, sum, value};

/// A delivery stream whose records pass through the function `f`.
fn transformed(function: &str, keys: &str) -> String {
    format!(
        "functions: {{ f: {{ {function}, init_duration: 0s }} }}\ndelivery_streams: {{ d: {{ destination: {{ s3: {{ bucket: lake }} }}, \
         data_transformation: {{ function: f{keys} }} }} }}\n"
    )
}

#[test]
fn records_are_ok_dropped_or_failed() {
    let function = "processing_time: 1ms, failure_rate: 10%, on_message_failure: report_batch_item_failures";
    let d = transformed(function, ", dropped: 20%, output_size: 50%");
    let tape = run(&format!("duration: 60m\n{d}{}", producer("20/s", "1000B", "")));
    let accepted = fate(&tape, "accepted");
    let (ok, dropped, failed) = (fate(&tape, "delivered"), fate(&tape, "dropped"), fate(&tape, "failed"));
    let there = fate(&tape, "buffered") + fate(&tape, "in_transformation");
    assert_eq!(accepted, ok + dropped + failed + there);
    let near = |number: u64, share: f64| (number as f64 / accepted as f64 - share).abs() < 0.02;
    assert!(near(failed, 0.09) || near(failed, 0.10), "{failed} of {accepted}");
    assert!(near(dropped, 0.17) || near(dropped, 0.18), "{dropped} of {accepted}");
    assert_eq!(sum(&tape, "delivery_to_s3_bytes"), ok * 500);
    assert_eq!(sum(&tape, "backup_records"), failed, "at the error prefix of the bucket");
    let succeeded = sum(&tape, "succeed_processing_records");
    assert_eq!(
        succeeded + sum(&tape, "records_processing_failed") + fate(&tape, "in_transformation"),
        accepted
    );
    assert_eq!(value(&tape, "f", "messages_processed", "sum"), 0.0, "nothing is done with them yet");
}

#[test]
fn the_buffer_of_the_transformation_comes_before_that_of_the_destination() {
    let d = transformed("processing_time: 2s, processing: per_batch", "");
    let tape = run(&format!("duration: 10m\n{d}{}", puts(&[10], "1KiB")));
    // A minute until the function is invoked, two seconds there, and five minutes in the buffer.
    assert_eq!(nanos(&tape, "delivery_latency", "max"), 362 * SECOND);
    assert_eq!(value(&tape, "d", "execute_processing_duration", "max"), 2_000.0);
    let by_size = run(&format!("duration: 10m\n{d}{}", puts(&[10, 11, 12, 13], "256KiB")));
    assert_eq!(value(&by_size, "f", "invocations", "sum"), 1.0);
    assert_eq!(nanos(&by_size, "object_latency", "max"), 305 * SECOND, "a mebibyte is there after 3 s");
}

#[test]
fn destinations_have_default_buffers_of_their_own() {
    let s3 = transformed("processing_time: 1s, processing: per_batch", "");
    let to = |kind: &str| {
        let destination = format!("{kind}: {{ s3_backup: {{ bucket: lake }}, endpoint: {{ latency: 0s }} }}");
        s3.replace("s3: { bucket: lake }", &destination)
    };
    // From the first record of 64 KiB to the end of its transformation: 4 of them are 256 KiB, 16 are a mebibyte.
    let invoked = |d: &str, records: u32| {
        let seconds: Vec<u32> = (1..=records).collect();
        let tape = run(&format!("duration: 3m\n{d}{}", puts(&seconds, "64KiB")));
        nanos(&tape, "object_latency", "max") / SECOND
    };
    let (splunk, snowflake) = (to("splunk"), to("snowflake"));
    let exact = format!("assumptions: {{ firehose_zero_buffering_delay: 0s }}\n{snowflake}");
    assert_eq!((invoked(&exact, 4), invoked(&exact, 1)), (4, 31));
    assert_eq!((invoked(&splunk, 4), invoked(&splunk, 1)), (64, 121), "and a minute in the buffer");
}

#[test]
fn a_failed_invocation_is_repeated_three_times_and_then_its_batch_is_skipped() {
    for (function, invocations) in [
        ("processing_time: 10ms, failure_rate: 100%", 4.0),
        ("processing_time: 10s, timeout: 3s", 4.0),
        ("processing_time: 10ms, reserved_concurrent_executions: 0", 0.0),
    ] {
        let tape = run(&format!("duration: 20m\n{}{}", transformed(function, ""), puts(&[1, 2, 3], "1KiB")));
        assert_eq!(value(&tape, "f", "invocations", "sum"), invocations, "{function}");
        assert_eq!((fate(&tape, "failed"), fate(&tape, "delivered")), (3, 0), "{function}");
        assert_eq!(value(&tape, "d", "execute_processing_success", "count"), 4.0);
        assert_eq!(value(&tape, "d", "execute_processing_success", "mean"), 0.0);
    }
    let none = transformed("processing_time: 10ms, failure_rate: 100%", ", number_of_retries: 0");
    let tape = run(&format!("duration: 20m\n{none}{}", puts(&[1, 2, 3], "1KiB")));
    assert_eq!(value(&tape, "f", "invocations", "sum"), 1.0);
}

#[test]
fn five_invocations_are_under_way_for_a_shard_and_ten_with_splunk() {
    let d =
        transformed("processing_time: 100s, processing: per_batch, timeout: 300s", ", buffer_size: 256KiB");
    let tape = run(&format!("duration: 10m\n{d}{}", producer("10/s", "64KiB", "")));
    assert_eq!(value(&tape, "f", "concurrent_executions", "max"), 5.0);
    let splunk = d.replace("s3: { bucket: lake }", "splunk: { s3_backup: { bucket: lake } }");
    let tape = run(&format!("duration: 10m\n{splunk}{}", producer("10/s", "64KiB", "")));
    assert_eq!(value(&tape, "f", "concurrent_executions", "max"), 10.0);
}

#[test]
fn an_answer_of_more_than_six_megabytes_is_a_failure() {
    let keys = ", buffer_size: 3MiB, output_size: ";
    let run = |size: &str| {
        let d = transformed("processing_time: 1ms, processing: per_batch", &format!("{keys}{size}"));
        run(&format!("duration: 20m\n{d}{}", puts(&[1, 2, 3, 4], "768KiB")))
    };
    // 3 MiB are 4 MiB in base64: half as much again is just 6 MiB.
    assert_eq!(fate(&run("149%"), "delivered"), 4);
    assert_eq!(fate(&run("151%"), "failed"), 4);
}

#[test]
fn an_invocation_of_more_than_five_minutes_is_a_failure() {
    let d =
        transformed("processing_time: 301s, processing: per_batch, timeout: 900s", ", number_of_retries: 0");
    let tape = run(&format!("duration: 30m\n{d}{}", puts(&[1], "1KiB")));
    assert_eq!((fate(&tape, "failed"), fate(&tape, "delivered")), (1, 0));
    let d = d.replace("301s", "300s");
    let tape = run(&format!("duration: 30m\n{d}{}", puts(&[1], "1KiB")));
    assert_eq!((fate(&tape, "failed"), fate(&tape, "delivered")), (0, 1));
}
