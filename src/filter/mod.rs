//! Filter policies: which messages a subscriber wants, in the language that AWS's services share.
//!
//! # What is modelled
//!
//! Policies of SNS subscriptions, over message attributes or over the body ("Amazon SNS subscription filter policies"),
//! and, with [`Dialect::Lambda`], the patterns of Lambda's event filtering. Keys are joined by *and*, the values of a key
//! by *or*, `$or` joins alternatives. Every operator is here; which of them a dialect has says [`Dialect`]. What AWS
//! refuses is told as a problem with the reason.
//!
//! # From text to answer
//!
//! ```
//! use queuelab::filter::{Dialect, Document, Matcher, Policy, Scope, Vocabulary};
//!
//! let text = r#"{ "type": ["order_placed"], "amount": [{ "numeric": [">", 100] }] }"#;
//! let policy = Policy::from_text("policy", text, Scope::MessageAttributes, Dialect::Sns)?;
//! let mut vocabulary = Vocabulary::default();
//! let message = serde_json::json!({ "type": "order_placed", "amount": 250 });
//! let document = Document::of_attributes(&message, &mut vocabulary)?;
//! let mut matcher = Matcher::new([(0, &policy)], &mut vocabulary);
//! assert!(matcher.passes(&document));
//! # Ok::<(), String>(())
//! ```
//!
//! A [`Policy`] is read once and becomes a sum of alternatives. A message becomes a [`Document`]: its keys, nested ones
//! joined by dots, with plain values whose texts are numbered by a [`Vocabulary`]. A [`Matcher`] is built last, over all
//! policies of a topic: it knows every text that can come, so prefixes, patterns and networks are decided when it is
//! built, and a match compares numbers only. An index leads from a message's values to the few policies that may want
//! it, so ten thousand of them are not tested one by one.
//!
//! # What AWS leaves open
//!
//! Numbers are compared with five digits behind the point, rounded. Numbers beyond ±10⁹ match no `numeric` condition.
//! Values of different elements of one array do not satisfy two keys together, as in AWS's own matching library.
//! `anything-but` holds for a value of another type.

mod cidr;
mod complexity;
mod condition;
mod config;
mod dialect;
mod document;
mod explain;
mod index;
mod matcher;
mod number;
mod policy;
mod read;
mod selector;
mod vocabulary;
mod wildcard;

pub use cidr::Cidr;
pub use condition::{Comparison, Condition, Plain, Range};
pub use config::{JsonConfig, PolicyConfig, ScopeConfig, json};
pub use dialect::{Dialect, Operator};
pub use document::{ArrayPlace, Document, Field, Invalid};
pub use explain::{Explanation, Failure, explain};
pub use matcher::Matcher;
pub use number::Number;
pub use policy::{Alternative, KeyRule, Policy, Scope};
pub use selector::Selector;
pub use vocabulary::{Atom, Vocabulary, Word};
pub use wildcard::Wildcard;

#[cfg(test)]
mod tests;
