//! A scripted client: makes its calls and writes down what comes of them.

use super::Timer;
use super::broker_calls::BrokerCall;
use super::metrics::ClientMetrics;
use super::script::{Call, Handle, Send, Step};
use super::show::{Names, answer};
use super::stream_script::{Place, Record, StreamCall};
use super::video_calls::{ScriptedFragment, VideoStep};
use crate::engine::{Distribution, Span, Stream, Time};
use crate::record::ApiCall;
use crate::wire::{
    Action, Answer, ApiLatency, BrokerAction, Context, EntityId, IteratorPlace, NewMessage, Outbox, Purpose,
    Receipt, RecordKey, RecordPlace, RequestId, SendEntry, ShardIterator, Signal, VideoAction, VideoReply,
    VisibilityEntry, draw_span,
};
use std::sync::Arc;

/// Everything that is fixed about a client during a run.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Its name.
    pub name: String,
    /// What it does, in the order of time.
    pub steps: Vec<Step>,
    /// How long its calls take.
    pub latency: ApiLatency,
    /// What things are called.
    pub names: Arc<Names>,
}

/// What a step left for later ones.
#[derive(Debug, Clone)]
enum Remembered {
    Receipts(EntityId, Vec<Receipt>),
    Task(u32),
    Records(EntityId, Vec<Option<RecordPlace>>),
    Iterator(EntityId, Option<ShardIterator>),
}

/// A call that has not ended.
#[derive(Debug)]
struct Open {
    request: RequestId,
    step: usize,
    at: Time,
}

/// A scripted client.
#[derive(Debug)]
pub struct Client {
    settings: ClientSettings,
    next: usize,
    open: Vec<Open>,
    remembered: Vec<Option<Remembered>>,
    latencies: [Stream; 4],
    messages_made: u64,
    pub(super) rejected: u64,
    pub(super) metrics: ClientMetrics,
}

/// How often a client lets everything else of an instant happen before a step: answers to earlier steps, and what a queue
/// tells another queue, are one signal away.
const LOOKS: u8 = 3;

impl Client {
    /// A client that has done nothing yet.
    pub fn new(settings: ClientSettings, seed: u64, replication: u32) -> Self {
        let stream = |purpose: Purpose| purpose.stream(seed, replication, "client", &settings.name);
        let latencies = [
            stream(Purpose::SendLatency),
            stream(Purpose::ReceiveLatency),
            stream(Purpose::DeleteLatency),
            stream(Purpose::ChangeVisibilityLatency),
        ];
        let names = settings.steps.iter().filter_map(|step| step.name).max().map_or(0, |last| last + 1);
        Self {
            settings,
            next: 0,
            open: Vec::new(),
            remembered: vec![None; names],
            latencies,
            messages_made: 0,
            rejected: 0,
            metrics: ClientMetrics::default(),
        }
    }

    /// Asks to be woken for the next step.
    pub(super) fn await_step<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if let Some(step) = self.settings.steps.get(self.next) {
            cx.outbox.wake(step.at, Timer::Step(LOOKS));
        }
    }

    /// The next step is played.
    pub(super) fn play<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let number = self.next;
        let Some(step) = self.settings.steps.get(number) else { return };
        let (queue, call) = (step.queue, step.call.clone());
        self.next += 1;
        let delay = self.delay(&call);
        let action = self.action(call, queue, cx);
        let request = cx.requests.open(action);
        self.open.push(Open { request, step: number, at: cx.now });
        self.metrics.calls.add(1);
        cx.outbox.send(queue, delay, Signal::Request { request });
        self.await_step(cx);
    }

    /// How long a call takes until it has its effect; a receive has it at once and is answered later.
    fn delay(&mut self, call: &Call) -> Span {
        let latency = &self.settings.latency;
        let (distribution, stream) = match call {
            Call::Receive { .. } | Call::Stream(StreamCall::Get { .. }) | Call::Broker(_) => {
                return Span::ZERO;
            }
            Call::Send(_)
            | Call::SendBatch(..)
            | Call::Publish(_)
            | Call::PublishBatch(..)
            | Call::Stream(StreamCall::Put(_) | StreamCall::PutAll(_))
            | Call::PutToDeliveryStream(..) => (&latency.send, 0),
            Call::Change(..) | Call::ChangeBatch(_) => (&latency.change_visibility, 3),
            _ => (&latency.delete, 2),
        };
        draw_if_any(distribution, &mut self.latencies[stream])
    }

    fn action<O>(&mut self, call: Call, queue: EntityId, cx: &mut Context<'_, O>) -> Action {
        match call {
            Call::Send(send) => Action::SendMessage(self.make_message(send, cx)),
            Call::SendBatch(sends, ids, _) => {
                let entries = sends.into_iter().map(|send| self.make_message(send, cx)).collect();
                Action::SendMessageBatch(entries, ids)
            }
            Call::Publish(send) => Action::Publish(self.make_message(send, cx)),
            Call::PublishBatch(sends, ids, _) => {
                let entries = sends.into_iter().map(|send| self.make_message(send, cx)).collect();
                Action::PublishBatch(entries, ids)
            }
            Call::PutToDeliveryStream(sends, single) => Action::PutToDeliveryStream(
                sends.into_iter().map(|send| self.make_message(send, cx)).collect(),
                single,
            ),
            Call::Video(VideoStep::Plain(action)) => Action::Video(action),
            Call::Video(VideoStep::PutMedia(fragments, keeps_open)) => {
                let made = fragments.iter().map(|one| self.make_fragment(*one, cx)).collect();
                let parts = fragments.iter().map(|one| one.part).collect();
                Action::Video(VideoAction::PutMedia { entries: made, parts, keeps_open })
            }
            Call::Broker(call) => Action::Broker(self.broker_action(call, queue, cx)),
            Call::Subscribe(number) => Action::Subscribe(number),
            Call::Unsubscribe(number) => Action::Unsubscribe(number),
            Call::SetSubscription(subscription, change) => {
                Action::SetSubscriptionAttributes { subscription, change }
            }
            Call::ReadDeliveries(number) => Action::ReadDeliveries(number),
            Call::Stream(call) => self.stream_action(call, queue, cx),
            Call::Receive { maximum, wait_seconds, visibility_timeout_seconds, attempt } => {
                Action::ReceiveMessage { maximum, wait_seconds, visibility_timeout_seconds, attempt }
            }
            Call::Delete(handle) => Action::DeleteMessage(self.receipt(handle, queue)),
            Call::DeleteBatch(handles) => Action::DeleteMessageBatch(
                handles.into_iter().map(|handle| self.receipt(handle, queue)).collect(),
            ),
            Call::Change(handle, timeout_seconds) => Action::ChangeMessageVisibility(VisibilityEntry {
                receipt: self.receipt(handle, queue),
                timeout_seconds,
            }),
            Call::ChangeBatch(changes) => {
                let entry = |(handle, timeout_seconds)| VisibilityEntry {
                    receipt: self.receipt(handle, queue),
                    timeout_seconds,
                };
                Action::ChangeMessageVisibilityBatch(changes.into_iter().map(entry).collect())
            }
            Call::Purge => Action::PurgeQueue,
            Call::SetAttributes(attributes) => Action::SetQueueAttributes(attributes),
            Call::GetAttributes => Action::GetQueueAttributes,
            Call::StartTask { destination, maximum_per_second } => {
                Action::StartMessageMoveTask { destination, maximum_per_second }
            }
            Call::ListTasks => Action::ListMessageMoveTasks,
            Call::CancelTask(name) => Action::CancelMessageMoveTask(match self.remembered.get(name) {
                Some(Some(Remembered::Task(number))) => Some(*number),
                _ => None,
            }),
        }
    }

    /// A fragment of video is as old as its first frame.
    fn make_fragment<O>(&mut self, fragment: ScriptedFragment, cx: &mut Context<'_, O>) -> SendEntry {
        self.make_message_of(fragment.send, fragment.taken_at, cx)
    }

    fn broker_action<O>(
        &mut self,
        call: BrokerCall,
        destination: EntityId,
        cx: &mut Context<'_, O>,
    ) -> BrokerAction {
        match call {
            BrokerCall::Send(send) => BrokerAction::Send(self.make_message(send, cx)),
            BrokerCall::Receive(maximum, wait) => BrokerAction::Receive { maximum, wait },
            BrokerCall::Acknowledge(handle) => BrokerAction::Acknowledge(self.receipt(handle, destination)),
            BrokerCall::RollBack => BrokerAction::RollBack,
            BrokerCall::Commit => BrokerAction::Commit,
            BrokerCall::Connect => BrokerAction::Connect,
            BrokerCall::Disconnect => BrokerAction::Disconnect,
        }
    }

    fn make_message<O>(&mut self, send: Send, cx: &mut Context<'_, O>) -> SendEntry {
        self.make_message_of(send, cx.now, cx)
    }

    fn make_message_of<O>(&mut self, send: Send, published_at: Time, cx: &mut Context<'_, O>) -> SendEntry {
        let message = cx.messages.create(NewMessage {
            published_at,
            producer: cx.me,
            sequence: self.messages_made,
            bytes: send.bytes,
            poison: false,
            detail: send.detail,
        });
        self.messages_made += 1;
        self.metrics.messages_produced.add(1);
        SendEntry { message, delay_seconds: send.delay_seconds, attributes: send.attributes }
    }

    fn stream_action<O>(&mut self, call: StreamCall, stream: EntityId, cx: &mut Context<'_, O>) -> Action {
        match call {
            StreamCall::Create { shards, on_demand } => Action::CreateStream { shards, on_demand },
            StreamCall::Describe => Action::DescribeStream,
            StreamCall::ListShards => Action::ListShards,
            StreamCall::Put(record) => {
                let (entry, key) = self.make_record(record, stream, cx);
                Action::PutRecord(entry, key)
            }
            StreamCall::PutAll(records) => {
                let made = records.into_iter().map(|record| self.make_record(record, stream, cx));
                let (entries, keys) = made.unzip();
                Action::PutRecords(entries, keys)
            }
            StreamCall::Iterator(shard, place) => {
                let place = match place {
                    Place::TrimHorizon => IteratorPlace::TrimHorizon,
                    Place::Latest => IteratorPlace::Latest,
                    Place::AtTimestamp(time) => IteratorPlace::AtTimestamp(time),
                    Place::AtSequenceNumber(record) => {
                        IteratorPlace::AtSequenceNumber(self.record_place(record, stream))
                    }
                    Place::AfterSequenceNumber(record) => {
                        IteratorPlace::AfterSequenceNumber(self.record_place(record, stream))
                    }
                };
                Action::GetShardIterator(shard, place)
            }
            StreamCall::Get { iterator, limit } => {
                let iterator = iterator.and_then(|name| match self.remembered.get(name) {
                    Some(Some(Remembered::Iterator(of, iterator))) if *of == stream => *iterator,
                    _ => None,
                });
                Action::GetRecords { iterator, limit }
            }
            StreamCall::Split(shard, at) => Action::SplitShard(shard, at),
            StreamCall::Merge(shard, other) => Action::MergeShards(shard, other),
            StreamCall::UpdateShardCount(target) => Action::UpdateShardCount(target),
            StreamCall::UpdateStreamMode { on_demand } => Action::UpdateStreamMode { on_demand },
            StreamCall::UpdateWarmThroughput(mebibytes) => Action::UpdateStreamWarmThroughput(mebibytes),
            StreamCall::UpdateDistribution { auto } => {
                Action::UpdateStreamRecordDistributionStrategy { auto }
            }
            StreamCall::IncreaseRetention(hours) => Action::IncreaseStreamRetentionPeriod(hours),
            StreamCall::DecreaseRetention(hours) => Action::DecreaseStreamRetentionPeriod(hours),
        }
    }

    fn make_record<O>(
        &mut self,
        record: Record,
        stream: EntityId,
        cx: &mut Context<'_, O>,
    ) -> (SendEntry, RecordKey) {
        let after = record.after.map(|after| self.record_place(after, stream));
        let mut record = record;
        if let Some(time) = record.event_time {
            let millis = |time: Time| (time.as_nanos() / 1_000_000) as i64;
            let offset = millis(time) - millis(cx.now);
            record.send.detail.event_offset_millis = i32::try_from(offset).unwrap_or(i32::MAX);
        }
        (self.make_message(record.send, cx), RecordKey { hash: record.hash, after })
    }

    /// The record of a sequence number; one that the put did not give, or of another stream, is none.
    fn record_place(&self, handle: Handle, stream: EntityId) -> Option<RecordPlace> {
        let Handle::Of { name, index } = handle else { return None };
        match self.remembered.get(name) {
            Some(Some(Remembered::Records(of, places))) if *of == stream => *places.get(index)?,
            _ => None,
        }
    }

    /// A handle beyond what the receive returned, or of another queue, is none that this queue gave.
    fn receipt(&self, handle: Handle, queue: EntityId) -> Receipt {
        let Handle::Of { name, index } = handle else { return Receipt::NONE };
        match self.remembered.get(name) {
            Some(Some(Remembered::Receipts(from, receipts))) if *from == queue => {
                receipts.get(index).copied().unwrap_or(Receipt::NONE)
            }
            _ => Receipt::NONE,
        }
    }

    /// The answer to a call comes back; that of a receive takes its time.
    pub(super) fn take_response<O: Outbox<Timer>>(&mut self, request: RequestId, cx: &mut Context<'_, O>) {
        let action = cx.requests.action(request);
        let is_receive = matches!(action, Action::ReceiveMessage { .. } | Action::GetRecords { .. });
        let latency = if is_receive {
            draw_if_any(&self.settings.latency.receive, &mut self.latencies[1])
        } else {
            Span::ZERO
        };
        if latency == Span::ZERO {
            self.end_call(request, cx);
        } else {
            cx.outbox.wake(cx.now + latency, Timer::Answered(request));
        }
    }

    /// What an answer brings is counted and remembered; gives the bodies of messages and records.
    fn take_answer<O>(
        &mut self,
        step: usize,
        action: &Action,
        given: &Answer,
        cx: &mut Context<'_, O>,
    ) -> Vec<String> {
        let step = &self.settings.steps[step];
        let (name, called) = (step.name, step.queue);
        let mut bodies = Vec::new();
        let remembered = match given {
            Answer::Messages(messages) => {
                self.metrics.messages_received.add(messages.len() as u64);
                bodies.extend(messages.iter().map(|message| self.settings.names.body(message)));
                Remembered::Receipts(called, messages.iter().map(|message| message.receipt).collect())
            }
            Answer::Task(number) => Remembered::Task(*number),
            Answer::Failed(_) => {
                self.metrics.errors.add(1);
                action.sends().iter().for_each(|entry| self.reject(entry, cx));
                return bodies;
            }
            Answer::Entries(answers) => {
                self.settle(action, answers.iter().map(Result::is_ok), cx);
                return bodies;
            }
            Answer::Video(VideoReply::Put(taken)) => {
                self.settle(action, taken.iter().map(Result::is_ok), cx);
                return bodies;
            }
            Answer::Video(VideoReply::Fragments(fragments)) => {
                self.metrics.messages_received.add(fragments.len() as u64);
                bodies.extend(fragments.iter().map(|one| self.settings.names.fragment(one)));
                return bodies;
            }
            Answer::Put(places) => {
                self.settle(action, places.iter().map(Result::is_ok), cx);
                Remembered::Records(called, places.iter().map(|place| place.ok()).collect())
            }
            Answer::Iterator(iterator) => Remembered::Iterator(called, Some(*iterator)),
            Answer::Records(read) => {
                self.metrics.messages_received.add(read.records.len() as u64);
                bodies.extend(read.records.iter().map(|record| self.settings.names.data(record)));
                Remembered::Iterator(called, read.next)
            }
            Answer::Counts(_)
            | Answer::Tasks(_)
            | Answer::Moved(_)
            | Answer::Done
            | Answer::Shards(_)
            | Answer::Video(VideoReply::Described(_))
            | Answer::Stream(_) => return bodies,
        };
        if let Some(name) = name {
            self.remembered[name] = Some(remembered);
        }
        bodies
    }

    /// Each message of a call was taken, or not.
    fn settle<O>(&mut self, action: &Action, taken: impl Iterator<Item = bool>, cx: &mut Context<'_, O>) {
        for (entry, taken) in action.sends().iter().zip(taken) {
            if taken {
                self.metrics.messages_sent.add(1);
            } else {
                self.metrics.errors.add(1);
                self.reject(entry, cx);
            }
        }
    }

    fn reject<O>(&mut self, entry: &SendEntry, cx: &mut Context<'_, O>) {
        self.rejected += 1;
        cx.messages.mark_rejected(entry.message);
        cx.messages.release(entry.message);
    }

    /// A call has ended: its answer is remembered and written down.
    pub(super) fn end_call<O>(&mut self, request: RequestId, cx: &mut Context<'_, O>) {
        let Some(position) = self.open.iter().position(|open| open.request == request) else { return };
        let open = self.open.swap_remove(position);
        let request = cx.requests.close(request);
        let Some(given) = request.answer else { return };
        let bodies = self.take_answer(open.step, &request.action, &given, cx);
        let step = &self.settings.steps[open.step];
        let ids = match &step.call {
            Call::SendBatch(_, _, ids) | Call::PublishBatch(_, _, ids) => ids.as_slice(),
            _ => &[],
        };
        let (outcome, messages) = answer(&given, ids, &self.settings.names);
        cx.journal.api_calls.push(ApiCall {
            time: open.at,
            answered_at: cx.now,
            client: self.settings.name.clone(),
            step: open.step as u32,
            action: request.action.name(),
            resource: step.queue_name.clone(),
            request: step.request.clone(),
            outcome,
            messages,
            bodies,
        });
    }
}

/// A call that takes no time draws nothing.
fn draw_if_any(distribution: &Distribution, stream: &mut Stream) -> Span {
    if distribution.maximum() <= 0.0 { Span::ZERO } else { draw_span(distribution, stream) }
}
