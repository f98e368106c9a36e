//! What an alarm does when it changes its state, and how often.

use crate::wire::{AlarmState, EntityId, TextId};

/// Something an alarm does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmAction {
    /// It invokes a scaling policy: on the change, and once a minute while the state stays ("Using Amazon CloudWatch
    /// alarms").
    Policy {
        /// The group whose policy it is.
        group: EntityId,
        /// The policy, as the group numbers it.
        policy: u32,
    },
    /// It publishes to a topic, or invokes a function: once, on the change.
    Notify {
        /// The topic, or the function.
        to: EntityId,
        /// The message: a JSON object with the alarm's name and its new state.
        message: TextId,
        /// Its size.
        bytes: u32,
    },
}

/// `OKActions`, `AlarmActions` and `InsufficientDataActions`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlarmActions {
    /// When the state becomes OK.
    pub ok: Vec<AlarmAction>,
    /// When the state becomes ALARM.
    pub alarm: Vec<AlarmAction>,
    /// When the state becomes INSUFFICIENT_DATA.
    pub insufficient_data: Vec<AlarmAction>,
}

impl AlarmActions {
    /// The actions of a state.
    pub fn of(&self, state: AlarmState) -> &[AlarmAction] {
        match state {
            AlarmState::Ok => &self.ok,
            AlarmState::Alarm => &self.alarm,
            AlarmState::InsufficientData => &self.insufficient_data,
        }
    }

    /// Whether it invokes scaling policies of this group.
    pub fn invokes(&self, wanted: EntityId) -> bool {
        let mut all = [&self.ok, &self.alarm, &self.insufficient_data].into_iter().flatten();
        all.any(|action| matches!(action, AlarmAction::Policy { group, .. } if *group == wanted))
    }

    /// Whether it invokes this policy of this group when it goes into ALARM.
    pub fn invokes_policy(&self, group: EntityId, policy: u32) -> bool {
        self.alarm.contains(&AlarmAction::Policy { group, policy })
    }

    /// Whether it invokes scaling policies.
    pub fn has_policies(&self) -> bool {
        [&self.ok, &self.alarm, &self.insufficient_data]
            .iter()
            .any(|actions| actions.iter().any(|action| matches!(action, AlarmAction::Policy { .. })))
    }

    /// A topic or a function is told when the state becomes this one.
    pub fn add_notification(&mut self, state: AlarmState, to: EntityId, (message, bytes): (TextId, u32)) {
        let action = AlarmAction::Notify { to, message, bytes };
        match state {
            AlarmState::Ok => self.ok.push(action),
            AlarmState::Alarm => self.alarm.push(action),
            AlarmState::InsufficientData => self.insufficient_data.push(action),
        }
    }

    /// Whether it tells topics or functions.
    pub fn has_notifications(&self) -> bool {
        [&self.ok, &self.alarm, &self.insufficient_data]
            .iter()
            .any(|actions| actions.iter().any(|action| matches!(action, AlarmAction::Notify { .. })))
    }

    /// A scaling policy is told of every state: so are the alarms that target tracking makes (*observed*).
    pub fn add_policy(&mut self, group: EntityId, policy: u32) {
        let action = AlarmAction::Policy { group, policy };
        for actions in [&mut self.ok, &mut self.alarm, &mut self.insufficient_data] {
            actions.push(action);
        }
    }
}
