//! Payloads that are too large for a message.

use super::{check_counts, check_seconds, load, number, problems, run, value};

/// A producer of `size` bodies at one instant, an exact object store, a consumer.
fn scenario(messages: u32, size: &str, large: &str, consumer: &str) -> String {
    format!(
        "duration: 10m
queues: {{ q: {{ receive_message_wait_time: 20s, visibility_timeout: 30s, message_retention_period: 2m }} }}
object_stores:
  bucket: {{ put_latency: 100ms, get_latency: 50ms, delete_latency: 20ms, bytes_per_second: 1000000B }}
producers:
  p:
    publishes_to: {{ queue: q }}
    arrivals: {{ bursts: [ {{ at: 0s, messages: {messages} }} ] }}
    message: {{ size: {size} }}
    large_payloads: {{ object_store: bucket{large} }}
consumers:
  c: {{ receives_from: {{ queue: q }}, processing_time: 100ms{consumer} }}"
    )
}

const READS: &str = ", large_payloads: { object_store: bucket }";

#[test]
fn a_payload_is_put_before_the_send_got_after_the_receive_and_deleted_with_the_message() {
    let tape = run(&scenario(1, "2000000B", "", READS));
    // Upload, send, receive, download, processing.
    check_seconds(&tape, "c", "end_to_end_latency", "max", 2.1 + 0.008 + 0.008 + 2.05 + 0.1);
    check_counts(&tape, "bucket", &[("put_requests", 1), ("get_requests", 1), ("delete_requests", 1)]);
    check_counts(&tape, "c", &[("messages_processed", 1), ("payloads_fetched", 1), ("payloads_deleted", 1)]);
    assert_eq!(number(&tape, "q", "sent_message_size", "max"), 256, "the queue sees a pointer");
    assert_eq!(number(&tape, "bucket", "objects", "last"), 0);
    assert_eq!(number(&tape, "bucket", "bytes_stored", "max"), 2_000_000);
    assert_eq!(number(&tape, "bucket", "orphaned_objects", "max"), 0);
    let stored = value(&tape, "bucket", "bytes_stored", "mean") * 600.0 / 1_073_741_824.0 / (30.0 * 86_400.0);
    let cost = 0.005 / 1e3 + 0.0004 / 1e3 + stored * 0.023;
    assert!((value(&tape, "bucket", "estimated_cost", "sum") - cost).abs() < 1e-12);
}

#[test]
fn only_what_is_above_the_threshold_goes_to_the_store() {
    for (size, large, puts) in [
        ("1048576B", "", 0),
        ("1048577B", "", 1),
        ("2048B", ", threshold: 2KiB", 0),
        ("2049B", ", threshold: 2KiB", 1),
        ("1B", ", always_through_object_store: true", 1),
    ] {
        let tape = run(&scenario(1, size, large, READS));
        check_counts(&tape, "bucket", &[("put_requests", puts)]);
        check_counts(&tape, "c", &[("messages_processed", 1), ("failures", 0)]);
    }
}

#[test]
fn a_message_that_comes_again_after_its_payload_was_deleted_cannot_be_processed() {
    let tape = run(&scenario(1, "2MB", "", &format!("{READS}, lost_deletes: 100%")));
    check_counts(&tape, "c", &[("messages_processed", 1), ("payloads_deleted", 1), ("deletes_lost", 1)]);
    let missing = number(&tape, "c", "payloads_missing", "sum");
    assert!(missing >= 2, "{missing}");
    assert_eq!(number(&tape, "c", "failures", "sum"), missing);
    assert_eq!(number(&tape, "bucket", "get_errors", "sum"), missing);
    check_counts(&tape, "q", &[("messages_expired", 1)]);
    assert_eq!(number(&tape, "bucket", "orphaned_objects", "last"), 0);
}

#[test]
fn a_consumer_without_the_client_fails_with_the_pointer_and_the_object_stays() {
    let text = scenario(1, "2MB", "", "");
    let scenario = load(&text).expect("only a warning");
    assert!(
        scenario.warnings().contains("`c` cannot read the large payloads of `p`"),
        "{}",
        scenario.warnings()
    );
    let tape = scenario.run().expect("the run succeeds");
    check_counts(&tape, "c", &[("messages_processed", 0)]);
    assert!(value(&tape, "c", "failures", "sum") >= 3.0);
    check_counts(&tape, "q", &[("messages_expired", 1)]);
    assert_eq!(number(&tape, "bucket", "orphaned_objects", "last"), 1);
    assert_eq!(number(&tape, "bucket", "objects", "last"), 1);
}

#[test]
fn payloads_may_be_kept() {
    let tape =
        run(&scenario(3, "2MB", "", ", large_payloads: { object_store: bucket, delete_payloads: false }"));
    check_counts(&tape, "c", &[("messages_processed", 3), ("payloads_deleted", 0)]);
    check_counts(&tape, "bucket", &[("delete_requests", 0)]);
    assert_eq!(number(&tape, "bucket", "orphaned_objects", "last"), 3);
}

#[test]
fn a_whole_batch_deletes_its_payloads_at_its_end() {
    let consumer = format!("{READS}, batch_size: 10, delete: whole_batch");
    let tape = run(&scenario(4, "2MB", "", &consumer));
    check_counts(&tape, "c", &[("messages_processed", 4), ("payloads_deleted", 4), ("duplicates", 0)]);
    check_counts(&tape, "q", &[("messages_deleted", 4)]);
    assert_eq!(number(&tape, "bucket", "objects", "last"), 0);
}

#[test]
fn crashes_lose_no_payload_that_is_still_pointed_to() {
    let consumer = format!(
        "{READS}, batch_size: 4, delete: whole_batch, instances: 2, crashes: {{ mean_time_between: 20s, restart_time: 1s }}"
    );
    let tape = run(&scenario(40, "1500000B", "", &consumer));
    check_counts(&tape, "bucket", &[("put_requests", 40)]);
    let (objects, deleted) =
        (number(&tape, "bucket", "objects", "last"), number(&tape, "bucket", "delete_requests", "sum"));
    assert_eq!(objects + deleted, 40);
    // What is left belongs to messages that expired.
    assert_eq!(objects, number(&tape, "bucket", "orphaned_objects", "last"));
    assert!(value(&tape, "c", "crashes", "sum") > 10.0);
}

#[test]
fn what_cannot_work_is_told() {
    let large = problems(&scenario(1, "2MB", ", threshold: 2MiB", READS));
    assert!(large.contains("a message has 1 MiB at most") || large.contains("1MiB at most"), "{large}");
    let unknown = problems(&scenario(1, "2MB", "", ", large_payloads: { object_store: buckets }"));
    assert!(unknown.contains("there is no object store `buckets`"), "{unknown}");
}
