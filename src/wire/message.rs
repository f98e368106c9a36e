//! Where messages live while they are in the system: one arena, addressed by index, recycled.

use super::message_state::{Mark, State};
use super::places::{Places, RUN, Shelf};
use super::{Content, Deduplication, Detail, EntityId, GroupId, Payload, TextId};
use crate::engine::Time;
use std::collections::BTreeMap;

/// The address of a message. Valid as long as somebody holds the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(u32);

impl MessageId {
    /// As an index into [`Messages::holders`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a producer decides about a message.
#[derive(Debug, Clone, Copy)]
pub struct NewMessage {
    /// When the business event behind it was first published; a forwarded message keeps its ancestor's.
    pub published_at: Time,
    /// The producer (or forwarding consumer) that made it.
    pub producer: EntityId,
    /// Its number among the messages of that producer, from zero: order is judged by it.
    pub sequence: u64,
    /// Size of body and attributes, in bytes.
    pub bytes: u32,
    /// Whether processing it always fails.
    pub poison: bool,
    /// What only some messages carry.
    pub detail: Detail,
}

/// What became of a message, in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// At least one consumer processed it successfully.
    Processed,
    /// It outlived its retention period unprocessed.
    Expired,
    /// A service refused it.
    Rejected,
    /// It was deleted without ever having been processed.
    Discarded,
    /// A FIFO queue had taken the same message before.
    Deduplicated,
    /// No subscription of a topic wanted it.
    Filtered,
}

/// What a message is, from its making on. Aligned, so that no message lies across two lines of the processor's cache.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Record {
    published_at: Time,
    sequence: u64,
    producer: EntityId,
    bytes: u32,
    group: GroupId,
    event_offset_millis: i32,
}

const _: () =
    assert!(std::mem::size_of::<Record>() == 32, "two messages share a line of the processor's cache");

/// What hardly any message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extras {
    content: Content,
    deduplication: Deduplication,
    attributes: TextId,
}

impl Extras {
    const NONE: Self = Self::of(Detail::NONE);

    #[inline]
    const fn of(detail: Detail) -> Self {
        let Detail { group: _, content, deduplication, attributes, event_offset_millis: _ } = detail;
        Self { content, deduplication, attributes }
    }
}

/// All messages in the system, and how many met which fate.
///
/// A message is held by whoever has it: a producer filling a batch, a queue, a worker. When the last holder
/// releases it, its fate is entered and its place is used again, so that memory follows what is in the system.
#[derive(Debug)]
pub struct Messages {
    records: Vec<Record>,
    /// By message.
    states: Vec<State>,
    attributes: Vec<u64>,
    attributes_each: usize,
    /// By message; empty while no message carries any.
    extras: Vec<Extras>,
    places: Places,
    created: u64,
    fates: [u64; 6],
    /// By object store: payloads whose message is gone.
    orphaned: BTreeMap<EntityId, u64>,
}

/// Free places that are brought near at a time.
const FETCHED_AHEAD: u64 = 32;

/// A place that nobody has used yet.
const NO_RECORD: Record = Record {
    published_at: Time::ZERO,
    sequence: 0,
    producer: EntityId(0),
    bytes: 0,
    group: GroupId::NONE,
    event_offset_millis: 0,
};

impl Messages {
    /// An empty arena whose messages carry up to `attributes_each` attribute values.
    pub fn new(attributes_each: usize) -> Self {
        Self {
            records: Vec::new(),
            states: Vec::new(),
            attributes: Vec::new(),
            attributes_each,
            extras: Vec::new(),
            places: Places::default(),
            created: 0,
            fates: [0; 6],
            orphaned: BTreeMap::new(),
        }
    }

    /// Takes a new message in; the caller holds it.
    #[inline]
    pub fn create(&mut self, new: NewMessage) -> MessageId {
        if self.created.is_multiple_of(FETCHED_AHEAD) {
            self.fetch_free();
        }
        let index = match self.places.single() {
            Some(index) => index,
            None => self.grow(Places::add_singles),
        };
        self.put_down(index, new)
    }

    /// Takes a new message in that will be looked at together with others; the caller holds it.
    #[inline]
    pub fn create_beside(&mut self, shelf: Shelf, new: NewMessage) -> MessageId {
        let index = match self.places.on(shelf) {
            Some(index) => index,
            None => self.grow(|places| places.add_run(shelf)),
        };
        self.put_down(index, new)
    }

    #[inline]
    fn put_down(&mut self, index: u32, new: NewMessage) -> MessageId {
        self.created += 1;
        self.records[index as usize] = Record {
            published_at: new.published_at,
            sequence: new.sequence,
            producer: new.producer,
            bytes: new.bytes,
            group: new.detail.group,
            event_offset_millis: new.detail.event_offset_millis,
        };
        self.states[index as usize] = State::new(new.poison);
        self.set_extras(index, Extras::of(new.detail));
        MessageId(index)
    }

    /// More messages than there ever were: a run of places more, the first of which `add` gives.
    #[cold]
    fn grow(&mut self, add: impl FnOnce(&mut Places) -> u32) -> u32 {
        let places = self.records.len() + RUN as usize;
        assert!(u32::try_from(places).is_ok(), "at most four billion messages at once");
        self.records.resize(places, NO_RECORD);
        self.states.resize(places, State::FREE);
        self.attributes.resize(places * self.attributes_each, 0);
        add(&mut self.places)
    }

    /// Brings the places near that the next messages will take.
    #[inline(never)]
    fn fetch_free(&self) {
        let coming = self.places.coming_singles().take(FETCHED_AHEAD as usize);
        coming.for_each(|index| self.fetch(MessageId(index)));
    }

    /// Brings the place near that the next message of a shelf will take.
    #[inline]
    pub fn fetch_shelf(&self, shelf: Shelf) {
        if let Some(place) = self.places.coming(shelf) {
            self.fetch(MessageId(place));
        }
    }

    /// Brings a message near. Whoever will look at many messages, one after another, asks for all of them first: then the
    /// processor waits for its memory once, not for each.
    #[inline]
    pub fn fetch(&self, message: MessageId) {
        std::hint::black_box((self.record(message).bytes, self.state(message)));
    }

    /// The same of what happens to a message, not of what it says.
    #[inline]
    pub fn fetch_state(&self, message: MessageId) {
        std::hint::black_box(self.state(message));
    }

    #[inline]
    fn set_extras(&mut self, index: u32, extras: Extras) {
        if extras != Extras::NONE || !self.extras.is_empty() {
            self.write_extras(index, extras);
        }
    }

    fn write_extras(&mut self, index: u32, extras: Extras) {
        if self.extras.len() <= index as usize {
            self.extras.resize(self.records.len(), Extras::NONE);
        }
        self.extras[index as usize] = extras;
    }

    #[inline]
    fn extras(&self, message: MessageId) -> Extras {
        self.extras.get(message.index()).copied().unwrap_or(Extras::NONE)
    }

    /// What only some messages carry.
    #[inline]
    pub fn detail(&self, message: MessageId) -> Detail {
        let Extras { content, deduplication, attributes } = self.extras(message);
        let Record { group, event_offset_millis, .. } = *self.record(message);
        Detail { group, content, deduplication, attributes, event_offset_millis }
    }

    /// Its message group, or its partition key.
    #[inline]
    pub fn group(&self, message: MessageId) -> GroupId {
        self.record(message).group
    }

    #[inline]
    fn record(&self, message: MessageId) -> &Record {
        &self.records[message.0 as usize]
    }

    #[inline]
    fn state(&self, message: MessageId) -> State {
        self.states[message.0 as usize]
    }

    #[inline]
    fn state_mut(&mut self, message: MessageId) -> &mut State {
        &mut self.states[message.0 as usize]
    }

    /// One more holder.
    #[inline]
    pub fn hold(&mut self, message: MessageId) {
        self.state_mut(message).hold();
    }

    /// Whether more than one holds it: then nobody may change it.
    #[inline]
    pub fn is_shared(&self, message: MessageId) -> bool {
        self.state(message).holders() > 1
    }

    /// One holder less; the last one closes the message's account.
    #[inline]
    pub fn release(&mut self, message: MessageId) {
        let state = self.state_mut(message);
        if state.release() {
            let fate = state.fate();
            self.places.give_back(message.0);
            self.fates[fate as usize] += 1;
            if !self.extras.is_empty() {
                self.leave_payload(message);
            }
        }
    }

    /// The message is gone: its payload, if nobody deleted it, stays behind.
    fn leave_payload(&mut self, message: MessageId) {
        if let Some(payload) = self.payload(message)
            && !payload.is_deleted
        {
            *self.orphaned.entry(payload.store).or_insert(0) += 1;
        }
    }

    /// What the message points to, if its payload lies in an object store.
    #[inline]
    pub fn payload(&self, message: MessageId) -> Option<Payload> {
        match self.extras(message).content {
            Content::Pointer { store, bytes } => {
                Some(Payload { store, bytes, is_deleted: self.state(message).has(Mark::PAYLOAD_DELETED) })
            }
            _ => None,
        }
    }

    /// Notes that the payload was deleted; gives it, unless it already was.
    pub fn delete_payload(&mut self, message: MessageId) -> Option<Payload> {
        let payload = self.payload(message).filter(|payload| !payload.is_deleted)?;
        self.state_mut(message).set(Mark::PAYLOAD_DELETED);
        Some(payload)
    }

    /// Payloads of an object store whose message is gone although nobody deleted them.
    pub fn orphaned_payloads(&self, store: EntityId) -> u64 {
        self.orphaned.get(&store).copied().unwrap_or(0)
    }

    /// Sets what the message says.
    pub fn set_content(&mut self, message: MessageId, content: Content) {
        let extras = Extras { content, ..self.extras(message) };
        self.set_extras(message.0, extras);
    }

    /// When the business event behind the message was first published.
    #[inline]
    pub fn published_at(&self, message: MessageId) -> Time {
        self.record(message).published_at
    }

    /// Size of body and attributes, in bytes.
    #[inline]
    pub fn bytes(&self, message: MessageId) -> u32 {
        self.record(message).bytes
    }

    /// Sets the size, once the attributes are known.
    pub fn set_bytes(&mut self, message: MessageId, bytes: u32) {
        self.records[message.index()].bytes = bytes;
    }

    /// Who made it, and its number among that producer's messages.
    #[inline]
    pub fn origin(&self, message: MessageId) -> (EntityId, u64) {
        let record = self.record(message);
        (record.producer, record.sequence)
    }

    /// Whether processing it always fails.
    #[inline]
    pub fn is_poison(&self, message: MessageId) -> bool {
        self.state(message).has(Mark::POISON)
    }

    /// The values of its attributes, in the order its producer declares them.
    pub fn attributes_mut(&mut self, message: MessageId) -> &mut [u64] {
        let start = message.0 as usize * self.attributes_each;
        &mut self.attributes[start..start + self.attributes_each]
    }

    /// The values of its attributes and of its body, in the order its producer declares them.
    #[inline]
    pub fn attributes(&self, message: MessageId) -> &[u64] {
        let start = message.0 as usize * self.attributes_each;
        &self.attributes[start..start + self.attributes_each]
    }

    /// Notes a successful processing; true when it was the first one, false for a duplicate.
    #[inline]
    pub fn mark_processed(&mut self, message: MessageId) -> bool {
        self.state_mut(message).set(Mark::PROCESSED)
    }

    /// Notes that the message was moved to a dead-letter queue.
    pub fn mark_dead_lettered(&mut self, message: MessageId) {
        self.state_mut(message).set(Mark::DEAD_LETTERED);
    }

    /// Notes that the message left the dead-letter queue again ("`StartMessageMoveTask`").
    pub fn mark_redriven(&mut self, message: MessageId) {
        self.state_mut(message).clear(Mark::DEAD_LETTERED);
    }

    /// Notes that the message outlived its retention period.
    pub fn mark_expired(&mut self, message: MessageId) {
        self.state_mut(message).set(Mark::EXPIRED);
    }

    /// Notes that a service refused the message.
    pub fn mark_rejected(&mut self, message: MessageId) {
        self.state_mut(message).set(Mark::REJECTED);
    }

    /// Notes that a FIFO queue had taken the same message before.
    pub fn mark_deduplicated(&mut self, message: MessageId) {
        self.state_mut(message).set(Mark::DEDUPLICATED);
    }

    /// Notes that no subscription of a topic wanted the message.
    pub fn mark_filtered(&mut self, message: MessageId) {
        self.state_mut(message).set(Mark::FILTERED);
    }

    /// A new message that says the same, of the same origin: what a topic sends to another subscriber. The caller holds it.
    pub fn copy(&mut self, message: MessageId) -> MessageId {
        let record = *self.record(message);
        let copy = self.create(NewMessage {
            published_at: record.published_at,
            producer: record.producer,
            sequence: record.sequence,
            bytes: record.bytes,
            poison: self.is_poison(message),
            detail: self.detail(message),
        });
        let each = self.attributes_each;
        let (from, to) = (message.index() * each, copy.index() * each);
        self.attributes.copy_within(from..from + each, to);
        copy
    }

    /// Sets what only some messages carry.
    pub fn change_detail(&mut self, message: MessageId, detail: Detail) {
        let record = &mut self.records[message.index()];
        (record.group, record.event_offset_millis) = (detail.group, detail.event_offset_millis);
        self.set_extras(message.0, Extras::of(detail));
    }

    /// Notes that a stream took it as a record; true when it was the first time, false for a copy of a record.
    #[inline]
    pub fn mark_streamed(&mut self, message: MessageId) -> bool {
        self.state_mut(message).set(Mark::STREAMED)
    }

    /// Notes that its body is a topic's JSON envelope around what was published ("Amazon SNS raw message delivery").
    pub fn mark_enveloped(&mut self, message: MessageId) {
        self.state_mut(message).set(Mark::ENVELOPED);
    }

    /// Whether its body is a topic's JSON envelope.
    pub fn is_enveloped(&self, message: MessageId) -> bool {
        self.state(message).has(Mark::ENVELOPED)
    }

    /// How many hold each message, by index: to check that every hold belongs to somebody.
    pub fn holders(&self) -> Vec<u32> {
        self.states.iter().map(|state| state.holders()).collect()
    }

    /// Messages created since the run began.
    pub fn created(&self) -> u64 {
        self.created
    }

    /// Messages whose account is closed, by fate.
    pub fn fated(&self, fate: Fate) -> u64 {
        self.fates[fate as usize]
    }

    /// Messages still somewhere: already processed, resting dead-lettered, and the rest.
    pub fn still_there(&self) -> (u64, u64, u64) {
        let (mut processed, mut dead_lettered, mut rest) = (0, 0, 0);
        for state in self.states.iter().filter(|state| state.holders() > 0) {
            if state.has(Mark::PROCESSED) {
                processed += 1;
            } else if state.has(Mark::DEAD_LETTERED) {
                dead_lettered += 1;
            } else {
                rest += 1;
            }
        }
        (processed, dead_lettered, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(messages: &mut Messages) -> MessageId {
        messages.create(NewMessage {
            published_at: Time::ZERO,
            producer: EntityId(0),
            sequence: 0,
            bytes: 1,
            poison: false,
            detail: Detail::NONE,
        })
    }

    #[test]
    fn a_message_keeps_its_detail_until_it_is_changed() {
        let mut messages = Messages::new(1);
        let plain = message(&mut messages);
        let grouped = Detail { group: GroupId(7), event_offset_millis: -5, ..Detail::NONE };
        messages.change_detail(plain, grouped);
        assert_eq!((messages.detail(plain), messages.group(plain)), (grouped, GroupId(7)));
        messages.set_content(plain, Content::Text(TextId(3)));
        let says = Detail { content: Content::Text(TextId(3)), ..grouped };
        assert_eq!(messages.detail(plain), says);
        let other = message(&mut messages);
        assert_eq!(messages.detail(other), Detail::NONE, "nothing is left over from another");
        let copy = messages.copy(plain);
        assert_eq!(messages.detail(copy), says);
        messages.change_detail(plain, Detail::NONE);
        assert_eq!((messages.detail(plain), messages.detail(copy)), (Detail::NONE, says));
        messages.release(copy);
        assert_eq!(message(&mut messages), copy);
        assert_eq!(messages.detail(copy), Detail::NONE, "a place that is used again begins anew");
    }

    #[test]
    fn places_are_used_again_only_when_nobody_holds_them() {
        let mut messages = Messages::new(1);
        let first = message(&mut messages);
        messages.hold(first);
        messages.release(first);
        let second = message(&mut messages);
        assert_ne!(first, second);
        assert!(messages.mark_processed(first));
        assert!(!messages.mark_processed(first), "the second time is a duplicate");
        messages.release(first);
        assert_eq!(messages.fated(Fate::Processed), 1);
        assert_eq!(message(&mut messages), first);
        assert_eq!(messages.still_there(), (0, 0, 2));
        assert_eq!(messages.created(), 3);
    }
}
