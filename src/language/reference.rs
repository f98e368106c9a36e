//! The reference: Markdown tables of everything a scenario can say, from the same declarations.

use std::fmt::Write;

use serde_json::Value as Json;

use super::decode::Decode;
use super::schema::{Content, Definition, Definitions, Row};

/// The name of a generic section in schema and reference: `Uniform` of `Duration` is `UniformOfDuration`.
pub fn declared_name(name: &str, parameters: &[&str]) -> String {
    let mut declared = name.to_owned();
    for parameter in parameters {
        declared.push_str("Of");
        declared.push_str(parameter);
    }
    declared
}

/// A named type in a table: a link to its heading.
pub fn link(declared: &str) -> String {
    format!("[`{declared}`](#{})", declared.to_lowercase())
}

/// The reference of everything reached from `T`, one heading a type, in the order of first mention.
pub fn markdown<T: Decode>() -> String {
    let mut definitions = Definitions::new();
    T::schema(&mut definitions);
    let mut text = String::new();
    for definition in definitions.iter() {
        if !text.is_empty() {
            text.push('\n');
        }
        page(definition, &mut text);
    }
    text
}

fn page(definition: &Definition, text: &mut String) {
    let Definition { name, page, .. } = definition;
    let _ = writeln!(text, "### {name}\n\n{}\n", page.documentation);
    match &page.content {
        Content::Section(rows) if rows.is_empty() => text.push_str("It has no keys.\n"),
        Content::Section(rows) => {
            text.push_str("| key | type | default | range | meaning |\n|---|---|---|---|---|\n");
            for row in rows {
                let range = row.range.as_deref().unwrap_or("");
                let (key, kind, default) = (&row.key, cell(&row.type_name), cell(&default(row)));
                let meaning = cell(&row.documentation);
                let _ = writeln!(text, "| `{key}` | {kind} | {default} | {range} | {meaning} |");
            }
        }
        Content::Choice(rows) => {
            text.push_str("One of:\n\n| key | value | meaning |\n|---|---|---|\n");
            for row in rows {
                let value = if row.type_name.is_empty() {
                    "(the word alone)".to_owned()
                } else {
                    cell(&row.type_name)
                };
                let _ = writeln!(text, "| `{}` | {value} | {} |", row.key, cell(&row.documentation));
            }
        }
        Content::Keyword(words) => {
            text.push_str("| word | meaning |\n|---|---|\n");
            for (word, meaning) in words {
                let _ = writeln!(text, "| `{word}` | {} |", cell(meaning));
            }
        }
        Content::Form(examples) => {
            let examples: Vec<String> = examples.iter().map(|example| format!("`{example}`")).collect();
            let _ = writeln!(text, "Examples: {}.", examples.join(", "));
        }
    }
}

fn default(row: &Row) -> String {
    match &row.default {
        _ if row.required => "*required*".to_owned(),
        Some(Json::String(text)) => format!("`{text}`"),
        Some(Json::Object(value)) => format!("`{}`", flow(value)),
        Some(value) => format!("`{value}`"),
        None => "none".to_owned(),
    }
}

/// A mapping as a scenario would write it on one line: `{ lognormal: { mean: 95s, p95: 150s } }`.
fn flow(mapping: &serde_json::Map<String, Json>) -> String {
    let entries: Vec<String> = mapping
        .iter()
        .map(|(key, value)| match value {
            Json::Object(value) => format!("{key}: {}", flow(value)),
            Json::Array(values) => {
                let values: Vec<&str> = values.iter().filter_map(Json::as_str).collect();
                format!("{key}: [{}]", values.join(", "))
            }
            Json::String(text) => format!("{key}: {text}"),
            value => format!("{key}: {value}"),
        })
        .collect();
    format!("{{ {} }}", entries.join(", "))
}

/// A text that fits into one cell of a table.
fn cell(text: &str) -> String {
    text.replace("\n\n", "<br>").replace('\n', " ").replace('|', "\\|")
}
