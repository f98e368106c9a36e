//! Each unit: what is read, how it is written again, and what is refused with which advice.

use std::fmt::Write;

use super::*;

/// One line for each text: what it is read as, or why not.
fn table<T: Quantity>(texts: &[&str]) -> String {
    let mut table = String::new();
    for text in texts {
        let outcome = match text.parse::<T>() {
            Ok(value) => {
                assert_eq!(
                    value.to_string().parse::<T>().map(|again| again.to_string()),
                    Ok(value.to_string())
                );
                value.to_string()
            }
            Err(error) => format!("REFUSED {error}"),
        };
        let _ = writeln!(table, "{text:<27} | {outcome}");
    }
    table
}

#[test]
fn durations() {
    let texts = [
        "30s",
        "5m",
        "1h30m",
        "400ms",
        "2 days",
        "1.5s",
        "250us",
        "250µs",
        "0s",
        "0",
        "1h 30m 0.25s",
        "90m",
        "36h",
        "14d",
        "1_000ms",
        "1ns",
        "2w",
        "30",
        "1.5",
        "-5s",
        "5",
        "",
        "s",
        "1h1h",
        "1m1h",
        "1.5h30m",
        "1 month",
        "1y",
        "PT30S",
        "30x",
        "1e3s",
        "11 years",
        "4000d",
        "99999999999999999999999999999999999999999s",
        "30S",
        "5m5",
    ];
    insta::assert_snapshot!(table::<Duration>(&texts), @r#"
    30s                         | 30s
    5m                          | 5m
    1h30m                       | 1h30m
    400ms                       | 400ms
    2 days                      | 2d
    1.5s                        | 1.5s
    250us                       | 250us
    250µs                       | 250us
    0s                          | 0s
    0                           | 0s
    1h 30m 0.25s                | 1h30m250ms
    90m                         | 1h30m
    36h                         | 1d12h
    14d                         | 14d
    1_000ms                     | 1s
    1ns                         | 1ns
    2w                          | 14d
    30                          | REFUSED not of the expected form (write a unit: `30s` or `30ms`)
    1.5                         | REFUSED not of the expected form (write a unit: `1.5s` or `1.5ms`)
    -5s                         | REFUSED a duration cannot be negative
    5                           | REFUSED not of the expected form (write a unit: `5s` or `5ms`)
                                | REFUSED not of the expected form (write `30s` or `1h30m`)
    s                           | REFUSED not of the expected form (write `30s` or `1h30m`)
    1h1h                        | REFUSED not of the expected form (write each unit once, the largest first: `1h30m`)
    1m1h                        | REFUSED not of the expected form (write each unit once, the largest first: `1h30m`)
    1.5h30m                     | REFUSED not of the expected form (only the last number may have decimals: `1h30.5m`)
    1 month                     | REFUSED months and years have no fixed length (write days, such as `30d` or `365d`)
    1y                          | REFUSED months and years have no fixed length (write days, such as `30d` or `365d`)
    PT30S                       | REFUSED not of the expected form (write `1h30m` instead of the ISO 8601 form)
    30x                         | REFUSED not of the expected form (the units are `ns`, `us`, `ms`, `s`, `m`, `h`, `d` and `w`)
    1e3s                        | REFUSED not of the expected form (the units are `ns`, `us`, `ms`, `s`, `m`, `h`, `d` and `w`)
    11 years                    | REFUSED months and years have no fixed length (write days, such as `30d` or `365d`)
    4000d                       | REFUSED a duration has at most ten years
    99999999999999999999999999999999999999999s | REFUSED not of the expected form (write `30s` or `1h30m`)
    30S                         | REFUSED not of the expected form (the units are `ns`, `us`, `ms`, `s`, `m`, `h`, `d` and `w`)
    5m5                         | REFUSED not of the expected form (every number needs a unit: `1h30m`)
    "#);
    assert_eq!("1h30m".parse::<Duration>().map(Duration::as_nanos), Ok(5_400_000_000_000));
}

#[test]
fn rates() {
    let texts = [
        "120/s",
        "3000/min",
        "3_000/m",
        "5/h",
        "1e6/day",
        "0.5/s",
        "0",
        "10 / s",
        "10 per minute",
        "1/ms",
        "120",
        "-1/s",
        "120/x",
        "s",
        "1e308/ms",
        ".inf/s",
        "nan/s",
        "120s",
        "1/3s",
    ];
    insta::assert_snapshot!(table::<Rate>(&texts), @r#"
    120/s                       | 120/s
    3000/min                    | 50/s
    3_000/m                     | 50/s
    5/h                         | 5/h
    1e6/day                     | 1000000/day
    0.5/s                       | 0.5/s
    0                           | 0/s
    10 / s                      | 10/s
    10 per minute               | 10/min
    1/ms                        | 1000/s
    120                         | REFUSED not of the expected form (write a unit: `120/s`)
    -1/s                        | REFUSED a rate cannot be negative
    120/x                       | REFUSED not of the expected form (write events per unit of time: `120/s`, `3000/min` or `5/h`)
    s                           | REFUSED not of the expected form (write events per unit of time: `120/s`, `3000/min` or `5/h`)
    1e308/ms                    | REFUSED the rate is larger than a number can be
    .inf/s                      | REFUSED not of the expected form (write events per unit of time: `120/s`, `3000/min` or `5/h`)
    nan/s                       | REFUSED not of the expected form (write events per unit of time: `120/s`, `3000/min` or `5/h`)
    120s                        | REFUSED not of the expected form (write events per unit of time: `120/s`, `3000/min` or `5/h`)
    1/3s                        | REFUSED not of the expected form (write events per unit of time: `120/s`, `3000/min` or `5/h`)
    "#);
    assert_eq!("3000/min".parse::<Rate>(), Ok(Rate::per_second(50.0)));
}

#[test]
fn sizes() {
    let texts = [
        "64KiB",
        "256KB",
        "1MiB",
        "100B",
        "2 KiB",
        "1.5KiB",
        "64kb",
        "1_024 bytes",
        "0",
        "0B",
        "3GiB",
        "64",
        "-1B",
        "1.5B",
        "64 furlongs",
        "99999999TiB",
        "",
    ];
    insta::assert_snapshot!(table::<Bytes>(&texts), @r#"
    64KiB                       | 64KiB
    256KB                       | 256KB
    1MiB                        | 1MiB
    100B                        | 100B
    2 KiB                       | 2KiB
    1.5KiB                      | 1536B
    64kb                        | 64KB
    1_024 bytes                 | 1KiB
    0                           | 0B
    0B                          | 0B
    3GiB                        | 3GiB
    64                          | REFUSED not of the expected form (write a unit: `64B`, `64KiB` or `64MiB`)
    -1B                         | REFUSED a size cannot be negative
    1.5B                        | REFUSED a size has whole bytes
    64 furlongs                 | REFUSED not of the expected form (write a size with its unit: `64KiB` (65,536 bytes) or `64KB` (64,000))
    99999999TiB                 | REFUSED the size is larger than 16 EiB
                                | REFUSED not of the expected form (write a size with its unit: `64KiB` (65,536 bytes) or `64KB` (64,000))
    "#);
    assert_eq!("64KiB".parse::<Bytes>(), Ok(Bytes::new(65_536)));
}

#[test]
fn shares() {
    let texts =
        ["0.2%", "0.002", "100%", "1", "0", "5 %", "1e-3", "20", "101%", "-1%", "x", "20%%", "nan", ""];
    insta::assert_snapshot!(table::<Probability>(&texts), @r#"
    0.2%                        | 0.2%
    0.002                       | 0.2%
    100%                        | 100%
    1                           | 100%
    0                           | 0%
    5 %                         | 5%
    1e-3                        | 0.1%
    20                          | REFUSED a probability is from 0% to 100%, found 20 (write `20%`)
    101%                        | REFUSED a probability is from 0% to 100%, found 101%
    -1%                         | REFUSED a probability is from 0% to 100%, found -1%
    x                           | REFUSED not of the expected form (write `20%` or `0.2`)
    20%%                        | REFUSED not of the expected form (write `20%` or `0.2`)
    nan                         | REFUSED not of the expected form (write `20%` or `0.2`)
                                | REFUSED not of the expected form (write `20%` or `0.2`)
    "#);
    let texts = ["70%", "150%", "1.5", "0", "-0.1", "x"];
    insta::assert_snapshot!(table::<Ratio>(&texts), @r#"
    70%                         | 70%
    150%                        | 150%
    1.5                         | 150%
    0                           | 0%
    -0.1                        | REFUSED a ratio cannot be negative
    x                           | REFUSED not of the expected form (write `70%` or `0.7`)
    "#);
    assert_eq!("0.2%".parse::<Probability>(), Ok(Probability::new(0.002)));
}

#[test]
fn dates() {
    let texts = [
        "2026-03-02",
        "2026-03-02T08:00:00Z",
        "2026-03-02T08:00:00+01:00",
        "2026-03-02T08:00",
        "2026-03-02 08:00:00",
        "2026-02-30",
        "2026-3-2",
        "tomorrow",
        "20260302",
        "2026-03-02T25:00:00Z",
        "9999-12-31T23:59:59Z",
    ];
    insta::assert_snapshot!(table::<Date>(&texts), @r#"
    2026-03-02                  | 2026-03-02T00:00:00Z
    2026-03-02T08:00:00Z        | 2026-03-02T08:00:00Z
    2026-03-02T08:00:00+01:00   | 2026-03-02T07:00:00Z
    2026-03-02T08:00            | 2026-03-02T08:00:00Z
    2026-03-02 08:00:00         | 2026-03-02T08:00:00Z
    2026-02-30                  | REFUSED there is no such date or time (write `2026-03-02`, `2026-03-02T08:00:00Z` or `2026-03-02T08:00:00+01:00`)
    2026-3-2                    | REFUSED not of the expected form (write `2026-03-02`, `2026-03-02T08:00:00Z` or `2026-03-02T08:00:00+01:00`)
    tomorrow                    | REFUSED not of the expected form (write `2026-03-02`, `2026-03-02T08:00:00Z` or `2026-03-02T08:00:00+01:00`)
    20260302                    | REFUSED not of the expected form (write `2026-03-02`, `2026-03-02T08:00:00Z` or `2026-03-02T08:00:00+01:00`)
    2026-03-02T25:00:00Z        | REFUSED there is no such date or time (write `2026-03-02`, `2026-03-02T08:00:00Z` or `2026-03-02T08:00:00+01:00`)
    9999-12-31T23:59:59Z        | REFUSED there is no such date or time (write `2026-03-02`, `2026-03-02T08:00:00Z` or `2026-03-02T08:00:00+01:00`)
    "#);
}
