//! Lifecycle hooks: instances that wait until somebody says that they may go on ("Amazon EC2 Auto Scaling lifecycle
//! hooks").

use super::Timer;
use super::fleet::Fleet;
use super::instance::{Application, HookWait, LifeCycle};
use super::life_settings::{ActionResult, Completion, Transition};
use crate::wire::{Context, Outbox, draw_span};

impl Fleet {
    /// All hooks of the transition begin at once; gives whether there is one.
    pub(super) fn begin_hooks<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        transition: Transition,
        cx: &mut Context<'_, O>,
    ) -> bool {
        let hooks = &self.settings.group.life.hooks;
        if !hooks.iter().any(|hook| hook.transition == transition) {
            return false;
        }
        let instance = self.instances[index as usize];
        let round = instance.hooks.round.wrapping_add(1);
        let mut wait = HookWait { round, ..HookWait::default() };
        for (number, hook) in hooks.iter().enumerate() {
            if hook.transition != transition {
                continue;
            }
            let bit = 1_u64 << number;
            wait.waiting |= bit;
            let is_completed = !self.chance.hook.chance(hook.never_completed);
            let mut after = hook.timeout(is_completed);
            let mut timed_out = true;
            match &hook.completion {
                // A hanging application completes nothing.
                Completion::ByApplication if is_completed && instance.failure.is_none() => {
                    wait.by_application |= bit;
                }
                Completion::After(time) if is_completed => {
                    let time = draw_span(time, &mut self.chance.hook);
                    timed_out = time > after;
                    after = after.min(time);
                }
                _ => {}
            }
            let timer = Timer::HookEnded {
                instance: index,
                epoch: instance.epoch,
                round,
                hook: number as u8,
                timed_out,
            };
            cx.outbox.wake(cx.now.saturating_add(after), timer);
        }
        self.alter(index, "lifecycle hook", cx, |instance| instance.hooks = wait);
        if transition == Transition::Launching && instance.application == Application::Up {
            self.complete_by_application(index, cx);
        }
        true
    }

    /// The application completes the actions it has to complete.
    pub(super) fn complete_by_application<O: Outbox<Timer>>(&mut self, index: u32, cx: &mut Context<'_, O>) {
        let wait = self.instances[index as usize].hooks;
        for number in 0..self.settings.group.life.hooks.len() {
            let now = self.instances[index as usize].hooks;
            if now.round == wait.round && now.waiting & wait.by_application & (1 << number) != 0 {
                let result = self.settings.group.life.hooks[number].result;
                self.end_action(index, number, result, "lifecycle action completed", cx);
            }
        }
    }

    /// The time of a hook is over, because its action is complete or because nobody completed it.
    pub(super) fn end_hook<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        epoch: u32,
        (round, number, timed_out): (u16, u8, bool),
        cx: &mut Context<'_, O>,
    ) {
        let instance = self.instances[index as usize];
        let waits = instance.hooks.waiting & (1 << number) != 0;
        if instance.epoch != epoch || instance.hooks.round != round || !waits {
            return;
        }
        let hook = &self.settings.group.life.hooks[usize::from(number)];
        let (result, cause) = if timed_out {
            (hook.default_result, "lifecycle action timed out")
        } else {
            (hook.result, "lifecycle action completed")
        };
        self.end_action(index, usize::from(number), result, cause, cx);
        self.update_group_metrics(cx.now);
    }

    /// One action is over: an abandoned one decides for all, after the last one the instance goes on.
    fn end_action<O: Outbox<Timer>>(
        &mut self,
        index: u32,
        number: usize,
        result: ActionResult,
        cause: &'static str,
        cx: &mut Context<'_, O>,
    ) {
        let is_launching = self.instances[index as usize].life != LifeCycle::Draining;
        if result == ActionResult::Abandon {
            if is_launching {
                self.abandon_launch(index, "A lifecycle hook abandoned the launch", cx);
            } else {
                self.leave(index, cause, cx);
            }
            return;
        }
        let left = self.instances[index as usize].hooks.waiting & !(1 << number);
        if left != 0 {
            self.instances[index as usize].hooks.waiting = left;
        } else if is_launching {
            // `Pending:Proceed` takes no time.
            self.alter(index, cause, cx, |instance| {
                instance.hooks.waiting = 0;
                instance.hooks.proceeds = true;
            });
            self.arrive(index, cx);
        } else {
            self.leave(index, cause, cx);
        }
    }
}
