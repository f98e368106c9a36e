//! Results as JUnit XML, as test reporters read it. No times: the same results give the same bytes.

use super::check::{Checked, Suite};
use std::fmt::Write as _;

/// The document: a suite for each scenario or policy test, a case for each expectation.
pub(super) fn text(all: &[Checked]) -> String {
    let suites: Vec<(String, &Suite)> = all
        .iter()
        .flat_map(|checked| checked.suites.iter().map(|suite| (checked.path.display().to_string(), suite)))
        .collect();
    let unsound: Vec<String> = all
        .iter()
        .filter(|checked| !checked.is_sound)
        .map(|checked| checked.path.display().to_string())
        .collect();
    let tests: usize = suites.iter().map(|(_, suite)| cases(suite)).sum::<usize>() + unsound.len();
    let failures: usize = suites.iter().map(|(_, suite)| failures(suite)).sum();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"queuelab check\" tests=\"{tests}\" \
         failures=\"{failures}\" errors=\"{}\">\n",
        unsound.len()
    );
    for (path, suite) in suites {
        write_suite(&path, suite, &mut text);
    }
    for path in unsound {
        let path = escaped(&path);
        let _ = write!(
            text,
            "  <testsuite name=\"{path}\" tests=\"1\" failures=\"0\" errors=\"1\">\n    <testcase classname=\"{path}\" \
             name=\"can be run\" file=\"{path}\">\n      <error message=\"cannot be run\"/>\n    </testcase>\n  </testsuite>\n"
        ); // into a string
    }
    text + "</testsuites>\n"
}

fn cases(suite: &Suite) -> usize {
    suite.expectations.len() + usize::from(suite.compared.is_some())
}

fn failures(suite: &Suite) -> usize {
    let changed = suite.compared.as_ref().is_some_and(|compared| !compared.is_as_before);
    suite.expectations.iter().filter(|one| !one.passed).count() + usize::from(changed)
}

fn write_suite(path: &str, suite: &Suite, text: &mut String) {
    let (file, class) = (escaped(path), escaped(&suite.name));
    let _ = writeln!(
        text,
        "  <testsuite name=\"{class}\" tests=\"{}\" failures=\"{}\" errors=\"0\">",
        cases(suite),
        failures(suite)
    ); // into a string
    if let Some(seed) = suite.seed {
        let _ = writeln!(
            text,
            "    <properties>\n      <property name=\"seed\" value=\"{seed}\"/>\n    </properties>"
        ); // into a string
    }
    let mut case = |name: &str, line: Option<u32>, failure: Option<String>| {
        let line = line.map(|line| format!(" line=\"{line}\"")).unwrap_or_default();
        let head =
            format!("    <testcase classname=\"{class}\" name=\"{}\" file=\"{file}\"{line}", escaped(name));
        let _ = match failure {
            None => writeln!(text, "{head}/>"),
            Some(what) => {
                writeln!(text, "{head}>\n      <failure message=\"{}\"/>\n    </testcase>", escaped(&what))
            }
        }; // into a string
    };
    for one in &suite.expectations {
        let failure = (!one.passed).then(|| format!("observed {}", one.observed));
        case(&format!("{} {}", one.name, one.expression), one.line, failure);
    }
    if let Some(compared) = &suite.compared {
        case("is as its baseline", None, (!compared.is_as_before).then(|| compared.plain()));
    }
    text.push_str("  </testsuite>\n");
}

/// Text inside an attribute; characters that XML cannot hold are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            letter if letter < ' ' || matches!(letter, '\u{fffe}' | '\u{ffff}') => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_xml_cannot_hold_is_escaped_or_left_out() {
        assert_eq!(super::escaped("a<b & \"c\">\u{1b}[1m\nd"), "a&lt;b &amp; &quot;c&quot;&gt;[1m&#10;d");
    }
}
