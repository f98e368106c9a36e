//! From the values of a message to the alternatives that may want it.

use super::number::Number;
use super::vocabulary::{Atom, Word};
use std::collections::BTreeMap;

/// Numbers that lead to an alternative.
#[derive(Debug, Clone, Copy)]
struct Interval {
    low: Number,
    high: Number,
    /// The largest `high` of this and all intervals before it.
    reach: Number,
    alternative: u32,
}

/// What leads from the values of one key to alternatives.
#[derive(Debug, Clone, Default)]
struct KeyIndex {
    /// By word: where its alternatives begin and end in `lists`.
    words: Vec<(Word, u32, u32)>,
    lists: Vec<u32>,
    /// By `low`.
    intervals: Vec<Interval>,
}

/// Under which values of one key an alternative is found.
#[derive(Debug, Clone, Default)]
pub(super) struct Access {
    pub(super) words: Vec<Word>,
    pub(super) numbers: Vec<(Number, Number)>,
}

/// Leads from values to alternatives.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// By word: the index of the key that it is; `NONE` for other words.
    slots: Vec<u32>,
    keys: Vec<KeyIndex>,
}

const NONE: u32 = u32::MAX;

/// What lies under a key: alternatives by word, and intervals of numbers.
type UnderKey = (BTreeMap<Word, Vec<u32>>, Vec<Interval>);

impl Index {
    /// An index over alternatives, each with a key and the values that lead to it. `words` is the number of words.
    pub(super) fn new(entries: &[(u32, Word, Access)], words: usize) -> Self {
        let mut by_key: BTreeMap<Word, UnderKey> = BTreeMap::new();
        for (alternative, key, access) in entries {
            let (lists, intervals) = by_key.entry(*key).or_default();
            for word in &access.words {
                lists.entry(*word).or_default().push(*alternative);
            }
            intervals.extend(access.numbers.iter().map(|&(low, high)| Interval {
                low,
                high,
                reach: high,
                alternative: *alternative,
            }));
        }
        let mut index = Self { slots: vec![NONE; words], keys: Vec::new() };
        for (key, (lists, mut intervals)) in by_key {
            index.slots[key.0 as usize] = index.keys.len() as u32;
            intervals.sort_by_key(|interval| (interval.low, interval.high, interval.alternative));
            let mut reach = Number::MIN;
            for interval in &mut intervals {
                reach = reach.max(interval.high);
                interval.reach = reach;
            }
            let mut of_key = KeyIndex { intervals, ..KeyIndex::default() };
            for (word, list) in lists {
                let start = of_key.lists.len() as u32;
                of_key.lists.extend(list);
                of_key.words.push((word, start, of_key.lists.len() as u32));
            }
            index.keys.push(of_key);
        }
        index
    }

    /// Visits the alternatives that a key with this value leads to.
    #[inline]
    pub(super) fn visit(&self, key: Word, value: Atom, mut visit: impl FnMut(u32)) {
        let Some(of_key) = self.slots.get(key.0 as usize).and_then(|slot| self.keys.get(*slot as usize))
        else {
            return;
        };
        match value {
            Atom::Word(word) => {
                if let Ok(found) = of_key.words.binary_search_by_key(&word, |(word, ..)| *word) {
                    let (_, start, end) = of_key.words[found];
                    of_key.lists[start as usize..end as usize].iter().copied().for_each(visit);
                }
            }
            Atom::Number(number) => {
                let end = of_key.intervals.partition_point(|interval| interval.low <= number);
                let reaching =
                    of_key.intervals[..end].iter().rev().take_while(|before| before.reach >= number);
                for interval in reaching.filter(|interval| interval.high >= number) {
                    visit(interval.alternative);
                }
            }
            Atom::True | Atom::False | Atom::Null => {}
        }
    }
}
