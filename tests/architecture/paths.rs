//! Paths in Rust source: those of `use` trees, nested or not, and those written out in the middle of code.

/// A path into the crate, and the line where it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// All paths into the crate: `crate::…` and those that leave their module by `super::…`, as seen from the root.
pub(super) fn imports(code: &str, module: &[String]) -> Vec<Import> {
    let mut found: Vec<Import> =
        paths_from(code, "crate").into_iter().map(|(path, line)| Import { path, line }).collect();
    for (path, line) in paths_from(code, "super") {
        let more = path.iter().take_while(|part| *part == "super").count();
        let Some(depth) = module.len().checked_sub(more + 1) else { continue };
        let mut whole = module[..depth].to_vec();
        whole.extend(path[more..].iter().cloned());
        if !whole.is_empty() {
            found.push(Import { path: whole, line });
        }
    }
    found
}

/// All paths that begin with `root::`, without it, each with its line. Trees are taken apart.
pub(super) fn paths_from(code: &str, root: &str) -> Vec<(Vec<String>, usize)> {
    let start = format!("{root}::");
    let mut found = Vec::new();
    for (at, _) in code.match_indices(&start) {
        // `my_crate::` is another word, and in `super::super::x` only the first begins the path.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':')) {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let mut paths = Vec::new();
        tree(&code[at + start.len()..], &mut Vec::new(), &mut paths);
        found.extend(paths.into_iter().map(|path| (path, line)));
    }
    found
}

/// Reads one tree and gives how many bytes it takes.
fn tree(code: &str, prefix: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    let skip = |from: usize| from + (code[from..].len() - code[from..].trim_start().len());
    let mut at = skip(0);
    if code[at..].starts_with('{') {
        at = skip(at + 1);
        while at < code.len() && !code[at..].starts_with('}') {
            let read = tree(&code[at..], prefix, found);
            at = skip(at + read);
            // `x as y` and the comma.
            let rest = code[at..].find([',', '}', '{']).unwrap_or(code.len() - at);
            at = skip(at + rest + usize::from(code[at + rest..].starts_with(',')));
            if read == 0 && rest == 0 {
                break;
            }
        }
        return (at + 1).min(code.len());
    }
    let name = code[at..].find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(code.len() - at);
    if name == 0 {
        // `x::*` and `x::<T>` end here.
        if !prefix.is_empty() {
            found.push(prefix.clone());
        }
        return at;
    }
    prefix.push(code[at..at + name].to_owned());
    at += name;
    if code[at..].starts_with("::") {
        at += 2 + tree(&code[at + 2..], prefix, found);
    } else {
        found.push(prefix.clone());
    }
    prefix.pop();
    at
}

#[test]
fn trees_are_taken_apart() {
    let code = "use a::b;\nuse a::{b::{c, d as e}, f::*,\n g};\nlet x = a::h::<u8>::new() + ba::i;";
    let read: Vec<String> =
        paths_from(code, "a").into_iter().map(|(path, line)| format!("{line} {}", path.join("."))).collect();
    assert_eq!(read, ["1 b", "2 b.c", "2 b.d", "2 f", "2 g", "4 h"]);
}
