//! The folder a report grows in before it is moved to its place: every file counted, hashed and checked.

use super::ReportError;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What is known of a written file: an entry of `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenFile {
    /// Its name inside the report, with `/` on every system.
    pub(super) name: String,
    /// Its size.
    pub(super) bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub(super) sha256: String,
    /// Its data rows, for tables.
    pub(super) rows: Option<u64>,
}

/// A report being written.
#[derive(Debug)]
pub(super) struct Staging {
    root: PathBuf,
    written: Vec<WrittenFile>,
}

impl Staging {
    /// A report growing in the existing, empty folder `root`.
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), written: Vec::new() }
    }

    /// Where a file of this name grows.
    #[cfg(test)]
    pub(super) fn path_of(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The files finished so far, in the order they were written.
    pub(super) fn written(&self) -> &[WrittenFile] {
        &self.written
    }

    /// Writes a file whose content is already there; `name` may contain one folder.
    pub(super) fn write(&mut self, name: &str, content: &[u8]) -> Result<(), ReportError> {
        self.stream(name, |tally| tally.write_all(content).map(|()| None))
    }

    /// Writes a table: a header, then the rows that `fill` appends.
    pub(super) fn table(
        &mut self,
        name: &str,
        columns: &[&str],
        fill: impl FnOnce(&mut Table<'_>) -> csv::Result<()>,
    ) -> Result<(), ReportError> {
        self.stream(name, |tally| {
            let mut table =
                Table { csv: csv::WriterBuilder::new().buffer_capacity(1 << 16).from_writer(tally), rows: 0 };
            table.csv.write_record(columns).and_then(|()| fill(&mut table)).map_err(io_error)?;
            table.csv.flush()?;
            Ok(Some(table.rows))
        })
    }

    fn stream(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut Tally<BufWriter<File>>) -> io::Result<Option<u64>>,
    ) -> Result<(), ReportError> {
        let path = self.root.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| ReportError::machine(folder, "create the folder", e))?;
        }
        let disk = File::create(&path).map_err(|e| ReportError::machine(&path, "create", e))?;
        let mut tally = Tally { inner: BufWriter::new(disk), hash: Sha256::new(), bytes: 0 };
        let rows = fill(&mut tally)
            .and_then(|rows| tally.flush().map(|()| rows))
            .map_err(|e| ReportError::machine(&path, "write", e))?;
        // Some network file systems accept what they later do not have.
        let length = fs::metadata(&path).map_err(|e| ReportError::machine(&path, "check", e))?.len();
        if length != tally.bytes {
            let short = io::Error::other(format!("only {length} of {} bytes are on the disk", tally.bytes));
            return Err(ReportError::machine(&path, "write", short));
        }
        let sha256 = hexadecimal(&tally.hash.finalize());
        self.written.push(WrittenFile { name: name.to_owned(), bytes: tally.bytes, sha256, rows });
        Ok(())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a string cannot fail
        text
    })
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// A table being written, cell by cell.
pub(super) struct Table<'a> {
    csv: csv::Writer<&'a mut Tally<BufWriter<File>>>,
    rows: u64,
}

impl Table<'_> {
    /// Appends one cell; quoted when it has to be.
    pub(super) fn cell(&mut self, cell: &str) -> csv::Result<()> {
        self.csv.write_field(cell)
    }

    /// Ends the row.
    pub(super) fn end_row(&mut self) -> csv::Result<()> {
        self.rows += 1;
        self.csv.write_record(None::<&[u8]>)
    }

    /// Appends a whole row.
    pub(super) fn row(&mut self, cells: &[&str]) -> csv::Result<()> {
        for cell in cells {
            self.cell(cell)?;
        }
        self.end_row()
    }
}

/// Counts and hashes what passes through.
struct Tally<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Tally<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.hash.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
