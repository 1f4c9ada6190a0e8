//! The login flow: [`Sessions`] log in, refresh and log out.
//!
//! **One row a login.** A session begins with a login and lives in a
//! [`SessionStore`](crate::SessionStore). Its refresh token changes at every use: each is one
//! *generation* of the session. The row keeps the number of the current one, and nothing that would
//! make a token.
//!
//! **Nobody honest is logged out.** Tabs that refresh at once all receive the identical successor,
//! within the [overlap](SessionPolicy::with_overlap). A client that lost an answer may ask again,
//! hours later too, as long as no access token of the lost answer has been seen. A round
//! trip plus clock skew must stay below half the overlap.
//!
//! **Theft is noticed.** A refresh token that was used up ends its session, with a log event that
//! holds the evidence. Not noticed: a thief who presents their copy within the overlap of every
//! honest refresh. A thief who never uses an access token is seen after eight generations.
//!
//! **A logout reaches access tokens**, on this process with the very next request, on others within
//! a second; in milliseconds, where the store announces it. [`StoreOutage`] says what happens while
//! the store cannot be asked.
//!
//! `Sessions` know no HTTP: see [`AuthEndpoints`](crate::AuthEndpoints).

mod accounts;
mod any_credentials;
mod authenticate;
mod authorization;
mod builder;
mod credentials;
mod denial;
mod ended;
mod error;
#[cfg(test)]
mod explorer;
mod feed;
mod health;
mod layer;
mod login;
mod logout;
mod outage;
mod outcome;
mod own;
mod policy;
mod received_tokens;
mod refresh;
mod refresh_token;
mod rotation;
mod sessions;
mod start;
mod sync;
mod token_response;
mod unanswered;

pub use authenticate::Authenticate;
pub use authorization::{Authorization, AuthorizeRequest};
pub use builder::SessionsBuilder;
pub use credentials::{LoginCredentials, NoCredentials, PasswordCredentials};
pub use ended::Ended;
pub use error::{SessionError, SessionErrorKind};
pub use login::Login;
pub use outage::StoreOutage;
pub use outcome::Outcome;
pub use policy::SessionPolicy;
pub use received_tokens::ReceivedTokens;
pub use refresh::Refresh;
pub use sessions::Sessions;
pub use token_response::TokenResponse;

pub(crate) use any_credentials::AnyCredentials;
pub(crate) use denial::Denial;
#[cfg(feature = "cookie")]
pub(crate) use refresh_token::compare_generations;
