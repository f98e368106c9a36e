//! The life of a group's instances in small scenarios whose every instant can be worked out on paper.

mod health;
mod hooks;
mod launch;
mod metrics;
mod orders;
mod pool;
mod properties;
mod protection;
mod refresh;
mod spot;
mod warming;
mod zones;

use queuelab::language::NoFiles;
use queuelab::record::Tape;
use queuelab::scenario::Scenario;
use queuelab::wire::Purpose;

const SEED: u64 = 11;

fn load(text: &str) -> Result<Scenario, String> {
    Scenario::load("life.yaml", text.as_bytes(), &[], &NoFiles).map_err(|error| error.to_string())
}

/// Runs a scenario on an ideal day, as in the tests of fleets.
fn run(rest: &str) -> Tape {
    let text = format!(
        "name: life
api_latency: none
assumptions:
  duplicate_probability: 0
  ordering_jitter: 0s
  metric_delay: 0s
  alarm_action_delay: 0s
{rest}"
    );
    let scenario = load(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    scenario.run_with(SEED, 0, &mut |_| true).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A group of which nothing is asked but what its keys say: launches take 20 s, terminations 30 s, and one message of
/// `processing` each comes at 30 s, `messages` of them.
fn group_with_work(messages: u32, processing: &str, keys: &str, seconds: u32) -> String {
    let keys = keys.lines().fold(String::new(), |text, line| text + &format!("      {line}\n"));
    format!(
        "duration: {seconds}s
queues: {{ q: {{ visibility_timeout: 300s, receive_message_wait_time: 20s }} }}
producers:
  p: {{ publishes_to: {{ queue: q }}, arrivals: {{ bursts: [{{ at: 30s, messages: {messages} }}] }} }}
consumers:
  w:
    receives_from: {{ queue: q }}
    processing_time: {processing}
    auto_scaling_group:
      launch_time: 20s
      termination_time: 30s
{keys}"
    )
}

fn group(keys: &str, seconds: u32) -> String {
    group_with_work(0, "1s", keys, seconds)
}

/// The same, with a policy that changes the desired capacity once, at [`acts_at`].
fn changing(group: &str, by: i32) -> String {
    format!(
        "{group}      policies:
        - simple_scaling: {{ alarm: always, adjustment_type: ChangeInCapacity, scaling_adjustment: {by}, cooldown: 100h }}
alarms:
  always:
    metric: {{ queue: q, name: ApproximateNumberOfMessagesVisible }}
    threshold: 0
    comparison_operator: GreaterThanOrEqualToThreshold
"
    )
}

/// When the policy acts: the first evaluation that sees a whole minute.
fn acts_at() -> u64 {
    let phase = Purpose::AlarmPhase.stream(SEED, 0, "alarm", "always").below(60);
    assert!(phase > 0, "at second 0 it is open whether an alarm sees the minute that just ended");
    60 + phase
}

fn value(tape: &Tape, name: &str, metric: &str, statistic: &str) -> f64 {
    tape.value(name, metric, statistic).unwrap_or_else(|| panic!("no {name}.{metric} {statistic}"))
}

fn count(tape: &Tape, name: &str, metric: &str) -> u64 {
    value(tape, name, metric, "sum") as u64
}

/// A level times the seconds it lasted.
fn area(tape: &Tape, metric: &str) -> f64 {
    value(tape, "w", metric, "mean") * tape.header.duration.as_seconds_f64()
}

fn check_close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() < 1e-6, "{what}: {found} is not {expected}");
}

/// The states of an instance: seconds and AWS's name.
fn states(tape: &Tape, instance: u64) -> Vec<(u64, &'static str)> {
    let changes = tape.instances.iter().filter(|change| change.instance == instance);
    changes.map(|change| (change.time.as_nanos() / 1_000_000_000, change.state)).collect()
}

/// When an instance came into a state for the first time.
fn since(tape: &Tape, instance: u64, name: &str) -> Option<u64> {
    states(tape, instance).iter().find(|state| state.1 == name).map(|state| state.0)
}

/// The zones instances were launched in, in the order of their launches.
fn zones(tape: &Tape) -> String {
    let mut zones = Vec::new();
    for change in &tape.instances {
        if change.instance as usize > zones.len() {
            zones.push(char::from(b'a' + change.zone));
        }
    }
    zones.into_iter().collect()
}

/// Activities of the group: second, status, desired capacity after.
fn activities(tape: &Tape) -> Vec<(u64, &'static str, u32)> {
    let all = tape.activities.iter();
    all.map(|one| (one.time.as_nanos() / 1_000_000_000, one.status, one.new_desired)).collect()
}
