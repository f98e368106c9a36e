//! `docs/seed-map.md`: every concept of the exam topic has a row, and what the row says of its scenario is so.

use crate::scenarios::{folder, judged};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The subjects of the exam topic, and how many concepts each of them has.
const SUBJECTS: &[(&str, usize)] = &[
    ("SQS", 24),
    ("SQS: visibility timeout", 4),
    ("SQS: dead-letter queue", 4),
    ("SQS: delay queue", 4),
    ("SQS: long polling", 4),
    ("SQS: request and response", 4),
    ("SQS: FIFO queues", 6),
    ("SQS with an Auto Scaling group", 3),
    ("SNS", 22),
    ("SNS and SQS: fan-out", 4),
    ("Kinesis Data Streams", 23),
    ("Kinesis Data Firehose", 10),
    ("Kinesis Data Analytics", 8),
    ("Kinesis Video Streams", 3),
    ("Amazon MQ", 13),
];

/// A row of the page.
struct Row<'a> {
    concept: &'a str,
    words: &'a str,
    scenario: &'a str,
    command: &'a str,
    number: &'a str,
    today: &'a str,
}

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/seed-map.md");
    fs::read_to_string(path).expect("the page is part of the project")
}

/// The subjects of the page with their rows.
fn subjects(page: &str) -> Vec<(&str, Vec<Row<'_>>)> {
    let mut found: Vec<(&str, Vec<Row<'_>>)> = Vec::new();
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            found.push((title, Vec::new()));
        }
        let Some(cells) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else { continue };
        let cells: Vec<&str> = cells.split(" | ").collect();
        let [concept, words, scenario, command, number, today] = cells[..] else {
            panic!("a row has six cells: {line}");
        };
        if concept == "concept" {
            continue;
        }
        let (_, rows) = found.last_mut().expect("a row stands under a subject");
        rows.push(Row { concept, words, scenario, command, number, today });
    }
    found.retain(|(_, rows)| !rows.is_empty());
    found
}

#[test]
fn every_concept_has_a_row_that_says_something() {
    let page = page();
    let subjects = subjects(&page);
    let numbers: Vec<(&str, usize)> = subjects.iter().map(|(title, rows)| (*title, rows.len())).collect();
    assert_eq!(numbers, SUBJECTS, "no concept is lost");
    let mut known = BTreeSet::new();
    for (title, rows) in &subjects {
        for row in rows {
            assert!(known.insert((title, row.concept)), "{title} has one row for `{}`", row.concept);
            assert!(row.words.ends_with('.') && row.words.len() > 20, "`{}` is explained", row.concept);
            assert!(!row.today.is_empty(), "`{}` is compared with today", row.concept);
        }
    }
    for word in ["planned", "TODO", "not yet", "to be done"] {
        assert!(!page.to_lowercase().contains(&word.to_lowercase()), "nothing is `{word}`");
    }
}

/// The text of a cell that is one code span.
fn code<'a>(cell: &'a str, of: &str) -> &'a str {
    let text = cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`'));
    text.unwrap_or_else(|| panic!("`{of}`: a code span, not {cell}"))
}

#[test]
fn every_row_shows_what_it_says() {
    let page = page();
    for row in subjects(&page).iter().flat_map(|(_, rows)| rows) {
        let of = row.concept;
        let (name, link) = row
            .scenario
            .strip_prefix('[')
            .and_then(|cell| cell.strip_suffix(')'))
            .and_then(|cell| cell.split_once("]("))
            .unwrap_or_else(|| panic!("`{of}`: a link, not {}", row.scenario));
        assert_eq!(link, format!("../scenarios/{name}.yaml"), "`{of}`");
        assert_eq!(code(row.command, of), format!("queuelab check scenarios/{name}.yaml"), "`{of}`");
        let number = code(row.number, of);
        let path = folder().join(format!("{name}.yaml"));
        let expectations = judged().get(&path).unwrap_or_else(|| panic!("`{of}`: no scenario `{name}`"));
        let expectations = expectations.as_ref().unwrap_or_else(|error| panic!("`{of}`: {error}"));
        let shown = expectations.iter().find(|one| format!("{} {}", one.name, one.expression) == number);
        let known: Vec<String> =
            expectations.iter().map(|one| format!("{} {}", one.name, one.expression)).collect();
        let shown = shown.unwrap_or_else(|| panic!("`{of}`: {name} expects no `{number}`, but {known:#?}"));
        assert!(shown.passed, "`{of}`: {number}, observed {}", shown.observed);
    }
}

#[test]
fn a_command_of_the_map_prints_its_number() {
    let page = page();
    let subjects = subjects(&page);
    let row = subjects.iter().flat_map(|(_, rows)| rows).find(|row| row.scenario.starts_with("[sqs-limits]"));
    let row = row.expect("a row of a quick scenario");
    let mut words = code(row.command, row.concept).split(' ');
    assert_eq!(words.next(), Some("queuelab"));
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_queuelab"));
    let outcome = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(words).assert().success();
    let printed = String::from_utf8_lossy(&outcome.get_output().stdout).into_owned();
    assert!(printed.contains(code(row.number, row.concept)), "{printed}");
}
