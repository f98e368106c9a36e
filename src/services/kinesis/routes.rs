//! Which open shard has a hash key.

use crate::wire::HashRange;

/// The open shards by their ranges. A record finds its shard in a step or two: the upper bits of its hash key say where to
/// begin to look.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// The last hash key of each open shard, and its number.
    open: Vec<(u128, u32)>,
    /// By the upper bits: the first place that can have such a key.
    first: Vec<u32>,
    /// Whose turn it is, where the stream distributes its records itself.
    turn: usize,
}

const BITS: u32 = 12;

impl Routes {
    /// Shards with these ranges, in their order.
    pub(super) fn new(ranges: &[HashRange]) -> Self {
        let open = ranges.iter().zip(0..).map(|(range, index)| (range.last, index)).collect();
        let mut routes = Self { open, first: Vec::new(), turn: 0 };
        routes.look_up();
        routes
    }

    fn look_up(&mut self) {
        let open = &self.open;
        let place = |bucket: u128| {
            let hash = bucket << (u128::BITS - BITS);
            open.partition_point(|(last, _)| *last < hash) as u32
        };
        self.first = (0..1 << BITS).map(place).collect();
    }

    /// The place of the shard that has a hash key.
    #[inline]
    pub(super) fn place_of(&self, hash: u128) -> usize {
        let mut place = self.first[(hash >> (u128::BITS - BITS)) as usize] as usize;
        while self.open[place].0 < hash {
            place += 1;
        }
        place
    }

    /// The shard that has a hash key.
    #[inline]
    pub(super) fn shard_of(&self, hash: u128) -> u32 {
        self.open[self.place_of(hash)].1
    }

    /// The next shard, when they take turns.
    pub(super) fn next_in_turn(&mut self) -> u32 {
        let place = if self.turn < self.open.len() { self.turn } else { 0 };
        self.turn = place + 1;
        self.open[place].1
    }

    /// The shard at a place.
    pub(super) fn shard_at(&self, place: usize) -> u32 {
        self.open[place].1
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// The shards, in the order of their ranges.
    pub(super) fn shards(&self) -> impl Iterator<Item = u32> + '_ {
        self.open.iter().map(|(_, shard)| *shard)
    }

    /// The shards from one place to another make way for others: their last hash keys, and their numbers.
    pub(super) fn replace(&mut self, places: std::ops::RangeInclusive<usize>, by: &[(u128, u32)]) {
        self.open.splice(places, by.iter().copied());
        self.look_up();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_hash_key_finds_its_shard() {
        for shards in [1, 2, 3, 7, 1000, 4096, 10_000] {
            let ranges = HashRange::even(shards);
            let routes = Routes::new(&ranges);
            for (range, index) in ranges.iter().zip(0..) {
                for hash in [range.first, range.first + 1, range.middle(), range.last - 1, range.last] {
                    assert_eq!(routes.shard_of(hash), index, "{shards}: {hash}");
                }
            }
        }
    }

    #[test]
    fn children_take_the_place_of_their_parents() {
        let mut routes = Routes::new(&HashRange::even(2));
        let middle = HashRange::even(2)[0].middle();
        routes.replace(0..=0, &[(middle - 1, 2), (HashRange::even(2)[0].last, 3)]);
        assert_eq!([0, middle - 1, middle, u128::MAX].map(|hash| routes.shard_of(hash)), [2, 2, 3, 1]);
        routes.replace(1..=2, &[(u128::MAX, 4)]);
        assert_eq!([0, middle, u128::MAX].map(|hash| routes.shard_of(hash)), [2, 4, 4]);
        assert_eq!(routes.shards().collect::<Vec<_>>(), [2, 4]);
    }
}
