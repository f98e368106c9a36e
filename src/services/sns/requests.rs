//! Calls whose answer is read, as scripted clients make them.

use super::Timer;
use super::topic::Topic;
use crate::engine::Span;
use crate::wire::{
    Action, Answer, ApiError, Context, EntityId, EntryAnswer, Outbox, Receipt, Received, RequestId,
    SendEntry, TextId, draw_span,
};

impl Topic {
    /// A call begins; it is answered at once.
    pub(super) fn ask<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        request: RequestId,
        cx: &mut Context<'_, O>,
    ) {
        let action = cx.requests.action(request).clone();
        self.management_calls += u64::from(!matches!(
            action,
            Action::Publish(_) | Action::PublishBatch(..) | Action::ReadDeliveries(_)
        ));
        let answer = match action {
            Action::Subscribe(_) | Action::Unsubscribe(_) | Action::SetSubscriptionAttributes { .. }
                if self.settings.access.subscribe.contains(&from) =>
            {
                Answer::Failed(ApiError::AuthorizationError)
            }
            Action::Publish(entry) => self.ask_publish(from, &[entry], None, cx),
            Action::PublishBatch(entries, ids) => self.ask_publish(from, &entries, Some(&ids), cx),
            Action::Subscribe(number) => self.subscribe(number),
            Action::Unsubscribe(number) => {
                // A subscription that is gone already is no error ("`Unsubscribe`").
                self.set_active(number, false);
                self.sort_wants();
                Answer::Done
            }
            Action::SetSubscriptionAttributes { subscription, change } => {
                self.set_attributes(subscription, change, cx)
            }
            Action::ReadDeliveries(number) => self.read_deliveries(number),
            _ => Answer::Failed(ApiError::InvalidParameter),
        };
        cx.answer((from, request), answer, Span::ZERO);
    }

    /// `Publish`, or `PublishBatch` with the ids of its entries.
    fn ask_publish<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        entries: &[SendEntry],
        ids: Option<&[TextId]>,
        cx: &mut Context<'_, O>,
    ) -> Answer {
        self.metrics.publish_calls.add(1);
        if let Some(ids) = ids {
            let is_repeated = |(index, id): (usize, &TextId)| ids[..index].contains(id);
            let error = match entries.len() {
                0 => Some(ApiError::EmptyBatchRequest),
                many if many > self.settings.quotas.maximum_batch_entries as usize => {
                    Some(ApiError::TooManyEntriesInBatchRequest)
                }
                _ if ids.contains(&TextId::IMPOSSIBLE) => Some(ApiError::InvalidBatchEntryId),
                _ if ids.iter().enumerate().any(is_repeated) => Some(ApiError::BatchEntryIdsNotDistinct),
                _ => None,
            };
            if let Some(error) = error {
                return Answer::Failed(error);
            }
        }
        let bytes = entries.iter().map(|entry| u64::from(cx.messages.bytes(entry.message))).sum();
        if let Some(error) = self.refusal(from, entries.len() as u64, bytes, cx) {
            return Answer::Failed(error);
        }
        let sizes: Vec<u64> =
            entries.iter().map(|entry| u64::from(cx.messages.bytes(entry.message))).collect();
        let answers: Vec<EntryAnswer> =
            entries.iter().map(|entry| self.accept(entry.message, cx).map(|()| None)).collect();
        let taken = answers.iter().zip(sizes).filter(|(answer, _)| answer.is_ok()).map(|(_, bytes)| bytes);
        self.bill_call(taken.clone().count() as u64, taken.sum());
        self.send_outgoing(cx);
        Answer::Entries(answers)
    }

    /// `Subscribe`: the endpoint of this scenario confirms at once, unless it says otherwise.
    fn subscribe(&mut self, number: u32) -> Answer {
        let subscription = &self.subscriptions[number as usize];
        let quotas = &self.settings.quotas;
        let active = || self.subscriptions.iter().filter(|one| one.is_active);
        let policies = active().filter(|one| one.filter.is_some()).count();
        if subscription.filter.is_some() && policies >= quotas.filter_policies as usize {
            return Answer::Failed(ApiError::FilterPolicyLimitExceeded);
        }
        if active().count() >= quotas.subscriptions_of(self.settings.fifo.is_some()) as usize {
            return Answer::Failed(ApiError::SubscriptionLimitExceeded);
        }
        self.set_active(number, true);
        self.sort_wants();
        Answer::Done
    }

    /// `SetSubscriptionAttributes`: a new filter policy may take its time ("Amazon SNS subscription filter policies").
    fn set_attributes<O: Outbox<Timer>>(
        &mut self,
        number: u32,
        change: u32,
        cx: &mut Context<'_, O>,
    ) -> Answer {
        if !self.subscriptions[number as usize].is_active {
            return Answer::Failed(ApiError::NotFound);
        }
        let takes = draw_span(&self.settings.policy_change_time, &mut self.changes);
        if takes == Span::ZERO {
            self.change(number, change);
        } else {
            cx.outbox
                .wake(cx.now + takes, Timer::Change { subscription: number as u16, change: change as u16 });
        }
        Answer::Done
    }

    /// A change counts from now on.
    pub(super) fn change(&mut self, number: u32, change: u32) {
        let change = self.settings.changes[change as usize].clone();
        let subscription = &mut self.subscriptions[number as usize];
        if let Some(filter) = change.filter {
            subscription.filter = filter;
        }
        if let Some(is_raw) = change.is_raw {
            subscription.is_raw = is_raw;
        }
        self.sort_wants();
    }

    /// What an endpoint that is no queue has received since it was read last.
    fn read_deliveries(&mut self, number: u32) -> Answer {
        let received = std::mem::take(&mut self.subscriptions[number as usize].received);
        let told = |(detail, origin, at): (crate::wire::Detail, _, _)| Received {
            content: detail.content,
            origin,
            group: detail.group,
            receipt: Receipt::NONE,
            receive_count: 1,
            sent_at: at,
            first_received_at: at,
            sequence: None,
        };
        Answer::Messages(received.into_iter().map(told).collect())
    }
}
