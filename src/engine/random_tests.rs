//! What streams promise: known answers, independence of names, exact distributions into the tails.

use super::Stream;

fn stream(purpose: &str) -> Stream {
    Stream::new(42, 0, "worker", purpose)
}

#[test]
fn names_do_not_run_into_one_another() {
    let first = |entity: &str, purpose: &str| Stream::new(1, 0, entity, purpose).next_u64();
    assert_ne!(first("ab", "c"), first("a", "bc"));
    assert_ne!(first("a", "b"), first("b", "a"));
    assert_ne!(Stream::new(1, 0, "a", "b").next_u64(), Stream::new(1, 1, "a", "b").next_u64());
    assert_ne!(Stream::new(1, 0, "a", "b").next_u64(), Stream::new(2, 0, "a", "b").next_u64());
    assert_eq!(first("a", "b"), first("a", "b"));
}

#[test]
fn certainty_draws_nothing() {
    let (mut asked, mut plain) = (stream("faults"), stream("faults"));
    assert!(asked.chance(1.0) && asked.chance(2.0));
    assert!(!asked.chance(0.0) && !asked.chance(-1.0) && !asked.chance(f64::NAN));
    assert_eq!(asked.next_u64(), plain.next_u64());
    let heads = (0..100_000).filter(|_| asked.chance(0.3)).count();
    assert!((29_000..31_000).contains(&heads), "{heads} of 100,000 at 0.3");
}

#[test]
fn units_stay_in_range() {
    let mut stream = stream("unit");
    let mut sum = 0.0;
    for _ in 0..100_000 {
        let (closed, open) = (stream.unit(), stream.open_unit());
        assert!((0.0..1.0).contains(&closed) && open > 0.0 && open <= 1.0);
        sum += closed + open;
    }
    assert!((sum / 200_000.0 - 0.5).abs() < 0.003);
}

#[test]
fn below_is_even() {
    let mut stream = stream("below");
    let mut counts = [0_u32; 6];
    for _ in 0..600_000 {
        counts[stream.below(6) as usize] += 1;
    }
    // Chi-square with 5 degrees of freedom: 20.5 at 0.1 %.
    let square: f64 =
        counts.iter().map(|&count| (f64::from(count) - 1e5) * (f64::from(count) - 1e5) / 1e5).sum();
    assert!(square < 20.5, "{counts:?}");
    assert_eq!(stream.below(1), 0);
    // Three quarters of 2^64: a quarter of the words must be refused, and the halves stay even.
    let n = 3 << 62;
    let upper = (0..100_000).filter(|_| stream.below(n) >= n / 2).count();
    assert!((49_200..50_800).contains(&upper), "{upper}");
}

#[test]
#[should_panic(expected = "no number below zero")]
fn below_needs_a_number() {
    stream("below").below(0);
}

/// Draws beyond each limit against the expected probability, within 5 standard deviations.
fn tails(draws: u32, mut draw: impl FnMut() -> f64, limits: &[f64], beyond: fn(f64) -> f64) {
    let mut counts = vec![0_u32; limits.len()];
    for _ in 0..draws {
        let x = draw();
        for (count, limit) in counts.iter_mut().zip(limits) {
            *count += u32::from(x > *limit);
        }
    }
    for (count, limit) in counts.into_iter().zip(limits) {
        let expected = f64::from(draws) * beyond(*limit);
        let off = (f64::from(count) - expected).abs();
        assert!(off < 5.0 * expected.sqrt(), "beyond {limit}: {count}, expected {expected:.1}");
    }
}

#[test]
fn exponential_tails() {
    let mut stream = stream("exponential");
    tails(
        4_000_000,
        || stream.exponential(),
        &[0.001, 0.1, 1.0, 5.0, 7.5, 7.8, 8.0, 10.0],
        |x| libm::exp(-x),
    );
}

#[test]
fn normal_tails_of_both_sides() {
    let upper = |x: f64| 0.5 * libm::erfc(x / std::f64::consts::SQRT_2);
    let limits = [0.001, 0.3, 1.0, 2.0, 3.0, 3.6, 3.7, 4.0, 4.5];
    let mut right = stream("normal");
    tails(4_000_000, || right.normal(), &limits, upper);
    let mut left = stream("mirror");
    tails(4_000_000, || -left.normal(), &limits, upper);
}

#[test]
fn known_answers() {
    let mut words = stream("words");
    let mut chosen = stream("words");
    let mut exponential = stream("words");
    let mut normal = stream("words");
    let bits = |mut draw: Box<dyn FnMut() -> u64 + '_>| [draw(), draw(), draw()];
    let found = [
        bits(Box::new(|| words.next_u64())),
        bits(Box::new(|| chosen.below(1_000_000))),
        bits(Box::new(|| exponential.exponential().to_bits())),
        bits(Box::new(|| normal.normal().to_bits())),
    ];
    assert_eq!(found, KNOWN, "draws changed: {found:#x?}");
}

/// The words were computed a second time by a program that shares no code with this one.
const KNOWN: [[u64; 3]; 4] = [
    [0xb5c7_64da_cd2f_0802, 0x681f_f0b5_cb7f_e2af, 0x5129_e2ee_a127_e3c0],
    [0xa_d5b9, 0x6_34d1, 0x4_d675],
    [0x4013_b6ee_f015_c0f0, 0x3fdd_76ca_7850_d083, 0x3fd3_464e_b379_5a60],
    [0x4003_980c_3234_4bf3, 0x3fdf_b587_8229_ad7a, 0xbfd6_3db1_dc08_0dae],
];
