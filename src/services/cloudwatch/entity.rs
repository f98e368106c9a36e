//! CloudWatch as an entity of the world: it is given datapoints, wakes to evaluate alarms, and acts.

use super::action::{AlarmAction, AlarmActions};
use super::alarm::{Alarm, AlarmSettings};
use super::composite::{CompositeAlarm, CompositeAlarmSettings, Hold, Verdict};
use super::cost::CloudWatchPrices;
use super::custom::{CustomMetric, CustomMetricSettings};
use super::reason::reason;
use super::rule::AlarmId;
use super::store::{MetricId, Store, Values};
use super::window::cadence;
use crate::engine::{Distribution, Span, Stream, Time};
use crate::record::{
    AlarmChange, AlarmSeries, CustomMetricSeries, Datapoint, Instrument, MetricDefinition, Side, SummaryRow,
    Unit,
};
use crate::series::Samples;
use crate::wire::{
    AlarmState, Balance, Content, Context, Detail, EntityId, Entry, NewMessage, Outbox, Purpose, Service,
    Signal, draw_span,
};

/// Everything that is fixed about CloudWatch during a run.
#[derive(Debug, Clone)]
pub struct CloudWatchSettings {
    /// The alarms on metrics.
    pub alarms: Vec<AlarmSettings>,
    /// The composite alarms, each behind those that its rule names.
    pub composite_alarms: Vec<CompositeAlarmSettings>,
    /// The metrics that programs publish.
    pub custom_metrics: Vec<CustomMetricSettings>,
    /// How many metrics are watched.
    pub metrics: u32,
    /// How long after its period a datapoint can be read, in nanoseconds.
    pub metric_delay: Distribution,
    /// The same for single namespaces, in place of it.
    pub metric_delays: Vec<(&'static str, Distribution)>,
    /// From an alarm's decision to the policy's, in nanoseconds.
    pub action_delay: Span,
    /// The simulated wall clock at time zero, in milliseconds since 1970.
    pub start_unix_millis: i64,
    /// What it costs.
    pub prices: CloudWatchPrices,
    /// When in its minute every alarm is evaluated; `None` gives each a second of its own.
    pub alarm_phase: Option<Span>,
}

/// CloudWatch.
#[derive(Debug)]
pub struct CloudWatch {
    alarms: Vec<Alarm>,
    composites: Vec<CompositeAlarm>,
    custom: Vec<CustomMetric>,
    series: Vec<AlarmSeries>,
    changes: Vec<u64>,
    store: Store,
    delays: Vec<Delay>,
    action_delay: Span,
    start_unix_millis: i64,
    prices: CloudWatchPrices,
    calls_at_warm_up: u64,
    /// Whether any alarm publishes to a topic, and what was published and refused.
    notifies: bool,
    published: u64,
    rejected: u64,
}

/// How late the datapoints of a namespace can be read.
#[derive(Debug)]
struct Delay {
    /// `None` for all that have none of their own.
    namespace: Option<&'static str>,
    distribution: Distribution,
    stream: Stream,
    /// What was drawn for this minute.
    drawn: Span,
}

/// Why CloudWatch wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// This alarm is to be evaluated.
    Evaluate(u32),
    /// The composite alarms are evaluated for the first time.
    Composites,
    /// A wait or extension period of this composite alarm may be over.
    PeriodEnds(u32),
}

impl CloudWatch {
    /// CloudWatch with all alarms in INSUFFICIENT_DATA, as new ones are ("Alarm states").
    pub fn new(settings: CloudWatchSettings, seed: u64, replication: u32) -> Self {
        let keep = settings.alarms.iter().map(AlarmSettings::looks_back).max().unwrap_or(Span::ZERO);
        let composites = settings.composite_alarms.iter().map(|alarm| &alarm.actions);
        let actions = settings.alarms.iter().map(|alarm| &alarm.actions);
        let notifies = actions.chain(composites).any(AlarmActions::has_notifications);
        let given_phase = settings.alarm_phase;
        let series = settings.alarms.iter().map(|alarm| AlarmSeries {
            alarm: alarm.name.clone(),
            label: alarm.label.clone(),
            threshold: alarm.threshold,
            comparison: alarm.comparison.words(),
            points: Vec::new(),
        });
        Self {
            series: series.collect(),
            changes: vec![0; settings.alarms.len()],
            alarms: settings
                .alarms
                .into_iter()
                .map(|settings| {
                    let mut phase = Purpose::AlarmPhase.stream(seed, replication, "alarm", &settings.name);
                    Alarm::new(settings, given_phase.unwrap_or(Span::from_seconds(phase.below(60))))
                })
                .collect(),
            composites: settings.composite_alarms.into_iter().map(CompositeAlarm::new).collect(),
            custom: settings
                .custom_metrics
                .into_iter()
                .map(|settings| CustomMetric::new(settings, seed, replication))
                .collect(),
            store: Store::new(settings.metrics as usize, keep + Span::from_minutes(5)),
            delays: settings
                .metric_delays
                .into_iter()
                .map(|(namespace, distribution)| (Some(namespace), distribution))
                .chain([(None, settings.metric_delay)])
                .map(|(namespace, distribution)| {
                    let name = namespace.unwrap_or_default();
                    let stream = Purpose::MetricDelay.stream(seed, replication, "cloudwatch", name);
                    Delay { namespace, distribution, stream, drawn: Span::ZERO }
                })
                .collect(),
            action_delay: settings.action_delay,
            start_unix_millis: settings.start_unix_millis,
            prices: settings.prices,
            calls_at_warm_up: 0,
            notifies,
            published: 0,
            rejected: 0,
        }
    }

    /// Draws how late the datapoints of this minute can be read: the same for all metrics of a namespace, so that the
    /// operands of an expression do not drift apart.
    pub fn draw_metric_delays(&mut self) {
        for delay in &mut self.delays {
            delay.drawn = draw_span(&delay.distribution, &mut delay.stream);
        }
    }

    /// How late the datapoints of this minute of a namespace can be read.
    pub fn metric_delay(&self, namespace: &str) -> Span {
        let delay = self.delays.iter().find(|delay| delay.namespace.is_none_or(|own| own == namespace));
        delay.map_or(Span::ZERO, |delay| delay.drawn)
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

    /// How often each custom metric is published.
    pub fn custom_intervals(&self) -> Vec<Span> {
        self.custom.iter().map(CustomMetric::interval).collect()
    }

    /// The metrics that a custom metric is computed from.
    pub fn custom_operands(&self, custom: usize) -> Vec<MetricId> {
        self.custom[custom].operands()
    }

    /// A program publishes its metric. `read` gives what it sees of another metric at this moment: what was measured since
    /// it looked last.
    pub fn publish_custom(&mut self, custom: usize, now: Time, read: &mut dyn FnMut(MetricId) -> Samples) {
        let custom = &mut self.custom[custom];
        if let Some((datapoint, values)) = custom.publish(now, self.start_unix_millis, read) {
            let visible_from = now + custom.draw_delay();
            self.store.put(custom.metric(), datapoint, values, visible_from);
        }
    }

    /// What charts need of alarms, and the datapoints of custom metrics.
    pub fn take_series(&mut self) -> (Vec<AlarmSeries>, Vec<CustomMetricSeries>) {
        let custom = self.custom.iter_mut().map(CustomMetric::take_series).collect();
        (std::mem::take(&mut self.series), custom)
    }

    fn evaluate<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let position = index as usize;
        let alarm = &mut self.alarms[position];
        let evaluation = alarm.evaluate(&self.store, cx.now, self.start_unix_millis);
        self.series[position].add(&evaluation.values, |slot| {
            let millis = evaluation.window.slot_start_unix_millis(slot) - self.start_unix_millis;
            u64::try_from(millis).ok().map(|millis| Time::ZERO + Span::from_millis(millis))
        });
        cx.outbox.wake(cx.now + cadence(alarm.settings.period), Timer::Evaluate(index));
        if alarm.goes_on_warming_up(&evaluation, cx.now) {
            return;
        }
        alarm.warms_up = false;
        let old = alarm.state;
        let changed = alarm.enter(evaluation.state, cx.now);
        if changed {
            self.changes[position] += 1;
            let enabled = alarm.settings.actions_enabled;
            cx.journal.alarms.push(AlarmChange {
                time: cx.now,
                alarm: alarm.settings.name.clone(),
                old_state: old.name(),
                new_state: evaluation.state.name(),
                reason: reason(&alarm.settings, &evaluation),
                actions: if enabled { "performed" } else { "disabled" }.to_owned(),
            });
        }
        if alarm.settings.actions.has_policies() {
            let reports = &mut cx.journal.alarm_reports;
            if reports.len() <= position {
                reports.resize_with(position + 1, Default::default);
            }
            alarm.report(&evaluation, &mut reports[position]);
        }
        self.act(index, changed, cx);
        if changed {
            self.follow(AlarmId::Metric(index), old, cx);
        }
    }

    /// Actions are performed on a change; those of Auto Scaling again once a minute while the state stays ("Using Amazon
    /// CloudWatch alarms").
    fn act<O: Outbox<Timer>>(&mut self, index: u32, changed: bool, cx: &mut Context<'_, O>) {
        let alarm = &mut self.alarms[index as usize];
        let minute_ago = alarm.acted_at.is_none_or(|acted| acted + Span::from_minutes(1) <= cx.now);
        if !alarm.settings.actions_enabled || !(changed || minute_ago) {
            return;
        }
        alarm.acted_at = Some(cx.now);
        self.perform(AlarmId::Metric(index), changed, cx);
    }

    /// Performs the actions of the state that an alarm is in; where it stays in it, only those that are repeated.
    fn perform<O: Outbox<Timer>>(&mut self, alarm: AlarmId, changed: bool, cx: &mut Context<'_, O>) {
        let state = self.state_of(alarm);
        let actions = match alarm {
            AlarmId::Metric(index) => &self.alarms[index as usize].settings.actions,
            AlarmId::Composite(index) => &self.composites[index as usize].settings.actions,
        };
        for action in actions.of(state) {
            match (*action, alarm) {
                (AlarmAction::Policy { group, policy }, AlarmId::Metric(index)) => {
                    let signal = Signal::AlarmAction { policy, state, alarm: index };
                    cx.outbox.send(group, self.action_delay, signal);
                }
                (AlarmAction::Notify { to, message, bytes }, _) if changed => {
                    let message = cx.messages.create(NewMessage {
                        published_at: cx.now,
                        producer: cx.me,
                        sequence: self.published,
                        bytes,
                        poison: false,
                        detail: Detail { content: Content::Text(message), ..Detail::NONE },
                    });
                    self.published += 1;
                    let batch = cx.batches.open();
                    cx.batches.entries_mut(batch).push(Entry::new(message));
                    cx.outbox.send(to, self.action_delay, Signal::Put { batch });
                }
                // AWS lets composite alarms invoke no policies, so a scenario cannot say it.
                (AlarmAction::Notify { .. }, _) | (AlarmAction::Policy { .. }, AlarmId::Composite(_)) => {}
            }
        }
    }

    fn state_of(&self, alarm: AlarmId) -> AlarmState {
        match alarm {
            AlarmId::Metric(index) => self.alarms[index as usize].state,
            AlarmId::Composite(index) => self.composites[index as usize].state,
        }
    }

    fn name_of(&self, alarm: AlarmId) -> &str {
        match alarm {
            AlarmId::Metric(index) => &self.alarms[index as usize].settings.name,
            AlarmId::Composite(index) => &self.composites[index as usize].settings.name,
        }
    }

    /// An alarm changed its state: composite alarms follow, and those whose suppressor it is are held back or released.
    fn follow<O: Outbox<Timer>>(&mut self, changed: AlarmId, old: AlarmState, cx: &mut Context<'_, O>) {
        let state = self.state_of(changed);
        let suppresses = state == AlarmState::Alarm;
        for index in 0..self.composites.len() {
            let suppressor = self.composites[index].settings.suppressor;
            let is_its = suppressor.is_some_and(|suppressor| suppressor.alarm == changed);
            if is_its && suppresses != (old == AlarmState::Alarm) {
                let due = self.composites[index].suppressor_changed(suppresses, cx.now);
                self.wake_composite(index, cx);
                if due {
                    self.perform_held(index, "its suppressor has left ALARM", cx);
                }
            }
        }
        let cause = format!("{} went from {} to {}", self.name_of(changed), old.name(), state.name());
        for index in 0..self.composites.len() {
            let mut children = Vec::new();
            self.composites[index].settings.rule.children(&mut children);
            if children.contains(&changed) {
                self.judge(index, &cause, cx);
            }
        }
    }

    /// Judges a composite alarm's rule. Its state is INSUFFICIENT_DATA only before the first time.
    fn judge<O: Outbox<Timer>>(&mut self, index: usize, cause: &str, cx: &mut Context<'_, O>) {
        let composite = &self.composites[index];
        let rule = &composite.settings.rule;
        let holds = rule.holds(&|alarm| self.state_of(alarm));
        let (old, state) = (composite.state, if holds { AlarmState::Alarm } else { AlarmState::Ok });
        if old == state {
            return;
        }
        let because = rule.because(&|alarm| (self.name_of(alarm).to_owned(), self.state_of(alarm)));
        let truth = if holds { "holds" } else { "does not hold" };
        let listed = if because.is_empty() { String::new() } else { format!(" ({because})") };
        let reason = format!("{cause}: {} {truth}{listed}", composite.settings.rule_text);
        let suppressor = composite.settings.suppressor;
        let suppressed = suppressor.is_some_and(|by| self.state_of(by.alarm) == AlarmState::Alarm);
        let verdict = self.composites[index].enter(state, suppressed, cx.now);
        let actions = match verdict {
            Verdict::Performed => "performed".to_owned(),
            Verdict::Disabled => "disabled".to_owned(),
            Verdict::Held(Hold::WaitPeriod(_)) => "suppressed by WaitPeriod".to_owned(),
            Verdict::Held(Hold::ExtensionPeriod(_)) => "suppressed by ExtensionPeriod".to_owned(),
            Verdict::Held(_) => {
                let by = suppressor.map_or("", |by| self.name_of(by.alarm));
                format!("suppressed by {by}")
            }
        };
        cx.journal.alarms.push(AlarmChange {
            time: cx.now,
            alarm: self.composites[index].settings.name.clone(),
            old_state: old.name(),
            new_state: state.name(),
            reason,
            actions,
        });
        if verdict == Verdict::Performed {
            self.perform(AlarmId::Composite(index as u32), true, cx);
        }
        self.wake_composite(index, cx);
        self.follow(AlarmId::Composite(index as u32), old, cx);
    }

    fn wake_composite<O: Outbox<Timer>>(&self, index: usize, cx: &mut Context<'_, O>) {
        if let Some(end) = self.composites[index].wakes_at() {
            cx.outbox.wake(end, Timer::PeriodEnds(index as u32));
        }
    }

    /// Actions that were held back are performed: AWS tells it as a change from a state to the same.
    fn perform_held<O: Outbox<Timer>>(&mut self, index: usize, why: &str, cx: &mut Context<'_, O>) {
        let composite = &self.composites[index];
        cx.journal.alarms.push(AlarmChange {
            time: cx.now,
            alarm: composite.settings.name.clone(),
            old_state: composite.state.name(),
            new_state: composite.state.name(),
            reason: format!("the actions of this state were held back, and {why}"),
            actions: "performed".to_owned(),
        });
        self.perform(AlarmId::Composite(index as u32), true, cx);
    }

    fn monthly_price(&self) -> f64 {
        let alarms = self.alarms.iter().map(|alarm| {
            let metrics = alarm.settings.watched.metrics().len();
            self.prices.alarm(alarm.settings.period, metrics)
        });
        alarms.sum::<f64>()
            + self.composites.len() as f64 * self.prices.composite_alarm_per_month
            + self.custom.len() as f64 * self.prices.custom_metric_per_month
    }

    fn calls(&self) -> u64 {
        self.custom.iter().map(CustomMetric::calls).sum()
    }
}

impl Service for CloudWatch {
    type Timer = Timer;
    const KIND: &'static str = "cloudwatch";

    fn start<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if !self.composites.is_empty() {
            cx.outbox.wake(cx.now, Timer::Composites);
        }
        for (index, alarm) in self.alarms.iter().enumerate() {
            let first = cx.now + cadence(alarm.settings.period) + alarm.phase;
            cx.outbox.wake(first, Timer::Evaluate(index as u32));
        }
    }

    fn receive<O: Outbox<Timer>>(&mut self, _from: EntityId, signal: Signal, cx: &mut Context<'_, O>) {
        match signal {
            Signal::Refused { batch, .. } => self.rejected += cx.reject(batch),
            other => unreachable!("CloudWatch is never told {other:?}"),
        }
    }

    fn wake<O: Outbox<Timer>>(&mut self, timer: Timer, cx: &mut Context<'_, O>) {
        match timer {
            Timer::Evaluate(index) => self.evaluate(index, cx),
            Timer::Composites => {
                for index in 0..self.composites.len() {
                    self.judge(index, "the alarm is new", cx);
                }
            }
            Timer::PeriodEnds(index) => {
                if self.composites[index as usize].period_ends(cx.now) {
                    self.perform_held(index as usize, "the period is over", cx);
                }
            }
        }
    }

    fn end_warm_up(&mut self, now: Time) {
        for alarm in &mut self.alarms {
            alarm.settle(now);
            alarm.time_in_alarm = Span::ZERO;
        }
        for composite in &mut self.composites {
            composite.settle(now);
            composite.time_in_alarm = Span::ZERO;
            composite.state_changes = 0;
            composite.actions_suppressed = 0;
        }
        self.changes.fill(0);
        self.calls_at_warm_up = self.calls();
    }

    fn balance(&self) -> Balance {
        if !self.notifies {
            return Vec::new();
        }
        vec![
            (Side::In, "produced", self.published),
            (Side::Out, "handed_over", self.published),
            (Side::Memo, "rejected", self.rejected),
        ]
    }

    fn visit_metrics(&mut self, _visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>)) {}

    fn summarise(&mut self, now: Time, seconds: f64, rows: &mut Vec<SummaryRow>) {
        let mut row = |kind, name: &str, metric, value, unit| {
            rows.push(SummaryRow::sum(kind, name, metric, value, unit));
        };
        for (alarm, changes) in self.alarms.iter_mut().zip(&self.changes) {
            alarm.settle(now);
            let name = &alarm.settings.name;
            row("alarm", name, "time_in_alarm", alarm.time_in_alarm.as_seconds_f64(), Unit::Seconds);
            row("alarm", name, "state_changes", *changes as f64, Unit::Count);
        }
        for composite in &mut self.composites {
            composite.settle(now);
            let name = &composite.settings.name;
            row("alarm", name, "time_in_alarm", composite.time_in_alarm.as_seconds_f64(), Unit::Seconds);
            row("alarm", name, "state_changes", composite.state_changes as f64, Unit::Count);
            row("alarm", name, "actions_suppressed", composite.actions_suppressed as f64, Unit::Count);
        }
        if self.alarms.is_empty() && self.composites.is_empty() && self.custom.is_empty() {
            return;
        }
        let calls = (self.calls() - self.calls_at_warm_up) as f64;
        let cost =
            CloudWatchPrices::prorated(self.monthly_price(), seconds) + calls * self.prices.put_metric_data;
        row("cloudwatch", "cloudwatch", "put_metric_data_calls", calls, Unit::Count);
        row("cloudwatch", "cloudwatch", "estimated_cost", cost, Unit::Dollars);
    }
}
