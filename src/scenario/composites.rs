//! Composite alarms: their rules are read, the alarms they name looked up, and each is put behind those it follows.

use super::config::ScenarioConfig;
use super::topics::AlarmMessage;
use crate::language::{Name, Problems, Reference};
use crate::services::cloudwatch::{
    AlarmActions, AlarmId, CompositeAlarmConfig, CompositeAlarmSettings, Rule, Suppressor,
};
use crate::wire::span;

/// Most composite alarms that may name one alarm ("Creating a composite alarm").
const MOST_PARENTS: usize = 150;

/// The composite alarms of a scenario, each behind those that its rule names; `None` when a problem was told. `alarms`
/// are the names of the alarms on metrics, those of target tracking included; `messages` is what alarms of both kinds publish.
pub(super) fn resolve(
    config: &ScenarioConfig,
    alarms: &[String],
    messages: &[AlarmMessage],
    problems: &mut Problems,
) -> Option<Vec<CompositeAlarmSettings>> {
    let errors = problems.errors();
    let composites = &config.composite_alarms.entries;
    let mut settings = Vec::new();
    for (name, composite) in composites {
        if alarms.iter().any(|alarm| alarm == name.as_str()) {
            problems
                .error(name.place, format!("there is an alarm `{name}` already"))
                .why("composite alarms and alarms on metrics share their names");
        }
        let mut find = |wanted: &str| find(wanted, alarms, composites, problems);
        match Rule::read(&composite.alarm_rule.value, &mut find) {
            Ok(rule) => settings.push(Some(one(name, composite, rule, alarms, composites, problems))),
            Err(error) => {
                let rule = &composite.alarm_rule;
                problems
                    .error(rule.place.part(&rule.value, error.start, error.end), error.what)
                    .help(error.help);
                settings.push(None);
            }
        }
    }
    if problems.errors() > errors {
        return None;
    }
    let mut settings: Vec<CompositeAlarmSettings> = settings.into_iter().collect::<Option<_>>()?;
    for AlarmMessage { alarm, state, to, message } in messages {
        if let AlarmId::Composite(index) = alarm {
            settings[*index as usize].actions.add_notification(*state, *to, *message);
        }
    }
    check_parents(config, &settings, problems);
    let order = order(config, &settings, problems)?;
    Some(in_order(&settings, &order))
}

/// The alarm of a name, or what to try.
fn find(
    wanted: &str,
    alarms: &[String],
    composites: &[(Name, CompositeAlarmConfig)],
    problems: &Problems,
) -> Result<AlarmId, String> {
    if let Some(index) = alarms.iter().position(|alarm| alarm == wanted) {
        return Ok(AlarmId::Metric(index as u32));
    }
    if let Some(index) = composites.iter().position(|(name, _)| name.as_str() == wanted) {
        return Ok(AlarmId::Composite(index as u32));
    }
    let mut names: Vec<&str> = alarms.iter().map(String::as_str).collect();
    names.extend(composites.iter().map(|(name, _)| name.as_str()));
    Err(problems.suggest(wanted, &names, "alarms"))
}

fn one(
    name: &Name,
    config: &CompositeAlarmConfig,
    rule: Rule,
    alarms: &[String],
    composites: &[(Name, CompositeAlarmConfig)],
    problems: &mut Problems,
) -> CompositeAlarmSettings {
    let mut suppressor_of = |suppressor: &Reference| {
        let found = find(suppressor.as_str(), alarms, composites, problems);
        let alarm = found.map_err(|help| {
            problems.error(suppressor.place, format!("there is no alarm `{suppressor}`")).help(help);
        });
        Some(Suppressor {
            alarm: alarm.ok()?,
            wait_period: span(config.actions_suppressor_wait_period?),
            extension_period: span(config.actions_suppressor_extension_period?),
        })
    };
    CompositeAlarmSettings {
        name: name.text.clone(),
        rule,
        rule_text: config.alarm_rule.value.clone(),
        actions_enabled: config.actions_enabled,
        actions: AlarmActions::default(),
        suppressor: config.actions_suppressor.as_ref().and_then(&mut suppressor_of),
    }
}

/// No alarm may have too many composite alarms above it.
fn check_parents(config: &ScenarioConfig, settings: &[CompositeAlarmSettings], problems: &mut Problems) {
    let mut parents: Vec<(AlarmId, usize)> = Vec::new();
    for (composite, (_, written)) in settings.iter().zip(&config.composite_alarms.entries) {
        let mut children = children(composite);
        children.dedup();
        for child in children {
            let position = parents.iter().position(|(known, _)| *known == child).unwrap_or_else(|| {
                parents.push((child, 0));
                parents.len() - 1
            });
            parents[position].1 += 1;
            if parents[position].1 == MOST_PARENTS + 1 {
                problems.error(
                    written.alarm_rule.place,
                    format!("an alarm can be watched by {MOST_PARENTS} composite alarms at most"),
                );
            }
        }
    }
}

fn children(composite: &CompositeAlarmSettings) -> Vec<AlarmId> {
    let mut children = Vec::new();
    composite.rule.children(&mut children);
    children.sort_unstable();
    children
}

/// An order in which each composite alarm stands behind those that its rule names; a cycle is a problem: AWS stops
/// evaluating alarms in one.
fn order(
    config: &ScenarioConfig,
    settings: &[CompositeAlarmSettings],
    problems: &mut Problems,
) -> Option<Vec<usize>> {
    let mut order = Vec::new();
    let mut left: Vec<usize> = (0..settings.len()).collect();
    while !left.is_empty() {
        let ready = |index: &usize| {
            children(&settings[*index]).iter().all(|child| match child {
                AlarmId::Metric(_) => true,
                AlarmId::Composite(child) => order.contains(&(*child as usize)),
            })
        };
        let Some(position) = left.iter().position(ready) else {
            let (name, composite) = &config.composite_alarms.entries[left[0]];
            problems
                .error(composite.alarm_rule.place, format!("`{name}` would follow from itself"))
                .why("CloudWatch stops evaluating composite alarms whose rules go round in a circle");
            return None;
        };
        order.push(left.remove(position));
    }
    Some(order)
}

/// The settings in this order, what they name renumbered.
fn in_order(settings: &[CompositeAlarmSettings], order: &[usize]) -> Vec<CompositeAlarmSettings> {
    let renumbered = |alarm: AlarmId| match alarm {
        AlarmId::Composite(old) => {
            let new = order.iter().position(|index| *index == old as usize).unwrap_or_default();
            AlarmId::Composite(new as u32)
        }
        metric @ AlarmId::Metric(_) => metric,
    };
    order
        .iter()
        .map(|index| {
            let mut composite = settings[*index].clone();
            composite.rule.renumber(&renumbered);
            if let Some(suppressor) = &mut composite.suppressor {
                suppressor.alarm = renumbered(suppressor.alarm);
            }
            composite
        })
        .collect()
}
