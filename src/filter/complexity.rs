//! How big a policy may be ("Filter policy constraints").

use super::dialect::{Dialect, Operator};
use crate::language::{Node, Problems, Value};

/// Largest policy, in bytes of JSON.
const LARGEST: usize = 256 * 1024;

/// Tells what is too much of a policy.
pub(super) fn check(node: &Node, dialect: Dialect, problems: &mut Problems) {
    let Some((most_keys, most_combinations)) = dialect.limits() else { return };
    let entries = node.mapping().unwrap_or_default();
    if let Some((key, _)) = entries.get(most_keys) {
        problems
            .error(
                key.place,
                format!("a filter policy has at most {most_keys} keys, this one has {}", entries.len()),
            )
            .label("one key too many")
            .why("\"Filter policy can not have more than 5 keys\"; of nested keys the outermost count");
    }
    let combinations = combinations(node, 1);
    if combinations > most_combinations {
        problems
            .error(node.place, format!("the filter policy has {combinations} combinations of values"))
            .why(format!(
                "\"Filter policy is too complex\": at most {most_combinations}, the product of the numbers of values, \
                 each times the depth of its key; alternatives of `$or` are added"
            ))
            .help("use fewer values, or several subscriptions");
    }
    let bytes = json_bytes(node);
    if bytes > LARGEST {
        problems.error(node.place, format!("the filter policy has {bytes} bytes, more than {LARGEST}"));
    }
}

/// The product over all keys of the number of values times the depth of the key; alternatives are added.
fn combinations(node: &Node, depth: u64) -> u64 {
    let mut product: u64 = 1;
    for (key, value) in node.mapping().unwrap_or_default() {
        let factor = match &value.value {
            Value::Mapping(_) => combinations(value, depth + 1),
            Value::Sequence(branches) if is_or(&key.name, branches) => {
                branches.iter().map(|branch| combinations(branch, depth)).fold(0, u64::saturating_add)
            }
            Value::Sequence(values) => depth.saturating_mul(values.len() as u64),
            _ => 1,
        };
        product = product.saturating_mul(factor);
    }
    product
}

/// Whether a key is the operator `$or`: over two or more mappings, none with a key that is an operator ("AND/OR logic").
/// Otherwise it is a key like any other.
pub(super) fn is_or(key: &str, values: &[Node]) -> bool {
    let is_branch = |node: &Node| {
        node.mapping().is_some_and(|entries| entries.iter().all(|(key, _)| Operator::of(&key.name).is_none()))
    };
    key == "$or" && values.len() >= 2 && values.iter().all(is_branch)
}

/// The bytes of a value written as JSON without blanks.
fn json_bytes(node: &Node) -> usize {
    let text = |text: &str| serde_json::Value::from(text).to_string().len();
    match &node.value {
        Value::Null => 4,
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) => node.text().map_or(0, str::len),
        Value::String(value) => text(value),
        Value::Sequence(items) => 1 + items.len().max(1) + items.iter().map(json_bytes).sum::<usize>(),
        Value::Mapping(entries) => {
            let bytes = entries.iter().map(|(key, value)| text(&key.name) + 1 + json_bytes(value));
            1 + entries.len().max(1) + bytes.sum::<usize>()
        }
    }
}
