//! Why a distribution cannot be made: one sentence that says what would be right.

use std::error::Error;
use std::fmt;

/// A refusal of parameters. Displayed as a sentence that names the parameter, its value and a way
/// out, ready to be shown to the author of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributionError(String);

impl DistributionError {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for DistributionError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Error for DistributionError {}
