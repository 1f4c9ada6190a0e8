//! The stores that need no server.

mod backup;
mod commits;
mod ephemeral;
mod example;
mod faulty;
mod forgetful;
mod memory;
mod opening;
mod promises;
mod secure_delete;
mod sqlite;
