//! Scheduled actions in a scenario.

use super::{Cron, CronDialect, Schedule, ScheduledAction, ScheduledSizes};
use crate::language::{
    Date, Decode, Definitions, Duration, Json, Located, Name, Node, Place, Problems, Quantity as _, section,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// An instant: a date, or a time since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MomentConfig {
    /// Since the start of the run.
    After(Duration),
    /// By the simulated wall clock.
    At(Date),
}

impl Decode for MomentConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let text = node.text().unwrap_or("");
        if let Ok(duration) = text.parse() {
            return Some(MomentConfig::After(duration));
        }
        if let Ok(date) = text.parse() {
            return Some(MomentConfig::At(date));
        }
        problems
            .mismatch(node, "an instant")
            .help("write a date such as `2026-03-02T08:00:00Z`, or a time since the start such as `90m`");
        None
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let (after, at) = (Duration::schema(definitions), Date::schema(definitions));
        serde_json::json!({ "anyOf": [after, at], "examples": ["90m", Date::EXAMPLES[1]] })
    }

    fn type_name() -> String {
        "date, or duration since the start".to_owned()
    }
}

impl MomentConfig {
    /// By the wall clock, in a run that begins at this time.
    pub fn resolve(self, begin: Timestamp) -> Timestamp {
        match self {
            MomentConfig::After(duration) => {
                let nanoseconds = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
                begin.checked_add(SignedDuration::from_nanos(nanoseconds)).unwrap_or(Timestamp::MAX)
            }
            MomentConfig::At(date) => date.timestamp(),
        }
    }
}

section! {
    /// A scheduled action of an Auto Scaling group: at least one of the three sizes, once or again and again.
    pub struct ScheduledActionConfig {
        /// Fewest instances from then on.
        pub min_size: Option<u32>, within (0, 100_000);
        /// Most instances from then on.
        pub max_size: Option<u32>, within (0, 100_000);
        /// Instances wanted.
        pub desired_capacity: Option<u32>, within (0, 100_000);
        /// When it runs; with a `recurrence` also the time before which it does not recur.
        pub start_time: Option<MomentConfig>;
        /// After this time it does not recur.
        pub end_time: Option<MomentConfig>;
        /// When it recurs: minute, hour, day of month, month, day of week, as Unix cron has them.
        pub recurrence: Option<Located<String>>;
        /// The time zone of the recurrence, by its IANA name.
        pub time_zone: Option<Located<String>>;
    }
    check ScheduledActionConfig::check;
}

section! {
    /// A scheduled action of a scalable target: moves the sizes, and the capacity only if it lies outside of them.
    pub struct ScalableTargetActionConfig {
        /// When it runs: `at(2026-03-02T08:00:00)`, `rate(1 hour)` or `cron(0 8 ? * MON-FRI *)`.
        pub schedule: Located<String>;
        /// Fewest tasks from then on.
        pub minimum_capacity: Option<u32>, within (0, 100_000);
        /// Most tasks from then on.
        pub maximum_capacity: Option<u32>, within (0, 100_000);
        /// The time zone of the schedule, by its IANA name.
        pub time_zone: Option<Located<String>>;
        /// Not before this time.
        pub start_time: Option<MomentConfig>;
        /// Not after this time.
        pub end_time: Option<MomentConfig>;
    }
    check ScalableTargetActionConfig::check;
}

/// The zone, UTC by default; a problem is told when it is unknown.
fn zone(name: Option<&Located<String>>, problems: &mut Problems) -> TimeZone {
    let Some(name) = name else { return TimeZone::UTC };
    TimeZone::get(&name.value).unwrap_or_else(|_| {
        let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        let near = crate::language::nearest(&name.value, known.iter().map(String::as_str));
        let help = near.map_or("write an IANA name such as `Europe/Berlin`".to_owned(), |near| {
            format!("did you mean `{near}`?")
        });
        problems.error(name.place, format!("there is no time zone `{}`", name.value)).help(help);
        TimeZone::UTC
    })
}

fn check_order(
    start: Option<MomentConfig>,
    end: Option<MomentConfig>,
    place: Place,
    problems: &mut Problems,
) {
    let is_before = match (start, end) {
        (Some(MomentConfig::After(start)), Some(MomentConfig::After(end))) => end < start,
        (Some(MomentConfig::At(start)), Some(MomentConfig::At(end))) => end < start,
        _ => false,
    };
    if is_before {
        problems.error(place, "the `end_time` of a scheduled action lies before its `start_time`");
    }
}

fn check_sizes(min: Option<u32>, max: Option<u32>, place: Place, problems: &mut Problems) {
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        problems
            .error(place, format!("the maximum ({max}) of a scheduled action is below its minimum ({min})"));
    }
}

impl ScheduledActionConfig {
    /// The rules of "`PutScheduledUpdateGroupAction`".
    fn check(&self, problems: &mut Problems) {
        if self.min_size.is_none() && self.max_size.is_none() && self.desired_capacity.is_none() {
            problems.error(
                self.place,
                "a scheduled action sets at least one of `min_size`, `max_size` and `desired_capacity`",
            );
        }
        check_sizes(self.min_size, self.max_size, self.place, problems);
        check_order(self.start_time, self.end_time, self.place, problems);
        if self.start_time.is_none() && self.recurrence.is_none() {
            problems.error(self.place, "a scheduled action has a `start_time`, a `recurrence` or both");
        }
        if self.recurrence.is_none() {
            for (key, given) in
                [("end_time", self.end_time.is_some()), ("time_zone", self.time_zone.is_some())]
            {
                if given {
                    problems.error(self.places.key(key), format!("`{key}` belongs to a `recurrence`"));
                }
            }
        }
        self.cron(problems);
        zone(self.time_zone.as_ref(), problems);
    }

    fn cron(&self, problems: &mut Problems) -> Option<Cron> {
        let recurrence = self.recurrence.as_ref()?;
        Cron::read(&recurrence.value, CronDialect::Unix)
            .map_err(|error| {
                problems
                    .error(recurrence.place, format!("`{}` is no cron expression: {error}", recurrence.value))
                    .help("write `30 6 * * 1-5` for 06:30 on weekdays");
            })
            .ok()
    }

    /// The action, in a run that begins at this time.
    pub fn resolve(&self, name: &Name, begin: Timestamp) -> Option<ScheduledAction> {
        // What is wrong was told when the section was read.
        let mut told = Problems::new();
        let start = self.start_time.map(|start| start.resolve(begin));
        let schedule = match self.cron(&mut told) {
            Some(cron) => Schedule::Cron(cron, zone(self.time_zone.as_ref(), &mut told)),
            None => Schedule::Once(start?),
        };
        Some(ScheduledAction {
            name: name.text.clone(),
            schedule,
            start,
            end: self.end_time.map(|end| end.resolve(begin)),
            sizes: ScheduledSizes {
                min_size: self.min_size,
                max_size: self.max_size,
                desired_capacity: self.desired_capacity,
            },
        })
    }
}

impl ScalableTargetActionConfig {
    /// The rules of "`PutScheduledAction`".
    fn check(&self, problems: &mut Problems) {
        if self.minimum_capacity.is_none() && self.maximum_capacity.is_none() {
            problems
                .error(self.place, "a scheduled action sets `minimum_capacity`, `maximum_capacity` or both");
        }
        check_sizes(self.minimum_capacity, self.maximum_capacity, self.place, problems);
        check_order(self.start_time, self.end_time, self.place, problems);
        let zone = zone(self.time_zone.as_ref(), problems);
        if let Err(error) = schedule_expression(&self.schedule.value, zone) {
            problems
                .error(self.schedule.place, format!("`{}` is no schedule: {error}", self.schedule.value))
                .help("write `at(2026-03-02T08:00:00)`, `rate(1 hour)` or `cron(0 8 ? * MON-FRI *)`");
        }
    }

    /// The action, in a run that begins at this time.
    pub fn resolve(&self, name: &Name, begin: Timestamp) -> Option<ScheduledAction> {
        let zone = zone(self.time_zone.as_ref(), &mut Problems::new());
        Some(ScheduledAction {
            name: name.text.clone(),
            schedule: schedule_expression(&self.schedule.value, zone).ok()?,
            start: self.start_time.map(|start| start.resolve(begin)),
            end: self.end_time.map(|end| end.resolve(begin)),
            sizes: ScheduledSizes {
                min_size: self.minimum_capacity,
                max_size: self.maximum_capacity,
                desired_capacity: None,
            },
        })
    }
}

/// `at(…)`, `rate(…)` or `cron(…)` ("Schedule recurring scaling actions", "`PutScheduledAction`").
fn schedule_expression(text: &str, zone: TimeZone) -> Result<Schedule, String> {
    let text = text.trim();
    let within = |word: &str| {
        text.strip_prefix(word)
            .and_then(|rest| rest.strip_prefix('('))
            .and_then(|rest| rest.strip_suffix(')'))
    };
    if let Some(expression) = within("cron") {
        return Cron::read(expression, CronDialect::Aws).map(|cron| Schedule::Cron(cron, zone));
    }
    if let Some(time) = within("at") {
        let shown: jiff::civil::DateTime =
            time.trim().parse().map_err(|_| "`at` takes a time such as 2026-03-02T08:00:00".to_owned())?;
        let instant = zone.to_timestamp(shown).map_err(|_| "there is no such time".to_owned())?;
        return Ok(Schedule::Once(instant));
    }
    let Some(rate) = within("rate") else {
        return Err("it begins with neither `at(`, `rate(` nor `cron(`".to_owned());
    };
    let wrong = || "`rate` takes a whole number and minutes, hours or days: `rate(1 hour)`".to_owned();
    let (value, unit) = rate.trim().split_once(' ').ok_or_else(wrong)?;
    let value: i64 = value.parse().ok().filter(|value| (1..=100_000).contains(value)).ok_or_else(wrong)?;
    let seconds = match (unit.trim(), value) {
        ("minute", 1) | ("minutes", 2..) => 60,
        ("hour", 1) | ("hours", 2..) => 3_600,
        ("day", 1) | ("days", 2..) => 86_400,
        _ => return Err(wrong()),
    };
    Ok(Schedule::EverySeconds(value * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_of_application_auto_scaling() {
        let read = |text: &str| schedule_expression(text, TimeZone::UTC);
        assert_eq!(read("rate(1 hour)"), Ok(Schedule::EverySeconds(3_600)));
        assert_eq!(read("rate(5 minutes)"), Ok(Schedule::EverySeconds(300)));
        assert!(
            read("rate(1 minutes)").is_err()
                && read("rate(2 hour)").is_err()
                && read("rate(0 days)").is_err()
        );
        let at = "2026-03-02T08:00:00Z".parse().map(Schedule::Once);
        assert_eq!(read("at(2026-03-02T08:00:00)").ok(), at.ok());
        assert!(matches!(read("cron(0 8 ? * MON-FRI *)"), Ok(Schedule::Cron(..))));
        assert!(read("every day").is_err() && read("cron(0 8 * * 1)").is_err());
        let berlin = TimeZone::get("Europe/Berlin").expect("the zone is known");
        let at = "2026-07-01T06:00:00Z".parse().map(Schedule::Once);
        assert_eq!(schedule_expression("at(2026-07-01T08:00:00)", berlin).ok(), at.ok());
    }
}
