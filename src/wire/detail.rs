//! What only some messages carry: a group, a body somebody will read, an identity that a queue compares.

use super::{EntityId, NumberedHashes};
use std::collections::BTreeMap;

/// A text of the scenario (a body, the name of a group, a deduplication id), by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct TextId(pub u32);

impl TextId {
    /// A text that could not be what it was given as: an id with characters an id must not have.
    pub const IMPOSSIBLE: Self = Self(u32::MAX);
}

/// A `MessageGroupId`. Groups have numbers below 2³⁰ when they are drawn, above 2³¹ when they have a name; in between
/// lie those of messages that each are a group of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupId(pub u32);

impl GroupId {
    /// No group.
    pub const NONE: Self = Self(u32::MAX);
    /// The first group that holds one message.
    pub const FIRST_SINGLE: u32 = 1 << 30;
    const FIRST_NAMED: u32 = 1 << 31;
    /// Bytes of a partition key that is drawn at random: a UUID.
    pub const RANDOM_KEY_BYTES: u32 = 36;

    /// The group of this name.
    pub fn named(text: TextId) -> Self {
        Self(Self::FIRST_NAMED + text.0)
    }

    /// The group of a number: a whole number that a group can have by itself, any other by its bits.
    pub fn of_number(number: f64) -> Self {
        let is_whole = number >= 0.0 && number < f64::from(Self::FIRST_SINGLE) && number.fract() == 0.0;
        let bits = number.to_bits();
        Self(if is_whole { number as u32 } else { (bits ^ (bits >> 32)) as u32 & (Self::FIRST_SINGLE - 1) })
    }

    /// Bytes that it has as a partition key, which count towards a record of a stream without being data ("`PutRecord`"). Each of
    /// those that are random is a UUID.
    #[inline]
    pub fn key_bytes(self, texts: &Texts) -> u32 {
        match self.0 {
            _ if self == Self::NONE => 0,
            text if text >= Self::FIRST_NAMED => texts.get(TextId(text - Self::FIRST_NAMED)).len() as u32,
            number if number < Self::FIRST_SINGLE => number.checked_ilog10().unwrap_or(0) + 1,
            _ => Self::RANDOM_KEY_BYTES,
        }
    }

    /// Its name.
    pub fn name(self, texts: &Texts) -> String {
        if self == Self::NONE {
            return String::new();
        }
        match self.0.checked_sub(Self::FIRST_NAMED) {
            Some(text) => texts.get(TextId(text)).to_owned(),
            None => self.0.to_string(),
        }
    }
}

/// What a request and its reply have in common ("Amazon SQS best practices": use correlation identifiers). Also the address
/// of the reply: whoever answers knows the reply queue of each requester, as the request's `ResponseQueueUrl` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correlation {
    /// Who asked.
    pub requester: EntityId,
    /// The number of the request.
    pub number: u32,
}

/// A number that a message says, bit by bit: messages are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    high: u32,
    low: u32,
}

impl Number {
    /// This number.
    pub fn of(number: f64) -> Self {
        let bits = number.to_bits();
        Self { high: (bits >> 32) as u32, low: bits as u32 }
    }

    /// The number.
    pub fn get(self) -> f64 {
        f64::from_bits(u64::from(self.high) << 32 | u64::from(self.low))
    }

    /// A message that says it.
    pub fn content(self) -> Content {
        Content::Number(self)
    }
}

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Content {
    /// Something nobody reads; no two messages say the same.
    #[default]
    Own,
    /// A text of a script.
    Text(TextId),
    /// A text that is a JSON object with a text for each protocol ("`Publish`", `MessageStructure`).
    Structured(TextId),
    /// A request that wants a reply.
    Request(Correlation),
    /// The reply to a request.
    Reply(Correlation),
    /// A pointer to a payload in an object store.
    Pointer {
        /// The object store.
        store: EntityId,
        /// Size of the payload.
        bytes: u32,
    },
    /// A number: the result of a computation.
    Number(Number),
}

/// What a FIFO queue compares messages by ("`SendMessage`", `MessageDeduplicationId`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deduplication {
    /// An id of its own, and the message is sent only once: it is never a duplicate, and need not be remembered.
    #[default]
    Once,
    /// An id of its own, and its sender may send it again.
    Own,
    /// An id given with the send.
    Id(TextId),
    /// No id: the queue takes the SHA-256 of the body, if it may (`ContentBasedDeduplication`).
    Body(TextId),
}

/// What only some messages carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail {
    /// Its group.
    pub group: GroupId,
    /// What it says.
    pub content: Content,
    /// What it is compared by.
    pub deduplication: Deduplication,
    /// Its attributes, as the text of a JSON mapping; `IMPOSSIBLE`: those its producer declares.
    pub attributes: TextId,
    /// When the event it tells of happened, counted from its publish: mostly before.
    pub event_offset_millis: i32,
}

impl Detail {
    /// Nothing special.
    pub const NONE: Self = Self {
        group: GroupId::NONE,
        content: Content::Own,
        deduplication: Deduplication::Once,
        attributes: TextId::IMPOSSIBLE,
        event_offset_millis: 0,
    };
}

/// The texts of a scenario: each once, numbered in the order they were met.
#[derive(Debug, Clone, Default)]
pub struct Texts {
    texts: Vec<String>,
    numbers: BTreeMap<String, TextId>,
    hashes: NumberedHashes,
}

impl Texts {
    /// The number of a text.
    pub fn number(&mut self, text: &str) -> TextId {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = TextId(self.texts.len() as u32);
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// The group of this name; a number names the group that is drawn by that number.
    pub fn group(&mut self, name: &str) -> GroupId {
        match name.parse::<u32>() {
            Ok(number) if number < GroupId::FIRST_SINGLE && number.to_string() == name => GroupId(number),
            _ => GroupId::named(self.number(name)),
        }
    }

    /// The hash keys of the texts 1, 2, 3, …, so many at least.
    pub fn numbered_hashes(&mut self, keys: u32) -> NumberedHashes {
        self.hashes.first(keys)
    }

    /// All texts with their numbers.
    pub fn all(&self) -> impl Iterator<Item = (TextId, &str)> {
        (0..).map(TextId).zip(self.texts.iter().map(String::as_str))
    }

    /// The text of this number.
    pub fn get(&self, text: TextId) -> &str {
        &self.texts[text.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_known_by_name_or_number() {
        let mut texts = Texts::default();
        let (seven, padded, red) = (texts.group("7"), texts.group("07"), texts.group("red"));
        assert_eq!(seven, GroupId(7));
        assert_ne!(padded, seven);
        assert_eq!(texts.group("red"), red);
        let names = [seven, padded, red].map(|group| group.name(&texts));
        assert_eq!(names, ["7", "07", "red"]);
        let single = GroupId(GroupId::FIRST_SINGLE + 3);
        let bytes = [seven, padded, red, GroupId(0), GroupId(1_000), single, GroupId::NONE];
        assert_eq!(bytes.map(|group| group.key_bytes(&texts)), [1, 2, 3, 1, 4, 36, 0]);
        assert_eq!(GroupId::of_number(7.0), seven);
        assert_ne!(GroupId::of_number(7.5), seven);
    }
}
