//! `GetMedia` and the archive.

use super::{camera, milliseconds, problems, run, sum, value};

fn watched(keys: &str) -> String {
    format!(
        "{}video_consumers: {{ v: {{ reads_from: {{ video_stream: s }}, {keys} }} }}\n",
        camera("61s", "")
    )
}

#[test]
fn get_media_sends_a_fragment_as_soon_as_it_is_whole() {
    // 2 s of film, 20 ms for 500,000 bytes at 25 MB/s, 20 ms for the call.
    let tape = run(&watched("retrieval: { get_media: now }"));
    assert_eq!(sum(&tape, "v", "messages_processed"), 30);
    for statistic in ["mean", "max"] {
        assert_eq!(milliseconds(&tape, "v", "arrival_latency", statistic), 2_040);
        assert_eq!(milliseconds(&tape, "v", "end_to_end_latency", statistic), 2_040);
    }
    assert_eq!(value(&tape, "s", "millis_behind_now", "max"), 0.0);
    assert_eq!(sum(&tape, "s", "get_media_bytes"), 15_000_000);
}

#[test]
fn start_selectors_begin_where_they_say() {
    let received = |selector: &str| {
        let keys = format!("starts_after: 31s, retrieval: {{ get_media: {selector} }}");
        sum(&run(&watched(&keys)), "v", "fragments_received")
    };
    // At 31 s there are 15, 15 more come.
    assert_eq!(received("now"), 15);
    assert_eq!(received("earliest"), 30);
    assert_eq!(received("{ fragment_number: 10 }"), 20);
    // Received at 2, 4, … and filmed from 0, 2, … on.
    assert_eq!(received("{ server_timestamp: 20s }"), 21);
    assert_eq!(received("{ producer_timestamp: 20s }"), 20);
    assert_eq!(received("{ server_timestamp: 20001ms }"), 20);
}

#[test]
fn a_connection_gives_five_fragments_a_second() {
    // 15 fragments wait at 31 s: five at once, the others at 5 a second, so that the last one goes at 33 s.
    let tape = run(&watched("starts_after: 31s, retrieval: { get_media: earliest }"));
    // The first one began at 0 s; that which went at 33 s is 3 s old.
    assert_eq!(value(&tape, "s", "millis_behind_now", "max"), 29_000.0);
    let behind =
        run(&watched("starts_after: 31s, retrieval: { get_media: earliest }").replace("61s", "32100ms"));
    // At 31, then at 31.2, 31.4, … 32 s, and the one of 32 s waits its turn.
    assert_eq!(sum(&behind, "s", "get_media_fragments"), 5 + 5);
}

#[test]
fn a_stream_has_three_get_media_connections() {
    let tape = run(&watched("viewers: 4, retrieval: { get_media: now }"));
    assert_eq!(value(&tape, "v", "sessions", "max"), 3.0);
    // At 0.04 s and then every 1.02 s, until the end.
    assert_eq!(sum(&tape, "s", "get_media_connection_errors"), 60);
    let three = run(&watched("viewers: 3, retrieval: { get_media: now }"));
    assert_eq!(sum(&three, "s", "get_media_connection_errors"), 0);
}

#[test]
fn a_slow_application_falls_behind_and_the_stream_waits() {
    let tape = run(&watched("processing_time: 4s, retrieval: { get_media: now }"));
    assert_eq!(sum(&tape, "v", "messages_processed"), 14);
    assert!(value(&tape, "s", "millis_behind_now", "max") > 25_000.0);
}

#[test]
fn what_a_slow_application_does_not_see_in_time_expires() {
    let text = watched("processing_time: 4s, retrieval: { get_media: now }")
        .replace("61s", "1000s")
        .replace("24h", "0s");
    let tape = run(&text);
    assert!(sum(&tape, "v", "fragments_missed") > 50);
    assert!(value(&tape, "s", "millis_behind_now", "max") <= 300_000.0);
}

#[test]
fn one_frame_of_so_many_is_handed_on() {
    let text = format!(
        "{}queues: {{ frames: {{}} }}\n",
        watched(
            "retrieval: { get_media: now }, forwards_to: { queue: frames, size: 100KiB }, every_nth_frame: 25"
        )
    );
    let tape = run(&text);
    // Two of the 50 frames of a fragment.
    assert_eq!(sum(&tape, "v", "messages_forwarded"), 60);
    assert_eq!(tape.ledger.get("run", "video", "forwarded"), Some(60));
    assert_eq!(sum(&tape, "frames", "messages_sent"), 60);
}

#[test]
fn copies_are_seen_as_duplicates() {
    let text = watched("retrieval: { get_media: now }")
        .replace("61s", "90s")
        .replace(
            "video_stream: s },",
            "video_stream: s }, uplink: { outages: [{ at: 10200ms, lasts: 5s }] },",
        )
        .replacen(
            "video_stream: s }, uplink: { outages: [{ at: 10200ms, lasts: 5s }] }, retrieval",
            "video_stream: s }, retrieval",
            1,
        );
    let tape = run(&text);
    assert_eq!((sum(&tape, "s", "copies"), sum(&tape, "v", "duplicates")), (1, 1));
}

#[test]
fn the_archive_is_read_in_parts() {
    // At 20, 40 and 60 s what has been archived: everything that arrived half a second before.
    let tape = run(&watched("retrieval: { fragment_list: { every: 20s } }"));
    assert_eq!(sum(&tape, "s", "list_fragments_requests"), 3);
    assert_eq!(sum(&tape, "v", "messages_processed"), 29);
    assert_eq!(sum(&tape, "s", "archived_media"), 29);
    assert_eq!(sum(&tape, "v", "fragments_missed"), 0);
}

#[test]
fn a_long_list_comes_in_several_calls() {
    // 600 fragments in ten minutes; a call gets 500 at most.
    let text = format!(
        "{}video_consumers: {{ v: {{ reads_from: {{ video_stream: s }}, retrieval: {{ fragment_list: {{ every: 10m }} }} }} }}\n",
        camera("700s", "fragment_duration: 1s, bytes_per_second: 10kB")
    );
    let tape = run(&text);
    assert_eq!(sum(&tape, "s", "list_fragments_requests"), 2);
    assert_eq!(sum(&tape, "v", "messages_processed"), 599);
}

#[test]
fn what_does_not_fit_is_told() {
    let told = problems(&watched("streams: 2, retrieval: { get_media: now }"));
    assert!(told.contains("the section has 1 streams"), "{told}");
    let told = problems(&watched("retrieval: { get_media: now }, every_nth_frame: 25"));
    assert!(told.contains("forwards_to"), "{told}");
    let told = problems(&watched("retrieval: { hls: { behind: 6 } }"));
    assert!(told.contains("max_fragment_results"), "{told}");
    let told = problems(&watched("retrieval: { get_media: noww }"));
    assert!(told.contains("now"), "{told}");
}
