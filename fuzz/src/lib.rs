//! What the fuzz targets share.

mod accounts;
mod differential;
mod log;
mod reasons;
mod reply;
mod request;
mod runtime;
mod signed;
mod sqlite;

pub use accounts::{Accounts, PASSWORD, USER, last_address, sessions};
pub use differential::compare;
pub use log::Log;
pub use reply::Reply;
pub use request::{Body, CANARY, logged, request};
pub use runtime::{block_on, end_tasks};
pub use signed::signed;
pub use sqlite::with_sqlite;
