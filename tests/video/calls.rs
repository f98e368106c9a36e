//! Scripted calls to video streams, with their answers.

use super::{load, run};
use queuelab::record::Tape;

/// A stream `s` with these keys, and a client that plays these steps.
fn play(keys: &str, steps: &str) -> Tape {
    run(&format!("duration: 3h\nvideo_streams: {{ s: {{ {keys} }} }}\nclients:\n  c:\n    script:\n{steps}"))
}

fn outcomes(tape: &Tape) -> Vec<String> {
    tape.api_calls.iter().map(|call| call.outcome.clone()).collect()
}

fn put(at: &str, fragments: &str) -> String {
    format!("      - {{ at: {at}, video_put_media: {{ video_stream: s, fragments: [{fragments}] }} }}\n")
}

#[test]
fn fragments_are_acknowledged_one_by_one() {
    let tape = play(
        "data_retention: 1h",
        &put(
            "10s",
            "{ data: a, timecode: 0s }, { data: b, timecode: 2s }, { data: c, timecode: 3s }, { data: d, duration: 21s }, { data: e, size: 50000001B }",
        ),
    );
    assert_eq!(
        outcomes(&tape),
        [
            "Success, Success, FRAGMENT_TIMECODE_LESSER_THAN_PREVIOUS, MAX_FRAGMENT_DURATION_REACHED, MAX_FRAGMENT_SIZE_REACHED"
        ]
    );
    assert_eq!(
        tape.api_calls[0].messages,
        "fragment=0 BUFFERING RECEIVED+100ms PERSISTED+500ms; fragment=1 BUFFERING RECEIVED+100ms PERSISTED+500ms; \
         BUFFERING ERROR 4004; BUFFERING ERROR 4002; BUFFERING ERROR 4001"
    );
    assert_eq!(tape.ledger.get("video_stream", "s", "taken"), Some(2));
    assert_eq!(tape.ledger.get("client", "c", "rejected"), Some(3));
}

#[test]
fn the_archive_has_a_fragment_half_a_second_later() {
    let list = |at: &str| format!("      - {{ at: {at}, video_list_fragments: {{ video_stream: s }} }}\n");
    let steps = [put("10s", "{ data: a }"), list("10499ms"), list("10500ms")].concat();
    let tape = play("data_retention: 1h", &steps);
    let bodies: Vec<usize> = tape.api_calls.iter().map(|call| call.bodies.len()).collect();
    assert_eq!(bodies, [0, 0, 1]);
    assert!(tape.api_calls[2].messages.starts_with("a fragment=0 producer=8s server=10s length=2000ms"));
    // What is on the host alone is never listed.
    let tape = play("data_retention: 0s", &steps);
    assert!(tape.api_calls[2].bodies.is_empty());
}

#[test]
fn start_selectors_and_lists_name_fragments() {
    let read = |start: &str| {
        format!("      - {{ at: 20s, video_get_media: {{ video_stream: s, start_selector: {start} }} }}\n")
    };
    let list = |numbers: &str| {
        format!(
            "      - {{ at: 21s, video_get_media_for_fragment_list: {{ video_stream: s, fragments: {numbers} }} }}\n"
        )
    };
    let steps = [
        put("4s", "{ data: a }"),
        put("8s", "{ data: b }"),
        read("now"),
        read("earliest"),
        read("{ server_timestamp: 5s }"),
        read("{ producer_timestamp: 6s }"),
        list("[1, 0]"),
        list("[2]"),
        list("[]"),
    ];
    let tape = play("data_retention: 1h", &steps.concat());
    let bodies: Vec<String> = tape.api_calls.iter().map(|call| call.bodies.concat()).collect();
    assert_eq!(bodies, ["", "", "", "ab", "b", "b", "ba", "", ""]);
    let last = &outcomes(&tape)[6..];
    assert_eq!(last, ["Success", "ResourceNotFoundException", "InvalidArgumentException"]);
}

#[test]
fn connections_and_calls_have_limits() {
    let open = "      - { at: 10s, video_put_media: { video_stream: s, keep_open: true } }\n";
    let again = "      - { at: 39999ms, video_put_media: { video_stream: s } }\n";
    let idle = "      - { at: 40s, video_put_media: { video_stream: s } }\n";
    let tape = play("data_retention: 1h", &[open, again, idle].concat());
    assert_eq!(outcomes(&tape), ["Success", "ConnectionLimitExceededException", "Success"]);
    let watch =
        "      - { at: 10s, video_get_media: { video_stream: s, start_selector: now, keep_open: true } }\n";
    let tape = play("data_retention: 1h", &watch.repeat(4));
    assert_eq!(outcomes(&tape)[2..], ["Success", "ConnectionLimitExceededException"]);
    let endpoint = "      - { at: 10s, video_get_data_endpoint: { video_stream: s } }\n";
    let tape = play("data_retention: 1h", &endpoint.repeat(6));
    assert_eq!(outcomes(&tape)[4..], ["Success", "ClientLimitExceededException"]);
    let session = "      - { at: 10s, video_get_hls_streaming_session_url: { video_stream: s } }\n";
    let tape = play("data_retention: 1h", &session.repeat(26));
    assert_eq!(outcomes(&tape)[24..], ["Success", "ClientLimitExceededException"]);
    let list = "      - { at: 10s, video_list_fragments: { video_stream: s, max_results: 1000 } }\n";
    let tape = play("data_retention: 1h", &list.repeat(11));
    assert_eq!(outcomes(&tape)[9..], ["Success", "ClientLimitExceededException"]);
}

#[test]
fn playback_needs_retention() {
    let session = "      - { at: 10s, video_get_dash_streaming_session_url: { video_stream: s } }\n";
    assert_eq!(outcomes(&play("data_retention: 0s", session)), ["NoDataRetentionException"]);
    assert_eq!(outcomes(&play("data_retention: 1h", session)), ["Success"]);
}

#[test]
fn retention_is_decreased_at_once_and_increased_for_what_is_left() {
    let change = |at: &str, what: &str| {
        format!("      - {{ at: {at}, video_update_data_retention: {{ video_stream: s, {what} }} }}\n")
    };
    let read = |at: &str| {
        format!("      - {{ at: {at}, video_get_media: {{ video_stream: s, start_selector: earliest }} }}\n")
    };
    let steps = [
        put("1m", "{ data: a }"),
        put("50m", "{ data: b }"),
        read("90m"),
        change("90m", "decrease_in_hours: 1"),
        read("90m"),
        change("90m", "increase_in_hours: 2"),
        read("150m"),
        change("150m", "decrease_in_hours: 4"),
        change("150m", "increase_in_hours: 87598"),
        "      - { at: 150m, video_describe_stream: { video_stream: s } }\n".to_owned(),
    ];
    let tape = play("data_retention: 2h", &steps.concat());
    let bodies: Vec<String> = tape.api_calls.iter().map(|call| call.bodies.concat()).collect();
    assert_eq!(bodies[2..7], ["ab", "", "b", "", "b"]);
    assert_eq!(outcomes(&tape)[7..9], ["InvalidArgumentException", "InvalidArgumentException"]);
    assert_eq!(tape.api_calls[9].messages, "Status=ACTIVE DataRetentionInHours=3");
}

#[test]
fn a_stream_can_be_created() {
    let create =
        "      - { at: 2s, video_create_stream: { video_stream: s, data_retention_in_hours: 24 } }\n";
    let bad = create.replace("24", "87601");
    let describe = "      - { at: 2s, video_describe_stream: { video_stream: s } }\n";
    let tape = play("created: false", &[&put("1s", "{ data: a }"), &bad, create, create, describe].concat());
    assert_eq!(
        outcomes(&tape),
        [
            "ResourceNotFoundException",
            "InvalidArgumentException",
            "Success",
            "ResourceInUseException",
            "Success"
        ]
    );
    let told = load("duration: 1m\nvideo_streams: { s: { created: false, count: 2 } }\n").unwrap_err();
    assert!(told.contains("one stream"), "{told}");
}
