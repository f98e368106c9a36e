//! Results of windows are exact on a scripted stream.

use super::{ONE, app, puts, run, sum, value, wanted, windows};
use queuelab::record::Tape;

const BY_KEY: &str = "{ key_by: partition_key }";
const FIVE: &str = ", watermarks: { bounded_out_of_orderness: 5s }";

#[test]
fn a_tumbling_window_counts_events_by_when_they_happened() {
    let operators = format!("{BY_KEY}, {{ window: {{ tumbling: {{ size: 1m }} }} }}");
    // The record of 65 s brings the watermark to the end of the first minute; that of 64.999 s does not.
    let records = [
        (1.0, 0.0, "a"),
        (2.0, 59.999, "a"),
        (3.0, 3.0, "b"),
        (61.0, 60.0, "a"),
        (66.0, 64.999, "a"),
        (80.0, 30.0, "b"),
        (90.0, 65.0, "b"),
        (100.0, 10.0, "a"),
        (200.0, 190.0, "a"),
    ];
    let tape = run(&format!("{ONE}{}{}", app(&operators, FIVE), puts(&records)));
    let first = [("a", 0, 60, 2), ("b", 0, 60, 2), ("a", 60, 120, 2), ("b", 60, 120, 1)];
    assert_eq!(windows(&tape), wanted(&first));
    assert_eq!(sum(&tape, "records_late_dropped"), 1, "the record that came at 100 s");
    let fired = tape.window_results[0].time.as_seconds_f64();
    assert!((90.0..90.7).contains(&fired), "at the next watermark after 90 s: {fired}");
}

/// Puts records with this JSON on the stream `s`, one a second, and one a minute later.
fn says(records: &[&str]) -> String {
    let step = |(at, data): (usize, &&str)| {
        format!(
            "      - {{ at: {at}s, put_record: {{ stream: s, data: '{data}', partition_key: k, event_time: {at}s }} }}\n"
        )
    };
    let steps: String = (1..).zip(records).chain([(70, &"{}")]).map(step).collect();
    format!("clients:\n  c:\n    script:\n{steps}")
}

#[test]
fn records_are_filtered_grouped_and_summed_by_what_they_say() {
    let records = [
        r#"{"at":{"country":"de"},"amount":5}"#,
        r#"{"at":{"country":"fr"},"amount":7.5}"#,
        r#"{"at":{"country":"de"},"amount":10}"#,
        r#"{"at":{"country":"it"},"amount":1}"#,
        r#"{"at":{"country":"de"}}"#,
        r#"{"amount":2}"#,
        "no JSON",
    ];
    let window = "{ window: { tumbling: { size: 1m }, aggregate: sum, value: amount } }";
    let of = |operators: &str| {
        let lines = ONE.replace("s: {}", "s: {}, out: {}");
        let sinks = ", sinks: [ { stream: out } ]";
        run(&format!("{lines}{}{}", app(&format!("{operators}, {window}"), sinks), says(&records)))
    };
    let sums = |tape: &Tape| -> Vec<(String, f64)> {
        tape.window_results.iter().map(|one| (one.key.clone(), one.sum)).collect()
    };
    let wanted = |all: &[(&str, f64)]| -> Vec<(String, f64)> {
        all.iter().map(|(key, sum)| ((*key).to_owned(), *sum)).collect()
    };
    let by_country = of("{ key_by: { body: at.country } }");
    assert_eq!(sums(&by_country), wanted(&[("de", 15.0), ("fr", 7.5), ("it", 1.0), ("", 2.0)]));
    assert_eq!(sum(&by_country, "records_filtered"), 3, "those without an amount");
    // Each result has 100 bytes of data and its key.
    assert_eq!(value(&by_country, "out", "incoming_bytes", "sum"), 406.0);
    let large = of("{ filter: { pattern: { amount: [{ numeric: [\">\", 2] }] } } }, { key_by: nothing }");
    assert_eq!(sums(&large), wanted(&[("", 22.5)]));
}

#[test]
fn a_late_record_corrects_a_result_within_the_allowed_lateness() {
    let window = |more: &str| format!("{BY_KEY}, {{ window: {{ tumbling: {{ size: 1m }}{more} }} }}");
    let records = [(1.0, 1.0, "a"), (65.0, 65.0, "a"), (70.0, 5.0, "a"), (95.0, 95.0, "a"), (99.0, 6.0, "a")];
    let lines = |more: &str| format!("{ONE}{}{}", app(&window(more), FIVE), puts(&records));
    let strict = run(&lines(""));
    assert_eq!(windows(&strict), wanted(&[("a", 0, 60, 1)]));
    assert_eq!(sum(&strict, "records_late_dropped"), 2);
    let lenient = run(&lines(", allowed_lateness: 30s"));
    // At 95 s the watermark is at 90 s, where the window and its lateness are over.
    assert_eq!(windows(&lenient), wanted(&[("a", 0, 60, 1), ("a", 0, 60, 2)]));
    assert!(lenient.window_results[1].is_late);
    assert_eq!((sum(&lenient, "records_late_dropped"), sum(&lenient, "window_corrections")), (1, 1));
}

#[test]
fn late_records_can_go_to_a_side_output() {
    let operators = "{ window: { tumbling: { size: 1m } } }";
    let records = [(1.0, 1.0, "a"), (61.0, 61.0, "a"), (70.0, 5.0, "a"), (71.0, 6.0, "b")];
    let lines = ONE.replace("s: {}", "s: {}, late: {}");
    let more = ", late_data: { stream: late, time_in_buffer: 0s }";
    let tape = run(&format!("{lines}{}{}", app(operators, more), puts(&records)));
    assert_eq!((sum(&tape, "records_late_dropped"), sum(&tape, "records_late_side_output")), (0, 2));
    assert_eq!(value(&tape, "late", "incoming_records", "sum") as u64, 2);
}

#[test]
fn sliding_windows_overlap_and_sessions_merge() {
    let records = [(1.0, 10.0, "a"), (2.0, 25.0, "a"), (3.0, 50.0, "a"), (4.0, 200.0, "a")];
    let sliding = "{ window: { sliding: { size: 40s, slide: 20s } } }";
    let tape = run(&format!("{ONE}{}{}", app(sliding, ""), puts(&records)));
    let all = [("", -20, 20, 1), ("", 0, 40, 2), ("", 20, 60, 2), ("", 40, 80, 1)];
    assert_eq!(windows(&tape), wanted(&all));
    let session = format!("{BY_KEY}, {{ window: {{ session: {{ gap: 20s }} }} }}");
    let tape = run(&format!("{ONE}{}{}", app(&session, ""), puts(&records)));
    assert_eq!(windows(&tape), wanted(&[("a", 10, 45, 2), ("a", 50, 70, 1)]));
}

#[test]
fn windows_start_at_multiples_since_1970_unless_they_are_moved() {
    let records = [(1.0, 1.0, "a"), (40.0, 40.0, "a"), (200.0, 200.0, "a")];
    let lines = "start: 2026-01-01T00:00:20Z\n";
    let window = |offset: &str| format!("{{ window: {{ tumbling: {{ size: 1m{offset} }} }} }}");
    let tape = run(&format!("{lines}{ONE}{}{}", app(&window(""), ""), puts(&records)));
    assert_eq!(windows(&tape), wanted(&[("", -20, 40, 1), ("", 40, 100, 1)]));
    let tape = run(&format!("{lines}{ONE}{}{}", app(&window(", offset: 20s"), ""), puts(&records)));
    assert_eq!(windows(&tape), wanted(&[("", 0, 60, 2)]));
}

#[test]
fn windows_of_processing_time_end_by_the_clock() {
    let operators = "{ window: { tumbling: { size: 1m }, time: processing_time } }";
    // When the events happened does not matter.
    let records = [(10.0, 300.0, "a"), (50.0, 0.0, "a"), (61.0, 0.0, "a")];
    let tape = run(&format!("{ONE}{}{}", app(operators, ""), puts(&records)));
    assert_eq!(windows(&tape), wanted(&[("", 0, 60, 2), ("", 60, 120, 1)]));
    let times: Vec<f64> = tape.window_results.iter().map(|one| one.time.as_seconds_f64()).collect();
    assert_eq!(times, [60.0, 120.0]);
}

#[test]
fn an_empty_shard_holds_the_watermark_back_until_it_is_idle() {
    let lines = "duration: 10m\nstreams: { s: { shards: 2 } }\n";
    let operators = "{ window: { tumbling: { size: 1m } } }";
    // All of one key, hence of one shard.
    let records = [(1.0, 1.0, "user-1"), (61.0, 61.0, "user-1"), (130.0, 130.0, "user-1")];
    let stuck = run(&format!("{lines}{}{}", app(operators, ""), puts(&records)));
    assert!(stuck.window_results.is_empty());
    assert_eq!(value(&stuck, "app", "state_entries", "last"), 3.0);
    let idle = ", watermarks: { idleness: 30s }";
    let tape = run(&format!("{lines}{}{}", app(operators, idle), puts(&records)));
    assert_eq!(windows(&tape), wanted(&[("", 0, 60, 1), ("", 60, 120, 1)]));
    // In one shard of its own nobody is empty.
    let tape = run(&format!("{ONE}{}{}", app(operators, ""), puts(&records)));
    assert_eq!(windows(&tape).len(), 2);
}

#[test]
fn operators_are_chained() {
    // Counts by minute and key, of half-sized records of two of three keys; then the largest count of two minutes.
    let operators = "{ map: { size_ratio: 0.5 } }, { filter: { partition_keys: [a, b], maximum: 5 } }, { key_by: partition_key }, \
        { window: { tumbling: { size: 1m } } }, { filter: { minimum: 2 } }, { key_by: nothing }, \
        { window: { tumbling: { size: 2m }, aggregate: maximum } }";
    let records = [
        (1.0, 1.0, "a"),
        (2.0, 2.0, "a"),
        (3.0, 3.0, "c"),
        (4.0, 4.0, "b"),
        (61.0, 61.0, "b"),
        (62.0, 62.0, "b"),
        (63.0, 63.0, "b"),
        (130.0, 130.0, "a"),
    ];
    let tape = run(&format!("{ONE}{}{}", app(operators, ""), puts(&records)));
    let first = [("a", 0, 60, 2), ("b", 0, 60, 1), ("b", 60, 120, 3), ("", 0, 120, 2)];
    assert_eq!(windows(&tape), wanted(&first));
    let last = &tape.window_results[3];
    assert_eq!((last.minimum, last.maximum, last.operator), (2.0, 3.0, 6));
    assert_eq!((sum(&tape, "records_filtered"), sum(&tape, "records_aggregated")), (1, 7));
    assert_eq!(sum(&tape, "records_out"), 1);
}

#[test]
fn aggregates_are_of_the_bytes_of_records() {
    // The sizes in the script have a byte of the key.
    let lines = ONE.replace("s: {}", "s: {}, out: {}");
    for (aggregate, body) in
        [("count", "2"), ("sum", "398"), ("minimum", "99"), ("maximum", "299"), ("average", "199")]
    {
        let window =
            format!("{{ window: {{ tumbling: {{ size: 1m }}, aggregate: {aggregate}, result_size: 50B }} }}");
        let script = "clients:\n  c:\n    script:\n\
            \x20     - { at: 1s, put_records: { stream: s, records: [ { data: x, partition_key: k, size: 100B }, { data: y, partition_key: k, size: 300B } ] } }\n\
            \x20     - { at: 70s, put_record: { stream: s, data: z, partition_key: k } }\n\
            \x20     - { at: 90s, get_shard_iterator: { stream: out, as: i } }\n\
            \x20     - { at: 91s, get_records: { stream: out, iterator: i }, expect: { bodies: [BODY] } }\n";
        let script = script.replace("BODY", &format!("\"{body}\""));
        let tape = run(&format!("{lines}{}{script}", app(&window, ", sinks: [ { stream: out } ]")));
        assert!(tape.expectations.iter().all(|one| one.passed), "{aggregate}: {:?}", tape.expectations);
        assert_eq!(value(&tape, "out", "incoming_bytes", "sum"), 50.0);
    }
}

#[test]
fn a_record_between_windows_is_in_none() {
    let operators = "{ window: { sliding: { size: 10s, slide: 1m } } }";
    let records = [(1.0, 5.0, "a"), (2.0, 30.0, "a"), (70.0, 65.0, "a")];
    let tape = run(&format!("{ONE}{}{}", app(operators, ""), puts(&records)));
    assert_eq!((sum(&tape, "records_outside_windows"), sum(&tape, "records_aggregated")), (1, 2));
    assert_eq!(windows(&tape), wanted(&[("", 0, 10, 1)]));
}

#[test]
fn events_of_a_producer_may_have_happened_earlier() {
    let producer = "producers:\n  p:\n    publishes_to: { stream: s }\n    arrivals: { constant: { rate: 1/s } }\n    \
        message: { size: 10B, partition_key: k, event_delay: { mixture: [ { weight: 9, distribution: 0s }, { weight: 1, distribution: 20s } ] } }\n";
    let window = "{ window: { tumbling: { size: 1m } } }";
    let of = |bound: &str| {
        run(&format!(
            "{ONE}{producer}{}",
            app(window, &format!(", watermarks: {{ bounded_out_of_orderness: {bound} }}"))
        ))
    };
    let (strict, patient) = (of("0s"), of("20s"));
    assert!(sum(&strict, "records_late_dropped") > 0);
    assert_eq!(sum(&patient, "records_late_dropped"), 0);
    // Whoever waits long enough has all of them: sixty a minute, when the first minutes are left out.
    let counts: Vec<u64> = windows(&patient).iter().skip(1).map(|one| one.3).collect();
    assert!(counts.iter().sum::<u64>() > 470, "{counts:?}");
}

#[test]
fn children_of_a_split_shard_are_read_after_their_parent() {
    let lines =
        "duration: 10m\nstreams: { s: { changes: [ { at: 2m, call: { split_shard: { shard: 0 } } } ] } }\n";
    let producer = "producers:\n  p:\n    publishes_to: { stream: s }\n    arrivals: { constant: { rate: 10/s } }\n    \
        message: { size: 10B, partition_key: random }\n";
    let window = "{ window: { tumbling: { size: 1m } } }";
    for retrieval in ["polling", "enhanced_fan_out"] {
        let more = format!(", retrieval: {retrieval}, watermarks: {{ bounded_out_of_orderness: 2s }}");
        let tape = run(&format!("{lines}{producer}{}", app(window, &more)));
        let counts: Vec<u64> = windows(&tape).iter().map(|one| one.3).collect();
        assert_eq!(counts[1..], [600; 8], "{retrieval}");
        assert_eq!(sum(&tape, "records_late_dropped"), 0, "{retrieval}");
    }
}
