//! When a resource publishes its metrics: only while it is active.

use super::{Purpose, draw_span};
use crate::engine::{Distribution, Span, Stream, Time};

/// What CloudWatch gets of a resource's metrics for one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication {
    /// Nobody can read the datapoints before this time.
    pub readable_from: Time,
    /// Levels that have no datapoint while they are zero, by name.
    pub without_zeros: &'static [&'static str],
}

impl Publication {
    /// Everything, as soon as CloudWatch has it.
    pub const ALL: Self = Self { readable_from: Time::ZERO, without_zeros: &[] };
}

/// How a resource falls asleep and wakes up.
#[derive(Debug, Clone)]
pub struct ActivitySettings {
    /// Whether it was in use shortly before the run.
    pub is_active_at_start: bool,
    /// How long after it woke up its first datapoints can be read, in nanoseconds.
    pub wake_up_delay: Distribution,
}

/// How long a resource stays active after it was last used ("Monitoring Amazon SQS queues using CloudWatch").
const ACTIVE_FOR: Span = Span::from_hours(6);

/// Whether a resource is active: it holds something, or was used in the last six hours. A resource without use publishes
/// nothing; when it is used again, its first datapoints can be late. Both are found out once a minute.
#[derive(Debug)]
pub struct Activity {
    settings: ActivitySettings,
    stream: Stream,
    /// Uses up to the last minute, and when that ended.
    uses: u64,
    minute: Time,
    /// The end of the last minute with a use; `None` while it was never in use.
    used_at: Option<Time>,
    readable_from: Time,
}

impl Activity {
    /// A resource at the start of a run. `kind` and `name` together identify it.
    pub fn new(settings: ActivitySettings, seed: u64, replication: u32, kind: &str, name: &str) -> Self {
        Self {
            stream: Purpose::WakeUp.stream(seed, replication, kind, name),
            used_at: settings.is_active_at_start.then_some(Time::ZERO),
            settings,
            uses: 0,
            minute: Time::ZERO,
            readable_from: Time::ZERO,
        }
    }

    /// A minute ends at `now`, up to which there were so many `uses` since the start. Gives the time before which the
    /// minute's datapoints cannot be read; `None` when there are none.
    pub fn end_minute(&mut self, now: Time, uses: u64, holds_something: bool) -> Option<Time> {
        let began = std::mem::replace(&mut self.minute, now);
        let was_active = self.used_at.is_some_and(|at| began < at.saturating_add(ACTIVE_FOR));
        if std::mem::replace(&mut self.uses, uses) != uses || holds_something {
            if !was_active {
                self.readable_from = began + draw_span(&self.settings.wake_up_delay, &mut self.stream);
            }
            self.used_at = Some(now);
            return Some(self.readable_from);
        }
        was_active.then_some(self.readable_from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u64) -> Time {
        Time::ZERO + Span::from_minutes(minutes)
    }

    fn activity(is_active_at_start: bool) -> Activity {
        let wake_up_delay = Distribution::constant(900e9).unwrap();
        Activity::new(ActivitySettings { is_active_at_start, wake_up_delay }, 1, 0, "queue", "q")
    }

    #[test]
    fn a_resource_falls_asleep_after_six_hours_and_wakes_up_late() {
        let mut activity = activity(true);
        for minute in 1..=10 {
            assert_eq!(activity.end_minute(at(minute), 0, minute == 10), Some(Time::ZERO), "{minute}");
        }
        // The last message went in the tenth minute: six hours later the last datapoint is published.
        for minute in 11..=600 {
            let expected = (minute <= 370).then_some(Time::ZERO);
            assert_eq!(activity.end_minute(at(minute), 0, false), expected, "{minute}");
        }
        // A call wakes it: datapoints from that minute on, readable a quarter of an hour after the minute began.
        assert_eq!(activity.end_minute(at(601), 1, false), Some(at(615)));
        assert_eq!(activity.end_minute(at(602), 1, false), Some(at(615)));
        assert_eq!(activity.end_minute(at(603), 2, false), Some(at(615)));
        assert_eq!(activity.end_minute(at(963), 2, false), Some(at(615)));
        assert_eq!(activity.end_minute(at(964), 2, false), None);
    }

    #[test]
    fn a_new_resource_sleeps_until_its_first_use() {
        let mut activity = activity(false);
        assert_eq!(activity.end_minute(at(1), 0, false), None);
        assert_eq!(activity.end_minute(at(2), 0, false), None);
        assert_eq!(activity.end_minute(at(3), 0, true), Some(at(17)));
    }
}
