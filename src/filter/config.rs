//! Policies, attributes and bodies as scenarios write them.

use super::policy::Scope;
use crate::language::{Decode, Definitions, Json, Node, Problems, Value, keyword};

keyword! {
    /// What a filter policy is about.
    pub enum ScopeConfig {
        /// The attributes of the message.
        MessageAttributes = "message_attributes",
        /// Its body, a JSON object.
        MessageBody = "message_body",
    }
}

impl ScopeConfig {
    /// The scope.
    pub fn scope(self) -> Scope {
        match self {
            ScopeConfig::MessageAttributes => Scope::MessageAttributes,
            ScopeConfig::MessageBody => Scope::MessageBody,
        }
    }
}

/// A filter policy, read when its scope and dialect are known: keys, each with a list of values or conditions.
#[derive(Debug, Clone)]
pub struct PolicyConfig(pub Node);

impl Decode for PolicyConfig {
    fn decode(node: &Node, _: &mut Problems) -> Option<Self> {
        Some(Self(node.clone()))
    }

    fn schema(_: &mut Definitions) -> Json {
        serde_json::json!({ "type": "object", "examples": [{ "type": ["order_placed"] }] })
    }

    fn type_name() -> String {
        "filter policy such as `{ type: [order_placed], amount: [{ numeric: [\">\", 0] }] }`".to_owned()
    }
}

/// A mapping whose values mean what they mean in JSON.
#[derive(Debug, Clone)]
pub struct JsonConfig(pub Json);

impl Decode for JsonConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if node.mapping().is_none() {
            problems.mismatch(node, "a mapping from names to values");
            return None;
        }
        Some(Self(json(node)))
    }

    fn schema(_: &mut Definitions) -> Json {
        serde_json::json!({ "type": "object" })
    }

    fn type_name() -> String {
        "mapping from names to values".to_owned()
    }
}

/// A value as JSON.
pub fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Integer(value) => i64::try_from(*value).map_or_else(|_| Json::from(*value as f64), Json::from),
        Value::Float(value) => Json::from(*value),
        Value::String(text) => Json::from(text.as_str()),
        Value::Sequence(items) => Json::Array(items.iter().map(json).collect()),
        Value::Mapping(entries) => {
            Json::Object(entries.iter().map(|(key, value)| (key.name.clone(), json(value))).collect())
        }
    }
}
