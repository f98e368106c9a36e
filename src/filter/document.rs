//! A message as policies see it: keys with plain values.

use super::number::Number;
use super::vocabulary::{Atom, Vocabulary, Word};
use serde_json::Value as Json;

/// A key with one of its values; a key of an array has several.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field {
    /// The key; nested ones are joined by dots, so that `a.b` is also the key `b` inside of `a`.
    pub key: Word,
    /// The value.
    pub value: Atom,
    /// In which element of which arrays it stands: a position in [`Document::places`].
    pub place: u32,
}

/// An element of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrayPlace {
    /// The place that the array itself stands at.
    pub parent: u32,
    /// The number of the array in the document.
    pub array: u32,
    /// The number of the element.
    pub element: u32,
}

/// Why no policy with a key can match ("Monitoring Amazon SNS topics using CloudWatch", the filtered-out metrics).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// The message has no attributes at all.
    NoAttributes,
    /// An attribute is no valid JSON array, though its type says so.
    Attributes,
    /// The body is no JSON object.
    Body,
}

/// The keys and values of a message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The keys with their values.
    pub fields: Vec<Field>,
    /// Elements of arrays that hold mappings or values; the first stands for "in no array". Empty without arrays.
    pub places: Vec<ArrayPlace>,
    /// Why no policy with a key can match.
    pub invalid: Option<Invalid>,
}

/// Deepest nesting that is looked at.
const DEEPEST: usize = 100;

impl Document {
    /// The attributes of a message, from a JSON mapping. A value is a text, a number, a list (`String.Array`), or as AWS
    /// writes it: `{ "Type": "String", "Value": "fans" }`, `{ "DataType": "Number", "StringValue": "5" }`.
    ///
    /// # Errors
    ///
    /// What is no attribute, in words.
    pub fn of_attributes(attributes: &Json, vocabulary: &mut Vocabulary) -> Result<Self, String> {
        let Some(attributes) = attributes.as_object() else {
            return Err("attributes are a mapping from names to values".to_owned());
        };
        let mut document = Self::default();
        if attributes.is_empty() {
            document.invalid = Some(Invalid::NoAttributes);
        }
        for (name, value) in attributes {
            let key = vocabulary.word(name);
            let (kind, value) = typed(name, value)?;
            match (kind, value) {
                ("Binary", _) => {}
                ("String.Array", Json::String(text)) => match serde_json::from_str(text) {
                    Ok(Json::Array(items)) => document.enter_array(key, &items, vocabulary),
                    _ => document.invalid = Some(Invalid::Attributes),
                },
                ("String.Array", Json::Array(items)) => document.enter_array(key, items, vocabulary),
                ("Number", value) => {
                    let number = match value {
                        Json::Number(number) => number.as_f64(),
                        Json::String(text) => {
                            text.trim().parse::<f64>().ok().filter(|value| value.is_finite())
                        }
                        _ => None,
                    };
                    let Some(number) = number else {
                        return Err(format!("the attribute `{name}` is no number: {value}"));
                    };
                    document.push(key, Atom::Number(Number::new(number)), 0);
                }
                (_, Json::String(text)) => {
                    let word = vocabulary.word(text);
                    document.push(key, Atom::Word(word), 0);
                }
                (kind, value) => return Err(format!("the attribute `{name}` ({kind}) cannot be {value}")),
            }
        }
        Ok(document)
    }

    /// The body of a message, from its text.
    pub fn of_body(body: &str, vocabulary: &mut Vocabulary) -> Self {
        match serde_json::from_str(body) {
            Ok(value) => Self::of_json(&value, vocabulary),
            Err(_) => Self { invalid: Some(Invalid::Body), ..Self::default() },
        }
    }

    /// The body of a message.
    pub fn of_json(body: &Json, vocabulary: &mut Vocabulary) -> Self {
        let mut document = Self::default();
        if body.is_object() {
            document.enter(body, "", 0, DEEPEST, vocabulary);
        } else {
            document.invalid = Some(Invalid::Body);
        }
        document
    }

    fn push(&mut self, key: Word, value: Atom, place: u32) {
        self.fields.push(Field { key, value, place });
    }

    /// The elements of a `String.Array`: texts, numbers, `true`, `false`, `null`.
    fn enter_array(&mut self, key: Word, items: &[Json], vocabulary: &mut Vocabulary) {
        for item in items {
            match atom(item, vocabulary) {
                Some(value) => self.push(key, value, 0),
                None => self.invalid = Some(Invalid::Attributes),
            }
        }
    }

    fn enter(&mut self, value: &Json, path: &str, place: u32, depth: usize, vocabulary: &mut Vocabulary) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match value {
            Json::Object(entries) => {
                for (key, value) in entries {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    self.enter(value, &path, place, depth, vocabulary);
                }
            }
            Json::Array(items) => {
                if self.places.is_empty() {
                    self.places.push(ArrayPlace { parent: 0, array: 0, element: 0 });
                }
                let array = self.places.len() as u32;
                for (item, element) in items.iter().zip(0..) {
                    self.places.push(ArrayPlace { parent: place, array, element });
                    let place = self.places.len() as u32 - 1;
                    self.enter(item, path, place, depth, vocabulary);
                }
            }
            _ => {
                if let Some(value) = atom(value, vocabulary) {
                    let key = vocabulary.word(path);
                    self.push(key, value, place);
                }
            }
        }
    }

    /// Whether two places can be told of together: no array is entered at two different elements.
    pub(super) fn are_consistent(&self, one: u32, other: u32) -> bool {
        let chain = |place: u32| {
            std::iter::successors(Some(place), |place| Some(self.places[*place as usize].parent))
                .take_while(|place| *place != 0)
                .map(|place| self.places[place as usize])
        };
        one == 0
            || other == 0
            || chain(one).all(|mine| {
                chain(other).all(|theirs| mine.array != theirs.array || mine.element == theirs.element)
            })
    }
}

/// The type and the value of an attribute.
fn typed<'a>(name: &str, value: &'a Json) -> Result<(&'a str, &'a Json), String> {
    let Json::Object(entries) = value else {
        let kind = match value {
            Json::Number(_) => "Number",
            Json::Array(_) => "String.Array",
            _ => "String",
        };
        return Ok((kind, value));
    };
    let get = |keys: [&str; 2]| keys.iter().find_map(|key| entries.get(*key));
    let kind = get(["Type", "DataType"]).and_then(Json::as_str);
    let Some(kind) = kind else {
        return Err(format!(
            "the attribute `{name}` needs a type: `{{ \"Type\": \"String\", \"Value\": \"…\" }}`"
        ));
    };
    // A type may carry a label of its own behind a dot: `Number.float`.
    let kind = match kind {
        "String.Array" => kind,
        _ => kind.split('.').next().unwrap_or(kind),
    };
    if !["String", "String.Array", "Number", "Binary"].contains(&kind) {
        return Err(format!(
            "the attribute `{name}` has the type `{kind}`; it can be String, String.Array, Number or Binary"
        ));
    }
    if kind == "Binary" {
        return Ok((kind, &Json::Null));
    }
    let value = get(["Value", "StringValue"]);
    value.map(|value| (kind, value)).ok_or_else(|| format!("the attribute `{name}` has no value"))
}

fn atom(value: &Json, vocabulary: &mut Vocabulary) -> Option<Atom> {
    match value {
        Json::Null => Some(Atom::Null),
        Json::Bool(value) => Some(Atom::of_bool(*value)),
        Json::Number(number) => number.as_f64().map(|number| Atom::Number(Number::new(number))),
        Json::String(text) => Some(Atom::Word(vocabulary.word(text))),
        Json::Array(_) | Json::Object(_) => None,
    }
}
