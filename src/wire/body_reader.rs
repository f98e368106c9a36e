//! Keys of the JSON that messages carry, for whoever computes with their values.

use super::{Contents, GroupId, MessageId, Messages, Texts};
use crate::filter::{Atom, Document, Word};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Reads some keys of the JSON of messages, one message after another.
#[derive(Debug)]
pub struct BodyReader {
    contents: Arc<Contents>,
    keys: Vec<Word>,
    document: Document,
}

impl BodyReader {
    /// A reader of these keys; nested ones are joined by dots.
    pub fn new<'a>(contents: &Arc<Contents>, keys: impl IntoIterator<Item = &'a str>) -> Self {
        // A key that nobody writes gets a word that comes up in no message.
        let mut vocabulary = contents.vocabulary.clone();
        let keys = keys.into_iter().map(|key| vocabulary.word(key)).collect();
        Self { contents: Arc::clone(contents), keys, document: Document::default() }
    }

    /// Goes on to a message.
    #[inline]
    pub fn read(&mut self, message: MessageId, messages: &Messages) {
        let _ = self.contents.read_body(message, messages, &mut self.document);
    }

    /// The keys and values of the message; invalid where it is no JSON object.
    #[inline]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The value of a key, the first of an array; `None` where the message has none.
    #[inline]
    pub fn value(&self, key: usize) -> Option<Atom> {
        if self.document.invalid.is_some() {
            return None;
        }
        let word = self.keys[key];
        self.document.fields.iter().find(|field| field.key == word).map(|field| field.value)
    }
}

/// What values of keys are called as groups.
#[derive(Debug, Clone, Default)]
pub struct ValueGroups {
    words: BTreeMap<Word, GroupId>,
    truths: Option<[GroupId; 3]>,
}

impl ValueGroups {
    /// All texts that messages say, each a group of its name.
    pub fn new(contents: &Contents, texts: &mut Texts) -> Self {
        let words = contents.vocabulary.texts().map(|(word, text)| (word, texts.group(text))).collect();
        Self { words, truths: Some(["true", "false", "null"].map(|name| texts.group(name))) }
    }

    /// The group of a value: a text by its name, a whole number by itself. Other numbers have a group whose number says nothing.
    pub fn of(&self, value: Atom) -> GroupId {
        let [yes, no, null] = self.truths.unwrap_or([GroupId::NONE; 3]);
        match value {
            Atom::Word(word) => self.words.get(&word).copied().unwrap_or(GroupId::NONE),
            Atom::Number(number) => GroupId::of_number(number.to_f64()),
            Atom::True => yes,
            Atom::False => no,
            Atom::Null => null,
        }
    }
}
