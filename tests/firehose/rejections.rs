//! Records that a destination rejects one by one, and the destinations that store nothing twice.

use super::{fate, problems, puts, run, sum, value};
use queuelab::record::Tape;

const MINUTE: &str = "buffering_hints: { size: 5MiB, interval: 60s }";

fn to(destination: &str) -> String {
    format!("delivery_streams: {{ d: {{ destination: {{ {destination} }} }} }}\n")
}

/// Ten records a second for five minutes, of which a share is poison.
fn records(poison: &str) -> String {
    format!(
        "producers:\n  p:\n    publishes_to: {{ delivery_stream: d }}\n    arrivals: {{ piecewise: {{ spacing: evenly, points: \
         [{{ at: 0s, rate: 10/s }}, {{ at: 5m, rate: 10/s }}, {{ at: 5m, rate: 0/s }}] }} }}\n    \
         message: {{ size: 1KiB, poison_rate: {poison} }}\n"
    )
}

fn at_rest(tape: &Tape) {
    for still in ["buffered", "in_delivery", "lost"] {
        assert_eq!(fate(tape, still), 0, "{still}");
    }
    assert_eq!(fate(tape, "delivered") + fate(tape, "backed_up"), fate(tape, "accepted"));
    assert_eq!(sum(tape, "records_rejected"), fate(tape, "backed_up"));
}

#[test]
fn rows_that_do_not_fit_go_to_the_bucket_at_once() {
    for (destination, metric) in
        [("snowflake", "delivery_to_snowflake_records"), ("iceberg", "delivery_to_iceberg_records")]
    {
        let text = to(&format!(
            "{destination}: {{ {MINUTE}, retry_duration: 2h, s3_backup: {{ bucket: lake }}, endpoint: {{ latency: 0s }} }}"
        ));
        let tape = run(&format!("duration: 10m\n{text}{}", records("5%")));
        at_rest(&tape);
        let rejected = fate(&tape, "backed_up");
        assert!((100..200).contains(&rejected), "{rejected} of 3000 are poison");
        assert_eq!(sum(&tape, metric), fate(&tape, "delivered"));
        // A request a minute, and an object with what was rejected of each.
        assert_eq!(sum(&tape, "objects_delivered"), 5);
        assert_eq!(sum(&tape, "backup_objects"), 5);
        assert_eq!(value(&tape, "lake", "bytes_stored", "last"), (rejected * 1024) as f64);
    }
}

#[test]
fn documents_that_do_not_fit_are_tried_for_as_long_as_deliveries_are() {
    let text = |retry: &str| {
        let domain = to(&format!(
            "opensearch: {{ {MINUTE}, retry_duration: {retry}, s3_backup: {{ bucket: lake }}, endpoint: {{ latency: 0s, rejected_records: 100% }} }}"
        ));
        format!("duration: 20m\n{domain}{}", puts(&[10], "1KiB"))
    };
    let attempts = |tape: &Tape| value(tape, "d", "delivery_to_opensearch_success", "count");
    let (given_up, tried) = (run(&text("0s")), run(&text("300s")));
    for tape in [&given_up, &tried] {
        at_rest(tape);
        assert_eq!((fate(tape, "delivered"), fate(tape, "backed_up")), (0, 1));
        assert_eq!(sum(tape, "duplicates"), 0, "a document that is rejected is stored nowhere");
    }
    // Once; and at 0, 1, 3, 7, … 127, 247 s: after 120 s more the time would be over.
    assert_eq!((attempts(&given_up), attempts(&tried)), (1.0, 9.0));
    let mixed = to(&format!(
        "opensearch: {{ {MINUTE}, s3_backup: {{ bucket: lake }}, endpoint: {{ latency: 0s, rejected_records: 10% }} }}"
    ));
    let tape = run(&format!("duration: 20m\n{mixed}{}", records("0%")));
    at_rest(&tape);
    let rejected = fate(&tape, "backed_up");
    assert!((220..380).contains(&rejected), "{rejected} of 3000");
    // Others do not wait for them, also when answers get lost while they are tried.
    assert!(value(&tape, "d", "delivery_latency", "max") <= 61.0);
    let lossy = to(&format!(
        "opensearch: {{ {MINUTE}, retry_duration: 2h, s3_backup: {{ bucket: lake }}, endpoint: {{ latency: 0s, rejected_records: 10%, lost_responses: 20% }} }}"
    ));
    let tape = run(&format!("duration: 30m\n{lossy}{}", records("0%")));
    let (delivered, rejected) = (fate(&tape, "delivered"), fate(&tape, "in_delivery"));
    assert_eq!(delivered + rejected, 3_000, "only what is rejected is still tried");
    assert!((220..380).contains(&rejected), "{rejected}");
}

#[test]
fn tables_store_nothing_twice() {
    let text = |destination: &str| {
        let more = if destination == "splunk" { "" } else { MINUTE };
        let more = if more.is_empty() { String::new() } else { format!("{more}, ") };
        let text = to(&format!(
            "{destination}: {{ {more}retry_duration: 2h, s3_backup: {{ bucket: lake }}, endpoint: {{ latency: 0s, lost_responses: 60% }} }}"
        ));
        run(&format!("duration: 3h\n{text}{}", records("0%")))
    };
    for (destination, repeats) in [
        ("iceberg", false),
        ("snowflake", false),
        ("opensearch", true),
        ("http_endpoint", true),
        ("splunk", true),
    ] {
        let tape = text(destination);
        assert_eq!(fate(&tape, "delivered"), 3_000, "{destination}");
        assert_eq!(sum(&tape, "duplicates") > 0, repeats, "{destination}");
    }
}

#[test]
fn a_table_of_snowflake_is_filled_within_seconds_by_default() {
    let text = |hints: &str| {
        let table = to(&format!(
            "snowflake: {{ {hints} s3_backup: {{ bucket: lake }}, endpoint: {{ latency: 0s }} }}"
        ));
        run(&format!("duration: 10m\n{table}{}", records("0%")))
    };
    let by_default = value(&text(""), "d", "delivery_latency", "max");
    assert!(by_default < 10.0, "{by_default}");
    let by_the_minute = value(&text(&format!("{MINUTE},")), "d", "delivery_latency", "max");
    assert!((59.0..60.001).contains(&by_the_minute), "{by_the_minute}");
    let iceberg = to("iceberg: { s3_backup: { bucket: lake }, endpoint: { latency: 0s } }");
    let tape = run(&format!("duration: 20m\n{iceberg}{}", records("0%")));
    assert!((299.0..300.001).contains(&value(&tape, "d", "delivery_latency", "max")));
}

#[test]
fn what_tables_cannot_be_told_is_an_error() {
    let endpoint = "endpoint: { rejected_records: 1% }, s3_backup: { bucket: lake }";
    let cases = [
        (format!("http_endpoint: {{ {endpoint} }}"), "as a whole or not at all"),
        (format!("splunk: {{ {endpoint} }}"), "as a whole or not at all"),
        (
            "snowflake: { buffering_hints: { size: 129MiB, interval: 0s }, s3_backup: { bucket: lake } }"
                .to_owned(),
            "128MiB at most",
        ),
        ("iceberg: { retry_duration: 121m, s3_backup: { bucket: lake } }".to_owned(), "at most 2h"),
        ("iceberg: { s3_backup: { bucket: lac } }".to_owned(), "lake"),
    ];
    for (destination, told) in cases {
        let error = problems(&format!("duration: 1m\n{}{}", to(&destination), records("0%")));
        assert!(error.contains(told), "{destination}: {error}");
    }
}

#[test]
fn an_error_prefix_that_cannot_be_written_to_blocks_the_delivery_of_converted_records() {
    // A bad record and good ones; the bucket is away from the first delivery on, for longer than data is kept.
    let text = |away: &str| {
        format!(
            "duration: 32h\ndelivery_streams: {{ d: {{ destination: {{ s3: {{ bucket: lake, data_format_conversion: {{}}, \
             buffering_hints: {{ size: 64MiB, interval: 60s }}, outages: [{{ from: 1m, lasts: {away} }}] }} }} }} }}\nproducers:\n  \
             bad: {{ publishes_to: {{ delivery_stream: d }}, arrivals: {{ bursts: [{{ at: 10s, messages: 1 }}] }}, \
             message: {{ size: 1KiB, poison_rate: 100% }} }}\n  \
             good: {{ publishes_to: {{ delivery_stream: d }}, arrivals: {{ bursts: [{{ at: 20s, messages: 3 }}, {{ at: 28h, messages: 5 }}] }}, \
             message: {{ size: 1KiB }} }}\n"
        )
    };
    let back = run(&text("29h"));
    // The first good ones are lost after a day, the bad one never is, and what waited behind it is delivered in the end.
    assert_eq!((fate(&back, "lost"), fate(&back, "failed"), fate(&back, "delivered")), (3, 1, 5));
    let away = run(&text("31h59m"));
    assert_eq!((fate(&away, "failed"), fate(&away, "delivered")), (0, 0));
    assert_eq!(fate(&away, "lost"), 3);
    assert_eq!(fate(&away, "buffered"), 5, "held back, not even tried");
}
