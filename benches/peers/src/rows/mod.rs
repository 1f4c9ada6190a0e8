//! The rows of the table, a file for each group.

pub mod allocated;
pub mod end_to_end;
pub mod flood;
pub mod fresh;
pub mod future_size;
pub mod http_refresh;
pub mod issuers;
pub mod memory_store;
pub mod refused;
pub mod seen;
pub mod serve;
pub mod stores;
pub mod threads;
pub mod waits;
