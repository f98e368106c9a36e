//! From text to policy, and what AWS refuses.

use super::cidr::Cidr;
use super::complexity::{check, is_or};
use super::condition::{Comparison, Condition, Range};
use super::dialect::{Dialect, Operator, Support};
use super::number::Number;
use super::policy::{Alternative, KeyRule, Policy, Scope};
use super::wildcard::Wildcard;
use crate::language::{Node, Place, Problems, Value};

/// Reads a policy; all that AWS refuses is told.
pub(super) fn policy(node: &Node, scope: Scope, dialect: Dialect, problems: &mut Problems) -> Option<Policy> {
    let errors = problems.errors();
    if node.mapping().is_none() {
        problems
            .mismatch(node, "a filter policy: a mapping from keys to lists of values")
            .help("for example `{ type: [order_placed] }`");
        return None;
    }
    if scope == Scope::MessageBody && !dialect.has_body_scope() {
        problems
            .error(node.place, "a filter policy over the body is not known with these quotas")
            .why("`FilterPolicyScope` is there since December 2022, after the profile `2022`");
    }
    check(node, dialect, problems);
    let mut reader = Reader { scope, dialect, problems };
    let alternatives = reader.alternatives(node, "", vec![Alternative::default()]);
    // What is too big has been told; its alternatives are not all multiplied out.
    (problems.errors() == errors).then_some(Policy { scope, alternatives })
}

/// Alternatives beyond those that a valid policy can have are not made.
const MOST_ALTERNATIVES: usize = 10_000;

struct Reader<'a> {
    scope: Scope,
    dialect: Dialect,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    /// The keys of a mapping are added to each of the alternatives so far.
    fn alternatives(&mut self, node: &Node, path: &str, mut so_far: Vec<Alternative>) -> Vec<Alternative> {
        for (key, value) in node.mapping().unwrap_or_default() {
            let name = &key.name;
            match &value.value {
                Value::Sequence(branches) if is_or(name, branches) => {
                    self.check_or(key.place);
                    let mut joined = Vec::new();
                    for branch in branches {
                        if joined.len() <= MOST_ALTERNATIVES {
                            joined.extend(self.alternatives(branch, path, so_far.clone()));
                        }
                    }
                    so_far = joined;
                }
                Value::Mapping(entries) => {
                    if self.check_nesting(key.place, name, entries.is_empty()) {
                        so_far = self.alternatives(value, &join(path, name), so_far);
                    }
                }
                Value::Sequence(values) => {
                    self.check_ordinary(key.place, name);
                    let conditions = self.conditions(key.place, name, values);
                    for alternative in &mut so_far {
                        let rule = KeyRule { path: join(path, name), conditions: conditions.clone() };
                        alternative.keys.push(rule);
                    }
                }
                _ => {
                    self.problems
                        .error(value.place, format!("the values of `{name}` must stand in a list"))
                        .why(format!("\"\\\"{name}\\\" must be an object or an array\""))
                        .help(value.text().map_or_else(String::new, |text| format!("write `[{text}]`")));
                }
            }
        }
        so_far
    }

    fn check_or(&mut self, place: Place) {
        if !self.dialect.has_or() {
            self.problems
                .error(place, "`$or` is not known with the profile `2022`")
                .why("SNS has it since November 2023")
                .help("make a subscription for each alternative");
        }
    }

    /// `$or` that is not the operator is probably a mistake.
    fn check_ordinary(&mut self, place: Place, key: &str) {
        if key == "$or" {
            self.problems
                .warning(place, "`$or` is a key like any other here")
                .why("\"AND/OR logic\": it joins alternatives only over two or more mappings, none with a key that is an operator");
        }
    }

    /// Whether what is inside can be looked at.
    fn check_nesting(&mut self, place: Place, key: &str, is_empty: bool) -> bool {
        if self.scope == Scope::MessageAttributes && self.dialect != Dialect::Lambda {
            self.problems
                .error(place, format!("`{key}` holds a mapping, but attributes have no keys inside"))
                .why("\"Filter policy scope MessageAttributes does not support nested filter policy\"")
                .help("a condition stands in a list: `key: [{ prefix: a }]`; for the body say `filter_policy_scope: message_body`");
        } else if is_empty {
            self.problems
                .error(place, format!("`{key}` holds nothing"))
                .why("\"Empty objects are not allowed\"");
        } else {
            return true;
        }
        false
    }

    fn conditions(&mut self, place: Place, key: &str, values: &[Node]) -> Vec<Condition> {
        if values.is_empty() {
            self.problems
                .error(place, format!("the list of `{key}` is empty"))
                .why("\"Empty arrays are not allowed\"")
                .help("without the key, every value is wanted");
        }
        values.iter().filter_map(|value| self.condition(value)).collect()
    }

    fn condition(&mut self, node: &Node) -> Option<Condition> {
        match &node.value {
            Value::Sequence(_) => {
                self.problems
                    .error(node.place, "a value cannot be a list")
                    .why("\"Match value must be String, number, true, false, or null\"");
                None
            }
            Value::Mapping(_) => self.expression(node),
            _ => self.literal(node),
        }
    }

    fn literal(&mut self, node: &Node) -> Option<Condition> {
        match &node.value {
            Value::Null => Some(Condition::Null),
            Value::Bool(value) => Some(Condition::Bool(*value)),
            Value::String(text) => Some(Condition::Text(text.clone())),
            _ => self.number(node).map(Condition::Number),
        }
    }

    fn number(&mut self, node: &Node) -> Option<Number> {
        let value = match node.value {
            Value::Integer(value) => value as f64,
            Value::Float(value) if value.is_finite() => value,
            _ => {
                self.problems.mismatch(node, "a number");
                return None;
            }
        };
        Some(Number::new(value))
    }

    /// `{ operator: … }`.
    fn expression(&mut self, node: &Node) -> Option<Condition> {
        let entries = node.mapping().unwrap_or_default();
        let [(key, value)] = entries else {
            self.problems
                .error(node.place, format!("a condition has one operator, this one has {}", entries.len()))
                .why("\"Only one key allowed in match expression\"")
                .help("conditions of a list are joined by or; write each into braces of its own");
            return None;
        };
        let operator = self.operator(key.name.as_str(), key.place)?;
        let support = self.dialect.support(operator);
        if !self.check_support(support, operator.name(), key.place) {
            return None;
        }
        match operator {
            Operator::Prefix | Operator::Suffix | Operator::EqualsIgnoreCase | Operator::Wildcard => {
                self.text_condition(operator, value)
            }
            Operator::Cidr => {
                let text = self.pattern(operator, value)?;
                let read = Cidr::parse(&text).map(Condition::Cidr);
                self.tell(read, value.place)
            }
            Operator::Numeric => self.numeric(value),
            Operator::Exists => {
                if let Value::Bool(wanted) = value.value {
                    return Some(Condition::Exists(wanted));
                }
                self.problems
                    .mismatch(value, "`true` or `false`")
                    .why("\"exists match pattern must be either true or false.\"");
                None
            }
            Operator::AnythingBut => self.anything_but(value),
        }
    }

    fn operator(&mut self, name: &str, place: Place) -> Option<Operator> {
        let operator = Operator::of(name);
        if operator.is_none() {
            let names: Vec<&str> = Operator::ALL
                .into_iter()
                .filter(|operator| self.dialect.support(*operator) != Support::Refused)
                .map(Operator::name)
                .collect();
            let help = self.problems.suggest(name, &names, "operators");
            self.problems
                .error(place, format!("there is no operator `{name}`"))
                .why(format!("\"Unrecognized match type {name}\""))
                .help(help);
        }
        operator
    }

    fn check_support(&mut self, support: Support, what: &str, place: Place) -> bool {
        match support {
            Support::Known => true,
            Support::Unsure => {
                self.problems.warning(place, format!("it is not certain that SNS takes {what} here")).why(
                    "AWS's pages as they were read do not show it, and SNS refused some of it in May 2024",
                );
                true
            }
            Support::Refused => {
                let since = if self.dialect == Dialect::Sns2022 { ", with the profile `2022`" } else { "" };
                self.problems
                    .error(place, format!("`{what}` is not known here{since}"))
                    .why(format!("\"Unrecognized match type {what}\""));
                false
            }
        }
    }

    fn text_condition(&mut self, operator: Operator, node: &Node) -> Option<Condition> {
        let text = self.pattern(operator, node)?;
        match operator {
            Operator::Prefix => Some(Condition::Prefix(text)),
            Operator::Suffix => Some(Condition::Suffix(text)),
            Operator::EqualsIgnoreCase => Some(Condition::EqualsIgnoreCase(text)),
            _ => {
                let read = Wildcard::parse(&text).map(Condition::Wildcard);
                self.tell(read, node.place)
            }
        }
    }

    /// The text of an operator that takes one.
    fn pattern(&mut self, operator: Operator, node: &Node) -> Option<String> {
        if let Value::String(text) = &node.value {
            return Some(text.clone());
        }
        let name = operator.name();
        let help = match &node.value {
            Value::Sequence(_) => {
                format!("write one condition for each: `[{{ {name}: a }}, {{ {name}: b }}]`")
            }
            Value::Integer(_) | Value::Float(_) | Value::Bool(_) => {
                format!("in quotes it is a text: `{name}: \"{}\"`", node.text().unwrap_or_default())
            }
            _ => String::new(),
        };
        self.problems
            .mismatch(node, "a text")
            .why(format!("\"{name} match pattern must be a string\""))
            .help(help);
        None
    }

    fn tell(&mut self, read: Result<Condition, String>, place: Place) -> Option<Condition> {
        read.map_err(|what| {
            self.problems.error(place, what);
        })
        .ok()
    }

    /// `["=", n]`, one comparison, or a lower bound and an upper one in this order.
    fn numeric(&mut self, node: &Node) -> Option<Condition> {
        let refuse = |place: Place, why: String, problems: &mut Problems| {
            problems
                .error(place, "these are no bounds of a number")
                .why(format!("\"{why}\""))
                .help("for example `numeric: [\">\", 0, \"<=\", 150]`");
        };
        let Some(items) = node.sequence() else {
            refuse(node.place, "Value of numeric must be an array.".to_owned(), self.problems);
            return None;
        };
        let describe = |node: &Node| node.text().map_or_else(|| node.describe(), str::to_owned);
        let mut terms: Vec<(Comparison, Number)> = Vec::new();
        let mut rest = items;
        if items.is_empty() {
            refuse(node.place, "Invalid member in numeric match: ]".to_owned(), self.problems);
            return None;
        }
        while let [sign, after @ ..] = rest {
            let is_first = terms.is_empty();
            if terms
                .first()
                .is_some_and(|(first, _)| !matches!(first, Comparison::Greater | Comparison::AtLeast))
            {
                refuse(sign.place, "Too many elements in numeric expression".to_owned(), self.problems);
                return None;
            }
            if terms.len() == 2 {
                refuse(sign.place, "Too many terms in numeric range expression".to_owned(), self.problems);
                return None;
            }
            let Value::String(text) = &sign.value else {
                let what =
                    if is_first { "Invalid member in numeric match" } else { "Bad value in numeric range" };
                refuse(sign.place, format!("{what}: {}", describe(sign)), self.problems);
                return None;
            };
            let comparison = Comparison::of(text)
                .filter(|comparison| is_first || matches!(comparison, Comparison::Less | Comparison::AtMost));
            let Some(comparison) = comparison else {
                let what = if is_first {
                    "Unrecognized numeric range operator"
                } else {
                    "Bad numeric range operator"
                };
                refuse(sign.place, format!("{what}: {text}"), self.problems);
                return None;
            };
            let named = if comparison == Comparison::Equal { "equals" } else { comparison.sign() };
            let Some(bound) = after.first().filter(|bound| is_number(bound)) else {
                let place = after.first().map_or(sign.place, |bound| bound.place);
                refuse(place, format!("Value of {named} must be numeric"), self.problems);
                return None;
            };
            terms.push((comparison, self.bound(bound)?));
            rest = &after[1..];
        }
        if let [(_, low), (_, high)] = terms[..]
            && high <= low
        {
            refuse(node.place, "Bottom must be less than top".to_owned(), self.problems);
            return None;
        }
        Some(Condition::Numeric(Range(terms)))
    }

    fn bound(&mut self, node: &Node) -> Option<Number> {
        let number = self.number(node)?;
        if !number.is_comparable() {
            self.problems
                .error(node.place, "a bound lies between -1,000,000,000 and 1,000,000,000")
                .why("\"Filter policy constraints\": numbers are compared from -10⁹ to 10⁹");
            return None;
        }
        Some(number)
    }

    /// A value, a list of texts or of numbers, or an operator on texts.
    fn anything_but(&mut self, node: &Node) -> Option<Condition> {
        match &node.value {
            Value::String(_) | Value::Integer(_) | Value::Float(_) => {
                self.literal(node).map(|literal| Condition::AnythingBut(vec![literal]))
            }
            Value::Sequence(items) if !items.is_empty() => self.anything_but_list(items),
            Value::Mapping(entries) => {
                let [(key, value)] = &entries[..] else {
                    self.problems
                        .error(node.place, "`anything-but` takes one operator")
                        .why("\"Only one key allowed in match expression\"");
                    return None;
                };
                let name = &key.name;
                let known = Operator::of(name)
                    .map(|operator| (operator, self.dialect.support_inside(operator)))
                    .filter(|(_, support)| *support != Support::Refused);
                let Some((operator, support)) = known else {
                    self.problems
                        .error(key.place, format!("`anything-but` cannot have `{name}` inside"))
                        .why(format!("\"Unsupported anything-but pattern: {name}\""));
                    return None;
                };
                self.check_support(support, &format!("`anything-but` with `{name}`"), key.place);
                self.anything_but_pattern(operator, value).map(Condition::AnythingBut)
            }
            _ => {
                self.problems
                    .mismatch(node, "a text, a number, or a list of them")
                    .why("\"Value of anything-but must be an array or single string/number value.\"");
                None
            }
        }
    }

    fn anything_but_list(&mut self, items: &[Node]) -> Option<Condition> {
        let are_texts = matches!(items[0].value, Value::String(_));
        let mut listed = Vec::new();
        let mut sound = true;
        for item in items {
            let fits = if are_texts { matches!(item.value, Value::String(_)) } else { is_number(item) };
            if fits {
                listed.extend(self.literal(item));
                continue;
            }
            sound = false;
            let of = if are_texts { "a text, as the first one is" } else { "a number" };
            self.problems.mismatch(item, of).why(
                "\"Inside anything but list, either all values are number or string, mixed type is not supported\"",
            );
        }
        sound.then_some(Condition::AnythingBut(listed))
    }

    fn anything_but_pattern(&mut self, operator: Operator, node: &Node) -> Option<Vec<Condition>> {
        match &node.value {
            Value::Sequence(items) if operator != Operator::Prefix && !items.is_empty() => {
                items.iter().map(|item| self.text_condition(operator, item)).collect()
            }
            _ => self.text_condition(operator, node).map(|condition| vec![condition]),
        }
    }
}

fn is_number(node: &Node) -> bool {
    matches!(node.value, Value::Integer(_)) || matches!(node.value, Value::Float(value) if value.is_finite())
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
