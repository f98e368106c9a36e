//! From the camera to the stream: instants, byte counts, outages, limits.

use super::{camera, milliseconds, problems, run, sum, value};

#[test]
fn a_constant_film_has_exact_instants_and_sizes() {
    // Fragments of 2 s and 500,000 bytes end at 2, 4, …, 60 s.
    let tape = run(&camera("61s", ""));
    assert_eq!(sum(&tape, "c", "messages_produced"), 31);
    assert_eq!(sum(&tape, "s", "incoming_fragments"), 30);
    assert_eq!(sum(&tape, "s", "incoming_bytes"), 15_000_000);
    assert_eq!(sum(&tape, "s", "incoming_frames"), 1_500);
    for statistic in ["p50", "max"] {
        assert_eq!(value(&tape, "s", "fragment_ingestion_latency", statistic), 2_000.0);
        assert_eq!(value(&tape, "s", "received_ack_latency", statistic), 100.0);
        assert_eq!(value(&tape, "s", "persisted_ack_latency", statistic), 500.0);
    }
    assert_eq!(milliseconds(&tape, "c", "acknowledgement_latency", "max"), 2_500);
    assert_eq!(sum(&tape, "c", "fragments_acknowledged"), 30);
    assert_eq!(sum(&tape, "c", "connections"), 1);
}

#[test]
fn without_retention_the_camera_hears_received_and_nothing_is_persisted() {
    let tape = run(&camera("61s", "").replace("24h", "0s"));
    assert_eq!(milliseconds(&tape, "c", "acknowledgement_latency", "max"), 2_100);
    assert_eq!(value(&tape, "s", "persisted_ack_latency", "count"), 0.0);
    assert_eq!(value(&tape, "s", "storage_cost", "sum"), 0.0);
}

#[test]
fn an_uplink_that_is_too_narrow_falls_behind() {
    // 250 kB/s of film through 200 kB/s: fragment k ends at 2.5 (k + 1) seconds.
    let tape = run(&camera("61s", "uplink: { bytes_per_second: 200kB, latency: 30ms }"));
    assert_eq!(sum(&tape, "s", "incoming_fragments"), 24);
    assert_eq!(value(&tape, "s", "fragment_ingestion_latency", "max"), 2_500.0);
}

#[test]
fn an_outage_leaves_the_connection_open_for_30_seconds() {
    // The acknowledgement of the fragment that ended at 10 s is lost. The stream closes the old connection at 40.2 s: tries at
    // 15.2, 17.2, …, 39.2 s are refused.
    let tape = run(&camera("90s", "uplink: { outages: [{ at: 10200ms, lasts: 5s }] }"));
    assert_eq!(sum(&tape, "c", "connections_refused"), 13);
    assert_eq!(sum(&tape, "s", "put_media_connection_errors"), 13);
    assert_eq!(sum(&tape, "s", "idle_connections_closed"), 1);
    assert_eq!(sum(&tape, "c", "connections"), 2);
    assert_eq!(sum(&tape, "c", "fragments_sent_again"), 1);
    assert_eq!(sum(&tape, "s", "copies"), 1);
    assert_eq!(sum(&tape, "c", "fragments_dropped"), 0);
    // Everything filmed is there at the end, once more the one.
    assert_eq!(sum(&tape, "s", "incoming_fragments"), 45 + 1);
}

#[test]
fn the_buffer_drops_the_oldest_film() {
    // The buffer holds 120 s, the fragment being filmed included: when the network is back the oldest one began at 92 s. Of those
    // not acknowledged, from 8 s on, 42 were dropped.
    let tape = run(&camera("300s", "uplink: { outages: [{ at: 10200ms, lasts: 200s }] }"));
    assert_eq!(sum(&tape, "c", "fragments_dropped"), 42);
    assert_eq!(sum(&tape, "c", "connections_refused"), 0);
    assert_eq!(sum(&tape, "s", "copies"), 0);
    assert_eq!(value(&tape, "c", "fragments_buffered", "max"), 60.0);
}

#[test]
fn a_stream_takes_five_fragments_a_second_after_an_outage() {
    // 30 fragments of 1 s wait at 50 s, 40 ms each at 12.5 MB/s: the first five go at once, the others at 5 a second.
    let keys = "fragment_duration: 1s, bytes_per_second: 500kB, starts_after: 0s, \
                uplink: { outages: [{ at: 20900ms, lasts: 31s }] }";
    let tape = run(&camera("61s", keys));
    let arrived = sum(&tape, "s", "incoming_fragments");
    // Up to 20.9 s 20 of them arrived, and those that ended from 52 s on arrive as they end when all others are sent.
    assert!((58..=62).contains(&arrived), "{arrived} fragments");
    assert_eq!(sum(&tape, "c", "connections_refused"), 0);
    let narrow = run(&camera("52s", keys));
    // From 51.9 to 52 s not more than the five tokens.
    assert!(sum(&narrow, "s", "incoming_fragments") <= 20 + 5);
}

#[test]
fn what_a_stream_does_not_take_is_told_with_an_error() {
    let refused = |keys: &str| {
        let tape = run(&camera("61s", keys));
        (
            sum(&tape, "s", "error_ack_count"),
            sum(&tape, "c", "fragments_refused"),
            sum(&tape, "s", "incoming_fragments"),
        )
    };
    assert_eq!(refused("fragment_duration: 20s"), (0, 0, 3));
    assert_eq!(refused("fragment_duration: 20001ms"), (3, 3, 0));
    assert_eq!(refused("fragment_duration: 1s"), (0, 0, 61));
    assert_eq!(refused("fragment_duration: 999ms"), (61, 61, 0));
    assert_eq!(refused("fragment_duration: 20s, bytes_per_second: 2500000B"), (0, 0, 3));
    assert_eq!(refused("fragment_duration: 20s, bytes_per_second: 2500001B"), (3, 3, 0));
    assert_eq!(refused("fragment_duration: 20s, tracks: 3"), (0, 0, 3));
    assert_eq!(refused("fragment_duration: 20s, tracks: 4"), (3, 3, 0));
    let raised = format!("quotas: {{ video_tracks: 4 }}\n{}", camera("61s", "tracks: 4"));
    assert_eq!(sum(&run(&raised), "s", "error_ack_count"), 0);
}

#[test]
fn what_cannot_be_archived_comes_again_through_a_new_connection() {
    let text = format!("{}assumptions: {{ video_archival_failures: 20% }}\n", camera("600s", ""));
    let tape = run(&text);
    let errors = sum(&tape, "s", "error_ack_count");
    assert!(errors > 20, "{errors} errors");
    assert_eq!(sum(&tape, "c", "fragments_refused"), 0);
    assert_eq!(sum(&tape, "c", "connections_lost"), errors);
    let (taken, copies) = (sum(&tape, "s", "incoming_fragments"), sum(&tape, "s", "copies"));
    assert!((295..=299).contains(&(taken - copies)), "{taken} taken, {copies} of them copies");
}

#[test]
fn a_connection_is_renewed_within_45_minutes() {
    let tape = run(&camera("119m", "fragment_duration: 10s, bytes_per_second: 10kB"));
    assert_eq!(sum(&tape, "s", "put_media_requests"), 3);
    assert_eq!((sum(&tape, "s", "error_ack_count"), sum(&tape, "s", "copies")), (0, 0));
    assert_eq!(sum(&tape, "s", "incoming_fragments"), 714);
}

#[test]
fn a_second_camera_of_a_stream_is_refused() {
    let text = format!(
        "{}  d: {{ sends_to: {{ video_stream: s }}, starts_after: 1s }}\n",
        camera("61s", "")
            .replace("cameras: { c: {", "cameras:\n  c: {")
            .replace("} }\n", "}\n")
            .replace("{ data_retention: 24h }\n", "{ data_retention: 24h } }\n")
    );
    let tape = run(&text);
    assert_eq!(sum(&tape, "c", "connections_refused"), 0);
    assert_eq!(sum(&tape, "d", "connections"), 0);
    assert_eq!(sum(&tape, "d", "connections_refused"), 31);
}

#[test]
fn retention_ends_exactly() {
    // Fragments that arrived at 61 s or before are gone at 3,661 s.
    let tape = run(&camera("3661s", "bytes_per_second: 1kB").replace("24h", "1h"));
    assert_eq!(sum(&tape, "s", "fragments_expired"), 30);
    assert_eq!(tape.ledger.get("video_stream", "s", "kept"), Some(1_800));
    assert_eq!(tape.ledger.get("video_stream", "s", "taken"), Some(1_830));
}

#[test]
fn the_host_buffer_holds_five_minutes_or_200_megabytes() {
    let kept = |keys: &str| {
        let tape = run(&camera("601s", keys).replace("24h", "0s"));
        tape.ledger.get("video_stream", "s", "kept").unwrap()
    };
    // Those that arrived after 301 s: at 302, 304, …, 600 s.
    assert_eq!(kept(""), 150);
    // 2 MB each: 100 of them are 200 MB.
    assert_eq!(kept("bytes_per_second: 1MB"), 100);
}

#[test]
fn costs_are_those_of_gigabytes_in_and_stored() {
    let tape = run(&camera("3601s", "bytes_per_second: 1MB"));
    let gigabyte = f64::from(1_u32 << 30);
    let ingested = 3_600e6 / gigabyte * 0.0085;
    assert!((value(&tape, "s", "ingestion_cost", "sum") - ingested).abs() < 1e-12);
    // On average half of it is stored, for an hour of a month of 720.
    let stored = 1_800e6 / gigabyte / 720.0 * 0.023;
    let told = value(&tape, "s", "storage_cost", "sum");
    assert!((told / stored - 1.0).abs() < 0.01, "{told} of {stored}");
}

#[test]
fn what_aws_does_not_take_is_told_with_its_place() {
    let told = problems(&camera("61s", "").replace("24h", "90m"));
    assert!(told.contains("whole number of hours") && told.contains("video.yaml:4"), "{told}");
    let told = problems(&camera("61s", "").replace("24h", "87601h"));
    assert!(told.contains("at most ten years"), "{told}");
    let told = problems(&camera("61s", "").replace("video_stream: s", "video_stream: t"));
    assert!(told.contains("there is no video stream `t`"), "{told}");
    let outages = "uplink: { outages: [{ at: 10s, lasts: 5s }, { at: 14s, lasts: 5s }] }";
    assert!(problems(&camera("61s", outages)).contains("before the one above it ends"));
    let warm =
        format!("quotas: 2022\n{}", camera("61s", "").replace("24h", "24h, default_storage_tier: warm"));
    assert!(problems(&warm).contains("no warm tier in 2022"));
}
