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

    fn clamp(&self, desired: f64) -> u32 {
        desired.clamp(f64::from(self.min_size), f64::from(self.max_size)) as u32
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
    let bounds = |step: &StepAdjustment| {
        (step.lower_bound.unwrap_or(f64::NEG_INFINITY), step.upper_bound.unwrap_or(f64::INFINITY))
    };
    let above = || {
        steps.iter().find(|step| {
            let (lower, upper) = bounds(step);
            lower <= beyond && beyond < upper
        })
    };
    let below = || {
        steps.iter().find(|step| {
            let (lower, upper) = bounds(step);
            lower < beyond && beyond <= upper
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

/// What a step or simple adjustment makes of the group. Warming instances are not in the present capacity but in the
/// desired one; terminating ones still count, so that nothing is removed twice.
pub fn adjusted(kind: AdjustmentType, number: f64, minimum_magnitude: u32, capacity: Capacity) -> u32 {
    let settled = capacity.settled();
    let change = adjustment(kind, number, minimum_magnitude, settled);
    if change > 0.0 {
        return capacity.clamp(f64::from(settled) + change).max(capacity.desired);
    }
    if change == 0.0 {
        return capacity.desired;
    }
    let present = capacity.in_service + capacity.terminating;
    let change = adjustment(kind, number, minimum_magnitude, present);
    capacity.clamp(f64::from(present) + change).min(capacity.desired)
}

/// The capacity that would bring the metric to its target, in proportion ("Target tracking scaling policies": rounded
/// up when adding, and on the side of keeping capacity when removing, which is rounding up too).
pub fn tracked(value: f64, target: f64, instances: u32) -> f64 {
    let exact = f64::from(instances) * value / target;
    let nearest = exact.round();
    if (exact - nearest).abs() < 1e-9 { nearest } else { exact.ceil() }
}

/// Scale-out of target tracking. Warming instances are not in the present capacity but in the desired one, as with
/// steps ("Default instance warmup"): the metric that still shows the time before them does not count them again.
pub fn tracked_out(value: f64, target: f64, capacity: Capacity) -> u32 {
    capacity.clamp(tracked(value, target, capacity.settled())).max(capacity.desired)
}

/// Scale-in of target tracking.
pub fn tracked_in(value: f64, target: f64, capacity: Capacity) -> u32 {
    capacity.clamp(tracked(value, target, capacity.in_service)).min(capacity.desired)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(in_service: u32) -> Capacity {
        Capacity { desired: in_service, in_service, warming: 0, terminating: 0, min_size: 0, max_size: 1_000 }
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
            size = adjusted(AdjustmentType::PercentChangeInCapacity, step.scaling_adjustment, 0, group(size));
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
        assert_eq!(adjusted(percent, 10.0, 0, warming), 11, "62 while one instance warms up");
        assert_eq!(adjusted(percent, 30.0, 0, warming), 13, "70 while one instance warms up");
    }

    #[test]
    fn results_stay_within_the_sizes() {
        let small = Capacity { min_size: 2, max_size: 3, ..group(2) };
        assert_eq!(adjusted(AdjustmentType::ChangeInCapacity, 3.0, 0, small), 3);
        let small = Capacity { desired: 3, in_service: 3, ..small };
        assert_eq!(adjusted(AdjustmentType::ChangeInCapacity, -2.0, 0, small), 2);
        assert_eq!(adjusted(AdjustmentType::ExactCapacity, 1.0, 0, small), 2);
    }

    #[test]
    fn target_tracking_is_proportional() {
        assert_eq!(tracked_out(150.0, 100.0, group(10)), 15);
        assert_eq!(tracked_out(75.0, 50.0, group(2)), 3);
        assert_eq!(tracked_in(30.0, 50.0, group(4)), 3);
        assert_eq!(tracked_in(94.0, 100.0, group(10)), 10);
        let launching = Capacity { desired: 15, ..group(10) };
        assert_eq!(tracked_out(120.0, 100.0, launching), 15, "capacity on its way counts");
        let warming = Capacity { desired: 15, in_service: 15, warming: 5, ..group(10) };
        assert_eq!(
            tracked_out(150.0, 100.0, warming),
            15,
            "a metric from before the launch asks for no more"
        );
        assert_eq!(tracked_out(210.0, 100.0, warming), 21, "a higher one does");
    }
}
