//! Reports: what a run shows to people and to other programs. Reads tapes, changes nothing.
//!
//! [`write()`] leaves a folder with tables (CSV), charts (SVG and PNG), a page with all of it (HTML) and a manifest; [`summary`] is what a
//! terminal shows. The same tape gives the same bytes, on every machine.

mod charts;
mod error;
mod experiment;
mod explain;
mod folder;
mod human;
mod manifest;
mod number;
mod page;
mod staging;
mod tables;
mod terminal;

pub use charts::{Drawing, HeatMap, Line, LineChart, LinePoint, Mark, Positions, Scatter};
pub use error::ReportError;
pub use experiment::{Experiment, Sheet, file_name, number_text};
pub use explain::explain_scaling;
pub use folder::{Options, write, write_experiment, write_with};
pub use terminal::{grid, summary};

#[cfg(test)]
mod sample;
