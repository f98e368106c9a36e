//! What is done to a group at given times: by hand, or by the world.

use super::Timer;
use super::fleet::{Activity, Fleet};
use super::instance::{Application, LifeCycle};
use super::life_settings::Order;
use crate::wire::{Context, Outbox};

impl Fleet {
    /// The time of an order has come.
    pub(super) fn obey<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        match self.settings.group.life.orders[index as usize].1 {
            Order::ZoneDown(zone) => self.lose_zone(zone, cx),
            Order::Fail { what, instances } => {
                for index in self.oldest_in_service(instances, |_| true) {
                    self.break_down(index, what, cx);
                }
            }
            Order::Interrupt { instances } => self.interrupt_some(instances, cx),
            Order::EnterStandby { instances, decrement } => self.enter_standby(instances, decrement, cx),
            Order::ExitStandby { instances } => self.exit_standby(instances, cx),
            Order::Terminate { instances, decrement } => self.terminate_by_hand(instances, decrement, cx),
            Order::Protect(protected) => {
                for index in self.oldest_in_service(u32::MAX, |_| true) {
                    self.instances[index as usize].is_protected = protected;
                }
                self.reconcile(cx);
            }
            Order::Reconcile => self.reconcile(cx),
            Order::StartRefresh(index) => self.start_refresh(index, cx),
            Order::CancelRefresh => self.cancel_refresh(cx),
            Order::RollBackRefresh => self.roll_back_by_hand(cx),
        }
    }

    /// Whether the desired capacity may go down by so many; if not, the call is refused as a whole.
    fn may_decrement<O>(&mut self, call: &str, instances: u32, cx: &mut Context<'_, O>) -> bool {
        let least = self.scaling.min_size();
        let allowed = self.desired.checked_sub(instances).is_some_and(|desired| desired >= least);
        if !allowed {
            let cause = format!(
                "{call} of {instances} refused: the desired capacity {} would fall below min_size {least}.",
                self.desired
            );
            self.tell(cause, self.desired, "Failed", cx);
        }
        allowed
    }

    fn enter_standby<O: Outbox<Timer>>(&mut self, instances: u32, decrement: bool, cx: &mut Context<'_, O>) {
        let chosen = self.oldest_in_service(instances, |one| !one.is_outgoing);
        if decrement && !self.may_decrement("EnterStandby", chosen.len() as u32, cx) {
            return;
        }
        let old_desired = self.desired;
        for index in &chosen {
            self.alter(*index, "EnterStandby", cx, |instance| instance.life = LifeCycle::Standby);
            self.stop_asking(*index, cx);
            self.desired -= u32::from(decrement);
        }
        self.tell(format!("EnterStandby of {} instances.", chosen.len()), old_desired, "Successful", cx);
        self.reconcile(cx);
    }

    /// The instances that left first return. Each raises the desired capacity ("Temporarily remove instances from your Auto
    /// Scaling group").
    fn exit_standby<O: Outbox<Timer>>(&mut self, instances: u32, cx: &mut Context<'_, O>) {
        let mut resting: Vec<(u64, u32)> = (0_u32..)
            .zip(&self.instances)
            .filter(|(_, one)| one.life == LifeCycle::Standby)
            .map(|(index, one)| (one.launch, index))
            .collect();
        resting.sort_unstable();
        resting.truncate(instances as usize);
        let (number, most, old_desired) = (resting.len() as u32, self.scaling.max_size(), self.desired);
        if old_desired + number > most {
            let cause = format!(
                "ExitStandby of {number} refused: the desired capacity {old_desired} would exceed max_size {most}."
            );
            self.tell(cause, old_desired, "Failed", cx);
            return;
        }
        for (_, index) in resting {
            self.desired += 1;
            self.alter(index, "ExitStandby", cx, |instance| {
                instance.life = LifeCycle::Pending;
                if instance.failure.is_none() && instance.application != Application::Starting {
                    instance.application = Application::Up;
                    instance.start = instance.start.wrapping_add(1);
                }
            });
            self.enter_service(index, cx);
        }
        self.tell(format!("ExitStandby of {number} instances."), old_desired, "Successful", cx);
        self.reconcile(cx);
    }

    fn terminate_by_hand<O: Outbox<Timer>>(
        &mut self,
        instances: u32,
        decrement: bool,
        cx: &mut Context<'_, O>,
    ) {
        let chosen = self.oldest_in_service(instances, |_| true);
        let call = "TerminateInstanceInAutoScalingGroup";
        if decrement && !self.may_decrement(call, chosen.len() as u32, cx) {
            return;
        }
        let old_desired = self.desired;
        for index in &chosen {
            self.instances[*index as usize].activity = Activity::NONE;
            self.terminate(*index, "terminated by hand", cx);
            self.desired -= u32::from(decrement);
        }
        self.tell(format!("{call} of {} instances.", chosen.len()), old_desired, "Successful", cx);
        self.reconcile(cx);
    }
}
