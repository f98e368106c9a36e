//! Alarms: what they watch, and whose policies they invoke.

use super::config::ScenarioConfig;
use super::directory::{Directory, Names};
use super::watching::Watching;
use crate::language::{Problems, Reference};
use crate::services::cloudwatch::{AlarmConfig, AlarmSettings, Statistic};
use crate::wire::{EntityId, span};

/// The alarms of a scenario, on their way to being resolved: those that it names, then those that policies own.
pub(super) struct Alarms<'a> {
    config: &'a ScenarioConfig,
    names: Names<'a>,
    settings: Vec<Option<AlarmSettings>>,
    pub(super) watching: Watching<'a>,
}

impl<'a> Alarms<'a> {
    pub(super) fn new(config: &'a ScenarioConfig, directory: Directory<'a>) -> Self {
        let names = Names::new("alarm", config.alarms.names(), 0);
        Self { config, names, settings: Vec::new(), watching: Watching::new(config, directory) }
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
        Some(AlarmSettings {
            name: name.to_owned(),
            watched,
            period: span(period.map_or(alarm.period, |period| period.value)),
            evaluation_periods: alarm.evaluation_periods,
            datapoints_to_alarm: alarm.datapoints_to_alarm.unwrap_or(alarm.evaluation_periods),
            threshold: alarm.threshold,
            comparison: alarm.comparison_operator.into(),
            treat_missing_data: alarm.treat_missing_data.into(),
            policies: Vec::new(),
        })
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
        let (position, _) = self.names.find(alarm, problems)?;
        let settings = self.settings.get_mut(position)?.as_mut()?;
        settings.policies.push((group, policy));
        Some(settings.threshold)
    }

    /// The alarms, and what they watch.
    pub(super) fn into_settings(self) -> (Vec<AlarmSettings>, Vec<(EntityId, &'static str)>) {
        (self.settings.into_iter().flatten().collect(), self.watching.into_watched())
    }
}
