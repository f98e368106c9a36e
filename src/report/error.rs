//! What can go wrong while a report is written, in words a user can act on.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no report. Whatever stood at its place before still stands there.
#[derive(Debug)]
pub enum ReportError {
    /// The machine refused: a full disk, a missing permission, a name too long.
    Machine {
        /// The file or folder it happened to.
        path: PathBuf,
        /// What was being done, as in "cannot `write` …".
        doing: &'static str,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The place is taken by something that is not a report, and is left alone.
    Occupied {
        /// The folder that was asked for.
        path: PathBuf,
        /// What is there, as in "… `is a file`".
        found: String,
    },
    /// The report is in its place, whole, but the one it replaced could not be removed.
    Leftover {
        /// Where the old report is now.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
}

impl ReportError {
    pub(super) fn machine(path: &Path, doing: &'static str, source: io::Error) -> Self {
        Self::Machine { path: path.to_owned(), doing, source }
    }
}

impl fmt::Display for ReportError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine { path, doing, source } => {
                write!(out, "cannot {doing} `{}`: {}", path.display(), reason(source))
            }
            Self::Occupied { path, found } => write!(
                out,
                "will not write a report to `{}`: it {found}. A report replaces its folder as a whole, so only \
                 an empty folder or an earlier report may stand there; name another folder, or move this one away",
                path.display()
            ),
            Self::Leftover { path, source } => write!(
                out,
                "the report is written, but the one it replaced is left in `{}`: {}",
                path.display(),
                reason(source)
            ),
        }
    }
}

impl std::error::Error for ReportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Machine { source, .. } | Self::Leftover { source, .. } => Some(source),
            Self::Occupied { .. } => None,
        }
    }
}

/// The operating system's reason in words, the same on every system where we know it.
fn reason(error: &io::Error) -> String {
    let known = match error.kind() {
        io::ErrorKind::StorageFull => "no space left on the device",
        io::ErrorKind::QuotaExceeded => "the disk quota is used up",
        io::ErrorKind::FileTooLarge => "the file would be larger than allowed here",
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        io::ErrorKind::NotADirectory => "a part of the path is a file, not a folder",
        io::ErrorKind::InvalidFilename => "the name is too long or not allowed here",
        io::ErrorKind::NotFound => "no such file or folder",
        _ => {
            let text = error.to_string();
            return text.split(" (os error").next().unwrap_or_default().to_lowercase();
        }
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_told_in_words() {
        let full = ReportError::machine(
            Path::new("reports/a/metrics.csv"),
            "write",
            io::Error::from(io::ErrorKind::StorageFull),
        );
        assert_eq!(full.to_string(), "cannot write `reports/a/metrics.csv`: no space left on the device");
        // ELOOP has no kind of its own on stable: the system's words are used, without the number.
        assert_eq!(reason(&io::Error::other("Something odd (os error 40)")), "something odd");
    }

    #[test]
    fn an_occupied_place_teaches_what_to_do() {
        let occupied = ReportError::Occupied { path: "src".into(), found: "holds files".into() };
        assert!(occupied.to_string().contains("name another folder"), "{occupied}");
    }
}
