//! queuelab: a deterministic discrete-event simulator for AWS messaging architectures.
pub mod engine;
pub mod expect;
pub mod language;
pub mod record;
pub mod scenario;
pub mod services;
pub mod wire;
pub mod world;
