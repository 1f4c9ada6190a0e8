//! The client's half, against the real server.

mod answers;
mod failures;
mod files;
mod foreign_store;
mod forgotten;
mod line;
mod loopback;
mod marks;
mod pace;
mod processes;
mod reauthenticate;
mod redirects;
mod replaced;
mod requests;
mod resend;
mod scope;
mod settings;
mod shared_store;
mod shelf;
mod slow_store;
mod stores;
mod turns;
mod unreadable;
mod versions;
mod walk;
mod world;
