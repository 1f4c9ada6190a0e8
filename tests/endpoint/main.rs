//! The endpoints over HTTP: what they read, what they answer, and what they say of themselves.

mod cookies;
mod cookies_missing;
mod cors;
mod edge;
mod former_hashes;
mod guides;
mod input;
mod mcp;
mod mounting;
mod moving;
mod no_login;
mod openapi;
mod openapi_answers;
mod own_login;
mod parameters;
mod reauthenticate;
mod renewal;
mod resource_metadata;
mod server_metadata;
mod shaped;
mod throttled;
mod ticket;
mod token;
mod unneeded;
