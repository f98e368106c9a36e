//! Video streams in a scenario.

use super::settings::{StorageTier, VideoAssumptions, VideoStreamSettings, ViewerOf};
use crate::engine::Span;
use crate::language::{Duration, Problems, keyword, section};
use crate::wire::{VideoPrices, VideoQuotas, span};

section! {
    /// Video streams, all alike: one for each camera. Their fragments come from `cameras` and go to `video_consumers`.
    pub struct VideoStreamConfig {
        /// How many streams there are. Metrics and costs are those of all of them together.
        pub count: u32 = 1, within (1, 10_000);
        /// How long fragments are kept (`DataRetentionInHours`), in whole hours; 0s keeps them on the host alone, for 5 minutes
        /// or 200 MB.
        pub data_retention: Duration = Duration::ZERO, at_most (Duration::from_hours(87_600));
        /// `DefaultStorageTier`.
        pub default_storage_tier: StorageTierConfig = StorageTierConfig::Hot;
        /// Whether they exist from the start; otherwise a script creates the first one.
        pub created: bool = true;
    }
    check VideoStreamConfig::check;
}

keyword! {
    /// Where the fragments of a video stream are stored.
    pub enum StorageTierConfig {
        /// At once at hand.
        Hot = "hot",
        /// Cheaper to store; a fragment is paid for 30 days at least. Since November 2025.
        Warm = "warm",
    }
}

/// What a scenario says about all video streams.
#[derive(Debug, Clone)]
pub struct VideoStreamDefaults {
    /// Their limits.
    pub quotas: VideoQuotas,
    /// Whether there is a warm tier.
    pub has_warm_tier: bool,
    /// What they cost.
    pub prices: VideoPrices,
    /// What AWS does not publish about them.
    pub assumptions: VideoAssumptions,
}

const HOUR: Span = Span::from_hours(1);

impl VideoStreamConfig {
    fn check(&self, problems: &mut Problems) {
        if !(span(self.data_retention) % HOUR).is_zero() {
            problems
                .error(self.places.of("data_retention"), "`data_retention` is a whole number of hours")
                .why("AWS takes `DataRetentionInHours`");
        }
        if !self.created && self.count > 1 {
            problems
                .error(self.places.of("created"), "a script creates one stream, not several")
                .help("leave `count` out");
        }
    }

    /// The settings; `None` when a problem was told. `tracks` are those of the cameras' fragments.
    pub fn settings(
        &self,
        name: &str,
        (viewers, tracks): (Vec<ViewerOf>, u8),
        defaults: &VideoStreamDefaults,
        problems: &mut Problems,
    ) -> Option<VideoStreamSettings> {
        let tier = match self.default_storage_tier {
            StorageTierConfig::Hot => StorageTier::Hot,
            StorageTierConfig::Warm => StorageTier::Warm,
        };
        if tier == StorageTier::Warm && !defaults.has_warm_tier {
            problems
                .error(self.places.of("default_storage_tier"), "there was no warm tier in 2022")
                .help("take `quotas: current`, or the tier `hot`");
            return None;
        }
        Some(VideoStreamSettings {
            name: name.to_owned(),
            count: self.count,
            retention: span(self.data_retention),
            tier,
            created: self.created,
            tracks,
            viewers,
            quotas: defaults.quotas,
            prices: defaults.prices,
            assumptions: defaults.assumptions.clone(),
        })
    }
}
