//! The arithmetic of scaling policies: from an alarm and a metric to a desired capacity. No state, no time.

use super::policy::{AdjustmentType, StepAdjustment};

/// What a policy may know about its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Desired capacity now.
    pub desired: u32,
    /// Instances in service.
    pub in_service: u32,
    /// Those of them that still warm up.
    pub warming: u32,
    /// Instances being launched.
    pub pending: u32,
    /// Instances being terminated.
    pub terminating: u32,
    /// Fewest instances.
    pub min_size: u32,
    /// Most instances.
    pub max_size: u32,
}

impl Capacity {
    /// Instances in service that have warmed up.
    pub fn settled(&self) -> u32 {
        self.in_service.saturating_sub(self.warming)
    }

    /// Whether a scale-out has not had its effect yet.
    pub fn is_warming(&self) -> bool {
        self.warming > 0 || self.pending > 0
    }

    /// The nearest capacity the target may have.
    pub fn clamp(&self, desired: f64) -> u32 {
        desired.max(f64::from(self.min_size)).min(f64::from(self.max_size)) as u32
    }
}

/// How many instances an adjustment adds to (or takes from) `present` ("Step and simple scaling policies": how
/// percentages are rounded).
pub fn adjustment(kind: AdjustmentType, number: f64, minimum_magnitude: u32, present: u32) -> f64 {
    match kind {
        AdjustmentType::ChangeInCapacity => number.trunc(),
        AdjustmentType::ExactCapacity => number.trunc() - f64::from(present),
        AdjustmentType::PercentChangeInCapacity => {
            // A product such as 30 % of 10 must not fall below 3 by a rounding error.
            let exact = f64::from(present) * number / 100.0;
            let nearest = exact.round();
            let exact = if (exact - nearest).abs() < 1e-9 { nearest } else { exact };
            let rounded = if exact > 0.0 && exact < 1.0 {
                1.0
            } else if exact < 0.0 && exact > -1.0 {
                -1.0
            } else {
                exact.trunc()
            };
            let magnitude = f64::from(minimum_magnitude);
            if number == 0.0 || rounded.abs() >= magnitude { rounded } else { magnitude.copysign(number) }
        }
    }
}

/// The step whose interval holds the metric ("Step and simple scaling policies": above the threshold the lower bound
/// is inclusive and the upper exclusive, below it the other way round). A metric at the threshold belongs to the steps
/// above it, or to those below it when there are none above: an alarm with `<=` goes off there too.
pub fn step_for(steps: &[StepAdjustment], threshold: f64, value: f64) -> Option<&StepAdjustment> {
    let beyond = value - threshold;
    // 0.7 lies 0.1 above 0.6, whatever binary fractions make of it.
    let slack = 1e-12 * threshold.abs().max(value.abs());
    let bounds = |step: &StepAdjustment| {
        (step.lower_bound.unwrap_or(f64::NEG_INFINITY), step.upper_bound.unwrap_or(f64::INFINITY))
    };
    let above = || {
        steps.iter().find(|step| {
            let (lower, upper) = bounds(step);
            lower - slack <= beyond && beyond < upper - slack
        })
    };
    let below = || {
        steps.iter().find(|step| {
            let (lower, upper) = bounds(step);
            lower + slack < beyond && beyond <= upper + slack
        })
    };
    if beyond > 0.0 {
        above()
    } else if beyond < 0.0 {
        below()
    } else {
        above().or_else(below)
    }
}

/// What a step adjustment makes of an EC2 group ("Step and simple scaling policies"): the capacity asked for, before it
/// meets the sizes. Warming instances are not in the present capacity but in the desired one; terminating ones still
/// count, so that nothing is removed twice.
pub fn adjusted(kind: AdjustmentType, number: f64, minimum_magnitude: u32, capacity: Capacity) -> f64 {
    let (desired, settled) = (f64::from(capacity.desired), f64::from(capacity.settled()));
    let change = adjustment(kind, number, minimum_magnitude, capacity.settled());
    if change > 0.0 {
        return (settled + change).max(desired);
    }
    if change == 0.0 {
        return desired;
    }
    let present = capacity.in_service + capacity.terminating;
    let change = adjustment(kind, number, minimum_magnitude, present);
    (f64::from(present) + change).min(desired)
}

/// What a step adjustment makes of a scalable target ("Step scaling policies for Application Auto Scaling"): `base` is
/// the capacity before the scale-out whose cooldown has not ended, or the desired capacity.
pub fn adjusted_from(
    kind: AdjustmentType,
    number: f64,
    minimum_magnitude: u32,
    base: u32,
    desired: u32,
) -> f64 {
    let out = f64::from(base) + adjustment(kind, number, minimum_magnitude, base);
    if out > f64::from(base) {
        return out.max(f64::from(desired));
    }
    (f64::from(desired) + adjustment(kind, number, minimum_magnitude, desired)).min(f64::from(desired))
}

/// The capacity that would bring the metric to its target, in proportion ("Target tracking scaling policies": rounded
/// up when adding, and on the side of keeping capacity when removing, which is rounding up too).
pub fn tracked(value: f64, target: f64, instances: u32) -> f64 {
    let exact = f64::from(instances) * value / target;
    let nearest = exact.round();
    if (exact - nearest).abs() < 1e-9 { nearest } else { exact.ceil() }
}

/// The lowest capacity that target tracking goes down to at once: "scales in more gradually" ("Target tracking scaling
/// policies"). `share` of the capacity goes, at least one instance: an assumption that fits what was observed.
pub fn gradual(desired: u32, share: f64) -> u32 {
    desired.saturating_sub(((f64::from(desired) * share + 1e-9) as u32).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(in_service: u32) -> Capacity {
        Capacity {
            desired: in_service,
            in_service,
            warming: 0,
            pending: 0,
            terminating: 0,
            min_size: 0,
            max_size: 1_000,
        }
    }

    #[test]
    fn percentages_are_rounded_as_documented() {
        let cases = [
            (10.0, 10, 1.0),
            (30.0, 11, 3.0),
            (-10.0, 14, -1.0),
            (-30.0, 13, -3.0),
            (10.0, 1, 1.0),
            (-10.0, 3, -1.0),
            (127.0, 10, 12.0),
            (6.7, 10, 1.0),
            (-5.8, 10, -1.0),
            (-66.8, 10, -6.0),
            (0.0, 10, 0.0),
        ];
        for (percent, present, expected) in cases {
            let found = adjustment(AdjustmentType::PercentChangeInCapacity, percent, 0, present);
            assert!((found - expected).abs() < 1e-12, "{percent} % of {present} gave {found}");
        }
        assert!((adjustment(AdjustmentType::PercentChangeInCapacity, 25.0, 2, 4) - 2.0).abs() < 1e-12);
        assert!((adjustment(AdjustmentType::PercentChangeInCapacity, -25.0, 2, 4) + 2.0).abs() < 1e-12);
    }

    /// The published walk: threshold 50, size 10, metrics 60, 70, 40, 30.
    #[test]
    fn the_guides_step_scaling_example() {
        let step = |lower_bound, upper_bound, scaling_adjustment| StepAdjustment {
            lower_bound,
            upper_bound,
            scaling_adjustment,
        };
        let steps = [
            step(Some(0.0), Some(10.0), 0.0),
            step(Some(10.0), Some(20.0), 10.0),
            step(Some(20.0), None, 30.0),
            step(Some(-10.0), Some(0.0), 0.0),
            step(Some(-20.0), Some(-10.0), -10.0),
            step(None, Some(-20.0), -30.0),
        ];
        let mut size = 10;
        for (metric, expected) in [(60.0, 11), (70.0, 14), (40.0, 13), (30.0, 10)] {
            let step = step_for(&steps, 50.0, metric).unwrap();
            let kind = AdjustmentType::PercentChangeInCapacity;
            size = adjusted(kind, step.scaling_adjustment, 0, group(size)) as u32;
            assert_eq!(size, expected, "metric {metric}");
        }
        assert!((step_for(&steps, 50.0, 59.9).unwrap().scaling_adjustment).abs() < 1e-12);
        assert!((step_for(&steps, 50.0, 40.1).unwrap().scaling_adjustment).abs() < 1e-12);
    }

    #[test]
    fn a_metric_at_the_threshold_is_held_by_steps_below_it_when_there_are_none_above() {
        let remove = StepAdjustment { lower_bound: None, upper_bound: Some(0.0), scaling_adjustment: -1.0 };
        let add = StepAdjustment { lower_bound: Some(0.0), upper_bound: None, scaling_adjustment: 1.0 };
        let adjustment = |steps: &[StepAdjustment]| step_for(steps, 50.0, 50.0).map(|s| s.scaling_adjustment);
        assert_eq!(adjustment(&[remove]), Some(-1.0));
        assert_eq!(adjustment(&[remove, add]), Some(1.0));
    }

    #[test]
    fn warming_instances_are_desired_but_not_present() {
        let warming = Capacity { desired: 11, in_service: 11, warming: 1, ..group(10) };
        let percent = AdjustmentType::PercentChangeInCapacity;
        assert_eq!(adjusted(percent, 10.0, 0, warming) as u32, 11, "62 while one instance warms up");
        assert_eq!(adjusted(percent, 30.0, 0, warming) as u32, 13, "70 while one instance warms up");
    }

    #[test]
    fn nothing_is_removed_twice() {
        // Eight instances, three of them on their way out: -3 again asks for no less than before.
        let shrinking = Capacity { desired: 5, in_service: 5, terminating: 3, ..group(5) };
        assert_eq!(adjusted(AdjustmentType::ChangeInCapacity, -3.0, 0, shrinking) as u32, 5);
        assert_eq!(adjusted(AdjustmentType::ChangeInCapacity, -4.0, 0, shrinking) as u32, 4);
    }

    #[test]
    fn what_a_cooldown_has_added_is_part_of_the_next_scale_out() {
        let change = AdjustmentType::ChangeInCapacity;
        assert_eq!(adjusted_from(change, 3.0, 0, 10, 12) as u32, 13, "+2, then +3: one more");
        assert_eq!(adjusted_from(change, 2.0, 0, 10, 12) as u32, 12, "an equal one adds nothing");
        assert_eq!(adjusted_from(change, 3.0, 0, 12, 12) as u32, 15, "after the cooldown");
        assert_eq!(adjusted_from(change, -3.0, 0, 10, 12) as u32, 9, "scale-in starts from what is there");
        let percent = AdjustmentType::PercentChangeInCapacity;
        assert_eq!(adjusted_from(percent, 200.0, 0, 10, 10) as u32, 30);
    }

    #[test]
    fn results_stay_within_the_sizes() {
        let small = Capacity { min_size: 2, max_size: 3, ..group(2) };
        assert_eq!(small.clamp(5.0), 3);
        assert_eq!(small.clamp(-1.0), 2);
        let exact = AdjustmentType::ExactCapacity;
        assert_eq!(small.clamp(adjusted(exact, 1.0, 0, Capacity { desired: 3, in_service: 3, ..small })), 2);
    }

    #[test]
    fn target_tracking_is_proportional_and_rounds_up_both_ways() {
        let cases = [
            (150.0, 100.0, 10, 15.0),
            (75.0, 50.0, 2, 3.0),
            (30.0, 50.0, 4, 3.0),
            (94.0, 100.0, 10, 10.0),
            (0.0, 100.0, 10, 0.0),
            (100.0, 90.0, 9, 10.0),
        ];
        for (value, target, instances, wanted) in cases {
            let found = tracked(value, target, instances);
            assert!((found - wanted).abs() < 1e-12, "{instances} at {value} of {target}: {found}");
        }
    }

    #[test]
    fn target_tracking_goes_down_gradually() {
        let cases =
            [(2, 0.1, 1), (4, 0.1, 3), (20, 0.1, 18), (29, 0.1, 27), (20, 1.0, 0), (0, 0.1, 0), (10, 0.3, 7)];
        for (desired, share, least) in cases {
            assert_eq!(gradual(desired, share), least, "{share} of {desired}");
        }
    }
}
