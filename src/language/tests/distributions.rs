//! Distributions: what each way of writing one becomes, and what is refused.

use std::fmt::Write;

use super::*;

fn spec(text: &str) -> Result<DistributionSpec, String> {
    queue(&format!("{{ processing_time: {text} }}")).map(|queue| queue.processing_time.spec)
}

#[test]
fn every_shape() {
    use DistributionSpec as Spec;
    let second = 1e9;
    for (text, expected) in [
        ("400ms", Spec::Constant(4e8)),
        ("{ constant: 1s }", Spec::Constant(second)),
        ("{ uniform: [1s, 5s] }", Spec::Uniform { minimum: second, maximum: 5e9 }),
        ("{ uniform: { minimum: 1s, maximum: 5s } }", Spec::Uniform { minimum: second, maximum: 5e9 }),
        ("{ exponential: { mean: 1s } }", Spec::Exponential { mean: second }),
        (
            "{ normal: { mean: 1s, standard_deviation: 100ms } }",
            Spec::Normal { mean: second, standard_deviation: 1e8, minimum: 0.0, maximum: f64::INFINITY },
        ),
        ("{ lognormal: { mean: 1s, p95: 3s } }", Spec::LognormalMeanP95 { mean: second, p95: 3e9 }),
        (
            "{ lognormal: { median: 1s, sigma: 0.5, maximum: 9s } }",
            Spec::LognormalMedianSigma { median: second, sigma: 0.5, maximum: Some(9e9) },
        ),
        ("{ gamma: { shape: 2, mean: 1s } }", Spec::Gamma { shape: 2.0, scale: 5e8 }),
        ("{ gamma: { shape: 2, scale: 1s } }", Spec::Gamma { shape: 2.0, scale: second }),
        ("{ erlang: { k: 3, mean: 1s } }", Spec::Erlang { k: 3, mean: second }),
        ("{ weibull: { shape: 0.5, scale: 1s } }", Spec::Weibull { shape: 0.5, scale: second }),
        ("{ pareto: { shape: 1.5, minimum: 1s } }", Spec::Pareto { shape: 1.5, minimum: second }),
        ("{ triangular: [1s, 2s, 5s] }", Spec::Triangular { minimum: second, mode: 2e9, maximum: 5e9 }),
        (
            "{ empirical: { values: [1s, 2s], weights: [1, 3] } }",
            Spec::Empirical(vec![(second, 1.0), (2e9, 3.0)]),
        ),
    ] {
        assert_eq!(spec(text), Ok(expected), "{text}");
    }
    let file = spec("{ empirical: { file: times.csv, column: ms, unit: 1ms } }").expect("valid");
    assert!(
        matches!(file, Spec::EmpiricalFile { path, column: Some(_), unit: 1e6 } if path.value == "times.csv")
    );
    let mixture = spec(
        "{ mixture: [{ weight: 9, distribution: 1s }, { weight: 1, distribution: { exponential: { mean: 2s } } }] }",
    );
    let Ok(Spec::Mixture(parts)) = mixture else { panic!("{mixture:?}") };
    assert_eq!(parts[1].distribution, Spec::Exponential { mean: 2e9 });
}

#[test]
fn what_cannot_be_is_refused() {
    let mut all = String::new();
    for text in [
        "30",
        "{ uniform: [5s, 1s] }",
        "{ uniform: [5s] }",
        "{ exponential: { mean: 0s } }",
        "{ normal: { mean: 1s, standard_deviation: 0s, maximum: 500ms } }",
        "{ lognormal: { mean: 1s, p95: 900ms } }",
        "{ lognormal: { mean: 1s, p95: 4s } }",
        "{ lognormal: { mean: 1s, sigma: 1 } }",
        "{ gamma: { shape: 0, mean: 1s } }",
        "{ triangular: [1s, 9s, 5s] }",
        "{ empirical: { values: [1s, 2s], weights: [1] } }",
        "{ empirical: { values: [] } }",
        "{ mixture: [] }",
        "{ mixture: [{ weight: 0, distribution: 1s }] }",
        "[1s, 2s]",
        "{ erlang: { k: 1.5, mean: 1s } }",
    ] {
        let problems = spec(text).expect_err(text);
        // The first line says it; the place is checked by what the snippet marks.
        let lines: Vec<&str> =
            problems.lines().filter(|line| line.starts_with("error") || line.contains('^')).collect();
        let _ = writeln!(all, "{text}\n{}", lines.join("\n"));
    }
    insta::assert_snapshot!(all, @r#"
    30
    error: expected a duration such as `30s`, found the number 30
      |                                 ^^
    { uniform: [5s, 1s] }
    error: `maximum` (1s) is below `minimum` (5s)
      |                                                 ^^ must be at least 5s
    { uniform: [5s] }
    error: expected 2 values (minimum, maximum), found 1
      |                                   ^^^^^^^
    { exponential: { mean: 0s } }
    error: `mean` is 0s; it must be more than 0
      |                                                        ^^ must be more than 0
    { normal: { mean: 1s, standard_deviation: 0s, maximum: 500ms } }
    error: `standard_deviation` is 0s; it must be more than 0
      |                                                                           ^^ must be more than 0
    error: `maximum` (500ms) is below `mean` (1s)
      |                                                                                        ^^^^^ must be at least 1s
    { lognormal: { mean: 1s, p95: 900ms } }
    error: `p95` (900ms) is not above `mean` (1s)
      |                                                               ^^^^^ must be above 1s
    { lognormal: { mean: 1s, p95: 4s } }
    error: no lognormal of mean 1s has a p95 of 4s
      |                                                               ^^ must be below 3.868s
    { lognormal: { mean: 1s, sigma: 1 } }
    error: a lognormal is given by `mean` and `p95`, or by `median` and `sigma`
      |                                   ^^^^^^^^^
    { gamma: { shape: 0, mean: 1s } }
    error: `shape` is 0; it must be more than 0
      |                                                   ^ must be more than 0
    { triangular: [1s, 9s, 5s] }
    error: `maximum` (5s) is below `mode` (9s)
      |                                                        ^^ must be at least 9s
    { empirical: { values: [1s, 2s], weights: [1] } }
    error: there are 1 weights for 2 values
      |                                                                  ^^^^^^^
    { empirical: { values: [] } }
    error: there is no value to draw
      |                                                ^^^^^^
    { mixture: [] }
    error: a mixture needs at least one part
      |                ^^^^^^^^^^^^^^^
    { mixture: [{ weight: 0, distribution: 1s }] }
    error: no weight is more than 0, or their sum is too large
      |                ^^^^^^^^^^^^^^^
    [1s, 2s]
    error: expected a distribution: a duration such as `400ms`, or a mapping, found a list
      |                ^^^^^^^^^^^^^^^
    { erlang: { k: 1.5, mean: 1s } }
    error: expected a whole number such as `10`, found the number 1.5
      |                                                ^^^
    "#);
}
