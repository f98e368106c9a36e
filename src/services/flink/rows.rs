//! The sliding windows of SQL: a result for each row that comes, about the rows of the last while ("Sliding Windows",
//! Amazon Kinesis Data Analytics for SQL Applications). Nothing comes out when rows merely leave.

use super::aggregate::Aggregate;
use super::window::{Fired, WindowKey};
use crate::engine::Time;
use std::collections::{BTreeMap, VecDeque};

/// Rows of the last while, by key.
#[derive(Debug, Clone)]
pub(super) struct RowWindows {
    /// How far back a window reaches, milliseconds; its first instant is not in it.
    range: i64,
    rows: BTreeMap<WindowKey, VecDeque<(i64, f64, Time)>>,
    /// Rows of this instant whose results wait for their peers.
    peers: Vec<WindowKey>,
    instant: i64,
}

impl RowWindows {
    /// No rows yet.
    pub(super) fn new(range: i64) -> Self {
        Self { range, rows: BTreeMap::new(), peers: Vec::new(), instant: i64::MIN }
    }

    /// Rows in state.
    pub(super) fn len(&self) -> usize {
        self.rows.values().map(VecDeque::len).sum()
    }

    /// A row comes. Its result waits until all rows of its instant are there.
    pub(super) fn add(
        &mut self,
        key: WindowKey,
        now: i64,
        (value, published): (f64, Time),
        out: &mut Vec<Fired>,
    ) {
        if now != self.instant {
            self.end_instant(out);
            self.instant = now;
        }
        self.rows.entry(key).or_default().push_back((now, value, published));
        self.peers.push(key);
    }

    /// Rows that no window reaches any more are forgotten, with their keys.
    pub(super) fn trim(&mut self, now: i64) {
        let oldest = now - self.range;
        self.rows.retain(|_, rows| rows.back().is_some_and(|(time, ..)| *time > oldest));
    }

    /// All rows of the instant are there: each has its result.
    pub(super) fn end_instant(&mut self, out: &mut Vec<Fired>) {
        let (now, range) = (self.instant, self.range);
        for key in std::mem::take(&mut self.peers) {
            let Some(rows) = self.rows.get_mut(&key) else { continue };
            while rows.front().is_some_and(|(time, ..)| *time <= now - range) {
                rows.pop_front();
            }
            let mut aggregate = Aggregate::EMPTY;
            for (_, value, published) in rows.iter() {
                aggregate.add(*value, *published);
            }
            out.push(Fired { key, start: now - range + 1, end: now + 1, aggregate, is_late: false });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::GroupId;

    #[test]
    fn the_example_of_the_sliding_window() {
        // "Sliding Windows": five seconds, rows at 1, 2, 6, 7 and three at 8.
        let mut rows = RowWindows::new(5);
        let mut out = Vec::new();
        let key = WindowKey { group: GroupId::NONE, step: 0 };
        for now in [1, 2, 6, 7, 8, 8, 8] {
            rows.add(key, now, (1.0, Time::ZERO), &mut out);
        }
        rows.end_instant(&mut out);
        let counts: Vec<u64> = out.iter().map(|one| one.aggregate.count).collect();
        assert_eq!(counts, [1, 2, 2, 2, 5, 5, 5]);
    }
}
