//! Concurrency, environments, time and money of functions.

use super::{check_counts, count, load, run, value};

fn bursts(function: &str, bursts: &[(&str, u32)], quotas: &str, duration: &str) -> String {
    let bursts: Vec<String> =
        bursts.iter().map(|(at, messages)| format!("{{ at: {at}, messages: {messages} }}")).collect();
    format!(
        "duration: {duration}
{quotas}
producers: {{ p: {{ publishes_to: {{ function: f }}, arrivals: {{ bursts: [{}] }} }} }}
functions: {{ f: {{ {function} }} }}
",
        bursts.join(", ")
    )
}

#[test]
fn all_functions_share_a_thousand_executions() {
    let tape = run("duration: 5s
producers:
  p: { publishes_to: { function: f }, arrivals: { bursts: [{ at: 0s, messages: 700 }] } }
  q: { publishes_to: { function: g }, arrivals: { bursts: [{ at: 0s, messages: 700 }] } }
functions:
  f: { processing_time: 100s, timeout: 200s, init_duration: 0s }
  g: { processing_time: 100s, timeout: 200s, init_duration: 0s }
");
    assert_eq!(value(&tape, "lambda", "concurrent_executions", "max"), 1_000.0);
    assert_eq!(value(&tape, "lambda", "unreserved_concurrent_executions", "max"), 1_000.0);
    assert!(count(&tape, "f", "throttles") + count(&tape, "g", "throttles") >= 400);
}

#[test]
fn a_reservation_is_a_share_and_a_limit_and_leaves_a_hundred() {
    let text = |reserved: u32| {
        format!(
            "duration: 5s
producers:
  p: {{ publishes_to: {{ function: f }}, arrivals: {{ bursts: [{{ at: 0s, messages: 900 }}] }} }}
  q: {{ publishes_to: {{ function: g }}, arrivals: {{ bursts: [{{ at: 0s, messages: 900 }}] }} }}
functions:
  f: {{ processing_time: 100s, timeout: 200s, init_duration: 0s, reserved_concurrent_executions: {reserved} }}
  g: {{ processing_time: 100s, timeout: 200s, init_duration: 0s }}
"
        )
    };
    let tape = run(&text(300));
    assert_eq!(value(&tape, "f", "concurrent_executions", "max"), 300.0);
    assert_eq!(value(&tape, "g", "concurrent_executions", "max"), 700.0);
    assert_eq!(value(&tape, "lambda", "unreserved_concurrent_executions", "max"), 700.0);
    assert!(load(&text(900)).is_ok());
    let error = load(&text(901)).unwrap_err();
    assert!(error.contains("100 must stay unreserved"), "{error}");
}

#[test]
fn a_thousand_new_environments_come_in_ten_seconds_now_and_a_burst_in_2022() {
    let quotas = |more: &str| format!("quotas: {{ {more} lambda_concurrent_executions: 10000 }}");
    let keys = "processing_time: 300s, timeout: 900s, init_duration: 0s";
    let at_once = |quotas: &str, region: &str, duration: &str| {
        let text = bursts(keys, &[("0s", 5_000)], &format!("{quotas}\n{region}"), duration);
        value(&run(&text), "f", "concurrent_executions", "max")
    };
    assert_eq!(at_once(&quotas(""), "", "500ms"), 1_000.0);
    assert_eq!(at_once(&quotas("profile: 2022,"), "", "500ms"), 3_000.0);
    assert_eq!(at_once(&quotas("profile: 2022, lambda_burst_concurrency: 500,"), "", "500ms"), 500.0);
}

#[test]
fn an_environment_is_used_again_while_it_is_kept() {
    let keys = "processing_time: 1s, init_duration: 2s";
    let times = [("0s", 1), ("1m", 1), ("8m", 1)];
    let tape = run(&bursts(keys, &times, "", "10m"));
    // Six minutes is how long it is kept.
    check_counts(&tape, "f", &[("cold_starts", 2), ("invocations", 3)]);
    assert_eq!(value(&tape, "f", "duration", "max"), 1.0, "the initialisation is no part of the duration");
    assert_eq!(value(&tape, "f", "end_to_end_latency", "max"), 3.0, "but of the latency");
    // Billed since August 2025: 3 × 1 s and 2 × 2 s.
    assert_eq!(count(&tape, "f", "billed_milliseconds"), 7_000);
    let before = run(&bursts(keys, &times, "quotas: 2022", "10m"));
    assert_eq!(count(&before, "f", "billed_milliseconds"), 3_000);
}

#[test]
fn running_out_of_time_is_an_error_and_costs_the_environment() {
    let keys = "processing_time: 5s, timeout: 3s, init_duration: 1s, event_invoke_config: { maximum_retry_attempts: 0 }";
    let tape = run(&bursts(keys, &[("0s", 1), ("10s", 1)], "", "1m"));
    check_counts(
        &tape,
        "f",
        &[("errors", 2), ("timeouts", 2), ("cold_starts", 2), ("messages_processed", 0)],
    );
    assert_eq!(value(&tape, "f", "duration", "max"), 3.0);
}

#[test]
fn provisioned_environments_start_at_once_and_the_rest_spills_over() {
    let keys =
        "processing_time: 1s, init_duration: 5s, provisioned_concurrent_executions: 2, memory_size: 1024";
    let tape = run(&bursts(keys, &[("0s", 3)], "", "1h"));
    check_counts(
        &tape,
        "f",
        &[
            ("provisioned_concurrency_invocations", 2),
            ("provisioned_concurrency_spillover_invocations", 1),
            ("cold_starts", 1),
        ],
    );
    // Two environments of 1 GB for an hour, two seconds in them, six outside, three requests.
    let cost = 2.0 * 3_600.0 * 0.000_004_166_7 + 2.0 * 0.000_009_722_2 + 6.0 * 0.000_016_666_7 + 3.0 * 0.2e-6;
    assert!((value(&tape, "f", "estimated_cost", "sum") - cost).abs() < 1e-9);
}

#[test]
fn results_go_on_to_another_queue() {
    let tape = run("duration: 1m
queues: { results: {} }
producers: { p: { publishes_to: { function: f }, arrivals: { bursts: [{ at: 0s, messages: 25 }] } } }
functions: { f: { processing_time: 1s, init_duration: 0s, forwards_to: { queue: results, size: 10B } } }
");
    assert_eq!(count(&tape, "results", "messages_sent"), 25);
    assert_eq!(count(&tape, "f", "messages_forwarded"), 25);
    assert_eq!(super::fate(&tape, "run", "lambda", "forwarded"), 25);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let keys = "processing_time: { exponential: { mean: 300ms } }, failure_rate: 10%";
    let text = bursts(keys, &[("0s", 500), ("1m", 500)], "", "10m");
    assert_eq!(run(&text).summary, run(&text).summary);
}

#[test]
fn an_alarm_watches_a_function() {
    let text = "duration: 30m
producers: { p: { publishes_to: { function: f }, arrivals: { poisson: { rate: 5/s } } } }
functions: { f: { processing_time: 1s, init_duration: 0s, reserved_concurrent_executions: 1 } }
alarms:
  throttled: { metric: { function: f, name: Throttles }, statistic: Sum, threshold: 0 }
";
    let tape = run(text);
    assert!(tape.alarms.iter().any(|change| change.alarm == "throttled" && change.new_state == "ALARM"));
    let error = load(&text.replace("name: Throttles", "name: Throttle")).unwrap_err();
    assert!(error.contains("did you mean `Throttles`?"), "{error}");
}
