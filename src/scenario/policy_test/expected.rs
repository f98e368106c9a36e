//! What was expected of a policy test, beside what was observed.

use super::config::{ExpectedStateConfig, PolicyTestConfig};
use super::{A_MOMENT, GROUP};
use crate::engine::Time;
use crate::record::{ExpectationResult, ScalingActivity, Tape};
use crate::wire::span;

/// Judges all expectations of a test, in the order of time.
pub(super) fn judge(config: &PolicyTestConfig, tape: &Tape) -> Vec<ExpectationResult> {
    let mut results = Vec::new();
    for (time, _, state) in &config.expect_at.0 {
        let at = Time::ZERO + span(*time) + A_MOMENT;
        let mut told = |what: String, wanted: String, observed: Option<String>, holds: bool| {
            results.push(ExpectationResult {
                name: format!("{time} {what}"),
                expression: wanted,
                passed: holds,
                observed: observed.unwrap_or_default(),
                ..ExpectationResult::default()
            });
        };
        for (what, wanted, levels) in numbers(state) {
            let observed = levels.iter().find_map(|level| level_at(tape, level, at));
            told(
                what.to_owned(),
                wanted.to_string(),
                observed.map(|observed| observed.to_string()),
                observed == Some(u64::from(wanted)),
            );
        }
        for (alarm, wanted) in state.alarm.iter() {
            let observed = alarm_state(tape, alarm.as_str(), at);
            told(
                format!("alarm {alarm}"),
                wanted.to_string(),
                Some(observed.map_or_else(|error| error, str::to_owned)),
                observed_is(tape, alarm.as_str(), at, wanted.as_str()),
            );
        }
        if let Some(wanted) = state.activities {
            let observed = so_far(tape, at).filter(|activity| activity.status == "Successful").count();
            told(
                "activities".to_owned(),
                wanted.to_string(),
                Some(observed.to_string()),
                observed == wanted as usize,
            );
        }
        if let Some(wanted) = &state.cause {
            let latest = so_far(tape, at).last().map(|activity| activity.cause.clone());
            let holds = latest.as_ref().is_some_and(|cause| cause.contains(wanted.as_str()));
            told("cause".to_owned(), wanted.clone(), latest, holds);
        }
    }
    results
}

/// Numbers that are expected, each with the levels that may show it: those of a group, and those of a service.
fn numbers(state: &ExpectedStateConfig) -> Vec<(&'static str, u32, [&'static str; 2])> {
    let all = [
        ("desired_capacity", state.desired_capacity, ["desired_capacity", "desired_tasks"]),
        ("in_service", state.in_service, ["instances_in_service", "running_tasks"]),
        ("pending", state.pending, ["instances_pending", "pending_tasks"]),
        ("terminating", state.terminating, ["instances_terminating", "stopping_tasks"]),
    ];
    all.into_iter().filter_map(|(what, wanted, levels)| Some((what, wanted?, levels))).collect()
}

fn level_at(tape: &Tape, level: &str, at: Time) -> Option<u64> {
    let probe = tape.probes.iter().find(|probe| probe.time == at)?;
    let reading = probe.readings.iter().find(|reading| reading.name == GROUP && reading.metric == level);
    reading.map(|reading| reading.value)
}

fn so_far(tape: &Tape, at: Time) -> impl Iterator<Item = &ScalingActivity> {
    tape.activities.iter().filter(move |activity| activity.time <= at)
}

/// The state of the alarm whose name ends so; or why there is none.
fn alarm_state(tape: &Tape, alarm: &str, at: Time) -> Result<&'static str, String> {
    let mut names: Vec<&str> =
        tape.summary.iter().filter(|row| row.kind == "alarm").map(|row| row.name.as_str()).collect();
    names.dedup();
    let exact = names.iter().find(|name| **name == alarm).copied();
    let mut ending = names.iter().copied().filter(|name| name.ends_with(alarm));
    let name = match (exact, ending.next(), ending.next()) {
        (Some(name), ..) | (None, Some(name), None) => name,
        (None, Some(_), Some(_)) => return Err("several alarms end so".to_owned()),
        (None, None, _) => return Err(format!("there is no such alarm among {}", names.join(", "))),
    };
    let mut changes = tape.alarms.iter().filter(|change| change.alarm == name && change.time <= at);
    Ok(changes.next_back().map_or("INSUFFICIENT_DATA", |change| change.new_state))
}

fn observed_is(tape: &Tape, alarm: &str, at: Time, wanted: &str) -> bool {
    alarm_state(tape, alarm, at).is_ok_and(|state| state == wanted)
}
