//! queuelab: a deterministic discrete-event simulator for AWS messaging architectures.
pub mod engine;
pub mod language;
pub mod record;
pub mod report;
