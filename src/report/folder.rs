//! A report is whole or absent: it grows in a temporary folder beside its place and is moved there at the end.

use super::experiment::{Experiment, Sheet};
use super::staging::Staging;
use super::{ReportError, charts, manifest, page, tables};
use crate::record::Tape;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What a report contains besides its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Whether charts are drawn, each as SVG and as PNG, and put on a page with everything else.
    pub charts: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { charts: true }
    }
}

/// Writes the report of a run to `folder` and returns the paths of its files, `manifest.json` last.
///
/// The same tape gives the same bytes. The folder is replaced as a whole: missing parents are created, an
/// earlier report makes way, and on any error everything is as it was before.
///
/// # Errors
/// [`ReportError::Machine`] when a file cannot be written, [`ReportError::Occupied`] when `folder` is a file or
/// holds files that no earlier report of queuelab put there, [`ReportError::Leftover`] when the new report is in
/// place but the old one cannot be removed.
pub fn write(tape: &Tape, folder: &Path, options: &Options) -> Result<Vec<PathBuf>, ReportError> {
    write_with(tape, folder, options, &[])
}

/// [`write()`] with more tables: what several runs say together.
///
/// # Errors
/// Those of [`write()`].
pub fn write_with(
    tape: &Tape,
    folder: &Path,
    options: &Options,
    sheets: &[Sheet],
) -> Result<Vec<PathBuf>, ReportError> {
    replace(folder, |staging| {
        tables::write(tape, staging)?;
        sheets.iter().try_for_each(|sheet| sheet.write(staging))?;
        if options.charts {
            let charts = charts::write(tape, staging)?;
            page::write(tape, &charts, staging)?;
        }
        let manifest = manifest::text(tape, staging.written());
        staging.write(manifest::NAME, manifest.as_bytes())
    })
}

/// Writes the report of an experiment to `folder`, as [`write()`] does that of a run.
///
/// # Errors
/// Those of [`write()`].
pub fn write_experiment(experiment: &Experiment, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    replace(folder, |staging| {
        experiment.sheets.iter().try_for_each(|sheet| sheet.write(staging))?;
        for (name, drawing) in &experiment.charts {
            charts::write_drawing(name, drawing, staging)?;
        }
        let manifest = manifest::experiment_text(&experiment.title, &experiment.facts, staging.written());
        staging.write(manifest::NAME, manifest.as_bytes())
    })
}

/// Fills a temporary folder beside `folder` and swaps it into its place.
fn replace(
    folder: &Path,
    fill: impl FnOnce(&mut Staging) -> Result<(), ReportError>,
) -> Result<Vec<PathBuf>, ReportError> {
    // A link to a folder stays a link: what it points to is replaced.
    let place = fs::canonicalize(folder)
        .or_else(|_| std::path::absolute(folder))
        .map_err(|e| ReportError::machine(folder, "find", e))?;
    let occupied = check_place(&place, folder)?;
    let parent = place.parent().ok_or_else(|| ReportError::Occupied {
        path: folder.to_owned(),
        found: "is the root of the file system".to_owned(),
    })?;
    let created = create_parents(parent)?;
    let result = fill_and_swap(&place, parent, occupied, fill);
    if result.is_err() {
        for folder in created {
            let _ = fs::remove_dir(folder); // not ours any more when somebody else uses it meanwhile
        }
    }
    let names = result.map_err(|error| seen_from_outside(error, folder))?;
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// Where the parts of a report stand inside the temporary folder.
const NEW: &str = "new";
const OLD: &str = "old";

fn fill_and_swap(
    place: &Path,
    parent: &Path,
    occupied: bool,
    fill: impl FnOnce(&mut Staging) -> Result<(), ReportError>,
) -> Result<Vec<String>, ReportError> {
    // Beside the place, so that moving is a rename on one file system. Dropping it removes it and what is in it.
    let workshop = tempfile::Builder::new()
        .prefix(".queuelab-")
        .tempdir_in(parent)
        .map_err(|e| ReportError::machine(parent, "create a temporary folder in", e))?;
    let (new, old) = (workshop.path().join(NEW), workshop.path().join(OLD));
    // One level down, because temporary folders are closed to other users and reports are not.
    fs::create_dir(&new).map_err(|e| ReportError::machine(&new, "create", e))?;
    let mut staging = Staging::new(&new);
    fill(&mut staging)?;
    if occupied {
        fs::rename(place, &old)
            .map_err(|e| ReportError::machine(place, "move the old report aside from", e))?;
    }
    if let Err(error) = fs::rename(&new, place) {
        if occupied && fs::rename(&old, place).is_err() {
            let kept = workshop.keep(); // the old report is worth more than a tidy folder
            return Err(ReportError::machine(&kept.join(OLD), "put back the old report from", error));
        }
        return Err(ReportError::machine(place, "move the finished report to", error));
    }
    let path = workshop.path().to_owned();
    workshop.close().map_err(|source| ReportError::Leftover { path, source })?;
    Ok(staging.written().iter().map(|file| file.name.clone()).collect())
}

/// Tells the place the user knows instead of a temporary one that is gone when the error is read.
fn seen_from_outside(error: ReportError, folder: &Path) -> ReportError {
    match error {
        ReportError::Machine { path, doing, source } => {
            let mut inside = path.iter().skip_while(|part| !part.to_string_lossy().starts_with(".queuelab-"));
            let path = match (inside.next(), inside.next()) {
                (Some(_), Some(part)) if part == NEW => folder.join(inside.collect::<PathBuf>()),
                _ => path,
            };
            ReportError::Machine { path, doing, source }
        }
        other => other,
    }
}

/// Whether something stands at the place; an error when it must not be replaced.
fn check_place(place: &Path, folder: &Path) -> Result<bool, ReportError> {
    let occupied = |found: String| ReportError::Occupied { path: folder.to_owned(), found };
    match fs::symlink_metadata(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(ReportError::machine(folder, "look at", error)),
        Ok(metadata) if metadata.is_dir() => {}
        Ok(metadata) if metadata.is_symlink() => return Err(occupied("is a link to nowhere".to_owned())),
        Ok(_) => return Err(occupied("is a file, not a folder".to_owned())),
    }
    let mut found = Vec::new();
    list(place, "", &mut found).map_err(|e| ReportError::machine(folder, "look into", e))?;
    // What file managers leave behind is nobody's work.
    found.retain(|name| !matches!(name.rsplit('/').next(), Some(".DS_Store" | "Thumbs.db" | "desktop.ini")));
    let text = fs::read_to_string(place.join(manifest::NAME)).unwrap_or_default();
    let Some(ours) = manifest::listed_files(&text) else {
        return match found.first() {
            None => Ok(true),
            Some(name) => Err(occupied(format!(
                "holds `{name}` and no {} of queuelab, so it is not a report",
                manifest::NAME
            ))),
        };
    };
    match foreign(&found, &ours) {
        None => Ok(true),
        Some(name) => Err(occupied(format!("holds `{name}`, which is no part of the report there"))),
    }
}

fn foreign<'a>(found: &'a [String], ours: &BTreeSet<String>) -> Option<&'a String> {
    found.iter().find(|name| !ours.contains(*name))
}

/// The files below a folder, with `/` between the parts of their names; stops early in a big tree.
fn list(folder: &Path, prefix: &str, found: &mut Vec<String>) -> io::Result<()> {
    const ENOUGH: usize = 10_000;
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if !entry.file_type()?.is_dir() {
            found.push(name);
        } else if found.len() < ENOUGH {
            list(&entry.path(), &format!("{name}/"), found)?;
        }
    }
    Ok(())
}

/// Creates what is missing above the place and tells what was created, innermost first.
fn create_parents(parent: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let missing: Vec<PathBuf> =
        parent.ancestors().take_while(|folder| !folder.exists()).map(Path::to_owned).collect();
    fs::create_dir_all(parent).map_err(|error| {
        for folder in &missing {
            let _ = fs::remove_dir(folder);
        }
        ReportError::machine(parent, "create the folder", error)
    })?;
    Ok(missing)
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
