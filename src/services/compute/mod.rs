//! Consumers: workers on EC2 instances, in an Auto Scaling group or in a fleet of fixed size.
//!
//! # What it is
//!
//! Each thread of each instance receives, processes and deletes in a loop. The group launches and terminates
//! instances as its policies want.
//!
//! # What is modelled
//!
//! Batches, processing for each message or for the whole batch, slow outliers, failures, poison, crashes,
//! replies to requests, payloads in an object store, clients that receive ahead of their application;
//! heartbeats that extend the visibility timeout, deletes one by one or together, results sent on to another queue;
//! cooldown, warm-up; the group as a host of scaling, and tasks of an ECS service in place of instances.
//!
//! The life of an instance: launch times piece by piece, capacity errors, lifecycle hooks, the warm pool, Availability
//! Zones and their balance, health checks and replacement, Spot interruptions, standby, termination policies, scale-in
//! protection, graceful and abrupt termination, suspended processes.
//!
//! # What is not, yet
//!
//! Instance weights, instance refresh, instances that are attached or detached, load balancers; the replacement of
//! tasks in a deployment of an ECS service.

mod config;
mod cpu;
mod fleet;
mod group;
mod group_config;
mod health;
mod hooks;
mod instance;
mod launch;
mod leave;
mod life_config;
mod life_resolve;
mod life_settings;
mod metrics;
mod notify;
mod orders;
mod payload;
mod policies;
mod prefetch;
mod refresh;
mod refresh_config;
mod refresh_settings;
mod reply;
mod selection;
mod service_config;
mod settings;
mod spot;
mod warm_pool;
mod warming;
mod worker;
mod zones;

pub use config::{ConsumerConfig, ConsumerSource, ConsumerSurroundings, SourceQueue};
pub use fleet::Fleet;
pub use group_config::AutoScalingGroupConfig;
pub use instance::PoolState;
pub use life_settings::{
    ActionResult, CapacityErrors, Completion, FailureKind, HealthChecks, LifeSettings, LifecycleHook, Order,
    Process, Spot, Transition, WarmPool,
};
pub use metrics::{
    ConsumerMetrics, GroupCapacityMetrics, GroupMetrics, PayloadMetrics, PrefetchMetrics, ReplyMetrics,
    ServiceMetrics, WarmPoolMetrics,
};
pub use notify::{GroupEvent, GroupNotificationConfig};
pub use prefetch::Prefetch;
pub use refresh::REFRESH_ALARM;
pub use refresh_settings::{InTheWay, InstanceRefresh, Version};
pub use service_config::{DeploymentConfig, EcsServiceConfig};
pub use settings::{
    Answers, ConsumerSettings, Crashes, DeleteMode, FailureMode, GroupSettings, Heartbeat, Payloads,
    ReplyAddress, Termination, TerminationPolicy,
};

use crate::engine::Time;
use crate::record::{Instrument, MetricDefinition, Side, SummaryRow, Unit};
use crate::scaling::ScalingTimer;
use crate::wire::{Balance, Batches, Context, EntityId, MessageId, Messages, Outbox, Service, Signal};

/// Why a consumer wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// A worker's processing has come to its end.
    Processed {
        /// The worker.
        worker: u32,
        /// Its life.
        epoch: u32,
    },
    /// The payloads of a worker's batch are there.
    Fetched {
        /// The worker.
        worker: u32,
        /// Its life.
        epoch: u32,
    },
    /// The calls a worker made after processing have ended.
    Called {
        /// The worker.
        worker: u32,
        /// Its life.
        epoch: u32,
    },
    /// A worker has paused long enough.
    Paused {
        /// The worker.
        worker: u32,
        /// Its life.
        epoch: u32,
    },
    /// A worker's heartbeat is due.
    Heartbeat {
        /// The worker.
        worker: u32,
        /// The heartbeat.
        beat: u32,
    },
    /// An instance has been launched.
    Launched {
        /// The instance.
        instance: u32,
        /// Its life.
        epoch: u32,
    },
    /// The process of an instance crashes.
    Crash {
        /// The instance.
        instance: u32,
        /// The start of its application.
        start: u32,
    },
    /// The process of an instance is up again.
    Restarted {
        /// The instance.
        instance: u32,
        /// The start of its application.
        start: u32,
    },
    /// A draining instance has had its time.
    DrainEnded {
        /// The instance.
        instance: u32,
        /// Its life.
        epoch: u32,
    },
    /// An instance is gone.
    Terminated {
        /// The instance.
        instance: u32,
        /// Its life.
        epoch: u32,
    },
    /// The application on an instance is ready.
    Ready {
        /// The instance.
        instance: u32,
        /// The start of its application.
        start: u32,
    },
    /// A lifecycle action is complete, or timed out.
    HookEnded {
        /// The instance.
        instance: u32,
        /// Its life.
        epoch: u32,
        /// The wait it belongs to.
        round: u16,
        /// The hook.
        hook: u8,
        /// Whether nobody completed it.
        timed_out: bool,
    },
    /// An instance is back in the warm pool.
    Returned {
        /// The instance.
        instance: u32,
        /// Its life.
        epoch: u32,
    },
    /// Something fails on an instance.
    Fails {
        /// The instance.
        instance: u32,
        /// Its stay in the group.
        stint: u32,
        /// What fails.
        what: FailureKind,
    },
    /// EC2 recommends to replace a Spot Instance.
    AtRisk {
        /// The instance.
        instance: u32,
        /// Its stay in the group.
        stint: u32,
    },
    /// A Spot Instance gets its interruption notice.
    Notice {
        /// The instance.
        instance: u32,
        /// Its stay in the group.
        stint: u32,
    },
    /// A Spot Instance is interrupted.
    Interrupted {
        /// The instance.
        instance: u32,
        /// Its life.
        epoch: u32,
    },
    /// The warm-up of an instance is over.
    WarmedUp {
        /// The instance.
        instance: u32,
        /// The warm-up.
        number: u32,
    },
    /// An instance refresh may get on.
    Refresh {
        /// Whether it is the look that it has once in each interval of the health checks.
        is_look: bool,
    },
    /// Launches may be tried again.
    Retry,
    /// The group looks at its instances.
    Check,
    /// The time of an order has come.
    Order {
        /// Which one.
        index: u32,
    },
    /// Something may change the desired capacity.
    Scaling(ScalingTimer),
}

/// An instance's id: instances are numbered in the order of their launches.
fn instance_id(launch: u64) -> String {
    format!("i-{launch:08x}")
}

impl Fleet {
    /// Wakes for what does not happen to each message, out of the way of what does.
    #[inline(never)]
    fn wake_seldom<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::Processed { .. } | Timer::Called { .. } => unreachable!("handled before"),
            Timer::Fetched { worker, epoch } => self.end_fetching(worker, epoch, cx),
            Timer::Paused { worker, epoch } => self.end_pause(worker, epoch, cx),
            Timer::Heartbeat { worker, beat } => self.beat(worker, beat, cx),
            Timer::Launched { instance, epoch } => self.end_launch(instance, epoch, cx),
            Timer::Crash { instance, start } => self.crash(instance, start, cx),
            Timer::Restarted { instance, start } => self.restart(instance, start, cx),
            Timer::DrainEnded { instance, epoch } => self.end_drain(instance, epoch, cx),
            Timer::Terminated { instance, epoch } => self.end_termination(instance, epoch, cx),
            Timer::Ready { instance, start } => self.end_boot(instance, start, cx),
            Timer::HookEnded { instance, epoch, round, hook, timed_out } => {
                self.end_hook(instance, epoch, (round, hook, timed_out), cx);
            }
            Timer::Returned { instance, epoch } => self.end_return(instance, epoch, cx),
            Timer::Fails { instance, stint, what } => self.fail(instance, stint, what, cx),
            Timer::AtRisk { instance, stint } => self.take_recommendation(instance, stint, cx),
            Timer::Notice { instance, stint } => {
                self.take_notice(instance, stint, cx);
                self.update_group_metrics(cx.now);
            }
            Timer::Interrupted { instance, epoch } => self.interrupt(instance, epoch, cx),
            Timer::WarmedUp { instance, number } => self.end_instance_warm_up(instance, number, cx),
            Timer::Refresh { is_look } => self.look_at_refresh(is_look, cx),
            Timer::Retry => self.reconcile(cx),
            Timer::Check => self.check(cx),
            Timer::Order { index } => self.obey(index, cx),
            Timer::Scaling(timer) => self.scale(timer, cx),
        }
    }
}

impl Service for Fleet {
    type Timer = Timer;
    const KIND: &'static str = "consumer";

    fn start<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.begin(cx);
    }

    #[inline]
    fn receive<O: Outbox<Timer>>(&mut self, _from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Delivery { poller, outcome } => self.take_delivery(poller, outcome, cx),
            Signal::AlarmAction { policy: REFRESH_ALARM, state, alarm } => {
                self.hear_refresh_alarm(state, alarm, cx);
            }
            Signal::AlarmAction { policy, state, alarm } => self.hear_alarm(policy, state, alarm, cx),
            Signal::Load { policy, hour, load } => self.hear_load(policy, hour, load),
            Signal::DeleteThrottled { batch } => self.delete_again(batch, cx),
            Signal::Refused { batch, .. } => self.metrics.messages_rejected.add(cx.reject(batch)),
            other => unreachable!("a consumer is never told {other:?}"),
        }
    }

    #[inline]
    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::Processed { worker, epoch } => self.end_processing(worker, epoch, cx),
            Timer::Called { worker, epoch } => self.end_calls(worker, epoch, cx),
            timer => self.wake_seldom(timer, cx),
        }
    }

    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {
        self.metrics
            .visit(&mut |position, instrument| visitor(&ConsumerMetrics::DEFINITIONS[position], instrument));
        if self.settings.answers.is_some() {
            self.reply_metrics
                .visit(&mut |position, instrument| visitor(&ReplyMetrics::DEFINITIONS[position], instrument));
        }
        if self.settings.payloads.is_some() {
            self.payload_metrics.visit(&mut |position, instrument| {
                visitor(&PayloadMetrics::DEFINITIONS[position], instrument);
            });
        }
        if self.settings.prefetch.is_some() {
            self.prefetch_metrics.visit(&mut |position, instrument| {
                visitor(&PrefetchMetrics::DEFINITIONS[position], instrument);
            });
        }
        let is_service = self.is_service();
        self.group_metrics.visit(&mut |position, instrument| {
            visitor(GroupMetrics::declared(position, is_service), instrument);
        });
        if self.settings.group.is_auto_scaling {
            let definitions = GroupCapacityMetrics::DEFINITIONS;
            self.capacity_metrics
                .visit(&mut |position, instrument| visitor(&definitions[position], instrument));
        }
        if self.settings.group.life.warm_pool.is_some() {
            let definitions = WarmPoolMetrics::DEFINITIONS;
            self.pool_metrics.visit(&mut |position, instrument| visitor(&definitions[position], instrument));
        }
    }

    fn publishes(&self, metric: &MetricDefinition) -> bool {
        let collected = self.settings.group.life.collected.as_ref();
        let is_group_metric = metric.namespace == "AWS/AutoScaling";
        let (Some(collected), true) = (collected, is_group_metric) else { return true };
        metric.cloudwatch_name.is_some_and(|name| collected.contains(&name))
    }

    fn sample(&mut self, now: Time, _messages: &mut Messages) {
        self.sample_cpu(now);
    }

    fn end_warm_up(&mut self, now: Time) {
        self.end_cpu_warm_up(now);
        self.warming.busy_threads.end_warm_up(now);
        self.warming.threads.end_warm_up(now);
        self.billed.end_warm_up(now);
        self.billed_spot.end_warm_up(now);
    }

    fn balance(&self) -> Balance {
        let metrics = &self.metrics;
        let mut books = vec![
            (Side::In, "received", self.received),
            (Side::Out, "processed", metrics.messages_processed.total()),
            (Side::Out, "processed_again", metrics.duplicates.total()),
            (Side::Out, "failed", metrics.failures.total()),
            (Side::Out, "abandoned", metrics.messages_abandoned.total()),
            (Side::Out, "in_hand", self.unfinished() + self.prefetched),
            (Side::Memo, "forwarded", metrics.messages_forwarded.total()),
            (Side::Memo, "replied", self.reply_metrics.replies_sent.total()),
            (Side::Memo, "rejected", metrics.messages_rejected.total()),
        ];
        if !self.settings.group.notices.is_empty() {
            books.push((Side::Memo, "notified", self.notified));
        }
        books
    }

    fn holdings(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        for buffer in &self.buffers {
            buffer.messages(batches).for_each(&mut *mark);
        }
        for worker in &self.workers {
            if let Some(batch) = worker.batch {
                batches.entries(batch)[worker.held_from()..].iter().for_each(|entry| mark(entry.message));
            }
            if let Some(receipts) = worker.to_delete
                && self.settings.payloads.is_some()
            {
                batches.entries(receipts).iter().for_each(|entry| mark(entry.message));
            }
        }
    }

    fn summarise(&mut self, now: Time, seconds: f64, rows: &mut Vec<SummaryRow>) {
        let is_service = self.is_service();
        let on_demand_hours = self.billed.area_seconds(now) / 3_600.0;
        let spot_hours = self.billed_spot.area_seconds(now) / 3_600.0;
        let spot_price = self.settings.group.life.spot.map_or(1.0, |spot| spot.price_share);
        let threads = self.metrics.threads.area_seconds(now);
        let busy = self.metrics.busy_threads.area_seconds(now);
        let processed = self.metrics.messages_processed.since_warm_up() as f64;
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
        row("utilization", "mean", if threads > 0.0 { busy / threads } else { 0.0 }, Unit::Ratio);
        let hours = if is_service { "task_hours" } else { "instance_hours" };
        row(hours, "sum", on_demand_hours + spot_hours, Unit::Hours);
        let paid_hours = on_demand_hours + spot_hours * spot_price;
        row("estimated_cost", "sum", paid_hours * self.settings.instance_price_per_hour, Unit::Dollars);
    }
}
