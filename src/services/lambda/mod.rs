//! AWS Lambda: functions, their concurrency, and the mappings that feed them from queues.
//!
//! # What it is
//!
//! A function runs code in execution environments, one event at a time in each. Whoever invokes it waits for the answer,
//! or leaves the event with Lambda, which tries again by itself.
//!
//! # What is modelled
//!
//! Concurrency: the account's, reserved and provisioned; how fast new environments come; cold starts and environments
//! kept warm; timeouts; errors, and answers that name the messages that failed; throttles; asynchronous events with
//! their retries, age, dead-letter queue and on-failure destination; results sent on to another queue; price.
//!
//! # What is not, yet
//!
//! Aliases and versions, `SnapStart`, Application Auto Scaling of provisioned concurrency, destinations other than queues.
//!
//! # Quotas
//!
//! See [`LambdaQuotas`](crate::wire::LambdaQuotas): "Lambda quotas", read in November 2026.

mod account;
mod asynchronous;
mod environments;
mod function;
mod function_config;
mod handler;
mod metrics;
mod settings;

pub use account::Account;
pub use function::Function;
pub use function_config::{ArchitectureConfig, FunctionConfig, FunctionDefaults, FunctionQueues};
pub use metrics::{AccountMetrics, FunctionMetrics};
pub use settings::{AsynchronousSettings, Destination, FunctionSettings, OnMessageFailure};

use crate::engine::Time;
use crate::record::{Instrument, MetricDefinition, Side, SummaryRow, Unit};
use crate::wire::{Balance, Batches, Context, EntityId, MessageId, Outbox, Service, Signal};

/// Why a function wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// An execution ends.
    Ended(u32),
    /// An asynchronous event is tried again.
    Attempt(u32),
}

impl Service for Function {
    type Timer = Timer;
    const KIND: &'static str = "function";

    #[inline]
    fn receive<O: Outbox<Timer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Invoke { batch, call, in_order } => self.take_invoke(from, batch, call, in_order, cx),
            Signal::Put { batch } => self.take_events(from, batch, cx),
            Signal::Refused { batch, .. } => self.take_refusal(batch, cx),
            other => unreachable!("a function is never told {other:?}"),
        }
    }

    #[inline]
    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::Ended(execution) => self.end(execution, cx),
            Timer::Attempt(event) => self.attempt(event, cx),
        }
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics
            .visit(&mut |position, instrument| visitor(&FunctionMetrics::DEFINITIONS[position], instrument));
    }

    fn balance(&self) -> Balance {
        let (metrics, counts) = (&self.metrics, &self.counts);
        vec![
            (Side::In, "invoked", counts.invoked),
            (Side::In, "events_accepted", counts.accepted),
            (Side::Out, "processed", metrics.messages_processed.total()),
            (Side::Out, "processed_again", metrics.duplicates.total()),
            (Side::Out, "failed", metrics.failures.total()),
            (Side::Out, "executing", counts.executing),
            (Side::Out, "events_done", counts.done),
            (Side::Out, "events_dropped", metrics.async_events_dropped.total()),
            (Side::Out, "events_waiting", counts.waiting),
            (Side::Memo, "forwarded", metrics.messages_forwarded.total()),
            (Side::Memo, "rejected", metrics.messages_rejected.total()),
        ]
    }

    fn holdings(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        self.mark_held(batches, mark);
    }

    fn summarise(&mut self, _now: Time, seconds: f64, rows: &mut Vec<SummaryRow>) {
        let processed = self.metrics.messages_processed.since_warm_up() as f64;
        let gigabyte_seconds = self.metrics.billed_milliseconds.since_warm_up() as f64 / 1e3
            * f64::from(self.settings.memory_megabytes)
            / 1_024.0;
        let cost = self.cost(seconds);
        let mut row = |metric: &str, statistic, value, unit| {
            rows.push(SummaryRow {
                kind: Self::KIND,
                name: self.settings.name.clone(),
                metric: metric.to_owned(),
                statistic,
                value,
                unit,
            });
        };
        row("throughput", "mean", if seconds > 0.0 { processed / seconds } else { 0.0 }, Unit::PerSecond);
        row("gigabyte_seconds", "sum", gigabyte_seconds, Unit::Count);
        row("estimated_cost", "sum", cost, Unit::Dollars);
    }
}
