//! The examples of AWS's pages, and the edges between them.

use super::*;

/// `-` is a missing point.
fn points(text: &str) -> Points {
    text.split_whitespace().map(|point| point.parse().ok()).collect()
}

fn show(points: &Points) -> String {
    let show = |point: &Option<f64>| point.map_or("-".to_owned(), |value| value.to_string());
    points.iter().map(show).collect::<Vec<_>>().join(" ")
}

/// Evaluates an expression over metrics `(id, points)`, in slots of a minute from 2026-01-01T00:00Z (a Thursday).
fn evaluate(expression: &str, metrics: &[(&str, &str)]) -> Result<String, String> {
    let metric = |(id, _): &(&str, &str)| Query { id: (*id).to_owned(), expression: None };
    let mut queries: Vec<Query> = metrics.iter().map(metric).collect();
    let term = read(expression).map_err(|error| error.what)?;
    queries.push(Query { id: "result".to_owned(), expression: Some(term) });
    let math = MetricMath::new(queries, metrics.len()).map_err(|errors| errors[0].error.what.clone())?;
    let slots = metrics.first().map_or(4, |(_, text)| points(text).len());
    let grid = Grid { start_unix_millis: 1_767_225_600_000, period: Span::from_minutes(1), slots };
    Ok(show(&math.evaluate(&grid, &mut |query| points(metrics[query].1))))
}

const M: &[(&str, &str)] = &[("m1", "30 20 0 0"), ("m2", "20 - 20 -")];

#[test]
fn operators() {
    let cases = [
        // The examples of "Comparison and logical operators".
        ("m1 < m2", "0 0 1 0"),
        ("m1 >= 30", "1 0 0 0"),
        ("m1 > 15 AND m2 > 15", "1 0 0 0"),
        // A missing operand is 0; a division by zero drops the point.
        ("m1 + m2", "50 20 20 0"),
        ("m1 - m2", "10 20 -20 0"),
        ("m2 / m1", "0.6666666666666666 0 - -"),
        ("m1 / m2", "1.5 - 0 -"),
        ("m2 * 2", "40 - 40 -"),
        ("-m2", "-20 - -20 -"),
        ("m2 == 20 || m1 == 20", "1 1 1 0"),
        ("m1 != m2", "1 1 1 0"),
        // They bind as in mathematics.
        ("1 + 2 * 3 - m1 / 10", "4 5 7 7"),
        ("-2 ^ 2 + m1 * 0", "-4 -4 -4 -4"),
        ("2 ^ 3 ^ 2 + m1 * 0", "512 512 512 512"),
        ("(1 + 2) * 3 + 0 * m1", "9 9 9 9"),
        ("10 - 3 - 2 + 0 * m1", "5 5 5 5"),
        ("m1 > 15 == 1", "1 1 0 0"),
        ("0 * m1 + 2 * -3", "-6 -6 -6 -6"),
        ("m1 > 100 OR m1 > 10 AND m1 < 25", "0 1 0 0"),
        // What is not finite, or beyond 2^360, is dropped.
        ("0 ^ (m1 - 20)", "0 1 - -"),
        ("m1 * 1e100 * 1e100", "- - 0 0"),
        ("(0 - 8) ^ 0.5 + m1", "- - - -"),
        ("LOG10(m1 + 70)", "2 1.954242509439325 1.845098040014257 1.845098040014257"),
        ("LOG(m1 - 20)", "2.302585092994046 - - -"),
    ];
    for (expression, wanted) in cases {
        assert_eq!(evaluate(expression, M), Ok(wanted.to_owned()), "{expression}");
    }
}

#[test]
fn conditions() {
    let metrics = &[("c", "1 1 0 0 -"), ("a", "30 - 0 0 30"), ("b", "0 0 20 - 20")];
    let cases = [
        // The examples of "Using IF expressions".
        ("IF(c, a, b)", "30 0 20 - -"),
        ("IF(c, 5, b)", "5 5 20 - -"),
        ("IF(c, a, 5)", "30 0 5 5 -"),
        ("IF(c, a)", "30 0 - - -"),
        ("IF(c, 1, 2)", "1 1 2 2 -"),
        ("IF(-c, 1, 2)", "1 1 2 2 -"),
        ("IF(b < 10, b)", "0 0 - - -"),
        ("IF(1, a, b)", "30 - 0 0 30"),
        ("IF(0, a, b)", "0 0 20 - 20"),
        ("IF(0, a)", "- - - - -"),
    ];
    for (expression, wanted) in cases {
        assert_eq!(evaluate(expression, metrics), Ok(wanted.to_owned()), "{expression}");
    }
}

#[test]
fn functions_of_one_series() {
    let metrics = &[("m", "- 1.5 - 4 -2 -"), ("n", "9 8 7 6 5 4"), ("none", "- - - - - -")];
    let cases = [
        ("ABS(m)", "- 1.5 - 4 2 -"),
        ("CEIL(m)", "- 2 - 4 -2 -"),
        ("FLOOR(m)", "- 1 - 4 -2 -"),
        ("DIFF(m)", "- - - 2.5 -6 -"),
        ("DIFF_TIME(m)", "- - - 120 60 -"),
        ("RATE(m) * 120", "- - - 2.5 -12 -"),
        ("RUNNING_SUM(m)", "- 1.5 - 5.5 3.5 -"),
        ("FILL(m, 0)", "0 1.5 0 4 -2 0"),
        ("FILL(m, REPEAT)", "- 1.5 1.5 4 -2 -2"),
        ("FILL(m, LINEAR)", "- 1.5 2.75 4 -2 -"),
        ("FILL(m, n)", "9 1.5 7 4 -2 4"),
        ("FILL(m, MIN(n))", "4 1.5 4 4 -2 4"),
        ("FILL(none, 3)", "3 3 3 3 3 3"),
        ("FILL(none, LINEAR)", "- - - - - -"),
        ("n - AVG(m) * 6", "2 1 0 -1 -2 -3"),
        ("n * 0 + SUM(m)", "3.5 3.5 3.5 3.5 3.5 3.5"),
        ("TIME_SERIES(MAX(m) - MIN(m))", "6 6 6 6 6 6"),
        ("TIME_SERIES(DATAPOINT_COUNT(m))", "3 3 3 3 3 3"),
        (
            "TIME_SERIES(STDDEV(n))",
            "1.707825127659933 1.707825127659933 1.707825127659933 1.707825127659933 1.707825127659933 1.707825127659933",
        ),
        ("TIME_SERIES(AVG(none))", "- - - - - -"),
        ("n / PERIOD(m) * 60", "9 8 7 6 5 4"),
        ("MINUTE(m)", "0 1 2 3 4 5"),
        ("HOUR(m) + DAY(m) + DATE(m) + MONTH(m) + YEAR(m)", "2032 2032 2032 2032 2032 2032"),
        ("EPOCH(m) - 1767225600", "0 60 120 180 240 300"),
    ];
    for (expression, wanted) in cases {
        assert_eq!(evaluate(expression, metrics), Ok(wanted.to_owned()), "{expression}");
    }
}

#[test]
fn functions_of_arrays() {
    let metrics = &[("errors4", "1 - 3 -"), ("errors5", "10 20 - -"), ("requests", "100 100 100 -")];
    let cases = [
        ("SUM(METRICS())", "111 120 103 -"),
        ("SUM(METRICS(\"errors\"))", "11 20 3 -"),
        ("SUM(METRICS(\"errors\")) / SUM(METRICS('requests')) * 100", "11 20 3 -"),
        ("AVG([errors4, errors5])", "5.5 10 1.5 -"),
        ("MIN([errors4, errors5])", "1 20 3 -"),
        ("MAX([errors4, errors5])", "10 20 3 -"),
        ("STDDEV([errors4, errors5])", "4.5 0 0 -"),
        ("DATAPOINT_COUNT(METRICS())", "3 2 2 -"),
        ("SUM(100 / [errors4, errors5])", "110 5 33.333333333333336 -"),
        ("SUM(METRICS() * 2)", "222 240 206 -"),
        ("SUM(-[errors4, errors5])", "-11 -20 -3 -"),
        ("SUM([METRICS(\"4\"), METRICS(\"5\")])", "11 20 3 -"),
        ("TIME_SERIES(METRIC_COUNT(METRICS()))", "3 3 3 3"),
        ("FIRST(SORT(METRICS(), AVG, DESC))", "100 100 100 -"),
        ("LAST(SORT(METRICS(), MAX, DESC))", "1 - 3 -"),
        ("SUM(SORT(METRICS(), SUM, ASC, 2))", "11 20 3 -"),
        ("SUM(SLICE(METRICS(), 1))", "110 120 100 -"),
        ("SUM(SLICE(METRICS(), 0, 1))", "1 - 3 -"),
        ("SUM(FILL([errors4, errors5], 0))", "11 20 3 0"),
        ("MAX(RATE(METRICS()))", "- 0.16666666666666666 0.016666666666666666 -"),
        ("TIME_SERIES(METRIC_COUNT(REMOVE_EMPTY([errors4, errors4 / 0])))", "1 1 1 1"),
        ("SUM(ABS([errors4 - errors5, errors5]))", "19 40 3 -"),
    ];
    for (expression, wanted) in cases {
        assert_eq!(evaluate(expression, metrics), Ok(wanted.to_owned()), "{expression}");
    }
}

#[test]
fn what_aws_refuses_is_refused_with_its_place() {
    let cases = [
        ("m1 +", 4, "a value is missing at the end"),
        ("m1 m2", 3, "the expression should end here"),
        ("(m1", 3, "expected `)`"),
        ("m1)", 2, "the expression should end here"),
        ("m3 + m1", 0, "no query has the id `m3`"),
        ("m1 + FIL(m1, 0)", 5, "there is no function `FIL`"),
        ("max(m1)", 0, "`max` is no function: their names are in upper case"),
        ("SEARCH('x', 'y')", 0, "`SEARCH` cannot be used here"),
        ("AVG(m1)", 0, "the result must be one time series, and this is a single number"),
        ("METRICS()", 0, "the result must be one time series, and this is an array of time series"),
        ("5", 0, "the result must be one time series, and this is a single number"),
        ("[m1] + [m2]", 0, "an operator cannot stand between two arrays of time series"),
        ("SUM([m1] > 1)", 4, "arrays of time series cannot be compared or joined by AND and OR"),
        ("SUM(1)", 4, "`SUM` does not take a single number"),
        ("IF(1, 2, m1)", 0, "an `IF` with a number as condition chooses between time series"),
        ("IF(m1)", 0, "`IF` takes 2 to 3 argument(s), not 1"),
        ("PERIOD(m1 + 1)", 7, "`PERIOD` takes a metric"),
        ("FILL(m1, REPET)", 9, "`REPET` is not known"),
        ("m1 = 2", 3, "`=` means nothing here"),
        ("m1 + result", 5, "`result` would be computed from itself"),
        ("'text", 0, "the text has no end"),
        ("1.2.3 * m1", 0, "`1.2.3` is not a number"),
        ("SORT(METRICS(), STDDEV, ASC)", 16, "`SORT` sorts by AVG, MIN, MAX or SUM"),
        ("[1, m1]", 1, "an array holds time series, and this is a single number"),
        ("", 0, "a value is missing at the end"),
        ("m1 ? 2", 3, "`?` means nothing here"),
        ("m1 + é", 5, "`é` means nothing here"),
    ];
    for (expression, start, wanted) in cases {
        let queries = |term| {
            let query = |id: &str, expression| Query { id: id.to_owned(), expression };
            vec![query("m1", None), query("m2", None), query("result", Some(term))]
        };
        let error = match read(expression) {
            Err(error) => error,
            Ok(term) => MetricMath::new(queries(term), 2).expect_err(expression).remove(0).error,
        };
        assert_eq!((error.start, error.what.as_str()), (start, wanted), "{expression}");
        assert!(error.end <= expression.len() && error.end >= error.start, "{expression}");
    }
    let deep = format!("{}m1{}", "(".repeat(100), ")".repeat(100));
    assert_eq!(read(&deep).expect_err("too deep").what, "the expression is nested too deep");
}

#[test]
fn expressions_may_name_each_other_in_any_order() {
    let query = |id: &str, expression: Option<&str>| Query {
        id: id.to_owned(),
        expression: expression.map(|text| read(text).expect("an expression")),
    };
    let queries = vec![query("last", Some("first * 2")), query("first", Some("m + 1")), query("m", None)];
    let math = MetricMath::new(queries, 0).expect("sound");
    let grid = Grid { start_unix_millis: 0, period: Span::from_minutes(1), slots: 2 };
    assert_eq!(math.evaluate(&grid, &mut |_| vec![Some(1.0), None]), [Some(4.0), None]);
    let cycle = vec![query("a", Some("b + m")), query("b", Some("a * 2")), query("m", None)];
    assert!(MetricMath::new(cycle, 0).is_err());
}
