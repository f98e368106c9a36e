//! What AWS would not create is told when the scenario is read.

use queuelab::language::NoFiles;
use queuelab::scenario::Scenario;

/// The problems of a scenario with these lines.
fn problems(text: &str) -> String {
    let yaml = format!("name: rules\nduration: 1m\n{text}");
    match Scenario::load("rules.yaml", yaml.as_bytes(), &[], &NoFiles) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_a_stream_cannot_be_is_told() {
    let cases = [
        ("streams: { s: { capacity_mode: on_demand, shards: 3 } }", "chooses its shards itself"),
        ("streams: { s: { peak_write_throughput: 9MiB } }", "has the shards it is given"),
        ("streams: { s: { retention_period: 23h } }", "must be from 1d to 365d"),
        ("quotas: 2022\nstreams: { s: { max_record_size: 2MiB } }", "1 MiB at most"),
        ("streams: { s: { changes: [{ at: 1s, call: { retention_period: 1h } }] } }", "keeps records for"),
        (
            "streams: { s: { changes: [{ at: 1s, call: { split_shard: { shard: 0, new_starting_hash_key: '007' } } }] } }",
            "`007` is no hash key",
        ),
        (
            "quotas: 2022\nstreams: { s: { changes: [{ at: 1s, call: { update_stream_warm_throughput: 9MiB } }] } }",
            "cannot be warmed up",
        ),
    ];
    for (text, expected) in cases {
        let found = problems(text);
        assert!(
            found.replace("1MiB", "1 MiB").contains(expected),
            "{text}\nexpected: {expected}\nfound: {found}"
        );
    }
}

#[test]
fn what_a_producer_cannot_put_on_a_stream_is_told() {
    let producer = |more: &str| {
        problems(&format!(
            "queues: {{ q: {{}} }}\nstreams: {{ s: {{}} }}\nproducers:\n  p:\n    arrivals: {{ constant: {{ rate: 1/s }} }}\n{more}"
        ))
    };
    let cases = [
        ("    publishes_to: { stream: t }", "there is no stream `t`"),
        ("    publishes_to: { queue: q }\n    library: put_record", "for producers that publish to a stream"),
        (
            "    publishes_to: { queue: q }\n    message: { partition_key: k }",
            "for producers that publish to a stream",
        ),
        (
            "    publishes_to: { stream: s }\n    message: { message_group_id: g }",
            "have no `message_group_id`",
        ),
        ("    publishes_to: { stream: s }\n    message: { size: 2MiB }", "no message can be sent"),
        ("    publishes_to: { stream: s }\n    message: { partition_key: '' }", "1 to 256 characters"),
        ("    publishes_to: { stream: s }\n    message: { partition_key: { uniform: 0 } }", "1 to 1,000,000"),
        ("    publishes_to: { stream: s }\n    message: { explicit_hash_key: '-1' }", "is no hash key"),
    ];
    for (text, expected) in cases {
        let found = producer(text);
        assert!(found.contains(expected), "{text}\nexpected: {expected}\nfound: {found}");
    }
    assert_eq!(
        producer("    publishes_to: { stream: s }\n    message: { partition_key: { hot: { share: 30% } } }"),
        ""
    );
}

#[test]
fn what_a_consumer_of_a_stream_cannot_do_is_told() {
    let consumer = |more: &str| {
        problems(&format!(
            "streams: {{ s: {{}} }}\nstream_consumers:\n  c: {{ processing_time: 1ms, {more} }}"
        ))
    };
    let cases = [
        ("reads_from: { stream: t }", "there is no stream `t`"),
        ("reads_from: { stream: s }, retrieval: enhanced_fan_out, max_records: 5", "the stream pushes"),
        ("reads_from: { stream: s }, stops: [{ at: 1s, worker: 1 }]", "there is no worker 1"),
        ("reads_from: { stream: s }, idle_time_between_reads: 100ms", "200ms"),
        ("reads_from: { stream: s }, max_attempts: 5", "`on_failure: retry`"),
    ];
    for (text, expected) in cases {
        let found = consumer(text);
        assert!(found.contains(expected), "{text}\nexpected: {expected}\nfound: {found}");
    }
    let many: Vec<String> = (0..21)
        .map(|number| {
            format!("  c{number}: {{ reads_from: {{ stream: s }}, retrieval: enhanced_fan_out, processing_time: 1ms }}\n")
        })
        .collect();
    let many = many.concat();
    assert!(
        problems(&format!("streams: {{ s: {{}} }}\nstream_consumers:\n{many}")).contains("a stream takes 20")
    );
}
