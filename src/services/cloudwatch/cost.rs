//! What alarms and metrics of one's own cost: "Amazon CloudWatch pricing".

use crate::engine::Span;
use crate::wire::PriceList;

/// Prices of CloudWatch, in dollars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CloudWatchPrices {
    /// A metric of an alarm with periods of a minute and more, a month.
    pub alarm_metric_per_month: f64,
    /// A metric of an alarm with shorter periods, a month.
    pub high_resolution_alarm_metric_per_month: f64,
    /// A composite alarm, a month.
    pub composite_alarm_per_month: f64,
    /// A custom metric, a month.
    pub custom_metric_per_month: f64,
    /// A call to PutMetricData.
    pub put_metric_data: f64,
}

/// Hours of the month that monthly prices are spread over.
const HOURS_A_MONTH: f64 = 730.0;

impl CloudWatchPrices {
    /// Those of a list.
    pub fn of(list: &PriceList) -> Self {
        Self {
            alarm_metric_per_month: list.dollars("cloudwatch_alarm_metric_per_month"),
            high_resolution_alarm_metric_per_month: list
                .dollars("cloudwatch_high_resolution_alarm_metric_per_month"),
            composite_alarm_per_month: list.dollars("cloudwatch_composite_alarm_per_month"),
            custom_metric_per_month: list.dollars("cloudwatch_custom_metric_per_month"),
            put_metric_data: list.dollars("cloudwatch_per_thousand_requests") / 1e3,
        }
    }

    /// What an alarm on so many metrics costs a month.
    pub(super) fn alarm(&self, period: Span, metrics: usize) -> f64 {
        let metric = if period < Span::from_minutes(1) {
            self.high_resolution_alarm_metric_per_month
        } else {
            self.alarm_metric_per_month
        };
        metric * metrics as f64
    }

    /// What a monthly price comes to in so many seconds.
    pub(super) fn prorated(per_month: f64, seconds: f64) -> f64 {
        per_month * seconds / (HOURS_A_MONTH * 3600.0)
    }
}
