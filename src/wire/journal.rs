//! Rows that are written as they happen: alarm state changes and scaling activities.

use crate::record::{AlarmChange, ScalingActivity};

/// What happened and why, in order. Rare things only: nothing here is written for a message.
#[derive(Debug, Default)]
pub struct Journal {
    /// Alarm state changes.
    pub alarms: Vec<AlarmChange>,
    /// Scaling activities.
    pub activities: Vec<ScalingActivity>,
}
