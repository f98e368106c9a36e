//! What distributions promise: the right law, the right facts, and the same draws for ever.

use super::Distribution;
use crate::engine::random::Stream;
use proptest::prelude::*;
use std::f64::consts::{PI, SQRT_2};

const DRAWS: usize = 100_000;

/// Compares `DRAWS` draws with the distribution function `below` (Kolmogorov and Smirnov, at
/// 0.1 %), and their mean and variance with the stated ones.
fn check(name: &str, distribution: &Distribution, below: impl Fn(f64) -> f64) {
    let mut stream = Stream::new(7, 0, name, "law");
    let mut draws: Vec<f64> = (0..DRAWS).map(|_| distribution.sample(&mut stream)).collect();
    draws.sort_by(f64::total_cmp);
    assert!(draws[0] >= distribution.minimum(), "{name}: {} is below the minimum", draws[0]);
    assert!(draws[DRAWS - 1] <= distribution.maximum(), "{name}: above the maximum");
    let count = DRAWS as f64;
    let farthest = draws.iter().enumerate().fold(0.0_f64, |farthest, (rank, &x)| {
        let expected = below(x);
        let (before, after) = (rank as f64 / count, (rank + 1) as f64 / count);
        farthest.max((expected - before).abs()).max((after - expected).abs())
    });
    assert!(farthest < 1.95 / count.sqrt(), "{name}: the distribution function is off by {farthest}");
    moments(name, distribution, &draws);
}

fn moments(name: &str, distribution: &Distribution, draws: &[f64]) {
    let count = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / count;
    let square = |x: f64| (x - mean) * (x - mean);
    let variance = draws.iter().copied().map(square).sum::<f64>() / count;
    let fourth = draws.iter().copied().map(square).map(|x| x * x).sum::<f64>() / count;
    let Some(stated) = distribution.mean() else { return };
    let Some(spread) = distribution.variance() else { return };
    let off = (mean - stated).abs() / (spread / count).sqrt();
    assert!(off < 4.5, "{name}: mean {mean}, stated {stated}, {off:.1} standard errors off");
    let off = (variance - spread).abs() / ((fourth - variance * variance) / count).sqrt();
    assert!(off < 4.5, "{name}: variance {variance}, stated {spread}, {off:.1} standard errors off");
}

fn made(result: Result<Distribution, super::DistributionError>) -> Distribution {
    result.expect("valid parameters")
}

fn normal(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// The regularized lower incomplete gamma function by its series.
fn gamma_below(shape: f64, x: f64) -> f64 {
    let mut term = 1.0 / shape;
    let mut sum = term;
    let mut n = shape;
    while term > sum * 1e-16 {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    sum * libm::exp(shape * libm::log(x) - x - libm::lgamma(shape))
}

#[test]
fn simple_laws() {
    check("uniform", &made(Distribution::uniform(-2.0, 3.0)), |x| (x + 2.0) / 5.0);
    check("exponential", &made(Distribution::exponential(0.2)), |x| -libm::expm1(-x / 0.2));
    let triangle = |low: f64, mode: f64, high: f64| {
        move |x: f64| {
            if x < mode {
                (x - low) * (x - low) / ((high - low) * (mode - low))
            } else {
                1.0 - (high - x) * (high - x) / ((high - low) * (high - mode).max(1e-300))
            }
        }
    };
    for (low, mode, high) in [(1.0, 2.0, 5.0), (0.0, 0.0, 1.0), (-1.0, 1.0, 1.0)] {
        let distribution = made(Distribution::triangular(low, mode, high));
        check("triangular", &distribution, triangle(low, mode, high));
    }
}

#[test]
fn truncated_normal_laws() {
    // Plain, flat, tail, mirrored tail, flat in the tail, nearly untouched.
    for (mean, sd, low, high) in [
        (1.0, 1.0, 0.0, f64::INFINITY),
        (1.0, 1.0, 0.9, 1.4),
        (0.0, 1.0, 3.0, f64::INFINITY),
        (5.0, 2.0, f64::NEG_INFINITY, -3.0),
        (0.0, 1.0, 2.0, 2.2),
        (10.0, 0.5, 0.0, f64::INFINITY),
    ] {
        let distribution = made(Distribution::normal_truncated(mean, sd, low, high));
        // The complement keeps its digits in the upper tail.
        let above = |x: f64| 0.5 * libm::erfc((x - mean) / sd / SQRT_2);
        let below = |x: f64| (above(low) - above(x)) / (above(low) - above(high));
        check(&format!("normal {low} {high}"), &distribution, below);
    }
}

#[test]
fn far_truncation_stays_exact() {
    // Forty deviations out, what remains is exponential with mean 1/40 to first order, where the
    // closed form divides zero by zero.
    let far = made(Distribution::normal_truncated(0.0, 1.0, 40.0, f64::INFINITY));
    let mean = far.mean().expect("finite");
    assert!((mean - 40.024_968_847_207_2).abs() < 1e-8, "{mean}");
    let mut stream = Stream::new(7, 0, "far", "law");
    let found = (0..DRAWS).map(|_| far.sample(&mut stream)).sum::<f64>() / DRAWS as f64;
    assert!((found - mean).abs() < 4.0 * 0.025 / (DRAWS as f64).sqrt(), "{found} {mean}");
    assert!(Distribution::normal_truncated(0.0, 1e-9, 1.0, 2.0).is_err());
}

#[test]
fn lognormal_laws() {
    let law = |median: f64, sigma: f64| move |x: f64| normal(libm::log(x / median) / sigma);
    check("lognormal", &made(Distribution::lognormal_median_sigma(0.2, 0.7, None)), law(0.2, 0.7));
    for maximum in [0.15, 0.5] {
        let whole = law(0.2, 0.7);
        let cut = made(Distribution::lognormal_median_sigma(0.2, 0.7, Some(maximum)));
        check(&format!("lognormal to {maximum}"), &cut, |x| whole(x) / whole(maximum));
    }
}

#[test]
fn lognormal_by_mean_and_p95() {
    for ratio in [1.000_001, 1.5, 2.5, 3.8] {
        let distribution = made(Distribution::lognormal_mean_p95(0.2, 0.2 * ratio));
        assert!((distribution.mean().expect("finite") - 0.2).abs() < 1e-12);
        let mut stream = Stream::new(7, 0, "p95", "law");
        let above = (0..DRAWS).filter(|_| distribution.sample(&mut stream) > 0.2 * ratio).count();
        assert!((4_750..5_250).contains(&above), "{above} of {DRAWS} above p95 at ratio {ratio}");
    }
    assert_eq!(made(Distribution::lognormal_mean_p95(2.0, 2.0)).is_constant(), Some(2.0));
    let low = Distribution::lognormal_mean_p95(2.0, 1.0).unwrap_err().to_string();
    assert!(low.starts_with("p95 (1) must exceed the mean (2)"), "{low}");
    let high = Distribution::lognormal_mean_p95(2.0, 8.0).unwrap_err().to_string();
    assert!(high.starts_with("p95 is 4.000 times the mean") && high.contains("at most 3.868"), "{high}");
}

#[test]
fn gamma_laws() {
    for shape in [0.3, 1.0, 2.5, 40.0] {
        let distribution = made(Distribution::gamma(shape, 0.1));
        check(&format!("gamma {shape}"), &distribution, |x| gamma_below(shape, x / 0.1));
    }
    check("erlang", &made(Distribution::erlang(4, 2.0)), |x| gamma_below(4.0, 2.0 * x));
    assert_eq!(Distribution::erlang(1, 2.0), Distribution::exponential(2.0));
}

#[test]
fn heavy_laws() {
    for shape in [0.6, 1.0, 3.0] {
        let distribution = made(Distribution::weibull(shape, 2.0));
        check(&format!("weibull {shape}"), &distribution, |x| -libm::expm1(-libm::pow(x / 2.0, shape)));
    }
    for shape in [0.8, 1.5, 6.0] {
        let distribution = made(Distribution::pareto(shape, 2.0));
        check(&format!("pareto {shape}"), &distribution, |x| 1.0 - libm::pow(2.0 / x, shape));
        assert_eq!(distribution.mean().is_some(), shape > 1.0);
        assert_eq!(distribution.variance().is_some(), shape > 2.0);
    }
}

#[test]
fn tables_are_drawn_by_weight() {
    let table = [(3.0, 1.0), (1.0, 2.5), (9.0, 0.0), (2.0, 6.0), (1.0, 0.5)];
    let distribution = made(Distribution::empirical(&table));
    let mut stream = Stream::new(7, 0, "table", "law");
    let draws: Vec<f64> = (0..DRAWS).map(|_| distribution.sample(&mut stream)).collect();
    moments("table", &distribution, &draws);
    for (value, share) in [(1.0, 0.3), (2.0, 0.6), (3.0, 0.1), (9.0, 0.0)] {
        let found = draws.iter().filter(|draw| (*draw - value).abs() < 0.1).count() as f64 / DRAWS as f64;
        assert!((found - share).abs() < 0.006, "{value}: {found} instead of {share}");
    }
    assert_eq!((distribution.minimum(), distribution.maximum()), (1.0, 3.0));
    assert_eq!(made(Distribution::empirical(&[(4.0, 1.0), (4.0, 2.0)])).is_constant(), Some(4.0));
}

#[test]
fn mixtures_follow_their_parts() {
    let parts = || {
        let slow = made(Distribution::uniform(10.0, 20.0));
        vec![(3.0, made(Distribution::exponential(1.0))), (1.0, slow)]
    };
    let distribution = made(Distribution::mixture(parts()));
    check("mixture", &distribution, |x| 0.75 * -libm::expm1(-x) + 0.25 * ((x - 10.0) / 10.0).clamp(0.0, 1.0));
    let inner = made(Distribution::mixture(vec![(0.0, distribution), (2.0, parts().remove(0).1)]));
    assert_eq!(Ok(inner), Distribution::exponential(1.0));
}

#[test]
fn refusals_say_what_is_wrong() {
    let endless = f64::INFINITY;
    let cases = [
        (Distribution::constant(f64::NAN), "the constant must be a finite number, not NaN"),
        (Distribution::uniform(2.0, 1.0), "low (2) must not exceed high (1)"),
        (Distribution::exponential(0.0), "must be above zero, not 0"),
        (Distribution::triangular(0.0, 3.0, 2.0), "mode (3) must lie between low (0) and high (2)"),
        (Distribution::normal_truncated(1.0, -1.0, 0.0, endless), "must not be negative, and is -1"),
        (Distribution::normal_truncated(1.0, 0.0, 2.0, 3.0), "every value is 1, outside 2 to 3"),
        (Distribution::normal_truncated(1.0, 1.0, 0.0, f64::NAN), "must not exceed high (NaN)"),
        (Distribution::lognormal_median_sigma(1.0, 100.0, None), "rarely above 2"),
        (Distribution::lognormal_median_sigma(1.0, 0.1, Some(0.5)), "lower the median"),
        (Distribution::gamma(1.0, -2.0), "the scale of a gamma distribution must be above zero, not -2"),
        (Distribution::erlang(0, 1.0), "at least one stage"),
        (Distribution::weibull(0.001, 1.0), "between 0.3 and 10"),
        (Distribution::pareto(0.01, 1.0), "between 1.1 and 3"),
        (Distribution::empirical(&[]), "at least one value"),
        (Distribution::empirical(&[(1.0, -1.0)]), "weight 1 of the table must not be negative"),
        (Distribution::empirical(&[(1.0, 0.0)]), "the sum of the weights of the table must be above zero"),
        (Distribution::mixture(Vec::new()), "at least one part"),
    ];
    for (result, part) in cases {
        let text = result.expect_err(part).to_string();
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
}

#[test]
fn known_answers() {
    let parts = vec![(1.0, made(Distribution::exponential(1.0))), (1.0, made(Distribution::constant(3.0)))];
    let all = [
        ("uniform", Distribution::uniform(1.0, PI)),
        ("exponential", Distribution::exponential(0.1)),
        ("normal", Distribution::normal_truncated(1.0, 1.0, 0.0, f64::INFINITY)),
        ("tail", Distribution::normal_truncated(0.0, 1.0, 3.0, f64::INFINITY)),
        ("lognormal", Distribution::lognormal_median_sigma(0.2, 0.5, None)),
        ("mean and p95", Distribution::lognormal_mean_p95(0.2, 0.5)),
        ("cut lognormal", Distribution::lognormal_median_sigma(0.2, 0.5, Some(0.3))),
        ("gamma", Distribution::gamma(2.5, 0.1)),
        ("small gamma", Distribution::gamma(0.5, 0.1)),
        ("weibull", Distribution::weibull(1.5, 0.1)),
        ("pareto", Distribution::pareto(1.5, 0.1)),
        ("triangular", Distribution::triangular(1.0, 2.0, 4.0)),
        ("empirical", Distribution::empirical(&[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)])),
        ("mixture", Distribution::mixture(parts)),
    ];
    let found: Vec<(&str, [u64; 3])> = all
        .into_iter()
        .map(|(name, distribution)| {
            let mut stream = Stream::new(42, 0, "worker", "words");
            let distribution = made(distribution);
            (name, [(); 3].map(|()| distribution.sample(&mut stream).to_bits()))
        })
        .collect();
    assert_eq!(found, KNOWN, "draws changed: {found:#018x?}");
}

/// The first three draws, as bits. A change here changes the results of every scenario: say so in
/// the changelog.
const KNOWN: [(&str, [u64; 3]); 14] = [
    ("uniform", [0x4004_2a5e_dcdd_8d2e, 0x3ffd_efe2_a762_558e, 0x3ffa_dd1c_4dc4_a48d]),
    ("exponential", [0x3fdf_8b17_e689_34b4, 0x3fa7_923b_9373_da03, 0x3f9e_d6e4_525b_c3cd]),
    ("normal", [0x400b_980c_3234_4bf3, 0x3ff7_ed61_e08a_6b5e, 0x3fe4_e127_11fb_f929]),
    ("tail", [0x4008_babf_9e55_1a89, 0x400c_7a49_7525_ff40, 0x4010_44dc_db69_fff7]),
    ("lognormal", [0x3fe5_c745_b677_bb50, 0x3fd0_65f1_704b_2ad1, 0x3fc5_844d_c844_4365]),
    ("mean and p95", [0x3fec_55fe_c896_3bfb, 0x3fcc_4804_8265_5831, 0x3fbf_131e_d352_f237]),
    ("cut lognormal", [0x3fd0_65f1_704b_2ad0, 0x3fc5_844d_c844_4364, 0x3fc0_216e_309c_900f]),
    ("gamma", [0x3fea_0d38_1d30_6317, 0x3fc5_b001_281b_d118, 0x3fb2_65f6_83bf_e8f3]),
    ("small gamma", [0x3fd6_2189_ba5d_9e78, 0x3f7a_84df_bc5b_aaee, 0x3eab_f318_e00c_b686]),
    ("weibull", [0x3fd2_8905_f5f5_e573, 0x3fae_86cd_7732_25cd, 0x3fa7_0114_6b0f_7afa]),
    ("pareto", [0x4005_622e_1c45_5a75, 0x3fc1_65eb_26b0_f5d7, 0x3fbf_4acf_9b76_520f]),
    ("triangular", [0x4005_72d8_960c_91b4, 0x4000_e812_5238_3666, 0x3fff_9aac_6dfb_1ccf]),
    ("empirical", [0x4008_0000_0000_0000, 0x4000_0000_0000_0000, 0x4008_0000_0000_0000]),
    ("mixture", [0x4008_0000_0000_0000, 0x3fd3_464e_b379_5a60, 0x4008_0000_0000_0000]),
];

/// Parameters over many orders of magnitude, some of them nonsense.
fn parameter() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-9.0..9.0_f64).prop_map(libm::exp10),
        (-300.0..300.0_f64).prop_map(libm::exp10),
        (-10.0..10.0_f64),
        prop::sample::select(vec![0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 1e-320]),
    ]
}

proptest! {
    #[test]
    fn samples_are_finite_and_within_bounds(a in parameter(), b in parameter(), c in parameter(), d in parameter(), seed: u64) {
        let all = [
            Distribution::constant(a),
            Distribution::uniform(a, b),
            Distribution::exponential(a),
            Distribution::normal_truncated(a, b, c, d),
            Distribution::lognormal_median_sigma(a, b, None),
            Distribution::lognormal_median_sigma(a, b, Some(c)),
            Distribution::lognormal_mean_p95(a, b),
            Distribution::gamma(a, b),
            Distribution::weibull(a, b),
            Distribution::pareto(a, b),
            Distribution::triangular(a, b, c),
            Distribution::empirical(&[(a, b), (c, d)]),
        ];
        let mut stream = Stream::new(seed, 0, "any", "any");
        for distribution in all.into_iter().flatten() {
            for _ in 0..20 {
                let x = distribution.sample(&mut stream);
                prop_assert!(x.is_finite(), "{distribution:?} gave {x}");
                prop_assert!(distribution.minimum() <= x && x <= distribution.maximum(), "{distribution:?} gave {x}");
            }
            if let Some(mean) = distribution.mean() {
                let slack = 1e-9 * mean.abs();
                prop_assert!(distribution.minimum() - slack <= mean && mean <= distribution.maximum() + slack, "{distribution:?}");
            }
        }
    }
}
