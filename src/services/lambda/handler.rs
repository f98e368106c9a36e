//! What a function's code does with an event: how long it takes, what it gets done, and how it ends.

use super::settings::{FunctionSettings, OnMessageFailure};
use crate::engine::{Span, Stream};
use crate::wire::{Entry, Messages, ProcessingMode, draw_span};

/// When each message of an event is done, counted from the start of the handler; [`NEVER`] when it is not.
pub(super) type Finished = Vec<u64>;

/// The message is not processed by this invocation: it fails, or its turn never comes.
pub(super) const NEVER: u64 = u64::MAX;

/// How an execution ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The handler returns.
    Returned,
    /// The handler raises an error.
    Raised,
    /// The time is up.
    TimedOut,
}

/// The random streams of the handler.
#[derive(Debug)]
pub(super) struct HandlerChance {
    pub(super) processing: Stream,
    pub(super) failure: Stream,
}

/// Plays the handler on an event: fills `finished`, gives the time it takes, how it ends and how many messages it begins.
///
/// A handler that raises errors stops at the first message that fails: what it has done by then is done, and will be
/// done again. One that reports failures goes on to the next message, unless the messages are in order: then it stops and
/// reports the rest as failed ("Handling errors for an SQS event source in Lambda").
pub(super) fn play(
    settings: &FunctionSettings,
    entries: &[Entry],
    in_order: bool,
    messages: &Messages,
    chance: &mut HandlerChance,
    finished: &mut Finished,
) -> (Span, Ending, usize) {
    finished.clear();
    let reports = settings.on_message_failure == OnMessageFailure::Report;
    let (time, ending, begun) = match settings.processing_mode {
        ProcessingMode::PerMessage => {
            let (mut elapsed, mut raised, mut stopped, mut begun) = (Span::ZERO, false, false, 0);
            for entry in entries {
                if stopped {
                    finished.push(NEVER);
                    continue;
                }
                begun += 1;
                elapsed =
                    elapsed.saturating_add(draw_span(&settings.processing_time, &mut chance.processing));
                let fails = chance.failure.chance(settings.failure_rate) | messages.is_poison(entry.message);
                finished.push(if fails { NEVER } else { elapsed.as_nanos() });
                raised |= fails && !reports;
                stopped = fails && (!reports || in_order);
            }
            (elapsed, if raised { Ending::Raised } else { Ending::Returned }, begun)
        }
        ProcessingMode::PerBatch => {
            let time = draw_span(&settings.processing_time, &mut chance.processing);
            let poison = entries.iter().any(|entry| messages.is_poison(entry.message));
            let raised = chance.failure.chance(settings.failure_rate) || (poison && !reports);
            let mut stopped = raised;
            for entry in entries {
                let fails = stopped || messages.is_poison(entry.message);
                stopped |= fails && in_order;
                finished.push(if fails { NEVER } else { time.as_nanos() });
            }
            (time, if raised { Ending::Raised } else { Ending::Returned }, entries.len())
        }
    };
    if time <= settings.timeout {
        return (time, ending, begun);
    }
    let limit = settings.timeout.as_nanos();
    for end in finished.iter_mut().filter(|end| **end > limit) {
        *end = NEVER;
    }
    // The first message that is not done in time was begun, those behind it were not.
    let done = finished.iter().rposition(|end| *end != NEVER).map_or(0, |last| last + 1);
    (settings.timeout, Ending::TimedOut, begun.min(done + 1))
}
