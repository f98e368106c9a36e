//! Random functions and mappings: whatever happens, no message is lost or invented, and a seed gives one history.

use super::{count, load};
use proptest::prelude::*;
use proptest::sample::select;

/// A scenario of one queue or two, functions behind them and beside them.
fn scenario() -> impl Strategy<Value = String> {
    let time = select(vec!["50ms", "2s", "{ exponential: { mean: 900ms } }", "{ uniform: [0s, 4s] }"]);
    let function = (
        time,
        any::<bool>(),
        any::<bool>(),
        select(vec![0_u32, 10, 100]),
        select(vec![
            "",
            ", reserved_concurrent_executions: 0",
            ", reserved_concurrent_executions: 2",
            ", provisioned_concurrent_executions: 3",
        ]),
        select(vec!["", ", dead_letter_queue: dead", ", forwards_to: { queue: dead, share: 50% }"]),
    );
    let mapping = (
        select(vec![1_u32, 3, 10, 40]),
        select(vec![
            "",
            ", maximum_concurrency: 3",
            ", provisioned_poller_config: { minimum_pollers: 2, maximum_pollers: 3 }",
        ]),
        any::<bool>(),
        select(vec![
            "",
            ", disabled: [{ from: 20s, until: 70s }]",
            ", filter_criteria: { filters: [{ pattern: { body: { kind: [a] } } }] }",
        ]),
    );
    let world = (
        1..400_u32,
        1..300_u32,
        select(vec!["none", "fixed", "realistic"]),
        any::<bool>(),
        1..4_u32,
        0..30_u32,
    );
    (function, mapping, world).prop_map(
        |((time, batch, reports, failures, concurrency, goes), (size, cap, listens, off), (messages, seconds, latency, fifo, receives, poison))| {
            let (queue, group, size) = if fifo { ("q.fifo", ", message_group_id: { uniform: 3 }", size.min(10)) } else { ("q", "", size) };
            let window = if size > 10 { ", maximum_batching_window: 2s" } else { "" };
            let responses = if listens { ", function_response_types: [ReportBatchItemFailures]" } else { "" };
            let processing = if batch { "per_batch" } else { "per_message" };
            let failing = if reports { "report_batch_item_failures" } else { "raise_error" };
            let redrive = if fifo { String::new() } else { format!(", redrive_policy: {{ dead_letter_queue: dead, max_receive_count: {receives} }}") };
            format!(
                "duration: {seconds}s
api_latency: {latency}
queues: {{ {queue}: {{ visibility_timeout: 5s{redrive} }}, dead: {{}} }}
producers:
  p: {{ publishes_to: {{ queue: {queue} }}, arrivals: {{ bursts: [{{ at: 0s, messages: {messages} }}] }}, message: {{ poison_rate: {poison}%{group}, body: {{ kind: {{ one_of: {{ a: 1, b: 1 }} }} }} }} }}
  e: {{ publishes_to: {{ function: f }}, arrivals: {{ poisson: {{ rate: 1/s }} }}, message: {{ poison_rate: {poison}% }} }}
functions:
  f: {{ processing_time: {time}, processing: {processing}, on_message_failure: {failing}, failure_rate: {failures}%, timeout: 3s{concurrency}{goes} }}
event_source_mappings:
  m: {{ queue: {queue}, function: f, batch_size: {size}{window}{cap}{responses}{off} }}
"
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn messages_are_neither_lost_nor_invented(text in scenario()) {
        let scenario = load(&text).map_err(TestCaseError::fail)?;
        // A run whose books do not balance is refused.
        let tape = scenario.run().map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let again = scenario.run().map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(&tape.summary, &again.summary);
        let of_mapping = |metric| count(&tape, "m", metric);
        prop_assert!(of_mapping("polled_events") >= of_mapping("deleted_events") + of_mapping("filtered_out_events"));
        prop_assert!(count(&tape, "f", "errors") <= count(&tape, "f", "invocations"));
    }
}
