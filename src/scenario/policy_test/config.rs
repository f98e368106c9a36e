//! The sections of a policy test.

use super::series::SeriesConfig;
use crate::language::{
    Date, Decode, Definitions, Duration, Json, Named, Node, Place, Problems, Value, keyword, section,
};
use crate::scaling::PolicyConfig;
use crate::scenario::AssumptionsConfig;
use crate::services::cloudwatch::AlarmConfig;
use crate::services::compute::{AutoScalingGroupConfig, EcsServiceConfig};
use crate::wire::AlarmState;

section! {
    /// A policy test: metrics as given, and what scaling must make of them. No queues, no producers.
    pub struct PolicyTestConfig {
        /// What it shows, in a few words.
        pub policy_test: String;
        /// The Auto Scaling group; its instances launch and terminate in no time unless it says otherwise.
        pub group: Option<AutoScalingGroupConfig>;
        /// The ECS service, in place of a group; its tasks start and stop in no time unless it says otherwise.
        pub service: Option<EcsServiceConfig>;
        /// Its scaling policies, as in a scenario; the group may also have them itself.
        pub policies: Vec<PolicyConfig> = Vec::new();
        /// Alarms that policies name. A metric is a series of `input_series`, by its name alone.
        pub alarms: Named<AlarmConfig>;
        /// The metrics: one value an interval. The first is that of the interval which begins at the start.
        pub input_series: Named<SeriesConfig>;
        /// How long an interval is: 1s, 5s, 10s, 30s or a multiple of a minute.
        pub interval: Duration = Duration::from_seconds(60), within (Duration::from_seconds(1), Duration::from_hours(24));
        /// How long after its interval a value can be read by alarms.
        pub metric_delay: Duration = Duration::ZERO, at_most (Duration::from_hours(24));
        /// The simulated wall clock at the start, for scheduled actions.
        pub start: Date = super::super::config::default_start();
        /// Seed of what is drawn: launch times, for example.
        pub seed: u64 = 42;
        /// What AWS does not publish.
        pub assumptions: Option<AssumptionsConfig>;
        /// What must be so at which time since the start. What happens at that very instant has happened.
        pub expect_at: Timeline;
    }
    check PolicyTestConfig::check;
}

section! {
    /// What must be so at one time.
    pub struct ExpectedStateConfig {
        /// The desired capacity.
        pub desired_capacity: Option<u32>;
        /// Instances (or tasks) in service.
        pub in_service: Option<u32>;
        /// Instances (or tasks) that are being launched.
        pub pending: Option<u32>;
        /// Instances (or tasks) that are being terminated.
        pub terminating: Option<u32>;
        /// States of alarms, by name; the end of a name is enough: `AlarmLow` is the low alarm of target tracking.
        pub alarm: Named<AlarmStateConfig>;
        /// How many changes of the desired capacity there have been.
        pub activities: Option<u32>;
        /// A part of the cause of the latest activity, whether it changed the capacity or says why not.
        pub cause: Option<String>;
    }
    check ExpectedStateConfig::check;
}

keyword! {
    /// A state of an alarm.
    pub enum AlarmStateConfig {
        /// Within the threshold.
        Ok = "OK",
        /// Outside the threshold.
        Alarm = "ALARM",
        /// Too few datapoints to tell.
        InsufficientData = "INSUFFICIENT_DATA",
    }
}

impl From<AlarmStateConfig> for AlarmState {
    fn from(state: AlarmStateConfig) -> Self {
        match state {
            AlarmStateConfig::Ok => AlarmState::Ok,
            AlarmStateConfig::Alarm => AlarmState::Alarm,
            AlarmStateConfig::InsufficientData => AlarmState::InsufficientData,
        }
    }
}

/// Expected states, by time.
#[derive(Debug, Clone)]
pub struct Timeline(pub Vec<(Duration, Place, ExpectedStateConfig)>);

impl Decode for Timeline {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            problems
                .mismatch(node, "a mapping from times to what must be so")
                .help("write `{ 14m: { desired_capacity: 8 } }`");
            return None;
        };
        let mut all = Vec::new();
        for (key, node) in entries {
            let time = match key.name.parse::<Duration>() {
                Ok(time) => Some(time),
                Err(error) => {
                    problems
                        .error(key.place, format!("`{}` is no time since the start", key.name))
                        .help(error.help);
                    None
                }
            };
            let state = ExpectedStateConfig::decode(node, problems);
            all.push(time.zip(state).map(|(time, state)| (time, key.place, state)));
        }
        let mut all: Vec<_> = all.into_iter().collect::<Option<_>>()?;
        all.sort_by_key(|(time, ..)| *time);
        Some(Timeline(all))
    }

    fn schema(definitions: &mut Definitions) -> Json {
        serde_json::json!({ "type": "object", "additionalProperties": ExpectedStateConfig::schema(definitions) })
    }

    fn type_name() -> String {
        "mapping from times to what must be so".to_owned()
    }
}

impl ExpectedStateConfig {
    fn check(&self, problems: &mut Problems) {
        let numbers =
            [self.desired_capacity, self.in_service, self.pending, self.terminating, self.activities];
        if numbers.iter().all(Option::is_none) && self.alarm.is_empty() && self.cause.is_none() {
            problems.error(self.place, "nothing is expected here").help("write `{ desired_capacity: 8 }`");
        }
    }
}

impl PolicyTestConfig {
    fn check(&self, problems: &mut Problems) {
        const SECOND: u64 = 1_000_000_000;
        if self.group.is_some() == self.service.is_some() {
            problems
                .error(self.place, "a policy test has either a `group` or a `service`")
                .help("group: { min_size: 1, max_size: 10 }");
        }
        if self.expect_at.0.is_empty() {
            problems.error(self.places.of("expect_at"), "a test that expects nothing cannot fail");
        }
        let interval = self.interval.as_nanos();
        let is_fine = [1, 5, 10, 30].iter().any(|seconds| seconds * SECOND == interval)
            || interval.is_multiple_of(60 * SECOND);
        if !is_fine {
            problems
                .error(self.places.of("interval"), format!("CloudWatch has no metrics of {}", self.interval))
                .why("an interval is 1s, 5s, 10s, 30s or a multiple of 60s");
        }
    }
}
