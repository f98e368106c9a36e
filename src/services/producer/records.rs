//! Batches of records for a stream, as the SDK's callers and the Kinesis Agent make them.

use super::Timer;
use super::entity::Producer;
use super::library::Gathering;
use crate::engine::Time;
use crate::wire::{Context, Outbox};

/// Most records made ahead of their time.
const RECORDS_AHEAD: usize = 4096;

impl Producer {
    /// A record is due. A producer waits for nobody, so what falls before anybody looks can be gathered and sent now.
    pub(super) fn gather<O: Outbox<Timer>>(&mut self, gathering: Gathering, cx: &mut Context<'_, O>) {
        let mut at = cx.now;
        for _ in 0..RECORDS_AHEAD {
            let entry = self.make_message(at, cx);
            let bytes = cx.messages.bytes(entry.message);
            if self.filling_bytes.saturating_add(bytes) > gathering.maximum_bytes {
                self.send_gathered(at, cx);
            }
            let batch = if let Some(batch) = self.filling {
                batch
            } else {
                let batch = cx.batches.open();
                self.filling = Some(batch);
                self.batches_begun = self.batches_begun.wrapping_add(1);
                self.filling_until = at + gathering.linger;
                batch
            };
            cx.batches.entries_mut(batch).push(entry);
            self.waiting += 1;
            self.filling_bytes = self.filling_bytes.saturating_add(bytes);
            if cx.batches.entries(batch).len() >= gathering.maximum_entries {
                self.send_gathered(at, cx);
            }
            let next = self.arrivals.next_arrival();
            let ends_before = self.filling.is_some() && next.is_none_or(|next| next >= self.filling_until);
            if ends_before && self.filling_until < cx.unobserved_until {
                self.send_gathered(self.filling_until, cx);
            }
            match next {
                Some(next) if next < cx.unobserved_until => at = next,
                Some(next) => {
                    cx.outbox.wake(next, Timer::Arrival);
                    self.await_linger(cx);
                    return;
                }
                None => {
                    self.await_linger(cx);
                    return;
                }
            }
        }
        self.await_linger(cx);
        cx.outbox.wake(at, Timer::Arrival);
    }

    /// The batch being filled is sent when its first record has waited long enough.
    fn await_linger<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.filling.is_some() {
            cx.outbox.wake(self.filling_until.max(cx.now), Timer::Linger(self.batches_begun));
        }
    }

    /// The batch being filled is sent at `at`, now or soon.
    pub(super) fn send_gathered<O: Outbox<Timer>>(&mut self, at: Time, cx: &mut Context<'_, O>) {
        if let Some(batch) = self.filling.take() {
            self.waiting = 0;
            self.filling_bytes = 0;
            self.send(batch, at, cx);
        }
    }
}
