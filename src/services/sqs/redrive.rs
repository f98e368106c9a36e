//! Dead letters: to the dead-letter queue by receives, and back by message move tasks.

use super::Timer;
use super::queue::{Order, Queue};
use crate::engine::{Span, Time};
use crate::wire::{
    Answer, ApiError, BatchId, Batches, Context, EntityId, Entry, Outbox, Signal, TaskState, TaskStatus,
};

/// Messages on their way out of a queue, by where they go.
#[derive(Debug, Default)]
pub(super) struct DeadLetters {
    batch: Option<(EntityId, BatchId)>,
}

impl DeadLetters {
    /// The batch of those that go to `queue`; a queue has one dead-letter queue.
    #[inline]
    pub(super) fn batch(&mut self, queue: EntityId, batches: &mut Batches) -> BatchId {
        self.batch.get_or_insert_with(|| (queue, batches.open())).1
    }

    #[inline]
    pub(super) fn send<O: Outbox<Timer>>(self, cx: &mut Context<'_, O>) {
        if let Some((queue, batch)) = self.batch {
            cx.outbox.send(queue, Span::ZERO, Signal::DeadLetter { batch });
        }
    }
}

/// A message move task ("`StartMessageMoveTask`").
#[derive(Debug, Clone, Copy)]
pub(super) struct MoveTask {
    /// `DestinationArn`; `None`: back to where each message came from.
    destination: Option<EntityId>,
    /// Messages of one step, and the time between two.
    step: u32,
    pause: Span,
    /// When it fails because it took too long.
    deadline: Time,
    status: TaskStatus,
}

/// `ListMessageMoveTasks` tells no more.
const TASKS_LISTED: usize = 10;

impl Queue {
    /// The message was received too often: it leaves for the dead-letter queue with its count and its age.
    pub(super) fn move_to_dead_letters<O>(&mut self, index: u32, batch: BatchId, cx: &mut Context<'_, O>) {
        let slot = *self.slots.get(index);
        cx.messages.mark_dead_lettered(slot.message);
        cx.batches.entries_mut(batch).push(Entry {
            receive_count: slot.receive_count,
            enqueued_at: slot.enqueued_at,
            ..Entry::new(slot.message)
        });
        self.metrics.messages_dead_lettered.add(1);
        self.remove(index, cx.now);
    }

    /// Messages arrive because this is the dead-letter queue of another. The queue's delay does not apply. The retention
    /// clock of a standard queue's message goes on from its original send; a FIFO queue's starts anew ("Using
    /// dead-letter queues in Amazon SQS"). A FIFO queue compares them with nothing: their deduplication id is
    /// replaced ("Configure a dead-letter queue redrive").
    pub(super) fn take_dead_letters<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        self.catch_up(cx);
        let restart =
            self.settings.fifo.is_some() && self.settings.quotas.fifo_dead_letters_restart_retention;
        for index in 0..cx.batches.entries(batch).len() {
            let mut entry = cx.batches.entries(batch)[index];
            if restart {
                entry.enqueued_at = cx.now;
            }
            self.metrics.messages_redriven_in.add(1);
            let group = cx.messages.group(entry.message);
            let slot = self.admit(&entry, Span::ZERO, group, from, cx.now).slot;
            if let Some(extra) = self.extras.get_mut(slot as usize) {
                extra.is_dead_letter = true;
            }
        }
        cx.batches.close(batch);
        // A message older than this queue's retention period is lost on arrival.
        self.settle(cx.now, cx.messages);
        self.serve_waiters(cx);
        self.arm(cx);
    }

    /// Messages arrive by a message move task: as new ones, with a new age and no receives ("Configure a dead-letter
    /// queue redrive"), but compared with nothing.
    pub(super) fn take_moved<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        batch: BatchId,
        cx: &mut Context<'_, O>,
    ) {
        self.catch_up(cx);
        self.metrics.send_calls.add(1);
        let mut bytes = 0;
        for index in 0..cx.batches.entries(batch).len() {
            let entry = Entry { enqueued_at: cx.now, ..Entry::new(cx.batches.entries(batch)[index].message) };
            let size = cx.messages.bytes(entry.message);
            bytes += u64::from(size);
            self.metrics.messages_sent.add(1);
            self.metrics.sent_message_size.record(u64::from(size));
            let group = cx.messages.group(entry.message);
            self.admit(&entry, self.settings.delay, group, from, cx.now);
        }
        cx.batches.close(batch);
        self.bill(bytes);
        self.serve_waiters(cx);
        self.arm(cx);
    }

    /// The redrive policy of another queue names this one, or does no longer.
    pub(super) fn hear_of_policy(&mut self, source: EntityId, named: bool) {
        let sources = &mut self.settings.dead_letter_sources;
        sources.retain(|known| *known != source);
        if named {
            sources.push(source);
        }
    }

    /// `StartMessageMoveTask`, asked of the queue that holds the messages.
    pub(super) fn start_move_task<O: Outbox<Timer>>(
        &mut self,
        destination: Option<EntityId>,
        maximum_per_second: Option<i64>,
        cx: &mut Context<'_, O>,
    ) -> Answer {
        let quotas = &self.settings.quotas;
        if self.settings.fifo.is_some() && !quotas.fifo_move_tasks {
            return Answer::Failed(ApiError::UnsupportedOperation);
        }
        let most = quotas.move_task_maximum_per_second;
        let rate = maximum_per_second.unwrap_or_else(|| i64::from(self.settings.move_rate));
        let is_running = self.tasks.last().is_some_and(|task| task.status.state == TaskState::Running);
        let fits = !self.settings.dead_letter_sources.is_empty()
            && !is_running
            && (1..=i64::from(most)).contains(&rate)
            && destination.is_none_or(|to| to != cx.me && !self.settings.other_type.contains(&to));
        if !fits {
            return Answer::Failed(ApiError::InvalidParameterValue);
        }
        let step = rate.min(10) as u32;
        self.tasks.push(MoveTask {
            destination,
            step,
            pause: Span::from_nanos(u64::from(step) * 1_000_000_000 / rate as u64),
            deadline: cx.now + quotas.move_task_longest,
            status: TaskStatus { state: TaskState::Running, moved: 0, to_move: self.counts.visible },
        });
        self.move_step(self.tasks.len() as u32 - 1, cx);
        Answer::Task(self.tasks.len() as u32)
    }

    /// `ListMessageMoveTasks`: the newest first.
    pub(super) fn list_move_tasks(&self) -> Answer {
        Answer::Tasks(self.tasks.iter().rev().take(TASKS_LISTED).map(|task| task.status).collect())
    }

    /// `CancelMessageMoveTask`: what was moved stays moved.
    pub(super) fn cancel_move_task(&mut self, task: Option<u32>) -> Answer {
        let task = task.and_then(|number| self.tasks.get_mut((number as usize).checked_sub(1)?));
        match task {
            Some(task) if task.status.state == TaskState::Running => {
                task.status.state = TaskState::Cancelled;
                Answer::Moved(task.status.moved)
            }
            _ => Answer::Failed(ApiError::ResourceNotFoundException),
        }
    }

    /// The next messages of a task move: received, sent and deleted in batches, as AWS bills them.
    pub(super) fn move_step<O: Outbox<Timer>>(&mut self, number: u32, cx: &mut Context<'_, O>) {
        self.catch_up(cx);
        let mut task = self.tasks[number as usize];
        if task.status.state != TaskState::Running {
            return;
        }
        let mut batches: Vec<(EntityId, BatchId)> = Vec::new();
        let mut moved = 0;
        let mut following = None;
        while moved < task.step && task.status.state == TaskState::Running {
            let Some(index) = following.or_else(|| self.next_to_move(cx.now)) else { break };
            following = match &self.order {
                Order::Fifo(fifo) => fifo.order.next_visible(index, &self.slots),
                Order::Standard(_) => None,
            };
            let extra = self.extras.get(index as usize).copied();
            let source = extra.filter(|extra| extra.is_dead_letter).map(|extra| extra.source);
            let Some(to) = task.destination.or(source) else {
                // Nobody knows where it came from.
                self.stay(index, cx.now);
                task.status.state = TaskState::Failed;
                break;
            };
            let known = batches.iter().find(|(queue, _)| *queue == to).map(|(_, batch)| *batch);
            let batch = known.unwrap_or_else(|| cx.batches.open());
            if known.is_none() {
                batches.push((to, batch));
            }
            let message = self.slots.get(index).message;
            cx.messages.mark_redriven(message);
            cx.batches.entries_mut(batch).push(Entry::new(message));
            self.remove(index, cx.now);
            self.counts.moved_out += 1;
            moved += 1;
        }
        if moved > 0 {
            self.metrics.receive_calls.add(1);
            self.metrics.delete_calls.add(1);
            self.metrics.messages_received.add(u64::from(moved));
            self.metrics.messages_deleted.add(u64::from(moved));
            self.bill(0);
            self.bill(0);
        }
        for (queue, batch) in batches {
            cx.outbox.send(queue, Span::ZERO, Signal::Redrive { batch });
        }
        task.status.moved += u64::from(moved);
        if task.status.state == TaskState::Running {
            if self.counts.visible == 0 {
                task.status.state = TaskState::Completed;
            } else if cx.now + task.pause > task.deadline {
                task.status.state = TaskState::Failed;
            } else {
                cx.outbox.wake(cx.now + task.pause, Timer::Move(number));
            }
        }
        self.tasks[number as usize] = task;
    }

    /// The message a receive would take next.
    fn next_to_move(&mut self, now: Time) -> Option<u32> {
        match &mut self.order {
            Order::Standard(_) => self.next_in_order(u64::MAX, now),
            Order::Fifo(fifo) => fifo.order.next_group(),
        }
    }

    /// A message that was taken out of the order goes back to its place.
    fn stay(&mut self, index: u32, now: Time) {
        let slots = &self.slots;
        let slot = slots.get(index);
        match &mut self.order {
            Order::Standard(order) => {
                let place = (slot.key, slot.sequence);
                order.push(now, place, slots.receipt(index), self.counts.visible, |place| {
                    slots.is_visible(place.receipt(), place.key)
                });
            }
            Order::Fifo(fifo) => {
                let group = fifo.order.group(index);
                fifo.order.served(group, slots);
            }
        }
    }
}
