//! [`Refresh`] and its steps: find the row, decide, ask the application, decide again, replace the
//! row, sign.

use super::authorization::AuthorizeRequest;
use super::error::{SessionError, SessionErrorKind};
use super::event::AuthEventKind;
use super::events::Whose;
use super::own_row::check_understood;
use super::refresh_token::{Presented, Rid};
use super::rotation::{Decision, Reply, SessionOver, decide, settle};
use super::sessions::Sessions;
use super::token_response::TokenResponse;
use crate::client_network::fields;
use crate::clock::Timestamp;
use crate::digest::digest;
#[cfg(feature = "cookie")]
use crate::keys::AccessToken;
use crate::keys::RefreshToken;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::names::{IntoScope, Scope};
use crate::request_context::RequestContext;
use crate::revocation::ensure_started;
use crate::store::{RevocationReason, Session};
use crate::token::Grant;

/// A request for new tokens (RFC 6749 section 6).
///
/// ```
/// use tower_bearer::keys::RefreshToken;
/// use tower_bearer::session::Refresh;
///
/// let request = Refresh::new(RefreshToken::new("rt1_…"))
///     .with_scope("orders:read")
///     .with_idempotency_key("7d1f…")?;
/// # Ok::<(), tower_bearer::SessionError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Refresh {
    first: Option<RefreshToken>,
    /// Further tokens, which only a browser sends.
    others: Vec<RefreshToken>,
    scope: Scope,
    retry: Option<[u8; 16]>,
    context: Option<RequestContext>,
}

impl Refresh {
    /// Asks for everything that is granted, without an idempotency key.
    pub fn new(token: RefreshToken) -> Self {
        Self::one_of([token])
    }

    /// Asks the same with one of these tokens: the cookies of one name that a browser sent, where a
    /// neighbouring host or an older path has set another one.
    ///
    /// Of one session it is the newest token. Of several sessions it is one that can be refreshed,
    /// the latest login of the user. The others are not presented, so that an old copy raises no
    /// alarm. If they belong to different users, or to more than four sessions, the refresh is
    /// refused with `InvalidToken`: a neighbouring host could have planted some of them.
    pub fn one_of(tokens: impl IntoIterator<Item = RefreshToken>) -> Self {
        let mut tokens = tokens.into_iter();
        Self {
            first: tokens.next(),
            others: tokens.collect(),
            scope: Scope::default(),
            retry: None,
            context: None,
        }
    }

    pub(super) fn tokens(&self) -> impl Iterator<Item = &RefreshToken> {
        self.first.iter().chain(&self.others)
    }

    /// Asks for these words alone, as far as they are granted. The others are dropped, so the scope
    /// may become empty. It counts for the next access token only. An empty scope asks for
    /// everything.
    ///
    /// # Panics
    ///
    /// A literal is not a scope: see [`Scope::from_static`].
    #[track_caller]
    pub fn with_scope(mut self, scope: impl IntoScope) -> Self {
        self.scope = scope.into_scope();
        self
    }

    /// Sets the `Idempotency-Key` of the request, which is kept as a hash.
    ///
    /// A client that sends the same key when it tries again is recognised, even if it received only
    /// a part of the first response and has already used that access token.
    ///
    /// # Errors
    ///
    /// `InvalidRequest`: the key is empty, or longer than 255 bytes.
    pub fn with_idempotency_key(mut self, key: impl AsRef<[u8]>) -> Result<Self, SessionError> {
        let key = key.as_ref();
        if key.is_empty() || key.len() > MAX_KEY_BYTES {
            return Err(SessionError::invalid_request(
                "an Idempotency-Key has 1 to 255 bytes",
            ));
        }
        self.retry = Some(digest("retry", key));
        Ok(self)
    }

    /// Sets the request that the refresh token came in.
    pub fn with_context(mut self, context: RequestContext) -> Self {
        self.context = Some(context);
        self
    }
}

impl From<RefreshToken> for Refresh {
    fn from(token: RefreshToken) -> Self {
        Self::new(token)
    }
}

impl Sessions {
    /// Exchanges a refresh token for new tokens.
    ///
    /// Cancel safe: if the future is dropped, the client can present the same token again, unless
    /// the [overlap](crate::SessionPolicy::with_overlap) is zero.
    ///
    /// # Errors
    ///
    /// `InvalidToken`, `SessionExpired`, `SessionRevoked`, `RefreshTokenReused`, `UserGone`: the
    /// user has to log in again. `Denied`: the application grants nothing now, and the session
    /// stays. `Unavailable`: the store or the users cannot be asked, or did not answer within 30
    /// seconds, or four other refreshes were quicker. The refresh token still works then.
    /// `Misconfigured`: the grant is invalid.
    pub async fn refresh(
        &self,
        refresh: impl Into<Refresh> + Send,
    ) -> Result<TokenResponse, SessionError> {
        let refresh = refresh.into();
        let scope = refresh.scope.clone();
        let tokens = self
            .exchange(refresh, |row, rid, grant| self.response(row, rid, grant))
            .await?;
        Ok(tokens.asked_for(&scope))
    }

    /// Does the same for a page that this server makes meanwhile. The second token is for the
    /// request of that page: its use is not a receipt, because the browser has nothing yet.
    #[cfg(feature = "cookie")]
    pub(crate) async fn refresh_for_page(
        &self,
        refresh: Refresh,
    ) -> Result<(TokenResponse, AccessToken), SessionError> {
        let answer = |row: &Session, rid: &Rid, grant: Grant| {
            let tokens = self.response(row, rid, grant.clone())?;
            let mut inside = row.clone();
            inside.parts_mut().receipts = false;
            let inside = self.response(&inside, rid, grant)?;
            Ok((tokens, inside.access_token().clone()))
        };
        self.exchange(refresh, answer).await
    }

    /// Exchanges a refresh token for what `answer` makes of the session's row and the grant.
    async fn exchange<T>(
        &self,
        mut refresh: Refresh,
        answer: impl FnOnce(&Session, &Rid, Grant) -> Result<T, SessionError> + Send,
    ) -> Result<T, SessionError> {
        refresh.context = refresh.context.map(|context| self.located(context));
        ensure_started(self.sync());
        let mut session = None;
        // One deadline for both steps: the second timer would be armed for nothing.
        let refreshed = with_timeout(REFRESH_DEADLINE, async {
            let presented = self.choose(&refresh).await?;
            session = Some(presented.id);
            let (row, grant) = self.refresh_presented(&presented, &refresh).await?;
            answer(&row, &presented.rid, grant)
        })
        .await;
        refreshed.map_err(|error| {
            let context = refresh.context.as_ref();
            let (client, network) = fields(context.and_then(RequestContext::client_address));
            tracing::info!(
                client,
                network,
                session = session.map(tracing::field::display),
                reason = error.reason(),
                kind = ?error.kind(),
                "refresh refused"
            );
            if let Some(reason) = error.reason() {
                let whose = session.as_ref().map(Whose::of_id).unwrap_or_default();
                let whose = whose.from(context);
                self.tell(AuthEventKind::RefreshRefused { reason }, whose);
            }
            error.logged()
        })
    }

    /// Returns the row as it is after the refresh, and what the application grants.
    async fn refresh_presented(
        &self,
        presented: &Presented,
        refresh: &Refresh,
    ) -> Result<(Session, Grant), SessionError> {
        let (arrived, revocations) = (self.now(), self.sync().revocations());
        self.load_revocations().await?;
        let (id, context) = (presented.id, refresh.context.as_ref());

        for _ in 0..MAX_RACES {
            let session = self.own_row(&id).await?;
            if session.revoked().is_none() && revocations.contains(&id) {
                // The row came back with a restored backup, so it is revoked again.
                let whose = Whose::of_session(&session).from(context);
                self.end(&id, RevocationReason::Other, whose).await?;
                return Err(SessionError::new(SessionErrorKind::SessionRevoked));
            }
            check_understood(&session)?;
            // The rule decides before the application is asked, so that it is not asked for a dead
            // token, and again after that, because the application may take long.
            let at_arrival = self.decide(&session, presented, refresh, arrived);
            self.stop_if_over(&at_arrival, &session, presented, context)
                .await?;
            let request = AuthorizeRequest::new(&session).with_context(context);
            let grant = self.granted(request, &refresh.scope).await?;
            let later = self.decide(&session, presented, refresh, self.now());
            let decision = settle(at_arrival, later);
            self.stop_if_over(&decision, &session, presented, context)
                .await?;
            let (answered, how) = match decision {
                Decision::Replace { next, how } => {
                    let next = self.brought_up_to_date(next.written_to(session), &grant);
                    if !self.0.store.replace(&next).await? {
                        continue;
                    }
                    (next, how)
                }
                Decision::Reply { how } => (session, how),
                Decision::Refuse(_) | Decision::Reuse => continue,
            };
            // The process may have been frozen in the meantime.
            self.load_revocations().await?;
            if revocations.contains(&id) {
                return Err(SessionError::new(SessionErrorKind::SessionRevoked));
            }
            let generation = answered.parts().generation;
            tracing::debug!(session = %id, generation, ?how, "refreshed");
            let kind = match how {
                Reply::Recovered => AuthEventKind::Recovered,
                _ => AuthEventKind::Refreshed,
            };
            let whose = Whose::of_session(&answered).from(context);
            self.tell(kind, whose);
            return Ok((answered, grant));
        }
        Err(SessionError::unavailable(
            "four other refreshes of this session were quicker",
        ))
    }

    pub(super) fn decide(
        &self,
        session: &Session,
        presented: &Presented,
        refresh: &Refresh,
        now: Timestamp,
    ) -> Decision {
        decide(
            session,
            presented.generation,
            refresh.retry,
            now,
            self.policy(),
        )
    }

    /// Returns the row with the current names and the current stamp, in place of former ones.
    fn brought_up_to_date(&self, mut session: Session, grant: &Grant) -> Session {
        let row = session.parts_mut();
        row.owner = self.0.owners[0];
        row.stamp = grant.stamp();
        session
    }

    /// Returns an error if the session is over. Reuse ends the session here.
    async fn stop_if_over(
        &self,
        decision: &Decision,
        session: &Session,
        presented: &Presented,
        context: Option<&RequestContext>,
    ) -> Result<(), SessionError> {
        match decision {
            Decision::Reply { .. } | Decision::Replace { .. } => Ok(()),
            Decision::Refuse(SessionOver::Revoked) => {
                Err(SessionError::new(SessionErrorKind::SessionRevoked))
            }
            Decision::Refuse(SessionOver::Expired) => {
                Err(SessionError::new(SessionErrorKind::SessionExpired))
            }
            Decision::Reuse => Err(self.stop_reuse(session, presented, context).await),
        }
    }

    /// Returns what the application grants, reduced to what was asked for.
    pub(super) async fn granted(
        &self,
        request: AuthorizeRequest<'_>,
        scope: &Scope,
    ) -> Result<Grant, SessionError> {
        let grant = self.authorized(request).await?;
        if scope.is_empty() {
            return Ok(grant);
        }
        let granted = scope.intersection(grant.scope());
        Ok(grant.with_scope(granted))
    }
}

/// How many times a refresh is tried in all, if other refreshes are quicker each time.
const MAX_RACES: usize = 4;
const MAX_KEY_BYTES: usize = 255;
