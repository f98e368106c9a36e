//! Tuning: the cheapest of some settings that meets a scenario's expectations, and how sure that is.
//!
//! Every setting is run a few times with the same luck. Then, from the cheapest up, each gets more replications until its
//! expectations are met or missed with the wanted confidence, or there are no more replications to be had. The first that
//! meets them is the answer: what is cheaper was missed, or could not be decided, and is told as such.

use super::replications::Replications;
use super::statistics::{Sample, t_quantile};
use super::trial::Trial;
use crate::expect::{Expectation, Operator};
use crate::scenario::Scenario;

/// Whether the expectations are met on average.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// All of them, with the wanted confidence.
    Surely,
    /// One of them is missed, with the wanted confidence.
    Missed,
    /// The replications so far do not tell.
    Undecided,
}

/// What a setting costs: the mean of the run's estimated cost over its replications.
pub fn cost(trials: &[Trial]) -> Sample {
    let costs: Vec<f64> = trials
        .iter()
        .filter_map(|trial| {
            let mut rows = trial.summary.iter();
            rows.find(|row| row.kind == "run" && row.metric == "estimated_cost").map(|row| row.value)
        })
        .collect();
    Sample::of(&costs).unwrap_or(Sample { count: 0, mean: 0.0, stddev: 0.0 })
}

/// Judges all expectations of a scenario with this confidence for all of them together (Bonferroni). Of a metric, the mean
/// over replications must be on the right side with its whole one-sided interval; what a script expects, and what is
/// expected to be equal, must come in every replication.
pub fn met(scenario: &Scenario, runs: &Replications, confidence: f64) -> Met {
    let trials = &runs.trials;
    let Some(first) = trials.first() else { return Met::Undecided };
    let wanted = scenario.expectation_list();
    let each = 1.0 - (1.0 - confidence) / first.expectations.len().max(1) as f64;
    let judged: Vec<Met> = (0..first.expectations.len())
        .map(|index| {
            let all_passed = trials.iter().all(|trial| trial.expectations[index].passed);
            let values: Option<Vec<f64>> =
                trials.iter().map(|trial| trial.expectations[index].value).collect();
            match (wanted.get(index), values) {
                (Some(wanted), Some(values)) => judge(wanted, &values, all_passed, each),
                _ if all_passed => Met::Surely,
                _ => Met::Missed,
            }
        })
        .collect();
    if judged.contains(&Met::Missed) {
        Met::Missed
    } else if judged.contains(&Met::Undecided) {
        Met::Undecided
    } else {
        Met::Surely
    }
}

fn judge(wanted: &Expectation, values: &[f64], all_passed: bool, confidence: f64) -> Met {
    if matches!(wanted.operator, Operator::Equal | Operator::NotEqual) {
        return if all_passed { Met::Surely } else { Met::Missed };
    }
    // What never happened in one of the runs has no mean.
    let Some(sample) = Sample::of(values).filter(|sample| sample.mean.is_finite()) else {
        return if all_passed { Met::Surely } else { Met::Missed };
    };
    let holds = wanted.operator.holds(sample.mean, wanted.value);
    let margin = if sample.stddev == 0.0 {
        0.0
    } else if sample.count < 2 {
        return Met::Undecided;
    } else {
        // One side of an interval that leaves twice as much out.
        let count = f64::from(sample.count);
        t_quantile(count - 1.0, 2.0 * confidence - 1.0) * sample.stddev / count.sqrt()
    };
    let is_sure = margin == 0.0 || (sample.mean - wanted.value).abs() > margin;
    match (holds, is_sure) {
        (true, true) => Met::Surely,
        (false, true) => Met::Missed,
        _ => Met::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::NoFiles;

    fn scenario(expect: &str) -> Scenario {
        let text = format!(
            "name: n\nduration: 10m\nqueues: {{ q: {{}} }}\nproducers: {{ p: {{ publishes_to: {{ queue: q }}, arrivals: \
             {{ poisson: {{ rate: 1/s }} }} }} }}\nexpect: {{ q.messages_sent: [\"{expect}\"] }}\n"
        );
        Scenario::load("n", text.as_bytes(), &[], &NoFiles).expect("it is in order")
    }

    #[test]
    fn what_is_near_its_limit_is_undecided() {
        let judged = |expect: &str, values: &[f64]| {
            let scenario = scenario(expect);
            let wanted = &scenario.expectation_list()[0];
            let passed = values.iter().all(|value| wanted.operator.holds(*value, wanted.value));
            judge(wanted, values, passed, 0.95)
        };
        let around_600 = [590.0, 610.0, 605.0, 595.0];
        for (expect, wanted) in [
            ("sum < 700", Met::Surely),
            ("sum < 602", Met::Undecided),
            ("sum < 599", Met::Undecided),
            ("sum < 500", Met::Missed),
            ("sum > 500", Met::Surely),
            ("sum > 599", Met::Undecided),
            ("sum > 700", Met::Missed),
            ("sum == 600", Met::Missed),
            ("sum != 1", Met::Surely),
        ] {
            assert_eq!(judged(expect, &around_600), wanted, "{expect}");
        }
        assert_eq!(judged("sum <= 600", &[600.0, 600.0]), Met::Surely);
        assert_eq!(judged("sum < 600", &[600.0, 600.0]), Met::Missed);
        assert_eq!(judged("sum < 600", &[f64::INFINITY, 1.0]), Met::Missed);
    }
}
