//! What must hold of every group, whatever happens to it: random ones are played, and each instance's life is followed.

use super::{SEED, load};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use queuelab::record::Tape;
use std::collections::BTreeMap;

/// Which state may follow which; the empty one is that of an instance that is not there yet.
const TRANSITIONS: &[(&str, &[&str])] = &[
    ("", &["InService", "Pending", "Warmed:", "Warmed:Pending"]),
    ("Pending", &["Pending:Wait", "InService", "Terminating"]),
    ("Pending:Wait", &["Pending:Proceed", "Terminating"]),
    ("Pending:Proceed", &["InService"]),
    ("InService", &["Terminating", "Terminating:Wait", "Standby"]),
    ("Standby", &["Pending", "InService"]),
    ("Terminating:Wait", &["Terminating:Proceed", "Warmed:Pending"]),
    ("Terminating:Proceed", &["Terminated"]),
    ("Terminating", &["Terminated", "Terminating:Wait", "Warmed:Pending"]),
    ("Warmed:Pending", &["Warmed:", "Warmed:Pending:Wait", "Warmed:Terminating"]),
    ("Warmed:Pending:Wait", &["Warmed:Pending:Proceed", "Warmed:Terminating"]),
    ("Warmed:Pending:Proceed", &["Warmed:"]),
    ("Warmed:", &["Pending", "Warmed:Terminating"]),
    ("Warmed:Terminating", &["Terminated"]),
    ("Terminated", &[]),
];

/// The three states of a full pool are one here.
fn plain(state: &'static str) -> &'static str {
    match state {
        "Warmed:Stopped" | "Warmed:Running" | "Warmed:Hibernated" => "Warmed:",
        other => other,
    }
}

/// Everything that is wrong with the lives told in the tape.
fn faults(tape: &Tape, most: u32, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut states: BTreeMap<u64, &'static str> = BTreeMap::new();
    // A group that may not terminate what is too much has two more when two return from standby.
    let keeps_surplus = text.contains("protect") || text.contains("[Terminate]");
    let margin = (most / 10).max(1) as usize + if keeps_surplus { 2 } else { 0 };
    let mut changes = tape.instances.iter().peekable();
    while let Some(change) = changes.next() {
        let (before, after) = (states.get(&change.instance).copied().unwrap_or(""), plain(change.state));
        let known = TRANSITIONS.iter().find(|(from, _)| *from == before);
        if !known.is_some_and(|(_, to)| to.contains(&after)) {
            faults.push(format!(
                "instance {} went from `{before}` to `{after}` at {}",
                change.instance, change.time
            ));
        }
        states.insert(change.instance, after);
        if changes.peek().is_some_and(|next| next.time == change.time) {
            continue;
        }
        let alive = states
            .values()
            .filter(|state| matches!(**state, "Pending" | "Pending:Wait" | "InService"))
            .count();
        if alive > most as usize + margin {
            faults.push(format!("{alive} instances at {}, with max_size {most}", change.time));
        }
    }
    let last = |metric: &str| tape.value("w", metric, "last").unwrap_or(0.0) as usize;
    let told = |wanted: &[&str]| states.values().filter(|state| wanted.contains(state)).count();
    let counts = [
        ("instances_pending", told(&["Pending", "Pending:Wait"])),
        ("instances_in_service", told(&["InService"])),
        ("instances_terminating", told(&["Terminating", "Terminating:Wait", "Terminating:Proceed"])),
        ("instances_standby", told(&["Standby"])),
        ("pool_pending", told(&["Warmed:Pending", "Warmed:Pending:Wait"])),
        ("pool_warmed", told(&["Warmed:"])),
        ("pool_terminating", told(&["Warmed:Terminating"])),
    ];
    for (metric, number) in counts {
        if last(metric) != number {
            faults.push(format!("{metric} is {} at the end, {number} are told", last(metric)));
        }
    }
    let value = |metric: &str, statistic: &str| tape.value("w", metric, statistic).expect("a group has it");
    if value("desired_capacity", "max") > f64::from(most) {
        faults.push(format!("desired {}", value("desired_capacity", "max")));
    }
    let paid = value("instance_hours", "sum") * 3_600.0;
    let in_service = value("instances_in_service", "mean") * tape.header.duration.as_seconds_f64();
    if paid < in_service - 1e-6 {
        faults.push(format!("{paid} s are paid, {in_service} s in service"));
    }
    if value("busy_threads", "max") > value("threads", "max") {
        faults.push("more threads are busy than there are".to_owned());
    }
    faults
}

/// A key of a group that may be there or not.
fn maybe(key: impl Strategy<Value = String> + 'static) -> BoxedStrategy<String> {
    prop_oneof![1 => Just(String::new()), 1 => key].boxed()
}

fn hook(transition: &'static str) -> BoxedStrategy<String> {
    let completed = prop_oneof![
        Just("by_application".to_owned()),
        (0..200_u32).prop_map(|seconds| format!("{{ after: {{ uniform: [0s, {seconds}s] }} }}"))
    ];
    let result = prop_oneof![Just("CONTINUE"), Just("ABANDON")];
    let all = (30..120_u32, 5..60_u32, completed, result.clone(), result, 0..60_u32);
    maybe(all.prop_map(move |(timeout, beat, completed, default, result, never)| {
        format!(
            "  {transition}: {{ transition: {transition}, heartbeat_timeout: {timeout}s, heartbeat_interval: {beat}s, \
             completed: {completed}, default_result: {default}, result: {result}, never_completed: {never}% }}\n"
        )
    }))
}

#[allow(clippy::too_many_lines, reason = "one scenario, key by key")]
fn scenario() -> impl Strategy<Value = (u32, String)> {
    let sizes = (0..4_u32, 1..6_u32, 0..6_u32);
    let at = || 0..2_000_u32;
    let process = prop_oneof![
        Just("Launch"),
        Just("Terminate"),
        Just("HealthCheck"),
        Just("ReplaceUnhealthy"),
        Just("AZRebalance"),
        Just("AlarmNotification")
    ];
    let pool = (prop_oneof![Just("Stopped"), Just("Running"), Just("Hibernated")], 0..4_u32, any::<bool>());
    let pool = pool.prop_map(|(state, least, reuse)| {
        format!("warm_pool: {{ pool_state: {state}, min_size: {least}, reuse_on_scale_in: {reuse} }}\n")
    });
    let spot = (0..3_u32, any::<bool>(), 0..100_u32, 5..60_u32).prop_map(|(base, rebalance, lead, mean)| {
        format!(
            "spot: {{ on_demand_base_capacity: {base}, on_demand_percentage_above_base_capacity: 30%, \
             capacity_rebalance: {rebalance}, recommendation_lead: {lead}s, mean_time_to_interruption: {mean}m }}\n"
        )
    });
    let times = (
        maybe((0..60_u32).prop_map(|s| format!("application_start: {{ uniform: [0s, {s}s] }}\n"))),
        maybe(
            (0..60_u32).prop_map(|p| {
                format!("capacity_errors: {{ probability: {p}% }}\nlaunch_retry_interval: 10s\n")
            }),
        ),
        maybe((1..60_u32, any::<bool>()).prop_map(|(m, whole)| {
            let what = if whole { "instance" } else { "application" };
            format!("instance_failures: [{{ what: {what}, mean_time_between: {m}m }}]\n")
        })),
        maybe(
            (0..200_u32)
                .prop_map(|s| format!("health_check: {{ type: ELB, grace_period: {s}s, interval: 20s }}\n")),
        ),
        maybe((at(), 1..900_u32).prop_map(|(at, lasts)| {
            format!("zone_outages: [{{ zone: a, at: {at}s, duration: {lasts}s }}]\n")
        })),
        prop_oneof![
            Just(""),
            Just("protect_while_processing: true\n"),
            Just("new_instances_protected_from_scale_in: true\n")
        ],
    );
    let by_hand = (
        maybe((at(), 1..3_u32, any::<bool>()).prop_map(|(at, n, d)| {
            format!("terminate_instances: [{{ at: {at}s, instances: {n}, decrement: {d} }}]\n")
        })),
        maybe((at(), 1..900_u32, 1..3_u32, any::<bool>()).prop_map(|(at, lasts, n, d)| {
            format!("standby: [{{ at: {at}s, duration: {lasts}s, instances: {n}, decrement: {d} }}]\n")
        })),
        maybe((at(), 1..900_u32, process).prop_map(|(at, lasts, process)| {
            format!("suspended_processes: [{{ at: {at}s, duration: {lasts}s, processes: [{process}] }}]\n")
        })),
        prop_oneof![Just(String::new()), pool, spot],
        hook("launching"),
        hook("terminating"),
    );
    let crashes = maybe(Just("    crashes: { mean_time_between: 5m, restart_time: 20s }\n".to_owned()));
    let kill = any::<bool>();
    (sizes, 1..4_u32, times, by_hand, crashes, kill).prop_map(
        |((least, more, start), zones, times, by_hand, crashes, kill)| {
            let most = least + more;
            let desired = least + start.min(more);
            let (times, by_hand) = (
                [times.0, times.1, times.2, times.3, times.4, times.5.to_owned()],
                [by_hand.0, by_hand.1, by_hand.2, by_hand.3, by_hand.4, by_hand.5],
            );
            let [terminations, standby, suspended, kind, launching, terminating] = by_hand;
            let hooks = format!("{launching}{terminating}");
            let hooks = if hooks.is_empty() { hooks } else { format!("lifecycle_hooks:\n{hooks}") };
            let killed = kill && !hooks.contains("by_application");
            let termination = if killed { "termination: kill\n" } else { "" };
            let keys = format!(
                "{}{terminations}{standby}{suspended}{kind}{hooks}{termination}availability_zones: {zones}\n",
                times.concat()
            );
            let keys = keys.lines().fold(String::new(), |text, line| text + &format!("      {line}\n"));
            let text = format!(
                "name: random
duration: 40m
queues: {{ q: {{ visibility_timeout: 60s, receive_message_wait_time: 20s }} }}
producers:
  p:
    publishes_to: {{ queue: q }}
    arrivals: {{ piecewise: {{ points: [{{ at: 0s, rate: 0/s }}, {{ at: 10m, rate: 1/s }}, {{ at: 20m, rate: 0/s }}, {{ at: 40m, rate: 0/s }}] }} }}
consumers:
  w:
    receives_from: {{ queue: q }}
    threads: 2
    processing_time: {{ exponential: {{ mean: 5s }} }}
{crashes}    auto_scaling_group:
      min_size: {least}
      max_size: {most}
      desired_capacity: {desired}
      launch_time: {{ uniform: [5s, 40s] }}
      instance_warmup: 30s
{keys}      policies:
        - step_scaling: {{ alarm: busy, adjustment_type: ChangeInCapacity, step_adjustments: [{{ lower_bound: 0, scaling_adjustment: 2 }}] }}
        - simple_scaling: {{ alarm: calm, adjustment_type: ChangeInCapacity, scaling_adjustment: -1, cooldown: 60s }}
alarms:
  busy: {{ metric: {{ queue: q, name: ApproximateNumberOfMessagesVisible }}, threshold: 5, comparison_operator: GreaterThanThreshold }}
  calm: {{ metric: {{ queue: q, name: ApproximateNumberOfMessagesVisible }}, threshold: 5, comparison_operator: LessThanThreshold }}
"
            );
            (most, text)
        },
    )
}

fn judge(cases: u32) {
    let config =
        Config { cases, rng_seed: RngSeed::Fixed(4), failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&scenario(), |(most, text)| {
        let scenario = load(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let tape = scenario
            .run_with(SEED, 0, &mut |progress| progress.events < 5_000_000)
            .map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let faults = faults(&tape, most, &text);
        prop_assert!(faults.is_empty(), "{}\n{text}", faults.join("\n"));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn every_instance_has_a_life_that_aws_knows() {
    judge(150);
}

#[test]
#[ignore = "takes a minute"]
fn every_instance_has_a_life_that_aws_knows_at_length() {
    judge(2_000);
}
