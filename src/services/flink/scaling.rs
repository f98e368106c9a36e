//! The minute: what CloudWatch would see of the processor, and what automatic scaling makes of it ("Use automatic scaling in
//! Managed Service for Apache Flink").

use super::Timer;
use super::application::Application;
use super::settings::Runtime;
use crate::engine::{Span, Time};
use crate::record::ScalingActivity;
use crate::wire::{Context, Outbox};

/// At or above this for so many minutes the parallelism doubles.
const HIGH: f64 = 75.0;
const HIGH_MINUTES: u32 = 15;
/// Below this for so many minutes it is halved.
const LOW: f64 = 10.0;
const LOW_MINUTES: u32 = 360;

/// What was seen minute by minute.
#[derive(Debug, Default)]
pub(super) struct Minutes {
    busy: Span,
    held_back: Span,
    records_in: u64,
    records_out: u64,
    high: u32,
    low: u32,
}

impl Application {
    /// A minute is over.
    pub(super) fn end_minute<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        const MINUTE: Span = Span::from_minutes(1);
        cx.outbox.wake(cx.now + MINUTE, Timer::Minute);
        let now = self.wall(cx.now);
        self.pipeline.trim(now);
        self.bill.roll(cx.now);
        let busy = self.busy(cx.now);
        let slots = f64::from(self.parallelism) * MINUTE.as_seconds_f64();
        let share = |span: Span| (span.as_seconds_f64() / slots).min(1.0);
        let busy_share = share(busy.saturating_sub(self.minutes.busy));
        let held_share =
            share(self.counts.held_back.saturating_sub(self.minutes.held_back)).min(1.0 - busy_share);
        self.minutes.busy = busy;
        self.minutes.held_back = self.counts.held_back;
        let crowding = (f64::from(self.settings.parallelism_per_kpu) * self.settings.cpu_share).min(1.0);
        let percent = busy_share * crowding * 100.0;
        let metrics = &mut self.metrics;
        let a_second = |now: u64, then: &mut u64| {
            let records = now - std::mem::replace(then, now);
            (records as f64 / MINUTE.as_seconds_f64() + 0.5) as u64
        };
        let records_in = a_second(metrics.records_in.total(), &mut self.minutes.records_in);
        let records_out = a_second(metrics.records_out.total(), &mut self.minutes.records_out);
        metrics.records_in_per_second.set(cx.now, records_in);
        metrics.records_out_per_second.set(cx.now, records_out);
        metrics.idle_time.set(cx.now, ((1.0 - busy_share - held_share) * 1e9 + 0.5) as u64);
        metrics.task_manager_cpu_utilization.set(cx.now, (percent * 1e3 + 0.5) as u64);
        metrics.cpu_utilization.set(cx.now, (percent * 1e3 + 0.5) as u64);
        metrics.busy_time.set(cx.now, (busy_share * 1e9 + 0.5) as u64);
        metrics.back_pressured_time.set(cx.now, (held_share * 1e9 + 0.5) as u64);
        if self.settings.runtime == Runtime::Sql {
            self.follow_load(busy_share, cx.now);
        } else if self.runs() {
            self.judge(percent, cx);
        }
    }

    /// Consecutive datapoints decide.
    fn judge<O: Outbox<Timer>>(&mut self, percent: f64, cx: &mut Context<'_, O>) {
        self.minutes.high = if percent >= HIGH { self.minutes.high + 1 } else { 0 };
        self.minutes.low = if percent < LOW { self.minutes.low + 1 } else { 0 };
        if !self.settings.auto_scaling {
            return;
        }
        let (old, least) = (self.parallelism, self.settings.parallelism);
        let (new, cause) = if self.minutes.high >= HIGH_MINUTES {
            let most = self.settings.maximum_parallelism.max(old);
            ((old * 2).min(most), "containerCPUUtilization >= 75 for 15 datapoints")
        } else if self.minutes.low >= LOW_MINUTES {
            (old.div_ceil(2).max(least), "containerCPUUtilization < 10 for 360 datapoints")
        } else {
            return;
        };
        self.minutes.high = 0;
        self.minutes.low = 0;
        if new == old {
            return;
        }
        cx.journal.activities.push(ScalingActivity {
            time: cx.now,
            group: self.settings.name.clone(),
            policy: "automatic scaling".to_owned(),
            cause: cause.to_owned(),
            old_desired: old,
            new_desired: new,
            status: "Successful",
        });
        self.redeploy(new, cx);
    }

    /// A SQL application has as many KPUs as its load needs ("Automatically scaling applications", SQL).
    fn follow_load(&mut self, busy_share: f64, now: Time) {
        let most = self.settings.kpus(self.parallelism);
        let busy = libm::ceil(busy_share * f64::from(self.parallelism)) as u32;
        let kpus = busy.clamp(1, most);
        self.metrics.kpus.set(now, u64::from(kpus));
        self.bill.use_kpus(kpus, Span::ZERO, now);
    }

    /// KPUs follow the parallelism.
    pub(super) fn use_kpus(&mut self, now: Time) {
        let is_on = self.status != super::life::Status::Stopped;
        let kpus = match self.settings.runtime {
            _ if !is_on => 0,
            Runtime::Flink => self.settings.kpus(self.parallelism),
            Runtime::Sql => 1,
        };
        self.metrics.kpus.set(now, u64::from(kpus));
        self.metrics.parallelism.set(now, if is_on { u64::from(self.parallelism) } else { 0 });
        let billed = if is_on { kpus + self.settings.billing.orchestration_kpus } else { 0 };
        self.bill.use_kpus(billed, self.settings.billing.minimum, now);
    }
}
