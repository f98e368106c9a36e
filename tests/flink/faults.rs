//! Failures, restarts, stops: state is exact, sinks get things at least once.

use super::{ONE, app, run, sum, value};
use queuelab::record::Tape;
use std::collections::BTreeMap;

const WINDOW: &str = "{ key_by: partition_key }, { window: { tumbling: { size: 1m } } }";

fn producer(rate: &str) -> String {
    format!(
        "producers:\n  p:\n    publishes_to: {{ stream: s }}\n    arrivals: {{ constant: {{ rate: {rate} }} }}\n    \
         message: {{ size: 10B, partition_key: {{ uniform: 5 }} }}\n"
    )
}

fn lines() -> String {
    ONE.replace("s: {}", "s: {}, out: {}") + &producer("10/s")
}

/// The last result of each window.
fn last(tape: &Tape) -> BTreeMap<(String, i64), u64> {
    let results = tape.window_results.iter();
    results.map(|one| ((one.key.clone(), one.start_unix_millis), one.count)).collect()
}

const SINK: &str = ", sinks: [ { stream: out } ], watermarks: { bounded_out_of_orderness: 5s }";

#[test]
fn a_failure_repeats_results_and_changes_none() {
    let well = run(&format!("{}{}", lines(), app(WINDOW, SINK)));
    // Half a minute after a checkpoint, and a while after the windows of the fourth minute have fired.
    let more = format!("{SINK}, failures: [ {{ at: 4m20s }} ]");
    let tape = run(&format!("{}{}", lines(), app(WINDOW, &more)));
    assert_eq!(last(&tape), last(&well), "windows are exact in spite of the failure");
    assert_eq!(value(&tape, "app", "full_restarts", "last"), 1.0);
    let replayed = sum(&tape, "records_replayed");
    assert!((150..=260).contains(&replayed), "those since the checkpoint at 4m: {replayed}");
    assert_eq!(
        sum(&tape, "results_repeated"),
        5,
        "the windows of five keys, fired between checkpoint and failure"
    );
    let sent = |tape: &Tape| value(tape, "out", "incoming_records", "sum") as u64;
    assert_eq!(sent(&tape), sent(&well) + 5, "the sink gets them twice");
    assert!(tape.window_results.iter().filter(|one| one.is_repeated).count() == 5);
}

#[test]
fn a_job_is_down_for_ten_seconds_and_the_time_its_state_takes() {
    let more = ", failures: [ { at: 4m40s } ]";
    let tape = run(&format!("{}{}", lines(), app(WINDOW, more)));
    assert_eq!(value(&tape, "app", "uptime", "last").round(), 310_000.0, "restarted at 4m50s");
    let slow = "assumptions: { flink_state_size: 1MiB, flink_state_throughput: 1MiB }\n";
    let tape = run(&format!("{slow}{}{}", lines(), app(WINDOW, more)));
    let uptime = value(&tape, "app", "uptime", "last");
    assert!(uptime < 306_000.0, "windows of five keys take five seconds and more: {uptime}");
}

#[test]
fn without_checkpoints_the_state_is_lost_and_reading_begins_anew() {
    let more = ", checkpoints: { enabled: false }, starting_position: latest, failures: [ { at: 4m40s } ]";
    let tape = run(&format!("{}{}", lines(), app(WINDOW, more)));
    assert_eq!(sum(&tape, "records_replayed"), 0);
    let all: u64 = last(&tape).values().sum();
    let well = run(&format!("{}{}", lines(), app(WINDOW, ", starting_position: latest")));
    let lost = last(&well).values().sum::<u64>() - all;
    // Forty seconds of the fifth minute, and the ten seconds in which nobody read.
    assert!((480..=520).contains(&lost), "{lost}");
    // From the oldest record on all is read again.
    let more = more.replace("latest", "trim_horizon");
    let tape = run(&format!("{}{}", lines(), app(WINDOW, &more)));
    assert!(sum(&tape, "records_replayed") > 2_700);
    assert_eq!(last(&tape).values().sum::<u64>(), last(&well).values().sum::<u64>());
}

#[test]
fn checkpoints_come_every_minute_and_five_seconds_after_the_last_one() {
    let tape = run(&format!("{}{}", lines(), app(WINDOW, "")));
    assert_eq!(sum(&tape, "checkpoints"), 9);
    assert_eq!(value(&tape, "app", "last_checkpoint_duration", "last").round(), 500.0);
    // One that takes 58 s is followed five seconds after its end: every 63 s.
    let slow = "assumptions: { flink_checkpoint_overhead: 58s }\n";
    let tape = run(&format!("{slow}{}{}", lines(), app(WINDOW, "")));
    assert_eq!(sum(&tape, "checkpoints"), 8);
    // One that takes longer than its timeout fails, and so does one that a failure cuts off.
    let more = ", checkpoints: { timeout: 30s }, failures: [ { at: 4m30s } ]";
    let tape = run(&format!("{slow}{}{}", lines(), app(WINDOW, more)));
    assert_eq!(
        (sum(&tape, "checkpoints"), value(&tape, "app", "failed_checkpoints", "max") > 3.0),
        (0, true)
    );
}

#[test]
fn a_stop_takes_a_snapshot_unless_it_is_forced() {
    let stop = |more: &str| {
        let more = format!("{SINK}, stops: [ {{ at: 4m30s, down_for: 1m{more} }} ]");
        run(&format!("{}{}", lines(), app(WINDOW, &more)))
    };
    let well = run(&format!("{}{}", lines(), app(WINDOW, SINK)));
    let kept = stop("");
    assert_eq!(last(&kept), last(&well));
    assert_eq!((sum(&kept, "records_replayed"), sum(&kept, "results_repeated")), (0, 0));
    assert_eq!(value(&kept, "app", "kpus", "min"), 0.0);
    let forced = stop(", force: true");
    assert!(sum(&forced, "records_replayed") > 2_000, "it begins anew, at the oldest record");
}

#[test]
fn an_update_goes_on_from_a_snapshot_with_another_parallelism() {
    let well = run(&format!("{}{}", lines(), app(WINDOW, SINK)));
    let more = format!("{SINK}, updates: [ {{ at: 4m30s, parallelism: 3 }} ]");
    let tape = run(&format!("{}{}", lines(), app(WINDOW, &more)));
    assert_eq!(last(&tape), last(&well));
    assert_eq!(value(&tape, "app", "parallelism", "last"), 3.0);
    assert_eq!((sum(&tape, "results_repeated"), value(&tape, "app", "full_restarts", "last")), (0, 1.0));
    let more = format!("{more}, snapshots: false");
    let tape = run(&format!("{}{}", lines(), app(WINDOW, &more)));
    assert!(sum(&tape, "records_replayed") > 2_000);
}

#[test]
fn a_poison_record_fails_the_job_again_and_again() {
    let text = |more: &str| {
        let head = "duration: 10m\nstreams: { s: {} }\n";
        let producers = "producers:\n  p:\n    publishes_to: { stream: s }\n    arrivals: { constant: { rate: 1/m } }\n    message: { size: 10B, partition_key: k, poison_rate: 100% }\n";
        format!("{head}{producers}{}", app(WINDOW, more))
    };
    let tape = run(&text(""));
    let restarts = value(&tape, "app", "full_restarts", "last");
    assert!(restarts > 20.0, "each restart comes back to the record: {restarts}");
    assert_eq!(sum(&tape, "records_aggregated"), 0);
    let tape = run(&text(", on_poison_record: drop"));
    assert_eq!((value(&tape, "app", "full_restarts", "last"), sum(&tape, "records_failed") > 7), (0.0, true));
}
