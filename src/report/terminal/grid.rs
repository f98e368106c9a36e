//! A table that fits a terminal: columns that have no room continue below.

use super::BOLD;
use comfy_table::{CellAlignment, ContentArrangement, Table, TableStyle};

/// Longer names are cut in the middle, where names of one scenario differ least.
const LONGEST_NAME: usize = 28;

/// A table being filled, column by column.
#[derive(Debug)]
pub(in crate::report) struct Grid {
    title: String,
    names: Vec<String>,
    columns: Vec<(String, Vec<String>)>,
}

impl Grid {
    /// A table with one row for each name.
    pub(super) fn new(title: &str, names: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            names: names.iter().map(|name| shortened(name)).collect(),
            columns: Vec::new(),
        }
    }

    /// A table with one row for each name, however long.
    pub(super) fn whole(title: &str, names: &[String]) -> Self {
        Self { title: title.to_owned(), names: names.to_vec(), columns: Vec::new() }
    }

    /// What it is about: the head of its first column.
    pub(in crate::report) fn title(&self) -> &str {
        &self.title
    }

    /// Its rows.
    pub(in crate::report) fn names(&self) -> &[String] {
        &self.names
    }

    /// Its columns: a head, and a cell for each row.
    pub(in crate::report) fn columns(&self) -> &[(String, Vec<String>)] {
        &self.columns
    }

    /// Adds a column; missing cells are shown as a dash.
    pub(super) fn column(&mut self, head: &str, cells: Vec<Option<String>>) {
        let cells = cells.into_iter().map(|cell| cell.unwrap_or_else(|| "–".to_owned())).collect();
        self.columns.push((head.to_owned(), cells));
    }

    /// The table in lines of at most `width` characters (a single column may need more); empty without rows.
    pub(super) fn render(&self, width: usize) -> String {
        if self.names.is_empty() {
            return String::new();
        }
        let size = |head: &String, cells: &[String]| {
            cells.iter().chain([head]).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let first = size(&self.title, &self.names);
        let mut text = String::new();
        let mut rest = self.columns.as_slice();
        loop {
            let mut used = first;
            let mut fitting = rest
                .iter()
                .take_while(|(head, cells)| {
                    used += 2 + size(head, cells);
                    used <= width
                })
                .count();
            fitting = fitting.max(1).min(rest.len());
            let (now, later) = rest.split_at(fitting);
            text += &self.block(now);
            rest = later;
            if rest.is_empty() {
                return text;
            }
        }
    }

    fn block(&self, columns: &[(String, Vec<String>)]) -> String {
        let mut table = Table::new();
        table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(std::iter::once(&self.title).chain(columns.iter().map(|(head, _)| head)));
        for (index, name) in self.names.iter().enumerate() {
            table.add_row(std::iter::once(name).chain(columns.iter().map(|(_, cells)| &cells[index])));
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((if index == 0 { 0 } else { 2 }, 0));
            if index > 0 {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let mut lines = table.lines().map(|line| line.trim_end().to_owned());
        let head = lines.next().unwrap_or_default();
        lines.fold(format!("{BOLD}{head}{BOLD:#}\n"), |text, line| text + &line + "\n")
    }
}

fn shortened(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let half = LONGEST_NAME / 2;
    letters[..half].iter().chain(&['…']).chain(&letters[letters.len() - half + 1..]).collect()
}
