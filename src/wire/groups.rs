//! Message groups of somebody who sends: which group each message belongs to (`MessageGroupId`).

use super::{GroupId, Texts};
use crate::engine::{Distribution, Stream};
use crate::language::{Decode, Definitions, Json, Located, Named, Node, Problems, Value, choice, section};

choice! {
    /// A group that differs from message to message.
    pub enum DrawnGroupConfig {
        /// One of so many groups, all equally likely; they are called 1, 2, 3, ….
        Uniform(u32) = "uniform",
        /// One of so many groups, the first by far the likeliest (Zipf's law).
        Zipf(ZipfConfig) = "zipf",
        /// One of several groups, by weight: `{ one_of: { gold: 1, silver: 9 } }`.
        OneOf(Named<f64>) = "one_of",
    }
}

section! {
    /// Groups by Zipf's law: the n-th group has a weight of n to the power of minus the exponent.
    pub struct ZipfConfig {
        /// How many there are.
        pub groups: u32, within (1, 1_000_000);
        /// How uneven they are.
        pub exponent: f64 = 1.0, within (0.0, 10.0);
    }
}

/// The group of a producer's messages: a name, `each_message` (a group of its own for each), or drawn.
#[derive(Debug, Clone)]
pub enum GroupConfig {
    /// All in the group of this name.
    Constant(String),
    /// Each message is a group of its own.
    EachMessage,
    /// Drawn for each message.
    Drawn(Located<DrawnGroupConfig>),
}

/// The word for a group of its own.
const EACH_MESSAGE: &str = "each_message";

impl Decode for GroupConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Mapping(_) = node.value {
            return Located::decode(node, problems).map(GroupConfig::Drawn);
        }
        let text = String::decode(node, problems)?;
        Some(if text == EACH_MESSAGE { GroupConfig::EachMessage } else { GroupConfig::Constant(text) })
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let (text, drawn) = (String::schema(definitions), DrawnGroupConfig::schema(definitions));
        serde_json::json!({ "anyOf": [text, drawn] })
    }

    fn type_name() -> String {
        format!("name, `{EACH_MESSAGE}` or {}", DrawnGroupConfig::type_name())
    }
}

/// Which group each message belongs to.
#[derive(Debug, Clone)]
pub enum MessageGroups {
    /// All to the same.
    Constant(GroupId),
    /// Each to its own.
    EachMessage,
    /// One of so many, equally likely.
    Uniform(u32),
    /// One of these, by their index.
    Weighted(Distribution, Vec<GroupId>),
}

impl MessageGroups {
    /// The group of the message with this number.
    #[inline]
    pub fn draw(&self, number: u64, stream: &mut Stream) -> GroupId {
        match self {
            MessageGroups::Constant(group) => *group,
            MessageGroups::EachMessage => {
                GroupId(GroupId::FIRST_SINGLE | (number as u32 & (GroupId::FIRST_SINGLE - 1)))
            }
            MessageGroups::Uniform(groups) => GroupId(1 + stream.below(u64::from(*groups)) as u32),
            MessageGroups::Weighted(index, groups) => groups[index.sample(stream) as usize],
        }
    }
}

impl GroupConfig {
    /// The groups, their names known; `None` when a problem was told.
    pub fn build(&self, texts: &mut Texts, problems: &mut Problems) -> Option<MessageGroups> {
        let drawn = match self {
            GroupConfig::Constant(name) => return Some(MessageGroups::Constant(texts.group(name))),
            GroupConfig::EachMessage => return Some(MessageGroups::EachMessage),
            GroupConfig::Drawn(drawn) => drawn,
        };
        let (weights, groups): (Vec<(f64, f64)>, Vec<GroupId>) = match &drawn.value {
            DrawnGroupConfig::Uniform(groups) if (1..GroupId::FIRST_SINGLE).contains(groups) => {
                return Some(MessageGroups::Uniform(*groups));
            }
            DrawnGroupConfig::Uniform(_) => {
                problems.error(drawn.place, "`uniform` takes a number of groups, 1 to 1,073,741,823");
                return None;
            }
            DrawnGroupConfig::Zipf(zipf) => (1..=zipf.groups)
                .map(|n| ((f64::from(n - 1), libm::pow(f64::from(n), -zipf.exponent)), GroupId(n)))
                .unzip(),
            DrawnGroupConfig::OneOf(names) => {
                let numbered = names.entries.iter().enumerate();
                numbered
                    .map(|(index, (name, weight))| ((index as f64, *weight), texts.group(name.as_str())))
                    .unzip()
            }
        };
        let index = Distribution::empirical(&weights).map_err(|error| {
            problems.error(drawn.place, format!("these weights are impossible: {error}"));
        });
        Some(MessageGroups::Weighted(index.ok()?, groups))
    }
}
