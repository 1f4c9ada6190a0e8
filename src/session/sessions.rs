//! [`Sessions`] log in, refresh and log out.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use super::accounts::Accounts;
use super::any_credentials::AnyCredentials;
use super::authorization::{AuthorizeRequest, Kind};
use super::client_doubts::ClientDoubts;
use super::error::{SessionError, SessionErrorKind};
use super::event::AuthEventKind;
use super::events::{Events, Whose};
use super::outage::StoreOutage;
use super::policy::SessionPolicy;
use super::refresh_token::{RefreshTokenKeys, Rid};
use super::sync::StoreSync;
use super::throttled_lines::ThrottledLines;
use super::token_response::TokenResponse;
use super::untold::Untold;
use crate::bearer::McpSessions;
use crate::clock::Timestamp;
use crate::edge::Edge;
use crate::keys::{KeySource, RefreshToken};
use crate::names::{SessionClaims, SessionId};
use crate::parameters::WrongParameter;
use crate::request_context::RequestContext;
use crate::store::{RevocationReason, Session, SessionOwner, SessionStore};
use crate::throttle::Throttle;
use crate::token::{AccessTokenSigner, AccessTokenVerifier, Grant, TokenOrigin, Verifiers};

/// Logs in, refreshes and logs out. Cheap to clone; clones share the same state.
///
/// `log_out`, `revoke`, `log_out_everywhere`, `log_out_others`, `credentials_changed` and `erase`
/// go on in a task if their future is dropped, so that a client which hangs up does not stop them.
/// So does the end of a session whose refresh token was reused, or whose user is gone. With 1,024
/// such tasks at a time, one more call stops.
///
/// ```
/// use tower_bearer::{Identity, MemoryStore, Secret, Sessions};
/// # use tower_bearer::{Authenticate, Authorization, AuthorizeRequest, Grant, NoCredentials};
/// # struct Accounts;
/// # impl Authenticate for Accounts {
/// #     type Credentials = NoCredentials;
/// #     type Error = std::convert::Infallible;
/// #     async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Self::Error> {
/// #         Ok(Grant::new().into())
/// #     }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = Sessions::builder(Accounts, MemoryStore::new())
///     .issuer("https://api.example.com")
///     .audience("example-api")
///     .secret(Secret::random()?)
///     .build()?;
///
/// let tokens = sessions.start(Identity::new("alice").with_device("a laptop")).await?;
/// assert_eq!(tokens.claims().subject().as_str(), "alice");
///
/// let refresh_token = tokens.refresh_token().expect("a login can be refreshed");
/// let renewed = sessions.refresh(refresh_token.clone()).await?;
/// let logged_out = sessions.log_out(renewed.access_token().secret()).await?;
/// assert!(logged_out.any());
/// assert!(sessions.refresh(refresh_token.clone()).await.is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Sessions(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) accounts: Box<dyn Accounts>,
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) signer: AccessTokenSigner,
    pub(super) keys: RefreshTokenKeys,
    pub(super) policy: SessionPolicy,
    /// That of the current names first, and one for each former issuer. All layers share their
    /// cache.
    pub(super) verifiers: Verifiers,
    pub(super) outage: StoreOutage,
    pub(super) edge: Arc<Edge>,
    pub(super) sync: Arc<StoreSync>,
    pub(super) mcp_sessions: McpSessions,
    pub(super) throttle: Throttle,
    pub(super) throttled_lines: ThrottledLines,
    pub(super) untold: Untold,
    /// The places for work whose caller is gone.
    pub(super) unattended: Arc<Semaphore>,
    pub(super) client_doubts: ClientDoubts,
    pub(super) events: Events,
    /// Distinguishes the rows of this application from those of others in the same store: first its
    /// own name, then its former ones.
    pub(super) owners: Vec<SessionOwner>,
}

impl Sessions {
    /// Returns a verifier of the access tokens of these sessions: with the same issuer, audience,
    /// keys and clock.
    ///
    /// The verifier does not check revocation, and refuses tokens with a
    /// [former issuer](crate::session::SessionsBuilder::former_names). [`layer`](Self::layer) does
    /// the one and accepts the other.
    #[must_use]
    pub fn verifier(&self) -> AccessTokenVerifier {
        self.0.verifiers.first().clone()
    }

    /// Returns the keys of these access tokens, for
    /// [`JwksEndpoint`](crate::endpoint::JwksEndpoint).
    #[must_use]
    pub fn keys(&self) -> KeySource {
        self.0.signer.keys()
    }

    /// Waits until the store knows of every access token that clients have used so far. It is for
    /// shutdown, and for tests.
    ///
    /// # Errors
    ///
    /// `Unavailable`: some receipts are lost, which makes the rotation rule lenient once.
    pub async fn flush(&self) -> Result<(), SessionError> {
        Ok(self.sync().write_receipts().await?)
    }

    /// Deletes sessions that ended long ago from the store, in small batches, and returns how many
    /// rows.
    ///
    /// Every process does so by itself, once an hour or as often as its store wants (Redis: every
    /// ten hours), from the first use of the sessions. If the clocks of process and store differ,
    /// the slower one counts.
    ///
    /// # Errors
    ///
    /// `Unavailable`: the store failed, or ten minutes have passed. Some rows may be left.
    pub async fn delete_expired(&self) -> Result<u64, SessionError> {
        Ok(self.sync().delete_expired().await?)
    }

    /// Returns what the session may do now. If the user is gone, or the stamp is another, the
    /// session ends.
    pub(super) async fn authorized(
        &self,
        request: AuthorizeRequest<'_>,
    ) -> Result<Grant, SessionError> {
        let (session, context) = (request.session(), request.context());
        let authorization = self
            .accounts()
            .authorize(request)
            .await
            .map_err(SessionError::unavailable)?;
        match authorization.0 {
            Kind::NotNow(denial) => Err(denial.into()),
            Kind::Granted(grant) if grant.accepts(session.parts().stamp) => Ok(grant),
            Kind::Granted(_) | Kind::Gone => {
                self.end_for_good(session, RevocationReason::UserGone, context)
                    .await?;
                Err(SessionError::new(SessionErrorKind::UserGone))
            }
        }
    }

    /// Makes the response to a login or a refresh.
    pub(super) fn response(
        &self,
        session: &Session,
        rid: &Rid,
        grant: Grant,
    ) -> Result<TokenResponse, SessionError> {
        let generation = session.parts().generation;
        let refresh_token = self.0.keys.token(rid, generation);
        self.signed(session, Some(generation), Some(refresh_token), grant)
    }

    /// Signs an access token, and makes the response. This comes last, so that no token is made if
    /// anything went wrong before. `generation` is that of the refresh token that the client has
    /// once the access token comes back.
    pub(super) fn signed(
        &self,
        session: &Session,
        generation: Option<u32>,
        refresh_token: Option<RefreshToken>,
        grant: Grant,
    ) -> Result<TokenResponse, SessionError> {
        let (now, row) = (self.now(), session.parts());
        let ends = self
            .policy()
            .ends(session, grant.access_token_lifetime(), now);
        let claims = SessionClaims {
            id: row.id,
            generation: generation.filter(|_| row.receipts),
        };
        let origin = TokenOrigin {
            session: Some(claims),
            auth_time: Some(session.authenticated_at()),
        };
        let (access_token, claims) =
            self.0
                .signer
                .sign_claims(session.subject(), grant, origin, now, ends.access_token)?;
        Ok(TokenResponse::new(
            session,
            access_token,
            claims,
            refresh_token,
            now,
            ends,
        ))
    }

    /// Tells the application what happened.
    pub(super) fn tell(&self, kind: AuthEventKind, whose: Whose<'_>) {
        if self.0.events.are_heard() {
            self.0.events.tell(kind, whose, self.now());
        }
    }

    pub(super) fn accounts(&self) -> &dyn Accounts {
        &*self.0.accounts
    }

    /// Reads the parameters of a login as the application's credentials.
    pub(crate) fn read_credentials(
        &self,
        parameters: Map<String, Value>,
    ) -> Result<AnyCredentials, WrongParameter> {
        self.accounts().read(parameters)
    }

    /// Returns the session of a refresh token with a tag of these sessions. The store is not asked.
    pub(crate) fn made_for(&self, refresh_token: &str) -> Option<SessionId> {
        let presented = self.0.keys.parse(refresh_token)?;
        Some(presented.id)
    }

    /// Returns the session that an access token of these sessions names. It may have expired.
    pub(crate) fn named_by(&self, access_token: &str) -> Option<SessionId> {
        self.claims_but_for_expiry(access_token)?
            .session_id()
            .copied()
    }

    /// Returns whether each refresh token works once only, so that no page may repeat a refresh.
    #[cfg(feature = "cookie")]
    pub(crate) fn has_no_overlap(&self) -> bool {
        self.policy().overlap.is_zero()
    }

    /// Returns whether the application logs users in itself.
    pub(crate) fn has_login(&self) -> bool {
        self.accounts().has_login()
    }

    pub(super) fn store(&self) -> Arc<dyn SessionStore> {
        Arc::clone(&self.0.store)
    }

    pub(super) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    pub(super) fn policy(&self) -> &SessionPolicy {
        &self.0.policy
    }

    pub(super) fn sync(&self) -> &Arc<StoreSync> {
        &self.0.sync
    }

    /// Adds the client's address, which the edge of this application's network knows.
    pub(crate) fn located(&self, context: RequestContext) -> RequestContext {
        let address = self.edge().client_address(context.parts());
        context.with_client_address(address)
    }

    pub(crate) fn edge(&self) -> &Arc<Edge> {
        &self.0.edge
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.signer.clock().now()
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("store", &self.0.store)
            .field("signer", &self.0.signer)
            .field("policy", &self.0.policy)
            .finish_non_exhaustive()
    }
}
