//! The order of future keys: a ladder of time buckets over a small heap.
//!
//! Most events lie far enough ahead that only their rough place in time matters yet. Keys wait in
//! four places, each later than the one before:
//!
//! - `bottom`, sorted: the bucket being consumed, smallest key at the end;
//! - `near`, a heap: keys that arrived for the time of `bottom` after it was sorted;
//! - `buckets`, unsorted: equal stretches of time, each sorted when its turn comes;
//! - `far`, unsorted: everything behind the last bucket.
//!
//! When the buckets are used up, new ones are laid over the front of `far`, their width taken from
//! the pace at which keys were handed out since the last time. A wrong width costs time, never
//! order: too wide, and `near` does the work of a plain heap; too narrow, and each layout still
//! takes at least an eighth of `far` along. So a key is moved a bounded number of times on average
//! and sorted once, while in the usual case a push is an append and a removal takes the last of a
//! small sorted list.

use super::heap::{EMPTY, KeyHeap};

/// Up to so many keys are sorted outright.
const FEW: usize = 32;
/// Keys a bucket should hold when its turn comes.
const BUCKET: u64 = 8;
/// A list with room for more keys than this is given up once it is empty.
const CROWD: usize = 256;

#[derive(Clone, Debug)]
pub(super) struct Ladder {
    bottom: Vec<u128>,
    near: KeyHeap,
    /// Earlier times go to `near`.
    near_end: u64,
    buckets: Vec<Vec<u128>>,
    /// The first bucket not yet consumed.
    next: usize,
    /// Keys in the buckets.
    in_buckets: usize,
    /// The time at which the first bucket begins, and the width of all as a power of two.
    start: u64,
    shift: u32,
    /// Earlier times (but not before `near_end`) go to the buckets, later ones to `far`.
    far_begin: u64,
    far: Vec<u128>,
    /// Keys removed since the buckets were laid out.
    removed: u64,
    /// The smallest key, [`EMPTY`] when there is none: asked for more often than it changes.
    head: u128,
}

impl Ladder {
    pub(super) const fn new() -> Self {
        Self {
            bottom: Vec::new(),
            near: KeyHeap::new(),
            near_end: 0,
            buckets: Vec::new(),
            next: 0,
            in_buckets: 0,
            start: 0,
            shift: 0,
            far_begin: 0,
            far: Vec::new(),
            removed: 0,
            head: EMPTY,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bottom.len() + self.near.len() + self.in_buckets + self.far.len()
    }

    /// The smallest key, [`EMPTY`] when there is none.
    #[inline]
    pub(super) const fn first(&self) -> u128 {
        self.head
    }

    // `bottom` and `near` are never both empty while a key waits elsewhere.
    #[inline]
    fn find_head(&mut self) {
        self.head = self.bottom.last().map_or(EMPTY, |&key| key).min(self.near.peek());
    }

    #[inline]
    pub(super) fn push(&mut self, key: u128) {
        let time = time_of(key);
        if time >= self.far_begin {
            self.far.push(key);
        } else if time >= self.near_end {
            self.buckets[((time - self.start) >> self.shift) as usize].push(key);
            self.in_buckets += 1;
        } else {
            self.near.push(key);
            self.head = self.head.min(key);
            return;
        }
        if self.head == EMPTY {
            self.refill();
            self.find_head();
        }
    }

    /// Removes the key that [`first`](Self::first) shows; there must be one.
    #[inline]
    pub(super) fn remove_first(&mut self) {
        self.removed += 1;
        if self.bottom.last().is_some_and(|&key| key == self.head) {
            self.bottom.pop();
        } else {
            self.near.remove_first();
        }
        if self.bottom.is_empty() && self.near.is_empty() {
            self.refill();
        }
        self.find_head();
    }

    /// Fills the empty `bottom` from the next bucket with anything in it.
    #[inline(never)]
    fn refill(&mut self) {
        if self.in_buckets == 0 {
            if self.far.is_empty() {
                return;
            }
            if self.far.len() <= FEW || !self.lay_out() {
                self.take_all();
                return;
            }
        }
        while self.buckets[self.next].is_empty() {
            self.next += 1;
        }
        // The two lists change places, so that no memory is given back or asked for; but what a
        // crowd at one instant needed must not wander from bucket to bucket and multiply.
        if self.bottom.capacity() > CROWD {
            self.bottom = Vec::new();
        }
        std::mem::swap(&mut self.bottom, &mut self.buckets[self.next]);
        self.in_buckets -= self.bottom.len();
        self.next += 1;
        let width = (self.next as u128) << self.shift;
        self.near_end = clamped(u128::from(self.start) + width).min(self.far_begin);
        sort(&mut self.bottom);
    }

    /// Makes all of `far` the new `bottom`.
    fn take_all(&mut self) {
        self.bottom.append(&mut self.far);
        sort(&mut self.bottom);
        // A key of the last instant there is may still come, and then goes to `far`: behind.
        self.near_end = time_of(self.bottom[0]).saturating_add(1);
        self.far_begin = self.near_end;
        self.start_over(self.near_end);
    }

    /// Lays buckets over the front of `far`. False when that would take nothing along, because all
    /// of it lies at the last instant there is.
    fn lay_out(&mut self) -> bool {
        let count = self.far.len();
        let eighth = count / 8;
        let (earlier, &mut at, _) = self.far.select_nth_unstable(eighth);
        let begin = earlier.iter().fold(at, |least, &key| least.min(key));
        let (begin, at) = (time_of(begin), time_of(at));
        if at == u64::MAX {
            return false;
        }
        let buckets = (count / 2).next_power_of_two();
        // At first there is no pace yet; the keys' own density stands in for it.
        let gap = (begin.saturating_sub(self.start).checked_div(self.removed))
            .unwrap_or((at - begin) / eighth as u64);
        let width = gap.saturating_mul(BUCKET).max((at - begin) / buckets as u64);
        self.shift = u64::BITS - width.min(1 << 60).leading_zeros();
        self.start_over(begin);
        self.far_begin = clamped(u128::from(begin) + ((buckets as u128) << self.shift));
        self.near_end = begin;
        if self.buckets.len() < buckets {
            self.buckets.resize_with(buckets, Vec::new);
        }
        let Self { far, buckets, shift, far_begin, in_buckets, .. } = self;
        far.retain(|&key| {
            let time = time_of(key);
            if time >= *far_begin {
                return true;
            }
            buckets[((time - begin) >> *shift) as usize].push(key);
            *in_buckets += 1;
            false
        });
        true
    }

    fn start_over(&mut self, begin: u64) {
        self.start = begin;
        self.next = 0;
        self.removed = 0;
    }
}

/// Largest first, so that the smallest is taken from the end.
fn sort(keys: &mut [u128]) {
    keys.sort_unstable_by(|left, right| right.cmp(left));
}

#[inline]
fn time_of(key: u128) -> u64 {
    (key >> 64) as u64
}

fn clamped(time: u128) -> u64 {
    u64::try_from(time).unwrap_or(u64::MAX)
}
