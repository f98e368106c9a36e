//! Alarms: what they watch, and whose policies they invoke.

use super::config::ScenarioConfig;
use super::directory::{Directory, Names};
use super::topics::AlarmMessage;
use super::watching::Watching;
use crate::language::{Problems, Reference};
use crate::record::Flow;
use crate::series::Statistic;
use crate::services::cloudwatch::{AlarmConfig, AlarmId, AlarmSettings, WarmUp, evaluation_range};
use crate::services::compute::{Fleet, REFRESH_ALARM};
use crate::wire::{EntityId, Service, span};
use crate::world::WatchedMetric;

/// The alarms of a scenario, on their way to being resolved: those that it names, then those that policies own.
pub(super) struct Alarms<'a> {
    config: &'a ScenarioConfig,
    names: Names<'a>,
    settings: Vec<Option<AlarmSettings>>,
    pub(super) watching: Watching<'a>,
}

impl<'a> Alarms<'a> {
    pub(super) fn new(config: &'a ScenarioConfig, directory: Directory<'a>, given: &'a [String]) -> Self {
        let names = Names::new("alarm", config.alarms.names(), 0);
        Self { config, names, settings: Vec::new(), watching: Watching::new(config, directory, given) }
    }

    /// The alarms that the scenario names.
    pub(super) fn resolve(&mut self, problems: &mut Problems) {
        let config = self.config;
        for (name, alarm) in config.alarms.iter() {
            let settings = self.alarm(name.as_str(), alarm, problems);
            self.settings.push(settings);
        }
    }

    fn alarm(&mut self, name: &str, alarm: &AlarmConfig, problems: &mut Problems) -> Option<AlarmSettings> {
        let statistic = alarm.statistic.map_or(Statistic::Average, |statistic| statistic.0);
        let (watched, period) = match (&alarm.metric, &alarm.metrics) {
            (Some(metric), _) => (self.watching.series(metric, statistic, problems)?, None),
            (None, queries) => {
                let place = alarm.places.key("metrics");
                self.watching.queries(queries.as_deref()?, place, problems)?
            }
        };
        if let Some(period) = period
            && alarm.places.of("period").is_some()
            && period.value != alarm.period
        {
            problems
                .error(period.place, "the metrics of an alarm have the alarm's period")
                .why(format!("that is {}", alarm.period));
        }
        let label = label(alarm);
        let periods = alarm.evaluation_periods;
        Some(AlarmSettings {
            period: span(period.map_or(alarm.period, |period| period.value)),
            datapoints_to_alarm: alarm.datapoints_to_alarm.unwrap_or(periods),
            evaluation_range: alarm.evaluation_range.unwrap_or(evaluation_range(periods as usize) as u32),
            comparison: alarm.comparison_operator.into(),
            treat_missing_data: alarm.treat_missing_data.into(),
            evaluates_low_samples: alarm.evaluates_low_samples(),
            window: alarm.window(problems)?,
            warm_up: alarm.warm_up.as_ref().map(|warm_up| WarmUp {
                duration: span(warm_up.duration),
                to_the_end: warm_up.only_start_evaluating_after_warm_up_period_ends,
            }),
            actions_enabled: alarm.actions_enabled,
            ..AlarmSettings::new(name.to_owned(), watched, label, periods, alarm.threshold)
        })
    }

    /// The names of all alarms so far, in their order.
    pub(super) fn names(&self) -> Vec<String> {
        let named = self.config.alarms.names().map(str::to_owned);
        let added = self.settings[self.config.alarms.entries.len()..].iter().flatten();
        named.chain(added.map(|alarm| alarm.name.clone())).collect()
    }

    /// An alarm that nobody names, such as those of target tracking.
    pub(super) fn add(&mut self, settings: AlarmSettings) {
        self.settings.push(Some(settings));
    }

    /// The alarm of this name invokes a policy of a group; gives the alarm's threshold.
    pub(super) fn invoke(
        &mut self,
        alarm: &Reference,
        group: EntityId,
        policy: u32,
        problems: &mut Problems,
    ) -> Option<f64> {
        if self.config.composite_alarms.get(alarm.as_str()).is_some() {
            problems
                .error(alarm.place, format!("the composite alarm `{alarm}` cannot invoke a scaling policy"))
                .why("\"Creating a composite alarm\": its actions are notifications and functions, not Auto Scaling")
                .help("name an alarm on a metric; metric math joins several metrics in one alarm");
            return None;
        }
        let (position, _) = self.names.find(alarm, problems)?;
        let settings = self.settings.get_mut(position)?.as_mut()?;
        settings.actions.add_policy(group, policy);
        Some(settings.threshold)
    }

    /// The alarm of this name is looked at by instance refreshes of a group.
    pub(super) fn watch_for_refresh(&mut self, alarm: &Reference, group: EntityId, problems: &mut Problems) {
        let Some((position, _)) = self.names.find(alarm, problems) else { return };
        if let Some(Some(settings)) = self.settings.get_mut(position)
            && !settings.actions.invokes_policy(group, REFRESH_ALARM)
        {
            settings.actions.add_policy(group, REFRESH_ALARM);
        }
    }

    /// Alarms publish to topics and invoke functions.
    pub(super) fn notify(&mut self, messages: &[AlarmMessage]) {
        for AlarmMessage { alarm, state, to, message } in messages {
            if let AlarmId::Metric(index) = alarm
                && let Some(Some(settings)) = self.settings.get_mut(*index as usize)
            {
                settings.actions.add_notification(*state, *to, *message);
            }
        }
    }

    /// The alarms, and what they watch.
    pub(super) fn into_settings(self) -> (Vec<AlarmSettings>, Vec<WatchedMetric>) {
        (self.settings.into_iter().flatten().collect(), self.watching.into_watched())
    }
}

/// What an alarm watches, in words.
fn label(alarm: &AlarmConfig) -> String {
    let queries = alarm.metrics.iter().flatten();
    if let Some(query) = queries.into_iter().find(|query| query.return_data) {
        let expression = query.expression.as_ref().map(|expression| expression.value.clone());
        return query.label.clone().or(expression).unwrap_or_else(|| query.id.value.clone());
    }
    let Some(metric) = &alarm.metric else { return String::new() };
    if metric.backlog_per_instance.is_some() {
        return "backlog per instance".to_owned();
    }
    let custom = metric.custom_metric.as_ref().map(|metric| metric.text.clone());
    let name = metric.name.as_ref().map(|name| name.value.clone());
    let statistic = alarm.statistic.map_or(Statistic::Average, |statistic| statistic.0);
    format!("{} ({statistic})", custom.or(name).unwrap_or_default())
}

/// Which alarms invoke the policies of which consumers.
pub(super) fn invocations(alarms: &[AlarmSettings], config: &ScenarioConfig) -> Vec<Flow> {
    let directory = Directory::new(config);
    let mut flows = Vec::new();
    for alarm in alarms {
        for name in config.consumers.names() {
            let Some(group) = directory.consumers.entity(name) else { continue };
            if alarm.actions.invokes(group) {
                flows.push(Flow {
                    from_kind: "alarm",
                    from: alarm.name.clone(),
                    to_kind: Fleet::KIND,
                    to: name.to_owned(),
                });
            }
        }
    }
    flows
}
