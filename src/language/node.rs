//! The tree a YAML text becomes: values that know where they stand and how they were written.

use super::place::Place;

/// One value of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where to point when something is wrong with it. A scalar points at itself; a mapping or a sequence
    /// at the key that introduces it (marking ten lines helps nobody), or at its own beginning where no
    /// key does.
    pub place: Place,
    /// What it is.
    pub value: Value,
    /// A number or boolean as it was written (`007`, `1e3`); empty for everything else.
    pub(super) written: String,
}

/// What a node is, by YAML's core schema.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: an empty value, `null` or `~`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Any other number, also `.inf` and `.nan`: who wants a finite one refuses those.
    Float(f64),
    /// Text: quoted, or plain and nothing of the above (`30s`, `120/s`, `2026-03-02`).
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in file order; no key occurs twice.
    Mapping(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key as written, without quotes.
    pub name: String,
    /// Where it stands.
    pub place: Place,
}

impl Node {
    /// A node as the parser would make it.
    pub fn new(place: Place, value: Value) -> Self {
        Node { place, value, written: String::new() }
    }

    /// The text of a scalar as it was written, without quotes: `007` and `1e3` stay what they are.
    /// `None` for nothing, lists and mappings.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            Value::Bool(_) | Value::Integer(_) | Value::Float(_) => Some(&self.written),
            Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// Whether nothing was written.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// The entries of a mapping.
    pub fn mapping(&self) -> Option<&[(Key, Node)]> {
        match &self.value {
            Value::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn sequence(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The value of one key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.mapping()?.iter().find(|(name, _)| name.name == key).map(|(_, node)| node)
    }

    /// What was found, for "expected …, found …": `the number 30`, "the text `abc`", `a mapping`.
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Integer(_) | Value::Float(_) => format!("the number {}", shorten(&self.written)),
            Value::String(text) if text.is_empty() => "an empty text".to_owned(),
            Value::String(text) => format!("the text `{}`", shorten(text)),
            Value::Sequence(items) if items.is_empty() => "an empty list".to_owned(),
            Value::Sequence(_) => "a list".to_owned(),
            Value::Mapping(entries) if entries.is_empty() => "an empty mapping".to_owned(),
            Value::Mapping(_) => "a mapping".to_owned(),
        }
    }
}

/// A text fit for one line of a message: at most 60 characters, control characters spelled out.
pub(super) fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            short.push('…');
            break;
        }
        if character.is_control() {
            short.extend(character.escape_default());
        } else {
            short.push(character);
        }
    }
    short
}
