//! The stores that need no server.

mod faulty;
mod faulty_fields;
mod opening;
mod promises;
mod sqlite;
