//! Which messages of a topic or an exchange go to which of its places: routing keys, headers and selectors, all of them about
//! the attributes of a message.

use super::queue_config::{BoundQueueConfig, ExchangeTypeConfig};
use crate::filter::{Atom, Document, Selector, Vocabulary, Word};
use crate::language::Problems;
use crate::wire::EntityId;

/// The attribute of a message that is its routing key with RabbitMQ.
pub const ROUTING_KEY: &str = "routing_key";

/// A place that messages go to.
#[derive(Debug, Clone)]
pub struct Target {
    /// The queue or subscription.
    pub id: EntityId,
    /// Which of them.
    pub condition: Condition,
}

/// What messages must be like.
#[derive(Debug, Clone)]
pub enum Condition {
    /// Like anything.
    Everything,
    /// Their routing key is one of these.
    Keys {
        /// The attribute.
        attribute: Word,
        /// The keys, in their order.
        keys: Vec<Word>,
        /// Whether messages without a key are meant, whose key is empty.
        without: bool,
    },
    /// They have all of these headers, or any.
    Headers {
        /// The headers with their values.
        headers: Vec<(Word, Atom)>,
        /// Whether one is enough.
        any: bool,
    },
    /// A selector of JMS holds.
    Selector(Selector),
    /// One of several holds: a queue that is bound more than once gets a message once.
    AnyOf(Vec<Condition>),
}

impl Target {
    /// A place gets messages that are like this, beside those that it gets already.
    pub fn add(targets: &mut Vec<Target>, id: EntityId, condition: Condition) {
        match targets.iter_mut().find(|target| target.id == id) {
            Some(target) => {
                let before = std::mem::replace(&mut target.condition, Condition::Everything);
                target.condition = before.or(condition);
            }
            None => targets.push(Target { id, condition }),
        }
    }
}

impl Condition {
    /// Whether a message with these attributes is meant.
    pub(super) fn accepts(&self, message: &Document) -> bool {
        let value = |key: Word| message.fields.iter().find(|field| field.key == key).map(|field| field.value);
        match self {
            Condition::Everything => true,
            Condition::Keys { attribute, keys, without } => match value(*attribute) {
                Some(Atom::Word(word)) => keys.binary_search(&word).is_ok(),
                _ => *without,
            },
            Condition::Headers { headers, any } => {
                let fits = |(key, wanted): &(Word, Atom)| value(*key) == Some(*wanted);
                if *any { headers.iter().any(fits) } else { headers.iter().all(fits) }
            }
            Condition::Selector(selector) => selector.accepts(message),
            Condition::AnyOf(conditions) => conditions.iter().any(|one| one.accepts(message)),
        }
    }

    /// This one or the other.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Condition::Everything, _) | (_, Condition::Everything) => Condition::Everything,
            (Condition::AnyOf(mut all), other) => {
                all.push(other);
                Condition::AnyOf(all)
            }
            (one, other) => Condition::AnyOf(vec![one, other]),
        }
    }

    /// The condition of a binding to an exchange of RabbitMQ. The vocabulary knows every text that can come.
    pub fn of_binding(
        exchange: ExchangeTypeConfig,
        binding: &BoundQueueConfig,
        vocabulary: &mut Vocabulary,
        problems: &mut Problems,
    ) -> Self {
        let key = binding.routing_key.as_deref();
        let meant: fn(&str, &str) -> bool = match exchange {
            ExchangeTypeConfig::Fanout => return Condition::Everything,
            ExchangeTypeConfig::Headers => {
                return Self::of_headers(binding, vocabulary, problems);
            }
            ExchangeTypeConfig::Direct => |wanted, key| wanted == key,
            ExchangeTypeConfig::Topic => fits_pattern,
        };
        let wanted = key.unwrap_or_default();
        Condition::Keys {
            attribute: vocabulary.word(ROUTING_KEY),
            keys: vocabulary.those(|text| meant(wanted, text)),
            without: meant(wanted, ""),
        }
    }

    fn of_headers(binding: &BoundQueueConfig, vocabulary: &mut Vocabulary, problems: &mut Problems) -> Self {
        let Some(arguments) = &binding.arguments else { return Condition::Everything };
        let mut given = arguments.0.clone();
        let mut any = false;
        if let Some(entries) = given.as_object_mut() {
            any = entries.remove("x-match").is_some_and(|value| value == "any");
            // Others of RabbitMQ's own are not compared.
            entries.retain(|key, _| !key.starts_with("x-"));
        }
        match Document::of_attributes(&given, vocabulary) {
            Ok(document) => Condition::Headers {
                headers: document.fields.iter().map(|field| (field.key, field.value)).collect(),
                any,
            },
            Err(what) => {
                problems.error(binding.place, what);
                Condition::Everything
            }
        }
    }
}

/// Whether a routing key fits the pattern of a topic exchange: `*` stands for one word, `#` for any number of them.
fn fits_pattern(pattern: &str, key: &str) -> bool {
    let words: Vec<&str> = if key.is_empty() { Vec::new() } else { key.split('.').collect() };
    let mut reached = vec![false; words.len() + 1];
    reached[0] = true;
    for part in pattern.split('.').filter(|_| !pattern.is_empty()) {
        if part == "#" {
            let mut any = false;
            for place in &mut reached {
                any |= *place;
                *place = any;
            }
            continue;
        }
        for place in (0..words.len()).rev() {
            reached[place + 1] = reached[place] && (part == "*" || part == words[place]);
        }
        reached[0] = false;
    }
    reached[words.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_words() {
        let cases = [
            ("order.*", "order.created", true),
            ("order.*", "order", false),
            ("order.*", "order.eu.created", false),
            ("order.#", "order", true),
            ("order.#", "order.eu.created", true),
            ("#", "", true),
            ("#", "anything.at.all", true),
            ("*", "", false),
            ("*.created", "order.created", true),
            ("#.created", "created", true),
            ("#.eu.#", "order.eu.created", true),
            ("#.eu.#", "order.us.created", false),
            ("", "", true),
            ("", "order", false),
            ("order.created", "order.created", true),
        ];
        for (pattern, key, fits) in cases {
            assert_eq!(fits_pattern(pattern, key), fits, "{pattern} {key}");
        }
    }
}
