//! Who may publish and subscribe: policies of topics, and keys.

use super::{fate, run, sum};

#[test]
fn a_topic_policy_lets_others_in_and_keeps_some_out() {
    let tape = run("
name: policies
duration: 1m
topics:
  own: { subscriptions: [{ queue: q, subscribed: false }] }
  shared:
    policy:
      - { principals: ['222222222222'], actions: [publish] }
      - { effect: deny, principals: [intern], actions: [subscribe] }
    subscriptions: [{ queue: r, subscribed: false }]
queues: { q: {}, r: {} }
clients:
  partner:
    identity: { account: '222222222222' }
    script:
      - { at: 0s, publish: { topic: own, message: A }, expect: { outcome: AuthorizationError } }
      - { at: 0s, publish: { topic: shared, message: A }, expect: { outcome: Success } }
      - { at: 0s, publish_batch: { topic: own, entries: [{ message: A }] }, expect: { outcome: AuthorizationError } }
      - { at: 0s, subscribe: { topic: shared, subscription: r }, expect: { outcome: AuthorizationError } }
  stranger:
    identity: { account: '333333333333' }
    script:
      - { at: 1s, publish: { topic: shared, message: A }, expect: { outcome: AuthorizationError } }
  intern:
    script:
      - { at: 2s, subscribe: { topic: shared, subscription: r }, expect: { outcome: AuthorizationError } }
      - { at: 2s, publish: { topic: shared, message: A }, expect: { outcome: Success } }
      - { at: 2s, subscribe: { topic: own, subscription: q }, expect: { outcome: Success } }
  owner:
    script:
      - { at: 3s, subscribe: { topic: shared, subscription: r }, expect: { outcome: Success } }
      - { at: 4s, unsubscribe: { topic: shared, subscription: r }, expect: { outcome: Success } }
");
    assert_eq!(sum(&tape, "own", "access_denied"), 2);
    assert_eq!(sum(&tape, "shared", "access_denied"), 1);
    assert_eq!(sum(&tape, "shared", "messages_published"), 2);
}

#[test]
fn a_producer_gives_a_refused_publish_up() {
    let tape = run("
name: producer
duration: 1m
topics: { t: {} }
producers:
  partner: { identity: { account: '222222222222' }, publishes_to: { topic: t }, arrivals: { bursts: [{ at: 1s, messages: 7 }] } }
  lambda: { identity: { service: events.amazonaws.com }, publishes_to: { topic: t }, arrivals: { bursts: [{ at: 1s, messages: 3 }] } }
  own: { publishes_to: { topic: t }, arrivals: { bursts: [{ at: 1s, messages: 2 }] } }
");
    assert_eq!(sum(&tape, "partner", "messages_rejected"), 7, "no retry helps");
    assert_eq!(sum(&tape, "lambda", "messages_rejected"), 3);
    assert_eq!(sum(&tape, "t", "messages_published"), 2);
    assert_eq!(sum(&tape, "t", "access_denied"), 10);
}

#[test]
fn a_publisher_needs_the_topics_key() {
    let tape = run("
name: keys
duration: 20m
topics:
  aws: { encryption: { sse_kms: {} }, policy: [{ principals: ['222222222222'] }] }
  own: { encryption: { sse_kms: { key: customer_managed, refused: [intern] } }, policy: [{ principals: ['222222222222'] }] }
clients:
  partner:
    identity: { account: '222222222222' }
    script:
      - { at: 0s, publish: { topic: aws, message: A }, expect: { outcome: KMSAccessDenied } }
      - { at: 0s, publish: { topic: own, message: A }, expect: { outcome: Success } }
  intern:
    script:
      - { at: 0s, publish: { topic: own, message: A }, expect: { outcome: KMSAccessDenied } }
      - { at: 0s, publish: { topic: aws, message: A }, expect: { outcome: Success } }
      - { at: 299s, publish: { topic: aws, message: A }, expect: { outcome: Success } }
      - { at: 300s, publish: { topic: aws, message: A }, expect: { outcome: Success } }
");
    // A data key is good for five minutes; a publisher needs two calls for one.
    assert_eq!(sum(&tape, "aws", "kms_calls"), 4);
    assert_eq!(sum(&tape, "own", "kms_calls"), 2);
    assert_eq!(sum(&tape, "own", "access_denied"), 1);
}

#[test]
fn a_key_has_its_own_throttle() {
    let tape = run("
name: throttle
duration: 1m
topics: { t: { encryption: { sse_kms: { requests_per_second: 2 } } } }
clients:
  a: { script: [{ at: 0s, publish: { topic: t, message: A }, expect: { outcome: Success } }] }
  b:
    script:
      - { at: 0s, publish: { topic: t, message: A }, expect: { outcome: KMSThrottling } }
      - { at: 1s, publish: { topic: t, message: A }, expect: { outcome: Success } }
");
    assert_eq!(sum(&tape, "t", "messages_throttled"), 1);
}

#[test]
fn a_composite_alarm_publishes_once_for_its_children() {
    let tape = run("
name: composite
duration: 30m
topics:
  t:
    policy: [{ principals: [cloudwatch.amazonaws.com], actions: [publish], source: both }]
    subscriptions:
      - { queue: q, filter_policy_scope: message_body, filter_policy: { AlarmName: [both], NewStateValue: [ALARM] } }
queues: { q: {}, jobs: {} }
producers: { p: { publishes_to: { queue: jobs }, arrivals: { bursts: [{ at: 1s, messages: 3 }] } } }
alarms:
  few: { metric: { queue: jobs, name: ApproximateNumberOfMessagesVisible }, statistic: Maximum, threshold: 1 }
  many: { metric: { queue: jobs, name: ApproximateNumberOfMessagesVisible }, statistic: Maximum, threshold: 2 }
composite_alarms:
  both: { alarm_rule: ALARM(few) AND ALARM(many), alarm_actions: [{ topic: t }] }
");
    assert_eq!(fate(&tape, "t.q", "delivered"), 1);
}

#[test]
fn an_alarm_needs_the_topics_policy_and_key() {
    let published = |topic: &str| {
        let tape = run(&format!(
            "
name: alarm
duration: 30m
topics: {{ t: {{ subscriptions: [{{ queue: q }}], {topic} }} }}
queues: {{ q: {{}}, jobs: {{}} }}
producers: {{ p: {{ publishes_to: {{ queue: jobs }}, arrivals: {{ bursts: [{{ at: 1s, messages: 3 }}] }} }} }}
alarms:
  backlog:
    metric: {{ queue: jobs, name: ApproximateNumberOfMessagesVisible }}
    statistic: Maximum
    threshold: 1
    alarm_actions: [{{ topic: t }}]
"
        ));
        (fate(&tape, "t.q", "delivered"), sum(&tape, "t", "access_denied"))
    };
    let statement = |principal: &str, source: &str| {
        format!("policy: [{{ principals: [{principal}], actions: [publish]{source} }}]")
    };
    assert_eq!(published(""), (1, 0), "the policy of a new topic lets its account's alarms in");
    assert_eq!(published(&statement("cloudwatch.amazonaws.com", "")), (1, 0));
    assert_eq!(published(&statement("cloudwatch.amazonaws.com", ", source: backlog")), (1, 0));
    assert_eq!(published(&statement("cloudwatch.amazonaws.com", ", source: other")), (0, 1));
    assert_eq!(published(&statement("'222222222222'", "")), (0, 1), "a policy that is given is all there is");
    assert_eq!(
        published("encryption: { sse_kms: {} }"),
        (0, 1),
        "nobody can change the policy of alias/aws/sns"
    );
    assert_eq!(published("encryption: { sse_kms: { key: customer_managed } }"), (1, 0));
    assert_eq!(
        published("encryption: { sse_kms: { key: customer_managed, refused: [cloudwatch] } }"),
        (0, 1)
    );
}
