//! Refreshes on the stores, beside the least that their drivers need.

pub mod clients;
pub mod postgres;
pub mod redis;
pub mod redis_cluster;
pub mod sqlite;
