//! Real processes: two servers on one store, and stores that are killed, paused and set back.
//! `tests/run` finds the programs.

mod cluster;
mod example;
mod guesses;
mod kills;
mod logouts;
mod logouts_in_failover;
mod lost_writes;
mod memory;
mod one_token;
mod partition;
mod pauses;
mod pool;
mod postgres;
mod private_servers;
mod proxy;
mod refusing;
mod replicas;
mod rows;
mod set_back;
mod site;
mod storm;
