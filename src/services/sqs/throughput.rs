//! How many calls a second a FIFO queue takes ("Amazon SQS message quotas", "High throughput for FIFO queues in Amazon
//! SQS").
//!
//! Calls are counted by action and by second of the simulated clock: AWS publishes the rate, not how it is measured. In
//! high-throughput mode messages lie on partitions by their group; each partition takes the rate of a plain queue, and
//! SQS adds partitions as load nears what they take. How fast is not published: they double at most once a minute.

use crate::engine::{Span, Time};
use crate::wire::GroupId;

/// The actions that are limited, each for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limited {
    Send,
    Receive,
    Delete,
}

/// What a FIFO queue may be asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct FifoLimits {
    /// Calls a second and action, of the queue or of each partition.
    pub(super) calls_per_second: u32,
    /// Most partitions; one without high throughput.
    pub(super) most_partitions: u32,
}

/// Calls of the present second.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    second: u64,
    calls: u32,
}

impl Window {
    #[inline]
    fn used(self, second: u64) -> u32 {
        if self.second == second { self.calls } else { 0 }
    }

    #[inline]
    fn take(&mut self, second: u64) {
        *self = Self { second, calls: self.used(second) + 1 };
    }
}

/// Counts the calls to a FIFO queue and refuses those above its limits.
#[derive(Debug)]
pub(super) struct Throughput {
    limits: FifoLimits,
    partitions: u32,
    sends: Vec<Window>,
    deletes: Vec<Window>,
    receives: Window,
    /// The minute the attempts are counted in, and the most attempts of one action in it.
    minute: u64,
    attempts: [u64; 3],
    touched: Vec<u32>,
}

const MINUTE: Span = Span::from_minutes(1);
const SECOND: Span = Span::from_seconds(1);
/// Partitions are added when calls reach this share of what the present ones take.
const NEARING_THE_LIMIT: f64 = 0.8;

impl Throughput {
    pub(super) fn new(limits: FifoLimits) -> Self {
        Self {
            limits,
            partitions: 1,
            sends: vec![Window::default(); 1],
            deletes: vec![Window::default(); 1],
            receives: Window::default(),
            minute: 0,
            attempts: [0; 3],
            touched: Vec::new(),
        }
    }

    /// Partitions at present.
    #[cfg(test)]
    pub(super) fn partitions(&self) -> u32 {
        self.partitions
    }

    /// A call that concerns these groups; false when it is refused. A batch counts as one call for each partition it
    /// touches. Groups do not matter for receives: the caller cannot choose them.
    pub(super) fn admit(
        &mut self,
        action: Limited,
        groups: impl Iterator<Item = GroupId>,
        now: Time,
    ) -> bool {
        let second = now.since_start() / SECOND;
        self.attempts[action as usize] += 1;
        self.grow(now);
        let limit = self.limits.calls_per_second;
        if action == Limited::Receive {
            let fits = self.receives.used(second) < limit.saturating_mul(self.partitions);
            if fits {
                self.receives.take(second);
            }
            return fits;
        }
        let partitions = self.partitions;
        self.touched.clear();
        for group in groups {
            let partition = partition(group, partitions);
            if !self.touched.contains(&partition) {
                self.touched.push(partition);
            }
        }
        let windows = if action == Limited::Send { &mut self.sends } else { &mut self.deletes };
        if self.touched.iter().any(|partition| windows[*partition as usize].used(second) >= limit) {
            return false;
        }
        self.touched.iter().for_each(|partition| windows[*partition as usize].take(second));
        true
    }

    /// At the end of a minute that came near the limit the partitions double.
    fn grow(&mut self, now: Time) {
        let minute = now.since_start() / MINUTE;
        if minute == self.minute {
            return;
        }
        let attempts = self.attempts.iter().max().copied().unwrap_or(0);
        let per_second = attempts as f64 / ((minute - self.minute) as f64 * 60.0);
        let capacity = f64::from(self.limits.calls_per_second) * f64::from(self.partitions);
        if per_second >= NEARING_THE_LIMIT * capacity {
            self.partitions = (self.partitions * 2).min(self.limits.most_partitions);
            self.sends.resize(self.partitions as usize, Window::default());
            self.deletes.resize(self.partitions as usize, Window::default());
        }
        self.minute = minute;
        self.attempts = [0; 3];
    }
}

/// The partition a group lies on: its number, well mixed.
fn partition(group: GroupId, partitions: u32) -> u32 {
    if partitions == 1 {
        return 0;
    }
    let mixed = (u64::from(group.0) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed >> 32) % u64::from(partitions)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: [GroupId; 1] = [GroupId(7)];

    fn at(millis: u64) -> Time {
        Time::ZERO + Span::from_millis(millis)
    }

    #[test]
    fn each_action_has_its_own_calls_in_each_second() {
        let mut throughput = Throughput::new(FifoLimits { calls_per_second: 3, most_partitions: 1 });
        let mut admit = |action, millis| throughput.admit(action, GROUP.into_iter(), at(millis));
        assert_eq!([0, 1, 2, 999].map(|millis| admit(Limited::Send, millis)), [true, true, true, false]);
        assert!(admit(Limited::Receive, 999) && admit(Limited::Delete, 999));
        assert!(admit(Limited::Send, 1_000), "a new second");
    }

    #[test]
    fn a_batch_costs_a_call_for_each_partition() {
        let mut throughput = Throughput::new(FifoLimits { calls_per_second: 10, most_partitions: 8 });
        // Full minutes at the limit double the partitions, up to the most there may be.
        let mut partitions = Vec::new();
        for minute in 0..5 {
            for call in 0..4_800 {
                throughput.admit(Limited::Receive, std::iter::empty(), at(minute * 60_000 + call % 60_000));
            }
            partitions.push(throughput.partitions());
        }
        assert_eq!(partitions, [1, 2, 4, 8, 8]);
        let spread: Vec<u32> = (0..1_000).map(|group| partition(GroupId(group), 8)).collect();
        let most = (0..8).map(|one| spread.iter().filter(|p| **p == one).count()).max();
        assert!(most < Some(200), "{most:?}");
    }
}
