//! [`LoginAttempt`] is an attempt to log in that the throttle has let through.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::error::{SessionError, SessionErrorKind};
use super::event::{ABANDONED, AuthEventKind};
use super::events::Whose;
use super::sessions::Sessions;
use crate::client_network::{ClientNetwork, fields};
use crate::clock::Timestamp;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::names::Subject;
use crate::refused_login::{LateLine, RefusedLogin};
use crate::request_context::RequestContext;
use crate::store::SessionStore;
use crate::throttle::{Attempt, AttemptError, Caller, DeviceMark, Familiarity};
use crate::token::Identity;

/// An attempt to log in that may look at the password. [`Sessions::attempt`] makes it.
///
/// It is charged already, so that a thousand attempts at the same time do not all find an empty
/// counter. Say how it ended. **An attempt that is dropped has failed**, as one whose client hung
/// up.
#[must_use = "an attempt that is dropped counts as a wrong password"]
pub struct LoginAttempt {
    attempt: Attempt,
    failing: Failing,
}

/// Tells that the attempt failed, unless it ended otherwise.
struct Failing {
    sessions: Sessions,
    client: Option<IpAddr>,
    late_line: Option<Arc<LateLine>>,
    reason: Option<&'static str>,
}

impl Sessions {
    /// Asks whether the password of this account may be looked at, and charges the attempt. It is
    /// for the application's own login handler; [`log_in`](Self::log_in) and the endpoints do so
    /// themselves.
    ///
    /// `account` is the name as it was typed, whether or not an account has it. Where that alone is
    /// not unique, join the fields, as in
    /// [`LoginCredentials::account`](crate::LoginCredentials::account). `context` is the request,
    /// and `None` where there is none: then all clients count as one stranger, unless they have a
    /// [device mark](RequestContext::with_device_mark).
    ///
    /// ```
    /// use tower_bearer::{Identity, Login, PasswordCredentials, SessionError, Sessions};
    /// # use tower_bearer::TokenResponse;
    /// # async fn find_user(_: &str, _: &str) -> Result<Option<u64>, SessionError> { Ok(Some(1)) }
    ///
    /// async fn log_in(
    ///     sessions: &Sessions,
    ///     login: Login<PasswordCredentials>,
    /// ) -> Result<TokenResponse, SessionError> {
    ///     let attempt = sessions.attempt(login.username(), login.context()).await?;
    ///     let found = match find_user(login.username(), login.password()).await {
    ///         // The database failed, so this was not a guess.
    ///         Err(error) => {
    ///             attempt.unavailable().await?;
    ///             return Err(error);
    ///         }
    ///         Ok(found) => found,
    ///     };
    ///     let Some(user) = found else {
    ///         attempt.failed();
    ///         return Err(SessionError::invalid_credentials());
    ///     };
    ///     let identity = Identity::new(user).with_login(&login);
    ///     let mark = attempt.succeeded(identity.subject()).await?;
    ///     sessions.start(identity.with_device_mark(mark)).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// `TooManyAttempts`: 429 with `Retry-After`. `Unavailable`: the store failed, so it is unknown
    /// how many attempts there were.
    pub async fn attempt<'c>(
        &self,
        account: &str,
        context: impl Into<Option<&'c RequestContext>>,
    ) -> Result<LoginAttempt, SessionError> {
        let context = context.into();
        let mut attempt = self.attempt_at(account, context).await?;
        attempt.failing.late_line = context.and_then(RequestContext::late_line).cloned();
        // The application's own handler may have looked at the password, and have said so with its
        // response alone.
        attempt.failing.reason = SessionError::new(SessionErrorKind::InvalidCredentials).reason();
        Ok(attempt)
    }

    /// Makes an attempt whose refusal is logged at once.
    pub(super) async fn attempt_at(
        &self,
        account: &str,
        context: Option<&RequestContext>,
    ) -> Result<LoginAttempt, SessionError> {
        let address = context.and_then(|context| {
            let known = context.client_address();
            known.or_else(|| self.edge().client_address(context.parts()))
        });
        let caller = Caller::new(account)
            .with_address(address)
            .with_mark(context.and_then(RequestContext::device_mark));
        let cure = self.cure_of_client(context, address);
        let store = self.store();
        let asked = async {
            let asked = self
                .throttle()
                .attempt(store.ephemeral(), caller, self.now());
            asked
                .await
                .map_err(|error| self.refusal(address, cure, error))
        };
        let attempt = with_timeout(REFRESH_DEADLINE, asked).await;
        Ok(LoginAttempt {
            attempt: attempt.map_err(|error| error.logged_at(address))?,
            failing: Failing {
                sessions: self.clone(),
                client: address,
                late_line: None,
                reason: Some(ABANDONED),
            },
        })
    }

    /// Makes the mark of a device that its user has proved otherwise, such as with a link in an
    /// email, or by changing their password: strangers do not use up the attempts of this device.
    ///
    /// `account` is what [`attempt`](Self::attempt) is given at a login: the name that the user
    /// types, as they type it. The marks of the `context` for other accounts are kept. Send the
    /// result with `CookieDelivery::set_device_mark` (feature `cookie`), or as `device_mark` in the
    /// body.
    ///
    /// It is `None` where the throttle is off, or if the operating system has no randomness.
    #[must_use]
    pub fn device_mark<'c>(
        &self,
        account: &str,
        subject: &Subject,
        context: impl Into<Option<&'c RequestContext>>,
    ) -> Option<DeviceMark> {
        let presented = context.into().and_then(RequestContext::device_mark);
        self.throttle()
            .device_mark(account, subject, presented, self.now())
    }

    /// Forgets the devices that this user has logged in from: their marks count no more. It is for
    /// a new password, and for a device that was stolen.
    ///
    /// # Errors
    ///
    /// `Unavailable`: the store failed. Some marks may still count.
    pub async fn forget_devices(&self, subject: &Subject) -> Result<(), SessionError> {
        let store = self.store();
        let now = self.now();
        let forgotten = self
            .throttle()
            .forget_marks(store.ephemeral(), subject, now);
        Ok(with_timeout(REFRESH_DEADLINE, forgotten).await?)
    }

    fn refusal(
        &self,
        client: Option<IpAddr>,
        cure: Option<&str>,
        error: AttemptError,
    ) -> SessionError {
        let throttled = match error {
            AttemptError::Throttled(throttled) => throttled,
            AttemptError::Store(error) => return error.into(),
        };
        let (by, retry_after) = (throttled.by(), throttled.retry_after());
        let (network, name_tag) = (client.map(ClientNetwork::of), throttled.name_tag());
        if self.0.throttled_lines.is_new(network, by, self.now()) {
            let (client, network) = fields(client);
            tracing::warn!(
                client,
                network,
                ?by,
                %name_tag,
                retry_after = retry_after.as_secs(),
                cure,
                "login throttled"
            );
        }
        let kind = AuthEventKind::LoginThrottled {
            by,
            name_tag,
            retry_after,
        };
        self.tell(kind, Whose::default().at(client));
        SessionError::too_many_attempts(retry_after)
    }
}

impl LoginAttempt {
    /// The password was right, and the login is finished. The charge is given back, and no counter
    /// is cleared.
    ///
    /// Returns the marks that the device presents from now on: see
    /// [`Identity::with_device_mark`]. It is `None` where the throttle is off, or if the operating
    /// system has no randomness.
    ///
    /// # Errors
    ///
    /// `Unavailable`: the store failed.
    pub async fn succeeded(
        mut self,
        subject: &Subject,
    ) -> Result<Option<DeviceMark>, SessionError> {
        let (store, now) = self.settle();
        let settled = self.attempt.succeeded(store.ephemeral(), subject, now);
        Ok(with_timeout(REFRESH_DEADLINE, settled).await?)
    }

    /// Returns how well the account knows the client. It is `None` where the throttle is off. The
    /// event of the login has it too, if the login has the [mark](Identity::with_device_mark).
    ///
    /// Tell no client before the password was right: a guesser would learn which networks a user
    /// logs in from.
    #[must_use]
    pub fn familiarity(&self) -> Option<Familiarity> {
        self.attempt.familiarity()
    }

    /// The password was wrong: the charge stays. To drop the attempt is the same.
    ///
    /// The log has one line for it, with the client where it is known. For a login that
    /// [`read_login`](crate::AuthEndpoints::read_login) has read, it is written when the login is
    /// dropped, unless [`respond`](crate::AuthEndpoints::respond) has written it with the reason of
    /// its error.
    pub fn failed(self) {}

    /// The credentials were right, and the login is not finished, because a second factor is asked
    /// for: the charge is given back. A wrong code is [`failed`](Self::failed), or codes could be
    /// guessed freely.
    ///
    /// # Errors
    ///
    /// `Unavailable`: the store failed.
    pub async fn unfinished(mut self) -> Result<(), SessionError> {
        let (store, now) = self.settle();
        let settled = self.attempt.unfinished(store.ephemeral(), now);
        Ok(with_timeout(REFRESH_DEADLINE, settled).await?)
    }

    /// The password could not be checked, because the users cannot be asked now: the charge is
    /// given back.
    ///
    /// # Errors
    ///
    /// `Unavailable`: the store failed too.
    pub async fn unavailable(self) -> Result<(), SessionError> {
        self.unfinished().await
    }

    /// The login is refused for this reason: the charge stays.
    pub(super) fn refused(mut self, reason: Option<&'static str>) {
        self.failing.reason = reason;
    }

    /// The attempt has not failed.
    fn settle(&mut self) -> (Arc<dyn SessionStore>, Timestamp) {
        self.failing.reason = None;
        (self.failing.sessions.store(), self.failing.sessions.now())
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        if let Some(reason) = self.reason {
            let refused = RefusedLogin {
                client: self.client,
                reason: Some(reason),
            };
            match &self.late_line {
                Some(line) => line.set(refused),
                None => refused.log(),
            }
            let whose = Whose::default().at(self.client);
            self.sessions
                .tell(AuthEventKind::LoginRefused { reason }, whose);
        }
    }
}

impl Sessions {
    /// Returns how clients can be told apart, if the throttle may count this one as all others.
    fn cure_of_client(
        &self,
        context: Option<&RequestContext>,
        client: Option<IpAddr>,
    ) -> Option<&'static str> {
        let parts = context.map(RequestContext::parts);
        let doubt = self
            .edge()
            .doubt(parts)
            .filter(|_| self.throttle().is_on())?;
        self.0.client_doubts.warn(doubt, client);
        Some(doubt.cure())
    }

    /// Writes the line of a login that was refused, and tells it.
    pub(super) fn login_refused(
        &self,
        error: &SessionError,
        client: Option<IpAddr>,
        whose: Whose<'_>,
    ) {
        let reason = error.reason();
        RefusedLogin { client, reason }.log();
        self.tell_login_refused(error, whose.at(client));
    }

    pub(super) fn tell_login_refused(&self, error: &SessionError, whose: Whose<'_>) {
        if let Some(reason) = error.reason() {
            self.tell(AuthEventKind::LoginRefused { reason }, whose);
        }
    }
}

impl Identity {
    /// Sends the mark of the device with the tokens of this login: in a cookie where they are in
    /// cookies, and otherwise as `device_mark` in the body. [`LoginAttempt::succeeded`] makes it.
    pub fn with_device_mark(mut self, mark: impl Into<Option<DeviceMark>>) -> Self {
        let parts = mark.into().map(DeviceMark::into_parts);
        let (text, familiarity) = parts.unzip();
        self.device_mark = text;
        self.familiarity = familiarity.flatten();
        self
    }
}

impl fmt::Debug for LoginAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LoginAttempt").field(&self.attempt).finish()
    }
}
