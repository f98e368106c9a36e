//! Which instance goes when the group shrinks, and which may not ("Configure termination policies for Amazon EC2 Auto
//! Scaling", "Use instance scale-in protection").

use super::Timer;
use super::fleet::Fleet;
use super::instance::{Instance, LifeCycle};
use super::settings::TerminationPolicy;
use super::worker::Doing;
use crate::engine::{Span, Time};
use crate::wire::{Context, Outbox};

impl Fleet {
    /// The next to go; `None` when all are protected. Instances in service go before those still being launched.
    pub(super) fn next_to_terminate(&mut self, now: Time) -> Option<u32> {
        self.choose(LifeCycle::InService, None, now).or_else(|| self.choose(LifeCycle::Pending, None, now))
    }

    /// The next to go of those in service in a zone.
    pub(super) fn next_in_zone(&mut self, zone: u8, now: Time) -> Option<u32> {
        self.choose(LifeCycle::InService, Some(zone), now)
    }

    /// The balance of zones outranks every policy: the choice is among instances of the zones that have the most. Each
    /// policy leaves some of those the former one left; if several are left, one of them is drawn.
    fn choose(&mut self, life: LifeCycle, zone: Option<u8>, now: Time) -> Option<u32> {
        let mut left: Vec<u32> = (0_u32..)
            .zip(&self.instances)
            .filter(|(index, one)| one.life == life && !one.is_outgoing && !self.is_protected(*index))
            .filter(|(_, one)| zone.is_none_or(|zone| one.zone == zone))
            .map(|(index, _)| index)
            .collect();
        let by_zone = self.census.by_zone;
        let in_zone_of = |one: &Instance| by_zone[usize::from(one.zone)];
        self.keep(&mut left, |one| u64::from(u32::MAX - in_zone_of(one)));
        for number in 0..self.settings.group.termination_policies.len() {
            match self.settings.group.termination_policies[number] {
                TerminationPolicy::OldestInstance => self.keep(&mut left, |one| one.launch),
                TerminationPolicy::NewestInstance => self.keep(&mut left, |one| u64::MAX - one.launch),
                TerminationPolicy::ClosestToNextInstanceHour => {
                    self.keep(&mut left, |one| to_next_hour(one, now));
                }
                TerminationPolicy::AllocationStrategy => self.align(&mut left),
                TerminationPolicy::Default => {
                    self.align(&mut left);
                    self.keep(&mut left, |one| to_next_hour(one, now));
                }
            }
        }
        match left.as_slice() {
            [] => None,
            [only] => Some(*only),
            several => Some(several[self.chance.termination_choice.below(several.len() as u64) as usize]),
        }
    }

    /// Only those with the smallest key are left.
    fn keep(&self, left: &mut Vec<u32>, key: impl Fn(&Instance) -> u64) {
        let key = |index: &u32| key(&self.instances[*index as usize]);
        if let Some(smallest) = left.iter().map(key).min() {
            left.retain(|index| key(index) == smallest);
        }
    }

    /// Spot or on-demand, whichever the group has too many of once one has gone.
    fn align(&self, left: &mut Vec<u32>) {
        let Some(spot) = &self.settings.group.life.spot else { return };
        let members: u32 = self.census.by_zone.iter().sum();
        let on_demand = members - self.census.spot_members;
        let is_spot_surplus = on_demand <= spot.on_demand(members.saturating_sub(1));
        self.keep(left, |one| u64::from(one.is_spot != is_spot_surplus));
    }

    /// Whether scale-in must spare an instance. One that protects itself does so from the receive that brought messages to
    /// the end of their batch.
    pub(super) fn is_protected(&self, index: u32) -> bool {
        let instance = &self.instances[index as usize];
        if self.settings.group.life.protect_while_processing && instance.takes_messages {
            let first = instance.first_worker as usize;
            let workers = &self.workers[first..first + self.settings.threads as usize];
            return workers.iter().any(|worker| worker.batch.is_some() || worker.doing == Doing::Calling);
        }
        instance.is_protected
    }

    /// An instance has ended a batch: if the group waits for one that it may terminate, it may be this one.
    #[inline]
    pub(super) fn look_for_surplus<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        if self.surplus_waits && !self.is_protected(index) {
            self.reconcile(cx);
        }
        if self.refresh_waits && !self.is_protected(index) {
            self.look_at_refresh(false, cx);
        }
    }

    /// The oldest healthy instances in service that satisfy a condition.
    pub(super) fn oldest_in_service(&self, number: u32, condition: impl Fn(&Instance) -> bool) -> Vec<u32> {
        let mut serving: Vec<(u64, u32)> = (0_u32..)
            .zip(&self.instances)
            .filter(|(_, one)| one.life == LifeCycle::InService && one.failure.is_none() && condition(one))
            .map(|(index, one)| (one.launch, index))
            .collect();
        serving.sort_unstable();
        serving.truncate(number as usize);
        serving.into_iter().map(|(_, index)| index).collect()
    }
}

/// Nanoseconds until the next hour of an instance's bill begins.
fn to_next_hour(instance: &Instance, now: Time) -> u64 {
    let hour = Span::from_hours(1).as_nanos();
    hour - (now.saturating_since(instance.launched_at)).as_nanos() % hour
}
