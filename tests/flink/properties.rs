//! Random applications: every record is accounted for, failures change no result, and nothing depends on anything but the
//! seed.

use super::load;
use proptest::prelude::*;
use proptest::sample::select;
use queuelab::record::Tape;
use std::collections::BTreeMap;

/// One of some texts.
fn one(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(texts)
}

/// A scenario with `FAULTS` where failures go.
fn scenario(
    windows: &'static [&'static str],
    delays: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let front = one(&["", "{ filter: { share: 60% } }, ", "{ map: { size_ratio: 0.4 } }, "]);
    let key = one(&["", "{ key_by: partition_key }, "]);
    let more = one(&[
        "",
        ", retrieval: enhanced_fan_out",
        ", parallelism: 3, parallelism_per_kpu: 2",
        ", watermarks: { bounded_out_of_orderness: 40s, idleness: 20s }",
    ]);
    let sinks = one(&[
        "",
        ", sinks: [ { stream: out } ]",
        ", sinks: [ { stream: out, time_in_buffer: 0s }, { function: f }, { delivery_stream: d } ]",
    ]);
    let delay = one(delays);
    let shape = (1..12_u32, 2..9_u32, 1..4_u32);
    (front, key, one(windows), (more, sinks), delay, shape).prop_map(
        |(front, key, window, (more, sinks), delay, (rate, minutes, shards))| {
            let window = if key.is_empty() && window.is_empty() { "{ map: {} }" } else { window };
            let marks = if more.contains("watermarks") { "" } else { ", watermarks: { bounded_out_of_orderness: 40s }" };
            let late = if window.contains("window") && sinks.contains("out") { ", late_data: { stream: late }" } else { "" };
            format!(
                "duration: {minutes}m\nstreams: {{ s: {{ shards: {shards}, CHANGES }}, out: {{}}, late: {{}} }}\n\
                 object_stores: {{ lake: {{}} }}\ndelivery_streams: {{ d: {{ destination: {{ s3: {{ bucket: lake }} }} }} }}\nfunctions: {{ f: {{ processing_time: 10ms }} }}\n\
                 producers:\n  p:\n    publishes_to: {{ stream: s }}\n    arrivals: {{ poisson: {{ rate: {rate}/s }} }}\n    \
                 message: {{ size: {{ uniform: [1B, 2KiB] }}, partition_key: {{ uniform: 7 }}, event_delay: {delay} }}\n\
                 flink_applications:\n  app: {{ reads_from: {{ stream: s }}, starting_position: trim_horizon, operators: [ {front}{key}{window} ]{more}{marks}{sinks}{late}FAULTS }}\n"
            )
        },
    )
}

fn play(text: &str) -> Result<Tape, TestCaseError> {
    let scenario = load(text).map_err(|error| TestCaseError::fail(format!("{text}\n{error}")))?;
    scenario.run().map_err(|error| TestCaseError::fail(format!("{text}\n{error}")))
}

/// The last result of each window, with what it says.
fn last(tape: &Tape) -> BTreeMap<(u32, String, i64, i64), (u64, f64)> {
    let results = tape.window_results.iter();
    results
        .map(|one| {
            let place = (one.operator, one.key.clone(), one.start_unix_millis, one.end_unix_millis);
            (place, (one.count, one.sum))
        })
        .collect()
}

const WINDOWS: &[&str] = &[
    "",
    "{ window: { tumbling: { size: 20s } } }",
    "{ window: { sliding: { size: 30s, slide: 7s }, allowed_lateness: 10s, aggregate: sum } }",
    "{ window: { session: { gap: 2s } } }, { key_by: nothing }, { window: { tumbling: { size: 1m }, aggregate: maximum } }",
    "{ window: { tumbling: { size: 13s }, time: processing_time } }",
];

const FAULTS: &[&str] = &[
    "",
    ", mean_time_between_failures: 1m",
    ", failures: [ { at: 61s }, { at: 62s }, { at: 3m } ], checkpoints: { interval: 10s }",
    ", failures: [ { at: 50s } ], checkpoints: { enabled: false }",
    ", stops: [ { at: 1m, down_for: 10s }, { at: 2m, down_for: 1s, force: true } ]",
    ", updates: [ { at: 70s, parallelism: 2 }, { at: 2m } ], snapshots: false",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_record_is_accounted_for(
        text in scenario(WINDOWS, &["0s", "{ exponential: { mean: 10s } }"]),
        faults in one(FAULTS),
        changes in one(&["", "changes: [ { at: 1m, call: { split_shard: { shard: 0 } } } ]"]),
    ) {
        let text = text.replace("FAULTS", faults).replace("CHANGES", changes).replace(", }", " }").replace(",  }", " }");
        let (tape, again) = (play(&text)?, play(&text)?);
        prop_assert_eq!(tape.ledger.rows(), again.ledger.rows());
        prop_assert_eq!(tape.header.events, again.header.events);
        prop_assert_eq!(&tape.window_results, &again.window_results);
        let fate = |fate: &str| tape.ledger.get("flink_application", "app", fate).unwrap_or_default();
        if faults.is_empty() {
            prop_assert_eq!((fate("replayed"), fate("repeated"), fate("abandoned")), (0, 0, 0));
        }
    }

    #[test]
    fn failures_change_no_window_of_event_time(
        text in scenario(&WINDOWS[1..4], &["0s", "{ uniform: [0s, 30s] }"]),
        first in 1..200_u32,
        second in 1..200_u32,
    ) {
        // Nothing is later than the watermarks allow, so what is in a window does not depend on when it is read.
        let text = text.replace(", CHANGES", "").replace(", idleness: 20s", "");
        let faults = format!(", failures: [ {{ at: {first}s }}, {{ at: {second}s }} ], checkpoints: {{ interval: 15s }}");
        let well = last(&play(&text.replace("FAULTS", ""))?);
        let tape = play(&text.replace("FAULTS", &faults))?;
        let hurt = last(&tape);
        // A job that was down at the end may not have come to its last windows.
        for (place, said) in &hurt {
            prop_assert_eq!(Some(said), well.get(place), "{:?}", place);
        }
        prop_assert_eq!(tape.ledger.get("flink_application", "app", "late_dropped"), Some(0));
    }
}
