//! The stores that need no server.

mod faulty;
mod promises;
mod sqlite;
