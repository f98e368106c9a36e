//! Partition keys, hash keys and the ranges that shards have of them ("Amazon Kinesis Data Streams terminology and
//! concepts").

use crate::language::{Located, Problems};
use md5::{Digest, Md5};
use std::fmt::Write as _;
use std::sync::Arc;

/// The hash key of a partition key: its MD5 as a whole number of 128 bits, most significant byte first ("`PutRecord`").
pub fn partition_hash(key: &str) -> u128 {
    u128::from_be_bytes(Md5::digest(key.as_bytes()).into())
}

/// The hash keys of the partition keys 1, 2, 3, …: worked out once for all that draw from them.
#[derive(Debug, Clone, Default)]
pub struct NumberedHashes {
    hashes: Arc<[u128]>,
}

impl NumberedHashes {
    /// At least the first so many.
    pub(super) fn first(&mut self, keys: u32) -> Self {
        if self.hashes.len() < keys as usize {
            let mut text = String::new();
            let hash = |number: u32| {
                text.clear();
                write!(text, "{number}").expect("a text takes everything");
                partition_hash(&text)
            };
            self.hashes = (1..=keys).map(hash).collect();
        }
        self.clone()
    }

    /// The hash key of a number, from 1 on.
    #[inline]
    pub fn of(&self, number: u32) -> u128 {
        self.hashes[number as usize - 1]
    }
}

/// The hash keys of a shard, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashRange {
    /// `StartingHashKey`.
    pub first: u128,
    /// `EndingHashKey`.
    pub last: u128,
}

impl HashRange {
    /// All hash keys.
    pub const ALL: Self = Self { first: 0, last: u128::MAX };

    /// The hash key that a text says: a whole number below 2¹²⁸, without leading zeros ("`PutRecord`").
    pub fn read_key(text: &Located<String>, problems: &mut Problems) -> Option<u128> {
        let digits = &text.value;
        let hash = digits.parse::<u128>().ok().filter(|hash| hash.to_string() == *digits);
        if hash.is_none() {
            problems
                .error(text.place, format!("`{digits}` is no hash key"))
                .label("expected a whole number from 0 to 2^128 - 1")
                .help("put it into quotes: YAML takes large numbers for something else");
        }
        hash
    }

    /// Whether a hash key lies in it.
    #[inline]
    pub fn contains(self, hash: u128) -> bool {
        (self.first..=self.last).contains(&hash)
    }

    /// The first hash key of the upper half, as AWS's sample halves a shard ("Split a shard"): half of the sum of both
    /// ends, rounded down.
    pub fn middle(self) -> u128 {
        self.first.midpoint(self.last)
    }

    /// Equal ranges for so many shards. Each is as wide as 2¹²⁸ / `shards`, rounded down; the last takes the remainder.
    pub fn even(shards: u32) -> Vec<Self> {
        let shards = u128::from(shards.max(1));
        // 2¹²⁸ itself does not fit: it is one more than the largest number.
        let width = if u128::MAX % shards == shards - 1 {
            (u128::MAX / shards).wrapping_add(1)
        } else {
            u128::MAX / shards
        };
        (0..shards)
            .map(|shard| Self {
                first: shard * width,
                last: if shard + 1 == shards { u128::MAX } else { (shard + 1) * width - 1 },
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(key: &str, shards: u32) -> usize {
        let hash = partition_hash(key);
        let ranges = HashRange::even(shards);
        ranges.iter().position(|range| range.contains(hash)).expect("ranges leave no gap")
    }

    #[test]
    fn keys_find_their_shards() {
        assert_eq!(partition_hash("user-1"), 285_573_413_173_782_752_570_879_317_399_258_818_820);
        let table = [
            ("user-1", [1, 2, 3, 8]),
            ("user-2", [0, 0, 0, 2]),
            ("a", [0, 0, 0, 0]),
            ("partitionKey-1", [0, 1, 1, 4]),
        ];
        for (key, shards) in table {
            assert_eq!([2, 3, 4, 10].map(|count| shard(key, count)), shards, "{key}");
        }
    }

    #[test]
    fn three_shards_begin_where_aws_lets_them_begin() {
        let ranges = HashRange::even(3);
        assert_eq!(ranges[0].last, 113_427_455_640_312_821_154_458_202_477_256_070_484);
        assert_eq!(ranges[2].first, 226_854_911_280_625_642_308_916_404_954_512_140_970);
        assert_eq!(ranges[2].last, u128::MAX);
    }

    #[test]
    fn ranges_tile_all_hash_keys() {
        for shards in [1, 2, 3, 5, 7, 10, 16, 1000, 9999, 10_000] {
            let ranges = HashRange::even(shards);
            assert_eq!((ranges.len(), ranges[0].first), (shards as usize, 0));
            assert_eq!(ranges[ranges.len() - 1].last, u128::MAX);
            assert!(ranges.windows(2).all(|pair| pair[0].last + 1 == pair[1].first), "{shards}");
        }
        assert_eq!(HashRange::even(10)[9].last - HashRange::even(10)[9].first, u128::MAX / 10 + 5);
    }

    #[test]
    fn a_shard_is_halved_in_the_middle() {
        assert_eq!(HashRange::ALL.middle(), u128::MAX / 2);
        assert_eq!(HashRange { first: 3, last: 8 }.middle(), 5);
        assert_eq!(HashRange { first: u128::MAX - 3, last: u128::MAX }.middle(), u128::MAX - 2);
    }
}
