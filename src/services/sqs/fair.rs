//! Fair queues: a tenant that takes more than its share of a standard queue lets the others go first ("Amazon SQS fair
//! queues").
//!
//! A tenant is a `MessageGroupId`; a message without one is its own. Noisy is who has more than a tenth of the messages in
//! flight and at least 30 of them, or who took more than a tenth of the consumers' recent time; AWS gives these numbers as
//! approximate, and neither the length of "recent" nor how fast it notices. Both are assumptions here.

use super::order::Place;
use super::slots::{Extra, State};
use crate::engine::{Span, Time};
use crate::wire::GroupId;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// How noisy neighbours are found.
#[derive(Debug, Clone, Copy)]
pub struct FairSettings {
    /// How long a tenant must be over its share before it counts as noisy.
    pub detection_delay: Span,
}

/// Share of messages in flight, and of the consumers' time, above which a tenant is noisy.
const FAIR_SHARE: f64 = 0.1;
/// With fewer messages in flight nobody is noisy by their number.
const LEAST_IN_FLIGHT: u64 = 30;
/// A tenant that sent nothing for so long is quiet again.
const QUIET_AFTER: Span = Span::from_minutes(5);
/// Tenants are judged this often.
const JUDGED_EVERY: Span = Span::from_seconds(5);
/// The consumers' recent time: so many intervals of judgement, one minute in all.
const RECENT: usize = 12;

/// One group of messages.
#[derive(Debug)]
struct Tenant {
    visible: u64,
    delayed: u64,
    in_flight: u64,
    last_sent: Time,
    /// Message-nanoseconds in flight, by interval of judgement.
    busy: [u64; RECENT],
    busy_since: Time,
    over_since: Option<Time>,
    noisy: bool,
    /// Its visible messages, once it is noisy.
    lane: BinaryHeap<Reverse<Place>>,
}

impl Tenant {
    fn new(now: Time) -> Self {
        Self {
            visible: 0,
            delayed: 0,
            in_flight: 0,
            last_sent: now,
            busy: [0; RECENT],
            busy_since: now,
            over_since: None,
            noisy: false,
            lane: BinaryHeap::new(),
        }
    }

    fn count(&mut self, state: State) -> Option<&mut u64> {
        match state {
            State::Visible => Some(&mut self.visible),
            State::Delayed => Some(&mut self.delayed),
            State::InFlight => Some(&mut self.in_flight),
            State::Free | State::Returning => None,
        }
    }

    /// The time its messages in flight took since it was looked at last.
    fn settle_busy(&mut self, now: Time, interval: usize) {
        self.busy[interval] += (now - self.busy_since).as_nanos() * self.in_flight;
        self.busy_since = now;
    }
}

/// The tenants of a queue.
#[derive(Debug)]
pub(super) struct Fair {
    settings: FairSettings,
    tenants: BTreeMap<GroupId, Tenant>,
    /// The noisy ones.
    noisy: Vec<GroupId>,
    judged_at: Time,
    interval: usize,
    in_flight: u64,
}

/// What is in the queue of tenants that are not noisy, subtracted from everything.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NoisyCounts {
    pub(super) groups: u64,
    pub(super) visible: u64,
    pub(super) in_flight: u64,
    pub(super) delayed: u64,
}

impl Fair {
    pub(super) fn new(settings: FairSettings) -> Self {
        Self {
            settings,
            tenants: BTreeMap::new(),
            noisy: Vec::new(),
            judged_at: Time::ZERO,
            interval: 0,
            in_flight: 0,
        }
    }

    /// A tenant sends.
    pub(super) fn sent(&mut self, group: GroupId, now: Time) {
        self.tenants.entry(group).or_insert_with(|| Tenant::new(now)).last_sent = now;
    }

    /// A message enters a state.
    pub(super) fn entered(&mut self, extra: Option<&Extra>, state: State, now: Time) {
        self.in_flight += u64::from(state == State::InFlight);
        self.change(extra, state, now, 1);
    }

    /// A message leaves a state.
    pub(super) fn left(&mut self, extra: Option<&Extra>, state: State, now: Time) {
        self.in_flight = self.in_flight.saturating_sub(u64::from(state == State::InFlight));
        self.change(extra, state, now, -1);
    }

    fn change(&mut self, extra: Option<&Extra>, state: State, now: Time, by: i64) {
        let group = extra.map_or(GroupId::NONE, |extra| extra.group);
        if group == GroupId::NONE {
            return;
        }
        let interval = self.interval;
        // A tenant without messages may have been forgotten.
        let tenant = self.tenants.entry(group).or_insert_with(|| Tenant::new(now));
        if state == State::InFlight {
            tenant.settle_busy(now, interval);
        }
        if let Some(count) = tenant.count(state) {
            *count = count.saturating_add_signed(by);
        }
    }

    pub(super) fn is_noisy(&self, group: GroupId) -> bool {
        self.noisy.contains(&group)
    }

    /// A message of a noisy tenant was met: it waits in the tenant's lane.
    pub(super) fn set_aside(&mut self, group: GroupId, place: Place) {
        if let Some(tenant) = self.tenants.get_mut(&group) {
            tenant.lane.push(Reverse(place));
        }
    }

    /// The next message of a noisy tenant: of the one with the fewest messages in flight, its oldest.
    pub(super) fn next_noisy(&mut self, is_live: impl Fn(Place) -> bool) -> Option<Place> {
        loop {
            let tenants = &self.tenants;
            let waiting = |group: &&GroupId| tenants.get(group).is_some_and(|tenant| !tenant.lane.is_empty());
            let group = *self
                .noisy
                .iter()
                .filter(waiting)
                .min_by_key(|group| (tenants[*group].in_flight, **group))?;
            let place = self.tenants.get_mut(&group)?.lane.pop().map(|Reverse(place)| place)?;
            if is_live(place) {
                return Some(place);
            }
        }
    }

    /// Judges the tenants, if it is time; gives the messages of those that are quiet again to `give_back`.
    pub(super) fn judge(&mut self, now: Time, mut give_back: impl FnMut(Place)) {
        if now < self.judged_at + JUDGED_EVERY {
            return;
        }
        self.judged_at = now;
        let interval = self.interval;
        let (in_flight, settings) = (self.in_flight, self.settings);
        let mut total = 0;
        for tenant in self.tenants.values_mut() {
            tenant.settle_busy(now, interval);
            total += tenant.busy.iter().sum::<u64>();
        }
        self.noisy.clear();
        self.interval = (interval + 1) % RECENT;
        let next = self.interval;
        self.tenants.retain(|group, tenant| {
            let busy = tenant.busy.iter().sum::<u64>();
            let by_number = tenant.in_flight >= LEAST_IN_FLIGHT
                && tenant.in_flight as f64 > FAIR_SHARE * in_flight as f64;
            let over = by_number || busy as f64 > FAIR_SHARE * total as f64;
            let backlog = tenant.visible + tenant.delayed;
            let silent = now - tenant.last_sent >= QUIET_AFTER;
            tenant.over_since = if over { tenant.over_since.or(Some(now)) } else { None };
            if tenant.noisy {
                tenant.noisy = backlog > 0 && !silent;
            } else if let Some(since) = tenant.over_since {
                tenant.noisy = backlog > 0 && !silent && now - since >= settings.detection_delay;
            }
            if tenant.noisy {
                self.noisy.push(*group);
            } else {
                tenant.lane.drain().for_each(|Reverse(place)| give_back(place));
            }
            tenant.busy[next] = 0;
            backlog + tenant.in_flight > 0 || busy > 0
        });
    }

    /// What belongs to noisy tenants.
    pub(super) fn noisy_counts(&self) -> NoisyCounts {
        let mut counts = NoisyCounts { groups: self.noisy.len() as u64, ..NoisyCounts::default() };
        for tenant in self.noisy.iter().filter_map(|group| self.tenants.get(group)) {
            counts.visible += tenant.visible;
            counts.in_flight += tenant.in_flight;
            counts.delayed += tenant.delayed;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extra(group: u32) -> Extra {
        Extra { group: GroupId(group), ..Extra::NONE }
    }

    fn at(seconds: u64) -> Time {
        Time::ZERO + Span::from_seconds(seconds)
    }

    /// A queue with `loud` messages of tenant 1 in flight and `others` of as many others, and a backlog of tenant 1.
    fn queue(loud: u64, others: u32, delay: u64) -> Fair {
        let mut fair = Fair::new(FairSettings { detection_delay: Span::from_seconds(delay) });
        fair.sent(GroupId(1), at(0));
        fair.entered(Some(&extra(1)), State::Visible, at(0));
        for _ in 0..loud {
            fair.entered(Some(&extra(1)), State::InFlight, at(0));
        }
        for other in 0..others {
            fair.sent(GroupId(100 + other), at(0));
            fair.entered(Some(&extra(100 + other)), State::InFlight, at(0));
        }
        fair
    }

    #[test]
    fn a_tenth_of_what_is_in_flight_and_thirty_messages_make_noise() {
        let is_noisy = |loud, others| {
            let mut fair = queue(loud, others, 0);
            // Judged before anybody has taken time.
            fair.judged_at = Time::ZERO;
            fair.judge(at(5), |_| {});
            fair.is_noisy(GroupId(1))
        };
        assert!(is_noisy(30, 100), "30 of 130, both by number and by time");
        assert!(!is_noisy(30, 270), "exactly a tenth");
        assert!(is_noisy(31, 270));
        assert!(is_noisy(12, 100), "by time: 12 of 112 messages took more than a tenth of it");
        assert!(!is_noisy(11, 100));
    }

    #[test]
    fn noise_is_noticed_after_a_while_and_ends_with_the_backlog() {
        let mut fair = queue(50, 10, 20);
        let mut noisy = Vec::new();
        for second in (5..40).step_by(5) {
            fair.judge(at(second), |_| {});
            noisy.push(fair.is_noisy(GroupId(1)));
        }
        assert_eq!(noisy, [false, false, false, false, true, true, true]);
        fair.left(Some(&extra(1)), State::Visible, at(40));
        fair.judge(at(40), |_| {});
        assert!(!fair.is_noisy(GroupId(1)), "nothing of it waits any more");
    }

    #[test]
    fn who_sends_nothing_for_five_minutes_is_quiet() {
        let mut fair = queue(50, 10, 0);
        fair.judge(at(299), |_| {});
        assert!(fair.is_noisy(GroupId(1)));
        let counts = fair.noisy_counts();
        assert_eq!((counts.groups, counts.visible, counts.in_flight, counts.delayed), (1, 1, 50, 0));
        fair.judge(at(304), |_| {});
        assert!(!fair.is_noisy(GroupId(1)));
    }
}
