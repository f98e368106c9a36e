//! The same scenario and the same seed give the same bytes, whatever else happens on the machine or in the scenario.

use queuelab::language::NoFiles;
use queuelab::record::{SummaryRow, Tape};
use queuelab::report::{Options, write};
use queuelab::scenario::Scenario;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Something of everything: batches, delays, poison, copies, forwarding, crashes, heartbeats, scaling, alarms.
const EVERYTHING: &str = r#"
name: everything
seed: 42
duration: 40m
warm_up: 5m
assumptions: { duplicate_probability: 5%, duplicate_delay: { uniform: [1s, 60s] } }
queues:
  first:
    visibility_timeout: 20s
    receive_message_wait_time: 5s
    redrive_policy: { dead_letter_queue: dead, max_receive_count: 2 }
  second: { delay: 2s, message_retention_period: 90s }
  dead: { message_retention_period: 14d }
producers:
  steady:
    publishes_to: { queue: first }
    arrivals: { poisson: { rate: 8/s } }
    message: { size: { lognormal: { mean: 20KiB, p95: 60KiB } }, poison_rate: 2%, attributes: { n: { uniform: [1, 9] } } }
    batching: { max_entries: 4, linger: 300ms }
  wave:
    publishes_to: { queue: second }
    arrivals: { on_off: { on_rate: 20/s, mean_on: 30s, mean_off: 60s } }
    message: { delay: { uniform: [0s, 8s] } }
consumers:
  workers:
    receives_from: { queue: first }
    batch_size: 5
    threads: 2
    processing_time: { gamma: { shape: 2, mean: 700ms } }
    failure_rate: 3%
    heartbeat: { interval: 8s, visibility_timeout: 20s }
    forwards_to: { queue: second, share: 40% }
    crashes: { mean_time_between: 6m, restart_time: 10s }
    auto_scaling_group:
      min_size: 1
      max_size: 6
      launch_time: { normal: { mean: 40s, standard_deviation: 10s } }
      policies: [ { target_tracking: { metric: backlog_per_instance, target_value: 20 } } ]
  others:
    receives_from: { queue: second }
    batch_size: 10
    pause_after_empty_receive: 1s
    processing_time: { exponential: { mean: 300ms } }
    delete: whole_batch
    on_failure: make_visible_again
    failure_rate: 5%
    instances: 3
alarms:
  much: { metric: { queue: second, name: ApproximateNumberOfMessagesVisible }, threshold: 40 }
expect:
  workers.end_to_end_latency: ["p99 < 30m"]
"#;

/// Things nobody else in the scenario has to do with, by the section they go to.
const STRANGERS: [(&str, &str); 3] = [
    ("queues", "  aside: { visibility_timeout: 5s }\n"),
    (
        "producers",
        "  stranger: { publishes_to: { queue: aside }, arrivals: { poisson: { rate: 3/s } }, \
         message: { attributes: { a: x, b: y } } }\n",
    ),
    (
        "consumers",
        "  lonely: { receives_from: { queue: aside }, processing_time: { exponential: { mean: 1s } }, \
         failure_rate: 10% }\n",
    ),
];

fn scenario(text: &str, sets: &[&str]) -> Scenario {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    Scenario::load("determinism.yaml", text.as_bytes(), &sets, &NoFiles)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn play(scenario: &Scenario, seed: u64) -> Tape {
    scenario.run_with(seed, 0, &mut |_| true).expect("the run balances")
}

/// Every file of a report with its bytes.
fn report(tape: &Tape, charts: bool) -> BTreeMap<String, Vec<u8>> {
    let place = tempfile::tempdir().expect("a temporary folder");
    let folder = place.path().join("report");
    let written = write(tape, &folder, &Options { charts }).expect("the report can be written");
    let read = |path: &Path| {
        let name = path.strip_prefix(&folder).expect("a file of the report").display().to_string();
        (name, fs::read(path).expect("the file can be read"))
    };
    let files: BTreeMap<_, _> = written.iter().map(|path| read(path)).collect();
    assert!(files.len() >= if charts { 12 } else { 7 }, "{:?}", files.keys());
    files
}

fn differing(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let names = one.keys().chain(other.keys());
    let mut names: Vec<String> = names.filter(|name| one.get(*name) != other.get(*name)).cloned().collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let first = report(&play(&scenario(EVERYTHING, &[]), 42), true);
    let again = report(&play(&scenario(EVERYTHING, &[]), 42), true);
    assert_eq!(differing(&first, &again), Vec::<String>::new());
    let other = report(&play(&scenario(EVERYTHING, &[]), 43), true);
    let differ = differing(&first, &other);
    for name in ["summary.csv", "metrics.csv", "ledger.csv", "scaling_activities.csv", "manifest.json"] {
        assert!(differ.iter().any(|other| other == name), "{name} is the same with another seed: {differ:?}");
    }
    assert!(differ.iter().any(|name| name.contains("charts/")), "{differ:?}");
}

#[test]
fn replications_of_a_seed_differ() {
    let scenario = scenario(EVERYTHING, &[]);
    let replication =
        |number| scenario.run_with(42, number, &mut |_| true).expect("the run balances").summary;
    assert_ne!(replication(0), replication(1));
    assert_eq!(replication(1), replication(1));
}

#[test]
fn tables_are_the_same_with_and_without_charts() {
    let tape = play(&scenario(EVERYTHING, &[]), 42);
    let (with, without) = (report(&tape, true), report(&tape, false));
    for (name, bytes) in without.iter().filter(|(name, _)| *name != "manifest.json") {
        assert_eq!(with.get(name), Some(bytes), "{name}");
    }
    let more: Vec<&String> = with.keys().filter(|name| !without.contains_key(*name)).collect();
    assert!(
        !more.is_empty() && more.iter().all(|name| name.starts_with("charts/") || **name == "report.html"),
        "{more:?}"
    );
}

#[test]
fn many_threads_at_once_give_what_one_gives() {
    let scenario = scenario(EVERYTHING, &[]);
    let seeds: Vec<u64> = (0..6).collect();
    let alone: Vec<String> = seeds.iter().map(|seed| format!("{:?}", play(&scenario, *seed))).collect();
    let together: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> =
            seeds.iter().map(|seed| scope.spawn(|| format!("{:?}", play(&scenario, *seed)))).collect();
        runs.into_iter().map(|run| run.join().expect("no run panics")).collect()
    });
    for (seed, (one, other)) in seeds.iter().zip(alone.iter().zip(&together)) {
        assert!(one == other, "seed {seed} differs between one thread and many");
    }
    assert!(alone[0] != alone[1], "seeds matter");
}

/// Summary rows about entities of [`EVERYTHING`].
fn known_summary(tape: &Tape) -> Vec<&SummaryRow> {
    let known = |row: &&SummaryRow| row.kind != "run" && !is_stranger(&row.name);
    tape.summary.iter().filter(known).collect()
}

fn is_stranger(name: &str) -> bool {
    matches!(name, "aside" | "stranger" | "lonely")
}

/// Everything about known entities must be the same in both tapes.
fn assert_undisturbed(one: &Tape, other: &Tape, what: &str) {
    let (summary, disturbed) = (known_summary(one), known_summary(other));
    assert!(summary.len() > 200, "{} rows", summary.len());
    for (row, disturbed) in summary.iter().zip(&disturbed) {
        assert_eq!(row, disturbed, "{what}");
    }
    assert_eq!(summary.len(), disturbed.len(), "{what}");
    let ledger = |tape: &Tape| -> Vec<_> {
        let rows = tape.ledger.rows().iter();
        rows.filter(|row| row.kind != "run" && !is_stranger(&row.name)).cloned().collect()
    };
    assert_eq!(ledger(one), ledger(other), "{what}");
    let metrics = |tape: &Tape| -> Vec<String> {
        let series = tape.metrics.iter().filter(|series| !is_stranger(&series.name));
        series.map(|series| format!("{series:?}")).collect()
    };
    assert!(metrics(one) == metrics(other), "metrics differ: {what}");
    assert_eq!(one.alarms, other.alarms, "{what}");
    assert_eq!(one.activities, other.activities, "{what}");
    assert!(!one.alarms.is_empty() && !one.activities.is_empty(), "the scenario shows alarms and activities");
}

#[test]
fn strangers_disturb_nobody() {
    let alone = play(&scenario(EVERYTHING, &[]), 42);
    for many in 2..=STRANGERS.len() {
        for last in [false, true] {
            let mut text = EVERYTHING.to_owned();
            for (section, stranger) in &STRANGERS[..many] {
                let header = format!("\n{section}:\n");
                let begins = text.find(&header).expect("the section exists") + header.len();
                let length = text[begins..]
                    .match_indices('\n')
                    .map(|(at, _)| at + 1)
                    .find(|at| text[begins + at..].starts_with(|c: char| c.is_ascii_lowercase()));
                let at = if last { begins + length.expect("another section follows") } else { begins };
                text.insert_str(at, stranger);
            }
            let tape = play(&scenario(&text, &[]), 42);
            assert!(tape.value("aside", "messages_sent", "sum").is_some_and(|sent| sent > 1000.0));
            assert_undisturbed(&alone, &tape, &format!("{many} strangers, last: {last}"));
        }
    }
}

#[test]
fn settings_of_one_thing_leave_the_rest_alone() {
    let alone = play(&scenario(EVERYTHING, &[]), 42);
    // Nothing is ever received from the dead-letter queue, and descriptions and prices are not simulated.
    for set in [
        "queues.dead.visibility_timeout=77s",
        "description=another",
        "prices={}",
        "consumers.others.instance_type=t3.small",
    ] {
        let tape = play(&scenario(EVERYTHING, &[set]), 42);
        assert_ne!(alone.header.scenario_hash, tape.header.scenario_hash, "{set} is part of what was run");
        let but_money = |tape: &Tape| -> Vec<SummaryRow> {
            tape.summary.iter().filter(|row| row.metric != "estimated_cost").cloned().collect()
        };
        assert_eq!(but_money(&alone), but_money(&tape), "{set}");
        assert_eq!(alone.ledger.rows(), tape.ledger.rows(), "{set}");
        assert_eq!(alone.activities, tape.activities, "{set}");
    }
}

#[test]
fn what_comes_later_does_not_change_what_came_before() {
    // The same ten minutes, whether the run goes on afterwards or not.
    let (short, long) =
        (play(&scenario(EVERYTHING, &["duration=10m"]), 42), play(&scenario(EVERYTHING, &[]), 42));
    let end = short.header.duration;
    for (one, other) in short.metrics.iter().zip(&long.metrics) {
        assert_eq!(
            (one.kind, &one.name, one.definition.name),
            (other.kind, &other.name, other.definition.name)
        );
        let within: Vec<_> =
            other.datapoints.iter().filter(|point| point.time.since_start() < end).copied().collect();
        // The last minute of the short run ends with the run, before what happens at that very instant.
        let almost = one.datapoints.len().saturating_sub(1);
        assert_eq!(one.datapoints[..almost], within[..almost], "{} {}", one.name, one.definition.name);
    }
}
