//! Windows by table, and against a naive reference that keeps every element.

use super::*;
use proptest::prelude::*;

fn key(group: u32) -> WindowKey {
    WindowKey { group: GroupId(group), step: 0 }
}

/// A result: start, end, count, whether it is late.
type Told = (i64, i64, u64, bool);

/// Elements with the watermark that follows each; the results as (start, end, count, late).
fn play(assigner: Assigner, lateness: i64, steps: &[(i64, i64)]) -> (Vec<Told>, Vec<Outcome>) {
    let mut windows = Windows::new(assigner, lateness);
    let (mut fired, mut outcomes) = (Vec::new(), Vec::new());
    for (time, watermark) in steps {
        outcomes.push(windows.add(key(1), *time, (1.0, Time::ZERO), &mut fired));
        windows.advance(*watermark, &mut fired);
    }
    let told = fired.iter().map(|one| (one.start, one.end, one.aggregate.count, one.is_late)).collect();
    (told, outcomes)
}

const MINUTE: Assigner = Assigner::Sliding { size: 60, slide: 60, offset: 0 };
const NO: i64 = i64::MIN;

#[test]
fn a_tumbling_window_has_its_start_and_not_its_end() {
    let (fired, _) = play(MINUTE, 0, &[(0, NO), (59, NO), (60, 58), (61, 59), (120, 119)]);
    assert_eq!(fired, [(0, 60, 2, false), (60, 120, 2, false)]);
    // Before 1970, and moved.
    let (fired, _) = play(MINUTE, 0, &[(-1, -1)]);
    assert_eq!(fired, [(-60, 0, 1, false)]);
    let moved = Assigner::Sliding { size: 60, slide: 60, offset: 15 };
    let (fired, _) = play(moved, 0, &[(14, NO), (15, NO), (74, 200)]);
    assert_eq!(fired, [(-45, 15, 1, false), (15, 75, 2, false)]);
}

#[test]
fn without_allowed_lateness_what_comes_behind_the_watermark_is_late() {
    let (fired, outcomes) = play(MINUTE, 0, &[(10, 59), (11, 59), (59, 59), (60, 59)]);
    assert_eq!(fired, [(0, 60, 1, false)]);
    assert_eq!(outcomes, [Outcome::Taken, Outcome::Late, Outcome::Late, Outcome::Taken]);
    // A watermark one millisecond short of the end fires nothing.
    assert!(play(MINUTE, 0, &[(10, 58)]).0.is_empty());
}

#[test]
fn allowed_lateness_fires_again_for_each_late_element_until_it_is_over() {
    let steps = [(10, 59), (20, 68), (30, 69), (40, 69)];
    let (fired, outcomes) = play(MINUTE, 10, &steps);
    assert_eq!(fired, [(0, 60, 1, false), (0, 60, 2, true), (0, 60, 3, true)]);
    assert_eq!(outcomes[3], Outcome::Late, "the window and its lateness are over at 69");
    // A late element opens a window that had none.
    let (fired, _) = play(MINUTE, 10, &[(60, 65), (5, 65)]);
    assert_eq!(fired, [(0, 60, 1, true)]);
}

#[test]
fn an_element_is_in_as_many_sliding_windows_as_fit() {
    let sliding = Assigner::Sliding { size: 60, slide: 20, offset: 0 };
    let (fired, _) = play(sliding, 0, &[(60, 1_000)]);
    assert_eq!(fired, [(20, 80, 1, false), (40, 100, 1, false), (60, 120, 1, false)]);
    // Late for one of them, in time for the others.
    let (fired, outcomes) = play(sliding, 0, &[(90, 79), (65, 1_000)]);
    assert_eq!(fired, [(40, 100, 2, false), (60, 120, 2, false), (80, 140, 1, false)]);
    assert_eq!(outcomes, [Outcome::Taken, Outcome::Taken]);
    let gaps = Assigner::Sliding { size: 10, slide: 60, offset: 0 };
    assert_eq!(
        play(gaps, 0, &[(9, NO), (10, NO), (10, 10), (10, 10)]).1[1..],
        [Outcome::Outside, Outcome::Outside, Outcome::Late]
    );
}

#[test]
fn sessions_that_touch_are_one() {
    let session = Assigner::Session { gap: 10 };
    let (fired, _) = play(session, 0, &[(0, NO), (10, NO), (21, NO), (100, 1_000)]);
    assert_eq!(fired, [(0, 20, 2, false), (21, 31, 1, false), (100, 110, 1, false)]);
    // One in the middle joins two.
    let (fired, _) = play(session, 0, &[(0, NO), (20, NO), (10, 1_000)]);
    assert_eq!(fired, [(0, 30, 3, false)]);
    // An element behind the watermark is in time when its session goes on.
    let (fired, outcomes) = play(session, 0, &[(15, 20), (6, 30)]);
    assert_eq!((fired, outcomes), (vec![(6, 25, 2, false)], vec![Outcome::Taken, Outcome::Taken]));
    let (fired, outcomes) = play(session, 0, &[(30, 20), (6, 50)]);
    assert_eq!((fired, outcomes), (vec![(30, 40, 1, false)], vec![Outcome::Taken, Outcome::Late]));
}

#[test]
fn a_stagger_window_opens_with_its_first_element() {
    let stagger = Assigner::Stagger { size: 60 };
    let (fired, _) = play(stagger, 0, &[(20, NO), (30, NO), (65, NO), (80, NO), (139, 1_000)]);
    assert_eq!(fired, [(20, 80, 3, false), (80, 140, 2, false)]);
}

#[test]
fn windows_outlive_a_restart_and_watermarks_do_not() {
    let mut windows = Windows::new(MINUTE, 30);
    let mut fired = Vec::new();
    windows.add(key(1), 10, (1.0, Time::ZERO), &mut fired);
    windows.advance(60, &mut fired);
    windows.forget_time();
    windows.add(key(1), 20, (1.0, Time::ZERO), &mut fired);
    windows.advance(70, &mut fired);
    let counts: Vec<u64> = fired.iter().map(|one| one.aggregate.count).collect();
    assert_eq!(counts, [1, 2]);
    windows.advance(89, &mut fired);
    assert!(windows.len() == 0);
}

#[test]
fn keys_have_windows_of_their_own_and_fire_in_order() {
    let mut windows = Windows::new(MINUTE, 0);
    let mut fired = Vec::new();
    for (group, time) in [(2, 5), (1, 65), (1, 5), (2, 6)] {
        windows.add(key(group), time, (f64::from(group), Time::from_nanos(time as u64)), &mut fired);
    }
    windows.advance(1_000, &mut fired);
    let told: Vec<_> = fired.iter().map(|one| (one.key.group.0, one.start, one.aggregate.sum)).collect();
    assert_eq!(told, [(1, 0, 1.0), (2, 0, 4.0), (1, 60, 1.0)]);
    assert_eq!(fired[1].aggregate.newest, Time::from_nanos(6));
}

/// The last result of each window, by a reference that keeps all elements and knows no state but them.
fn naive(assigner: Assigner, lateness: i64, steps: &[(u32, i64, i64)]) -> BTreeMap<(u32, i64, i64), u64> {
    let mut kept: Vec<(u32, i64)> = Vec::new();
    let mut results = BTreeMap::new();
    let mut watermark = i64::MIN;
    for (group, time, next) in steps {
        let over = |end: i64| (end - 1).saturating_add(lateness) <= watermark;
        match assigner {
            Assigner::Sliding { size, slide, .. } => {
                for start in (time - size + 1)..=*time {
                    if start.rem_euclid(slide) == 0 && !over(start + size) {
                        *results.entry((*group, start, start + size)).or_insert(0) += 1;
                    }
                }
            }
            Assigner::Session { gap } => {
                // The session that it would be in: all kept elements that hang together with it.
                kept.push((*group, *time));
                let (mut start, mut end) = (*time, *time + gap);
                loop {
                    let near = |at: &i64| *at <= end && *at + gap >= start;
                    let near: Vec<i64> =
                        kept.iter().filter(|one| one.0 == *group).map(|one| one.1).filter(near).collect();
                    let (first, last) =
                        (near.iter().min().unwrap_or(&start), near.iter().max().unwrap_or(&end));
                    let wider = (start.min(*first), end.max(*last + gap));
                    if wider == (start, end) {
                        break;
                    }
                    (start, end) = wider;
                }
                if over(end) {
                    kept.pop();
                } else {
                    results.retain(|(of, from, to), _| *of != *group || *to < start || *from > end);
                    let inside = |one: &&(u32, i64)| one.0 == *group && one.1 >= start && one.1 + gap <= end;
                    results.insert((*group, start, end), kept.iter().filter(inside).count() as u64);
                }
            }
            Assigner::Stagger { .. } => unreachable!("stagger windows have a table of their own"),
        }
        watermark = watermark.max(*next);
        if let Assigner::Session { .. } = assigner {
            // What is over is not there to be joined any more.
            let over: Vec<(u32, i64, i64)> = results
                .keys()
                .filter(|(_, _, end)| (end - 1).saturating_add(lateness) <= watermark)
                .copied()
                .collect();
            kept.retain(|(of, at)| {
                !over.iter().any(|(group, from, to)| group == of && at >= from && at < to)
            });
        }
    }
    results
}

proptest! {
    #[test]
    fn each_element_is_in_the_windows_where_it_belongs(
        kind in 0..3,
        lateness in prop_oneof![Just(0_i64), 1..40_i64],
        steps in proptest::collection::vec((0..3_u32, 0..200_i64, -20..20_i64), 1..80),
    ) {
        let assigner = match kind {
            0 => Assigner::Sliding { size: 30, slide: 30, offset: 0 },
            1 => Assigner::Sliding { size: 30, slide: 7, offset: 0 },
            _ => Assigner::Session { gap: 9 },
        };
        // The watermark follows the elements, now ahead of the newest and now behind.
        let mut newest = 0;
        let steps: Vec<(u32, i64, i64)> = steps
            .into_iter()
            .map(|(group, time, behind)| {
                newest = newest.max(time);
                (group, time, newest.saturating_sub(behind))
            })
            .collect();
        let mut windows = Windows::new(assigner, lateness);
        let mut fired = Vec::new();
        let mut last: BTreeMap<(u32, i64, i64), u64> = BTreeMap::new();
        for (group, time, watermark) in &steps {
            windows.add(key(*group), *time, (1.0, Time::ZERO), &mut fired);
            windows.advance(*watermark, &mut fired);
        }
        windows.advance(i64::MAX, &mut fired);
        prop_assert!(windows.len() == 0);
        prop_assert!(windows.grown.is_empty());
        for one in &fired {
            let place = (one.key.group.0, one.start, one.end);
            if matches!(assigner, Assigner::Session { .. }) {
                // A session that grew after it had fired is another window.
                last.retain(|(of, from, to), _| {
                    *of != place.0 || *to < place.1 || *from > place.2 || (*from, *to) == (place.1, place.2)
                });
            }
            last.insert(place, one.aggregate.count);
        }
        prop_assert_eq!(last, naive(assigner, lateness, &steps));
    }
}
