//! Filter criteria: which messages of a queue, or records of a stream, an event source mapping passes to its function
//! ("Control which events Lambda sends to your function", "Using event filtering with an Amazon SQS event source", "Using
//! event filtering with a Kinesis event source").

use crate::filter::{
    Alternative, Atom, Dialect, Document, Field, KeyRule, Matcher, Policy, PolicyConfig, Scope, Word, json,
};
use crate::language::{Place, Problems, section};
use crate::wire::{Body, Contents, MessageId, Messages};
use std::sync::Arc;

/// The key whose value is looked at ("… only support filtering on the `body` key", "… on the `data` key").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKey {
    /// The body of a message in a queue: a JSON object or a plain text.
    Body,
    /// The data of a record in a stream: a JSON object.
    Data,
}

impl EventKey {
    fn name(self) -> &'static str {
        match self {
            EventKey::Body => "body",
            EventKey::Data => "data",
        }
    }

    fn event_source(self) -> &'static str {
        match self {
            EventKey::Body => "Amazon SQS",
            EventKey::Data => "Kinesis",
        }
    }
}

/// The key of a plain text in a document.
const PLAIN_TEXT: &str = "body";
/// Longest pattern, in characters ("`Filter`").
const LONGEST_PATTERN: usize = 4_096;

section! {
    /// Filters: what satisfies one of them goes to the function. Any other message is deleted from its queue, any other record
    /// is passed over.
    pub struct FilterCriteriaConfig {
        /// The filters, five at most (ten on request: `quotas: { lambda_filters_per_event_source_mapping: 10 }`).
        pub filters: Vec<FilterConfig>;
    }
}

section! {
    /// A filter.
    pub struct FilterConfig {
        /// What it must say. Of a queue only the key `body` can be asked for: `{ body: { type: [order] } }` for a JSON object,
        /// `{ body: [text] }` for a plain text. Of a stream only `data`: `{ data: { type: [order] } }` for a JSON object.
        pub pattern: PolicyConfig;
    }
}

/// Filters as they are read, and what messages say.
#[derive(Debug, Clone)]
pub struct EventFilterSettings {
    /// Alternatives for bodies that are JSON objects.
    json: Policy,
    /// Alternatives for bodies that are not: their one key is the body as a whole.
    plain: Policy,
    /// What all messages say.
    pub contents: Arc<Contents>,
}

impl FilterCriteriaConfig {
    /// The filters; `None` without any, which lets everything pass, or when a problem was told. AWS takes `most` filters.
    pub(super) fn read(
        &self,
        key: EventKey,
        most: usize,
        problems: &mut Problems,
    ) -> Option<EventFilterSettings> {
        if let Some(extra) = self.filters.get(most) {
            problems
                .error(extra.place, format!("an event source mapping has {most} filters at most"))
                .why("\"Control which events Lambda sends to your function\": five, up to ten on request")
                .help("`quotas: { lambda_filters_per_event_source_mapping: 10 }`, or join them with `$or`");
        }
        let empty = || Policy { scope: Scope::MessageBody, alternatives: Vec::new() };
        let (mut json, mut plain) = (empty(), empty());
        for filter in &self.filters {
            for alternative in filter.read(key, problems).unwrap_or_default() {
                match split(alternative, key.name()) {
                    Some(Pattern::Json(alternative)) => json.alternatives.push(alternative),
                    Some(Pattern::Plain(_)) if key == EventKey::Data => {
                        problems
                            .error(filter.place, "the pattern for `data` is not a JSON object")
                            .why("\"Using event filtering with a Kinesis event source\": data and pattern must be valid JSON")
                            .help("say what keys of the data must be: `data: { type: [order] }`");
                    }
                    Some(Pattern::Plain(alternative)) => plain.alternatives.push(alternative),
                    // A body cannot be both.
                    None => {}
                }
            }
        }
        (!self.filters.is_empty()).then(|| EventFilterSettings { json, plain, contents: Arc::default() })
    }
}

impl FilterConfig {
    fn read(&self, key: EventKey, problems: &mut Problems) -> Option<Vec<Alternative>> {
        let node = &self.pattern.0;
        let policy = Policy::read(node, Scope::MessageBody, Dialect::Lambda, problems)?;
        if node.mapping().is_some_and(<[_]>::is_empty) {
            problems
                .error(node.place, "the pattern is empty")
                .why("\"Empty objects are not allowed\"")
                .help("leave out `filter_criteria` to pass everything to the function");
            return None;
        }
        let length = json(node).to_string().chars().count();
        if length > LONGEST_PATTERN {
            problems
                .error(
                    node.place,
                    format!("the pattern has {length} characters, at most {LONGEST_PATTERN} are allowed"),
                )
                .help("spread it over several filters: they are joined by or");
        }
        let rules = || policy.alternatives.iter().flat_map(|alternative| &alternative.keys);
        let mut strange: Vec<&str> =
            rules().map(|rule| top(&rule.path)).filter(|found| *found != key.name()).collect();
        strange.dedup();
        for found in strange {
            refuse_key(found, key, node.place, problems);
        }
        Some(policy.alternatives)
    }
}

fn refuse_key(found: &str, key: EventKey, place: Place, problems: &mut Problems) {
    let (name, source) = (key.name(), key.event_source());
    problems
        .error(place, format!("a filter cannot ask for `{found}`"))
        .why(format!("\"{source} event source mappings only support filtering on the `{name}` key\""))
        .help(format!(
            "a key of the JSON that is sent stands inside of `{name}`: `{name}: {{ {found}: […] }}`"
        ));
}

/// The first key of a path.
fn top(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

enum Pattern {
    Json(Alternative),
    Plain(Alternative),
}

/// Whether an alternative is about a JSON object or a plain text; its keys as the object has them.
fn split(mut alternative: Alternative, key: &str) -> Option<Pattern> {
    let inside = |rule: &KeyRule| rule.path.strip_prefix(key)?.strip_prefix('.').map(str::to_owned);
    if alternative.keys.iter().all(|rule| rule.path == key) {
        alternative.keys.iter_mut().for_each(|rule| PLAIN_TEXT.clone_into(&mut rule.path));
        return Some(Pattern::Plain(alternative));
    }
    let keys = alternative
        .keys
        .iter()
        .map(|rule| inside(rule).map(|path| KeyRule { path, conditions: rule.conditions.clone() }));
    keys.collect::<Option<_>>().map(|keys| Pattern::Json(Alternative { keys }))
}

/// Filters at work.
#[derive(Debug)]
pub(super) struct EventFilter {
    json: Matcher,
    plain: Matcher,
    body: Word,
    contents: Arc<Contents>,
    document: Document,
}

impl EventFilter {
    pub(super) fn new(settings: &EventFilterSettings) -> Self {
        let mut vocabulary = settings.contents.vocabulary.clone();
        let body = vocabulary.word(PLAIN_TEXT);
        Self {
            json: Matcher::new([(0, &settings.json)], &mut vocabulary),
            plain: Matcher::new([(0, &settings.plain)], &mut vocabulary),
            body,
            contents: Arc::clone(&settings.contents),
            document: Document::default(),
        }
    }

    /// Whether a message satisfies one of the filters. A pattern over a JSON object drops a plain text, and the other way
    /// round; a text that nobody knows satisfies no pattern.
    pub(super) fn passes(&mut self, message: MessageId, messages: &Messages) -> bool {
        match self.contents.read_body(message, messages, &mut self.document) {
            Body::Object => self.json.passes(&self.document),
            Body::Unknown => false,
            Body::Text(text) => {
                self.document.invalid = None;
                self.document.fields.clear();
                self.document.fields.push(Field { key: self.body, value: Atom::Word(text), place: 0 });
                self.plain.passes(&self.document)
            }
        }
    }
}
