//! [`Sessions`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::authenticate::Authenticate;
use super::error::{SessionError, SessionErrorKind};
use super::outage::StoreOutage;
use super::policy::SessionPolicy;
use super::refresh::within_deadline;
use super::refresh_token::{RefreshTokenKeys, Rid};
use super::sync::DEADLINE;
use super::sync::StoreSync;
use super::token_response::TokenResponse;
use crate::clock::Timestamp;
use crate::keys::{KeySource, Secret};
use crate::limits::within;
use crate::names::SessionId;
use crate::revocation::{Revocation, ensure_started};
use crate::store::{Revoked, Session, SessionParts, SessionStore};
use crate::token::{AccessTokenSigner, AccessTokenVerifier, Grant, SessionClaims};

/// Logs in, refreshes and logs out. A clone is another handle on the same sessions.
///
/// ```
/// use tower_bearer::{AccessTokenSigner, Grant, MemoryStore, Secret, Sessions, SigningKey};
/// # use tower_bearer::{Authenticate, NoCredentials, Session};
/// # struct Accounts;
/// # impl Authenticate for Accounts {
/// #     type Credentials = NoCredentials;
/// #     type Error = std::convert::Infallible;
/// #     async fn authenticate(&self, never: NoCredentials) -> Result<Option<Grant>, Self::Error> { match never {} }
/// #     async fn renew(&self, session: &Session) -> Result<Option<Grant>, Self::Error> {
/// #         Ok(Some(Grant::new(session.subject().clone())))
/// #     }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let secret = Secret::random()?;
/// let signer = AccessTokenSigner::new("https://api.example.com", "example-api", SigningKey::hs256(&secret)?)?;
/// let sessions = Sessions::new(Accounts, MemoryStore::new(), signer, &secret);
///
/// let tokens = sessions.start(Grant::new("alice"), Some("a laptop")).await?;
/// let claims = sessions.verifier().verify(tokens.access_token().secret())?;
/// assert_eq!(claims.subject().as_str(), "alice");
///
/// let renewed = sessions.refresh(tokens.refresh_token().clone()).await?;
/// sessions.log_out(renewed.refresh_token().secret()).await?;
/// assert!(sessions.refresh(renewed.refresh_token().clone()).await.is_err());
/// # Ok(())
/// # }
/// ```
pub struct Sessions<A> {
    pub(super) accounts: Arc<A>,
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) signer: AccessTokenSigner,
    pub(super) keys: Arc<RefreshTokenKeys>,
    pub(super) policy: SessionPolicy,
    pub(super) leeway: Duration,
    pub(super) outage: StoreOutage,
    pub(super) sync: Arc<StoreSync>,
}

impl<A: Authenticate> Sessions<A> {
    /// Sessions of the users that `accounts` knows. Refresh tokens get their key from `secret` and the signer's audience; the time comes from
    /// the signer's clock.
    ///
    /// An application with two kinds of users has two `Sessions`, each with an audience and a store of its own: a store knows a subject by its
    /// name alone. It needs a Tokio runtime with time enabled.
    pub fn new(accounts: A, store: impl SessionStore, signer: AccessTokenSigner, secret: &Secret) -> Self {
        let store: Arc<dyn SessionStore> = Arc::new(store);
        Self {
            accounts: Arc::new(accounts),
            sync: StoreSync::new(Arc::clone(&store), Arc::clone(signer.clock())),
            store,
            keys: Arc::new(RefreshTokenKeys::new(secret, signer.audience())),
            signer,
            policy: SessionPolicy::default(),
            leeway: AccessTokenVerifier::DEFAULT_LEEWAY,
            outage: StoreOutage::default(),
        }
    }

    /// Other lifetimes than the usual. Sessions that exist keep their absolute end.
    #[must_use]
    pub fn with_policy(mut self, policy: SessionPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The leeway of [`verifier`](Self::verifier) and [`layer`](Self::layer): see [`AccessTokenVerifier::with_leeway`].
    #[must_use]
    pub fn with_leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// A verifier of the access tokens that these sessions hand out: same issuer, audience, keys and clock.
    ///
    /// It does not ask whether a session was revoked; [`layer`](Self::layer) does.
    #[must_use]
    pub fn verifier(&self) -> AccessTokenVerifier {
        self.signer.verifier().with_leeway(self.leeway)
    }

    /// The keys of these access tokens, for [`JwksEndpoint`](crate::JwksEndpoint).
    #[must_use]
    pub fn keys(&self) -> KeySource {
        self.signer.keys()
    }

    /// Checks credentials, and starts a session. `device` is what the user may recognise it by later.
    ///
    /// # Errors
    ///
    /// `CredentialsInvalid`; `UserGone` if the user's credentials changed meanwhile; `Unavailable`, also if `authenticate` takes more than 30
    /// seconds, or the rest; `Misconfigured` if the grant cannot be.
    pub async fn log_in(&self, credentials: A::Credentials, device: Option<&str>) -> Result<TokenResponse, SessionError> {
        let authenticate = async { self.accounts.authenticate(credentials).await.map_err(SessionError::unavailable) };
        let grant = within_deadline(authenticate).await?;
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
        let outcome = within_deadline(self.insert_and_answer(&session, &rid, &grant)).await;
        match &outcome {
            Ok(_) => tracing::info!(session = %session.id(), subject = %session.subject(), "logged in"),
            // It has been ended.
            Err(error) if error.kind() == SessionErrorKind::UserGone => {}
            // Nobody holds a token of it. If this fails too, it ends by itself.
            Err(_) => drop(within(DEADLINE, self.end(session.id(), Revoked::UserGone)).await),
        }
        outcome
    }

    /// Ends the session that `token` belongs to: a refresh token of any generation, or an access token, ended or not (RFC 7009).
    ///
    /// A token that belongs to no session is no error: there is nothing left to end.
    ///
    /// # Errors
    ///
    /// `Unavailable`, after 30 seconds at most: try again.
    pub async fn log_out(&self, token: &str) -> Result<(), SessionError> {
        match self.session_of(token) {
            Some(id) => within_deadline(self.end(&id, Revoked::LoggedOut)).await,
            None => Ok(()),
        }
    }

    /// Waits until the store knows of every access token that came back so far. For shutdown, and for tests.
    ///
    /// # Errors
    ///
    /// `Unavailable`: some receipts are lost, which makes the rotation rule lenient once.
    pub async fn flush(&self) -> Result<(), SessionError> {
        Ok(self.sync.write_receipts().await?)
    }

    /// Deletes what ended long ago from the store, in small batches; says how many rows.
    ///
    /// Every process does so by itself, once an hour, from the moment that it is used. Where the clocks differ the slower one counts.
    ///
    /// # Errors
    ///
    /// `Unavailable`, also after ten minutes: some may be left.
    pub async fn delete_expired(&self) -> Result<u64, SessionError> {
        Ok(self.sync.delete_expired().await?)
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

    /// Ends a session that a login has just taken the place of (OWASP ASVS 7.2.4).
    pub(crate) async fn end_replaced(&self, token: &str) -> Result<(), SessionError> {
        match self.session_of(token) {
            Some(id) => within_deadline(self.end(&id, Revoked::Replaced)).await,
            None => Ok(()),
        }
    }

    pub(super) fn session_of(&self, token: &str) -> Option<SessionId> {
        if let Some(presented) = self.keys.parse(token) {
            return Some(presented.rid.session_id());
        }
        self.verifier().verify_but_for_expiry(token).ok()?.session_id().copied()
    }

    /// What the application grants now. Nothing, or with another stamp: the session ends.
    pub(super) async fn renewed(&self, session: &Session) -> Result<Grant, SessionError> {
        let grant = self.accounts.renew(session).await.map_err(SessionError::unavailable)?;
        match grant.filter(|grant| grant.stamp() == session.parts().stamp && grant.subject() == session.subject()) {
            Some(grant) => Ok(grant),
            None => {
                self.end(session.id(), Revoked::UserGone).await?;
                Err(SessionError::new(SessionErrorKind::UserGone))
            }
        }
    }

    pub(super) async fn end(&self, id: &SessionId, because: Revoked) -> Result<(), SessionError> {
        ensure_started(&self.sync);
        let ended = self.store.revoke(id, because, self.now()).await?;
        self.sync.revocations().extend(&[Revocation { id: *id, age: Duration::ZERO }]);
        if ended {
            tracing::info!(session = %id, because = because.as_str(), "session ended");
        }
        Ok(())
    }

    /// Signing comes last: whatever went wrong before has handed nothing out.
    pub(super) fn response(&self, session: &Session, rid: &Rid, grant: &Grant) -> Result<TokenResponse, SessionError> {
        let (now, row) = (self.now(), session.parts());
        let ends = self.policy.ends(session, now);
        let claims = SessionClaims { id: row.id, generation: row.receipts.then_some(row.generation) };
        let access_token = self.signer.sign_claims(grant, Some((claims, row.created_at)), now, ends.access_token)?;
        let refresh_token = self.keys.token(rid, row.generation);
        let seconds = |end: Timestamp| end.as_secs().saturating_sub(now.as_secs());
        let access_token = (access_token, seconds(ends.access_token));
        let refresh_token = (refresh_token, seconds(ends.refresh_token));
        Ok(TokenResponse::new(access_token, refresh_token, grant.scope()))
    }

    pub(super) fn now(&self) -> Timestamp {
        self.signer.clock().now()
    }
}

impl<A> Clone for Sessions<A> {
    fn clone(&self) -> Self {
        Self {
            accounts: Arc::clone(&self.accounts),
            store: Arc::clone(&self.store),
            signer: self.signer.clone(),
            keys: Arc::clone(&self.keys),
            policy: self.policy,
            leeway: self.leeway,
            outage: self.outage,
            sync: Arc::clone(&self.sync),
        }
    }
}

impl<A> fmt::Debug for Sessions<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("store", &self.store)
            .field("signer", &self.signer)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
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
