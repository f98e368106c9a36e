//! What holds whatever cameras and networks do.

use super::{load, value};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn scenario() -> impl Strategy<Value = String> {
    let outage = (1..400_u32, 1..90_u32);
    let keys = (
        prop_oneof![Just("2s"), Just("{ uniform: [1s, 20s] }"), Just("{ uniform: [500ms, 25s] }")],
        prop_oneof![Just("250kB"), Just("{ uniform: [1kB, 4MB] }")],
        prop_oneof![Just("0s"), Just("{ uniform: [10ms, 900ms] }")],
        prop_oneof![Just("0s"), Just("1h"), Just("24h")],
    );
    let viewer = prop_oneof![
        Just("get_media: earliest"),
        Just("get_media: now"),
        Just("hls: {}"),
        Just("dash: { behind: 1 }"),
        Just("fragment_list: { every: 30s }"),
    ];
    let rest = (1..4_u32, 1..6_u32, prop_oneof![Just("0s"), Just("{ exponential: { mean: 2s } }")], viewer);
    (outage, keys, rest, 30..700_u32).prop_map(|(outage, keys, rest, seconds)| {
        let ((at, lasts), (fragment, rate, latency, retention)) = (outage, keys);
        let (count, viewers, processing, viewer) = rest;
        format!(
            "duration: {seconds}s\nassumptions: {{ video_archival_failures: 2% }}\n\
             video_streams: {{ s: {{ count: {count}, data_retention: {retention} }} }}\n\
             cameras:\n  c:\n    sends_to: {{ video_stream: s }}\n    fragment_duration: {fragment}\n    \
             bytes_per_second: {rate}\n    starts_after: {{ uniform: [0s, 5s] }}\n    \
             uplink:\n      bytes_per_second: 3MB\n      latency: {latency}\n      \
             outages: [{{ at: {at}s, lasts: {lasts}s, share: 50% }}]\n      \
             random_outages: {{ interval: {{ exponential: {{ mean: 200s }} }}, lasts: 7s }}\n\
             video_consumers:\n  v:\n    reads_from: {{ video_stream: s }}\n    retrieval: {{ {viewer} }}\n    \
             viewers: {viewers}\n    processing_time: {processing}\n\
             clients:\n  k:\n    script:\n      - {{ at: {last}s, video_get_media: {{ video_stream: s, \
             start_selector: earliest }} }}\n",
            last = seconds - 1,
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn what_is_taken_is_kept_in_order_until_its_time_is_over(text in scenario()) {
        let tape = load(&text).unwrap().run().unwrap_or_else(|error| panic!("{error}\n{text}"));
        let of = |metric: &str| value(&tape, "s", metric, "sum");
        let fate = |fate: &str| tape.ledger.get("video_stream", "s", fate).unwrap();
        // Bytes in are stored, expired or refused.
        let stored = tape
            .summary
            .iter()
            .find(|row| row.name == "s" && row.metric == "bytes_stored" && row.statistic == "max")
            .map_or(0.0, |row| row.value);
        prop_assert!(of("incoming_bytes") <= of("refused_bytes") + of("bytes_expired") + stored);
        if !text.contains("data_retention: 0s") {
            prop_assert_eq!(of("incoming_bytes"), of("refused_bytes") + of("bytes_expired") + stored);
        }
        prop_assert_eq!(fate("taken"), fate("expired") + fate("kept"));
        // Whatever is kept of the first stream can be read, in the order of numbers and of arrival.
        let call = tape.api_calls.iter().find(|call| call.outcome == "Success");
        if let Some(call) = call {
            let fields = |one: &str| -> BTreeMap<String, String> {
                let pairs = one.split_whitespace().filter_map(|pair| pair.split_once('='));
                pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
            };
            let told: Vec<BTreeMap<String, String>> = call.messages.split("; ").map(fields).collect();
            let numbers: Vec<u32> =
                told.iter().filter_map(|one| one.get("fragment")).map(|number| number.parse().unwrap()).collect();
            prop_assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
        }
        // A camera knows what became of each fragment.
        let camera = |fate: &str| tape.ledger.get("camera", "c", fate).unwrap();
        prop_assert_eq!(
            camera("produced"),
            camera("acknowledged") + camera("refused") + camera("dropped") + camera("buffered")
        );
        // Nothing is acknowledged that the stream did not take.
        prop_assert!(camera("acknowledged") <= fate("taken"));
        // The same once more is the same.
        let again = load(&text).unwrap().run().unwrap();
        prop_assert_eq!(tape.header.events, again.header.events);
    }
}
