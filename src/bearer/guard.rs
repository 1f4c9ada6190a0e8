//! [`Guard`] is what a token has to allow.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::error::BearerError;
use crate::error::BoxError;
use crate::names::{IntoScope, Scope};
use crate::token::{AccessTokenClaims, Verifiers};

/// A requirement on a valid token.
#[derive(Clone)]
pub(super) enum Guard {
    /// All words of a scope.
    Scope(Scope),
    /// All words of one of these.
    AnyScope(Arc<[Scope]>),
    /// The user authenticated at most so long ago.
    MaxAge(Duration),
    /// A condition of the application.
    Condition(Arc<Condition>),
}

type Condition = dyn Fn(&AccessTokenClaims) -> Result<bool, BoxError> + Send + Sync;

impl Guard {
    #[track_caller]
    pub(super) fn any_scope<S: IntoScope>(scopes: impl IntoIterator<Item = S>) -> Self {
        let mut all = Vec::new();
        // This is a loop, so that the panic of a wrong literal names the caller.
        for scope in scopes {
            all.push(scope.into_scope());
        }
        Self::AnyScope(all.into())
    }

    pub(super) fn condition<F>(condition: F) -> Self
    where
        F: Fn(&AccessTokenClaims) -> Result<bool, BoxError> + Send + Sync + 'static,
    {
        Self::Condition(Arc::new(condition))
    }

    /// Checks a token. `verifiers` are those of the layer that let it through, and have the clock.
    pub(super) fn check(
        &self,
        claims: &AccessTokenClaims,
        verifiers: &Verifiers,
    ) -> Result<(), BearerError> {
        match self {
            Self::Scope(scope) => check_scope(scope, claims),
            Self::AnyScope(scopes) => {
                if scopes
                    .iter()
                    .any(|scope| scope.is_subset_of(claims.scope()))
                {
                    return Ok(());
                }
                // A challenge cannot say "or" (RFC 6750 section 3): it names the first.
                Err(scopes
                    .first()
                    .map_or_else(|| denied(None), BearerError::insufficient_scope))
            }
            Self::MaxAge(max_age) if verifiers.is_recent(claims, *max_age) => Ok(()),
            Self::MaxAge(max_age) => Err(BearerError::insufficient_user_authentication(*max_age)),
            Self::Condition(condition) => match condition(claims) {
                Ok(true) => Ok(()),
                Ok(false) => Err(denied(None)),
                Err(cause) => Err(own_refusal(cause).unwrap_or_else(|cause| denied(Some(cause)))),
            },
        }
    }
}

/// Returns the refusal that the application's own code chose, if it chose one.
pub(super) fn own_refusal(cause: BoxError) -> Result<BearerError, BoxError> {
    cause.downcast::<BearerError>().map(|error| *error)
}

pub(super) fn check_scope(needed: &Scope, claims: &AccessTokenClaims) -> Result<(), BearerError> {
    // Without a need the scope of the token is not even read.
    if needed.is_empty() || needed.is_subset_of(claims.scope()) {
        Ok(())
    } else {
        Err(BearerError::insufficient_scope(needed))
    }
}

fn denied(cause: Option<BoxError>) -> BearerError {
    let error =
        BearerError::denied("denied").with_description("the access token does not allow this");
    match cause {
        Some(cause) => error.with_cause(cause),
        None => error,
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(scope) => write!(f, "Scope({:?})", scope.as_str()),
            Self::AnyScope(scopes) => f.debug_tuple("AnyScope").field(scopes).finish(),
            Self::MaxAge(max_age) => write!(f, "MaxAge({max_age:?})"),
            Self::Condition(_) => f.write_str("Condition"),
        }
    }
}
