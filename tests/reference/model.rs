//! The reference: two queues as lists of messages, everything found by looking at all of them. Slow, and short enough to
//! be read beside the documentation.
//!
//! Time is in milliseconds. At each instant come first the messages that grow too old, then the delays that end, then the
//! visibility timeouts, each in the order in which the messages came; then long polls that waited for them; then calls.

use std::fmt::Write as _;

use super::script::{Attribute, Call, Handle, MAIN, Message, QueueSetup, Setup};

/// One row of `api_calls.csv`, as far as the model tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) at: u64,
    pub(crate) client: usize,
    pub(crate) step: usize,
    pub(crate) action: &'static str,
    pub(crate) request: String,
    pub(crate) outcome: String,
    pub(crate) messages: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Delayed(u64),
    Visible,
    InFlight(u64),
}

/// A message in a queue.
#[derive(Debug, Clone)]
struct Held {
    sequence: u64,
    body: String,
    group: Option<String>,
    sent: u64,
    /// What a standard queue sorts by.
    key: u64,
    state: State,
    /// Receives in this queue, and in those it came from.
    receives: u32,
    receives_before: u32,
    first_received: Option<u64>,
    last_received: u64,
    /// Handles given for it here; the last is the current one.
    handles: Vec<u64>,
    is_dead_letter: bool,
}

#[derive(Debug, Clone)]
struct Waiting {
    step: usize,
    maximum: u64,
    visibility: Option<u64>,
    attempt: Option<u8>,
    asked: u64,
    deadline: u64,
}

/// A receive that may be asked for again: when it was first, and each handle with the end of its timeout.
type Attempt = (u8, u64, Vec<(u64, u64)>);

#[derive(Debug)]
struct Queue {
    settings: QueueSetup,
    maximum_size: u64,
    held: Vec<Held>,
    arrivals: u64,
    /// Groups in the order of their turns.
    rotation: Vec<String>,
    /// What was sent: id, group it counts in, when, sequence number.
    remembered: Vec<(String, Option<String>, u64, u64)>,
    attempts: Vec<Attempt>,
    waiting: Vec<Waiting>,
    purged: Option<u64>,
}

#[derive(Debug)]
struct Task {
    step: usize,
    to_main: bool,
    rate: u64,
    next: u64,
    state: &'static str,
    moved: u64,
    to_move: usize,
}

pub(crate) struct Model<'a> {
    setup: &'a Setup,
    queues: Vec<Queue>,
    max_receive_count: Option<u32>,
    tasks: Vec<Task>,
    /// Handles by step.
    received: Vec<Vec<u64>>,
    handles: u64,
    /// A wait ended, or a call was made, at the very instant at which another queue sent something by itself: nobody says
    /// which comes first.
    is_ambiguous: bool,
    /// Whether things happen by themselves, not by a call.
    is_passing: bool,
    rows: Vec<Row>,
}

const HOURS: u64 = 3_600_000;

impl<'a> Model<'a> {
    pub(crate) fn new(setup: &'a Setup) -> Self {
        let queue = |settings: &QueueSetup| Queue {
            settings: settings.clone(),
            maximum_size: 2_048,
            held: Vec::new(),
            arrivals: 0,
            rotation: Vec::new(),
            remembered: Vec::new(),
            attempts: Vec::new(),
            waiting: Vec::new(),
            purged: None,
        };
        Self {
            setup,
            queues: setup.queues.iter().map(queue).collect(),
            max_receive_count: setup.max_receive_count,
            tasks: Vec::new(),
            received: vec![Vec::new(); setup.steps.len()],
            handles: 0,
            is_ambiguous: false,
            is_passing: false,
            rows: Vec::new(),
        }
    }

    /// Plays the script and gives the rows, by time, client and step; `None` when nobody could say what they are.
    pub(crate) fn play(mut self) -> Option<Vec<Row>> {
        for (number, step) in self.setup.steps.iter().enumerate() {
            self.is_passing = true;
            self.pass(step.at);
            self.is_passing = false;
            self.call(number, step.at);
        }
        self.pass(30 * HOURS);
        self.rows.sort_by_key(|row| (row.at, row.client, row.step));
        (!self.is_ambiguous).then_some(self.rows)
    }

    /// Lets time pass up to and with `until`.
    fn pass(&mut self, until: u64) {
        loop {
            let next = (0..2).filter_map(|queue| self.next_change(queue)).min();
            let task = self.tasks.iter().filter(|task| task.state == "RUNNING").map(|task| task.next).min();
            let Some(at) = next.into_iter().chain(task).min().filter(|at| *at <= until) else { return };
            for queue in 0..2 {
                self.settle(queue, at);
            }
            for queue in 0..2 {
                self.serve(queue, at);
                self.end_waits(queue, at);
            }
            for task in 0..self.tasks.len() {
                if self.tasks[task].state == "RUNNING" && self.tasks[task].next == at {
                    self.move_messages(task, at);
                }
            }
        }
    }

    /// When something happens in a queue by itself.
    fn next_change(&self, queue: usize) -> Option<u64> {
        let queue = &self.queues[queue];
        let of_message = queue.held.iter().map(|held| {
            let expires = held.sent + queue.settings.retention * 1_000;
            match held.state {
                State::Delayed(end) | State::InFlight(end) => expires.min(end),
                State::Visible => expires,
            }
        });
        of_message.chain(queue.waiting.iter().map(|waiting| waiting.deadline)).min()
    }

    fn settle(&mut self, number: usize, now: u64) {
        let fifo = self.setup.fifo;
        let queue = &mut self.queues[number];
        let retention = queue.settings.retention * 1_000;
        let numbers: Vec<u64> = queue.held.iter().map(|held| held.sequence).collect();
        for sequence in &numbers {
            let position = queue.position(*sequence);
            if queue.held[position].sent + retention <= now {
                queue.held.remove(position);
                queue.take_turns();
            }
        }
        for delays in [true, false] {
            for sequence in &numbers {
                let Some(held) = queue.held.iter_mut().find(|held| held.sequence == *sequence) else {
                    continue;
                };
                match held.state {
                    State::Delayed(end) if delays && end <= now => {
                        (held.state, held.key) = (State::Visible, now);
                    }
                    State::InFlight(end) if !delays && end <= now => held.show(now, fifo),
                    _ => continue,
                }
                queue.take_turns();
            }
        }
    }

    /// Long polls get what there is, the longest waiting first.
    fn serve(&mut self, number: usize, now: u64) {
        while let Some(first) = self.queues[number].waiting.first().cloned() {
            let taken = self.take(number, first.maximum, first.visibility, now);
            if taken.is_empty() {
                return;
            }
            self.queues[number].waiting.remove(0);
            self.answer(number, &first, &taken, now);
        }
    }

    fn end_waits(&mut self, number: usize, now: u64) {
        let (ended, waiting): (Vec<Waiting>, Vec<Waiting>) =
            self.queues[number].waiting.drain(..).partition(|waiting| waiting.deadline <= now);
        self.queues[number].waiting = waiting;
        for poll in ended {
            self.answer(number, &poll, &[], now);
        }
    }

    /// Hands out up to `maximum` messages; gives their sequence numbers.
    fn take(&mut self, number: usize, maximum: u64, visibility: Option<u64>, now: u64) -> Vec<u64> {
        let quota = self.setup.quota.unwrap_or(120_000);
        let in_flight =
            self.queues[number].held.iter().filter(|held| matches!(held.state, State::InFlight(_))).count();
        let room = maximum.min(quota.saturating_sub(in_flight as u64)) as usize;
        let timeout = visibility.unwrap_or(self.queues[number].settings.visibility) * 1_000;
        let mut taken = Vec::new();
        let mut dead = Vec::new();
        while taken.len() < room {
            let Some(candidates) = self.queues[number].candidates(self.setup.fifo) else { break };
            let served = self.queues[number].rotation.first().cloned();
            for sequence in candidates {
                if taken.len() == room {
                    break;
                }
                let queue = &mut self.queues[number];
                let position = queue.position(sequence);
                let held = &mut queue.held[position];
                if number == MAIN && self.max_receive_count.is_some_and(|most| held.receives >= most) {
                    dead.push(queue.held.remove(position));
                    continue;
                }
                self.handles += 1;
                held.receives += 1;
                held.handles.push(self.handles);
                held.first_received.get_or_insert(now);
                held.last_received = now;
                // With a timeout of zero it is visible again once the answer is complete.
                held.state = State::InFlight(now + timeout);
                taken.push(sequence);
            }
            if self.setup.fifo {
                // Served groups go to the back, if they can still give something.
                let queue = &mut self.queues[number];
                queue.rotation.retain(|group| Some(group) != served.as_ref());
                queue.take_turns();
            }
        }
        if !dead.is_empty() {
            self.bury(dead, now);
        }
        if timeout == 0 {
            for sequence in &taken {
                let fifo = self.setup.fifo;
                let queue = &mut self.queues[number];
                let position = queue.position(*sequence);
                queue.held[position].show(now, fifo);
                queue.take_turns();
            }
        }
        taken
    }

    /// Messages come to the dead-letter queue, all at once.
    fn bury(&mut self, dead: Vec<Held>, now: u64) {
        let restart = self.setup.fifo && !self.setup.is_2022;
        let queue = &mut self.queues[1];
        self.is_ambiguous |= queue.waiting.iter().any(|waiting| waiting.deadline == now)
            || (self.is_passing && self.setup.steps.iter().any(|step| step.at == now));
        for message in dead {
            queue.arrive(Held {
                sent: if restart { now } else { message.sent },
                key: now,
                state: State::Visible,
                receives: 0,
                receives_before: message.receives_before + message.receives,
                first_received: None,
                handles: Vec::new(),
                is_dead_letter: true,
                ..message
            });
        }
        self.settle(1, now);
        self.serve(1, now);
    }

    fn answer(&mut self, number: usize, poll: &Waiting, taken: &[u64], now: u64) {
        let queue = &mut self.queues[number];
        let mut handles = Vec::new();
        for sequence in taken {
            let position = queue.position(*sequence);
            let held = &queue.held[position];
            let end = match held.state {
                State::InFlight(end) => end,
                _ => now,
            };
            handles.push((*held.handles.last().expect("it was received"), end));
        }
        self.received[poll.step] = handles.iter().map(|(handle, _)| *handle).collect();
        if let Some(id) = poll.attempt.filter(|_| !taken.is_empty()) {
            queue.attempts.retain(|(other, ..)| *other != id);
            queue.attempts.push((id, poll.asked, handles));
        }
        let told = taken.iter().map(|sequence| self.told(number, *sequence)).collect::<Vec<_>>().join("; ");
        self.row(poll.step, "Success", told);
    }

    fn told(&self, number: usize, sequence: u64) -> String {
        let queue = &self.queues[number];
        let held = &queue.held[queue.position(sequence)];
        let first = queuelab::language::Duration::from_nanos(held.first_received.unwrap_or(0) * 1_000_000);
        let mut told = format!(
            "{} receive_count={} first_receive={first}",
            held.body,
            held.receives_before + held.receives
        );
        if self.setup.fifo {
            let _ = write!(told, " sequence={}", held.sequence);
        }
        if let Some(group) = &held.group {
            let _ = write!(told, " group={group}");
        }
        told
    }

    fn row(&mut self, number: usize, outcome: &str, messages: String) {
        let step = &self.setup.steps[number];
        let action = match step.call {
            Call::Send(..) => "SendMessage",
            Call::SendBatch(..) => "SendMessageBatch",
            Call::Receive { .. } => "ReceiveMessage",
            Call::Delete(..) => "DeleteMessage",
            Call::DeleteBatch(..) => "DeleteMessageBatch",
            Call::Change(..) => "ChangeMessageVisibility",
            Call::ChangeBatch(..) => "ChangeMessageVisibilityBatch",
            Call::Purge(_) => "PurgeQueue",
            Call::Set(..) => "SetQueueAttributes",
            Call::Get(_) => "GetQueueAttributes",
            Call::Start { .. } => "StartMessageMoveTask",
            Call::List => "ListMessageMoveTasks",
            Call::Cancel(_) => "CancelMessageMoveTask",
        };
        let request = super::request::request(self.setup, &step.call);
        let outcome = outcome.to_owned();
        let (at, client) = (step.at, step.client);
        self.rows.push(Row { at, client, step: number, action, request, outcome, messages });
    }

    fn call(&mut self, number: usize, now: u64) {
        let call = self.setup.steps[number].call.clone();
        let (outcome, messages) = match call {
            Call::Receive { queue, maximum, wait, visibility, attempt } => {
                let asked = (maximum, wait, visibility, attempt);
                match self.receive(queue, number, asked, now) {
                    Some(told) => told,
                    None => return,
                }
            }
            Call::Send(queue, message) => match self.send(queue, &message, now) {
                Ok(Some(sequence)) => ("Success".to_owned(), format!("sequence={sequence}")),
                Ok(None) => ("Success".to_owned(), String::new()),
                Err(error) => (error.to_owned(), String::new()),
            },
            Call::SendBatch(queue, messages) => self.send_batch(queue, &messages, now),
            Call::Delete(queue, handle) => (told_one(self.delete(queue, handle, now)), String::new()),
            Call::DeleteBatch(queue, handles) => {
                if let Some(error) = wrong_count(handles.len()) {
                    (error.to_owned(), String::new())
                } else {
                    let told = handles.iter().map(|handle| self.delete(queue, *handle, now));
                    (told_all(&told.collect::<Vec<_>>()), String::new())
                }
            }
            Call::Change(queue, handle, timeout) => {
                (told_one(self.change(queue, handle, timeout, now)), String::new())
            }
            Call::ChangeBatch(queue, changes) => {
                if let Some(error) = wrong_count(changes.len()) {
                    (error.to_owned(), String::new())
                } else {
                    let told =
                        changes.iter().map(|(handle, timeout)| self.change(queue, *handle, *timeout, now));
                    (told_all(&told.collect::<Vec<_>>()), String::new())
                }
            }
            Call::Purge(queue) => (self.purge(queue, now), String::new()),
            Call::Set(queue, attribute) => (self.set(queue, attribute, now), String::new()),
            Call::Get(queue) => {
                let count = |is: fn(&State) -> bool| {
                    self.queues[queue].held.iter().filter(|held| is(&held.state)).count()
                };
                let told = format!(
                    "ApproximateNumberOfMessages={} ApproximateNumberOfMessagesNotVisible={} ApproximateNumberOfMessagesDelayed={}",
                    count(|state| *state == State::Visible),
                    count(|state| matches!(state, State::InFlight(_))),
                    count(|state| matches!(state, State::Delayed(_))),
                );
                ("Success".to_owned(), told)
            }
            Call::Start { to_main, rate } => self.start_task(number, to_main, rate, now),
            Call::List => {
                let told: Vec<String> = self
                    .tasks
                    .iter()
                    .rev()
                    .take(10)
                    .map(|task| format!("{} moved={} to_move={}", task.state, task.moved, task.to_move))
                    .collect();
                ("Success".to_owned(), told.join("; "))
            }
            Call::Cancel(step) => match self.tasks.iter_mut().find(|task| task.step == step) {
                Some(task) if task.state == "RUNNING" => {
                    task.state = "CANCELLED";
                    ("Success".to_owned(), format!("moved={}", task.moved))
                }
                _ => ("ResourceNotFoundException".to_owned(), String::new()),
            },
        };
        self.row(number, &outcome, messages);
        for queue in 0..2 {
            self.serve(queue, now);
        }
    }

    /// A receive; `None` when it waits, or was answered already.
    #[allow(clippy::type_complexity)]
    fn receive(
        &mut self,
        number: usize,
        step: usize,
        (maximum, wait, visibility, attempt): (Option<i64>, Option<u64>, Option<u64>, Option<u8>),
        now: u64,
    ) -> Option<(String, String)> {
        let wait = wait.unwrap_or(self.queues[number].settings.wait);
        let maximum = maximum.unwrap_or(1);
        let fifo = self.setup.fifo;
        if !(1..=10).contains(&maximum)
            || wait > 20
            || visibility.is_some_and(|visibility| visibility > 43_200)
            || (attempt.is_some() && !fifo)
        {
            return Some(("InvalidParameterValue".to_owned(), String::new()));
        }
        if let Some(told) = attempt.and_then(|id| self.repeat(number, step, id, visibility, now)) {
            return Some(("Success".to_owned(), told));
        }
        let deadline = now + wait * 1_000;
        let poll = Waiting { step, maximum: maximum as u64, visibility, attempt, asked: now, deadline };
        if wait > 0 {
            self.queues[number].waiting.push(poll);
            self.serve(number, now);
            return None;
        }
        let quota = self.setup.quota.unwrap_or(120_000);
        let in_flight =
            self.queues[number].held.iter().filter(|held| matches!(held.state, State::InFlight(_))).count();
        if !fifo && in_flight as u64 >= quota {
            return Some(("OverLimit".to_owned(), String::new()));
        }
        let taken = self.take(number, poll.maximum, visibility, now);
        self.answer(number, &poll, &taken, now);
        for queue in 0..2 {
            self.serve(queue, now);
        }
        None
    }

    /// The answer to the same attempt once more, if nothing was touched.
    fn repeat(
        &mut self,
        number: usize,
        step: usize,
        id: u8,
        visibility: Option<u64>,
        now: u64,
    ) -> Option<String> {
        let timeout = visibility.unwrap_or(self.queues[number].settings.visibility) * 1_000;
        let queue = &mut self.queues[number];
        let attempt =
            queue.attempts.iter_mut().find(|(other, first, _)| *other == id && now < first + 300_000)?;
        let mut sequences = Vec::new();
        for (handle, end) in &attempt.2 {
            let held = queue.held.iter().find(|held| held.handles.last() == Some(handle))?;
            if held.state != State::InFlight(*end) {
                return None;
            }
            sequences.push(held.sequence);
        }
        for (_, end) in &mut attempt.2 {
            *end = now + timeout;
        }
        let handles = attempt.2.iter().map(|(handle, _)| *handle).collect();
        for held in queue.held.iter_mut().filter(|held| sequences.contains(&held.sequence)) {
            held.state = State::InFlight(now + timeout);
        }
        self.received[step] = handles;
        let told =
            sequences.iter().map(|sequence| self.told(number, *sequence)).collect::<Vec<_>>().join("; ");
        if timeout == 0 {
            self.settle(number, now);
        }
        Some(told)
    }

    fn send(&mut self, number: usize, message: &Message, now: u64) -> Result<Option<u64>, &'static str> {
        let Setup { fifo, content_based, by_group, .. } = *self.setup;
        let queue = &mut self.queues[number];
        if message.bytes() == 0 {
            return Err("MissingParameter");
        }
        if fifo && message.group.is_none() {
            return Err("MissingParameter");
        }
        let wrong = if fifo {
            (message.deduplication.is_none() && !content_based)
                || message.delay.is_some_and(|delay| delay > 0)
        } else {
            message.deduplication.is_some()
                || (message.group.is_some() && !self.setup.takes_groups())
                || message.delay.is_some_and(|delay| delay > 900)
        };
        if wrong || message.bytes() > queue.maximum_size {
            return Err("InvalidParameterValue");
        }
        if fifo {
            let id = message.deduplication.clone().unwrap_or_else(|| super::sha256(&message.body));
            let scope = message.group.clone().filter(|_| by_group);
            let same = queue
                .remembered
                .iter()
                .find(|(other, group, first, _)| *other == id && *group == scope && now < first + 300_000);
            if let Some((.., sequence)) = same {
                return Ok(Some(*sequence));
            }
            queue.remembered.push((id, scope, now, queue.arrivals + 1));
        }
        let delay = message.delay.filter(|_| !fifo).unwrap_or(queue.settings.delay) * 1_000;
        queue.arrive(Held {
            sequence: 0,
            body: message.body.clone(),
            group: message.group.clone(),
            sent: now,
            key: now,
            state: if delay > 0 { State::Delayed(now + delay) } else { State::Visible },
            receives: 0,
            receives_before: 0,
            first_received: None,
            last_received: 0,
            handles: Vec::new(),
            is_dead_letter: false,
        });
        Ok(fifo.then_some(queue.arrivals))
    }

    fn send_batch(&mut self, number: usize, messages: &[Message], now: u64) -> (String, String) {
        if let Some(error) = wrong_count(messages.len()) {
            return (error.to_owned(), String::new());
        }
        let is_id =
            |id: &str| !id.is_empty() && id.len() <= 80 && id.chars().all(|c| c.is_ascii_alphanumeric());
        if messages.iter().any(|message| !is_id(&message.id)) {
            return ("InvalidBatchEntryId".to_owned(), String::new());
        }
        for (index, message) in messages.iter().enumerate() {
            if messages[..index].iter().any(|earlier| earlier.id == message.id) {
                return ("BatchEntryIdsNotDistinct".to_owned(), String::new());
            }
        }
        let most = if self.setup.is_2022 { 262_144 } else { 1_048_576 };
        if messages.iter().map(Message::bytes).sum::<u64>() > most {
            return ("BatchRequestTooLong".to_owned(), String::new());
        }
        let mut outcomes = Vec::new();
        let mut told = Vec::new();
        for message in messages {
            let sent = self.send(number, message, now);
            if let Ok(Some(sequence)) = sent {
                told.push(format!("{} sequence={sequence}", message.id));
            }
            outcomes.push(sent.map(|_| ()));
        }
        (told_all(&outcomes), told.join("; "))
    }

    /// The handle a script means: `None` when this queue never gave it.
    fn given(&self, number: usize, handle: Handle) -> Option<u64> {
        let (step, index) = handle?;
        if !matches!(self.setup.steps[step].call, Call::Receive { queue, .. } if queue == number) {
            return None;
        }
        self.received[step].get(index).copied()
    }

    fn delete(&mut self, number: usize, handle: Handle, now: u64) -> Result<(), &'static str> {
        let handle = self.given(number, handle).ok_or("ReceiptHandleIsInvalid")?;
        let queue = &mut self.queues[number];
        let Some(position) = queue.held.iter().position(|held| held.handles.contains(&handle)) else {
            return Ok(());
        };
        let held = &queue.held[position];
        let is_current = held.handles.last() == Some(&handle);
        let works = is_current
            && (!self.setup.fifo || matches!(held.state, State::InFlight(_)) || held.last_received == now);
        if works {
            queue.held.remove(position);
            queue.take_turns();
        }
        if works || !self.setup.fifo { Ok(()) } else { Err("InvalidParameterValue") }
    }

    fn change(&mut self, number: usize, handle: Handle, timeout: u64, now: u64) -> Result<(), &'static str> {
        let fifo = self.setup.fifo;
        let handle = self.given(number, handle).ok_or("ReceiptHandleIsInvalid")?;
        if timeout > 43_200 {
            return Err("InvalidParameterValue");
        }
        let queue = &mut self.queues[number];
        let held = queue.held.iter_mut().find(|held| held.handles.last() == Some(&handle));
        let held = held.ok_or("InvalidParameterValue")?;
        let is_visible = held.state == State::Visible;
        if is_visible && fifo {
            return Err("MessageNotInflight");
        }
        if now + timeout * 1_000 > held.last_received + 12 * HOURS {
            return Err("InvalidParameterValue");
        }
        if timeout > 0 {
            held.state = State::InFlight(now + timeout * 1_000);
        } else if !is_visible {
            held.show(now, fifo);
        }
        queue.take_turns();
        Ok(())
    }

    fn purge(&mut self, number: usize, now: u64) -> String {
        let queue = &mut self.queues[number];
        if queue.purged.is_some_and(|at| now < at + 60_000) {
            return "PurgeQueueInProgress".to_owned();
        }
        queue.purged = Some(now);
        queue.held.clear();
        queue.remembered.clear();
        queue.take_turns();
        "Success".to_owned()
    }

    fn set(&mut self, number: usize, attribute: Attribute, now: u64) -> String {
        let largest = if self.setup.is_2022 { 262_144 } else { 1_048_576 };
        let fits = match attribute {
            Attribute::Visibility(s) => s <= 43_200,
            Attribute::Delay(s) => s <= 900,
            Attribute::Retention(s) => (60..=1_209_600).contains(&s),
            Attribute::Wait(s) => s <= 20,
            Attribute::MaximumSize(bytes) => (1_024..=largest).contains(&bytes),
            Attribute::MaxReceiveCount(count) => number == MAIN && (1..=1_000).contains(&count),
        };
        if !fits {
            return "InvalidAttributeValue".to_owned();
        }
        let fifo = self.setup.fifo;
        let queue = &mut self.queues[number];
        match attribute {
            Attribute::Visibility(s) => queue.settings.visibility = s,
            Attribute::Wait(s) => queue.settings.wait = s,
            Attribute::MaximumSize(bytes) => queue.maximum_size = bytes,
            Attribute::MaxReceiveCount(count) => self.max_receive_count = Some(count as u32),
            Attribute::Retention(s) => {
                queue.settings.retention = s;
                self.settle(number, now);
            }
            Attribute::Delay(s) => {
                queue.settings.delay = s;
                for position in 0..queue.held.len() {
                    let held = &mut queue.held[position];
                    if fifo && held.receives == 0 {
                        let until = held.sent + s * 1_000;
                        held.state = if until > now { State::Delayed(until) } else { State::Visible };
                        queue.take_turns();
                    }
                }
            }
        }
        "Success".to_owned()
    }

    fn start_task(&mut self, step: usize, to_main: bool, rate: Option<i64>, now: u64) -> (String, String) {
        if self.setup.fifo && self.setup.is_2022 {
            return ("UnsupportedOperation".to_owned(), String::new());
        }
        let rate = rate.unwrap_or(500);
        let running = self.tasks.iter().any(|task| task.state == "RUNNING");
        // Until a redrive policy names it, it is a queue like others.
        if running || self.max_receive_count.is_none() || !(1..=500).contains(&rate) {
            return ("InvalidParameterValue".to_owned(), String::new());
        }
        let to_move = self.queues[1].held.iter().filter(|held| held.state == State::Visible).count();
        let rate = rate as u64;
        self.tasks.push(Task { step, to_main, rate, next: now, state: "RUNNING", moved: 0, to_move });
        self.move_messages(self.tasks.len() - 1, now);
        ("Success".to_owned(), format!("task={}", self.tasks.len()))
    }

    fn move_messages(&mut self, number: usize, now: u64) {
        let step = self.tasks[number].rate.min(10);
        let mut moved = 0;
        while moved < step {
            let Some(candidates) = self.queues[1].candidates(self.setup.fifo) else { break };
            for sequence in candidates.into_iter().take((step - moved) as usize) {
                let position = self.queues[1].position(sequence);
                if !self.tasks[number].to_main && !self.queues[1].held[position].is_dead_letter {
                    self.tasks[number].state = "FAILED";
                    // The turn of its group has begun anew.
                    let group = self.queues[1].held[position].group.clone();
                    self.queues[1].rotation.retain(|other| Some(other) != group.as_ref());
                    self.queues[1].take_turns();
                    self.tasks[number].moved += moved;
                    return;
                }
                let message = self.queues[1].held.remove(position);
                if self.setup.fifo {
                    self.queues[1].rotation.retain(|group| Some(group) != message.group.as_ref());
                    self.queues[1].take_turns();
                }
                let queue = &mut self.queues[MAIN];
                let delay = queue.settings.delay * 1_000;
                queue.arrive(Held {
                    sent: now,
                    key: now,
                    state: if delay > 0 { State::Delayed(now + delay) } else { State::Visible },
                    receives: 0,
                    receives_before: 0,
                    first_received: None,
                    handles: Vec::new(),
                    is_dead_letter: false,
                    ..message
                });
                moved += 1;
            }
        }
        let is_empty = !self.queues[1].held.iter().any(|held| held.state == State::Visible);
        let task = &mut self.tasks[number];
        task.moved += moved;
        task.next = now + step * 1_000 / task.rate;
        if is_empty {
            task.state = "COMPLETED";
        }
        self.serve(MAIN, now);
    }
}

impl Held {
    /// Visible again; in a standard queue a message that was received three times goes to the back.
    fn show(&mut self, now: u64, fifo: bool) {
        self.state = State::Visible;
        if self.receives >= 3 && !fifo {
            self.key = now;
        }
    }
}

impl Queue {
    fn position(&self, sequence: u64) -> usize {
        self.held.iter().position(|held| held.sequence == sequence).expect("the message is in the queue")
    }

    fn arrive(&mut self, message: Held) {
        self.arrivals += 1;
        self.held.push(Held { sequence: self.arrivals, ..message });
        self.take_turns();
    }

    /// The leading visible messages of a group: those that can be received.
    fn leading(&self, group: &str) -> Vec<u64> {
        let of_group = self.held.iter().filter(|held| held.group.as_deref() == Some(group));
        of_group.take_while(|held| held.state == State::Visible).map(|held| held.sequence).collect()
    }

    /// Groups that can give something join the back, in the order of their first messages; others lose their turn.
    fn take_turns(&mut self) {
        let mut rotation = std::mem::take(&mut self.rotation);
        rotation.retain(|group| !self.leading(group).is_empty());
        for held in &self.held {
            if let Some(group) = held.group.as_ref().filter(|group| !rotation.contains(group))
                && !self.leading(group).is_empty()
            {
                rotation.push(group.clone());
            }
        }
        self.rotation = rotation;
    }

    /// What a receive would take next, in order; `None` when there is nothing.
    fn candidates(&self, fifo: bool) -> Option<Vec<u64>> {
        if fifo {
            return self.rotation.first().map(|group| self.leading(group));
        }
        let mut visible: Vec<(u64, u64)> = self
            .held
            .iter()
            .filter(|held| held.state == State::Visible)
            .map(|held| (held.key, held.sequence))
            .collect();
        visible.sort_unstable();
        (!visible.is_empty()).then(|| visible.into_iter().map(|(_, sequence)| sequence).collect())
    }
}

fn wrong_count(entries: usize) -> Option<&'static str> {
    match entries {
        0 => Some("EmptyBatchRequest"),
        1..=10 => None,
        _ => Some("TooManyEntriesInBatchRequest"),
    }
}

fn told_one(result: Result<(), &'static str>) -> String {
    result.err().unwrap_or("Success").to_owned()
}

fn told_all(results: &[Result<(), &'static str>]) -> String {
    if results.iter().all(Result::is_ok) {
        return "Success".to_owned();
    }
    results.iter().map(|result| told_one(*result)).collect::<Vec<_>>().join(", ")
}
