//! Delays, retention, copies that come back, memory.

use super::{Bench, play, settings};
use crate::engine::{Distribution, Span};
use crate::services::sqs::QueueSettings;
use std::fmt::Write as _;

fn keeping(seconds: u64) -> QueueSettings {
    QueueSettings { message_retention_period: Span::from_seconds(seconds), ..settings() }
}

#[test]
fn a_delay_hides_a_new_message_to_the_nanosecond() {
    play(
        QueueSettings { delay: Span::from_seconds(10), ..settings() },
        "0s      | send a         |
         0s      | send b delay=0 | | the message's own delay counts, also 0
         0s      | send c delay=3 |
         0s      | look           | 1 visible 2 delayed
         0s      | poll 10        | b
         3s-1ns  | poll 10        | empty
         3s      | poll 10        | c
         10s-1ns | poll 10        | empty
         10s     | poll 10        | a
         10s     | look           | 3 in flight",
    );
}

#[test]
fn a_delayed_message_queues_from_the_end_of_its_delay() {
    play(
        settings(),
        "0s  | send a delay=10 |
         5s  | send b          |
         10s | send c          |
         10s | poll 10         | b a c",
    );
}

#[test]
fn retention_ends_in_whatever_state_a_message_is() {
    play(
        keeping(60),
        "0s      | send a b     |
         0s      | send c delay=900 |
         55s     | poll         | a
         60s-1ns | look         | 1 visible 1 in flight 1 delayed
         60s     | look         | nothing
         60s     | count messages_expired | 3
         61s     | delete a     | | answered with success
         61s     | count messages_deleted | 1
         85s     | poll 10      | empty | a does not return
         900s    | poll 10      | empty | nor does c appear
         900s    | count visibility_timeouts | 0",
    );
}

/// Of changes at one instant the expiry comes first: a message never returns at the end of its retention.
#[test]
fn a_message_does_not_return_at_the_instant_it_expires() {
    play(
        keeping(60),
        "0s  | send a |
         30s | poll   | a
         60s | poll   | empty
         60s | count visibility_timeouts | 0
         60s | count messages_expired    | 1",
    );
}

#[test]
fn the_clock_of_retention_is_the_messages_own() {
    play(
        keeping(100),
        "0s   | send a |
         40s  | send b |
         100s | look   | 1 visible
         140s | look   | nothing",
    );
}

#[test]
fn the_age_is_that_of_the_oldest_message_received_fewer_than_three_times() {
    play(
        settings(),
        "0s   | age     | none
         1s   | send a  |
         5s   | send b  |
         11s  | age     | 10s
         20s  | poll    | a
         21s  | age     | 20s | hidden, but not processed
         50s  | poll    | a(2)
         80s  | age     | 1m19s
         80s  | poll    | a(3)
         81s  | age     | 1m16s | a is poison now: b is the oldest
         81s  | poll    | b
         82s  | delete b|
         82s  | age     | none",
    );
}

#[test]
fn a_deleted_copy_comes_back_until_chance_lets_it_go() {
    let always = QueueSettings {
        duplicate_probability: 1.0,
        duplicate_delay: Distribution::constant(100e9).unwrap(),
        message_retention_period: Span::from_seconds(1000),
        ..settings()
    };
    play(
        always,
        "0s       | send a   |
         0s       | poll     | a
         10s      | delete a |
         10s      | look     | nothing | away, in no gauge
         10s      | age      | none
         40s      | poll     | empty   | no timeout runs any more
         50s      | delete a | | the handle is void
         110s-1ns | poll     | empty
         110s     | poll     | a(2) | 100s after the delete
         110s     | age      | 1m50s | counted from its send
         110s     | count copies_returned | 1
         120s     | delete a |
         220s     | poll     | a(3)
         999s     | look     | 1 visible
         1000s    | look     | nothing | the copy is as old as the message
         1000s    | count messages_expired | 1",
    );
}

#[test]
fn one_delete_in_four_leaves_a_copy() {
    let often = QueueSettings { duplicate_probability: 0.25, ..settings() };
    let mut script = String::new();
    for second in 0..4000 {
        let _ = writeln!(script, "{second}s | send m{second} |");
    }
    let mut bench = play(often, &script);
    // Receives and deletes ten at a time until nothing is left; each delete is one trial.
    let mut deletes = 0;
    for step in 0.. {
        let at = 4_000_000 + step;
        let found = bench.ask(&format!("{at}ms"), "poll 10");
        if found == "empty" {
            break;
        }
        let names: Vec<&str> = found.split(' ').map(|word| word.split('(').next().unwrap()).collect();
        deletes += names.len() as u64;
        bench.ask(&format!("{at}ms"), &format!("delete {}", names.join(" ")));
    }
    let copies = bench.count(crate::wire::EntityId(0), "copies_returned");
    assert_eq!(deletes, 4000 + copies);
    // About 5,333 trials at 1/4: four standard deviations are 0.024.
    let share = copies as f64 / deletes as f64;
    assert!((share - 0.25).abs() < 0.024, "{share}");
}

/// Best-effort order: messages sent within the jitter of each other change places, others do not, and none is lost.
#[test]
fn disorder_reaches_as_far_as_the_jitter() {
    let jitter = Distribution::uniform(0.0, 10e9).unwrap();
    let mut bench = Bench::new(QueueSettings { ordering_jitter: jitter, ..settings() }, settings());
    for message in 0..30 {
        // Three at a time, eleven seconds apart.
        bench.ask(&format!("{}s", message / 3 * 11), &format!("send m{message}"));
    }
    let mut found: Vec<u32> = Vec::new();
    for _ in 0..3 {
        found.extend(bench.ask("400s", "poll 10").split(' ').map(|name| name[1..].parse::<u32>().unwrap()));
    }
    let mut sorted = found.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..30).collect::<Vec<_>>());
    assert!(found.iter().zip(0..).all(|(message, place)| message / 3 == place / 3), "{found:?}");
    assert_ne!(found, sorted, "of ten groups of three at least one is shuffled");
}

#[test]
fn memory_follows_what_is_in_the_queue() {
    let mut bench = Bench::new(settings(), settings());
    for round in 0..1000 {
        bench.play(&format!(
            "{round}s | send a b c |
             {round}s | poll 10    | a b c
             {round}s | delete a b c |"
        ));
    }
    assert_eq!(bench.places(), 3, "places are used again");
    assert!(bench.deadlines() < 5_000, "{} deadlines for nothing at all", bench.deadlines());
}
