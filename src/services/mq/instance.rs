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

    /// How many of its family's `large` it is; none for those that are smaller.
    fn larges(self) -> Option<u32> {
        let (_, size) = self.name.rsplit_once('.')?;
        match size {
            "large" => Some(1),
            "xlarge" => Some(2),
            _ => size.strip_suffix("xlarge")?.parse::<u32>().ok().map(|many| 2 * many),
        }
    }

    /// Most connections of a node with RabbitMQ, whatever is configured ("Amazon MQ for RabbitMQ maximum resource limit").
    pub(super) fn most_connections(self) -> u32 {
        match (self.larges(), self.is_micro()) {
            (Some(larges), _) => 5_000 * larges,
            (None, true) => 500,
            (None, false) => 300,
        }
    }

    /// Connections of a node that RabbitMQ 4 takes unless configured otherwise ("Default resource limits").
    pub(super) fn usual_connections(self, is_cluster: bool) -> u32 {
        let of_a_large = if is_cluster { 500 } else { 1_500 };
        self.larges().map_or(100, |larges| of_a_large * larges)
    }

    /// Connections of a whole broker with RabbitMQ 3 (`max-connections` in "Amazon MQ for RabbitMQ broker defaults").
    pub(super) fn connections_in_all(self, is_cluster: bool) -> u32 {
        let m5 = [(4_000, 15_000), (8_000, 20_000), (15_000, 40_000), (30_000, 100_000)];
        match (self.larges(), self.is_m7g()) {
            (Some(larges), false) => {
                let (single, cluster) = m5[larges.ilog2().min(3) as usize];
                if is_cluster { cluster } else { single }
            }
            (Some(larges), true) => 5_000 * larges,
            (None, false) => 500,
            (None, true) => 100,
        }
    }

    /// Most messages of a queue in a cluster unless configured otherwise (`max-length`, same page).
    pub(super) fn usual_max_length(self) -> u64 {
        match self.larges() {
            None => 500_000,
            Some(1) => 8_000_000,
            Some(2) => 9_000_000,
            Some(4) => 10_000_000,
            Some(8) => 12_000_000,
            Some(16) => 20_000_000,
            Some(24) => 30_000_000,
            Some(_) => 40_000_000,
        }
    }

    /// Its memory, in bytes.
    pub(super) fn memory(self) -> u64 {
        u64::from(self.memory_gib) << 30
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_rabbitmq_follow_the_size() {
        let limits = |name: &str| {
            let one = InstanceType::find(name).expect("a type");
            let usual = (one.usual_connections(false), one.usual_connections(true));
            let in_all = (one.connections_in_all(false), one.connections_in_all(true));
            (one.most_connections(), usual, in_all, one.usual_max_length())
        };
        assert_eq!(limits("mq.t3.micro"), (500, (100, 100), (500, 500), 500_000));
        assert_eq!(limits("mq.m7g.medium"), (300, (100, 100), (100, 100), 500_000));
        assert_eq!(limits("mq.m7g.large"), (5_000, (1_500, 500), (5_000, 5_000), 8_000_000));
        assert_eq!(limits("mq.m5.large"), (5_000, (1_500, 500), (4_000, 15_000), 8_000_000));
        assert_eq!(limits("mq.m5.4xlarge"), (40_000, (12_000, 4_000), (30_000, 100_000), 12_000_000));
        let largest = (160_000, (48_000, 16_000), (160_000, 160_000), 40_000_000);
        assert_eq!(limits("mq.m7g.16xlarge"), largest);
    }
}
