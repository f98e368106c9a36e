//! Step scaling worked out a second time, from the words of the guide alone: slow, plain, and sharing no code with the
//! library. Random policies and groups must be answered alike.

use queuelab::scaling::{AdjustmentType, Capacity, StepAdjustment, adjusted, adjustment, step_for, tracked};

/// A generator of its own: the library's is not asked to judge itself.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A step in whole numbers: bounds, `None` for none, and the adjustment.
#[derive(Debug, Clone, Copy)]
struct Step {
    low: Option<i64>,
    high: Option<i64>,
    adjustment: i64,
}

/// "For metric values above the threshold the lower bound is inclusive and the upper exclusive; below it, the lower is
/// exclusive and the upper inclusive."
fn the_step(steps: &[Step], beyond: i64) -> Option<Step> {
    let mut found = None;
    for step in steps {
        let is_above_low = match step.low {
            None => true,
            Some(low) if beyond > 0 => beyond >= low,
            Some(low) => beyond > low,
        };
        let is_below_high = match step.high {
            None => true,
            Some(high) if beyond > 0 => beyond < high,
            Some(high) => beyond <= high,
        };
        if beyond != 0 && is_above_low && is_below_high {
            assert!(found.is_none(), "steps do not overlap");
            found = Some(*step);
        }
    }
    found
}

/// "Values greater than 1 are rounded down, values between 0 and 1 are rounded to 1, values between 0 and -1 to -1, and
/// values less than -1 are rounded toward zero", in whole numbers: hundredths of instances.
fn percent(present: i64, percent: i64, least: i64) -> i64 {
    let hundredths = present * percent;
    let rounded = match hundredths {
        0 => 0,
        1..=99 => 1,
        -99..=-1 => -1,
        _ => hundredths / 100,
    };
    if percent > 0 && rounded < least {
        least
    } else if percent < 0 && -rounded < least {
        -least
    } else {
        rounded
    }
}

fn change(kind: AdjustmentType, present: i64, number: i64, least: i64) -> i64 {
    match kind {
        AdjustmentType::ChangeInCapacity => number,
        AdjustmentType::ExactCapacity => number - present,
        AdjustmentType::PercentChangeInCapacity => percent(present, number, least),
    }
}

/// Scale-out counts what is warm, and does not take back what is on its way; scale-in counts what terminates, and does
/// not add what is gone.
fn desired(kind: AdjustmentType, number: i64, least: i64, group: Capacity) -> i64 {
    let (before, warm) = (i64::from(group.desired), i64::from(group.in_service - group.warming));
    let out = change(kind, warm, number, least);
    let wanted = match out.signum() {
        1 => before.max(warm + out),
        0 => before,
        _ => {
            let present = i64::from(group.in_service + group.terminating);
            before.min(present + change(kind, present, number, least))
        }
    };
    wanted.max(i64::from(group.min_size)).min(i64::from(group.max_size))
}

/// Steps without gaps on one side of the threshold, or on both.
fn steps(dice: &mut Dice) -> Vec<Step> {
    let mut bounds: Vec<i64> = (0..dice.roll(4)).map(|_| dice.roll(30) as i64 + 1).collect();
    bounds.push(0);
    bounds.sort_unstable();
    bounds.dedup();
    let mut steps = Vec::new();
    for (index, bound) in bounds.iter().enumerate() {
        let adjustment = dice.roll(61) as i64 - 20;
        steps.push(Step { low: Some(*bound), high: bounds.get(index + 1).copied(), adjustment });
    }
    if dice.roll(2) == 0 {
        for (index, bound) in bounds.iter().enumerate() {
            let adjustment = 20 - dice.roll(61) as i64;
            let low = bounds.get(index + 1).map(|bound| -bound);
            steps.push(Step { low, high: Some(-bound), adjustment });
        }
    }
    steps
}

#[test]
fn step_scaling_agrees_with_the_guide_word_for_word() {
    let mut dice = Dice(7);
    let (mut judged, mut out, mut down) = (0, 0, 0);
    while judged < 20_000 {
        let steps = steps(&mut dice);
        let beyond = dice.roll(81) as i64 - 40;
        let threshold = dice.roll(200) as i64;
        let library: Vec<StepAdjustment> = steps
            .iter()
            .map(|step| StepAdjustment {
                lower_bound: step.low.map(|bound| bound as f64),
                upper_bound: step.high.map(|bound| bound as f64),
                scaling_adjustment: step.adjustment as f64,
            })
            .collect();
        // A metric right at the threshold is the library's own reading, which has a test of its own.
        if beyond == 0 {
            continue;
        }
        let found = step_for(&library, threshold as f64, (threshold + beyond) as f64);
        let wanted = the_step(&steps, beyond);
        let about = format!("{beyond} beyond {threshold}: {steps:?}");
        assert_eq!(
            found.map(|step| step.scaling_adjustment as i64),
            wanted.map(|step| step.adjustment),
            "{about}"
        );
        judged += 1;
        let Some(step) = wanted else { continue };
        let kind = [
            AdjustmentType::ChangeInCapacity,
            AdjustmentType::ExactCapacity,
            AdjustmentType::PercentChangeInCapacity,
        ][dice.roll(3) as usize];
        let number =
            if kind == AdjustmentType::ExactCapacity { step.adjustment.abs() } else { step.adjustment };
        let in_service = dice.roll(40) as u32;
        let warming = if in_service == 0 { 0 } else { dice.roll(u64::from(in_service) + 1) as u32 };
        let (pending, terminating) = (dice.roll(5) as u32, dice.roll(5) as u32);
        let min_size = dice.roll(6) as u32;
        let group = Capacity {
            desired: in_service + pending,
            in_service,
            warming,
            pending,
            terminating,
            min_size,
            max_size: min_size + dice.roll(60) as u32,
        };
        let least = dice.roll(4) as u32;
        let found = group.clamp(adjusted(kind, number as f64, least, group));
        let wanted = desired(kind, number, i64::from(least), group);
        assert_eq!(i64::from(found), wanted, "{kind:?} {number} of {group:?}, at least {least}");
        out += usize::from(wanted > i64::from(group.desired));
        down += usize::from(wanted < i64::from(group.desired));
    }
    assert!(out > 2_000 && down > 2_000, "both ways are tried: {out} out, {down} in");
}

#[test]
fn published_examples_of_adjustments_and_of_target_tracking() {
    let percent = AdjustmentType::PercentChangeInCapacity;
    // Percent, of how many, least magnitude, instances.
    let adjustments = [
        (10.0, 10, 0, 1.0),
        (30.0, 11, 0, 3.0),
        (-10.0, 14, 0, -1.0),
        (-30.0, 13, 0, -3.0),
        (10.0, 1, 0, 1.0),
        (-10.0, 3, 0, -1.0),
        (25.0, 4, 2, 2.0),
        // Rounded down above one, toward zero below minus one, away from zero in between.
        (127.0, 10, 0, 12.0),
        (67.0, 1, 0, 1.0),
        (-58.0, 1, 0, -1.0),
        (-66.7, 10, 0, -6.0),
        (0.0, 10, 2, 0.0),
    ];
    for (number, present, least, wanted) in adjustments {
        let found = adjustment(percent, number, least, present);
        assert!((found - wanted).abs() < 1e-9, "{number} % of {present}: {found}, not {wanted}");
    }
    // Metric, target, instances, wanted.
    for (value, target, instances, wanted) in
        [(150.0, 100.0, 10, 15.0), (75.0, 50.0, 2, 3.0), (30.0, 50.0, 4, 3.0), (94.0, 100.0, 10, 10.0)]
    {
        let found = tracked(value, target, instances);
        assert!((found - wanted).abs() < 1e-9, "{instances} at {value} of {target}: {found}");
    }
}
