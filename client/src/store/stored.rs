//! [`StoredLogin`]: what a store keeps.

use std::mem;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::BoxError;
use crate::secret::Secret;
use crate::tokens::{Generation, Kept, Lineage, Pair, Unsaved};

/// The tokens of a login and the device mark, as a [`TokenStore`](crate::TokenStore) keeps them.
///
/// After a logout only the device mark is left: the proof that this device has logged in before, so
/// that strangers who guess passwords do not lock it out. It is not a credential. `Debug` shows
/// neither tokens nor mark.
///
/// ```
/// use tower_bearer_client::StoredLogin;
///
/// # fn main() -> Result<(), tower_bearer_client::BoxError> {
/// let stored = StoredLogin::from_json(br#"{"device_mark":"dm1_example"}"#)?;
/// assert_eq!(*stored.to_json(), r#"{"device_mark":"dm1_example"}"#);
/// assert!(!format!("{stored:?}").contains("dm1_"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct StoredLogin {
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<StoredTokens>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_mark: Option<Secret>,
    /// Grows with each mark.
    #[serde(default, skip_serializing_if = "is_default")]
    marks: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    lineage: Lineage,
    /// The origin and the path of the endpoints that the tokens and the mark belong to.
    #[serde(default, skip_serializing_if = "is_default")]
    server: String,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct StoredTokens {
    access_token: Secret,
    refresh_token: Secret,
    /// Stored with the token that it goes with: so a process that was ended before the answer came
    /// asks again with the same key.
    idempotency_key: Secret,
    /// Seconds since 1970.
    expires_at: u64,
    /// Seconds.
    expires_in: u64,
    /// What the login has asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(default)]
    generation: Generation,
}

impl StoredLogin {
    /// Reads what [`StoredLogin::to_json`] has written.
    ///
    /// # Errors
    ///
    /// It is something else, such as JSON of another program. The error repeats nothing of it.
    ///
    /// ```
    /// use tower_bearer_client::StoredLogin;
    ///
    /// assert!(StoredLogin::from_json(b"{}").is_ok());
    /// assert!(StoredLogin::from_json(br#"{"theme":"dark"}"#).is_err());
    /// assert!(StoredLogin::from_json(b"secret").is_err());
    /// ```
    pub fn from_json(json: &[u8]) -> Result<Self, BoxError> {
        let read = serde_json::from_slice(json).ok();
        let login = read.filter(|login: &Self| !login.is_empty() || json.trim_ascii() == b"{}");
        login.ok_or_else(|| {
            "this is not a login that was stored here: `LoginBuilder::open_empty` replaces it"
                .into()
        })
    }

    /// Only the default is written without tokens and without a mark.
    fn is_empty(&self) -> bool {
        self.tokens.is_none() && self.device_mark.is_none()
    }

    /// Writes one line of JSON. The text has the tokens: keep it as you keep a password. It is
    /// wiped when it is dropped.
    ///
    /// ```
    /// use tower_bearer_client::StoredLogin;
    ///
    /// assert_eq!(*StoredLogin::default().to_json(), "{}");
    /// ```
    #[must_use]
    pub fn to_json(&self) -> Zeroizing<String> {
        // Enough for all of it: a vector that grows would leave copies behind.
        let mut json = Zeroizing::new(Vec::with_capacity(self.room()));
        // Texts and numbers cannot fail, and a vector takes all that is written.
        let written = serde_json::to_writer(&mut *json, self);
        debug_assert!(written.is_ok());
        Zeroizing::new(String::from_utf8(mem::take(&mut *json)).unwrap_or_default())
    }

    /// An escaped character is up to six bytes long.
    fn room(&self) -> usize {
        let tokens = self.tokens.as_ref().map_or(0, |tokens| {
            tokens.access_token.expose().len()
                + tokens.refresh_token.expose().len()
                + tokens.idempotency_key.expose().len()
                + tokens.scope.as_ref().map_or(0, String::len)
        });
        let mark = self
            .device_mark
            .as_ref()
            .map_or(0, |mark| mark.expose().len());
        1024 + 6 * (tokens + mark + self.server.len())
    }

    /// `None`: there is nothing to store.
    pub(crate) fn new(unsaved: &Unsaved, server: &str) -> Option<Self> {
        let tokens = unsaved.pair.as_ref().map(|pair| StoredTokens {
            access_token: pair.access.clone(),
            refresh_token: pair.refresh.clone(),
            idempotency_key: pair.key.clone(),
            expires_at: pair.expires_at.as_secs(),
            expires_in: pair.lifetime.as_secs(),
            scope: pair.scope.clone(),
            generation: pair.generation,
        });
        let device_mark = unsaved.mark.clone();
        (tokens.is_some() || device_mark.is_some()).then_some(Self {
            tokens,
            device_mark,
            marks: unsaved.marks,
            lineage: unsaved.lineage.clone(),
            server: server.to_owned(),
        })
    }

    /// Another server must not get it.
    pub(crate) fn expect_for(&self, server: &str) -> Result<(), BoxError> {
        if self.is_empty() || self.server == server {
            return Ok(());
        }
        Err(match &*self.server {
            "" => {
                "this login does not say its server: `LoginBuilder::open_empty` replaces it".into()
            }
            theirs => format!(
                "this login is for {theirs}: use another store, or replace it with \
                 `LoginBuilder::open_empty`"
            )
            .into(),
        })
    }

    pub(crate) fn into_kept(self) -> Result<Kept, BoxError> {
        Ok(Kept {
            pair: self.tokens.map(StoredTokens::into_pair).transpose()?,
            lineage: self.lineage,
            mark: self.device_mark,
            marks: self.marks,
        })
    }
}

impl StoredTokens {
    fn into_pair(self) -> Result<Pair, BoxError> {
        let mut pair = Pair::new(
            self.access_token,
            self.refresh_token,
            self.idempotency_key,
            Duration::from_secs(self.expires_at),
            Duration::from_secs(self.expires_in),
        )?;
        (pair.scope, pair.generation) = (self.scope, self.generation);
        Ok(pair)
    }
}
