//! Scripted calls to streams: each with its answer, good or bad.

use super::run;
use queuelab::record::Tape;

/// Plays a script; gives outcome and answer of each step.
fn play(stream: &str, script: &str) -> Tape {
    run(&format!(
        "duration: 50h\nstreams: {{ s: {{ {stream} }} }}\nclients: {{ c: {{ script: [{script}] }} }}\n"
    ))
}

fn outcomes(tape: &Tape) -> Vec<&str> {
    tape.api_calls.iter().map(|call| call.outcome.as_str()).collect()
}

#[test]
fn records_are_put_and_read_from_any_place() {
    let tape = play(
        "shards: 2",
        "{ at: 1s, put_record: { stream: s, data: one, partition_key: a, as: first } },
         { at: 2s, put_records: { stream: s, records: [{ data: two, partition_key: a }, { data: three, partition_key: user-1 }], as: more } },
         { at: 3s, put_record: { stream: s, data: four, partition_key: b, explicit_hash_key: '0' } },
         { at: 4s, get_shard_iterator: { stream: s, shard: 0, as: start } },
         { at: 4s, get_records: { stream: s, iterator: start, limit: 2, as: next } },
         { at: 4s, get_records: { stream: s, iterator: next } },
         { at: 5s, get_shard_iterator: { stream: s, shard: 0, type: after_sequence_number, starting_sequence_number: 'first[0]', as: after } },
         { at: 5s, get_records: { stream: s, iterator: after } },
         { at: 6s, get_shard_iterator: { stream: s, shard: 0, type: at_timestamp, timestamp: 3s, as: late } },
         { at: 6s, get_records: { stream: s, iterator: late } },
         { at: 7s, get_shard_iterator: { stream: s, shard: 1, type: at_sequence_number, starting_sequence_number: 'more[1]', as: other } },
         { at: 7s, get_records: { stream: s, iterator: other } },
         { at: 8s, get_shard_iterator: { stream: s, shard: 0, type: latest, as: behind } },
         { at: 8s, get_records: { stream: s, iterator: behind } }",
    );
    assert!(outcomes(&tape).iter().all(|outcome| *outcome == "Success"), "{:?}", outcomes(&tape));
    let bodies = |step: usize| tape.api_calls[step].bodies.join(" ");
    assert_eq!(bodies(4), "one two");
    assert_eq!(bodies(5), "four");
    assert_eq!(bodies(7), "two four");
    assert_eq!(bodies(9), "four");
    assert_eq!(bodies(11), "three");
    assert_eq!(bodies(13), "");
    assert!(tape.api_calls[0].messages.starts_with("shardId-000000000000 sequence="));
    assert!(tape.api_calls[13].messages.contains("MillisBehindLatest=0"));
    assert_eq!(tape.value("s", "incoming_records", "sum"), Some(4.0));
}

#[test]
fn what_a_stream_refuses_has_awss_error() {
    let tape = play(
        "shards: 2",
        "{ at: 1s, get_shard_iterator: { stream: s, shard: 2 } },
         { at: 1s, get_shard_iterator: { stream: s, type: at_timestamp, timestamp: 1h } },
         { at: 1s, get_shard_iterator: { stream: s, type: at_sequence_number, starting_sequence_number: unknown } },
         { at: 1s, get_records: { stream: s, iterator: unknown } },
         { at: 2s, get_shard_iterator: { stream: s, as: i } },
         { at: 2s, get_records: { stream: s, iterator: i, limit: 0 } },
         { at: 2s, get_records: { stream: s, iterator: i, limit: 10001 } },
         { at: 302s, get_records: { stream: s, iterator: i } },
         { at: 303s, get_records: { stream: s, iterator: i } },
         { at: 304s, put_record: { stream: s, data: x, partition_key: k, size: 1048577B } },
         { at: 304s, put_record: { stream: s, data: x, partition_key: k, sequence_number_for_ordering: unknown } },
         { at: 304s, put_record: { stream: s, data: x, partition_key: k, size: 1048576B } },
         { at: 304s, put_record: { stream: s, data: x, partition_key: k } },
         { at: 304s, put_records: { stream: s, records: [{ data: y, partition_key: k }, { data: z, partition_key: k, explicit_hash_key: '0' }] } },
         { at: 305s, split_shard: { stream: s, shard: 9 } },
         { at: 305s, merge_shards: { stream: s, shard: 0, adjacent_shard: 0 } },
         { at: 305s, update_shard_count: { stream: s, target_shard_count: 5 } },
         { at: 305s, increase_stream_retention_period: { stream: s, retention_period_hours: 24 } },
         { at: 305s, decrease_stream_retention_period: { stream: s, retention_period_hours: 23 } },
         { at: 305s, create_stream: { stream: s, shard_count: 1 } }",
    );
    let (invalid, throttled) = ("InvalidArgumentException", "ProvisionedThroughputExceededException");
    let expected = [
        "ResourceNotFoundException",
        invalid,
        invalid,
        invalid,
        "Success",
        invalid,
        invalid,
        // Five minutes are allowed, not more.
        "Success",
        "ExpiredIteratorException",
        invalid,
        invalid,
        "Success",
        throttled,
        "ProvisionedThroughputExceededException, Success",
        "ResourceNotFoundException",
        invalid,
        invalid,
        invalid,
        invalid,
        "ResourceInUseException",
    ];
    assert_eq!(outcomes(&tape), expected);
    // What was refused was never anywhere: the books of the run balance, and the client knows.
    assert_eq!(tape.ledger.get("client", "c", "rejected"), Some(4));
}

#[test]
fn shards_are_split_and_merged_and_parents_end() {
    let tape = play(
        "",
        "{ at: 1s, put_record: { stream: s, data: old, partition_key: k } },
         { at: 2s, get_shard_iterator: { stream: s, as: parent } },
         { at: 3s, split_shard: { stream: s, shard: 0 } },
         { at: 4s, describe_stream: { stream: s } },
         { at: 5s, split_shard: { stream: s, shard: 0 } },
         { at: 60s, describe_stream: { stream: s } },
         { at: 60s, list_shards: { stream: s } },
         { at: 61s, get_records: { stream: s, iterator: parent, as: end } },
         { at: 62s, get_records: { stream: s, iterator: end } },
         { at: 63s, merge_shards: { stream: s, shard: 1, adjacent_shard: 2 } },
         { at: 120s, list_shards: { stream: s } },
         { at: 121s, update_shard_count: { stream: s, target_shard_count: 2 } },
         { at: 200s, increase_stream_retention_period: { stream: s, retention_period_hours: 48 } },
         { at: 201s, describe_stream: { stream: s } }",
    );
    let (outcomes, told) =
        (outcomes(&tape), tape.api_calls.iter().map(|call| call.messages.as_str()).collect::<Vec<_>>());
    assert_eq!(
        told[3],
        "StreamStatus=UPDATING StreamMode=PROVISIONED OpenShardCount=1 RetentionPeriodHours=24"
    );
    assert_eq!(outcomes[4], "ResourceInUseException");
    assert!(
        told[5].starts_with("StreamStatus=ACTIVE") && told[5].contains("OpenShardCount=2"),
        "{}",
        told[5]
    );
    assert_eq!(told[6].matches("parent=shardId-000000000000").count(), 2, "{}", told[6]);
    assert_eq!(told[6].matches("closed=true").count(), 1);
    assert!(told[7].contains("old") && told[7].ends_with("NextShardIterator=null"), "{}", told[7]);
    // Behind the end there is no iterator.
    assert_eq!(outcomes[8], "InvalidArgumentException");
    assert!(told[10].contains("adjacent_parent=shardId-000000000002"), "{}", told[10]);
    assert!(told[13].ends_with("OpenShardCount=2 RetentionPeriodHours=48"), "{}", told[13]);
}

#[test]
fn a_stream_is_created_and_then_there() {
    let tape = play(
        "created: false",
        "{ at: 1s, describe_stream: { stream: s } },
         { at: 1s, put_record: { stream: s, data: x, partition_key: k } },
         { at: 2s, create_stream: { stream: s } },
         { at: 2s, create_stream: { stream: s, shard_count: 0 } },
         { at: 2s, create_stream: { stream: s, shard_count: 10001 } },
         { at: 2s, create_stream: { stream: s, shard_count: 3 } },
         { at: 3s, describe_stream: { stream: s } },
         { at: 3s, split_shard: { stream: s, shard: 0 } },
         { at: 13s, describe_stream: { stream: s } },
         { at: 13s, put_record: { stream: s, data: x, partition_key: k } }",
    );
    let invalid = "InvalidArgumentException";
    let expected = [
        "ResourceNotFoundException",
        "ResourceNotFoundException",
        invalid,
        invalid,
        "LimitExceededException",
        "Success",
        "Success",
        "ResourceInUseException",
        "Success",
        "Success",
    ];
    assert_eq!(outcomes(&tape), expected);
    assert!(tape.api_calls[6].messages.starts_with("StreamStatus=CREATING"));
    assert!(
        tape.api_calls[8].messages.starts_with("StreamStatus=ACTIVE StreamMode=PROVISIONED OpenShardCount=3")
    );
}

#[test]
fn what_has_expired_is_gone_and_what_is_kept_longer_is_there() {
    let read = "{ at: 25h, get_shard_iterator: { stream: s, as: i } }, { at: 25h, get_records: { stream: s, iterator: i } }";
    let put = "{ at: 1s, put_record: { stream: s, data: old, partition_key: k } }, { at: 2h, put_record: { stream: s, data: new, partition_key: k } }";
    let bodies = |tape: &Tape| tape.api_calls.last().map(|call| call.bodies.join(" ")).unwrap_or_default();
    assert_eq!(bodies(&play("", &format!("{put}, {read}"))), "new");
    let longer = "{ at: 3h, increase_stream_retention_period: { stream: s, retention_period_hours: 48 } }";
    assert_eq!(bodies(&play("", &format!("{put}, {longer}, {read}"))), "old new");
    // Too late: what has expired does not come back.
    let late = "{ at: 24h30m, increase_stream_retention_period: { stream: s, retention_period_hours: 48 } }";
    assert_eq!(bodies(&play("", &format!("{put}, {late}, {read}"))), "new");
    let shorter =
        "{ at: 24h59m, decrease_stream_retention_period: { stream: s, retention_period_hours: 24 } }";
    let tape = play("retention_period: 48h", &format!("{put}, {shorter}, {read}"));
    assert_eq!(bodies(&tape), "new");
}

#[test]
fn single_shards_have_metrics_when_they_are_asked_for() {
    let script = "{ at: 1s, put_record: { stream: s, data: x, partition_key: k, explicit_hash_key: '0' } },
         { at: 2s, get_shard_iterator: { stream: s, as: i } },
         { at: 31s, get_records: { stream: s, iterator: i } }";
    let tape = play("shards: 3, enhanced_monitoring: [ALL]", script);
    let shards = || tape.metrics.iter().filter(|series| series.kind == "shard");
    assert_eq!(shards().count(), 3 * 7);
    let find = |name: &str| {
        shards()
            .find(|series| {
                series.name == "s/shardId-000000000000" && series.definition.cloudwatch_name == Some(name)
            })
            .map(|series| series.datapoints.iter().map(|point| point.sum).collect::<Vec<_>>())
    };
    assert_eq!(find("IncomingRecords"), Some(vec![1.0]));
    assert_eq!(find("IteratorAgeMilliseconds"), Some(vec![30_000.0]));
    assert_eq!(
        find("WriteProvisionedThroughputExceeded"),
        Some(Vec::new()),
        "nothing happened, so nothing is told"
    );
    let tape = play("shards: 3, enhanced_monitoring: [IncomingBytes]", script);
    assert_eq!(tape.metrics.iter().filter(|series| series.kind == "shard").count(), 3);
    let tape = play("shards: 3", script);
    assert_eq!(tape.metrics.iter().filter(|series| series.kind == "shard").count(), 0);
}

#[test]
fn an_alarm_watches_a_single_shard_of_a_stream_that_publishes_its_metrics() {
    // 3 records a second go to the first half of the hash keys from 10 minutes on, none to the second.
    let text = |monitoring: &str, shard: &str, name: &str, statistic: &str| {
        format!(
            "name: kinesis\napi_latency: none\nduration: 30m\nstreams: {{ s: {{ shards: 2, {monitoring} }} }}\nproducers:\n  p:\n    \
             publishes_to: {{ stream: s }}\n    message: {{ partition_key: k, explicit_hash_key: '0' }}\n    \
             arrivals: {{ piecewise: {{ spacing: evenly, points: [{{ at: 0s, rate: 0/s }}, {{ at: 10m, rate: 0/s }}, \
             {{ at: 10m, rate: 3/s }}] }} }}\nalarms:\n  a:\n    metric: {{ stream: s, {shard} name: {name} }}\n    \
             statistic: {statistic}\n    threshold: 150\n    comparison_operator: GreaterThanThreshold\n"
        )
    };
    let load = |text: &str| {
        queuelab::scenario::Scenario::load("kinesis.yaml", text.as_bytes(), &[], &queuelab::language::NoFiles)
            .map_err(|error| error.to_string())
    };
    let time_in_alarm = |shard: u32| {
        let text = text(
            "enhanced_monitoring: [IncomingRecords]",
            &format!("shard: {shard},"),
            "IncomingRecords",
            "Sum",
        );
        let tape = load(&text).expect("it is right").run().expect("it runs");
        super::value(&tape, "a", "time_in_alarm", "sum")
    };
    assert!((15.0 * 60.0..=19.0 * 60.0).contains(&time_in_alarm(0)), "{}", time_in_alarm(0));
    assert_eq!(time_in_alarm(1), 0.0);
    assert_eq!(time_in_alarm(7), 0.0, "a shard that is not there tells nothing");
    let cases = [
        (text("", "shard: 0,", "IncomingRecords", "Sum"), "publishes no `IncomingRecords` of single shards"),
        (text("enhanced_monitoring: [IncomingBytes]", "shard: 0,", "IncomingRecords", "Sum"), "publishes no"),
        (text("enhanced_monitoring: [ALL]", "shard: 0,", "PutRecord.Success", "Sum"), "there is no metric"),
        (
            text("enhanced_monitoring: [ALL]", "shard: 0,", "IteratorAgeMilliseconds", "p99"),
            "of a single shard",
        ),
        (
            text("", "", "IncomingRecords", "Sum").replace("stream: s,  name", "producer: p, shard: 0, name"),
            "a shard belongs to a stream",
        ),
    ];
    for (text, told) in cases {
        let error = load(&text).map(|_| ()).expect_err(told);
        assert!(error.contains(told), "{told}: {error}");
    }
}
