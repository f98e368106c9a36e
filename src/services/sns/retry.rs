//! When a delivery that failed is tried again ("Amazon SNS message delivery retries").

use crate::engine::Span;

/// How the pauses of the backoff phase grow ("Retry functions"). AWS draws them, and gives no formulas: an assumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backoff {
    /// Evenly.
    Linear,
    /// By more each time, evenly more.
    Arithmetic,
    /// By the same factor each time.
    Geometric,
    /// Twice as long each time, until the longest.
    Exponential,
}

impl Backoff {
    /// The pause before retry `position` of `retries`, from zero.
    fn pause(self, position: u32, retries: u32, shortest: Span, longest: Span) -> Span {
        let grown = longest.saturating_sub(shortest);
        let (i, n) = (u64::from(position), u64::from(retries));
        if n <= 1 {
            return shortest;
        }
        let part = |numerator: u64, denominator: u64| {
            let nanos = u128::from(grown.as_nanos()) * u128::from(numerator) / u128::from(denominator);
            shortest + Span::from_nanos(nanos as u64)
        };
        match self {
            Backoff::Linear => part(i, n - 1),
            Backoff::Arithmetic => part(i * (i + 1), (n - 1) * n),
            Backoff::Geometric => {
                let factor = longest.as_seconds_f64() / shortest.as_seconds_f64().max(1e-9);
                let power = libm::pow(factor, i as f64 / (n - 1) as f64);
                Span::from_seconds_f64(shortest.as_seconds_f64() * power).min(longest)
            }
            Backoff::Exponential => {
                let doubled = 1_u64.checked_shl(position).filter(|_| position < 63);
                doubled.map_or(longest, |factor| shortest.saturating_mul(factor)).min(longest)
            }
        }
    }
}

/// The retries of an endpoint: four phases, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Retries at once.
    pub immediate: u32,
    /// Retries after the shortest pause, before the backoff phase.
    pub before_backoff: u32,
    /// Retries of the backoff phase.
    pub backoff: u32,
    /// Retries after the longest pause, after the backoff phase.
    pub after_backoff: u32,
    /// The shortest pause.
    pub shortest: Span,
    /// The longest pause.
    pub longest: Span,
    /// How pauses grow between them.
    pub function: Backoff,
}

impl RetryPolicy {
    /// Endpoints that AWS manages: SQS, Lambda, Firehose. 100,015 retries over 23 days.
    pub const AWS_MANAGED: Self = Self {
        immediate: 3,
        before_backoff: 2,
        backoff: 10,
        after_backoff: 100_000,
        shortest: Span::from_seconds(1),
        longest: Span::from_seconds(20),
        function: Backoff::Exponential,
    };

    /// Mail, SMS and mobile push: 50 retries over six hours.
    pub const CUSTOMER_MANAGED: Self = Self {
        immediate: 0,
        before_backoff: 2,
        backoff: 10,
        after_backoff: 38,
        shortest: Span::from_seconds(10),
        longest: Span::from_seconds(600),
        function: Backoff::Exponential,
    };

    /// HTTP and HTTPS without a policy of their own: three retries.
    pub const HTTP: Self = Self {
        immediate: 0,
        before_backoff: 0,
        backoff: 3,
        after_backoff: 0,
        shortest: Span::from_seconds(20),
        longest: Span::from_seconds(20),
        function: Backoff::Linear,
    };

    /// The pause before a retry, counted from 1; `None` when there is no such retry.
    pub fn pause(&self, retry: u32) -> Option<Span> {
        let mut position = retry.checked_sub(1)?;
        let phases = [(self.immediate, Span::ZERO), (self.before_backoff, self.shortest)];
        for (retries, pause) in phases {
            if position < retries {
                return Some(pause);
            }
            position -= retries;
        }
        if position < self.backoff {
            return Some(self.function.pause(position, self.backoff, self.shortest, self.longest));
        }
        (position - self.backoff < self.after_backoff).then_some(self.longest)
    }

    /// Retries in all.
    pub fn retries(&self) -> u32 {
        self.immediate + self.before_backoff + self.backoff + self.after_backoff
    }

    /// All pauses together.
    pub fn total(&self) -> Span {
        let before_end: Span = (1..=self.immediate + self.before_backoff + self.backoff)
            .filter_map(|retry| self.pause(retry))
            .sum();
        before_end + self.longest * u64::from(self.after_backoff)
    }
}
