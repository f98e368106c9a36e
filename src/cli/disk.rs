//! Scenarios and the files they name, on a disk.

use super::outcome::{broken, print_error, wrong};
use crate::language::Files;
use crate::scenario::{PolicyTests, Scenario, is_policy_test};
use std::io::{ErrorKind, IsTerminal as _};
use std::path::{Path, PathBuf};

/// Files relative to the folder of the scenario that names them.
#[derive(Debug)]
struct Disk {
    folder: PathBuf,
}

impl Files for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        let path = self.folder.join(path);
        let bytes = std::fs::read(&path).map_err(|error| reason(&error))?;
        String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
    }
}

/// Why the operating system refused, in words.
pub(super) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        ErrorKind::IsADirectory => "it is a folder".to_owned(),
        ErrorKind::NotADirectory => "a part of the path is a file, not a folder".to_owned(),
        _ => error.to_string(),
    }
}

/// What became of reading a scenario.
pub(super) enum Loaded {
    /// It is in order.
    Sound(Box<Scenario>),
    /// It is no scenario but policy tests, which are in order.
    PolicyTests(PolicyTests),
    /// It is not; the problems have been printed.
    Unsound,
}

/// Reads a scenario, or a file of policy tests, and prints what is wrong with it, or what it warns of.
pub(super) fn load(path: &Path, sets: &[String]) -> anyhow::Result<Loaded> {
    let text = std::fs::read(path).map_err(|error| {
        let what = format!("cannot read the scenario `{}`: {}", path.display(), reason(&error));
        match error.kind() {
            // A name that leads nowhere is a mistake on the command line; all else is the machine's.
            ErrorKind::NotFound | ErrorKind::IsADirectory => wrong(what + &nearest_file(path)),
            ErrorKind::NotADirectory => wrong(what),
            _ => broken(what),
        }
    })?;
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let name = path.display().to_string();
    let loaded = if is_policy_test(&text) {
        PolicyTests::load(&name, &text, &Disk { folder }).map(Loaded::PolicyTests)
    } else {
        Scenario::load(&name, &text, sets, &Disk { folder }).map(|scenario| Loaded::Sound(Box::new(scenario)))
    };
    match loaded {
        Ok(loaded) => {
            match &loaded {
                Loaded::Sound(scenario) => print_error(scenario.warnings()),
                Loaded::PolicyTests(tests) => print_error(tests.warnings()),
                Loaded::Unsound => {}
            }
            Ok(loaded)
        }
        Err(error) => {
            let coloured = std::io::stderr().is_terminal();
            print_error(&if coloured { error.coloured().to_owned() } else { error.to_string() });
            Ok(Loaded::Unsound)
        }
    }
}

/// The file of a similar name in the same folder, as a hint.
fn nearest_file(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(entries) = std::fs::read_dir(folder) else {
        return format!("\n  help: there is no folder `{}`", folder.display());
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_yaml(Path::new(name)))
        .collect();
    names.sort();
    let wanted = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    crate::language::nearest(wanted, names.iter().map(String::as_str))
        .map(|name| format!("\n  help: did you mean `{}`?", folder.join(name).display()))
        .unwrap_or_default()
}

/// Whether a file looks like a scenario.
pub(super) fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}
