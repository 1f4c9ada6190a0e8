//! [`SessionParts`] are the fields of a session's row.

use std::fmt;
use std::time::Duration;

use super::more::More;
use super::revocation_reason::RevocationRecord;
use super::session_kind::SessionKind;
use super::session_owner::SessionOwner;
use crate::clock::Timestamp;
use crate::limits;
use crate::names::{SessionId, Subject};

/// The fields of a session's row.
///
/// [`insert`](super::SessionStore::insert) writes all of them.
/// [`replace`](super::SessionStore::replace) writes the second group, from `owner` to `revision`.
/// `confirm` writes `confirmed`, `revoke` writes `revoked`, and each of these raises `revision`.
/// Later versions may add fields, so start from [`new`](Self::new):
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::store::SessionParts;
/// use tower_bearer::clock::{Clock, SystemClock};
/// use tower_bearer::names::SessionId;
/// use tower_bearer::store::Session;
///
/// let now = SystemClock.now();
/// let (id, end) = (SessionId::from_bytes([7; 16]), now + Duration::from_secs(3600));
/// let mut parts = SessionParts::new(id, "alice".into(), now, end);
/// parts.device = Some("a laptop".into());
/// let session = Session::from_parts(parts);
/// assert_eq!(session.device(), Some("a laptop"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionParts {
    /// The key of the row.
    pub id: SessionId,
    /// The user of the session. Stores also find sessions by this field.
    pub subject: Subject,
    /// What the session is for.
    pub kind: SessionKind,
    /// When the session began.
    pub created_at: Timestamp,
    /// When the absolute lifetime ends.
    pub expires_at: Timestamp,

    /// The application that the session belongs to.
    pub owner: SessionOwner,
    /// A name by which the user may recognise the session, such as that of a browser. It has at
    /// most 256 bytes.
    pub device: Option<String>,
    /// The hash of [`Identity::with_stamp`](crate::Identity::with_stamp).
    pub stamp: Option<[u8; 16]>,
    /// Whether its access tokens confirm that a refresh token has arrived: see
    /// [`Identity::without_receipts`](crate::Identity::without_receipts).
    pub receipts: bool,
    /// How long this session may be idle, in whole milliseconds, or `None` if the application's
    /// policy decides.
    pub idle_timeout: Option<Duration>,
    /// Whether its cookies are forgotten when the browser closes.
    pub until_browser_closes: bool,
    /// When the user authenticated, or `None` if that was when the session began.
    pub authenticated_at: Option<Timestamp>,
    /// Data of the application, as JSON of at most [4 KiB](Self::MAX_DATA_BYTES).
    pub data: Option<Box<[u8]>>,
    /// Data of later versions of this crate.
    pub more: More,
    /// The generation of the current refresh token.
    pub generation: u32,
    /// When that generation was made, or its overlap opened again. It is `None` if the token was
    /// never rotated.
    pub rotated_at: Option<Timestamp>,
    /// Whether an access token of that generation came back from the client.
    pub confirmed: bool,
    /// How many generations in a row, up to the one before this, needed a recovery.
    pub recoveries: u8,
    /// Whether this generation needed a recovery.
    pub recovered: bool,
    /// The hash of the `Idempotency-Key` of the rotation that made this generation.
    pub retry_key: Option<[u8; 16]>,
    /// The revision, which grows by one with every change of the row.
    pub revision: u64,

    /// Why and when the session was revoked, or `None` if it was not.
    pub revoked: Option<RevocationRecord>,
}

impl SessionParts {
    /// The maximum number of bytes of [`data`](Self::data) that this crate gives to a store.
    pub const MAX_DATA_BYTES: usize = limits::MAX_DATA_BYTES;

    /// Makes the row of a new login, which was never refreshed or revoked, has receipts, and has
    /// nothing that is optional.
    #[must_use]
    pub fn new(
        id: SessionId,
        subject: Subject,
        created_at: Timestamp,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            id,
            subject,
            kind: SessionKind::LOGIN,
            created_at,
            expires_at,
            owner: SessionOwner::default(),
            device: None,
            stamp: None,
            receipts: true,
            idle_timeout: None,
            until_browser_closes: false,
            authenticated_at: None,
            data: None,
            more: More::default(),
            generation: 0,
            rotated_at: None,
            confirmed: false,
            recoveries: 0,
            recovered: false,
            retry_key: None,
            revision: 0,
            revoked: None,
        }
    }
}

/// Leaves out hashes and data.
impl fmt::Debug for SessionParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionParts")
            .field("id", &self.id)
            .field("subject", &self.subject)
            .field("kind", &self.kind)
            .field("owner", &self.owner)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .field("generation", &self.generation)
            .field("rotated_at", &self.rotated_at)
            .field("confirmed", &self.confirmed)
            .field("revision", &self.revision)
            .field("revoked", &self.revoked)
            .finish_non_exhaustive()
    }
}
