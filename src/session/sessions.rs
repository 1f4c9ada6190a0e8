//! [`Sessions`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::authenticate::Authenticate;
use super::error::{SessionError, SessionErrorKind};
use super::outage::StoreOutage;
use super::policy::SessionPolicy;

use super::refresh_token::{RefreshTokenKeys, Rid};
use super::sync::StoreSync;
use super::token_response::TokenResponse;
use crate::clock::Timestamp;
use crate::keys::{KeySource, Secret};
use crate::limits::DEFAULT_LEEWAY;
use crate::names::SessionClaims;
use crate::store::{Revoked, Session, SessionStore};
use crate::token::{AccessTokenSigner, AccessTokenVerifier, Grant};

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
            leeway: DEFAULT_LEEWAY,
            outage: StoreOutage::default(),
        }
    }

    /// Other lifetimes than the usual. Sessions that exist keep their absolute end.
    #[must_use]
    pub fn with_policy(mut self, policy: SessionPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The leeway of [`verifier`](Self::verifier) and [`layer`](Self::layer): see [`leeway`](crate::token::AccessTokenVerifierBuilder::leeway).
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
