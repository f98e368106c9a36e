//! What plays the rows: two queues, the messages, and a clock.

use super::super::{ChangeTimes, FairSettings, Queue, QueuePrices, QueueSettings, Timer};
use crate::engine::{Distribution, Span, Time};
use crate::language::Duration;
use crate::record::Instrument;
use crate::wire::{
    Access, ActivitySettings, ApiError, ApiLatency, Batches, Context, DelaySeconds, Detail, EntityId, Entry,
    Journal, LambdaAccount, LambdaQuotas, MessageId, Messages, NewMessage, Outbox, PollOutcome, PollerId,
    PriceList, QuotaProfile, Region, Requests, Service, Signal, SnsAccount, SnsQuotas, SqsQuotas,
};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

/// The queues are entities 0 and 1; everybody else is this one.
const CALLER: EntityId = EntityId(9);
pub(super) const DEAD_LETTER_QUEUE: EntityId = EntityId(1);

/// A queue as `CreateQueue` makes it, on an ideal day: no latency, no disorder, no duplicates, complete short polls.
pub(super) fn settings() -> QueueSettings {
    let zero = || Distribution::constant(0.0).unwrap();
    QueueSettings {
        name: "orders".to_owned(),
        visibility_timeout: Span::from_seconds(30),
        message_retention_period: Span::from_days(4),
        delay: Span::ZERO,
        receive_message_wait_seconds: 0,
        maximum_message_size: 262_144,
        redrive: None,
        dead_letter_sources: Vec::new(),
        is_detailed: false,
        fifo: None,
        other_type: std::sync::Arc::new([]),
        access: Access::default(),
        kms: None,
        fair: FairSettings { detection_delay: Span::from_seconds(200) },
        move_rate: 500,
        quotas: SqsQuotas::of(QuotaProfile::Current),
        latency: ApiLatency::none(),
        prices: QueuePrices::of(PriceList::published()),
        duplicate_probability: 0.0,
        duplicate_delay: zero(),
        ordering_jitter: zero(),
        short_poll_sampling: false,
        changes: ChangeTimes {
            attributes: zero(),
            retention: zero(),
            purge: zero(),
            purge_takes_later_messages: false,
        },
        activity: ActivitySettings { is_active_at_start: true, wake_up_delay: zero() },
        empty_gauges: true,
    }
}

#[derive(Debug, Clone, Copy)]
enum Stimulus {
    Signal(EntityId, Signal),
    Timer(Timer),
}

/// What is still to come: time, to whom, what. Ties go to whoever was posted first.
#[derive(Debug, Default)]
struct Pending(Vec<(Time, EntityId, Stimulus)>);

struct Desk<'a> {
    pending: &'a mut Pending,
    me: EntityId,
    now: Time,
}

impl Outbox<Timer> for Desk<'_> {
    fn send(&mut self, to: EntityId, delay: Span, signal: Signal) {
        self.pending.0.push((self.now + delay, to, Stimulus::Signal(self.me, signal)));
    }

    fn wake(&mut self, at: Time, timer: Timer) {
        assert!(at >= self.now, "a queue asks to be woken in the past");
        self.pending.0.push((at, self.me, Stimulus::Timer(timer)));
    }
}

impl Pending {
    /// The next one up to `until`.
    fn pop(&mut self, until: Time) -> Option<(Time, EntityId, Stimulus)> {
        let first = (0..self.0.len()).min_by_key(|index| self.0[*index].0)?;
        (self.0[first].0 <= until).then(|| self.0.remove(first))
    }
}

/// Two queues and everything around them.
pub(super) struct Bench {
    queues: [Queue; 2],
    messages: Messages,
    batches: Batches,
    requests: Requests,
    journal: Journal,
    sns: SnsAccount,
    lambda: LambdaAccount,
    now: Time,
    pending: Pending,
    names: BTreeMap<MessageId, String>,
    receipts: BTreeMap<String, Vec<Entry>>,
    pollers: Vec<String>,
    /// Answers nobody has asked for yet: when, to which poll, what.
    answers: VecDeque<(Time, String, String)>,
    refused: String,
    sequence: u64,
}

/// Plays `script` on a queue with these settings; its dead-letter queue is as `settings` makes it.
pub(super) fn play(queue: QueueSettings, script: &str) -> Bench {
    let mut bench = Bench::new(queue, settings());
    bench.play(script);
    bench
}

impl Bench {
    pub(super) fn new(queue: QueueSettings, dead_letter_queue: QueueSettings) -> Self {
        Self {
            queues: [Queue::new(queue, 1, 0), Queue::new(dead_letter_queue, 1, 0)],
            messages: Messages::new(0),
            batches: Batches::default(),
            requests: Requests::default(),
            journal: Journal::default(),
            sns: SnsAccount::new(&SnsQuotas::of(QuotaProfile::Current, Region::UsEast1)),
            lambda: LambdaAccount::new(&LambdaQuotas::of(QuotaProfile::Current), 0),
            now: Time::ZERO,
            pending: Pending::default(),
            names: BTreeMap::new(),
            receipts: BTreeMap::new(),
            pollers: Vec::new(),
            answers: VecDeque::new(),
            refused: String::new(),
            sequence: 0,
        }
    }

    pub(super) fn play(&mut self, script: &str) {
        for row in script.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let mut columns = row.split('|').map(str::trim);
            let mut column = || columns.next().unwrap_or_default();
            let (at, call, expected) = (time(column()), column(), column());
            assert!(at >= self.now, "rows run back in time: {row}");
            self.advance(at);
            if !call.starts_with("answer") {
                assert!(self.answers.is_empty(), "before `{row}` came {:?}", self.answers);
            }
            let found = self.call(call);
            assert_eq!(found, expected, "`{row}`");
        }
        assert!(self.answers.is_empty(), "at the end came {:?}", self.answers);
        self.check_books();
    }

    /// Lets everything happen up to `until`.
    fn advance(&mut self, until: Time) {
        while let Some((at, to, stimulus)) = self.pending.pop(until) {
            self.now = at;
            if let Stimulus::Signal(_, signal) = stimulus
                && to == CALLER
            {
                self.hear(signal);
                continue;
            }
            let mut desk = Desk { pending: &mut self.pending, me: to, now: at };
            let mut cx = Context {
                now: at,
                me: to,
                unobserved_until: at,
                outbox: &mut desk,
                messages: &mut self.messages,
                batches: &mut self.batches,
                requests: &mut self.requests,
                journal: &mut self.journal,
                sns: &mut self.sns,
                lambda: &mut self.lambda,
            };
            let queue = &mut self.queues[to.index()];
            match stimulus {
                Stimulus::Signal(from, signal) => queue.receive(from, signal, &mut cx),
                Stimulus::Timer(timer) => queue.wake(timer, &mut cx),
            }
        }
        self.now = until;
    }

    fn hear(&mut self, signal: Signal) {
        match signal {
            Signal::Delivery { poller, outcome } => {
                let text = match outcome {
                    PollOutcome::Empty => "empty".to_owned(),
                    PollOutcome::Refused(ApiError::OverLimit) => "over limit".to_owned(),
                    PollOutcome::Refused(error) => panic!("refused: {error:?}"),
                    PollOutcome::Messages(batch) => {
                        let entries = self.batches.entries(batch).to_vec();
                        self.batches.close(batch);
                        self.take(&entries)
                    }
                };
                self.answers.push_back((self.now, self.pollers[poller.0 as usize].clone(), text));
            }
            Signal::Refused { batch, .. } => {
                for entry in self.batches.entries(batch).to_vec() {
                    let _ = write!(self.refused, "{} ", self.names[&entry.message]);
                    self.messages.mark_rejected(entry.message);
                    self.messages.release(entry.message);
                }
                self.batches.close(batch);
            }
            other => panic!("a queue says {other:?} to a caller"),
        }
    }

    /// The caller keeps the handles, not the messages.
    fn take(&mut self, entries: &[Entry]) -> String {
        let mut text = String::new();
        for entry in entries {
            let name = self.names[&entry.message].clone();
            text += &name;
            if entry.receive_count > 1 {
                let _ = write!(text, "({})", entry.receive_count);
            }
            text.push(' ');
            self.messages.release(entry.message);
            self.receipts.entry(name).or_default().push(*entry);
        }
        text.trim_end().to_owned()
    }

    fn tell(&mut self, queue: EntityId, signal: Signal) {
        self.pending.0.push((self.now, queue, Stimulus::Signal(CALLER, signal)));
        self.advance(self.now);
    }

    fn call(&mut self, call: &str) -> String {
        let (queue, call) = match call.strip_prefix("dlq ") {
            Some(call) => (DEAD_LETTER_QUEUE, call),
            None => (EntityId(0), call),
        };
        let words: Vec<&str> = call.split_whitespace().collect();
        match words[..] {
            ["send", ref rest @ ..] => self.send(queue, rest),
            ["poll", ref rest @ ..] => self.poll(queue, rest),
            ["answer", poller] => match self.answers.pop_front() {
                Some((at, who, text)) if at == self.now && who == poller => text,
                other => format!("{other:?} and not at {}", self.now),
            },
            ["hang", "up", poller] => {
                let poller = self.pollers.iter().rposition(|name| name == poller).unwrap();
                self.tell(queue, Signal::HangUp { poller: PollerId(poller as u64) });
                String::new()
            }
            ["delete", ref handles @ ..] => {
                let batch = self.handles(handles);
                self.tell(queue, Signal::Delete { batch });
                String::new()
            }
            ["hide", timeout, ref handles @ ..] => {
                let batch = self.handles(handles);
                let timeout = time(timeout).since_start();
                self.tell(queue, Signal::ChangeVisibility { batch, timeout });
                String::new()
            }
            ["look"] => self.look(queue),
            ["age"] => {
                self.queues[queue.index()].sample(self.now, &mut self.messages);
                let age = self.queues[queue.index()].oldest_age(self.now);
                age.map_or("none".to_owned(), |age| Duration::from_nanos(age.as_nanos()).to_string())
            }
            ["count", metric] => self.count(queue, metric).to_string(),
            _ => panic!("nobody understands the call `{call}`"),
        }
    }

    fn send(&mut self, queue: EntityId, words: &[&str]) -> String {
        let batch = self.batches.open();
        let option = |name: &str| {
            words.iter().find_map(|word| word.strip_prefix(name)).map(|number| number.parse().unwrap())
        };
        for name in words.iter().filter(|word| !word.contains('=')) {
            let message = self.messages.create(NewMessage {
                published_at: self.now,
                producer: CALLER,
                sequence: self.sequence,
                bytes: option("size=").unwrap_or(100),
                poison: false,
                detail: Detail::NONE,
            });
            self.sequence += 1;
            self.names.insert(message, (*name).to_owned());
            let delay_seconds = option("delay=").map(|seconds| DelaySeconds::new(seconds as u16));
            self.batches.entries_mut(batch).push(Entry { delay_seconds, ..Entry::new(message) });
        }
        self.refused.clear();
        self.tell(queue, Signal::Put { batch });
        self.refused.trim_end().to_owned()
    }

    fn poll(&mut self, queue: EntityId, words: &[&str]) -> String {
        let mut signal = (1, None, "poll");
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.strip_prefix("wait=") {
                Some(wait) => signal.1 = Some(wait.parse().unwrap()),
                None if *word == "as" => signal.2 = words.next().unwrap(),
                None => signal.0 = word.parse().unwrap(),
            }
        }
        let (maximum, wait_seconds, name) = signal;
        let poller = PollerId(self.pollers.len() as u64);
        self.pollers.push(name.to_owned());
        self.tell(queue, Signal::Poll { poller, maximum, wait_seconds, visibility_seconds: None });
        match self.answers.front() {
            Some((_, who, _)) if who == name => self.answers.pop_front().unwrap().2,
            _ => "waits".to_owned(),
        }
    }

    fn handles(&mut self, handles: &[&str]) -> crate::wire::BatchId {
        let batch = self.batches.open();
        for handle in handles {
            let (name, number) = handle.split_once('#').unwrap_or((handle, ""));
            let received = &self.receipts[name];
            let number = number.parse().unwrap_or(received.len());
            self.batches.entries_mut(batch).push(received[number - 1]);
        }
        batch
    }

    fn look(&mut self, queue: EntityId) -> String {
        self.queues[queue.index()].sample(self.now, &mut self.messages);
        let mut text = String::new();
        for (name, gauge) in [
            ("visible", "messages_visible"),
            ("in flight", "messages_in_flight"),
            ("delayed", "messages_delayed"),
        ] {
            let number = self.count(queue, gauge);
            if number > 0 {
                let _ = write!(text, "{number} {name} ");
            }
        }
        if text.is_empty() { "nothing".to_owned() } else { text.trim_end().to_owned() }
    }

    /// A counter's total, or a gauge's value.
    pub(super) fn count(&mut self, queue: EntityId, metric: &str) -> u64 {
        let mut found = None;
        self.queues[queue.index()].visit_metrics(&mut |definition, instrument| {
            if definition.name == metric {
                found = match instrument {
                    Instrument::Counter(counter) => Some(counter.total()),
                    Instrument::Level(level) => level.value(),
                    Instrument::Distribution(distribution) => Some(distribution.histogram().count()),
                };
            }
        });
        found.unwrap_or_else(|| panic!("there is no metric `{metric}`"))
    }

    /// What came in went out or is still there, and every message somebody holds is in a queue.
    fn check_books(&mut self) {
        let mut held = 0;
        for queue in &self.queues {
            let sum = |side| -> u64 {
                queue.balance().iter().filter(|(s, ..)| *s == side).map(|(_, _, number)| number).sum()
            };
            assert_eq!(sum(crate::record::Side::In), sum(crate::record::Side::Out), "{:?}", queue.balance());
            queue.holdings(&self.batches, &mut |_| held += 1);
        }
        assert_eq!(self.messages.holders().iter().sum::<u32>(), held, "holds without a holder");
        assert_eq!(self.batches.in_use(), 0, "batches nobody closed");
    }

    /// One call outside a table; gives its answer.
    pub(super) fn ask(&mut self, at: &str, call: &str) -> String {
        self.advance(time(at));
        self.call(call)
    }

    /// How many places the queue's memory has, used or not.
    pub(super) fn places(&self) -> usize {
        self.queues[0].slots.places()
    }

    /// Entries in the queue's lists of deadlines.
    pub(super) fn deadlines(&self) -> usize {
        let queue = &self.queues[0];
        queue.delayed.len() + queue.in_flight.len() + queue.retention.len() + queue.ages.len()
    }

    /// First receives, and the whole seconds their messages waited in all.
    pub(super) fn waits(&mut self) -> (u64, u64) {
        let mut found = (0, 0);
        self.queues[0].visit_metrics(&mut |definition, instrument| {
            if let Instrument::Distribution(waits) = instrument
                && definition.name == "queue_wait"
            {
                found = (waits.histogram().count(), (waits.histogram().sum() / 1_000_000_000) as u64);
            }
        });
        found
    }
}

/// `1h`, or `1h-1ns`: a nanosecond before.
fn time(text: &str) -> Time {
    let (whole, less) = text.split_once('-').unwrap_or((text, "0"));
    let nanos =
        |text: &str| text.parse::<Duration>().unwrap_or_else(|_| panic!("`{text}` is no time")).as_nanos();
    Time::from_nanos(nanos(whole) - nanos(less))
}
