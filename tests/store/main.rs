//! The stores that need no server.

mod faulty;
mod forgetful;
mod opening;
mod promises;
mod sqlite;
