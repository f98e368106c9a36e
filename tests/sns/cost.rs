//! What topics cost.

use super::{run, sum};
use queuelab::record::Tape;

fn cost(tape: &Tape, topic: &str) -> f64 {
    tape.value(topic, "estimated_cost", "sum").expect("every topic has a cost")
}

/// Ten messages of 7 KiB in one call, and one of 65,537 bytes.
const CALLS: &str = "
      - at: 1m
        publish_batch: { topic: TOPIC, entries: [{ message: A, size: 7KiB }, { message: B, size: 7KiB }, { message: C, size: 7KiB }, { message: D, size: 7KiB }, { message: E, size: 7KiB }, { message: F, size: 7KiB }, { message: G, size: 7KiB }, { message: H, size: 7KiB }, { message: I, size: 7KiB }, { message: J, size: 7KiB }] }
      - { at: 2m, publish: { topic: TOPIC, message: K, size: 65537B } }
";

#[test]
fn a_batch_is_billed_by_the_call_and_not_by_the_message() {
    let tape = run(&format!(
        "
name: cost
duration: 5m
prices: {{ sns_standard_per_million_publishes: 1000000 }}
topics: {{ t: {{}} }}
clients:
  c:
    script:{}",
        CALLS.replace("TOPIC", "t")
    ));
    // 71,680 and 65,537 bytes: two requests each.
    assert_eq!(sum(&tape, "t", "billed_publishes"), 4);
    assert!((cost(&tape, "t") - 4.0).abs() < 1e-9);
}

/// What is paid for a FIFO topic.
const PRICES: [&str; 6] = [
    "sns_fifo_per_million_publishes",
    "sns_fifo_per_gb_published",
    "sns_fifo_per_million_notifications",
    "sns_fifo_per_gb_notified",
    "sns_archive_per_gb",
    "sns_archive_gb_month",
];

#[test]
fn fifo_topics_bill_calls_bytes_and_what_is_notified() {
    let entries: Vec<String> =
        (0..10).map(|number| format!("{{ message: m{number}, size: 64KiB, message_group_id: g }}")).collect();
    // Everything is free but one thing.
    let run = |more: &str, (name, dollars): (&str, u32)| {
        let price = |one: &str| format!("{one}: {}", if one == name { dollars } else { 0 });
        let prices = PRICES.map(price).join(", ");
        run(&format!(
            "
name: cost
duration: 36h{more}
prices: {{ {prices} }}
topics:
  t.fifo:
    content_based_deduplication: true
    maximum_message_size: 1MiB
    archive_policy: {{ message_retention_period: 365d }}
    subscriptions: [{{ queue: a.fifo }}, {{ queue: b.fifo, filter_policy: {{ k: [v] }} }}]
queues: {{ a.fifo: {{}}, b.fifo: {{}} }}
clients:
  c: {{ script: [{{ at: 12h, publish_batch: {{ topic: t.fifo, entries: [{}] }} }}] }}
",
            entries.join(", ")
        ))
    };
    let gib = 655_360.0 / 1_073_741_824.0;
    // A day of thirty lies behind the publish.
    let cases = [(1_000_000, 1.0), (1, gib), (1_000_000, 20.0), (1, 2.0 * gib), (1, gib), (1, gib / 30.0)];
    for (name, (dollars, expected)) in PRICES.into_iter().zip(cases) {
        let tape = run("", (name, dollars));
        assert!((cost(&tape, "t.fifo") - expected).abs() < 1e-9, "{name}: {}", cost(&tape, "t.fifo"));
    }
    let warm = run("\nwarm_up: 1d", ("sns_fifo_per_million_notifications", 1_000_000));
    assert!(cost(&warm, "t.fifo").abs() < 1e-12, "what the warm-up cost is left out");
}

#[test]
fn policies_over_the_body_cost_by_what_they_look_at() {
    let tape = run("
name: cost
duration: 5m
warm_up: 90s
prices: { sns_standard_per_million_publishes: 0, sns_http_per_hundred_thousand_deliveries: 100000, sns_body_filtering_per_gb: 1073741824 }
topics:
  t:
    subscriptions:
      - { http: {}, filter_policy_scope: message_body, filter_policy: { k: [v] } }
      - { email: {}, filter_policy_scope: message_body, filter_policy: { k: [w] } }
clients:
  c:
    script:
      - { at: 1m, publish: { topic: t, message: '{\"k\":\"v\"}' } }
      - { at: 2m, publish: { topic: t, message: '{\"k\":\"v\"}', size: 1000B } }
");
    // One delivery after the warm-up, and two policies that look at 1,000 bytes.
    assert!((cost(&tape, "t") - 2_001.0).abs() < 1e-6, "{}", cost(&tape, "t"));
}
