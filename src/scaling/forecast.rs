//! Predictive scaling: a forecast of the load by hour, and the capacity it takes ("How predictive scaling works").
//!
//! AWS publishes no model of its forecast. Here it is the mean of the hours of the last 14 days that fall on the same hour
//! of the week, or, before there is one, on the same hour of the day: an assumption. Hours are those of the run.

use super::controller::{Change, Controller, Facts};
use super::policy::{PolicyKind, PredictiveSettings, ScalingSettings};
use crate::engine::{Span, Time};
use crate::record::ScalingActivity;
use std::fmt::Write as _;

/// "At least 24 hours of historical data" are needed.
const LEAST_HISTORY: usize = 24;
/// "The previous 14 days" are used.
const MOST_HISTORY_HOURS: i64 = 14 * 24;
/// "The next 48 hours" are forecast.
const AHEAD_HOURS: i64 = 48;
/// "Every 6 hours."
const REFRESH_HOURS: i64 = 6;
const HOUR: Span = Span::from_hours(1);

/// The forecast of one policy.
#[derive(Debug, Clone)]
pub(super) struct Forecast {
    policy: usize,
    settings: PredictiveSettings,
    /// Load by hour of the run; hours before the run are negative.
    history: Vec<(i64, f64)>,
    /// The first hour of the present forecast, and the load from there on.
    made: Option<(i64, Vec<f64>)>,
    told_of_history: bool,
}

/// The forecasts of a target's policies.
pub(super) fn forecasts(settings: &ScalingSettings) -> Vec<Forecast> {
    let policies = settings.policies.iter().enumerate();
    policies
        .filter_map(|(policy, settings)| match &settings.kind {
            PolicyKind::Predictive(settings) => Some(Forecast {
                policy,
                history: (-i64::try_from(settings.history.len()).unwrap_or(i64::MAX)..)
                    .zip(settings.history.iter().copied())
                    .collect(),
                settings: settings.clone(),
                made: None,
                told_of_history: false,
            }),
            _ => None,
        })
        .collect()
}

impl Forecast {
    fn record(&mut self, hour: i64, load: f64) {
        self.history.push((hour, load));
        self.history.retain(|(known, _)| *known > hour - MOST_HISTORY_HOURS);
    }

    /// The load of an hour, by what is known.
    fn expected(&self, hour: i64) -> f64 {
        let mean = |cycle: i64| {
            let alike = self.history.iter().filter(|(known, _)| (hour - known) % cycle == 0);
            let (count, sum) = alike.fold((0.0, 0.0), |(count, sum), (_, load)| (count + 1.0, sum + load));
            (count > 0.0).then_some(sum / count)
        };
        mean(7 * 24).or_else(|| mean(24)).unwrap_or(0.0)
    }

    /// Makes the forecast anew when it is time.
    fn refresh(&mut self, hour: i64) {
        let is_due = match &self.made {
            None => true,
            Some((made, _)) => hour >= made + REFRESH_HOURS,
        };
        if is_due && self.history.len() >= LEAST_HISTORY {
            self.made = Some((hour, (hour..hour + AHEAD_HOURS).map(|hour| self.expected(hour)).collect()));
        }
    }

    /// Load and capacity of an hour.
    fn of(&self, hour: i64) -> Option<(f64, f64)> {
        let (first, loads) = self.made.as_ref()?;
        let load = *loads.get(usize::try_from(hour - first).ok()?)?;
        Some((load, (load / self.settings.target_value - 1e-9).ceil().max(0.0)))
    }
}

impl Controller {
    /// The load of an hour of the run is known.
    pub fn hear_load(&mut self, policy: usize, hour: u32, load: f64) {
        if let Some(forecast) = self.forecasts.iter_mut().find(|forecast| forecast.policy == policy) {
            forecast.record(i64::from(hour), load);
        }
    }

    /// When the next forecast is to take effect, after `now`: at the beginning of an hour, or some time before.
    pub fn next_forecast(&self, now: Time) -> Option<Time> {
        let moments = self.forecasts.iter().flat_map(|forecast| {
            let hour = now.floor_to(HOUR) + HOUR;
            let early = |hour: Time| hour.checked_sub(forecast.settings.buffer).filter(|at| *at > now);
            [Some(hour), early(hour), early(hour + HOUR)]
        });
        moments.flatten().min()
    }

    /// A forecast may take effect: "predictive scaling only increases capacity" here, and what it asks for holds for
    /// its hour against other policies.
    pub fn foresee(&mut self, facts: &Facts, now: Time, rows: &mut Vec<ScalingActivity>) -> Option<Change> {
        let hour = (now.since_start().as_nanos() / HOUR.as_nanos()).cast_signed();
        let mut change: Option<Change> = None;
        self.max_size = self.own_max_size;
        for index in 0..self.forecasts.len() {
            let forecast = &mut self.forecasts[index];
            let policy = forecast.policy;
            forecast.refresh(hour);
            let soon = now + forecast.settings.buffer >= now.floor_to(HOUR) + HOUR;
            let (here, next) = (forecast.of(hour), forecast.of(hour + 1).filter(|_| soon));
            let Some((load, wanted)) =
                [here, next].into_iter().flatten().max_by(|(_, one), (_, other)| one.total_cmp(other))
            else {
                if !std::mem::replace(&mut forecast.told_of_history, true) {
                    let known = forecast.history.len();
                    let cause = format!(
                        "predictive scaling has {known} hours of history and needs {LEAST_HISTORY} to forecast"
                    );
                    rows.push(self.row(policy, facts, now, facts.desired, cause));
                }
                continue;
            };
            let settings = forecast.settings.clone();
            if let Some(buffer) = settings.increase_max_capacity {
                let raised = (wanted * (1.0 + buffer) - 1e-9).ceil();
                self.max_size = self.max_size.max(raised.min(f64::from(u32::MAX)) as u32);
            }
            let desired = wanted.max(f64::from(self.min_size)).min(f64::from(self.max_size)) as u32;
            let mut cause = format!(
                "predictive scaling forecasts a load of {} in the hour, at {} an instance that asks for {wanted}",
                super::reason::rounded(load),
                settings.target_value
            );
            if wanted > f64::from(self.max_size) {
                let _ = write!(cause, "; the maximum is {}", self.max_size);
            }
            let largest = change.map_or(facts.desired, |change| change.desired);
            if !settings.scales {
                cause += "; not scaled: the policy only forecasts";
                rows.push(self.row(policy, facts, now, facts.desired, cause));
                continue;
            }
            self.states[policy].standing = Some(desired);
            if desired > largest {
                rows.push(self.row(policy, facts, now, desired, cause));
                change = Some(Change { desired, cooldown: None });
            }
        }
        change
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::Policy;

    fn controller(history: Vec<f64>, increase: Option<f64>, scales: bool) -> Controller {
        let settings = PredictiveSettings {
            target_value: 100.0,
            scales,
            buffer: Span::from_minutes(5),
            increase_max_capacity: increase,
            history,
        };
        let policies = vec![Policy { name: "foresight".to_owned(), kind: PolicyKind::Predictive(settings) }];
        Controller::new(ScalingSettings { policies, ..ScalingSettings::fixed(1, 10) })
    }

    fn at(hours: u64, minutes: u64) -> Time {
        Time::ZERO + Span::from_hours(hours) + Span::from_minutes(minutes)
    }

    fn foresee(controller: &mut Controller, desired: u32, now: Time) -> Option<u32> {
        let facts = Facts { desired, in_service: desired, ..Facts::default() };
        controller.foresee(&facts, now, &mut Vec::new()).map(|change| change.desired)
    }

    #[test]
    fn the_same_hour_of_yesterday_and_better_that_of_last_week() {
        let day: Vec<f64> = (0..24).map(|hour| f64::from(hour) * 10.0 + 100.0).collect();
        let mut short = controller(day.clone(), None, true);
        short.forecasts[0].refresh(0);
        assert_eq!(short.forecasts[0].of(0), Some((100.0, 1.0)));
        assert_eq!(short.forecasts[0].of(23), Some((330.0, 4.0)));
        assert_eq!(short.forecasts[0].of(47), Some((330.0, 4.0)));
        assert_eq!(short.forecasts[0].of(48), None, "two days ahead, no more");
        // A week of such days, but the first hour of the first day was another.
        let mut week: Vec<f64> = day.iter().copied().cycle().take(7 * 24).collect();
        week[0] = 900.0;
        let mut long = controller(week, None, true);
        long.forecasts[0].refresh(0);
        assert_eq!(long.forecasts[0].of(0), Some((900.0, 9.0)));
        assert_eq!(long.forecasts[0].of(24), Some((100.0, 1.0)));
    }

    #[test]
    fn a_day_of_history_is_needed() {
        let mut young = controller(vec![500.0; 23], None, true);
        assert_eq!(foresee(&mut young, 1, at(0, 0)), None);
        young.hear_load(0, 0, 500.0);
        assert_eq!(foresee(&mut young, 1, at(1, 0)), Some(5));
    }

    #[test]
    fn it_comes_before_its_hour_and_only_adds() {
        let mut load = vec![100.0; 24];
        load[3] = 700.0;
        let mut group = controller(load, None, true);
        assert_eq!(group.next_forecast(at(2, 0)), Some(at(2, 55)));
        assert_eq!(group.next_forecast(at(2, 55)), Some(at(3, 0)));
        assert_eq!(foresee(&mut group, 2, at(2, 0)), None, "no capacity is taken away");
        assert_eq!(foresee(&mut group, 2, at(2, 55)), Some(7));
        assert_eq!(foresee(&mut group, 7, at(3, 0)), None);
        assert_eq!(group.states[0].standing, Some(7), "held against scale-in");
        assert_eq!(foresee(&mut group, 7, at(4, 0)), None);
        assert_eq!(group.states[0].standing, Some(1));
    }

    #[test]
    fn the_maximum_is_honoured_or_raised_for_the_hour() {
        let load = vec![2_000.0; 24];
        assert_eq!(foresee(&mut controller(load.clone(), None, true), 1, at(0, 0)), Some(10));
        let mut raised = controller(load.clone(), Some(0.1), true);
        assert_eq!(foresee(&mut raised, 1, at(0, 0)), Some(20));
        assert_eq!(raised.max_size(), 22);
        assert_eq!(foresee(&mut controller(load, None, false), 1, at(0, 0)), None, "a forecast only");
    }
}
