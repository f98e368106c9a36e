//! Rows that are written as they happen: alarm state changes, scaling activities, calls of scripted clients.

use crate::record::{AlarmChange, ApiCall, InstanceChange, ScalingActivity, WindowResult};
use std::fmt::Write as _;

/// What happened and why, in order. Rare things only: nothing here is written for a message.
#[derive(Debug, Default)]
pub struct Journal {
    /// Alarm state changes.
    pub alarms: Vec<AlarmChange>,
    /// Scaling activities.
    pub activities: Vec<ScalingActivity>,
    /// Calls of scripted clients, as they were answered.
    pub api_calls: Vec<ApiCall>,
    /// What each alarm that invokes policies saw at its latest evaluation, by alarm.
    pub alarm_reports: Vec<AlarmReport>,
    /// New states of the instances of Auto Scaling groups.
    pub instances: Vec<InstanceChange>,
    /// Results of windows, as far as tables want them.
    pub window_results: Vec<WindowResult>,
}

/// What an alarm saw at its latest evaluation: what the policies it invokes go by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AlarmReport {
    /// The alarm's name.
    pub alarm: String,
    /// Its comparison with its threshold, in words: `above the threshold 100`.
    pub condition: String,
    /// The datapoints it judged, oldest first.
    pub datapoints: Vec<JudgedDatapoint>,
}

/// A datapoint an alarm judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JudgedDatapoint {
    /// Its value.
    pub value: f64,
    /// Whether it is beyond the threshold.
    pub breaches: bool,
}

impl AlarmReport {
    /// The newest value; NaN without one.
    pub fn newest(&self) -> f64 {
        self.datapoints.last().map_or(f64::NAN, |point| point.value)
    }

    /// For a person: `datapoints 120, 130 above the threshold 100`.
    pub fn sentence(&self) -> String {
        let mut text = String::from(if self.datapoints.len() == 1 { "datapoint " } else { "datapoints " });
        for (index, point) in self.datapoints.iter().enumerate() {
            let value = (point.value * 1000.0).round() / 1000.0;
            let _ = write!(text, "{}{value}", if index == 0 { "" } else { ", " });
        }
        if self.datapoints.iter().any(|point| !point.breaches) {
            let breaching = self.datapoints.iter().filter(|point| point.breaches).count();
            let _ = write!(text, ", {breaching} of them");
        }
        let _ = write!(text, " {}", self.condition);
        text
    }
}
