//! The name somebody probably meant.

/// Texts longer than this are no misspelling of a name.
const LONGEST: usize = 100;

/// How many valid names are listed when none is near.
const LISTED: usize = 48;

/// The candidate that `name` is probably a misspelling of, or `None` when none is near.
///
/// Case, `-`, `_` and spaces do not count, so AWS's `VisibilityTimeout` finds `visibility_timeout`.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = plain(name);
    if plain.is_empty() || name.len() > LONGEST {
        return None;
    }
    let allowed = (plain.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other = self::plain(candidate);
        if candidate.len() > LONGEST {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&plain, &other);
        let distance = if is_part(&plain, &other) { distance.min(allowed) } else { distance };
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Whether two names are far by letters and near by meaning: `visibility` and `visibility_timeout`, `retention` and
/// `message_retention_period`, `delay_seconds` and `delay`.
fn is_part(name: &str, other: &str) -> bool {
    let begins = |long: &str, short: &str| long.starts_with(short) || long.ends_with(short);
    (name.len() >= 4 && begins(other, name))
        || (name.len() >= 6 && other.contains(name))
        || (other.len() >= 4 && begins(name, other))
}

/// A help line: "did you mean `x`?", or the valid names when none is near and they are few. May be empty.
pub fn suggest(name: &str, candidates: &[&str], noun: &str) -> String {
    if let Some(near) = nearest(name, candidates.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    match candidates {
        [] => format!("there are no {noun}"),
        [only] => format!("the only one of the {noun} is `{only}`"),
        few if few.len() <= LISTED => format!("the {noun} are {}", list(few)),
        _ => String::new(),
    }
}

/// More than one of a noun: `queues of a broker`.
pub fn plural(noun: &str) -> String {
    match noun.split_once(" of ") {
        Some((head, rest)) => format!("{head}s of {rest}"),
        None => format!("{noun}s"),
    }
}

/// `a`, `b` and `c`, each in backquotes.
pub fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [most @ .., last] => {
            let most: Vec<String> = most.iter().map(|name| format!("`{name}`")).collect();
            format!("{} and `{last}`", most.join(", "))
        }
    }
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(|character| !matches!(character, '-' | '_' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}
