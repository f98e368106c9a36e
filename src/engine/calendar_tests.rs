//! What the calendar promises: one total order, whatever the interleaving of posts and pops.

use super::{Calendar, Time};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The same contract in its plainest form: a set of (time, order posted).
#[derive(Default)]
struct Naive {
    now: u64,
    posted: u64,
    pending: BTreeSet<(u64, u64)>,
}

impl Naive {
    fn post(&mut self, at: u64) {
        self.pending.insert((at, self.posted));
        self.posted += 1;
    }

    fn pop_until(&mut self, end: u64) -> Option<u64> {
        let next = *self.pending.first()?;
        if next.0 > end {
            return None;
        }
        self.pending.remove(&next);
        self.now = next.0;
        Some(next.1)
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Post so many nanoseconds ahead.
    Post(u64),
    /// Post so many events, scattered up to this many bits of a nanosecond ahead.
    Crowd(u64, u32),
    PostNow,
    /// Pop with the end so many nanoseconds ahead.
    Pop(u64),
    /// Pop up to a hundred with the end so many nanoseconds ahead.
    Drain(u64),
    /// Look at everything, then jump to the next event or the end of this span without taking it.
    Look(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u64..6).prop_map(Step::Post),
        2 => (0_u64..1000).prop_map(Step::Post),
        1 => (0_u64..300, 0_u32..65).prop_map(|(count, bits)| Step::Crowd(count, bits)),
        1 => Just(Step::PostNow),
        3 => Just(Step::Pop(u64::MAX >> 1)),
        3 => (0_u64..20).prop_map(Step::Pop),
        3 => (0_u32..64).prop_map(|bits| Step::Drain(1 << bits)),
        1 => (0_u64..20).prop_map(Step::Look),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn order_is_total(steps in prop::collection::vec(step(), 0..400)) {
        let mut calendar = Calendar::new();
        let mut naive = Naive::default();
        let at = |nanos: u64| Time::from_nanos(nanos);
        for step in steps {
            match step {
                Step::Post(ahead) => {
                    let to = naive.now.saturating_add(ahead);
                    calendar.post(at(to), naive.posted);
                    naive.post(to);
                }
                Step::PostNow => {
                    calendar.post_now(naive.posted);
                    naive.post(naive.now);
                }
                Step::Pop(ahead) => {
                    let end = naive.now.saturating_add(ahead);
                    prop_assert_eq!(calendar.pop_until(at(end)), naive.pop_until(end));
                }
                Step::Crowd(count, bits) => {
                    for number in 0..count {
                        // Scattered by a multiplicative hash; the widest scatter reaches `MAX`.
                        let hash = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(7);
                        let ahead = hash.checked_shr(64 - bits).unwrap_or(0);
                        let to = naive.now.saturating_add(ahead);
                        calendar.post(at(to), naive.posted);
                        naive.post(to);
                    }
                }
                Step::Drain(ahead) => {
                    let end = naive.now.saturating_add(ahead);
                    for _ in 0..100 {
                        prop_assert_eq!(calendar.pop_until(at(end)), naive.pop_until(end));
                    }
                }
                Step::Look(ahead) => {
                    let next = naive.pending.first().map(|entry| entry.0);
                    prop_assert_eq!(calendar.next_time(), next.map(at));
                    naive.now = next.unwrap_or(u64::MAX).min(naive.now.saturating_add(ahead));
                    calendar.advance_to(at(naive.now));
                }
            }
            prop_assert_eq!(calendar.now(), at(naive.now));
            prop_assert_eq!(calendar.len(), naive.pending.len());
            prop_assert_eq!(calendar.posted(), naive.posted);
        }
        while let Some(order) = naive.pop_until(u64::MAX) {
            prop_assert_eq!(calendar.pop_until(Time::MAX), Some(order));
        }
        prop_assert!(calendar.is_empty());
    }
}

#[test]
fn thousands_of_ties_leave_in_the_order_they_came() {
    let mut calendar = Calendar::new();
    for number in 0_u64..20_000 {
        calendar.post(Time::from_nanos(1 + number % 7), number);
    }
    let mut last = (Time::ZERO, 0);
    while let Some(number) = calendar.pop_until(Time::MAX) {
        let this = (calendar.now(), number);
        assert!(last == (Time::ZERO, 0) || last < this, "{last:?} came before {this:?}");
        last = this;
    }
    assert_eq!(last, (Time::from_nanos(7), 19_998));
}

#[test]
fn an_event_at_the_end_is_still_handed_out() {
    let mut calendar = Calendar::new();
    calendar.post(Time::from_nanos(10), 'x');
    assert_eq!(calendar.pop_until(Time::from_nanos(9)), None);
    assert_eq!(calendar.now(), Time::ZERO);
    assert_eq!(calendar.pop_until(Time::from_nanos(10)), Some('x'));
    calendar.post_now('y');
    assert_eq!(calendar.pop_until(Time::from_nanos(9)), None);
    assert_eq!(calendar.pop_until(Time::from_nanos(10)), Some('y'));
}

#[test]
fn never_comes_last() {
    let mut calendar = Calendar::new();
    calendar.post(Time::MAX, 'n');
    assert_eq!(calendar.pop_until(Time::from_nanos(u64::MAX - 1)), None);
    assert_eq!(calendar.next_time(), Some(Time::MAX));
    assert_eq!(calendar.pop_until(Time::MAX), Some('n'));
    calendar.post(Time::MAX, 'o');
    assert_eq!(calendar.pop_until(Time::MAX), Some('o'));
    assert_eq!(calendar.pop_until(Time::MAX), None);
}

#[test]
fn memory_is_reused() {
    let mut calendar = Calendar::new();
    for number in 0_u64..100 {
        calendar.post(Time::from_nanos(1 + number), number);
    }
    for _ in 0..10_000 {
        let number = calendar.pop_until(Time::MAX).expect("a hundred are always pending");
        calendar.post(calendar.now() + super::super::time::Span::from_nanos(97 + number), number);
    }
    assert_eq!((calendar.len(), calendar.slab.len()), (100, 100));
}

#[test]
#[should_panic(expected = "was posted for 4ns, but it is 5ns already")]
fn the_past_is_closed() {
    let mut calendar = Calendar::new();
    calendar.advance_to(Time::from_nanos(5));
    calendar.post(Time::from_nanos(4), ());
}

#[test]
#[should_panic(expected = "cannot skip an event at 4ns")]
fn the_clock_skips_nothing() {
    let mut calendar = Calendar::new();
    calendar.post(Time::from_nanos(4), ());
    calendar.advance_to(Time::from_nanos(5));
}
