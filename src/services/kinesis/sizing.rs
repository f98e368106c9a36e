//! What a stream would need: the busiest minute, and the hottest key of each shard.

use crate::engine::{Span, Time};

/// Keys watched at a time. A key with more than a fifth of its shard's records is surely among them.
const WATCHED: usize = 4;

/// The most frequent hash keys of a shard, counted with few counters (Misra and Gries, "Finding repeated elements", 1982).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HotKeys {
    keys: [u128; WATCHED],
    counts: [u64; WATCHED],
    bytes: [u64; WATCHED],
    /// All records.
    all: u64,
}

impl HotKeys {
    #[inline]
    pub(super) fn count(&mut self, key: u128, bytes: u64) {
        self.all += 1;
        let (mut found, mut free) = (None, None);
        for slot in (0..WATCHED).rev() {
            let is_free = self.counts[slot] == 0;
            free = if is_free { Some(slot) } else { free };
            found = if !is_free && self.keys[slot] == key { Some(slot) } else { found };
        }
        if let Some(slot) = found {
            self.counts[slot] += 1;
            self.bytes[slot] += bytes;
        } else if let Some(slot) = free {
            (self.keys[slot], self.counts[slot], self.bytes[slot]) = (key, 1, bytes);
        } else {
            self.counts.iter_mut().for_each(|count| *count -= 1);
        }
    }

    /// The keys of which `goes` says so go on with another shard, which counts them from there.
    pub(super) fn hand_over(&mut self, to: &mut Self, goes: impl Fn(u128) -> bool) {
        for slot in 0..WATCHED {
            if self.counts[slot] > 0 && goes(self.keys[slot]) {
                let count = std::mem::take(&mut self.counts[slot]);
                to.adopt(self.keys[slot], count, self.bytes[slot]);
            }
        }
    }

    /// A key that was counted elsewhere; the least frequent one makes way.
    fn adopt(&mut self, key: u128, count: u64, bytes: u64) {
        self.all += count;
        let same = (0..WATCHED).find(|slot| self.counts[*slot] > 0 && self.keys[*slot] == key);
        let least = (0..WATCHED).min_by_key(|slot| self.counts[*slot]).unwrap_or(0);
        if let Some(slot) = same {
            self.counts[slot] += count;
            self.bytes[slot] += bytes;
        } else if self.counts[least] < count {
            (self.keys[least], self.counts[least], self.bytes[least]) = (key, count, bytes);
        }
    }

    /// How many records were counted.
    #[inline]
    pub(super) fn all(&self) -> u64 {
        self.all
    }

    /// Records and bytes of the hottest key: at least so many. Few records say nothing.
    pub(super) fn hottest(&self) -> (u64, u64) {
        let hottest = (0..WATCHED).max_by_key(|slot| self.counts[*slot]).unwrap_or(0);
        if self.all < 100 { (0, 0) } else { (self.counts[hottest], self.bytes[hottest]) }
    }
}

/// What was offered, taken or not, minute by minute.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Offered {
    minute: Time,
    records: u64,
    bytes: u64,
    pub(super) all_records: u64,
    most_records: u64,
    most_bytes: u64,
}

const MINUTE: Span = Span::from_minutes(1);

impl Offered {
    #[inline]
    pub(super) fn count(&mut self, records: u64, bytes: u64, now: Time) {
        let minute = now.floor_to(MINUTE);
        if minute != self.minute {
            self.end_minute();
            self.minute = minute;
        }
        self.records += records;
        self.bytes += bytes;
        self.all_records += records;
    }

    fn end_minute(&mut self) {
        self.most_records = self.most_records.max(self.records);
        self.most_bytes = self.most_bytes.max(self.bytes);
        (self.records, self.bytes) = (0, 0);
    }

    /// Records and bytes a second in the busiest minute.
    pub(super) fn peak(mut self, now: Time) -> (f64, f64) {
        self.end_minute();
        let seconds = now.since_start().min(MINUTE).as_seconds_f64();
        if seconds <= 0.0 {
            return (0.0, 0.0);
        }
        (self.most_records as f64 / seconds, self.most_bytes as f64 / seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hottest_key_is_found_among_many() {
        let mut keys = HotKeys::default();
        for number in 0..30_000_u128 {
            keys.count(if number % 3 == 0 { 7 } else { 1_000 + number }, 10);
        }
        let (records, bytes) = keys.hottest();
        assert!((4_000..=10_000).contains(&records), "{records}");
        assert!(bytes >= records * 10);
    }

    #[test]
    fn keys_go_on_with_the_shard_that_has_them_now() {
        let (mut parent, mut lower, mut upper) = (HotKeys::default(), HotKeys::default(), HotKeys::default());
        for number in 0..1_000_u128 {
            parent.count(if number % 4 == 0 { 3 } else { 8 }, 10);
        }
        parent.hand_over(&mut lower, |key| key < 5);
        parent.hand_over(&mut upper, |key| key >= 5);
        assert_eq!((lower.hottest(), upper.hottest()), ((250, 2_500), (750, 7_500)));
        upper.count(8, 10);
        // A merge: the children's keys meet again, the less frequent ones make way for others.
        let mut child = HotKeys::default();
        for key in 10..14 {
            child.adopt(key, 100, 1_000);
        }
        lower.hand_over(&mut child, |_| true);
        upper.hand_over(&mut child, |_| true);
        assert_eq!(child.hottest(), (751, 7_510));
        assert_eq!(child.counts.iter().sum::<u64>(), 751 + 250 + 200);
    }

    #[test]
    fn the_busiest_minute_counts() {
        let mut offered = Offered::default();
        offered.count(60, 600, Time::ZERO);
        offered.count(120, 1_200, Time::ZERO + MINUTE);
        offered.count(30, 300, Time::ZERO + MINUTE * 2);
        assert_eq!(offered.peak(Time::ZERO + MINUTE * 3), (2.0, 20.0));
    }
}
