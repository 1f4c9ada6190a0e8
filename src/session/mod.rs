//! [`Sessions`] is the login flow: it logs in, refreshes and logs out.
//!
//! **Each login is one row.** A session begins with a login and is kept in a
//! [`SessionStore`](crate::store::SessionStore). Its refresh token changes at every use, and each
//! refresh token is one *generation* of the session. The row has the number of the current
//! generation, and nothing from which a token could be made.
//!
//! **Honest users stay logged in.** Tabs that refresh at once all receive the identical successor,
//! within the [overlap](SessionPolicy::with_overlap). A client that lost a response may ask again,
//! even hours later, as long as no access token of the lost response has been seen. A round trip
//! plus clock skew must stay below half the overlap.
//!
//! **Theft is noticed.** A used refresh token that is presented again ends its session, with a log
//! event that has the evidence. A thief who presents their copy within the overlap of every honest
//! refresh is not noticed. A thief who never uses an access token is noticed after eight
//! generations.
//!
//! **A logout reaches access tokens.** It counts with the very next request on this process, and
//! within a second on others, or in milliseconds where the store announces it. [`StoreOutage`] says
//! what happens while the store cannot be asked.
//!
//! `Sessions` do not use HTTP: see [`AuthEndpoints`](crate::AuthEndpoints).

mod accounts;
mod any_credentials;
mod attempt;
mod authenticate;
mod authenticate_fn;
mod authorization;
mod builder;
mod candidates;
mod client_doubts;
mod credentials;
mod denial;
mod ended;
mod erasure;
mod error;
mod event;
#[cfg(feature = "metrics")]
mod event_counter;
mod events;
#[cfg(test)]
mod explorer;
mod feed;
mod health;
mod idle;
mod layer;
mod login;
mod logout;
mod most_sessions;
mod names;
mod outage;
mod outcome;
mod own;
mod own_row;
mod policy;
mod reauthenticate;
mod received_tokens;
mod refresh;
mod refresh_token;
mod reuse;
mod revoked;
mod rotation;
mod sessions;
mod set_data;
mod set_stamp;
mod start;
mod sync;
mod throttled_lines;
mod to_the_end;
mod token_response;
mod unanswered;
mod untold;

pub use attempt::LoginAttempt;
pub use authenticate::Authenticate;
pub use authenticate_fn::{AuthenticateFn, AuthorizeFn, authenticate_fn, authorize_fn};
pub use authorization::{Authorization, AuthorizeRequest};
pub use builder::SessionsBuilder;
pub use credentials::{LoginCredentials, NoCredentials, PasswordCredentials};
pub use ended::Ended;
pub use erasure::Erasure;
pub use error::{SessionError, SessionErrorKind};
pub use event::{AuthEvent, AuthEventKind, ReuseEvidence};
pub use idle::IdlePulls;
pub use login::Login;
pub use outage::StoreOutage;
pub use outcome::Outcome;
pub use policy::SessionPolicy;
pub use received_tokens::ReceivedTokens;
pub use refresh::Refresh;
pub use sessions::Sessions;
pub use token_response::TokenResponse;

pub use crate::request_context::RequestContext;

pub(crate) use any_credentials::AnyCredentials;
#[cfg(feature = "cookie")]
pub(crate) use refresh_token::compare_generations;
