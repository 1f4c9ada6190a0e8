//! The names in tokens: subject, issuer, audience, session id and scope.

mod audience;
mod into_scope;
mod issuer;
mod scope;
mod service_name;
mod session_id;
mod subject;

pub use audience::Audience;
pub use into_scope::IntoScope;
pub use issuer::Issuer;
pub use scope::{InvalidScope, Scope};
pub use session_id::{InvalidSessionId, SessionId};
pub use subject::Subject;

pub(crate) use session_id::SessionClaims;
