//! [`BearerErrorKind`] has the reasons of a rejection, and the words for them.

/// The reasons for which a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BearerErrorKind {
    /// The request has no credentials, or those of another scheme.
    MissingToken,
    /// The request has two tokens, two `Authorization` headers, or one without a token.
    MalformedToken,
    /// The token is larger than the layer reads. Another login would give the client the same
    /// token, so this is not a 401.
    TokenTooLarge,
    /// The token is not one that the layer accepts: it is malformed, or from another issuer, or for
    /// another audience, for example.
    InvalidToken,
    /// The token has expired, so the client has to refresh.
    TokenExpired,
    /// The token is bound to a key of its sender (`cnf`, RFC 7800), and nothing here proves that
    /// key.
    ProofNeeded,
    /// The session was ended before the token expired.
    SessionRevoked,
    /// [`LoadUser`](crate::LoadUser) no longer knows the user.
    UserGone,
    /// The token's scope does not allow this.
    InsufficientScope,
    /// The user authenticated too long ago for this, or in a way that is too weak (RFC 9470).
    InsufficientUserAuthentication,
    /// A condition of the application refuses this: see [`denied`](crate::BearerError::denied).
    Denied,
    /// Users, revocations or the issuer's keys cannot be loaded now.
    Unavailable,
    /// The layer is missing, or loads another type of user.
    Misconfigured,
}

impl BearerErrorKind {
    /// Returns the stable word for programs. It is `None` if the server failed.
    pub(crate) fn reason(self) -> Option<&'static str> {
        match self {
            Self::MissingToken => Some("token_missing"),
            Self::MalformedToken => Some("token_malformed"),
            Self::TokenTooLarge => Some("token_too_large"),
            Self::InvalidToken => Some("token_invalid"),
            Self::TokenExpired => Some("token_expired"),
            Self::ProofNeeded => Some("proof_needed"),
            Self::SessionRevoked => Some("session_revoked"),
            Self::UserGone => Some("user_gone"),
            Self::InsufficientScope => Some("scope_missing"),
            Self::InsufficientUserAuthentication => Some("authentication_too_old"),
            Self::Denied => Some("denied"),
            Self::Unavailable | Self::Misconfigured => None,
        }
    }

    /// Returns the sentence for people.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::MissingToken => "an access token is needed",
            Self::MalformedToken => "the Authorization header is malformed",
            Self::TokenTooLarge => "the access token is too large",
            Self::InvalidToken => "the access token is invalid",
            Self::TokenExpired => "the access token has expired",
            Self::ProofNeeded => "the access token needs a proof of its key",
            Self::SessionRevoked => "the session has ended",
            Self::UserGone => "the user is gone",
            Self::InsufficientScope => "the access token does not allow this",
            Self::InsufficientUserAuthentication => "a more recent authentication is needed",
            Self::Denied => "this is not allowed",
            Self::Unavailable => "try again in a moment",
            Self::Misconfigured => "the server is misconfigured",
        }
    }
}
