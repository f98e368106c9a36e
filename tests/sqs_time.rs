//! What takes time at AWS or happens by itself: changes that spread, metrics of queues that sleep, calls with latency.

use crate::sqs_calls::play;
use queuelab::language::NoFiles;
use queuelab::record::Tape;
use queuelab::scenario::Scenario;

fn run(yaml: &str) -> Tape {
    let scenario = Scenario::load("time.yaml", yaml.as_bytes(), &[], &NoFiles);
    scenario.unwrap_or_else(|problems| panic!("{problems}")).run().expect("the scenario runs")
}

/// The minutes for which a metric of the queue `q` has datapoints, and their sums.
fn minutes(tape: &Tape, metric: &str) -> Vec<(u64, f64)> {
    let series = tape
        .metrics
        .iter()
        .find(|series| series.name == "q" && series.definition.cloudwatch_name == Some(metric))
        .unwrap_or_else(|| panic!("{metric} is a metric"));
    let minute = |time: queuelab::engine::Time| time.since_start().as_nanos() / 60_000_000_000;
    series.datapoints.iter().map(|point| (minute(point.time), point.sum)).collect()
}

#[test]
fn attributes_count_after_a_while_and_the_last_one_stays() {
    play(
        "assumptions: { attribute_change_time: 60s, retention_change_time: 15m }
queues: { q: { visibility_timeout: 10s } }",
        "0s send_message queue: q, body: A
         0s set_queue_attributes queue: q, visibility_timeout: 100s, message_retention_period: 60s => Success
         59s receive_message queue: q => [A]
         69s receive_message queue: q => [A]
         168s receive_message queue: q => []
         169s receive_message queue: q => [A]
         500s set_queue_attributes queue: q, visibility_timeout: 7s => Success
         510s set_queue_attributes queue: q, visibility_timeout: 5s => Success
         600s receive_message queue: q => [A]
         605s receive_message queue: q => [A]
         899s receive_message queue: q => [A]
         920s receive_message queue: q => []",
    );
}

#[test]
fn what_is_out_of_range_is_refused_at_once() {
    play(
        "assumptions: { attribute_change_time: 60s }\nqueues: { q: {} }",
        "0s set_queue_attributes queue: q, visibility_timeout: 43201s => InvalidAttributeValue",
    );
}

#[test]
fn a_purge_may_let_messages_through_for_a_minute() {
    play(
        "assumptions: { purge_time: 40s }\nqueues: { q: { visibility_timeout: 5s } }",
        "0s send_message queue: q, body: A
         1s purge_queue queue: q => Success
         10s send_message queue: q, body: B
         11s receive_message queue: q => [A]
         20s receive_message queue: q, max_number_of_messages: 10 => [A, B]
         30s purge_queue queue: q => PurgeQueueInProgress
         41s receive_message queue: q, max_number_of_messages: 10 => [B]",
    );
    play(
        "assumptions: { purge_time: 40s, purge_takes_later_messages: true }\nqueues: { q: {} }",
        "1s purge_queue queue: q => Success
         10s send_message queue: q, body: B
         41s receive_message queue: q, max_number_of_messages: 10 => []
         42s send_message queue: q, body: C
         43s receive_message queue: q, max_number_of_messages: 10 => [C]",
    );
}

#[test]
fn a_purge_that_ends_frees_a_group_and_answers_who_waits() {
    play(
        "assumptions: { purge_time: 40s }
queues: { q.fifo: { content_based_deduplication: true, visibility_timeout: 1h } }",
        "0s send_message queue: q.fifo, body: A, message_group_id: g
         1s receive_message queue: q.fifo => [A]
         2s purge_queue queue: q.fifo => Success
         3s send_message queue: q.fifo, body: B, message_group_id: g
         30s receive_message queue: q.fifo => []
         35s receive_message queue: q.fifo, wait_time: 20s => [B]
         43s send_message queue: q.fifo, body: A, message_group_id: h => Success
         44s receive_message queue: q.fifo => [A]",
    );
}

#[test]
fn a_queue_is_a_dead_letter_queue_as_long_as_a_policy_names_it() {
    play(
        "queues: { q: { visibility_timeout: 1s }, d: {} }",
        "0s send_message queue: q, body: A
         0s start_message_move_task source: d => InvalidParameterValue
         1s set_queue_attributes queue: q, redrive_policy: { dead_letter_queue: d, max_receive_count: 1 } => Success
         2s receive_message queue: q => [A]
         4s receive_message queue: q => []
         5s start_message_move_task source: d => Success
         6s receive_message queue: q => [A]
         8s receive_message queue: q => []
         9s get_queue_attributes queue: d
         10s list_message_move_tasks source: d",
    );
    // A policy that takes a minute to spread makes no dead-letter queue before.
    play(
        "assumptions: { attribute_change_time: 60s }\nqueues: { q: {}, d: {} }",
        "1s set_queue_attributes queue: q, redrive_policy: { dead_letter_queue: d, max_receive_count: 1 } => Success
         60s start_message_move_task source: d => InvalidParameterValue
         62s start_message_move_task source: d => Success",
    );
}

#[test]
fn a_queue_publishes_while_it_is_active() {
    let tape = run("
name: time
duration: 14h
queues: { q: { visibility_timeout: 30s } }
clients:
  me:
    script:
      - { at: 7h, send_message: { queue: q, body: A } }
      - { at: 7h10m30s, receive_message: { queue: q, as: r } }
      - { at: 7h10m40s, delete_message: { queue: q, handle: r[0] } }
");
    let visible = minutes(&tape, "ApproximateNumberOfMessagesVisible");
    let expected: Vec<u64> = (0..360).chain(420..431 + 360).collect();
    assert_eq!(visible.iter().map(|(minute, _)| *minute).collect::<Vec<_>>(), expected);
    let sent = minutes(&tape, "NumberOfMessagesSent");
    assert_eq!(
        sent.iter().map(|(minute, _)| *minute).collect::<Vec<_>>(),
        expected,
        "counters of zero as well"
    );
    assert_eq!(minutes(&tape, "SentMessageSize"), [(420, 1.0)]);
    let ages: Vec<u64> = minutes(&tape, "ApproximateAgeOfOldestMessage").iter().map(|(at, _)| *at).collect();
    assert_eq!(ages, (420..430).collect::<Vec<_>>());
}

#[test]
fn gauges_of_an_empty_queue_are_zero_or_missing() {
    let yaml = |gauges: &str| {
        format!(
            "
name: time
duration: 10m
assumptions: {{ empty_queue_gauges: {gauges} }}
queues: {{ q: {{ visibility_timeout: 100s }} }}
clients:
  me:
    script:
      - {{ at: 130s, send_message: {{ queue: q, body: A }} }}
      - {{ at: 150s, receive_message: {{ queue: q }} }}
"
        )
    };
    let zero = run(&yaml("zero"));
    let missing = run(&yaml("missing"));
    assert_eq!(minutes(&zero, "ApproximateNumberOfMessagesNotVisible").len(), 10);
    assert_eq!(minutes(&zero, "ApproximateNumberOfMessagesDelayed").len(), 10);
    assert_eq!(minutes(&missing, "ApproximateNumberOfMessagesNotVisible"), [(2, 1.0), (3, 1.0)]);
    assert_eq!(minutes(&missing, "ApproximateNumberOfMessagesDelayed"), []);
    assert_eq!(minutes(&missing, "ApproximateNumberOfMessagesVisible").len(), 10, "published while active");
}

#[test]
fn an_alarm_on_a_sleeping_queue_misses_data() {
    let yaml = |start: bool, delay: &str| {
        format!(
            "
name: time
duration: 9h
assumptions: {{ active_at_start: {start}, metric_wake_up_delay: {delay}, metric_delay: 0s }}
queues: {{ q: {{}} }}
clients: {{ me: {{ script: [ {{ at: 8h, send_message: {{ queue: q, body: A }} }} ] }} }}
alarms:
  some:
    metric: {{ queue: q, name: ApproximateNumberOfMessagesVisible }}
    threshold: 1
    comparison_operator: GreaterThanOrEqualToThreshold
    evaluation_periods: 1
"
        )
    };
    let states = |start: bool, delay: &str| -> Vec<(String, u64)> {
        let tape = run(&yaml(start, delay));
        let minute = |time: queuelab::engine::Time| time.since_start().as_nanos() / 60_000_000_000;
        tape.alarms.iter().map(|change| (change.new_state.to_owned(), minute(change.time))).collect()
    };
    let awake = states(true, "0s");
    let names: Vec<&str> = awake.iter().map(|(state, _)| state.as_str()).collect();
    assert_eq!(names, ["OK", "INSUFFICIENT_DATA", "ALARM"]);
    assert!((361..=364).contains(&awake[1].1) && (481..=482).contains(&awake[2].1), "{awake:?}");
    // Asleep from the start: nothing is known until the first datapoints arrive, a quarter of an hour late.
    let asleep = states(false, "15m");
    assert_eq!(asleep.len(), 1, "{asleep:?}");
    assert!(asleep[0].0 == "ALARM" && (495..=496).contains(&asleep[0].1), "{asleep:?}");
}

#[test]
fn calls_of_a_client_take_their_time() {
    let tape = run("
name: time
duration: 1m
queues: { q: { visibility_timeout: 10s } }
clients:
  me:
    api_latency: { custom: { send: 1s, receive: 2s, delete: 3s, change_visibility: 4s } }
    script:
      - { at: 0s, send_message: { queue: q, body: A } }
      - { at: 0.5s, receive_message: { queue: q }, expect: { bodies: [] } }
      - { at: 1.5s, receive_message: { queue: q, as: r }, expect: { bodies: [A] } }
      # The handle is there at 3.5 s; the timeout ran from 1.5 s on.
      - { at: 4s, change_message_visibility: { queue: q, handle: r[0], visibility_timeout: 20s } }
      - { at: 27s, receive_message: { queue: q }, expect: { bodies: [] } }
      - { at: 28.5s, receive_message: { queue: q, as: s }, expect: { bodies: [A] } }
      - { at: 36s, delete_message: { queue: q, handle: s[0] } }
      - { at: 38.7s, receive_message: { queue: q }, expect: { bodies: [A] } }
      - { at: 50s, receive_message: { queue: q }, expect: { bodies: [A] } }
");
    for expectation in &tape.expectations {
        assert!(expectation.passed, "{}: {}", expectation.name, expectation.observed);
    }
    assert_eq!(tape.value("time", "messages_produced", "sum"), Some(1.0), "the run total counts clients");
}

#[test]
fn the_quota_of_high_throughput_is_that_of_the_region() {
    let sent = |region: &str| {
        let tape = run(&format!(
            "
name: time
duration: 210s
warm_up: 3m
region: {region}
api_latency: none
quotas: {{ sqs_fifo_partition_calls_per_second: 1200 }}
queues: {{ q.fifo: {{ deduplication_scope: message_group, fifo_throughput_limit: per_message_group_id }} }}
producers:
  p:
    publishes_to: {{ queue: q.fifo }}
    arrivals: {{ constant: {{ rate: 2700/s }} }}
    message: {{ message_group_id: each_message, size: 200B }}
    retries: {{ max_attempts: 1 }}
"
        ));
        tape.value("q.fifo", "messages_sent", "rate").expect("a rate")
    };
    // 2,400 calls a second in most Regions are two partitions of this size, 4,500 in London three.
    assert!(sent("eu-north-1") <= 2400.0);
    assert!(sent("eu-west-2") > 2600.0);
}

#[test]
fn throttled_consumers_back_off() {
    let yaml = |retries: &str| {
        format!(
            "
name: time
duration: 2m
api_latency: none
quotas: {{ sqs_fifo_calls_per_second: 5 }}
queues: {{ q.fifo: {{}} }}
producers:
  p:
    publishes_to: {{ queue: q.fifo }}
    arrivals: {{ constant: {{ rate: 4/s }} }}
    message: {{ message_group_id: each_message }}
consumers:
  w:
    receives_from: {{ queue: q.fifo }}
    threads: 20
    processing_time: 100ms
    pause_after_empty_receive: 1s
    {retries}
"
        )
    };
    let throttled =
        |retries: &str| run(&yaml(retries)).value("q.fifo", "throttled_calls", "sum").expect("a sum");
    let impatient = throttled("");
    let patient = throttled("retries: { max_attempts: 10, base_delay: 2s, jitter: equal }");
    assert!(patient * 2.0 < impatient, "{patient} {impatient}");
}

#[test]
fn results_have_groups_of_their_own() {
    let yaml = |group: &str| {
        format!(
            "
name: time
duration: 1m
queues: {{ raw: {{ receive_message_wait_time: 20s }}, done.fifo: {{}} }}
producers: {{ p: {{ publishes_to: {{ queue: raw }}, arrivals: {{ constant: {{ rate: 2/s }} }} }} }}
consumers:
  w:
    receives_from: {{ queue: raw }}
    processing_time: 10ms
    forwards_to: {{ queue: done.fifo{group} }}
"
        )
    };
    let tape = run(&yaml(", message_group_id: { uniform: 3 }"));
    let forwarded = tape.value("w", "messages_forwarded", "sum").expect("a sum");
    assert!(forwarded > 100.0);
    assert_eq!(tape.value("w", "messages_rejected", "sum"), Some(0.0));
    let told = Scenario::load("time.yaml", yaml("").as_bytes(), &[], &NoFiles).expect_err("no groups");
    assert!(told.to_string().contains("messages to `done.fifo` need a `message_group_id`"), "{told}");
}

#[test]
fn prices_of_a_scenario_replace_those_of_the_list() {
    let cost = |prices: &str| {
        let tape = run(&format!(
            "
name: time
duration: 1m
prices: {prices}
queues: {{ q: {{}} }}
clients: {{ me: {{ script: [ {{ at: 1s, send_message: {{ queue: q, body: A }} }} ] }} }}
"
        ));
        tape.value("q", "estimated_cost", "sum").expect("a cost")
    };
    assert!((cost("{}") - 0.40 / 1e6).abs() < 1e-12);
    assert!((cost("{ sqs_standard_per_million_requests: 1000000 }") - 1.0).abs() < 1e-9);
}
