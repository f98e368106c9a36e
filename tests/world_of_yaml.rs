//! Whatever is in a scenario file: problems in words, never a panic, never a long wait; and what still loads, runs.

use crate::scenarios::{Beside, bundled};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use queuelab::scenario::Scenario;
use queuelab::world::RunError;
use std::fmt::Write as _;
use std::time::Duration;

/// No text may keep a reader waiting for longer.
const LONGEST: Duration = Duration::from_secs(2);

fn load(text: &[u8], sets: &[&str]) -> Result<Scenario, String> {
    let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
    let before = cpu_time::ThreadTime::now();
    let loaded = Scenario::load("mangled.yaml", text, &sets, &Beside(crate::scenarios::folder()));
    let shown = || String::from_utf8_lossy(&text[..text.len().min(2_000)]).into_owned();
    assert!(before.elapsed() < LONGEST, "{:?} for\n{}", before.elapsed(), shown());
    loaded.map_err(|error| {
        let told = error.to_string();
        assert!(error.errors() > 0 && told.contains("mangled.yaml"), "nothing is told of\n{}", shown());
        assert!(!told.contains('\u{1b}'), "no colours: {told}");
        assert!(error.coloured().contains('\u{1b}'), "colours: {}", error.coloured());
        told
    })
}

/// Loads a text and, if that works, runs the beginning of it; whether it did.
fn survive(text: &[u8]) -> bool {
    let Ok(scenario) = load(text, &[]) else { return false };
    assert!(scenario.hash().len() == 64 && scenario.name().len() <= 80);
    // A few seconds of it, and no more than the first slice of events.
    let Ok(scenario) = load(text, &["duration=3s", "warm_up=0s"]) else { return true };
    if let Err(error) = scenario.run_with(1, 0, &mut |_| false) {
        let shown = String::from_utf8_lossy(text);
        assert!(matches!(error, RunError::Interrupted), "{error}\n{shown}");
    }
    true
}

/// Runs the first slice of a text with the duration it asks for, if it is in order.
fn run_as_it_is(text: &[u8]) {
    let Ok(scenario) = load(text, &[]) else { return };
    if let Err(error) = scenario.run_with(1, 0, &mut |_| false) {
        assert!(matches!(error, RunError::Interrupted), "{error}\n{}", String::from_utf8_lossy(text));
    }
}

/// The words of a text with their places: everything between spaces and punctuation of YAML.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, character) in text.char_indices().chain([(text.len(), ' ')]) {
        let inside =
            !character.is_whitespace() && !matches!(character, '{' | '}' | '[' | ']' | ',' | ':' | '"');
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(begun)) => {
                words.push((begun, at));
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// Without comments, so that mangling hits something.
fn bare(text: &str) -> String {
    text.lines()
        .map(|line| line.split(" #").next().unwrap_or(""))
        .filter(|line| !line.starts_with('#'))
        .fold(String::new(), |text, line| text + line + "\n")
}

/// Words that are likely to mean something where they should not.
const HOSTILE: &[&str] = &[
    "0",
    "-1",
    "1",
    "0s",
    "1ns",
    "-5s",
    "0.1ns",
    "584y",
    "18446744073709551615",
    "99999999999999999999999999",
    "1e308",
    "1e400",
    ".nan",
    "-.inf",
    ".inf",
    "~",
    "true",
    "''",
    "[]",
    "{}",
    "100%",
    "-3%",
    "1e9/s",
    "0/s",
    "12h",
    "14d",
    "213503d",
    "9EiB",
    "1B",
    "workers",
    "orders",
    "<<",
    "*x",
    "&x",
    "!!str",
    "|",
    "2022",
    "2026-03-02T08:00:00Z",
];

#[test]
fn every_word_replaced_by_every_hostile_one() {
    const EACH: usize = 24;
    let (mut loads, mut good) = (0_u32, 0_u32);
    for (number, (_, text)) in bundled().iter().enumerate() {
        let text = bare(text);
        for (position, (start, end)) in words(&text).into_iter().enumerate() {
            // With many scenarios each shows its words only some of the hostile ones.
            for hostile in HOSTILE.iter().skip((position * 7 + number) % EACH).step_by(EACH) {
                let mangled = format!("{}{hostile}{}", &text[..start], &text[end..]);
                loads += 1;
                good += u32::from(survive(mangled.as_bytes()));
                if matches!(*hostile, "213503d" | "1ns") {
                    run_as_it_is(mangled.as_bytes());
                }
            }
        }
    }
    assert!(loads > 1_000 && good > loads / 50 && good < loads / 2, "{good} of {loads} still load");
}

#[test]
fn files_cut_short() {
    for (path, text) in bundled() {
        let text = text.as_bytes();
        let mut wrong = 0;
        for length in (0..text.len()).step_by(7) {
            wrong += u32::from(!survive(&text[..length]));
        }
        assert!(wrong > 10, "{}: most beginnings of a file are no scenario", path.display());
    }
}

#[test]
fn lines_lost_doubled_and_in_another_order() {
    for (_, text) in bundled() {
        let lines: Vec<&str> = text.lines().collect();
        for number in 0..lines.len() {
            let (mut lost, mut doubled, mut swapped) = (lines.clone(), lines.clone(), lines.clone());
            lost.remove(number);
            doubled.insert(number, lines[number]);
            swapped.swap(number, (number * 7 + 3) % lines.len());
            for mangled in [lost, doubled, swapped] {
                survive(mangled.join("\n").as_bytes());
            }
        }
    }
}

fn config(cases: u32, seed: u64) -> Config {
    Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(seed), ..Config::default() }
}

proptest! {
    #![proptest_config(config(1_500, 11))]

    #[test]
    fn bytes_swapped_lost_and_changed(
        which in any::<prop::sample::Index>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u8), 1..5),
    ) {
        let scenarios = bundled();
        let mut bytes = bare(&scenarios[which.index(scenarios.len())].1).into_bytes();
        for (first, second, what) in cuts {
            let (one, other) = (first.index(bytes.len()), second.index(bytes.len()));
            match what {
                0 => bytes.swap(one, other),
                1 => { bytes.splice(one..one, HOSTILE[second.index(HOSTILE.len())].bytes()); }
                2 => { bytes.drain(one..(one + other % 20).min(bytes.len())); }
                _ => bytes[one] = bytes[one].wrapping_add(other as u8),
            }
            if bytes.is_empty() {
                break;
            }
        }
        survive(&bytes);
    }

    #[test]
    fn values_swapped_between_keys(
        which in any::<prop::sample::Index>(),
        swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
    ) {
        let scenarios = bundled();
        let mut text = bare(&scenarios[which.index(scenarios.len())].1);
        for (first, second) in swaps {
            let words = words(&text);
            let (one, other) = (words[first.index(words.len())], words[second.index(words.len())]);
            let ((a, b), (c, d)) = (one.min(other), one.max(other));
            if b <= c {
                text = [&text[..a], &text[c..d], &text[b..c], &text[a..b], &text[d..]].concat();
            }
        }
        survive(text.as_bytes());
    }
}

const SMALL: &str = "name: small\nduration: 10s\nqueues: { q: {} }\nproducers:\n  p: { publishes_to: { queue: q }, \
                     arrivals: { constant: { rate: 1/s } } }\nconsumers:\n  c: { receives_from: { queue: q }, \
                     processing_time: 1s }\n";

fn told(text: &[u8]) -> String {
    load(text, &[]).expect_err("this is no scenario")
}

#[test]
fn what_editors_do_to_files() {
    assert!(survive(SMALL.as_bytes()));
    assert!(survive(SMALL.replace('\n', "\r\n").as_bytes()), "line ends of Windows");
    assert!(survive(format!("\u{feff}{SMALL}").as_bytes()), "a byte order mark");
    assert!(survive(format!("%YAML 1.2\n---\n{SMALL}...\n").as_bytes()), "the marks of a document");
    assert!(survive(SMALL.trim_end().as_bytes()), "no line end at the end");
    let tabs = told(SMALL.replace("  p:", "\tp:").as_bytes());
    assert!(tabs.contains("tab") || tabs.contains("spaces"), "{tabs}");
    let binary = told(&[SMALL.as_bytes(), b"# \xff\xfe\n"].concat());
    assert!(binary.contains("UTF-8"), "{binary}");
    let utf16: Vec<u8> = SMALL.encode_utf16().flat_map(u16::to_le_bytes).collect();
    told(&utf16);
    told(b"");
    told(b"\0\0\0\0");
    told(b"# only a comment\n");
    told(b"[]");
    told(format!("{SMALL}---\n{SMALL}").as_bytes());
}

#[test]
fn names_and_keys_that_cannot_be() {
    let emoji = told(SMALL.replace("q: {}", "\"🦀\": {}").as_bytes());
    assert!(emoji.contains('🦀') && emoji.contains("letters"), "{emoji}");
    let twice = told(SMALL.replace("q: {}", "q: {}, q: {}").as_bytes());
    assert!(twice.contains("`q`"), "{twice}");
    let long = told(SMALL.replace("q: {}", &format!("{}: {{}}", "q".repeat(81))).as_bytes());
    assert!(long.contains("81"), "{long}");
    let nothing = told(SMALL.replace("name: small", "name: ''").as_bytes());
    assert!(nothing.contains("empty"), "{nothing}");
    for name in ["../up", "a/b", "a b", "C:\\x"] {
        told(SMALL.replace("name: small", &format!("name: '{name}'")).as_bytes());
    }
}

#[test]
fn a_scenario_cannot_be_called_like_a_folder_above() {
    for name in [".", ".."] {
        told(SMALL.replace("name: small", &format!("name: '{name}'")).as_bytes());
    }
}

#[test]
fn bombs_are_refused() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let _ = writeln!(laughs, "a{level}: &a{level} [{}]", vec![format!("*a{}", level - 1); 10].join(","));
    }
    let wide: String = (0..50_000).fold(SMALL.to_owned(), |text, n| text + &format!("unknown{n}: {n}\n"));
    for bomb in [
        format!("{laughs}{SMALL}"),
        format!("{SMALL}description: {}{}\n", "[".repeat(10_000), "]".repeat(10_000)),
        format!("{SMALL}description: {}", "{a: ".repeat(10_000)),
        format!("{SMALL}seed: {}\n", "9".repeat(1_000_000)),
        format!("{SMALL}description: &a [*a]\n"),
        wide,
    ] {
        told(bomb.as_bytes());
    }
}

#[test]
fn ten_thousand_queues_are_read_and_ten_thousand_wrong_ones_told() {
    let mut text = "name: many\nduration: 2s\nqueues:\n".to_owned();
    for number in 0..10_000 {
        let _ = writeln!(text, "  q{number}: {{ visibility_timeout: 30s }}");
    }
    let last = "producers:\n  p: { publishes_to: { queue: q9999 }, arrivals: { constant: { rate: 1/s } } }\n";
    let scenario = load(format!("{text}{last}").as_bytes(), &[]).expect("many queues are no problem");
    assert_eq!(scenario.expectations(), 0);
    let wrong = told(format!("{}{last}", text.replace("30s", "30 parsecs")).as_bytes());
    assert!(wrong.len() < 2_000_000, "{} bytes are told", wrong.len());
    let unknown = told(format!("{text}{}", last.replace("q9999", "q10000")).as_bytes());
    assert!(unknown.contains("there is no queue `q10000`"), "{unknown}");
}

#[test]
fn circles_in_which_no_time_passes() {
    let instant = SMALL
        .replace("processing_time: 1s", "processing_time: 0s, wait_time: 20s")
        .replace("  c: {", "  c: { ");
    let circle = |text: &str| text.replace("duration: 10s", "duration: 10s\napi_latency: none");
    let hidden = circle(&instant).replace("q: {}", "q: { visibility_timeout: 0s }");
    assert!(told(hidden.as_bytes()).contains("infinitely often"));
    let polls = circle(&SMALL.replace("processing_time: 1s", "processing_time: 0s"));
    assert!(told(polls.as_bytes()).contains("infinitely often"));
    let again = circle(&instant).replace("wait_time: 20s", "wait_time: 20s, on_failure: make_visible_again");
    assert!(told(again.as_bytes()).contains("infinitely often"));
    // Circles through several queues are only seen when they are run.
    let around = circle(&instant).replace("wait_time: 20s", "wait_time: 20s, forwards_to: { queue: q }");
    let run = load(around.as_bytes(), &[]).expect("it is in order").run();
    let error = run.expect_err("no time passes").to_string();
    assert!(error.starts_with("time stands still at 1s") && error.contains("at `c`"), "{error}");
}
