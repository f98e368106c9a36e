//! What messages say: attributes, and bodies that filter policies can read.

use crate::engine::{Distribution, Stream};
use crate::filter::json;
use crate::language::{
    Decode, Definitions, DistributionOf, Files, Json, Named, Node, Place, Problems, Value, choice,
};

choice! {
    /// An attribute that differs from message to message.
    pub enum DrawnAttribute {
        /// A whole number, drawn.
        Number(DistributionOf<f64>) = "number",
        /// A whole number, all equally likely between two bounds.
        Uniform(Vec<f64>) = "uniform",
        /// One of several texts, by weight: `{ one_of: { gold: 1, silver: 9 } }`.
        OneOf(Named<f64>) = "one_of",
    }
}

/// The value of an attribute: a text, number or list (`String.Array`) that is the same in all messages, or one that is
/// drawn.
#[derive(Debug, Clone)]
pub enum AttributeConfig {
    /// The same in all messages: as it is written, and what it is in JSON.
    Constant(String, Json),
    /// Drawn for each message.
    Drawn(DrawnAttribute, Place),
}

impl Decode for AttributeConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        match &node.value {
            Value::Mapping(_) => {
                DrawnAttribute::decode(node, problems).map(|drawn| AttributeConfig::Drawn(drawn, node.place))
            }
            Value::Sequence(items) if items.iter().all(|item| item.text().is_some() || item.is_null()) => {
                let list = json(node);
                Some(AttributeConfig::Constant(list.to_string(), list))
            }
            // `true` is a text: attributes have no such type.
            Value::Bool(_) => {
                let text = String::decode(node, problems)?;
                Some(AttributeConfig::Constant(text.clone(), Json::from(text)))
            }
            _ => String::decode(node, problems).map(|text| AttributeConfig::Constant(text, json(node))),
        }
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let (text, drawn) = (String::schema(definitions), DrawnAttribute::schema(definitions));
        let list = serde_json::json!({ "type": "array" });
        serde_json::json!({ "anyOf": [text, drawn, list] })
    }

    fn type_name() -> String {
        format!("text, number, list or {}", DrawnAttribute::type_name())
    }
}

/// The keys of a body with their values, nested ones as mappings of their own.
#[derive(Debug, Clone)]
pub struct BodyConfig(Vec<(String, BodyValue)>);

#[derive(Debug, Clone)]
enum BodyValue {
    Constant(Json),
    Drawn(DrawnAttribute, Place),
}

/// Whether a mapping is a value that is drawn rather than keys of its own.
fn is_drawn(node: &Node) -> bool {
    const WORDS: [&str; 3] = ["number", "uniform", "one_of"];
    matches!(node.mapping(), Some([(key, _)]) if WORDS.contains(&key.name.as_str()))
}

impl Decode for BodyConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let Some(entries) = node.mapping() else {
            problems.mismatch(node, "a mapping from the keys of the body to values");
            return None;
        };
        let mut all = Vec::new();
        let mut sound = true;
        for (key, value) in entries {
            if value.mapping().is_some() && !is_drawn(value) {
                match BodyConfig::decode(value, problems) {
                    Some(inner) => {
                        let inner = inner.0.into_iter();
                        all.extend(inner.map(|(path, value)| (format!("{}.{path}", key.name), value)));
                    }
                    None => sound = false,
                }
                continue;
            }
            let decoded = if is_drawn(value) {
                DrawnAttribute::decode(value, problems).map(|drawn| BodyValue::Drawn(drawn, value.place))
            } else if value.sequence().is_some_and(|items| items.iter().any(|item| item.mapping().is_some()))
            {
                problems
                    .error(value.place, "a list in a body holds texts, numbers, `true`, `false` or `null`");
                None
            } else {
                Some(BodyValue::Constant(json(value)))
            };
            sound &= decoded.is_some();
            all.extend(decoded.map(|decoded| (key.name.clone(), decoded)));
        }
        sound.then_some(Self(all))
    }

    fn schema(_: &mut Definitions) -> Json {
        serde_json::json!({ "type": "object" })
    }

    fn type_name() -> String {
        "mapping from keys to values, constant or drawn".to_owned()
    }
}

/// How an attribute, or a key of the body, gets its value.
#[derive(Debug, Clone)]
pub enum AttributeValue {
    /// The same in every message; its bytes.
    Constant(u32),
    /// A whole number drawn for each message.
    Number(Distribution),
    /// One of several texts: their bytes, and the distribution of their index.
    OneOf(Vec<u32>, Distribution),
}

/// An attribute of every message of a producer, or a key of its body.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// Its name; nested keys of a body are joined by dots.
    pub name: String,
    /// How it gets its value.
    pub value: AttributeValue,
    /// What it can say: one value, several to choose from, or none when it is a number that is drawn.
    pub says: Vec<Json>,
}

impl AttributeValue {
    /// A value as it is kept with the message, and its size in bytes.
    pub(super) fn draw(&self, stream: &mut Stream) -> (u64, u32) {
        match self {
            AttributeValue::Constant(bytes) => (0, *bytes),
            AttributeValue::Number(distribution) => {
                let number = distribution.sample(stream).round();
                (number.to_bits(), decimal_digits(number))
            }
            AttributeValue::OneOf(texts, index) => {
                let index = index.sample(stream) as usize;
                (index as u64, texts[index])
            }
        }
    }
}

/// How many characters a whole number has when it is written out.
fn decimal_digits(number: f64) -> u32 {
    let mut digits = 1 + u32::from(number < 0.0);
    let mut rest = number.abs();
    while rest >= 10.0 {
        rest /= 10.0;
        digits += 1;
    }
    digits
}

impl AttributeConfig {
    pub(super) fn build(&self, name: &str, files: &dyn Files, problems: &mut Problems) -> Option<Attribute> {
        match self {
            AttributeConfig::Constant(text, value) => {
                // The name of the type counts too; that of lists is longer.
                let list = if value.is_array() { ".Array".len() } else { 0 };
                let bytes = (text.len() + list) as u32;
                let value = AttributeValue::Constant(bytes);
                Some(Attribute { name: name.to_owned(), value, says: vec![self.says()?] })
            }
            AttributeConfig::Drawn(drawn, place) => drawn.build(name, *place, files, problems),
        }
    }

    fn says(&self) -> Option<Json> {
        match self {
            AttributeConfig::Constant(_, value) => Some(value.clone()),
            AttributeConfig::Drawn(..) => None,
        }
    }
}

impl BodyConfig {
    pub(super) fn build(&self, files: &dyn Files, problems: &mut Problems) -> Option<Vec<Attribute>> {
        let build = |(path, value): &(String, BodyValue), problems: &mut Problems| match value {
            BodyValue::Constant(value) => Some(Attribute {
                name: path.clone(),
                value: AttributeValue::Constant(0),
                says: vec![value.clone()],
            }),
            BodyValue::Drawn(drawn, place) => drawn.build(path, *place, files, problems),
        };
        let built: Vec<Option<Attribute>> = self.0.iter().map(|entry| build(entry, problems)).collect();
        built.into_iter().collect()
    }
}

impl DrawnAttribute {
    fn build(
        &self,
        name: &str,
        place: Place,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<Attribute> {
        let name = name.to_owned();
        match self {
            DrawnAttribute::Number(number) => {
                let value = number.build(files, problems).map(AttributeValue::Number)?;
                Some(Attribute { name, value, says: Vec::new() })
            }
            DrawnAttribute::Uniform(bounds) => {
                let built = match bounds[..] {
                    [low, high] => Distribution::uniform(low, high).map_err(|error| error.to_string()),
                    _ => Err("`uniform` takes two bounds: `[1, 500]`".to_owned()),
                };
                let value = built
                    .map_err(|what| {
                        problems.error(place, what);
                    })
                    .ok()
                    .map(AttributeValue::Number)?;
                Some(Attribute { name, value, says: Vec::new() })
            }
            DrawnAttribute::OneOf(texts) => {
                let weights: Vec<(f64, f64)> = texts
                    .entries
                    .iter()
                    .enumerate()
                    .map(|(index, (_, weight))| (index as f64, *weight))
                    .collect();
                let index = Distribution::empirical(&weights)
                    .map_err(|error| {
                        problems.error(place, format!("these weights are impossible: {error}"));
                    })
                    .ok()?;
                let bytes = texts.names().map(|text| text.len() as u32).collect();
                let says = texts.names().map(Json::from).collect();
                Some(Attribute { name, value: AttributeValue::OneOf(bytes, index), says })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::decimal_digits;

    #[test]
    fn digits_are_counted() {
        for number in [0.0, 9.0, 10.0, 99.0, 100.0, -1.0, -12345.0] {
            assert_eq!(decimal_digits(number), format!("{number}").len() as u32, "{number}");
        }
    }
}
