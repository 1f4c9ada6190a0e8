//! The keys of an external issuer: fetched, renewed, and kept while it is down.

mod addresses;
mod bad_keys;
mod discovery;
mod documents;
mod flood;
mod freshness;
mod http;
mod keys;
mod outage;
mod providers;
mod restarts;
mod site;
