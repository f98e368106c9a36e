//! Filter criteria of event source mappings: what passes, what is deleted, and what AWS refuses.

use super::{check_counts, count, fate, load, run, value};

const FUNCTION: &str = "functions: { f: { processing_time: 1s, timeout: 10s, init_duration: 0s } }";

/// A mapping with these filters (patterns, separated by `;`) and more keys.
fn mapping(queue: &str, patterns: &str, more: &str) -> String {
    let filters: Vec<String> = patterns
        .split(';')
        .filter(|pattern| !pattern.is_empty())
        .map(|pattern| format!("{{ pattern: {pattern} }}"))
        .collect();
    let filters = filters.join(", ");
    format!(
        "event_source_mappings: {{ m: {{ queue: {queue}, function: f{more}, filter_criteria: {{ filters: [{filters}] }} }} }}\n"
    )
}

fn producer(name: &str, messages: u32, body: &str) -> String {
    format!(
        "  {name}: {{ publishes_to: {{ queue: q }}, arrivals: {{ bursts: [{{ at: 0s, messages: {messages} }}] }}, message: {{ body: {body} }} }}\n"
    )
}

#[test]
fn what_satisfies_no_filter_is_deleted_and_never_invoked() {
    let producers = [
        producer("a", 70, "{ type: order, amount: 500 }"),
        producer("b", 20, "{ type: order, amount: 50 }"),
        producer("c", 30, "{ type: refund, amount: 5 }"),
        producer("d", 40, "{ kind: order }"),
    ];
    let tape = run(&format!(
        "duration: 10m
queues: {{ q: {{ visibility_timeout: 60s }} }}
producers:
{}{FUNCTION}
{}",
        producers.concat(),
        mapping(
            "q",
            "{ body: { type: [order], amount: [{ numeric: [\">\", 100] }] } };{ body: { type: [refund] } }",
            ""
        )
    ));
    check_counts(
        &tape,
        "m",
        &[
            ("polled_events", 160),
            ("filtered_out_events", 60),
            ("invoked_events", 100),
            ("deleted_events", 100),
        ],
    );
    check_counts(&tape, "f", &[("messages_processed", 100)]);
    check_counts(&tape, "q", &[("messages_deleted", 160)]);
    assert_eq!(fate(&tape, "event_source_mapping", "m", "filtered_out"), 60);
    assert_eq!(fate(&tape, "run", "lambda", "filtered"), 60);
    assert_eq!(fate(&tape, "run", "lambda", "processed"), 100);
    assert_eq!(value(&tape, "q", "messages_visible", "last"), 0.0);
}

#[test]
fn filtered_messages_cost_requests_but_no_invocation() {
    let tape = run(&format!(
        "duration: 10s
queues: {{ q: {{ visibility_timeout: 60s }} }}
producers:
{}{FUNCTION}
{}",
        producer("p", 1_000, "{ type: noise }"),
        mapping("q", "{ body: { type: [order] } }", "")
    ));
    check_counts(&tape, "f", &[("invocations", 0)]);
    check_counts(&tape, "m", &[("filtered_out_events", 1_000), ("deleted_events", 0), ("invoked_events", 0)]);
    // Up to ten a call: the polls that wait for the burst get what comes first.
    let deletes = count(&tape, "q", "delete_calls");
    assert!((100..=110).contains(&deletes), "{deletes}");
    assert!(count(&tape, "q", "receive_calls") >= 100);
}

/// Sends these bodies, one after the other; gives how many the function got.
fn passed(bodies: &[&str], patterns: &str) -> u64 {
    let steps: Vec<String> = bodies
        .iter()
        .enumerate()
        .map(|(second, body)| {
            format!("      - {{ at: {second}s, send_message: {{ queue: q, body: '{body}' }} }}\n")
        })
        .collect();
    let tape = run(&format!(
        "duration: 5m
queues: {{ q: {{ visibility_timeout: 60s }} }}
clients:
  c:
    script:
{}{FUNCTION}
{}",
        steps.concat(),
        mapping("q", patterns, "")
    ));
    let (passed, filtered) =
        (count(&tape, "f", "messages_processed"), count(&tape, "m", "filtered_out_events"));
    assert_eq!(passed + filtered, bodies.len() as u64, "{patterns}");
    assert_eq!(count(&tape, "q", "messages_deleted"), bodies.len() as u64, "{patterns}: nothing stays");
    passed
}

#[test]
fn plain_texts_and_json_bodies_against_both_kinds_of_patterns() {
    let json = "{ body: { type: [order] } }";
    let plain = "{ body: [order, { prefix: \"re\" }] }";
    // Body, does it pass the pattern over JSON, does it pass the pattern over plain text.
    let cases = [
        (r#"{"type": "order"}"#, true, false),
        (r#"{"type": "refund"}"#, false, false),
        (r#"{"type": ["refund", "order"]}"#, true, false),
        (r#"{"type": {"order": 1}}"#, false, false),
        (r#"{"kind": "order"}"#, false, false),
        ("{}", false, false),
        (r#"{"type": "order""#, false, false),
        (r#"[{"type": "order"}]"#, false, false),
        ("order", false, true),
        ("Order", false, false),
        ("refund", false, true),
        ("42", false, false),
    ];
    for (body, by_json, by_plain) in cases {
        assert_eq!(passed(&[body], json), u64::from(by_json), "{body} against {json}");
        assert_eq!(passed(&[body], plain), u64::from(by_plain), "{body} against {plain}");
        let either = format!("{json};{plain}");
        assert_eq!(passed(&[body], &either), u64::from(by_json || by_plain), "{body} against either");
    }
}

#[test]
fn every_operator_of_the_rule_syntax() {
    let body = r#"{"name": "Alice", "empty": "", "nothing": null, "price": 20, "file": "a.png", "place": {"city": "Seattle"}}"#;
    let cases = [
        ("{ body: { nothing: [null] } }", true),
        ("{ body: { name: [null] } }", false),
        ("{ body: { empty: [\"\"] } }", true),
        ("{ body: { name: [Alice] } }", true),
        ("{ body: { name: [alice] } }", false),
        ("{ body: { name: [{ equals-ignore-case: ALICE }] } }", true),
        ("{ body: { name: [Alice], price: [21] } }", false),
        ("{ body: { name: [Bob, Alice] } }", true),
        ("{ body: { $or: [{ name: [Bob] }, { price: [20] }] } }", true),
        ("{ $or: [{ body: { name: [Bob] } }, { body: { price: [21] } }] }", false),
        ("{ body: { name: [{ anything-but: [Bob] }] } }", true),
        ("{ body: { name: [{ anything-but: [Alice] }] } }", false),
        ("{ body: { price: [{ numeric: [\"=\", 20] }] } }", true),
        ("{ body: { price: [{ numeric: [\">\", 10, \"<=\", 20] }] } }", true),
        ("{ body: { price: [{ numeric: [\">\", 20] }] } }", false),
        ("{ body: { price: [\"20\"] } }", false),
        ("{ body: { name: [{ exists: true }] } }", true),
        ("{ body: { missing: [{ exists: true }] } }", false),
        ("{ body: { missing: [{ exists: false }] } }", true),
        // Only leaves exist.
        ("{ body: { place: [{ exists: true }] } }", false),
        ("{ body: { place: { city: [{ exists: true }] } } }", true),
        ("{ body: { place: { city: [{ prefix: Sea }] } } }", true),
        ("{ body: { file: [{ suffix: .png }] } }", true),
        ("{ body: { file: [{ suffix: .jpg }] } }", false),
    ];
    for (pattern, passes) in cases {
        assert_eq!(passed(&[body], pattern), u64::from(passes), "{pattern}");
    }
}

#[test]
fn without_filters_everything_passes() {
    assert_eq!(passed(&["anything", r#"{"type": "order"}"#], ""), 2);
}

#[test]
fn a_filtered_message_neither_begins_a_window_nor_fills_a_batch() {
    let noise = "{ publishes_to: { queue: q }, arrivals: { bursts: [{ at: 0s, messages: 90 }] }, message: { body: { type: noise } } }";
    let order = "{ publishes_to: { queue: q }, arrivals: { bursts: [{ at: 10s, messages: 5 }] }, message: { body: { type: order } } }";
    let tape = run(&format!(
        "duration: 5m
queues: {{ q: {{ visibility_timeout: 120s }} }}
producers: {{ noise: {noise}, order: {order} }}
{FUNCTION}
{}",
        mapping("q", "{ body: { type: [order] } }", ", batch_size: 50, maximum_batching_window: 30s")
    ));
    check_counts(&tape, "m", &[("filtered_out_events", 90), ("invoked_events", 5)]);
    // The window of 30 s begins with the first order at 10 s; then five are processed, a second each.
    let last = value(&tape, "f", "end_to_end_latency", "max");
    assert!((31.0..=35.0).contains(&last), "{last}");
}

#[test]
fn a_filtered_message_at_the_head_of_a_group_lets_the_next_one_through() {
    let sends: Vec<String> = ["noise", "noise", "order", "noise", "order"]
        .iter()
        .enumerate()
        .map(|(number, kind)| {
            format!(
                "      - {{ at: 0s, send_message: {{ queue: q.fifo, body: '{{\"type\": \"{kind}\", \"n\": {number}}}', message_group_id: g }} }}\n"
            )
        })
        .collect();
    let tape = run(&format!(
        "duration: 5m
queues: {{ q.fifo: {{ visibility_timeout: 60s, content_based_deduplication: true }} }}
clients:
  c:
    script:
{}{FUNCTION}
{}",
        sends.concat(),
        mapping("q.fifo", "{ body: { type: [order] } }", ", batch_size: 1")
    ));
    check_counts(&tape, "m", &[("filtered_out_events", 3), ("invoked_events", 2), ("deleted_events", 2)]);
    check_counts(&tape, "f", &[("messages_processed", 2), ("out_of_order", 0)]);
    assert!(value(&tape, "f", "end_to_end_latency", "max") <= 2.0, "nobody waits for a visibility timeout");
}

#[test]
fn a_failed_batch_comes_back_without_what_was_filtered() {
    let tape = run(&format!(
        "duration: 100s
queues: {{ q: {{ visibility_timeout: 60s }} }}
producers:
{}{}functions: {{ f: {{ processing_time: 1s, timeout: 10s, init_duration: 0s, failure_rate: 100% }} }}
{}",
        producer("a", 4, "{ type: order }"),
        producer("b", 6, "{ type: noise }"),
        mapping("q", "{ body: { type: [order] } }", "")
    ));
    check_counts(
        &tape,
        "m",
        &[("filtered_out_events", 6), ("failed_invoke_events", 8), ("deleted_events", 0)],
    );
    assert_eq!(fate(&tape, "run", "lambda", "filtered"), 6);
    assert_eq!(fate(&tape, "run", "lambda", "still_there"), 4);
}

#[test]
fn the_envelope_of_a_topic_hides_the_body_unless_it_is_delivered_raw() {
    let text = |raw: bool, pattern: &str| {
        format!(
            "duration: 5m
topics: {{ t: {{ subscriptions: [{{ queue: q, raw_message_delivery: {raw} }}] }} }}
queues: {{ q: {{ visibility_timeout: 60s }} }}
producers:
  p:
    publishes_to: {{ topic: t }}
    arrivals: {{ bursts: [{{ at: 0s, messages: 10 }}] }}
    message: {{ attributes: {{ kind: gift }}, body: {{ type: order }} }}
{FUNCTION}
{}",
            mapping("q", pattern, "")
        )
    };
    let cases = [
        (true, "{ body: { type: [order] } }", 10),
        (false, "{ body: { type: [order] } }", 0),
        (true, "{ body: { Type: [Notification] } }", 0),
        (false, "{ body: { Type: [Notification] } }", 10),
        (false, "{ body: { MessageAttributes: { kind: { Value: [gift] } } } }", 10),
        (false, "{ body: { MessageAttributes: { kind: { Value: [bill] } } } }", 0),
    ];
    for (raw, pattern, passed) in cases {
        let tape = run(&text(raw, pattern));
        assert_eq!(count(&tape, "f", "messages_processed"), passed, "raw {raw}: {pattern}");
        assert_eq!(count(&tape, "m", "filtered_out_events"), 10 - passed, "raw {raw}: {pattern}");
    }
}

#[test]
fn what_aws_refuses_of_filters_is_an_error() {
    let with = |patterns: &str, more: &str| {
        load(&format!(
            "duration: 5m
{more}
queues: {{ q: {{ visibility_timeout: 60s }} }}
producers:
{}{FUNCTION}
{}",
            producer("p", 1, "{ type: order }"),
            mapping("q", patterns, "")
        ))
    };
    let six = ["{ body: { type: [a] } }"; 6].join(";");
    let long = format!("{{ body: {{ type: [{}] }} }}", "x".repeat(4_100));
    let cases = [
        (six.as_str(), "has 5 filters at most"),
        (long.as_str(), "at most 4096 are allowed"),
        ("{}", "the pattern is empty"),
        ("{ messageAttributes: { kind: { stringValue: [gift] } } }", "cannot ask for `messageAttributes`"),
        ("{ type: [order] }", "cannot ask for `type`"),
        ("{ body: order }", "must stand in a list"),
        ("{ body: { type: [] } }", "is empty"),
        ("{ body: { type: {} } }", "holds nothing"),
        ("{ body: { type: [{ wildcard: \"a*\" }] } }", "`wildcard` is not known here"),
        ("{ body: { ip: [{ cidr: 10.0.0.0/8 }] } }", "`cidr` is not known here"),
        ("{ body: { type: [{ prefx: a }] } }", "there is no operator `prefx`"),
        ("{ body: { price: [{ numeric: [\">\", 5, \"<\", 1] }] } }", "no bounds"),
    ];
    for (patterns, told) in cases {
        let error = with(patterns, "").expect_err(patterns);
        assert!(error.contains(told), "{patterns}: {error}");
    }
    assert!(with(&six, "quotas: { lambda_filters_per_event_source_mapping: 10 }").is_ok());
    let error = with("{ body: { type: [a] } }", "quotas: { lambda_filters_per_event_source_mapping: 11 }");
    assert!(error.expect_err("ten is the most").contains("from 1 to 10"));
}

#[test]
fn a_producer_that_says_nothing_of_its_bodies_gets_a_warning() {
    let scenario = load(&format!(
        "duration: 1m
queues: {{ q: {{ visibility_timeout: 60s }} }}
producers: {{ p: {{ publishes_to: {{ queue: q }}, arrivals: {{ bursts: [{{ at: 0s, messages: 10 }}] }} }} }}
{FUNCTION}
{}",
        mapping("q", "{ body: { type: [order] } }", "")
    ))
    .expect("it is allowed");
    assert!(
        scenario.warnings().contains("the filters delete all messages of `p`"),
        "{}",
        scenario.warnings()
    );
    let tape = scenario.run().expect("the run succeeds");
    check_counts(&tape, "m", &[("filtered_out_events", 10), ("invoked_events", 0)]);
}
