//! What messages say, as filter policies read it.

use super::{Content, MessageId, Messages, TextId};
use crate::filter::{Atom, Document, Field, Invalid, Number, Scope, Vocabulary, Word};
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
    pub fn of(&self, protocol: &str) -> (TextId, u32) {
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
    /// By text: what it is made of, where it is to have a text for each protocol; `None` where SNS cannot read it.
    pub structures: BTreeMap<TextId, Option<Structure>>,
    /// By text: their bodies.
    pub bodies: BTreeMap<TextId, Document>,
    /// By text: bodies that are no JSON object.
    pub plain_bodies: BTreeMap<TextId, Word>,
    /// What the JSON envelope of a topic is read by; `None` when nobody does.
    pub envelope: Option<Envelope>,
    /// All texts.
    pub vocabulary: Vocabulary,
}

/// The keys of the JSON envelope around a message that a topic does not deliver raw ("Amazon SNS message and JSON formats").
#[derive(Debug, Clone)]
pub struct Envelope {
    kind: (Word, Word),
    message: Word,
    /// By name of an attribute: the key of its value.
    attributes: BTreeMap<Word, Word>,
    /// By text: what was published.
    messages: BTreeMap<TextId, Word>,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// A JSON object.
    Object,
    /// Any other text.
    Text(Word),
    /// Something of which the scenario does not say what it is.
    Unknown,
}

impl Contents {
    /// A text may come as a body.
    pub fn enter_body(&mut self, text: TextId, body: &str) {
        let document = Document::of_body(body, &mut self.vocabulary);
        if document.invalid.is_some() {
            self.plain_bodies.insert(text, self.vocabulary.word(body));
        }
        self.bodies.insert(text, document);
    }

    /// How many attributes a message has.
    #[inline]
    pub fn attributes_of(&self, message: MessageId, messages: &Messages) -> usize {
        let text = messages.detail(message).attributes;
        if text != TextId::IMPOSSIBLE {
            return self.numbers_of_attributes.get(&text).copied().unwrap_or(0);
        }
        let (producer, _) = messages.origin(message);
        let shape = self.shapes.get(producer.index()).and_then(Option::as_ref);
        shape.map_or(0, |shape| shape.attributes.len())
    }

    /// Somebody reads the envelopes of topics. Everything else has been entered, these texts among it.
    pub fn enter_envelopes<'a>(&mut self, texts: impl Iterator<Item = (TextId, &'a str)>) {
        let shapes = self.shapes.iter().flatten().flat_map(|shape| &shape.attributes).map(|part| part.key);
        let documents = self.attributes.values().flat_map(|document| &document.fields).map(|field| field.key);
        let names: Vec<Word> = shapes.chain(documents).collect();
        let vocabulary = &mut self.vocabulary;
        let mut attributes = BTreeMap::new();
        for name in names {
            let key = format!("MessageAttributes.{}.Value", vocabulary.text(name));
            attributes.insert(name, vocabulary.word(&key));
        }
        self.envelope = Some(Envelope {
            kind: (vocabulary.word("Type"), vocabulary.word("Notification")),
            message: vocabulary.word("Message"),
            attributes,
            messages: texts.map(|(text, published)| (text, vocabulary.word(published))).collect(),
        });
    }

    /// What the body of a message is, as Lambda reads it; the keys of a JSON object lie in the document then.
    #[inline]
    pub fn read_body(&self, message: MessageId, messages: &Messages, into: &mut Document) -> Body {
        if messages.is_enveloped(message)
            && let Some(envelope) = &self.envelope
        {
            self.read(message, Scope::MessageAttributes, messages, into);
            envelope.wrap(messages.detail(message).content, into);
            return Body::Object;
        }
        self.read(message, Scope::MessageBody, messages, into);
        if into.invalid.is_none() {
            return Body::Object;
        }
        match messages.detail(message).content {
            Content::Text(text) => {
                self.plain_bodies.get(&text).map_or(Body::Unknown, |word| Body::Text(*word))
            }
            _ => Body::Unknown,
        }
    }

    /// What a message says, into a document that is used again and again.
    #[inline]
    pub fn read(&self, message: MessageId, scope: Scope, messages: &Messages, into: &mut Document) {
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

impl Envelope {
    /// Makes the envelope out of the attributes. Their values are texts in it; numbers are left out, as their texts are not
    /// known.
    fn wrap(&self, content: Content, document: &mut Document) {
        document.invalid = None;
        document.places.clear();
        let known = |field: &Field| match field.value {
            Atom::Word(_) => {
                self.attributes.get(&field.key).map(|key| Field { key: *key, value: field.value, place: 0 })
            }
            _ => None,
        };
        let fields = &mut document.fields;
        fields.retain_mut(|field| known(field).map(|renamed| *field = renamed).is_some());
        let (key, value) = self.kind;
        fields.push(Field { key, value: Atom::Word(value), place: 0 });
        if let Content::Text(text) = content
            && let Some(word) = self.messages.get(&text)
        {
            fields.push(Field { key: self.message, value: Atom::Word(*word), place: 0 });
        }
    }
}
