//! Indexed words (`first[0]`) inside flow mappings. YAML ends a plain value there at the bracket; people write it all
//! the same, and it can mean only one thing.

use serde_yaml::granit_parser::Parser;
use std::borrow::Cow;

/// A text that YAML can read, and where brackets had to give way.
pub(super) struct Readable<'a> {
    pub(super) text: Cow<'a, str>,
    /// Byte offsets of `[` of indexed words that now are `(`, with the length up to and with the closing one.
    marks: Vec<(usize, usize)>,
}

impl<'a> Readable<'a> {
    /// The text itself, unless indexed words are all that keeps YAML from reading it.
    pub(super) fn new(text: &'a str) -> Self {
        let plain = Self { text: Cow::Borrowed(text), marks: Vec::new() };
        let marks = indexed_words(text);
        if marks.is_empty() || is_yaml(text) {
            return plain;
        }
        let mut marked = text.to_owned();
        for (start, length) in &marks {
            marked.replace_range(*start..=*start, "(");
            let end = start + length - 1;
            marked.replace_range(end..=end, ")");
        }
        if is_yaml(&marked) { Self { text: Cow::Owned(marked), marks } } else { plain }
    }

    /// What was written where this scalar stands: brackets come back.
    pub(super) fn original<'b>(&self, scalar: &'b str, start: usize, end: usize) -> Cow<'b, str> {
        let from = self.marks.partition_point(|(mark, _)| *mark < start);
        let mut text = Cow::Borrowed(scalar);
        for (mark, length) in self.marks[from..].iter().take_while(|(mark, _)| *mark < end) {
            let marked = &self.text[*mark..mark + length];
            let brackets = format!("[{}]", &marked[1..marked.len() - 1]);
            text = Cow::Owned(text.replacen(marked, &brackets, 1));
        }
        text
    }
}

fn is_yaml(text: &str) -> bool {
    Parser::new_from_str(text).all(|event| event.is_ok())
}

/// Where a word is followed at once by a number in brackets.
fn indexed_words(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let mut found = Vec::new();
    for (start, _) in text.match_indices('[') {
        let digits = bytes[start + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let closed = bytes.get(start + 1 + digits) == Some(&b']');
        if start > 0 && is_word(bytes[start - 1]) && digits > 0 && closed {
            found.push((start, digits + 2));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::language::{Node, Problems, Sources, parse};

    fn texts(yaml: &str) -> Vec<String> {
        let (mut sources, mut problems) = (Sources::new(), Problems::new());
        let root = parse(&mut sources, "test", yaml, &mut problems)
            .unwrap_or_else(|| panic!("{}", problems.render(&sources, false)));
        let items = root.get("all").and_then(Node::sequence).unwrap_or_default();
        items.iter().filter_map(|item| item.text().map(str::to_owned)).collect()
    }

    #[test]
    fn an_indexed_word_is_text_wherever_it_stands() {
        assert_eq!(texts("all: [ first[0], b, second[12] ]"), ["first[0]", "b", "second[12]"]);
        assert_eq!(texts("all: [ first[0], 'x[1]', \"y(2)\", z(3) ]"), ["first[0]", "x[1]", "y(2)", "z(3)"]);
        assert_eq!(texts("all:\n  - first[0]\n  - z(3)"), ["first[0]", "z(3)"]);
    }

    #[test]
    fn what_is_no_yaml_stays_no_yaml() {
        let (mut sources, mut problems) = (Sources::new(), Problems::new());
        assert!(parse(&mut sources, "test", "all: [ first[0], }", &mut problems).is_none());
        assert!(problems.render(&sources, false).contains("first[0]"));
    }
}
