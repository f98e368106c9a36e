//! What must hold of every scenario, whatever it is: random ones are played and their books are kept a second time.

mod generate;
mod judge;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use queuelab::language::Files;
use queuelab::record::Tape;
use queuelab::scenario::Scenario;
use std::cell::Cell;

/// The only file random scenarios name.
struct Recording;

impl Files for Recording {
    fn read(&self, path: &str) -> Result<String, String> {
        if path == "recording.csv" {
            Ok(generate::RECORDING.to_owned())
        } else {
            Err("no such file".to_owned())
        }
    }
}

/// More events than any of these scenarios should take: beyond it something goes round in circles.
const MOST_EVENTS: u64 = 20_000_000;

fn play(text: &str) -> Result<(Scenario, Tape), String> {
    let scenario =
        Scenario::load("random.yaml", text.as_bytes(), &[], &Recording).map_err(|error| error.to_string())?;
    let tape = scenario
        .run_with(42, 0, &mut |progress| progress.events < MOST_EVENTS)
        .map_err(|error| error.to_string())?;
    Ok((scenario, tape))
}

/// What is set for groups in the text, against what the run shows.
fn sizes(text: &str, tape: &Tape) -> Vec<String> {
    let number = |line: &str, key: &str| -> Option<f64> {
        let rest = &line[line.find(&format!("{key}: "))? + key.len() + 2..];
        rest[..rest.find(|c: char| !c.is_ascii_digit())?].parse().ok()
    };
    let mut faults = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("  c")) {
        let name = &line[2..line.find(':').unwrap_or(2)];
        let fleet = number(line, "instances");
        let (least, most) = (number(line, "min_size").or(fleet), number(line, "max_size").or(fleet));
        let (least, most) = least.zip(most).expect("a group has sizes");
        let value = |metric: &str, statistic: &str| tape.value(name, metric, statistic).unwrap_or(f64::NAN);
        let desired = (value("desired_capacity", "min"), value("desired_capacity", "max"));
        let in_service = value("instances_in_service", "max");
        // An instance refresh may launch replacements first.
        let in_service = if line.contains("max_healthy_percentage") { least } else { in_service };
        if !(desired.0 >= least && desired.1 <= most && in_service <= most) {
            faults.push(format!(
                "{name}: desired {desired:?}, in service {in_service}, sizes {least} to {most}"
            ));
        }
        // With draining instances there may be more threads than the group's greatest size has, but no idle group has any.
        if most == 0.0 && value("threads", "max") > 0.0 {
            faults.push(format!("{name}: {} threads", value("threads", "max")));
        }
    }
    faults
}

/// What must hold of every tape.
pub(crate) use judge::general_faults;

/// Plays so many scenarios of a strategy; `judge` says what is wrong with a tape.
pub(crate) fn hold_worlds(
    cases: u32,
    seed: u64,
    scenarios: &impl Strategy<Value = String>,
    judge: impl Fn(&str, &Tape) -> Vec<String>,
) {
    let config = Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        max_shrink_iters: 300,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(scenarios, |text| {
        let (_, tape) = play(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let faults = judge(&text, &tape);
        if faults.is_empty() {
            return Ok(());
        }
        Err(TestCaseError::fail(format!("{}\n{text}", faults.join("\n"))))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn hold(cases: u32, seed: u64) {
    let tally: [Cell<u32>; 6] = Default::default();
    hold_worlds(cases, seed, &generate::scenario(), |text, tape| {
        let mut faults = judge::faults(tape);
        faults.extend(sizes(text, tape));
        let total =
            |fate: &str| tape.ledger.rows().iter().filter(|row| row.fate == fate).map(|r| r.messages).sum();
        let shown: [u64; 6] = [
            1,
            total("processed"),
            total("dead_letters_in"),
            total("refused"),
            tape.activities.iter().filter(|activity| activity.status == "Successful").count() as u64,
            total("copies_returned"),
        ];
        for (tally, shown) in tally.iter().zip(shown) {
            tally.set(tally.get() + u32::from(shown > 0));
        }
        faults
    });
    // Random scenarios that show nothing would prove nothing.
    let [played, rest @ ..] = tally.map(Cell::into_inner);
    assert_eq!(played, cases);
    for (what, shown) in ["processed", "dead letters", "refusals", "scaling", "copies"].iter().zip(rest) {
        assert!(shown * 30 > cases, "only {shown} of {cases} scenarios show {what}");
    }
}

/// A run with something to falsify in every table.
const LIVELY: &str = "\
name: random
duration: 30m
queues: { q: { visibility_timeout: 30s } }
producers: { p: { publishes_to: { queue: q }, arrivals: { poisson: { rate: 2/s } } } }
consumers:
  c:
    receives_from: { queue: q }
    processing_time: 2s
    failure_rate: 5%
    auto_scaling_group:
      min_size: 1
      max_size: 9
      policies: [ { target_tracking: { metric: backlog_per_instance, target_value: 10 } } ]
";

/// A way to falsify a tape.
type Falsify = fn(&mut Tape);

/// One message more in a row of the ledger.
fn one_more(tape: &mut Tape, fate: &str) {
    let rows = tape.ledger.rows().to_vec();
    tape.ledger = queuelab::record::Ledger::default();
    for row in rows {
        let messages = row.messages + u64::from(row.fate == fate);
        tape.ledger.enter(row.kind, &row.name, &[(row.side, row.fate, messages)]);
    }
}

#[test]
fn falsified_tapes_are_noticed() {
    let (_, tape) = play(LIVELY).expect("it runs");
    assert_eq!(judge::faults(&tape), Vec::<String>::new());
    let falsifications: &[(&str, Falsify)] = &[
        ("sent", |tape| one_more(tape, "sent")),
        ("deleted", |tape| one_more(tape, "deleted")),
        ("dead_letters_in", |tape| one_more(tape, "dead_letters_in")),
        ("received", |tape| one_more(tape, "received")),
        ("processed", |tape| one_more(tape, "processed")),
        ("handed_over", |tape| one_more(tape, "handed_over")),
        ("refused", |tape| one_more(tape, "refused")),
        ("visible", |tape| one_more(tape, "visible")),
        ("a minute", |tape| {
            let sent = tape.metrics.iter_mut().find(|series| series.definition.name == "messages_sent");
            sent.expect("queues count").datapoints[3].sum += 1.0;
        }),
        ("a minute twice", |tape| {
            let points = &mut tape.metrics[0].datapoints;
            points.insert(2, points[2]);
        }),
        ("a level below zero", |tape| tape.series[0].points[5].minimum = -1.0),
        ("a chart's time", |tape| tape.series[0].points.swap(3, 4)),
        ("no number", |tape| tape.summary[0].value = f64::NAN),
        ("a row twice", |tape| tape.summary.push(tape.summary[0].clone())),
        ("alarms' order", |tape| tape.alarms.reverse()),
        ("an alarm's state", |tape| tape.alarms[0].old_state = "ALARM"),
        ("activities' order", |tape| tape.activities.reverse()),
        ("a desired capacity", |tape| tape.activities[1].old_desired += 1),
    ];
    for (what, falsify) in falsifications {
        let mut false_tape = tape.clone();
        falsify(&mut false_tape);
        assert!(!judge::faults(&false_tape).is_empty(), "{what}");
    }
}

/// Scenarios that once failed, as small as they became.
const ONCE_WRONG: &[(&str, &str)] = &[
    (
        "a dead letter older than its new queue's retention period expired in the past",
        "name: a\nduration: 10m\nqueues:\n  q: { visibility_timeout: 1s, redrive_policy: { dead_letter_queue: d, \
         max_receive_count: 2 } }\n  d: { message_retention_period: 60s }\nproducers:\n  p: { publishes_to: { queue: q }, \
         arrivals: { bursts: [ { at: 0s, messages: 100 } ] } }\nconsumers:\n  c: { receives_from: { queue: q }, \
         processing_time: 7s, failure_rate: 100%, instances: 2 }\n",
    ),
    (
        "threads that finished their batches on draining instances were busy but did not exist",
        "name: b\nduration: 10m\nqueues: { q: { visibility_timeout: 10m } }\nproducers:\n  p: { publishes_to: { queue: q }, \
         arrivals: { bursts: [ { at: 0s, messages: 1 } ] } }\nconsumers:\n  c: { receives_from: { queue: q }, \
         processing_time: 5m, auto_scaling_group: { min_size: 0, max_size: 1, desired_capacity: 1, termination: { graceful: \
         { timeout: 10m } }, policies: [ { simple_scaling: { alarm: few, adjustment_type: ExactCapacity, \
         scaling_adjustment: 0 } } ] } }\nalarms:\n  few: { metric: { queue: q, name: messages_visible }, threshold: 9, \
         comparison_operator: LessThanThreshold }\n",
    ),
    (
        "a queue became fair while messages without a group lay beyond those with one",
        "name: c\nduration: 5m\nqueues: { q: { receive_message_wait_time: 20s } }\nproducers:\n  p: { publishes_to: { queue: q }, \
         arrivals: { bursts: [ { at: 0s, messages: 20 } ] } }\n  g: { publishes_to: { queue: q }, message: { message_group_id: t }, \
         arrivals: { bursts: [ { at: 3s, messages: 1 } ] } }\nconsumers:\n  c: { receives_from: { queue: q }, \
         processing_time: 1s, instances: 1 }\n",
    ),
];

#[test]
fn what_was_once_wrong_stays_right() {
    for (what, text) in ONCE_WRONG {
        let (_, tape) = play(text).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(judge::faults(&tape), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn books_balance_and_time_goes_forward() {
    hold(2_000, 1);
}

#[test]
#[ignore = "minutes: run it before a release"]
fn books_balance_and_time_goes_forward_in_thousands_of_scenarios_more() {
    hold(8_000, 2);
}
