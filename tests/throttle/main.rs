//! The login throttle: its promises one by one, and a simulation of strangers and owners.
//!
//! The tables that it reproduces are in small here. In full, which `.ci/run` does too, optimised:
//!
//! ```sh
//! cargo test --all-features --test throttle \
//!     --config profile.dev.package.tower-bearer.opt-level=3 -- --ignored --nocapture
//! ```

mod crowds;
mod door;
mod full;
mod guessing;
mod memory;
mod mutants;
mod owner;
mod pace;
mod promises;
mod settings;
mod siege;
mod small;
mod stuffing;
mod success;
mod world;
