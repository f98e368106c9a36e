//! Behaviours of Amazon SQS, one call at a time. docs/fidelity.md says which page of AWS each of them comes from.

use queuelab::language::NoFiles;
use queuelab::scenario::Scenario;
use std::fmt::Write as _;
use std::path::Path;

/// Plays a script; every step says after `=>` what must come of it: an outcome, or the bodies a receive returns.
/// Gives the last column of `api_calls.csv`.
pub(crate) fn play(scenario: &str, script: &str) -> Vec<String> {
    let mut yaml = format!("name: calls\nduration: 20h\n{scenario}\nclients:\n  me:\n    script:\n");
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (step, expected) =
            line.split_once("=>").map_or((line, ""), |(step, rest)| (step.trim(), rest.trim()));
        let (at, call) = step.split_once(' ').expect("a time and a call");
        let (action, parameters) = call.split_once(' ').unwrap_or((call, ""));
        let expect = match expected {
            "" => String::new(),
            bodies if bodies.starts_with('[') => format!(", expect: {{ bodies: {bodies} }}"),
            outcome => format!(", expect: {{ outcome: \"{outcome}\" }}"),
        };
        let _ = writeln!(yaml, "      - {{ at: {at}, {action}: {{ {parameters} }}{expect} }}");
    }
    let scenario = Scenario::load("calls.yaml", yaml.as_bytes(), &[], &NoFiles)
        .unwrap_or_else(|problems| panic!("{problems}"));
    let tape = scenario.run().unwrap_or_else(|error| panic!("{error}"));
    let wrong: Vec<String> = tape
        .expectations
        .iter()
        .filter(|expectation| !expectation.passed)
        .map(|wrong| format!("{}: {}, observed {}", wrong.name, wrong.expression, wrong.observed))
        .collect();
    assert!(wrong.is_empty(), "{}\n{yaml}", wrong.join("\n"));
    tape.api_calls.iter().map(|call| call.messages.clone()).collect()
}

const STANDARD: &str = "queues: { q: {} }";
const FIFO: &str = "queues: { q.fifo: { content_based_deduplication: true } }";
const WITH_DEAD_LETTERS: &str = "queues: { q: { visibility_timeout: 10s, \
    redrive_policy: { dead_letter_queue: d, max_receive_count: 1 } }, d: { message_retention_period: 14d } }";

#[test]
fn a_message_timer_replaces_the_delay_of_the_queue_also_with_zero() {
    play(
        "queues: { q: { delay: 10s } }",
        "0s send_message queue: q, body: A
         0s send_message queue: q, body: B, delay: 0s
         0s send_message queue: q, body: C, delay: 15m
         0s send_message queue: q, body: D, delay: 901s => InvalidParameterValue
         0s receive_message queue: q, max_number_of_messages: 10 => [B]
         10s receive_message queue: q, max_number_of_messages: 10 => [A]
         900s receive_message queue: q, max_number_of_messages: 10, as: last",
    );
}

#[test]
fn a_receive_may_hide_its_messages_for_another_time() {
    play(
        STANDARD,
        "0s send_message queue: q, body: A
         0s receive_message queue: q, visibility_timeout: 5s => [A]
         4s receive_message queue: q => []
         5s receive_message queue: q => [A]
         34s receive_message queue: q => []
         35s receive_message queue: q, visibility_timeout: 43201s => InvalidParameterValue
         35s receive_message queue: q, max_number_of_messages: 11 => InvalidParameterValue
         35s receive_message queue: q, wait_time: 21s => InvalidParameterValue
         35s receive_message queue: q => [A]",
    );
}

#[test]
fn a_batch_is_refused_as_a_whole_or_entry_by_entry() {
    play(
        "queues: { q: { maximum_message_size: 1KiB } }",
        "0s send_message_batch queue: q, entries: [] => EmptyBatchRequest
         0s send_message_batch queue: q, entries: [{id: a, body: A}, {id: a, body: B}] => BatchEntryIdsNotDistinct
         0s send_message_batch queue: q, entries: [{id: 'a b', body: A}] => InvalidBatchEntryId
         0s send_message_batch queue: q, entries: [{body: A, size: 1KiB}, {body: B, size: 1025B}] => Success, InvalidParameterValue
         0s send_message_batch queue: q, entries: [{body: A, size: 1MiB}, {body: B}] => BatchRequestTooLong
         0s send_message queue: q, body: '' => MissingParameter
         0s receive_message queue: q, max_number_of_messages: 10 => [A]",
    );
}

#[test]
fn messages_have_a_mebibyte_now_and_had_a_quarter_of_it() {
    play(
        STANDARD,
        "0s send_message queue: q, body: A, size: 1MiB => Success
         0s send_message queue: q, body: A, size: 1048577B => InvalidParameterValue",
    );
    play(
        "quotas: 2022\nqueues: { q: {} }",
        "0s send_message queue: q, body: A, size: 256KiB => Success
         0s send_message queue: q, body: A, size: 262145B => InvalidParameterValue",
    );
}

#[test]
fn a_purge_takes_everything_and_needs_a_minute_to_the_next() {
    play(
        STANDARD,
        "0s send_message queue: q, body: A
         0s send_message queue: q, body: B, delay: 10s
         0s send_message queue: q, body: C
         1s receive_message queue: q => [A]
         2s purge_queue queue: q => Success
         61s purge_queue queue: q => PurgeQueueInProgress
         62s purge_queue queue: q => Success
         99s receive_message queue: q, max_number_of_messages: 10 => []",
    );
}

#[test]
fn a_shorter_retention_counts_for_messages_that_are_there() {
    play(
        STANDARD,
        "0s send_message queue: q, body: A
         100s send_message queue: q, body: B
         120s set_queue_attributes queue: q, message_retention_period: 60s => Success
         120s receive_message queue: q, max_number_of_messages: 10, as: r => [B]
         160s get_queue_attributes queue: q
         160s delete_message queue: q, handle: r[0] => Success
         160s set_queue_attributes queue: q, message_retention_period: 59s => InvalidAttributeValue",
    );
}

#[test]
fn handles_that_sqs_never_gave_are_invalid() {
    play(
        "queues: { q: {}, other: {} }",
        "0s send_message queue: q, body: A
         0s receive_message queue: q, as: r => [A]
         1s delete_message queue: q, handle: unknown => ReceiptHandleIsInvalid
         1s delete_message queue: other, handle: r[0] => ReceiptHandleIsInvalid
         1s change_message_visibility queue: q, handle: unknown, visibility_timeout: 1s => ReceiptHandleIsInvalid
         1s delete_message_batch queue: q, handles: [unknown, r[0]] => ReceiptHandleIsInvalid, Success
         2s change_message_visibility queue: q, handle: r[0], visibility_timeout: 1s => InvalidParameterValue",
    );
}

#[test]
fn the_receive_after_the_last_allowed_one_moves_the_message() {
    let rows = play(
        WITH_DEAD_LETTERS,
        "0s send_message queue: q, body: A
         0s receive_message queue: q => [A]
         30s receive_message queue: d => []
         30s receive_message queue: q => []
         30s receive_message queue: d => [A]",
    );
    assert_eq!(rows[4], "A receive_count=2 first_receive=30s", "one receive in each queue, the move is none");
}

#[test]
fn a_dead_letter_of_a_standard_queue_keeps_its_clock() {
    play(
        "queues: { q: { visibility_timeout: 10s, redrive_policy: { dead_letter_queue: d, max_receive_count: 1 } }, \
         d: { message_retention_period: 4d } }",
        "0s send_message queue: q, body: A
         10h receive_message queue: q => [A]
         11h receive_message queue: q => []
         11h set_queue_attributes queue: d, message_retention_period: 12h => Success
         43199s receive_message queue: d, visibility_timeout: 0s => [A]
         43200s receive_message queue: d => []",
    );
}

#[test]
fn a_dead_letter_of_a_fifo_queue_starts_its_clock_anew_and_did_not_in_2022() {
    let queues = "queues: { q.fifo: { content_based_deduplication: true, visibility_timeout: 10s, \
                  redrive_policy: { dead_letter_queue: d.fifo, max_receive_count: 1 } }, \
                  d.fifo: { message_retention_period: 12h } }";
    let script = |expected: &str| {
        format!(
            "0s send_message queue: q.fifo, body: A, message_group_id: g
             11h receive_message queue: q.fifo => [A]
             40000s receive_message queue: q.fifo => []
             43200s receive_message queue: d.fifo => {expected}"
        )
    };
    play(queues, &script("[A]"));
    play(&format!("quotas: 2022\n{queues}"), &script("[]"));
}

#[test]
fn a_redrive_moves_at_its_rate_back_to_the_source() {
    let rows = play(
        WITH_DEAD_LETTERS,
        "0s send_message_batch queue: q, entries: [{body: A}, {body: B}, {body: C}]
         0s receive_message queue: q, max_number_of_messages: 10 => [A, B, C]
         20s receive_message queue: q, max_number_of_messages: 10 => []
         30s start_message_move_task source: d, max_number_of_messages_per_second: 1, as: t => Success
         31500ms list_message_move_tasks source: d
         40s list_message_move_tasks source: d
         40s cancel_message_move_task task: t => ResourceNotFoundException
         40s receive_message queue: q, max_number_of_messages: 10 => [A, B, C]",
    );
    assert_eq!(rows[4], "RUNNING moved=2 to_move=3");
    assert_eq!(rows[5], "COMPLETED moved=3 to_move=3");
    assert!(rows[7].starts_with("A receive_count=1 first_receive=40s"), "as new: {}", rows[7]);
}

#[test]
fn a_redrive_can_be_cancelled_and_there_is_one_at_a_time() {
    let rows = play(
        "queues: { q: { redrive_policy: { dead_letter_queue: d, max_receive_count: 1 } }, d: {}, other: {} }",
        "0s send_message_batch queue: d, entries: [{body: A}, {body: B}, {body: C}]
         1s start_message_move_task source: other => InvalidParameterValue
         1s start_message_move_task source: d, destination: d => InvalidParameterValue
         1s start_message_move_task source: d, max_number_of_messages_per_second: 501 => InvalidParameterValue
         1s start_message_move_task source: d, destination: other, max_number_of_messages_per_second: 1, as: t => Success
         1500ms start_message_move_task source: d => InvalidParameterValue
         1500ms cancel_message_move_task task: t => Success
         9s receive_message queue: other, max_number_of_messages: 10 => [A]
         9s start_message_move_task source: d => Success
         9s list_message_move_tasks source: d",
    );
    assert_eq!(rows[6], "moved=1");
    assert_eq!(
        rows[9], "FAILED moved=0 to_move=2; CANCELLED moved=1 to_move=3",
        "nobody knows where B came from"
    );
}

#[test]
fn a_redrive_policy_can_be_set_during_a_run() {
    play(
        "queues: { q: { visibility_timeout: 1s }, d: {} }",
        "0s send_message queue: q, body: A
         0s receive_message queue: q => [A]
         1s receive_message queue: q => [A]
         2s set_queue_attributes queue: q, redrive_policy: { dead_letter_queue: d, max_receive_count: 2 } => Success
         2s receive_message queue: q => []
         2s receive_message queue: d => [A]",
    );
}

#[test]
fn only_what_stands_before_a_message_in_flight_can_be_received() {
    // As recorded: three of a group received, then one of them extended.
    for (extended, expected) in [(0, "[]"), (1, "[A]"), (2, "[A, B]")] {
        play(
            FIFO,
            &format!(
                "0s send_message_batch queue: q.fifo, entries: [{{body: A, message_group_id: g}}, {{body: B, message_group_id: g}}, {{body: C, message_group_id: g}}]
                 0s receive_message queue: q.fifo, max_number_of_messages: 10, as: r => [A, B, C]
                 1s change_message_visibility queue: q.fifo, handle: \"r[{extended}]\", visibility_timeout: 60s => Success
                 30s receive_message queue: q.fifo, max_number_of_messages: 10 => {expected}"
            ),
        );
    }
}

#[test]
fn the_first_of_a_group_comes_back_although_the_second_is_in_flight() {
    play(
        FIFO,
        "0s send_message_batch queue: q.fifo, entries: [{body: A, message_group_id: g}, {body: B, message_group_id: g}, {body: C, message_group_id: g}]
         0s receive_message queue: q.fifo, max_number_of_messages: 2, as: r => [A, B]
         1s delete_message queue: q.fifo, handle: r[1] => Success
         1s receive_message queue: q.fifo, max_number_of_messages: 10 => []
         2s change_message_visibility queue: q.fifo, handle: r[0], visibility_timeout: 0s => Success
         2s receive_message queue: q.fifo, max_number_of_messages: 10 => [A, C]",
    );
}

#[test]
fn groups_take_turns() {
    play(
        FIFO,
        "0s send_message_batch queue: q.fifo, entries: [{body: A, message_group_id: g}, {body: B, message_group_id: h}, {body: C, message_group_id: i}]
         1s receive_message queue: q.fifo, max_number_of_messages: 2, visibility_timeout: 0s => [A, B]
         2s receive_message queue: q.fifo, max_number_of_messages: 2, visibility_timeout: 0s => [C, A]
         3s receive_message queue: q.fifo, max_number_of_messages: 2, visibility_timeout: 0s => [B, C]",
    );
}

#[test]
fn a_fifo_handle_ends_with_its_visibility() {
    play(
        FIFO,
        "0s send_message queue: q.fifo, body: A, message_group_id: g
         0s receive_message queue: q.fifo, as: r => [A]
         30s delete_message queue: q.fifo, handle: r[0] => InvalidParameterValue
         30s change_message_visibility queue: q.fifo, handle: r[0], visibility_timeout: 9s => MessageNotInflight
         31s receive_message queue: q.fifo, visibility_timeout: 0s, as: again => [A]
         31s delete_message queue: q.fifo, handle: again[0] => Success
         31s delete_message queue: q.fifo, handle: again[0] => Success",
    );
}

#[test]
fn a_fifo_message_needs_a_group_and_an_id() {
    play(
        "queues: { q.fifo: {}, q: {} }",
        "0s send_message queue: q.fifo, body: A, message_deduplication_id: x => MissingParameter
         0s send_message queue: q.fifo, body: A, message_group_id: g => InvalidParameterValue
         0s send_message queue: q.fifo, body: A, message_group_id: g, message_deduplication_id: x, delay: 1s => InvalidParameterValue
         0s send_message queue: q.fifo, body: A, message_group_id: g, message_deduplication_id: x, delay: 0s => Success
         0s send_message queue: q, body: A, message_deduplication_id: x => InvalidParameterValue
         0s receive_message queue: q, receive_request_attempt_id: a => InvalidParameterValue",
    );
}

#[test]
fn an_id_counts_in_the_queue_or_in_the_group() {
    let send = |body: &str, group: &str| {
        format!(
            "0s send_message queue: q.fifo, body: {body}, message_group_id: {group}, message_deduplication_id: x\n"
        )
    };
    let script = send("A", "g") + &send("B", "h");
    let both = |expected: &str| {
        format!("{script}1s receive_message queue: q.fifo, max_number_of_messages: 10 => {expected}")
    };
    play("queues: { q.fifo: {} }", &both("[A]"));
    play("queues: { q.fifo: { deduplication_scope: message_group } }", &both("[A, B]"));
}

#[test]
fn an_id_that_is_the_hash_of_a_body_meets_that_body() {
    let rows = play(
        FIFO,
        "0s send_message queue: q.fifo, body: A, message_group_id: g
         0s send_message queue: q.fifo, body: B, message_group_id: g, message_deduplication_id: 559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd
         1s receive_message queue: q.fifo, max_number_of_messages: 10 => [A]",
    );
    assert_eq!(rows[1], "sequence=1", "the answer is that of the first");
}

#[test]
fn a_purge_forgets_deduplication_ids() {
    play(
        FIFO,
        "0s send_message queue: q.fifo, body: A, message_group_id: g
         1s purge_queue queue: q.fifo => Success
         2s send_message queue: q.fifo, body: A, message_group_id: g
         2s receive_message queue: q.fifo => [A]",
    );
}

#[test]
fn a_receive_attempt_can_be_repeated() {
    let rows = play(
        FIFO,
        "0s send_message queue: q.fifo, body: A, message_group_id: g
         0s receive_message queue: q.fifo, receive_request_attempt_id: x => [A]
         20s receive_message queue: q.fifo, receive_request_attempt_id: x, as: r => [A]
         49s receive_message queue: q.fifo => []
         49s delete_message queue: q.fifo, handle: r[0] => Success
         49s receive_message queue: q.fifo, receive_request_attempt_id: x => []",
    );
    assert!(rows[2].starts_with("A receive_count=1"), "it is the same receive: {}", rows[2]);
}

#[test]
fn the_delay_of_a_fifo_queue_counts_for_messages_that_are_there() {
    play(
        "queues: { q.fifo: { content_based_deduplication: true }, q: {} }",
        "0s send_message queue: q.fifo, body: A, message_group_id: g
         0s send_message queue: q, body: B
         1s set_queue_attributes queue: q.fifo, delay: 10s => Success
         1s set_queue_attributes queue: q, delay: 10s => Success
         2s receive_message queue: q.fifo => []
         2s receive_message queue: q => [B]
         10s receive_message queue: q.fifo => [A]",
    );
}

#[test]
fn at_the_quota_a_fifo_queue_returns_nothing_and_a_standard_queue_an_error() {
    let quotas = "quotas: { sqs_maximum_in_flight: 1, sqs_maximum_in_flight_fifo: 1 }\n";
    play(
        &format!("{quotas}queues: {{ q: {{}}, q.fifo: {{ content_based_deduplication: true }} }}"),
        "0s send_message_batch queue: q, entries: [{body: A}, {body: B}]
         0s receive_message queue: q, max_number_of_messages: 10 => [A]
         0s receive_message queue: q => OverLimit
         0s send_message_batch queue: q.fifo, entries: [{body: A, message_group_id: g}, {body: B, message_group_id: h}]
         0s receive_message queue: q.fifo, max_number_of_messages: 10 => [A]
         0s receive_message queue: q.fifo => []
         1s receive_message queue: q, wait_time: 5s => []",
    );
}

#[test]
fn one_blocked_group_with_a_long_backlog_starves_those_behind_it() {
    play(
        "quotas: { sqs_fifo_scan_window: 2 }\nqueues: { q.fifo: { content_based_deduplication: true } }",
        "0s send_message_batch queue: q.fifo, entries: [{body: A, message_group_id: g}, {body: B, message_group_id: g}, {body: C, message_group_id: g}, {body: D, message_group_id: h}]
         0s receive_message queue: q.fifo, as: r => [A]
         1s receive_message queue: q.fifo => []
         2s delete_message queue: q.fifo, handle: r[0] => Success
         2s receive_message queue: q.fifo, max_number_of_messages: 10, as: more => [B, C]
         3s delete_message_batch queue: q.fifo, handles: [more[0], more[1]] => Success
         3s receive_message queue: q.fifo => [D]",
    );
}

#[test]
fn standard_queues_took_no_groups_in_2022() {
    play(
        "quotas: 2022\nqueues: { q: {} }",
        "0s send_message queue: q, body: A, message_group_id: g => InvalidParameterValue",
    );
    play(STANDARD, "0s send_message queue: q, body: A, message_group_id: g => Success");
}

#[test]
fn a_stranger_is_denied_until_a_policy_lets_it_in() {
    let script = |outcome: &str| {
        format!(
            "        script:\n          - {{ at: 0s, send_message: {{ queue: q, body: A }}, expect: {{ outcome: {outcome} }} }}\n"
        )
    };
    for (policy, outcome) in [("[]", "AccessDenied"), ("[ { principals: [\"222222222222\"] } ]", "Success")] {
        let yaml = format!(
            "name: stranger\nduration: 1m\nqueues: {{ q: {{ policy: {policy} }} }}\nclients:\n      stranger:\n        identity: {{ account: \"222222222222\" }}\n{}",
            script(outcome)
        );
        let scenario =
            Scenario::load("s.yaml", yaml.as_bytes(), &[], &NoFiles).unwrap_or_else(|e| panic!("{e}"));
        let tape = scenario.run().unwrap_or_else(|error| panic!("{error}"));
        assert!(tape.expectations[0].passed, "{policy}: {:?}", tape.expectations);
    }
}

#[test]
fn the_page_of_fidelity_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/fidelity.md")).expect("docs/fidelity.md can be read");
    let mut wrong = Vec::new();
    let mut rows = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| AWS does")) {
        rows += 1;
        let shown = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default().trim();
        if shown.starts_with("not modelled, because") {
            continue;
        }
        let named: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        if named.is_empty() {
            wrong.push(format!("shown by nothing: {row}"));
        }
        for name in named {
            let (path, function) = name.split_once(": ").unwrap_or((name, ""));
            let text = std::fs::read_to_string(root.join(path)).unwrap_or_default();
            if text.is_empty() || !text.contains(&format!("fn {function}(")) && !function.is_empty() {
                wrong.push(format!("there is no `{name}`"));
            }
        }
    }
    assert!(rows >= 60, "only {rows} rows");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_long_poll_is_answered_at_the_very_instant() {
    let load = |steps: &str| {
        let text = format!(
            "name: calls\nduration: 1h\nqueues: {{ q: {{ visibility_timeout: 30s, receive_message_wait_time: 20s }} }}\n\
             clients:\n  a: {{ script: [{steps}] }}\n  b:\n    script:\n      \
             - {{ at: 100s, send_message: {{ queue: q, body: A }} }}\n      \
             - {{ at: 200s, send_message: {{ queue: q, body: B, delay: 7s }} }}\n"
        );
        Scenario::load("calls.yaml", text.as_bytes(), &[], &NoFiles)
            .expect("a scenario")
            .run()
            .expect("a run")
    };
    let poll = |at: u32, bodies: &str, answered: &str| {
        format!(
            "{{ at: {at}s, receive_message: {{ queue: q }}, expect: {{ bodies: {bodies}, answered_at: {answered} }} }}"
        )
    };
    let tape = load(
        &[
            poll(1, "[]", "21s"),
            poll(90, "[A]", "100s"),
            poll(120, "[A]", "130s"),
            // Hidden until 160 s: the answer comes with its end, which is also that of the wait.
            poll(140, "[A]", "160s"),
            poll(195, "[A]", "195s"),
            poll(200, "[B]", "207s"),
        ]
        .join(", "),
    );
    let wrong: Vec<_> = tape.expectations.iter().filter(|one| !one.passed).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(tape.expectations[0].observed, "bodies [], answered at 21s");
}

#[test]
fn attributes_count_and_there_are_ten_at_most() {
    let attributes = |number: u32| {
        let all: Vec<String> = (0..number).map(|one| format!("a{one}: x")).collect();
        format!("attributes: {{ {} }}", all.join(", "))
    };
    play(
        "queues: { q: { maximum_message_size: 1024B } }",
        &format!(
            "0s send_message queue: q, body: A, {} => Success
             1s send_message queue: q, body: A, {} => InvalidParameterValue
             2s send_message queue: q, body: A, size: 1024B, attributes: {{ k: v }} => Success
             3s send_message queue: q, body: A, attributes: {{ k: {} }} => Success
             4s send_message queue: q, body: A, attributes: {{ k: {} }} => InvalidParameterValue",
            attributes(10),
            attributes(11),
            // A body of one byte, a name of one, the type `String`.
            "v".repeat(1_024 - 1 - 1 - 6),
            "v".repeat(1_024 - 1 - 1 - 5),
        ),
    );
}
