//! What alarms of either kind do when they change their state, in a scenario.

use crate::language::{Place, Problems, Reference, choice};
use crate::wire::AlarmState;

/// Most actions of a state ("CloudWatch service quotas").
const MOST_ACTIONS: usize = 5;

choice! {
    /// Who is told that an alarm changed its state.
    pub enum NotifyConfig {
        /// A standard topic, to which the alarm publishes.
        Topic(Reference) = "topic",
        /// A Lambda function, which gets the change as an asynchronous event.
        Function(Reference) = "function",
    }
}

/// The keys of the three lists of actions.
const KEYS: [&str; 3] = ["alarm_actions", "ok_actions", "insufficient_data_actions"];
/// The states they belong to.
const STATES: [AlarmState; 3] = [AlarmState::Alarm, AlarmState::Ok, AlarmState::InsufficientData];

/// `AlarmActions`, `OKActions` and `InsufficientDataActions`, in this order.
pub(super) type ActionLists<'a> = [&'a [NotifyConfig]; 3];

/// All actions with their states.
pub(super) fn by_state(lists: ActionLists<'_>) -> impl Iterator<Item = (AlarmState, &NotifyConfig)> {
    STATES.into_iter().zip(lists).flat_map(|(state, actions)| actions.iter().map(move |one| (state, one)))
}

/// A state has five actions at most.
pub(super) fn check(lists: ActionLists<'_>, problems: &mut Problems) {
    for (key, actions) in KEYS.into_iter().zip(lists) {
        if let Some(extra) = actions.get(MOST_ACTIONS) {
            problems.error(extra.place(), format!("`{key}` takes {MOST_ACTIONS} actions at most"));
        }
    }
}

impl NotifyConfig {
    fn place(&self) -> Place {
        match self {
            NotifyConfig::Topic(to) | NotifyConfig::Function(to) => to.place,
        }
    }
}
