//! HLS and MPEG-DASH: the quotas of points, latency, stalls.

use super::{camera, run, sum, value};

fn played(viewers: u32, protocol: &str, duration: &str) -> String {
    format!(
        "{}video_consumers:\n  v:\n    reads_from: {{ video_stream: s }}\n    retrieval: {{ {protocol}: {{}} }}\n    \
         viewers: {viewers}\n    starts_after: {{ uniform: [10s, 20s] }}\n",
        camera(duration, "fragment_duration: 1s, tracks: 2")
    )
}

#[test]
fn two_hundred_and_fifty_live_viewers_exhaust_the_media_points() {
    // "Example 1: Live streaming": two media points and ten metadata points a second for each.
    let enough = run(&played(250, "hls", "6m"));
    assert_eq!(sum(&enough, "v", "calls_refused"), 0);
    assert_eq!(sum(&enough, "v", "stalls"), 0);
    let measured = run(&format!("warm_up: 1m\n{}", played(250, "hls", "2m")));
    assert_eq!(sum(&measured, "s", "archived_media"), 60 * 500);
    assert_eq!(sum(&measured, "s", "archived_metadata"), 60 * 2_500);
    let too_many = run(&played(260, "hls", "6m"));
    assert!(sum(&too_many, "v", "calls_refused") > 100);
    assert!(value(&too_many, "s", "media_fragment_success", "mean") < 1.0);
    // More than 500 points a second are never given.
    assert!(sum(&too_many, "s", "archived_media") <= 500 * 361);
}

#[test]
fn a_manifest_is_one_call_for_all_tracks() {
    let tape = run(&format!("warm_up: 1m\n{}", played(10, "dash", "2m")));
    assert_eq!(sum(&tape, "s", "manifest_requests"), 600);
    assert_eq!(sum(&tape, "s", "archived_metadata"), 3_000);
    assert_eq!(sum(&tape, "s", "archived_media"), 1_200);
    assert_eq!(sum(&tape, "s", "playlist_requests"), 0);
}

#[test]
fn a_player_is_some_fragments_behind() {
    let latency = |behind: u32| {
        let text = played(1, "hls", "2m").replace("hls: {}", &format!("hls: {{ behind: {behind} }}"));
        value(&run(&text), "v", "end_to_end_latency", "p50")
    };
    let (one, three) = (latency(1), latency(3));
    // A second of film, half a second until it is archived, up to a second until the player asks, and two more fragments.
    assert!((1.5..=2.7).contains(&one), "{one} s");
    assert!((three - one - 2.0).abs() < 0.2, "{one} s and {three} s");
}

#[test]
fn a_stream_that_retains_nothing_cannot_be_played() {
    let tape = run(&played(1, "hls", "61s").replace("24h", "0s"));
    assert_eq!(sum(&tape, "s", "playlist_requests"), 0);
    assert_eq!(value(&tape, "s", "hls_session_success", "max"), 0.0);
    assert_eq!(sum(&tape, "v", "messages_processed"), 0);
}

#[test]
fn sessions_are_opened_again_when_they_expire() {
    let tape = run(&played(1, "hls", "11m"));
    // After five minutes, and after ten.
    assert_eq!(sum(&tape, "s", "hls_session_requests"), 3);
    assert_eq!(sum(&tape, "v", "stalls"), 0);
}

#[test]
fn twenty_five_sessions_are_opened_in_a_second() {
    let text = played(60, "hls", "61s").replace("{ uniform: [10s, 20s] }", "10s");
    let tape = run(&text);
    // 25 at once, 25 more after each second.
    assert_eq!(sum(&tape, "s", "hls_session_requests"), 60 + 35 + 10);
    assert_eq!(value(&tape, "v", "sessions", "max"), 60.0);
}

#[test]
fn an_outage_of_the_camera_is_a_stall() {
    let text = played(1, "hls", "3m")
        .replace("tracks: 2", "tracks: 2, uplink: { outages: [{ at: 60500ms, lasts: 40s }] }");
    let tape = run(&text);
    assert_eq!(sum(&tape, "v", "stalls"), 1);
    let longest = value(&tape, "v", "stall_time", "max");
    assert!((35.0..45.0).contains(&longest), "{longest} s");
}
