//! Cron expressions: five fields as Unix has them (EC2 Auto Scaling), six as AWS's own schedules do (Application Auto
//! Scaling).

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};

/// Which rules an expression follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CronDialect {
    /// Minute, hour, day of month, month, day of week from 0 (Sunday). A day that fits either of two restricted day
    /// fields fits ("Scheduled scaling for Amazon EC2 Auto Scaling": Unix cron syntax).
    Unix,
    /// Minutes, hours, day of month, month, day of week from 1 (Sunday), year; one of the day fields is `?` ("Schedule
    /// recurring scaling actions using cron expressions").
    Aws,
}

/// A cron expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    dialect: CronDialect,
    minutes: u64,
    hours: u64,
    /// Whether the hour is free: then an hour that the clock shows twice counts twice.
    every_hour: bool,
    days: DaysOfMonth,
    months: u64,
    weekdays: DaysOfWeek,
    /// Years from 1970 on; empty: every year.
    years: Vec<i16>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct DaysOfMonth {
    mask: u64,
    last: bool,
    last_weekday: bool,
    /// `15W`: the weekday nearest to the 15th.
    nearest_weekday: Vec<i8>,
    is_free: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct DaysOfWeek {
    /// By days from Sunday, 0.
    mask: u64,
    /// `6L`: the last Friday of the month; days from Sunday.
    last: Vec<i8>,
    /// `2#1`: the first Monday of the month; days from Sunday, and which of them.
    nth: Vec<(i8, i8)>,
    is_free: bool,
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A field of numbers: its noun, its range, and names for the numbers from the lowest on.
struct Field {
    noun: &'static str,
    low: i64,
    high: i64,
    names: &'static [&'static str],
}

impl Field {
    const fn new(noun: &'static str, low: i64, high: i64, names: &'static [&'static str]) -> Self {
        Self { noun, low, high, names }
    }

    fn number(&self, text: &str) -> Result<i64, String> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        if let Some(position) = named {
            return Ok(self.low + position.cast_signed() as i64);
        }
        let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 =
            if digits { text.parse().unwrap_or(-1) } else { return Err(self.what_is_wrong(text)) };
        if (self.low..=self.high).contains(&number) { Ok(number) } else { Err(self.what_is_wrong(text)) }
    }

    fn what_is_wrong(&self, text: &str) -> String {
        format!("the {} `{text}` is not from {} to {}", self.noun, self.low, self.high)
    }

    /// `5`, `1-5`, `*`, `0/15`, `10-40/5`: the numbers of one item of a list.
    fn item(&self, text: &str) -> Result<Vec<i64>, String> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => {
                let step: i64 =
                    step.parse().ok().filter(|step| (1..=self.high.max(1)).contains(step)).ok_or_else(
                        || format!("`{text}` steps by a number that is not from 1 to {}", self.high),
                    )?;
                (range, Some(step))
            }
            None => (text, None),
        };
        let (from, to) = if range == "*" {
            (self.low, self.high)
        } else if let Some((from, to)) = range.split_once('-') {
            (self.number(from)?, self.number(to)?)
        } else {
            let number = self.number(range)?;
            (number, if step.is_some() { self.high } else { number })
        };
        let step = step.unwrap_or(1) as usize;
        if from <= to {
            return Ok((from..=to).step_by(step).collect());
        }
        // `FRI-MON` goes on after the end.
        let around: Vec<i64> = (from..=self.high).chain(self.low..=to).collect();
        if self.names.len() == 7 {
            return Ok(around.into_iter().step_by(step).collect());
        }
        Err(format!("the range `{range}` ends before it begins"))
    }

    fn list(&self, text: &str) -> Result<Vec<i64>, String> {
        let mut all = Vec::new();
        for item in text.split(',') {
            all.extend(self.item(item)?);
        }
        Ok(all)
    }

    fn mask(&self, text: &str) -> Result<u64, String> {
        Ok(self.list(text)?.into_iter().fold(0, |mask, number| mask | 1 << number))
    }
}

const MINUTE: Field = Field::new("minute", 0, 59, &[]);
const HOUR: Field = Field::new("hour", 0, 23, &[]);
const DAY: Field = Field::new("day of the month", 1, 31, &[]);
const MONTH: Field = Field::new("month", 1, 12, &MONTHS);
const UNIX_WEEKDAY: Field = Field::new("day of the week", 0, 6, &WEEKDAYS);
const AWS_WEEKDAY: Field = Field::new("day of the week", 1, 7, &WEEKDAYS);
const YEAR: Field = Field::new("year", 1970, 2199, &[]);

impl DaysOfMonth {
    fn read(text: &str, dialect: CronDialect) -> Result<Self, String> {
        let mut days = Self { is_free: text.starts_with('*') || text == "?", ..Self::default() };
        if text == "?" {
            days.mask = u64::MAX;
            return Ok(days);
        }
        for item in text.split(',') {
            match item {
                "L" if dialect == CronDialect::Aws => days.last = true,
                "LW" if dialect == CronDialect::Aws => days.last_weekday = true,
                _ => match item.strip_suffix('W') {
                    Some(day) if dialect == CronDialect::Aws => {
                        days.nearest_weekday.push(DAY.number(day)? as i8);
                    }
                    _ => days.mask |= DAY.mask(item)?,
                },
            }
        }
        Ok(days)
    }

    fn holds(&self, date: Date) -> bool {
        let last = date.last_of_month();
        self.mask >> date.day() & 1 == 1
            || self.last && date == last
            || self.last_weekday && date == nearest_weekday(last)
            || self.nearest_weekday.iter().any(|day| {
                Date::new(date.year(), date.month(), *day).is_ok_and(|day| date == nearest_weekday(day))
            })
    }
}

/// The weekday nearest to a day, within its month.
fn nearest_weekday(day: Date) -> Date {
    let (back, on) = (day.yesterday(), day.tomorrow());
    let within = |other: Result<Date, _>| other.ok().filter(|other| other.month() == day.month());
    let beyond = |days: i64| day.checked_add(jiff::Span::new().days(days)).unwrap_or(day);
    match day.weekday() {
        Weekday::Saturday => within(back).unwrap_or_else(|| beyond(2)),
        Weekday::Sunday => within(on).unwrap_or_else(|| beyond(-2)),
        _ => day,
    }
}

impl DaysOfWeek {
    fn read(text: &str, dialect: CronDialect) -> Result<Self, String> {
        let mut days = Self { is_free: text.starts_with('*') || text == "?", ..Self::default() };
        if text == "?" {
            days.mask = u64::MAX;
            return Ok(days);
        }
        let (field, first) = match dialect {
            CronDialect::Unix => (&UNIX_WEEKDAY, 0),
            CronDialect::Aws => (&AWS_WEEKDAY, 1),
        };
        for item in text.split(',') {
            if dialect == CronDialect::Aws && item == "L" {
                days.mask |= 1 << 6;
            } else if let Some((day, nth)) = item.split_once('#').filter(|_| dialect == CronDialect::Aws) {
                let nth = nth.parse::<i8>().ok().filter(|nth| (1..=5).contains(nth));
                let nth = nth.ok_or_else(|| format!("`{item}` asks for a week that is not from 1 to 5"))?;
                days.nth.push(((field.number(day)? - first) as i8, nth));
            } else if let Some(day) = item.strip_suffix('L').filter(|_| dialect == CronDialect::Aws) {
                days.last.push((field.number(day)? - first) as i8);
            } else {
                days.mask |= field.mask(item)? >> first;
            }
        }
        Ok(days)
    }

    fn holds(&self, date: Date) -> bool {
        let day = date.weekday().to_sunday_zero_offset();
        self.mask >> day & 1 == 1
            || self.last.contains(&day) && date.day() + 7 > date.days_in_month()
            || self.nth.contains(&(day, (date.day() - 1) / 7 + 1))
    }
}

impl Cron {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for a person.
    pub fn read(text: &str, dialect: CronDialect) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (minutes, hours, days, months, weekdays, years) = match (dialect, fields.as_slice()) {
            (CronDialect::Unix, [minutes, hours, days, months, weekdays]) => {
                (*minutes, *hours, *days, *months, *weekdays, "*")
            }
            (CronDialect::Aws, [minutes, hours, days, months, weekdays, years]) => {
                if (*days == "?") == (*weekdays == "?") {
                    return Err("exactly one of day of month and day of week is `?`".to_owned());
                }
                (*minutes, *hours, *days, *months, *weekdays, *years)
            }
            (CronDialect::Unix, _) => {
                return Err(format!(
                    "five fields are needed (minute, hour, day of month, month, day of week), not {}",
                    fields.len()
                ));
            }
            (CronDialect::Aws, _) => {
                return Err(format!(
                    "six fields are needed (minutes, hours, day of month, month, day of week, year), not {}",
                    fields.len()
                ));
            }
        };
        if dialect == CronDialect::Unix && (days == "?" || weekdays == "?") {
            return Err("`?` is not part of Unix cron; write `*`".to_owned());
        }
        let years = if years == "*" {
            Vec::new()
        } else {
            YEAR.list(years)?.into_iter().map(|year| year as i16).collect()
        };
        Ok(Self {
            dialect,
            minutes: MINUTE.mask(minutes)?,
            hours: HOUR.mask(hours)?,
            every_hour: hours.starts_with('*'),
            days: DaysOfMonth::read(days, dialect)?,
            months: MONTH.mask(months)?,
            weekdays: DaysOfWeek::read(weekdays, dialect)?,
            years,
        })
    }

    fn holds_on(&self, date: Date) -> bool {
        if self.months >> date.month() & 1 == 0
            || !(self.years.is_empty() || self.years.contains(&date.year()))
        {
            return false;
        }
        let (by_month, by_week) = (self.days.holds(date), self.weekdays.holds(date));
        match self.dialect {
            CronDialect::Unix if !self.days.is_free && !self.weekdays.is_free => by_month || by_week,
            _ => by_month && by_week,
        }
    }

    /// The first time after `after` that the clock of the zone shows what the expression says. A time that the clock
    /// skips in spring does not come that day; one it shows twice in autumn counts once, the first time, unless
    /// the hour is free. AWS says only that schedules follow daylight saving time: an assumption.
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        const LONGEST_SEARCH_DAYS: usize = 366 * 41;
        let mut date = zone.to_datetime(after).date();
        for _ in 0..LONGEST_SEARCH_DAYS {
            if self.holds_on(date)
                && let Some(found) = self.first_of_day(date, after, zone)
            {
                return Some(found);
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn first_of_day(&self, date: Date, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut first: Option<Timestamp> = None;
        let mut offer = |instant: Option<Timestamp>| {
            let Some(instant) = instant.filter(|instant| *instant > after) else { return };
            first = Some(first.map_or(instant, |first| first.min(instant)));
        };
        for hour in (0..24_i8).filter(|hour| self.hours >> hour & 1 == 1) {
            for minute in (0..60_i8).filter(|minute| self.minutes >> minute & 1 == 1) {
                let shown = date.at(hour, minute, 0, 0);
                match zone.to_ambiguous_timestamp(shown).offset() {
                    AmbiguousOffset::Unambiguous { offset } => offer(offset.to_timestamp(shown).ok()),
                    AmbiguousOffset::Gap { .. } => {}
                    AmbiguousOffset::Fold { before, after } => {
                        offer(before.to_timestamp(shown).ok());
                        if self.every_hour {
                            offer(after.to_timestamp(shown).ok());
                        }
                    }
                }
            }
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(text: &str, dialect: CronDialect, zone: &str, after: &str, count: usize) -> Vec<String> {
        let cron = Cron::read(text, dialect).unwrap_or_else(|error| panic!("{text}: {error}"));
        let zone = TimeZone::get(zone).expect("the zone is known");
        let mut at: Timestamp = after.parse().expect("an instant");
        let mut found = Vec::new();
        while found.len() < count {
            let Some(next) = cron.next_after(at, &zone) else { break };
            found.push(next.to_string());
            at = next;
        }
        found
    }

    fn unix(text: &str, count: usize) -> Vec<String> {
        runs(text, CronDialect::Unix, "UTC", "2026-01-01T00:00:00Z", count)
    }

    fn aws(text: &str, count: usize) -> Vec<String> {
        runs(text, CronDialect::Aws, "UTC", "2026-01-01T00:00:00Z", count)
    }

    #[test]
    fn unix_fields() {
        assert_eq!(
            unix("30 6 * * 1-5", 3),
            ["2026-01-01T06:30:00Z", "2026-01-02T06:30:00Z", "2026-01-05T06:30:00Z"]
        );
        assert_eq!(
            unix("*/20 22-23 31 1 *", 4),
            ["2026-01-31T22:00:00Z", "2026-01-31T22:20:00Z", "2026-01-31T22:40:00Z", "2026-01-31T23:00:00Z"]
        );
        assert_eq!(unix("0 0 29 FEB *", 2), ["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"]);
        assert_eq!(unix("0 0 31 2 *", 1), Vec::<String>::new());
        // Both days restricted: either is enough.
        assert_eq!(
            unix("0 12 13 * FRI", 3),
            ["2026-01-02T12:00:00Z", "2026-01-09T12:00:00Z", "2026-01-13T12:00:00Z"]
        );
        assert_eq!(unix("0 0 * * 0", 1), ["2026-01-04T00:00:00Z"], "Sunday is 0");
        assert_eq!(
            unix("0 0 * * FRI-MON", 4),
            ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-05T00:00:00Z"]
        );
        assert_eq!(unix("5,50 0 1 1 *", 3)[..2], ["2026-01-01T00:05:00Z", "2026-01-01T00:50:00Z"]);
    }

    #[test]
    fn fields_of_aws() {
        assert_eq!(aws("0 0 1 * ? *", 1), ["2026-02-01T00:00:00Z"]);
        assert_eq!(aws("0 10 L * ? *", 2), ["2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z"]);
        // The 15th of February and of March 2026 are Sundays, the 1st of August a Saturday.
        assert_eq!(
            aws("0 10 15W * ? *", 3),
            ["2026-01-15T10:00:00Z", "2026-02-16T10:00:00Z", "2026-03-16T10:00:00Z"]
        );
        assert_eq!(aws("0 10 1W 8 ? *", 1), ["2026-08-03T10:00:00Z"], "not in the month before");
        assert_eq!(aws("0 10 31W 5 ? *", 1), ["2026-05-29T10:00:00Z"], "not in the month after");
        assert_eq!(aws("0 10 ? * 2#1 *", 2), ["2026-01-05T10:00:00Z", "2026-02-02T10:00:00Z"]);
        assert_eq!(aws("0 10 ? * 6L *", 2), ["2026-01-30T10:00:00Z", "2026-02-27T10:00:00Z"]);
        assert_eq!(aws("0 10 ? * SUN 2027", 1), ["2027-01-03T10:00:00Z"]);
        assert_eq!(aws("0 10 ? * 1 *", 1), ["2026-01-04T10:00:00Z"], "Sunday is 1");
        assert_eq!(aws("0/15 10 ? * MON-FRI *", 2), ["2026-01-01T10:00:00Z", "2026-01-01T10:15:00Z"]);
        assert_eq!(aws("0 10 * * ? 2020", 1), Vec::<String>::new());
    }

    #[test]
    fn daylight_saving_time() {
        let berlin =
            |text: &str, after: &str, count| runs(text, CronDialect::Unix, "Europe/Berlin", after, count);
        // The clock goes from 02:00 to 03:00 on 2026-03-29, and from 03:00 back to 02:00 on 2026-10-25.
        assert_eq!(
            berlin("0 8 * * *", "2026-03-28T00:00:00Z", 2),
            ["2026-03-28T07:00:00Z", "2026-03-29T06:00:00Z"]
        );
        assert_eq!(
            berlin("30 2 * * *", "2026-03-28T00:00:00Z", 2),
            ["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"]
        );
        assert_eq!(
            berlin("30 2 * * *", "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
        assert_eq!(
            berlin("30 * * * *", "2026-10-24T23:45:00Z", 3),
            ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]
        );
        assert_eq!(
            berlin("0,30 * * * *", "2026-03-29T00:15:00Z", 3),
            ["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"]
        );
        let south = runs("0 8 * * *", CronDialect::Unix, "Australia/Sydney", "2026-04-04T00:00:00Z", 2);
        assert_eq!(south, ["2026-04-04T22:00:00Z", "2026-04-05T22:00:00Z"]);
    }

    #[test]
    fn what_is_no_expression_says_why() {
        let cases = [
            (CronDialect::Unix, "0 8 * *", "five fields are needed"),
            (CronDialect::Unix, "0 8 ? * 1", "`?` is not part of Unix cron"),
            (CronDialect::Unix, "60 8 * * *", "the minute `60` is not from 0 to 59"),
            (CronDialect::Unix, "0 8 L * *", "the day of the month `L`"),
            (CronDialect::Unix, "0 8 * * 7", "the day of the week `7`"),
            (CronDialect::Unix, "0 9-8 * * *", "ends before it begins"),
            (CronDialect::Unix, "*/0 9 * * *", "steps by"),
            (CronDialect::Aws, "0 8 * * ?", "six fields are needed"),
            (CronDialect::Aws, "0 8 * * * *", "exactly one of"),
            (CronDialect::Aws, "0 8 ? * ? *", "exactly one of"),
            (CronDialect::Aws, "0 8 ? * 0 *", "the day of the week `0`"),
            (CronDialect::Aws, "0 8 ? * 2#6 *", "a week that is not from 1 to 5"),
            (CronDialect::Aws, "0 8 1 1 ? 1969", "the year `1969`"),
        ];
        for (dialect, text, wanted) in cases {
            let error = Cron::read(text, dialect).expect_err(text);
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
