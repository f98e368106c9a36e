//! Who gets which lease in the Kinesis Client Library 3.x ("`LeaseAssignmentManager`" and
//! "`VarianceBasedLeaseAssignmentDecider`" in awslabs/amazon-kinesis-client; "KCL concepts").
//!
//! One worker leads: every twice the failover time it gives away the leases that nobody renews, and at every third of these
//! times it moves leases from workers with more load than the others to those with less.

use super::ConsumerTimer;
use super::entity::StreamConsumer;
use super::settings::{Balancing, Library};
use crate::engine::{Span, Time};
use crate::wire::{Context, Outbox};

/// How long nobody leads when the leader is gone without saying so: "the leader lock lives for two minutes".
const LOCK_LIFE: Span = Span::from_minutes(2);

/// Who leads, and what it knows.
#[derive(Debug, Default)]
pub(super) struct Assignment {
    /// The worker, and which of its lives.
    leader: Option<(u32, u32)>,
    /// Nobody else can lead before.
    locked_until: Time,
    /// When the leader last looked at the lease table.
    scanned_at: Option<Time>,
    runs: u32,
    /// Changes when the leader's timer is void.
    epoch: u32,
}

impl Assignment {
    /// A worker that shuts down in order lets somebody else lead.
    pub(super) fn release_leadership(&mut self, worker: (u32, u32)) {
        if self.leader == Some(worker) {
            self.leader = None;
        }
    }

    /// A worker is gone without a word.
    pub(super) fn lose_leader(&mut self, worker: (u32, u32), now: Time) {
        if self.leader == Some(worker) {
            self.leader = None;
            self.locked_until = now + LOCK_LIFE;
        }
    }
}

/// A worker that leases can go to.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    worker: u32,
    load: f64,
    /// Bytes a second of all its leases.
    throughput: f64,
    leases: u32,
}

/// All workers that run, while leases are assigned: loads grow with what is given to them.
#[derive(Debug)]
struct Fleet {
    candidates: Vec<Candidate>,
    mean_load: f64,
    mean_throughput: f64,
    mean_leases: f64,
}

impl Fleet {
    /// What the load of a worker would be with one more lease.
    fn load_with(&self, candidate: &Candidate, throughput: f64) -> f64 {
        if self.mean_throughput > 0.0 {
            candidate.load + throughput * self.mean_load / self.mean_throughput
        } else {
            candidate.load + self.mean_load / self.mean_leases
        }
    }

    /// The worker with the most room below the mean, in proportion to what it has; of equals the one with fewer leases, then
    /// the first.
    fn roomiest(&self, excluded: &[u32]) -> Option<usize> {
        let room = |candidate: &Candidate| {
            if candidate.load <= 0.0 { 1.0 } else { (self.mean_load - candidate.load) / candidate.load }
        };
        let free =
            (0..self.candidates.len()).filter(|index| !excluded.contains(&self.candidates[*index].worker));
        free.min_by(|one, other| {
            let (one, other) = (&self.candidates[*one], &self.candidates[*other]);
            room(other).total_cmp(&room(one)).then(one.leases.cmp(&other.leases))
        })
    }

    fn give(&mut self, index: usize, throughput: f64) {
        self.candidates[index].load = self.load_with(&self.candidates[index], throughput);
        self.candidates[index].leases += 1;
    }

    /// From whom how many bytes a second are to be taken, most first: from workers far above the mean, or from the busiest
    /// when another is far below.
    fn surplus(&self, balancing: &Balancing) -> Vec<(u32, f64)> {
        let (upper, lower) =
            (self.mean_load * (1.0 + balancing.threshold), self.mean_load * (1.0 - balancing.threshold));
        if self.candidates.iter().all(|one| (lower..=upper).contains(&one.load)) {
            return Vec::new();
        }
        let mut above: Vec<&Candidate> = self.candidates.iter().filter(|one| one.load >= upper).collect();
        if above.is_empty() {
            above.extend(self.candidates.iter().rev().max_by(|one, other| one.load.total_cmp(&other.load)));
        }
        let share = |one: &Candidate| (one.load - self.mean_load) / one.load * balancing.dampening;
        let mut taken: Vec<(u32, f64)> =
            above.into_iter().map(|one| (one.worker, one.throughput * share(one))).collect();
        taken.sort_by(|one, other| other.1.total_cmp(&one.1));
        taken
    }
}

impl StreamConsumer {
    /// The leader's times begin.
    pub(super) fn begin_assignment<O: Outbox<ConsumerTimer>>(&mut self, cx: &mut Context<'_, O>) {
        if matches!(self.settings.library, Library::Kcl3(_)) {
            let interval = self.settings.failover_time * 2;
            let phase = self.chance.lease.below(interval.as_nanos());
            let timer = ConsumerTimer::Assign(self.assignment.epoch);
            cx.outbox.wake(cx.now + Span::from_nanos(phase), timer);
        }
    }

    /// A worker has come: when nobody leads, it does, and looks at once.
    pub(super) fn join_assignment<O: Outbox<ConsumerTimer>>(&mut self, cx: &mut Context<'_, O>) {
        let is_led = self.assignment.leader.is_some() || cx.now < self.assignment.locked_until;
        if matches!(self.settings.library, Library::Kcl3(_)) && !is_led {
            self.assignment.epoch += 1;
            cx.outbox.wake(cx.now, ConsumerTimer::Assign(self.assignment.epoch));
        }
    }

    /// The leader looks at leases and workers.
    pub(super) fn assign<O: Outbox<ConsumerTimer>>(&mut self, epoch: u32, cx: &mut Context<'_, O>) {
        let Library::Kcl3(balancing) = self.settings.library else { return };
        if epoch != self.assignment.epoch {
            return;
        }
        cx.outbox.wake(cx.now + self.settings.failover_time * 2, ConsumerTimer::Assign(epoch));
        self.measure(cx);
        if !self.is_led(cx.now) {
            return;
        }
        let before = self.assignment.scanned_at.replace(cx.now);
        let mut fleet = self.fleet();
        self.give_free_leases(before, &mut fleet, cx);
        if self.assignment.runs.is_multiple_of(balancing.frequency) {
            self.balance(&balancing, &mut fleet, cx);
        }
        self.assignment.runs += 1;
        if !self.settings.parents_first {
            self.ask_for_shards(cx);
        }
        self.update_levels(cx.now);
    }

    /// Whether somebody leads, if need be from now on.
    fn is_led(&mut self, now: Time) -> bool {
        if self.assignment.leader.is_some() {
            return true;
        }
        let able = (0..).zip(&self.workers).find(|(index, worker)| worker.runs && !self.is_leaving(*index));
        let Some((index, worker)) = able.filter(|_| now >= self.assignment.locked_until) else {
            return false;
        };
        self.assignment.leader = Some((index, worker.life));
        self.assignment.scanned_at = None;
        self.assignment.runs = 0;
        true
    }

    fn fleet(&self) -> Fleet {
        let able = (0..).zip(&self.workers).filter(|(index, worker)| worker.runs && !self.is_leaving(*index));
        let candidates: Vec<Candidate> = able
            .map(|(worker, found)| {
                let me = Some((worker, found.life));
                let theirs = self.leases.iter().filter(|lease| lease.owner == me && !lease.finished);
                Candidate {
                    worker,
                    load: self.loads.of(worker),
                    throughput: theirs.clone().filter_map(|lease| lease.throughput).sum(),
                    leases: theirs.count() as u32,
                }
            })
            .collect();
        let number = candidates.len().max(1);
        let mean = |of: fn(&Candidate) -> f64| candidates.iter().map(of).sum::<f64>() / number as f64;
        let leases = self.leases.iter().filter(|lease| lease.exists && !lease.finished).count();
        Fleet {
            mean_load: mean(|one| one.load),
            mean_throughput: mean(|one| one.throughput),
            mean_leases: ((leases / number).max(1)) as f64,
            candidates,
        }
    }

    /// Leases without an owner, or whose counter has not moved between two looks, the longest ago first.
    fn give_free_leases<O: Outbox<ConsumerTimer>>(
        &mut self,
        before: Option<Time>,
        fleet: &mut Fleet,
        cx: &mut Context<'_, O>,
    ) {
        let mut free: Vec<(Time, u32)> = Vec::new();
        for (lease, shard) in self.leases.iter().zip(0..).filter(|(lease, _)| lease.exists && !lease.finished)
        {
            match (lease.owner, lease.orphaned_at) {
                (None, _) => free.push((Time::ZERO, shard)),
                (Some(_), Some(renewed)) if before.is_some_and(|before| renewed <= before) => {
                    free.push((renewed, shard));
                }
                _ => {}
            }
        }
        free.sort_unstable();
        for (_, shard) in free {
            let Some(index) = fleet.roomiest(&[]) else { return };
            let throughput = self.lease(shard).throughput.unwrap_or(0.0);
            fleet.give(index, throughput);
            self.metrics.leases_taken.add(1);
            self.give_lease(shard, fleet.candidates[index].worker, cx);
        }
    }

    /// Leases are moved from workers with more load to those with less.
    fn balance<O: Outbox<ConsumerTimer>>(
        &mut self,
        balancing: &Balancing,
        fleet: &mut Fleet,
        cx: &mut Context<'_, O>,
    ) {
        let mut full = Vec::new();
        for (worker, surplus) in fleet.surplus(balancing) {
            for shard in self.leases_to_take(worker, surplus, balancing) {
                let throughput = self.lease(shard).throughput.unwrap_or(0.0);
                let Some(index) = fleet.roomiest(&full) else { return };
                let candidate = fleet.candidates[index];
                if fleet.load_with(&candidate, throughput) > fleet.mean_load {
                    full.push(candidate.worker);
                    break;
                }
                if candidate.worker != worker {
                    fleet.give(index, throughput);
                    self.move_lease(shard, candidate.worker, cx);
                }
            }
        }
    }

    /// Leases of a worker that come to so many bytes a second, in a random order; the smallest when all are larger.
    fn leases_to_take(&mut self, worker: u32, surplus: f64, balancing: &Balancing) -> Vec<u32> {
        let me = Some((worker, self.workers[worker as usize].life));
        let is_theirs = |lease: &super::lease::Lease| {
            lease.exists
                && !lease.finished
                && lease.owner == me
                && lease.orphaned_at.is_none()
                && lease.handoff.is_none()
        };
        let mut theirs: Vec<u32> = self
            .leases
            .iter()
            .zip(0..)
            .filter(|(lease, _)| is_theirs(lease))
            .map(|(_, shard)| shard)
            .collect();
        let throughput = |shard: &u32| self.leases[*shard as usize].throughput.unwrap_or(0.0);
        if theirs.iter().map(throughput).sum::<f64>() <= 0.0 {
            theirs.truncate(1);
            return theirs;
        }
        for last in (1..theirs.len()).rev() {
            theirs.swap(last, self.chance.lease.below(last as u64 + 1) as usize);
        }
        let throughput = |shard: &u32| self.leases[*shard as usize].throughput.unwrap_or(0.0);
        let (mut left, mut taken) = (surplus, Vec::new());
        for shard in &theirs {
            if left - throughput(shard) > 0.0 {
                left -= throughput(shard);
                taken.push(*shard);
            }
        }
        if taken.is_empty() && balancing.overshoots {
            let smallest = theirs.iter().min_by(|one, other| throughput(one).total_cmp(&throughput(other)));
            taken.extend(smallest.copied());
        }
        taken
    }
}
