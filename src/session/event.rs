//! [`AuthEvent`] is what an application is told of its logins.

use std::net::IpAddr;
use std::time::Duration;

use crate::bearer::BearerErrorKind;
use crate::clock::Timestamp;
use crate::names::{SessionId, Subject};
use crate::store::RevocationReason;
use crate::throttle::{Familiarity, NameTag, ThrottledBy};

/// Something that happened to a login, a session or an access token. The subscriber of
/// [`SessionsBuilder::events`](crate::session::SessionsBuilder::events) is called with it.
///
/// It never has a token, a password, or the name that was typed at a login that was refused: users
/// type passwords there. What is not known is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthEvent {
    pub(super) kind: AuthEventKind,
    pub(super) at: Timestamp,
    pub(super) subject: Option<Subject>,
    pub(super) session: Option<SessionId>,
    pub(super) client_address: Option<IpAddr>,
    pub(super) device: Option<String>,
    pub(super) familiarity: Option<Familiarity>,
}

/// The kinds of [`AuthEvent`]. `docs/running.md` has the log line of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthEventKind {
    /// A user logged in, and a session began.
    LoggedIn,
    /// A login or a re-authentication was refused, or an attempt of the application's own login
    /// handler failed.
    #[non_exhaustive]
    LoginRefused {
        /// The `reason` of the response, as in `credentials_invalid`.
        reason: &'static str,
    },
    /// There were too many attempts, so the password was not looked at. There is an event for each
    /// attempt, and a log line for the first of a network and a counter in a minute.
    #[non_exhaustive]
    LoginThrottled {
        /// The counter that refused.
        by: ThrottledBy,
        /// Which name was typed, without the name.
        name_tag: NameTag,
        /// The whole seconds of `Retry-After`.
        retry_after: Duration,
    },
    /// A refresh token was exchanged for new tokens.
    Refreshed,
    /// A refresh token was presented again whose response was lost, and the client received its
    /// successor once more.
    Recovered,
    /// A refresh token was refused.
    #[non_exhaustive]
    RefreshRefused {
        /// The `reason` of the response, as in `session_expired`.
        reason: &'static str,
    },
    /// A used refresh token was presented, so there may be a stolen copy (RFC 9700 section 4.14.2).
    /// The session ends: `SessionRevoked` and `RefreshRefused` follow.
    RefreshTokenReused(ReuseEvidence),
    /// A user proved again who they are, within their session (RFC 9470).
    Reauthenticated,
    /// A user ended a session, their own or another one in their list.
    LoggedOut,
    /// A session was ended by something else. One that ended as
    /// [`Unanswered`](RevocationReason::Unanswered) had never been logged in.
    #[non_exhaustive]
    SessionRevoked {
        /// The cause.
        because: RevocationReason,
    },
    /// Several sessions of one user were ended in one call. If they were erased, the user is not
    /// named.
    #[non_exhaustive]
    SessionsRevoked {
        /// The cause.
        because: RevocationReason,
        /// How many there were.
        sessions: u64,
    },
    /// A layer of the sessions refused an access token. A request without a token is not an event.
    #[non_exhaustive]
    AccessTokenRefused {
        /// The reason.
        kind: BearerErrorKind,
    },
}

/// What is known about a refresh token that was used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ReuseEvidence {
    /// The generation that was presented.
    pub presented: u32,
    /// The current generation of the session.
    pub current: u32,
    /// When the current generation was made. `None` means long ago.
    pub rotated_at: Option<Timestamp>,
    /// Whether the client has proved that it received the current generation.
    pub confirmed: bool,
    /// How many generations in a row were recovered.
    pub recoveries: u8,
}

impl AuthEvent {
    /// Returns what happened.
    #[must_use]
    pub fn kind(&self) -> AuthEventKind {
        self.kind
    }

    /// Returns when it happened, by the clock of the sessions.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Returns the user of these sessions. An access token of another issuer names a user of that
    /// issuer, who is not given here.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.subject.as_ref()
    }

    /// Returns the session. That of an access token of another issuer is not given here.
    #[must_use]
    pub fn session(&self) -> Option<&SessionId> {
        self.session.as_ref()
    }

    /// Returns the client's IP address, found as
    /// [`trusted_proxies`](crate::session::SessionsBuilder::trusted_proxies) says.
    #[must_use]
    pub fn client_address(&self) -> Option<IpAddr> {
        self.client_address
    }

    /// Returns the device of the session. The client has named it.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    /// Returns how well the account knows the client of a [login](AuthEventKind::LoggedIn): a
    /// stranger may be worth a message to the user. It is `None` for other events, where the
    /// throttle is off, and for a session that the application
    /// [started](crate::Sessions::start) without the [mark](crate::Identity::with_device_mark) of
    /// its attempt.
    ///
    /// ```
    /// use tower_bearer::session::AuthEvent;
    /// use tower_bearer::throttle::Familiarity;
    ///
    /// # fn write_to(_: &str) {}
    /// // For `SessionsBuilder::events`.
    /// fn on_event(event: &AuthEvent) {
    ///     if event.familiarity() == Some(Familiarity::Stranger) {
    ///         write_to("There was a login from a new device.");
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn familiarity(&self) -> Option<Familiarity> {
        self.familiarity
    }
}

impl AuthEventKind {
    /// Returns the stable name of the event, as in `login_refused`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedIn => "logged_in",
            Self::LoginRefused { .. } => "login_refused",
            Self::LoginThrottled { .. } => "login_throttled",
            Self::Refreshed => "refreshed",
            Self::Recovered => "recovered",
            Self::RefreshRefused { .. } => "refresh_refused",
            Self::RefreshTokenReused(_) => "refresh_token_reused",
            Self::Reauthenticated => "reauthenticated",
            Self::LoggedOut => "logged_out",
            Self::SessionRevoked { .. } => "session_revoked",
            Self::SessionsRevoked { .. } => "sessions_revoked",
            Self::AccessTokenRefused { .. } => "access_token_refused",
        }
    }

    /// Returns a stable word that says why, as in `credentials_invalid`, where there is one: the
    /// reason of a refusal, the counter that throttled, the cause of a revocation.
    ///
    /// An access token that the application refused is `denied`, with any reason of its own.
    #[must_use]
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::LoginRefused { reason } | Self::RefreshRefused { reason } => Some(reason),
            Self::LoginThrottled { by, .. } => Some(by.as_str()),
            Self::SessionRevoked { because } | Self::SessionsRevoked { because, .. } => {
                Some(because.as_str())
            }
            Self::AccessTokenRefused { kind } => kind.reason(),
            Self::LoggedIn
            | Self::Refreshed
            | Self::Recovered
            | Self::RefreshTokenReused(_)
            | Self::Reauthenticated
            | Self::LoggedOut => None,
        }
    }
}

/// The reason of a login at an endpoint that ended before its password was judged: the client has
/// hung up, or `authenticate` was too slow.
pub(super) const ABANDONED: &str = "abandoned";
