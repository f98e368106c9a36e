//! Filter policies in whole runs: what reaches whom.

use super::{fate, run, sum};

#[test]
fn each_subscription_gets_what_it_wants() {
    let tape = run("
name: filters
duration: 1m
topics:
  t:
    subscriptions:
      - { queue: all, raw_message_delivery: true }
      - { queue: placed, raw_message_delivery: true, filter_policy: { type: [placed] } }
      - { queue: rich, raw_message_delivery: true, filter_policy: { amount: [{ numeric: [\">\", 100] }] } }
      - queue: gifts
        raw_message_delivery: true
        filter_policy_scope: message_body
        filter_policy: { order: { wrapping: [{ anything-but: none }] } }
queues: { all: {}, placed: {}, rich: {}, gifts: {} }
clients:
  me:
    script:
      - { at: 0s, publish: { topic: t, message: A, attributes: { type: placed, amount: 50 } } }
      - { at: 0s, publish: { topic: t, message: B, attributes: { type: cancelled, amount: 500 } } }
      - { at: 0s, publish: { topic: t, message: C } }
      - { at: 0s, publish: { topic: t, message: '{\"order\":{\"wrapping\":\"paper\"}}', attributes: { type: [placed, x] } } }
      - { at: 0s, publish: { topic: t, message: '{\"order\":{\"wrapping\":\"none\"}}', attributes: { amount: { DataType: Number, StringValue: '101' } } } }
      - { at: 1s, receive_message: { queue: placed, max_number_of_messages: 10 }, expect: { bodies: [A, '{\"order\":{\"wrapping\":\"paper\"}}'] } }
      - { at: 1s, receive_message: { queue: rich, max_number_of_messages: 10 }, expect: { bodies: [B, '{\"order\":{\"wrapping\":\"none\"}}'] } }
      - { at: 1s, receive_message: { queue: gifts, max_number_of_messages: 10 }, expect: { bodies: ['{\"order\":{\"wrapping\":\"paper\"}}'] } }
      - { at: 1s, get_queue_attributes: { queue: all } }
");
    assert_eq!(sum(&tape, "t", "messages_published"), 5);
    assert_eq!(sum(&tape, "t", "notifications_delivered"), 10);
    assert_eq!(sum(&tape, "t", "notifications_filtered_out"), 10);
    assert_eq!(sum(&tape, "t", "filtered_out_attributes"), 6);
    assert_eq!(sum(&tape, "t", "filtered_out_body"), 4);
    assert_eq!(sum(&tape, "t", "filtered_out_no_attributes"), 2, "C at two policies over attributes");
    assert_eq!(sum(&tape, "t", "filtered_out_invalid_body"), 3, "A, B and C are no JSON");
    for (name, delivered) in [("t.all", 5), ("t.placed", 2), ("t.rich", 2), ("t.gifts", 1)] {
        assert_eq!(fate(&tape, name, "published"), 5);
        assert_eq!(fate(&tape, name, "delivered"), delivered, "{name}");
        assert_eq!(fate(&tape, name, "filtered_out"), 5 - delivered, "{name}");
    }
}

#[test]
fn producers_draw_what_policies_read() {
    let tape = run("
name: drawn
duration: 10m
seed: 3
topics:
  t:
    subscriptions:
      - { queue: gold, filter_policy: { tier: [gold] } }
      - { queue: dear, filter_policy: { amount: [{ numeric: [\">\", 250] }] } }
      - { queue: tagged, filter_policy: { tags: [new] } }
      - { queue: paper, filter_policy_scope: message_body, filter_policy: { a: { b: [paper], n: [{ numeric: [\"<\", 5] }] } } }
      - { queue: none, filter_policy: { absent: [{ exists: true }] } }
queues: { gold: {}, dear: {}, tagged: {}, paper: {}, none: {} }
producers:
  p:
    publishes_to: { topic: t }
    arrivals: { constant: { rate: 20/s } }
    message:
      attributes: { tier: { one_of: { gold: 1, silver: 3 } }, amount: { uniform: [1, 500] }, tags: [new, big], n: 7 }
      body: { a: { b: { one_of: { paper: 1, none: 1 } }, n: { uniform: [0, 9] } }, fixed: true }
");
    let published = sum(&tape, "t", "messages_published");
    let share = |name: &str| fate(&tape, &format!("t.{name}"), "delivered") as f64 / published as f64;
    assert!(published > 11_900);
    assert!((share("gold") - 0.25).abs() < 0.02, "{}", share("gold"));
    assert!((share("dear") - 0.5).abs() < 0.02, "{}", share("dear"));
    assert!((share("tagged") - 1.0).abs() < 1e-9);
    // 0 to 4 after rounding: half of the first and the last whole number lie outside.
    assert!((share("paper") - 0.25).abs() < 0.02, "{}", share("paper"));
    assert!(share("none").abs() < 1e-9);
    assert_eq!(tape.ledger.get("run", "drawn", "filtered"), Some(0));
    let copied = tape.ledger.get("run", "drawn", "copied").unwrap();
    assert_eq!(copied + published, sum(&tape, "t", "notifications_delivered"));
}

#[test]
fn a_message_that_nobody_wants_is_filtered() {
    let tape = run("
name: unwanted
duration: 10s
topics: { t: { subscriptions: [{ queue: q, filter_policy: { k: [x] } }] }, deaf: {} }
queues: { q: {} }
producers:
  p: { publishes_to: { topic: t }, arrivals: { constant: { rate: 1/s } }, message: { attributes: { k: y } } }
  r: { publishes_to: { topic: deaf }, arrivals: { constant: { rate: 1/s } } }
");
    let run_fate = |fate: &str| tape.ledger.get("run", "unwanted", fate).unwrap();
    assert!(run_fate("filtered") >= 18);
    assert_eq!(
        run_fate("filtered"),
        sum(&tape, "t", "messages_published") + sum(&tape, "deaf", "messages_published")
    );
}

#[test]
fn a_new_policy_counts_when_it_is_set_or_later() {
    let script = "
clients:
  me:
    script:
      - { at: 0s, publish: { topic: t, message: A, attributes: { k: x } } }
      - { at: 1s, set_subscription_attributes: { topic: t, subscription: q, filter_policy: { k: [y] } }, expect: { outcome: Success } }
      - { at: 2s, publish: { topic: t, message: B, attributes: { k: x } } }
      - { at: 20m, publish: { topic: t, message: C, attributes: { k: x } } }
      - { at: 21m, set_subscription_attributes: { topic: t, subscription: q, filter_policy: {} } }
      - { at: 42m, publish: { topic: t, message: D, attributes: { k: x } } }
      - { at: 43m, receive_message: { queue: q, max_number_of_messages: 10 }, expect: { bodies: [BODIES] } }
";
    let head = "
name: changes
duration: 1h
topics: { t: { subscriptions: [{ queue: q, raw_message_delivery: true }] } }
queues: { q: {} }
";
    run(&format!("{head}{}", script.replace("BODIES", "A, D")));
    let late = format!(
        "{head}assumptions: {{ filter_policy_change_time: 15m }}\n{}",
        script.replace("BODIES", "A, B, D")
    );
    run(&late);
}
