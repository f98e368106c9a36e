//! Partition keys of a producer: which key each record has, and the hash key that comes of it ("`PutRecord`").

use crate::engine::{Distribution, Stream};
use crate::language::{
    Decode, Definitions, Files, Json, Located, Named, Node, Problems, Value, choice, section,
};
use crate::wire::{GroupId, NumberedHashes, Texts, partition_hash};
use std::sync::Arc;

choice! {
    /// A partition key that differs from record to record.
    pub enum DrawnKeyConfig {
        /// One of so many keys, all equally likely; they are called 1, 2, 3, ….
        Uniform(u32) = "uniform",
        /// One of so many keys, the first by far the likeliest (Zipf's law).
        Zipf(KeyZipfConfig) = "zipf",
        /// One of several keys, by weight: `{ one_of: { gold: 1, silver: 9 } }`.
        OneOf(Named<f64>) = "one_of",
        /// One key with a share of its own among many others.
        Hot(HotKeyConfig) = "hot",
        /// The keys of a column of a CSV file, row by row; after the last row the first comes again.
        Column(KeyColumnConfig) = "column",
    }
}

section! {
    /// Keys by Zipf's law: the n-th key has a weight of n to the power of minus the exponent.
    pub struct KeyZipfConfig {
        /// How many there are.
        pub keys: u32, within (1, 1_000_000);
        /// How uneven they are.
        pub exponent: f64 = 1.0, within (0.0, 10.0);
    }
}

section! {
    /// A hot key.
    pub struct HotKeyConfig {
        /// The key.
        pub key: String = "hot".to_owned();
        /// Its share of the records.
        pub share: crate::language::Probability;
        /// How many other keys there are, all equally likely; they are called 1, 2, 3, ….
        pub others: u32 = 1000, within (1, 1_000_000);
    }
}

section! {
    /// A column of a CSV file.
    pub struct KeyColumnConfig {
        /// The file, beside the scenario.
        pub file: Located<String>;
        /// The column's name; by default the first.
        pub column: Option<String>;
    }
}

/// The partition key of a producer's records: a text, `random` (a key of its own for each), or drawn.
#[derive(Debug, Clone)]
pub enum PartitionKeyConfig {
    /// All have this key.
    Constant(Located<String>),
    /// Each record has a key of its own.
    Random,
    /// Drawn for each record.
    Drawn(Box<Located<DrawnKeyConfig>>),
}

/// The word for a key of its own.
const RANDOM: &str = "random";
/// Most characters of a partition key ("`PutRecord`").
const LONGEST_KEY: usize = 256;
/// Most keys that are drawn from.
const MOST_KEYS: u32 = 1_000_000;

impl Decode for PartitionKeyConfig {
    fn decode(node: &Node, problems: &mut Problems) -> Option<Self> {
        if let Value::Mapping(_) = node.value {
            return Located::decode(node, problems).map(Box::new).map(PartitionKeyConfig::Drawn);
        }
        let text = Located::<String>::decode(node, problems)?;
        Some(if text.value == RANDOM {
            PartitionKeyConfig::Random
        } else {
            PartitionKeyConfig::Constant(text)
        })
    }

    fn schema(definitions: &mut Definitions) -> Json {
        let (text, drawn) = (String::schema(definitions), DrawnKeyConfig::schema(definitions));
        serde_json::json!({ "anyOf": [text, drawn] })
    }

    fn type_name() -> String {
        format!("text, `{RANDOM}` or {}", DrawnKeyConfig::type_name())
    }
}

/// A partition key as a producer uses it.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The key, as order is judged by it.
    pub(super) group: GroupId,
    /// Its hash key.
    pub(super) hash: u128,
    /// Its bytes, which count towards the record.
    pub(super) bytes: u32,
}

/// Which partition key each record has.
#[derive(Debug, Clone)]
pub enum PartitionKeys {
    /// Each record has its own.
    Random,
    /// The keys of a list, one after another.
    InTurn(Arc<[Key]>),
    /// One of the numbers up to this one, all equally likely.
    Uniform(u32, NumberedHashes),
    /// One of a list, by their index.
    Weighted(Distribution, Arc<[Key]>),
}

impl PartitionKeys {
    /// The keys of the next records, of which the first has this number.
    #[inline(never)]
    fn draw_many(&self, number: u64, stream: &mut Stream, into: &mut Vec<Key>) {
        match self {
            PartitionKeys::Uniform(most, hashes) => {
                let numbers = [(); KEYS_AHEAD].map(|()| uniform(*most, stream));
                into.extend(numbers.map(|number| numbered(number, hashes)));
            }
            _ => into.extend((number..).take(KEYS_AHEAD).map(|number| self.draw(number, stream))),
        }
    }

    /// The key of the record with this number.
    #[inline]
    fn draw(&self, number: u64, stream: &mut Stream) -> Key {
        match self {
            PartitionKeys::Random => Key {
                group: GroupId(GroupId::FIRST_SINGLE | (number as u32 & (GroupId::FIRST_SINGLE - 1))),
                // What MD5 makes of keys that are all different is as good as random.
                hash: u128::from(stream.next_u64()) << 64 | u128::from(stream.next_u64()),
                bytes: GroupId::RANDOM_KEY_BYTES,
            },
            PartitionKeys::InTurn(keys) => keys[(number % keys.len() as u64) as usize],
            PartitionKeys::Uniform(most, hashes) => numbered(uniform(*most, stream), hashes),
            PartitionKeys::Weighted(index, keys) => keys[index.sample(stream) as usize],
        }
    }
}

/// Keys drawn ahead of their records: the places of many are asked for at once, however large the list.
#[derive(Debug, Default)]
pub(super) struct KeysAhead {
    drawn: Vec<Key>,
    used: usize,
}

const KEYS_AHEAD: usize = 32;

impl KeysAhead {
    /// The key of the next record, which has this number; `foresee` is shown many keys before they come.
    #[inline]
    pub(super) fn next(
        &mut self,
        keys: &PartitionKeys,
        number: u64,
        stream: &mut Stream,
        foresee: impl FnOnce(&[Key]),
    ) -> &Key {
        if self.used == self.drawn.len() {
            self.drawn.clear();
            keys.draw_many(number, stream, &mut self.drawn);
            self.used = 0;
            foresee(&self.drawn);
        }
        self.used += 1;
        &self.drawn[self.used - 1]
    }

    /// The key that comes so many records after the last, if it is known already.
    #[inline]
    pub(super) fn coming(&self, records: usize) -> Option<&Key> {
        self.drawn.get((self.used + records).checked_sub(1)?)
    }
}

fn key(text: &str, texts: &mut Texts) -> Key {
    Key { group: texts.group(text), hash: partition_hash(text), bytes: text.len() as u32 }
}

/// One of the numbers from 1 on.
#[inline]
fn uniform(most: u32, stream: &mut Stream) -> u32 {
    1 + stream.below(u64::from(most)) as u32
}

/// The key that is called by a number.
#[inline]
fn numbered(number: u32, hashes: &NumberedHashes) -> Key {
    Key { group: GroupId(number), hash: hashes.of(number), bytes: number.ilog10() + 1 }
}

/// The keys 1, 2, 3, ….
fn all_numbered(keys: u32, texts: &mut Texts) -> Vec<Key> {
    let hashes = texts.numbered_hashes(keys);
    (1..=keys).map(|number| numbered(number, &hashes)).collect()
}

impl PartitionKeyConfig {
    /// The keys, hashed; `None` when a problem was told.
    pub(super) fn build(
        &self,
        texts: &mut Texts,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<PartitionKeys> {
        let drawn = match self {
            PartitionKeyConfig::Constant(text) => {
                let characters = text.value.chars().count();
                if !(1..=LONGEST_KEY).contains(&characters) {
                    problems.error(text.place, "a partition key has 1 to 256 characters (`PutRecord`)");
                    return None;
                }
                return Some(PartitionKeys::InTurn(Arc::new([key(&text.value, texts)])));
            }
            PartitionKeyConfig::Random => return Some(PartitionKeys::Random),
            PartitionKeyConfig::Drawn(drawn) => drawn,
        };
        let (weights, keys): (Vec<f64>, Vec<Key>) = match &drawn.value {
            DrawnKeyConfig::Uniform(keys) if (1..=MOST_KEYS).contains(keys) => {
                return Some(PartitionKeys::Uniform(*keys, texts.numbered_hashes(*keys)));
            }
            DrawnKeyConfig::Uniform(_) => {
                problems.error(drawn.place, "`uniform` takes a number of keys, 1 to 1,000,000");
                return None;
            }
            DrawnKeyConfig::Zipf(zipf) => {
                let weight = |number: u32| libm::pow(f64::from(number), -zipf.exponent);
                ((1..=zipf.keys).map(weight).collect(), all_numbered(zipf.keys, texts))
            }
            DrawnKeyConfig::OneOf(names) => {
                names.iter().map(|(name, weight)| (*weight, key(name.as_str(), texts))).unzip()
            }
            DrawnKeyConfig::Hot(hot) => {
                let share = hot.share.as_f64();
                let mut weights = vec![(1.0 - share) / f64::from(hot.others); hot.others as usize];
                let mut keys = all_numbered(hot.others, texts);
                weights.push(share);
                keys.push(key(&hot.key, texts));
                (weights, keys)
            }
            DrawnKeyConfig::Column(column) => {
                let keys = column.read(files, problems)?;
                return Some(PartitionKeys::InTurn(keys.iter().map(|text| key(text, texts)).collect()));
            }
        };
        let weights: Vec<(f64, f64)> =
            weights.iter().enumerate().map(|(index, weight)| (index as f64, *weight)).collect();
        let index = Distribution::empirical(&weights).map_err(|error| {
            problems.error(drawn.place, format!("these weights are impossible: {error}"));
        });
        Some(PartitionKeys::Weighted(index.ok()?, keys.into()))
    }
}

impl KeyColumnConfig {
    fn read(&self, files: &dyn Files, problems: &mut Problems) -> Option<Vec<String>> {
        let (path, place) = (&self.file.value, self.file.place);
        let text = files.read(path).map_err(|why| {
            problems
                .error(place, format!("cannot read `{path}`: {why}"))
                .help("the path is relative to the scenario file");
        });
        let text = text.ok()?;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headers: Vec<String> = reader.headers().ok()?.iter().map(|name| name.trim().to_owned()).collect();
        let position = match &self.column {
            None => Some(0),
            Some(column) => headers.iter().position(|name| name == column),
        };
        let Some(position) = position else {
            let names: Vec<&str> = headers.iter().map(String::as_str).collect();
            let wanted = self.column.as_deref().unwrap_or_default();
            let help = problems.suggest(wanted, &names, "columns");
            problems.error(place, format!("`{path}` has no column `{wanted}`")).help(help);
            return None;
        };
        let mut keys = Vec::new();
        for (row, record) in reader.records().enumerate() {
            let cell = record.ok().and_then(|record| record.get(position).map(str::to_owned));
            match cell {
                Some(cell) if (1..=LONGEST_KEY).contains(&cell.chars().count()) => keys.push(cell),
                _ => {
                    let line = row + 2;
                    problems.error(
                        place,
                        format!("in `{path}`: line {line}: a partition key has 1 to 256 characters"),
                    );
                    return None;
                }
            }
        }
        if keys.is_empty() {
            problems.error(place, format!("`{path}` has a header but no rows"));
            return None;
        }
        Some(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(number: u32) -> Arc<[Key]> {
        all_numbered(number, &mut Texts::default()).into()
    }

    #[test]
    fn numbers_are_keys_like_any_text() {
        let mut texts = Texts::default();
        for most in [12_345, 99] {
            for (number, numbered) in (1_u32..).zip(all_numbered(most, &mut texts)) {
                let text = key(&number.to_string(), &mut texts);
                assert_eq!(
                    (numbered.group, numbered.hash, numbered.bytes),
                    (text.group, text.hash, text.bytes)
                );
            }
        }
    }

    #[test]
    fn keys_drawn_ahead_are_those_drawn_one_by_one() {
        let index = Distribution::empirical(&[(0.0, 1.0), (1.0, 2.0), (2.0, 5.0)]).expect("weights");
        let ways = [
            PartitionKeys::Random,
            PartitionKeys::InTurn(keys(7)),
            PartitionKeys::Uniform(1000, Texts::default().numbered_hashes(1000)),
            PartitionKeys::Weighted(index, keys(3)),
        ];
        for way in ways {
            let stream = || Stream::new(1, 0, "producer/p", "partition key");
            let (mut ahead, mut one_by_one, mut ahead_keys) = (stream(), stream(), KeysAhead::default());
            for number in 0..100 {
                let key = way.draw(number, &mut one_by_one);
                let next = ahead_keys.next(&way, number, &mut ahead, |_| {});
                assert_eq!((next.group, next.bytes, next.hash), (key.group, key.bytes, key.hash), "{way:?}");
            }
        }
    }
}
