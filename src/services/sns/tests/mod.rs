//! Retry schedules, attempt by attempt.

mod attempts;

use super::{Backoff, RetryPolicy};
use crate::engine::Span;

/// The pauses before all retries, in seconds.
fn pauses(policy: &RetryPolicy) -> Vec<f64> {
    let pause = |retry| policy.pause(retry).map(Span::as_seconds_f64);
    (1..=policy.retries()).filter_map(pause).collect()
}

#[test]
fn endpoints_that_aws_manages_are_tried_for_23_days() {
    let policy = RetryPolicy::AWS_MANAGED;
    assert_eq!(policy.retries(), 100_015);
    let first: Vec<f64> = pauses(&policy)[..17].to_vec();
    let wanted = [0., 0., 0., 1., 1., 1., 2., 4., 8., 16., 20., 20., 20., 20., 20., 20., 20.];
    assert_eq!(first, wanted);
    assert_eq!(policy.pause(100_015), Some(Span::from_seconds(20)));
    assert_eq!(policy.pause(100_016), None);
    // 2 + (31 + 5 × 20) + 100,000 × 20 seconds.
    assert_eq!(policy.total(), Span::from_seconds(2_000_133));
    assert_eq!(policy.total() / Span::from_days(1), 23);
}

#[test]
fn mail_sms_and_push_are_tried_for_six_hours() {
    let policy = RetryPolicy::CUSTOMER_MANAGED;
    let all = pauses(&policy);
    assert_eq!(all.len(), 50);
    assert_eq!(all[..13], [10., 10., 10., 20., 40., 80., 160., 320., 600., 600., 600., 600., 600.]);
    assert!(all[13..].iter().all(|pause| (pause - 600.0).abs() < 1e-9));
    assert!(policy.total() > Span::from_hours(6) && policy.total() < Span::from_hours(8));
}

#[test]
fn http_is_tried_three_times() {
    assert_eq!(pauses(&RetryPolicy::HTTP), [20., 20., 20.]);
    assert_eq!(RetryPolicy::HTTP.pause(0), None);
    assert_eq!(RetryPolicy::HTTP.pause(4), None);
}

#[test]
fn the_four_backoff_functions() {
    let policy = |function| RetryPolicy {
        immediate: 1,
        before_backoff: 1,
        backoff: 5,
        after_backoff: 1,
        shortest: Span::from_seconds(10),
        longest: Span::from_seconds(160),
        function,
    };
    let cases = [
        (Backoff::Linear, [0., 10., 10., 47.5, 85., 122.5, 160., 160.]),
        (Backoff::Arithmetic, [0., 10., 10., 25., 55., 100., 160., 160.]),
        (Backoff::Geometric, [0., 10., 10., 20., 40., 80., 160., 160.]),
        (Backoff::Exponential, [0., 10., 10., 20., 40., 80., 160., 160.]),
    ];
    for (function, wanted) in cases {
        let found = pauses(&policy(function));
        assert_eq!(found.len(), wanted.len());
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-6, "{function:?}: {found} is not {wanted}");
        }
    }
    // The exponential one is the first at the longest pause.
    let to_the_top = |function| {
        let policy = RetryPolicy { backoff: 10, longest: Span::from_seconds(100), ..policy(function) };
        pauses(&policy).iter().position(|pause| *pause >= 99.999)
    };
    let exponential = to_the_top(Backoff::Exponential);
    for other in [Backoff::Linear, Backoff::Arithmetic, Backoff::Geometric] {
        assert!(exponential < to_the_top(other), "{other:?}");
    }
    let single = RetryPolicy { backoff: 1, ..policy(Backoff::Geometric) };
    assert_eq!(pauses(&single)[2], 10.0);
}
