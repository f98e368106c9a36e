//! Which of several ranges of hash keys, side by side, has a hash key.

use super::HashRange;

/// Ranges that cover all hash keys, by their last ones. A hash key finds its range in a step or two: its upper bits say where to
/// begin to look.
#[derive(Debug, Default)]
pub struct HashPlaces {
    /// The last hash key of each range.
    last: Vec<u128>,
    /// By the upper bits: the first place that can have such a key.
    first: Vec<u32>,
}

const BITS: u32 = 12;

impl HashPlaces {
    /// These ranges, in their order.
    pub fn new<'a>(ranges: impl IntoIterator<Item = &'a HashRange>) -> Self {
        let last = ranges.into_iter().map(|range| range.last).collect();
        let mut places = Self { last, first: Vec::new() };
        places.look_up();
        places
    }

    fn look_up(&mut self) {
        let last = &self.last;
        let place = |bucket: u128| {
            let hash = bucket << (u128::BITS - BITS);
            last.partition_point(|last| *last < hash) as u32
        };
        self.first = (0..1 << BITS).map(place).collect();
    }

    /// The place of the range that has a hash key.
    #[inline]
    pub fn of(&self, hash: u128) -> usize {
        let mut place = self.first[(hash >> (u128::BITS - BITS)) as usize] as usize;
        while self.last[place] < hash {
            place += 1;
        }
        place
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.last.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// The ranges from one place to another make way for those that end with these hash keys.
    pub fn replace(&mut self, places: std::ops::RangeInclusive<usize>, last: impl IntoIterator<Item = u128>) {
        self.last.splice(places, last);
        self.look_up();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_hash_key_finds_its_range() {
        for number in [1, 2, 3, 7, 1000, 4096, 10_000] {
            let ranges = HashRange::even(number);
            let places = HashPlaces::new(&ranges);
            assert_eq!(places.len(), number as usize);
            for (range, place) in ranges.iter().zip(0..) {
                for hash in [range.first, range.first + 1, range.middle(), range.last - 1, range.last] {
                    assert_eq!(places.of(hash), place, "{number}: {hash}");
                }
            }
        }
    }
}
