//! What AWS refuses: in a scenario with the reason, at run time with its error.

use super::{refused, run, sum};

#[test]
fn a_scenario_that_aws_would_refuse_is_refused_with_the_reason() {
    let scenario = |topics: &str| {
        format!(
            "
name: rules
duration: 1m
topics: {topics}
queues: {{ q: {{}}, f.fifo: {{}}, letters: {{}}, letters.fifo: {{}} }}
"
        )
    };
    let cases: &[(&str, &str)] = &[
        ("{ t: { subscriptions: [{ queue: r }] } }", "there is no queue `r`"),
        ("{ t: { subscriptions: [{}] } }", "a subscription needs an endpoint"),
        ("{ t: { subscriptions: [{ queue: q, email: {} }] } }", "a subscription has one endpoint"),
        ("{ t: { subscriptions: [{ queue: q }, { queue: q }] } }", "has a subscription `q` already"),
        ("{ t: { subscriptions: [{ queue: f.fifo }] } }", "cannot subscribe to a standard topic"),
        ("{ t.fifo: { subscriptions: [{ email: {} }] } }", "a FIFO topic cannot deliver to `email`"),
        ("{ t: { subscriptions: [{ firehose: s }] } }", "there is no delivery stream `s`"),
        ("{ t: { subscriptions: [{ queue: q, delivery_policy: {} }] } }", "is for HTTP and HTTPS"),
        (
            "{ t: { subscriptions: [{ email: {}, raw_message_delivery: true }] } }",
            "raw message delivery is for",
        ),
        ("{ t: { subscriptions: [{ sms: {}, confirmed_at: 1m }] } }", "needs no confirmation"),
        ("{ t: { subscriptions: [{ http: {}, confirmed_at: 3d }] } }", "confirmed within 2 days"),
        ("{ t: { archive_policy: {} } }", "is for FIFO topics"),
        (
            "{ t.fifo: { subscriptions: [{ queue: f.fifo, replay_policy: { at: 1m } }] } }",
            "nothing to replay",
        ),
        (
            "{ t.fifo: { subscriptions: [{ queue: f.fifo, redrive_policy: { dead_letter_queue: letters } }] } }",
            "must be a FIFO queue",
        ),
        (
            "{ t: { subscriptions: [{ queue: q, redrive_policy: { dead_letter_queue: letters.fifo } }] } }",
            "must be a standard queue",
        ),
        (
            "{ t: { subscriptions: [{ http: {}, delivery_policy: { num_retries: 2, num_no_delay_retries: 3 } }] } }",
            "the phases have 3 retries, `num_retries` is 2",
        ),
        (
            "{ t: { subscriptions: [{ http: {}, delivery_policy: { min_delay_target: 30s } }] } }",
            "is above `max_delay_target`",
        ),
        (
            "{ t: { subscriptions: [{ http: {}, delivery_policy: { max_delay_target: 10m, num_retries: 30 } }] } }",
            "3,600 seconds at most",
        ),
        ("{ t: { maximum_message_size: 2MiB } }", "above the quota"),
        ("{ t: { maximum_message_size: 1MiB, subscriptions: [{ http: {} }] } }", "cannot deliver to `http`"),
        (
            "{ t: { subscriptions: [{ queue: q, filter_policy: { k: [] } }] } }",
            "Empty arrays are not allowed",
        ),
        (
            "{ t: { subscriptions: [{ queue: q, filter_policy: { k: { j: [x] } } }] } }",
            "nested filter policy",
        ),
    ];
    for (topics, words) in cases {
        let told = refused(&scenario(topics));
        assert!(told.contains(words), "{topics}: {words}\n{told}");
        assert!(told.contains("sns.yaml:"), "{told}");
    }
    let told = refused(&format!(
        "quotas: 2022{}",
        scenario(
            "{ t.fifo: { fifo_throughput_scope: message_group, archive_policy: {}, subscriptions: [{ queue: q }, { queue: f.fifo, filter_policy: { k: [{ suffix: a }] } }] } }"
        )
    ));
    for words in ["January 2025", "October 2023", "only FIFO queues can", "`suffix` is not known"] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    assert_eq!(told.matches("sns.yaml:").count(), 4, "{told}");
}

#[test]
fn what_publish_refuses_at_run_time() {
    run("
name: errors
duration: 1m
topics: { t: { subscriptions: [{ queue: q }] } }
queues: { q: {} }
clients:
  me:
    script:
      - { at: 0s, publish: { topic: t, message: '' }, expect: { outcome: InvalidParameter } }
      - { at: 0s, publish: { topic: t, message: A, size: 262144B }, expect: { outcome: Success } }
      - { at: 0s, publish: { topic: t, message: A, size: 262145B }, expect: { outcome: InvalidParameter } }
      - { at: 0s, publish: { topic: t, message: A, message_deduplication_id: x }, expect: { outcome: InvalidParameter } }
      - { at: 0s, publish_batch: { topic: t, entries: [] }, expect: { outcome: EmptyBatchRequest } }
      - { at: 0s, publish_batch: { topic: t, entries: [{ id: a, message: A }, { id: a, message: B }] }, expect: { outcome: BatchEntryIdsNotDistinct } }
      - { at: 0s, publish_batch: { topic: t, entries: [{ id: 'a b', message: A }] }, expect: { outcome: InvalidBatchEntryId } }
      - { at: 0s, publish_batch: { topic: t, entries: [{ message: A, size: 200000B }, { message: B, size: 62145B }] }, expect: { outcome: BatchRequestTooLong } }
      - { at: 0s, publish_batch: { topic: t, entries: [{ message: A }, { message: '' }] }, expect: { outcome: 'Success, InvalidParameter' } }
      - at: 1s
        publish_batch: { topic: t, entries: [{ message: A }, { message: B }, { message: C }, { message: D }, { message: E }, { message: F }, { message: G }, { message: H }, { message: I }, { message: J }, { message: K }] }
        expect: { outcome: TooManyEntriesInBatchRequest }
  stranger:
    identity: { account: '222222222222' }
    script: [{ at: 0s, publish: { topic: t, message: A }, expect: { outcome: AuthorizationError } }]
");
}

#[test]
fn the_account_publishes_so_much_a_second_to_all_topics() {
    let tape = run("
name: quota
region: eu-west-3
duration: 1m
prices: { sns_standard_per_million_publishes: 1000000 }
topics: { t: {}, u: {} }
queues: { q: {} }
producers:
  p: { publishes_to: { topic: t }, arrivals: { constant: { rate: 200/s } }, retries: { max_attempts: 1 } }
  r: { publishes_to: { topic: u }, arrivals: { constant: { rate: 200/s } }, retries: { max_attempts: 1 } }
");
    // 300 messages a second in Paris, of 400.
    let published = sum(&tape, "t", "messages_published") + sum(&tape, "u", "messages_published");
    assert!((18_000..18_700).contains(&published), "{published}");
    let throttled = sum(&tape, "t", "messages_throttled") + sum(&tape, "u", "messages_throttled");
    assert!(throttled > 5_000, "{throttled}");
    let cost = tape.value("t", "estimated_cost", "sum").unwrap();
    assert!((cost - sum(&tape, "t", "messages_published") as f64).abs() < 1e-6);
}

#[test]
fn topics_and_their_subscriptions_are_numbered() {
    let scenario = |quotas: &str, rest: &str| {
        format!(
            "\nname: numbers\nduration: 1m\nquotas: {{ {quotas} }}\nqueues: {{ p: {{}}, q: {{}}, f.fifo: {{}} }}\n{rest}\n"
        )
    };
    let two = "{ subscriptions: [{ queue: p }, { queue: q }] }";
    let topics = format!("topics: {{ t: {two} }}");
    run(&scenario("sns_subscriptions: 2", &topics));
    let told = refused(&scenario("sns_subscriptions: 1", &topics));
    assert!(told.contains("a standard topic has at most 1 subscriptions"), "{told}");
    let topics = "topics: { t: {}, u: {}, v.fifo: {} }";
    run(&scenario("sns_topics: 2, sns_fifo_topics: 1", topics));
    let told = refused(&scenario("sns_topics: 1", topics));
    assert!(told.contains("an account has at most 1 standard topics"), "{told}");

    // What is not subscribed yet does not count, until a script subscribes it.
    let late = "
topics: { t: { subscriptions: [{ queue: p }, { queue: q, subscribed: false }] } }
clients:
  c: { script: [{ at: 1s, subscribe: { topic: t, subscription: q }, expect: { outcome: OUTCOME } }] }
expect: { t.messages_published: sum == 0 }
";
    for (most, outcome) in [(1, "SubscriptionLimitExceeded"), (2, "Success")] {
        let quotas = format!("sns_subscriptions: {most}");
        let tape = run(&scenario(&quotas, &late.replace("OUTCOME", outcome)));
        assert!(tape.expectations.iter().all(|one| one.passed), "{most}: {:?}", tape.expectations);
    }
}

#[test]
fn sms_stop_at_the_spending_limit() {
    let tape = run("
name: sms
duration: 10m
topics: { t: { subscriptions: [{ name: phone, sms: {} }] } }
producers: { p: { publishes_to: { topic: t }, arrivals: { constant: { rate: 1/s } }, message: { size: 200B } } }
");
    // Two parts of 0.00645 dollars each, up to one dollar.
    assert_eq!(sum(&tape, "t", "notifications_delivered"), 77);
    assert!(sum(&tape, "t", "notifications_failed") > 500);
}

#[test]
fn a_topic_publishes_metrics_for_six_hours_after_its_last_call() {
    let tape = run("
name: idle
duration: 14h
topics: { t: { subscriptions: [{ queue: q }] } }
queues: { q: {} }
clients: { c: { script: [{ at: 7h, publish: { topic: t, message: A } }] } }
");
    let published = tape.metrics.iter().find(|series| series.name == "t").expect("a series of the topic");
    let minutes: Vec<u64> =
        published.datapoints.iter().map(|point| point.time.as_nanos() / 60_000_000_000).collect();
    assert_eq!(minutes, (0..360).chain(420..421 + 360).collect::<Vec<u64>>());
}

#[test]
fn a_topics_delivery_policy_is_that_of_subscriptions_without_one() {
    let attempts = |more: &str| {
        let tape = run(&format!(
            "
name: policy
duration: 5m
topics:
  t:
    delivery_policy: {{ num_retries: 1, min_delay_target: 5s, max_delay_target: 5s{more}
    subscriptions:
      - {{ name: none, http: {{ failure_rate: 100% }} }}
      - {{ name: own, https: {{ failure_rate: 100% }}, delivery_policy: {{ num_retries: 2 }} }}
      - {{ queue: q }}
queues: {{ q: {{}} }}
clients: {{ c: {{ script: [{{ at: 1s, publish: {{ topic: t, message: A }} }}] }} }}
"
        ));
        sum(&tape, "t", "delivery_attempts")
    };
    assert_eq!(attempts(" }"), 2 + 3 + 1);
    assert_eq!(attempts(" }\n    disable_subscription_overrides: true"), 2 + 2 + 1);
}
