//! The files of the tree, and what of them is code outside tests.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of `src`.
#[derive(Debug)]
pub(super) struct Source {
    /// From the root of the tree, with `/`.
    pub(super) path: String,
    /// The module it is, from the root of the crate; empty for `lib.rs` and `main.rs`.
    pub(super) module: Vec<String>,
    /// As it is written.
    pub(super) text: String,
    /// Without comments and without items that only tests see; lines stay where they are.
    pub(super) code: String,
}

impl Source {
    /// A file at `path` below `src`.
    pub(super) fn of(path: &str, text: &str) -> Self {
        let stem = path.strip_suffix(".rs").unwrap_or(path);
        let stem = stem.strip_suffix("/mod").unwrap_or(stem);
        let root = matches!(stem, "lib" | "main");
        Self {
            path: format!("src/{path}"),
            module: if root { Vec::new() } else { stem.split('/').map(str::to_owned).collect() },
            text: text.to_owned(),
            code: without_tests(&without_comments(text)),
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of `src` that are not only there for tests.
pub(super) fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut files = Vec::new();
    walk(&src, &mut files);
    let read: Vec<Source> = files
        .iter()
        .filter_map(|file| {
            let name = relative(file, &src);
            Some(Source::of(
                name.strip_suffix(".rs").map(|_| name.as_str())?,
                &fs::read_to_string(file).ok()?,
            ))
        })
        .collect();
    assert!(read.len() > 100, "only {} files found under {}", read.len(), src.display());
    let hidden: Vec<String> = read.iter().flat_map(test_modules).collect();
    let is_hidden = |path: &str| {
        hidden.iter().any(|module| path == format!("{module}.rs") || path.starts_with(&format!("{module}/")))
    };
    read.into_iter().filter(|source| !is_hidden(&source.path)).collect()
}

/// Modules declared under `#[cfg(test)]`, as paths without `.rs`.
fn test_modules(source: &Source) -> Vec<String> {
    let folder = match source.path.strip_suffix("/mod.rs") {
        Some(folder) => folder.to_owned(),
        None => source.path.trim_end_matches(".rs").to_owned(),
    };
    let beside = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
    for (number, _) in lines.iter().enumerate().filter(|(_, line)| **line == "#[cfg(test)]") {
        let mut path = None;
        for line in &lines[number + 1..] {
            if let Some(given) = line.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix(".rs\"]"))
            {
                path = Some(format!("{beside}/{given}"));
            } else if let Some(name) = line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
                found.push(path.take().unwrap_or_else(|| format!("{folder}/{name}")));
                break;
            } else if !line.starts_with("#[") {
                break;
            }
        }
    }
    found
}

/// Every text of the tree that is not built: name from the root, and content.
pub(super) fn texts() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for part in ["src", "tests", "scenarios", "benches", "docs", "reports", "assets", ".github", ".config"] {
        walk(&root().join(part), &mut files);
    }
    for entry in fs::read_dir(root()).expect("the root can be listed").flatten() {
        // In a linked worktree `.git` is a file that says where the repository is.
        if entry.path().is_file() && entry.file_name() != ".git" {
            files.push(entry.path());
        }
    }
    let read: Vec<(String, String)> = files
        .iter()
        .filter_map(|file| Some((relative(file, root()), fs::read_to_string(file).ok()?)))
        .collect();
    assert!(read.len() > 120, "only {} texts found", read.len());
    read
}

fn relative(file: &Path, root: &Path) -> String {
    let path = file.strip_prefix(root).unwrap_or(file);
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            walk(&entry, files);
        } else {
            files.push(entry);
        }
    }
}

/// Line comments go; a `//` inside a text goes with its line's end, which loses no path.
fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// Items under `#[cfg(test)]` become empty lines.
fn without_tests(code: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        if line.trim() != "#[cfg(test)]" {
            kept.push(line);
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        kept.push("");
        for line in lines.by_ref() {
            kept.push("");
            let at_its_edge = line.len() - line.trim_start().len() == indent;
            if at_its_edge && (line.ends_with(';') || line.trim() == "}") {
                break;
            }
        }
    }
    kept.join("\n")
}
