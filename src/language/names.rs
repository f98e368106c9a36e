//! Names: of entities, references to them, and mappings from a name to what it names.

use std::fmt;

use serde_json::{Value as Json, json};

use super::decode::Decode;
use super::node::{Key, Node, Value, shorten};
use super::place::Place;
use super::problem::Problems;
use super::schema::Definitions;

/// The name of an entity and where it is given: letters, digits, `-`, `_` and `.`, up to 80 characters as in SQS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// The name of another entity and where it is used. Whether that entity exists is for the resolver to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

const LONGEST: usize = 80;
const PATTERN: &str = "^[A-Za-z0-9_.-]{1,80}$";

/// Checks a name and tells what is wrong with it.
fn check(text: &str, place: Place, problems: &mut Problems) -> bool {
    let allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    let what = if text.is_empty() {
        "a name cannot be empty".to_owned()
    } else if let Some(wrong) = text.chars().find(|character| !allowed(*character)) {
        format!("the name `{}` contains `{}`", shorten(text), wrong.escape_debug())
    } else if text.len() > LONGEST {
        format!("the name `{}` has {} characters, more than {LONGEST}", shorten(text), text.len())
    } else {
        return true;
    };
    problems.error(place, what).why("a name has up to 80 letters, digits, `-`, `_` and `.`");
    false
}

macro_rules! name_like {
    ($name:ident, $documentation:expr, $noun:expr) => {
        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.text)
            }
        }

        impl Decode for $name {
            fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
                let Some(text) = node.text() else {
                    problems.mismatch(node, "a name such as `orders`");
                    return None;
                };
                let fits = check(text, node.place, problems);
                fits.then(|| $name { text: text.to_owned(), place: node.place })
            }

            fn schema(definitions: &mut Definitions) -> Json {
                let schema = json!({ "type": "string", "pattern": PATTERN, "examples": ["orders"] });
                definitions.form(stringify!($name), module_path!(), $documentation, schema)
            }

            fn type_name() -> String {
                $noun.to_owned()
            }

            fn to_json(&self) -> Option<Json> {
                Some(json!(self.text))
            }
        }
    };
}

name_like!(Name, "A name: up to 80 letters, digits, `-`, `_` and `.`.", "name");
name_like!(Reference, "The name of something that the scenario defines elsewhere.", "name of another entity");

/// A mapping from names to what they name (`queues: { orders: {…} }`), in file order.
#[derive(Debug, Clone, PartialEq)]
pub struct Named<T> {
    /// Names and values; no name occurs twice.
    pub entries: Vec<(Name, T)>,
    /// Where the mapping stands; `None` when it was not given.
    pub place: Option<Place>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named { entries: Vec::new(), place: None }
    }
}

impl<T> Named<T> {
    /// Nothing named.
    pub fn new() -> Self {
        Named::default()
    }

    /// Names and values in file order.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &T)> {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// The names in file order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(name, _)| name.as_str())
    }

    /// What `name` names.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.entries.iter().find(|(known, _)| known.text == name).map(|(_, value)| value)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn decode_entry<T: Decode>(key: &Key, node: &Node, problems: &mut Problems) -> Option<(Name, T)> {
    let fits = check(&key.name, key.place, problems);
    let value = T::decode(node, problems);
    fits.then(|| Name { text: key.name.clone(), place: key.place }).zip(value)
}

impl<T: Decode> Decode for Named<T> {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let entries = match &node.value {
            Value::Mapping(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => {
                problems
                    .mismatch(node, "a mapping from names")
                    .help("write the name as a key, and its properties below it");
                return None;
            }
        };
        let decoded: Vec<Option<(Name, T)>> =
            entries.iter().map(|(key, node)| decode_entry(key, node, problems)).collect();
        Some(Named { entries: decoded.into_iter().collect::<Option<Vec<_>>>()?, place: Some(node.place) })
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({
            "type": ["object", "null"],
            "propertyNames": { "pattern": PATTERN },
            "additionalProperties": T::schema(definitions),
        })
    }

    fn type_name() -> String {
        format!("mapping from names to {}", T::type_name())
    }

    fn absent() -> Option<Self> {
        Some(Named::default())
    }
}
