//! A composite alarm in a scenario.

use super::config::{NotifyConfig, topics_by_state};
use crate::language::{Duration, Located, Problems, Reference, section};
use crate::wire::AlarmState;

section! {
    /// A composite alarm: its state follows from those of other alarms ("PutCompositeAlarm").
    ///
    /// It invokes no scaling policy: AWS does not let it.
    pub struct CompositeAlarmConfig {
        /// When it is in ALARM: `ALARM(name)`, `OK(name)`, `INSUFFICIENT_DATA(name)`, `TRUE` and `FALSE`, joined by
        /// `AND`, `OR`, `NOT` and parentheses.
        pub alarm_rule: Located<String>;
        /// Whether it acts.
        pub actions_enabled: bool = true;
        /// Where it publishes when its state becomes ALARM (`AlarmActions`).
        pub alarm_actions: Vec<NotifyConfig> = Vec::new();
        /// Where it publishes when its state becomes OK (`OKActions`).
        pub ok_actions: Vec<NotifyConfig> = Vec::new();
        /// Where it publishes when its state becomes INSUFFICIENT_DATA (`InsufficientDataActions`).
        pub insufficient_data_actions: Vec<NotifyConfig> = Vec::new();
        /// An alarm that holds back its actions while it is in ALARM.
        pub actions_suppressor: Option<Reference>;
        /// How long its actions wait for the suppressor to go into ALARM.
        pub actions_suppressor_wait_period: Option<Duration>;
        /// How long its actions are still held back when the suppressor has left ALARM.
        pub actions_suppressor_extension_period: Option<Duration>;
    }
    check CompositeAlarmConfig::check;
}

impl CompositeAlarmConfig {
    /// Where it publishes, by state.
    pub fn topics(&self) -> impl Iterator<Item = (AlarmState, &Reference)> {
        topics_by_state(&self.alarm_actions, &self.ok_actions, &self.insufficient_data_actions)
    }

    /// "PutCompositeAlarm": with a suppressor both periods must be given, without one neither may.
    fn check(&self, problems: &mut Problems) {
        let periods = [
            ("actions_suppressor_wait_period", self.actions_suppressor_wait_period),
            ("actions_suppressor_extension_period", self.actions_suppressor_extension_period),
        ];
        for (key, period) in periods {
            match (&self.actions_suppressor, period) {
                (Some(suppressor), None) => {
                    problems
                        .error(suppressor.place, format!("with a suppressor, `{key}` must be given"))
                        .help(format!("{key}: 60s"));
                }
                (None, Some(_)) => {
                    problems
                        .error(self.places.key(key), format!("`{key}` needs an `actions_suppressor`"))
                        .help("name the alarm that holds back this one");
                }
                _ => {}
            }
        }
    }
}
