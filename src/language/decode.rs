//! Decoding: from a node to a value of Rust, telling every problem on the way.

use serde_json::{Value as Json, json};

use super::node::{Node, Value};
use super::place::Located;
use super::problem::Problems;
use super::schema::Definitions;

/// What a scenario can say: a type that is read from a node, and describes itself to editors and to readers.
pub trait Decode: Sized {
    /// Reads the node. `None` exactly when an error was told; all of its problems are told, not only the first.
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self>;

    /// The JSON Schema of the type; types with a name define themselves in `definitions` and give a `$ref`.
    fn schema(definitions: &mut Definitions) -> Json;

    /// How the reference calls the type: `duration`, `list of name`, ``[`RedrivePolicy`](#redrivepolicy)``.
    fn type_name() -> String;

    /// The value when the key is absent; `None` for what must be given.
    fn absent() -> Option<Self> {
        None
    }

    /// The value as a scenario would write it, for the defaults of schema and reference; `None` where that is long.
    fn to_json(&self) -> Option<Json> {
        None
    }
}

impl Problems {
    /// Tells that `node` is of another kind than `expected` ("a duration such as `30s`"). Complete it with a help.
    pub fn mismatch(&mut self, node: &Node, expected: &str) -> &mut super::problem::Problem {
        self.error(node.place, format!("expected {expected}, found {}", node.describe()))
    }
}

impl Decode for bool {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        let help = match node.text().map(str::to_lowercase).as_deref() {
            Some("yes" | "on" | "y" | "1" | "true") => "write `true`",
            Some("no" | "off" | "n" | "0" | "false") => "write `false`",
            _ => "",
        };
        problems.mismatch(node, "`true` or `false`").help(help);
        None
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "boolean" })
    }

    fn type_name() -> String {
        "`true` or `false`".to_owned()
    }

    fn to_json(&self) -> Option<Json> {
        Some(json!(self))
    }
}

macro_rules! whole_number {
    ($type:ty, $minimum:expr) => {
        impl Decode for $type {
            fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
                if let Value::Integer(value) = node.value {
                    if let Ok(value) = <$type>::try_from(value) {
                        return Some(value);
                    }
                    problems
                        .error(node.place, format!("the number {} is out of range", node.text().map(super::node::shorten).unwrap_or_default()))
                        .why(format!("it must be a whole number from {} to {}", <$type>::MIN, <$type>::MAX));
                    return None;
                }
                let help = whole_number_help(node);
                problems.mismatch(node, "a whole number such as `10`").help(help);
                None
            }

            fn schema(_: &mut Definitions) -> Json {
                let mut schema = json!({ "type": "integer" });
                let minimum: Option<i64> = $minimum;
                if let Some(minimum) = minimum {
                    schema["minimum"] = json!(minimum);
                }
                schema
            }

            fn type_name() -> String {
                "whole number".to_owned()
            }

            fn to_json(&self) -> Option<Json> {
                Some(json!(self))
            }
        }
    };
}

whole_number!(u32, Some(0));
whole_number!(u64, Some(0));
whole_number!(i64, None);

/// What somebody who wrote this instead of a whole number should write.
fn whole_number_help(node: &Node) -> String {
    match &node.value {
        Value::Float(value) if value.is_finite() && value.fract() == 0.0 && value.abs() < 1e15 => {
            format!("write it out: `{value}`")
        }
        Value::Float(_) => "the number must be whole".to_owned(),
        Value::String(text) => {
            let digits = text.replace(['_', ','], "");
            if !digits.is_empty() && digits.len() < 30 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                format!("write `{digits}`")
            } else {
                String::new()
            }
        }
        _ => String::new(),
    }
}

impl Decode for f64 {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let value = match node.value {
            Value::Integer(value) => value as f64,
            Value::Float(value) => value,
            _ => {
                let help = whole_number_help(node);
                problems.mismatch(node, "a number such as `0.5`").help(help);
                return None;
            }
        };
        if value.is_finite() {
            return Some(value);
        }
        problems.mismatch(node, "a finite number such as `0.5`");
        None
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": "number" })
    }

    fn type_name() -> String {
        "number".to_owned()
    }

    fn to_json(&self) -> Option<Json> {
        // `100.0` is written `100`.
        let whole = *self as i64;
        if whole.unsigned_abs() < 1 << 52 && (whole as f64).to_bits() == self.to_bits() {
            return Some(json!(whole));
        }
        Some(json!(self))
    }
}

/// Any scalar is text, as it was written: `007` stays `007`.
impl Decode for String {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Some(text) = node.text() {
            return Some(text.to_owned());
        }
        let help = if node.is_null() { "write a text; an empty one is `\"\"`" } else { "" };
        problems.mismatch(node, "a text").help(help);
        None
    }

    fn schema(_: &mut Definitions) -> Json {
        json!({ "type": ["string", "number", "boolean"] })
    }

    fn type_name() -> String {
        "text".to_owned()
    }

    fn to_json(&self) -> Option<Json> {
        Some(json!(self))
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        let Some(items) = node.sequence() else {
            let help = node.text().map(|text| format!("write `[{}]`", super::node::shorten(text)));
            problems.mismatch(node, &format!("a list of {}", T::type_name())).help(help.unwrap_or_default());
            return None;
        };
        // Every item is decoded, whatever became of those before it.
        let decoded: Vec<Option<T>> = items.iter().map(|item| T::decode(item, problems)).collect();
        decoded.into_iter().collect()
    }

    fn schema(definitions: &mut Definitions) -> Json {
        json!({ "type": "array", "items": T::schema(definitions) })
    }

    fn type_name() -> String {
        format!("list of {}", T::type_name())
    }

    fn to_json(&self) -> Option<Json> {
        self.iter().map(Decode::to_json).collect::<Option<Vec<Json>>>().map(Json::Array)
    }
}

/// A key that may be absent or empty.
impl<T: Decode> Decode for Option<T> {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if node.is_null() {
            return Some(None);
        }
        T::decode(node, problems).map(Some)
    }

    fn schema(definitions: &mut Definitions) -> Json {
        T::schema(definitions)
    }

    fn type_name() -> String {
        T::type_name()
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn to_json(&self) -> Option<Json> {
        self.as_ref().and_then(Decode::to_json)
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        T::decode(node, problems).map(Box::new)
    }

    fn schema(definitions: &mut Definitions) -> Json {
        T::schema(definitions)
    }

    fn type_name() -> String {
        T::type_name()
    }

    fn absent() -> Option<Self> {
        T::absent().map(Box::new)
    }

    fn to_json(&self) -> Option<Json> {
        self.as_ref().to_json()
    }
}

impl<T: Decode> Decode for Located<T> {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        T::decode(node, problems).map(|value| Located { value, place: node.place })
    }

    fn schema(definitions: &mut Definitions) -> Json {
        T::schema(definitions)
    }

    fn type_name() -> String {
        T::type_name()
    }

    fn to_json(&self) -> Option<Json> {
        self.value.to_json()
    }
}
