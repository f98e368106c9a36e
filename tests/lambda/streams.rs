//! Event source mappings of streams: what a batch is, order, errors, windows, reshards.

use super::{check_counts, count, fate, load, run, value};

/// A stream, a producer of `records` records a second for a minute, a function and a mapping.
fn mapped(rate: &str, stream: &str, message: &str, function: &str, mapping: &str, more: &str) -> String {
    format!(
        "duration: 20m\nstreams: {{ s: {{ {stream} }} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
         arrivals: {{ piecewise: {{ spacing: evenly, points: [{{ at: 0s, rate: {rate} }}, {{ at: 59s, rate: 0/s }}] }} }}\n    \
         message: {{ {message} }}\nfunctions: {{ f: {{ init_duration: 0s, {function} }} }}\n\
         stream_mappings: {{ m: {{ stream: s, function: f, {mapping} }} }}\n{more}"
    )
}

#[test]
fn a_shard_is_polled_once_a_second_and_invokes_one_batch_at_a_time() {
    // 10 records a second: each poll finds 10, and one invocation of 1 s takes them.
    let tape = run(&mapped("10/s", "", "size: 100B", "processing_time: 100ms", "batch_size: 100", ""));
    // One poll a second for 20 minutes, whenever it begins.
    let polls = count(&tape, "m", "get_records_calls");
    assert!((1_199..=1_200).contains(&polls), "{polls}");
    let produced = count(&tape, "p", "messages_produced");
    check_counts(
        &tape,
        "m",
        &[("polled_events", produced), ("succeeded_events", produced), ("dropped_events", 0)],
    );
    assert_eq!(count(&tape, "f", "messages_processed"), produced);
    assert_eq!(value(&tape, "m", "batches_at_once", "max"), 1.0);
    assert_eq!(value(&tape, "f", "concurrent_executions", "max"), 1.0);
    // A record waits for the next poll: half a second in the mean, one at most.
    assert!(value(&tape, "m", "iterator_age", "max") <= 1000.0 + 1100.0);
    assert_eq!(fate(&tape, "stream", "s", "read_by_all"), produced);
}

#[test]
fn polls_are_more_frequent_while_records_are_left() {
    let tape = run(&mapped(
        "900/s",
        "",
        "size: 100B, partition_key: { uniform: 100 }",
        "processing_time: 1ms, processing: per_batch",
        "batch_size: 10000, disabled: [{ from: 0s, until: 2m }]",
        "",
    ));
    // Some 27,000 records wait when it is enabled: three calls, a quarter of a second apart, and the others a second.
    let produced = count(&tape, "p", "messages_produced");
    assert_eq!(count(&tape, "f", "messages_processed"), produced);
    let polls = count(&tape, "m", "get_records_calls");
    let expected = 18 * 60 + produced.div_ceil(10_000);
    assert!(polls.abs_diff(expected) <= 2, "{polls} for {produced}");
}

#[test]
fn a_factor_processes_as_many_batches_of_a_shard_and_keeps_the_order_of_each_key() {
    for factor in [1_u32, 4, 10] {
        let mapping = format!("parallelization_factor: {factor}, batch_size: 10");
        let message = "size: 100B, partition_key: { uniform: 200 }";
        let tape =
            run(&mapped("100/s", "shards: 2", message, "processing_time: 150ms, timeout: 60s", &mapping, ""));
        let produced = count(&tape, "p", "messages_produced");
        assert_eq!(count(&tape, "f", "messages_processed"), produced, "{factor}");
        assert_eq!(count(&tape, "f", "out_of_order"), 0, "{factor}");
        assert_eq!(value(&tape, "m", "batches_at_once", "max"), f64::from(2 * factor));
        assert_eq!(value(&tape, "f", "concurrent_executions", "max"), f64::from(2 * factor));
    }
}

#[test]
fn a_window_gathers_until_it_ends_or_the_batch_is_full() {
    let text = |mapping: &str| {
        mapped("1/s", "", "size: 100B, partition_key: k", "processing_time: 1ms", mapping, "")
    };
    let (at_once, gathered) =
        (run(&text("batch_size: 100")), run(&text("batch_size: 100, maximum_batching_window: 10s")));
    assert!(count(&at_once, "m", "invocations") >= 59);
    let invocations = count(&gathered, "m", "invocations");
    assert!((5..=7).contains(&invocations), "{invocations} windows of ten seconds in a minute");
    let full = run(&text("batch_size: 5, maximum_batching_window: 300s"));
    assert_eq!(value(&full, "m", "batch_records", "max"), 5.0);
    assert_eq!(count(&full, "f", "messages_processed"), count(&full, "p", "messages_produced"));
}

#[test]
fn a_payload_takes_six_megabytes() {
    // 300 KiB are 400 KiB in Base64: fifteen fit into 6 MiB, and a record of 5 MiB never does.
    let text = mapped(
        "2/s",
        "shards: 2",
        "size: 300KiB, partition_key: k",
        "processing_time: 1ms",
        "batch_size: 100, maximum_batching_window: 300s",
        "",
    );
    let tape = run(&text);
    assert_eq!(value(&tape, "m", "batch_records", "max"), 15.0);
    let large = mapped(
        "0.1/s",
        "max_record_size: 10MiB",
        "size: 5MiB, partition_key: k",
        "processing_time: 1ms",
        "on_failure: { queue: lost }",
        "queues: { lost: {} }",
    );
    let tape = run(&large);
    let produced = count(&tape, "p", "messages_produced");
    check_counts(
        &tape,
        "m",
        &[("dropped_events", produced), ("on_failure_delivered", produced), ("invocations", 0)],
    );
    assert_eq!(count(&tape, "lost", "messages_sent"), produced);
}

/// A poison record among others in one batch, and what the mapping makes of it.
fn with_poison(function: &str, mapping: &str) -> queuelab::record::Tape {
    run(&mapped(
        "8/s",
        "",
        "size: 100B, partition_key: k, poison_rate: 2%",
        &format!("processing_time: 1ms, {function}"),
        &format!("maximum_batching_window: 20s, {mapping}"),
        "queues: { lost: {} }",
    ))
}

#[test]
fn a_failed_batch_is_tried_again_as_often_as_allowed_and_then_told_of() {
    let tape = with_poison("", "maximum_retry_attempts: 2, on_failure: { queue: lost }");
    let (retries, told) = (count(&tape, "m", "retries"), count(&tape, "m", "on_failure_delivered"));
    assert!(told > 0);
    assert_eq!(retries, 2 * told, "each batch with a poison record three times in all");
    assert_eq!(count(&tape, "lost", "messages_sent"), told, "a message a batch, not a record");
    let (dropped, done) = (count(&tape, "m", "dropped_events"), count(&tape, "m", "succeeded_events"));
    assert_eq!(dropped + done, count(&tape, "p", "messages_produced"));
    assert!(dropped > told);
    // What was done before the poison record is done again each time.
    assert!(count(&tape, "f", "duplicates") > 0);
}

#[test]
fn splitting_isolates_the_poison_and_uses_no_attempts() {
    let tape = with_poison(
        "",
        "maximum_retry_attempts: 0, bisect_batch_on_function_error: true, on_failure: { queue: lost }",
    );
    let poison = count(&tape, "m", "dropped_events");
    assert!(poison > 0);
    assert_eq!(count(&tape, "m", "on_failure_delivered"), poison, "each alone in its batch");
    check_counts(&tape, "m", &[("retries", 0)]);
    assert!(count(&tape, "m", "bisections") > poison);
    let produced = count(&tape, "p", "messages_produced");
    assert_eq!(count(&tape, "f", "messages_processed"), produced - poison);
    assert_eq!(count(&tape, "f", "out_of_order"), 0);
}

#[test]
fn reported_failures_are_the_checkpoint() {
    let reports = "on_message_failure: report_batch_item_failures";
    let tape = with_poison(
        reports,
        "function_response_types: [ReportBatchItemFailures], maximum_retry_attempts: 1, bisect_batch_on_function_error: true",
    );
    // What came before the lowest failure is not tried again.
    assert_eq!(count(&tape, "f", "duplicates"), 0);
    let (dropped, produced) = (count(&tape, "m", "dropped_events"), count(&tape, "p", "messages_produced"));
    assert!(dropped > 0);
    assert_eq!(count(&tape, "f", "messages_processed"), produced - dropped);
    // Without the response type the answer does not count: failed records are passed over.
    let tape = with_poison(reports, "batch_size: 50");
    check_counts(&tape, "m", &[("dropped_events", 0), ("retries", 0), ("succeeded_events", produced)]);
    assert!(count(&tape, "f", "failures") > 0);
}

#[test]
fn a_poison_record_blocks_its_shard_until_it_is_too_old() {
    let blocked = with_poison("", "batch_size: 10");
    let age = with_poison("", "maximum_record_age: 60s, on_failure: { queue: lost }");
    assert_eq!(count(&blocked, "m", "dropped_events"), 0);
    assert!(count(&blocked, "m", "succeeded_events") < count(&blocked, "p", "messages_produced"));
    let dropped = count(&age, "m", "dropped_events");
    assert!(dropped > 0);
    assert_eq!(count(&age, "m", "expired_events"), dropped);
    assert_eq!(dropped + count(&age, "m", "succeeded_events"), count(&age, "p", "messages_produced"));
    assert_eq!(count(&age, "lost", "messages_sent"), count(&age, "m", "on_failure_delivered"));
}

#[test]
fn a_factor_confines_a_failure_to_its_keys() {
    let text = |factor: u32| {
        mapped(
            "50/s",
            "",
            "size: 100B, partition_key: { uniform: 100 }, poison_rate: 0.05%",
            "processing_time: 1ms",
            &format!("parallelization_factor: {factor}, batch_size: 10, maximum_record_age: 300s"),
            "",
        )
    };
    let late = |factor| {
        let tape = run(&text(factor));
        assert!(count(&tape, "m", "failed_invoke_events") > 0);
        value(&tape, "f", "end_to_end_latency", "p50")
    };
    assert!(late(10) < 2.0 && late(1) > 10.0);
}

#[test]
fn records_that_expire_while_they_are_tried_are_given_up() {
    let tape = run(
        "duration: 26h\nstreams: { s: {} }\nproducers:\n  p:\n    publishes_to: { stream: s }\n    \
         arrivals: { piecewise: { spacing: evenly, points: [{ at: 0s, rate: 1/s }, { at: 10s, rate: 0/s }] } }\n    \
         message: { poison_rate: 100% }\nfunctions: { f: { processing_time: 1ms } }\n\
         stream_mappings: { m: { stream: s, function: f } }",
    );
    let produced = count(&tape, "p", "messages_produced");
    check_counts(&tape, "m", &[("dropped_events", produced), ("expired_events", produced)]);
    // Once a minute in the end, for a day.
    let invocations = count(&tape, "m", "invocations");
    assert!((1_440..1_470).contains(&invocations), "{invocations}");
    let longer = run(
        "duration: 26h\nstreams: { s: { changes: [{ at: 1h, call: { retention_period: 48h } }] } }\nproducers:\n  p:\n    \
         publishes_to: { stream: s }\n    \
         arrivals: { piecewise: { spacing: evenly, points: [{ at: 0s, rate: 1/s }, { at: 10s, rate: 0/s }] } }\n    \
         message: { poison_rate: 100% }\nfunctions: { f: { processing_time: 1ms } }\n\
         stream_mappings: { m: { stream: s, function: f } }",
    );
    check_counts(&longer, "m", &[("dropped_events", 0)]);
}

#[test]
fn throttles_hold_the_shard_back_and_use_no_attempts() {
    let tape = run(&mapped(
        "20/s",
        "shards: 4",
        "size: 100B, partition_key: { uniform: 100 }",
        "processing_time: 200ms, timeout: 60s, reserved_concurrent_executions: 1",
        "batch_size: 20, maximum_retry_attempts: 0",
        "",
    ));
    assert!(count(&tape, "m", "throttled_invocations") > 0);
    check_counts(&tape, "m", &[("dropped_events", 0), ("retries", 0)]);
    assert_eq!(count(&tape, "f", "messages_processed"), count(&tape, "p", "messages_produced"));
    assert_eq!(value(&tape, "f", "concurrent_executions", "max"), 1.0);
    assert_eq!(count(&tape, "f", "out_of_order"), 0);
}

#[test]
fn tumbling_windows_end_with_a_last_invocation() {
    let text = |more: &str, stream: &str| {
        mapped(
            "10/s",
            stream,
            "size: 100B, partition_key: k",
            "processing_time: 1ms",
            &format!("tumbling_window: {{ length: 20s{more} }}"),
            "",
        )
    };
    // Records arrive in 60 seconds: three windows of one shard, the last closed two minutes after its end.
    let tape = run(&text("", ""));
    check_counts(&tape, "m", &[("windows_closed", 3), ("windows_closed_early", 0)]);
    assert_eq!(count(&tape, "f", "messages_processed"), count(&tape, "p", "messages_produced"));
    // With 10 KiB of state a record 1 MiB is exceeded by the 103rd: windows of 200 records end once before their time.
    let tape = run(&text(", state_per_record: 10KiB", ""));
    assert_eq!(count(&tape, "m", "windows_closed_early"), 3);
    assert_eq!(count(&tape, "m", "windows_closed"), 6);
    // A reshard closes the windows of the parent, and the child begins anew.
    let split = "changes: [{ at: 5s, call: { split_shard: { shard: 0 } } }]";
    let tape = run(&text("", split));
    check_counts(&tape, "m", &[("windows_closed", 4), ("shards_finished", 1)]);
    assert_eq!(count(&tape, "f", "out_of_order"), 0);
}

#[test]
fn a_reshard_keeps_the_order_and_a_subscription_is_faster_than_polls() {
    let text = |retrieval: &str| {
        mapped(
            "100/s",
            "shards: 2, changes: [{ at: 10s, call: { update_shard_count: 4 } }, { at: 2m, call: { update_shard_count: 2 } }]",
            "size: 100B, partition_key: { uniform: 50 }",
            "processing_time: 1ms",
            &format!("retrieval: {retrieval}, parallelization_factor: 2"),
            "",
        )
    };
    let mut latencies = Vec::new();
    for retrieval in ["polling", "enhanced_fan_out"] {
        let tape = run(&text(retrieval));
        assert_eq!(count(&tape, "f", "messages_processed"), count(&tape, "p", "messages_produced"));
        check_counts(&tape, "f", &[("out_of_order", 0), ("duplicates", 0)]);
        check_counts(&tape, "m", &[("shards_finished", 6)]);
        latencies.push(value(&tape, "f", "end_to_end_latency", "p50"));
    }
    assert!(latencies[0] > 0.4 && latencies[1] < 0.2, "{latencies:?}");
}

#[test]
fn two_functions_read_the_same_stream_without_taking_from_each_other() {
    let tape = run(&(mapped("10/s", "", "size: 100B", "processing_time: 1ms", "batch_size: 10", "")
        .replace("functions: { f:", "functions: { g: { processing_time: 1ms, init_duration: 0s }, f:")
        .replace(
            "stream_mappings: { m:",
            "stream_mappings: { n: { stream: s, function: g, on_failure: { topic: t } }, m:",
        )
        + "topics: { t: {} }"));
    let produced = count(&tape, "p", "messages_produced");
    for function in ["f", "g"] {
        check_counts(
            &tape,
            function,
            &[("messages_processed", produced), ("duplicates", 0), ("out_of_order", 0)],
        );
    }
}

#[test]
fn what_a_mapping_of_a_stream_cannot_be_is_told() {
    let problems = |mapping: &str| {
        let text = mapped("1/s", "", "size: 10B", "processing_time: 1ms", mapping, "queues: { o.fifo: {} }");
        load(&text).err().unwrap_or_default()
    };
    for (mapping, told) in [
        ("batch_size: 10001", "must be from 1 to 10000"),
        ("parallelization_factor: 11", "must be from 1 to 10"),
        ("maximum_record_age: 59s", "must be from"),
        ("maximum_retry_attempts: 10001", "must be from -1 to 10000"),
        ("on_failure: { queue: o.fifo }", "cannot be told of discarded records"),
        ("on_failure: { queue: oo }", "there is no queue `oo`"),
        ("tumbling_window: { length: 901s }", "must be from"),
        ("maximum_batching_window: 1500ms", "must be a whole number of seconds"),
        ("maximum_concurrency: 5", "maximum_concurrency"),
    ] {
        let problems = problems(mapping);
        assert!(problems.contains(told), "{mapping}: {problems}");
    }
    let unknown = mapped("1/s", "", "size: 10B", "processing_time: 1ms", "", "")
        .replace("stream: s, function: f", "stream: t, function: g");
    let problems = load(&unknown).err().unwrap_or_default();
    assert!(
        problems.contains("there is no stream `t`") && problems.contains("there is no function `g`"),
        "{problems}"
    );
}

#[test]
fn a_poll_brings_aggregated_records_whole_and_a_subscription_their_parts() {
    let text = |mapping: &str, key: &str| {
        let library = "library: { kpl: { aggregation_max_count: 10, record_max_buffered_time: 10s } }";
        let message = format!("size: 100B, partition_key: {key} }}\n    {library}\n    retries: {{");
        mapped("100/s", "", &message, "processing_time: 1ms", mapping, "")
    };
    let polled = run(&text("batch_size: 5", "k"));
    let (records, parts) = (count(&polled, "s", "incoming_records"), count(&polled, "s", "user_records"));
    assert_eq!(parts, 10 * records);
    check_counts(&polled, "m", &[("polled_events", records), ("succeeded_events", records)]);
    check_counts(&polled, "f", &[("messages_processed", parts), ("out_of_order", 0)]);
    assert_eq!(value(&polled, "m", "batch_records", "max"), 5.0);
    let pushed = run(&text("batch_size: 5, retrieval: enhanced_fan_out", "k"));
    check_counts(
        &pushed,
        "m",
        &[("polled_events", parts), ("succeeded_events", parts), ("misplaced_events", 0)],
    );
    assert_eq!(value(&pushed, "m", "batch_records", "max"), 5.0);

    // All aggregated records have one partition key, so that a factor does not help; of their parts a subscription lets those
    // through that belong to the same batch.
    let polled = run(&text("batch_size: 5, parallelization_factor: 4", "{ uniform: 400 }"));
    check_counts(&polled, "f", &[("messages_processed", count(&polled, "s", "user_records"))]);
    assert_eq!(value(&polled, "m", "batches_at_once", "max"), 1.0);
    let pushed = run(&text("parallelization_factor: 4, retrieval: enhanced_fan_out", "{ uniform: 400 }"));
    let (done, dropped) =
        (count(&pushed, "f", "messages_processed"), count(&pushed, "m", "misplaced_events"));
    assert_eq!(done + dropped, count(&pushed, "s", "user_records"));
    assert!(dropped > 2 * done && dropped < 4 * done, "{done} of {dropped}");
}

#[test]
fn a_failed_batch_of_aggregated_records_is_split_between_them() {
    // One poison record in its pack: bisection ends at the pack, and a report at its beginning.
    let packs = "size: 100B, partition_key: k, poison_rate: 2% }\n    \
                 library: { kpl: { aggregation_max_count: 10, record_max_buffered_time: 10s } }\n    retries: {";
    for (function, mapping) in [
        ("", "bisect_batch_on_function_error: true"),
        (
            "on_message_failure: report_batch_item_failures",
            "function_response_types: [ReportBatchItemFailures]",
        ),
    ] {
        let function = format!("processing_time: 1ms, {function}");
        let mapping = format!("{mapping}, maximum_retry_attempts: 0, batch_size: 8");
        let tape = run(&mapped("10/s", "", packs, &function, &mapping, ""));
        let (dropped, done) = (count(&tape, "m", "dropped_events"), count(&tape, "m", "succeeded_events"));
        assert_eq!(dropped + done, count(&tape, "s", "incoming_records"));
        assert!(dropped > 0 && done > dropped, "{dropped} {done}");
        // What was done, and what was tried in vain, is whole packs.
        assert_eq!(fate(&tape, "stream", "s", "read_by_all"), 10 * (dropped + done));
    }
}
