//! Which places of the arena of messages are free, and where a new message is put.

/// Messages that will be looked at together lie together: those of one shelf fill runs of neighbouring places. A shelf is no
/// more than a hint; where a message lies changes no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shelf(u32);

/// Most shelves there are.
const MOST_SHELVES: u64 = 4096;

impl Shelf {
    /// The shelf of a record with this hash key, for a stream of so many shards: at first, records of one shard share one.
    #[inline]
    pub fn of_hash_key(hash_key: u128, shards: u32) -> Self {
        let shelves = u64::from(shards).clamp(1, MOST_SHELVES);
        Self((((hash_key >> 64) * u128::from(shelves)) >> 64) as u32)
    }
}

/// Places in a run.
pub(super) const RUN: u32 = 16;

/// The mark of a run whose places come and go one by one.
const SINGLE: u8 = u8::MAX;

/// Less than one free run among so many is scarce: to find it would take longer than a larger arena costs.
const SCARCE: usize = 8;

/// The places of an arena. The arena grows by runs.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Single places that nobody uses, the last one left on top.
    free: Vec<u32>,
    /// How many runs nobody uses, and where the search for the next of them begins. They are taken in the order of their
    /// places, round and round: what is made at the same time lies together too.
    free_runs: usize,
    next_run: usize,
    /// By shelf: the next place of its run; a multiple of a run's length when it has none.
    next: Vec<u32>,
    /// By run: [`SINGLE`], or how many of its places are not given back.
    used: Vec<u8>,
}

impl Places {
    /// A place for a message that is alone; `None` when the arena must grow.
    #[inline]
    pub(super) fn single(&mut self) -> Option<u32> {
        self.free.pop()
    }

    /// A place on a shelf; `None` when the arena must grow.
    #[inline]
    pub(super) fn on(&mut self, shelf: Shelf) -> Option<u32> {
        match self.coming(shelf) {
            Some(place) => {
                self.next[shelf.0 as usize] = place + 1;
                Some(place)
            }
            None => self.take_run().map(|run| self.begin(run, shelf)),
        }
    }

    /// The arena has grown by a run for a shelf; gives its first place.
    pub(super) fn add_run(&mut self, shelf: Shelf) -> u32 {
        self.used.push(0);
        self.begin(self.used.len() - 1, shelf)
    }

    /// A shelf goes on with a run that nobody uses.
    fn begin(&mut self, run: usize, shelf: Shelf) -> u32 {
        let (index, place) = (shelf.0 as usize, run as u32 * RUN);
        if self.next.len() <= index {
            self.next.resize(index + 1, 0);
        }
        self.used[run] = RUN as u8;
        self.next[index] = place + 1;
        place
    }

    /// The next run that nobody uses, unless they are scarce: then a longer search costs more than a larger arena.
    fn take_run(&mut self) -> Option<usize> {
        if self.free_runs * SCARCE <= self.used.len() {
            return None;
        }
        let (before, behind) = self.used.split_at(self.next_run);
        let is_free = |used: &u8| *used == 0;
        let found = match behind.iter().position(is_free) {
            Some(further) => self.next_run + further,
            None => before.iter().position(is_free)?,
        };
        self.free_runs -= 1;
        self.next_run = found + 1;
        Some(found)
    }

    /// The arena has grown by a run of single places; gives the first.
    pub(super) fn add_singles(&mut self) -> u32 {
        let first = self.used.len() as u32 * RUN;
        self.used.push(SINGLE);
        self.free.extend((first + 1..first + RUN).rev());
        first
    }

    /// A place is used no more.
    #[inline]
    pub(super) fn give_back(&mut self, place: u32) {
        let run = place / RUN;
        let used = &mut self.used[run as usize];
        if *used == SINGLE {
            self.free.push(place);
            return;
        }
        *used -= 1;
        if *used == 0 {
            self.free_runs += 1;
        }
    }

    /// Single places that will be given next.
    pub(super) fn coming_singles(&self) -> impl Iterator<Item = u32> {
        self.free.iter().rev().copied()
    }

    /// The next place of a shelf, if it has a run already.
    #[inline]
    pub(super) fn coming(&self, shelf: Shelf) -> Option<u32> {
        self.next.get(shelf.0 as usize).copied().filter(|place| !place.is_multiple_of(RUN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_keys_of_a_shard_share_a_shelf() {
        let quarter = 1 << 126;
        let shelf = |hash_key| Shelf::of_hash_key(hash_key, 4);
        assert_eq!([0, quarter - 1, quarter, u128::MAX].map(shelf), [Shelf(0), Shelf(0), Shelf(1), Shelf(3)]);
        assert_eq!(Shelf::of_hash_key(u128::MAX, 0), Shelf(0));
        assert_eq!(Shelf::of_hash_key(u128::MAX, u32::MAX), Shelf(MOST_SHELVES as u32 - 1));
    }

    #[test]
    fn a_run_is_used_again_when_all_of_it_is_given_back() {
        let mut places = Places::default();
        let (left, right) = (Shelf(0), Shelf(7));
        assert_eq!((places.coming(right), places.on(right)), (None, None));
        assert_eq!((places.add_run(right), places.on(left)), (0, None));
        assert_eq!(places.add_run(left), RUN);
        let rest: Vec<_> = (1..RUN).map(|_| places.on(left)).collect();
        assert_eq!(rest, (RUN + 1..2 * RUN).map(Some).collect::<Vec<_>>());
        (RUN..2 * RUN - 1).for_each(|place| places.give_back(place));
        assert_eq!(places.on(left), None, "one place of the run is still in use");
        places.give_back(2 * RUN - 1);
        assert_eq!(places.on(left), Some(RUN));
        assert_eq!(
            (places.coming(right), places.on(right)),
            (Some(1), Some(1)),
            "a shelf goes on with its run"
        );
    }

    #[test]
    fn runs_are_taken_round_and_round() {
        let mut places = Places::default();
        let runs: Vec<u32> = (0..4).map(|shelf| places.add_run(Shelf(shelf)) / RUN).collect();
        for shelf in 0..4 {
            (1..RUN).for_each(|_| assert!(places.on(Shelf(shelf)).is_some()));
        }
        for run in runs {
            (run * RUN..(run + 1) * RUN).for_each(|place| places.give_back(place));
        }
        let mut next = |shelf| places.on(Shelf(shelf)).map(|place| place / RUN);
        assert_eq!([next(9), next(8)], [Some(0), Some(1)]);
        (0..RUN).for_each(|place| places.give_back(place));
        let mut next = |shelf| places.on(Shelf(shelf)).map(|place| place / RUN);
        assert_eq!([next(7), next(6), next(5)], [Some(2), Some(3), Some(0)]);
    }

    #[test]
    fn single_places_come_back_one_by_one() {
        let mut places = Places::default();
        assert_eq!((places.single(), places.add_singles()), (None, 0));
        assert_eq!((places.single(), places.single()), (Some(1), Some(2)));
        places.give_back(1);
        assert_eq!(places.coming_singles().next(), Some(1));
        assert_eq!((places.single(), places.single()), (Some(1), Some(3)));
    }
}
