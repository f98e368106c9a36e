//! The limits and the prices of Amazon Managed Service for Apache Flink, and of the SQL applications it began with.

use super::{PriceList, QuotaProfile};
use crate::engine::Span;

/// The limits of applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlinkQuotas {
    /// Most KPUs of an application ("Managed Service for Apache Flink and Studio notebook quota"): 32 until 2025.
    pub kpus: u32,
    /// KPUs that are billed on top ("Pricing").
    pub orchestration_kpus: u32,
    /// Shortest time that is billed after a start ("Pricing").
    pub minimum_billed_time: Span,
    /// Whether each begun hour costs the most KPUs used in it ("Quotas", 2022).
    pub billed_by_the_hour: bool,
    /// Whether SQL applications exist ("Amazon Kinesis Data Analytics for SQL Applications discontinuation").
    pub sql_applications: bool,
    /// Most KPUs of a SQL application ("Limits", SQL).
    pub sql_kpus: u32,
}

impl FlinkQuotas {
    /// The limits of a profile.
    pub fn of(profile: QuotaProfile) -> Self {
        let current = Self {
            kpus: 64,
            orchestration_kpus: 1,
            minimum_billed_time: Span::from_minutes(10),
            billed_by_the_hour: false,
            sql_applications: false,
            sql_kpus: 8,
        };
        match profile {
            QuotaProfile::Current => current,
            QuotaProfile::Exam2022 => Self {
                kpus: 32,
                minimum_billed_time: Span::ZERO,
                billed_by_the_hour: true,
                sql_applications: true,
                ..current
            },
        }
    }
}

/// What applications cost, in dollars ("Amazon Managed Service for Apache Flink pricing").
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FlinkPrices {
    /// An hour of a KPU.
    pub kpu_hour: f64,
    /// A month of a gigabyte of running application storage; each KPU has 50.
    pub storage_gigabyte_month: f64,
}

impl FlinkPrices {
    /// Those of a list.
    pub fn of(list: &PriceList) -> Self {
        Self {
            kpu_hour: list.dollars("flink_kpu_hour"),
            storage_gigabyte_month: list.dollars("flink_running_storage_gigabyte_month"),
        }
    }
}
