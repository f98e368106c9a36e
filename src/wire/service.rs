//! The trait of every service, and what a service may touch while it is told something.

use super::{
    Answer, BatchId, Batches, Journal, LambdaAccount, MessageId, Messages, Publication, RequestId, Requests,
    Signal, SnsAccount,
};
use crate::engine::{Span, Time};
use crate::record::{Datapoint, Instrument, MetricDefinition, MetricSeries, Side, SummaryRow};

/// The address of an entity in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId(pub u32);

impl EntityId {
    /// As an index.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a service puts consequences. Everything goes through the calendar, also what happens at once: a service
/// is never called while it is being called.
pub trait Outbox<T> {
    /// Tells `to` a signal after `delay`.
    fn send(&mut self, to: EntityId, delay: Span, signal: Signal);
    /// Wakes the sender at `at`, with a reason.
    fn wake(&mut self, at: Time, timer: T);
}

/// What a service may touch.
#[derive(Debug)]
pub struct Context<'a, O> {
    /// The time now.
    pub now: Time,
    /// Who is being told.
    pub me: EntityId,
    /// Nobody reads metrics before this time: what happens until then may be done ahead, as long as its
    /// consequences come in time.
    pub unobserved_until: Time,
    /// Where consequences go.
    pub outbox: &'a mut O,
    /// The messages in the system.
    pub messages: &'a mut Messages,
    /// The batches in use.
    pub batches: &'a mut Batches,
    /// The requests under way.
    pub requests: &'a mut Requests,
    /// Rows that are written as they happen.
    pub journal: &'a mut Journal,
    /// What the topics of the account have in common.
    pub sns: &'a mut SnsAccount,
    /// The concurrency of the account's Lambda functions.
    pub lambda: &'a mut LambdaAccount,
}

impl<O> Context<'_, O> {
    /// Answers a call; whoever made it hears of it `after` so long.
    pub fn answer<T>(&mut self, (to, request): (EntityId, RequestId), answer: Answer, after: Span)
    where
        O: Outbox<T>,
    {
        self.requests.answer(request, answer);
        self.outbox.send(to, after, Signal::Response { request });
    }

    /// A service refused the messages of a batch for good, and their sender gives them up; gives their number.
    pub fn reject(&mut self, batch: BatchId) -> u64 {
        for entry in self.batches.entries(batch) {
            self.messages.mark_rejected(entry.message);
            self.messages.release(entry.message);
        }
        let rejected = self.batches.entries(batch).len() as u64;
        self.batches.close(batch);
        rejected
    }
}

/// The books of one entity: side, fate, number of messages.
pub type Balance = Vec<(Side, &'static str, u64)>;

/// The books of a part of an entity, such as a subscription of a topic.
#[derive(Debug, Clone)]
pub struct Account {
    /// What kind of thing it is.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its books.
    pub balance: Balance,
}

/// A service: a closed state machine.
pub trait Service {
    /// Why it wakes.
    type Timer: Copy;
    /// What kind of thing it is, as reports call it: `queue`, `consumer`, ….
    const KIND: &'static str;

    /// What kind of thing this one is, where one service is of several kinds.
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    /// Time zero.
    fn start<O: Outbox<Self::Timer>>(&mut self, cx: &mut Context<'_, O>) {
        let _ = cx;
    }

    /// A signal arrives.
    fn receive<O: Outbox<Self::Timer>>(&mut self, from: EntityId, signal: Signal, cx: &mut Context<'_, O>);

    /// A timer it set runs out.
    fn wake<O: Outbox<Self::Timer>>(&mut self, timer: Self::Timer, cx: &mut Context<'_, O>);

    /// Somebody is about to read the metrics: levels that change by themselves are brought up to date.
    fn sample(&mut self, now: Time, messages: &mut Messages) {
        let _ = (now, messages);
    }

    /// Somebody is about to measure a part of the run: what has happened must have been counted. Unlike
    /// [`Service::sample`] it sets no level that is only read now and then, so that measuring changes no statistics.
    fn catch_up(&mut self, now: Time, messages: &mut Messages) {
        let _ = (now, messages);
    }

    /// A minute ends: what CloudWatch gets of it, `None` for nothing. Asked once a minute, after [`Service::sample`].
    fn publish(&mut self, now: Time) -> Option<Publication> {
        let _ = now;
        Some(Publication::ALL)
    }

    /// The datapoint of a part of it for the minute that begins then, asked after [`Service::publish`]; `None` where nothing
    /// happened. A stream has parts: its shards.
    fn part_datapoint(
        &self,
        part: u32,
        metric: &str,
        minute: Time,
    ) -> Option<(&'static MetricDefinition, Datapoint)> {
        let _ = (part, metric, minute);
        None
    }

    /// The run ends: what CloudWatch has of it beyond the datapoints of its instruments.
    fn take_own_series(&mut self) -> Vec<MetricSeries> {
        Vec::new()
    }

    /// The warm-up ends: statistics the entity keeps besides its instruments start from here.
    fn end_warm_up(&mut self, now: Time) {
        let _ = now;
    }

    /// Shows every instrument with its declaration, always in the same order.
    fn visit_metrics(&mut self, visitor: &mut dyn FnMut(&'static MetricDefinition, Instrument<'_>));

    /// Whether CloudWatch gets the datapoints of a metric; the same during a whole run.
    fn publishes(&self, metric: &MetricDefinition) -> bool {
        let _ = metric;
        true
    }

    /// The books: everything that came in, went out or is still there.
    fn balance(&self) -> Balance {
        Vec::new()
    }

    /// The books of its parts.
    fn accounts(&self) -> Vec<Account> {
        Vec::new()
    }

    /// Marks each message it holds, once for each hold: the world checks that every hold belongs to somebody.
    fn holdings(&self, batches: &Batches, mark: &mut dyn FnMut(MessageId)) {
        let _ = (batches, mark);
    }

    /// Rows of `summary.csv` beyond the statistics of the instruments: `(metric, statistic, value, unit)` by row.
    /// `seconds` is the length of the run without the warm-up.
    fn summarise(&mut self, now: Time, seconds: f64, rows: &mut Vec<SummaryRow>) {
        let _ = (now, seconds, rows);
    }
}
