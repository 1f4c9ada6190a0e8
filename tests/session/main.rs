//! Sessions: how they begin, how they go on, and how they end.

#[path = "../support/store.rs"]
mod failing_store;
#[path = "../support/log.rs"]
mod log;
#[path = "../support/login.rs"]
mod login_flow;
#[path = "../support/request.rs"]
mod request_flow;

mod login;
mod logout;
mod other_processes;
mod own_sessions;
mod passwords;
mod refresh;
mod revocation;
mod store_hangs;
mod store_outage;
mod store_set_back;
