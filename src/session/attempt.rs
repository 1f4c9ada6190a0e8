//! [`LoginAttempt`] is an attempt to log in that the throttle has let through.

use std::fmt;
use std::net::IpAddr;

use super::error::SessionError;
use super::sessions::Sessions;
use crate::clock::Timestamp;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::names::Subject;
use crate::request_context::RequestContext;
use crate::throttle::{Attempt, AttemptError, Caller, DeviceMark};
use crate::token::Identity;

/// An attempt to log in that may look at the password. [`Sessions::attempt`] makes it.
///
/// It is charged already, so that a thousand attempts at the same time do not all find an empty
/// counter. Say how it ended. **An attempt that is dropped has failed**, as one whose client hung
/// up.
#[must_use = "an attempt that is dropped counts as a wrong password"]
pub struct LoginAttempt {
    attempt: Attempt,
    sessions: Sessions,
}

impl Sessions {
    /// Asks whether the password of this account may be looked at, and charges the attempt. It is
    /// for the application's own login handler; [`log_in`](Self::log_in) and the endpoints do so
    /// themselves.
    ///
    /// `account` is the name as it was typed, whether or not an account has it. `context` is the
    /// request, and `None` where there is none: then all clients count as one stranger, unless
    /// they have a [device mark](RequestContext::with_device_mark).
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
    ///     let Some(user) = find_user(login.username(), login.password()).await? else {
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
        let address = context.and_then(|context| {
            let known = context.client_address();
            known.or_else(|| self.edge().client_address(context.parts()))
        });
        let caller = Caller {
            name: account,
            address,
            mark: context.and_then(RequestContext::device_mark),
        };
        let store = self.store();
        let asked = async {
            let asked = self
                .throttle()
                .attempt(store.ephemeral(), caller, self.now());
            asked.await.map_err(|error| self.refusal(address, error))
        };
        let attempt = with_timeout(REFRESH_DEADLINE, asked).await;
        Ok(LoginAttempt {
            attempt: attempt.map_err(SessionError::logged)?,
            sessions: self.clone(),
        })
    }

    /// Makes the mark of a device that its user has proved otherwise, such as with a link in an
    /// email: strangers do not use up the attempts of this device. `account` is the name that the
    /// user types. Send it with [`CookieDelivery`](crate::CookieDelivery), or as `device_mark`.
    ///
    /// It is `None` where the throttle is off.
    #[must_use]
    pub fn device_mark(&self, account: &str, subject: &Subject) -> Option<DeviceMark> {
        self.throttle()
            .device_mark(account, subject, None, self.now())
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

    fn refusal(&self, client: Option<IpAddr>, error: AttemptError) -> SessionError {
        let throttled = match error {
            AttemptError::Throttled(throttled) => throttled,
            AttemptError::Store(error) => return error.into(),
        };
        let (by, retry_after) = (throttled.by(), throttled.retry_after());
        if self.0.throttled_lines.is_new(client, by, self.now()) {
            let cure = client.is_none().then_some(NO_ADDRESS);
            let client = client.map(tracing::field::display);
            tracing::warn!(client, ?by, retry_after, cure, "login throttled");
        }
        SessionError::too_many_attempts(retry_after)
    }
}

impl LoginAttempt {
    /// The password was right, and the login is finished. The charge is given back, and no counter
    /// is cleared.
    ///
    /// Returns the marks that the device presents from now on: see
    /// [`Identity::with_device_mark`]. It is `None` where the throttle is off.
    ///
    /// # Errors
    ///
    /// `Unavailable`: the store failed.
    pub async fn succeeded(self, subject: &Subject) -> Result<Option<DeviceMark>, SessionError> {
        let (store, now) = (self.sessions.store(), self.now());
        let settled = self.attempt.succeeded(store.ephemeral(), subject, now);
        Ok(with_timeout(REFRESH_DEADLINE, settled).await?)
    }

    /// The password was wrong: the charge stays. To drop the attempt is the same.
    pub fn failed(self) {}

    /// The credentials were right, and the login is not finished, because a second factor is asked
    /// for: the charge is given back. A wrong code is [`failed`](Self::failed), or codes could be
    /// guessed freely.
    ///
    /// # Errors
    ///
    /// `Unavailable`: the store failed.
    pub async fn unfinished(self) -> Result<(), SessionError> {
        let (store, now) = (self.sessions.store(), self.now());
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

    fn now(&self) -> Timestamp {
        self.sessions.now()
    }
}

impl Identity {
    /// Sends the mark of the device with the tokens of this login: in a cookie where they are in
    /// cookies, and otherwise as `device_mark` in the body. [`LoginAttempt::succeeded`] makes it.
    pub fn with_device_mark(mut self, mark: impl Into<Option<DeviceMark>>) -> Self {
        self.device_mark = mark.into().map(DeviceMark::into_text);
        self
    }
}

const NO_ADDRESS: &str = "the client's address is not known, so all clients are one stranger: say \
    how it is found, with `SessionsBuilder::client_address`";

impl fmt::Debug for LoginAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LoginAttempt").field(&self.attempt).finish()
    }
}
