//! Problems as text: what the compiler's own messages look like, with the line and a caret.

use std::fmt::Write;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::place::{Place, Sources};
use super::problem::{Problem, Problems, Severity};

/// How many problems are shown before the rest is only counted.
const SHOWN: usize = 50;

/// Lines longer than this (in bytes) are not shown: only their place is.
const LONGEST_LINE: usize = 400;

impl Problems {
    /// All problems in file order, with snippets, ending in a line that counts them. Empty for no problems.
    pub fn render(&self, sources: &Sources, color: bool) -> String {
        let sorted = self.sorted();
        if sorted.is_empty() {
            return String::new();
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for problem in sorted.iter().take(SHOWN) {
            text.push_str(&renderer.render(&[group(problem, sources)]));
            text.push_str("\n\n");
        }
        let hidden = sorted.len().saturating_sub(SHOWN) + self.left_out();
        if hidden > 0 {
            let _ = write!(text, "… and {hidden} more\n\n");
        }
        text.push_str(&count(&sorted, self.left_out(), sources));
        text.push('\n');
        text
    }
}

fn group<'a>(problem: &'a Problem, sources: &'a Sources) -> Group<'a> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(problem.what.as_str()));
    if let Some(place) = problem.place
        && let Some(source) = sources.get(place.source)
    {
        group = match excerpt(&source.text, &place) {
            Some((line, mark)) => {
                let annotation = AnnotationKind::Primary.span(mark).label(problem.label.as_deref());
                group.element(
                    Snippet::source(line)
                        .line_start(place.line as usize)
                        .path(source.name.as_str())
                        .annotation(annotation),
                )
            }
            None => group.element(
                Origin::path(source.name.as_str())
                    .line(place.line as usize)
                    .char_column(place.column as usize),
            ),
        };
    }
    if let Some(why) = &problem.why {
        group = group.element(Level::NOTE.message(why.as_str()));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

/// The line of a place and the bytes of it to mark: the first line only, where a place spans several.
fn excerpt<'a>(text: &'a str, place: &Place) -> Option<(&'a str, Range<usize>)> {
    let before = text.get(..place.start)?;
    let mut line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    if text[line_start..].starts_with('\u{feff}') && place.start >= line_start + 3 {
        // A byte order mark is no character of the line.
        line_start += 3;
    }
    let line = text[line_start..].lines().next().unwrap_or("");
    if line.len() > LONGEST_LINE {
        return None;
    }
    let start = (place.start - line_start).min(line.len());
    let end = place.end.saturating_sub(line_start).clamp(start, line.len());
    line.get(start..end)?;
    Some((line, start..end))
}

/// "3 problems in scenario.yaml".
fn count(sorted: &[&Problem], left_out: usize, sources: &Sources) -> String {
    let number = sorted.len() + left_out;
    let warnings = sorted.iter().filter(|problem| problem.severity == Severity::Warning).count();
    let noun = match (number, warnings == number) {
        (1, false) => "problem",
        (_, false) => "problems",
        (1, true) => "warning",
        (_, true) => "warnings",
    };
    let mut names: Vec<&str> = Vec::new();
    for problem in sorted {
        let source = problem.place.and_then(|place| sources.get(place.source));
        if let Some(source) = source
            && !names.contains(&source.name.as_str())
        {
            names.push(&source.name);
        }
    }
    if names.is_empty() && sources.iter().count() == 1 {
        names.extend(sources.iter().map(|source| source.name.as_str()));
    }
    match names.as_slice() {
        [] => format!("{number} {noun}"),
        [one] => format!("{number} {noun} in {one}"),
        [first, .., last] if names.len() == 2 => format!("{number} {noun} in {first} and {last}"),
        _ => format!("{number} {noun} in {} files", names.len()),
    }
}
