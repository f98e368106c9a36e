//! Direct PUT: limits, partial failures, what calls answer.

use super::{producer, run, sum, value};

const D: &str = "delivery_streams: { d: { destination: { s3: { bucket: lake } } } }\n";

#[test]
fn a_stream_takes_so_many_records_a_second_and_throttles_the_rest() {
    let tape = run(&format!(
        "duration: 60s\nquotas: {{ firehose_records_per_second: 100 }}\n{D}{}",
        producer("200/s", "10B", "    retries: { max_attempts: 1 }\n")
    ));
    let (taken, throttled) = (sum(&tape, "incoming_records"), sum(&tape, "throttled_records"));
    assert_eq!(taken + throttled, value(&tape, "p", "messages_produced", "sum") as u64);
    assert!((6_098..=6_101).contains(&taken), "{taken}: a hundred at once and a hundred a second");
    assert_eq!(throttled, value(&tape, "p", "messages_rejected", "sum") as u64);
}

#[test]
fn bytes_and_calls_have_limits_of_their_own() {
    let run = |quota: &str, size| {
        run(&format!(
            "duration: 60s\nquotas: {{ {quota} }}\n{D}{}",
            producer("100/s", size, "    retries: { max_attempts: 1 }\n")
        ))
    };
    let bytes = sum(&run("firehose_bytes_per_second: 50KiB", "1KiB"), "incoming_records");
    assert!((3_048..=3_051).contains(&bytes), "{bytes}");
    let calls = sum(&run("firehose_requests_per_second: 50", "1KiB"), "incoming_records");
    assert!((3_048..=3_051).contains(&calls), "{calls}");
}

#[test]
fn limits_depend_on_the_region() {
    for (region, records, calls, bytes) in
        [("us-east-1", 500_000.0, 2_000.0, 5_242_880.0), ("eu-central-1", 100_000.0, 1_000.0, 1_048_576.0)]
    {
        let tape = run(&format!("duration: 1s\nregion: {region}\n{D}"));
        assert_eq!(value(&tape, "d", "records_per_second_limit", "last"), records);
        assert_eq!(value(&tape, "d", "put_requests_per_second_limit", "last"), calls);
        assert_eq!(value(&tape, "d", "bytes_per_second_limit", "last"), bytes);
    }
}

#[test]
fn a_batch_can_fail_in_part_and_what_failed_can_be_sent_again() {
    let text = |resend| {
        format!(
            "duration: 60s\nquotas: {{ firehose_records_per_second: 100 }}\n{D}{}",
            producer(
                "90/s",
                "10B",
                &format!(
                    "    library: {{ put_record_batch: {{ max_entries: 500, linger: 2s, resend_failed_records: {resend} }} }}\n    \
                     retries: {{ max_attempts: 20, base_delay: 500ms }}\n"
                )
            )
        )
    };
    let lost = run(&text(false));
    assert!(sum(&lost, "throttled_records") > 1_000, "180 at once are more than a hundred");
    assert_eq!(sum(&lost, "throttled_records"), value(&lost, "p", "messages_rejected", "sum") as u64);
    assert_eq!(sum(&lost, "put_record_batch_requests"), sum(&lost, "incoming_put_requests"));
    let again = run(&text(true));
    assert_eq!(value(&again, "p", "messages_rejected", "sum"), 0.0);
    assert!(sum(&again, "incoming_records") > sum(&lost, "incoming_records"));
}

#[test]
fn limits_rise_while_a_stream_throttles_if_it_is_told_when() {
    let text = |more| {
        format!(
            "duration: 30m\nquotas: {{ profile: {more}, firehose_records_per_second: 10 }}\n\
             assumptions: {{ firehose_limit_raise_time: 5m }}\n{D}{}",
            producer("30/s", "10B", "    retries: { max_attempts: 1 }\n")
        )
    };
    let risen = run(&text("current"));
    assert_eq!(
        value(&risen, "d", "records_per_second_limit", "last"),
        40.0,
        "twice doubled: enough for thirty"
    );
    assert_eq!(
        value(&run(&text("2022")), "d", "records_per_second_limit", "last"),
        10.0,
        "a ticket was needed then"
    );
}

#[test]
fn calls_of_a_script_answer_as_aws_does() {
    let step = |at: u32, call: &str, outcome: &str| {
        format!("      - {{ at: {at}s, {call}, expect: {{ outcome: \"{outcome}\" }} }}\n")
    };
    let single = |size: &str| format!("firehose_put_record: {{ delivery_stream: d, data: x, size: {size} }}");
    let many = |number: usize, size: &str| {
        let records = vec![format!("{{ data: x, size: {size} }}"); number].join(", ");
        format!("firehose_put_record_batch: {{ delivery_stream: d, records: [{records}] }}")
    };
    let refused = "InvalidArgumentException";
    let partial = "Success, Success, ServiceUnavailableException";
    let script = [
        step(1, &single("1024000B"), "Success"),
        step(2, &single("1024001B"), refused),
        step(3, &many(500, "1B"), "Success"),
        step(4, &many(501, "1B"), refused),
        step(5, &many(5, "900000B"), refused),
        step(6, &many(4, "1000000B"), "Success"),
        step(20, &many(3, "900KiB"), partial),
        step(20, &single("1B"), "Success"),
        step(20, &single("900KiB"), "ServiceUnavailableException"),
    ]
    .concat();
    let text = "quotas: { firehose_bytes_per_second: 2000KiB }\n";
    // The bytes of a second are 2,000 KiB: the fourth call that is taken needs more, so it is made with time to spare.
    let text = format!("duration: 60s\n{text}{D}clients:\n  c:\n    script:\n{script}");
    let text =
        text.replace(&step(6, &many(4, "1000000B"), "Success"), &step(6, &many(2, "1000000B"), "Success"));
    let tape = run(&text);
    let failed: Vec<_> = tape.expectations.iter().filter(|one| !one.passed).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn a_stream_that_reads_a_data_stream_takes_no_puts() {
    let tape = run(
        "duration: 60s\nstreams: { s: {} }\ndelivery_streams: { d: { reads_from: { stream: s }, destination: { s3: { bucket: lake } } } }\n\
         clients: { c: { script: [{ at: 1s, firehose_put_record: { delivery_stream: d, data: x } }] } }\n",
    );
    assert_eq!(tape.api_calls[0].outcome, "InvalidArgumentException");
    assert_eq!(sum(&tape, "records_refused"), 1);
}

#[test]
fn each_record_is_billed_in_whole_five_kilobytes() {
    let cost = |size| {
        let tape = run(&format!("duration: 60s\n{D}{}", producer("100/s", size, "")));
        (
            sum(&tape, "incoming_records"),
            value(&tape, "d", "billed_bytes", "sum"),
            value(&tape, "d", "estimated_cost", "sum"),
        )
    };
    let (records, bytes, dollars) = cost("1B");
    assert_eq!(bytes, records as f64 * 5_120.0);
    assert!((dollars - bytes / 1_073_741_824.0 * 0.029).abs() < 1e-12);
    assert_eq!(cost("5120B").1, bytes);
    assert_eq!(cost("5121B").1, 2.0 * bytes);
}
