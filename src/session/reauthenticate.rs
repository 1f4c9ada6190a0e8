//! A user proves again who they are, within the session that they have.

use tracing::field::display;

use super::any_credentials::AnyCredentials;
use super::authorization::AuthorizeRequest;
use super::credentials::LoginCredentials;
use super::error::{SessionError, SessionErrorKind};
use super::event::AuthEventKind;
use super::events::Whose;
use super::login::Login;
use super::own_row::{MAX_WRITES, outrun};
use super::sessions::Sessions;
use super::token_response::TokenResponse;
use crate::client_network::fields;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::names::Scope;
use crate::request_context::RequestContext;
use crate::revocation::ensure_started;
use crate::token::{AccessTokenClaims, Identity};

impl Sessions {
    /// Authenticates the user of a session again, and returns a new access token of the same
    /// session, whose `auth_time` is now: for routes that [require a recent
    /// authentication](crate::BearerAuthLayer::require_max_age) (RFC 9470).
    ///
    /// The refresh token stays as it is, so the response has none. The device and the tokens that
    /// the login replaces do not count here. `auth_time` is kept by every refresh, so the other
    /// tabs of the browser have it after their next one. An access token from before keeps the old
    /// one.
    ///
    /// # Errors
    ///
    /// `InvalidCredentials`: they are wrong, or those of another user. `InvalidToken`: the claims
    /// do not belong to a session of this application. `SessionRevoked` and `SessionExpired`: the
    /// session has ended. The others are those of [`log_in`](Self::log_in). If `authorize` says
    /// that the user is gone, the session ends.
    pub async fn reauthenticate<C: LoginCredentials>(
        &self,
        claims: &AccessTokenClaims,
        login: Login<C>,
    ) -> Result<TokenResponse, SessionError> {
        let any = |credentials| Ok::<_, SessionError>(AnyCredentials::new::<C>(credentials));
        let login = login.map_context(|context| self.located(context));
        self.reauthenticate_with(claims, login.try_map(any)?).await
    }

    /// Authenticates the user again with a login whose context already has the client's address.
    pub(crate) async fn reauthenticate_with(
        &self,
        claims: &AccessTokenClaims,
        mut login: Login<AnyCredentials>,
    ) -> Result<TokenResponse, SessionError> {
        let (context, scope) = (login.context().cloned(), std::mem::take(&mut login.scope));
        let identity = self.identify(login).await?;
        if identity.subject() != claims.subject() {
            // The credentials are right, but they are those of another user.
            let error = SessionError::new(SessionErrorKind::InvalidCredentials);
            self.reauthentication_refused(&error, claims, context.as_ref());
            return Err(error);
        }
        self.renew(claims, Some(&identity), context.as_ref(), &scope)
            .await
    }

    /// Notes that the user of a session has just authenticated, and returns a new access token of
    /// the same session: for a handler of the application's own, which has asked for a second
    /// factor or a passkey. It is otherwise like [`reauthenticate`](Self::reauthenticate).
    ///
    /// **Nothing is checked here but the session.** Make sure before that the user is the subject
    /// of the claims.
    ///
    /// ```
    /// # use tower_bearer::session::RequestContext;
    /// # use tower_bearer::{AccessTokenClaims, SessionError, Sessions, TokenResponse};
    /// # async fn code_is_right(_: &str) -> bool { true }
    /// async fn confirm(
    ///     sessions: &Sessions,
    ///     claims: &AccessTokenClaims,
    ///     context: &RequestContext,
    ///     code: &str,
    /// ) -> Result<TokenResponse, SessionError> {
    ///     // Codes can be guessed too. An attempt that is dropped counts as a guess. The name is
    ///     // one that strangers cannot use up at the login.
    ///     let codes = format!("code of session {:?}", claims.session_id());
    ///     let attempt = sessions.attempt(&codes, context).await?;
    ///     if !code_is_right(code).await {
    ///         return Err(SessionError::denied("code_wrong"));
    ///     }
    ///     attempt.succeeded(claims.subject()).await?;
    ///     sessions.renew_auth_time(claims).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`reauthenticate`](Self::reauthenticate), but for `InvalidCredentials`.
    pub async fn renew_auth_time(
        &self,
        claims: &AccessTokenClaims,
    ) -> Result<TokenResponse, SessionError> {
        self.renew(claims, None, None, &Scope::default()).await
    }

    async fn renew(
        &self,
        claims: &AccessTokenClaims,
        identity: Option<&Identity>,
        context: Option<&RequestContext>,
        scope: &Scope,
    ) -> Result<TokenResponse, SessionError> {
        with_timeout(
            REFRESH_DEADLINE,
            self.write_auth_time(claims, identity, context, scope),
        )
        .await
        .map_err(|error| {
            self.reauthentication_refused(&error, claims, context);
            error.logged()
        })
    }

    /// Writes the line of a re-authentication whose password was right, and tells it. A failure is
    /// not a refusal.
    fn reauthentication_refused(
        &self,
        error: &SessionError,
        claims: &AccessTokenClaims,
        context: Option<&RequestContext>,
    ) {
        let Some(reason) = error.reason() else { return };
        let address = context.and_then(RequestContext::client_address);
        let (client, network) = fields(address);
        let session = claims.session_id().map(display);
        tracing::info!(
            client,
            network,
            session,
            reason,
            "re-authentication refused"
        );
        let whose = Whose::of_any_claims(claims, &self.0.verifiers).at(address);
        self.tell_login_refused(error, whose);
    }

    async fn write_auth_time(
        &self,
        claims: &AccessTokenClaims,
        identity: Option<&Identity>,
        context: Option<&RequestContext>,
        scope: &Scope,
    ) -> Result<TokenResponse, SessionError> {
        ensure_started(self.sync());
        self.load_revocations().await?;
        // Not in the future: an identity provider's clock may be ahead.
        let now = self.now();
        let at = identity.and_then(|identity| identity.authenticated_at);
        let at = at.map_or(now, |at| at.min(now));
        for _ in 0..MAX_WRITES {
            let mut session = self.live_row(claims).await?;
            let at = at.max(session.authenticated_at());
            let row = session.parts_mut();
            row.authenticated_at = Some(at);
            row.revision += 1;
            let request = AuthorizeRequest::new(&session).with_context(context);
            let grant = self.granted(request, scope).await?;
            // The old password was right when it was looked at, and there is a new one by now.
            if identity.is_some_and(|identity| !grant.accepts(identity.stamp)) {
                return Err(SessionError::new(SessionErrorKind::InvalidCredentials));
            }
            session.parts_mut().stamp = grant.stamp();
            if !self.0.store.replace(&session).await? {
                continue;
            }
            // The process may have been frozen in the meantime.
            self.load_revocations().await?;
            if self.sync().revocations().contains(session.id()) {
                return Err(SessionError::new(SessionErrorKind::SessionRevoked));
            }
            // A receipt says which refresh token has arrived, and none was sent here: the new token
            // says no more than the one before.
            let generation = claims.session().and_then(|session| session.generation);
            let tokens = self.signed(&session, generation, None, grant)?;
            let (client, network) = fields(context.and_then(RequestContext::client_address));
            tracing::info!(
                client,
                network,
                session = %session.id(),
                subject = %session.subject().shown(),
                "authenticated again"
            );
            let whose = Whose::of_session(&session).from(context);
            self.tell(AuthEventKind::Reauthenticated, whose);
            return Ok(tokens.asked_for(scope));
        }
        Err(outrun())
    }
}
