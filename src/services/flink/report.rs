//! What an application tells: levels, books and what it costs.

use super::application::Application;
use super::life::Status;
use crate::engine::{Span, Time};
use crate::record::{Level, Side, SummaryRow, Unit};
use crate::wire::{Balance, Batches, MessageId};

/// Gigabytes of running application storage of a KPU ("Pricing").
const STORAGE_GIGABYTES: f64 = 50.0;
const HOURS_OF_A_MONTH: f64 = 730.0;
const HOUR: Span = Span::from_hours(1);

/// KPUs as they are paid for.
#[derive(Debug, Default)]
pub(super) struct Bill {
    /// KPUs in use, those of orchestration included.
    kpus: Level,
    /// KPU-seconds that were not used but are billed, because the application did not run long enough.
    unused: f64,
    /// The last start, if it was in the run.
    pub(super) started_at: Option<Time>,
    /// The most KPUs of the hour that has begun, and of all hours before.
    most_of_hour: u32,
    hour: u64,
    kpu_hours: u64,
}

impl Bill {
    /// So many KPUs are in use from now on.
    pub(super) fn use_kpus(&mut self, kpus: u32, minimum: Span, now: Time) {
        self.roll(now);
        let before = self.kpus.value().unwrap_or(0);
        if kpus == 0
            && let Some(started) = self.started_at.take()
        {
            let missing = minimum.saturating_sub(now - started);
            self.unused += missing.as_seconds_f64() * before as f64;
        }
        self.kpus.set(now, u64::from(kpus));
        self.most_of_hour = self.most_of_hour.max(kpus);
    }

    /// Hours that have ended meanwhile.
    pub(super) fn roll(&mut self, now: Time) {
        let hour = now.since_start() / HOUR;
        while self.hour < hour {
            self.kpu_hours += u64::from(self.most_of_hour);
            self.hour += 1;
            self.most_of_hour = self.kpus.value().unwrap_or(0) as u32;
        }
    }

    pub(super) fn end_warm_up(&mut self, now: Time) {
        self.roll(now);
        self.kpus.end_warm_up(now);
        self.unused = 0.0;
        self.kpu_hours = 0;
    }

    /// KPU-hours since the warm-up.
    fn hours(&mut self, hourly: bool, now: Time) -> f64 {
        if !hourly {
            return (self.kpus.area_seconds(now) + self.unused) / HOUR.as_seconds_f64();
        }
        self.roll(now);
        let begun = now.since_start() % HOUR > Span::ZERO;
        (self.kpu_hours + if begun { u64::from(self.most_of_hour) } else { 0 }) as f64
    }
}

impl Application {
    /// Somebody is about to read the metrics.
    pub(super) fn update_levels(&mut self, now: Time) {
        let wall = self.wall(now);
        let (up, down) = match self.status {
            Status::Running { since } => (now - since, Span::ZERO),
            Status::Down { since } => (Span::ZERO, now - since),
            Status::Stopped => (Span::ZERO, Span::ZERO),
        };
        let metrics = &mut self.metrics;
        metrics.uptime.set(now, up.as_nanos());
        metrics.downtime.set(now, down.as_nanos());
        metrics.state_entries.set(now, self.pipeline.state_entries());
        let watermark = self.marks.emitted();
        if self.runs_now() && watermark != super::watermark::NEVER {
            let metrics = &mut self.metrics;
            let lag = u64::try_from(wall - watermark).unwrap_or(0);
            let nanoseconds = u64::try_from(watermark).unwrap_or(0) * 1_000_000;
            metrics.current_output_watermark.set(now, nanoseconds);
            metrics.current_input_watermark.set(now, nanoseconds);
            metrics.watermark_lag.set(now, lag * 1_000_000);
        }
    }

    fn runs_now(&self) -> bool {
        matches!(self.status, Status::Running { .. })
    }

    /// Two books: records that came in, and messages that were made.
    pub(super) fn books(&self) -> Balance {
        let metrics = &self.metrics;
        let sent = metrics.results_sent.total() - metrics.results_sent_again.total();
        vec![
            (Side::In, "read", self.counts.received),
            (Side::In, "forwarded", self.counts.made),
            (Side::Out, "filtered", metrics.records_filtered.total()),
            (Side::Out, "aggregated", metrics.records_aggregated.total()),
            (Side::Out, "failed", metrics.records_failed.total()),
            (Side::Out, "passed", metrics.records_passed.total()),
            (Side::Out, "late_dropped", metrics.records_late_dropped.total()),
            (Side::Out, "late_side_output", metrics.records_late_side_output.total()),
            (Side::Out, "outside_windows", metrics.records_outside_windows.total()),
            (Side::Out, "abandoned", metrics.records_abandoned.total()),
            (Side::Out, "in_hand", self.counts.in_hand),
            (Side::Out, "sent", sent),
            (Side::Out, "lost_in_sinks", self.counts.lost),
            (Side::Out, "waiting_in_sinks", self.waiting_in_sinks()),
            (Side::Memo, "rejected", metrics.results_rejected.total()),
            (Side::Memo, "missed", metrics.records_missed.total()),
            (Side::Memo, "replayed", metrics.records_replayed.total()),
            (Side::Memo, "repeated", metrics.results_repeated.total()),
        ]
    }

    pub(super) fn mark_held(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        for slice in self.lanes.iter().flat_map(super::reading::Lane::slices) {
            batches.entries(slice).iter().for_each(|entry| mark(entry.message));
        }
        self.sinks.iter().flat_map(super::sink::Sink::messages).for_each(mark);
    }

    pub(super) fn summarise_cost(&mut self, now: Time, rows: &mut Vec<SummaryRow>) {
        let hours = self.bill.hours(self.settings.billing.hourly, now);
        let gigabytes = if self.settings.billing.storage { STORAGE_GIGABYTES } else { 0.0 };
        let storage = self.metrics.kpus.area_seconds(now) / HOUR.as_seconds_f64() * gigabytes;
        let prices = &self.settings.prices;
        let cost = hours * prices.kpu_hour + storage / HOURS_OF_A_MONTH * prices.storage_gigabyte_month;
        let kind = self.kind_of();
        let mut row =
            |metric, value, unit| rows.push(SummaryRow::sum(kind, &self.settings.name, metric, value, unit));
        row("kpu_hours", hours, Unit::Hours);
        row("estimated_cost", cost, Unit::Dollars);
    }
}
