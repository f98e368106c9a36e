//! How long a run needs to settle: MSER-5 (White, 1997; White, Cobb and Spratt, 2000).
//!
//! A series is averaged in fives; of all numbers of fives that may be cut off its beginning, the one is taken that makes
//! the standard error of the mean of the rest smallest. A cut at the end of the first half of the series means that the
//! run did not settle, or that it is too short to tell.

use super::trial::Trial;

/// Values that are averaged into one.
const FIVE: usize = 5;

/// Levels that are there at every step, and say how much is going on.
const SETTLING: [&str; 5] = [
    "messages_visible",
    "messages_in_flight",
    "instances_in_service",
    "running_tasks",
    "concurrent_executions",
];

/// What MSER-5 says of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct WarmUp {
    /// What settles last: kind, name, metric.
    pub slowest: (String, String, String),
    /// After how many seconds it has settled; `None` when it does not.
    pub seconds: Option<f64>,
}

/// The longest warm-up that a level of the trials needs, each averaged over the trials first. `None` when no level varies.
pub fn detect(trials: &[&Trial]) -> Option<WarmUp> {
    let first = trials.first()?;
    let mut slowest: Option<WarmUp> = None;
    for level in first.levels.iter().filter(|level| SETTLING.contains(&level.metric)) {
        let same: Vec<&Vec<(f64, f64)>> = trials
            .iter()
            .filter_map(|trial| {
                let mut levels = trial.levels.iter();
                levels.find(|other| {
                    (other.kind, &other.name, other.metric) == (level.kind, &level.name, level.metric)
                })
            })
            .map(|level| &level.points)
            .collect();
        let length = same.iter().map(|points| points.len()).min().unwrap_or(0);
        let mean = |index: usize| same.iter().map(|points| points[index].1).sum::<f64>() / same.len() as f64;
        let values: Vec<f64> = (0..length).map(mean).collect();
        if values.iter().all(|value| *value == values[0]) {
            continue;
        }
        let seconds = truncation(&values).map(|cut| if cut == 0 { 0.0 } else { level.points[cut - 1].0 });
        let is_slower = slowest.as_ref().is_none_or(|known| match (known.seconds, seconds) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(known), Some(seconds)) => seconds > known,
        });
        if is_slower {
            let slow = (level.kind.to_owned(), level.name.clone(), level.metric.to_owned());
            slowest = Some(WarmUp { slowest: slow, seconds });
        }
    }
    slowest
}

/// How many values are cut off the beginning; `None` when the best cut is in the second half.
pub fn truncation(values: &[f64]) -> Option<usize> {
    let fives: Vec<f64> =
        values.chunks_exact(FIVE).map(|five| five.iter().sum::<f64>() / FIVE as f64).collect();
    // Near its end a series has a small standard error by chance: only cuts in its first half are tried.
    let most = fives.len() / 2;
    let error = |cut: usize| {
        let rest = &fives[cut..];
        let count = rest.len() as f64;
        let mean = rest.iter().sum::<f64>() / count;
        rest.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (count * count)
    };
    let mut best = (f64::INFINITY, 0);
    for cut in 0..=most {
        let error = error(cut);
        if error < best.0 {
            best = (error, cut);
        }
    }
    // The best cut at the very end of the first half: later ones would be better still.
    (best.1 == 0 || best.1 * 20 < most * 19).then_some(best.1 * FIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random: a linear congruence.
    fn noise() -> impl Iterator<Item = f64> {
        let mut state = 12_345_u64;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / f64::from(1_u32 << 24) - 0.5
        })
    }

    #[test]
    fn a_ramp_is_cut_off_and_nothing_else() {
        let steady: Vec<f64> = noise().take(600).collect();
        assert!(truncation(&steady).is_some_and(|cut| cut <= 100), "{:?}", truncation(&steady));
        let ramp = |index: usize| if index < 100 { 10.0 - index as f64 / 10.0 } else { 0.0 };
        let ramped: Vec<f64> = steady.iter().enumerate().map(|(index, value)| value + ramp(index)).collect();
        let cut = truncation(&ramped).expect("it settles");
        assert!((80..=130).contains(&cut), "{cut}");
        let growing: Vec<f64> =
            steady.iter().enumerate().map(|(index, value)| value + index as f64).collect();
        assert_eq!(truncation(&growing), None, "what grows does not settle");
    }
}
