//! The CPU utilisation of a group's instances, from their busy threads.
//!
//! An instance all of whose threads process a message uses the share of its CPU that the scenario gives
//! (`cpu_utilization_when_busy`), one whose threads wait uses nothing: an assumption. Instances that warm up are left out
//! ("Set the default instance warmup for an Auto Scaling group").

use super::fleet::Fleet;
use crate::engine::{Span, Time};

/// Busy and existing threads of instances that are warm, up to the last minute, in thread-seconds since the warm-up.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CpuSoFar {
    minute: Time,
    busy: f64,
    threads: f64,
}

impl Fleet {
    /// At the end of a minute its average becomes the level that CloudWatch reads.
    pub(super) fn sample_cpu(&mut self, now: Time) {
        let so_far = self.cpu_so_far;
        if now <= so_far.minute || now.floor_to(Span::from_minutes(1)) != now {
            return;
        }
        let warming = &mut self.warming;
        let busy = self.metrics.busy_threads.area_seconds(now) - warming.busy_threads.area_seconds(now);
        let threads = self.metrics.threads.area_seconds(now) - warming.threads.area_seconds(now);
        self.cpu_so_far = CpuSoFar { minute: now, busy, threads };
        let existed = threads - so_far.threads;
        if existed > 0.0 {
            let share = (busy - so_far.busy) / existed * self.settings.cpu_utilization_when_busy;
            // Kept in thousandths of a percent.
            self.metrics.cpu_utilization.set(now, (share * 1e5).round() as u64);
        } else {
            self.metrics.cpu_utilization.clear(now);
        }
    }

    /// The statistics of threads start anew.
    pub(super) fn end_cpu_warm_up(&mut self, now: Time) {
        self.cpu_so_far = CpuSoFar { minute: now.floor_to(Span::from_minutes(1)), busy: 0.0, threads: 0.0 };
    }
}
