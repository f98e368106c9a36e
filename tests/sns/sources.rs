//! Services that publish by themselves: groups and object stores.

use super::{fate, refused, run, sum};

#[test]
fn a_group_tells_of_its_instances() {
    let tape = run("
name: group
duration: 1h
topics:
  t:
    subscriptions:
      - { queue: all }
      - { queue: launches, filter_policy_scope: message_body, filter_policy: { Event: ['autoscaling:EC2_INSTANCE_LAUNCH'] } }
      - { queue: ends, filter_policy_scope: message_body, filter_policy: { Event: ['autoscaling:EC2_INSTANCE_TERMINATE'] } }
      - { queue: tests, filter_policy_scope: message_body, filter_policy: { Event: [{ suffix: TEST_NOTIFICATION }] } }
  u: { subscriptions: [{ name: on-duty, email: {} }] }
queues: { jobs: {}, all: {}, launches: {}, ends: {}, tests: {} }
producers: { p: { publishes_to: { queue: jobs }, arrivals: { constant: { rate: 1/s } } } }
consumers:
  workers:
    receives_from: { queue: jobs }
    processing_time: 100ms
    auto_scaling_group:
      min_size: 1
      max_size: 3
      set_desired_capacity: [{ at: 5m, desired_capacity: 3 }, { at: 30m, desired_capacity: 1 }]
      notifications:
        - { topic: t }
        - { topic: u, notification_types: ['autoscaling:EC2_INSTANCE_TERMINATE'] }
");
    let sent = ["all", "launches", "ends", "tests"].map(|queue| sum(&tape, queue, "messages_sent"));
    assert_eq!(sent, [5, 2, 2, 1]);
    assert_eq!(fate(&tape, "u.on-duty", "delivered"), 3, "a test, and two terminations");
    assert_eq!(tape.ledger.get("consumer", "workers", "notified"), Some(8));
}

#[test]
fn a_group_tells_of_launches_that_fail() {
    let tape = run("
name: failures
duration: 1h
topics: { t: { subscriptions: [{ queue: news, filter_policy_scope: message_body, filter_policy: { Event: [{ suffix: _ERROR }] } }] } }
queues: { jobs: {}, news: {} }
producers: { p: { publishes_to: { queue: jobs }, arrivals: { constant: { rate: 1/s } } } }
consumers:
  workers:
    receives_from: { queue: jobs }
    processing_time: 100ms
    auto_scaling_group:
      min_size: 1
      max_size: 3
      capacity_errors: { probability: 100% }
      set_desired_capacity: [{ at: 5m, desired_capacity: 2 }]
      notifications: [{ topic: t }]
");
    let failed = sum(&tape, "workers", "launches_failed");
    assert!(failed > 2);
    assert_eq!(sum(&tape, "news", "messages_sent"), failed);
}

const POLICY: &str = "policy: [{ principals: [s3.amazonaws.com], actions: [publish], source: photos }]";

fn uploads(topic: &str, notifications: &str) -> String {
    format!(
        "
name: uploads
duration: 30m
object_stores: {{ photos: {{ notifications: [{notifications}], event_latency: 2s }} }}
topics:
  t:
    {topic}
    subscriptions:
      - {{ queue: thumbnails }}
      - {{ queue: index, filter_policy_scope: message_body, filter_policy: {{ Records: {{ eventName: [{{ prefix: 'ObjectCreated:' }}] }} }} }}
queues: {{ thumbnails: {{}}, index: {{}}, direct: {{ policy: [{{ principals: [s3.amazonaws.com], actions: [send_message] }}] }} }}
functions: {{ f: {{ processing_time: 1s }} }}
producers:
  phones: {{ publishes_to: {{ object_store: photos }}, arrivals: {{ constant: {{ rate: 1/s }} }}, message: {{ size: 8.5MB }} }}
consumers:
  w: {{ receives_from: {{ queue: thumbnails }}, processing_time: 100ms, instances: 2 }}
"
    )
}

#[test]
fn an_upload_is_told_to_a_topic() {
    let tape = run(&uploads(POLICY, "{ topic: t }"));
    let published = sum(&tape, "t", "messages_published");
    assert!((1_790..=1_800).contains(&published), "{published}");
    assert_eq!(fate(&tape, "t.index", "filtered_out"), 0);
    assert!(published - sum(&tape, "w", "messages_processed") < 10);
    // A tenth of a second for the bytes, up to two for the first one; then the event's two seconds.
    let fastest = tape.value("w", "end_to_end_latency", "min").unwrap();
    assert!(fastest > 2.2 && fastest < 2.6, "{fastest}");
    let size = tape.value("t", "publish_size", "max").unwrap();
    assert!(size < 1_000.0, "the event, not the object: {size}");
    let stored = tape.value("photos", "bytes_stored", "last").unwrap();
    assert!((stored / 8.5e6 - sum(&tape, "photos", "put_requests") as f64).abs() < 1e-6);
}

#[test]
fn an_upload_is_told_to_a_queue_or_a_function() {
    let tape = run(&uploads("", "{ queue: direct }"));
    assert!(sum(&tape, "direct", "messages_sent") > 1_790);
    let tape = run(&uploads("", "{ function: f }"));
    assert!(sum(&tape, "f", "messages_processed") > 1_780);
}

#[test]
fn s3_looks_at_the_destination_first() {
    let cases = [
        ("", "{ topic: t }", "actions: [publish], source: photos"),
        (POLICY, "{ topic: u }", "there is no topic `u`"),
        (POLICY, "{ queue: index }", "actions: [send_message], source: photos"),
        (POLICY, "{ topic: t, queue: direct }", "a notification has one destination"),
        (POLICY, "{ topic: t }, { queue: direct }", "`ObjectCreated:Put` is published already"),
        (POLICY, "{ topic: t, events: [object_removed] }", "nobody hears of what is uploaded to `photos`"),
    ];
    for (topic, notifications, words) in cases {
        let told = refused(&uploads(topic, notifications));
        assert!(told.contains(words), "{words}\n{told}");
    }
    let told =
        refused(&uploads(POLICY, "{ topic: t }").replace("size: 8.5MB", "size: 8.5MB, attributes: { a: b }"));
    assert!(told.contains("uploads to an object store have no `attributes`"), "{told}");
}

#[test]
fn a_payload_that_is_deleted_is_told_too() {
    let tape = run("
name: payloads
duration: 30m
object_stores: { payloads: { notifications: [{ queue: news, events: [object_removed] }] } }
queues: { jobs: { receive_message_wait_time: 20s }, news: { policy: [{ principals: [s3.amazonaws.com] }] } }
producers:
  p: { publishes_to: { queue: jobs }, arrivals: { constant: { rate: 1/s } }, message: { size: 2MiB }, large_payloads: { object_store: payloads } }
consumers:
  w: { receives_from: { queue: jobs }, processing_time: 100ms, instances: 3, large_payloads: { object_store: payloads } }
");
    let deleted = sum(&tape, "payloads", "delete_requests");
    assert!(deleted > 1_700);
    assert!(deleted - sum(&tape, "news", "messages_sent") < 10);
}
