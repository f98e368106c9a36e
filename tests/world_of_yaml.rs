//! `world_of_yaml`
