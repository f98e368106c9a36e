//! Dynamic partitioning and format conversion.

use super::{SECOND, fate, nanos, producer, puts, run, sum, value};

fn partitioned(hints: &str, by: &str) -> String {
    format!(
        "assumptions: {{ firehose_partitioning_delay: 1 }}\ndelivery_streams: {{ d: {{ destination: {{ s3: {{ bucket: lake{hints} }} }}, \
         dynamic_partitioning: {{ partition_by: {by} }} }} }}\n"
    )
}

const MINUTE: &str = ", buffering_hints: { size: 64MiB, interval: 60s }";

#[test]
fn three_new_partitions_a_second_for_a_minute_are_a_hundred_and_eighty_active_ones() {
    let d = partitioned(MINUTE, "{ drawn: each_message }");
    let tape = run(&format!("duration: 10m\nwarm_up: 2m\n{d}{}", producer("3/s", "1KiB", "")));
    let active = value(&tape, "d", "partition_count", "mean");
    assert!((active - 180.0).abs() < 0.01, "{active}");
    assert_eq!(value(&tape, "d", "records_per_object", "max"), 1.0);
    assert_eq!(value(&tape, "d", "partition_count_exceeded", "max"), 0.0);
    assert_eq!(nanos(&tape, "object_latency", "max"), 60 * SECOND);
}

#[test]
fn what_needs_a_partition_too_many_goes_to_the_error_prefix() {
    let d = partitioned(MINUTE, "{ drawn: each_message }");
    let tape = run(&format!("duration: 59s\n{d}{}", producer("10/s", "1KiB", "")));
    let produced = fate(&tape, "accepted");
    assert_eq!(value(&tape, "d", "partition_count", "max"), 500.0);
    assert_eq!(sum(&tape, "records_over_partition_limit"), produced - 500);
    assert_eq!(value(&tape, "d", "partition_count_exceeded", "max"), 1.0);
    let more = format!("quotas: {{ firehose_active_partitions: 5000 }}\n{d}");
    let tape = run(&format!("duration: 59s\n{more}{}", producer("10/s", "1KiB", "")));
    assert_eq!(sum(&tape, "records_over_partition_limit"), 0);
}

#[test]
fn partitions_are_those_of_the_keys_of_the_body() {
    let d = partitioned(MINUTE, "{ body: [customer, kind] }");
    let producer = |name: &str, body: &str| {
        format!(
            "  {name}:\n    publishes_to: {{ delivery_stream: d }}\n    arrivals: {{ constant: {{ rate: 10/s }} }}\n    \
             message: {{ body: {body} }}\n"
        )
    };
    let web = producer("web", "{ customer: { one_of: { a: 1, b: 1, c: 1 } }, kind: click }");
    let app = producer("app", "{ kind: { one_of: { click: 1, view: 1 } }, customer: a }");
    let text = format!("duration: 59s\n{d}producers:\n{web}{app}");
    let tape = run(&text);
    // a, b and c clicked on the web; a clicked and viewed in the app: its clicks are the same partition.
    assert_eq!(value(&tape, "d", "partition_count", "max"), 4.0);
    assert_eq!(sum(&tape, "records_without_partition"), 0);
    let old = producer("old", "{ customer: a }");
    let tape = run(&format!("{text}{old}"));
    let without = sum(&tape, "records_without_partition");
    assert_eq!(without, value(&tape, "old", "messages_produced", "sum") as u64, "a key is missing");
    assert_eq!(value(&tape, "d", "partition_count", "max"), 4.0);
}

#[test]
fn partitions_are_those_of_the_keys_that_a_script_writes() {
    let steps =
        [r#"{"at":{"country":"de"},"n":1}"#, r#"{"at":{"country":"fr"},"n":1}"#, r#"{"n":1}"#, "no JSON"]
            .into_iter()
            .zip(1..)
            .chain([(r#"{"at":{"country":"de"},"n":1.0}"#, 5), (r#"{"at":{"country":"de"},"n":2}"#, 6)])
            .map(|(data, at)| {
                format!(
                    "      - {{ at: {at}s, firehose_put_record: {{ delivery_stream: d, data: '{data}' }} }}\n"
                )
            });
    let d = partitioned(MINUTE, "{ body: [at.country, n] }");
    let tape = run(&format!("duration: 5m\n{d}clients:\n  c:\n    script:\n{}", steps.collect::<String>()));
    assert_eq!((fate(&tape, "delivered"), fate(&tape, "failed")), (4, 2));
    assert_eq!(sum(&tape, "objects_delivered"), 3);
    assert_eq!(value(&tape, "d", "records_per_object", "max"), 2.0);
    // Each partition lives for a minute.
    let throughput = value(&tape, "d", "per_partition_throughput", "max");
    assert!(throughput > 0.0 && throughput < 2.0, "{throughput}");
}

#[test]
fn a_partition_waits_up_to_one_and_a_half_intervals() {
    let d = partitioned(MINUTE, "{ drawn: { uniform: 20 } }")
        .replace("assumptions: { firehose_partitioning_delay: 1 }\n", "");
    let tape = run(&format!("duration: 30m\n{d}{}", producer("10/s", "1KiB", "")));
    let (least, most) =
        (value(&tape, "d", "object_latency", "min"), value(&tape, "d", "object_latency", "max"));
    assert!(least >= 60.0 && most <= 90.0 && most > 85.0, "{least} to {most}");
}

#[test]
fn the_partition_key_of_the_stream_comes_back_from_the_function() {
    let tape = run(
        "duration: 10m\nstreams: { s: {} }\nfunctions: { f: { processing_time: 1ms } }\nproducers:\n  p:\n    publishes_to: { stream: s }\n    \
         arrivals: { constant: { rate: 20/s } }\n    message: { partition_key: { uniform: 7 } }\n\
         delivery_streams: { d: { reads_from: { stream: s }, data_transformation: { function: f }, destination: { s3: { bucket: lake } }, \
         dynamic_partitioning: { partition_by: partition_key } } }\n",
    );
    assert_eq!(value(&tape, "d", "partition_count", "max"), 7.0);
}

#[test]
fn a_record_may_hold_several() {
    let d = partitioned(MINUTE, "{ drawn: { uniform: 2 } }, records_in_one: 4");
    let tape = run(&format!("duration: 5m\n{d}{}", puts(&[1, 2, 3], "1002B")));
    assert_eq!((fate(&tape, "accepted"), fate(&tape, "copied"), fate(&tape, "delivered")), (3, 9, 12));
    assert_eq!(sum(&tape, "delivery_to_s3_bytes"), 3_006);
    assert_eq!(sum(&tape, "delivery_to_s3_records"), 12);
    assert_eq!(tape.ledger.get("run", "firehose", "copied"), Some(9));
}

#[test]
fn partitions_are_paid_for_by_gigabyte_and_object() {
    let d = partitioned(MINUTE, "{ drawn: { uniform: 2 } }");
    let tape = run(&format!("duration: 5m\n{d}{}", puts(&[1, 2, 3, 4, 5, 6], "10KiB")));
    let objects = value(&tape, "d", "objects_delivered", "sum");
    let gigabyte = 1_073_741_824.0;
    let wanted = 6.0 * 10_240.0 / gigabyte * (0.029 + 0.020) + objects / 1e3 * 0.005;
    let cost = value(&tape, "d", "estimated_cost", "sum");
    assert!((cost - wanted).abs() < 1e-12, "{cost} is {wanted}");
}

#[test]
fn records_that_cannot_be_converted_go_to_the_error_prefix() {
    let d = "delivery_streams: { d: { destination: { s3: { bucket: lake, data_format_conversion: { failure_rate: 10%, \
             converted_size: 30% }, buffering_hints: { size: 64MiB, interval: 60s } } } } }\n";
    let tape = run(&format!(
        "duration: 20m\n{d}{}",
        producer("10/s", "1000B", "").replace("1000B }", "1000B, poison_rate: 5% }")
    ));
    let (good, bad) = (sum(&tape, "succeed_conversion_records"), sum(&tape, "failed_conversion_records"));
    assert_eq!(good, sum(&tape, "records_delivered"));
    let share = bad as f64 / (good + bad) as f64;
    assert!((share - 0.145).abs() < 0.02, "{share}");
    assert_eq!(
        fate(&tape, "failed") + fate(&tape, "buffered") + fate(&tape, "delivered"),
        fate(&tape, "accepted")
    );
    let size = value(&tape, "d", "object_size", "mean") / value(&tape, "d", "records_per_object", "mean");
    assert!((size - 300.0).abs() < 1.0, "{size}");
    let billed = value(&tape, "d", "billed_bytes", "sum") / 1_073_741_824.0;
    assert!((value(&tape, "d", "estimated_cost", "sum") - billed * (0.029 + 0.018)).abs() < 1e-12);
}
