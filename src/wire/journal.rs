//! Rows that are written as they happen: alarm state changes, scaling activities, states of instances, calls of
//! scripted clients.

use crate::record::{AlarmChange, ApiCall, InstanceChange, ScalingActivity};

/// What happened and why, in order. Rare things only: nothing here is written for a message.
#[derive(Debug, Default)]
pub struct Journal {
    /// Alarm state changes.
    pub alarms: Vec<AlarmChange>,
    /// Scaling activities.
    pub activities: Vec<ScalingActivity>,
    /// Calls of scripted clients, as they were answered.
    pub api_calls: Vec<ApiCall>,
    /// New states of the instances of Auto Scaling groups.
    pub instances: Vec<InstanceChange>,
}
