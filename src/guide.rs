//! Guides: one job each, with programs that compile.
//!
//! | you want to | read |
//! |---|---|
//! | add a login to an Axum application with a users table | [`sql_users`] |
//! | keep your own login handler, ask for a second factor or a mailed code, send other statuses or other JSON | [`own_login`] |
//! | log users in on a web page | [`browser`] |
//! | log users in from a phone, a command line or another server; see every status | [`clients`] |
//! | say what a user may do, for each route and method | [`scopes`] |
//! | change passwords, suspend, delete, log out other devices, act as a user | [`accounts`] |
//! | know what a refresh does with two tabs, a lost response and a thief | [`refresh`] |
//! | test your routes | [`testing`] |
//! | replace `jsonwebtoken`, jwt-authorizer or axum-login, without a logout | [`moving`] |
//! | find the words of FastAPI, Django or Spring | [`coming_from`] |
//! | accept the tokens of an identity provider; serve MCP and WebSockets | [`issuers`] |
//! | serve gRPC with Tonic | [`grpc`] |
//! | keep sessions beside sqlx 0.8, SeaORM, Diesel or tokio-postgres | [`databases`] |
//! | run several instances, change secrets, bound guesses, watch it | [`running`] |
//! | size, secure, back up and restore PostgreSQL, Redis or SQLite | [`stores`] |
//! | run it behind a proxy | [`proxy`] |
//! | see the settings that most applications need; accept API keys | [`recipes`] |
//! | know which versions of other crates a release supports | [`versions`] |

// Each guide defines its links for readers of the repository. Those of `links.md` come first, so
// they count here.

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/sql_users.md")]
pub mod sql_users {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/own_login.md")]
pub mod own_login {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/browser.md")]
pub mod browser {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/clients.md")]
pub mod clients {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/scopes.md")]
pub mod scopes {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/accounts.md")]
pub mod accounts {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/refresh.md")]
pub mod refresh {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/moving.md")]
pub mod moving {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/coming_from.md")]
pub mod coming_from {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/guide/recipes.md")]
pub mod recipes {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/issuers.md")]
pub mod issuers {}

// `examples/tonic` compiles its programs.
#[doc = include_str!("guide/links.md")]
#[cfg_attr(not(doctest), doc = include_str!("../docs/guide/grpc.md"))]
pub mod grpc {}

// `tests/sqlx08` compiles its programs, with the libraries that they need.
#[doc = include_str!("guide/links.md")]
#[cfg_attr(not(doctest), doc = include_str!("../docs/databases.md"))]
pub mod databases {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/running.md")]
pub mod running {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/stores.md")]
pub mod stores {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/proxy.md")]
pub mod proxy {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../docs/versions.md")]
pub mod versions {}

// The programs of pages that are not guides are compiled here.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("../llms.txt")]
mod llms {}
