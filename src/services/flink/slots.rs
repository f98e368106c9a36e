//! Task slots: how long work takes, and who has to wait for whom. A slot serves what it is given in its order, all
//! operators of it together ("Task slots and resources", nightlies.apache.org/flink: subtasks of a job share slots).

use crate::engine::{Span, Time};
use crate::wire::GroupId;

/// A slot.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// When it has done all it was given.
    free_at: Time,
}

/// All slots of an application.
#[derive(Debug)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    key_groups: u32,
    /// Records of a slice by the slot of their key.
    shares: Vec<u32>,
    /// Work given so far.
    given: Span,
}

/// What a slice costs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Costs {
    /// Time for each record in the slot of its source.
    pub(super) front: Span,
    /// Time for each record in the slot of its key.
    pub(super) keyed: Span,
}

/// When a slice of work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// When the source has done its part.
    pub(super) ready: Time,
    /// When everybody has.
    pub(super) done: Time,
}

impl Slots {
    pub(super) fn new(parallelism: u32, key_groups: u32, now: Time) -> Self {
        let slots = vec![Slot { free_at: now }; parallelism as usize];
        Self { slots, key_groups, shares: vec![0; parallelism as usize], given: Span::ZERO }
    }

    pub(super) fn len(&self) -> u32 {
        self.slots.len() as u32
    }

    /// The slot of a key: keys are hashed to key groups, and these are shared out in ranges ("Working with State").
    pub(super) fn of_key(&self, key: GroupId) -> u32 {
        let mixed = u64::from(key.0 ^ 0x5bd1_e995).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let group = (mixed * u64::from(self.key_groups)) >> 32;
        (group * u64::from(self.len()) / u64::from(self.key_groups)) as u32
    }

    /// A record of the next slice goes to this slot.
    #[inline]
    pub(super) fn share(&mut self, slot: u32) {
        self.shares[slot as usize] += 1;
    }

    /// Gives the slice to the slots: `records` to that of the source, the shares to those of the keys.
    pub(super) fn give(&mut self, source: u32, records: u64, costs: Costs, now: Time) -> Plan {
        let front = costs.front * records;
        let ready = self.slots[source as usize].take(front, now);
        self.given += front;
        let mut done = ready;
        for (slot, share) in self.slots.iter_mut().zip(&mut self.shares) {
            let share = u64::from(std::mem::take(share));
            if share > 0 {
                let work = costs.keyed * share;
                self.given += work;
                done = done.max(slot.take(work, now)).max(ready + work);
            }
        }
        Plan { ready, done }
    }

    /// Time that slots have been busy so far, all together.
    pub(super) fn busy(&self, now: Time) -> Span {
        let left: Span = self.slots.iter().map(|slot| slot.free_at.saturating_since(now)).sum();
        self.given.saturating_sub(left)
    }
}

impl Slot {
    fn take(&mut self, work: Span, now: Time) -> Time {
        self.free_at = self.free_at.max(now) + work;
        self.free_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: Span = Span::from_millis(1);

    #[test]
    fn work_waits_for_work_of_the_same_slot() {
        let mut slots = Slots::new(2, 128, Time::ZERO);
        let costs = Costs { front: MILLI, keyed: MILLI * 2 };
        slots.share(0);
        slots.share(1);
        let plan = slots.give(0, 2, costs, Time::ZERO);
        let at = |millis| Time::ZERO + MILLI * millis;
        assert_eq!(plan, Plan { ready: at(2), done: at(4) });
        // The second slot only had its key's part, and takes the next source part behind it.
        assert_eq!(slots.give(1, 3, costs, at(1)), Plan { ready: at(5), done: at(5) });
        assert_eq!(slots.busy(at(1)), MILLI * 2);
        assert_eq!(slots.busy(at(10)), MILLI * 9);
    }

    #[test]
    fn keys_spread_over_all_slots() {
        let slots = Slots::new(5, 128, Time::ZERO);
        let mut counts = [0; 5];
        for key in 0..10_000 {
            counts[slots.of_key(GroupId(key)) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (1_700..2_300).contains(count)), "{counts:?}");
    }
}
