//! [`McpSessions`] binds the sessions of an MCP server to the tokens that they were made with.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use sha2::Sha256;

use super::error::BearerError;
use crate::digest::hmac;
use crate::keys::Secret;
use crate::token::{AccessTokenClaims, CLIENT};

/// Adds a tag to each `Mcp-Session-Id` that the inner service sends, and removes it from requests.
///
/// The tag is an HMAC over the id and its owner, so nothing has to be remembered: ids survive a
/// restart, and every process with the secret knows them.
#[derive(Clone)]
pub(crate) struct McpSessions {
    /// A key for each secret of the ring. The first one tags.
    keys: Arc<[Hmac<Sha256>]>,
}

impl McpSessions {
    pub(crate) fn new(secret: &Secret) -> Self {
        let keys = secret.derive::<32>("mcp session key");
        Self {
            keys: keys.map(|key| hmac(&*key)).collect(),
        }
    }

    /// Checks that the session in these headers belongs to the caller, and removes its tag. Without
    /// a session there is nothing to check.
    pub(super) fn open(
        &self,
        headers: &mut HeaderMap,
        caller: Option<&AccessTokenClaims>,
    ) -> Result<(), BearerError> {
        let mut ids = headers.get_all(&MCP_SESSION_ID).iter();
        let Some(tagged) = ids.next() else {
            return Ok(());
        };
        let id = match ids.next() {
            None => self.untagged(tagged.as_bytes(), caller),
            Some(_) => None,
        };
        let id = id.ok_or_else(unknown)?;
        headers.insert(MCP_SESSION_ID, id);
        Ok(())
    }

    /// Adds the tag to the session that the inner service names.
    pub(super) fn seal(&self, headers: &mut HeaderMap, caller: Option<&AccessTokenClaims>) {
        let Some(id) = headers.get(&MCP_SESSION_ID) else {
            return;
        };
        let tag = tag(&self.keys[0], id.as_bytes(), caller)
            .finalize()
            .into_bytes();
        let mut tagged = Vec::with_capacity(id.len() + 1 + TAG_TEXT);
        tagged.extend_from_slice(id.as_bytes());
        tagged.push(b'.');
        tagged.extend_from_slice(URL_SAFE_NO_PAD.encode(&tag[..TAG]).as_bytes());
        match HeaderValue::from_maybe_shared(bytes::Bytes::from(tagged)) {
            Ok(tagged) => drop(headers.insert(MCP_SESSION_ID, tagged)),
            Err(_) => drop(headers.remove(MCP_SESSION_ID)),
        }
    }

    fn untagged(&self, tagged: &[u8], caller: Option<&AccessTokenClaims>) -> Option<HeaderValue> {
        let (id, text) = tagged.split_at(tagged.len().checked_sub(TAG_TEXT + 1)?);
        let text = text.strip_prefix(b".")?;
        let mut sent = [0; TAG];
        let length = URL_SAFE_NO_PAD.decode_slice(text, &mut sent).ok()?;
        let is_tag = |key: &Hmac<Sha256>| {
            let tag = tag(key, id, caller);
            tag.verify_truncated_left(&sent[..length]).is_ok()
        };
        // A truncated tag would be easier to guess.
        if length != TAG || !self.keys.iter().any(is_tag) {
            return None;
        }
        HeaderValue::from_bytes(id).ok()
    }
}

/// Computes the tag of a session: over its id and everything that tells its owner from others.
fn tag(key: &Hmac<Sha256>, id: &[u8], caller: Option<&AccessTokenClaims>) -> Hmac<Sha256> {
    let mut mac = key.clone();
    // Each part begins with its length, so that no two owners have the same bytes.
    let mut add = |part: &[u8]| {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    };
    add(id);
    if let Some(caller) = caller {
        add(caller.issuer().as_str().as_bytes());
        add(caller.audience().as_str().as_bytes());
        add(caller.subject().as_str().as_bytes());
        match caller.session_id() {
            Some(session) => add(session.as_bytes()),
            // Two clients of one user do not share sessions either.
            None => add(client(caller).unwrap_or_default().as_bytes()),
        }
    }
    mac
}

/// Returns the client that another issuer's token was issued to.
fn client(caller: &AccessTokenClaims) -> Option<String> {
    let claim = |name| caller.claim::<String>(name).ok().flatten();
    CLIENT.into_iter().find_map(claim)
}

/// The same as for a session that has ended, so that the client starts a new one (MCP 2025-11-25,
/// Transports, Session Management).
fn unknown() -> BearerError {
    BearerError::denied("mcp_session_unknown")
        .with_status(StatusCode::NOT_FOUND)
        .with_description(
            "this login has no such MCP session. Send `initialize` without Mcp-Session-Id",
        )
}

impl fmt::Debug for McpSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("McpSessions([redacted])")
    }
}

const MCP_SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
/// The bytes of a tag, and its length as base64url.
const TAG: usize = 16;
const TAG_TEXT: usize = 22;
