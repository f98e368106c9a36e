//! Instance refreshes: the instances of a group are replaced, as many at once as the group can do without ("Use an instance
//! refresh to update instances in an Auto Scaling group").
//!
//! A refresh looks at the group whenever something may have changed: at its start, when a new instance is warm, and once in
//! each interval of the health checks. At each look it takes what it may: with room below, an old instance is terminated and
//! its replacement launched at the same time; with room above, the replacement is launched first, and the old instance goes
//! when enough others are ready.

use super::Timer;
use super::fleet::{Activity, Fleet};
use super::instance::{Application, Failure, Instance, LifeCycle};
use super::life_settings::Process;
use super::refresh_settings::{InTheWay, InstanceRefresh};
use crate::engine::{Span, Time};
use crate::wire::{AlarmState, Context, Outbox};

/// The number by which alarms tell a group's refreshes that they are in ALARM: no policy has it.
pub const REFRESH_ALARM: u32 = u32::MAX;

/// How long a refresh waits for replacements that do not come ("Undo changes with a manual or auto rollback").
const PATIENCE: Span = Span::from_hours(1);
/// The longest refresh.
const LONGEST: Span = Span::from_hours(14 * 24);

/// What a refresh is doing, as the API calls it (`InstanceRefreshStatus`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    InProgress,
    /// After a checkpoint, until this time.
    Paused(Time),
    /// At its end, until this time.
    Baking(Time),
    RollbackInProgress,
}

/// The refresh under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refresh {
    /// Which of the group's refreshes.
    index: u32,
    status: Status,
    began: Time,
    /// When it last got on.
    progress_at: Time,
    /// Old are the instances launched after this one …
    after: u64,
    /// … up to this one.
    up_to: u64,
    /// The version of new instances.
    pub(super) version: u16,
    /// The next checkpoint.
    checkpoint: usize,
    /// Old instances of the last look.
    left: u32,
}

/// The group as a refresh sees it.
struct View {
    desired: u32,
    /// In service, healthy and warm.
    ready: u32,
    /// Of those, the ones that are not old.
    new_ready: u32,
    /// In service or being launched.
    there: u32,
    /// Old instances that stay for now, oldest first.
    old: Vec<u32>,
    /// Old instances that go as soon as others are ready.
    going: Vec<u32>,
    /// Old instances that it may not touch, but waits for.
    awaited: u32,
}

impl Fleet {
    /// The version of instances that are launched now.
    pub(super) fn launch_version(&self) -> u16 {
        self.refresh.map_or(self.version, |refresh| refresh.version)
    }

    fn refresh_settings(&self, refresh: &Refresh) -> &InstanceRefresh {
        &self.settings.group.life.refreshes[refresh.index as usize]
    }

    /// "`StartInstanceRefresh`". One at a time.
    pub(super) fn start_refresh<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        if self.refresh.is_some() {
            let cause = "StartInstanceRefresh refused: InstanceRefreshInProgress.".to_owned();
            self.tell(cause, self.desired, "Failed", cx);
            return;
        }
        let settings = &self.settings.group.life.refreshes[index as usize];
        let version = settings.version.unwrap_or(self.version);
        let refresh = Refresh {
            index,
            status: Status::InProgress,
            began: cx.now,
            progress_at: cx.now,
            after: 0,
            up_to: self.launches,
            version,
            checkpoint: 0,
            left: self.desired,
        };
        let cause = format!(
            "Instance refresh started: launch template version {}, at least {} % healthy, at most {} %.",
            self.settings.group.life.versions[usize::from(version)].name,
            settings.min_healthy,
            settings.max_healthy,
        );
        self.refresh = Some(refresh);
        self.tell(cause, self.desired, "InProgress", cx);
        self.advance_refresh(cx);
        if self.refresh.is_some() {
            self.await_look(cx);
        }
    }

    fn await_look<O: Outbox<Timer>>(&self, cx: &mut Context<'_, O>) {
        let interval = self.settings.group.life.health.interval;
        cx.outbox.wake(cx.now + interval, Timer::Refresh { is_look: true });
    }

    /// A time has come at which a refresh may get on.
    pub(super) fn look_at_refresh<O: Outbox<Timer>>(&mut self, is_look: bool, cx: &mut Context<'_, O>) {
        self.advance_refresh(cx);
        if is_look && self.refresh.is_some() {
            self.await_look(cx);
        }
    }

    /// An instance came into service: the refresh gets on when it is warm.
    pub(super) fn tell_refresh<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if let Some(refresh) = &mut self.refresh {
            refresh.progress_at = cx.now;
            let warm_up = self.settings.group.life.refreshes[refresh.index as usize].warm_up;
            cx.outbox.wake(cx.now.saturating_add(warm_up), Timer::Refresh { is_look: false });
        }
    }

    /// A refresh gets as far as it can.
    fn advance_refresh<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let Some(refresh) = self.refresh else { return };
        match refresh.status {
            Status::Paused(until) if cx.now < until => return,
            Status::Baking(until) if cx.now < until => return,
            Status::Baking(_) => return self.end_refresh("Successful", "Instance refresh successful", cx),
            Status::Paused(_) => self.set_status(Status::InProgress, cx.now),
            Status::InProgress | Status::RollbackInProgress => {}
        }
        let Some(refresh) = self.refresh else { return };
        if cx.now >= refresh.progress_at.saturating_add(PATIENCE) {
            self.fail_refresh("nothing could be replaced for an hour", cx);
        } else if cx.now >= refresh.began.saturating_add(LONGEST) {
            self.fail_refresh("it took 14 days", cx);
        }
        self.replace_old(cx);
    }

    fn set_status(&mut self, status: Status, now: Time) {
        if let Some(refresh) = &mut self.refresh {
            refresh.status = status;
            refresh.progress_at = now;
        }
    }

    /// Old instances are replaced, as many as may be.
    fn replace_old<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let stands_still = [Process::Launch, Process::Terminate, Process::InstanceRefresh]
            .into_iter()
            .any(|process| self.is_suspended(process, cx.now));
        while let Some(refresh) = self.refresh {
            let view = self.view(&refresh, cx.now);
            if view.old.len() as u32 + view.going.len() as u32 + view.awaited < refresh.left {
                self.refresh = Some(Refresh {
                    left: view.old.len() as u32 + view.going.len() as u32 + view.awaited,
                    progress_at: cx.now,
                    ..refresh
                });
            }
            if self.reach_checkpoint(&view, cx) || stands_still || !self.replace_one(&view, cx) {
                return;
            }
        }
    }

    /// Replaces one more instance, if it may; gives whether it did.
    fn replace_one<O: Outbox<Timer>>(&mut self, view: &View, cx: &mut Context<'_, O>) -> bool {
        let Some(refresh) = self.refresh else { return false };
        let settings = self.refresh_settings(&refresh);
        let (least, most) = (settings.least_ready(view.desired), settings.most_there(view.desired));
        let ready_without = |index: u32| view.ready - u32::from(self.is_ready(index, &refresh, cx.now));
        if let Some(index) = view.going.first().copied().filter(|index| ready_without(*index) >= least) {
            self.go_for_refresh(index, cx);
            return true;
        }
        let limit = match refresh.status {
            Status::InProgress => settings.new_at(refresh.checkpoint, view.desired),
            _ => view.desired,
        };
        let left_over = view.desired.saturating_sub(limit);
        let Some(index) =
            view.old.first().copied().filter(|_| view.old.len() as u32 + view.awaited > left_over)
        else {
            return false;
        };
        // Without room above or below, one at a time.
        let is_tight = least >= view.desired && most <= view.desired;
        let nothing_under_way = view.going.is_empty() && view.ready == view.there;
        if ready_without(index) >= least || is_tight && nothing_under_way {
            self.go_for_refresh(index, cx);
            return true;
        }
        if view.there < most && self.no_launch_until <= cx.now {
            self.alter(index, "instance refresh", cx, |instance| {
                instance.is_outgoing = true;
                instance.awaits_refresh = true;
            });
            self.reconcile(cx);
            return true;
        }
        false
    }

    /// An old instance goes; its place is free at once.
    fn go_for_refresh<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        self.capacity_metrics.instances_refreshed.add(1);
        let launch = self.instances[index as usize].launch;
        let cause = format!(
            "Terminating EC2 instance: {}: an instance refresh replaces it.",
            super::instance_id(launch)
        );
        self.tell(cause, self.desired, "Successful", cx);
        self.instances[index as usize].activity = Activity::NONE;
        self.terminate(index, "instance refresh", cx);
        self.reconcile(cx);
    }

    /// Whether a checkpoint, or the end, is reached.
    fn reach_checkpoint<O: Outbox<Timer>>(&mut self, view: &View, cx: &mut Context<'_, O>) -> bool {
        let Some(refresh) = self.refresh else { return true };
        let settings = self.refresh_settings(&refresh);
        let none_left = view.old.is_empty() && view.going.is_empty() && view.awaited == 0;
        if refresh.status == Status::RollbackInProgress {
            if none_left && view.ready >= view.desired {
                self.end_refresh("RollbackSuccessful", "Instance refresh rolled back", cx);
                return true;
            }
            return false;
        }
        let (percentage, limit) = match settings.checkpoints.get(refresh.checkpoint) {
            Some(percentage) => (*percentage, settings.new_at(refresh.checkpoint, view.desired)),
            None => (100, view.desired),
        };
        let is_last = refresh.checkpoint + 1 >= settings.checkpoints.len() && percentage < 100;
        let is_reached = percentage < 100 && view.going.is_empty() && view.new_ready >= limit;
        // What is left alone cannot become new.
        let is_complete = none_left && view.ready >= view.desired.min(view.there);
        if is_complete || is_last && is_reached {
            let (bake_time, done) = (settings.bake_time, view.new_ready);
            if bake_time > Span::ZERO {
                let cause = format!("Instance refresh bakes: {done} of {} instances are new.", view.desired);
                self.tell(cause, self.desired, "Baking", cx);
                self.set_status(Status::Baking(cx.now + bake_time), cx.now);
                cx.outbox.wake(cx.now + bake_time, Timer::Refresh { is_look: false });
            } else {
                self.end_refresh("Successful", "Instance refresh successful", cx);
            }
            return true;
        }
        if !is_reached {
            return false;
        }
        let until = cx.now.saturating_add(settings.checkpoint_delay);
        let cause = format!(
            "Instance refresh reached its checkpoint at {percentage} %: {} of {} instances are new.",
            view.new_ready, view.desired
        );
        self.tell(cause, self.desired, "InProgress", cx);
        self.set_status(Status::Paused(until), cx.now);
        if let Some(refresh) = &mut self.refresh {
            refresh.checkpoint += 1;
        }
        cx.outbox.wake(until, Timer::Refresh { is_look: false });
        true
    }

    fn view(&mut self, refresh: &Refresh, now: Time) -> View {
        let settings = self.refresh_settings(refresh);
        let (protected, standby) = (settings.protected, settings.standby);
        let mut view = View {
            desired: self.desired,
            ready: 0,
            new_ready: 0,
            there: self.count(LifeCycle::InService) + self.count(LifeCycle::Pending),
            old: Vec::new(),
            going: Vec::new(),
            awaited: 0,
        };
        self.refresh_waits = false;
        for index in 0..self.instances.len() as u32 {
            let instance = &self.instances[index as usize];
            let is_ready = self.is_ready(index, refresh, now);
            let is_old = self.is_old(instance, refresh);
            view.ready += u32::from(is_ready);
            view.new_ready += u32::from(is_ready && !is_old);
            match instance.life {
                LifeCycle::InService if is_old && instance.awaits_refresh => view.going.push(index),
                LifeCycle::InService if is_old && !instance.is_outgoing => {
                    let way = if self.is_protected(index) { protected } else { InTheWay::Replace };
                    match way {
                        InTheWay::Replace => view.old.push(index),
                        InTheWay::Ignore => {}
                        InTheWay::Wait => {
                            view.awaited += 1;
                            self.refresh_waits = true;
                        }
                    }
                }
                LifeCycle::Standby if is_old => match standby {
                    InTheWay::Replace => view.old.push(index),
                    InTheWay::Ignore => {}
                    InTheWay::Wait => view.awaited += 1,
                },
                // It is launched with the old configuration, and has its turn when it is in service.
                LifeCycle::Pending if is_old => view.awaited += 1,
                _ => {}
            }
        }
        let oldest_first = |index: &u32| self.instances[*index as usize].launch;
        view.old.sort_by_key(oldest_first);
        view.going.sort_by_key(oldest_first);
        view
    }

    /// Whether a refresh is to replace an instance. With skip matching one that has the desired configuration is as good as
    /// new ("Use an instance refresh with skip matching").
    fn is_old(&self, instance: &Instance, refresh: &Refresh) -> bool {
        let matches = self.refresh_settings(refresh).skip_matching
            && refresh.status != Status::RollbackInProgress
            && instance.version == refresh.version;
        (refresh.after + 1..=refresh.up_to).contains(&instance.launch) && !matches
    }

    /// Whether an instance is in service, healthy and warm. Those that were there at the start of the run are warm.
    fn is_ready(&self, index: u32, refresh: &Refresh, now: Time) -> bool {
        let instance = &self.instances[index as usize];
        let group = &self.settings.group;
        let warm_up = self.refresh_settings(refresh).warm_up;
        let is_warm = instance.launch <= u64::from(group.desired_capacity)
            || instance.in_service_since.saturating_add(warm_up) <= now;
        let answers = !group.life.health.ask_application || instance.application == Application::Up;
        instance.life == LifeCycle::InService
            && instance.failure != Some(Failure::Instance)
            && is_warm
            && answers
    }

    /// An alarm that refreshes look at speaks.
    pub(super) fn hear_refresh_alarm<O: Outbox<Timer>>(
        &mut self,
        state: AlarmState,
        alarm: u32,
        cx: &mut Context<'_, O>,
    ) {
        let Some(refresh) = self.refresh else { return };
        let Some(report) = cx.journal.alarm_reports.get(alarm as usize) else { return };
        let concerns = refresh.status != Status::RollbackInProgress
            && state == AlarmState::Alarm
            && self.refresh_settings(&refresh).alarms.contains(&report.alarm);
        if concerns {
            let why = format!("alarm {} is in ALARM", report.alarm);
            self.fail_refresh(&why, cx);
            self.replace_old(cx);
        }
    }

    /// It fails; with auto rollback what it has done is undone.
    fn fail_refresh<O: Outbox<Timer>>(&mut self, why: &str, cx: &mut Context<'_, O>) {
        let Some(refresh) = self.refresh else { return };
        if refresh.status == Status::RollbackInProgress {
            self.end_refresh("RollbackFailed", &format!("Rollback of an instance refresh failed: {why}"), cx);
        } else if self.refresh_settings(&refresh).auto_rollback {
            self.roll_back_refresh(why, cx);
        } else {
            self.end_refresh("Failed", &format!("Instance refresh failed: {why}"), cx);
        }
    }

    /// "`CancelInstanceRefresh`": what was replaced stays replaced.
    pub(super) fn cancel_refresh<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.refresh.is_none() {
            let cause = "CancelInstanceRefresh refused: ActiveInstanceRefreshNotFound.".to_owned();
            self.tell(cause, self.desired, "Failed", cx);
            return;
        }
        self.end_refresh("Cancelled", "Instance refresh cancelled", cx);
    }

    /// "`RollbackInstanceRefresh`".
    pub(super) fn roll_back_by_hand<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let is_under_way = self.refresh.is_some_and(|refresh| refresh.status != Status::RollbackInProgress);
        if !is_under_way {
            let cause = "RollbackInstanceRefresh refused: ActiveInstanceRefreshNotFound.".to_owned();
            self.tell(cause, self.desired, "Failed", cx);
            return;
        }
        self.roll_back_refresh("RollbackInstanceRefresh", cx);
        self.replace_old(cx);
    }

    /// The instances launched since the refresh began are replaced by such as were there before.
    fn roll_back_refresh<O: Outbox<Timer>>(&mut self, why: &str, cx: &mut Context<'_, O>) {
        let Some(refresh) = self.refresh else { return };
        self.tell(format!("Instance refresh is rolled back: {why}."), self.desired, "RollbackInProgress", cx);
        let kept = self.keep_going_ones(cx);
        self.refresh = Some(Refresh {
            status: Status::RollbackInProgress,
            began: cx.now,
            progress_at: cx.now,
            after: refresh.up_to,
            up_to: self.launches,
            version: self.version,
            left: u32::MAX,
            ..refresh
        });
        // For each old instance that stays, a new one is not needed.
        for _ in 0..kept {
            let newest = (0_u32..)
                .zip(&self.instances)
                .filter(|(_, one)| one.is_member() && one.launch > refresh.up_to)
                .max_by_key(|(_, one)| (one.life == LifeCycle::Pending, one.launch));
            let Some((index, _)) = newest else { break };
            self.instances[index as usize].activity = Activity::NONE;
            self.terminate(index, "instance refresh rolled back", cx);
        }
        self.reconcile(cx);
    }

    /// Old instances that were about to go stay; gives their number.
    fn keep_going_ones<O>(&mut self, cx: &mut Context<'_, O>) -> u32 {
        let mut kept = 0;
        for index in 0..self.instances.len() as u32 {
            let instance = self.instances[index as usize];
            if instance.awaits_refresh && instance.life == LifeCycle::InService {
                self.alter(index, "instance refresh", cx, |instance| {
                    instance.is_outgoing = false;
                    instance.awaits_refresh = false;
                });
                kept += 1;
            }
        }
        kept
    }

    fn end_refresh<O: Outbox<Timer>>(&mut self, status: &'static str, what: &str, cx: &mut Context<'_, O>) {
        let Some(refresh) = self.refresh.take() else { return };
        if status == "Successful" {
            // "… automatically updated with the configuration that you specified".
            self.version = refresh.version;
        }
        self.refresh_waits = false;
        let new = |one: &&Instance| one.is_member() && one.launch > refresh.up_to;
        let (done, desired) = (self.instances.iter().filter(new).count(), self.desired);
        let counts = if status == "RollbackSuccessful" {
            "all instances are as before".to_owned()
        } else {
            format!("{done} of {desired} instances are new")
        };
        self.tell(format!("{what}: {counts}."), desired, status, cx);
        // Pairs that are under way are finished like any other replacement.
        for index in 0..self.instances.len() as u32 {
            if self.instances[index as usize].awaits_refresh {
                self.alter(index, "instance refresh", cx, |instance| instance.awaits_refresh = false);
            }
        }
        self.reconcile(cx);
    }
}
