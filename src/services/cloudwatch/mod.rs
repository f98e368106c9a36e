//! CloudWatch: the metrics that alarms watch, and the alarms.
//!
//! # What it is
//!
//! Every entity publishes its metrics once a minute; each datapoint can be read a while later. Alarms are evaluated
//! every minute, at a second of their own, and invoke scaling policies.
//!
//! # What is modelled
//!
//! Statistics over periods of whole minutes, the ratio of two metrics (metric math), M out of N, the evaluation
//! range, the four treatments of missing data, Auto Scaling actions repeated each minute while the state lasts.
//!
//! # What is not, yet
//!
//! The rest of metric math, percentile and composite alarms, high-resolution metrics, wall-clock windows.
//!
//! # Assumptions
//!
//! How late a datapoint can be read, at which second an alarm is evaluated and how many points it fetches: AWS does
//! not say. See `docs/assumptions.md`.

mod alarm;
mod config;
mod evaluate;
pub mod math;
mod query_config;
mod statistic;
mod store;
mod watched;

pub use alarm::{AlarmSettings, Comparison};
pub use config::{AlarmConfig, ComparisonConfig, TreatMissingDataConfig};
pub use evaluate::{TreatMissingData, evaluate, evaluation_range};
pub use query_config::{MetricConfig, MetricQueryConfig, StatisticConfig};
pub use statistic::{Bounds, Samples, Statistic};
pub use store::{MetricId, Values};
pub use watched::{Watched, WatchedMath};

use crate::engine::{Distribution, Span, Stream, Time};
use crate::record::{AlarmChange, Datapoint, Instrument, MetricDefinition, SummaryRow, Unit};
use crate::wire::{AlarmState, Context, EntityId, Outbox, Purpose, Service, Signal, draw_span};
use alarm::Alarm;
use store::Store;

/// Everything that is fixed about CloudWatch during a run.
#[derive(Debug, Clone)]
pub struct CloudWatchSettings {
    /// The alarms.
    pub alarms: Vec<AlarmSettings>,
    /// How many metrics they watch.
    pub metrics: u32,
    /// How long after its period a datapoint can be read, in nanoseconds.
    pub metric_delay: Distribution,
    /// From an alarm's decision to the policy's, in nanoseconds.
    pub action_delay: Span,
    /// The simulated wall clock at time zero, in milliseconds since 1970: some functions of metric math ask for it.
    pub start_unix_millis: i64,
}

/// CloudWatch.
#[derive(Debug)]
pub struct CloudWatch {
    alarms: Vec<Alarm>,
    store: Store,
    metric_delay: Distribution,
    delay_stream: Stream,
    action_delay: Span,
    start_unix_millis: i64,
}

/// Why CloudWatch wakes: this alarm is to be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timer(pub u32);

impl CloudWatch {
    /// CloudWatch with all alarms in INSUFFICIENT_DATA, as new ones are ("Alarm states").
    pub fn new(settings: CloudWatchSettings, seed: u64, replication: u32) -> Self {
        let keep = settings.alarms.iter().map(AlarmSettings::looks_back).max().unwrap_or(Span::ZERO);
        let alarms = settings
            .alarms
            .into_iter()
            .map(|settings| {
                let mut phase = Purpose::AlarmPhase.stream(seed, replication, "alarm", &settings.name);
                Alarm {
                    settings,
                    state: AlarmState::InsufficientData,
                    phase: Span::from_seconds(phase.below(60)),
                    time_in_alarm: Span::ZERO,
                    state_since: Time::ZERO,
                }
            })
            .collect();
        Self {
            alarms,
            store: Store::new(settings.metrics as usize, keep + Span::from_minutes(5)),
            metric_delay: settings.metric_delay,
            delay_stream: Purpose::MetricDelay.stream(seed, replication, "cloudwatch", ""),
            action_delay: settings.action_delay,
            start_unix_millis: settings.start_unix_millis,
        }
    }

    /// How late the datapoints of this minute can be read: the same for all of them, so that the operands of an
    /// expression do not drift apart.
    pub fn draw_metric_delay(&mut self) -> Span {
        draw_span(&self.metric_delay, &mut self.delay_stream)
    }

    /// A datapoint is published.
    pub fn put(
        &mut self,
        metric: MetricId,
        datapoint: Datapoint,
        values: Option<Values>,
        visible_from: Time,
    ) {
        self.store.put(metric, datapoint, values, visible_from);
    }

    fn evaluate<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let alarm = &mut self.alarms[index as usize];
        let evaluation = alarm.evaluate(&self.store, cx.now, self.start_unix_millis);
        if evaluation.state != alarm.state {
            cx.journal.alarms.push(AlarmChange {
                time: cx.now,
                alarm: alarm.settings.name.clone(),
                old_state: alarm.state.name(),
                new_state: evaluation.state.name(),
                reason: alarm.reason(&evaluation),
            });
            alarm.settle(cx.now);
            alarm.state = evaluation.state;
        }
        if !alarm.settings.policies.is_empty() {
            let reports = &mut cx.journal.alarm_reports;
            if reports.len() <= index as usize {
                reports.resize_with(index as usize + 1, Default::default);
            }
            alarm.report(&evaluation, &mut reports[index as usize]);
        }
        let state = evaluation.state;
        for &(group, policy) in &alarm.settings.policies {
            let action = Signal::AlarmAction { policy, state, alarm: index };
            cx.outbox.send(group, self.action_delay, action);
        }
        cx.outbox.wake(cx.now + Span::from_minutes(1), Timer(index));
    }
}

impl Alarm {
    fn settle(&mut self, now: Time) {
        if self.state == AlarmState::Alarm {
            self.time_in_alarm = self.time_in_alarm.saturating_add(now - self.state_since);
        }
        self.state_since = now;
    }
}

impl Service for CloudWatch {
    type Timer = Timer;
    const KIND: &'static str = "cloudwatch";

    fn start<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        for (index, alarm) in self.alarms.iter().enumerate() {
            cx.outbox.wake(cx.now + Span::from_minutes(1) + alarm.phase, Timer(index as u32));
        }
    }

    fn receive<O: Outbox<Timer>>(&mut self, _from: EntityId, signal: Signal, _cx: &mut Context<'_, O>) {
        unreachable!("CloudWatch is never told {signal:?}")
    }

    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        self.evaluate(timer.0, cx);
    }

    fn end_warm_up(&mut self, now: Time) {
        for alarm in &mut self.alarms {
            alarm.settle(now);
            alarm.time_in_alarm = Span::ZERO;
        }
    }

    fn visit_metrics(&mut self, _visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {}

    fn summarise(&mut self, now: Time, _seconds: f64, rows: &mut Vec<SummaryRow>) {
        for alarm in &mut self.alarms {
            alarm.settle(now);
            rows.push(SummaryRow {
                kind: "alarm",
                name: alarm.settings.name.clone(),
                metric: "time_in_alarm".to_owned(),
                statistic: "sum",
                value: alarm.time_in_alarm.as_seconds_f64(),
                unit: Unit::Seconds,
            });
        }
    }
}
