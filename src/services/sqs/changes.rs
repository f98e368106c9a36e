//! Changes of a queue that take time to spread: attributes and purges.

use super::Timer;
use super::queue::Queue;
use crate::engine::{Distribution, Stream, Time};
use crate::wire::{Context, Outbox, QueueAttribute, draw_span};

/// How long changes of a queue take, each in nanoseconds.
#[derive(Debug, Clone)]
pub struct ChangeTimes {
    /// Until attributes that were set count, up to 60 s at AWS ("`SetQueueAttributes`").
    pub attributes: Distribution,
    /// Until a retention period that was set counts, up to 15 min at AWS (same page).
    pub retention: Distribution,
    /// Until a purge has deleted everything, up to 60 s at AWS ("`PurgeQueue`").
    pub purge: Distribution,
    /// Whether it also deletes what was sent meanwhile: AWS says that it might.
    pub purge_takes_later_messages: bool,
}

/// Changes on their way.
#[derive(Debug)]
pub(super) struct Changes {
    stream: Stream,
    /// Attributes in the order in which they will count.
    attributes: Vec<(Time, QueueAttribute)>,
    /// When the purge under way has deleted everything, and the number of the last message before it.
    purge: Option<(Time, u64)>,
}

impl Changes {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, attributes: Vec::new(), purge: None }
    }
}

impl Queue {
    /// Attributes that were found in order count, at once or after a while. Of two values for one attribute the one that was
    /// set later stays.
    pub(super) fn spread_attributes<O: Outbox<Timer>>(
        &mut self,
        attributes: &[QueueAttribute],
        cx: &mut Context<'_, O>,
    ) {
        let times = &self.settings.changes;
        let ordinary = cx.now + draw_span(&times.attributes, &mut self.changes.stream);
        let retention = cx.now + draw_span(&times.retention, &mut self.changes.stream);
        for attribute in attributes {
            let at = match attribute {
                QueueAttribute::MessageRetentionPeriod(_) => retention,
                _ => ordinary,
            };
            let is_same = |(_, earlier): &&(Time, QueueAttribute)| {
                std::mem::discriminant(earlier) == std::mem::discriminant(attribute)
            };
            let earlier = self.changes.attributes.iter().rfind(is_same).map(|(at, _)| *at);
            let at = earlier.map_or(at, |earlier| at.max(earlier));
            if at == cx.now {
                self.apply(*attribute, cx);
            } else {
                self.changes.attributes.push((at, *attribute));
                cx.outbox.wake(at, Timer::Change);
            }
        }
    }

    /// A purge begins; what it deletes goes at once or after a while.
    pub(super) fn begin_purge<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let at = cx.now + draw_span(&self.settings.changes.purge, &mut self.changes.stream);
        if at == cx.now {
            self.delete_all(self.arrivals, cx);
        } else {
            self.changes.purge = Some((at, self.arrivals));
            cx.outbox.wake(at, Timer::Change);
        }
    }

    /// Some change has spread.
    pub(super) fn end_changes<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.catch_up(cx);
        while let Some(next) = self.changes.attributes.iter().position(|(at, _)| *at <= cx.now) {
            let (_, attribute) = self.changes.attributes.remove(next);
            self.apply(attribute, cx);
        }
        if let Some((_, last)) = self.changes.purge.take_if(|(at, _)| *at <= cx.now) {
            let last = if self.settings.changes.purge_takes_later_messages { self.arrivals } else { last };
            self.delete_all(last, cx);
        }
        self.serve_waiters(cx);
        self.arm(cx);
    }
}
