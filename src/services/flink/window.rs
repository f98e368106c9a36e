//! Windows, as Flink assigns, merges, fires and forgets them ("Windows", nightlies.apache.org/flink). Nothing here knows
//! streams or messages: times are milliseconds since 1970, and somebody tells how far time has come.

use super::aggregate::Aggregate;
use crate::engine::Time;
use crate::wire::GroupId;
use std::collections::BTreeMap;

/// Which windows an element falls into. Lengths are milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assigner {
    /// Windows of one length, a slide apart: tumbling when both are equal.
    Sliding {
        /// How long each is.
        size: i64,
        /// From the start of one to the start of the next.
        slide: i64,
        /// What the starts are moved by.
        offset: i64,
    },
    /// A window ends when nothing has come for a while.
    Session {
        /// How long.
        gap: i64,
    },
    /// A window opens with the first element that has none to fall into ("Stagger Windows").
    Stagger {
        /// How long it stays open.
        size: i64,
    },
}

/// What a window is for: a key, and in SQL a second one beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WindowKey {
    /// The key that elements are grouped by; `NONE` without any.
    pub(super) group: GroupId,
    /// The step of event time that they are grouped by besides; zero without.
    pub(super) step: i64,
}

/// A window: its end first, because the earliest end fires first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    end: i64,
    key: WindowKey,
    start: i64,
}

/// A result of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fired {
    /// Of which key.
    pub(super) key: WindowKey,
    /// Its first millisecond.
    pub(super) start: i64,
    /// The first millisecond after it.
    pub(super) end: i64,
    /// What was in it.
    pub(super) aggregate: Aggregate,
    /// Whether it corrects an earlier result.
    pub(super) is_late: bool,
}

/// What became of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is in at least one window.
    Taken,
    /// All its windows are over.
    Late,
    /// There is no window where it falls: the slide is longer than the window.
    Outside,
}

/// The windows of one operator.
#[derive(Debug, Clone)]
pub(super) struct Windows {
    assigner: Assigner,
    /// How long a window takes late elements, milliseconds.
    lateness: i64,
    /// How far time has come: the watermark, or the last millisecond that is over.
    clock: i64,
    open: BTreeMap<Place, Aggregate>,
    /// Windows that have fired and still take late elements.
    fired: BTreeMap<Place, Aggregate>,
    /// Windows that depend on what has come, by key and start: their ends.
    grown: BTreeMap<(WindowKey, i64), i64>,
}

impl Windows {
    /// No windows yet.
    pub(super) fn new(assigner: Assigner, lateness: i64) -> Self {
        Self {
            assigner,
            lateness,
            clock: i64::MIN,
            open: BTreeMap::new(),
            fired: BTreeMap::new(),
            grown: BTreeMap::new(),
        }
    }

    /// Windows in state.
    pub(super) fn len(&self) -> usize {
        self.open.len() + self.fired.len()
    }

    /// When the next window ends.
    pub(super) fn next_end(&self) -> Option<i64> {
        self.open.first_key_value().map(|(place, _)| place.end)
    }

    /// A restart: windows are state, watermarks are not.
    pub(super) fn forget_time(&mut self) {
        self.clock = i64::MIN;
    }

    /// An element comes.
    #[inline]
    pub(super) fn add(
        &mut self,
        key: WindowKey,
        time: i64,
        (value, published): (f64, Time),
        out: &mut Vec<Fired>,
    ) -> Outcome {
        let mut one = Aggregate::EMPTY;
        one.add(value, published);
        let taken = match self.assigner {
            Assigner::Sliding { size, slide, offset } => {
                let mut taken = false;
                // "Windows": `timestamp - (timestamp - offset) mod slide`.
                let mut start = time - (time - offset).rem_euclid(slide);
                while start > time - size {
                    taken |= self.enter(Place { end: start + size, key, start }, one, out);
                    start -= slide;
                }
                taken
            }
            Assigner::Session { gap } => self.enter_session(key, time, gap, one, out),
            Assigner::Stagger { size } => {
                let last = self.grown.range((key, i64::MIN)..=(key, time)).next_back();
                let (start, end) = match last {
                    Some(((_, start), end)) if time < *end => (*start, *end),
                    _ => {
                        self.grown.insert((key, time), time + size);
                        (time, time + size)
                    }
                };
                self.enter(Place { end, key, start }, one, out)
            }
        };
        if taken {
            return Outcome::Taken;
        }
        // "Allowed lateness": an element that is in no window is late only when its own time is.
        if time.saturating_add(self.lateness) <= self.clock { Outcome::Late } else { Outcome::Outside }
    }

    fn is_over(&self, end: i64) -> bool {
        (end - 1).saturating_add(self.lateness) <= self.clock
    }

    /// Adds to a window, unless it is over; one that has fired fires again ("`EventTimeTrigger`").
    #[inline]
    fn enter(&mut self, place: Place, more: Aggregate, out: &mut Vec<Fired>) -> bool {
        if self.is_over(place.end) {
            return false;
        }
        if place.end - 1 <= self.clock {
            let aggregate = self.fired.entry(place).or_insert(Aggregate::EMPTY);
            aggregate.merge(&more);
            out.push(place.result(*aggregate, true));
            return true;
        }
        let aggregate = self.open.entry(place).or_insert(Aggregate::EMPTY);
        aggregate.merge(&more);
        if !self.fired.is_empty()
            && let Some(before) = self.fired.remove(&place)
        {
            // After a restart the watermark begins anew, and the window will fire once more.
            aggregate.merge(&before);
        }
        true
    }

    /// Sessions that touch become one ("`TimeWindow.intersects`" counts the common edge).
    fn enter_session(
        &mut self,
        key: WindowKey,
        time: i64,
        gap: i64,
        one: Aggregate,
        out: &mut Vec<Fired>,
    ) -> bool {
        let (mut start, mut end) = (time, time + gap);
        let touching: Vec<(i64, i64)> = self
            .grown
            .range((key, i64::MIN)..=(key, end))
            .rev()
            .take_while(|(_, known_end)| **known_end >= time)
            .map(|((_, known_start), known_end)| (*known_start, *known_end))
            .collect();
        for (known_start, known_end) in &touching {
            start = start.min(*known_start);
            end = end.max(*known_end);
        }
        if self.is_over(end) {
            return false;
        }
        let mut all = one;
        for (known_start, known_end) in touching {
            self.grown.remove(&(key, known_start));
            let place = Place { end: known_end, key, start: known_start };
            if let Some(known) = self.open.remove(&place).or_else(|| self.fired.remove(&place)) {
                all.merge(&known);
            }
        }
        self.grown.insert((key, start), end);
        self.enter(Place { end, key, start }, all, out)
    }

    /// Time has come so far: windows that are over fire, the earliest end first, and what takes no late elements any
    /// more is forgotten.
    pub(super) fn advance(&mut self, clock: i64, out: &mut Vec<Fired>) {
        if clock <= self.clock {
            return;
        }
        self.clock = clock;
        while let Some(entry) = self.open.first_entry().filter(|entry| entry.key().end - 1 <= clock) {
            let (place, aggregate) = entry.remove_entry();
            out.push(place.result(aggregate, false));
            if self.is_over(place.end) {
                self.forget(place);
            } else {
                self.fired.insert(place, aggregate);
            }
        }
        while let Some(entry) = self.fired.first_entry() {
            let place = *entry.key();
            if (place.end - 1).saturating_add(self.lateness) > clock {
                break;
            }
            entry.remove();
            self.forget(place);
        }
    }

    fn forget(&mut self, place: Place) {
        if !matches!(self.assigner, Assigner::Sliding { .. }) {
            self.grown.remove(&(place.key, place.start));
        }
    }
}

impl Place {
    fn result(self, aggregate: Aggregate, is_late: bool) -> Fired {
        Fired { key: self.key, start: self.start, end: self.end, aggregate, is_late }
    }
}

#[cfg(test)]
#[path = "window_tests.rs"]
mod tests;
