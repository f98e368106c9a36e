//! `report.html`: the whole run on one page that needs nothing else: what to look at, tables, charts and the ledger.

use super::charts::{Chart, escaped};
use super::terminal::sentences;
use super::terminal::tables;
use super::{ReportError, human, staging::Staging};
use crate::record::{Ledger, LedgerRow, Side, Tape, Unit};
use std::fmt::Write as _;

/// The file's name inside a report.
pub(super) const NAME: &str = "report.html";

/// Looks like a page on a screen of any width, and like a report on paper.
const STYLE: &str = "
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0 auto; padding: 2em; max-width: 75em; }
h1 { margin-bottom: 0; } h2 { margin-top: 2em; border-bottom: 1px solid #e3e6e8; }
.facts, .observed { color: #5f6368; }
.held { color: #00734f; } .failed { color: #b04500; font-weight: bold; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; }
th, td { padding: .2em .9em .2em 0; text-align: right; white-space: nowrap; vertical-align: top; }
th { border-bottom: 1px solid #9aa0a6; } td { border-bottom: 1px solid #e3e6e8; }
th:first-child, td:first-child, td.text, th.text { text-align: left; } td.text { white-space: normal; }
figure { margin: 1.5em 0; break-inside: avoid; } figure svg { width: 100%; height: auto; }
";

/// Writes the page of a run, with the charts that were drawn of it.
pub(super) fn write(tape: &Tape, charts: &[Chart], staging: &mut Staging) -> Result<(), ReportError> {
    staging.write(NAME, text(tape, charts).as_bytes())
}

fn text(tape: &Tape, charts: &[Chart]) -> String {
    let title = escaped(&tape.header.scenario);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title} · queuelab</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    paragraph(&mut page, "", tape.header.description.trim());
    paragraph(&mut page, "facts", &sentences::facts(tape));
    findings(&mut page, tape);
    expectations(&mut page, tape);
    summary(&mut page, tape);
    theory(&mut page, tape);
    if !charts.is_empty() {
        heading(&mut page, "Charts");
    }
    for chart in charts {
        let _ = writeln!(page, "<figure id=\"{}\">\n{}</figure>", escaped(&chart.name), chart.svg);
    }
    ledger(&mut page, &tape.ledger);
    page + "</body>\n</html>\n"
}

fn heading(page: &mut String, text: &str) {
    let _ = writeln!(page, "<h2>{}</h2>", escaped(text));
}

fn paragraph(page: &mut String, class: &str, text: &str) {
    if !text.is_empty() {
        let _ = writeln!(page, "<p class=\"{class}\">{}</p>", escaped(text));
    }
}

/// What a reader should not overlook.
fn findings(page: &mut String, tape: &Tape) {
    let failed = tape.expectations.iter().filter(|result| !result.passed).count();
    let mut found = Vec::new();
    if failed > 0 {
        found.push(format!("{failed} of {} expectations failed.", tape.expectations.len()));
    }
    found.extend(sentences::dead_letters(tape));
    found.extend(sentences::losses(tape));
    found.extend(tape.notes.iter().cloned());
    if found.is_empty() {
        return;
    }
    heading(page, "Findings");
    page.push_str("<ul>\n");
    for sentence in found {
        let _ = writeln!(page, "<li>{}</li>", escaped(&sentence));
    }
    page.push_str("</ul>\n");
}

fn expectations(page: &mut String, tape: &Tape) {
    if tape.expectations.is_empty() {
        return;
    }
    heading(page, "Expectations");
    page.push_str("<ul>\n");
    for result in &tape.expectations {
        let (class, word) = if result.passed { ("held", "held") } else { ("failed", "failed") };
        let observed = match result.observed.as_str() {
            "" => "nothing to observe".to_owned(),
            observed => format!("was {}", escaped(observed)),
        };
        let _ = writeln!(
            page,
            "<li>{} {} <span class=\"{class}\">{word}</span> <span class=\"observed\">{observed}</span></li>",
            escaped(&result.name),
            escaped(&result.expression)
        );
    }
    page.push_str("</ul>\n");
}

/// The tables that a terminal shows.
fn summary(page: &mut String, tape: &Tape) {
    heading(page, "Summary");
    for grid in tables::all(tape).iter().filter(|grid| !grid.names().is_empty()) {
        let heads = grid.columns().iter().map(|(head, _)| head.as_str());
        let rows = grid.names().iter().enumerate().map(|(row, name)| {
            let cells = grid.columns().iter().map(move |(_, cells)| cells[row].as_str());
            std::iter::once(name.as_str()).chain(cells).collect()
        });
        table(page, &std::iter::once(grid.title()).chain(heads).collect::<Vec<_>>(), rows);
    }
    paragraph(page, "", &sentences::cost(tape));
}

fn theory(page: &mut String, tape: &Tape) {
    if tape.theory.is_empty() {
        return;
    }
    heading(page, "Theory");
    for one in &tape.theory {
        paragraph(page, "", &format!("{}: {}", one.name, one.sentence));
        let told: Vec<[String; 3]> = one
            .rows
            .iter()
            .map(|row| {
                let simulated = row.simulated.map_or("–".to_owned(), |value| human::value(value, row.unit));
                [row.what.clone(), human::value(row.theory, row.unit), simulated]
            })
            .collect();
        let rows = told.iter().map(|row| row.iter().map(String::as_str).collect());
        table(page, &["", "theory", "this run"], rows);
    }
}

/// The books of each resource: what came in, what became of it.
fn ledger(page: &mut String, ledger: &Ledger) {
    heading(page, "Ledger");
    let side = |rows: &[LedgerRow], side| {
        let told: Vec<String> = rows
            .iter()
            .filter(|row| row.side == side && row.messages > 0)
            .map(|row| {
                format!("{} {}", row.fate.replace('_', " "), human::value(row.messages as f64, Unit::Count))
            })
            .collect();
        if told.is_empty() { "–".to_owned() } else { told.join(", ") }
    };
    page.push_str("<div class=\"wide\"><table>\n<tr><th>resource</th><th class=\"text\">came in</th><th class=\"text\">what became of it</th></tr>\n");
    for rows in ledger.rows().chunk_by(|a, b| a.kind == b.kind && a.name == b.name) {
        let _ = writeln!(
            page,
            "<tr><td>{} {}</td><td class=\"text\">{}</td><td class=\"text\">{}</td></tr>",
            rows[0].kind.replace('_', " "),
            escaped(&rows[0].name),
            side(rows, Side::In),
            side(rows, Side::Out)
        );
    }
    page.push_str("</table></div>\n");
}

fn table<'a>(page: &mut String, heads: &[&str], rows: impl Iterator<Item = Vec<&'a str>>) {
    let row = |page: &mut String, tag: &str, cells: &[&str]| {
        page.push_str("<tr>");
        for cell in cells {
            let _ = write!(page, "<{tag}>{}</{tag}>", escaped(cell));
        }
        page.push_str("</tr>\n");
    };
    page.push_str("<div class=\"wide\"><table>\n");
    row(page, "th", heads);
    for cells in rows {
        row(page, "td", &cells);
    }
    page.push_str("</table></div>\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{ExpectationResult, SummaryRow};
    use crate::report::sample;

    #[test]
    fn the_page_has_everything_and_needs_nothing() {
        let mut tape = sample::busy();
        tape.header.scenario = "a <b>".to_owned();
        tape.notes.push("The recording has a gap & more.".to_owned());
        tape.expectations.push(ExpectationResult {
            name: "workers.end_to_end_latency".to_owned(),
            expression: "p99 < 1s".to_owned(),
            passed: false,
            ..Default::default()
        });
        tape.summary.push(SummaryRow {
            kind: "queue",
            name: "orders".to_owned(),
            metric: "messages_sent".to_owned(),
            statistic: "sum",
            value: 12.0,
            unit: Unit::Count,
        });
        let chart = Chart { name: "age".to_owned(), svg: "<svg><title>Age</title></svg>\n".to_owned() };
        let page = text(&tape, &[chart]);
        for words in [
            "<title>a &lt;b&gt; · queuelab</title>",
            "<li>The recording has a gap &amp; more.</li>",
            "p99 &lt; 1s <span class=\"failed\">failed</span> <span class=\"observed\">nothing to observe</span>",
            "<tr><th>Queues</th><th>sent</th>",
            "<figure id=\"age\">\n<svg><title>Age</title></svg>\n</figure>",
            "<h2>Ledger</h2>",
        ] {
            assert!(page.contains(words), "{words}\n{page}");
        }
        assert!(!page.contains("src=") && !page.contains("<link"), "a page of one file");
        let empty = text(&sample::empty(), &[]);
        assert!(!empty.contains("Findings") && !empty.contains("Charts"), "{empty}");
    }
}
