//! Simulated time: instants and durations in whole nanoseconds, with arithmetic that cannot wrap.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Rem, Sub, SubAssign};

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// An instant: nanoseconds since the start of the run, 0 to about 584 years.
///
/// The operators panic with a sentence where a result would leave that range; `checked_add` and
/// `saturating_add` are there for callers who expect it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Time(u64);

/// A duration: nanoseconds, 0 to about 584 years. Never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span(u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Never: later than anything that happens. Displayed as `never`.
    pub const MAX: Self = Self(u64::MAX);

    /// The instant `nanos` nanoseconds after the start of the run.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start of the run.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds since the start of the run, rounded to the nearest `f64` (exact to the nanosecond
    /// for the first 104 days).
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// The duration from the start of the run to this instant.
    pub const fn since_start(self) -> Span {
        Span(self.0)
    }

    /// `self + span`, or `None` past the end of time.
    pub const fn checked_add(self, span: Span) -> Option<Self> {
        match self.0.checked_add(span.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// `self - span`, or `None` before the start of the run.
    pub const fn checked_sub(self, span: Span) -> Option<Self> {
        match self.0.checked_sub(span.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// `self + span`, [`Time::MAX`] (never) past the end of time.
    #[must_use]
    pub const fn saturating_add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// `self - span`, [`Time::ZERO`] before the start of the run.
    #[must_use]
    pub const fn saturating_sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long `earlier` lies in the past of `self`; zero where it does not.
    pub const fn saturating_since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The latest multiple of `step` since the start of the run that is not after `self`: the
    /// beginning of the step (a CloudWatch period, say) this instant falls into.
    ///
    /// Panics when `step` is zero.
    #[must_use]
    pub fn floor_to(self, step: Span) -> Self {
        assert!(step.0 > 0, "a step of zero length divides no time");
        Self(self.0 - self.0 % step.0)
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest span there is, about 584 years.
    pub const MAX: Self = Self(u64::MAX);

    /// `nanos` nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// `micros` microseconds. Panics beyond the range, like the other whole-unit constructors.
    pub const fn from_micros(micros: u64) -> Self {
        Self::of(micros, MICRO)
    }

    /// `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self::of(millis, MILLI)
    }

    /// `seconds` seconds.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self::of(seconds, SECOND)
    }

    /// `minutes` minutes.
    pub const fn from_minutes(minutes: u64) -> Self {
        Self::of(minutes, MINUTE)
    }

    /// `hours` hours.
    pub const fn from_hours(hours: u64) -> Self {
        Self::of(hours, HOUR)
    }

    /// `days` days of 24 hours.
    pub const fn from_days(days: u64) -> Self {
        Self::of(days, DAY)
    }

    const fn of(count: u64, unit: u64) -> Self {
        match count.checked_mul(unit) {
            Some(nanos) => Self(nanos),
            None => panic!("a span of more than 584 years does not fit into nanoseconds"),
        }
    }

    /// `seconds` seconds, rounded to the nearest nanosecond (halves up).
    ///
    /// Made for random draws, so it never fails: a negative number or NaN becomes
    /// [`Span::ZERO`], anything beyond the range becomes [`Span::MAX`].
    #[inline]
    pub fn from_seconds_f64(seconds: f64) -> Self {
        // `as` truncates, saturates and maps NaN to 0. The remainder is exact: below 2^53 both
        // terms share an exponent range, above it there is no fraction.
        let nanos = seconds * SECOND as f64;
        let whole = nanos as u64;
        let up = nanos - whole as f64 >= 0.5;
        Self(whole.saturating_add(u64::from(up)))
    }

    /// Nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Seconds, rounded to the nearest `f64`.
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }

    /// True for the span of no length.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `self + other`, or `None` beyond the range.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// `self - other`, or `None` where that is negative.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// `self × factor`, or `None` beyond the range.
    pub const fn checked_mul(self, factor: u64) -> Option<Self> {
        match self.0.checked_mul(factor) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// `self + other`, [`Span::MAX`] beyond the range.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// `self - other`, [`Span::ZERO`] where that is negative.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `self × factor`, [`Span::MAX`] beyond the range.
    #[must_use]
    pub const fn saturating_mul(self, factor: u64) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl Add<Span> for Time {
    type Output = Self;
    #[inline]
    fn add(self, span: Span) -> Self {
        self.checked_add(span).expect("the instant lies beyond the end of simulated time (584 years)")
    }
}

impl Sub<Span> for Time {
    type Output = Self;
    #[inline]
    fn sub(self, span: Span) -> Self {
        self.checked_sub(span).expect("the instant lies before the start of the run")
    }
}

impl Sub for Time {
    type Output = Span;
    #[inline]
    fn sub(self, earlier: Self) -> Span {
        Span(self.0.checked_sub(earlier.0).expect("an earlier instant minus a later one is no span"))
    }
}

impl AddAssign<Span> for Time {
    #[inline]
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Add for Span {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        self.checked_add(other).expect("the sum of two spans exceeds 584 years")
    }
}

impl Sub for Span {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        self.checked_sub(other).expect("a shorter span minus a longer one is no span")
    }
}

impl AddAssign for Span {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Span {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Mul<u64> for Span {
    type Output = Self;
    #[inline]
    fn mul(self, factor: u64) -> Self {
        self.checked_mul(factor).expect("the multiple of a span exceeds 584 years")
    }
}

impl Mul<Span> for u64 {
    type Output = Span;
    #[inline]
    fn mul(self, span: Span) -> Span {
        span * self
    }
}

/// Rounds down to the nanosecond.
impl Div<u64> for Span {
    type Output = Self;
    #[inline]
    fn div(self, parts: u64) -> Self {
        Self(self.0.checked_div(parts).expect("a span cannot be cut into zero parts"))
    }
}

/// How many whole times `other` fits into `self`.
impl Div for Span {
    type Output = u64;
    #[inline]
    fn div(self, other: Self) -> u64 {
        self.0.checked_div(other.0).expect("a span of zero length fits any number of times")
    }
}

/// What is left of `self` after whole multiples of `other`.
impl Rem for Span {
    type Output = Self;
    #[inline]
    fn rem(self, other: Self) -> Self {
        Self(self.0.checked_rem(other.0).expect("a span of zero length fits any number of times"))
    }
}

impl Sum for Span {
    fn sum<I: Iterator<Item = Self>>(spans: I) -> Self {
        spans.fold(Self::ZERO, Add::add)
    }
}

/// `0s`, `250ns`, `1.5ms`, `400ms`, `1.5s`, `1h30m`, `2d`: the exact value, in a form that parses
/// back to the same span. From a minute up days, hours, minutes and (decimal) seconds follow one
/// another; below, one unit with a decimal fraction where needed.
impl fmt::Display for Span {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&human(self.0))
    }
}

/// The span since the start of the run in the form of [`Span`], or `never`.
impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::MAX { out.pad("never") } else { out.pad(&human(self.0)) }
    }
}

fn human(nanos: u64) -> String {
    let mut text = String::new();
    let mut rest = nanos;
    for (unit, name) in [(DAY, "d"), (HOUR, "h"), (MINUTE, "m")] {
        if rest >= unit {
            text += &(rest / unit).to_string();
            text += name;
            rest %= unit;
        }
    }
    // After a larger unit only seconds may follow, so that 1h400ms reads 1h0.4s: one rule less.
    let (unit, name) = match rest {
        0 if !text.is_empty() => return text,
        1..MICRO if text.is_empty() => (1, "ns"),
        MICRO..MILLI if text.is_empty() => (MICRO, "us"),
        MILLI..SECOND if text.is_empty() => (MILLI, "ms"),
        _ => (SECOND, "s"),
    };
    text += &(rest / unit).to_string();
    if !rest.is_multiple_of(unit) {
        let digits = unit.ilog10() as usize;
        let fraction = format!("{:0digits$}", rest % unit);
        text += ".";
        text += fraction.trim_end_matches('0');
    }
    text + name
}

#[cfg(test)]
#[path = "time_tests.rs"]
mod tests;
