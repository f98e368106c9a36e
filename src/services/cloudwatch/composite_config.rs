//! A composite alarm in a scenario.

use super::action_config::{self, ActionLists, NotifyConfig, by_state};
use crate::language::{Duration, Located, Problems, Reference, section};
use crate::wire::AlarmState;

section! {
    /// A composite alarm: its state follows from those of other alarms ("PutCompositeAlarm").
    pub struct CompositeAlarmConfig {
        /// When it is in ALARM: `ALARM(name)`, `OK(name)`, `INSUFFICIENT_DATA(name)`, `TRUE` and `FALSE`, joined by
        /// `AND`, `OR`, `NOT` and parentheses.
        pub alarm_rule: Located<String>;
        /// Whether it acts.
        pub actions_enabled: bool = true;
        /// Whom it tells when its state becomes ALARM (`AlarmActions`): topics and functions. It invokes no scaling policy.
        pub alarm_actions: Vec<NotifyConfig> = Vec::new();
        /// Whom it tells when its state becomes OK (`OKActions`).
        pub ok_actions: Vec<NotifyConfig> = Vec::new();
        /// Whom it tells when its state becomes INSUFFICIENT_DATA (`InsufficientDataActions`): never after its creation.
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
    fn action_lists(&self) -> ActionLists<'_> {
        [&self.alarm_actions, &self.ok_actions, &self.insufficient_data_actions]
    }

    /// Whom it tells, by state.
    pub fn actions(&self) -> impl Iterator<Item = (AlarmState, &NotifyConfig)> {
        by_state(self.action_lists())
    }

    /// "PutCompositeAlarm": with a suppressor both periods must be given, without one neither may.
    fn check(&self, problems: &mut Problems) {
        action_config::check(self.action_lists(), problems);
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
