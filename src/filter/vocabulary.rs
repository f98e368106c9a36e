//! Texts by number: keys and values of messages are compared as numbers.

use super::number::Number;
use std::collections::BTreeMap;

/// A text of a [`Vocabulary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word(pub(super) u32);

impl Word {
    /// Its number: equal texts of a vocabulary have the same.
    pub fn number(self) -> u32 {
        self.0
    }
}

/// The texts of all messages and all keys of policies: each once, numbered in the order they were met.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    texts: Vec<String>,
    words: BTreeMap<String, Word>,
}

impl Vocabulary {
    /// The word of a text.
    pub fn word(&mut self, text: &str) -> Word {
        if let Some(word) = self.words.get(text) {
            return *word;
        }
        let word = Word(self.texts.len() as u32);
        self.texts.push(text.to_owned());
        self.words.insert(text.to_owned(), word);
        word
    }

    /// The text of a word.
    pub fn text(&self, word: Word) -> &str {
        &self.texts[word.0 as usize]
    }

    /// The word of a text that is known already.
    pub(super) fn known(&self, text: &str) -> Option<Word> {
        self.words.get(text).copied()
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The words whose texts are meant, in their order.
    pub fn those(&self, is_meant: impl Fn(&str) -> bool) -> Vec<Word> {
        self.texts().filter(|(_, text)| is_meant(text)).map(|(word, _)| word).collect()
    }

    /// All texts, by number.
    pub fn texts(&self) -> impl Iterator<Item = (Word, &str)> {
        self.texts.iter().enumerate().map(|(number, text)| (Word(number as u32), text.as_str()))
    }
}

/// A value of a message: texts by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Atom {
    /// A text.
    Word(Word),
    /// A number.
    Number(Number),
    /// `true`.
    True,
    /// `false`.
    False,
    /// `null`.
    Null,
}

impl Atom {
    /// `true` or `false`.
    pub fn of_bool(value: bool) -> Self {
        if value { Atom::True } else { Atom::False }
    }
}
