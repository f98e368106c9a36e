//! `manifest.json`: which run a report is of, and what belongs to it.

use super::number::WallClock;
use super::staging::WrittenFile;
use crate::engine::{Span, Time};
use crate::record::Tape;
use serde_json::{Map, Number, Value, json};
use std::collections::BTreeSet;

/// The file's name inside a report.
pub(super) const NAME: &str = "manifest.json";

/// How a manifest of ours is known.
const PROGRAM: &str = "queuelab";

/// The manifest as text: pretty JSON, always in the same order.
pub(super) fn text(tape: &Tape, written: &[WrittenFile]) -> String {
    let (rows, files) = listed(written);
    let messages: Map<String, Value> = tape
        .ledger
        .rows()
        .iter()
        .filter(|row| row.kind == "run")
        .map(|row| (row.fate.to_owned(), row.messages.into()))
        .collect();
    let header = &tape.header;
    let manifest = json!({
        "program": PROGRAM,
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": header.scenario,
        "scenario_sha256": header.scenario_hash,
        "seed": header.seed,
        "replication": header.replication,
        "start": WallClock::new(header.start_unix_millis).timestamp(Time::ZERO),
        "duration_s": seconds(header.duration),
        "warm_up_s": seconds(header.warm_up),
        "quota_profile": header.quota_profile,
        "events": header.events,
        "messages": messages,
        "rows": rows,
        "notes": tape.notes,
        "files": files,
    });
    format!("{manifest:#}\n")
}

/// The manifest of an experiment: what it was, and the files that belong to it.
pub(super) fn experiment_text(title: &str, facts: &[(String, String)], written: &[WrittenFile]) -> String {
    let (rows, files) = listed(written);
    let facts: Map<String, Value> =
        facts.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let manifest = json!({
        "program": PROGRAM,
        "version": env!("CARGO_PKG_VERSION"),
        "experiment": title,
        "facts": facts,
        "rows": rows,
        "files": files,
    });
    format!("{manifest:#}\n")
}

/// The rows of the tables, and all files, by name.
fn listed(written: &[WrittenFile]) -> (Map<String, Value>, Vec<Value>) {
    let mut files: Vec<&WrittenFile> = written.iter().collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let rows = files.iter().filter_map(|file| Some((file.name.clone(), file.rows?.into()))).collect();
    let files = files
        .iter()
        .map(|file| json!({ "name": file.name, "bytes": file.bytes, "sha256": file.sha256 }))
        .collect();
    (rows, files)
}

/// Whole seconds as an integer, else with their fraction.
fn seconds(span: Span) -> Value {
    let value = span.as_seconds_f64();
    if value.fract() == 0.0 {
        Value::from(value as u64)
    } else {
        Number::from_f64(value).map_or(Value::Null, Value::Number)
    }
}

/// The files a manifest of ours lists, itself included; `None` when the text is no manifest of ours.
pub(super) fn listed_files(text: &str) -> Option<BTreeSet<String>> {
    let manifest: Value = serde_json::from_str(text).ok()?;
    if manifest.get("program")?.as_str()? != PROGRAM {
        return None;
    }
    let files = manifest.get("files")?.as_array()?;
    let names = files.iter().filter_map(|file| file.get("name")?.as_str().map(str::to_owned));
    Some(names.chain([NAME.to_owned()]).collect())
}
