//! What AWS would refuse in a configuration, or what says nothing, is refused with the reason.

use super::{load, problems};

fn stream(destination: &str) -> String {
    format!("duration: 1m\ndelivery_streams: {{ d: {{ destination: {{ {destination} }} }} }}\n")
}

#[test]
fn buffering_hints_are_within_the_ranges_of_their_destination() {
    let hints =
        |size: &str, interval: &str| format!("buffering_hints: {{ size: {size}, interval: {interval} }}");
    let s3 = |hints: String| stream(&format!("s3: {{ bucket: lake, {hints} }}"));
    let backup = "s3_backup: { bucket: lake }";
    let cases = [
        (s3(hints("129MiB", "60s")), "128MiB at most"),
        (s3(hints("512KiB", "60s")), "at least 1MiB"),
        (s3(hints("5MiB", "901s")), "at most 15m"),
        (s3(hints("5MiB", "1500ms")), "whole number of seconds"),
        (s3("buffering_hints: { size: 5MiB }".to_owned()), "`interval` is missing"),
        (stream(&format!("opensearch: {{ {}, {backup} }}", hints("101MiB", "60s"))), "100MiB at most"),
        (stream(&format!("splunk: {{ {}, {backup} }}", hints("5MiB", "61s"))), "delivered after"),
        (stream(&format!("splunk: {{ {}, {backup} }}", hints("6MiB", "60s"))), "5MiB at most"),
        (stream(&format!("http_endpoint: {{ {}, {backup} }}", hints("65MiB", "60s"))), "64MiB at most"),
        (
            stream(&format!("http_endpoint: {{ provider: datadog, {}, {backup} }}", hints("5MiB", "60s"))),
            "4MiB at most",
        ),
        (
            stream(&format!("opensearch: {{ s3_backup: {{ bucket: lake, {} }} }}", hints("5MiB", "59s"))),
            "a backup is delivered after",
        ),
        (format!("quotas: 2022\n{}", s3(hints("5MiB", "59s"))), "delivered after"),
        (
            format!("quotas: 2022\n{}", stream(&format!("splunk: {{ {}, {backup} }}", hints("5MiB", "60s")))),
            "with these quotas",
        ),
    ];
    for (text, what) in cases {
        let told = problems(&text);
        assert!(told.contains(what), "{what}: {told}");
    }
    for text in [s3(hints("1MiB", "0s")), s3(hints("128MiB", "900s"))] {
        load(&text).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn destinations_take_what_aws_lets_them() {
    let backup = "s3_backup: { bucket: lake }";
    let cases = [
        (
            stream("s3: { bucket: lake, data_format_conversion: {}, compression_format: GZIP }"),
            "no compression of their own",
        ),
        (
            stream(
                "s3: { bucket: lake, data_format_conversion: {}, buffering_hints: { size: 63MiB, interval: 60s } }",
            ),
            "at least 64MiB",
        ),
        (stream("s3: { bucket: lake, compressed_size: 20% }"), "without compression"),
        (stream("s3: { bucket: pond }"), "there is no object store `pond`"),
        (stream("redshift: { s3: { bucket: lake, compression_format: Snappy } }"), "Amazon Redshift copies"),
        (stream("redshift: { s3: { bucket: lake }, retry_duration: 7201s }"), "at most 2h"),
        (stream(&format!("opensearch: {{ retry_duration: 121m, {backup} }}")), "at most 2h"),
        (stream(&format!("splunk: {{ hec_acknowledgment_timeout: 179s, {backup} }}")), "3m"),
        (
            stream(&format!(
                "http_endpoint: {{ endpoint: {{ outages: [{{ from: 0s, lasts: 1m, status: 200 }}] }}, {backup} }}"
            )),
            "with 200 works",
        ),
        (
            stream("s3: { bucket: lake, outages: [{ from: 0s, lasts: 1m, status: 503 }] }"),
            "only a beginning and an end",
        ),
        (stream("http_endpoint: {}"), "`s3_backup` is missing"),
        (
            format!("quotas: 2022\n{}", stream(&format!("snowflake: {{ {backup} }}"))),
            "no destination `snowflake` in 2022",
        ),
    ];
    for (text, what) in cases {
        let told = problems(&text);
        assert!(told.contains(what), "{what}: {told}");
    }
}

#[test]
fn transformation_and_partitions_have_rules_of_their_own() {
    let with = |head: &str, keys: &str| {
        format!(
            "{head}duration: 1m\nfunctions: {{ f: {{ processing_time: 1ms }} }}\ndelivery_streams: {{ d: {{ destination: \
             {{ s3: {{ bucket: lake, buffering_hints: {{ size: 5MiB, interval: 0s }} }} }}, {keys} }} }}\n"
        )
    };
    let cases = [
        (with("", "data_transformation: { function: f, buffer_size: 200KiB }"), "gathers at least"),
        (with("", "data_transformation: { function: f, buffer_size: 4MiB }"), "at most 3MiB"),
        (
            with("quotas: 2022\n", "data_transformation: { function: f, buffer_size: 512KiB }"),
            "gathers at least 1MiB",
        ),
        (with("", "data_transformation: { function: g }"), "there is no function `g`"),
        (with("", "dynamic_partitioning: { partition_by: { drawn: { uniform: 3 } } }"), "no zero buffering"),
        (with("", "dynamic_partitioning: { partition_by: partition_key }"), "only a function can tell"),
        (with("", "dynamic_partitioning: { partition_by: partition_key }"), "AWS takes no less than 64MiB"),
        (with("", "dynamic_partitioning: { partition_by: { body: [] } }"), "1 to 50 keys"),
        (
            with("", "dynamic_partitioning: { partition_by: { drawn: { uniform: 3 } }, records_in_one: 0 }"),
            "at least one",
        ),
        (
            "duration: 1m\ndelivery_streams: { d: { destination: { splunk: { s3_backup: { bucket: lake } } }, \
             dynamic_partitioning: { partition_by: { drawn: { uniform: 3 } } } } }\n"
                .to_owned(),
            "for S3 only",
        ),
    ];
    for (text, what) in cases {
        let told = problems(&text);
        assert!(told.contains(what), "{what}: {told}");
    }
    let small = with("", "data_transformation: { function: f, buffer_size: 0.2MiB }");
    load(&small).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn producers_know_what_a_delivery_stream_takes() {
    let producer = |keys: &str, target: &str| {
        format!(
            "duration: 1m\nstreams: {{ s: {{}} }}\nproducers: {{ p: {{ publishes_to: {{ {target} }}, arrivals: {{ constant: {{ rate: 1/s }} }}, \
             {keys} }} }}\ndelivery_streams: {{ d: {{ destination: {{ s3: {{ bucket: lake }} }} }}, r: {{ reads_from: {{ stream: s }}, \
             destination: {{ s3: {{ bucket: lake }} }} }} }}\n"
        )
    };
    let put = "delivery_stream: d";
    let cases = [
        (producer("message: { partition_key: k }", put), "have no `partition_key`"),
        (producer("message: { delay: 3s }", put), "have no `delay`"),
        (producer("batching: {}", put), "put_record_batch"),
        (producer("library: { kpl: {} }", put), "`kpl` does not put records"),
        (producer("library: { put_records: {} }", put), "`put_records` does not put records"),
        (producer("library: { put_record_batch: {} }", "stream: s"), "is for delivery streams"),
        (producer("message: { size: 1001KiB }", put), "no message can be sent"),
        (producer("message: { size: 1KiB }", "delivery_stream: r"), "it reads the data stream `s`"),
        (producer("message: { size: 1KiB }", "delivery_stream: e"), "there is no delivery stream `e`"),
    ];
    for (text, what) in cases {
        let told = problems(&text);
        assert!(told.contains(what), "{what}: {told}");
    }
    for library in ["put_record", "{ put_record: {} }", "{ put_record_batch: {} }", "{ agent: {} }"] {
        load(&producer(&format!("library: {library}"), put)).unwrap_or_else(|error| panic!("{error}"));
    }
}
