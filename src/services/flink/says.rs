//! What records say: keys of their JSON that operators filter by, group by and aggregate.

use crate::filter::{Atom, Document, Matcher, Policy};
use crate::wire::{BodyReader, Contents, GroupId, MessageId, Messages, ValueGroups};
use std::sync::Arc;

/// What the operators of an application want to know of a record.
#[derive(Debug, Clone, Default)]
pub struct Questions {
    keys: Vec<String>,
    patterns: Vec<Policy>,
}

impl Questions {
    /// The number of a key; nested ones are joined by dots.
    pub(super) fn key(&mut self, key: &str) -> usize {
        let known = self.keys.iter().position(|known| known == key);
        known.unwrap_or_else(|| {
            self.keys.push(key.to_owned());
            self.keys.len() - 1
        })
    }

    /// The number of a pattern.
    pub(super) fn pattern(&mut self, pattern: Policy) -> usize {
        self.patterns.push(pattern);
        self.patterns.len() - 1
    }

    /// Who answers; `None` when nothing is asked.
    pub(super) fn reader(&self, contents: &Arc<Contents>, groups: &Arc<ValueGroups>) -> Option<Reader> {
        if self.keys.is_empty() && self.patterns.is_empty() {
            return None;
        }
        let mut vocabulary = contents.vocabulary.clone();
        let patterns = self.patterns.iter().map(|pattern| Matcher::new([(0, pattern)], &mut vocabulary));
        Some(Reader {
            patterns: patterns.collect(),
            body: BodyReader::new(contents, self.keys.iter().map(String::as_str)),
            groups: Arc::clone(groups),
        })
    }
}

/// Answers the questions, record by record.
#[derive(Debug)]
pub(super) struct Reader {
    body: BodyReader,
    patterns: Vec<Matcher>,
    groups: Arc<ValueGroups>,
}

impl Reader {
    /// Goes on to a record.
    #[inline]
    pub(super) fn read(&mut self, message: MessageId, messages: &Messages) {
        self.body.read(message, messages);
    }

    /// Whether the record satisfies a pattern; one that is no JSON object satisfies none.
    #[inline]
    pub(super) fn satisfies(&mut self, pattern: usize) -> bool {
        let document: &Document = self.body.document();
        document.invalid.is_none() && self.patterns[pattern].passes(document)
    }

    /// The group of the value of a key; records without it are together in the group without a name.
    #[inline]
    pub(super) fn group(&self, key: usize) -> GroupId {
        self.body.value(key).map_or(GroupId::NONE, |value| self.groups.of(value))
    }

    /// The value of a key, if it is a number.
    #[inline]
    pub(super) fn number(&self, key: usize) -> Option<f64> {
        match self.body.value(key) {
            Some(Atom::Number(number)) => Some(number.to_f64()),
            _ => None,
        }
    }
}
