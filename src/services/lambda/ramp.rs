//! How many batches at once a mapping may process: more while messages remain, fewer when invocations fail.

use super::MappingTimer;
use super::mapping::EventSourceMapping;
use super::mapping_settings::MappingConcurrency;
use crate::engine::{Span, Time};
use crate::wire::{Context, Outbox};

/// The number of lanes a mapping may have now.
#[derive(Debug)]
pub(super) struct Ramp {
    limits: MappingConcurrency,
    allowed: u32,
    /// What was earned of the next lane, in lanes times nanoseconds a minute.
    earned: u64,
    /// Invocations since the last look: in all, and of them those that failed or were throttled.
    answers: u64,
    failures: u64,
    is_armed: bool,
}

const MINUTE: u64 = Span::from_minutes(1).as_nanos();

impl Ramp {
    pub(super) fn new(limits: MappingConcurrency) -> Self {
        Self { limits, allowed: limits.initial, earned: 0, answers: 0, failures: 0, is_armed: false }
    }

    pub(super) fn allowed(&self) -> u32 {
        self.allowed
    }

    /// As at the beginning.
    pub(super) fn restart(&mut self) {
        self.allowed = self.limits.initial;
        self.earned = 0;
    }

    /// Messages appeared.
    pub(super) fn found(&mut self) {
        // After errors there may be fewer than at the beginning.
        if !self.is_armed {
            self.allowed = self.allowed.max(self.limits.initial);
        }
    }

    /// An invocation was answered.
    pub(super) fn note(&mut self, failed: bool) {
        self.answers += 1;
        self.failures += u64::from(failed);
    }

    /// Nothing to do for some.
    pub(super) fn shrink_to(&mut self, lanes: u32) {
        self.allowed = self.allowed.min(lanes).max(self.limits.idle);
    }

    /// Looks at the time since the last look: whether too many invocations failed, and whether messages remained.
    fn look(&mut self, interval: Span, messages_remain: bool, threshold: f64, share: f64) {
        let (answers, failures) = (self.answers, self.failures);
        (self.answers, self.failures) = (0, 0);
        if failures > 0 && failures as f64 >= threshold * answers as f64 {
            let fewer = ((f64::from(self.allowed) * share) as u32).max(1);
            self.allowed = self.allowed.saturating_sub(fewer).max(self.limits.idle.min(self.limits.initial));
            self.earned = 0;
        } else if messages_remain {
            self.earned += u64::from(self.limits.ramp_per_minute) * interval.as_nanos();
            let more = (self.earned / MINUTE) as u32;
            self.earned %= MINUTE;
            self.allowed = self.allowed.saturating_add(more).min(self.limits.maximum);
        }
    }
}

impl EventSourceMapping {
    /// Begins to look, as long as there is something to do.
    pub(super) fn arm<O: Outbox<MappingTimer>>(&mut self, cx: &mut Context<'_, O>) {
        if !self.ramp.is_armed {
            self.ramp.is_armed = true;
            cx.outbox.wake(cx.now + self.settings.assumptions.ramp_interval, MappingTimer::Look);
        }
    }

    /// Messages remain when no lane has polled in vain since the last look: how a minute's increase spreads over the
    /// minute, and what tells Lambda that messages are still available, is not published.
    pub(super) fn look<O: Outbox<MappingTimer>>(&mut self, cx: &mut Context<'_, O>) {
        let assumptions = self.settings.assumptions;
        let interval = assumptions.ramp_interval;
        self.ramp.is_armed = false;
        let since = cx.now.since_start().saturating_sub(interval);
        let remain = !self.lanes.any_waits_since(Time::ZERO + since);
        self.ramp.look(interval, remain, assumptions.back_off_threshold, assumptions.back_off_share);
        self.fit(cx);
        if !self.lanes.all_wait() {
            self.arm(cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(per_minute: u32, maximum: u32) -> Ramp {
        Ramp::new(MappingConcurrency { idle: 2, initial: 5, maximum, ramp_per_minute: per_minute })
    }

    fn after(seconds: u32, ramp: &mut Ramp) -> u32 {
        for _ in 0..seconds {
            ramp.look(Span::from_seconds(1), true, 0.5, 0.1);
        }
        ramp.allowed()
    }

    #[test]
    fn the_increase_of_a_minute_spreads_evenly() {
        let mut today = ramp(300, 1_250);
        assert_eq!(after(1, &mut today), 10);
        assert_eq!(after(59, &mut today), 305);
        assert_eq!(after(188, &mut today), 1_245);
        assert_eq!(after(1, &mut today), 1_250);
        assert_eq!(after(60, &mut today), 1_250);
        let mut before = ramp(60, 1_000);
        assert_eq!(after(60, &mut before), 65);
        assert_eq!(after(16 * 60, &mut before), 1_000);
        assert_eq!(after(7, &mut ramp(7, 1_000)), 5, "seven a minute are none in seven seconds");
        assert_eq!(after(60, &mut ramp(7, 1_000)), 12);
    }

    #[test]
    fn failures_take_lanes_away_down_to_the_idle_ones() {
        let mut ramp = ramp(300, 1_250);
        after(19, &mut ramp);
        assert_eq!(ramp.allowed(), 100);
        ramp.note(true);
        ramp.note(false);
        ramp.look(Span::from_seconds(1), true, 0.5, 0.1);
        assert_eq!(ramp.allowed(), 90);
        (0..3).for_each(|_| ramp.note(false));
        ramp.note(true);
        ramp.look(Span::from_seconds(1), true, 0.5, 0.1);
        assert_eq!(ramp.allowed(), 95, "a quarter of failures is no reason");
        for _ in 0..200 {
            ramp.note(true);
            ramp.look(Span::from_seconds(1), true, 0.5, 0.1);
        }
        assert_eq!(ramp.allowed(), 2);
    }
}
