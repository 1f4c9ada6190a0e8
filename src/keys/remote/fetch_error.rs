//! [`FetchError`] says which document could not be fetched or read, and what to write instead.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use http::header::LOCATION;
use http::{Response, Uri};

use super::retry_after::retry_after;
use crate::clock::Timestamp;
use crate::error::BoxError;

/// A document could not be fetched, or is of no use.
pub(super) struct FetchError {
    text: String,
    /// For how long the issuer wants not to be asked again.
    pub(super) retry_after: Option<Duration>,
    /// Whether it is a key set without a usable key, so that the keys before it are withdrawn.
    pub(super) withdraws_keys: bool,
}

impl FetchError {
    /// Says what is wrong with the document at `url`.
    pub(super) fn new(url: &Uri, what: impl fmt::Display) -> Self {
        let mut text = format!("{}: {what}", Shown(&url.to_string()));
        if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
            text.truncate(end);
        }
        Self {
            text,
            retry_after: None,
            withdraws_keys: false,
        }
    }

    /// The key set has keys, but none that can be used.
    pub(super) fn no_usable_key(url: &Uri, reasons: &str) -> Self {
        Self {
            withdraws_keys: true,
            ..Self::new(
                url,
                format_args!("no key of the set can be used. {reasons}"),
            )
        }
    }

    /// There was no response.
    pub(super) fn no_response(url: &Uri, cause: &BoxError) -> Self {
        let mut what = cause.to_string();
        let mut source = cause.source();
        while let Some(cause) = source {
            what.push_str(": ");
            what.push_str(&cause.to_string());
            source = cause.source();
        }
        if what.contains("UnknownIssuer") || what.contains("CaUsedAsEndEntity") {
            what.push_str(
                ". For a private authority set SSL_CERT_FILE (on Linux and BSD), or use \
                 `with_http_client`",
            );
        }
        // The client loads the certificates when it is built, so it cannot ask over http either.
        if what.contains("No CA certificates") {
            what.push_str(". Install `ca-certificates` in the image, or set SSL_CERT_FILE");
        }
        Self::new(url, what)
    }

    /// The status is not 200. `suggest` says what to write for the URL that a redirect leads to.
    pub(super) fn status<B>(
        url: &Uri,
        response: &Response<B>,
        now: Timestamp,
        suggest: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let status = response.status();
        let mut what = format!("the issuer answered {status}");
        match status.as_u16() {
            300..=399 => {
                let location = response.headers().get(LOCATION);
                let location = location.map(|value| String::from_utf8_lossy(value.as_bytes()));
                let location = location.unwrap_or_default();
                what.push_str(&format!(
                    " with the Location {}. Redirects are not followed",
                    Shown(&location)
                ));
                let target = resolve(url, &location);
                if let Some(cure) = target.and_then(|target| suggest(&target)) {
                    what.push_str(&format!(". If that is the same issuer's, write {cure}"));
                }
            }
            401 | 403 => what.push_str(
                ". If the document is protected, send the credentials with `with_http_client`",
            ),
            _ => {}
        }
        Self {
            retry_after: matches!(status.as_u16(), 429 | 503)
                .then(|| retry_after(response.headers(), now))
                .flatten(),
            ..Self::new(url, what)
        }
    }

    /// Neither of two documents is there.
    pub(super) fn and(self, mut second: Self) -> Self {
        second.text = format!("{}; {}", self.text, second.text);
        second
    }
}

/// Shows the same text as `Display`: a `main` that returns the error prints its `Debug`.
impl fmt::Debug for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for FetchError {}

/// Returns the URL of a `Location` (RFC 9110 section 10.2.2), if it is absolute or has an absolute
/// path, and does not lead from https to http.
fn resolve(url: &Uri, location: &str) -> Option<String> {
    let (scheme, authority) = (url.scheme_str()?, url.authority()?);
    let target = if location.starts_with('/') && !location.starts_with("//") {
        format!("{scheme}://{authority}{location}")
    } else {
        location.to_owned()
    };
    let target: Uri = target.parse().ok()?;
    let is_safe = target.scheme_str() == Some("https") || target.scheme_str() == Some(scheme);
    let has_user = target.authority()?.as_str().contains('@');
    // A query may have a secret, and a login page has one.
    (is_safe && !has_user && target.query().is_none() && location.len() <= MAX_SHOWN)
        .then(|| target.to_string())
}

/// Text from elsewhere, as a log may show it: without a query, a user and control characters.
pub(super) struct Shown<'t>(pub(super) &'t str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.0.split(['?', '#']).next().unwrap_or_default();
        if plain.contains('@') {
            return f.write_str("(a URL with a user name)");
        }
        write!(f, "{:?}", plain.chars().take(MAX_SHOWN).collect::<String>())
    }
}

const MAX_SHOWN: usize = 200;
const MAX_TEXT: usize = 2000;
