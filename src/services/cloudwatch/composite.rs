//! Composite alarms: their state follows from those of other alarms, and another alarm can hold back their actions
//! ("Creating a composite alarm", "Suppressing composite alarm actions").

use super::action::AlarmActions;
use super::rule::{AlarmId, Rule};
use crate::engine::{Span, Time};
use crate::wire::AlarmState;

/// `ActionsSuppressor` with its two periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suppressor {
    /// The alarm that holds back actions while it is in ALARM.
    pub alarm: AlarmId,
    /// How long a change waits for the suppressor to go into ALARM.
    pub wait_period: Span,
    /// How long actions are still held back when the suppressor has left ALARM.
    pub extension_period: Span,
}

/// Everything that is fixed about a composite alarm during a run.
#[derive(Debug, Clone)]
pub struct CompositeAlarmSettings {
    /// Its name.
    pub name: String,
    /// `AlarmRule`.
    pub rule: Rule,
    /// The rule as it is written.
    pub rule_text: String,
    /// `ActionsEnabled`.
    pub actions_enabled: bool,
    /// What it does.
    pub actions: AlarmActions,
    /// What holds it back.
    pub suppressor: Option<Suppressor>,
}

/// What holds actions back, as the API calls it (`ActionsSuppressedBy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// Nothing.
    None,
    /// The suppressor is in ALARM.
    Suppressor,
    /// Until this time the suppressor may still go into ALARM.
    WaitPeriod(Time),
    /// The suppressor left ALARM; until this time it may come back.
    ExtensionPeriod(Time),
}

/// A composite alarm.
#[derive(Debug)]
pub(super) struct CompositeAlarm {
    pub(super) settings: CompositeAlarmSettings,
    pub(super) state: AlarmState,
    pub(super) time_in_alarm: Span,
    pub(super) state_since: Time,
    pub(super) state_changes: u64,
    pub(super) actions_suppressed: u64,
    hold: Hold,
    /// The state whose actions were performed last.
    acted: AlarmState,
}

/// What becomes of the actions of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They are performed now.
    Performed,
    /// The alarm's actions are not enabled.
    Disabled,
    /// Something holds them back.
    Held(Hold),
}

impl CompositeAlarm {
    pub(super) fn new(settings: CompositeAlarmSettings) -> Self {
        Self {
            settings,
            state: AlarmState::InsufficientData,
            time_in_alarm: Span::ZERO,
            state_since: Time::ZERO,
            state_changes: 0,
            actions_suppressed: 0,
            hold: Hold::None,
            acted: AlarmState::InsufficientData,
        }
    }

    /// It enters another state; gives what becomes of its actions. `suppressed`: the suppressor is in ALARM.
    pub(super) fn enter(&mut self, state: AlarmState, suppressed: bool, now: Time) -> Verdict {
        self.settle(now);
        self.state = state;
        self.state_changes += 1;
        if !self.settings.actions_enabled {
            self.acted = state;
            return Verdict::Disabled;
        }
        if suppressed {
            self.hold = Hold::Suppressor;
        } else if self.hold == Hold::None
            && let Some(suppressor) = self.settings.suppressor
            && suppressor.wait_period > Span::ZERO
        {
            self.hold = Hold::WaitPeriod(now + suppressor.wait_period);
        }
        if self.hold == Hold::None {
            self.acted = state;
            return Verdict::Performed;
        }
        self.actions_suppressed += 1;
        Verdict::Held(self.hold)
    }

    /// The suppressor went into ALARM or left it. Gives whether actions that were held back are performed now.
    pub(super) fn suppressor_changed(&mut self, suppressed: bool, now: Time) -> bool {
        let Some(suppressor) = self.settings.suppressor else { return false };
        if suppressed {
            self.hold = Hold::Suppressor;
            return false;
        }
        if self.hold != Hold::Suppressor {
            return false;
        }
        if suppressor.extension_period > Span::ZERO {
            self.hold = Hold::ExtensionPeriod(now + suppressor.extension_period);
            return false;
        }
        self.release()
    }

    /// A period may be over. Gives whether actions that were held back are performed now.
    pub(super) fn period_ends(&mut self, now: Time) -> bool {
        match self.hold {
            Hold::WaitPeriod(end) | Hold::ExtensionPeriod(end) if end <= now => self.release(),
            _ => false,
        }
    }

    /// Nothing holds it back any more: the actions of the present state are performed, unless they were the last ones
    /// that were.
    fn release(&mut self) -> bool {
        self.hold = Hold::None;
        let due = self.acted != self.state && self.settings.actions_enabled;
        self.acted = self.state;
        due
    }

    /// When a period ends, if one runs.
    pub(super) fn wakes_at(&self) -> Option<Time> {
        match self.hold {
            Hold::WaitPeriod(end) | Hold::ExtensionPeriod(end) => Some(end),
            Hold::None | Hold::Suppressor => None,
        }
    }

    /// Brings the time in ALARM up to date.
    pub(super) fn settle(&mut self, now: Time) {
        if self.state == AlarmState::Alarm {
            self.time_in_alarm = self.time_in_alarm.saturating_add(now - self.state_since);
        }
        self.state_since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_seconds(seconds)
    }

    fn alarm(wait: u64, extension: u64) -> CompositeAlarm {
        let suppressor = Suppressor {
            alarm: AlarmId::Metric(0),
            wait_period: Span::from_seconds(wait),
            extension_period: Span::from_seconds(extension),
        };
        CompositeAlarm::new(CompositeAlarmSettings {
            name: "page".to_owned(),
            rule: Rule::Always(true),
            rule_text: "TRUE".to_owned(),
            actions_enabled: true,
            actions: AlarmActions::default(),
            suppressor: Some(suppressor),
        })
    }

    #[test]
    fn a_change_waits_for_the_suppressor_and_acts_when_it_does_not_come() {
        let mut alarm = alarm(60, 60);
        assert_eq!(alarm.enter(AlarmState::Alarm, false, at(10)), Verdict::Held(Hold::WaitPeriod(at(70))));
        assert_eq!(alarm.wakes_at(), Some(at(70)));
        assert!(!alarm.period_ends(at(69)));
        assert!(alarm.period_ends(at(70)));
        assert_eq!((alarm.wakes_at(), alarm.actions_suppressed), (None, 1));
    }

    #[test]
    fn a_change_that_is_taken_back_while_it_waits_does_nothing() {
        let mut alarm = alarm(60, 60);
        alarm.enter(AlarmState::Ok, false, at(0));
        assert!(alarm.period_ends(at(60)));
        alarm.enter(AlarmState::Alarm, false, at(100));
        assert_eq!(alarm.enter(AlarmState::Ok, false, at(130)), Verdict::Held(Hold::WaitPeriod(at(160))));
        assert!(!alarm.period_ends(at(160)));
        assert_eq!(alarm.wakes_at(), None);
    }

    #[test]
    fn the_suppressor_holds_actions_and_so_does_the_extension_after_it() {
        let mut alarm = alarm(60, 30);
        assert!(matches!(alarm.enter(AlarmState::Alarm, false, at(0)), Verdict::Held(Hold::WaitPeriod(_))));
        assert!(!alarm.suppressor_changed(true, at(20)));
        // The wait period is over, the suppressor holds on.
        assert!(!alarm.period_ends(at(60)));
        assert!(!alarm.suppressor_changed(false, at(100)));
        assert_eq!(alarm.wakes_at(), Some(at(130)));
        // It comes back within the extension.
        assert!(!alarm.suppressor_changed(true, at(120)));
        assert!(!alarm.period_ends(at(130)));
        assert!(!alarm.suppressor_changed(false, at(200)));
        assert!(alarm.period_ends(at(230)));
    }

    #[test]
    fn periods_of_zero_are_none() {
        let mut alarm = alarm(0, 0);
        assert_eq!(alarm.enter(AlarmState::Ok, false, at(0)), Verdict::Performed);
        assert!(!alarm.suppressor_changed(true, at(10)));
        assert_eq!(alarm.enter(AlarmState::Alarm, true, at(20)), Verdict::Held(Hold::Suppressor));
        assert!(alarm.suppressor_changed(false, at(30)));
    }

    #[test]
    fn disabled_actions_are_never_due() {
        let mut alarm = alarm(60, 60);
        alarm.settings.actions_enabled = false;
        assert_eq!(alarm.enter(AlarmState::Alarm, false, at(0)), Verdict::Disabled);
        assert!(!alarm.suppressor_changed(true, at(1)) && !alarm.suppressor_changed(false, at(2)));
        assert!(!alarm.period_ends(at(62)));
    }
}
