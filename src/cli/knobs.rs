//! Knobs on the command line: what is varied, with paths in whole.

use super::disk::text;
use super::outcome::wrong;
use crate::experiment::{Knob, MOST_POINTS, grid};
use crate::scenario::whole_path;
use std::path::Path;

/// Reads `--vary` arguments; the sections of paths may be left out.
pub(super) fn knobs(scenario: &Path, varied: &[String]) -> anyhow::Result<Vec<Knob>> {
    let text = text(scenario)?;
    let mut knobs: Vec<Knob> = Vec::new();
    for argument in varied {
        let knob = Knob::parse(argument).map_err(wrong)?;
        let path = whole_path(&text, &knob.path).map_err(wrong)?;
        if knobs.iter().any(|other| other.path == path) {
            return Err(wrong(format!("`{path}` is varied twice")));
        }
        knobs.push(Knob { path, ..knob });
    }
    Ok(knobs)
}

/// Changes of a scenario with whole paths.
pub(super) fn sets(scenario: &Path, sets: &[String]) -> anyhow::Result<Vec<String>> {
    let text = text(scenario)?;
    sets.iter()
        .map(|set| match set.split_once('=') {
            Some((path, value)) => Ok(format!("{}={value}", whole_path(&text, path.trim()).map_err(wrong)?)),
            None => Ok(set.clone()),
        })
        .collect()
}

/// All combinations of the knobs.
pub(super) fn points(knobs: &[Knob]) -> anyhow::Result<Vec<Vec<String>>> {
    grid(knobs).ok_or_else(|| wrong(format!("there are more than {MOST_POINTS} combinations: vary less")))
}
