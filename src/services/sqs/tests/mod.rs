//! A queue and its dead-letter queue, without the world around them: one row a call, with the answer it must get.
//!
//! A row is `time | call | answer | remark`. Times are absolute, `30s-1ns` is a nanosecond before. Calls:
//!
//! | call | answer |
//! |---|---|
//! | `send a b delay=5 size=2000` | the messages refused |
//! | `poll 10 wait=20 as x` | `a b(2)` (receive count when above 1), `empty`, `over limit`, or `waits` |
//! | `answer x` | what the waiting poll `x` got, at exactly this time |
//! | `hang up x` | nothing |
//! | `delete a b#1` | nothing; `#1` is the handle of the first receive, without it of the latest |
//! | `hide 60s a b#1` | nothing; a change of visibility |
//! | `look` | the gauges that are not zero, or `nothing` |
//! | `age` | age of the oldest message, or `none` |
//! | `count stale_deletes` | a counter |
//!
//! `dlq` before a call means the dead-letter queue. An answer to a waiting poll that no row expects is a failure.

mod bench;
mod keeping;
mod limits;
mod polling;
mod redrive;
mod visibility;

use bench::{Bench, play, settings};
