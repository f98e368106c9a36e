//! Scenarios and the files they name, on a disk.

use super::outcome::{broken, print_error, wrong};
use crate::experiment::ExperimentConfig;
use crate::language::{Decode as _, Files, Problems, Sources, parse_bytes};
use crate::scenario::{PolicyTests, Scenario, is_policy_test};
use std::io::{ErrorKind, IsTerminal as _, Write as _};
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
    let (loaded, told) = read(path, sets)?;
    print_error(&told);
    Ok(loaded)
}

/// Reads a scenario that must be one, and in order.
pub(super) fn sound(path: &Path, sets: &[String]) -> anyhow::Result<Box<Scenario>> {
    match load(path, sets)? {
        Loaded::Sound(scenario) => Ok(scenario),
        Loaded::Unsound => Err(wrong(format!("`{}` cannot be run", path.display()))),
        Loaded::PolicyTests(_) => {
            let path = path.display();
            Err(wrong(format!("`{path}` holds policy tests: run `queuelab check {path}`")))
        }
    }
}

/// The text of a scenario.
pub(super) fn text(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        let what = format!("cannot read the scenario `{}`: {}", path.display(), reason(&error));
        match error.kind() {
            // A name that leads nowhere is a mistake on the command line; all else is the machine's.
            ErrorKind::NotFound | ErrorKind::IsADirectory => wrong(what + &nearest_file(path)),
            ErrorKind::NotADirectory => wrong(what),
            _ => broken(what),
        }
    })
}

/// Whether a file is an experiment rather than a scenario: its top-level keys decide.
pub(super) fn is_experiment(path: &Path) -> anyhow::Result<bool> {
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let root = parse_bytes(&mut sources, "", &text(path)?, &mut problems);
    Ok(root.is_some_and(|root| root.get("experiment").is_some()))
}

/// Reads an experiment; `None` when it is not in order, which has been printed.
pub(super) fn experiment(path: &Path) -> anyhow::Result<Option<ExperimentConfig>> {
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let root = parse_bytes(&mut sources, &path.display().to_string(), &text(path)?, &mut problems);
    let config = root.and_then(|root| ExperimentConfig::decode(&root, &mut problems));
    print_error(&problems.render(&sources, std::io::stderr().is_terminal()));
    Ok(config.filter(|_| !problems.has_errors()))
}

/// Writes a file whole or not at all.
pub(super) fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = std::fs::create_dir_all(folder).and_then(|()| {
        let mut file = tempfile::Builder::new().prefix(".queuelab-").tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        // Temporary files are closed to other users; what is written for keeps is not.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
        }
        file.persist(path).map(|_| ()).map_err(|error| error.error)
    });
    written.map_err(|error| broken(format!("cannot write `{}`: {}", path.display(), reason(&error))))
}

/// [`load`] without printing: also gives what is to be printed.
pub(super) fn read(path: &Path, sets: &[String]) -> anyhow::Result<(Loaded, String)> {
    let text = text(path)?;
    let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    let name = path.display().to_string();
    let loaded = if is_policy_test(&text) {
        PolicyTests::load(&name, &text, &Disk { folder }).map(Loaded::PolicyTests)
    } else {
        Scenario::load(&name, &text, sets, &Disk { folder }).map(|scenario| Loaded::Sound(Box::new(scenario)))
    };
    match loaded {
        Ok(loaded) => {
            let warnings = match &loaded {
                Loaded::Sound(scenario) => scenario.warnings().to_owned(),
                Loaded::PolicyTests(tests) => tests.warnings().to_owned(),
                Loaded::Unsound => String::new(),
            };
            Ok((loaded, warnings))
        }
        Err(error) => {
            let coloured = std::io::stderr().is_terminal();
            Ok((Loaded::Unsound, if coloured { error.coloured().to_owned() } else { error.to_string() }))
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
