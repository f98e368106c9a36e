//! Visibility timeouts, receipt handles, changes of visibility.

use super::{play, settings};
use crate::engine::Span;

#[test]
fn a_received_message_is_back_to_the_nanosecond() {
    play(
        settings(),
        "0s      | send a  |
         1s      | poll    | a
         31s-1ns | poll    | empty
         31s-1ns | look    | 1 in flight
         31s     | poll    | a(2) | the timeout of 30s is over
         61s-1ns | look    | 1 in flight
         61s     | look    | 1 visible
         61s     | count visibility_timeouts | 2
         61s     | count empty_receives      | 1",
    );
}

#[test]
fn a_lapsed_message_keeps_its_place() {
    play(
        settings(),
        "0s  | send a  |
         1s  | poll    | a
         2s  | send b  |
         3s  | send c  |
         31s | poll 10 | a(2) b c | ahead of what was sent while it was hidden",
    );
}

#[test]
fn from_the_third_receive_on_a_message_returns_to_the_back() {
    play(
        settings(),
        "0s   | send a  |
         1s   | send b  |
         2s   | poll    | a
         32s  | poll    | a(2) | two receives: still in its place
         62s  | poll    | a(3)
         92s  | poll 10 | b a(4) | three receives: behind what is there
         122s | send c  |
         122s | poll 10 | b(2) a(5) c | the place of a is that of its return, still before c",
    );
}

#[test]
fn a_visibility_timeout_of_zero_hides_nothing() {
    play(
        crate::services::sqs::QueueSettings { visibility_timeout: Span::ZERO, ..settings() },
        "0s | send a   |
         0s | poll 10  | a | once in an answer, however large
         0s | poll     | a(2)
         0s | look     | 1 visible
         0s | delete a |
         0s | look     | nothing",
    );
}

#[test]
fn a_handle_works_until_the_message_is_received_again() {
    play(
        settings(),
        "0s  | send a     |
         0s  | poll       | a
         45s | delete a   | | lapsed 15s ago, but nobody received it since
         45s | look       | nothing
         50s | send b     |
         50s | poll       | b
         80s | poll       | b(2)
         81s | delete b#1 | | a success on the wire, and no effect
         81s | look       | 1 in flight
         81s | count stale_deletes    | 1
         81s | count messages_deleted | 1
         82s | delete b#2 |
         82s | look       | nothing
         82s | count messages_deleted | 2",
    );
}

#[test]
fn deleting_twice_succeeds_twice() {
    play(
        settings(),
        "0s | send a   |
         0s | poll     | a
         1s | delete a |
         2s | delete a |
         2s | count messages_deleted | 2
         2s | count stale_deletes    | 0
         2s | count delete_calls     | 2
         3s | send b   | | b takes the place that a left
         3s | poll     | b
         4s | delete a | | and an old handle of that place does not reach b
         4s | look     | 1 in flight
         4s | count messages_deleted | 3",
    );
}

#[test]
fn one_delete_call_takes_up_to_ten_handles() {
    play(
        settings(),
        "0s | send a b c     |
         0s | poll 10        | a b c
         1s | delete a c     |
         1s | look           | 1 in flight
         1s | count delete_calls     | 1
         1s | count messages_deleted | 2
         30s | poll 10       | b(2)",
    );
}

#[test]
fn a_change_of_visibility_counts_from_its_call() {
    play(
        settings(),
        "0s      | send a    |
         0s      | poll      | a
         20s     | hide 60s a|
         80s-1ns | look      | 1 in flight | not until 30s, and not until 90s
         80s     | look      | 1 visible
         80s     | poll      | a(2) | the next receive takes the queue's timeout again
         110s-1ns| look      | 1 in flight
         110s    | poll      | a(3)
         111s    | hide 5s a | | shorter than what is left
         116s-1ns| look      | 1 in flight
         116s    | look      | 1 visible
         116s    | count change_visibility_calls | 2",
    );
}

#[test]
fn a_change_to_zero_shows_at_once_and_keeps_the_place() {
    play(
        settings(),
        "0s | send a    |
         1s | send b    |
         2s | poll      | a
         3s | hide 0s a |
         3s | look      | 2 visible
         3s | count visibility_timeouts | 0 | nothing ran out
         3s | poll      | a(2)
         4s | hide 0s a |
         4s | poll      | a(3)
         5s | hide 0s a |
         5s | poll 10   | b a(4) | a third return goes to the back",
    );
}

#[test]
fn a_change_needs_a_handle_that_is_in_force() {
    play(
        settings(),
        "0s      | send a       |
         0s      | poll         | a
         30s     | poll         | a(2)
         31s     | hide 600s a#1| | received again since: an error, no effect
         60s-1ns | look         | 1 in flight
         60s     | look         | 1 visible
         60s     | poll         | a(3)
         61s     | delete a     |
         62s     | hide 600s a  | | gone: an error, no effect
         62s     | look         | nothing",
    );
}

#[test]
fn nobody_hides_a_message_for_more_than_twelve_hours_after_its_receive() {
    play(
        settings(),
        "0s        | send a           |
         0s        | poll             | a
         10s       | hide 12h a       | | 10s too long: an error, nothing changes
         30s       | poll             | a(2)
         40s       | hide 43190s a    | | to the second
         12h       | hide 31s a       | | a second too long
         12h30s-1ns| look             | 1 in flight
         12h30s    | look             | 1 visible
         12h30s    | poll             | a(3) | the cap is counted anew
         12h31s    | hide 43199s a    |
         24h30s-1ns| look             | 1 in flight
         24h30s    | look             | 1 visible",
    );
}
