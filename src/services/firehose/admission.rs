//! Direct PUT: what a delivery stream takes in a second, and what it answers to `PutRecord` and `PutRecordBatch`.

use super::Timer;
use super::settings::DeliveryStreamSettings;
use super::stream::DeliveryStream;
use crate::engine::{Span, Time};
use crate::wire::{
    Action, Answer, ApiError, BatchId, Context, EntityId, EntryAnswer, LimitBucket, LimitModel, MessageId,
    Outbox, RequestId, Signal,
};

/// The limits of Direct PUT: calls, records and bytes a second.
#[derive(Debug)]
pub(super) struct Admission {
    rates: [u64; 3],
    buckets: [LimitBucket; 3],
    model: LimitModel,
    raise_time: Option<Span>,
    /// Since when it throttles without a minute in between, and when it did last.
    throttling: Option<(Time, Time)>,
}

const REQUESTS: usize = 0;
const RECORDS: usize = 1;
const BYTES: usize = 2;
/// Throttling goes on as long as it comes at least so often.
const PAUSE: Span = Span::from_minutes(1);

impl Admission {
    pub(super) fn new(settings: &DeliveryStreamSettings) -> Self {
        let quotas = &settings.quotas;
        let rates = [quotas.requests_per_second, quotas.records_per_second, quotas.bytes_per_second];
        let model = settings.limit_model;
        // A single record may be larger than the bytes of a second in some Regions' quotas that a scenario gives.
        let burst = |rate: u64| LimitBucket::full(rate, rate, model);
        Self {
            rates,
            buckets: rates.map(burst),
            model,
            raise_time: settings.limit_raise_time,
            throttling: None,
        }
    }

    /// Calls, records and bytes a second.
    pub(super) fn rates(&self) -> [u64; 3] {
        self.rates
    }

    fn admits_request(&mut self, now: Time) -> bool {
        let admits = self.buckets[REQUESTS].has(1, now);
        if admits {
            self.buckets[REQUESTS].take(1, now);
        }
        admits
    }

    fn admits_record(&mut self, bytes: u64, now: Time) -> bool {
        // A record larger than what a second brings passes when nothing else does.
        let wanted = bytes.min(self.rates[BYTES]);
        if self.buckets[RECORDS].has(1, now) && self.buckets[BYTES].has(wanted, now) {
            self.buckets[RECORDS].take(1, now);
            self.buckets[BYTES].take(bytes, now);
            return true;
        }
        false
    }

    /// Something was throttled: after a while of it the limits double ("Amazon Data Firehose Quota": they rise until the
    /// throttling stops; how fast is not told).
    fn throttled(&mut self, now: Time) -> bool {
        let Some(raise_time) = self.raise_time else { return false };
        let since = match self.throttling {
            Some((since, last)) if now - last <= PAUSE => since,
            _ => now,
        };
        self.throttling = Some((since, now));
        if now - since < raise_time {
            return false;
        }
        self.throttling = None;
        self.rates = self.rates.map(|rate| rate.saturating_mul(2));
        self.buckets = self.rates.map(|rate| LimitBucket::full(rate, rate, self.model));
        true
    }
}

impl DeliveryStream {
    /// The limits, as metrics tell them.
    pub(super) fn tell_limits(&mut self, now: Time) {
        let [requests, records, bytes] = self.admission.rates();
        self.metrics.put_requests_per_second_limit.set(now, requests);
        self.metrics.records_per_second_limit.set(now, records);
        self.metrics.bytes_per_second_limit.set(now, bytes);
    }

    /// Why a call is refused as a whole, before any record of it is looked at.
    fn refusal(
        &mut self,
        records: u64,
        bytes: u64,
        largest: u32,
        single: bool,
        now: Time,
    ) -> Option<ApiError> {
        let quotas = &self.settings.quotas;
        let is_too_much = !single
            && (records > quotas.batch_records as u64
                || bytes > u64::from(quotas.batch_bytes)
                || records == 0);
        // "Send data to a Firehose stream": one that reads a data stream takes nothing else.
        if self.settings.reads_stream() || is_too_much || largest > quotas.record_bytes {
            self.metrics.records_refused.add(records);
            return Some(ApiError::InvalidArgumentException);
        }
        if !self.admission.admits_request(now) {
            self.throttle(records, now);
            return Some(ApiError::ServiceUnavailableException);
        }
        self.metrics.incoming_put_requests.add(1);
        if single {
            self.metrics.put_record_requests.add(1);
        } else {
            self.metrics.put_record_batch_requests.add(1);
            self.metrics.put_record_batch_records.add(records);
        }
        None
    }

    fn throttle(&mut self, records: u64, now: Time) {
        self.metrics.throttled_records.add(records);
        if self.admission.throttled(now) {
            self.tell_limits(now);
        }
    }

    /// A record of a call: taken, or not for now.
    fn admit<O: Outbox<Timer>>(&mut self, message: MessageId, cx: &mut Context<'_, O>) -> EntryAnswer {
        let bytes = cx.messages.bytes(message);
        if !self.admission.admits_record(u64::from(bytes), cx.now) {
            self.throttle(1, cx.now);
            return Err(ApiError::ServiceUnavailableException);
        }
        self.charge(u64::from(bytes));
        self.accept(0, message, bytes, cx);
        Ok(None)
    }

    /// `PutRecord` or `PutRecordBatch` takes effect; what is not taken goes back to the sender.
    pub(super) fn put<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        batch: BatchId,
        single: bool,
        cx: &mut Context<'_, O>,
    ) {
        let sizes = cx.batches.entries(batch).iter().map(|entry| cx.messages.bytes(entry.message));
        let (mut bytes, mut largest) = (0, 0);
        for size in sizes {
            bytes += u64::from(size);
            largest = largest.max(size);
        }
        let records = cx.batches.entries(batch).len();
        if let Some(error) = self.refusal(records as u64, bytes, largest, single, cx.now) {
            cx.outbox.send(from, Span::ZERO, Signal::Refused { batch, error });
            return;
        }
        let mut refused = None;
        for position in 0..records {
            let entry = cx.batches.entries(batch)[position];
            if self.admit(entry.message, cx).is_err() {
                let refused = *refused.get_or_insert_with(|| cx.batches.open());
                cx.batches.entries_mut(refused).push(entry);
            }
        }
        cx.batches.close(batch);
        self.hand_on(cx);
        if let Some(batch) = refused {
            let error = ApiError::ServiceUnavailableException;
            cx.outbox.send(from, Span::ZERO, Signal::Refused { batch, error });
        }
    }

    /// A call whose answer somebody reads.
    pub(super) fn ask<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        request: RequestId,
        cx: &mut Context<'_, O>,
    ) {
        let action = cx.requests.action(request);
        let answer = if let Action::PutToDeliveryStream(entries, single) = action {
            let (messages, single): (Vec<MessageId>, bool) =
                (entries.iter().map(|entry| entry.message).collect(), *single);
            self.answer(&messages, single, cx)
        } else {
            Answer::Failed(ApiError::UnsupportedOperation)
        };
        cx.answer((from, request), answer, Span::ZERO);
    }

    fn answer<O: Outbox<Timer>>(
        &mut self,
        messages: &[MessageId],
        single: bool,
        cx: &mut Context<'_, O>,
    ) -> Answer {
        let sizes = || messages.iter().map(|message| cx.messages.bytes(*message));
        let (bytes, largest) = (sizes().map(u64::from).sum(), sizes().max().unwrap_or(0));
        if let Some(error) = self.refusal(messages.len() as u64, bytes, largest, single, cx.now) {
            return Answer::Failed(error);
        }
        let answers: Vec<EntryAnswer> = messages.iter().map(|message| self.admit(*message, cx)).collect();
        self.hand_on(cx);
        match answers[..] {
            // `PutRecord` has no entries: it fails as a whole.
            [Err(error)] if single => Answer::Failed(error),
            _ => Answer::Entries(answers),
        }
    }
}
