//! Reports: what a run shows to people and to other programs. Reads tapes, changes nothing.
//!
//! [`write()`] leaves a folder with tables (CSV), charts (SVG and PNG) and a manifest; [`summary`] is what a
//! terminal shows. The same tape gives the same bytes, on every machine.

mod charts;
mod error;
mod explain;
mod folder;
mod human;
mod manifest;
mod number;
mod staging;
mod tables;
mod terminal;

pub use error::ReportError;
pub use explain::explain_scaling;
pub use folder::{Options, write};
pub use terminal::summary;

#[cfg(test)]
mod sample;
