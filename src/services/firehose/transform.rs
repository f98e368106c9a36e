//! The transformation of records by a Lambda function ("Transform source data in Amazon Data Firehose").

use super::Timer;
use super::buffer::{Load, resized, size};
use super::stream::DeliveryStream;
use crate::engine::{Span, Time};
use crate::wire::{BatchId, Context, Entry, EventSource, InvokeOutcome, MessageId, Outbox, Signal};

/// Records with a function, or waiting to be sent there once more.
#[derive(Debug)]
pub(super) struct Invocation {
    lane: u32,
    /// The records, while they are here.
    pub(super) batch: Option<BatchId>,
    bytes: u64,
    pub(super) oldest: Time,
    attempts: u32,
    began: Time,
}

/// How long Firehose waits for a function ("Transform source data in Amazon Data Firehose").
pub const LONGEST_INVOCATION: Span = Span::from_minutes(5);
/// Largest request and response of a synchronous invocation (same page): 6 MB.
const LARGEST_PAYLOAD: u64 = 6 << 20;

/// Bytes as they travel: in base64.
fn encoded(bytes: u64) -> u64 {
    bytes.div_ceil(3) * 4
}

/// What came of a record.
enum Transformed {
    Ok(u32),
    Dropped,
    ProcessingFailed,
}

impl DeliveryStream {
    /// A record waits for the transformation.
    pub(super) fn gather<O: Outbox<Timer>>(&mut self, number: u32, entry: Entry, cx: &mut Context<'_, O>) {
        let Some(settings) = &self.settings.transformation else { return };
        let (bytes, interval) = (settings.bytes, settings.interval);
        self.counts.in_transformation += 1;
        let lane = &mut self.lanes[number as usize];
        if lane.gathered.push(entry, cx.batches) {
            self.epochs = self.epochs.wrapping_add(1);
            lane.epoch = self.epochs;
            cx.outbox.wake(cx.now + interval, Timer::Gathered { lane: number, epoch: lane.epoch });
        }
        if lane.gathered.bytes() >= bytes {
            self.end_gathering(number, cx);
        }
    }

    /// The first record has waited long enough.
    pub(super) fn gathered<O: Outbox<Timer>>(&mut self, number: u32, epoch: u32, cx: &mut Context<'_, O>) {
        if self.lanes[number as usize].epoch == epoch {
            self.end_gathering(number, cx);
        }
    }

    fn end_gathering<O: Outbox<Timer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let lane = &mut self.lanes[number as usize];
        if let Some(load) = lane.gathered.take() {
            lane.waiting.push_back(load);
        }
        self.invoke_next(number, cx);
    }

    /// As many invocations as may be under way for a shard.
    fn invoke_next<O: Outbox<Timer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let Some(settings) = &self.settings.transformation else { return };
        let most = settings.outstanding;
        while self.lanes[number as usize].outstanding < most {
            let Some(load) = self.lanes[number as usize].waiting.pop_front() else { return };
            self.lanes[number as usize].outstanding += 1;
            let Load { batch, bytes, oldest } = load;
            let invocation =
                Invocation { lane: number, batch: Some(batch), bytes, oldest, attempts: 0, began: cx.now };
            let call = self.invocations.enter(invocation);
            self.invoke(call, cx);
        }
    }

    /// The function is invoked, for the first time or once more.
    pub(super) fn invoke<O: Outbox<Timer>>(&mut self, call: u32, cx: &mut Context<'_, O>) {
        let Some(settings) = &self.settings.transformation else { return };
        let function = settings.function;
        let invocation = self.invocations.get(call);
        invocation.attempts += 1;
        invocation.began = cx.now;
        let fits = encoded(invocation.bytes) <= LARGEST_PAYLOAD;
        let Some(batch) = invocation.batch.take() else { return };
        if fits {
            let signal = Signal::Invoke { batch, call, source: EventSource::Standard, transforms: true };
            cx.outbox.send(function, Span::ZERO, signal);
        } else {
            // No repetition makes it smaller.
            self.metrics.execute_processing_success.record(0);
            self.give_up(call, batch, cx);
        }
    }

    /// The function gives the records back.
    pub(super) fn take_answer<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        call: u32,
        outcome: InvokeOutcome,
        cx: &mut Context<'_, O>,
    ) {
        let took = cx.now - self.invocations.get(call).began;
        if outcome != InvokeOutcome::Throttled {
            self.metrics.execute_processing_duration.record(took.as_nanos());
        }
        let failures = match outcome {
            InvokeOutcome::ItemFailures(failures) => Some(failures),
            _ => None,
        };
        let is_answered = matches!(outcome, InvokeOutcome::Success | InvokeOutcome::ItemFailures(_));
        if is_answered && took <= LONGEST_INVOCATION && self.fits(batch, cx) {
            self.metrics.execute_processing_success.record(1);
            self.take_transformed(batch, call, failures, cx);
        } else {
            self.metrics.execute_processing_success.record(0);
            self.repeat(batch, call, cx);
        }
        if let Some(failures) = failures {
            cx.batches.close(failures);
        }
    }

    /// Whether a function can return what it makes of these records.
    fn fits<O>(&self, batch: BatchId, cx: &Context<'_, O>) -> bool {
        let Some(settings) = &self.settings.transformation else { return true };
        let bytes = cx.batches.entries(batch).iter().map(|entry| u64::from(size(entry))).sum::<u64>();
        encoded((bytes as f64 * settings.output_size) as u64) <= LARGEST_PAYLOAD
    }

    /// An invocation failed: it is repeated a few times ("Handle failure in data transformation").
    fn repeat<O: Outbox<Timer>>(&mut self, batch: BatchId, call: u32, cx: &mut Context<'_, O>) {
        let Some(settings) = &self.settings.transformation else { return };
        let (retries, pause) = (settings.retries, settings.retry_pause);
        let invocation = self.invocations.get(call);
        if invocation.attempts > retries {
            self.give_up(call, batch, cx);
            return;
        }
        invocation.batch = Some(batch);
        cx.outbox.wake(cx.now + pause, Timer::Invoke { call });
    }

    /// All records of an invocation go to `processing-failed/`.
    fn give_up<O: Outbox<Timer>>(&mut self, call: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        for position in 0..cx.batches.entries(batch).len() {
            let entry = cx.batches.entries(batch)[position];
            self.counts.in_transformation -= 1;
            self.metrics.records_processing_failed.add(1);
            self.fail_record(entry, cx);
        }
        self.end_invocation(call, batch, cx);
    }

    /// Each record has a status of its own ("Required parameters for data transformation").
    fn take_transformed<O: Outbox<Timer>>(
        &mut self,
        batch: BatchId,
        call: u32,
        failures: Option<BatchId>,
        cx: &mut Context<'_, O>,
    ) {
        let lane = self.invocations.get(call).lane;
        let mut failed = 0;
        for position in 0..cx.batches.entries(batch).len() {
            let entry = cx.batches.entries(batch)[position];
            // The failures come in the order of the records.
            let next = failures.and_then(|failures| cx.batches.entries(failures).get(failed));
            let has_failed = next.is_some_and(|next| next.message == entry.message);
            failed += usize::from(has_failed);
            self.counts.in_transformation -= 1;
            match self.transformed(&entry, has_failed) {
                Transformed::Ok(bytes) => {
                    self.metrics.succeed_processing_records.add(1);
                    self.metrics.succeed_processing_bytes.add(u64::from(bytes));
                    self.route(lane, resized(entry, bytes), cx);
                }
                Transformed::Dropped => {
                    self.metrics.succeed_processing_records.add(1);
                    self.drop_record(entry.message, cx);
                }
                Transformed::ProcessingFailed => {
                    self.metrics.records_processing_failed.add(1);
                    self.fail_record(entry, cx);
                }
            }
        }
        self.end_invocation(call, batch, cx);
    }

    fn transformed(&mut self, entry: &Entry, has_failed: bool) -> Transformed {
        let Some(settings) = &self.settings.transformation else { return Transformed::Ok(size(entry)) };
        if has_failed {
            return Transformed::ProcessingFailed;
        }
        if self.chance.transformation.chance(settings.dropped) {
            return Transformed::Dropped;
        }
        let bytes = f64::from(size(entry)) * settings.output_size;
        Transformed::Ok(((bytes + 0.5) as u32).max(1))
    }

    /// The code wants nothing more of a record.
    fn drop_record<O>(&mut self, message: MessageId, cx: &mut Context<'_, O>) {
        self.metrics.records_dropped.add(1);
        cx.messages.mark_filtered(message);
        cx.messages.release(message);
    }

    fn end_invocation<O: Outbox<Timer>>(&mut self, call: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        cx.batches.close(batch);
        let lane = self.invocations.get(call).lane;
        self.invocations.leave(call);
        self.lanes[lane as usize].outstanding -= 1;
        self.invoke_next(lane, cx);
    }
}
