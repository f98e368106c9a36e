//! Scenario files under the paths of a command line.

use super::disk::{is_yaml, reason};
use super::outcome::{broken, wrong};
use std::path::{Path, PathBuf};

/// All scenario files under `paths`, in the order of the arguments and of their names. A file is taken as it is;
/// folders are searched for `.yaml` and `.yml`.
pub(super) fn scenarios(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            search(path, &mut found)?;
            if found.len() == before {
                return Err(wrong(format!("there are no scenarios (*.yaml) under `{}`", path.display())));
            }
        } else {
            found.push(path.clone());
        }
    }
    Ok(found)
}

fn search(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let refused =
        |error: std::io::Error| broken(format!("cannot read `{}`: {}", folder.display(), reason(&error)));
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(refused)? {
        entries.push(entry.map_err(refused)?.path());
    }
    entries.sort();
    for entry in entries {
        // Links are not followed: a link to a folder above would never end.
        if entry.is_dir() && !entry.is_symlink() {
            search(&entry, found)?;
        } else if entry.is_file() && is_yaml(&entry) {
            found.push(entry);
        }
    }
    Ok(())
}
