//! A 4-ary heap of 128-bit keys whose removed root stays open until something fills it.
//!
//! Most handlers post one event after taking one. The heap therefore leaves a hole at its root on
//! [`KeyHeap::remove_first`]; a push that follows drops its key into the hole and sifts it down once,
//! instead of sifting the last key down and then the new one up.
//!
//! Four siblings share one cache line. The root stands apart; the key at position `p` below it has
//! its children in family `p + 1`, and family `f` hangs under position `f - 1` (family 0 under the
//! root). Places not in use hold [`EMPTY`], which is above every key, so that the way down never
//! asks how many siblings there are.

/// Above every key: marks a place without one.
pub(super) const EMPTY: u128 = u128::MAX;

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Family([u128; 4]);

/// The smallest key comes out first. Keys must differ from one another and be below [`EMPTY`].
#[derive(Clone, Debug)]
pub(super) struct KeyHeap {
    /// [`EMPTY`] while the hole is open or nothing is left.
    root: u128,
    families: Vec<Family>,
    /// Keys below the root.
    below: usize,
}

impl KeyHeap {
    pub(super) const fn new() -> Self {
        Self { root: EMPTY, families: Vec::new(), below: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.below + (self.root != EMPTY) as usize
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.below == 0 && self.root == EMPTY
    }

    /// The smallest key without removing it, [`EMPTY`] when there is none.
    #[inline]
    pub(super) fn peek(&self) -> u128 {
        if self.root != EMPTY {
            return self.root;
        }
        // The hole is open: the smallest of its children, or nothing is left at all.
        self.families.first().map_or(EMPTY, |family| family.0[smallest(family)])
    }

    /// Removes the smallest key, if there is one.
    #[inline]
    pub(super) fn remove_first(&mut self) {
        if self.root == EMPTY && self.below > 0 {
            self.close();
        }
        self.root = EMPTY;
    }

    #[inline]
    pub(super) fn push(&mut self, key: u128) {
        if self.root == EMPTY {
            self.sift_down(key);
        } else {
            self.sift_up(key);
        }
    }

    fn close(&mut self) {
        self.below -= 1;
        let last = &mut self.families[self.below / 4].0[self.below % 4];
        let key = std::mem::replace(last, EMPTY);
        self.sift_down(key);
    }

    /// Puts `key` in at the root's place.
    #[inline]
    fn sift_down(&mut self, key: u128) {
        let families = self.families.as_mut_slice();
        let Some(first) = families.first_mut() else {
            self.root = key;
            return;
        };
        let mut child = smallest(first);
        if first.0[child] > key {
            self.root = key;
            return;
        }
        self.root = first.0[child];
        let mut family = 0;
        loop {
            let next = 4 * family + child + 1;
            let Some(&below) = families.get(next) else { break };
            let next_child = smallest(&below);
            if below.0[next_child] > key {
                break;
            }
            families[family].0[child] = below.0[next_child];
            (family, child) = (next, next_child);
        }
        families[family].0[child] = key;
    }

    /// Puts `key` in at the end.
    #[inline]
    fn sift_up(&mut self, key: u128) {
        let (mut family, mut child) = (self.below / 4, self.below % 4);
        self.below += 1;
        if family == self.families.len() {
            self.families.push(Family([EMPTY; 4]));
        }
        let families = self.families.as_mut_slice();
        while family > 0 {
            let parent = family - 1;
            let above = families[parent / 4].0[parent % 4];
            if above < key {
                families[family].0[child] = key;
                return;
            }
            families[family].0[child] = above;
            (family, child) = (parent / 4, parent % 4);
        }
        if self.root < key {
            families[0].0[child] = key;
        } else {
            families[0].0[child] = self.root;
            self.root = key;
        }
    }
}

/// A knock-out of pairs: two comparisons deep instead of three, and no branches.
#[inline]
fn smallest(family: &Family) -> usize {
    let keys = &family.0;
    let left = usize::from(keys[1] < keys[0]);
    let right = 2 + usize::from(keys[3] < keys[2]);
    if keys[right] < keys[left] { right } else { left }
}
