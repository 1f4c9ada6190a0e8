//! [`KeySetLocation`] is where a key set is found.

use std::fmt;

use http::Uri;

use super::fetch_error::Shown;
use crate::error::ConfigError;
use crate::url::{HttpUrl, is_loopback};

/// Where a key set is found.
#[derive(Clone)]
pub(super) enum KeySetLocation {
    /// At this URL.
    Set(Uri),
    /// At the URL that this issuer's metadata names. The function tells the hosts from which the
    /// set may be fetched over plain `http`.
    Issuer(HttpUrl, fn(&str) -> bool),
}

impl KeySetLocation {
    pub(super) fn set(url: &str, may_be_plain: fn(&str) -> bool) -> Result<Self, ConfigError> {
        set_url(url, may_be_plain, "dangerous_over_http").map(Self::Set)
    }

    pub(super) fn issuer(
        issuer: &str,
        may_be_plain: fn(&str) -> bool,
    ) -> Result<HttpUrl, ConfigError> {
        let url = http_url(issuer, may_be_plain, "dangerous_discover_over_http")?;
        let Some((before, document)) = issuer.split_once("/.well-known/") else {
            return Ok(url);
        };
        // The path of the issuer may be behind the document (RFC 8414 section 3.1).
        let path = document.find('/').map_or("", |path| &document[path..]);
        Err(ConfigError::new(format!(
            "{:?} is the URL of a document, not of an issuer. Write {:?}, or the `issuer` in the \
             document",
            shortened(issuer),
            shortened(&format!("{before}{path}"))
        )))
    }

    /// Metadata that was fetched safely must not lead to a plain http URL.
    pub(super) fn discovered(issuer: HttpUrl) -> Self {
        let may_be_plain = if issuer.origin().starts_with("https:") {
            NOWHERE
        } else {
            is_loopback
        };
        Self::Issuer(issuer, may_be_plain)
    }
}

/// The query of a URL may have a secret.
impl fmt::Debug for KeySetLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set(url) => write!(f, "Set({})", Shown(&url.to_string())),
            Self::Issuer(issuer, _) => write!(f, "Issuer({issuer:?})"),
        }
    }
}

/// Parses the URL of a key set. Unlike the URL of an issuer, it may have a query. `setting` is what
/// allows plain http.
pub(super) fn set_url(
    text: &str,
    may_be_plain: fn(&str) -> bool,
    setting: &str,
) -> Result<Uri, ConfigError> {
    if text.contains('#') {
        return Err(ConfigError::from_static(
            "the URL of a JWK set has a fragment. Leave it out",
        ));
    }
    http_url(
        text.split('?').next().unwrap_or_default(),
        may_be_plain,
        setting,
    )?;
    text.parse()
        .map_err(|_| ConfigError::from_static("the query of the URL is malformed"))
}

fn http_url(
    text: &str,
    may_be_plain: fn(&str) -> bool,
    setting: &str,
) -> Result<HttpUrl, ConfigError> {
    HttpUrl::parse(text, may_be_plain).map_err(|error| {
        let is_plain = text.starts_with("http://") && HttpUrl::parse(text, ANYWHERE).is_ok();
        if !is_plain {
            return error;
        }
        ConfigError::new(format!(
            "{:?} is plain http to another machine, so an attacker on the network path could \
             insert their own keys. Use https, or `RemoteJwks::{setting}` within a network that \
             you trust",
            shortened(text)
        ))
    })
}

fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}

/// The hosts to which `http` may lead.
pub(super) const ANYWHERE: fn(&str) -> bool = |_| true;
const NOWHERE: fn(&str) -> bool = |_| false;
