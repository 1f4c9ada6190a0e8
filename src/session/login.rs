//! A login: authenticate, insert, ask what is granted, sign.

use super::authenticate::Authenticate;
use super::error::{SessionError, SessionErrorKind};
use super::refresh_token::Rid;
use super::sessions::Sessions;
use super::sync::DEADLINE;
use super::token_response::TokenResponse;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::revocation::ensure_started;
use crate::store::{Revoked, Session, SessionParts};
use crate::token::Grant;

impl<A: Authenticate> Sessions<A> {
    /// Checks credentials, and starts a session. `device` is what the user may recognise it by later.
    ///
    /// # Errors
    ///
    /// `CredentialsInvalid`; `UserGone` if the user's credentials changed meanwhile; `Unavailable`, also if `authenticate` takes more than 30
    /// seconds, or the rest; `Misconfigured` if the grant cannot be.
    pub async fn log_in(&self, credentials: A::Credentials, device: Option<&str>) -> Result<TokenResponse, SessionError> {
        let authenticate = async { self.accounts.authenticate(credentials).await.map_err(SessionError::unavailable) };
        let grant = with_timeout(REFRESH_DEADLINE, authenticate).await?;
        let Some(grant) = grant else {
            tracing::info!("login refused: wrong credentials");
            return Err(SessionError::new(SessionErrorKind::CredentialsInvalid));
        };
        self.start(grant, device).await
    }

    /// Starts a session for a user whom the application has already recognised: by a second factor, by an identity provider.
    ///
    /// **The tokens are made from what [`Authenticate::renew`] grants**, which is asked once the session is there: what holds at every refresh
    /// holds from the beginning. Subject, stamp and receipts are those of `grant`, and `renew` has to give the same subject and stamp. So a
    /// login that was under way while the password changed does not survive it.
    ///
    /// # Errors
    ///
    /// `UserGone`, `Unavailable`, `Misconfigured`, as for [`log_in`](Self::log_in).
    pub async fn start(&self, grant: Grant, device: Option<&str>) -> Result<TokenResponse, SessionError> {
        ensure_started(&self.sync);
        let rid = Rid::random().map_err(|error| SessionError::unavailable(error.to_string()))?;
        let session = self.new_session(&rid, &grant, device);
        let outcome = with_timeout(REFRESH_DEADLINE, self.insert_and_answer(&session, &rid, &grant)).await;
        match &outcome {
            Ok(_) => tracing::info!(session = %session.id(), subject = %session.subject(), "logged in"),
            // It has been ended.
            Err(error) if error.kind() == SessionErrorKind::UserGone => {}
            // Nobody holds a token of it. If this fails too, it ends by itself.
            Err(_) => drop(with_timeout(DEADLINE, self.end(session.id(), Revoked::UserGone)).await),
        }
        outcome
    }

    pub(super) fn new_session(&self, rid: &Rid, grant: &Grant, device: Option<&str>) -> Session {
        let now = self.now();
        Session::from_parts(SessionParts {
            device: device.map(shortened).filter(|device| !device.is_empty()),
            stamp: grant.stamp(),
            receipts: grant.receipts(),
            ..SessionParts::new(rid.session_id(), grant.subject().clone(), now, now + self.policy.in_all)
        })
    }

    pub(super) async fn insert_and_answer(
        &self,
        session: &Session,
        rid: &Rid,
        grant: &Grant,
    ) -> Result<TokenResponse, SessionError> {
        self.store.insert(session).await?;
        let renewed = self.renewed(session).await;
        warn_of_difference(grant, renewed.as_ref());
        self.response(session, rid, &renewed?)
    }
}

/// Both grants come from the application. Where they differ it is a change that has just happened, or a mistake that shows nowhere else.
fn warn_of_difference(asked: &Grant, renewed: Result<&Grant, &SessionError>) {
    match renewed {
        Ok(renewed) if !renewed.has_same_claims(asked) => tracing::warn!(
            subject = %asked.subject(),
            "`renew` grants another scope or other claims than the login; those of `renew` count"
        ),
        Err(error) if error.kind() == SessionErrorKind::UserGone => tracing::warn!(
            subject = %asked.subject(),
            "login refused: `renew` grants nothing, or another subject or stamp than the login; both need the same `with_stamp`"
        ),
        _ => {}
    }
}

/// At most 256 bytes, without control characters.
fn shortened(device: &str) -> String {
    let mut short = String::new();
    for character in device.chars().filter(|character| !character.is_control()) {
        if short.len() + character.len_utf8() > MAX_DEVICE_BYTES {
            break;
        }
        short.push(character);
    }
    short
}

const MAX_DEVICE_BYTES: usize = 256;
