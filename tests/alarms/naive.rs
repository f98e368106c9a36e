//! A second evaluator of alarms, written from AWS's words about missing data: slow, over texts of points, and without any
//! code of the first.

/// What an alarm is set to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) n: usize,
    pub(crate) m: usize,
    pub(crate) treat: &'static str,
}

/// The state that follows from an evaluation range, oldest first: `X` breaching, `0` not, `-` missing.
pub(crate) fn reference(range: &str, setting: Setting, present: &'static str) -> &'static str {
    let Setting { n, m, treat } = setting;
    let mut real: Vec<char> = range.chars().filter(|point| *point != '-').collect();
    // "ignore: the current alarm state is maintained" and "missing: INSUFFICIENT_DATA" are about a range without points.
    if real.is_empty() && treat == "ignore" {
        return present;
    }
    if real.is_empty() && treat == "missing" {
        return "INSUFFICIENT_DATA";
    }
    // As few as possible are filled: only what is missing to N, and then the newest N count.
    while real.len() < n {
        let filler = match treat {
            "breaching" => 'X',
            "notBreaching" => '0',
            _ => '?',
        };
        real.insert(0, filler);
    }
    let judged = &real[real.len() - n..];
    let count = |wanted: char| judged.iter().filter(|point| **point == wanted).count();
    if count('X') >= m {
        return "ALARM";
    }
    if count('?') == 0 || count('0') > 0 {
        return "OK";
    }
    // Only breaching points, and too few. From the newest back: how far does one reach without a good point?
    let mut reach = 0;
    for (age, point) in range.chars().rev().enumerate() {
        if point == 'X' {
            reach = age + 1;
        }
    }
    if treat == "missing" && reach >= m { "ALARM" } else { present }
}
