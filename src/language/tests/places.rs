//! Every value knows where it stands, however the file is written.

use super::*;

/// Line, column and marked text of the node at a path.
fn at(text: &str, path: &[&str]) -> (u32, u32, String) {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let root = parse(&mut sources, "f", text, &mut problems);
    let root = root.unwrap_or_else(|| panic!("{}", problems.render(&sources, false)));
    let mut node = &root;
    for step in path {
        node = match &node.value {
            Value::Sequence(items) => &items[step.parse::<usize>().expect("an index")],
            _ => node.get(step).expect("the key"),
        };
    }
    let place = node.place;
    (place.line, place.column, text[place.start..place.end].to_owned())
}

#[test]
fn comments_are_not_there() {
    assert_eq!(at("# a\na: 1 # b\n# c\nb: # d\n  # e\n  - 2 # f\n", &["b", "0"]), (6, 5, "2".to_owned()));
}

#[test]
fn block_and_flow_style() {
    let text = "a:\n  b: 30s\n  c: [1, { d: x y }]\n";
    assert_eq!(at(text, &["a", "b"]), (2, 6, "30s".to_owned()));
    assert_eq!(at(text, &["a", "c", "0"]), (3, 7, "1".to_owned()));
    assert_eq!(at(text, &["a", "c", "1"]), (3, 10, "{ d: x y }".to_owned()));
    assert_eq!(at(text, &["a", "c", "1", "d"]), (3, 15, "x y".to_owned()));
    // What spans lines is marked at its key.
    assert_eq!(at(text, &["a"]), (1, 1, "a".to_owned()));
    assert_eq!(at(text, &["a", "c"]), (3, 3, "c".to_owned()));
}

#[test]
fn carriage_returns_byte_order_marks_and_other_alphabets() {
    assert_eq!(at("a: 1\r\nb:\r\n  c: 2\r\n", &["b", "c"]), (3, 6, "2".to_owned()));
    assert_eq!(at("\u{feff}a: 1\nb: 2\n", &["b"]), (2, 4, "2".to_owned()));
    assert_eq!(at("\u{feff}a: 1\n", &["a"]).2, "1");
    assert_eq!(at("gruß: { größe: x }\n", &["gruß", "größe"]), (1, 16, "x".to_owned()));
}

#[test]
fn quoted_multi_line_empty_and_aliased_values() {
    assert_eq!(at("a: \"30\"\n", &["a"]), (1, 4, "\"30\"".to_owned()));
    assert_eq!(at("a: |\n  one\n  two\nb: 1\n", &["b"]), (4, 4, "1".to_owned()));
    assert_eq!(at("a:\nb: 1\n", &["a"]), (1, 1, "a".to_owned()));
    // An alias is marked where the text stands that it repeats.
    assert_eq!(at("a: &x 30s\nb: *x\n", &["b"]), (1, 7, "30s".to_owned()));
    assert_eq!(at("a: &x { c: 1 }\nb:\n  <<: *x\n", &["b", "c"]), (1, 12, "1".to_owned()));
}

#[test]
fn scalars_come_out_as_written() {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let text =
        "[120/s, 30s, 1e3, 007, 0x1f, 2026-03-02, '30', 2026-03-02T08:00:00Z, yes, ~, 1_000, .5, .inf]";
    let root = parse(&mut sources, "f", text, &mut problems).expect("a list");
    let shown: Vec<String> = root
        .sequence()
        .expect("a list")
        .iter()
        .map(|node| {
            let kind = match &node.value {
                Value::Integer(value) => format!("={value}"),
                Value::Float(value) => format!("~{value}"),
                _ => String::new(),
            };
            format!("{}{kind}", node.text().unwrap_or("nothing"))
        })
        .collect();
    insta::assert_snapshot!(shown.join(" "), @r#"120/s 30s 1e3~1000 007=7 0x1f=31 2026-03-02 30 2026-03-02T08:00:00Z yes nothing 1_000 .5~0.5 .inf~inf"#);
}

#[test]
fn own_keys_win_over_merged_ones() {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let text = "base: &b { x: 1, y: 2 }\nmore: &m { y: 3, z: 4 }\nall: { <<: [*b, *m], x: 0 }\n";
    let root = parse(&mut sources, "f", text, &mut problems).expect("a mapping");
    let all = root.get("all").and_then(Node::mapping).expect("a mapping");
    let shown: Vec<String> =
        all.iter().map(|(key, node)| format!("{}={}", key.name, node.text().unwrap_or(""))).collect();
    assert_eq!(shown.join(" "), "x=0 y=2 z=4");
}
