//! Whatever is in the file: problems, never a panic, never a long wait.

use std::fmt::Write;

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::*;

const GOOD: &str = "name: n\nqueues:\n  orders: &o\n    visibility_timeout: 30s\n    weights: [1, 2.5]\n    \
    redrive_policy: { dead_letter_queue: dlq, max_receive_count: 3 }\n    arrivals: { poisson: { rate: 40/s } }\n    \
    processing_time: { lognormal: { mean: 400ms, p95: 1s } }\n    failure_rate: 0.2%\n  dlq: { <<: *o, type: 'fifo' }\n  \
    \"ünï\": {}\n";

/// Parses, decodes and renders, and checks that a value comes out exactly when nothing was wrong.
fn survive(bytes: &[u8]) -> Option<Root> {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let root = parse_bytes(&mut sources, "scenario.yaml", bytes, &mut problems);
    assert_eq!(root.is_none(), problems.has_errors());
    let decoded = root.as_ref().and_then(|root| Root::decode(root, &mut problems));
    assert_eq!(decoded.is_none(), problems.has_errors(), "{}", problems.render(&sources, false));
    let text = problems.render(&sources, false);
    assert_eq!(text.is_empty(), problems.is_empty());
    decoded
}

#[test]
fn the_sample_is_good_but_for_one_name() {
    assert!(survive(GOOD.as_bytes()).is_none());
    assert!(survive(GOOD.replace("ünï", "uni").as_bytes()).is_some());
}

#[test]
fn bombs_are_refused() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    let mut texts = "t0: &t0 ".to_owned() + &"x".repeat(100_000) + "\n";
    for level in 1..12 {
        let before = level - 1;
        let _ = writeln!(laughs, "a{level}: &a{level} [{}]", vec![format!("*a{before}"); 10].join(","));
        let _ = writeln!(texts, "t{level}: &t{level} [{}]", vec![format!("*t{before}"); 10].join(","));
    }
    let (mut deep_blocks, mut deep_lists) = (String::new(), String::new());
    for depth in 0..3_000 {
        let _ = writeln!(deep_blocks, "{}a:", " ".repeat(depth));
    }
    let (mut many_unknown, mut many_names) = (String::new(), "name: n\nqueues:\n".to_owned());
    let anchors: String = (0..60).fold(String::new(), |text, level| text + &format!("&n{level} ["));
    let nested_anchors = anchors + &"1,".repeat(200_000) + &"]".repeat(60);
    for key in 0..100_000 {
        let _ = writeln!(deep_lists, "k{key}: [");
        let _ = writeln!(many_unknown, "quues_of_visibility_{key}: 1");
        let _ = writeln!(many_names, "  q{key}: {{ type: stndard }}");
    }
    for bomb in [
        laughs,
        texts,
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "[".repeat(60) + "&x [1]" + &"]".repeat(60),
        "? ".repeat(100_000),
        "\"".repeat(99_999),
        "&a ".repeat(50_000),
        "!!str ".repeat(50_000),
        "a: b: ".repeat(50_000),
        deep_blocks,
        deep_lists,
        many_unknown,
        many_names,
        nested_anchors,
        "x".repeat(17 * 1024 * 1024),
        "name: n\nqueues: { q: { weights: [".to_owned() + &"x,".repeat(200_000) + "]}}",
        format!("name: {}\n", "9".repeat(1_000_000)),
        format!(
            "queues: {{ q: {{ visibility_timeout: {}s, weights: [{0}, 1e99999, .nan] }} }}",
            "9".repeat(100_000)
        ),
    ] {
        let before = cpu_time::ThreadTime::now();
        let root = survive(bomb.as_bytes());
        assert!(root.is_none(), "{}", &bomb[..80]);
        // A bomb that went off would take a minute; a slow machine takes a second.
        assert!(before.elapsed().as_millis() < 5_000, "{:?} for {}", before.elapsed(), &bomb[..80]);
    }
}

/// Pieces that are likely to mean something where they should not.
const PIECES: &[&str] = &[
    ".nan",
    "-.inf",
    "1e400",
    "-1",
    "~",
    "[",
    "]",
    "{",
    "}",
    "&o ",
    "*o",
    "<<: ",
    "!!str ",
    "? ",
    "- ",
    ": ",
    "\"",
    "'",
    "|\n",
    "\u{0}",
    "\u{feff}",
    "\r",
    "\t",
    "---\n",
    "...\n",
    "%YAML 9\n",
    "99999999999999999999999999999999999999999",
    "1h1h",
    "µs",
    "30 s",
    "0.1ns",
    "\u{2028}",
    "🦀",
    "\\",
    "#",
    ",",
    "%",
    "/s",
];

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 400, ..Config::default() })]

    #[test]
    fn mangled_scenarios(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u8), 1..6),
        end in any::<prop::sample::Index>(),
        cut_short in any::<bool>(),
    ) {
        let mut bytes = GOOD.as_bytes().to_vec();
        for (first, second, what) in cuts {
            let (one, other) = (first.index(bytes.len()), second.index(bytes.len()));
            match what {
                0 => bytes.swap(one, other),
                1 => { bytes.splice(one..one, PIECES[second.index(PIECES.len())].bytes()); }
                2 => { bytes.drain(one.min(other)..one.max(other)); }
                _ => bytes[one] = bytes[one].wrapping_add(other as u8),
            }
            if bytes.is_empty() {
                break;
            }
        }
        if cut_short && !bytes.is_empty() {
            bytes.truncate(end.index(bytes.len()));
        }
        survive(&bytes);
    }

    #[test]
    fn any_scalar_in_any_unit(text in "[-+]?[0-9_.eE]{0,9} ?[a-zA-Zµ/%:]{0,5}[0-9TZ:+-]{0,9}") {
        let _ = text.parse::<Duration>().map(|value| assert_eq!(value.to_string().parse(), Ok(value)));
        let _ = text.parse::<Rate>().map(|value| assert_eq!(value.to_string().parse(), Ok(value)));
        let _ = text.parse::<Bytes>().map(|value| assert_eq!(value.to_string().parse(), Ok(value)));
        let _ = text.parse::<Probability>().map(|value| assert_eq!(value.to_string().parse(), Ok(value)));
        let _ = text.parse::<Ratio>().map(|value| assert_eq!(value.to_string().parse(), Ok(value)));
        let _ = text.parse::<Date>().map(|value| assert_eq!(value.to_string().parse(), Ok(value)));
    }

    #[test]
    fn any_argument_of_set(argument in "[a-z.\\[\\]\"'=:{} 0-9ü]{0,30}") {
        let mut sources = Sources::new();
        let mut problems = Problems::new();
        let mut root = parse(&mut sources, "f", GOOD, &mut problems).expect("a tree");
        apply_set(&mut root, &mut sources, &argument, &["assumptions"], &mut problems);
        let _ = Root::decode(&root, &mut problems);
        problems.render(&sources, false);
    }
}
