//! `--set path=value`: changing one value of a parsed scenario from the command line.

use super::nearest::suggest;
use super::node::{Key, Node, Value, shorten};
use super::parse::{DEEPEST_NESTING, parse_document};
use super::place::{Place, SourceId, Sources};
use super::problem::Problems;

/// One step of a path.
struct Step {
    name: String,
    place: Place,
}

/// Replaces the value at a dotted path (`queues.orders.visibility_timeout=5m`, `policies.0`, `policies[0]`,
/// `queues."a.b"`), or adds a key to a mapping that exists. The value is YAML, flow style included. A section of the root
/// that is one of `settings` need not be there: it is begun.
///
/// What is wrong is told with the argument as its source; the tree is then unchanged.
pub fn apply_set(
    root: &mut Node,
    sources: &mut Sources,
    argument: &str,
    settings: &[&str],
    problems: &mut Problems,
) {
    let source = sources.add(format!("--set {}", shorten(argument)), argument);
    let Some((steps, value_start)) = steps(source, argument, problems) else { return };
    let Some(value) = value(source, argument, value_start, problems) else { return };
    if let (Value::Mapping(entries), [section, _, ..]) = (&mut root.value, &steps[..])
        && settings.contains(&section.name.as_str())
        && !entries.iter().any(|(key, _)| key.name == section.name)
    {
        let key = Key { name: section.name.clone(), place: section.place };
        entries.push((key, Node::new(section.place, Value::Mapping(Vec::new()))));
    }
    place_value(root, &steps, value, problems);
}

/// The steps of the path and where the value begins.
fn steps(source: SourceId, argument: &str, problems: &mut Problems) -> Option<(Vec<Step>, usize)> {
    let mut steps = Vec::new();
    let mut rest = 0;
    loop {
        let (name, after) = step(argument, rest);
        let place = place(source, argument, rest, after);
        let next = argument[after..].chars().next();
        let misplaced = !matches!(next, Some('.' | '=' | '['));
        if name.is_empty() || misplaced || steps.len() >= DEEPEST_NESTING {
            problems
                .error(place, "expected `path=value`")
                .label(if misplaced && !name.is_empty() {
                    "nothing is set to a value"
                } else {
                    "a name is missing"
                })
                .help("write `--set queues.orders.visibility_timeout=5m`");
            return None;
        }
        steps.push(Step { name, place });
        // A bracket belongs to the next step, a dot or an equals sign does not.
        rest = if next == Some('[') { after } else { after + 1 };
        if next == Some('=') {
            return Some((steps, after + 1));
        }
    }
}

/// One step that begins at `start`, and where it ends.
fn step(argument: &str, start: usize) -> (String, usize) {
    let rest = &argument[start..];
    for (open, close) in [('"', '"'), ('\'', '\''), ('[', ']')] {
        if let Some(inner) = rest.strip_prefix(open)
            && let Some(length) = inner.find(close)
        {
            return (inner[..length].to_owned(), start + length + 2);
        }
    }
    let length = rest.find(['.', '=', '[']).unwrap_or(rest.len());
    (rest[..length].trim().to_owned(), start + length)
}

fn place(source: SourceId, argument: &str, start: usize, end: usize) -> Place {
    let column = argument[..start].chars().count() + 1;
    Place { source, line: 1, column: u32::try_from(column).unwrap_or(u32::MAX), start, end }
}

/// The value, its places moved to where it stands in the argument.
fn value(source: SourceId, argument: &str, start: usize, problems: &mut Problems) -> Option<Node> {
    let text = &argument[start..];
    let origin = place(source, argument, start, argument.len());
    if text.trim().is_empty() {
        return Some(Node::new(origin, Value::Null));
    }
    let shift = |place: Place| Place {
        column: if place.line == 1 { place.column.saturating_add(origin.column - 1) } else { place.column },
        start: place.start + start,
        end: place.end + start,
        ..place
    };
    let mut own = Problems::new();
    let node = parse_document(source, text, &mut own);
    let is_empty = node.is_none() && !own.has_errors();
    problems.adopt(own, shift);
    if is_empty {
        return Some(Node::new(origin, Value::Null));
    }
    let mut node = node?;
    move_places(&mut node, &shift);
    Some(node)
}

fn move_places(node: &mut Node, shift: &impl Fn(Place) -> Place) {
    node.place = shift(node.place);
    match &mut node.value {
        Value::Sequence(items) => items.iter_mut().for_each(|item| move_places(item, shift)),
        Value::Mapping(entries) => {
            for (key, value) in entries {
                key.place = shift(key.place);
                move_places(value, shift);
            }
        }
        _ => {}
    }
}

fn place_value(root: &mut Node, steps: &[Step], value: Node, problems: &mut Problems) {
    let Some((last, parents)) = steps.split_last() else { return };
    let mut node = root;
    let mut path = String::new();
    for step in parents {
        let Some(child) = child(node, step, &path, problems) else { return };
        node = child;
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(&step.name);
    }
    if node.is_null() {
        // `orders:` with nothing behind it is an empty mapping.
        node.value = Value::Mapping(Vec::new());
    }
    if let Value::Mapping(entries) = &mut node.value {
        match entries.iter_mut().find(|(key, _)| key.name == last.name) {
            Some((_, old)) => *old = value,
            None => entries.push((Key { name: last.name.clone(), place: last.place }, value)),
        }
    } else if let Some(old) = child(node, last, &path, problems) {
        *old = value;
    }
}

/// The value under one step, which must exist.
fn child<'a>(node: &'a mut Node, step: &Step, path: &str, problems: &mut Problems) -> Option<&'a mut Node> {
    let name = shorten(&step.name);
    let inside = if path.is_empty() { "the scenario".to_owned() } else { format!("`{}`", shorten(path)) };
    let described = node.describe();
    match &mut node.value {
        Value::Mapping(entries) => {
            if let Some(index) = entries.iter().position(|(key, _)| key.name == step.name) {
                return entries.get_mut(index).map(|(_, value)| value);
            }
            let names: Vec<&str> = entries.iter().map(|(key, _)| key.name.as_str()).collect();
            problems.error(step.place, format!("{inside} has no `{name}`")).label("does not exist").help(
                match names[..] {
                    [] if !path.is_empty() => format!("give all of it: `{path}.{name}={{ … }}`"),
                    _ => suggest(&step.name, &names, "names there"),
                },
            );
        }
        Value::Sequence(items) => {
            let count = items.len();
            if let Some(item) = step.name.parse().ok().and_then(|index: usize| items.get_mut(index)) {
                return Some(item);
            }
            let why = match count {
                0 => "it is empty".to_owned(),
                1 => "it has one item, number 0".to_owned(),
                _ => format!("its items are numbered 0 to {}", count - 1),
            };
            problems
                .error(step.place, format!("{inside} is a list and has no item `{name}`"))
                .label("does not exist")
                .why(why);
        }
        _ => {
            problems
                .error(step.place, format!("{inside} is {described} and has no `{name}`"))
                .label("does not exist");
        }
    }
    None
}
