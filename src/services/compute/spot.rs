//! Spot Instances: which instances are some, and how they are interrupted ("Spot Instance interruptions").

use super::Timer;
use super::fleet::Fleet;
use super::instance::LifeCycle;
use super::life_settings::Process;
use crate::engine::Span;
use crate::wire::{Context, Outbox};

/// From the interruption notice to the end ("Spot Instance interruption notices").
const NOTICE: Span = Span::from_minutes(2);

impl Fleet {
    /// Whether the next instance is a Spot Instance.
    pub(super) fn is_next_spot(&self) -> bool {
        let Some(spot) = &self.settings.group.life.spot else { return false };
        let members: u32 = self.census.by_zone.iter().sum();
        members - self.census.spot_members >= spot.on_demand(members + 1)
    }

    /// A Spot Instance is interrupted some day.
    pub(super) fn await_interruption<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        stint: u32,
        cx: &mut Context<'_, O>,
    ) {
        let Some(spot) = self.settings.group.life.spot else { return };
        let Some(mean) = spot.mean_time_to_interruption.filter(|_| self.instances[index as usize].is_spot)
        else {
            return;
        };
        let time = Span::from_seconds_f64(mean.as_seconds_f64() * self.chance.interruption.exponential());
        let Some(notice) = cx.now.checked_add(time) else { return };
        let recommendation = notice.saturating_sub(spot.recommendation_lead).max(cx.now);
        if recommendation < notice {
            cx.outbox.wake(recommendation, Timer::AtRisk { instance: index, stint });
        }
        cx.outbox.wake(notice, Timer::Notice { instance: index, stint });
    }

    /// EC2 recommends to rebalance: the group may launch a replacement now ("Capacity Rebalancing").
    pub(super) fn take_recommendation<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        stint: u32,
        cx: &mut Context<'_, O>,
    ) {
        let rebalances = self.settings.group.life.spot.is_some_and(|spot| spot.capacity_rebalance);
        if rebalances && self.instances[index as usize].stint == stint {
            self.instances[index as usize].is_at_risk = true;
            self.replace_at_risk(index, cx);
        }
    }

    /// Instances that are at risk and could not be replaced at once get another chance.
    pub(super) fn replace_all_at_risk<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.settings.group.life.spot.is_some_and(|spot| spot.capacity_rebalance) {
            for index in 0..self.instances.len() as u32 {
                self.replace_at_risk(index, cx);
            }
        }
    }

    fn replace_at_risk<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let instance = self.instances[index as usize];
        let is_concerned = instance.is_at_risk
            && instance.life == LifeCycle::InService
            && instance.failure.is_none()
            && !instance.is_outgoing;
        if !is_concerned || !self.may_go_beyond() || self.is_suspended(Process::Launch, cx.now) {
            return;
        }
        self.alter(index, "rebalance recommendation", cx, |instance| instance.is_outgoing = true);
        let cause = format!(
            "Launching a new EC2 instance in response to an EC2 instance rebalance recommendation for {}.",
            super::instance_id(instance.launch)
        );
        self.tell(cause, self.desired, "Successful", cx);
        self.reconcile(cx);
    }

    /// The notice comes: two minutes are left.
    pub(super) fn take_notice<O: Outbox<Timer>>(&mut self, index: u32, stint: u32, cx: &mut Context<'_, O>) {
        let Some(spot) = self.settings.group.life.spot else { return };
        let instance = self.instances[index as usize];
        let runs = matches!(
            instance.life,
            LifeCycle::Pending | LifeCycle::InService | LifeCycle::Draining | LifeCycle::Standby
        );
        if instance.stint != stint || !runs || instance.failure == Some(super::instance::Failure::Instance) {
            return;
        }
        self.capacity_metrics.spot_interruptions.add(1);
        self.take_recommendation(index, stint, cx);
        // The recommendation may have let the instance go already.
        let instance = self.instances[index as usize];
        if spot.drains_on_notice && instance.life == LifeCycle::InService {
            self.stop_asking(index, cx);
        }
        let epoch = instance.epoch;
        cx.outbox.wake(cx.now + NOTICE, Timer::Interrupted { instance: index, epoch });
    }

    /// The two minutes are over.
    pub(super) fn interrupt<O: Outbox<Timer>>(&mut self, index: u32, epoch: u32, cx: &mut Context<'_, O>) {
        if self.instances[index as usize].epoch == epoch {
            self.lose(index, "Spot interruption", cx);
            self.update_group_metrics(cx.now);
        }
    }

    /// Some Spot Instances get their notice now, the oldest first.
    pub(super) fn interrupt_some<O: Outbox<Timer>>(&mut self, instances: u32, cx: &mut Context<'_, O>) {
        for index in self.oldest_in_service(instances, |instance| instance.is_spot) {
            let stint = self.instances[index as usize].stint;
            self.take_notice(index, stint, cx);
        }
        self.update_group_metrics(cx.now);
    }
}
