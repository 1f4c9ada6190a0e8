//! The steps of a login: authenticate, insert, authorize, sign.

use super::any_credentials::AnyCredentials;
use super::authorization::AuthorizeRequest;
use super::credentials::LoginCredentials;
use super::error::{SessionError, SessionErrorKind};
use super::event::AuthEventKind;
use super::events::Whose;
use super::login::Login;
use super::outcome::Kind;
use super::refresh_token::Rid;
use super::sessions::Sessions;
use super::token_response::TokenResponse;
use super::unanswered::Unanswered;
use crate::client_network::fields;
use crate::limits::{MIN_LIFETIME, REFRESH_DEADLINE, with_timeout};
use crate::request_context::RequestContext;
use crate::revocation::ensure_started;
use crate::shown::is_invisible;
use crate::store::{RevocationReason, Session, SessionParts};
use crate::token::Identity;

impl Sessions {
    /// Authenticates a user, and starts a session.
    ///
    /// The credentials must have the type
    /// [`Authenticate::Credentials`](crate::Authenticate::Credentials). That is checked when this
    /// is called.
    ///
    /// # Errors
    ///
    /// `InvalidCredentials`: the credentials are wrong. `Denied`: the application refuses the
    /// login. `TooManyAttempts`: see
    /// [`login_throttle`](crate::session::SessionsBuilder::login_throttle). `UserGone`: the user is
    /// gone, or their credentials changed meanwhile. `Unavailable`: the store or the users cannot
    /// be asked, or `authenticate` or the rest took more than 30 seconds. `Misconfigured`: the
    /// credentials have another type, or the grant cannot be signed.
    pub async fn log_in<C: LoginCredentials>(
        &self,
        login: Login<C>,
    ) -> Result<TokenResponse, SessionError> {
        let any = |credentials| Ok::<_, SessionError>(AnyCredentials::new::<C>(credentials));
        let login = login.map_context(|context| self.located(context));
        self.log_in_with(login.try_map(any)?).await
    }

    /// Does the same for a login whose context already has the client's address.
    pub(crate) async fn log_in_with(
        &self,
        mut login: Login<AnyCredentials>,
    ) -> Result<TokenResponse, SessionError> {
        let context = login.context().cloned();
        let device = login.device.take();
        let scope = std::mem::take(&mut login.scope);
        let replaced = std::mem::take(&mut login.replaced);
        let mut identity = self.identify(login).await?;
        identity.device = identity.device.or(device);
        identity.context = match identity.context {
            Some(own) => Some(self.located(own)),
            None => context,
        };
        identity.scope = scope;
        identity.replaced.extend(replaced);
        self.start_located(identity).await
    }

    /// Asks the application whose credentials these are.
    pub(super) async fn identify(
        &self,
        login: Login<AnyCredentials>,
    ) -> Result<Identity, SessionError> {
        let address = login.context().and_then(RequestContext::client_address);
        let account = login.credentials().account();
        let attempt = self.attempt_at(account, login.context()).await?;
        let asked = with_timeout(REFRESH_DEADLINE, self.accounts().authenticate(login)).await;
        let outcome = match asked {
            Ok(outcome) => outcome,
            Err(error) => {
                // The error that counts is that of the users.
                let _ = attempt.unavailable().await;
                return Err(error.logged_at(address));
            }
        };
        match outcome.0 {
            Kind::Identified(identity) => {
                // The password was right, whatever becomes of its charge.
                let familiarity = attempt.familiarity();
                let mark = attempt.succeeded(identity.subject()).await;
                let mark = mark.map_err(SessionError::logged).ok().flatten();
                let mut identity = identity.with_device_mark(mark);
                identity.familiarity = familiarity;
                Ok(identity)
            }
            Kind::Denied(denial) => {
                let is_unfinished = denial.credentials_are_valid;
                let error = SessionError::from(denial);
                if is_unfinished {
                    let _ = attempt.unfinished().await.map_err(SessionError::logged);
                    self.login_refused(&error, address, Whose::default());
                } else {
                    attempt.refused(error.reason());
                }
                Err(error)
            }
            Kind::InvalidCredentials | Kind::Unwritten => {
                let error = SessionError::new(SessionErrorKind::InvalidCredentials);
                attempt.refused(error.reason());
                Err(error)
            }
        }
    }

    /// Starts a session for a user that the application has already authenticated: with a second
    /// factor, or at an identity provider.
    ///
    /// **[`authorize`](crate::Authenticate::authorize) decides what the tokens say.** It is called
    /// as soon as the session exists, so the same rules hold at the login and at every refresh. Its
    /// grant must have the same stamp as the identity. So a login that was in progress while the
    /// password changed is ended.
    ///
    /// **A failed login leaves no session behind.** If the future is dropped, the application
    /// panics, or a session that this one [replaces](Identity::replacing) cannot be ended, the new
    /// session is ended. If the store cannot do that either, the session is listed until its idle
    /// timeout is over, but no client has a token of it.
    ///
    /// # Errors
    ///
    /// `UserGone`, `Denied`, `Unavailable` and `Misconfigured`, as for [`log_in`](Self::log_in).
    pub async fn start(&self, mut identity: Identity) -> Result<TokenResponse, SessionError> {
        identity.context = identity.context.map(|context| self.located(context));
        self.start_located(identity).await
    }

    /// Does the same for an identity whose context already has the client's address.
    async fn start_located(&self, identity: Identity) -> Result<TokenResponse, SessionError> {
        ensure_started(self.sync());
        let rid = Rid::random()
            .map_err(|error| SessionError::unavailable(error.to_string()))
            .map_err(SessionError::logged)?;
        let mut session = self
            .new_session(&rid, &identity)
            .map_err(SessionError::logged)?;
        let mut unanswered = Unanswered::new(self, session.id());
        let outcome = with_timeout(
            REFRESH_DEADLINE,
            self.insert_and_answer(&mut unanswered, &mut session, &rid, &identity),
        )
        .await;
        let client = identity.context.as_ref();
        let client = client.and_then(RequestContext::client_address);
        let whose = Whose::of_session(&session).at(client);
        match &outcome {
            Ok(_) => {
                unanswered.answered();
                let (client, network) = fields(client);
                tracing::info!(
                    client,
                    network,
                    session = %session.id(),
                    subject = %session.subject().shown(),
                    "logged in"
                );
                let whose = whose.with_familiarity(identity.familiarity);
                self.tell(AuthEventKind::LoggedIn, whose);
            }
            Err(error) => {
                // For a user who is gone the session has already been ended.
                match error.kind() {
                    SessionErrorKind::UserGone => unanswered.answered(),
                    _ => unanswered.end().await,
                }
                // That `authorize` refuses for now is said here alone.
                if error.kind() == SessionErrorKind::Denied {
                    self.login_refused(error, client, whose);
                } else {
                    self.tell_login_refused(error, whose);
                }
            }
        }
        outcome.map_err(|error| error.logged_at(client))
    }

    pub(super) fn new_session(
        &self,
        rid: &Rid,
        identity: &Identity,
    ) -> Result<Session, SessionError> {
        let now = self.now();
        let lifetimes = [identity.absolute_lifetime, identity.idle_timeout];
        if lifetimes
            .into_iter()
            .flatten()
            .any(|lifetime| lifetime < MIN_LIFETIME)
        {
            return Err(SessionError::misconfigured(
                "a session lives for at least a second",
            ));
        }
        let end = now
            + identity
                .absolute_lifetime
                .unwrap_or(self.policy().absolute_lifetime);
        let agent = || identity.context.as_ref()?.user_agent();
        let shown = |device: &str| Some(shortened(device)).filter(|device| !device.is_empty());
        let device = identity.device.as_deref().and_then(shown);
        let mut row = SessionParts::new(rid.session_id(), identity.subject().clone(), now, end);
        row.owner = self.0.owners[0];
        row.idle_timeout = identity.idle_timeout;
        row.until_browser_closes = identity.until_browser_closes;
        // Not in the future: an identity provider's clock may be ahead.
        row.authenticated_at = identity.authenticated_at.map(|at| at.min(now));
        row.data.clone_from(&identity.data);
        row.device = device.or_else(|| agent().and_then(shown));
        row.stamp = identity.stamp;
        row.receipts = identity.receipts;
        Ok(Session::from_parts(row))
    }

    async fn insert_and_answer(
        &self,
        unanswered: &mut Unanswered,
        session: &mut Session,
        rid: &Rid,
        identity: &Identity,
    ) -> Result<TokenResponse, SessionError> {
        self.begin_last(session).await?;
        let session = &*session;
        unanswered.insert(session).await?;
        let request = AuthorizeRequest::new(session).with_context(identity.context.as_ref());
        let granted = self.granted(request, &identity.scope).await;
        let grant = granted.inspect_err(|error| {
            if error.kind() == SessionErrorKind::UserGone {
                tracing::warn!(
                    subject = %session.subject().shown(),
                    "login refused: `authorize` says that the user is gone, or its grant has \
                     another stamp than the identity; set the same `with_stamp` on both"
                );
            }
        })?;
        let mark = identity.device_mark.clone();
        let mark = mark.and_then(|text| self.throttle().mark_of(text));
        let response = self
            .response(session, rid, grant)?
            .asked_for(&identity.scope)
            .with_extra(identity.response.clone())
            .with_device_mark(mark);
        let replaced = identity.replaced.iter().map(|token| token.as_str());
        for token in self.one_of_each(replaced.collect()) {
            if let Some(replaced) = self.session_of(token).await? {
                let whose = replaced.whose().from(identity.context.as_ref());
                self.end(&replaced.id, RevocationReason::Replaced, whose)
                    .await?;
            }
        }
        self.end_oldest(session).await?;
        Ok(response)
    }
}

/// Returns at most 256 bytes of the text, without invisible characters: a device whose name reads
/// backwards, or that looks like another one, is not the one that the user knows.
fn shortened(device: &str) -> String {
    let mut short = String::new();
    for character in device.chars().filter(|&character| !is_invisible(character)) {
        if short.len() + character.len_utf8() > MAX_DEVICE_BYTES {
            break;
        }
        short.push(character);
    }
    short
}

const MAX_DEVICE_BYTES: usize = 256;
