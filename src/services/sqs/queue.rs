//! A queue: its state, and how it is brought up to date.

use super::attempts::Attempts;
use super::calls::Admitted;
use super::changes::{ChangeTimes, Changes};
use super::cost::QueuePrices;
use super::fair::{Fair, FairSettings};
use super::fifo::FifoOrder;
use super::metrics::QueueMetrics;
use super::order::VisibleOrder;
use super::redrive::MoveTask;
use super::settle::RECEIVES_TO_THE_BACK;
use super::slots::{Extra, Slot, Slots, State};
use super::throughput::{FifoLimits, Throughput};
use super::waiting::Waiters;
use crate::engine::{Distribution, Span, Stream, Time};
use crate::wire::{
    Access, Activity, ActivitySettings, ApiLatency, Context, DeadlineList, DeduplicationMemory, EntityId,
    Entry, GroupId, Keys, KmsSettings, Outbox, Purpose, Receipt, SqsQuotas, draw_span,
};
use std::sync::Arc;

/// Where a queue sends messages that were received too often ("`CreateQueue`", `RedrivePolicy`).
#[derive(Debug, Clone, Copy)]
pub struct Redrive {
    /// The dead-letter queue.
    pub dead_letter_queue: EntityId,
    /// A message is handed out this many times; the next receive that would pick it moves it instead.
    pub max_receive_count: u32,
}

/// What only FIFO queues have ("FIFO queue and message identifiers in Amazon SQS").
#[derive(Debug, Clone, Copy)]
pub struct FifoSettings {
    /// `ContentBasedDeduplication`.
    pub content_based_deduplication: bool,
    /// `DeduplicationScope` is `messageGroup`: ids of different groups do not meet.
    pub deduplicates_by_group: bool,
    /// Calls a second and action, of the queue or of each of its partitions.
    pub calls_per_second: u32,
    /// Most partitions; one without high throughput.
    pub most_partitions: u32,
}

/// Everything that is given about a queue; attributes may be set anew during a run (`SetQueueAttributes`).
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// Its name.
    pub name: String,
    /// `VisibilityTimeout`, 0..=12 h.
    pub visibility_timeout: Span,
    /// `MessageRetentionPeriod`, 60 s..=14 d.
    pub message_retention_period: Span,
    /// `DelaySeconds`, 0..=15 min.
    pub delay: Span,
    /// `ReceiveMessageWaitTimeSeconds`, 0..=20.
    pub receive_message_wait_seconds: u8,
    /// `MaximumMessageSize`, bytes.
    pub maximum_message_size: u32,
    /// `RedrivePolicy`.
    pub redrive: Option<Redrive>,
    /// The queues whose redrive policies name it.
    pub dead_letter_sources: Vec<EntityId>,
    /// What only a FIFO queue has.
    pub fifo: Option<FifoSettings>,
    /// The queues of the other type (standard or FIFO): no message can be moved there.
    pub other_type: Arc<[EntityId]>,
    /// Whether single messages are looked at: by scripts, to move them back to where they came from, or by group.
    pub is_detailed: bool,
    /// Who may not do what.
    pub access: Access,
    /// `KmsMasterKeyId` and what belongs to it.
    pub kms: Option<KmsSettings>,
    /// How fair queues find noisy neighbours.
    pub fair: FairSettings,
    /// Messages a second that a move task moves when it does not say.
    pub move_rate: u32,
    /// The limits in force.
    pub quotas: SqsQuotas,
    /// How long calls take.
    pub latency: ApiLatency,
    /// What calls cost.
    pub prices: QueuePrices,
    /// Probability that a deleted message comes back once more.
    pub duplicate_probability: f64,
    /// How long after its delete such a message comes back, in nanoseconds.
    pub duplicate_delay: Distribution,
    /// How much later than its arrival a message's place in the queue may be, in nanoseconds.
    pub ordering_jitter: Distribution,
    /// Whether short polls ask only some of the servers.
    pub short_poll_sampling: bool,
    /// How long changes take.
    pub changes: ChangeTimes,
    /// When metrics are published.
    pub activity: ActivitySettings,
    /// Whether gauges of messages in flight and delayed are published while there are none.
    pub empty_gauges: bool,
}

/// In which order messages are handed out.
#[derive(Debug)]
pub(super) enum Order {
    Standard(VisibleOrder),
    Fifo(Box<Fifo>),
}

/// What a FIFO queue keeps.
#[derive(Debug)]
pub(super) struct Fifo {
    pub(super) settings: FifoSettings,
    pub(super) order: FifoOrder,
    pub(super) memory: DeduplicationMemory,
    pub(super) throughput: Throughput,
    pub(super) attempts: Attempts,
    /// Groups served by the receive under way.
    pub(super) served: Vec<GroupId>,
}

/// A queue.
#[derive(Debug)]
pub struct Queue {
    pub(super) settings: QueueSettings,
    pub(super) slots: Slots,
    pub(super) order: Order,
    /// What is known of single messages, by slot; empty when nobody looks at them.
    pub(super) extras: Vec<Extra>,
    /// The tenants of a standard queue, from the first message with a group on.
    pub(super) fair: Option<Box<Fair>>,
    /// Delayed messages and copies on their way back.
    pub(super) delayed: DeadlineList,
    pub(super) in_flight: DeadlineList,
    pub(super) retention: DeadlineList,
    /// Oldest first: messages that count for the age metric.
    pub(super) ages: DeadlineList,
    pub(super) waiters: Waiters,
    /// The earliest wake-up that was asked for and has not come yet.
    pub(super) armed: Time,
    /// Messages that ever came, the last one's number.
    pub(super) arrivals: u64,
    pub(super) purged_at: Option<Time>,
    /// Message move tasks, oldest first.
    pub(super) tasks: Vec<MoveTask>,
    /// Who has which data key of an encrypted queue.
    pub(super) keys: Keys,
    /// Messages whose hidden state ends at one instant.
    pub(super) due: Vec<u32>,
    pub(super) counts: Counts,
    pub(super) metrics: QueueMetrics,
    pub(super) changes: Changes,
    pub(super) activity: Activity,
    pub(super) chance: Chance,
}

/// How many messages are in which state, and how many ever came and went.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) delayed: u64,
    pub(super) returning: u64,
    pub(super) visible: u64,
    pub(super) in_flight: u64,
    pub(super) deleted: u64,
    pub(super) purged: u64,
    pub(super) moved_out: u64,
}

impl Counts {
    pub(super) fn held(&self) -> u64 {
        self.delayed + self.returning + self.visible + self.in_flight
    }
}

/// The queue's random streams.
#[derive(Debug)]
pub(super) struct Chance {
    pub(super) receive_latency: Stream,
    ordering: Stream,
    pub(super) servers: Stream,
    duplication: Stream,
    /// Deletes until the next one whose message comes back.
    deletes_until_copy: u64,
}

/// Servers in the model of a queue with many messages; short polls ask some of them.
pub(super) const SERVERS: u64 = 64;

impl Queue {
    /// A queue without messages.
    pub fn new(settings: QueueSettings, seed: u64, replication: u32) -> Self {
        let stream = |purpose: Purpose| purpose.stream(seed, replication, "queue", &settings.name);
        let mut chance = Chance {
            receive_latency: stream(Purpose::ReceiveLatency),
            ordering: stream(Purpose::Ordering),
            servers: stream(Purpose::Servers),
            duplication: stream(Purpose::Duplication),
            deletes_until_copy: 0,
        };
        chance.draw_next_copy(settings.duplicate_probability);
        let order = match settings.fifo {
            None => Order::Standard(VisibleOrder::default()),
            Some(fifo) => Order::Fifo(Box::new(Fifo {
                settings: fifo,
                order: FifoOrder::new(settings.quotas.fifo_scan_window),
                memory: DeduplicationMemory::new(settings.quotas.deduplication_interval),
                throughput: Throughput::new(FifoLimits {
                    calls_per_second: fifo.calls_per_second,
                    most_partitions: fifo.most_partitions,
                }),
                attempts: Attempts::default(),
                served: Vec::new(),
            })),
        };
        let changes = Changes::new(stream(Purpose::Change));
        let activity = Activity::new(settings.activity.clone(), seed, replication, "queue", &settings.name);
        Self {
            settings,
            slots: Slots::default(),
            order,
            extras: Vec::new(),
            fair: None,
            delayed: DeadlineList::default(),
            in_flight: DeadlineList::default(),
            retention: DeadlineList::default(),
            ages: DeadlineList::default(),
            waiters: Waiters::default(),
            armed: Time::MAX,
            arrivals: 0,
            purged_at: None,
            tasks: Vec::new(),
            keys: Keys::default(),
            due: Vec::new(),
            counts: Counts::default(),
            metrics: QueueMetrics::at_start(),
            changes,
            activity,
            chance,
        }
    }

    /// Takes a message in; the queue holds it from now on. Gives its sequence number.
    #[inline]
    pub(super) fn admit(
        &mut self,
        entry: &Entry,
        delay: Span,
        group: GroupId,
        from: EntityId,
        now: Time,
    ) -> Admitted {
        self.arrivals += 1;
        let server = if self.settings.short_poll_sampling {
            (self.chance.servers.next_u64() % SERVERS) as u8
        } else {
            0
        };
        let slot = Slot {
            message: entry.message,
            birth: 0,
            generation: 0,
            receive_count: entry.receive_count,
            received_elsewhere: entry.receive_count,
            state: State::Delayed,
            server,
            enqueued_at: entry.enqueued_at,
            key: now,
            sequence: self.arrivals,
            hidden_until: now + delay,
            since: now,
        };
        let index = self.slots.take(slot);
        if self.settings.is_detailed || group != GroupId::NONE || !self.extras.is_empty() {
            self.enter_details(index, group, from, now);
        }
        let slots = &self.slots;
        let stay = slots.stay(index);
        let held = self.counts.held();
        let staying = |_, stay: Receipt| slots.is_staying(stay);
        // A dead letter older than this queue's retention period is lost now, not in the past.
        let expires = entry.enqueued_at.saturating_add(self.settings.message_retention_period).max(now);
        self.retention.push(expires, stay, held, staying);
        self.ages.push(now, stay, held, staying);
        if delay == Span::ZERO {
            self.show(index, now, now);
        } else {
            self.hide(index, State::Delayed, now + delay, now);
        }
        Admitted { slot: index, sequence: self.arrivals }
    }

    /// Notes what only some queues must know of a message.
    fn enter_details(&mut self, index: u32, group: GroupId, from: EntityId, now: Time) {
        if self.extras.len() <= index as usize {
            self.extras.resize(index as usize + 1, Extra::NONE);
        }
        self.extras[index as usize] = Extra { group, source: from, ..Extra::NONE };
        match &mut self.order {
            Order::Fifo(fifo) => fifo.order.append(index, group),
            Order::Standard(_) if group != GroupId::NONE && self.settings.quotas.fair_queues => {
                self.fair.get_or_insert_with(|| Box::new(Fair::new(self.settings.fair))).sent(group, now);
                self.metrics.show_quiet_groups(now);
            }
            Order::Standard(_) => {}
        }
    }

    /// The group of a message; none in a queue that does not look at groups.
    #[inline]
    pub(super) fn group(&self, index: u32) -> GroupId {
        self.extras.get(index as usize).map_or(GroupId::NONE, |extra| extra.group)
    }

    /// The message is hidden until `until`: delayed or on its way back.
    pub(super) fn hide(&mut self, index: u32, state: State, until: Time, now: Time) {
        let slot = self.slots.get_mut(index);
        slot.state = state;
        slot.hidden_until = until;
        let slots = &self.slots;
        self.delayed.push(
            until,
            slots.receipt(index),
            self.counts.delayed + self.counts.returning,
            |_, receipt| slots.is_to_come(receipt),
        );
        if state == State::Delayed {
            self.counts.delayed += 1;
            self.metrics.messages_delayed.set(now, self.counts.delayed);
        } else {
            self.counts.returning += 1;
        }
        self.entered_state(index, state, now);
    }

    /// Whoever orders messages by more than their keys hears of a new state.
    #[inline]
    pub(super) fn entered_state(&mut self, index: u32, state: State, now: Time) {
        match &mut self.order {
            Order::Fifo(fifo) => {
                if state == State::InFlight {
                    fifo.order.enter_flight(index);
                    self.metrics.groups_in_flight.set(now, fifo.order.groups_in_flight());
                }
                fifo.order.changed(index, &self.slots);
            }
            Order::Standard(_) => {
                if let Some(fair) = &mut self.fair {
                    fair.entered(self.extras.get(index as usize), state, now);
                }
            }
        }
    }

    /// The message may be received from `now` on; `available` is the time its place in the queue is judged by.
    #[inline]
    pub(super) fn show(&mut self, index: u32, now: Time, available: Time) {
        let key = match self.order {
            Order::Standard(_) => {
                available + draw_span(&self.settings.ordering_jitter, &mut self.chance.ordering)
            }
            Order::Fifo(_) => available,
        };
        self.show_at(index, now, key);
    }

    /// The message may be received from `now` on, with the place `key` in the queue.
    #[inline]
    pub(super) fn show_at(&mut self, index: u32, now: Time, key: Time) {
        let slot = self.slots.get_mut(index);
        slot.state = State::Visible;
        slot.key = key;
        if slot.receives_here() == 0 {
            slot.since = now;
        }
        let place = (key, slot.sequence);
        self.counts.visible += 1;
        self.metrics.messages_visible.set(now, self.counts.visible);
        let slots = &self.slots;
        if let Order::Standard(order) = &mut self.order {
            order.push(now, place, slots.receipt(index), self.counts.visible, |place| {
                slots.is_visible(place.receipt(), place.key)
            });
        }
        self.entered_state(index, State::Visible, now);
    }

    /// The message leaves the state it is in, at `now`.
    #[inline]
    pub(super) fn leave_state(&mut self, index: u32, now: Time) {
        let state = self.slots.get(index).state;
        match state {
            State::Delayed => {
                self.counts.delayed -= 1;
                self.metrics.messages_delayed.set(now, self.counts.delayed);
            }
            State::Returning => self.counts.returning -= 1,
            State::Visible => {
                self.counts.visible -= 1;
                self.metrics.messages_visible.set(now, self.counts.visible);
            }
            State::InFlight => {
                self.counts.in_flight -= 1;
                self.metrics.messages_in_flight.set(now, self.counts.in_flight);
            }
            State::Free => unreachable!("an empty place has no state to leave"),
        }
        match &mut self.order {
            Order::Fifo(fifo) => {
                if state == State::InFlight {
                    fifo.order.leave_flight(index);
                    self.metrics.groups_in_flight.set(now, fifo.order.groups_in_flight());
                }
            }
            Order::Standard(_) => {
                if let Some(fair) = &mut self.fair {
                    fair.left(self.extras.get(index as usize), state, now);
                }
            }
        }
    }

    /// The message leaves the queue.
    #[inline]
    pub(super) fn remove(&mut self, index: u32, now: Time) {
        self.leave_state(index, now);
        if let Order::Fifo(fifo) = &mut self.order {
            fifo.order.remove(index, &self.slots);
        }
        self.slots.give_back(index);
    }

    /// Asks to be woken when the next waiting poll can be answered, if that is earlier than already asked.
    #[inline]
    pub(super) fn arm<O: Outbox<super::Timer>>(&mut self, cx: &mut Context<'_, O>) {
        if self.waiters.is_empty() {
            return;
        }
        let mut at =
            self.waiters.earliest_deadline().min(self.delayed.earliest()).min(self.in_flight.earliest());
        if self.room_in_flight() == 0 || matches!(self.order, Order::Fifo(_)) {
            // A message that expires in flight makes room, and frees its group.
            at = at.min(self.retention.earliest());
        }
        if at < self.armed {
            self.armed = at;
            cx.outbox.wake(at.max(cx.now), super::Timer::Deadline);
        }
    }

    /// The message was deleted: whether a copy of it comes back, and when.
    #[inline]
    pub(super) fn copy_returns_at(&mut self, now: Time) -> Option<Time> {
        if self.chance.deletes_until_copy > 0 {
            self.chance.deletes_until_copy -= 1;
            return None;
        }
        self.chance.draw_next_copy(self.settings.duplicate_probability);
        Some(now + draw_span(&self.settings.duplicate_delay, &mut self.chance.duplication))
    }

    /// A copy that is back has the age of its message; while it was away it had none.
    #[cold]
    pub(super) fn count_age_again(&mut self, index: u32) {
        let slots = &self.slots;
        let (sent, stay) = (slots.get(index).enqueued_at, slots.stay(index));
        self.ages.push(sent, stay, self.counts.held(), |_, stay| slots.is_staying(stay));
    }

    /// The metrics of fair queues are what all have, less what noisy tenants have.
    pub(super) fn sample_quiet_groups(&mut self, now: Time) {
        self.judge_tenants(now);
        let Some(fair) = &self.fair else { return };
        let noisy = fair.noisy_counts();
        let counts = self.counts;
        self.metrics.noisy_groups.set(now, noisy.groups);
        self.metrics.quiet_messages_visible.set(now, counts.visible.saturating_sub(noisy.visible));
        self.metrics.quiet_messages_in_flight.set(now, counts.in_flight.saturating_sub(noisy.in_flight));
        self.metrics.quiet_messages_delayed.set(now, counts.delayed.saturating_sub(noisy.delayed));
        let is_quiet = |index: &u32| {
            let slot = self.slots.get(*index);
            slot.state != State::Returning
                && slot.receives_here() < RECEIVES_TO_THE_BACK
                && !fair.is_noisy(self.group(*index))
        };
        let quiet = self.slots.in_use().into_iter().filter(is_quiet);
        match quiet.map(|index| self.slots.get(index).enqueued_at).min() {
            Some(oldest) => self.metrics.quiet_age_of_oldest_message.set(now, (now - oldest).as_nanos()),
            None => self.metrics.quiet_age_of_oldest_message.clear(now),
        }
    }

    /// Age of the oldest message, for the metric: messages of a standard queue received three times or more do not
    /// count, nor do copies of deleted messages on their way back.
    pub(super) fn oldest_age(&mut self, now: Time) -> Option<Span> {
        let slots = &self.slots;
        let is_fifo = matches!(self.order, Order::Fifo(_));
        let oldest = self.ages.next(|_, stay| {
            let slot = slots.get(stay.slot);
            slots.is_staying(stay)
                && slot.state != State::Returning
                && (is_fifo || slot.receives_here() < RECEIVES_TO_THE_BACK)
        });
        oldest.map(|(since, _)| now - since)
    }
}

impl Chance {
    /// How many deletes go by before the next whose message comes back: one draw instead of one a delete.
    fn draw_next_copy(&mut self, probability: f64) {
        self.deletes_until_copy = if probability <= 0.0 {
            u64::MAX
        } else if probability >= 1.0 {
            0
        } else {
            (libm::log(self.duplication.open_unit()) / libm::log1p(-probability)) as u64
        };
    }
}
