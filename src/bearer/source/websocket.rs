//! The token among the protocols that a page offers when it opens a WebSocket (RFC 6455 section
//! 11.3.4).

use std::mem;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderMap, HeaderValue};

use super::credential::Token;
use crate::bearer::credentials::Malformed;
use crate::error::ConfigError;
use crate::keys::AccessToken;

/// How a client writes its token among the protocols.
#[derive(Clone)]
pub(super) struct WebSocketProtocol {
    form: Form,
    /// The prefix of the token, or the entry in front of it.
    name: Arc<str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `name` and the token are one entry.
    Prefix,
    /// The same, with the token in base64url.
    Base64Url,
    /// `name` and the token are two entries.
    Pair,
}

impl WebSocketProtocol {
    /// The default: an entry `bearer.…`.
    pub(super) fn bearer() -> Self {
        Self {
            form: Form::Prefix,
            name: "bearer.".into(),
        }
    }

    pub(super) fn new(form: Form, name: &str) -> Result<Self, ConfigError> {
        // The characters of a protocol (RFC 6455 section 4.1).
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(allowed) {
            return Err(ConfigError::new(
                "a WebSocket protocol is made of letters and digits, without spaces and separators",
            ));
        }
        Ok(Self {
            form,
            name: name.into(),
        })
    }

    pub(super) fn token<'h>(&self, headers: &'h HeaderMap) -> Result<Option<Token<'h>>, Malformed> {
        let mut found = None;
        let mut is_incomplete = false;
        for (entry, token) in self.entries(headers) {
            is_incomplete = self.form == Form::Pair && entry == &*self.name;
            if token.is_some() && mem::replace(&mut found, token).is_some() {
                return Err(Malformed::SeveralTokens);
            }
        }
        match found {
            _ if is_incomplete => Err(Malformed::NoTokenInProtocol),
            Some("") => Err(Malformed::NoTokenInProtocol),
            Some(token) if self.form == Form::Base64Url => {
                let token = URL_SAFE_NO_PAD.decode(token.trim_end_matches('=')).ok();
                token
                    .and_then(|token| String::from_utf8(token).ok())
                    .map(|token| Some(Token::Made(AccessToken::new(token))))
                    .ok_or(Malformed::NoTokenInProtocol)
            }
            found => Ok(found.map(Token::InRequest)),
        }
    }

    /// Removes the token, and keeps the other protocols in their order. A line that is not text is
    /// removed, because it may have a token.
    pub(super) fn strip(&self, headers: &mut HeaderMap) {
        let others: Vec<&str> = self
            .entries(headers)
            .filter(|(_, token)| token.is_none())
            .map(|(entry, _)| entry)
            .collect();
        match HeaderValue::try_from(others.join(", ")) {
            Ok(others) if !others.is_empty() => {
                headers.insert(SEC_WEBSOCKET_PROTOCOL, others);
            }
            _ => drop(headers.remove(SEC_WEBSOCKET_PROTOCOL)),
        }
    }

    /// Returns each entry, with the token in it.
    fn entries<'h>(
        &self,
        headers: &'h HeaderMap,
    ) -> impl Iterator<Item = (&'h str, Option<&'h str>)> {
        let lines = headers
            .get_all(SEC_WEBSOCKET_PROTOCOL)
            .iter()
            .filter_map(|line| line.to_str().ok());
        let entries = lines
            .flat_map(|line| line.split(',').map(str::trim))
            .filter(|entry| !entry.is_empty());
        let mut is_next = false;
        entries.map(move |entry| {
            let token = match self.form {
                Form::Prefix | Form::Base64Url => entry.strip_prefix(&*self.name),
                Form::Pair => mem::replace(&mut is_next, entry == &*self.name).then_some(entry),
            };
            (entry, token)
        })
    }
}
