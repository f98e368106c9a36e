//! Streams on demand ("Choose the right mode to stream in"): shards that are warm are split, a while later.

use super::Timer;
use super::settings::CapacityMode;
use super::stream::DataStream;
use crate::engine::Span;
use crate::wire::{Context, Outbox, draw_span};
use std::collections::VecDeque;

const MINUTE: Span = Span::from_minutes(1);
/// "AWS monitors the write throughput of each shard and splits a shard that takes more than 500 KB a second."
const WARM_BYTES_PER_SECOND: u64 = 500 * 1024;
/// The same share of what a shard takes in records: AWS names only bytes. An assumption.
const WARM_RECORDS_PER_SECOND: u64 = 500;

/// What came in each of the last sixty minutes.
#[derive(Debug, Default)]
pub(super) struct LastHour {
    minutes: VecDeque<u64>,
    /// What shards brought in this minute that are closed by now.
    closed: u64,
    /// Whether minutes are being counted.
    runs: bool,
}

impl LastHour {
    fn enter(&mut self, bytes: u64) {
        const MINUTES: usize = 60;
        if self.minutes.len() == MINUTES {
            self.minutes.pop_front();
        }
        self.minutes.push_back(bytes);
    }

    /// Bytes a second in the busiest of them.
    pub(super) fn peak(&self) -> u64 {
        self.minutes.iter().max().map_or(0, |bytes| bytes.div_ceil(60))
    }
}

impl DataStream {
    /// Shards are looked at from now on.
    pub(super) fn begin_watch<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if !std::mem::replace(&mut self.hour.runs, true) {
            cx.outbox.wake(cx.now + MINUTE, Timer::Minute);
        }
    }

    /// A shard is closed: what it took in this minute counts all the same.
    pub(super) fn end_watch(&mut self, shard: u32) {
        self.hour.closed += Self::minute_of(&mut self.shards[shard as usize]).incoming_bytes;
    }

    /// Each minute: warm shards are found.
    pub(super) fn watch_shards<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let is_on_demand = self.mode == CapacityMode::OnDemand;
        let most = self.shards_for(self.settings.quotas.on_demand_write_bytes_per_second) as usize;
        let splitting = self.shards.iter().filter(|shard| shard.splitting && !shard.closed).count();
        let mut shards = self.open.len() + splitting;
        let mut bytes = std::mem::take(&mut self.hour.closed);
        for place in 0..self.open.len() {
            let index = self.open.shard_at(place);
            let shard = &mut self.shards[index as usize];
            let minute = Self::minute_of(shard);
            bytes += minute.incoming_bytes;
            let is_warm = minute.incoming_bytes > WARM_BYTES_PER_SECOND * 60
                || minute.incoming_records > WARM_RECORDS_PER_SECOND * 60;
            if is_on_demand && is_warm && !shard.splitting && shards < most {
                shard.splitting = true;
                shards += 1;
                let delay = draw_span(&self.settings.split_delay, &mut self.chance.splitting);
                // It has been warm for a minute already.
                cx.outbox.wake(cx.now + delay.saturating_sub(MINUTE), Timer::Split(index));
            }
        }
        self.hour.enter(bytes);
        cx.outbox.wake(cx.now + MINUTE, Timer::Minute);
    }

    /// A warm shard is split, evenly: what one hot key brings stays on one of the halves.
    pub(super) fn split_warm<O: Outbox<Timer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        let found = &mut self.shards[shard as usize];
        if self.mode != CapacityMode::OnDemand {
            found.splitting = false;
        } else if !found.closed {
            let middle = found.range.middle();
            self.split(middle, cx);
        }
    }
}
