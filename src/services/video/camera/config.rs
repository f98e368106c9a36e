//! Cameras in a scenario.

use super::settings::{CameraSettings, CameraStream, Outage, RandomOutages};
use crate::engine::Time;
use crate::language::{
    Bytes, DistributionOf, Duration, Files, Probability, Problems, Reference, choice, section,
};
use crate::wire::span;

section! {
    /// Cameras, all alike: one for each stream of the section they send to. They film without a pause.
    pub struct CameraConfig {
        /// Where their fragments go.
        pub sends_to: CameraTarget;
        /// How long a fragment is, in whole milliseconds. AWS takes 1 to 20 seconds.
        pub fragment_duration: DistributionOf<Duration> = DistributionOf::constant(Duration::from_seconds(2));
        /// Bytes of a second of film, all tracks together; drawn for each fragment.
        pub bytes_per_second: DistributionOf<Bytes> = DistributionOf::constant(Bytes::new(250_000));
        /// Frames of a second of film.
        pub frames_per_second: f64 = 25.0, within (0.1, 240.0);
        /// Tracks of a fragment: video, sound.
        pub tracks: u32 = 1, within (1, 10);
        /// How long after the start a camera begins; drawn for each.
        pub starts_after: DistributionOf<Duration> = DistributionOf::constant(Duration::ZERO);
        /// The network between a camera and AWS.
        pub uplink: Option<UplinkConfig>;
        /// Film that is kept until it is acknowledged; older film is dropped ("Kinesis video stream structures",
        /// `buffer_duration`).
        pub buffer_duration: Duration = Duration::from_seconds(120), at_least (Duration::from_seconds(20));
        /// The most that this takes ("Producer SDK quotas": 10 MiB to 10 GiB).
        pub buffer_size: Bytes = Bytes::from_mib(128), within (Bytes::from_mib(10), Bytes::from_mib(10_240));
        /// From a refused connection to the next try.
        pub reconnect_interval: Duration = Duration::from_seconds(2), above (Duration::ZERO);
    }
    check CameraConfig::check;
}

choice! {
    /// Where fragments go.
    pub enum CameraTarget {
        /// To video streams.
        VideoStream(Reference) = "video_stream",
    }
}

section! {
    /// The network between a camera and AWS.
    pub struct UplinkConfig {
        /// Bytes a second that it carries; by default as many as a stream reads.
        pub bytes_per_second: Option<Bytes>, at_least (Bytes::new(1_000));
        /// From a camera to its stream.
        pub latency: DistributionOf<Duration> = DistributionOf::constant(Duration::ZERO);
        /// Outages at given times.
        pub outages: Vec<OutageConfig> = Vec::new();
        /// Outages by chance, of each camera by itself.
        pub random_outages: Option<RandomOutagesConfig>;
    }
}

section! {
    /// An outage at a given time: connections are lost, and the stream does not hear of it.
    pub struct OutageConfig {
        /// When, from the start.
        pub at: Duration;
        /// How long.
        pub lasts: Duration, above (Duration::ZERO);
        /// Which share of the cameras it concerns, the first ones.
        pub share: Probability = Probability::ONE;
    }
}

section! {
    /// Outages by chance.
    pub struct RandomOutagesConfig {
        /// From the end of an outage to the next one.
        pub interval: DistributionOf<Duration>;
        /// How long an outage lasts.
        pub lasts: DistributionOf<Duration>;
    }
}

impl CameraConfig {
    fn check(&self, problems: &mut Problems) {
        let outages = self.uplink.iter().flat_map(|uplink| uplink.outages.windows(2));
        for pair in outages {
            if pair[1].at.as_nanos() < pair[0].at.as_nanos() + pair[0].lasts.as_nanos() {
                problems
                    .error(pair[1].places.of("at"), "this outage begins before the one above it ends")
                    .help("write outages in the order of time, each after the one before");
            }
        }
    }

    /// The settings; `None` when a problem was told.
    pub fn settings(
        &self,
        name: &str,
        stream: CameraStream,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<CameraSettings> {
        let durations = self.fragment_duration.build(files, problems);
        let rates = self.bytes_per_second.build(files, problems);
        let starts = self.starts_after.build(files, problems);
        if let Some(durations) = &durations
            && durations.minimum() < 1e6
        {
            problems
                .error(self.places.of("fragment_duration"), "a fragment may be as short as nothing")
                .why("fragments are told in whole milliseconds, and a camera films one after another")
                .help("give the distribution a minimum of `1ms` or more");
            return None;
        }
        let uplink = self.uplink.as_ref();
        let latency = match uplink {
            Some(uplink) => uplink.latency.build(files, problems),
            None => DistributionOf::<Duration>::constant(Duration::ZERO).build(files, problems),
        };
        let outages = uplink.map(|uplink| uplink.outages.as_slice()).unwrap_or_default();
        let random_outages = match uplink.and_then(|uplink| uplink.random_outages.as_ref()) {
            None => None,
            Some(random) => Some(RandomOutages {
                interval: random.interval.build(files, problems)?,
                lasts: random.lasts.build(files, problems)?,
            }),
        };
        let bandwidth = uplink.and_then(|uplink| uplink.bytes_per_second).map_or(u64::MAX, Bytes::as_u64);
        Some(CameraSettings {
            name: name.to_owned(),
            stream,
            fragment_duration: durations?,
            bytes_per_second: rates?,
            frames_per_second: self.frames_per_second,
            starts_after: starts?,
            uplink_bytes_per_second: bandwidth.min(stream.quotas.put_bytes_per_second),
            latency: latency?,
            outages: outages
                .iter()
                .map(|outage| Outage {
                    at: Time::ZERO + span(outage.at),
                    lasts: span(outage.lasts),
                    share: outage.share.as_f64(),
                })
                .collect(),
            random_outages,
            buffer_duration: span(self.buffer_duration),
            buffer_bytes: self.buffer_size.as_u64(),
            reconnect_interval: span(self.reconnect_interval),
        })
    }
}
