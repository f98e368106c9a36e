//! Event source mappings: ramp, batches, windows, throttles, failures, order.

use super::{check_counts, count, fate, load, run, value};
use queuelab::record::Tape;

/// A queue, a burst into it, a function and a mapping.
struct Setting<'a> {
    duration: &'a str,
    more: &'a str,
    queue: &'a str,
    messages: u32,
    message: &'a str,
    function: &'a str,
    mapping: &'a str,
}

impl Default for Setting<'_> {
    fn default() -> Self {
        Self {
            duration: "10m",
            more: "",
            queue: "visibility_timeout: 60s",
            messages: 10,
            message: "",
            function: "processing_time: 1s, processing: per_batch, timeout: 10s",
            mapping: "",
        }
    }
}

impl Setting<'_> {
    fn text(&self) -> String {
        let Self { duration, more, queue, messages, message, function, mapping } = self;
        format!(
            "duration: {duration}
{more}
queues: {{ q: {{ {queue} }}, dead: {{}} }}
producers: {{ p: {{ publishes_to: {{ queue: q }}, arrivals: {{ bursts: [{{ at: 0s, messages: {messages} }}] }}{message} }} }}
functions: {{ f: {{ init_duration: 0s, {function} }} }}
event_source_mappings: {{ m: {{ queue: q, function: f{mapping} }} }}
"
        )
    }

    fn run(&self) -> Tape {
        run(&self.text())
    }
}

/// Executions at the end of this minute.
fn at_minute(tape: &Tape, minute: usize) -> f64 {
    let series = tape.metrics.iter().find(|series| {
        series.kind == "function" && series.definition.cloudwatch_name == Some("ConcurrentExecutions")
    });
    series.expect("functions publish their executions").datapoints[minute - 1].sum
}

#[test]
fn the_ramp_of_today_is_300_a_minute_up_to_1250() {
    let setting = Setting {
        duration: "6m",
        more: "quotas: { lambda_concurrent_executions: 3000 }",
        messages: 150_000,
        queue: "visibility_timeout: 5m",
        function: "processing_time: 20s, processing: per_batch, timeout: 30s",
        ..Setting::default()
    };
    let tape = setting.run();
    assert_eq!(
        (1..=5).map(|minute| at_minute(&tape, minute)).collect::<Vec<_>>(),
        [300.0, 600.0, 900.0, 1_200.0, 1_250.0]
    );
    assert_eq!(value(&tape, "f", "concurrent_executions", "max"), 1_250.0);
    assert_eq!(count(&tape, "f", "throttles"), 0);
}

#[test]
fn the_ramp_of_2022_is_60_a_minute_up_to_1000() {
    let setting = Setting {
        duration: "20m",
        more: "quotas: 2022",
        messages: 120_000,
        queue: "visibility_timeout: 10m",
        function: "processing_time: 60s, processing: per_batch, timeout: 90s",
        ..Setting::default()
    };
    let tape = setting.run();
    assert_eq!((1..=3).map(|minute| at_minute(&tape, minute)).collect::<Vec<_>>(), [64.0, 124.0, 184.0]);
    assert_eq!(value(&tape, "f", "concurrent_executions", "max"), 1_000.0);
}

#[test]
fn maximum_concurrency_caps_a_mapping_and_provisioned_pollers_begin_with_ten_each() {
    let capped = Setting { messages: 2_000, mapping: ", maximum_concurrency: 7", ..Setting::default() };
    assert_eq!(value(&capped.run(), "f", "concurrent_executions", "max"), 7.0);
    let provisioned = Setting {
        duration: "2s",
        messages: 5_000,
        mapping: ", provisioned_poller_config: { minimum_pollers: 3, maximum_pollers: 5 }",
        ..Setting::default()
    };
    let tape = provisioned.run();
    assert_eq!(value(&tape, "m", "batches_at_once", "min"), 30.0);
    assert_eq!(value(&tape, "m", "provisioned_pollers", "min"), 3.0);
}

#[test]
fn an_idle_mapping_keeps_two_long_polls_or_with_a_maximum_concurrency_five() {
    let idle = Setting { messages: 1, duration: "1h", ..Setting::default() };
    assert_eq!(value(&idle.run(), "m", "batches_at_once", "last"), 2.0);
    let capped =
        Setting { mapping: ", maximum_concurrency: 100", messages: 1, duration: "1h", ..Setting::default() };
    let tape = capped.run();
    assert_eq!(value(&tape, "m", "batches_at_once", "last"), 5.0);
    // Three polls a minute each, all of them billed.
    let polls = count(&tape, "q", "receive_calls");
    assert!((899..=906).contains(&polls), "{polls}");
}

#[test]
fn a_success_deletes_the_batch_and_an_error_leaves_it() {
    let tape = Setting { messages: 25, ..Setting::default() }.run();
    check_counts(&tape, "m", &[("polled_events", 25), ("deleted_events", 25), ("failed_invoke_events", 0)]);
    assert_eq!(fate(&tape, "queue", "q", "deleted"), 25);
    let failing = Setting {
        messages: 10,
        duration: "90s",
        function: "processing_time: 1s, processing: per_batch, timeout: 10s, failure_rate: 100%",
        ..Setting::default()
    };
    let tape = failing.run();
    // All come back after a minute, once.
    check_counts(
        &tape,
        "q",
        &[("messages_received", 20), ("messages_deleted", 0), ("visibility_timeouts", 10)],
    );
    assert_eq!(count(&tape, "m", "failed_invoke_events"), 20);
}

#[test]
fn an_error_undoes_what_the_batch_had_done() {
    // Every message before the failed one is processed, and processed again with it.
    let setting = Setting {
        messages: 100,
        message: ", message: { poison_rate: 10% }",
        queue: "visibility_timeout: 60s, redrive_policy: { dead_letter_queue: dead, max_receive_count: 3 }",
        function: "processing_time: 100ms, timeout: 10s",
        ..Setting::default()
    };
    let raising = setting.run();
    let poisoned = 100 - count(&raising, "f", "messages_processed");
    assert!(count(&raising, "f", "duplicates") > 0);
    assert!(
        count(&raising, "dead", "messages_redriven_in") > poisoned.min(10),
        "good messages are dead letters too"
    );
    let reporting = Setting {
        function: "processing_time: 100ms, timeout: 10s, on_message_failure: report_batch_item_failures",
        mapping: ", function_response_types: [ReportBatchItemFailures]",
        ..setting
    }
    .run();
    let failed = 100 - count(&reporting, "f", "messages_processed");
    assert!(failed > 0);
    check_counts(&reporting, "f", &[("duplicates", 0), ("errors", 0)]);
    assert_eq!(count(&reporting, "dead", "messages_redriven_in"), failed);
    assert_eq!(count(&reporting, "m", "deleted_events"), 100 - failed);
}

#[test]
fn failures_that_a_mapping_does_not_ask_for_are_deleted() {
    let setting = Setting {
        messages: 10,
        message: ", message: { poison_rate: 100% }",
        function: "processing_time: 100ms, timeout: 10s, on_message_failure: report_batch_item_failures",
        ..Setting::default()
    };
    assert!(load(&setting.text()).unwrap().warnings().contains("are ignored"));
    let tape = setting.run();
    assert_eq!(fate(&tape, "run", "lambda", "discarded"), 10);
}

#[test]
fn throttled_batches_burn_receives_until_good_messages_are_dead_letters() {
    let greedy = Setting {
        duration: "30m",
        messages: 6_000,
        queue: "visibility_timeout: 60s, redrive_policy: { dead_letter_queue: dead, max_receive_count: 2 }",
        function: "processing_time: 1300ms, processing: per_batch, timeout: 10s, reserved_concurrent_executions: 1",
        ..Setting::default()
    };
    let tape = greedy.run();
    assert!(count(&tape, "f", "throttles") > 100);
    let dead = count(&tape, "dead", "messages_redriven_in");
    assert!(dead > 100, "{dead} dead letters");
    assert_eq!(count(&tape, "f", "errors"), 0);
    assert_eq!(count(&tape, "f", "messages_processed") + dead, 6_000);
}

#[test]
fn a_batch_of_more_than_ten_is_gathered_within_its_window() {
    let setting = Setting {
        messages: 1_000,
        mapping: ", batch_size: 100, maximum_batching_window: 30s, maximum_concurrency: 2",
        ..Setting::default()
    };
    let tape = setting.run();
    check_counts(&tape, "f", &[("invocations", 10), ("messages_processed", 1_000)]);
    assert_eq!(count(&tape, "q", "delete_calls"), 100, "ten a call");
}

#[test]
fn a_short_window_lasts_as_long_as_a_long_poll_and_a_long_one_as_it_says() {
    for (window, latency) in [("0s", 1.0), ("5s", 21.0), ("30s", 31.0)] {
        let mapping = format!(", maximum_batching_window: {window}");
        let setting = Setting { messages: 1, mapping: &mapping, ..Setting::default() };
        let found = value(&setting.run(), "f", "end_to_end_latency", "max");
        assert!((found - latency).abs() < 1e-6, "window {window}: {found}");
    }
}

#[test]
fn an_invocation_takes_six_megabytes() {
    let setting = Setting {
        messages: 100,
        message: ", message: { size: 1000000B }",
        mapping: ", batch_size: 100, maximum_batching_window: 30s, maximum_concurrency: 2",
        ..Setting::default()
    };
    let tape = setting.run();
    check_counts(&tape, "f", &[("messages_processed", 100)]);
    // 6,291,456 bytes hold six of 1,000,500.
    assert!(count(&tape, "f", "invocations") >= 17, "{}", count(&tape, "f", "invocations"));
}

#[test]
fn window_and_timeout_lengthen_the_visibility() {
    // 60 s and 30 s and 30 s more: the batch that fails comes back two minutes after its receive.
    let setting = Setting {
        duration: "230s",
        messages: 1,
        queue: "visibility_timeout: 30s",
        function: "processing_time: 1s, timeout: 30s, failure_rate: 100%",
        mapping: ", maximum_batching_window: 60s",
        ..Setting::default()
    };
    let tape = setting.run();
    check_counts(&tape, "q", &[("messages_received", 2), ("visibility_timeouts", 1)]);
}

#[test]
fn a_fifo_queue_has_one_batch_of_a_group_at_a_time_in_order() {
    let producers: Vec<String> = (0..4)
        .map(|n| {
            format!(
                "  p{n}: {{ publishes_to: {{ queue: q.fifo }}, arrivals: {{ bursts: [{{ at: 0s, messages: 60 }}] }}, message: {{ message_group_id: g{n} }} }}\n"
            )
        })
        .collect();
    let producers = producers.concat();
    for (function, response) in [
        ("failure_rate: 0", ""),
        ("failure_rate: 5%", ""),
        (
            "failure_rate: 5%, on_message_failure: report_batch_item_failures",
            ", function_response_types: [ReportBatchItemFailures]",
        ),
    ] {
        let tape = run(&format!(
            "duration: 12h
queues: {{ q.fifo: {{ visibility_timeout: 30s, content_based_deduplication: true }} }}
producers:
{producers}functions: {{ f: {{ processing_time: 100ms, timeout: 5s, init_duration: 0s, {function} }} }}
event_source_mappings: {{ m: {{ queue: q.fifo, function: f{response} }} }}
"
        ));
        assert_eq!(count(&tape, "f", "messages_processed"), 240, "{function}");
        assert!(value(&tape, "f", "concurrent_executions", "max") <= 4.0, "{function}");
        if function == "failure_rate: 0" {
            assert_eq!(count(&tape, "f", "out_of_order"), 0);
        }
        if function.contains("report") {
            assert_eq!(
                count(&tape, "f", "duplicates"),
                0,
                "what was done before the failure is not done again"
            );
        }
    }
}

#[test]
fn a_disabled_mapping_does_not_poll() {
    let setting = Setting {
        messages: 10,
        mapping: ", enabled: false, disabled: [{ from: 1m, until: 5m }]",
        ..Setting::default()
    };
    let tape = setting.run();
    assert_eq!(value(&tape, "f", "end_to_end_latency", "min"), 301.0);
    let stopped = Setting { mapping: ", disabled: [{ from: 0s, until: 2m }]", ..Setting::default() }.run();
    assert!(value(&stopped, "f", "end_to_end_latency", "min") >= 1.0);
    assert_eq!(count(&stopped, "f", "messages_processed"), 10);
}

#[test]
fn what_aws_refuses_is_an_error() {
    let with = |queue: &'static str, function: &'static str, mapping: &'static str| {
        load(&Setting { queue, function, mapping, ..Setting::default() }.text())
    };
    let work = "processing_time: 1s, timeout: 10s";
    let cases = [
        ("visibility_timeout: 9s", "", "is less than the timeout"),
        ("", ", batch_size: 11", "needs a `maximum_batching_window`"),
        ("", ", batch_size: 10001, maximum_batching_window: 1s", "from 1 to 10000"),
        ("", ", maximum_batching_window: 301s", "from 0s to 5m"),
        ("", ", maximum_concurrency: 1", "from 2 to 1000"),
        ("", ", maximum_concurrency: 2, provisioned_poller_config: {}", "exclude each other"),
        ("", ", provisioned_poller_config: { minimum_pollers: 9, maximum_pollers: 8 }", "cannot exceed"),
        ("", ", maximum_batching_window: 1500ms", "whole number of seconds"),
        ("", ", disabled: [{ from: 2m, until: 1m }]", "have a length"),
    ];
    for (queue, mapping, told) in cases {
        let error = with(queue, work, mapping).expect_err(mapping);
        assert!(error.contains(told), "{mapping}: {error}");
    }
    assert!(with("visibility_timeout: 10s", work, "").unwrap().warnings().contains("six times"));
    assert!(with("visibility_timeout: 60s", work, "").unwrap().warnings().is_empty());
}
