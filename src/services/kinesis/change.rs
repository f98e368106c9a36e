//! How the shards of a stream change: splits, merges, `UpdateShardCount` ("Reshard a stream"), and what else can be set
//! while it runs.

use super::Timer;
use super::config::NEW_ON_DEMAND_SHARDS;
use super::settings::{CapacityMode, Change, RecordDistribution};
use super::shard::Shard;
use super::stream::DataStream;
use crate::engine::{Span, Time};
use crate::record::ScalingActivity;
use crate::wire::{ApiError, Context, HashRange, Outbox, Service, ShardId};
use std::collections::VecDeque;

/// A step of a change: one shard becomes two, or two become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The shard that has this hash key is split there.
    Split(u128),
    /// The shard that begins with this hash key is merged with the one before it.
    Merge(u128),
}

/// What is being changed, and what was.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Steps still to do; the stream is `UPDATING` while there are any.
    steps: VecDeque<Step>,
    shard_count_updates: Vec<Time>,
    mode_changes: Vec<Time>,
}

impl Changes {
    /// Whether the stream is `UPDATING`.
    pub(super) fn is_updating(&self) -> bool {
        !self.steps.is_empty()
    }

    /// How many shards there will be, from so many.
    pub(super) fn target(&self, present: u32) -> u32 {
        let growth = self.steps.iter().fold(0_i64, |sum, step| match step {
            Step::Split(_) => sum + 1,
            Step::Merge(_) => sum - 1,
        });
        (i64::from(present) + growth) as u32
    }
}

const DAY: Span = Span::from_days(1);

/// How many of these times lie in the 24 hours before `now`.
fn in_a_day(times: &[Time], now: Time) -> u32 {
    times.iter().filter(|time| now < **time + DAY).count() as u32
}

impl DataStream {
    /// A call to change the stream; the journal has it, and whether it was refused.
    pub(super) fn change<O: Outbox<Timer>>(
        &mut self,
        change: Change,
        cx: &mut Context<'_, O>,
    ) -> Result<(), ApiError> {
        let before = self.open.len() as u32;
        let outcome = self.begin_change(change, cx);
        let told = outcome.as_ref().map_err(|(error, _)| *error).copied();
        let (status, cause) = match outcome {
            Ok(()) => ("Successful", "the stream is active and the change is within its limits".to_owned()),
            Err((error, why)) => (error.code(), why),
        };
        self.metrics.changes_refused.add(u64::from(outcome_is_error(status)));
        let after = if outcome_is_error(status) { before } else { self.changes.target(before) };
        cx.journal.activities.push(ScalingActivity {
            time: cx.now,
            group: self.settings.name.clone(),
            policy: change.action().to_owned(),
            cause,
            old_desired: before,
            new_desired: after,
            status,
        });
        told
    }

    fn begin_change<O: Outbox<Timer>>(
        &mut self,
        change: Change,
        cx: &mut Context<'_, O>,
    ) -> Result<(), (ApiError, String)> {
        // "`UpdateStreamRecordDistributionStrategy`" can be called at any time.
        let may_be_updating = matches!(change, Change::RecordDistribution(_));
        if self.changes.is_updating() && !may_be_updating {
            return Err((ApiError::ResourceInUseException, "the stream is UPDATING".to_owned()));
        }
        let steps = match change {
            Change::Split(shard, at) => vec![Step::Split(self.check_split(shard, at)?)],
            Change::Merge(shard, other) => vec![Step::Merge(self.check_merge(shard, other)?)],
            Change::UpdateShardCount(target) => self.check_shard_count(target, cx.now)?,
            Change::UpdateStreamMode(mode) => {
                self.check_mode(cx.now)?;
                self.charge(cx.now);
                self.mode = mode;
                match mode {
                    CapacityMode::OnDemand => self.begin_watch(cx),
                    // A provisioned stream has no such setting.
                    CapacityMode::Provisioned => self.distribution = RecordDistribution::UserPartitionKey,
                }
                Vec::new()
            }
            Change::Retention(retention) => {
                self.charge(cx.now);
                // What has expired by now does not come back.
                self.catch_up(cx.now, cx.messages);
                self.retention = retention;
                self.catch_up(cx.now, cx.messages);
                Vec::new()
            }
            Change::WarmThroughput(bytes) => self.check_warm_throughput(bytes)?,
            Change::RecordDistribution(distribution) => {
                self.check_distribution(distribution)?;
                self.distribution = distribution;
                return Ok(());
            }
        };
        self.changes.steps = steps.into();
        if !self.changes.steps.is_empty() {
            cx.outbox.wake(cx.now + self.settings.reshard_time, Timer::Reshard);
        }
        Ok(())
    }

    /// Splits and merges are for streams with provisioned shards ("`SplitShard`", "`MergeShards`",
    /// "`UpdateShardCount`").
    fn check_provisioned(&self) -> Result<(), (ApiError, String)> {
        match self.mode {
            CapacityMode::Provisioned => Ok(()),
            CapacityMode::OnDemand => {
                Err((ApiError::InvalidArgumentException, "the stream is on demand".to_owned()))
            }
        }
    }

    fn check_open(&self, shard: ShardId) -> Result<&Shard, (ApiError, String)> {
        match self.shards.get(shard.index()) {
            None => Err((ApiError::ResourceNotFoundException, format!("there is no {shard}"))),
            Some(found) if found.closed => {
                Err((ApiError::InvalidArgumentException, format!("{shard} is closed")))
            }
            Some(found) => Ok(found),
        }
    }

    /// Where the shard is to be split: above its first two hash keys and below its last ("`SplitShard`").
    fn check_split(&self, shard: ShardId, at: Option<u128>) -> Result<u128, (ApiError, String)> {
        self.check_provisioned()?;
        let range = self.check_open(shard)?.range;
        let at = at.unwrap_or_else(|| range.middle());
        if at <= range.first.saturating_add(1) || at >= range.last {
            let why =
                format!("{shard} cannot be split at {at}: its range is {} to {}", range.first, range.last);
            return Err((ApiError::InvalidArgumentException, why));
        }
        Ok(at)
    }

    /// Where two shards meet ("`MergeShards`": their ranges must be one without a gap).
    fn check_merge(&self, shard: ShardId, other: ShardId) -> Result<u128, (ApiError, String)> {
        self.check_provisioned()?;
        let (a, b) = (self.check_open(shard)?.range, self.check_open(other)?.range);
        let (lower, upper) = if a.first < b.first { (a, b) } else { (b, a) };
        if shard == other || lower.last.checked_add(1) != Some(upper.first) {
            let why = format!("{shard} and {other} are not adjacent");
            return Err((ApiError::InvalidArgumentException, why));
        }
        Ok(upper.first)
    }

    /// The limits of "`UpdateShardCount`".
    fn check_shard_count(&mut self, target: u32, now: Time) -> Result<Vec<Step>, (ApiError, String)> {
        self.check_provisioned()?;
        let (current, quotas) = (self.open.len() as u32, &self.settings.quotas);
        if in_a_day(&self.changes.shard_count_updates, now) >= quotas.update_shard_counts_per_day {
            let why = format!("{} calls in 24 hours are the limit", quotas.update_shard_counts_per_day);
            return Err((ApiError::LimitExceededException, why));
        }
        if target > current.saturating_mul(2) || target.saturating_mul(2) < current || target == 0 {
            let why = format!("{target} is not between half and double the present {current} shards");
            return Err((ApiError::InvalidArgumentException, why));
        }
        if target > quotas.most_shards {
            let why = format!("a stream has {} shards at most", quotas.most_shards);
            return Err((ApiError::LimitExceededException, why));
        }
        self.changes.shard_count_updates.push(now);
        Ok(steps_to(&self.open_ranges(), target))
    }

    fn check_mode(&mut self, now: Time) -> Result<(), (ApiError, String)> {
        let most = self.settings.quotas.mode_changes_per_day;
        if in_a_day(&self.changes.mode_changes, now) >= most {
            let why = format!("{most} changes of the mode in 24 hours are the limit");
            return Err((ApiError::LimitExceededException, why));
        }
        self.changes.mode_changes.push(now);
        Ok(())
    }

    /// "`UpdateStreamRecordDistributionStrategy`": at any time, of a stream on demand.
    fn check_distribution(&self, distribution: RecordDistribution) -> Result<(), (ApiError, String)> {
        let is_auto = distribution == RecordDistribution::Auto;
        if is_auto && !self.settings.quotas.record_distribution {
            let why = "there is no such strategy with these quotas".to_owned();
            return Err((ApiError::UnsupportedOperation, why));
        }
        if is_auto && self.mode == CapacityMode::Provisioned {
            return Err((ApiError::InvalidArgumentException, "the stream is provisioned".to_owned()));
        }
        Ok(())
    }

    fn check_warm_throughput(&self, bytes: u64) -> Result<Vec<Step>, (ApiError, String)> {
        if !self.settings.quotas.warm_throughput {
            let why = "a stream cannot be warmed up with these quotas".to_owned();
            return Err((ApiError::UnsupportedOperation, why));
        }
        if self.mode == CapacityMode::Provisioned {
            return Err((ApiError::InvalidArgumentException, "the stream is provisioned".to_owned()));
        }
        // "Choose the right mode to stream in": the stream also shrinks to it, not below what the last hour needed.
        let most = self.settings.quotas.on_demand_write_bytes_per_second;
        let target = self.shards_for(bytes.max(self.hour.peak()).min(most)).max(NEW_ON_DEMAND_SHARDS);
        if target == self.open.len() as u32 {
            return Ok(Vec::new());
        }
        Ok(steps_to(&self.open_ranges(), target))
    }

    /// How many shards take so many bytes a second.
    pub(super) fn shards_for(&self, bytes_per_second: u64) -> u32 {
        let each = u64::from(self.settings.quotas.shard_write_bytes_per_second);
        bytes_per_second.div_ceil(each) as u32
    }

    fn open_ranges(&self) -> Vec<HashRange> {
        self.open.shards().map(|shard| self.shards[shard as usize].range).collect()
    }

    /// The splits and merges under way are done, and the next ones begin.
    pub(super) fn reshard<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        for _ in 0..self.settings.reshard_parallel {
            match self.changes.steps.pop_front() {
                Some(Step::Split(at)) => self.split(at, cx),
                Some(Step::Merge(at)) => self.merge(at, cx),
                None => break,
            }
        }
        if !self.changes.steps.is_empty() {
            cx.outbox.wake(cx.now + self.settings.reshard_time, Timer::Reshard);
        }
    }

    /// The shard that has this hash key becomes two; the upper begins with it.
    pub(super) fn split<O: Outbox<Timer>>(&mut self, at: u128, cx: &mut Context<'_, O>) {
        let place = self.open.place_of(at);
        let parent = self.open.shard_at(place);
        let range = self.shards[parent as usize].range;
        let last = range.last;
        if at <= range.first {
            return;
        }
        let child = self.shards.len() as u32;
        let parents = [Some(ShardId(parent)), None];
        for range in [HashRange { first: range.first, last: at - 1 }, HashRange { first: at, last }] {
            self.shards.push(Shard::new(range, parents, &self.settings));
        }
        self.charge(cx.now);
        self.open.replace(place..=place, &[(at - 1, child), (last, child + 1)]);
        self.metrics.splits.add(1);
        self.close(parent, cx);
        self.hand_on_keys(parent);
    }

    /// The shard that begins with this hash key and the one below it become one.
    fn merge<O: Outbox<Timer>>(&mut self, at: u128, cx: &mut Context<'_, O>) {
        let place = self.open.place_of(at);
        if place == 0 || self.shards[self.open.shard_at(place) as usize].range.first != at {
            return;
        }
        let (lower, upper) = (self.open.shard_at(place - 1), self.open.shard_at(place));
        let last = self.shards[upper as usize].range.last;
        let child = self.shards.len() as u32;
        let range = HashRange { first: self.shards[lower as usize].range.first, last };
        let parents = [Some(ShardId(lower)), Some(ShardId(upper))];
        self.shards.push(Shard::new(range, parents, &self.settings));
        self.charge(cx.now);
        self.open.replace(place - 1..=place, &[(last, child)]);
        self.metrics.merges.add(1);
        for parent in [lower, upper] {
            self.close(parent, cx);
            self.hand_on_keys(parent);
        }
    }

    /// What is known of the hottest keys of a closed shard goes on with the shards that have them now.
    fn hand_on_keys(&mut self, parent: u32) {
        let mut keys = std::mem::take(&mut self.shards[parent as usize].hot_keys);
        let is_child = |shard: &&mut Shard| shard.parents.contains(&Some(ShardId(parent)));
        // The children are the newest shards.
        for child in self.shards.iter_mut().rev().take(2).filter(is_child) {
            let range = child.range;
            keys.hand_over(&mut child.hot_keys, |key| range.contains(key));
        }
    }

    fn close<O: Outbox<Timer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        self.shards[shard as usize].closed = true;
        self.end_watch(shard);
        self.update_levels(cx.now);
        self.push_to_subscribers(shard, cx);
    }
}

fn outcome_is_error(status: &str) -> bool {
    status != "Successful"
}

/// Boundaries of equal ranges and those of halved ones differ by some units, because both are rounded.
const ROUNDING: u128 = 1 << 64;

/// The splits and merges that lead to so many equal ranges. AWS does not publish its own: doubling splits every shard in
/// the middle, halving merges neighbours, anything else splits at the new boundaries and then merges what lies between.
pub(super) fn steps_to(ranges: &[HashRange], target: u32) -> Vec<Step> {
    let current = ranges.len();
    let target = target as usize;
    if target == 2 * current {
        return ranges.iter().map(|range| Step::Split(range.middle())).collect();
    }
    if target * 2 == current {
        return ranges.iter().skip(1).step_by(2).map(|range| Step::Merge(range.first)).collect();
    }
    let wanted = HashRange::even(target as u32);
    let is_near = |a: &HashRange, b: &HashRange| a.first.abs_diff(b.first) <= ROUNDING;
    let splits = wanted.iter().filter(|new| !ranges.iter().any(|old| is_near(old, new)));
    let merges = ranges.iter().filter(|old| !wanted.iter().any(|new| is_near(old, new)));
    splits.map(|new| Step::Split(new.first)).chain(merges.map(|old| Step::Merge(old.first))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the steps make of the ranges.
    fn after(ranges: &[HashRange], steps: &[Step]) -> Vec<u128> {
        let mut firsts: Vec<u128> = ranges.iter().map(|range| range.first).collect();
        for step in steps {
            match step {
                Step::Split(at) => firsts.push(*at),
                Step::Merge(at) => {
                    let place = firsts.iter().position(|first| first == at).expect("there is such a shard");
                    firsts.remove(place);
                }
            }
        }
        firsts.sort_unstable();
        firsts
    }

    #[test]
    fn any_target_leads_to_so_many_ranges_of_equal_width() {
        for from in 1..=12 {
            for target in 1..=24_u32 {
                let ranges = HashRange::even(from);
                let firsts = after(&ranges, &steps_to(&ranges, target));
                assert_eq!(firsts.len(), target as usize, "{from} to {target}");
                for (first, wanted) in firsts.iter().zip(HashRange::even(target)) {
                    assert!(first.abs_diff(wanted.first) <= ROUNDING, "{from} to {target}");
                }
            }
        }
    }

    #[test]
    fn doubling_splits_and_halving_merges_each_once() {
        let ranges = HashRange::even(6);
        assert_eq!(steps_to(&ranges, 12).len(), 6);
        assert_eq!(steps_to(&ranges, 3).len(), 3);
        assert_eq!(steps_to(&ranges, 6), []);
    }
}
