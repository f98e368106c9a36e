//! What only FIFO topics do: groups, deduplication, quotas of their own, archive and replay.

use super::Timer;
use super::settings::FifoTopic;
use super::topic::Topic;
use crate::engine::Time;
use crate::wire::{
    ApiError, Budget, Context, Deduplication, DeduplicationMemory, Detail, GroupId, MessageId, NewMessage,
    Outbox, SnsQuotas, identity,
};
use std::collections::{BTreeMap, VecDeque};

/// A message in the archive.
#[derive(Debug)]
struct Archived {
    at: Time,
    message: NewMessage,
    attributes: Vec<u64>,
}

/// What a FIFO topic keeps.
#[derive(Debug)]
pub(super) struct Fifo {
    settings: FifoTopic,
    memory: DeduplicationMemory,
    /// Messages and bytes of this topic; none when the quota is that of the account alone.
    own: Option<(Budget, Budget)>,
    groups: BTreeMap<GroupId, Budget>,
    group_quota: u32,
    taken: u64,
    archive: VecDeque<Archived>,
    archived_bytes: u64,
}

/// More budgets of groups than these are looked through for those that are full again.
const MOST_GROUPS: usize = 4_096;

impl Fifo {
    pub(super) fn new(settings: FifoTopic, quotas: &SnsQuotas) -> Self {
        let own = (
            Budget::per_second(quotas.fifo_messages_per_second),
            Budget::per_second(quotas.fifo_bytes_per_second),
        );
        Self {
            settings,
            memory: DeduplicationMemory::new(quotas.deduplication_interval),
            own: (!settings.scope_is_group).then_some(own),
            groups: BTreeMap::new(),
            group_quota: quotas.fifo_group_messages_per_second,
            taken: 0,
            archive: VecDeque::new(),
            archived_bytes: 0,
        }
    }

    /// Whether the topic takes so much more in this second ("Amazon SNS quotas", FIFO topics).
    pub(super) fn has_room(&self, messages: u64, bytes: u64, now: Time) -> bool {
        self.own.is_none_or(|(own, own_bytes)| own.has(messages, now) && own_bytes.has(bytes, now))
    }

    pub(super) fn take(&mut self, messages: u64, bytes: u64, now: Time) {
        if let Some((own, own_bytes)) = &mut self.own {
            own.take(messages, now);
            own_bytes.take(bytes, now);
        }
    }

    /// Whether a message can be taken, and whether it was taken before ("Message deduplication for FIFO topics"). The id
    /// that a topic makes from the body goes with the message.
    pub(super) fn check<O>(
        &mut self,
        message: MessageId,
        detail: &mut Detail,
        cx: &Context<'_, O>,
    ) -> Result<bool, ApiError> {
        if detail.group == GroupId::NONE {
            return Err(ApiError::InvalidParameter);
        }
        let content_based = self.settings.content_based_deduplication;
        let identity = identity(detail.deduplication, cx.messages.origin(message), content_based)
            .map_err(|()| ApiError::InvalidParameter)?;
        if !self.group_has_room(detail.group, cx.now) {
            return Err(ApiError::Throttled);
        }
        if let Deduplication::Body(text) = detail.deduplication {
            detail.deduplication = Deduplication::Id(text);
        }
        let Some(identity) = identity else { return Ok(false) };
        let key = (identity, if self.settings.scope_is_group { detail.group } else { GroupId::NONE });
        if self.memory.earlier(key, cx.now).is_some() {
            return Ok(true);
        }
        self.taken += 1;
        self.memory.remember(key, self.taken, cx.now);
        Ok(false)
    }

    fn group_has_room(&mut self, group: GroupId, now: Time) -> bool {
        let quota = self.group_quota;
        if self.groups.len() > MOST_GROUPS {
            self.groups.retain(|_, budget| !budget.has(u64::from(quota), now));
        }
        let budget = self.groups.entry(group).or_insert_with(|| Budget::per_second(quota));
        let has_room = budget.has(1, now);
        if has_room {
            budget.take(1, now);
        }
        has_room
    }
}

impl Topic {
    /// Keeps a message for replays ("Message archiving and replay for FIFO topics").
    pub(super) fn archive<O>(&mut self, message: MessageId, cx: &Context<'_, O>) {
        let Some(fifo) = &mut self.fifo else { return };
        let Some(kept_for) = fifo.settings.archive else { return };
        while let Some(oldest) = fifo.archive.front().filter(|one| one.at.saturating_add(kept_for) <= cx.now)
        {
            fifo.archived_bytes -= u64::from(oldest.message.bytes);
            fifo.archive.pop_front();
        }
        let (producer, sequence) = cx.messages.origin(message);
        fifo.archive.push_back(Archived {
            at: cx.now,
            message: NewMessage {
                published_at: cx.messages.published_at(message),
                producer,
                sequence,
                bytes: cx.messages.bytes(message),
                poison: cx.messages.is_poison(message),
                detail: cx.messages.detail(message),
            },
            attributes: cx.messages.attributes(message).to_vec(),
        });
        let bytes = cx.messages.bytes(message);
        fifo.archived_bytes += u64::from(bytes);
        self.bill.archive(bytes, fifo.archived_bytes, cx.now);
    }

    /// A subscription gets archived messages once more, in their order.
    pub(super) fn replay<O: Outbox<Timer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        let Some(replay) = self.subscriptions[number as usize].settings.replay else { return };
        let Some(fifo) = &mut self.fifo else { return };
        let kept_for = fifo.settings.archive.unwrap_or_default();
        let until = replay.until.unwrap_or(Time::MAX);
        let is_asked_for = |kept: &&Archived| {
            kept.at >= replay.from && kept.at < until && kept.at.saturating_add(kept_for) > cx.now
        };
        let kept: Vec<(NewMessage, Vec<u64>)> = fifo
            .archive
            .iter()
            .filter(is_asked_for)
            .map(|kept| (kept.message, kept.attributes.clone()))
            .collect();
        for (message, attributes) in kept {
            let bytes = message.bytes;
            let message = cx.messages.create(message);
            cx.messages.attributes_mut(message).copy_from_slice(&attributes);
            self.copied += 1;
            if !self.wants(number, message, cx) {
                cx.messages.mark_filtered(message);
                cx.messages.release(message);
                continue;
            }
            self.subscriptions[number as usize].counts.replayed += 1;
            self.metrics.messages_replayed.add(1);
            self.notify(number, message, bytes, cx);
        }
        if replay.until.is_some() {
            self.set_active(number, false);
            self.sort_wants();
        }
        self.send_outgoing(cx);
    }
}
