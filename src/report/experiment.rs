//! What an experiment leaves: tables and charts that it puts together itself, in a folder like that of a run.

use super::ReportError;
use super::charts::Drawing;
use super::number::number;
use super::staging::Staging;

/// A table with its cells as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The file's name.
    pub name: String,
    /// The head of each column.
    pub columns: Vec<String>,
    /// The rows, each with a cell for every column.
    pub rows: Vec<Vec<String>>,
}

/// The report of an experiment.
#[derive(Debug, Default)]
pub struct Experiment {
    /// What it is called.
    pub title: String,
    /// What else the manifest says.
    pub facts: Vec<(String, String)>,
    /// The tables.
    pub sheets: Vec<Sheet>,
    /// The charts, with their file names without extension.
    pub charts: Vec<(String, Drawing)>,
}

impl Sheet {
    /// An empty table.
    pub fn new<'a>(name: &str, columns: impl IntoIterator<Item = &'a str>) -> Self {
        let columns = columns.into_iter().map(str::to_owned).collect();
        Self { name: name.to_owned(), columns, rows: Vec::new() }
    }

    pub(super) fn write(&self, staging: &mut Staging) -> Result<(), ReportError> {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        staging.table(&self.name, &columns, |table| {
            self.rows
                .iter()
                .try_for_each(|row| table.row(&row.iter().map(String::as_str).collect::<Vec<_>>()))
        })
    }
}

/// A number as tables have it: the shortest decimal that reads back as the same value.
pub fn number_text(value: f64) -> String {
    number(value)
}

/// A part of a file name, with what file systems dislike replaced.
pub fn file_name(text: &str) -> String {
    let safe =
        |letter: char| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '-' };
    text.chars().map(safe).take(150).collect()
}
