//! Sessions: how they begin, how they go on, and how they end.

mod causes;
mod data;
mod erasure;
mod events;
mod frozen;
mod idle;
mod impersonation;
mod later_versions;
mod login;
mod logout;
mod lost_rows;
mod many_revocations;
#[cfg(feature = "metrics")]
mod metrics;
mod nodes;
mod other_processes;
mod own_sessions;
mod pages;
mod passwords;
mod reauthenticate;
mod refresh;
mod revocation;
mod settings;
mod stamps;
mod store_hangs;
mod store_outage;
mod store_set_back;
