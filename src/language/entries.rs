//! The entries of a mapping while it is read: no key twice, and `<<` merged in at the end.

use std::collections::BTreeMap;

use super::node::{Key, Node, Value, shorten};
use super::place::Place;
use super::problem::Problems;

/// A mapping while it is read.
#[derive(Default)]
pub(super) struct Entries {
    all: Vec<(Key, Node)>,
    lines: BTreeMap<String, u32>,
    merges: Vec<Node>,
}

impl Entries {
    /// Where the first key stands.
    pub(super) fn first(&self) -> Option<Place> {
        self.all.first().map(|(key, _)| key.place)
    }

    /// Adds one key; a second of the same name is told and left out.
    pub(super) fn enter(&mut self, key: Key, node: Node, problems: &mut Problems) {
        if key.name == "<<" {
            self.enter_merge(&key, node, problems);
            return;
        }
        if let Some(first) = self.lines.get(&key.name) {
            let name = shorten(&key.name);
            problems
                .error(key.place, format!("the key `{name}` occurs twice"))
                .label("again here")
                .why(format!("it was first given in line {first}"))
                .help("keep one of the two");
            return;
        }
        self.lines.insert(key.name.clone(), key.place.line);
        self.all.push((key, node));
    }

    fn enter_merge(&mut self, key: &Key, node: Node, problems: &mut Problems) {
        let fits = match &node.value {
            Value::Mapping(_) => true,
            Value::Sequence(items) => items.iter().all(|item| matches!(item.value, Value::Mapping(_))),
            _ => false,
        };
        if fits {
            self.merges.push(node);
            return;
        }
        problems
            .error(key.place, format!("`<<` merges mappings, found {}", node.describe()))
            .help("write `<<: *name`, where `&name` marks a mapping");
    }

    /// The entries with those of `<<` behind them; what the mapping says itself wins, then the first merge.
    pub(super) fn merged(mut self) -> Vec<(Key, Node)> {
        for node in self.merges {
            let sources = match node.value {
                Value::Sequence(items) => items,
                _ => vec![node],
            };
            for source in sources {
                let Value::Mapping(entries) = source.value else { continue };
                for (key, node) in entries {
                    if !self.lines.contains_key(&key.name) {
                        self.lines.insert(key.name.clone(), key.place.line);
                        self.all.push((key, node));
                    }
                }
            }
        }
        self.all
    }
}
