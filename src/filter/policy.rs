//! A policy: alternatives, each of them keys and what their values must be.

use super::condition::Condition;
use super::dialect::Dialect;
use super::read;
use crate::language::{Node, Problems, Sources, parse};

/// What a policy is about ("Amazon SNS subscription filter policies", filter policy scope).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// The attributes of the message.
    #[default]
    MessageAttributes,
    /// Its body, a JSON object.
    MessageBody,
}

/// A key and what its value must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRule {
    /// The key; nested ones are joined by dots.
    pub path: String,
    /// One of these must hold.
    pub conditions: Vec<Condition>,
}

/// Keys that must all be satisfied. Without any, every message passes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alternative {
    /// The keys.
    pub keys: Vec<KeyRule>,
}

/// A filter policy. A message passes if it satisfies one of the alternatives; without `$or` there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What it is about.
    pub scope: Scope,
    /// The alternatives: those of all `$or`, multiplied out.
    pub alternatives: Vec<Alternative>,
}

impl Policy {
    /// Reads a policy. `None` when AWS would refuse it; all reasons are told.
    pub fn read(node: &Node, scope: Scope, dialect: Dialect, problems: &mut Problems) -> Option<Self> {
        read::policy(node, scope, dialect, problems)
    }

    /// Reads a policy from JSON or YAML. `name` is what problems call the text.
    ///
    /// # Errors
    ///
    /// All reasons, rendered.
    pub fn from_text(name: &str, text: &str, scope: Scope, dialect: Dialect) -> Result<Self, String> {
        let (mut sources, mut problems) = (Sources::new(), Problems::new());
        let node = parse(&mut sources, name, text, &mut problems);
        let policy = node.and_then(|node| Policy::read(&node, scope, dialect, &mut problems));
        match policy {
            Some(policy) if !problems.has_errors() => Ok(policy),
            _ => Err(problems.render(&sources, false)),
        }
    }
}
