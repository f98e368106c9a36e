//! When things come: rates, random processes and recordings, shared by all whose load comes from outside.
//!
//! An [`ArrivalsConfig`] is what a scenario says; [`ArrivalsConfig::build`] makes [`Arrivals`] of it, which tell one
//! time after another.

mod arrivals;
mod config;
mod renewal;
mod trace;

pub use arrivals::{Arrivals, Piece, Pieces, RateArrivals, Spacing, sine_pieces};
pub use config::{ArrivalsConfig, ArrivalsContext, ArrivalsSource, TraceConfig};
pub use renewal::{Renewal, RenewalArrivals, RenewalConfig};
pub use trace::{Gap, Interval, Trace, TraceArrivals, TraceOptions};
