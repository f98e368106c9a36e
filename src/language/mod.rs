//! The alphabet of the scenario language: one declaration of a section gives its decoding, checks, schema and docs.
//!
//! A text is parsed into a tree of [`Node`]s that know their [`Place`]. Types that implement [`Decode`] are
//! read from nodes; every problem is told in [`Problems`], never only the first (which is why this floor does
//! not decode with serde). `section!`, `choice!` and `keyword!` declare such types:
//!
//! ```ignore
//! section! {
//!     /// An SQS queue.
//!     pub struct QueueConfig {
//!         /// How long a received message stays hidden from other consumers.
//!         pub visibility_timeout: Duration = Duration::from_seconds(30),
//!             within (Duration::ZERO, Duration::from_hours(12));
//!         /// Where messages go that were received too often.
//!         pub redrive_policy: Option<RedrivePolicy>;
//!         /// How many messages a batch may have.
//!         pub batch_size: u32 = 10, within (1, 10);
//!         /// Where messages come from (required: neither a default nor an `Option`).
//!         pub receives_from: Reference;
//!     }
//!     check QueueConfig::check;   // optional: fn(&QueueConfig, &mut Problems), for rules between keys
//! }
//!
//! choice! {
//!     /// When messages arrive.
//!     pub enum Arrivals {
//!         /// Independently of each other.
//!         Poisson(PoissonConfig) = "poisson",
//!         /// Never: a word alone, or `{ none: }`.
//!         Nothing = "none",
//!     }
//! }
//!
//! keyword! {
//!     /// How a count is spread over its period.
//!     pub enum Spread {
//!         /// At equal distances.
//!         Evenly = "evenly",
//!         /// At random.
//!         Poisson = "poisson",
//!     }
//! }
//! ```

mod decode;
pub mod distribution;
mod entries;
mod files;
mod indexed;
mod limits;
mod macros;
mod names;
mod nearest;
mod node;
mod parse;
mod place;
mod problem;
mod reading;
mod recording;
mod reference;
mod render;
mod scalar;
mod schema;
mod set;
pub mod units;

pub use decode::Decode;
pub use distribution::{DistributionOf, DistributionSpec};
pub use files::{Files, NoFiles};
pub use limits::{Limits, Ranged};
pub use names::{Name, Named, Reference};
pub use nearest::{list, nearest, plural, suggest};
pub use node::{Key, Node, Value};
pub use parse::{DEEPEST_NESTING, LARGEST_TEXT, MOST_NODES, parse, parse_bytes};
pub use place::{Located, Place, Source, SourceId, Sources};
pub use problem::{Problem, Problems, Severity};
pub use reading::{Places, SectionReader, documentation, key_name, read_choice, read_keyword};
pub use recording::{RecordingColumns, RecordingError, RecordingRow, read_recording};
pub use reference::{declared_name, link, markdown};
pub use schema::{Content, Definition, Definitions, Page, Row};
pub use serde_json::Value as Json;
pub use set::apply_set;
pub use units::{Bytes, Date, Duration, Probability, Quantity, Rate, Ratio, UnitError};

#[allow(unused_imports)] // the floors above use them
pub(crate) use macros::{choice, choice_row, choice_value, choice_word, doc_line, keyword, section};

/// Reads one text as a `T`: for tests, and for tools that read a section of their own.
///
/// # Errors
/// All problems, rendered without colours, when the text is no valid `T`.
pub fn decode_text<T: Decode>(name: &str, text: &str) -> Result<T, String> {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let root = parse(&mut sources, name, text, &mut problems);
    let value = root.and_then(|root| T::decode(&root, &mut problems));
    match value {
        Some(value) if !problems.has_errors() => Ok(value),
        _ => Err(problems.render(&sources, false)),
    }
}

#[cfg(test)]
mod tests;
