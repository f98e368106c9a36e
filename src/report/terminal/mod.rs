//! What a run shows on a terminal: a header, a table for each kind of thing, and where the files are.

mod grid;
pub(super) mod sentences;
pub(super) mod tables;

use super::human;
use crate::record::{Tape, TheoryRow};
use anstyle::{AnsiColor, Style};
use grid::Grid;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// The summary of a run for a terminal `width` columns wide, with ANSI styles (print it through `anstream`).
///
/// `files` are the paths that [`write`](super::write) returned, none when nothing was written. Tables wider than
/// the terminal continue below; columns in which nothing happened and kinds without members are left out.
pub fn summary(tape: &Tape, width: usize, files: &[PathBuf]) -> String {
    let width = width.max(40);
    let mut parts = vec![header(tape, width)];
    for table in tables::all(tape) {
        parts.push(table.render(width));
    }
    parts.push(sentences::dead_letters(tape).iter().map(|sentence| wrapped(sentence, width, "")).collect());
    parts.push(
        Some(sentences::cost(tape))
            .filter(|cost| !cost.is_empty())
            .map_or(String::new(), |cost| wrapped(&cost, width, "")),
    );
    parts.push(theory(tape, width));
    parts.push(expectations(tape, width));
    parts.push(tape.notes.iter().map(|note| wrapped(&format!("Note: {note}"), width, "      ")).collect());
    parts.push(places(files, width));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// A table for a terminal: a row for each name, columns that have no room continue below; missing cells are dashes.
pub fn grid(
    title: &str,
    names: &[String],
    columns: Vec<(&str, Vec<Option<String>>)>,
    width: usize,
) -> String {
    let mut grid = Grid::whole(title, names);
    for (head, cells) in columns {
        grid.column(head, cells);
    }
    grid.render(width.max(40))
}

fn header(tape: &Tape, width: usize) -> String {
    let header = &tape.header;
    let mut text = format!("{BOLD}{}{BOLD:#}\n", header.scenario);
    if !header.description.trim().is_empty() {
        text += &wrapped(header.description.trim(), width, "");
    }
    let facts = wrapped(&sentences::facts(tape), width, "");
    let _ = writeln!(text, "{DIM}{}{DIM:#}", facts.trim_end()); // into a string
    text
}

/// A statistic of one thing, as a person reads it; `None` when the tape has none.
fn told(tape: &Tape, (kind, name): (&str, &str), metric: &str, statistic: &str) -> Option<(f64, String)> {
    let row = tape.summary.iter().find(|row| {
        row.kind == kind && row.name == name && row.metric == metric && row.statistic == statistic
    })?;
    Some((row.value, human::value(row.value, row.unit)))
}

/// The names of a kind, in the tape's order.
fn names<'a>(tape: &'a Tape, kind: &str) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for row in tape.summary.iter().filter(|row| row.kind == kind) {
        if !names.contains(&row.name.as_str()) {
            names.push(&row.name);
        }
    }
    names
}

/// What queueing theory says, beside the run.
fn theory(tape: &Tape, width: usize) -> String {
    let mut text = String::new();
    for one in &tape.theory {
        let sentence =
            wrapped(&format!("{}: {}", one.name, one.sentence), width.saturating_sub(8), "        ");
        let _ = write!(text, "{BOLD}Theory{BOLD:#}  {sentence}"); // into a string
        let names: Vec<String> = one.rows.iter().map(|row| row.what.clone()).collect();
        let shown = |value: f64, unit| Some(human::value(value, unit));
        let by_row = |tell: &dyn Fn(&TheoryRow) -> Option<String>| one.rows.iter().map(tell).collect();
        let difference = |row: &TheoryRow| {
            let simulated = row.simulated.filter(|_| row.theory != 0.0)?;
            Some(format!("{:+.1} %", 100.0 * (simulated - row.theory) / row.theory))
        };
        let columns = vec![
            ("theory", by_row(&|row| shown(row.theory, row.unit))),
            ("this run", by_row(&|row| shown(row.simulated?, row.unit))),
            ("difference", by_row(&difference)),
        ];
        text += &grid("", &names, columns, width);
    }
    text
}

fn expectations(tape: &Tape, width: usize) -> String {
    if tape.expectations.is_empty() {
        return String::new();
    }
    let failed = tape.expectations.iter().filter(|result| !result.passed).count();
    let all = tape.expectations.len();
    let mut text = if failed == 0 {
        format!("{BOLD}Expectations{BOLD:#}  {GOOD}all {all} held{GOOD:#}\n")
    } else {
        format!("{BOLD}Expectations{BOLD:#}  {BAD}{failed} of {all} failed{BAD:#}\n")
    };
    let said = |result: &crate::record::ExpectationResult| format!("{} {}", result.name, result.expression);
    let longest = tape.expectations.iter().map(|result| said(result).chars().count()).max().unwrap_or(0);
    for result in &tape.expectations {
        let (style, mark) = if result.passed { (GOOD, '✓') } else { (BAD, '✗') };
        let observed = match result.observed.as_str() {
            "" => format!("{DIM}nothing to observe{DIM:#}"),
            observed => format!("{DIM}was{DIM:#} {observed}"),
        };
        let said = said(result);
        // Observed values stand below each other where there is room.
        let pad = if longest + 26 <= width { longest } else { 0 };
        let _ = writeln!(text, "{style}{mark}{style:#} {said:pad$}  {observed}"); // into a string
    }
    text
}

/// Where the report is and what is in it.
fn places(files: &[PathBuf], width: usize) -> String {
    let Some(folder) = files.last().and_then(|manifest| manifest.parent()) else { return String::new() };
    let inside = |file: &Path| file.strip_prefix(folder).map_or_else(|_| file.to_owned(), Path::to_owned);
    let charts = files.iter().filter(|file| file.extension().is_some_and(|end| end == "svg")).count();
    let names: Vec<String> = files
        .iter()
        .map(|file| inside(file))
        .filter(|file| file.components().count() == 1)
        .map(|file| file.display().to_string())
        .collect();
    let mut text = format!("{BOLD}Report{BOLD:#}  {}\n", folder.display());
    let _ = writeln!(text, "{DIM}{}{DIM:#}", wrapped(&names.join(", "), width, "").trim_end()); // into a string
    if charts > 0 {
        let noun = if charts == 1 { "chart" } else { "charts" };
        let place = folder.join("charts");
        let _ = writeln!(text, "{DIM}{charts} {noun} as SVG and PNG in {}{DIM:#}", place.display()); // into a string
    }
    text
}

/// The text in lines of at most `width` characters, those after the first behind `indent`.
fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push('\n');
            lines.push_str(indent);
            used = indent.chars().count();
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += length;
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
