//! A broker in a scenario.

use super::instance::InstanceType;
use super::settings::{BrokerPrices, BrokerSettings, Engine, Outage, OutageKind, WhenFull};
use crate::engine::{Distribution, Span, Time};
use crate::language::{Bytes, DistributionOf, Duration, Files, Located, Problems, keyword, section};
use crate::wire::{EntityId, PriceList, span};
use std::sync::Arc;

section! {
    /// A broker of Amazon MQ.
    pub struct BrokerConfig {
        /// What it runs (`EngineType`).
        pub engine_type: EngineTypeConfig = EngineTypeConfig::Activemq;
        /// Its version (`EngineVersion`); by default the newest: `5.18` of ActiveMQ, `4.2` of RabbitMQ.
        pub engine_version: Option<Located<String>>;
        /// How many instances, and where (`DeploymentMode`).
        pub deployment_mode: DeploymentModeConfig = DeploymentModeConfig::SingleInstance;
        /// The type of its instances (`HostInstanceType`).
        pub host_instance_type: Located<String>;
        /// Where ActiveMQ keeps messages (`StorageType`): by default `efs`. RabbitMQ always has `ebs`.
        pub storage_type: Option<StorageTypeConfig>;
        /// Whether messages for fast consumers bypass the disk (`concurrentStoreAndDispatchQueues` of ActiveMQ): a send ends
        /// when the message is on disk or acknowledged, whichever comes first.
        pub concurrent_store_and_dispatch_queues: bool = true;
        /// What ActiveMQ does with a producer when there is no room (`sendFailIfNoSpace`).
        pub when_full: WhenFullConfig = WhenFullConfig::Block;
        /// Messages a second that it takes in all; by default by its processors. An assumption.
        pub messages_per_second: Option<f64>, at_least (0.001);
        /// Memory for messages (`memoryUsage` of ActiveMQ, the high watermark of RabbitMQ); by default by its type.
        pub memory_limit: Option<Bytes>, at_least (Bytes::new(1));
        /// Storage for messages (`storeUsage` of ActiveMQ, the disk of RabbitMQ); by default the quota.
        pub storage_limit: Option<Bytes>, at_least (Bytes::new(1));
        /// Storage for messages that are not persistent, once the memory is full (`tempUsage` of ActiveMQ); by default the quota.
        pub temporary_storage_limit: Option<Bytes>;
        /// Connections that each node of RabbitMQ takes (`connection_max`, from RabbitMQ 4 on); by default and at most by its
        /// type.
        pub connection_max: Option<u32>, at_least (1);
        /// Largest message of RabbitMQ (`max_message_size`, from RabbitMQ 4 on); by default 512KiB, 128MiB at most.
        pub max_message_size: Option<Bytes>, within (Bytes::new(1), Bytes::from_mib(128));
        /// When it, or one of its nodes, is not there.
        pub failures: Vec<FailureConfig> = Vec::new();
        /// Dollars for an hour of one of its instances; by default the list price.
        pub instance_price: Option<f64>, at_least (0.0);
    }
}

keyword! {
    /// What a broker runs.
    pub enum EngineTypeConfig {
        /// Apache ActiveMQ Classic.
        Activemq = "activemq",
        /// RabbitMQ.
        Rabbitmq = "rabbitmq",
    }
}

keyword! {
    /// How many instances a broker has.
    pub enum DeploymentModeConfig {
        /// One, in one Availability Zone.
        SingleInstance = "single_instance",
        /// Two of ActiveMQ in two zones, of which one is active; they share their storage.
        ActiveStandbyMultiAz = "active_standby_multi_az",
        /// Three nodes of RabbitMQ in three zones.
        ClusterMultiAz = "cluster_multi_az",
    }
}

keyword! {
    /// Where a broker keeps messages.
    pub enum StorageTypeConfig {
        /// Amazon EFS: several Availability Zones.
        Efs = "efs",
        /// Amazon EBS: fast, one zone.
        Ebs = "ebs",
    }
}

keyword! {
    /// What becomes of a producer's message when there is no room for it.
    pub enum WhenFullConfig {
        /// The producer waits.
        Block = "block",
        /// The send fails with an exception.
        Fail = "fail",
    }
}

section! {
    /// A time when a broker, or a node of it, is not there.
    pub struct FailureConfig {
        /// When it begins, since the start of the run.
        pub at: Duration;
        /// What happens.
        pub kind: FailureKindConfig = FailureKindConfig::Unplanned;
        /// The node of a cluster, 1 to 3.
        pub node: u32 = 1, within (1, 3);
        /// How long nobody can connect to it; by default by what happens and the deployment mode. An assumption.
        pub lasts: Option<DistributionOf<Duration>>;
    }
}

keyword! {
    /// Why a broker is not there.
    pub enum FailureKindConfig {
        /// Its instance fails.
        Unplanned = "unplanned",
        /// Somebody reboots it.
        Reboot = "reboot",
        /// AWS maintains it.
        Maintenance = "maintenance",
    }
}

/// What AWS does not say about brokers.
#[derive(Debug, Clone)]
pub struct BrokerDefaults {
    /// How long sending a persistent message takes with Amazon EFS.
    pub efs_send_time: Span,
    /// The same with Amazon EBS.
    pub ebs_send_time: Span,
    /// How long sending a message takes that is only kept in memory.
    pub memory_send_time: Span,
    /// Messages a second that a virtual CPU takes.
    pub messages_per_second_and_vcpu: f64,
    /// A standby takes over as planned, in nanoseconds.
    pub planned_failover_time: Distribution,
    /// A standby takes over after a failure, in nanoseconds.
    pub unplanned_failover_time: Distribution,
    /// A single instance reboots, in nanoseconds.
    pub reboot_time: Distribution,
    /// A single instance is replaced, in nanoseconds.
    pub instance_replacement_time: Distribution,
    /// A queue of a cluster has a new leader.
    pub leader_election_time: Span,
    /// Probability that a send which a failure cut off had been stored.
    pub stored_before_failure: f64,
    /// Most connections of a protocol: micro instances, larger ones.
    pub connections: (u32, u32),
    /// Whether RabbitMQ is version 4 unless the scenario says otherwise.
    pub rabbitmq_4: bool,
}

/// Largest messages: `maxFrameSize` in ActiveMQ's configuration, what RabbitMQ takes at most, and what RabbitMQ 4 takes unless
/// configured otherwise ("Amazon MQ for RabbitMQ maximum resource limit", "Default resource limits").
const LARGEST_OF_ACTIVEMQ: u32 = 100 << 20;
const LARGEST_OF_RABBITMQ: u32 = 128 << 20;
const USUAL_OF_RABBITMQ_4: u32 = 512 << 10;

/// More throughput than `mq.m5` ("Amazon MQ release notes", of the `m7g` instances).
const M7G_THROUGHPUT: f64 = 1.85;
/// The part of the memory that the Java virtual machine of ActiveMQ has, and the part of that for messages.
const ACTIVEMQ_MEMORY: f64 = 0.5 * HEAP_FOR_MESSAGES;
/// `percentOfJvmHeap` of `memoryUsage`.
pub(super) const HEAP_FOR_MESSAGES: f64 = 0.7;
/// `vm_memory_high_watermark`.
const RABBITMQ_MEMORY: f64 = 0.4;

const VERSIONS: [(EngineTypeConfig, &[&str]); 2] = [
    (EngineTypeConfig::Activemq, &["5.16", "5.17", "5.18", "5.19"]),
    (EngineTypeConfig::Rabbitmq, &["3.11", "3.12", "3.13", "4.2"]),
];

impl BrokerConfig {
    /// Whether it runs RabbitMQ.
    pub fn is_rabbitmq(&self) -> bool {
        self.engine_type == EngineTypeConfig::Rabbitmq
    }

    /// Whether it runs RabbitMQ 4, whose queues are quorum queues.
    pub fn is_rabbitmq_4(&self, defaults: &BrokerDefaults) -> bool {
        self.is_rabbitmq() && self.is_version_4(defaults.rabbitmq_4)
    }

    /// The largest message that it takes, in bytes; whether it is version 4 of RabbitMQ if it does not say is given.
    pub fn maximum_message_bytes(&self, rabbitmq_4: bool) -> u32 {
        match (self.is_rabbitmq(), self.is_version_4(rabbitmq_4)) {
            (false, _) => LARGEST_OF_ACTIVEMQ,
            (true, false) => LARGEST_OF_RABBITMQ,
            (true, true) => self.max_message_size.map_or(USUAL_OF_RABBITMQ_4, |size| size.as_u64() as u32),
        }
    }

    fn is_version_4(&self, otherwise: bool) -> bool {
        self.engine_version.as_ref().map_or(otherwise, |version| version.value.starts_with("4."))
    }

    /// Most messages of a queue unless it says otherwise: in a cluster, by its type.
    pub(super) fn usual_max_length(&self) -> Option<u64> {
        let instance = InstanceType::find(&self.host_instance_type.value)?;
        self.is_cluster().then(|| instance.usual_max_length())
    }

    /// Most connections of a protocol or a node, and in all.
    fn connections(
        &self,
        instance: InstanceType,
        defaults: &BrokerDefaults,
        problems: &mut Problems,
    ) -> (u32, u32) {
        if !self.is_rabbitmq() {
            let usual = if instance.is_micro() { defaults.connections.0 } else { defaults.connections.1 };
            return (usual, u32::MAX);
        }
        let most = instance.most_connections();
        if !self.is_rabbitmq_4(defaults) {
            return (most, instance.connections_in_all(self.is_cluster()));
        }
        let given = self.connection_max.unwrap_or_else(|| instance.usual_connections(self.is_cluster()));
        if given > most {
            problems
                .error(
                    self.places.key("connection_max"),
                    format!("a node of `{}` takes {most} connections at most", instance.name),
                )
                .why("\"Amazon MQ for RabbitMQ maximum resource limit\"");
        }
        (given.min(most), u32::MAX)
    }

    /// What it runs.
    pub fn engine(&self, defaults: &BrokerDefaults) -> Engine {
        match (self.is_rabbitmq(), self.is_rabbitmq_4(defaults)) {
            (false, _) => Engine::ActiveMq,
            (true, false) => Engine::RabbitMq3,
            (true, true) => Engine::RabbitMq4,
        }
    }

    /// Whether it is a cluster.
    pub(super) fn is_cluster(&self) -> bool {
        self.deployment_mode == DeploymentModeConfig::ClusterMultiAz
    }

    fn nodes(&self) -> u8 {
        match self.deployment_mode {
            DeploymentModeConfig::ClusterMultiAz => 3,
            DeploymentModeConfig::SingleInstance | DeploymentModeConfig::ActiveStandbyMultiAz => 1,
        }
    }

    /// Instances that are paid for.
    fn instances(&self) -> u32 {
        match self.deployment_mode {
            DeploymentModeConfig::SingleInstance => 1,
            DeploymentModeConfig::ActiveStandbyMultiAz => 2,
            DeploymentModeConfig::ClusterMultiAz => 3,
        }
    }

    fn storage(&self) -> StorageTypeConfig {
        let usual = if self.is_rabbitmq() { StorageTypeConfig::Ebs } else { StorageTypeConfig::Efs };
        self.storage_type.unwrap_or(usual)
    }

    fn check_version(&self, problems: &mut Problems) {
        let Some(version) = &self.engine_version else { return };
        let (_, known) = VERSIONS[usize::from(self.is_rabbitmq())];
        if !known.contains(&version.value.as_str()) {
            let help = problems.suggest(&version.value, known, "versions");
            problems
                .error(
                    version.place,
                    format!("there is no version `{}` of {}", version.value, self.engine_type),
                )
                .help(help);
        }
    }

    /// What AWS does not allow together.
    fn check_combination(&self, instance: InstanceType, problems: &mut Problems) {
        let mode = self.places.of("deployment_mode");
        match (self.engine_type, self.deployment_mode) {
            (EngineTypeConfig::Activemq, DeploymentModeConfig::ClusterMultiAz) => {
                problems
                    .error(mode, "an ActiveMQ broker cannot be a cluster")
                    .why("\"Amazon MQ broker architecture\": clusters are for RabbitMQ")
                    .help("deployment_mode: active_standby_multi_az");
            }
            (EngineTypeConfig::Rabbitmq, DeploymentModeConfig::ActiveStandbyMultiAz) => {
                problems
                    .error(mode, "a RabbitMQ broker has no standby")
                    .why("\"Amazon MQ broker architecture\": active/standby is for ActiveMQ")
                    .help("deployment_mode: cluster_multi_az");
            }
            _ => {}
        }
        let storage = self.places.of("storage_type").or(Some(self.place));
        let is_ebs = self.storage() == StorageTypeConfig::Ebs;
        if self.is_rabbitmq() && !is_ebs {
            problems
                .error(storage, "a RabbitMQ broker keeps its messages on `ebs`")
                .why("\"Amazon MQ broker storage\": Amazon EFS is for ActiveMQ");
        }
        if !self.is_rabbitmq() && is_ebs && self.deployment_mode != DeploymentModeConfig::SingleInstance {
            problems
                .error(storage, "active and standby instance share their storage, which `ebs` cannot be")
                .why("\"Amazon MQ broker storage\": Amazon EBS lies in one Availability Zone")
                .help("storage_type: efs");
        }
        if !self.is_rabbitmq() && is_ebs && !instance.name.starts_with("mq.m5.") {
            problems
                .error(storage, format!("`{}` cannot have `ebs`", instance.name))
                .why("\"Amazon MQ broker storage\": Amazon EBS is for the `mq.m5` family");
        }
        let place = self.host_instance_type.place;
        if instance.is_m7g() && !self.is_rabbitmq() {
            problems
                .error(place, format!("`{}` is for RabbitMQ", instance.name))
                .help("ActiveMQ runs on `mq.t3.micro` and `mq.m5.large` to `mq.m5.4xlarge`");
        }
        if instance.is_micro() && self.deployment_mode == DeploymentModeConfig::ClusterMultiAz {
            problems
                .error(place, "`mq.t3.micro` cannot form a cluster")
                .why("\"Amazon MQ for RabbitMQ instance types\": it is for single instances only")
                .help("host_instance_type: mq.m7g.large");
        }
    }

    fn check_keys(&self, defaults: &BrokerDefaults, problems: &mut Problems) {
        for key in ["connection_max", "max_message_size"] {
            if let Some(place) = self.places.key(key).filter(|_| !self.is_rabbitmq_4(defaults)) {
                problems
                    .error(place, format!("`{key}` is for RabbitMQ 4"))
                    .why("\"Default resource limits\": brokers of RabbitMQ 3 have the maximum, and it cannot be changed");
            }
        }
        if self.is_rabbitmq() {
            for key in ["concurrent_store_and_dispatch_queues", "when_full", "temporary_storage_limit"] {
                if let Some(place) = self.places.key(key) {
                    problems
                        .error(place, format!("`{key}` is for ActiveMQ"))
                        .why("RabbitMQ blocks publishers while its memory or disk alarm is on");
                }
            }
        }
        for failure in &self.failures {
            if failure.node > u32::from(self.nodes()) {
                problems
                    .error(failure.places.of("node"), format!("there is no node {}", failure.node))
                    .why("only a cluster has three nodes; otherwise whichever instance is active fails");
            }
        }
    }

    /// The settings; `None` when a problem was told.
    #[allow(clippy::too_many_arguments, reason = "each comes from another part of the scenario")]
    pub fn settings(
        &self,
        name: &str,
        (destinations, queues): (Vec<EntityId>, usize),
        defaults: &BrokerDefaults,
        prices: &PriceList,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<Arc<BrokerSettings>> {
        let errors = problems.errors();
        self.check_version(problems);
        self.check_keys(defaults, problems);
        let kind = self.host_instance_type.value.as_str();
        let Some(instance) = InstanceType::find(kind) else {
            let known: Vec<&str> = InstanceType::all(self.engine_type).map(|one| one.name).collect();
            let help = problems.suggest(kind, &known, "instance types");
            problems
                .error(self.host_instance_type.place, format!("there is no broker instance type `{kind}`"))
                .help(help);
            return None;
        };
        self.check_combination(instance, problems);
        let outages = self.outages(defaults, files, problems);
        let memory_share = if self.is_rabbitmq() { RABBITMQ_MEMORY } else { ACTIVEMQ_MEMORY };
        let usual = instance.memory() as f64 * memory_share;
        let speed = if instance.is_m7g() { M7G_THROUGHPUT } else { 1.0 };
        let usual_rate = f64::from(instance.vcpus) * speed * defaults.messages_per_second_and_vcpu;
        let rate = self.messages_per_second.unwrap_or(usual_rate * f64::from(self.nodes()));
        let (most_connections, connections_in_all) = self.connections(instance, defaults, problems);
        let settings = BrokerSettings {
            name: name.to_owned(),
            engine: self.engine(defaults),
            nodes: self.nodes(),
            destinations,
            queues: queues as u64,
            stored_send_time: match self.storage() {
                StorageTypeConfig::Efs => defaults.efs_send_time,
                StorageTypeConfig::Ebs => defaults.ebs_send_time,
            },
            memory_send_time: defaults.memory_send_time,
            message_time: Span::from_seconds_f64(1.0 / rate).max(Span::from_nanos(1)),
            memory_limit: self.memory_limit.map_or(usual as u64, Bytes::as_u64),
            storage_limit: self.storage_limit.map_or(instance.storage(self.deployment_mode), Bytes::as_u64),
            temporary_limit: self.temporary_storage_limit.map_or(instance.temporary_storage(), Bytes::as_u64),
            most_connections,
            connections_in_all,
            maximum_message_bytes: self.maximum_message_bytes(defaults.rabbitmq_4),
            when_full: match self.when_full {
                WhenFullConfig::Block => WhenFull::Block,
                WhenFullConfig::Fail => WhenFull::Fail,
            },
            concurrent_store_and_dispatch: self.concurrent_store_and_dispatch_queues && !self.is_rabbitmq(),
            outages: outages?,
            stored_before_failure: defaults.stored_before_failure,
            leader_election_time: defaults.leader_election_time,
            prices: BrokerPrices {
                instances: self.instances(),
                instance_hour: self.instance_price.unwrap_or_else(|| list_price(instance, prices)),
                storage_gb_month: match self.storage() {
                    StorageTypeConfig::Efs => prices.dollars("mq_efs_gb_month"),
                    StorageTypeConfig::Ebs => prices.dollars("mq_ebs_gb_month"),
                },
            },
        };
        (problems.errors() == errors).then(|| Arc::new(settings))
    }

    fn outages(
        &self,
        defaults: &BrokerDefaults,
        files: &dyn Files,
        problems: &mut Problems,
    ) -> Option<Vec<Outage>> {
        let mut outages: Vec<Outage> = Vec::new();
        for failure in &self.failures {
            let is_planned = failure.kind != FailureKindConfig::Unplanned;
            let usual = match (self.deployment_mode, is_planned) {
                (DeploymentModeConfig::ActiveStandbyMultiAz, true) => &defaults.planned_failover_time,
                (DeploymentModeConfig::ActiveStandbyMultiAz, false) => &defaults.unplanned_failover_time,
                (_, true) => &defaults.reboot_time,
                (_, false) => &defaults.instance_replacement_time,
            };
            let lasts = match &failure.lasts {
                Some(lasts) => lasts.build(files, problems)?,
                None => usual.clone(),
            };
            let kind = if is_planned { OutageKind::Planned } else { OutageKind::Unplanned };
            let node = (failure.node - 1) as u8;
            outages.push(Outage { at: Time::ZERO + span(failure.at), kind, node, lasts });
        }
        Some(outages)
    }
}

/// Prices of larger instances are those of smaller ones times their processors.
fn list_price(instance: InstanceType, prices: &PriceList) -> f64 {
    let vcpus = f64::from(instance.vcpus);
    match instance {
        micro if micro.is_micro() => prices.dollars("mq_t3_micro_hour"),
        graviton if graviton.is_m7g() => vcpus * prices.dollars("mq_m7g_vcpu_hour"),
        _ => vcpus * prices.dollars("mq_m5_vcpu_hour"),
    }
}
