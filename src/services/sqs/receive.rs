//! Which messages a receive gets.

use super::Timer;
use super::calls::{Caller, RefusalOf};
use super::queue::{Order, Queue, SERVERS};
use super::redrive::DeadLetters;
use super::slots::State;
use super::waiting::Waiter;
use crate::engine::{Span, Time};
use crate::wire::{
    ApiError, BatchId, Context, EntityId, Entry, GroupId, Messages, Outbox, PollOutcome, Receipt, Signal,
    draw_span,
};

/// Below this many messages a short poll often misses some ("Amazon SQS short and long polling").
const FEW_MESSAGES: u64 = 1_000;
/// Servers a queue with few messages lies on, in our model.
const FEW_SERVERS: u64 = 8;

/// A receive while it takes messages.
struct Taking {
    /// Most messages it may take.
    room: u64,
    count: u64,
    /// How long they will be hidden.
    timeout: Span,
    taken: Option<BatchId>,
    dead: DeadLetters,
}

impl Queue {
    /// `ReceiveMessage` begins: answered at once by a short poll or when messages are there, else it waits.
    pub(super) fn poll<O: Outbox<Timer>>(
        &mut self,
        from: EntityId,
        caller: Caller,
        maximum: u8,
        wait_seconds: Option<u8>,
        cx: &mut Context<'_, O>,
    ) {
        self.catch_up(cx);
        self.metrics.receive_calls.add(1);
        if let Some(error) = self.refusal(from, RefusalOf::Receive, std::iter::empty(), cx.now) {
            self.answer(from, caller, PollOutcome::Refused(error), cx);
            return;
        }
        let wait = wait_seconds.unwrap_or(self.settings.receive_message_wait_seconds);
        if wait == 0 {
            let outcome = if self.room_in_flight() == 0 && matches!(self.order, Order::Standard(_)) {
                self.metrics.over_limit_errors.add(1);
                PollOutcome::Refused(ApiError::OverLimit)
            } else {
                let servers = self.sampled_servers();
                self.take_messages(maximum, servers, caller.visibility(), cx)
                    .map_or(PollOutcome::Empty, PollOutcome::Messages)
            };
            self.answer(from, caller, outcome, cx);
            return;
        }
        let deadline = cx.now + Span::from_seconds(u64::from(wait));
        // Polls that wait already come first; with none waiting the answer may be immediate.
        if self.waiters.is_empty()
            && let Some(batch) = self.take_messages(maximum, u64::MAX, caller.visibility(), cx)
        {
            self.answer(from, caller, PollOutcome::Messages(batch), cx);
            return;
        }
        self.waiters.push(Waiter { from, caller, maximum, deadline });
        self.serve_waiters(cx);
        self.arm(cx);
    }

    /// A deadline has come: messages became visible, or waits ended.
    pub(super) fn meet_deadline<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.armed = Time::MAX;
        self.catch_up(cx);
        self.arm(cx);
    }

    /// Everything that happens by itself up to now has happened, and those who waited for it have their answers: whoever
    /// calls at this instant comes after them.
    #[inline]
    pub(super) fn catch_up<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        self.settle(cx.now, cx.messages);
        if self.waiters.is_empty() {
            return;
        }
        self.serve_waiters(cx);
        if self.waiters.earliest_deadline() <= cx.now {
            self.end_waits(cx);
        }
    }

    fn end_waits<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let mut waiters = std::mem::take(&mut self.waiters);
        waiters
            .take_expired(cx.now, |waiter| self.answer(waiter.from, waiter.caller, PollOutcome::Empty, cx));
        self.waiters = waiters;
    }

    /// Hands messages to the long polls that wait, as long as there are both.
    #[inline]
    pub(super) fn serve_waiters<O: Outbox<Timer>>(&mut self, cx: &mut Context<'_, O>) {
        while self.counts.visible > 0 {
            let Some(&Waiter { from, caller, maximum, .. }) = self.waiters.front() else { return };
            let Some(batch) = self.take_messages(maximum, u64::MAX, caller.visibility(), cx) else { return };
            self.waiters.pop_front();
            self.answer(from, caller, PollOutcome::Messages(batch), cx);
        }
    }

    /// The answer leaves for the caller; to a fleet it takes the time of a receive call.
    #[inline]
    pub(super) fn answer<O: Outbox<Timer>>(
        &mut self,
        to: EntityId,
        caller: Caller,
        outcome: PollOutcome,
        cx: &mut Context<'_, O>,
    ) {
        let mut bytes = 0;
        match outcome {
            PollOutcome::Messages(batch) => {
                let entries = cx.batches.entries(batch);
                self.metrics.messages_received.add(entries.len() as u64);
                bytes = entries.iter().map(|entry| u64::from(cx.messages.bytes(entry.message))).sum();
            }
            PollOutcome::Empty => self.metrics.empty_receives.add(1),
            PollOutcome::Refused(_) => {}
        }
        self.bill(bytes);
        match caller {
            Caller::Poller(poller, _) => {
                let delay = draw_span(&self.settings.latency.receive, &mut self.chance.receive_latency);
                cx.outbox.send(to, delay, Signal::Delivery { poller, outcome });
            }
            Caller::Request(asked) => self.answer_request(to, asked, outcome, cx),
        }
    }

    pub(super) fn room_in_flight(&self) -> u64 {
        let most = match self.order {
            Order::Standard(_) => self.settings.quotas.maximum_in_flight,
            Order::Fifo(_) => self.settings.quotas.maximum_in_flight_fifo,
        };
        most.saturating_sub(self.counts.in_flight)
    }

    /// The servers a short poll asks: a third of them, drawn anew each time. AWS says only that it is a weighted
    /// random subset ("Amazon SQS short and long polling"); numbers and shares are assumptions.
    fn sampled_servers(&mut self) -> u64 {
        if !self.settings.short_poll_sampling {
            return u64::MAX;
        }
        let few = self.counts.held() < FEW_MESSAGES;
        let servers = if few { FEW_SERVERS } else { SERVERS };
        let mut chosen: u64 = 0;
        for _ in 0..servers.div_ceil(3) {
            let mut pick = self.chance.servers.below(servers);
            while chosen & (1 << pick) != 0 {
                pick = (pick + 1) % servers;
            }
            chosen |= 1 << pick;
        }
        if few {
            (0..SERVERS / FEW_SERVERS).fold(0, |all, copy| all | (chosen << (copy * FEW_SERVERS)))
        } else {
            chosen
        }
    }

    /// Takes up to `maximum` messages on the given servers and puts them in flight, for the queue's visibility timeout
    /// or another. Messages received too often are moved to the dead-letter queue on the way, without taking a place in
    /// the answer ("Using dead-letter queues in Amazon SQS": the count must exceed `maxReceiveCount`, and only a
    /// receive finds out).
    fn take_messages<O: Outbox<Timer>>(
        &mut self,
        maximum: u8,
        servers: u64,
        visibility: Option<Span>,
        cx: &mut Context<'_, O>,
    ) -> Option<BatchId> {
        if self.counts.visible == 0 {
            return None;
        }
        let mut taking = Taking {
            room: self.room_in_flight().min(u64::from(maximum)),
            count: 0,
            timeout: visibility.unwrap_or(self.settings.visibility_timeout),
            taken: None,
            dead: DeadLetters::default(),
        };
        if matches!(self.order, Order::Standard(_)) {
            self.take_in_order(servers, &mut taking, cx);
        } else {
            self.take_from_groups(&mut taking, cx);
        }
        taking.dead.send(cx);
        if let Some(batch) = taking.taken
            && taking.timeout == Span::ZERO
        {
            // Hidden for no time at all, but only once in one answer.
            for position in 0..cx.batches.entries(batch).len() {
                let slot = cx.batches.entries(batch)[position].receipt.slot;
                self.metrics.visibility_timeouts.add(1);
                self.leave_state(slot, cx.now);
                self.show_again(slot, cx.now);
            }
        }
        taking.taken
    }

    /// A standard queue: oldest first, roughly; quiet tenants before noisy ones.
    #[inline]
    fn take_in_order<O>(&mut self, servers: u64, taking: &mut Taking, cx: &mut Context<'_, O>) {
        self.judge_tenants(cx.now);
        while taking.count < taking.room && self.counts.visible > 0 {
            let Some(index) = self.next_in_order(servers, cx.now) else { break };
            self.pick(index, taking, cx);
        }
        if let Order::Standard(order) = &mut self.order {
            order.put_back(cx.now);
        }
    }

    #[inline]
    pub(super) fn next_in_order(&mut self, servers: u64, now: Time) -> Option<u32> {
        let Order::Standard(order) = &mut self.order else { return None };
        let slots = &self.slots;
        loop {
            let next = order.pop(
                now,
                |place| slots.is_visible(place.receipt(), place.key),
                |slot| servers & (1 << slots.get(slot).server) != 0,
            );
            let Some(fair) = &mut self.fair else { return next.map(|place| place.slot) };
            let Some(place) = next else {
                return fair
                    .next_noisy(|place| slots.is_visible(place.receipt(), place.key))
                    .map(|place| place.slot);
            };
            let group = self.extras.get(place.slot as usize).map_or(GroupId::NONE, |extra| extra.group);
            if !fair.is_noisy(group) {
                return Some(place.slot);
            }
            fair.set_aside(group, place);
        }
    }

    pub(super) fn judge_tenants(&mut self, now: Time) {
        if let (Some(fair), Order::Standard(order)) = (&mut self.fair, &mut self.order) {
            fair.judge(now, |place| order.give_back(place));
        }
    }

    /// A FIFO queue: as many messages of a group as there are, then the next group's ("FIFO queue delivery logic in
    /// Amazon SQS").
    fn take_from_groups<O>(&mut self, taking: &mut Taking, cx: &mut Context<'_, O>) {
        while taking.count < taking.room {
            let Order::Fifo(fifo) = &mut self.order else { return };
            let Some(head) = fifo.order.next_group() else { break };
            let group = fifo.order.group(head);
            fifo.served.push(group);
            let mut next = Some(head);
            while let Some(slot) = next.filter(|_| taking.count < taking.room) {
                next = match &self.order {
                    Order::Fifo(fifo) => fifo.order.next_visible(slot, &self.slots),
                    Order::Standard(_) => None,
                };
                self.pick(slot, taking, cx);
            }
        }
        let Order::Fifo(fifo) = &mut self.order else { return };
        let mut served = std::mem::take(&mut fifo.served);
        for group in served.drain(..) {
            fifo.order.served(group, &self.slots);
        }
        fifo.served = served;
    }

    /// The message is handed out, or moved when that was done too often.
    #[inline]
    fn pick<O>(&mut self, index: u32, taking: &mut Taking, cx: &mut Context<'_, O>) {
        let receives = self.slots.get(index).receives_here();
        match self.settings.redrive {
            Some(redrive) if receives >= redrive.max_receive_count => {
                let batch = taking.dead.batch(redrive.dead_letter_queue, cx.batches);
                self.move_to_dead_letters(index, batch, cx);
            }
            _ => {
                let batch = *taking.taken.get_or_insert_with(|| cx.batches.open());
                let entry = self.hand_out(index, taking.timeout, cx.now, cx.messages);
                cx.batches.entries_mut(batch).push(entry);
                taking.count += 1;
            }
        }
    }

    /// The message is received: it is in flight from now on.
    #[inline]
    fn hand_out(&mut self, index: u32, timeout: Span, now: Time, messages: &mut Messages) -> Entry {
        self.leave_state(index, now);
        let hidden_until = now + timeout;
        let slot = self.slots.get_mut(index);
        if slot.receives_here() == 0 {
            self.metrics.queue_wait.record((now - slot.since).as_nanos());
        }
        slot.generation = slot.generation.wrapping_add(1);
        slot.receive_count += 1;
        slot.hidden_until = hidden_until;
        slot.since = now;
        let slot = *slot;
        if let Some(extra) = self.extras.get_mut(index as usize) {
            extra.first_received_at = extra.first_received_at.min(now);
        }
        messages.hold(slot.message);
        self.enter_flight(index, now);
        let receipt = self.slots.receipt(index);
        if timeout > Span::ZERO {
            self.watch_in_flight(hidden_until, receipt);
        }
        Entry {
            receipt,
            receive_count: slot.receive_count,
            enqueued_at: slot.enqueued_at,
            ..Entry::new(slot.message)
        }
    }

    #[inline]
    pub(super) fn enter_flight(&mut self, index: u32, now: Time) {
        self.slots.get_mut(index).state = State::InFlight;
        self.counts.in_flight += 1;
        self.metrics.messages_in_flight.set(now, self.counts.in_flight);
        self.entered_state(index, State::InFlight, now);
    }

    #[inline]
    pub(super) fn watch_in_flight(&mut self, until: Time, receipt: Receipt) {
        let slots = &self.slots;
        self.in_flight
            .push(until, receipt, self.counts.in_flight, |at, receipt| slots.is_in_flight_until(at, receipt));
    }
}
