//! A logout ends a session: on this process at once, on others when they learn of it.

use std::collections::HashSet;
use std::net::IpAddr;

use zeroize::Zeroizing;

use super::ended::Ended;
use super::error::SessionError;
use super::event::AuthEventKind;
use super::events::Whose;
use super::sessions::Sessions;
use super::to_the_end::to_the_end;
use crate::clock::Timestamp;
use crate::limits::{MAX_LEEWAY, REFRESH_DEADLINE, with_timeout};
use crate::names::SessionId;
use crate::request_context::RequestContext;
use crate::revocation::ensure_started;
use crate::store::{RevocationReason, Session};
use crate::token::AccessTokenClaims;

/// The session that a token belongs to, and what is known of it.
pub(super) struct SessionOfToken {
    pub(super) id: SessionId,
    row: Option<Session>,
    claims: Option<AccessTokenClaims>,
}

impl Sessions {
    /// Ends the session that `token` belongs to: a refresh token of any generation, or an access
    /// token, expired or not (RFC 7009). Returns whether a session was ended.
    ///
    /// A token that does not belong to a session is not an error.
    ///
    /// # Errors
    ///
    /// `Unavailable`: the store did not answer, or not within 30 seconds. Try again.
    pub async fn log_out(&self, token: &str) -> Result<Ended, SessionError> {
        self.log_out_at(token, None).await
    }

    /// Does the same for a request from this address.
    pub(crate) async fn log_out_at(
        &self,
        token: &str,
        client: Option<IpAddr>,
    ) -> Result<Ended, SessionError> {
        let (sessions, token) = (self.clone(), owned(token));
        to_the_end(&self.0.unattended, async move {
            sessions.end_session_of(&token, client).await
        })
        .await
    }

    async fn end_session_of(
        &self,
        token: &str,
        client: Option<IpAddr>,
    ) -> Result<Ended, SessionError> {
        let log_out = async {
            match self.session_of(token).await? {
                Some(session) => {
                    let whose = session.whose().at(client);
                    self.end_of_token(&session, whose).await
                }
                None => Ok(Ended::sessions(0)),
            }
        };
        with_timeout(REFRESH_DEADLINE, log_out)
            .await
            .map_err(SessionError::logged)
    }

    /// Ends the sessions of all these tokens, as [`one_of_each`](Self::one_of_each) chooses them.
    pub(crate) async fn log_out_all_at(
        &self,
        tokens: Vec<&str>,
        client: Option<IpAddr>,
    ) -> Result<(), SessionError> {
        let tokens: Vec<_> = self.one_of_each(tokens).into_iter().map(owned).collect();
        let sessions = self.clone();
        to_the_end(&self.0.unattended, async move {
            for token in tokens {
                sessions.end_session_of(&token, client).await?;
            }
            Ok(())
        })
        .await
    }

    /// Returns one refresh token of each session, and the first few other tokens. A browser may
    /// hold many tokens of one session, and a stranger may send hundreds.
    pub(super) fn one_of_each<'t>(&self, tokens: Vec<&'t str>) -> Vec<&'t str> {
        let (mut known, mut others) = (HashSet::new(), 0);
        let counts = |token: &&str| match self.0.keys.parse(token) {
            Some(presented) => known.insert(presented.id),
            None => {
                others += 1;
                others <= MOST_ACCESS_TOKENS
            }
        };
        tokens.into_iter().filter(counts).collect()
    }

    /// Returns the session of a token of this application. A session whose row is missing from a
    /// restored store counts too, because there may be access tokens of it.
    pub(super) async fn session_of(
        &self,
        token: &str,
    ) -> Result<Option<SessionOfToken>, SessionError> {
        if let Some(presented) = self.0.keys.parse(token) {
            let id = presented.id;
            let row = self.0.store.find(&id).await?;
            let is_own = row.as_ref().is_none_or(|row| self.owns(row));
            return Ok(is_own.then_some(SessionOfToken {
                id,
                row,
                claims: None,
            }));
        }
        Ok(self.claims_but_for_expiry(token).and_then(|claims| {
            Some(SessionOfToken {
                id: *claims.session_id()?,
                row: None,
                claims: Some(claims),
            })
        }))
    }

    /// Returns the claims of an access token of these sessions, which may have expired.
    pub(super) fn claims_but_for_expiry(&self, token: &str) -> Option<AccessTokenClaims> {
        self.verifiers()
            .find_map(|verifier| verifier.verify_but_for_expiry(token).ok())
    }

    /// Returns whether it is a session of this application. Another application, with another
    /// issuer, may use the same store, secret and audience. Then the tags of its refresh tokens are
    /// valid here too.
    pub(super) fn owns(&self, session: &Session) -> bool {
        self.0.owners.contains(&session.parts().owner)
    }

    /// Ends the session that a client logs out of.
    ///
    /// A store revokes no session that it does not know. So where the row was lost, it is told by
    /// itself of the logout: other processes refuse the access tokens then. This process tells it
    /// about once of each session, and each has cost the client a login.
    async fn end_of_token(
        &self,
        session: &SessionOfToken,
        whose: Whose<'_>,
    ) -> Result<Ended, SessionError> {
        let (id, untold) = (&session.id, &self.0.untold);
        let was_known = self.sync().revocations().contains(id) && !untold.contains(id);
        let ended = self.end(id, RevocationReason::LoggedOut, whose).await?;
        if ended.any() || was_known || !session.may_have_access_tokens(self.now()) {
            return Ok(ended);
        }
        untold.add(*id);
        if self.0.store.find(id).await?.is_none() {
            self.0.store.assert_revoked(&[*id], self.now()).await?;
        }
        untold.remove(id);
        Ok(ended)
    }

    /// Ends the session even if the client hangs up.
    pub(super) async fn end_for_good(
        &self,
        session: &Session,
        reason: RevocationReason,
        context: Option<&RequestContext>,
    ) -> Result<(), SessionError> {
        let (sessions, session, context) = (self.clone(), session.clone(), context.cloned());
        to_the_end(&self.0.unattended, async move {
            let whose = Whose::of_session(&session).from(context.as_ref());
            let end = sessions.end(session.id(), reason, whose);
            let ended = with_timeout(REFRESH_DEADLINE, end).await.map(drop);
            // The caller may be gone.
            let client = context.as_ref().and_then(RequestContext::client_address);
            ended.map_err(|error| error.logged_at(client))
        })
        .await
    }

    pub(super) async fn end(
        &self,
        id: &SessionId,
        reason: RevocationReason,
        whose: Whose<'_>,
    ) -> Result<Ended, SessionError> {
        ensure_started(self.sync());
        let ended = self.0.store.revoke(id, reason.at(self.now())).await?;
        self.sync().revocations().enter(*id);
        if ended {
            tracing::info!(session = %id, because = reason.as_str(), "session ended");
            self.tell(
                match reason {
                    RevocationReason::LoggedOut => AuthEventKind::LoggedOut,
                    because => AuthEventKind::SessionRevoked { because },
                },
                whose,
            );
        }
        Ok(Ended::sessions(u64::from(ended)))
    }
}

impl SessionOfToken {
    /// Returns whether an access token of the session may still be accepted: any one where this is
    /// a refresh token, which has no expiry of its own.
    fn may_have_access_tokens(&self, now: Timestamp) -> bool {
        let claims = self.claims.as_ref();
        claims.is_none_or(|claims| now < claims.expires_at() + MAX_LEEWAY)
    }

    pub(super) fn whose(&self) -> Whose<'_> {
        let row = self.row.as_ref().map(Whose::of_session);
        row.or_else(|| self.claims.as_ref().map(Whose::of_claims))
            .unwrap_or(Whose::of_id(&self.id))
    }
}

/// Copies a token for a task of its own.
fn owned(token: &str) -> Zeroizing<String> {
    Zeroizing::new(token.to_owned())
}

/// A browser has one in each cookie of that name, of which there are two at most, and a client may
/// send one in the header. To look at one is as dear as its signature.
const MOST_ACCESS_TOKENS: usize = 4;
