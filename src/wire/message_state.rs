//! What happens to a message while it is in the system: how many hold it, and what became of it so far.

use super::message::Fate;

/// Holders and marks of one message. They change far more often than what the message says, so they lie by themselves: those
/// of sixteen messages share a line of the processor's cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State(u32);

const _: () =
    assert!(std::mem::size_of::<State>() == 4, "sixteen messages share a line of the processor's cache");

/// Marks take the lower bits, the number of holders the upper ones: up to a million.
const MARKS: u32 = 12;
const ONE_HOLDER: u32 = 1 << MARKS;

/// One thing that happened to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark(u32);

impl Mark {
    pub(super) const POISON: Self = Self(1);
    pub(super) const PROCESSED: Self = Self(1 << 1);
    pub(super) const DEAD_LETTERED: Self = Self(1 << 2);
    pub(super) const EXPIRED: Self = Self(1 << 3);
    pub(super) const REJECTED: Self = Self(1 << 4);
    pub(super) const DEDUPLICATED: Self = Self(1 << 5);
    pub(super) const FILTERED: Self = Self(1 << 6);
    pub(super) const PAYLOAD_DELETED: Self = Self(1 << 7);
    pub(super) const STREAMED: Self = Self(1 << 8);
    pub(super) const ENVELOPED: Self = Self(1 << 9);
}

impl State {
    /// A place that nobody uses.
    pub(super) const FREE: Self = Self(0);

    /// A new message: one holds it.
    #[inline]
    pub(super) fn new(poison: bool) -> Self {
        Self(ONE_HOLDER | if poison { Mark::POISON.0 } else { 0 })
    }

    /// How many hold it; zero when its place is free.
    #[inline]
    pub(super) fn holders(self) -> u32 {
        self.0 >> MARKS
    }

    #[inline]
    pub(super) fn hold(&mut self) {
        debug_assert!(self.holders() > 0, "only a message somebody holds can be handed on");
        self.0 = self.0.checked_add(ONE_HOLDER).expect("at most a million hold a message at once");
    }

    /// One holder less; true when it was the last.
    #[inline]
    pub(super) fn release(&mut self) -> bool {
        assert!(self.holders() > 0, "a message cannot be released more often than it was held");
        self.0 -= ONE_HOLDER;
        self.holders() == 0
    }

    #[inline]
    pub(super) fn has(self, mark: Mark) -> bool {
        self.0 & mark.0 != 0
    }

    /// Sets a mark; true when it was not set before.
    #[inline]
    pub(super) fn set(&mut self, mark: Mark) -> bool {
        let is_new = !self.has(mark);
        self.0 |= mark.0;
        is_new
    }

    #[inline]
    pub(super) fn clear(&mut self, mark: Mark) {
        self.0 &= !mark.0;
    }

    /// What became of a message nobody holds any more.
    #[inline]
    pub(super) fn fate(self) -> Fate {
        if self.has(Mark::PROCESSED) {
            Fate::Processed
        } else if self.has(Mark::REJECTED) {
            Fate::Rejected
        } else if self.has(Mark::EXPIRED) {
            Fate::Expired
        } else if self.has(Mark::DEDUPLICATED) {
            Fate::Deduplicated
        } else if self.has(Mark::FILTERED) {
            Fate::Filtered
        } else {
            Fate::Discarded
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_and_marks_do_not_touch_each_other() {
        let mut state = State::new(true);
        for _ in 1..1_000_000 {
            state.hold();
        }
        assert!(state.set(Mark::ENVELOPED) && !state.set(Mark::ENVELOPED));
        assert_eq!(state.holders(), 1_000_000);
        assert!(state.set(Mark::EXPIRED));
        state.clear(Mark::ENVELOPED);
        for _ in 1..1_000_000 {
            assert!(!state.release());
        }
        assert!(state.has(Mark::POISON) && !state.has(Mark::ENVELOPED));
        assert!(state.release(), "the last one");
        assert_eq!(state.fate(), Fate::Expired);
        state.set(Mark::PROCESSED);
        assert_eq!(state.fate(), Fate::Processed, "to be processed outdoes all else");
    }
}
