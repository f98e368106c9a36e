//! The loop: take the next event, hand it to the model, until the end or the budget is reached.

use super::calendar::Calendar;
use super::time::Time;

/// A model: told one event at a time, it changes itself and posts what follows.
pub trait Handler {
    /// What can happen: a small plain value.
    type Event: Copy;

    /// Lets `event` happen at the instant `calendar.now()`.
    fn handle(&mut self, event: Self::Event, calendar: &mut Calendar<Self::Event>);
}

/// How far a call of [`run`] got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Events handled in this call.
    pub handled: u64,
    /// True when no event is left at or before the end; false when the budget was used up.
    pub finished: bool,
}

/// Handles events up to and including the instant `end`, but at most `budget` of them, so that the
/// caller may look at an interrupt or draw progress, and call again.
///
/// When no event is left the clock moves on to `end`; with [`Time::MAX`] as the end it stays at the
/// last event.
pub fn run<H: Handler>(model: &mut H, calendar: &mut Calendar<H::Event>, end: Time, budget: u64) -> Progress {
    let mut handled = 0;
    while handled < budget {
        let Some(event) = calendar.pop_until(end) else {
            if calendar.now() < end && end < Time::MAX {
                calendar.advance_to(end);
            }
            return Progress { handled, finished: true };
        };
        model.handle(event, calendar);
        handled += 1;
    }
    Progress { handled, finished: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Span;

    /// Ticks every second, and notes when.
    struct Clockwork(Vec<Time>);

    impl Handler for Clockwork {
        type Event = ();

        fn handle(&mut self, (): (), calendar: &mut Calendar<()>) {
            self.0.push(calendar.now());
            calendar.post(calendar.now() + Span::from_seconds(1), ());
        }
    }

    #[test]
    fn stops_at_the_budget_and_at_the_end() {
        let mut clockwork = Clockwork(Vec::new());
        let mut calendar = Calendar::new();
        calendar.post_now(());
        let end = Time::ZERO + Span::from_millis(4_500);
        let some = run(&mut clockwork, &mut calendar, end, 3);
        assert_eq!(some, Progress { handled: 3, finished: false });
        assert_eq!(calendar.now(), Time::ZERO + Span::from_seconds(2));
        let rest = run(&mut clockwork, &mut calendar, end, 100);
        assert_eq!(rest, Progress { handled: 2, finished: true });
        assert_eq!(calendar.now(), end);
        assert_eq!(clockwork.0.len(), 5);
        let again = run(&mut clockwork, &mut calendar, end, 100);
        assert_eq!(again, Progress { handled: 0, finished: true });
    }

    #[test]
    fn without_an_end_the_clock_stays_at_the_last_event() {
        struct Once;
        impl Handler for Once {
            type Event = ();
            fn handle(&mut self, (): (), _: &mut Calendar<()>) {}
        }
        let mut calendar = Calendar::new();
        calendar.post(Time::from_nanos(7), ());
        assert_eq!(run(&mut Once, &mut calendar, Time::MAX, 10), Progress { handled: 1, finished: true });
        assert_eq!(calendar.now(), Time::from_nanos(7));
    }
}
