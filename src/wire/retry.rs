//! Calls that were refused for now and are tried again, as SDKs do it.

use super::span;
use crate::engine::{Span, Stream};
use crate::language::{Duration, keyword, section};

section! {
    /// How often a refused call is tried, and how long between; the defaults are the standard mode of the SDKs ("Retry
    /// behavior" in the AWS SDKs and Tools Reference Guide): before the n-th repetition a random part of the base times two
    /// to the power of n - 1.
    pub struct RetriesConfig {
        /// Attempts in all; then the caller gives up.
        pub max_attempts: u32 = 3, within (1, 100);
        /// The longest time before the first repetition. Doubled with each further one.
        pub base_delay: Duration = Duration::from_seconds(1);
        /// Longest time between two attempts.
        pub max_backoff: Duration = Duration::from_seconds(20);
        /// Which part of that time is waited.
        pub jitter: JitterConfig = JitterConfig::Full;
    }
}

keyword! {
    /// How much of the time before a repetition is left to chance.
    pub enum JitterConfig {
        /// All of it: between nothing and the whole time.
        Full = "full",
        /// Half of it: between half and the whole time.
        Equal = "equal",
        /// None of it: always the whole time.
        None = "none",
    }
}

/// How often a refused call is tried, and how long between.
#[derive(Debug, Clone, Copy)]
pub struct Retries {
    max_attempts: u32,
    base_delay: Span,
    max_backoff: Span,
    jitter: JitterConfig,
}

impl Retries {
    /// As a scenario says, or as the standard mode of the SDKs does.
    pub fn of(config: Option<&RetriesConfig>) -> Self {
        match config {
            Some(config) => Self {
                max_attempts: config.max_attempts,
                base_delay: span(config.base_delay),
                max_backoff: span(config.max_backoff),
                jitter: config.jitter,
            },
            None => Self {
                max_attempts: 3,
                base_delay: Span::from_seconds(1),
                max_backoff: Span::from_seconds(20),
                jitter: JitterConfig::Full,
            },
        }
    }

    /// The same with another number of attempts.
    #[must_use]
    pub fn with_attempts(self, max_attempts: u32) -> Self {
        Self { max_attempts, ..self }
    }

    /// How long the caller waits after so many attempts, at least one; `None` when it gives up.
    pub fn pause(&self, attempts: u32, stream: &mut Stream) -> Option<Span> {
        if attempts >= self.max_attempts {
            return None;
        }
        let part = match self.jitter {
            JitterConfig::Full => stream.unit(),
            JitterConfig::Equal => 0.5 + stream.unit() / 2.0,
            JitterConfig::None => 1.0,
        };
        let seconds = part * self.base_delay.as_seconds_f64() * f64::from(1_u32 << (attempts - 1).min(20));
        Some(Span::from_seconds_f64(seconds.min(self.max_backoff.as_seconds_f64())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::decode_text;

    fn pauses(text: &str) -> Vec<Option<f64>> {
        let config: RetriesConfig = decode_text("retries.yaml", text).unwrap();
        let retries = Retries::of(Some(&config));
        let mut stream = Stream::new(1, 0, "producer/p", "retry");
        (1..=6).map(|attempts| retries.pause(attempts, &mut stream).map(Span::as_seconds_f64)).collect()
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let told = pauses("{ max_attempts: 6, base_delay: 100ms, max_backoff: 500ms, jitter: none }");
        assert_eq!(told, [Some(0.1), Some(0.2), Some(0.4), Some(0.5), Some(0.5), None]);
    }

    #[test]
    fn jitter_takes_all_or_half_of_a_pause() {
        for (attempt, pause) in pauses("{ max_attempts: 6, jitter: full }").into_iter().take(5).enumerate() {
            assert!((0.0..=f64::from(1 << attempt)).contains(&pause.unwrap()), "{pause:?}");
        }
        let halves = pauses("{ max_attempts: 6, jitter: equal }");
        for (attempt, pause) in halves.into_iter().take(5).enumerate() {
            let whole = f64::from(1 << attempt);
            assert!((whole / 2.0..=whole).contains(&pause.unwrap()), "{pause:?}");
        }
    }

    #[test]
    fn without_a_word_three_attempts_are_made() {
        let mut stream = Stream::new(1, 0, "producer/p", "retry");
        let retries = Retries::of(None);
        assert!(retries.pause(2, &mut stream).is_some());
        assert!(retries.pause(3, &mut stream).is_none());
    }
}
