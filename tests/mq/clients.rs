//! What consumers see: prefetch, acknowledgements, redeliveries, dead letters.

use super::{ACTIVEMQ, RABBITMQ, calls, fate, receive, received, run, script, send, sum, value};

/// A client's own settings as a consumer.
fn as_consumer(text: &str, settings: &str) -> String {
    text.replace("  c:\n", &format!("  c:\n    broker_consumer: {settings}\n"))
}

fn told(tape: &queuelab::record::Tape) -> Vec<Vec<String>> {
    received(tape)
}

fn bodies(lists: &[&[&str]]) -> Vec<Vec<String>> {
    lists.iter().map(|list| list.iter().map(|body| (*body).to_owned()).collect()).collect()
}

#[test]
fn a_message_stays_until_it_is_acknowledged_and_comes_back_when_its_session_ends() {
    let text = script(&[
        (0.0, &send("a")),
        (1.0, &receive("one")),
        (2.0, &receive("two")),
        (3.0, "broker_disconnect: { broker_queue: q }"),
        (4.0, &receive("three")),
        (5.0, "broker_acknowledge: { broker_queue: q, message: 'one[0]' }"),
        (6.0, "broker_acknowledge: { broker_queue: q, message: 'three[0]' }"),
        (7.0, "broker_acknowledge: { broker_queue: q, message: 'three[0]' }"),
    ]);
    let tape = run(&format!("{ACTIVEMQ}{text}"));
    assert_eq!(told(&tape), bodies(&[&["a"], &[], &["a"]]));
    let outcomes: Vec<&str> = calls(&tape)[5..].iter().map(|call| call.outcome.as_str()).collect();
    assert_eq!(outcomes, ["UnmatchedAcknowledge", "Success", "UnmatchedAcknowledge"]);
    assert_eq!(sum(&tape, "q", "messages_redelivered"), 1);
    assert_eq!((fate(&tape, "q", "acknowledged"), fate(&tape, "q", "ready")), (1, 0));
}

#[test]
fn there_is_no_visibility_timeout() {
    let text = script(&[(0.0, &send("a")), (1.0, &receive("one")), (580.0, &receive("two"))]);
    let tape = run(&format!("{ACTIVEMQ}{text}"));
    assert_eq!(told(&tape), bodies(&[&["a"], &[]]));
    assert_eq!(value(&tape, "q", "in_flight_count", "last") as u64, 1);
}

#[test]
fn client_acknowledgement_is_cumulative_and_individual_is_not() {
    let steps = [
        (0.0, send("a")),
        (0.1, send("b")),
        (0.2, send("c")),
        (1.0, "broker_receive: { broker_queue: q, max_messages: 3, as: all }".to_owned()),
        (2.0, "broker_acknowledge: { broker_queue: q, message: 'all[2]' }".to_owned()),
        (3.0, "broker_disconnect: { broker_queue: q }".to_owned()),
        (4.0, "broker_receive: { broker_queue: q, max_messages: 3 }".to_owned()),
    ];
    let steps: Vec<(f64, &str)> = steps.iter().map(|(at, call)| (*at, call.as_str())).collect();
    let text = script(&steps);
    for (mode, left) in [("client", &[][..]), ("individual", &["a", "b"][..])] {
        let text = as_consumer(&text, &format!("{{ acknowledgement: {mode} }}"));
        let tape = run(&format!("{ACTIVEMQ}{text}"));
        assert_eq!(told(&tape), bodies(&[&["a", "b", "c"], left]), "{mode}");
    }
}

#[test]
fn acknowledgements_of_dups_ok_come_half_a_prefetch_at_a_time() {
    let mut steps: Vec<(f64, String)> =
        (0..4).map(|n| (f64::from(n) * 0.1, send(&format!("m{n}")))).collect();
    for n in 0..3 {
        steps.push((1.0 + f64::from(n), receive(&format!("r{n}"))));
        let call = format!("broker_acknowledge: {{ broker_queue: q, message: 'r{n}[0]' }}");
        steps.push((1.5 + f64::from(n), call));
    }
    steps.push((9.0, "broker_disconnect: { broker_queue: q }".to_owned()));
    steps.push((10.0, "broker_receive: { broker_queue: q, max_messages: 4 }".to_owned()));
    let steps: Vec<(f64, &str)> = steps.iter().map(|(at, call)| (*at, call.as_str())).collect();
    let text = as_consumer(&script(&steps), "{ acknowledgement: dups_ok, prefetch: 4 }");
    let tape = run(&format!("{ACTIVEMQ}{text}"));
    // The acknowledgement of the third waits for a fourth, and is lost with the session.
    assert_eq!(told(&tape).last(), bodies(&[&["m2", "m3"]]).first());
}

#[test]
fn a_transaction_is_committed_or_rolled_back_as_a_whole() {
    let rolled_back = script(&[
        (0.0, &send("a")),
        (0.1, &send("b")),
        (1.0, "broker_receive: { broker_queue: q, max_messages: 2, as: all }"),
        (2.0, "broker_rollback: { broker_queue: q }"),
        (2.5, "broker_receive: { broker_queue: q, max_messages: 2 }"),
        (3.5, "broker_receive: { broker_queue: q, max_messages: 2 }"),
        (4.0, "broker_commit: { broker_queue: q }"),
        (5.0, "broker_disconnect: { broker_queue: q }"),
        (6.0, "broker_receive: { broker_queue: q, max_messages: 2 }"),
    ]);
    let text = as_consumer(&rolled_back, "{ acknowledgement: transacted, transaction_size: 10 }");
    let tape = run(&format!("{ACTIVEMQ}{text}"));
    // Nothing is delivered in the pause of one second before the redelivery.
    assert_eq!(told(&tape), bodies(&[&["a", "b"], &[], &["a", "b"], &[]]));
    assert_eq!(fate(&tape, "q", "acknowledged"), 2);
}

#[test]
fn a_session_that_is_full_is_given_more_when_half_is_acknowledged() {
    let mut steps: Vec<(f64, String)> =
        (0..8).map(|n| (f64::from(n) * 0.01, send(&format!("m{n}")))).collect();
    steps.push((1.0, "broker_receive: { broker_queue: q, max_messages: 4, as: r }".to_owned()));
    steps.push((2.0, "broker_acknowledge: { broker_queue: q, message: 'r[0]' }".to_owned()));
    steps.push((3.0, "broker_receive: { broker_queue: q, max_messages: 4 }".to_owned()));
    steps.push((4.0, "broker_acknowledge: { broker_queue: q, message: 'r[1]' }".to_owned()));
    steps.push((5.0, "broker_receive: { broker_queue: q, max_messages: 4 }".to_owned()));
    let steps: Vec<(f64, &str)> = steps.iter().map(|(at, call)| (*at, call.as_str())).collect();
    let text = as_consumer(&script(&steps), "{ prefetch: 4 }");
    let tape = run(&format!("{ACTIVEMQ}{text}"));
    let expected = bodies(&[&["m0", "m1", "m2", "m3"], &[], &["m4", "m5"]]);
    assert_eq!(told(&tape), expected);
    // RabbitMQ fills up after each acknowledgement.
    let tape = run(&format!("{RABBITMQ}{text}"));
    assert_eq!(told(&tape), bodies(&[&["m0", "m1", "m2", "m3"], &["m4"], &["m5"]]));
}

/// A consumer of `q`.
fn workers(keys: &str) -> String {
    format!(
        "consumers:\n  w:\n    receives_from: {{ broker_queue: q }}\n    processing_time: 1s\n    {keys}\n"
    )
}

/// A producer of so many messages to `q`, at once.
fn burst(messages: u32, keys: &str) -> String {
    format!(
        "producers:\n  p:\n    publishes_to: {{ broker_queue: q }}\n    arrivals: {{ bursts: [{{ at: 0s, messages: {messages} }}] }}\n    {keys}\n"
    )
}

#[test]
fn the_first_worker_hoards_with_a_prefetch_of_a_thousand() {
    let late = "instances: 2\n    threads: 1\n    crashes: { mean_time_between: 10000h }";
    for (prefetch, idle) in [("{}", true), ("{ prefetch: 1 }", false)] {
        let text =
            format!("{ACTIVEMQ}{}{}", burst(100, "broker_client: { use_async_send: true }"), workers(late));
        let text = format!("{text}    broker_client: {prefetch}\n");
        let tape = run(&format!("duration: 60s\n{text}"));
        let processed = sum(&tape, "w", "messages_processed");
        // Both share what came while both were there.
        assert!((100..=120).contains(&processed) || idle, "{processed} by two workers");
        let prefetched = value(&tape, "q", "prefetched_messages", "max") as u64;
        assert_eq!(prefetched > 90, idle, "{prefetched} prefetched with {prefetch}");
    }
}

#[test]
fn poison_is_a_dead_letter_after_six_redeliveries_and_seven_attempts() {
    let text = format!(
        "{ACTIVEMQ}  ActiveMQ.DLQ: {{ broker: b }}\n{}{}",
        burst(1, "message: { poison_rate: 100% }"),
        workers("")
    )
    .replace("broker_queues: { q: { broker: b } }\n", "broker_queues:\n  q: { broker: b }\n");
    let tape = run(&text);
    assert_eq!(sum(&tape, "w", "failures"), 7);
    assert_eq!(sum(&tape, "q", "messages_dead_lettered"), 1);
    assert_eq!(value(&tape, "ActiveMQ.DLQ", "queue_size", "last") as u64, 1);
    // Seven attempts of a second, six pauses of one.
    let age = value(&tape, "q", "age_of_oldest_message", "max");
    assert!((12.0..13.1).contains(&age), "{age}");
    assert_eq!(tape.ledger.get("run", "mq", "dead_lettered"), Some(1));
}

#[test]
fn without_a_declared_place_dead_letters_rest_in_the_brokers_own() {
    let text = format!("{ACTIVEMQ}{}{}", burst(3, "message: { poison_rate: 100% }"), workers(""));
    let tape = run(&text);
    assert_eq!(fate(&tape, "q", "in_activemq_dlq"), 3);
    assert_eq!(tape.ledger.get("run", "mq", "dead_lettered"), Some(3));
}

#[test]
fn poison_that_is_not_persistent_is_dropped() {
    let keys = "message: { poison_rate: 100% }\n    broker_client: { persistent: false }";
    let tape = run(&format!("{ACTIVEMQ}{}{}", burst(3, keys), workers("")));
    assert_eq!((fate(&tape, "q", "dropped"), fate(&tape, "q", "in_activemq_dlq")), (3, 0));
}

#[test]
fn back_off_makes_pauses_longer() {
    let policy = "broker_client: { redelivery_policy: { maximum_redeliveries: 2, use_exponential_back_off: true, back_off_multiplier: 3 } }";
    let text = format!("{ACTIVEMQ}{}{}", burst(1, "message: { poison_rate: 100% }"), workers(policy));
    // Attempts of a second begin at 0, 2 and 6; the last ends at 7.
    let steps = script(&[(6.5, &send("late")), (6.9, "broker_connect: { broker_queue: q }")]);
    let tape = run(&format!("{text}{steps}"));
    assert_eq!(sum(&tape, "w", "failures"), 3);
    assert_eq!(value(&tape, "w", "busy_threads", "max") as u64, 1);
    assert_eq!(fate(&tape, "q", "in_activemq_dlq"), 1);
}

#[test]
fn a_quorum_queue_takes_a_message_back_twenty_times() {
    let text = RABBITMQ.replace(
        "broker_queues: { q: { broker: b } }",
        "broker_queues: { q: { broker: b, dead_letter_queue: dead }, dead: { broker: b } }",
    );
    let tape = run(&format!("{text}{}{}", burst(1, "message: { poison_rate: 100% }"), workers("")));
    assert_eq!(sum(&tape, "w", "failures"), 21);
    assert_eq!(value(&tape, "dead", "message_count", "last") as u64, 1);
    // Without a place for dead letters it is dropped.
    let tape = run(&format!("{RABBITMQ}{}{}", burst(1, "message: { poison_rate: 100% }"), workers("")));
    assert_eq!((fate(&tape, "q", "dropped"), sum(&tape, "w", "failures")), (1, 21));
}

#[test]
fn a_classic_queue_takes_a_message_back_for_ever() {
    let text = RABBITMQ.replace("{ broker: b } }\n", "{ broker: b, queue_type: classic } }\n");
    let tape = run(&format!("{text}{}{}", burst(1, "message: { poison_rate: 100% }"), workers("")));
    assert!(sum(&tape, "w", "failures") > 500);
}

#[test]
fn a_channel_is_closed_when_its_consumer_does_not_acknowledge_in_time() {
    let text = RABBITMQ.replace("{ broker: b } }\n", "{ broker: b, consumer_timeout: 60s } }\n");
    let slow = workers("").replace("processing_time: 1s", "processing_time: 90s");
    let tape = run(&format!("{text}{}{slow}", burst(1, "")));
    assert!(sum(&tape, "q", "consumer_timeouts") >= 1);
    assert!(sum(&tape, "q", "stale_acknowledgements") >= 1);
    assert!(sum(&tape, "w", "duplicates") >= 1, "the message was processed twice");
}

#[test]
fn without_acknowledgements_a_crash_loses_what_was_delivered() {
    let crashes =
        "broker_client: { acknowledgement: none }\n    crashes: { mean_time_between: 20s, restart_time: 1s }";
    let text = RABBITMQ.replace("{ broker: b } }\n", "{ broker: b } }\nseed: 3\n");
    let tape = run(&format!("{text}{}{}", burst(100, ""), workers(crashes)));
    let processed = sum(&tape, "w", "messages_processed");
    assert!(processed < 100, "{processed} of 100 were processed");
    assert_eq!(sum(&tape, "q", "stale_acknowledgements"), 0);
}

#[test]
fn a_crash_gives_everything_back_at_once() {
    let crashes = "crashes: { mean_time_between: 20s, restart_time: 1s }";
    let tape = run(&format!("{ACTIVEMQ}{}{}", burst(100, ""), workers(crashes)));
    assert_eq!(sum(&tape, "w", "messages_processed"), 100);
    assert!(sum(&tape, "q", "messages_redelivered") > 0);
}

#[test]
fn an_exclusive_consumer_gets_everything() {
    let text = ACTIVEMQ.replace("{ broker: b } }\n", "{ broker: b, exclusive_consumer: true } }\n");
    let tape = run(&format!("duration: 30s\n{text}{}{}", burst(100, ""), workers("instances: 4")));
    assert!((28..=30).contains(&sum(&tape, "w", "messages_processed")), "one of four works");
    assert_eq!(value(&tape, "w", "busy_threads", "max") as u64, 1);
}

#[test]
fn messages_that_are_too_old_are_dead_letters_of_activemq() {
    let tape = run(&format!("{ACTIVEMQ}{}", burst(5, "broker_client: { time_to_live: 40s }")));
    assert_eq!((sum(&tape, "q", "expired_count"), fate(&tape, "q", "in_activemq_dlq")), (5, 5));
    let text = ACTIVEMQ.replace("{ broker: b } }\n", "{ broker: b, process_expired: false } }\n");
    let tape = run(&format!("{text}{}", burst(5, "broker_client: { time_to_live: 40s }")));
    assert_eq!((fate(&tape, "q", "expired"), tape.ledger.get("run", "mq", "expired")), (5, Some(5)));
    let text = RABBITMQ.replace("{ broker: b } }\n", "{ broker: b, message_ttl: 40s } }\n");
    let tape = run(&format!("{text}{}", burst(5, "")));
    assert_eq!(fate(&tape, "q", "expired"), 5);
}
