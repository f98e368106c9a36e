//! The in-flight quota, sizes, the bill.

use super::{play, settings};
use crate::engine::Span;
use crate::services::sqs::QueueSettings;
use crate::wire::SqsQuotas;

fn at_most_in_flight(maximum_in_flight: u64) -> QueueSettings {
    let base = settings();
    QueueSettings { quotas: SqsQuotas { maximum_in_flight, ..base.quotas }, ..base }
}

#[test]
fn at_the_quota_short_polls_are_refused_until_there_is_room() {
    play(
        at_most_in_flight(2),
        "0s  | send a b c  |
         0s  | poll 10     | a b | as many as there is room for
         1s  | poll 10     | over limit
         1s  | count over_limit_errors | 1
         1s  | count empty_receives    | 0
         2s  | send d      | | sends are not concerned
         3s  | delete a    |
         3s  | poll 10     | c
         30s | poll 10     | b(2) | lapsed: it made room for one, itself
         33s | poll 10     | c(2)
         33s | poll 10     | over limit",
    );
}

#[test]
fn at_the_quota_long_polls_are_silent_until_there_is_room() {
    play(
        at_most_in_flight(1),
        "0s  | send a b          |
         0s  | poll              | a
         1s  | poll wait=20 as x | waits
         5s  | delete a          |
         5s  | answer x          | b
         6s  | send c            |
         7s  | poll wait=10 as y | waits
         17s | answer y          | empty | no error
         18s | poll wait=20 as z | waits
         35s | answer z          | b(2) | room by a lapse
         35s | count over_limit_errors | 0",
    );
}

/// Room may also come because a message in flight outlives its retention: nobody calls, and the poll is answered.
#[test]
fn at_the_quota_an_expiry_makes_room() {
    let settings = QueueSettings {
        message_retention_period: Span::from_seconds(60),
        visibility_timeout: Span::from_hours(1),
        ..at_most_in_flight(1)
    };
    play(
        settings,
        "0s  | send a            |
         0s  | poll              | a
         30s | send b            |
         50s | poll wait=20 as x | waits
         60s | answer x          | b | a expired in flight",
    );
}

#[test]
fn each_entry_is_refused_for_itself() {
    play(
        QueueSettings { maximum_message_size: 1024, ..settings() },
        "0s | send a size=1024   |
         0s | send b c size=1025 | b c
         0s | look               | 1 visible
         0s | count messages_sent    | 1
         0s | count messages_refused | 2
         0s | count send_calls       | 2",
    );
}

#[test]
fn the_bill_counts_calls_and_chunks_of_payload() {
    // 64 KiB are 65,536 bytes; a batch is billed by its sum.
    play(
        settings(),
        "0s | send a size=65536     |
         0s | count billed_requests | 1
         0s | send b size=65537     |
         0s | count billed_requests | 3
         0s | send c d size=100000  |
         0s | count billed_requests | 7 | 200,000 bytes are four chunks
         0s | poll                  | a
         0s | count billed_requests | 8
         0s | poll 10               | b c d
         0s | count billed_requests | 13 | 265,537 bytes are five
         0s | poll                  | empty
         0s | count billed_requests | 14 | empty answers cost as much
         0s | delete a b c          |
         0s | count billed_requests | 15
         0s | hide 60s d            |
         0s | count billed_requests | 16
         1s | poll wait=1 as x      | waits
         2s | answer x              | empty
         2s | count billed_requests | 17",
    );
}

#[test]
fn the_wait_is_from_visible_to_the_first_receive() {
    let mut bench = play(
        settings(),
        "0s  | send a          |
         0s  | send b delay=10 |
         4s  | poll            | a
         13s | poll            | b
         34s | poll            | a(2)",
    );
    let histogram = bench.waits();
    assert_eq!(
        histogram,
        (2, 4 + 3),
        "a waited 4s, b 3s after its delay, and the second receive of a is no wait"
    );
}
