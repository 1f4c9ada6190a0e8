//! [`Identity`] is the user who logs in, with the data and settings of this login alone.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::identity_error::IdentityError;
use super::stamp::Stamp;
use crate::clock::Timestamp;
use crate::familiarity::Familiarity;
use crate::limits::MAX_DATA_BYTES;
use crate::names::{Scope, Subject};
use crate::request_context::RequestContext;

/// The user who logs in, with the data and settings of this login alone.
///
/// An identity starts a session. A [`Grant`](crate::Grant) says what the session may do: the
/// application returns one at the login and at every refresh.
///
/// ```
/// use serde::Serialize;
/// use tower_bearer::Identity;
///
/// #[derive(Serialize)]
/// struct LoginFacts {
///     tenant: String,
/// }
///
/// let identity = Identity::new(42)
///     .with_stamp("password-version-7")
///     .with_device("a laptop")
///     .with_data(&LoginFacts { tenant: "acme".to_owned() })?;
/// assert_eq!(identity.subject().as_str(), "42");
/// # Ok::<(), tower_bearer::token::IdentityError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Identity {
    subject: Subject,
    pub(crate) stamp: Option<[u8; 16]>,
    pub(crate) receipts: bool,
    pub(crate) device: Option<String>,
    pub(crate) data: Option<Box<[u8]>>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) absolute_lifetime: Option<Duration>,
    pub(crate) until_browser_closes: bool,
    pub(crate) authenticated_at: Option<Timestamp>,
    pub(crate) response: Map<String, Value>,
    /// The scope that the client asks for. An empty one asks for everything.
    pub(crate) scope: Scope,
    /// Tokens of sessions that this login replaces.
    pub(crate) replaced: Vec<Zeroizing<String>>,
    pub(crate) context: Option<RequestContext>,
    /// The text of the device's marks, which come with the tokens.
    pub(crate) device_mark: Option<Zeroizing<String>>,
    /// How well the name that logs in knows the client.
    pub(crate) familiarity: Option<Familiarity>,
}

impl Identity {
    /// Makes an identity of the user with this subject. All settings are those of the policy.
    pub fn new(subject: impl Into<Subject>) -> Self {
        Self {
            subject: subject.into(),
            stamp: None,
            receipts: true,
            device: None,
            data: None,
            idle_timeout: None,
            absolute_lifetime: None,
            until_browser_closes: false,
            authenticated_at: None,
            response: Map::new(),
            scope: Scope::default(),
            replaced: Vec::new(),
            context: None,
            device_mark: None,
            familiarity: None,
        }
    }

    /// Sets a version of the user's credentials: a value that changes with the password, such as a
    /// counter or the password's hash.
    ///
    /// The session keeps it as a hash. [`Grant::with_stamp`](crate::Grant::with_stamp) has to have
    /// the same value at every refresh, or the session ends. A missing stamp counts as a value too:
    /// [`Grant::or_no_stamp`](crate::Grant::or_no_stamp) keeps sessions from before there were
    /// stamps. So a login that was under way while the password changed, and a session that came
    /// back with a restored backup, do not survive the change.
    ///
    /// If the stamp is the hash, and a login stores a [new hash](crate::Verification::Valid) of the
    /// same password, set the new hash here. The user's other sessions then end, as after a change
    /// of the password. A counter does not have this effect.
    pub fn with_stamp(mut self, stamp: impl Into<Stamp>) -> Self {
        self.stamp = Some(stamp.into().to_bytes());
        self
    }

    /// What the user may recognise the session by, such as "a laptop". At most 256 bytes are kept,
    /// without control characters and other invisible ones, such as those of the direction of
    /// writing. Without it the session shows the parameter `device` of the
    /// [login](Self::with_login), or else the `User-Agent`.
    pub fn with_device(mut self, device: impl Into<String>) -> Self {
        self.device = Some(device.into());
        self
    }

    /// Sets data that the application keeps with this session, such as the active tenant, the way
    /// in which the user authenticated, or the administrator who impersonates them.
    ///
    /// The data survives refreshes. [`authorize`](crate::Authenticate::authorize) reads it with
    /// [`Session::data`](crate::store::Session::data). It is not in any token, unless the
    /// application grants it as a claim. [`Sessions::set_data`](crate::Sessions::set_data) replaces
    /// all of it.
    ///
    /// # Errors
    ///
    /// The value does not fit JSON, or is above 4 KiB as JSON.
    pub fn with_data<T: Serialize + ?Sized>(mut self, data: &T) -> Result<Self, IdentityError> {
        self.data = Some(session_data(data)?);
        Ok(self)
    }

    /// Sets how long this session may be idle, at least one second. The default is that of the
    /// policy, as set with
    /// [`SessionPolicy::with_idle_timeout`](crate::SessionPolicy::with_idle_timeout).
    pub fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    /// Sets the absolute lifetime of this session, of at least one second. The default is that of
    /// the policy, as set with
    /// [`SessionPolicy::with_absolute_lifetime`](crate::SessionPolicy::with_absolute_lifetime).
    pub fn with_absolute_lifetime(mut self, lifetime: Duration) -> Self {
        self.absolute_lifetime = Some(lifetime);
        self
    }

    /// Sets cookies that the browser forgets when it closes, for a login where "remember me" was
    /// not ticked. The token responses have `until_browser_closes`, so that a page forgets the
    /// access token too. The session itself ends with its lifetimes, since a server cannot see that
    /// a browser was closed.
    pub fn until_browser_closes(mut self) -> Self {
        self.until_browser_closes = true;
        self
    }

    /// Sets when the user authenticated, if that was before this call, as at an identity provider.
    /// It becomes the claim `auth_time` of every access token (RFC 9068 section 2.2.1). The default
    /// is the moment of the login.
    pub fn with_authenticated_at(mut self, moment: Timestamp) -> Self {
        self.authenticated_at = Some(moment);
        self
    }

    /// Turns off receipts, for a server that refreshes on a browser's behalf (server-side
    /// rendering).
    ///
    /// When the server itself uses an access token, this does not prove that the browser received
    /// the refresh token, so it must not count as a receipt. The price is that a stolen copy is
    /// detected later.
    pub fn without_receipts(mut self) -> Self {
        self.receipts = false;
        self
    }

    /// Adds a member to the response of this login, besides those of RFC 6749, such as the user's
    /// name. It is not stored, so a refresh does not repeat it.
    ///
    /// # Errors
    ///
    /// The value does not fit JSON.
    pub fn with_response(
        mut self,
        name: impl Into<String>,
        value: impl Serialize,
    ) -> Result<Self, IdentityError> {
        self.response.insert(
            name.into(),
            serde_json::to_value(value).map_err(IdentityError::response)?,
        );
        Ok(self)
    }

    /// Ends the session that this token belongs to, once the new session exists (OWASP ASVS 7.2.4).
    /// The token may be any refresh token of that session, or an access token, expired or not. A
    /// token that belongs to no session is ignored.
    ///
    /// If the old session cannot be ended, the new one is ended too.
    pub fn replacing(mut self, token: impl Into<String>) -> Self {
        self.replaced.push(Zeroizing::new(token.into()));
        self
    }

    /// Sets the request that this login comes from.
    pub fn with_context(mut self, context: RequestContext) -> Self {
        self.context = Some(context);
        self
    }

    /// Returns the user.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }
}

/// Returns data as a session keeps it.
pub(crate) fn session_data<T: Serialize + ?Sized>(data: &T) -> Result<Box<[u8]>, IdentityError> {
    let data = serde_json::to_vec(data).map_err(IdentityError::data)?;
    if data.len() > MAX_DATA_BYTES {
        return Err(IdentityError::data_too_large());
    }
    Ok(data.into())
}

/// Leaves out the stamp, the data and the tokens.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("subject", &self.subject)
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}
