//! Leases: who reads which shard, from where on ("KCL concepts"; the algorithm is that of the Kinesis Client Library 2.x,
//! `DynamoDBLeaseTaker` in awslabs/amazon-kinesis-client).
//!
//! Each worker looks at the lease table at its own times. A lease whose counter has not moved between two looks is expired;
//! workers take expired leases first, and else steal from whoever has most, until each has its share.

use super::entity::StreamConsumer;
use super::handoff::Handoff;
use super::processing::Processing;
use super::settings::Library;
use super::{ConsumerTimer, entity::Worker};
use crate::engine::{Span, Time};
use crate::wire::{Action, BatchId, Context, Outbox, PollerId, ShardId, ShardInfo, Signal};
use std::collections::VecDeque;

/// The lease of a shard, and where its reading has come to.
#[derive(Debug, Default)]
pub(super) struct Lease {
    /// Whether the lease table has it.
    pub(super) exists: bool,
    /// The worker, and which of its lives.
    pub(super) owner: Option<(u32, u32)>,
    /// The owner is gone: when it last renewed the lease.
    pub(super) orphaned_at: Option<Time>,
    /// Changes whenever reading stops: answers and timers of before are void.
    pub(super) epoch: u32,
    /// Everything before is processed and need not be read again; `None` before the first checkpoint.
    pub(super) checkpoint: Option<u64>,
    pub(super) checkpointed_at: Time,
    /// Everything before was processed at some time: what is processed again is a duplicate.
    pub(super) processed_to: u64,
    /// The position that the next read should bring; `None` when that is not known.
    pub(super) expected: Option<u64>,
    /// Read to its end and processed.
    pub(super) finished: bool,
    /// The last read brought the end.
    pub(super) end_read: bool,
    /// A call is under way.
    pub(super) fetching: bool,
    /// When the last successful call ended.
    pub(super) fetched_at: Time,
    /// Batches that wait to be processed.
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) waiting_records: u64,
    pub(super) waiting_bytes: u64,
    /// Reading pauses because too much waits.
    pub(super) paused: bool,
    /// Records of the batch in hand that are not accounted for yet.
    pub(super) in_hand: u64,
    pub(super) processing: Option<Processing>,
    /// When the owner took the batch in hand.
    pub(super) began: Time,
    /// Everything before was processed by the owner; `None` when it has processed nothing yet.
    pub(super) done: Option<u64>,
    /// The owner lets it go when it has finished the batch in hand.
    pub(super) handoff: Option<Handoff>,
    /// Bytes read since the last measurement.
    pub(super) read_bytes: u64,
    /// Bytes a second that come through it, a moving average.
    pub(super) throughput: Option<f64>,
    parents: [Option<ShardId>; 2],
}

/// A batch that was read ahead of its processing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) batch: BatchId,
    pub(super) bytes: u64,
}

impl Lease {
    pub(super) fn has_parents(&self) -> bool {
        self.parents.iter().any(Option::is_some)
    }
}

/// "failoverTimeMillis" divided by three, less 25 ms: how often a worker renews its leases.
pub(super) fn renewal_interval(failover: Span) -> Span {
    (failover / 3).saturating_sub(Span::from_millis(25)).max(Span::from_millis(1))
}

/// Twice the failover time and 25 ms: how often a worker looks for leases to take.
pub(super) fn scan_interval(failover: Span) -> Span {
    (failover + Span::from_millis(25)) * 2
}

impl Worker {
    /// When it last renewed its leases before it died.
    fn last_renewal(&self, failover: Span, now: Time) -> Time {
        let interval = renewal_interval(failover);
        self.since + interval * ((now - self.since) / interval)
    }
}

impl StreamConsumer {
    /// Time zero: the application has been running for a while, and its leases are shared out evenly.
    pub(super) fn begin<O: Outbox<ConsumerTimer>>(&mut self, cx: &mut Context<'_, O>) {
        let interval = scan_interval(self.settings.failover_time);
        let takes_by_itself = self.settings.library == Library::Kcl2;
        for worker in 0..self.settings.workers {
            if takes_by_itself {
                let phase = self.chance.lease.below(interval.as_nanos());
                let timer = ConsumerTimer::Scan { worker, life: 0 };
                cx.outbox.wake(cx.now + Span::from_nanos(phase), timer);
            }
            self.await_crash(worker, cx);
        }
        self.begin_assignment(cx);
        self.metrics.load_imbalance.set(cx.now, 0);
        for shard in 0..self.settings.shards {
            let lease = self.lease(shard);
            lease.exists = true;
            if self.settings.is_hosted {
                continue;
            }
            let worker = shard % self.settings.workers.max(1);
            self.lease(shard).owner = Some((worker, 0));
            self.begin_reading(shard, cx);
        }
        for (index, stop) in self.settings.stops.iter().enumerate() {
            cx.outbox.wake(stop.at, ConsumerTimer::Stop(index as u32));
        }
        for (index, (at, _)) in self.settings.replays.iter().enumerate() {
            cx.outbox.wake(*at, ConsumerTimer::Replay(index as u32));
        }
        self.update_levels(cx.now);
    }

    /// The lease of a shard; one that the table does not have yet says so.
    pub(super) fn lease(&mut self, shard: u32) -> &mut Lease {
        let index = shard as usize;
        if self.leases.len() <= index {
            self.leases.resize_with(index + 1, Lease::default);
        }
        &mut self.leases[index]
    }

    fn await_crash<O: Outbox<ConsumerTimer>>(&mut self, worker: u32, cx: &mut Context<'_, O>) {
        if let Some(crashes) = self.settings.crashes {
            let seconds = self.chance.crash.exponential() * crashes.mean_time_between.as_seconds_f64();
            let life = self.workers[worker as usize].life;
            let at = cx.now.saturating_add(Span::from_seconds_f64(seconds));
            cx.outbox.wake(at, ConsumerTimer::Crash { worker, life });
        }
    }

    /// A worker crashes by chance.
    pub(super) fn crash_by_chance<O: Outbox<ConsumerTimer>>(
        &mut self,
        worker: u32,
        life: u32,
        cx: &mut Context<'_, O>,
    ) {
        let Some(crashes) = self.settings.crashes else { return };
        let found = &self.workers[worker as usize];
        if found.runs && found.life == life {
            self.crash(worker, Some(crashes.restart_time), cx);
        }
    }

    /// A worker crashes: what it has in hand is lost to it, and its leases are renewed no more.
    pub(super) fn crash<O: Outbox<ConsumerTimer>>(
        &mut self,
        worker: u32,
        down_for: Option<Span>,
        cx: &mut Context<'_, O>,
    ) {
        if !self.workers[worker as usize].runs {
            return;
        }
        self.metrics.crashes.add(1);
        self.lose(worker, cx);
        if let Some(down_for) = down_for {
            cx.outbox.wake(cx.now + down_for, ConsumerTimer::Restart(worker));
        }
    }

    /// A worker is gone; nobody tells the lease table.
    fn lose<O: Outbox<ConsumerTimer>>(&mut self, worker: u32, cx: &mut Context<'_, O>) {
        let found = &mut self.workers[worker as usize];
        found.runs = false;
        let owner = (worker, found.life);
        let renewed = found.last_renewal(self.settings.failover_time, cx.now);
        self.forget_leaving(worker);
        self.assignment.lose_leader(owner, cx.now);
        for shard in 0..self.leases.len() as u32 {
            if self.lease(shard).owner == Some(owner) {
                self.stop_reading(shard, cx);
                self.lease(shard).orphaned_at = Some(renewed);
            }
        }
        self.update_levels(cx.now);
    }

    /// An instance asks for work: it is a worker from now on.
    pub(super) fn host<O: Outbox<ConsumerTimer>>(&mut self, poller: PollerId, cx: &mut Context<'_, O>) {
        let worker = poller.0 as u32;
        if self.workers.len() <= worker as usize {
            let nobody = Worker { runs: false, life: 0, since: cx.now, scanned_at: None };
            self.workers.resize(worker as usize + 1, nobody);
        }
        self.restart(worker, cx);
    }

    /// An instance is gone, or the process on it.
    pub(super) fn lose_host<O: Outbox<ConsumerTimer>>(&mut self, poller: PollerId, cx: &mut Context<'_, O>) {
        let worker = poller.0 as u32;
        if self.workers.get(worker as usize).is_some_and(|worker| worker.runs) {
            self.lose(worker, cx);
        }
    }

    /// A worker is back, under a new name: what it owned before belongs to somebody else as far as it knows.
    pub(super) fn restart<O: Outbox<ConsumerTimer>>(&mut self, worker: u32, cx: &mut Context<'_, O>) {
        let found = &mut self.workers[worker as usize];
        *found = Worker { runs: true, life: found.life + 1, since: cx.now, scanned_at: None };
        let life = found.life;
        self.loads.forget(worker);
        if self.settings.library == Library::Kcl2 {
            cx.outbox.wake(cx.now, ConsumerTimer::Scan { worker, life });
        } else {
            self.join_assignment(cx);
        }
        self.await_crash(worker, cx);
        self.update_levels(cx.now);
    }

    /// A worker looks for leases to take.
    pub(super) fn scan<O: Outbox<ConsumerTimer>>(&mut self, worker: u32, life: u32, cx: &mut Context<'_, O>) {
        let found = self.workers[worker as usize];
        if !found.runs || found.life != life || self.is_leaving(worker) {
            return;
        }
        if cx.now - self.loads.measured_at >= scan_interval(self.settings.failover_time) {
            self.measure(cx);
        }
        let me = (worker, life);
        let before = found.scanned_at;
        self.workers[worker as usize].scanned_at = Some(cx.now);
        let is_free = |lease: &Lease| match (lease.owner, lease.orphaned_at) {
            (None, _) => true,
            // Its counter did not move since the scan before.
            (Some(_), Some(renewed)) => before.is_some_and(|before| renewed <= before),
            (Some(_), None) => false,
        };
        let (mut free, mut held, mut all) = (Vec::new(), vec![(me, 0_u32)], 0_u32);
        for (lease, shard) in self.leases.iter().zip(0..) {
            if !lease.exists || lease.finished {
                continue;
            }
            all += 1;
            match lease.owner {
                _ if is_free(lease) => free.push(shard),
                Some(owner) => match held.iter_mut().find(|(known, _)| *known == owner) {
                    Some((_, count)) => *count += 1,
                    None => held.push((owner, 1)),
                },
                None => {}
            }
        }
        let target = all.div_ceil(held.len() as u32).max(1);
        let mut wanted = target.saturating_sub(held[0].1);
        if free.is_empty() {
            self.steal(me, &held, target, wanted, cx);
        }
        while wanted > 0 && !free.is_empty() {
            let shard = free.swap_remove(self.chance.lease.below(free.len() as u64) as usize);
            self.metrics.leases_taken.add(1);
            self.take_lease(shard, me, cx);
            wanted -= 1;
        }
        if !self.settings.parents_first {
            self.ask_for_shards(cx);
        }
        let timer = ConsumerTimer::Scan { worker, life };
        cx.outbox.wake(cx.now + scan_interval(self.settings.failover_time), timer);
        self.update_levels(cx.now);
    }

    /// A lease of the worker that has most, if it has more than its share (or as much as its share while two or more are
    /// wanted).
    fn steal<O: Outbox<ConsumerTimer>>(
        &mut self,
        me: (u32, u32),
        held: &[((u32, u32), u32)],
        target: u32,
        wanted: u32,
        cx: &mut Context<'_, O>,
    ) {
        let others = held.iter().filter(|(owner, _)| *owner != me);
        // Of equals the first one.
        let Some((owner, most)) = others.rev().max_by_key(|(_, count)| *count) else { return };
        if wanted == 0 || *most < target || (*most == target && wanted < 2) {
            return;
        }
        let theirs: Vec<u32> = self
            .leases
            .iter()
            .zip(0..)
            .filter(|(lease, _)| lease.exists && !lease.finished && lease.owner == Some(*owner))
            .map(|(_, shard)| shard)
            .collect();
        let shard = theirs[self.chance.lease.below(theirs.len() as u64) as usize];
        if self.lease(shard).orphaned_at.is_none() {
            self.stop_reading(shard, cx);
        }
        self.metrics.leases_stolen.add(1);
        self.take_lease(shard, me, cx);
    }

    fn take_lease<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, me: (u32, u32), cx: &mut Context<'_, O>) {
        let lease = self.lease(shard);
        lease.owner = Some(me);
        lease.orphaned_at = None;
        self.begin_reading(shard, cx);
    }

    /// Everything of a shard has been read and processed (`SHARD_END`): its children can be read.
    pub(super) fn finish_shard<O: Outbox<ConsumerTimer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        let lease = self.lease(shard);
        lease.finished = true;
        lease.owner = None;
        self.metrics.shards_finished.add(1);
        self.tell_stream(shard, u64::MAX, cx);
        self.ask_for_shards(cx);
        self.update_levels(cx.now);
    }

    pub(super) fn ask_for_shards<O: Outbox<ConsumerTimer>>(&mut self, cx: &mut Context<'_, O>) {
        let request = cx.requests.open(Action::ListShards);
        cx.outbox.send(self.settings.stream, Span::ZERO, Signal::Request { request });
    }

    /// The shards of the stream are known: those whose turn has come get a lease.
    pub(super) fn take_shards<O: Outbox<ConsumerTimer>>(
        &mut self,
        shards: &[ShardInfo],
        cx: &mut Context<'_, O>,
    ) {
        for info in shards {
            let lease = self.lease(info.shard.0);
            lease.parents = [info.parent, info.adjacent_parent];
            if lease.exists {
                continue;
            }
            let parents = lease.parents;
            let is_read =
                |parent: &ShardId| self.leases.get(parent.index()).is_some_and(|parent| parent.finished);
            let is_ready = parents.iter().flatten().all(is_read);
            if is_ready || !self.settings.parents_first {
                self.lease(info.shard.0).exists = true;
            }
        }
        self.update_levels(cx.now);
    }

    /// Everything is read again from a given place. Shards with parents wait for them, as at the first time.
    pub(super) fn replay<O: Outbox<ConsumerTimer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let (_, start) = self.settings.replays[index as usize];
        self.start = start;
        self.replays_left -= 1;
        let stays = |worker: &u32| self.workers[*worker as usize].runs && !self.is_leaving(*worker);
        let running: Vec<u32> = (0..self.settings.workers).filter(stays).collect();
        for shard in 0..self.leases.len() as u32 {
            self.stop_reading(shard, cx);
            let lease = self.lease(shard);
            lease.checkpoint = None;
            lease.expected = None;
            lease.finished = false;
            lease.end_read = false;
            lease.orphaned_at = None;
            lease.owner = None;
            lease.exists = lease.parents.iter().all(Option::is_none) && lease.exists;
            if lease.exists && !running.is_empty() {
                let worker = running[shard as usize % running.len()];
                let life = self.workers[worker as usize].life;
                self.take_lease(shard, (worker, life), cx);
            }
        }
        self.finish_leaving(cx);
        self.update_levels(cx.now);
    }

    /// The levels of workers and leases follow them.
    pub(super) fn update_levels(&mut self, now: Time) {
        let runs = self.workers.iter().filter(|worker| worker.runs).count();
        let held = self
            .leases
            .iter()
            .filter(|lease| lease.exists && lease.owner.is_some() && lease.orphaned_at.is_none())
            .count();
        self.metrics.workers.set(now, runs as u64);
        self.metrics.leases.set(now, held as u64);
    }
}
