//! [`Session`]: one row a login, whatever the number of refreshes.

use std::fmt;

use super::revocation_reason::RevocationRecord;
use crate::clock::Timestamp;
use crate::names::{SessionId, Subject};

/// A session, as a store keeps it: one row a login.
///
/// It holds nothing that opens anything: a leaked database makes no token. Stores read it by [`parts`](Self::parts) and build it
/// by [`from_parts`](Self::from_parts).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session(SessionParts);

/// All that a row holds.
///
/// The first group is written by `insert` and never again, the second by `replace` (and `confirmed` by `confirm`), the third by `revoke`.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionParts {
    /// The key of the row.
    pub id: SessionId,
    /// Whose session it is. Stores look it up by this too.
    pub subject: Subject,
    /// What the user may recognise it by, such as a browser's name. At most 256 bytes.
    pub device: Option<String>,
    /// When the user logged in.
    pub created_at: Timestamp,
    /// The absolute end.
    pub expires_at: Timestamp,
    /// The hash of [`Grant::with_stamp`](crate::Grant::with_stamp).
    pub stamp: Option<[u8; 16]>,
    /// Whether its access tokens confirm that a refresh token arrived: see [`Grant::without_receipts`](crate::Grant::without_receipts).
    pub receipts: bool,

    /// Which refresh token is the current one.
    pub generation: u32,
    /// When that generation was made, or its overlap opened again. `None`: never rotated.
    pub rotated_at: Option<Timestamp>,
    /// Whether an access token of that generation came back.
    pub confirmed: bool,
    /// How many generations in a row, up to the one before this, needed a recovery.
    pub recoveries: u8,
    /// Whether this generation needed one.
    pub recovered: bool,
    /// The hash of the `Idempotency-Key` of the rotation that made this generation.
    pub retry_key: Option<[u8; 16]>,
    /// Grows by one with every change of the row.
    pub revision: u64,

    /// Why and when the session was ended by somebody.
    pub revoked: Option<RevocationRecord>,
}

impl SessionParts {
    /// A session that has just begun: never refreshed, never revoked, with receipts, without device and stamp.
    #[must_use]
    pub fn new(id: SessionId, subject: Subject, created_at: Timestamp, expires_at: Timestamp) -> Self {
        Self {
            id,
            subject,
            device: None,
            created_at,
            expires_at,
            stamp: None,
            receipts: true,
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

impl Session {
    /// For stores: a row as it was kept.
    #[must_use]
    pub fn from_parts(parts: SessionParts) -> Self {
        Self(parts)
    }

    /// For stores: all that is to be kept.
    #[must_use]
    pub fn parts(&self) -> &SessionParts {
        &self.0
    }

    /// For stores: the row, to be changed.
    #[must_use]
    pub fn into_parts(self) -> SessionParts {
        self.0
    }

    /// What names the session.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.0.id
    }

    /// Whose session it is.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.0.subject
    }

    /// What the user may recognise it by.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        self.0.device.as_deref()
    }

    /// When the user logged in.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// The absolute end: no refresh moves it (OWASP ASVS 7.3.2).
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// When the session was last refreshed, to the overlap; before that, when it began.
    #[must_use]
    pub fn last_used_at(&self) -> Timestamp {
        self.0.rotated_at.unwrap_or(self.0.created_at)
    }

    /// Why and when the session was ended by somebody.
    #[must_use]
    pub fn revoked(&self) -> Option<RevocationRecord> {
        self.0.revoked
    }
}

/// Leaves out the hashes.
impl fmt::Debug for SessionParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionParts")
            .field("id", &self.id)
            .field("subject", &self.subject)
            .field("generation", &self.generation)
            .field("rotated_at", &self.rotated_at)
            .field("confirmed", &self.confirmed)
            .field("revision", &self.revision)
            .field("revoked", &self.revoked)
            .finish_non_exhaustive()
    }
}
