//! The wire types: what the endpoints answer. They are this crate's own, so that a client does not
//! depend on the server.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use crate::ClientError;
use crate::secret::Secret;

/// The tokens of an answer (RFC 6749 section 5.1).
#[derive(Debug, Deserialize)]
pub(crate) struct TokenAnswer {
    pub(crate) access_token: Secret,
    token_type: String,
    pub(crate) expires_in: u64,
    /// A refresh may leave it out: then the old one stays (RFC 6749 section 6).
    pub(crate) refresh_token: Option<Secret>,
    /// A login has it. It proves at the next login that this device has logged in before, so
    /// that strangers who guess passwords do not use up its attempts. It is not a credential.
    pub(crate) device_mark: Option<Secret>,
}

impl TokenAnswer {
    /// Fails if the body has no bearer tokens. The error of serde repeats what it has read, so it
    /// stays here.
    pub(crate) fn read(json: &[u8]) -> Result<Self, ClientError> {
        let read = serde_json::from_slice(json).ok();
        let is_bearer = |answer: &Self| answer.token_type.eq_ignore_ascii_case("bearer");
        read.filter(is_bearer)
            .ok_or_else(|| ClientError::unavailable("the answer holds no bearer token"))
    }
}

/// An error (RFC 6749 section 5.2), with the reason that our endpoints add.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ErrorAnswer {
    #[serde(deserialize_with = "text")]
    pub(crate) error: String,
    #[serde(deserialize_with = "text")]
    reason: String,
}

impl ErrorAnswer {
    pub(crate) fn read(json: &[u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    /// Whether it is about the session of the token, and not about a password.
    pub(crate) fn is_of_session(&self) -> bool {
        let reason = &*self.reason;
        reason.starts_with("session_") || matches!(reason, "user_gone" | "token_invalid")
    }

    /// The reason where it is a word as in `refresh_reused`, or else the error: no other text of an
    /// answer gets into an error of ours, and no secret.
    pub(crate) fn word(self, is_secret: impl Fn(&str) -> bool) -> Option<Cow<'static, str>> {
        [self.reason, self.error]
            .into_iter()
            .find(|text| is_word(text) && !is_secret(text))
            .map(Cow::Owned)
    }
}

/// A member that is not a text, as `null`, counts as absent and does not hide the other one.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Member {
        Text(String),
        Other(IgnoredAny),
    }

    Ok(match Member::deserialize(deserializer)? {
        Member::Text(text) => text,
        Member::Other(_) => String::new(),
    })
}

fn is_word(text: &str) -> bool {
    (1..=MAX_REASON).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// The server's reasons are no longer.
const MAX_REASON: usize = 64;
