//! The examples, as a stranger would start them, and the documents beside them.

mod client;
mod explain;
mod external_issuer;
mod fail2ban;
mod guides;
mod issuer;
mod logins;
mod second_factor;
mod server;
mod server_docs;
mod sqlite;
