//! Destinations that fail: retries, backup, duplicates, loss.

use super::{SECOND, fate, nanos, producer, puts, run, sum, value};

fn to(destination: &str) -> String {
    format!("delivery_streams: {{ d: {{ destination: {{ {destination} }} }} }}\n")
}

const MINUTE: &str = "buffering_hints: { size: 1MiB, interval: 60s }";

#[test]
fn data_for_a_bucket_is_kept_for_a_day_and_then_lost() {
    let s3 =
        |hours| to(&format!("s3: {{ bucket: lake, {MINUTE}, outages: [{{ from: 0s, lasts: {hours}h }}] }}"));
    let text = |hours| format!("duration: 26h\n{}{}", s3(hours), puts(&[10, 3600, 7300, 40_000], "1KiB"));
    let day = run(&text(23));
    assert_eq!((fate(&day, "delivered"), fate(&day, "lost")), (4, 0));
    let more = run(&text(25));
    // What came before the end of the outage less a day is gone: at an attempt after that day.
    assert_eq!((fate(&more, "delivered"), fate(&more, "lost")), (2, 2));
    assert_eq!(more.ledger.get("run", "firehose", "expired"), Some(2));
}

#[test]
fn pauses_between_attempts_double_up_to_two_minutes() {
    let s3 = to(&format!("s3: {{ bucket: lake, {MINUTE}, outages: [{{ from: 0s, lasts: 1000s }}] }}"));
    let tape = run(&format!("duration: 30m\n{s3}{}", puts(&[10], "1KiB")));
    // At 70 s, then 1, 2, 4, … 64 and then 120 seconds after the one before: the first after 1,000 s is at 1,037 s.
    assert_eq!(nanos(&tape, "object_latency", "max"), (70 + 127 + 7 * 120 - 10) * SECOND);
    assert_eq!(value(&tape, "d", "delivery_to_s3_success", "count"), 15.0);
    assert!((value(&tape, "d", "delivery_to_s3_success", "mean") - 1.0 / 15.0).abs() < 1e-9);
}

#[test]
fn an_http_endpoint_is_tried_for_its_retry_duration_and_then_backed_up() {
    let http = |status: &str, keys: &str| {
        to(&format!(
            "http_endpoint: {{ {MINUTE}, endpoint: {{ latency: 1s, outages: [{{ from: 0s, lasts: 1h{status} }}] }}, \
             s3_backup: {{ bucket: lake }}{keys} }}"
        ))
    };
    let exact = "assumptions: { firehose_retry_jitter: 0% }\n";
    let run = |d: String| run(&format!("duration: 30m\n{exact}{d}{}", puts(&[10], "1KiB")));
    let tape = run(http(", status: 503", ""));
    assert_eq!((fate(&tape, "backed_up"), fate(&tape, "delivered"), sum(&tape, "duplicates")), (1, 0, 0));
    // The first answer comes at 71 s, each other a second after a pause of 1, 2, 4, … 64 and 120 s: that is 326 s, and another
    // pause would end after the 371 s.
    assert_eq!(value(&tape, "d", "delivery_to_http_endpoint_success", "count"), 9.0);
    assert_eq!(sum(&tape, "delivery_to_http_endpoint_processed_records"), 9);
    assert_eq!(sum(&tape, "delivery_to_http_endpoint_processed_bytes"), 9 * 1_024);
    assert_eq!(sum(&tape, "backup_records"), 1);
    let none = run(http(", status: 503", ", retry_duration: 0s"));
    assert_eq!(value(&none, "d", "delivery_to_http_endpoint_success", "count"), 1.0);
    assert_eq!(fate(&none, "backed_up"), 1);
    // Without an answer each attempt takes three minutes.
    let silent = run(http("", ""));
    assert_eq!(value(&silent, "d", "delivery_to_http_endpoint_success", "count"), 3.0);
    let arrives = run(http(", data_arrives: true", ""));
    assert_eq!(
        (sum(&arrives, "duplicates"), fate(&arrives, "backed_up")),
        (2, 1),
        "three times there, and in the bucket"
    );
}

#[test]
fn a_request_that_is_too_large_is_lost_and_not_even_backed_up() {
    let http = to(&format!(
        "http_endpoint: {{ {MINUTE}, endpoint: {{ failure_rate: 100%, failure_status: 413 }}, s3_backup: {{ bucket: lake }} }}"
    ));
    let tape = run(&format!("duration: 10m\n{http}{}", puts(&[10, 20], "1KiB")));
    assert_eq!((fate(&tape, "lost"), fate(&tape, "backed_up")), (2, 0));
    assert_eq!(value(&tape, "d", "delivery_to_http_endpoint_success", "count"), 1.0);
}

#[test]
fn lost_answers_make_duplicates() {
    let http = to(&format!(
        "http_endpoint: {{ {MINUTE}, endpoint: {{ lost_responses: 30% }}, s3_backup: {{ bucket: lake }} }}"
    ));
    let tape = run(&format!("duration: 4h\n{http}{}", producer("1/s", "1KiB", "")));
    assert!(sum(&tape, "duplicates") > 1_000);
    assert_eq!(fate(&tape, "lost"), 0);
    let s3 = to(&format!("s3: {{ bucket: lake, {MINUTE} }}"));
    assert_eq!(sum(&run(&format!("duration: 4h\n{s3}{}", producer("1/s", "1KiB", ""))), "duplicates"), 0);
}

#[test]
fn splunk_acknowledges_or_gets_it_again() {
    let splunk = |timeout| {
        to(&format!(
            "splunk: {{ hec_acknowledgment_timeout: {timeout}, retry_duration: 300s, s3_backup: {{ bucket: lake }}, endpoint: \
             {{ outages: [{{ from: 0s, lasts: 1h, data_arrives: true }}] }} }}"
        ))
    };
    let tape = run(&format!("duration: 40m\n{}{}", splunk("180s"), puts(&[10], "1KiB")));
    // Sent at 70 s; failed at 250 s; again after 1 s, failed at 431 s; again after 2 s, failed at 613 s: too late.
    assert_eq!(value(&tape, "d", "delivery_to_splunk_success", "count"), 3.0);
    assert_eq!((sum(&tape, "duplicates"), fate(&tape, "backed_up")), (2, 1));
    assert_eq!(value(&tape, "d", "delivery_to_splunk_data_ack_latency", "count"), 0.0, "never");
    let tape = run(&format!("duration: 40m\n{}{}", splunk("600s"), puts(&[10], "1KiB")));
    assert_eq!(value(&tape, "d", "delivery_to_splunk_success", "count"), 2.0);
}

#[test]
fn a_domain_has_five_minutes_by_default() {
    let collection = to(&format!("opensearch_serverless: {{ {MINUTE}, s3_backup: {{ bucket: lake }} }}"));
    let tape = run(&format!("duration: 2m\n{collection}{}", puts(&[0], "1KiB")));
    assert_eq!(sum(&tape, "delivery_to_opensearch_serverless_records"), 1);
    let domain = to(&format!(
        "opensearch: {{ {MINUTE}, s3_backup: {{ bucket: lake }}, endpoint: {{ latency: 0s, outages: [{{ from: 0s, lasts: 1h, status: 503 }}] }} }}"
    ));
    let tape = run(&format!("duration: 10m\n{domain}{}", puts(&[0], "1KiB")));
    assert_eq!(fate(&tape, "backed_up"), 1);
    // At 60 s and then after 1, 2, 4, … 64 s: 127 s later the next pause would end within the 300 s, at 307 s, and fails too.
    assert_eq!(value(&tape, "d", "delivery_to_opensearch_success", "count"), 9.0);
}

#[test]
fn when_destination_and_backup_fail_delivery_pauses() {
    let domain = to(&format!(
        "opensearch: {{ {MINUTE}, retry_duration: 0s, s3_backup: {{ bucket: lake, outages: [{{ from: 0s, lasts: 30m }}] }}, \
         endpoint: {{ outages: [{{ from: 0s, lasts: 30m, status: 503 }}] }} }}"
    ));
    let text = |duration| format!("duration: {duration}\n{domain}{}", producer("1/s", "1KiB", ""));
    let during = run(&text("29m"));
    assert_eq!((fate(&during, "backed_up"), fate(&during, "delivered"), fate(&during, "lost")), (0, 0, 0));
    assert!(
        fate(&during, "in_delivery") < 100 && fate(&during, "buffered") > 1_500,
        "one batch tries, the rest waits"
    );
    let after = run(&text("60m"));
    assert!(fate(&after, "delivered") > 3_000 && fate(&after, "backed_up") < 100);
}

#[test]
fn everything_can_be_backed_up_as_it_came_in() {
    let domain = to(&format!(
        "opensearch: {{ {MINUTE}, s3_backup: {{ mode: all_data, bucket: lake, buffering_hints: {{ size: 1MiB, interval: 120s }} }} }}"
    ));
    let tape = run(&format!("duration: 20m\n{domain}{}", producer("1/s", "1KiB", "")));
    let accepted = fate(&tape, "accepted");
    assert_eq!(accepted, fate(&tape, "source_backed_up") + fate(&tape, "source_backup_pending"));
    assert_eq!(sum(&tape, "backup_records"), fate(&tape, "source_backed_up"));
    assert!(fate(&tape, "delivered") > 1_000);
    assert_eq!(sum(&tape, "backup_objects"), 9);
}

#[test]
fn redshift_copies_what_has_come_meanwhile() {
    let redshift = to(&format!("redshift: {{ s3: {{ bucket: lake, {MINUTE} }}, copy_time: 150s }}"));
    let tape = run(&format!("duration: 20m\n{redshift}{}", producer("1/s", "1KiB", "")));
    let (objects, copies) = (sum(&tape, "objects_delivered"), sum(&tape, "copies"));
    assert_eq!(objects, 19);
    // A COPY after the other, each with the two or three objects of its 150 seconds.
    assert_eq!(copies, 7);
    assert_eq!(sum(&tape, "delivery_to_redshift_records"), fate(&tape, "delivered"));
    assert_eq!(sum(&tape, "delivery_to_s3_records"), fate(&tape, "delivered") + fate(&tape, "in_copy"));
}

#[test]
fn redshift_repeats_a_copy_every_five_minutes_and_then_skips_it() {
    let redshift = |duration: &str| {
        to(&format!(
            "redshift: {{ s3: {{ bucket: lake, {MINUTE} }}, copy_time: 0s, retry_duration: {duration}, \
             outages: [{{ from: 0s, lasts: 2h }}] }}"
        ))
    };
    let run = |duration| run(&format!("duration: 3h\n{}{}", redshift(duration), puts(&[10], "1KiB")));
    let hour = run("1h");
    assert_eq!((sum(&hour, "copies"), fate(&hour, "not_copied")), (13, 1));
    let none = run("0s");
    assert_eq!((sum(&none, "copies"), fate(&none, "not_copied")), (1, 1));
    let two = run("2h");
    assert_eq!((sum(&two, "copies"), fate(&two, "delivered")), (25, 1));
    assert_eq!(
        value(&two, "lake", "objects", "last"),
        1.0,
        "the object is in the bucket whatever comes of it"
    );
}

#[test]
fn a_delivery_into_a_vpc_costs_more() {
    let cost = |zones| {
        let domain = to(&format!(
            "opensearch: {{ {MINUTE}, vpc_availability_zones: {zones}, s3_backup: {{ bucket: lake }} }}"
        ));
        value(
            &run(&format!("duration: 2h\n{domain}{}", puts(&[10], "1MiB").replace("1MiB", "1000KiB"))),
            "d",
            "estimated_cost",
            "sum",
        )
    };
    let more = cost(2) - cost(0);
    assert!((more - (2.0 * 2.0 * 0.01 + 1_024_000.0 / 1_073_741_824.0 * 0.01)).abs() < 1e-9, "{more}");
}

#[test]
fn freshness_is_the_age_of_the_oldest_record() {
    let s3 = to("s3: { bucket: lake }");
    let tape = run(&format!("duration: 240s\n{s3}{}", puts(&[10, 100], "1KiB")));
    assert_eq!(nanos(&tape, "delivery_to_s3_data_freshness", "last"), 230_000_000_000);
    let done = run(&format!("duration: 400s\n{s3}{}", puts(&[10, 100], "1KiB")));
    assert_eq!(done.value("d", "delivery_to_s3_data_freshness", "last"), None, "nothing waits");
}
