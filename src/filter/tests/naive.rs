//! An independent matcher, slow and plain, over the JSON itself; and policies and messages at random.

use super::judge;
use crate::filter::{Dialect, Policy, Scope};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use std::net::IpAddr;

/// Whether a policy of JSON lets a message pass.
fn naive(policy: &Json, scope: Scope, message: &Json) -> bool {
    let Json::Object(policy) = policy else { unreachable!("policies are mappings") };
    if policy.is_empty() {
        return true;
    }
    let Json::Object(entries) = message else { return false };
    if scope == Scope::MessageAttributes && entries.is_empty() {
        return false;
    }
    let everything = flat(message, "");
    selections(message).iter().any(|selected| holds(policy, "", &flat(selected, ""), &everything))
}

/// The message with one element chosen of every array, in every way.
fn selections(value: &Json) -> Vec<Json> {
    match value {
        Json::Array(items) if items.is_empty() => vec![json!({})],
        Json::Array(items) => items.iter().flat_map(selections).collect(),
        Json::Object(entries) => {
            let mut all = vec![Map::new()];
            for (key, value) in entries {
                let ways = selections(value);
                let add = |so_far: &Map<String, Json>| -> Vec<Map<String, Json>> {
                    ways.iter()
                        .map(|way| {
                            let mut longer = so_far.clone();
                            longer.insert(key.clone(), way.clone());
                            longer
                        })
                        .collect()
                };
                all = all.iter().flat_map(add).collect();
            }
            all.into_iter().map(Json::Object).collect()
        }
        other => vec![other.clone()],
    }
}

fn flat(value: &Json, path: &str) -> Vec<(String, Json)> {
    match value {
        Json::Object(entries) => {
            entries.iter().flat_map(|(key, value)| flat(value, &longer(path, key))).collect()
        }
        Json::Array(items) => items.iter().flat_map(|item| flat(item, path)).collect(),
        leaf => vec![(path.to_owned(), leaf.clone())],
    }
}

fn longer(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { [path, key].join(".") }
}

fn holds(
    policy: &Map<String, Json>,
    path: &str,
    selected: &[(String, Json)],
    all: &[(String, Json)],
) -> bool {
    policy.iter().all(|(key, value)| match value {
        Json::Array(branches) if key == "$or" => branches
            .iter()
            .any(|branch| branch.as_object().is_some_and(|branch| holds(branch, path, selected, all))),
        Json::Object(inner) => holds(inner, &longer(path, key), selected, all),
        Json::Array(conditions) => {
            let path = longer(path, key);
            let is_there = all.iter().any(|(key, _)| *key == path);
            conditions.iter().any(|condition| {
                if condition["exists"] == json!(false) {
                    return !is_there;
                }
                selected.iter().any(|(key, value)| *key == path && fits(condition, value))
            })
        }
        _ => false,
    })
}

fn number(value: &Json) -> Option<f64> {
    value.as_f64()
}

fn same(one: f64, other: f64) -> bool {
    ((one * 1e5).round() - (other * 1e5).round()).abs() < 0.5
}

fn fits(condition: &Json, value: &Json) -> bool {
    let text = value.as_str();
    let Json::Object(expression) = condition else {
        return match (number(condition), number(value)) {
            (Some(one), Some(other)) => same(one, other),
            _ => condition == value,
        };
    };
    let (operator, wanted) = expression.iter().next().expect("one operator");
    let pattern = wanted.as_str().unwrap_or_default();
    match operator.as_str() {
        "exists" => wanted == &json!(true),
        "prefix" => text.is_some_and(|text| text.get(..pattern.len()) == Some(pattern)),
        "suffix" => text.is_some_and(|text| {
            text.len() >= pattern.len() && text[text.len() - pattern.len()..] == *pattern
        }),
        "equals-ignore-case" => text.is_some_and(|text| text.eq_ignore_ascii_case(pattern)),
        "wildcard" => text.is_some_and(|text| glob(pattern.as_bytes(), text.as_bytes())),
        "cidr" => text.is_some_and(|text| in_network(pattern, text)),
        "numeric" => number(value).is_some_and(|value| in_range(wanted.as_array().expect("a list"), value)),
        "anything-but" => match wanted {
            Json::Array(listed) => !listed.iter().any(|listed| fits(listed, value)),
            Json::Object(inner) => {
                let (operator, inner) = inner.iter().next().expect("one operator");
                !fits(&json!({ operator.as_str(): inner }), value)
            }
            single => !fits(single, value),
        },
        other => unreachable!("the operator {other}"),
    }
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([b'*', rest @ ..], _) => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        ([p, pattern @ ..], [t, text @ ..]) => p == t && glob(pattern, text),
        (rest, text) => rest.is_empty() && text.is_empty(),
    }
}

fn in_network(network: &str, text: &str) -> bool {
    let (network, bits) = network.split_once('/').expect("a network");
    let bits: usize = bits.parse().expect("bits");
    let binary = |address: IpAddr| match address {
        IpAddr::V4(address) => format!("{:032b}", u32::from(address)),
        IpAddr::V6(address) => format!("{:0128b}", u128::from(address)),
    };
    let (Ok(network), Ok(address)) = (network.parse().map(binary), text.parse().map(binary)) else {
        return false;
    };
    network.len() == address.len() && network[..bits] == address[..bits]
}

fn in_range(terms: &[Json], value: f64) -> bool {
    let value = (value * 1e5).round();
    value.abs() <= 1e14
        && terms.chunks(2).all(|term| {
            let bound = (term[1].as_f64().expect("a number") * 1e5).round();
            match term[0].as_str().expect("a sign") {
                "=" => (value - bound).abs() < 0.5,
                "<" => value < bound,
                "<=" => value <= bound,
                ">" => value > bound,
                _ => value >= bound,
            }
        })
}

fn text() -> impl Strategy<Value = String> {
    let fixed = vec!["", "a", "b", "ab", "ba", "aab", "A", "10.0.0.1", "10.1.0.1", "::1", "1", "null"];
    let random = prop::collection::vec(prop::sample::select(vec!['a', 'b']), 0..5);
    prop_oneof![
        3 => prop::sample::select(fixed).prop_map(str::to_owned),
        1 => random.prop_map(|letters| letters.into_iter().collect::<String>()),
    ]
}

fn any_number() -> impl Strategy<Value = Json> {
    prop_oneof![
        4 => (-3_i64..4).prop_map(|number| json!(number)),
        2 => (-30_i64..40).prop_map(|number| json!(number as f64 / 10.0)),
        1 => (0_i64..30).prop_map(|number| json!(1.0 + number as f64 / 1e6)),
        1 => prop::sample::select(vec![json!(1e9), json!(-1e9), json!(2e9), json!(1_000_000_000.5)]),
    ]
}

fn leaf() -> impl Strategy<Value = Json> {
    prop_oneof![4 => text().prop_map(Json::String), 3 => any_number(), 1 => any::<bool>().prop_map(Json::Bool), 1 => Just(Json::Null)]
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "a.b"]).prop_map(str::to_owned)
}

fn range() -> impl Strategy<Value = Json> {
    let bound = || -20_i64..20;
    prop_oneof![
        (prop::sample::select(vec!["=", "<", "<=", ">", ">="]), bound())
            .prop_map(|(sign, bound)| json!([sign, bound as f64 / 10.0])),
        (prop::sample::select(vec![">", ">="]), bound(), prop::sample::select(vec!["<", "<="]), 1_i64..15)
            .prop_map(|(low, bound, high, more)| json!([
                low,
                bound as f64 / 10.0,
                high,
                (bound + more) as f64 / 10.0
            ])),
    ]
}

fn condition() -> impl Strategy<Value = Json> {
    let wildcard = || prop::sample::select(vec!["*", "a*", "*b", "a*b", "*a*", "a"]);
    let network = prop::sample::select(vec!["10.0.0.0/8", "10.0.0.0/16", "0.0.0.0/0", "::/0", "::1/128"]);
    prop_oneof![
        6 => leaf(),
        1 => text().prop_map(|text| json!({ "prefix": text })),
        1 => text().prop_map(|text| json!({ "suffix": text })),
        1 => text().prop_map(|text| json!({ "equals-ignore-case": text })),
        1 => wildcard().prop_map(|text| json!({ "wildcard": text })),
        1 => network.prop_map(|text| json!({ "cidr": text })),
        3 => range().prop_map(|range| json!({ "numeric": range })),
        2 => any::<bool>().prop_map(|exists| json!({ "exists": exists })),
        1 => prop::collection::vec(text(), 1..4).prop_map(|texts| json!({ "anything-but": texts })),
        1 => prop::collection::vec(any_number(), 1..4).prop_map(|numbers| json!({ "anything-but": numbers })),
        1 => text().prop_map(|text| json!({ "anything-but": text })),
        1 => (prop::sample::select(vec!["prefix", "suffix", "equals-ignore-case"]), text())
            .prop_map(|(operator, text)| json!({ "anything-but": { operator: text } })),
        1 => wildcard().prop_map(|text| json!({ "anything-but": { "wildcard": text } })),
    ]
}

fn keys(nested: bool) -> BoxedStrategy<Json> {
    let conditions = prop::collection::vec(condition(), 1..3).prop_map(Json::Array).boxed();
    let flat = prop::collection::btree_map(key(), conditions.clone(), 1..3).prop_map(mapping).boxed();
    let or = prop::collection::vec(flat.clone(), 2..4).prop_map(Json::Array);
    let inner = if nested {
        prop_oneof![3 => conditions, 2 => flat.clone(), 1 => (flat.clone(), or.clone()).prop_map(with_or)]
            .boxed()
    } else {
        conditions
    };
    let outer = prop::collection::btree_map(key(), inner, 0..4).prop_map(mapping).boxed();
    prop_oneof![4 => outer.clone(), 1 => (outer, or).prop_map(with_or)].boxed()
}

fn mapping(entries: std::collections::BTreeMap<String, Json>) -> Json {
    Json::Object(entries.into_iter().collect())
}

fn with_or((mut policy, or): (Json, Json)) -> Json {
    policy["$or"] = or;
    policy
}

fn attributes() -> impl Strategy<Value = Json> {
    let single = prop_oneof![2 => text().prop_map(Json::String), 1 => any_number()];
    let value = prop_oneof![3 => single, 1 => prop::collection::vec(leaf(), 0..4).prop_map(Json::Array)];
    prop::collection::btree_map(key(), value, 0..4).prop_map(mapping)
}

fn body() -> impl Strategy<Value = Json> {
    let value = leaf().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Json::Array),
            prop::collection::btree_map(key(), inner, 0..3).prop_map(mapping),
        ]
    });
    let whole = prop::collection::btree_map(key(), value.clone(), 0..4).prop_map(mapping);
    prop_oneof![20 => whole, 1 => value]
}

/// A policy, the scope, and messages.
fn question() -> impl Strategy<Value = (Json, Scope, Vec<Json>)> {
    let of_attributes = (keys(false), Just(Scope::MessageAttributes), prop::collection::vec(attributes(), 8));
    let of_bodies = (keys(true), Just(Scope::MessageBody), prop::collection::vec(body(), 8));
    prop_oneof![of_attributes, of_bodies]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    /// 3,000 policies, each held against eight messages.
    #[test]
    fn two_matchers_agree((policy, scope, messages) in question()) {
        let read = Policy::from_text("policy", &policy.to_string(), scope, Dialect::Sns);
        // Some have more combinations than SNS takes.
        prop_assume!(read.is_ok());
        let read = read.expect("just seen");
        for message in messages {
            let explanation = judge(&read, &message);
            prop_assert_eq!(explanation.passes, naive(&policy, scope, &message), "{} {:?} {}", policy, scope, message);
            prop_assert_eq!(explanation.passes, explanation.failures.is_empty());
        }
    }
}
