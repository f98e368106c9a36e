//! Every call of random scripts is answered as a second, independent model of SQS answers it.

mod generate;
mod model;
mod request;
mod script;

use model::{Model, Row};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use queuelab::language::NoFiles;
use queuelab::scenario::Scenario;
use script::Setup;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The lower-case hexadecimal SHA-256 of a text.
fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hexadecimal, byte| {
        let _ = write!(hexadecimal, "{byte:02x}");
        hexadecimal
    })
}

/// The rows of the run of a scenario.
fn played(setup: &Setup) -> Result<Vec<Row>, String> {
    let yaml = setup.yaml();
    let scenario =
        Scenario::load("script.yaml", yaml.as_bytes(), &[], &NoFiles).map_err(|error| error.to_string())?;
    let tape = scenario.run().map_err(|error| error.to_string())?;
    let mut numbers: [Vec<usize>; 2] = [Vec::new(), Vec::new()];
    for (number, step) in setup.steps.iter().enumerate() {
        numbers[step.client].push(number);
    }
    let row = |call: &queuelab::record::ApiCall| {
        let client = usize::from(call.client == "c1");
        Row {
            at: call.time.since_start().as_nanos() / 1_000_000,
            client,
            step: numbers[client][call.step as usize],
            action: call.action,
            request: call.request.clone(),
            outcome: call.outcome.clone(),
            messages: call.messages.clone(),
        }
    };
    Ok(tape.api_calls.iter().map(row).collect())
}

/// What the two disagree on; empty when they agree.
fn difference(setup: &Setup) -> String {
    let Some(expected) = Model::new(setup).play() else { return String::new() };
    let found = match played(setup) {
        Ok(rows) => rows,
        Err(error) => return format!("{error}\n{}", setup.yaml()),
    };
    if expected == found {
        return String::new();
    }
    let mut text = setup.yaml();
    for index in 0..expected.len().max(found.len()) {
        let (one, other) = (expected.get(index), found.get(index));
        let mark = if one == other { ' ' } else { '!' };
        let _ = writeln!(text, "{mark} model  {one:?}");
        if one != other {
            let _ = writeln!(text, "{mark} engine {other:?}");
        }
    }
    text
}

fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 4_000, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn compare(cases: u32) {
    let result = runner(cases).run(&generate::setup(), |setup| {
        let difference = difference(&setup);
        if difference.is_empty() { Ok(()) } else { Err(TestCaseError::fail(difference)) }
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn random_scripts_are_answered_as_the_reference_answers_them() {
    compare(1_500);
}

#[test]
#[ignore = "takes about a minute"]
fn very_many_random_scripts_are_answered_as_the_reference_answers_them() {
    compare(20_000);
}

/// A generator that never gets anywhere proves nothing.
#[test]
fn the_scripts_reach_what_matters() {
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    let mut runner = runner(0);
    for _ in 0..3_000 {
        let setup = generate::setup().new_tree(&mut runner).expect("a script").current();
        let kind = if setup.fifo { "FIFO" } else { "standard" };
        for row in Model::new(&setup).play().into_iter().flatten() {
            for outcome in row.outcome.split(", ") {
                *outcomes.entry(format!("{kind} {} {outcome}", row.action)).or_default() += 1;
            }
            if row.action == "ReceiveMessage" && row.messages.contains("; ") {
                *outcomes.entry(format!("{kind} several messages")).or_default() += 1;
            }
            if row.messages.contains("group=") {
                *outcomes.entry(format!("{kind} a group")).or_default() += 1;
            }
            if row.messages.contains("receive_count=4") {
                *outcomes.entry(format!("{kind} four receives")).or_default() += 1;
            }
            if row.messages.starts_with("FAILED") || row.messages.starts_with("RUNNING") {
                let state = row.messages.split(' ').next().unwrap_or_default();
                *outcomes.entry(format!("{kind} task {state}")).or_default() += 1;
            }
        }
    }
    let wanted = [
        "standard ReceiveMessage OverLimit",
        "standard SendMessage InvalidParameterValue",
        "standard SendMessage MissingParameter",
        "standard SendMessageBatch BatchRequestTooLong",
        "standard SendMessageBatch BatchEntryIdsNotDistinct",
        "standard SendMessageBatch InvalidBatchEntryId",
        "standard SendMessageBatch EmptyBatchRequest",
        "standard SendMessageBatch TooManyEntriesInBatchRequest",
        "standard DeleteMessage ReceiptHandleIsInvalid",
        "standard ChangeMessageVisibility InvalidParameterValue",
        "standard PurgeQueue PurgeQueueInProgress",
        "standard SetQueueAttributes InvalidAttributeValue",
        "standard several messages",
        "standard a group",
        "standard StartMessageMoveTask InvalidParameterValue",
        "standard StartMessageMoveTask Success",
        "standard four receives",
        "standard task FAILED",
        "FIFO task RUNNING",
        "FIFO several messages",
        "FIFO four receives",
        "FIFO DeleteMessage InvalidParameterValue",
        "FIFO ChangeMessageVisibility MessageNotInflight",
        "FIFO StartMessageMoveTask UnsupportedOperation",
        "FIFO StartMessageMoveTask Success",
        "FIFO CancelMessageMoveTask Success",
        "FIFO CancelMessageMoveTask ResourceNotFoundException",
    ];
    let missing: Vec<&str> = wanted.into_iter().filter(|outcome| !outcomes.contains_key(*outcome)).collect();
    assert!(missing.is_empty(), "never reached: {missing:?}\n{outcomes:#?}");
}
