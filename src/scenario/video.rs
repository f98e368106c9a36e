//! Video streams, cameras and consumers of video: references looked up, settings built.

use super::config::LimitModelConfig;
use super::resolve::Resolver;
use crate::language::{Bytes, Problems};
use crate::services::video::{
    CameraSettings, CameraStream, CameraTarget, Cameras, VideoAssumptions, VideoConsumer,
    VideoConsumerConfig, VideoConsumerSettings, VideoSource, VideoStreamDefaults, VideoStreamSettings,
    VideoStreams, ViewerOf, WatchedStreams,
};
use crate::wire::{EntityId, Forward, LimitModel, QuotaProfile, Service, VideoPrices, span};

/// Everything about video in a scenario.
pub(super) struct VideoResources {
    pub(super) streams: Vec<VideoStreamSettings>,
    pub(super) cameras: Vec<CameraSettings>,
    pub(super) consumers: Vec<VideoConsumerSettings>,
}

impl Resolver<'_> {
    /// Video streams, cameras and consumers of video; `None` when a problem was told.
    pub(super) fn video(&mut self, problems: &mut Problems) -> Option<VideoResources> {
        let config = self.config;
        let defaults = self.video_defaults(problems)?;
        let streams: Vec<_> = config
            .video_streams
            .iter()
            .map(|(name, stream)| {
                let around = (self.viewers_of(name.as_str()), self.tracks_of(name.as_str()));
                stream.settings(name.as_str(), around, &defaults, problems)
            })
            .collect();
        let (model, quotas) = (defaults.assumptions.limit_model, defaults.quotas);
        let mut cameras = Vec::new();
        for (name, camera) in config.cameras.iter() {
            let CameraTarget::VideoStream(reference) = &camera.sends_to;
            let found = self.directory.video_streams.find(reference, problems);
            let (count, id) = match found {
                Some((position, id)) => (config.video_streams.entries[position].1.count, id),
                None => (1, EntityId(0)),
            };
            let stream = CameraStream { id, count, quotas, limit_model: model };
            let settings = camera.settings(name.as_str(), stream, self.files, problems);
            cameras.push(settings.filter(|_| found.is_some()));
            self.flow(Cameras::KIND, name.as_str(), VideoStreams::KIND, reference.as_str());
        }
        let mut consumers = Vec::new();
        for (name, consumer) in config.video_consumers.iter() {
            consumers.push(self.video_consumer(name.as_str(), consumer, problems));
        }
        Some(VideoResources {
            streams: streams.into_iter().collect::<Option<_>>()?,
            cameras: cameras.into_iter().collect::<Option<_>>()?,
            consumers: consumers.into_iter().collect::<Option<_>>()?,
        })
    }

    fn video_defaults(&self, problems: &mut Problems) -> Option<VideoStreamDefaults> {
        let assumptions = self.assumptions;
        let buffering = assumptions.video_buffering_ack_time.build(self.files, problems);
        let received = assumptions.video_received_ack_time.build(self.files, problems);
        let persisted = assumptions.video_persisted_ack_time.build(self.files, problems);
        Some(VideoStreamDefaults {
            quotas: self.config.quotas.video(),
            has_warm_tier: self.config.quotas.profile() == QuotaProfile::Current,
            prices: VideoPrices::of(self.prices),
            assumptions: VideoAssumptions {
                limit_model: match assumptions.video_limits {
                    LimitModelConfig::TokenBucket => LimitModel::TokenBucket,
                    LimitModelConfig::FixedSecond => LimitModel::FixedSecond,
                },
                buffering_ack: buffering?,
                received_ack: received?,
                persisted_ack: persisted?,
                warm_delay: span(assumptions.video_warm_delay),
                archival_failures: assumptions.video_archival_failures.as_f64(),
                call_latency: span(assumptions.video_call_time),
            },
        })
    }

    /// Who reads video streams.
    fn viewers_of(&self, name: &str) -> Vec<ViewerOf> {
        let reads = |consumer: &VideoConsumerConfig| {
            let VideoSource::VideoStream(reference) = &consumer.reads_from;
            reference.as_str() == name
        };
        let theirs = self.config.video_consumers.iter().filter(|(_, consumer)| reads(consumer));
        theirs
            .filter_map(|(viewer, consumer)| {
                Some(ViewerOf {
                    entity: self.directory.video_consumers.entity(viewer.as_str())?,
                    bytes_per_second: consumer.bytes_per_second.map_or(u64::MAX, Bytes::as_u64),
                    is_paced: consumer.is_paced(),
                    is_dash: consumer.is_dash(),
                })
            })
            .collect()
    }

    /// Tracks of the fragments of video streams: those of their cameras.
    fn tracks_of(&self, name: &str) -> u8 {
        let mut cameras = self.config.cameras.iter().filter(|(_, camera)| {
            let CameraTarget::VideoStream(reference) = &camera.sends_to;
            reference.as_str() == name
        });
        cameras.next().map_or(1, |(_, camera)| camera.tracks as u8)
    }

    fn video_consumer(
        &mut self,
        name: &str,
        consumer: &VideoConsumerConfig,
        problems: &mut Problems,
    ) -> Option<VideoConsumerSettings> {
        let VideoSource::VideoStream(reference) = &consumer.reads_from;
        let found = self.directory.video_streams.find(reference, problems);
        self.flow(VideoStreams::KIND, reference.as_str(), VideoConsumer::KIND, name);
        let forward: Option<Forward> = consumer.forwards_to.as_ref().and_then(|forward| {
            self.forward_flow(VideoConsumer::KIND, name, forward);
            let target = self.forward_target(forward, &[], problems)?;
            forward.settings(target, &mut self.texts, self.files, problems)
        });
        let source = found.map(|(position, id)| WatchedStreams {
            id,
            count: self.config.video_streams.entries[position].1.count,
            tracks: self.tracks_of(reference.as_str()),
        });
        // Also without a stream the rest is looked at, so that all problems are told at once.
        let any = WatchedStreams { id: EntityId(0), count: u32::MAX, tracks: 1 };
        let settings = consumer.settings(name, source.unwrap_or(any), forward, self.files, problems);
        settings.filter(|_| source.is_some())
    }
}
