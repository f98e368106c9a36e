//! Charts: what a person would want to look at, each as SVG and as PNG.

use super::ReportError;
use super::staging::Staging;
use crate::record::Tape;

/// Draws every chart of the tape.
pub(super) fn write(_tape: &Tape, _staging: &mut Staging) -> Result<(), ReportError> {
    Ok(())
}
