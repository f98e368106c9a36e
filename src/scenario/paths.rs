//! Paths of settings as people write them: `workers.threads` for `consumers.workers.threads`.

use crate::language::{Problems, Sources, parse_bytes};

/// The path from the top of a scenario to a setting of which only the owner's name and what follows is given. A path that
/// begins with a section, or with nothing that is known, stays as it is.
///
/// # Errors
///
/// The sections that all have something of this name.
pub fn whole_path(scenario: &[u8], path: &str) -> Result<String, String> {
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let Some(root) = parse_bytes(&mut sources, "", scenario, &mut problems) else {
        return Ok(path.to_owned());
    };
    let sections = root.mapping().unwrap_or_default();
    let begins =
        |name: &str| path.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    if sections.iter().any(|(section, _)| begins(&section.name).is_some()) {
        return Ok(path.to_owned());
    }
    let mut found: Vec<String> = Vec::new();
    for (section, things) in sections {
        let things = things.mapping().unwrap_or_default();
        let longest = things.iter().filter(|(thing, _)| begins(&thing.name).is_some());
        let Some((thing, _)) = longest.max_by_key(|(thing, _)| thing.name.len()) else { continue };
        let name = if thing.name.contains('.') { format!("\"{}\"", thing.name) } else { thing.name.clone() };
        found.push(format!("{}.{name}{}", section.name, begins(&thing.name).unwrap_or("")));
    }
    match found.as_slice() {
        [] => Ok(path.to_owned()),
        [only] => Ok(only.clone()),
        several => Err(format!("`{path}` may be {}", several.join(" or "))),
    }
}

#[cfg(test)]
mod tests {
    use super::whole_path;

    #[test]
    fn sections_may_be_left_out() {
        let scenario = b"name: n\nqueues: { q: {}, a.b: {}, both: {} }\nconsumers: { w: {}, both: {} }\n";
        for (path, whole) in [
            ("w.threads", "consumers.w.threads"),
            ("consumers.w.threads", "consumers.w.threads"),
            ("a.b.visibility_timeout", "queues.\"a.b\".visibility_timeout"),
            ("q", "queues.q"),
            ("duration", "duration"),
            ("www.threads", "www.threads"),
        ] {
            assert_eq!(whole_path(scenario, path).as_deref(), Ok(whole));
        }
        let error = whole_path(scenario, "both.x").expect_err("there are two");
        assert_eq!(error, "`both.x` may be queues.both.x or consumers.both.x");
    }
}
