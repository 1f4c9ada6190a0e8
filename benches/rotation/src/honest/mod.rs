//! Users who are honest, and what happens to their requests.

mod jar;
mod lock;
mod phone;
mod rendering;
mod scenario;
mod tabs;

pub use scenario::{Clients, Scenario};
