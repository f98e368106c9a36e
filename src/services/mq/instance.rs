//! The instance types of brokers ("Broker instance types", one page for each engine).

use super::broker_config::{DeploymentModeConfig, EngineTypeConfig};

/// What a type of instance has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct InstanceType {
    /// AWS's name of it.
    pub(super) name: &'static str,
    /// Virtual CPUs.
    pub(super) vcpus: u32,
    /// Memory, in GiB.
    pub(super) memory_gib: u32,
}

const fn of(name: &'static str, vcpus: u32, memory_gib: u32) -> InstanceType {
    InstanceType { name, vcpus, memory_gib }
}

const TYPES: [InstanceType; 13] = [
    of("mq.t3.micro", 2, 1),
    of("mq.m5.large", 2, 8),
    of("mq.m5.xlarge", 4, 16),
    of("mq.m5.2xlarge", 8, 32),
    of("mq.m5.4xlarge", 16, 64),
    of("mq.m7g.medium", 1, 4),
    of("mq.m7g.large", 2, 8),
    of("mq.m7g.xlarge", 4, 16),
    of("mq.m7g.2xlarge", 8, 32),
    of("mq.m7g.4xlarge", 16, 64),
    of("mq.m7g.8xlarge", 32, 128),
    of("mq.m7g.12xlarge", 48, 192),
    of("mq.m7g.16xlarge", 64, 256),
];

const GB: u64 = 1_000_000_000;

impl InstanceType {
    /// The types that an engine runs on.
    pub(super) fn all(engine: EngineTypeConfig) -> impl Iterator<Item = InstanceType> {
        TYPES.into_iter().filter(move |one| engine == EngineTypeConfig::Rabbitmq || !one.is_m7g())
    }

    /// The type of this name, whatever engine it is for.
    pub(super) fn find(name: &str) -> Option<InstanceType> {
        TYPES.into_iter().find(|one| one.name == name)
    }

    /// Whether it is for evaluation only.
    pub(super) fn is_micro(self) -> bool {
        self.name == "mq.t3.micro"
    }

    /// Whether it is one with Graviton processors.
    pub(super) fn is_m7g(self) -> bool {
        self.name.starts_with("mq.m7g.")
    }

    /// Storage of a node, in bytes ("Quotas in Amazon MQ", "Amazon MQ for RabbitMQ instance types").
    pub(super) fn storage(self, mode: DeploymentModeConfig) -> u64 {
        match (self.name, mode) {
            ("mq.t3.micro", _) => 20 * GB,
            ("mq.m7g.large", DeploymentModeConfig::ClusterMultiAz) => 15 * GB,
            ("mq.m7g.xlarge", DeploymentModeConfig::ClusterMultiAz) => 25 * GB,
            _ => 200 * GB,
        }
    }

    /// Storage for messages that nobody keeps for good ("Quotas in Amazon MQ").
    pub(super) fn temporary_storage(self) -> u64 {
        if self.is_micro() { 5 * GB } else { 50 * GB }
    }

    /// Its memory, in bytes.
    pub(super) fn memory(self) -> u64 {
        u64::from(self.memory_gib) << 30
    }
}
