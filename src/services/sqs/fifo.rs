//! In which order the messages of a FIFO queue are handed out.
//!
//! A message can be received when it is visible and no earlier message of its group that is still in the queue is in
//! flight or delayed ("Amazon SQS FIFO queue and Lambda concurrency behavior" tells the consequence, "FIFO queue delivery
//! logic in Amazon SQS" the rule for messages in flight). So of each group the leading run of visible messages can be
//! received, and a group is available when its first message is visible. Available groups take turns; AWS does not
//! say how, rotation fits what was observed.

use super::slots::{Slots, State};
use crate::wire::GroupId;
use std::collections::{BTreeMap, VecDeque};

/// Neighbours of a message, by slot: in its group, and in the whole queue, both in order of sequence.
#[derive(Debug, Clone, Copy)]
struct Link {
    group: u32,
    next_in_group: u32,
    previous_in_group: u32,
    next: u32,
    previous: u32,
}

const NONE: u32 = u32::MAX;

impl Link {
    const EMPTY: Self =
        Self { group: NONE, next_in_group: NONE, previous_in_group: NONE, next: NONE, previous: NONE };
}

/// A group with at least one message in the queue.
#[derive(Debug, Clone, Copy)]
struct Group {
    id: GroupId,
    head: u32,
    tail: u32,
    in_flight: u32,
    /// Which entry of the rotation is the group's; zero when it has none.
    turn: u64,
}

/// Groups whose numbers are below this are found by index.
const INDEXED: u32 = 1 << 20;

/// The messages of a FIFO queue in the order of their groups.
#[derive(Debug)]
pub(super) struct FifoOrder {
    links: Vec<Link>,
    groups: Vec<Group>,
    free: Vec<u32>,
    by_number: Vec<u32>,
    by_id: BTreeMap<GroupId, u32>,
    /// Available groups with their turns, the next one first; an entry whose turn is over is void.
    rotation: VecDeque<(u32, u64)>,
    turns: u64,
    first: u32,
    last: u32,
    /// Only this many messages are searched for available groups.
    scan_window: u64,
    /// The last message within the window, and how many are.
    window_last: u32,
    window_count: u64,
    /// Groups with messages in flight.
    groups_in_flight: u64,
}

impl FifoOrder {
    pub(super) fn new(scan_window: u64) -> Self {
        Self {
            links: Vec::new(),
            groups: Vec::new(),
            free: Vec::new(),
            by_number: Vec::new(),
            by_id: BTreeMap::new(),
            rotation: VecDeque::new(),
            turns: 0,
            first: NONE,
            last: NONE,
            scan_window,
            window_last: NONE,
            window_count: 0,
            groups_in_flight: 0,
        }
    }

    /// Groups with at least one message in flight.
    pub(super) fn groups_in_flight(&self) -> u64 {
        self.groups_in_flight
    }

    fn known(&self, id: GroupId) -> u32 {
        if id.0 < INDEXED {
            self.by_number.get(id.0 as usize).copied().unwrap_or(NONE)
        } else {
            self.by_id.get(&id).copied().unwrap_or(NONE)
        }
    }

    fn enter_group(&mut self, id: GroupId, index: u32) {
        if id.0 >= INDEXED {
            self.by_id.insert(id, index);
            return;
        }
        let number = id.0 as usize;
        if self.by_number.len() <= number {
            self.by_number.resize(number + 1, NONE);
        }
        self.by_number[number] = index;
    }

    fn group_of(&mut self, id: GroupId) -> u32 {
        let known = self.known(id);
        if known != NONE {
            return known;
        }
        let group = Group { id, head: NONE, tail: NONE, in_flight: 0, turn: 0 };
        let index = if let Some(index) = self.free.pop() {
            self.groups[index as usize] = group;
            index
        } else {
            self.groups.push(group);
            (self.groups.len() - 1) as u32
        };
        self.enter_group(id, index);
        index
    }

    /// A message enters the queue, behind all others.
    pub(super) fn append(&mut self, slot: u32, id: GroupId) {
        if self.links.len() <= slot as usize {
            self.links.resize(slot as usize + 1, Link::EMPTY);
        }
        let group = self.group_of(id);
        let tail = std::mem::replace(&mut self.groups[group as usize].tail, slot);
        match tail {
            NONE => self.groups[group as usize].head = slot,
            tail => self.links[tail as usize].next_in_group = slot,
        }
        let last = std::mem::replace(&mut self.last, slot);
        match last {
            NONE => self.first = slot,
            last => self.links[last as usize].next = slot,
        }
        self.links[slot as usize] =
            Link { group, next_in_group: NONE, previous_in_group: tail, next: NONE, previous: last };
        if self.window_count < self.scan_window {
            self.window_count += 1;
            self.window_last = slot;
        }
    }

    /// A message leaves the queue.
    pub(super) fn remove(&mut self, slot: u32, slots: &Slots) {
        self.slide_window(slot, slots);
        let link = std::mem::replace(&mut self.links[slot as usize], Link::EMPTY);
        match link.previous {
            NONE => self.first = link.next,
            previous => self.links[previous as usize].next = link.next,
        }
        match link.next {
            NONE => self.last = link.previous,
            next => self.links[next as usize].previous = link.previous,
        }
        let group = &mut self.groups[link.group as usize];
        match link.previous_in_group {
            NONE => group.head = link.next_in_group,
            previous => self.links[previous as usize].next_in_group = link.next_in_group,
        }
        match link.next_in_group {
            NONE => group.tail = link.previous_in_group,
            next => self.links[next as usize].previous_in_group = link.previous_in_group,
        }
        if group.head == NONE {
            let id = group.id;
            group.turn = 0;
            if id.0 < INDEXED {
                self.by_number[id.0 as usize] = NONE;
            } else {
                self.by_id.remove(&id);
            }
            self.free.push(link.group);
        } else if link.previous_in_group == NONE {
            self.refresh(link.group, slots);
        }
    }

    /// The window keeps its size when one of its messages leaves: the next message behind it comes in.
    fn slide_window(&mut self, leaving: u32, slots: &Slots) {
        let end = slots.get(self.window_last).sequence;
        if slots.get(leaving).sequence > end {
            return;
        }
        let next = self.links[self.window_last as usize].next;
        if leaving == self.window_last {
            self.window_last = self.links[leaving as usize].previous;
        }
        if next == NONE {
            self.window_count -= 1;
            return;
        }
        self.window_last = next;
        let group = self.links[next as usize].group;
        if self.groups[group as usize].head == next {
            self.refresh(group, slots);
        }
    }

    /// The state of a message has changed.
    pub(super) fn changed(&mut self, slot: u32, slots: &Slots) {
        let group = self.links[slot as usize].group;
        if self.groups[group as usize].head == slot {
            self.refresh(group, slots);
        }
    }

    /// Whether the group's first message can be received.
    fn is_available(&self, group: u32, slots: &Slots) -> bool {
        let head = slots.get(self.groups[group as usize].head);
        head.state == State::Visible && head.sequence <= slots.get(self.window_last).sequence
    }

    /// A group that becomes available joins the back of the rotation; one that no longer is loses its turn.
    fn refresh(&mut self, group: u32, slots: &Slots) {
        let available = self.is_available(group, slots);
        let turn = &mut self.groups[group as usize].turn;
        if !available {
            *turn = 0;
        } else if *turn == 0 {
            self.turns += 1;
            *turn = self.turns;
            self.rotation.push_back((group, self.turns));
        }
    }

    /// A message of the group has been received.
    pub(super) fn enter_flight(&mut self, slot: u32) {
        let group = &mut self.groups[self.links[slot as usize].group as usize];
        group.in_flight += 1;
        self.groups_in_flight += u64::from(group.in_flight == 1);
    }

    /// A message of the group is no longer in flight.
    pub(super) fn leave_flight(&mut self, slot: u32) {
        let group = &mut self.groups[self.links[slot as usize].group as usize];
        group.in_flight -= 1;
        self.groups_in_flight -= u64::from(group.in_flight == 0);
    }

    /// Takes the group whose turn it is out of the rotation and gives its first message.
    pub(super) fn next_group(&mut self) -> Option<u32> {
        while let Some((group, turn)) = self.rotation.pop_front() {
            let group = &mut self.groups[group as usize];
            if group.turn == turn {
                group.turn = 0;
                return Some(group.head);
            }
        }
        None
    }

    /// The message behind this one in its group, if it is visible.
    pub(super) fn next_visible(&self, slot: u32, slots: &Slots) -> Option<u32> {
        let next = self.links[slot as usize].next_in_group;
        (next != NONE && slots.get(next).state == State::Visible).then_some(next)
    }

    /// The group of a message.
    pub(super) fn group(&self, slot: u32) -> GroupId {
        self.groups[self.links[slot as usize].group as usize].id
    }

    /// The group was served: when it still has something to give it goes to the back.
    pub(super) fn served(&mut self, id: GroupId, slots: &Slots) {
        let group = self.known(id);
        if group != NONE {
            self.refresh(group, slots);
        }
    }
}
