//! The keys of an external issuer: fetched, renewed, and kept while it is down.

mod addresses;
mod bad_keys;
mod clients;
mod default_algorithm;
mod discovery;
mod documents;
mod environment;
mod errors;
mod flood;
mod freshness;
mod http;
mod keys;
mod merged;
mod outage;
mod providers;
mod replaced_keys;
mod restarts;
mod retry_after;
mod site;
mod unusable_sets;
