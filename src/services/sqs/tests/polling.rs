//! Short and long polls.

use super::{Bench, play, settings};
use crate::services::sqs::QueueSettings;

#[test]
fn a_batch_has_as_many_messages_as_asked_for() {
    play(
        settings(),
        "0s | send a b c d e f g |
         0s | send h i j k l     |
         1s | poll               | a
         1s | poll 3             | b c d
         1s | poll 10            | e f g h i j k l
         1s | poll 10            | empty
         1s | look               | 12 in flight
         1s | count receive_calls     | 4
         1s | count messages_received | 12
         1s | count empty_receives    | 1
         1s | count send_calls        | 2",
    );
}

#[test]
fn an_empty_long_poll_ends_after_exactly_its_wait() {
    play(
        settings(),
        "0s      | poll wait=20 as x | waits
         20s-1ns | look              | nothing
         20s     | answer x          | empty
         20s     | count empty_receives | 1
         21s     | poll wait=1 as x  | waits
         22s     | answer x          | empty",
    );
}

#[test]
fn without_a_wait_of_its_own_a_poll_waits_as_the_queue_says() {
    play(
        QueueSettings { receive_message_wait_seconds: 5, ..settings() },
        "0s | poll as x | waits
         5s | answer x  | empty
         6s | poll wait=0 | empty | asked for a short poll",
    );
}

#[test]
fn a_long_poll_is_answered_by_what_is_there() {
    play(
        settings(),
        "0s | send a b        |
         1s | poll 10 wait=20 | a b | it does not wait for ten",
    );
}

#[test]
fn a_long_poll_wakes_for_an_arrival_a_lapse_and_the_end_of_a_delay() {
    play(
        settings(),
        "0s  | poll 10 wait=20 as x | waits
         7s  | send a b             |
         7s  | answer x             | a b
         20s | poll 10 wait=20 as y | waits
         37s | answer y             | a(2) b(2) | 30s after 7s
         38s | delete a b           |
         38s | send c delay=12      |
         40s | poll 10 wait=20 as z | waits
         50s | answer z             | c
         51s | poll 10 wait=20 as v | waits
         60s | hide 0s c            |
         60s | answer v             | c(2) | made visible by its receiver",
    );
}

#[test]
fn a_wait_may_outlive_many_wake_ups() {
    play(
        settings(),
        "0s  | send a            |
         0s  | poll              | a
         15s | poll wait=20 as x | waits
         16s | hide 100s a       | | the lapse at 30s that the poll waited for does not come
         35s | answer x          | empty
         36s | delete a          |
         40s | poll wait=20 as x | waits
         45s | poll wait=2 as y  | waits
         47s | answer y          | empty
         60s | answer x          | empty",
    );
}

#[test]
fn a_message_that_comes_as_the_wait_ends_is_still_taken() {
    play(
        settings(),
        "0s  | send a            |
         0s  | poll              | a
         10s | poll wait=20 as x | waits
         30s | answer x          | a(2) | lapse and end of the wait fall together",
    );
}

#[test]
fn who_has_waited_longest_is_served_first() {
    play(
        settings(),
        "0s | poll wait=20 as x    | waits
         1s | poll 2 wait=20 as y  | waits
         2s | poll 10 wait=20 as z | waits
         3s | send a b c d         |
         3s | answer x             | a
         3s | answer y             | b c
         3s | answer z             | d",
    );
}

#[test]
fn a_short_poll_does_not_stand_in_line() {
    play(
        settings(),
        "0s | poll wait=20 as x | waits
         1s | poll              | empty
         2s | send a            |
         2s | answer x          | a",
    );
}

#[test]
fn nobody_is_served_after_hanging_up() {
    play(
        settings(),
        "0s  | poll wait=20 as x | waits
         1s  | poll wait=20 as y | waits
         2s  | hang up x         |
         3s  | send a            |
         3s  | answer y          | a
         4s  | poll wait=20 as z | waits
         5s  | hang up z         |
         40s | look              | 1 visible | no answer for z, and the message waits for the next
         40s | poll              | a(2)",
    );
}

/// With sampling a short poll asks three of eight servers: it misses a lone message five times out of eight, but
/// repeated polls find it.
#[test]
fn sampled_short_polls_miss_messages_and_find_them_in_the_end() {
    let mut bench = Bench::new(QueueSettings { short_poll_sampling: true, ..settings() }, settings());
    let mut polls = 0;
    for round in 0..1000 {
        let at = format!("{round}s");
        bench.ask(&at, "send a");
        let begun = polls;
        while bench.ask(&at, "poll 10") == "empty" {
            polls += 1;
            assert!(polls < begun + 100, "a message nobody finds");
        }
        polls += 1;
        bench.ask(&at, "delete a");
    }
    // About 2,667 polls for 1,000 messages: four standard deviations of the share are 0.038.
    let share = 1000.0 / f64::from(polls);
    assert!((share - 3.0 / 8.0).abs() < 0.038, "{share}");
}

/// Ten messages lie on several servers: a short poll for ten nearly always returns fewer.
#[test]
fn sampled_short_polls_return_fewer_messages_than_asked_for() {
    let mut bench = Bench::new(QueueSettings { short_poll_sampling: true, ..settings() }, settings());
    bench.ask("0s", "send a b c d e f g h i j");
    let mut sizes = Vec::new();
    while sizes.iter().sum::<usize>() < 10 {
        let answer = bench.ask("1s", "poll 10");
        sizes.push(if answer == "empty" { 0 } else { answer.split(' ').count() });
        assert!(sizes.len() < 100, "messages nobody finds: {sizes:?}");
    }
    assert!(sizes[0] < 10, "{sizes:?}");
}

/// A long poll asks all servers, whatever short polls do.
#[test]
fn a_long_poll_misses_nothing() {
    for _ in 0..20 {
        let mut bench = Bench::new(QueueSettings { short_poll_sampling: true, ..settings() }, settings());
        bench.play(
            "0s | send a b c d e f g h i j |
             0s | poll 10 wait=1           | a b c d e f g h i j",
        );
    }
}
