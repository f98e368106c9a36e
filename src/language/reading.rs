//! Reading sections, choices and keywords: what the macros' declarations do at run time.

use super::decode::Decode;
use super::limits::{Limits, Ranged};
use super::nearest::list;
use super::node::{Key, Node, Value, shorten};
use super::place::Place;
use super::problem::Problems;

/// Where each given key of a section stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Places {
    all: Vec<(&'static str, Place, Place)>,
}

impl Places {
    /// Where the value of `key` stands; `None` when the key was not given.
    pub fn of(&self, key: &str) -> Option<Place> {
        self.all.iter().find(|(name, ..)| *name == key).map(|(.., value)| *value)
    }

    /// Where the key itself stands; `None` when it was not given.
    pub fn key(&self, key: &str) -> Option<Place> {
        self.all.iter().find(|(name, ..)| *name == key).map(|(_, key, _)| *key)
    }
}

/// Reads one section key by key.
pub struct SectionReader<'a> {
    node: &'a Node,
    entries: &'a [(Key, Node)],
    errors_before: usize,
    places: Places,
}

impl<'a> SectionReader<'a> {
    /// Begins with a node that must be a mapping (or nothing, which is an empty one) with no unknown keys.
    pub fn open(node: &'a Node, keys: &[&'static str], problems: &mut Problems) -> Option<Self> {
        let errors_before = problems.errors();
        let entries = match &node.value {
            Value::Mapping(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => {
                problems.mismatch(node, "a mapping").why(format!("its keys are {}", list(keys)));
                return None;
            }
        };
        let mut places = Places::default();
        for (key, value) in entries {
            if let Some(name) = keys.iter().find(|name| **name == key.name) {
                places.all.push((name, key.place, value.place));
            }
        }
        // A misspelling is more probably one of a key that is not given yet.
        let absent: Vec<&str> = keys.iter().copied().filter(|name| places.of(name).is_none()).collect();
        for (key, _) in entries.iter().filter(|(key, _)| !keys.contains(&key.name.as_str())) {
            let help = match problems.suggest(&key.name, &absent, "keys not yet given") {
                help if help.starts_with("did you mean") => help,
                _ => problems.suggest(&key.name, keys, "valid keys"),
            };
            problems
                .error(key.place, format!("unknown key `{}`", shorten(&key.name)))
                .label("no such key here")
                .help(help);
        }
        Some(SectionReader { node, entries, errors_before, places })
    }

    /// Reads one key. `meaning` is its doc comment by lines, told when it is missing.
    pub fn field<T: Decode>(
        &self,
        name: &'static str,
        meaning: &[Option<&str>],
        default: Option<fn() -> T>,
        problems: &mut Problems,
    ) -> Option<T> {
        if let Some((_, node)) = self.entries.iter().find(|(key, _)| key.name == name) {
            return T::decode(node, problems);
        }
        if let Some(value) = default.map(|default| default()).or_else(T::absent) {
            return Some(value);
        }
        let meaning = documentation(meaning);
        let meaning = meaning.split("\n\n").next().unwrap_or("").replace('\n', " ");
        problems
            .error(self.node.place, format!("the key `{name}` is missing"))
            .label(format!("`{name}` must be given here"))
            .why(format!("`{name}`: {meaning}"));
        None
    }

    /// Checks what [`SectionReader::field`] gave against its limits. Defaults are not checked.
    pub fn limited<T: Ranged>(
        &self,
        value: Option<T>,
        name: &'static str,
        limits: &Limits<T::Bound>,
        problems: &mut Problems,
    ) -> Option<T> {
        let place = self.places.of(name);
        if let (Some(place), Some(outside)) = (place, value.as_ref().and_then(|value| value.outside(limits)))
        {
            let range = limits.describe();
            problems
                .error(place, format!("`{name}` is {outside}; it must be {range}"))
                .label(format!("must be {range}"));
            return None;
        }
        value
    }

    /// Where the section stands, where its keys do, and whether it has had no errors so far.
    pub fn close(self, problems: &Problems) -> (Place, Places, bool) {
        (self.node.place, self.places, problems.errors() == self.errors_before)
    }
}

/// Reads a choice: exactly one key, one of `variants`; those in `words` may also be written alone, and some of them
/// only so.
///
/// Gives the variant's name and the node of its value (`None` for a word alone).
pub fn read_choice<'a>(
    node: &'a Node,
    variants: &[&'static str],
    words: &[(&'static str, bool)],
    problems: &mut Problems,
) -> Option<(&'static str, Option<&'a Node>)> {
    let known = |name: &str| variants.iter().copied().find(|variant| *variant == name);
    if let Some(text) = node.text() {
        if let Some((word, _)) = words.iter().copied().find(|(word, _)| *word == text) {
            return Some((word, None));
        }
        let help = match known(text) {
            Some(variant) => format!("`{variant}` needs a value: write `{variant}: …`"),
            None => problems.suggest(text, variants, "choices"),
        };
        problems.mismatch(node, &format!("one of {}", list(variants))).help(help);
        return None;
    }
    let entries = node.mapping().unwrap_or(&[]);
    let [(key, value)] = entries else {
        if entries.is_empty() {
            problems.mismatch(node, &format!("one of {}", list(variants)));
        } else {
            let given: Vec<&str> = entries.iter().map(|(key, _)| key.name.as_str()).take(8).collect();
            let place = entries.get(1).map_or(node.place, |(key, _)| key.place);
            problems
                .error(place, format!("only one of {} may stand here", list(&given)))
                .label("a second choice")
                .why(format!("the choices are {}", list(variants)));
        }
        return None;
    };
    let Some(variant) = known(&key.name) else {
        let help = problems.suggest(&key.name, variants, "choices");
        problems
            .error(key.place, format!("unknown choice `{}`", shorten(&key.name)))
            .label("no such choice here")
            .help(help);
        return None;
    };
    if words.contains(&(variant, false)) {
        let empty = value.is_null() || value.mapping().is_some_and(<[_]>::is_empty);
        if !empty {
            problems
                .error(key.place, format!("`{variant}` takes no value"))
                .help(format!("write `{variant}`"));
            return None;
        }
        return Some((variant, None));
    }
    Some((variant, Some(value)))
}

/// Reads one of some words and gives its index.
pub fn read_keyword(node: &Node, words: &[&'static str], problems: &mut Problems) -> Option<usize> {
    let text = node.text();
    if let Some(index) = text.and_then(|text| words.iter().position(|word| *word == text)) {
        return Some(index);
    }
    let help =
        text.map(|text| problems.suggest(text, words, "valid words")).filter(|help| help.starts_with("did"));
    problems.mismatch(node, &format!("one of {}", list(words))).help(help.unwrap_or_default());
    None
}

/// A doc comment's lines as one text: the leading space of each line goes, an empty line parts paragraphs.
pub fn documentation(lines: &[Option<&str>]) -> String {
    let lines: Vec<&str> =
        lines.iter().flatten().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
    lines.join("\n").trim().to_owned()
}

/// A field's key: raw identifiers (`r#type`) lose their mark.
pub fn key_name(field: &'static str) -> &'static str {
    field.strip_prefix("r#").unwrap_or(field)
}
