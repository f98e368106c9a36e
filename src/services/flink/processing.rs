//! How records are worked on: slices go to slots, and when they are done the operators see them.

use super::Timer;
use super::application::{Application, given_key};
use super::operator::{Element, Fate, Grouping, Output, TimeCharacteristic};
use super::settings::OnPoison;
use super::window::Fired;
use crate::engine::{Span, Time};
use crate::record::WindowResult;
use crate::wire::{
    BatchId, Content, Context, Detail, Entry, GroupId, MessageId, Messages, NewMessage, Number, Outbox,
};

/// Largest row of a SQL application ("Limits", SQL).
const LARGEST_ROW: u32 = 512 * 1024;

impl Application {
    /// The source takes up the next slice of a shard, unless sinks are full.
    pub(super) fn begin_slice<O: Outbox<Timer>>(&mut self, shard: u32, cx: &mut Context<'_, O>) {
        if self.lane(shard).is_busy || self.sinks_are_full() {
            return;
        }
        let Some(batch) = self.lane(shard).waiting.pop_front() else { return };
        let now = cx.now;
        let entries = cx.batches.entries(batch);
        if self.has_keyed_part {
            for entry in entries {
                if let Some(reader) = &mut self.reader {
                    reader.read(entry.message, cx.messages);
                }
                if self.front > 0 {
                    let element = self.element(entry, cx.messages);
                    if !self.pipeline.reaches(self.front, &element, self.reader.as_mut()) {
                        continue;
                    }
                }
                let key = match self.grouping {
                    Grouping::Nothing => None,
                    Grouping::PartitionKey => Some(cx.messages.detail(entry.message).group),
                    Grouping::Body(key) => self.reader.as_ref().map(|reader| reader.group(key)),
                };
                self.slots.share(key.map_or(0, |key| self.slots.of_key(key)));
            }
        }
        let plan = self.slots.give(self.slot_of_shard(shard), entries.len() as u64, self.costs, now);
        let (life, buffer) = (self.life, self.settings.assumptions.buffered_work);
        let lane = &mut self.lanes[shard as usize];
        let done = plan.done.max(lane.last_done);
        lane.last_done = done;
        lane.in_flight.push_back(batch);
        lane.is_busy = true;
        // Buffers between operators are bounded: when they are full the source waits.
        let next = plan.ready.max(done.saturating_sub(buffer));
        self.counts.held_back += next - plan.ready;
        cx.outbox.wake(done, Timer::Applied { shard, life });
        cx.outbox.wake(next, Timer::Slice { shard, life });
    }

    /// The source of a shard has done its part of a slice.
    pub(super) fn next_slice<O: Outbox<Timer>>(&mut self, shard: u32, life: u32, cx: &mut Context<'_, O>) {
        if life != self.life {
            return;
        }
        self.lane(shard).is_busy = false;
        self.begin_slice(shard, cx);
        self.read_on(shard, cx);
    }

    /// A record as operators see it.
    fn element(&self, entry: &Entry, messages: &Messages) -> Element {
        let message = entry.message;
        let detail = messages.detail(message);
        let published = messages.published_at(message);
        let (producer, sequence) = messages.origin(message);
        let bytes = self.data_bytes(message, messages);
        Element {
            time: self.wall(published) + i64::from(detail.event_offset_millis),
            key: detail.group,
            bytes,
            value: match detail.content {
                Content::Number(number) => number.get(),
                _ => f64::from(bytes),
            },
            published,
            identity: sequence ^ (u64::from(producer.0) << 44),
            is_keyed: false,
        }
    }

    /// A slice is done: its records are in the state, or have gone through.
    pub(super) fn apply<O: Outbox<Timer>>(&mut self, shard: u32, life: u32, cx: &mut Context<'_, O>) {
        if life != self.life {
            return;
        }
        let Some(batch) = self.lane(shard).in_flight.pop_front() else { return };
        let now = self.wall(cx.now);
        let mut out = std::mem::take(&mut self.out);
        let mut newest = None;
        let records = cx.batches.entries(batch).len();
        let mut failed = false;
        for position in 0..records {
            let entry = cx.batches.entries(batch)[position];
            if self.fails(entry.message, cx.messages) {
                if self.settings.on_poison == OnPoison::FailJob {
                    // The records before it are in the state, but in no checkpoint yet.
                    self.abandon_rest(batch, position, cx);
                    failed = true;
                    break;
                }
                let element = self.element(&entry, cx.messages);
                self.metrics.records_in.add(1);
                self.metrics.records_failed.add(1);
                if self.settings.has_side_output && self.settings.on_poison == OnPoison::ErrorStream {
                    out.late.push(element);
                }
                self.pass(shard, &entry, cx.messages);
                continue;
            }
            let element = self.element(&entry, cx.messages);
            newest = newest.max(Some(element.time));
            let place = entry.receipt.position();
            let is_replayed = place < self.lanes[shard as usize].processed_to;
            self.metrics.records_in.add(1);
            self.metrics.records_replayed.add(u64::from(is_replayed));
            let passed = out.outputs.len();
            if let Some(reader) = &mut self.reader {
                reader.read(entry.message, cx.messages);
            }
            let fate = self.pipeline.put(element, self.reader.as_mut(), now, &mut out);
            self.enter(fate);
            if fate == Fate::Passed && is_replayed {
                self.metrics.results_repeated.add((out.outputs.len() - passed) as u64);
            }
            self.pass(shard, &entry, cx.messages);
        }
        self.counts.in_hand -= records as u64;
        cx.batches.close(batch);
        self.pipeline.end_instant(now, &mut out);
        self.out = out;
        self.emit(cx);
        if failed {
            self.fail(cx);
            return;
        }
        if let Some(newest) = newest.filter(|_| self.uses_event_time) {
            let split = self.lanes[shard as usize].split;
            self.marks.observe(split, newest, now);
            self.arm_watermark(cx);
            self.arm_idle(cx);
        }
        self.arm_processing(cx);
        self.tell_progress(shard, cx);
        self.finish_if_done(shard, cx);
    }

    /// A record is behind us.
    fn pass(&mut self, shard: u32, entry: &Entry, messages: &mut Messages) {
        let place = entry.receipt.position();
        let lane = &mut self.lanes[shard as usize];
        lane.applied_to = Some(place + 1);
        lane.processed_to = lane.processed_to.max(place + 1);
        messages.mark_processed(entry.message);
        messages.release(entry.message);
    }

    /// Bytes of the data of a record, without its partition key.
    fn data_bytes(&self, message: MessageId, messages: &Messages) -> u32 {
        let key = messages.detail(message).group.key_bytes(&self.settings.texts);
        messages.bytes(message).saturating_sub(key)
    }

    /// Whether a record cannot be processed.
    fn fails(&self, message: MessageId, messages: &Messages) -> bool {
        let is_too_large = || {
            self.settings.on_poison == OnPoison::ErrorStream
                && self.data_bytes(message, messages) > LARGEST_ROW
        };
        messages.is_poison(message) || is_too_large()
    }

    fn abandon_rest<O>(&mut self, batch: BatchId, from: usize, cx: &mut Context<'_, O>) {
        let entries = &cx.batches.entries(batch)[from..];
        self.metrics.records_abandoned.add(entries.len() as u64);
        for entry in entries {
            cx.messages.release(entry.message);
        }
    }

    /// What became of a record.
    fn enter(&mut self, fate: Fate) {
        let side_output = self.settings.has_side_output;
        let metrics = &mut self.metrics;
        match fate {
            Fate::Filtered => metrics.records_filtered.add(1),
            Fate::Aggregated => metrics.records_aggregated.add(1),
            Fate::Passed => metrics.records_passed.add(1),
            Fate::Outside => metrics.records_outside_windows.add(1),
            Fate::Late if side_output => metrics.records_late_side_output.add(1),
            Fate::Late => metrics.records_late_dropped.add(1),
        }
    }

    /// What came out of the operators goes to the table and to the sinks.
    pub(super) fn emit<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let mut out = std::mem::take(&mut self.out);
        for (place, fired) in out.results.drain(..) {
            self.metrics.window_results.add(1);
            self.metrics.window_corrections.add(u64::from(fired.is_late));
            self.note_result(place, &fired, cx);
        }
        self.metrics.window_results_late.add(std::mem::take(&mut out.late_results));
        let sinks = self.sinks.len() - usize::from(self.settings.has_side_output);
        for output in out.outputs.drain(..) {
            self.metrics.records_out.add(1);
            self.metrics.end_to_end_latency.record((cx.now - output.element.published).as_nanos());
            self.remember(&output);
            for sink in 0..sinks {
                let message = self.make(&output, cx);
                self.give(sink, message, output.element.key, cx);
            }
        }
        for element in out.late.drain(..) {
            if self.settings.has_side_output {
                let message = self.make(&Output { element, window: None }, cx);
                self.give(sinks, message, element.key, cx);
            }
        }
        self.out = out;
        self.unblock(cx);
    }

    /// Whether a result was given before a failure, and so that it is known when there is one.
    fn remember(&mut self, output: &Output) {
        let Some((place, fired)) = output.window.filter(|_| self.settings.may_go_back()) else { return };
        let key = given_key(place, &fired);
        if let Some(times) = self.given_before.get_mut(&key) {
            self.metrics.results_repeated.add(1);
            *times -= 1;
            if *times == 0 {
                self.given_before.remove(&key);
            }
        }
        *self.given_since_saved.entry(key).or_default() += 1;
        if self.taking.is_some() {
            *self.given_since_cut.entry(key).or_default() += 1;
        }
    }

    /// A row of the table of results.
    fn note_result<O>(&mut self, place: usize, fired: &Fired, cx: &mut Context<'_, O>) {
        if self.table_rows_left == 0 {
            return;
        }
        self.table_rows_left -= 1;
        let key = &fired.key;
        let group =
            if key.group == GroupId::NONE { String::new() } else { key.group.name(&self.settings.texts) };
        cx.journal.window_results.push(WindowResult {
            time: cx.now,
            application: self.settings.name.clone(),
            operator: place as u32,
            key: group,
            start_unix_millis: fired.start,
            end_unix_millis: fired.end,
            event_step_unix_millis: self.has_step(place).then_some(key.step),
            count: fired.aggregate.count,
            sum: fired.aggregate.sum,
            minimum: fired.aggregate.minimum,
            maximum: fired.aggregate.maximum,
            is_late: fired.is_late,
            is_repeated: self.given_before.contains_key(&given_key(place, fired)),
        });
    }

    fn has_step(&self, place: usize) -> bool {
        matches!(
            self.settings.operators[place].kind,
            super::operator::OperatorKind::Window(window) if window.event_step.is_some()
        )
    }

    /// The message of a result; the caller holds it.
    fn make<O>(&mut self, output: &Output, cx: &mut Context<'_, O>) -> MessageId {
        let element = &output.element;
        let mut detail = Detail { group: element.key, ..Detail::NONE };
        if output.window.is_some() {
            detail.content = Number::of(element.value).content();
        }
        // Its event time is the record's, or the end of the window.
        detail.event_offset_millis =
            i32::try_from(element.time - self.wall(element.published)).unwrap_or(i32::MIN);
        let message = cx.messages.create(NewMessage {
            published_at: element.published,
            producer: cx.me,
            sequence: self.counts.made,
            bytes: element.bytes,
            poison: false,
            detail,
        });
        self.counts.made += 1;
        message
    }

    /// Watermarks are emitted periodically, and only when something may have moved them.
    pub(super) fn arm_watermark<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.watermark_armed || !self.uses_event_time || !self.runs() {
            return;
        }
        self.watermark_armed = true;
        let interval = self.settings.watermark_interval;
        let next = Time::ZERO + interval * (cx.now.since_start() / interval + 1);
        cx.outbox.wake(next, Timer::Watermark { life: self.life });
    }

    /// Somebody may become idle.
    pub(super) fn arm_idle<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.idle_armed || !self.uses_event_time {
            return;
        }
        let Some(at) = self.marks.next_idle().and_then(|wall| self.instant(wall)) else { return };
        self.idle_armed = true;
        cx.outbox.wake(at.max(cx.now), Timer::Idle { life: self.life });
    }

    /// The periodic look at watermarks.
    pub(super) fn tick_watermark<O: Outbox<Timer>>(
        &mut self,
        life: u32,
        idle: bool,
        cx: &mut Context<'_, O>,
    ) {
        if life != self.life {
            return;
        }
        if idle {
            self.idle_armed = false;
        } else {
            self.watermark_armed = false;
        }
        let now = self.wall(cx.now);
        if let Some(watermark) = self.marks.advance(now) {
            let mut out = std::mem::take(&mut self.out);
            self.pipeline.advance(TimeCharacteristic::Event, watermark, now, &mut out);
            self.out = out;
            self.emit(cx);
            self.arm_processing(cx);
        }
        self.arm_idle(cx);
    }

    /// Windows of processing time end by the clock.
    pub(super) fn arm_processing<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let Some(end) = self.pipeline.next_processing_end() else { return };
        if self.processing_armed.is_some_and(|armed| armed <= end) {
            return;
        }
        self.processing_armed = Some(end);
        let at = self.instant(end).unwrap_or(cx.now).max(cx.now);
        cx.outbox.wake(at, Timer::Processing { life: self.life });
    }

    pub(super) fn tick_processing<O: Outbox<Timer>>(&mut self, life: u32, cx: &mut Context<'_, O>) {
        if life != self.life {
            return;
        }
        let now = self.wall(cx.now);
        if self.processing_armed.is_some_and(|armed| armed <= now) {
            self.processing_armed = None;
        }
        let mut out = std::mem::take(&mut self.out);
        self.pipeline.advance(TimeCharacteristic::Processing, now - 1, now, &mut out);
        self.out = out;
        self.emit(cx);
        self.arm_processing(cx);
    }

    /// The share of the time since then that slots were busy: work done by slots of all lives.
    pub(super) fn busy(&self, now: Time) -> Span {
        self.counts.busy + self.slots.busy(now)
    }
}
