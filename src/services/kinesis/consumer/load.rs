//! How much each worker has to do, and how much comes through each lease ("`WorkerMetricStats`" and "`LeaseStatsRecorder`" in
//! awslabs/amazon-kinesis-client).
//!
//! The load of a worker stands for its CPU utilisation: the time its shards were being processed. Only what one worker has
//! beside another counts, so the number of processors does not matter.

use super::entity::StreamConsumer;
use crate::engine::{Span, Time};
use crate::wire::Context;

/// Weight of the newest value in the moving averages (`workerMetricsEMAAlpha`).
const NEWEST: f64 = 0.5;

/// What workers had to do.
#[derive(Debug, Default)]
pub(super) struct Loads {
    /// By worker: since the last measurement.
    worked: Vec<Span>,
    /// By worker: a moving average, in busy shards.
    loads: Vec<Option<f64>>,
    pub(super) measured_at: Time,
}

/// The next value of a moving average.
pub(super) fn average(before: Option<f64>, newest: f64) -> f64 {
    before.map_or(newest, |before| before + NEWEST * (newest - before))
}

impl Loads {
    /// A worker was busy with a shard.
    pub(super) fn note(&mut self, worker: u32, worked: Span) {
        let index = worker as usize;
        if self.worked.len() <= index {
            self.worked.resize(index + 1, Span::ZERO);
        }
        self.worked[index] += worked;
    }

    /// The load of a worker; a new one has none.
    pub(super) fn of(&self, worker: u32) -> f64 {
        self.loads.get(worker as usize).copied().flatten().unwrap_or(0.0)
    }

    /// A worker begins a new life.
    pub(super) fn forget(&mut self, worker: u32) {
        if let Some(load) = self.loads.get_mut(worker as usize) {
            *load = None;
        }
        if let Some(worked) = self.worked.get_mut(worker as usize) {
            *worked = Span::ZERO;
        }
    }
}

impl StreamConsumer {
    /// The owner of a shard has worked on it until now, since the batch began or since the last measurement.
    pub(super) fn note_work(&mut self, shard: u32, now: Time) {
        let lease = &self.leases[shard as usize];
        if let Some((worker, _)) = lease.owner {
            let since = lease.began.max(self.loads.measured_at);
            self.loads.note(worker, now - since);
        }
    }

    /// The loads of workers and leases follow what was done since the last measurement.
    pub(super) fn measure<O>(&mut self, cx: &mut Context<'_, O>) {
        let seconds = (cx.now - self.loads.measured_at).as_seconds_f64();
        if seconds <= 0.0 {
            return;
        }
        for shard in 0..self.leases.len() as u32 {
            if self.leases[shard as usize].processing.is_some() {
                self.note_work(shard, cx.now);
            }
            let lease = &mut self.leases[shard as usize];
            let bytes = std::mem::take(&mut lease.read_bytes);
            lease.throughput = Some(average(lease.throughput, bytes as f64 / seconds));
        }
        let (workers, loads) = (self.workers.len(), &mut self.loads);
        loads.measured_at = cx.now;
        loads.worked.resize(workers, Span::ZERO);
        loads.loads.resize(workers, None);
        let (mut most, mut all, mut running) = (0.0_f64, 0.0, 0_u32);
        for ((worker, worked), load) in self.workers.iter().zip(&mut loads.worked).zip(&mut loads.loads) {
            let newest = std::mem::take(worked).as_seconds_f64() / seconds;
            if worker.runs {
                let value = average(*load, newest);
                *load = Some(value);
                most = most.max(value);
                all += value;
                running += 1;
            }
        }
        if all > 0.0 {
            let above = most * f64::from(running) / all - 1.0;
            // Kept in thousandths of a percent.
            self.metrics.load_imbalance.set(cx.now, (above * 1e5).round() as u64);
        }
    }
}
