//! From text to tree: one YAML document, every value with its place, and bounds on what a file may ask for.
//!
//! The tree is built from the event parser that serde-saphyr stands on rather than through serde, because
//! only the events say how a scalar was written (`007`, `"30"`) and where an alias really stands.

use std::collections::BTreeMap;

use serde_yaml::granit_parser::{
    Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle, Tag,
};

use super::entries::Entries;
use super::indexed::Readable;
use super::node::{Key, Node, Value, shorten};
use super::place::{Place, SourceId, Sources};
use super::problem::Problems;
use super::scalar::resolve;

/// The largest text that is read, in bytes.
pub const LARGEST_TEXT: usize = 16 * 1024 * 1024;
/// How deep lists and mappings may nest.
pub const DEEPEST_NESTING: usize = 64;
/// How many values a document may have, aliases written out.
pub const MOST_NODES: usize = 500_000;
/// How many bytes of text those values may have, aliases written out.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// Reads a text and keeps it in `sources` under `name`, for the snippets of problems.
/// `None` when the text is no single YAML document; the problems then say why.
pub fn parse(sources: &mut Sources, name: &str, text: &str, problems: &mut Problems) -> Option<Node> {
    parse_whole(sources, name, text, "", problems)
}

/// As [`parse`]; `help` is for whoever gave an empty text.
fn parse_whole(
    sources: &mut Sources,
    name: &str,
    text: &str,
    help: &str,
    problems: &mut Problems,
) -> Option<Node> {
    if text.len() > LARGEST_TEXT {
        let source = sources.add(name, "");
        too_large(source, text.len(), problems);
        return None;
    }
    let source = sources.add(name, text);
    let errors = problems.errors();
    let root = parse_document(source, text, problems).filter(|root| !root.is_null());
    if root.is_none() && problems.errors() == errors {
        problems.error(Place::start_of(source), "the file is empty").help(help);
    }
    root
}

/// As [`parse`], for a scenario whose bytes may not be UTF-8.
pub fn parse_bytes(sources: &mut Sources, name: &str, bytes: &[u8], problems: &mut Problems) -> Option<Node> {
    if bytes.len() > LARGEST_TEXT {
        let source = sources.add(name, "");
        too_large(source, bytes.len(), problems);
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => {
            let help = "a scenario is a YAML mapping: begin with `name: my-scenario`";
            parse_whole(sources, name, text, help, problems)
        }
        Err(error) => {
            // The valid beginning is the same in the repaired text, so its offsets hold.
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let line = valid.matches('\n').count() + 1;
            let column = valid.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            let source = sources.add(name, String::from_utf8_lossy(bytes));
            let start = error.valid_up_to();
            let place = Place { source, line: line as u32, column: column as u32, start, end: start + 3 };
            problems
                .error(place, "the file is not UTF-8 text")
                .label("this byte is not valid UTF-8")
                .help("save the file as UTF-8");
            None
        }
    }
}

fn too_large(source: SourceId, size: usize, problems: &mut Problems) {
    problems
        .error(Place::start_of(source), format!("the text has {size} bytes, more than a scenario may have"))
        .why(format!("a scenario has at most {LARGEST_TEXT} bytes"))
        .help("long lists of numbers belong into a CSV file beside the scenario");
}

/// Reads one document whose text is already kept under `source`. A text without a document is no problem here, and none.
pub(super) fn parse_document(source: SourceId, text: &str, problems: &mut Problems) -> Option<Node> {
    let readable = Readable::new(text);
    let mut reader = Reader {
        source,
        events: Parser::new_from_str(&readable.text),
        readable: &readable,
        anchors: BTreeMap::new(),
        cost: Cost { nodes: 0, bytes: 0, height: 0 },
        depth: 0,
        problems,
    };
    reader.document()
}

/// What a tree costs, so that aliases cannot multiply it without bound.
#[derive(Debug, Clone, Copy)]
struct Cost {
    nodes: usize,
    bytes: usize,
    height: usize,
}

/// Reading stopped; the problem is already told.
struct Stopped;

struct Reader<'a> {
    source: SourceId,
    events: Parser<'a, StrInput<'a>>,
    readable: &'a Readable<'a>,
    anchors: BTreeMap<usize, (Node, Cost)>,
    /// Spent so far; its height is unused.
    cost: Cost,
    depth: usize,
    problems: &'a mut Problems,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Option<Node> {
        let mut root = None;
        loop {
            let Ok((event, span)) = self.next() else { return None };
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(..) if root.is_some() => {
                    self.problems
                        .error(self.place(span), "the file holds more than one YAML document")
                        .label("a second document begins here")
                        .help("put each scenario into a file of its own");
                    return None;
                }
                Event::DocumentStart(..) => {
                    let Ok((event, span)) = self.next() else { return None };
                    let errors = self.problems.errors();
                    root = Some(self.node(event, span).ok()?.0);
                    if self.problems.errors() > errors {
                        // Duplicate keys and the like: the tree is whole, but not what its author wrote.
                        return None;
                    }
                }
                _ => {}
            }
        }
        root
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Stopped> {
        match self.events.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                self.malformed(&error);
                Err(Stopped)
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn malformed(&mut self, error: &ScanError) {
        let place = self.place(Span::empty(*error.marker()));
        let problem = self.problems.error(place, format!("this is not valid YAML: {}", error.info()));
        if error.info().contains("tab") {
            problem.help("indent with spaces");
        }
    }

    fn place(&self, span: Span) -> Place {
        let offset = |marker: Marker| marker.byte_offset().unwrap_or(0);
        let (start, end) = (offset(span.start), offset(span.end));
        Place {
            source: self.source,
            line: u32::try_from(span.start.line().max(1)).unwrap_or(u32::MAX),
            column: u32::try_from(span.start.col() + 1).unwrap_or(u32::MAX),
            start,
            end: end.max(start),
        }
    }

    /// Books what a node costs, and stops a document that asks for too much.
    fn spend(&mut self, place: Place, cost: Cost) -> Result<(), Stopped> {
        self.cost.nodes = self.cost.nodes.saturating_add(cost.nodes);
        self.cost.bytes = self.cost.bytes.saturating_add(cost.bytes);
        if self.depth + cost.height > DEEPEST_NESTING {
            self.problems
                .error(place, format!("lists and mappings nest deeper than {DEEPEST_NESTING} levels"));
            return Err(Stopped);
        }
        if self.cost.nodes > MOST_NODES || self.cost.bytes > MOST_BYTES {
            self.problems
                .error(place, format!("the document has more than {MOST_NODES} values, or too much text"))
                .why("aliases (`*name`) count with everything they stand for");
            return Err(Stopped);
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Result<(Node, Cost), Stopped> {
        let place = self.place(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let cost = Cost { nodes: 1, bytes: text.len(), height: 0 };
                self.spend(place, cost)?;
                let text = self.readable.original(&text, place.start, place.end);
                let node = self.scalar(place, &text, style, tag.as_deref());
                self.remember(anchor, &node, cost)?;
                Ok((node, cost))
            }
            Event::Alias(anchor) => {
                let Some((_, cost)) = self.anchors.get(&anchor) else {
                    self.problems
                        .error(place, "an alias may not stand inside the value it stands for")
                        .label("this value would contain itself");
                    return Err(Stopped);
                };
                let cost = *cost;
                self.spend(place, cost)?;
                match self.anchors.get(&anchor) {
                    Some((node, _)) => Ok((node.clone(), cost)),
                    None => Err(Stopped),
                }
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.check_tag(place, tag.as_deref(), &["seq"]);
                let (node, cost) = self.nested(place, |reader| reader.sequence(place, style))?;
                self.remember(anchor, &node, cost)?;
                Ok((node, cost))
            }
            Event::MappingStart(style, anchor, tag) => {
                self.check_tag(place, tag.as_deref(), &["map"]);
                let (node, cost) = self.nested(place, |reader| reader.mapping(place, style))?;
                self.remember(anchor, &node, cost)?;
                Ok((node, cost))
            }
            _ => {
                self.problems.error(place, "this is not valid YAML: a value was expected here");
                Err(Stopped)
            }
        }
    }

    /// Keeps a copy for aliases. It is paid for, since anchors inside anchors are copied again and again.
    fn remember(&mut self, anchor: usize, node: &Node, cost: Cost) -> Result<(), Stopped> {
        if anchor != 0 {
            self.spend(node.place, Cost { height: 0, ..cost })?;
            self.anchors.insert(anchor, (node.clone(), cost));
        }
        Ok(())
    }

    fn nested(
        &mut self,
        place: Place,
        read: impl FnOnce(&mut Self) -> Result<(Node, Cost), Stopped>,
    ) -> Result<(Node, Cost), Stopped> {
        self.depth += 1;
        self.spend(place, Cost { nodes: 1, bytes: 0, height: 0 })?;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn sequence(&mut self, mut place: Place, style: StructureStyle) -> Result<(Node, Cost), Stopped> {
        let mut items = Vec::new();
        let mut cost = Cost { nodes: 1, bytes: 0, height: 1 };
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                place = whole(place, self.place(span), style);
                return Ok((Node::new(place, Value::Sequence(items)), cost));
            }
            let (node, more) = self.node(event, span)?;
            cost = cost.and(more);
            items.push(node);
        }
    }

    fn mapping(&mut self, mut place: Place, style: StructureStyle) -> Result<(Node, Cost), Stopped> {
        let mut entries = Entries::default();
        let mut cost = Cost { nodes: 1, bytes: 0, height: 1 };
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                let first = entries.first();
                place = match (style, first) {
                    (StructureStyle::Block, Some(first)) => first,
                    _ => whole(place, self.place(span), style),
                };
                return Ok((Node::new(place, Value::Mapping(entries.merged())), cost));
            }
            let key = self.key(event, span)?;
            let (event, span) = self.next()?;
            let (mut node, more) = self.node(event, span)?;
            cost = cost.and(more);
            if matches!(node.value, Value::Null | Value::Sequence(_) | Value::Mapping(_)) {
                node.place = key.place;
            }
            entries.enter(key, node, self.problems);
        }
    }

    fn key(&mut self, event: Event<'a>, span: Span) -> Result<Key, Stopped> {
        let (node, _) = self.node(event, span)?;
        let name = match node.value {
            Value::String(text) => text,
            Value::Bool(_) | Value::Integer(_) | Value::Float(_) => node.written,
            _ => {
                self.problems
                    .error(node.place, format!("a key must be a word, found {}", node.describe()))
                    .help("write keys as plain words: `name: value`");
                return Err(Stopped);
            }
        };
        // The place of an alias used as a key is where its name stands, which is as good.
        Ok(Key { name, place: node.place })
    }

    fn scalar(&mut self, place: Place, text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Node {
        self.check_tag(place, tag, &["str", "int", "float", "bool", "null"]);
        let is_text = tag.is_some_and(|tag| tag.core_suffix() == Some("str") || tag.parts() == ("!", ""));
        if style != ScalarStyle::Plain || is_text {
            return Node::new(place, Value::String(text.to_owned()));
        }
        let value = resolve(text);
        let written = match value {
            Value::String(_) | Value::Null => String::new(),
            _ => text.to_owned(),
        };
        Node { place, value, written }
    }

    fn check_tag(&mut self, place: Place, tag: Option<&Tag>, known: &[&str]) {
        let Some(tag) = tag else { return };
        let fits = match tag.core_suffix() {
            Some(suffix) => known.contains(&suffix),
            None => tag.parts() == ("!", "") || tag.parts() == ("", "!"),
        };
        if !fits {
            self.problems
                .error(place, format!("the tag `{}` has no meaning here", shorten(&tag.original())))
                .help("leave the tag out");
        }
    }
}

impl Cost {
    fn and(self, part: Cost) -> Cost {
        Cost {
            nodes: self.nodes.saturating_add(part.nodes),
            bytes: self.bytes.saturating_add(part.bytes),
            height: self.height.max(part.height + 1),
        }
    }
}

/// From the opening to the closing bracket; a block has no brackets and keeps its beginning.
fn whole(start: Place, end: Place, style: StructureStyle) -> Place {
    match style {
        StructureStyle::Flow => Place { end: end.end.max(start.end), ..start },
        StructureStyle::Block => start,
    }
}
