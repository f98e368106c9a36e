//! Scheduled actions: when they run, and what they set.

mod config;
mod cron;

pub use config::{MomentConfig, ScalableTargetActionConfig, ScheduledActionConfig};
pub use cron::{Cron, CronDialect};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// When an action runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Schedule {
    /// Once.
    Once(Timestamp),
    /// Whenever the clock of the zone shows it.
    Cron(Cron, TimeZone),
    /// Every so many seconds.
    EverySeconds(i64),
}

/// What a scheduled action sets; what is `None` stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScheduledSizes {
    /// Fewest instances.
    pub min_size: Option<u32>,
    /// Most instances.
    pub max_size: Option<u32>,
    /// Instances wanted.
    pub desired_capacity: Option<u32>,
}

/// A scheduled action ("Scheduled scaling for Amazon EC2 Auto Scaling").
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduledAction {
    /// Its name.
    pub name: String,
    /// When it runs.
    pub schedule: Schedule,
    /// Not before this time; a recurring action also runs at this very time ("`PutScheduledUpdateGroupAction`").
    pub start: Option<Timestamp>,
    /// Not after this time.
    pub end: Option<Timestamp>,
    /// What it sets.
    pub sizes: ScheduledSizes,
}

impl ScheduledAction {
    /// When it runs first, at or after `begin`.
    pub fn first(&self, begin: Timestamp) -> Option<Timestamp> {
        let first = match (&self.schedule, self.start) {
            (Schedule::Once(at), _) => Some(*at).filter(|at| *at >= begin),
            (_, Some(start)) if start >= begin => Some(start),
            (Schedule::Cron(cron, zone), start) => {
                let from = start.map_or(begin, |start| start.max(begin));
                let before = Timestamp::from_nanosecond(from.as_nanosecond() - 1).ok()?;
                cron.next_after(before, zone)
            }
            (Schedule::EverySeconds(seconds), start) => {
                let since = start.unwrap_or(begin);
                let passed = begin.as_second() - since.as_second();
                let intervals = if start.is_some() { (passed + seconds - 1) / seconds } else { 1 };
                Timestamp::from_second(since.as_second() + intervals * seconds).ok()
            }
        };
        first.filter(|at| self.end.is_none_or(|end| *at <= end))
    }

    /// When it runs next after it ran at `last`.
    pub fn next(&self, last: Timestamp) -> Option<Timestamp> {
        let next = match &self.schedule {
            Schedule::Once(_) => None,
            Schedule::Cron(cron, zone) => cron.next_after(last, zone),
            Schedule::EverySeconds(seconds) => Timestamp::from_second(last.as_second() + seconds).ok(),
        };
        next.filter(|at| self.end.is_none_or(|end| *at <= end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(schedule: Schedule, start: Option<&str>, end: Option<&str>) -> ScheduledAction {
        let instant = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let name = "a".to_owned();
        ScheduledAction {
            name,
            schedule,
            start: start.map(instant),
            end: end.map(instant),
            sizes: ScheduledSizes::default(),
        }
    }

    fn all(action: &ScheduledAction) -> Vec<String> {
        let mut next = action.first("2026-01-01T00:00:00Z".parse().expect("an instant"));
        let mut found = Vec::new();
        while let Some(at) = next.filter(|_| found.len() < 4) {
            found.push(at.to_string());
            next = action.next(at);
        }
        found
    }

    #[test]
    fn a_recurring_action_also_runs_at_its_start_time_and_ends_with_its_end_time() {
        let daily = || {
            let cron = Cron::read("0 8 * * *", CronDialect::Unix).expect("an expression");
            Schedule::Cron(cron, TimeZone::UTC)
        };
        assert_eq!(
            all(&action(daily(), Some("2026-01-02T07:30:00Z"), Some("2026-01-03T08:00:00Z"))),
            ["2026-01-02T07:30:00Z", "2026-01-02T08:00:00Z", "2026-01-03T08:00:00Z"]
        );
        assert_eq!(
            all(&action(daily(), Some("2025-12-01T07:30:00Z"), Some("2026-01-01T08:00:00Z"))),
            ["2026-01-01T08:00:00Z"]
        );
        let midnight = Cron::read("0 0 * * *", CronDialect::Unix).expect("an expression");
        let midnight = Schedule::Cron(midnight, TimeZone::UTC);
        assert_eq!(all(&action(midnight, None, Some("2026-01-01T12:00:00Z"))), ["2026-01-01T00:00:00Z"]);
    }

    #[test]
    fn once_and_at_a_rate() {
        let at = |text: &str| Schedule::Once(text.parse().expect("an instant"));
        assert_eq!(all(&action(at("2026-01-01T00:00:00Z"), None, None)), ["2026-01-01T00:00:00Z"]);
        assert_eq!(all(&action(at("2025-12-31T23:59:59Z"), None, None)), Vec::<String>::new());
        assert_eq!(
            all(&action(Schedule::EverySeconds(3_600), None, Some("2026-01-01T02:30:00Z"))),
            ["2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"]
        );
        let since = action(Schedule::EverySeconds(3_600), Some("2025-12-31T22:30:00Z"), None);
        assert_eq!(all(&since)[..2], ["2026-01-01T00:30:00Z", "2026-01-01T01:30:00Z"]);
    }
}
