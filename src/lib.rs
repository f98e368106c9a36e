//! queuelab: a deterministic discrete-event simulator for AWS messaging architectures.
pub mod cli;
pub mod engine;
pub mod expect;
pub mod language;
pub mod record;
pub mod report;
pub mod scenario;
pub mod services;
pub mod wire;
pub mod world;
