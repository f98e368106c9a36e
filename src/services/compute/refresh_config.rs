//! Instance refreshes in a scenario, and what AWS would refuse of them.

use super::group_config::AutoScalingGroupConfig;
use super::refresh_settings::{InTheWay, InstanceRefresh, Version};
use crate::engine::{Span, Time};
use crate::language::{
    DistributionOf, Duration, Files, Located, Place, Probability, Problems, Reference, keyword, section,
};
use crate::wire::span;

/// Most alarms of a refresh ("`AlarmSpecification`").
const MOST_ALARMS: usize = 10;
/// Longest checkpoint delay and bake time ("`RefreshPreferences`"): 48 hours.
const LONGEST_DELAY: Duration = Duration::from_hours(48);

section! {
    /// An instance refresh (`StartInstanceRefresh`): all instances are replaced, a few at a time.
    pub struct InstanceRefreshConfig {
        /// When it starts.
        pub at: Duration;
        /// What the new instances are like; by default like the old ones.
        pub desired_configuration: Option<DesiredConfigurationConfig>;
        /// How they are replaced.
        pub preferences: Option<RefreshPreferencesConfig>;
        /// When it is cancelled (`CancelInstanceRefresh`): what was replaced stays.
        pub cancelled_at: Option<Duration>;
        /// When it is rolled back by hand (`RollbackInstanceRefresh`).
        pub rolled_back_at: Option<Duration>;
    }
    check InstanceRefreshConfig::check;
}

section! {
    /// A version of the launch template, and what the application on its instances does otherwise than the consumer says.
    pub struct DesiredConfigurationConfig {
        /// The version.
        pub launch_template_version: Located<String>;
        /// How long processing takes on its instances.
        pub processing_time: Option<DistributionOf<Duration>>;
        /// Probability that processing fails on its instances.
        pub failure_rate: Option<Probability>;
    }
}

section! {
    /// How instances are replaced (`RefreshPreferences`).
    pub struct RefreshPreferencesConfig {
        /// The share of the desired capacity that stays in service, healthy and warm, in percent; rounded up to whole
        /// instances.
        pub min_healthy_percentage: u32 = 90, within (0, 100);
        /// The share of the desired capacity that may be there, in percent. Above 100 replacements are launched before old
        /// instances go. Not without `min_healthy_percentage`.
        pub max_healthy_percentage: u32 = 100, within (100, 200);
        /// How long a new instance is in service before it counts as ready; by default the group's `instance_warmup`, or the
        /// grace period of its health checks.
        pub instance_warmup: Option<Duration>;
        /// Shares of the group, in percent, after which the refresh pauses. It ends at the last one.
        pub checkpoint_percentages: Vec<u32> = Vec::new();
        /// How long it pauses; 1 h if not given.
        pub checkpoint_delay: Option<Duration>, within (Duration::ZERO, LONGEST_DELAY);
        /// Whether instances that have the desired configuration already are left alone.
        pub skip_matching: bool = false;
        /// Whether a refresh that fails is rolled back.
        pub auto_rollback: bool = false;
        /// What becomes of instances that are protected from scale-in.
        pub scale_in_protected_instances: ProtectedInstancesConfig = ProtectedInstancesConfig::Wait;
        /// What becomes of instances in standby.
        pub standby_instances: StandbyInstancesConfig = StandbyInstancesConfig::Wait;
        /// Alarms that make the refresh fail.
        pub alarm_specification: Option<AlarmSpecificationConfig>;
        /// How long it waits at its end before it is successful.
        pub bake_time: Duration = Duration::ZERO, within (Duration::ZERO, LONGEST_DELAY);
    }
    check RefreshPreferencesConfig::check;
}

section! {
    /// Alarms that make a refresh fail when they are in ALARM.
    pub struct AlarmSpecificationConfig {
        /// Their names, ten at most.
        pub alarms: Vec<Reference>;
    }
}

keyword! {
    /// What becomes of instances that are protected from scale-in.
    pub enum ProtectedInstancesConfig {
        /// They are replaced.
        Refresh = "Refresh",
        /// They are left alone.
        Ignore = "Ignore",
        /// The refresh waits an hour for their protection to be lifted, then it fails.
        Wait = "Wait",
    }
}

keyword! {
    /// What becomes of instances in standby.
    pub enum StandbyInstancesConfig {
        /// They are terminated.
        Terminate = "Terminate",
        /// They are left alone.
        Ignore = "Ignore",
        /// The refresh waits an hour for them to return to service, then it fails.
        Wait = "Wait",
    }
}

impl InstanceRefreshConfig {
    /// "`StartInstanceRefresh`", "Undo changes with a manual or auto rollback".
    fn check(&self, problems: &mut Problems) {
        let rolls_back = self.preferences.as_ref().filter(|preferences| preferences.auto_rollback);
        let asked = rolls_back
            .map(|preferences| (preferences.places.of("auto_rollback"), "auto_rollback"))
            .or(self.rolled_back_at.map(|_| (self.places.of("rolled_back_at"), "rolled_back_at")));
        if let (Some((place, key)), None) = (asked, &self.desired_configuration) {
            problems
                .error(place, format!("`{key}` needs a `desired_configuration`"))
                .why("a refresh without one has nothing to roll back to")
                .help("desired_configuration: { launch_template_version: \"2\" }");
        }
        for (key, time) in [("cancelled_at", self.cancelled_at), ("rolled_back_at", self.rolled_back_at)] {
            if time.is_some_and(|time| time < self.at) {
                problems.error(self.places.of(key), format!("`{key}` is before the refresh starts"));
            }
        }
    }

    fn preferences(&self) -> RefreshPreferences<'_> {
        RefreshPreferences(self.preferences.as_ref())
    }

    /// The alarms it looks at.
    pub(super) fn alarms(&self) -> impl Iterator<Item = &Reference> {
        let preferences = self.preferences.iter();
        preferences.filter_map(|one| one.alarm_specification.as_ref()).flat_map(|one| &one.alarms)
    }

    fn settings(&self, warm_up: Span, version: u16) -> InstanceRefresh {
        let preferences = self.preferences();
        let at = |time: Duration| Time::ZERO + span(time);
        InstanceRefresh {
            at: at(self.at),
            cancelled_at: self.cancelled_at.map(at),
            rolled_back_at: self.rolled_back_at.map(at),
            version: self.desired_configuration.is_some().then_some(version),
            min_healthy: preferences.get(|one| one.min_healthy_percentage, 90),
            max_healthy: preferences.get(|one| one.max_healthy_percentage, 100),
            warm_up: preferences.get(|one| one.instance_warmup, None).map_or(warm_up, span),
            checkpoints: preferences.get(|one| one.checkpoint_percentages.clone(), Vec::new()),
            checkpoint_delay: preferences
                .get(|one| one.checkpoint_delay, None)
                .map_or(Span::from_hours(1), span),
            skip_matching: preferences.get(|one| one.skip_matching, false),
            auto_rollback: preferences.get(|one| one.auto_rollback, false),
            protected: match preferences
                .get(|one| one.scale_in_protected_instances, ProtectedInstancesConfig::Wait)
            {
                ProtectedInstancesConfig::Refresh => InTheWay::Replace,
                ProtectedInstancesConfig::Ignore => InTheWay::Ignore,
                ProtectedInstancesConfig::Wait => InTheWay::Wait,
            },
            standby: match preferences.get(|one| one.standby_instances, StandbyInstancesConfig::Wait) {
                StandbyInstancesConfig::Terminate => InTheWay::Replace,
                StandbyInstancesConfig::Ignore => InTheWay::Ignore,
                StandbyInstancesConfig::Wait => InTheWay::Wait,
            },
            alarms: self.alarms().map(|alarm| alarm.text.clone()).collect(),
            bake_time: preferences.get(|one| span(one.bake_time), Span::ZERO),
        }
    }
}

/// Preferences, or their defaults.
struct RefreshPreferences<'a>(Option<&'a RefreshPreferencesConfig>);

impl RefreshPreferences<'_> {
    fn get<T>(&self, read: impl FnOnce(&RefreshPreferencesConfig) -> T, otherwise: T) -> T {
        self.0.map_or(otherwise, read)
    }
}

impl RefreshPreferencesConfig {
    /// The limits of "`RefreshPreferences`".
    fn check(&self, problems: &mut Problems) {
        let maximum = self.places.key("max_healthy_percentage");
        if let Some(place) = maximum {
            if self.places.key("min_healthy_percentage").is_none() {
                problems.error(place, "`max_healthy_percentage` needs `min_healthy_percentage`");
            } else if self.max_healthy_percentage - self.min_healthy_percentage > 100 {
                problems
                    .error(place, "`max_healthy_percentage` lies 100 at most above `min_healthy_percentage`");
            }
        }
        self.check_checkpoints(problems);
        if let Some(specification) = &self.alarm_specification
            && let Some(extra) = specification.alarms.get(MOST_ALARMS)
        {
            problems.error(extra.place, format!("a refresh looks at {MOST_ALARMS} alarms at most"));
        }
    }

    fn check_checkpoints(&self, problems: &mut Problems) {
        let place = self.places.of("checkpoint_percentages");
        let checkpoints = &self.checkpoint_percentages;
        if checkpoints.iter().any(|percentage| !(1..=100).contains(percentage)) {
            problems.error(place, "a checkpoint is from 1 to 100, in percent");
        }
        if checkpoints.windows(2).any(|pair| pair[0] >= pair[1]) {
            problems.error(place, "checkpoints go up, and each is there once");
        }
        if checkpoints.last().is_some_and(|last| *last < 100) {
            problems
                .warning(place, "the refresh ends before all instances are replaced")
                .why("\"To replace all instances in the Auto Scaling group, the last number in the array must be 100\"");
        }
        if checkpoints.is_empty()
            && let Some(place) = self.places.key("checkpoint_delay")
        {
            problems
                .error(place, "`checkpoint_delay` needs `checkpoint_percentages`")
                .help("checkpoint_percentages: [50, 100]");
        }
    }
}

impl AutoScalingGroupConfig {
    /// Its refreshes in the order of their times, and the versions of the launch template: the group's own is the first.
    pub(super) fn refreshes(
        &self,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<(Vec<InstanceRefresh>, Vec<Version>)> {
        let grace = self.health_check.as_ref().map_or(Duration::ZERO, |check| check.grace_period);
        let warm_up = span(self.instance_warmup.unwrap_or(grace));
        let own =
            Version { name: self.launch_template_version.clone(), processing_time: None, failure_rate: None };
        let mut versions = vec![own];
        let mut refreshes = Vec::new();
        for refresh in &self.instance_refreshes {
            let version = match &refresh.desired_configuration {
                Some(desired) => desired.version(&mut versions, files, problems)?,
                None => 0,
            };
            refreshes.push(refresh.settings(warm_up, version));
        }
        refreshes.sort_by_key(|refresh| refresh.at);
        Some((refreshes, versions))
    }

    /// The alarms that its refreshes look at.
    pub fn refresh_alarms(&self) -> impl Iterator<Item = &Reference> {
        self.instance_refreshes.iter().flat_map(InstanceRefreshConfig::alarms)
    }
}

impl DesiredConfigurationConfig {
    /// The position of its version, which is new or known.
    fn version(&self, known: &mut Vec<Version>, files: &dyn Files, problems: &mut Problems) -> Option<u16> {
        let name = &self.launch_template_version;
        let changes = self.processing_time.is_some() || self.failure_rate.is_some();
        if let Some(position) = known.iter().position(|version| version.name == name.value) {
            if changes {
                told_twice(name.place, &name.value, problems);
            }
            return Some(position as u16);
        }
        let processing_time = match &self.processing_time {
            Some(time) => Some(time.build(files, problems)?),
            None => None,
        };
        known.push(Version {
            name: name.value.clone(),
            processing_time,
            failure_rate: self.failure_rate.map(Probability::as_f64),
        });
        Some(known.len() as u16 - 1)
    }
}

fn told_twice(place: Place, version: &str, problems: &mut Problems) {
    problems
        .error(place, format!("what version `{version}` does has been said already"))
        .why("a version of a launch template never changes")
        .help("give it another version, or only its name");
}
