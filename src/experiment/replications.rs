//! Replications: the same scenario with other random numbers, until enough is known.

use super::crew::Crew;
use super::estimate::{Estimate, estimates};
use super::sheets::{Held, held};
use super::trial::{Key, Trial, TrialError};
use crate::expect::show;
use crate::record::ExpectationResult;
use crate::scenario::Scenario;

/// How many replications there are to be.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplicationPlan {
    /// At least so many.
    pub least: u32,
    /// And at most so many.
    pub most: u32,
    /// Which statistic must be known how well; without it there are exactly `least`.
    pub precision: Option<Precision>,
    /// Of the intervals, 0 to 1.
    pub confidence: f64,
}

/// How well a statistic must be known.
#[derive(Debug, Clone, PartialEq)]
pub struct Precision {
    /// The thing.
    pub name: String,
    /// The metric.
    pub metric: String,
    /// The statistic.
    pub statistic: String,
    /// The half width of its interval by its value.
    pub relative: f64,
}

/// What replications gave.
#[derive(Debug)]
pub struct Replications {
    /// The runs, in order.
    pub trials: Vec<Trial>,
    /// Whether the precision was reached; `true` when none was asked for.
    pub is_precise: bool,
}

impl ReplicationPlan {
    /// Exactly so many replications.
    pub fn exactly(count: u32, confidence: f64) -> Self {
        Self { least: count, most: count, precision: None, confidence }
    }

    /// Plays replications until the plan is met. How many there are depends on their results alone, not on threads.
    ///
    /// # Errors
    ///
    /// The first run that failed.
    pub fn play(
        &self,
        scenario: &Scenario,
        seed: u64,
        crew: &Crew,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Replications, TrialError> {
        self.play_on(Vec::new(), (scenario, seed), crew, go_on)
    }

    /// [`ReplicationPlan::play`] when the first replications have been played already.
    ///
    /// # Errors
    ///
    /// The first run that failed.
    pub fn play_on(
        &self,
        mut trials: Vec<Trial>,
        (scenario, seed): (&Scenario, u64),
        crew: &Crew,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Replications, TrialError> {
        let mut wanted = self.least;
        loop {
            let done = trials.len() as u32;
            let more = crew.map(wanted.saturating_sub(done) as usize, |index| {
                Trial::play(scenario, seed, done + index as u32, go_on)
            });
            for trial in more {
                trials.push(trial?);
            }
            let Some(precision) = &self.precision else {
                return Ok(Replications { trials, is_precise: true });
            };
            let reached = precision.reached(&trials, self.confidence);
            if reached <= 1.0 || wanted >= self.most {
                return Ok(Replications { trials, is_precise: reached <= 1.0 });
            }
            // Half widths shrink with the root of the number; no more than twice as many at once.
            let likely = (f64::from(wanted) * reached * reached).ceil();
            let likely = if likely.is_finite() { likely as u32 } else { u32::MAX };
            wanted = likely.clamp(wanted + 2, wanted.saturating_mul(2)).min(self.most);
        }
    }
}

impl Precision {
    /// The half width so far by the wanted one.
    fn reached(&self, trials: &[Trial], confidence: f64) -> f64 {
        let all: Vec<&Trial> = trials.iter().collect();
        let estimates = estimates(&all, confidence);
        let interval = estimates.iter().find(|one| self.is_of(&one.key())).and_then(|one| one.interval);
        interval.map_or(f64::INFINITY, |interval| interval.relative() / self.relative)
    }

    /// Whether it is about this statistic.
    pub fn is_of(&self, key: &Key<'_>) -> bool {
        key.name == self.name && key.metric == self.metric && key.statistic == self.statistic
    }
}

impl Replications {
    /// The expectations of a scenario, judged on the means over its replications. What a script expects has no mean: it
    /// must come in every replication.
    pub fn judge(&self, scenario: &Scenario) -> Vec<ExpectationResult> {
        let wanted = scenario.expectation_list();
        let judged = held(&self.trials).into_iter().enumerate().map(|(index, held)| {
            let line = self.trials[0].expectations[index].line;
            let Held { name, expression, mean, held, of } = held;
            let in_all = format!("held in {held} of {of}");
            let (observed, passed) = match (wanted.get(index), mean) {
                (Some(wanted), Some(mean)) => {
                    let shown = if mean.is_finite() { show(mean, wanted.unit) } else { "never".to_owned() };
                    (format!("{shown} on average, {in_all}"), wanted.operator.holds(mean, wanted.value))
                }
                (Some(_), None) => (format!("nothing to observe in some, {in_all}"), false),
                (None, _) => (in_all, held == of),
            };
            ExpectationResult { name, expression, observed, passed, value: mean, line }
        });
        judged.collect()
    }

    /// Every statistic with its interval.
    pub fn estimates(&self, confidence: f64) -> Vec<Estimate> {
        estimates(&self.trials.iter().collect::<Vec<_>>(), confidence)
    }
}
