//! Dead-letter queues.

use super::bench::DEAD_LETTER_QUEUE;
use super::{Bench, play, settings};
use crate::engine::Span;
use crate::services::sqs::{QueueSettings, Redrive};
use std::fmt::Write as _;

fn after(max_receive_count: u32) -> QueueSettings {
    let redrive = Redrive { dead_letter_queue: DEAD_LETTER_QUEUE, max_receive_count };
    QueueSettings { redrive: Some(redrive), ..settings() }
}

#[test]
fn a_message_is_handed_out_as_often_as_the_policy_says() {
    play(
        after(1),
        "0s  | send a   |
         0s  | poll     | a
         30s | look     | 1 visible | nothing moves by itself
         99s | dlq look | nothing
         99s | poll     | empty | only a receive that would pick it moves it
         99s | look     | nothing
         99s | dlq look | 1 visible
         99s | dlq poll | a(2) | the count goes on, the moving receive is not in it",
    );
    play(
        after(2),
        "0s  | send a   |
         0s  | poll     | a
         30s | poll     | a(2)
         60s | poll     | empty
         60s | dlq poll | a(3)",
    );
    play(
        after(3),
        "0s  | send a   |
         0s  | poll     | a
         30s | poll     | a(2)
         60s | poll     | a(3)
         90s | poll     | empty
         90s | dlq poll | a(4)
         90s | count messages_received        | 3
         90s | count messages_dead_lettered   | 1
         90s | dlq count messages_redriven_in | 1
         90s | dlq count messages_sent        | 0 | a move is not a send",
    );
}

#[test]
fn a_delete_in_time_keeps_the_message_from_moving() {
    play(
        after(1),
        "0s  | send a   |
         0s  | poll     | a
         45s | delete a | | lapsed, not yet moved
         60s | poll     | empty
         60s | dlq look | nothing",
    );
}

#[test]
fn a_moved_message_takes_no_place_in_the_answer() {
    play(
        after(1),
        "0s  | send a b |
         0s  | poll 2   | a b
         1s  | send c d |
         30s | poll 2   | c d | a and b are before them, and move
         30s | dlq poll 10 | a(2) b(2)",
    );
}

#[test]
fn a_waiting_poll_goes_on_waiting_when_its_message_moves() {
    play(
        after(1),
        "0s  | send a            |
         0s  | poll              | a
         20s | poll wait=20 as x | waits
         30s | dlq look          | 1 visible | the lapse was looked at by the waiting poll
         35s | send b            |
         35s | answer x          | b",
    );
}

#[test]
fn the_old_handle_does_not_reach_a_moved_message() {
    play(
        after(1),
        "0s  | send a       |
         0s  | poll         | a
         30s | poll         | empty
         31s | delete a     |
         31s | dlq look     | 1 visible
         31s | dlq poll     | a(2)
         32s | dlq delete a |
         32s | dlq look     | nothing",
    );
}

#[test]
fn the_retention_clock_goes_on_from_the_first_send() {
    let mut bench = Bench::new(
        QueueSettings { message_retention_period: Span::from_seconds(1000), ..after(1) },
        QueueSettings { message_retention_period: Span::from_seconds(600), ..settings() },
    );
    bench.play(
        "0s       | send a   |
         0s       | poll     | a
         500s     | poll     | empty
         600s-1ns | dlq look | 1 visible
         600s     | dlq look | nothing | 600s after the send, 100s after the move
         600s     | dlq count messages_expired | 1
         700s     | send b   |
         700s     | poll     | b
         1400s    | poll     | empty | b is 700s old, more than the dead-letter queue keeps
         1400s    | dlq look | nothing
         1400s    | dlq count messages_expired     | 2
         1400s    | dlq count messages_redriven_in | 2",
    );
}

#[test]
fn the_delay_of_the_dead_letter_queue_does_not_apply() {
    let mut bench = Bench::new(after(1), QueueSettings { delay: Span::from_minutes(15), ..settings() });
    bench.play(
        "0s  | send a   |
         0s  | poll     | a
         30s | poll     | empty
         30s | dlq poll | a(2)",
    );
}

#[test]
fn a_dead_letter_wakes_a_poll_that_waits_for_it() {
    play(
        after(1),
        "0s  | send a                |
         0s  | poll                  | a
         25s | dlq poll wait=20 as x | waits
         30s | poll                  | empty
         30s | answer x              | a(2)",
    );
}

/// "In a dead-letter queue it counts from the move", also when the message was received three times or more before.
#[test]
fn the_age_in_a_dead_letter_queue_counts_from_the_move() {
    for max_receive_count in [1, 2, 3, 4] {
        let mut script = "0s | send a |\n".to_owned();
        for receive in 0..max_receive_count {
            let answer = if receive == 0 { "a".to_owned() } else { format!("a({})", receive + 1) };
            let _ = writeln!(script, "{}s | poll | {answer}", 30 * receive);
        }
        script += "200s | poll    | empty
                   260s | dlq age | 1m
                   260s | age     | none";
        play(after(max_receive_count), &script);
    }
}
