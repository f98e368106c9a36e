//! Filter criteria of mappings of streams, and buckets as on-failure destinations.

use super::{check_counts, count, fate, load, run, value};

const FUNCTION: &str = "functions: { f: { processing_time: 1ms, timeout: 10s, init_duration: 0s } }";

/// A mapping with these filters (patterns, separated by `;`) and more keys.
fn mapping(patterns: &str, more: &str) -> String {
    let filters: Vec<String> =
        patterns.split(';').map(|pattern| format!("{{ pattern: {pattern} }}")).collect();
    let filters = filters.join(", ");
    format!(
        "stream_mappings: {{ m: {{ stream: s, function: f{more}, filter_criteria: {{ filters: [{filters}] }} }} }}\n"
    )
}

/// Orders and refunds, evenly in turn, for a minute.
fn orders_and_refunds(library: &str, mapping: &str, more: &str) -> String {
    let producer = |kind: &str| {
        format!(
            "  {kind}: {{ publishes_to: {{ stream: s }}, {library}arrivals: {{ bursts: [{{ at: 1s, messages: 40 }}, \
             {{ at: 30s, messages: 20 }}] }}, message: {{ size: 100B, partition_key: k, body: {{ type: {kind} }} }} }}\n"
        )
    };
    format!(
        "duration: 5m\nstreams: {{ s: {{}} }}\nproducers:\n{}{}{FUNCTION}\n{mapping}{more}",
        producer("order"),
        producer("refund")
    )
}

#[test]
fn records_that_satisfy_no_filter_are_passed_over() {
    let tape = run(&orders_and_refunds("", &mapping("{ data: { type: [order] } }", ""), ""));
    check_counts(
        &tape,
        "m",
        &[
            ("polled_events", 120),
            ("filtered_out_events", 60),
            ("invoked_events", 60),
            ("succeeded_events", 60),
            ("dropped_events", 0),
        ],
    );
    check_counts(&tape, "f", &[("messages_processed", 60), ("out_of_order", 0)]);
    assert_eq!(fate(&tape, "stream_mapping", "m", "filtered_out"), 60);
    assert_eq!(fate(&tape, "run", "lambda", "filtered"), 60);
    // What is passed over is done with: the stream need not keep it for this reader.
    assert_eq!(fate(&tape, "stream", "s", "read_by_all"), 120);
}

#[test]
fn what_one_mapping_passes_over_another_one_gets() {
    let two = "stream_mappings:\n  \
         orders: { stream: s, function: f, filter_criteria: { filters: [{ pattern: { data: { type: [order] } } }] } }\n  \
         refunds: { stream: s, function: f, filter_criteria: { filters: [{ pattern: { data: { type: [refund] } } }] } }\n";
    let tape = run(&orders_and_refunds("", two, ""));
    check_counts(&tape, "orders", &[("filtered_out_events", 60), ("succeeded_events", 60)]);
    check_counts(&tape, "refunds", &[("filtered_out_events", 60), ("succeeded_events", 60)]);
    assert_eq!(fate(&tape, "run", "lambda", "processed"), 120);
    assert_eq!(fate(&tape, "run", "lambda", "filtered"), 0);
}

#[test]
fn what_is_passed_over_begins_no_window_and_fills_no_batch() {
    let text = |pattern: &str| {
        let mapping = mapping(pattern, ", batch_size: 60, maximum_batching_window: 60s");
        orders_and_refunds("", &mapping, "")
    };
    // 40 of each at 1 s and 20 at 30 s: a batch of 60 is full with the second burst.
    let tape = run(&text("{ data: { type: [order] } }"));
    check_counts(&tape, "m", &[("invocations", 1)]);
    assert_eq!(value(&tape, "m", "batch_records", "max"), 60.0);
    let tape = run(&text("{ data: { type: [nothing] } }"));
    check_counts(&tape, "m", &[("invocations", 0), ("filtered_out_events", 120)]);
    check_counts(&tape, "f", &[("invocations", 0)]);
    assert_eq!(fate(&tape, "stream", "s", "read_by_all"), 120);
}

#[test]
fn data_that_is_no_json_object_satisfies_no_pattern() {
    // Data, and whether it passes.
    let cases = [
        (r#"{"type": "order"}"#, true),
        (r#"{"type": ["refund", "order"]}"#, true),
        (r#"{"type": "refund"}"#, false),
        (r#"{"kind": "order"}"#, false),
        (r#"[{"type": "order"}]"#, false),
        (r#"{"type": "order""#, false),
        ("order", false),
        ("{}", false),
    ];
    for (data, passes) in cases {
        let tape = run(&format!(
            "duration: 1m\nstreams: {{ s: {{}} }}\nclients:\n  c:\n    script:\n      \
             - {{ at: 1s, put_record: {{ stream: s, data: '{data}', partition_key: k }} }}\n{FUNCTION}\n{}",
            mapping("{ data: { type: [order] } }", "")
        ));
        assert_eq!(count(&tape, "m", "succeeded_events"), u64::from(passes), "{data}");
        assert_eq!(count(&tape, "m", "filtered_out_events"), u64::from(!passes), "{data}");
    }
}

#[test]
fn of_aggregated_records_only_a_subscription_sees_the_parts() {
    let library = "library: { kpl: { record_max_buffered_time: 1s } }, ";
    let with = |retrieval: &str| {
        let mapping = mapping("{ data: { type: [order] } }", &format!(", retrieval: {retrieval}"));
        orders_and_refunds(library, &mapping, "")
    };
    let subscribed = run(&with("enhanced_fan_out"));
    check_counts(&subscribed, "m", &[("filtered_out_events", 60), ("succeeded_events", 60)]);
    let scenario = load(&with("polling")).expect("it is allowed");
    assert!(
        scenario.warnings().contains("pass over aggregated records of `order`"),
        "{}",
        scenario.warnings()
    );
    let polled = scenario.run().expect("the run succeeds");
    // Two bursts of two producers: an aggregated record is one event of a poll.
    check_counts(&polled, "m", &[("filtered_out_events", 4), ("succeeded_events", 0)]);
    assert_eq!(fate(&polled, "run", "lambda", "filtered"), 120);
    let alone = "library: { kpl: { record_max_buffered_time: 1s, aggregation_enabled: false } }, ";
    let mapping = mapping("{ data: { type: [order] } }", "");
    check_counts(&run(&orders_and_refunds(alone, &mapping, "")), "m", &[("filtered_out_events", 60)]);
}

#[test]
fn what_aws_refuses_of_filters_of_streams_is_an_error() {
    let cases = [
        ("{ body: { type: [order] } }", "cannot ask for `body`"),
        ("{ partitionKey: [k] }", "cannot ask for `partitionKey`"),
        ("{ data: [order] }", "is not a JSON object"),
        ("{ data: order }", "must stand in a list"),
        ("{}", "the pattern is empty"),
    ];
    for (pattern, told) in cases {
        let error = load(&orders_and_refunds("", &mapping(pattern, ""), "")).expect_err(pattern);
        assert!(error.contains(told), "{pattern}: {error}");
    }
    let six = ["{ data: { type: [a] } }"; 6].join(";");
    let error = load(&orders_and_refunds("", &mapping(&six, ""), "")).expect_err("six");
    assert!(error.contains("has 5 filters at most"), "{error}");
    let silent = orders_and_refunds("", &mapping("{ data: { type: [order] } }", ""), "")
        .replace(", body: { type: refund }", "");
    let scenario = load(&silent).expect("it is allowed");
    let warnings = scenario.warnings();
    assert!(warnings.contains("pass over all records of `refund`"), "{warnings}");
}

#[test]
fn a_bucket_keeps_what_was_given_up_with_what_it_said() {
    let text = |destination: &str| {
        format!(
            "duration: 10m\nassumptions: {{ mapping_record_overhead: 200B, stream_mapping_failure_message_size: 1000B, \
             duplicate_probability: 0, ordering_jitter: 0s }}\nstreams: {{ s: {{}} }}\nqueues: {{ lost: {{}} }}\n\
             object_stores: {{ kept: {{}} }}\nproducers:\n  p:\n    publishes_to: {{ stream: s }}\n    \
             arrivals: {{ bursts: [{{ at: 1s, messages: 10 }}] }}\n    message: {{ size: 301B, partition_key: k, poison_rate: 100% }}\n\
             {FUNCTION}\nstream_mappings: {{ m: {{ stream: s, function: f, maximum_retry_attempts: 1, on_failure: {{ {destination} }} }} }}\n"
        )
    };
    let tape = load_own(&text("object_store: kept"));
    check_counts(&tape, "m", &[("dropped_events", 10), ("on_failure_delivered", 1)]);
    check_counts(&tape, "kept", &[("put_requests", 1)]);
    check_counts(&tape, "lost", &[("messages_sent", 0)]);
    // Ten records of 301 bytes are 404 each in Base64, and 200 more; the invocation around them is as large as a message.
    assert_eq!(value(&tape, "kept", "bytes_stored", "last"), f64::from(10 * (404 + 200) + 1_000));
    let tape = load_own(&text("queue: lost"));
    check_counts(&tape, "kept", &[("put_requests", 0)]);
    check_counts(&tape, "lost", &[("messages_sent", 1)]);
    assert_eq!(value(&tape, "lost", "sent_message_size", "max"), 1_000.0);
}

/// Runs a scenario that makes its own assumptions.
fn load_own(rest: &str) -> queuelab::record::Tape {
    let text = format!("name: lambda\napi_latency: none\n{rest}");
    let scenario =
        queuelab::scenario::Scenario::load("lambda.yaml", text.as_bytes(), &[], &queuelab::language::NoFiles);
    scenario.unwrap_or_else(|error| panic!("{error}")).run().expect("the run succeeds")
}
