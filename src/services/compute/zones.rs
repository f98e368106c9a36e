//! Availability Zones: where instances are launched, where there is no capacity, and how the group spreads evenly.

use super::Timer;
use super::fleet::Fleet;
use super::instance::{LifeCycle, MOST_ZONES};
use super::life_settings::Process;
use crate::engine::Time;
use crate::wire::{Context, Outbox};

/// A zone's letter.
pub(super) fn zone_letter(zone: u8) -> char {
    char::from(b'a' + zone)
}

impl Fleet {
    fn zones(&self) -> std::ops::Range<u8> {
        0..self.settings.group.life.zones
    }

    /// Instances in a zone, of the group or of its warm pool.
    fn in_zone(&self, zone: u8, life: LifeCycle) -> u32 {
        let zone = usize::from(zone);
        match life {
            LifeCycle::Warmed | LifeCycle::WarmedPending => self.census.pool_by_zone[zone],
            _ => self.census.by_zone[zone],
        }
    }

    /// The zone with the fewest instances; the first of several.
    pub(super) fn emptiest_zone(&self, life: LifeCycle) -> u8 {
        self.zones().min_by_key(|zone| self.in_zone(*zone, life)).unwrap_or(0)
    }

    /// Whether anything can be launched in a zone.
    pub(super) fn is_open(&self, zone: u8, now: Time) -> bool {
        let windows = &self.settings.group.life.capacity_errors.windows;
        !windows.iter().any(|(from, until, which)| {
            *from <= now && now < *until && which.is_none_or(|which| which == zone)
        })
    }

    /// A zone that EC2 has capacity in: the emptiest one, or another when there is none ("Benefits of Auto Scaling for
    /// application architecture": instance distribution).
    pub(super) fn find_zone<O>(&mut self, life: LifeCycle, cx: &mut Context<'_, O>) -> Option<u8> {
        let mut tried = [false; MOST_ZONES];
        loop {
            let left = self.zones().filter(|zone| !tried[usize::from(*zone)]);
            let zone = left.min_by_key(|zone| self.in_zone(*zone, life))?;
            tried[usize::from(zone)] = true;
            let probability = self.settings.group.life.capacity_errors.probability;
            let has_capacity = self.is_open(zone, cx.now)
                && (probability <= 0.0 || !self.chance.capacity.chance(probability));
            if has_capacity {
                return Some(zone);
            }
            self.note_refusal(zone, cx);
        }
    }

    fn note_refusal<O>(&mut self, zone: u8, cx: &mut Context<'_, O>) {
        self.capacity_metrics.launches_failed.add(1);
        // Several launches of one instant are told once.
        if self.refused_at[usize::from(zone)].replace(cx.now) == Some(cx.now) {
            return;
        }
        let cause = format!(
            "Launching a new EC2 instance. InsufficientInstanceCapacity: we currently do not have sufficient capacity in \
             zone {}.",
            zone_letter(zone)
        );
        self.tell(cause, self.desired, "Failed", cx);
    }

    /// A zone with two instances fewer than another gets one before the other loses one: launching comes first, and may
    /// go beyond the largest size for a while.
    pub(super) fn rebalance<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.settings.group.life.zones == 1
            || self.is_suspended(Process::AzRebalance, cx.now)
            || self.is_suspended(Process::Launch, cx.now)
            || self.no_launch_until > cx.now
        {
            return;
        }
        while self.may_go_beyond() && self.census.present() == self.desired {
            let open = self.zones().filter(|zone| self.is_open(*zone, cx.now));
            let fewest = open.map(|zone| self.in_zone(zone, LifeCycle::InService)).min();
            let fullest = self.zones().rev().max_by_key(|zone| self.in_zone(*zone, LifeCycle::InService));
            let (Some(fewest), Some(fullest)) = (fewest, fullest) else { return };
            if self.in_zone(fullest, LifeCycle::InService) < fewest + 2 {
                return;
            }
            let Some(index) = self.next_in_zone(fullest, cx.now) else { return };
            self.alter(index, "rebalancing", cx, |instance| instance.is_outgoing = true);
            let cause = format!(
                "At {} instances in zone {} and {fewest} in the emptiest, an instance was launched to balance the zones.",
                self.in_zone(fullest, LifeCycle::InService) + 1,
                zone_letter(fullest)
            );
            self.tell(cause, self.desired, "Successful", cx);
            self.reconcile(cx);
        }
    }

    /// Everything in a zone is gone.
    pub(super) fn lose_zone<O: Outbox<Timer>>(&mut self, zone: u8, cx: &mut Context<'_, O>) {
        for index in 0..self.instances.len() {
            if self.instances[index].zone == zone {
                self.lose(index as u32, "zone outage", cx);
            }
        }
        self.reconcile(cx);
    }
}
