//! What messages say, as filter policies read it.

use crate::filter::{Atom, Document, Field, Invalid, Number, Scope, Vocabulary, Word};
use crate::wire::{Content, MessageId, Messages, TextId};
use std::collections::BTreeMap;

/// How the value of a key comes from what is kept with a message.
#[derive(Debug, Clone)]
pub enum Column {
    /// The same in all messages; a list has several.
    Constant(Vec<Atom>),
    /// A number, kept as its bits.
    Number,
    /// One of several, kept as its position.
    OneOf(Vec<Atom>),
}

/// A key of the messages of a producer.
#[derive(Debug, Clone)]
pub struct Part {
    /// The key.
    pub key: Word,
    /// Its value.
    pub column: Column,
    /// Where its value is kept among those of the message.
    pub position: usize,
}

/// What the messages of a producer say.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// Their attributes.
    pub attributes: Vec<Part>,
    /// The keys of their bodies; `None` when bodies are no JSON.
    pub body: Option<Vec<Part>>,
}

/// A body with a text for each protocol ("`Publish`", `MessageStructure`).
#[derive(Debug, Clone, Default)]
pub struct Structure {
    /// Its size as it is published.
    pub bytes: u32,
    /// The text for all protocols that have none of their own, and its size.
    pub default: (TextId, u32),
    /// By protocol.
    pub texts: BTreeMap<String, (TextId, u32)>,
}

impl Structure {
    /// The text for a protocol, and its size.
    pub(super) fn of(&self, protocol: &str) -> (TextId, u32) {
        self.texts.get(protocol).copied().unwrap_or(self.default)
    }
}

/// What all messages of a scenario say.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// By producer: what its messages say.
    pub shapes: Vec<Option<Shape>>,
    /// By text: the attributes of messages of scripts and services.
    pub attributes: BTreeMap<TextId, Document>,
    /// By text: how many attributes these are.
    pub numbers_of_attributes: BTreeMap<TextId, usize>,
    /// The most attributes that a message has.
    pub most_attributes: usize,
    /// By text: their bodies.
    pub bodies: BTreeMap<TextId, Document>,
    /// By text: what it is made of, where it is to have a text for each protocol; `None` where SNS cannot read it.
    pub structures: BTreeMap<TextId, Option<Structure>>,
    /// All texts.
    pub vocabulary: Vocabulary,
}

impl Contents {
    /// How many attributes a message has.
    #[inline]
    pub(super) fn attributes_of(&self, message: MessageId, messages: &Messages) -> usize {
        let text = messages.detail(message).attributes;
        if text != TextId::IMPOSSIBLE {
            return self.numbers_of_attributes.get(&text).copied().unwrap_or(0);
        }
        let (producer, _) = messages.origin(message);
        let shape = self.shapes.get(producer.index()).and_then(Option::as_ref);
        shape.map_or(0, |shape| shape.attributes.len())
    }

    /// What a message says, into a document that is used again and again.
    #[inline]
    pub(super) fn read(&self, message: MessageId, scope: Scope, messages: &Messages, into: &mut Document) {
        into.fields.clear();
        into.places.clear();
        into.invalid = None;
        let detail = messages.detail(message);
        let text = match scope {
            Scope::MessageAttributes => self.attributes.get(&detail.attributes),
            Scope::MessageBody => match detail.content {
                Content::Text(text) => self.bodies.get(&text),
                // A policy sees what endpoints without a text of their own get.
                Content::Structured(text) => {
                    let structure = self.structures.get(&text).and_then(Option::as_ref);
                    structure.and_then(|structure| self.bodies.get(&structure.default.0))
                }
                _ => None,
            },
        };
        if let Some(document) = text {
            into.clone_from(document);
            return;
        }
        let (producer, _) = messages.origin(message);
        let shape = self.shapes.get(producer.index()).and_then(Option::as_ref);
        let parts = match scope {
            Scope::MessageAttributes => {
                shape.map(|shape| &shape.attributes).filter(|parts| !parts.is_empty())
            }
            Scope::MessageBody => shape.and_then(|shape| shape.body.as_ref()),
        };
        let Some(parts) = parts else {
            into.invalid = Some(match scope {
                Scope::MessageAttributes => Invalid::NoAttributes,
                Scope::MessageBody => Invalid::Body,
            });
            return;
        };
        let values = messages.attributes(message);
        for Part { key, column, position } in parts {
            let mut push = |value: Atom| into.fields.push(Field { key: *key, value, place: 0 });
            match column {
                Column::Constant(atoms) => atoms.iter().copied().for_each(push),
                Column::Number => push(Atom::Number(Number::new(f64::from_bits(values[*position])))),
                Column::OneOf(atoms) => push(atoms[values[*position] as usize]),
            }
        }
    }
}
