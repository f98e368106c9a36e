//! The house stays as it was built: imports go down, files stay short, and each room keeps to its trade.

mod paths;
mod source;

use paths::{Import, imports};
use source::{Source, sources, texts};

/// A floor and the floors it may import from; what is not listed is above it or beside it.
struct Floor {
    name: &'static str,
    number: u8,
    below: &'static [&'static str],
}

const fn floor(name: &'static str, number: u8, below: &'static [&'static str]) -> Floor {
    Floor { name, number, below }
}

const FLOORS: &[Floor] = &[
    floor("engine", 1, &[]),
    floor("language", 2, &["engine"]),
    floor("record", 2, &["engine"]),
    floor("filter", 3, &["language"]),
    floor("wire", 3, &["engine", "language", "record", "filter"]),
    floor("series", 3, &["engine", "language"]),
    floor("scaling", 3, &["engine", "language", "record", "wire", "series"]),
    floor("traffic", 3, &["engine", "language"]),
    floor("services", 4, &["engine", "language", "record", "wire", "series", "scaling", "traffic", "filter"]),
    floor("world", 5, &["engine", "language", "record", "wire", "series", "services"]),
    floor("expect", 5, &["language", "record"]),
    floor("report", 5, &["engine", "record"]),
    floor(
        "scenario",
        6,
        &[
            "engine", "language", "record", "wire", "series", "scaling", "traffic", "services", "world",
            "expect", "filter",
        ],
    ),
    floor(
        "cli",
        7,
        &[
            "engine", "language", "record", "wire", "services", "world", "expect", "report", "scenario",
            "filter",
        ],
    ),
];

/// Macros that stand at the root of the crate because Rust puts exported ones there, and the floor they belong to.
const ROOT_MACROS: &[(&str, &str)] = &[("metrics", "record")];

/// What an import breaks, in words; `None` when it breaks nothing.
fn broken_rule(from: &[String], import: &Import) -> Option<String> {
    let here = from.first()?;
    let first = import.path.first()?.as_str();
    let there = ROOT_MACROS.iter().find(|(name, _)| *name == first).map_or(first, |(_, floor)| floor);
    let mine = FLOORS.iter().find(|floor| floor.name == here)?;
    let Some(theirs) = FLOORS.iter().find(|floor| floor.name == there) else {
        return Some(format!("`{}` is on no floor: add it to FLOORS", import.path.join("::")));
    };
    if here == "services" && there == "services" {
        let other = import.path.get(1)?;
        return (from.get(1) != Some(other) && from.len() > 1)
            .then(|| format!("no service imports another: `{}` imports `{other}`", from[1]));
    }
    if here == there || mine.below.contains(&there) {
        return None;
    }
    Some(format!(
        "imports go down: `{here}` (floor {}) may import {}, not `{there}` (floor {})",
        mine.number,
        if mine.below.is_empty() { "nothing".to_owned() } else { mine.below.join(", ") },
        theirs.number
    ))
}

fn broken_imports(source: &Source) -> Vec<String> {
    imports(&source.code, &source.module)
        .iter()
        .filter_map(|import| {
            broken_rule(&source.module, import).map(|rule| format!("{}:{}: {rule}", source.path, import.line))
        })
        .collect()
}

#[test]
fn imports_go_down_and_no_service_knows_another() {
    let broken: Vec<String> = sources().iter().flat_map(broken_imports).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_rules_catch_what_they_forbid() {
    let cases: &[(&str, &str, &str)] = &[
        ("engine/run.rs", "use crate::record::Ledger;", "imports go down: `engine`"),
        ("language/set.rs", "use crate::{engine::Time, record::Tape};", "`language` (floor 2)"),
        ("wire/batch.rs", "fn f() -> crate::world::Plan { todo!() }", "not `world`"),
        ("report/mod.rs", "use crate::language::nearest;", "not `language`"),
        ("services/sqs/queue.rs", "use crate::services::{\n  compute::Fleet};", "`sqs` imports `compute`"),
        ("services/sqs/queue.rs", "use super::super::producer::Producer;", "`sqs` imports `producer`"),
        ("services/sqs/mod.rs", "use super::cloudwatch::Alarm;", "`sqs` imports `cloudwatch`"),
        ("engine/run.rs", "use super::super::wire::Signal;", "not `wire`"),
        ("wire/batch.rs", "use crate::attic::Box;", "on no floor"),
        ("engine/run.rs", "crate::metrics! { }", "not `record`"),
    ];
    for (path, code, wanted) in cases {
        let broken = broken_imports(&Source::of(path, code));
        assert_eq!(broken.len(), 1, "{code}: {broken:?}");
        assert!(broken[0].contains(wanted), "{code}: {broken:?}");
        assert!(broken[0].starts_with(&format!("src/{path}:")), "{broken:?}");
    }
    let allowed = [
        ("services/sqs/queue.rs", "// use crate::world::Plan;\nuse crate::services::sqs::Queue;"),
        ("services/sqs/queue.rs", "use super::slots::Slot;\nuse crate::wire::{Signal, Entry};"),
        ("engine/run.rs", "#[cfg(test)]\nmod tests {\n    use crate::world::Plan;\n}"),
    ];
    for (path, code) in allowed {
        assert_eq!(broken_imports(&Source::of(path, code)), Vec::<String>::new(), "{code}");
    }
}

#[test]
fn every_room_is_on_a_floor() {
    for source in sources() {
        let room = source.module.first().map_or("", String::as_str);
        assert!(
            room.is_empty() || FLOORS.iter().any(|floor| floor.name == room),
            "{}: `{room}` is on no floor",
            source.path
        );
    }
}

/// What only some rooms may touch: the outside world, and the crates that are there for the command line.
const TRADES: &[(&str, &[&str])] = &[
    ("std::thread", &["cli"]),
    ("std::fs", &["cli", "report"]),
    ("std::net", &[]),
    ("std::env", &["cli"]),
    ("std::process", &["cli", ""]),
    ("std::time::Instant", &["cli"]),
    ("std::time::SystemTime", &["cli"]),
    ("tempfile", &["cli", "report"]),
    ("anyhow", &["cli"]),
    ("clap", &["cli"]),
    ("ctrlc", &["cli"]),
    ("indicatif", &["cli"]),
    ("terminal_size", &["cli"]),
    ("rand", &[]),
    ("rand_chacha", &["engine"]),
    ("serde_yaml", &["language"]),
];

fn broken_trades(source: &Source) -> Vec<String> {
    let room = source.module.first().map_or("", String::as_str);
    let mut broken = Vec::new();
    for (outside, rooms) in TRADES {
        let (first, rest) = outside.split_once("::").unwrap_or((outside, ""));
        for (used, line) in paths::paths_from(&source.code, first) {
            let matches = rest.is_empty() || rest.split("::").zip(&used).all(|(part, name)| part == name);
            let long_enough = used.len() >= rest.split("::").filter(|part| !part.is_empty()).count();
            if matches && long_enough && !rooms.contains(&room) {
                broken.push(format!(
                    "{}:{line}: only {} may use `{outside}`",
                    source.path,
                    if rooms.is_empty() { "nobody".to_owned() } else { rooms.join(", ") }
                ));
            }
        }
    }
    broken
}

#[test]
fn only_the_outer_rooms_touch_the_machine() {
    let broken: Vec<String> = sources().iter().flat_map(broken_trades).collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    let caught = broken_trades(&Source::of(
        "world/mod.rs",
        "use std::{fs, time::{Duration, Instant}};\nfn f() { std::thread::spawn(g); anyhow::bail!(1) }",
    ));
    assert_eq!(caught.len(), 4, "{caught:?}");
    assert!(broken_trades(&Source::of("report/x.rs", "use std::fs::File;\nuse std::io;")).is_empty());
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    const MOST_LINES: usize = 600;
    let mut found = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            found.push(format!("{}: {lines} lines, at most {MOST_LINES}", source.path));
        }
        if !source.text.starts_with("//! ") {
            found.push(format!("{}:1: a file begins with `//!` and what it is for", source.path));
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    // Taken apart, so that this file does not name them either.
    let homes = [["/ho", "me/"], ["/ro", "ot/"], ["/Us", "ers/"], ["/wo", "rk/"], ["C:\\", "Users"]];
    let mut found = Vec::new();
    for (path, text) in texts() {
        for (number, line) in text.lines().enumerate() {
            for home in homes.iter().map(|parts| parts.concat()) {
                // Behind a name it is a path of the tree, alone it is one of a machine.
                let named = line.match_indices(&home).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '~'))
                });
                if named {
                    found.push(format!("{path}:{}: {}", number + 1, line.trim()));
                }
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
