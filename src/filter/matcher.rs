//! All policies of a topic, made ready to be matched.

use super::condition::{Condition, Plain};
use super::document::Document;
use super::index::{Access, Index};
use super::number::Number;
use super::policy::Policy;
use super::vocabulary::{Atom, Vocabulary, Word};
use std::collections::BTreeMap;

/// The words that a key may have.
#[derive(Debug, Clone)]
enum Words {
    /// A few, in order.
    Few(Vec<Word>),
    /// One bit for each word of the vocabulary.
    Many(Vec<u64>),
}

/// What the values of a key may be: its conditions, worked out for every word there is.
#[derive(Debug, Clone)]
pub(super) struct Accepts {
    absent: bool,
    yes: bool,
    no: bool,
    null: bool,
    words: Words,
    /// Apart from each other, in order.
    numbers: Vec<(Number, Number)>,
}

/// More words than these are kept as bits.
const FEW: usize = 8;
/// An alternative is found under at most so many words.
const MOST_ENTRIES: usize = 64;
/// Fewer alternatives than these are tested one by one.
const WORTH_AN_INDEX: usize = 17;

impl Accepts {
    pub(super) fn new(conditions: &[Condition], vocabulary: &Vocabulary) -> Self {
        let holds = |value: Plain<'_>| conditions.iter().any(|condition| condition.holds(value));
        let are_plain = conditions.iter().all(|condition| {
            use Condition::{Bool, Exists, Null, Number, Numeric, Text};
            matches!(condition, Text(_) | Number(_) | Numeric(_) | Bool(_) | Null | Exists(false))
        });
        let mut words: Vec<Word> = if are_plain {
            let texts = conditions.iter().filter_map(|condition| match condition {
                Condition::Text(text) => vocabulary.known(text),
                _ => None,
            });
            texts.collect()
        } else {
            let all = vocabulary.texts().filter(|(_, text)| holds(Plain::Text(text)));
            all.map(|(word, _)| word).collect()
        };
        words.sort_unstable();
        words.dedup();
        Self {
            absent: conditions.iter().any(Condition::holds_without),
            yes: holds(Plain::Bool(true)),
            no: holds(Plain::Bool(false)),
            null: holds(Plain::Null),
            words: Words::new(words, vocabulary.len()),
            numbers: union(conditions.iter().flat_map(numbers).collect()),
        }
    }

    #[inline]
    pub(super) fn accepts(&self, value: Atom) -> bool {
        match value {
            Atom::Word(word) => self.words.contains(word),
            Atom::Number(number) => self.numbers.iter().any(|&(low, high)| low <= number && number <= high),
            Atom::True => self.yes,
            Atom::False => self.no,
            Atom::Null => self.null,
        }
    }

    /// Under which values an alternative with this key can be found; `None` when they are too many.
    fn access(&self) -> Option<Access> {
        let Words::Few(words) = &self.words else {
            return None;
        };
        let is_open = self.absent || self.yes || self.no || self.null || words.len() > MOST_ENTRIES;
        (!is_open).then(|| Access { words: words.clone(), numbers: self.numbers.clone() })
    }
}

impl Words {
    fn new(words: Vec<Word>, all: usize) -> Self {
        if words.len() <= FEW || (words.len() <= MOST_ENTRIES && all > 1_000) {
            return Words::Few(words);
        }
        let mut bits = vec![0_u64; all.div_ceil(64)];
        for word in words {
            bits[word.0 as usize / 64] |= 1 << (word.0 % 64);
        }
        Words::Many(bits)
    }

    #[inline]
    fn contains(&self, word: Word) -> bool {
        match self {
            Words::Few(words) => words.contains(&word),
            Words::Many(bits) => {
                bits.get(word.0 as usize / 64).is_some_and(|bits| bits >> (word.0 % 64) & 1 == 1)
            }
        }
    }
}

/// The numbers for which a condition holds.
fn numbers(condition: &Condition) -> Vec<(Number, Number)> {
    let (first, last) = (Number::new(f64::NEG_INFINITY), Number::new(f64::INFINITY));
    match condition {
        Condition::Number(number) => vec![(*number, *number)],
        Condition::Numeric(range) => vec![range.bounds()],
        Condition::Exists(true) => vec![(first, last)],
        Condition::AnythingBut(others) => {
            let excluded = union(others.iter().flat_map(numbers).collect());
            let mut left = Vec::new();
            let mut from = first;
            for (low, high) in excluded {
                if from < low {
                    left.push((from, low.below()));
                }
                from = high.above();
            }
            left.push((from, last));
            left
        }
        _ => Vec::new(),
    }
}

/// Ranges joined where they touch.
fn union(mut ranges: Vec<(Number, Number)>) -> Vec<(Number, Number)> {
    ranges.retain(|(low, high)| low <= high);
    ranges.sort_unstable();
    let mut joined: Vec<(Number, Number)> = Vec::new();
    for (low, high) in ranges {
        match joined.last_mut() {
            Some((_, end)) if low <= end.above() => *end = high.max(*end),
            _ => joined.push((low, high)),
        }
    }
    joined
}

/// A key of an alternative.
#[derive(Debug, Clone, Copy)]
struct Test {
    key: Word,
    accepts: u32,
}

/// An alternative: whose it is, and which of the tests are its own.
#[derive(Debug, Clone, Copy)]
struct Alternative {
    subscriber: u32,
    first: u32,
    end: u32,
}

/// The policies of a topic. Built over a vocabulary that holds every text that can come.
#[derive(Debug, Clone)]
pub struct Matcher {
    alternatives: Vec<Alternative>,
    tests: Vec<Test>,
    accepts: Vec<Accepts>,
    index: Index,
    /// Alternatives without keys.
    open: Vec<u32>,
    /// Alternatives that no value leads to.
    always: Vec<u32>,
    /// By subscriber: the match in which it was found last.
    found_in: Vec<u64>,
    matches: u64,
}

impl Matcher {
    /// A matcher of these subscribers, each with its policy. Subscribers have small numbers, each once.
    pub fn new<'a>(
        policies: impl IntoIterator<Item = (u32, &'a Policy)>,
        vocabulary: &mut Vocabulary,
    ) -> Self {
        let policies: Vec<(u32, &Policy)> = policies.into_iter().collect();
        // The keys become words before any set of words is worked out.
        for (_, policy) in &policies {
            for rule in policy.alternatives.iter().flat_map(|alternative| &alternative.keys) {
                vocabulary.word(&rule.path);
            }
        }
        let mut matcher = Self {
            alternatives: Vec::new(),
            tests: Vec::new(),
            accepts: Vec::new(),
            index: Index::default(),
            open: Vec::new(),
            always: Vec::new(),
            found_in: vec![
                0;
                policies.iter().map(|(subscriber, _)| *subscriber as usize + 1).max().unwrap_or(0)
            ],
            matches: 0,
        };
        let mut known: BTreeMap<String, u32> = BTreeMap::new();
        for (subscriber, policy) in policies {
            for alternative in &policy.alternatives {
                let first = matcher.tests.len() as u32;
                for rule in &alternative.keys {
                    let written = format!("{:?}", rule.conditions);
                    let accepts = *known.entry(written).or_insert_with(|| {
                        matcher.accepts.push(Accepts::new(&rule.conditions, vocabulary));
                        matcher.accepts.len() as u32 - 1
                    });
                    matcher.tests.push(Test { key: vocabulary.word(&rule.path), accepts });
                }
                let end = matcher.tests.len() as u32;
                matcher.alternatives.push(Alternative { subscriber, first, end });
            }
        }
        matcher.build_index(vocabulary.len());
        matcher
    }

    fn build_index(&mut self, words: usize) {
        let mut entries = Vec::new();
        for (alternative, number) in self.alternatives.iter().zip(0..) {
            let tests = self.tests_of(*alternative);
            if tests.is_empty() {
                self.open.push(number);
                continue;
            }
            // Words lead to few alternatives, ranges of numbers to more.
            let cost = |access: &Access| (access.numbers.len(), access.words.len());
            let accesses = tests.iter().filter_map(|test| {
                self.accepts[test.accepts as usize].access().map(|access| (test.key, access))
            });
            let best = accesses.min_by_key(|(_, access)| cost(access));
            match best {
                Some((key, access)) if self.alternatives.len() >= WORTH_AN_INDEX => {
                    entries.push((number, key, access));
                }
                _ => self.always.push(number),
            }
        }
        self.index = Index::new(&entries, words);
    }

    fn tests_of(&self, alternative: Alternative) -> &[Test] {
        &self.tests[alternative.first as usize..alternative.end as usize]
    }

    /// Appends the subscribers that want the message, in order.
    #[inline]
    pub fn matching(&mut self, document: &Document, found: &mut Vec<u32>) {
        let before = found.len();
        self.matches += 1;
        let matches = self.matches;
        let mut stamps = std::mem::take(&mut self.found_in);
        let mut take = |subscriber: u32| {
            let stamp = &mut stamps[subscriber as usize];
            if *stamp != matches {
                *stamp = matches;
                found.push(subscriber);
            }
        };
        for alternative in &self.open {
            take(self.alternatives[*alternative as usize].subscriber);
        }
        if document.invalid.is_none() {
            let mut test = |number: u32| {
                let alternative = self.alternatives[number as usize];
                if self.is_satisfied(alternative, document) {
                    take(alternative.subscriber);
                }
            };
            self.always.iter().copied().for_each(&mut test);
            for field in &document.fields {
                self.index.visit(field.key, field.value, &mut test);
            }
        }
        self.found_in = stamps;
        found[before..].sort_unstable();
    }

    /// Whether any policy wants the message.
    #[inline]
    pub fn passes(&mut self, document: &Document) -> bool {
        if !self.open.is_empty() {
            return true;
        }
        if document.invalid.is_some() {
            return false;
        }
        if self.always.len() == self.alternatives.len() {
            return self.alternatives.iter().any(|alternative| self.is_satisfied(*alternative, document));
        }
        let mut found = Vec::new();
        self.matching(document, &mut found);
        !found.is_empty()
    }

    #[inline]
    fn is_satisfied(&self, alternative: Alternative, document: &Document) -> bool {
        let tests = self.tests_of(alternative);
        let each = tests.iter().all(|test| {
            let accepts = &self.accepts[test.accepts as usize];
            let mut is_there = false;
            for field in &document.fields {
                if field.key == test.key {
                    if accepts.accepts(field.value) {
                        return true;
                    }
                    is_there = true;
                }
            }
            accepts.absent && !is_there
        });
        each && (document.places.is_empty() || self.is_consistent(tests, document, &mut Vec::new()))
    }

    /// Whether each test, on its own satisfied, can be satisfied by values of the same elements of arrays.
    fn is_consistent(&self, tests: &[Test], document: &Document, chosen: &mut Vec<u32>) -> bool {
        let Some((test, rest)) = tests.split_first() else { return true };
        let accepts = &self.accepts[test.accepts as usize];
        let mut is_there = false;
        for field in document.fields.iter().filter(|field| field.key == test.key) {
            is_there = true;
            let fits = accepts.accepts(field.value)
                && chosen.iter().all(|place| document.are_consistent(*place, field.place));
            if fits {
                chosen.push(field.place);
                if self.is_consistent(rest, document, chosen) {
                    return true;
                }
                chosen.pop();
            }
        }
        !is_there && accepts.absent && self.is_consistent(rest, document, chosen)
    }
}
