//! Which open shard has a hash key.

use crate::wire::{HashPlaces, HashRange};

/// The open shards by their ranges.
#[derive(Debug, Default)]
pub(super) struct Routes {
    places: HashPlaces,
    /// The number of the shard at each place.
    shards: Vec<u32>,
    /// Whose turn it is, where the stream distributes its records itself.
    turn: usize,
}

impl Routes {
    /// Shards with these ranges, in their order.
    pub(super) fn new(ranges: &[HashRange]) -> Self {
        Self { places: HashPlaces::new(ranges), shards: (0..ranges.len() as u32).collect(), turn: 0 }
    }

    /// The place of the shard that has a hash key.
    #[inline]
    pub(super) fn place_of(&self, hash: u128) -> usize {
        self.places.of(hash)
    }

    /// The shard that has a hash key.
    #[inline]
    pub(super) fn shard_of(&self, hash: u128) -> u32 {
        self.shards[self.place_of(hash)]
    }

    /// The next shard, when they take turns.
    pub(super) fn next_in_turn(&mut self) -> u32 {
        let place = if self.turn < self.shards.len() { self.turn } else { 0 };
        self.turn = place + 1;
        self.shards[place]
    }

    /// The shard at a place.
    pub(super) fn shard_at(&self, place: usize) -> u32 {
        self.shards[place]
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.shards.len()
    }

    /// The shards, in the order of their ranges.
    pub(super) fn shards(&self) -> impl Iterator<Item = u32> + '_ {
        self.shards.iter().copied()
    }

    /// The shards from one place to another make way for others: their last hash keys, and their numbers.
    pub(super) fn replace(&mut self, places: std::ops::RangeInclusive<usize>, by: &[(u128, u32)]) {
        self.shards.splice(places.clone(), by.iter().map(|(_, shard)| *shard));
        self.places.replace(places, by.iter().map(|(last, _)| *last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
