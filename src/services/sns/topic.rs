//! A topic: takes messages and fans them out to its subscriptions.

use super::Timer;
use super::cost::Bill;
use super::delivery::{Deliveries, Delivery};
use super::fifo::Fifo;
use super::metrics::TopicMetrics;
use super::settings::{Protocol, SubscriptionSettings, TopicSettings};
use crate::engine::{Span, Stream, Time};
use crate::filter::{Document, Invalid, Matcher, Policy, Scope, Vocabulary};
use crate::wire::{
    Activity, ApiError, BatchId, Content, Contents, Context, Deduplication, Detail, EntityId, Entry, GroupId,
    Keys, MessageId, Outbox, Pace, Purpose, Signal, Structure, TextId, Use, draw_span,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A subscription during a run.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) settings: SubscriptionSettings,
    pub(super) filter: Option<Arc<Policy>>,
    pub(super) is_raw: bool,
    pub(super) is_active: bool,
    /// When attempts have their turn, where they have a least distance.
    pub(super) pace: Pace,
    /// A device that is disabled gets nothing any more.
    pub(super) is_disabled: bool,
    /// FIFO topics: deliveries under way, by group, first come first served.
    pub(super) lanes: BTreeMap<GroupId, VecDeque<u32>>,
    /// Messages for the same call to the endpoint, while a publish is fanned out.
    outgoing: Option<BatchId>,
    /// Bodies delivered, for scripts to read.
    pub(super) received: Vec<(Detail, (EntityId, u64), Time)>,
    pub(super) latency: Stream,
    pub(super) failure: Stream,
    pub(super) jitter: Stream,
    pub(super) counts: SubscriptionCounts,
}

/// What became of the messages of a subscription.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct SubscriptionCounts {
    /// Messages published while it was active before it became active last.
    seen_before: u64,
    /// Messages the topic had fanned out when it became active last.
    active_since: u64,
    pub(super) matched: u64,
    pub(super) duplicates: u64,
    pub(super) replayed: u64,
    pub(super) delivered: u64,
    pub(super) redriven: u64,
    pub(super) discarded: u64,
    pub(super) pending: u64,
}

/// Policies over attributes and policies over the body.
const SCOPES: [Scope; 2] = [Scope::MessageAttributes, Scope::MessageBody];

/// Subscriptions by what they want.
#[derive(Debug, Default)]
struct Wants {
    /// Those that want everything.
    everything: Vec<u32>,
    /// By scope: how many have a policy, and the policies.
    filtered: [(u64, Option<Matcher>); 2],
}

/// A topic.
#[derive(Debug)]
pub struct Topic {
    pub(super) settings: TopicSettings,
    pub(super) subscriptions: Vec<Subscription>,
    wants: Wants,
    vocabulary: Vocabulary,
    document: Document,
    wanted: Vec<u32>,
    touched: Vec<u32>,
    pub(super) fifo: Option<Box<Fifo>>,
    pub(super) deliveries: Deliveries,
    pub(super) duplication: Stream,
    /// Deliveries until the next one that is made twice.
    until_duplicate: u64,
    pub(super) changes: Stream,
    /// Subscriptions that are active.
    active: u64,
    /// Messages fanned out.
    pub(super) fanned_out: u64,
    /// Messages made because more than one subscription wanted one.
    pub(super) copied: u64,
    /// Messages nobody wanted.
    pub(super) unwanted: u64,
    pub(super) bill: Bill,
    /// Who has a data key.
    keys: Keys,
    /// Calls so far that publish nothing.
    pub(super) management_calls: u64,
    pub(super) activity: Activity,
    pub(super) metrics: TopicMetrics,
}

impl Topic {
    /// A topic that has had no messages.
    pub fn new(settings: TopicSettings, seed: u64, replication: u32) -> Self {
        let kind = settings.kind.name();
        let stream = |purpose: Purpose| purpose.stream(seed, replication, kind, &settings.name);
        let part = if settings.kind.is_direct() { kind } else { "subscription" };
        let subscription = |settings_of: &SubscriptionSettings| {
            let name = format!("{}/{}", settings.name, settings_of.name);
            let stream = |purpose: Purpose| purpose.stream(seed, replication, part, &name);
            Subscription {
                filter: settings_of.filter.clone(),
                is_raw: settings_of.is_raw,
                is_active: false,
                pace: Pace::every(settings_of.gap),
                is_disabled: false,
                lanes: BTreeMap::new(),
                outgoing: None,
                received: Vec::new(),
                latency: stream(Purpose::DeliveryLatency),
                failure: stream(Purpose::DeliveryFailure),
                jitter: stream(Purpose::DeliveryJitter),
                counts: SubscriptionCounts::default(),
                settings: settings_of.clone(),
            }
        };
        let mut topic = Self {
            subscriptions: settings.subscriptions.iter().map(subscription).collect(),
            wants: Wants::default(),
            vocabulary: settings.contents.vocabulary.clone(),
            document: Document::default(),
            wanted: Vec::new(),
            touched: Vec::new(),
            fifo: settings.fifo.map(|fifo| Box::new(Fifo::new(fifo, &settings.quotas))),
            deliveries: Deliveries::default(),
            duplication: stream(Purpose::Duplication),
            until_duplicate: 0,
            changes: stream(Purpose::Ordering),
            active: 0,
            fanned_out: 0,
            copied: 0,
            unwanted: 0,
            bill: Bill::default(),
            keys: Keys::default(),
            management_calls: 0,
            activity: Activity::new(settings.activity.clone(), seed, replication, kind, &settings.name),
            metrics: TopicMetrics::default(),
            settings,
        };
        topic.draw_next_duplicate();
        topic
    }

    /// Time zero: subscriptions that are there from the start, and those that will be.
    pub(super) fn begin<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        for (number, subscription) in self.subscriptions.iter().enumerate() {
            let number = number as u32;
            if let Some(at) = subscription.settings.active_from.filter(|at| *at > Time::ZERO) {
                cx.outbox.wake(at, Timer::Activate(number));
            }
            if let Some(replay) = subscription.settings.replay {
                cx.outbox.wake(replay.at, Timer::Replay(number));
            }
        }
        for number in 0..self.subscriptions.len() {
            if self.subscriptions[number].settings.active_from == Some(Time::ZERO) {
                self.set_active(number as u32, true);
            }
        }
        self.sort_wants();
    }

    /// A subscription begins or ends to get messages. [`Self::sort_wants`] must follow.
    pub(super) fn set_active(&mut self, number: u32, active: bool) {
        let subscription = &mut self.subscriptions[number as usize];
        if subscription.is_active == active {
            return;
        }
        let counts = &mut subscription.counts;
        if active {
            counts.active_since = self.fanned_out;
        } else {
            counts.seen_before += self.fanned_out - counts.active_since;
        }
        subscription.is_active = active;
        self.active = if active { self.active + 1 } else { self.active - 1 };
    }

    /// Messages that were published while the subscription was active.
    pub(super) fn seen(&self, subscription: &Subscription) -> u64 {
        let counts = &subscription.counts;
        let now = if subscription.is_active { self.fanned_out - counts.active_since } else { 0 };
        counts.seen_before + now
    }

    /// Sorts the subscriptions by what they want: after each change.
    pub(super) fn sort_wants(&mut self) {
        let active = || (0..).zip(&self.subscriptions).filter(|(_, subscription)| subscription.is_active);
        self.wants.everything =
            active().filter(|(_, one)| one.filter.is_none()).map(|(number, _)| number).collect();
        for (scope, (count, matcher)) in SCOPES.into_iter().zip(&mut self.wants.filtered) {
            let policies: Vec<(u32, &Policy)> = active()
                .filter_map(|(number, one)| Some((number, one.filter.as_deref()?)))
                .filter(|(_, policy)| policy.scope == scope)
                .collect();
            *count = policies.len() as u64;
            *matcher = (!policies.is_empty()).then(|| Matcher::new(policies, &mut self.vocabulary));
        }
    }

    /// `Publish` or `PublishBatch` takes effect. What is refused goes back to the sender.
    pub(super) fn put<O: Outbox<Timer>>(&mut self, from: EntityId, batch: BatchId, cx: &mut Context<'_, O>) {
        self.metrics.publish_calls.add(1);
        let entries = cx.batches.entries(batch);
        let bytes = entries.iter().map(|entry| u64::from(cx.messages.bytes(entry.message))).sum();
        let number = entries.len() as u64;
        if let Some(error) = self.refusal(from, number, bytes, cx) {
            cx.outbox.send(from, Span::ZERO, Signal::Refused { batch, error });
            return;
        }
        let mut refused: Option<(ApiError, BatchId)> = None;
        let (mut taken, mut taken_bytes) = (0, 0);
        for index in 0..cx.batches.entries(batch).len() {
            let entry = cx.batches.entries(batch)[index];
            let bytes = u64::from(cx.messages.bytes(entry.message));
            let Err(error) = self.accept(entry.message, cx) else {
                taken += 1;
                taken_bytes += bytes;
                continue;
            };
            // One answer for each kind of error.
            if let Some((other, batch)) = refused.take_if(|(other, _)| *other != error) {
                cx.outbox.send(from, Span::ZERO, Signal::Refused { batch, error: other });
            }
            let (_, refused) = *refused.get_or_insert_with(|| (error, cx.batches.open()));
            cx.batches.entries_mut(refused).push(entry);
        }
        cx.batches.close(batch);
        self.bill_call(taken, taken_bytes);
        if let Some((error, batch)) = refused {
            cx.outbox.send(from, Span::ZERO, Signal::Refused { batch, error });
        }
        self.send_outgoing(cx);
    }

    /// Whether a call is refused as a whole: permission first, then the account's quota and that of a FIFO topic.
    pub(super) fn refusal<O>(
        &mut self,
        from: EntityId,
        number: u64,
        bytes: u64,
        cx: &mut Context<'_, O>,
    ) -> Option<ApiError> {
        let error = if self.settings.access.publish.contains(&from) {
            self.metrics.access_denied.add(number);
            ApiError::AuthorizationError
        } else if let Some(error) = self.key_error(from, number, cx.now) {
            error
        } else if self.settings.kind.is_direct() && self.is_disabled(cx.now) {
            ApiError::EndpointDisabled
        } else if number > 1 && bytes > u64::from(self.settings.maximum_message_size) {
            ApiError::BatchRequestTooLong
        } else {
            let has_room = self.fifo.as_ref().is_none_or(|fifo| fifo.has_room(number, bytes, cx.now));
            let account =
                if self.fifo.is_some() { &mut cx.sns.fifo_publishes } else { &mut cx.sns.publishes };
            if has_room && account.has(number, cx.now) {
                account.take(number, cx.now);
                if let Some(fifo) = &mut self.fifo {
                    fifo.take(number, bytes, cx.now);
                }
                return None;
            }
            self.metrics.messages_throttled.add(number);
            return Some(ApiError::Throttled);
        };
        match error {
            ApiError::TopicKeyThrottled => self.metrics.messages_throttled.add(number),
            _ => self.metrics.messages_refused.add(number),
        }
        Some(error)
    }

    /// A publisher needs a data key of an encrypted topic ("Amazon SNS encryption at rest").
    fn key_error(&mut self, from: EntityId, number: u64, now: Time) -> Option<ApiError> {
        let settings = self.settings.kms.as_ref()?;
        match self.keys.need(settings, from, Use::Send, now) {
            Ok(calls) => {
                self.metrics.kms_calls.add(calls);
                None
            }
            Err(ApiError::KmsThrottled) => Some(ApiError::TopicKeyThrottled),
            Err(_) => {
                self.metrics.access_denied.add(number);
                Some(ApiError::TopicKeyAccessDenied)
            }
        }
    }

    /// Whether the device that is published to is disabled ("`Publish`", `EndpointDisabledException`).
    fn is_disabled(&self, now: Time) -> bool {
        self.subscriptions.iter().any(|one| one.is_disabled || now >= one.settings.disabled_at)
    }

    /// Takes a message and fans it out, or says why not.
    pub(super) fn accept<O: Outbox<Timer>>(
        &mut self,
        message: MessageId,
        cx: &mut Context<'_, O>,
    ) -> Result<(), ApiError> {
        let bytes = cx.messages.bytes(message);
        let mut detail = cx.messages.detail(message);
        let checked = if bytes == 0 || bytes > self.settings.maximum_message_size {
            Err(ApiError::InvalidParameter)
        } else if let Content::Structured(text) = detail.content
            && self.structure(text).is_none()
        {
            Err(ApiError::InvalidParameter)
        } else if let Some(fifo) = &mut self.fifo {
            fifo.check(message, &mut detail, cx)
        } else if matches!(detail.deduplication, Deduplication::Id(_))
            || (detail.group != GroupId::NONE
                && (!self.settings.quotas.groups_on_standard_topics || self.settings.kind.is_direct()))
        {
            Err(ApiError::InvalidParameter)
        } else {
            Ok(false)
        };
        let is_repeated = checked.inspect_err(|error| match error {
            ApiError::Throttled => self.metrics.messages_throttled.add(1),
            _ => self.metrics.messages_refused.add(1),
        })?;
        self.metrics.messages_published.add(1);
        self.metrics.publish_size.record(u64::from(bytes));
        if is_repeated {
            self.metrics.messages_deduplicated.add(1);
            cx.messages.mark_deduplicated(message);
            cx.messages.release(message);
            return Ok(());
        }
        if self.fifo.is_some() {
            cx.messages.change_detail(message, detail);
            self.archive(message, cx);
        }
        self.fan_out(message, cx);
        Ok(())
    }

    /// What a body is made of that has a text for each protocol; `None` when SNS cannot read it.
    fn structure(&self, text: TextId) -> Option<&Structure> {
        self.settings.contents.structures.get(&text)?.as_ref()
    }

    /// One message for each subscription that wants it.
    fn fan_out<O: Outbox<Timer>>(&mut self, message: MessageId, cx: &mut Context<'_, O>) {
        self.fanned_out += 1;
        self.find_wanted(message, cx);
        let bytes = cx.messages.bytes(message);
        if self.fifo.is_some() {
            self.bill.notify(bytes, self.active);
        }
        let wanted = std::mem::take(&mut self.wanted);
        // A producer that will publish it once more must find it as it was.
        let is_shared = cx.messages.is_shared(message);
        for (position, number) in wanted.iter().enumerate() {
            // The last one gets the message itself.
            let one = if position + 1 == wanted.len() && !is_shared {
                message
            } else {
                self.copied += 1;
                cx.messages.copy(message)
            };
            self.subscriptions[*number as usize].counts.matched += 1;
            self.notify(*number, one, bytes, cx);
        }
        if wanted.is_empty() {
            self.unwanted += 1;
            cx.messages.mark_filtered(message);
        }
        if wanted.is_empty() || is_shared {
            cx.messages.release(message);
        }
        self.wanted = wanted;
    }

    /// Finds who wants a message, in order, and counts whose policies hold it back.
    fn find_wanted<O>(&mut self, message: MessageId, cx: &mut Context<'_, O>) {
        self.wanted.clear();
        self.wanted.extend_from_slice(&self.wants.everything);
        let mut is_sorted = true;
        for (scope, (count, matcher)) in SCOPES.into_iter().zip(&mut self.wants.filtered) {
            let Some(matcher) = matcher else { continue };
            let contents: &Contents = &self.settings.contents;
            contents.read(message, scope, cx.messages, &mut self.document);
            if scope == Scope::MessageBody {
                self.bill.scan(cx.messages.bytes(message), *count);
            }
            let before = self.wanted.len();
            matcher.matching(&self.document, &mut self.wanted);
            let held_back = *count - (self.wanted.len() - before) as u64;
            is_sorted &= before == 0 || self.wanted.len() == before;
            if held_back > 0 {
                self.metrics.notifications_filtered_out.add(held_back);
                match scope {
                    Scope::MessageAttributes => self.metrics.filtered_out_attributes.add(held_back),
                    Scope::MessageBody => self.metrics.filtered_out_body.add(held_back),
                }
                match self.document.invalid {
                    None => {}
                    Some(Invalid::NoAttributes) => self.metrics.filtered_out_no_attributes.add(held_back),
                    Some(Invalid::Attributes) => self.metrics.filtered_out_invalid_attributes.add(held_back),
                    Some(Invalid::Body) => self.metrics.filtered_out_invalid_body.add(held_back),
                }
            }
        }
        if !is_sorted {
            self.wanted.sort_unstable();
        }
    }

    /// Whether a subscription wants a message, whatever is counted.
    pub(super) fn wants<O>(&mut self, number: u32, message: MessageId, cx: &Context<'_, O>) -> bool {
        let Some(policy) = self.subscriptions[number as usize].filter.clone() else { return true };
        self.settings.contents.read(message, policy.scope, cx.messages, &mut self.document);
        Matcher::new([(0, &*policy)], &mut self.vocabulary).passes(&self.document)
    }

    /// A message of its own for a subscription, on its way.
    #[inline]
    pub(super) fn notify<O: Outbox<Timer>>(
        &mut self,
        number: u32,
        message: MessageId,
        bytes: u32,
        cx: &mut Context<'_, O>,
    ) {
        let mut bytes = bytes;
        if let Content::Structured(whole) = cx.messages.detail(message).content {
            bytes = self.take_text(number, message, whole, cx);
        }
        let contents = &self.settings.contents;
        let subscription = &mut self.subscriptions[number as usize];
        // "Amazon SNS message attributes": more than ten do not fit, a client-side error.
        let is_impossible = contents.most_attributes > MOST_RAW_ATTRIBUTES
            && subscription.is_raw
            && matches!(subscription.settings.protocol, Protocol::Sqs { .. })
            && contents.attributes_of(message, cx.messages) > MOST_RAW_ATTRIBUTES;
        let protocol = &subscription.settings.protocol;
        let has_envelope = !subscription.is_raw && protocol.has_envelope();
        let bytes = if has_envelope { bytes.saturating_add(self.settings.envelope_bytes) } else { bytes };
        cx.messages.set_bytes(message, bytes);
        if has_envelope {
            cx.messages.mark_enveloped(message);
        }
        let is_surely_taken =
            protocol.taker().is_some_and(|(_, takes_up_to)| takes_up_to.is_some_and(|most| bytes <= most));
        let is_read = subscription.settings.is_read && matches!(protocol, Protocol::Lambda { .. });
        if is_surely_taken
            && !is_read
            && !is_impossible
            && self.fifo.is_none()
            && subscription.settings.outages.is_empty()
        {
            let batch = *subscription.outgoing.get_or_insert_with(|| {
                self.touched.push(number);
                cx.batches.open()
            });
            cx.batches.entries_mut(batch).push(Entry::new(message));
            return;
        }
        let detail = cx.messages.detail(message);
        let delivery = Delivery::new(message, number, cx.now, detail.group);
        let delivery = if is_impossible { delivery.impossible() } else { delivery };
        if let Protocol::Sqs { is_fifo: false, .. } = subscription.settings.protocol
            && self.fifo.is_some()
        {
            // A standard queue gets neither group nor id of a FIFO topic's message.
            let plain = Detail { group: GroupId::NONE, deduplication: Deduplication::Once, ..detail };
            cx.messages.change_detail(message, plain);
        }
        self.begin_delivery(delivery, cx);
        if self.fifo.is_none() && self.is_made_twice() {
            cx.messages.hold(message);
            self.subscriptions[number as usize].counts.duplicates += 1;
            self.metrics.duplicates.add(1);
            self.begin_delivery(delivery.once_more(), cx);
        }
    }

    /// Of a body with a text for each protocol the one for this subscription is delivered; gives the new size.
    #[cold]
    fn take_text<O>(&self, number: u32, message: MessageId, whole: TextId, cx: &mut Context<'_, O>) -> u32 {
        let bytes = cx.messages.bytes(message);
        let Some(structure) = self.structure(whole) else { return bytes };
        let (text, size) = structure.of(self.subscriptions[number as usize].settings.protocol_name);
        cx.messages.set_content(message, Content::Text(text));
        size.saturating_add(bytes.saturating_sub(structure.bytes))
    }

    /// The end of a publish: what goes to queues that take everything is sent, one call a queue.
    pub(super) fn send_outgoing<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        for position in 0..self.touched.len() {
            let subscription = &mut self.subscriptions[self.touched[position] as usize];
            let Some(batch) = subscription.outgoing.take() else { continue };
            let Some((taker, _)) = subscription.settings.protocol.taker() else { continue };
            let latency = draw_span(&subscription.settings.latency, &mut subscription.latency);
            let number = cx.batches.entries(batch).len() as u64;
            subscription.counts.delivered += number;
            self.metrics.delivery_attempts.add(number);
            self.metrics.notifications_delivered.add(number);
            for _ in 0..number {
                self.metrics.delivery_time.record(latency.as_nanos());
            }
            for index in 0..number as usize {
                if self.is_made_twice() {
                    self.deliver_again(position, index, batch, taker, cx);
                }
            }
            cx.outbox.send(taker, latency, Signal::Put { batch });
        }
        self.touched.clear();
    }

    /// A standard topic delivers at least once, and now and then once more.
    #[cold]
    fn deliver_again<O: Outbox<Timer>>(
        &mut self,
        position: usize,
        index: usize,
        batch: BatchId,
        taker: EntityId,
        cx: &mut Context<'_, O>,
    ) {
        let again = cx.batches.open();
        cx.batches.copy(batch, index..index + 1, again);
        cx.messages.hold(cx.batches.entries(again)[0].message);
        let counts = &mut self.subscriptions[self.touched[position] as usize].counts;
        counts.duplicates += 1;
        counts.delivered += 1;
        self.metrics.duplicates.add(1);
        self.metrics.delivery_attempts.add(1);
        self.metrics.notifications_delivered.add(1);
        let later = draw_span(&self.settings.duplicate_delay, &mut self.duplication);
        cx.outbox.send(taker, later, Signal::Put { batch: again });
    }

    #[inline]
    fn is_made_twice(&mut self) -> bool {
        if self.until_duplicate > 0 {
            self.until_duplicate -= 1;
            return false;
        }
        self.draw_next_duplicate();
        true
    }

    /// How many deliveries go by before the next that is made twice: one draw instead of one a delivery.
    fn draw_next_duplicate(&mut self) {
        let probability = self.settings.duplicate_probability;
        self.until_duplicate = if probability <= 0.0 {
            u64::MAX
        } else if probability >= 1.0 {
            0
        } else {
            (libm::log(self.duplication.open_unit()) / libm::log1p(-probability)) as u64
        };
    }
}

/// Most attributes of a message that is delivered raw to a queue ("Amazon SNS message attributes").
const MOST_RAW_ATTRIBUTES: usize = 10;
