//! Watermarks: how far event time has come, as far as anybody can tell ("Generating Watermarks", nightlies.apache.org/flink).
//! Each shard has one, each subtask the smallest of its shards, and operators the smallest of all subtasks.

/// Before any record.
pub(super) const NEVER: i64 = i64::MIN;

/// A shard, as its subtask sees it.
#[derive(Debug, Clone, Copy)]
struct Split {
    subtask: u32,
    /// The watermark of its records; `NEVER` before the first.
    watermark: i64,
    /// When the last record came.
    active_at: i64,
    is_idle: bool,
    is_finished: bool,
}

/// A subtask of the source.
#[derive(Debug, Clone, Copy)]
struct Subtask {
    watermark: i64,
    is_idle: bool,
}

/// The watermarks of one source. Times are milliseconds.
#[derive(Debug, Clone)]
pub(super) struct Watermarks {
    /// "Bounded out-of-orderness": how much later than the newest record others may come.
    bound: i64,
    /// After so long without records a shard is left out.
    idleness: Option<i64>,
    splits: Vec<Split>,
    subtasks: Vec<Subtask>,
    emitted: i64,
}

impl Watermarks {
    /// No shards yet.
    pub(super) fn new(bound: i64, idleness: Option<i64>, subtasks: u32) -> Self {
        // A subtask without shards is idle from the start ("`FlinkKinesisConsumer`").
        let subtask = Subtask { watermark: NEVER, is_idle: true };
        Self {
            bound,
            idleness,
            splits: Vec::new(),
            subtasks: vec![subtask; subtasks as usize],
            emitted: NEVER,
        }
    }

    /// Another shard, read by this subtask; gives its number.
    pub(super) fn add_split(&mut self, subtask: u32, now: i64) -> usize {
        self.splits.push(Split {
            subtask,
            watermark: NEVER,
            active_at: now,
            is_idle: false,
            is_finished: false,
        });
        self.subtasks[subtask as usize].is_idle = false;
        self.splits.len() - 1
    }

    /// A record of this time comes from a shard.
    #[inline]
    pub(super) fn observe(&mut self, split: usize, time: i64, now: i64) {
        let bound = self.bound;
        let split = &mut self.splits[split];
        split.watermark = split.watermark.max(time - bound - 1);
        split.active_at = now;
        split.is_idle = false;
    }

    /// A shard has been read to its end.
    pub(super) fn finish(&mut self, split: usize) {
        self.splits[split].is_finished = true;
    }

    /// What operators have been told last.
    pub(super) fn emitted(&self) -> i64 {
        self.emitted
    }

    /// The next time at which a shard becomes idle, if nothing comes until then.
    pub(super) fn next_idle(&self) -> Option<i64> {
        let idleness = self.idleness?;
        let waiting = self.splits.iter().filter(|split| !split.is_idle && !split.is_finished);
        waiting.map(|split| split.active_at + idleness).min()
    }

    /// The periodic look; gives the new watermark if it has advanced.
    pub(super) fn advance(&mut self, now: i64) -> Option<i64> {
        if let Some(idleness) = self.idleness {
            for split in &mut self.splits {
                split.is_idle |= now - split.active_at >= idleness;
            }
        }
        for (number, subtask) in (0..).zip(&mut self.subtasks) {
            let active = self.splits.iter().filter(|split| split.subtask == number && split.counts());
            let least = active.map(|split| split.watermark).min();
            subtask.is_idle = least.is_none();
            subtask.watermark = subtask.watermark.max(least.unwrap_or(NEVER));
        }
        let active = || self.subtasks.iter().filter(|subtask| !subtask.is_idle);
        // "`StatusWatermarkValve`": while all are idle the furthest counts; who comes back behind what was told is left out
        // until it has caught up.
        let reached = if active().next().is_none() {
            self.subtasks.iter().map(|subtask| subtask.watermark).max()
        } else {
            let aligned = active().filter(|subtask| subtask.watermark >= self.emitted);
            aligned.map(|subtask| subtask.watermark).min()
        };
        let reached = reached.filter(|reached| *reached > self.emitted)?;
        self.emitted = reached;
        Some(reached)
    }
}

impl Split {
    fn counts(&self) -> bool {
        !self.is_idle && !self.is_finished
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watermark_is_behind_the_newest_record_by_the_bound_and_a_millisecond() {
        let mut marks = Watermarks::new(5_000, None, 1);
        let shard = marks.add_split(0, 0);
        assert_eq!(marks.advance(0), None, "nothing has come");
        marks.observe(shard, 65_000, 65_000);
        assert_eq!(marks.advance(65_000), Some(59_999));
        marks.observe(shard, 61_000, 66_000);
        assert_eq!(marks.advance(66_000), None, "a watermark never goes back");
    }

    #[test]
    fn the_slowest_shard_holds_everybody_back_until_it_is_idle() {
        let mut marks = Watermarks::new(0, Some(10_000), 2);
        let (fast, slow) = (marks.add_split(0, 0), marks.add_split(1, 0));
        marks.observe(fast, 8_000, 8_000);
        assert_eq!(marks.advance(8_000), None, "the other shard has said nothing yet");
        assert_eq!(marks.next_idle(), Some(10_000));
        assert_eq!(marks.advance(10_000), Some(7_999));
        // It comes back behind what was told, and is left out until it has caught up.
        marks.observe(slow, 5_000, 11_000);
        marks.observe(fast, 9_000, 11_000);
        assert_eq!(marks.advance(11_000), Some(8_999));
        marks.observe(slow, 9_500, 12_000);
        marks.observe(fast, 12_000, 12_000);
        assert_eq!(marks.advance(12_000), Some(9_499), "it counts again");
    }

    #[test]
    fn without_idleness_an_empty_shard_holds_back_for_ever() {
        let mut marks = Watermarks::new(0, None, 1);
        let (busy, _silent) = (marks.add_split(0, 0), marks.add_split(0, 0));
        for second in 0..100 {
            marks.observe(busy, second * 1_000, second * 1_000);
            assert_eq!(marks.advance(second * 1_000), None);
        }
    }

    #[test]
    fn when_all_are_idle_the_furthest_counts() {
        let mut marks = Watermarks::new(0, Some(1_000), 2);
        let (one, two) = (marks.add_split(0, 0), marks.add_split(1, 0));
        marks.observe(one, 100, 0);
        marks.observe(two, 50, 0);
        assert_eq!(marks.advance(0), Some(49));
        assert_eq!(marks.advance(1_000), Some(99));
    }

    #[test]
    fn a_finished_shard_does_not_count() {
        let mut marks = Watermarks::new(0, None, 1);
        let (parent, child) = (marks.add_split(0, 0), marks.add_split(0, 0));
        marks.observe(child, 500, 0);
        assert_eq!(marks.advance(0), None);
        marks.finish(parent);
        assert_eq!(marks.advance(0), Some(499));
    }
}
