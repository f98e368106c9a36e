//! The books of every subscription, whatever its endpoint does: published = delivered + filtered + failed + in retry.

use super::{fate, run, sum};
use proptest::prelude::*;
use std::fmt::Write as _;

/// Subscriptions of every protocol, well and ill, filtered and not.
fn subscription() -> impl Strategy<Value = String> {
    let endpoint = prop::sample::select(vec![
        "queue: q",
        "queue: q, queue_policy: as_given",
        "queue: q, raw_message_delivery: true, outages: [{ from: 20s, lasts: 2m, status: 500 }]",
        "queue: q, endpoint_deleted_at: 50s",
        "function: f",
        "function: f, function_policy: missing",
        "function: f, outages: [{ from: 0s, lasts: 5m }]",
        "http: { failure_rate: 30% }",
        "https: { failure_rate: 50%, failure_status: 404 }",
        "https: {}, delivery_policy: { num_retries: 10, max_receives_per_second: 1/s }, outages: [{ from: 10s, lasts: 1m }]",
        "email: { failure_rate: 10% }",
        "sms: { failure_rate: 10% }",
        "application: { failure_rate: 20%, failure_status: 410 }, time_to_live: 1m",
    ]);
    let filter = prop::sample::select(vec![
        "",
        ", filter_policy: { kind: [a] }",
        ", filter_policy: { amount: [{ numeric: ['<', 30] }], kind: [{ anything-but: b }] }",
        ", filter_policy_scope: message_body, filter_policy: { k: [{ exists: false }] }",
        ", filter_policy: { kind: [nobody] }",
    ]);
    let letters = prop::sample::select(vec!["", ", redrive_policy: { dead_letter_queue: letters }"]);
    (endpoint, filter, letters).prop_map(|(endpoint, filter, letters)| format!("{endpoint}{filter}{letters}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(5), ..ProptestConfig::default() })]

    #[test]
    fn they_balance_for_each_subscription(subscriptions in prop::collection::vec(subscription(), 1..6), twice in 0_u32..2) {
        let (mut lines, mut queues, mut functions) = (String::new(), String::new(), String::new());
        for (number, subscription) in subscriptions.iter().enumerate() {
            let own = subscription.replace("queue: q", &format!("queue: q{number}")).replace("function: f", &format!("function: f{number}"));
            writeln!(lines, "      - {{ name: s{number}, {own} }}").expect("a text takes everything");
            write!(queues, ", q{number}: {{}}").expect("a text takes everything");
            write!(functions, "f{number}: {{ processing_time: 100ms }}, ").expect("a text takes everything");
        }
        let tape = run(&format!("
name: books
duration: 150s
assumptions: {{ sns_duplicate_probability: {}% }}
topics:
  t:
    subscriptions:
{lines}
queues: {{ letters: {{}}{queues} }}
functions: {{ {functions} }}
producers:
  p:
    publishes_to: {{ topic: t }}
    arrivals: {{ poisson: {{ rate: 3/s }} }}
    message: {{ attributes: {{ kind: {{ one_of: {{ a: 1, b: 1 }} }}, amount: {{ uniform: [1, 100] }} }}, body: {{ x: 1 }} }}
", twice * 10));
        let published = sum(&tape, "t", "messages_published");
        for number in 0..subscriptions.len() {
            let of = |one: &str| fate(&tape, &format!("t.s{number}"), one);
            prop_assert_eq!(of("published"), published);
            prop_assert_eq!(
                published + of("duplicates"),
                of("delivered") + of("filtered_out") + of("redriven_to_dlq") + of("discarded") + of("in_delivery")
            );
        }
        let all = |one: &str| (0..subscriptions.len()).map(|number| fate(&tape, &format!("t.s{number}"), one)).sum::<u64>();
        prop_assert_eq!(all("delivered"), sum(&tape, "t", "notifications_delivered"));
        prop_assert_eq!(all("filtered_out"), sum(&tape, "t", "notifications_filtered_out"));
        prop_assert_eq!(all("redriven_to_dlq"), sum(&tape, "t", "notifications_redriven_to_dlq"));
        prop_assert_eq!(all("redriven_to_dlq"), sum(&tape, "letters", "messages_sent"));
    }
}
