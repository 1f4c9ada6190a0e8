//! Names on the wire: who, for whom, which session, and what is allowed.

mod name;
mod scope;
mod session_id;

pub use name::{Audience, Issuer, Subject};
pub use scope::{InvalidScope, Scope};
pub use session_id::{InvalidSessionId, SessionId};

pub(crate) use session_id::SessionClaims;
