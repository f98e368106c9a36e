//! The engine: simulated time, the future event list, the loop over it, and chance.
//!
//! This floor knows nothing of AWS, files, clocks or threads. A model is a
//! [`Handler`]: [`run`] takes events out of a [`Calendar`] one after another and hands them to it,
//! and the handler posts what follows from each.
//!
//! # Time
//!
//! [`Time`] (an instant) and [`Span`] (a duration) are whole nanoseconds in 64 bits: sums of a
//! billion small spans are exact, comparisons mean what they say, and 584 years are enough.
//! Arithmetic is checked, a result out of range panics with a sentence. Means and rates are `f64`
//! where they come from a scenario or a draw, and become a span once, in
//! [`Span::from_seconds_f64`], rounded to the nearest nanosecond.
//!
//! # Ties
//!
//! Events are handled in the order of (time, order posted). Two events of one instant therefore
//! happen in the order in which they were posted, always; an event posted for the present instant
//! happens after all others already posted for it. The order is total: the same model with the
//! same seed has one history.
//!
//! # Chance
//!
//! Each draw comes from a [`Stream`] named by (seed, replication, entity, purpose). Streams of
//! different names do not influence one another: a queue added to a scenario, or one more purpose in
//! one service, leaves every other entity's draws as they were, and two variants of a scenario meet
//! the same luck where they are the same. [`Distribution`] turns draws into service times, gaps and
//! sizes, in the unit of its parameters.
//!
//! Nothing here calls a transcendental function of the platform: `+ - * /` and the square root are
//! exact by the standard of floating point, the rest goes through `libm`, so the same seed gives
//! the same bits on every machine.

mod calendar;
mod distribution;
mod heap;
mod ladder;
mod random;
mod run;
mod time;
mod ziggurat;

pub use calendar::Calendar;
pub use distribution::{Distribution, DistributionError};
pub use random::Stream;
pub use run::{Handler, Progress, run};
pub use time::{Span, Time};
