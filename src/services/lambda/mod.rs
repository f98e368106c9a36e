//! AWS Lambda: functions, their concurrency, and the mappings that feed them from queues.
//!
//! # What it is
//!
//! A function runs code in execution environments, one event at a time in each. Whoever invokes it waits for the answer,
//! or leaves the event with Lambda, which tries again by itself.
//!
//! # What is modelled
//!
//! Concurrency: the account's, reserved and provisioned, which Application Auto Scaling may change; how fast new environments come; cold starts and environments
//! kept warm; timeouts; errors, and answers that name the messages that failed; throttles; asynchronous events with
//! their retries, age, dead-letter queue and on-failure destination; results sent on to another queue; price.
//!
//! An event source mapping polls a queue in as many lanes as it processes batches at once: it begins with five, has more
//! while messages remain, fewer after errors and when idle. Filter criteria, batch size and window, payload, maximum
//! concurrency, provisioned pollers, partial batch responses, throttled batches that are tried again until they are visible again.
//!
//! An event source mapping of a stream is a service of its own: see [`StreamMapping`].
//!
//! # What is not, yet
//!
//! The megabyte a second of provisioned pollers, aliases and versions, `SnapStart`, destinations other than queues.
//!
//! # Quotas
//!
//! See [`LambdaQuotas`](crate::wire::LambdaQuotas): "Lambda quotas", read in November 2026.

mod account;
mod asynchronous;
mod environments;
mod event_filter;
mod function;
mod function_config;
mod handler;
mod lanes;
mod mapping;
mod mapping_config;
mod mapping_metrics;
mod mapping_settings;
mod metrics;
mod ramp;
mod scaling;
mod settings;
mod stream_mapping;

pub use account::Account;
pub use event_filter::{EventFilterSettings, FilterConfig, FilterCriteriaConfig};
use function::Caller;
pub use function::Function;
pub use function_config::{ArchitectureConfig, FunctionConfig, FunctionDefaults, FunctionQueues};
pub use mapping::EventSourceMapping;
pub use mapping_config::{
    DisabledConfig, MappingConfig, MappingDefaults, MappingEnds, ProvisionedPollerConfig, ResponseTypeConfig,
};
pub use mapping_metrics::MappingMetrics;
pub use mapping_settings::{MappingAssumptions, MappingConcurrency, MappingSettings};
pub use metrics::{AccountMetrics, FunctionMetrics};
pub use scaling::{PROVISIONED_CONCURRENCY_COOLDOWN, ProvisionedScalingConfig};
pub use settings::{AsynchronousSettings, Destination, FunctionSettings, OnMessageFailure};
pub use stream_mapping::{
    StreamDestination, StreamDestinationConfig, StreamMapping, StreamMappingAssumptions, StreamMappingConfig,
    StreamMappingEnds, StreamMappingMetrics, StreamMappingSettings,
};

use crate::engine::Time;
use crate::record::{Instrument, MetricDefinition, Side, SummaryRow, Unit};
use crate::scaling::ScalingTimer;
use crate::wire::{Balance, Batches, Context, EntityId, MessageId, Messages, Outbox, Service, Signal};

/// Why a function wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// An execution ends.
    Ended(u32),
    /// An asynchronous event is tried again.
    Attempt(u32),
    /// Something may change its provisioned concurrency.
    Scaling(ScalingTimer),
    /// Provisioned environments are ready.
    Allocated(u32),
}

impl Service for Function {
    type Timer = Timer;
    const KIND: &'static str = "function";

    fn start<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.begin_scaling(cx);
    }

    #[inline]
    fn receive<O: Outbox<Timer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Invoke { batch, call, source, transforms } => {
                let caller = if transforms {
                    Caller::Transforming { who: from, call }
                } else {
                    Caller::Waiting { who: from, call }
                };
                self.take_invoke(batch, caller, source, cx);
            }
            Signal::Put { batch } => self.take_events(from, batch, cx),
            Signal::Refused { batch, .. } => self.take_refusal(batch, cx),
            Signal::AlarmAction { policy, state, alarm } => self.hear_alarm(policy, state, alarm, cx),
            other => unreachable!("a function is never told {other:?}"),
        }
    }

    #[inline]
    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::Ended(execution) => self.end(execution, cx),
            Timer::Attempt(event) => self.attempt(event, cx),
            Timer::Scaling(timer) => self.scale(timer, cx),
            Timer::Allocated(round) => self.allocated(round, cx.now),
        }
    }

    fn sample(&mut self, now: Time, _messages: &mut Messages) {
        self.sample_utilization(now);
    }

    fn end_warm_up(&mut self, now: Time) {
        self.end_utilization_warm_up(now);
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        let is_provisioned = self.is_provisioned();
        self.metrics.visit(&mut |position, instrument| {
            let definition = &FunctionMetrics::DEFINITIONS[position];
            if is_provisioned || !FunctionMetrics::OF_PROVISIONED.contains(&definition.name) {
                visitor(definition, instrument);
            }
        });
    }

    fn balance(&self) -> Balance {
        let (metrics, counts) = (&self.metrics, &self.counts);
        vec![
            (Side::In, "invoked", counts.invoked),
            (Side::In, "events_accepted", counts.accepted),
            (Side::Out, "processed", metrics.messages_processed.total()),
            (Side::Out, "processed_again", metrics.duplicates.total()),
            (Side::Out, "failed", metrics.failures.total()),
            (Side::Out, "transformed", metrics.messages_transformed.total()),
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

    fn summarise(&mut self, now: Time, seconds: f64, rows: &mut Vec<SummaryRow>) {
        let processed = self.metrics.messages_processed.since_warm_up() as f64;
        let gigabyte_seconds = self.metrics.billed_milliseconds.since_warm_up() as f64 / 1e3
            * f64::from(self.settings.memory_megabytes)
            / 1_024.0;
        let cost = self.cost(now, seconds);
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

/// Why an event source mapping wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappingTimer {
    /// A lane has waited long enough.
    Paused {
        /// The lane.
        lane: u32,
        /// Its life.
        epoch: u32,
    },
    /// The number of lanes is looked at.
    Look,
    /// It is enabled, or disabled.
    Switch(bool),
}

impl Service for EventSourceMapping {
    type Timer = MappingTimer;
    const KIND: &'static str = "event_source_mapping";

    fn start<O: Outbox<MappingTimer>>(&mut self, cx: &mut Context<'_, O>) {
        self.begin(cx);
    }

    #[inline]
    fn receive<O: Outbox<MappingTimer>>(&mut self, _from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Delivery { poller, outcome } => self.take_delivery(poller, outcome, cx),
            Signal::Returned { batch, call, outcome } => self.take_answer(batch, call, outcome, cx),
            Signal::DeleteThrottled { batch } => self.delete_again(batch, cx),
            other => unreachable!("an event source mapping is never told {other:?}"),
        }
    }

    #[inline]
    fn wake<O: Outbox<MappingTimer>>(&mut self, timer: MappingTimer, cx: &mut Context<'_, O>) {
        match timer {
            MappingTimer::Paused { lane, epoch } => self.end_pause(lane, epoch, cx),
            MappingTimer::Look => self.look(cx),
            MappingTimer::Switch(enabled) => self.switch(enabled, cx),
        }
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        let is_provisioned = self.settings.is_provisioned;
        self.metrics.visit(&mut |position, instrument| {
            let definition = &MappingMetrics::DEFINITIONS[position];
            if is_provisioned || definition.name != "provisioned_pollers" {
                visitor(definition, instrument);
            }
        });
    }

    fn balance(&self) -> Balance {
        vec![
            (Side::In, "polled", self.metrics.polled_events.total()),
            (Side::Out, "deleted", self.metrics.deleted_events.total()),
            (Side::Out, "filtered_out", self.metrics.filtered_out_events.total()),
            (Side::Out, "failed", self.counts.failed),
            (Side::Out, "given_up", self.counts.given_up),
            (Side::Out, "in_hand", self.counts.in_hand),
        ]
    }

    fn holdings(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        self.mark_held(batches, mark);
    }

    fn summarise(&mut self, now: Time, _seconds: f64, rows: &mut Vec<SummaryRow>) {
        let hours = self.metrics.provisioned_pollers.area_seconds(now) / 3_600.0;
        rows.push(SummaryRow::sum(
            Self::KIND,
            &self.settings.name,
            "estimated_cost",
            hours * self.settings.event_poller_unit_hour,
            Unit::Dollars,
        ));
    }
}
