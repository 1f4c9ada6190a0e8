//! Reads requests: a form or JSON, of at most 8 KiB.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use super::error::EndpointError;
use crate::bearer::READ;
use crate::error::BoxError;
use crate::json::{NotUnique, unique_object};
use crate::names::Scope;
use crate::parameters::{self, WrongParameter};
use crate::session::{AnyCredentials, LoginCredentials, SessionError, SessionErrorKind, Sessions};

/// The parameters of a request. A repeated parameter is an error, and an empty one counts as absent
/// (RFC 6749 section 3.2).
pub(super) struct Parameters {
    values: Map<String, Value>,
}

impl Parameters {
    /// Reads the body of a `POST`.
    pub(super) async fn read<B>(parts: &Parts, body: B) -> Result<Self, EndpointError>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        check(parts, "POST")?;
        let body = read_body(&parts.headers, body).await?;
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&body);
        let text = body.trim_ascii();
        if text.is_empty() {
            // Some clients name a media type of their own for a body that is not there.
            return Ok(Self::none());
        }
        check_content_encoding(&parts.headers)?;
        match encoding(&parts.headers).ok_or_else(EndpointError::media_type)? {
            // Some clients send it for nothing.
            Encoding::Json if text == b"null" => Ok(Self::none()),
            encoding => Self::parse(encoding, body),
        }
    }

    fn none() -> Self {
        Self { values: Map::new() }
    }

    fn parse(encoding: Encoding, body: &[u8]) -> Result<Self, EndpointError> {
        let is_text = match encoding {
            // `form_urlencoded` would replace what is not UTF-8.
            Encoding::Form => percent_decode(body).decode_utf8().is_ok(),
            Encoding::Json => std::str::from_utf8(body).is_ok(),
        };
        if !is_text {
            return Err(EndpointError::invalid_request(
                "the body is not valid UTF-8",
            ));
        }
        let mut values = match encoding {
            Encoding::Form => unique(
                form_urlencoded::parse(body)
                    .map(|(name, value)| (name.into_owned(), Value::from(value))),
            )?,
            Encoding::Json => unique_object(body).map_err(not_unique)?,
        };
        values.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
        Ok(Self { values })
    }

    /// Returns a parameter that is text.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, EndpointError> {
        match self.values.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(not_text(name)),
        }
    }

    /// Returns a parameter if it is text. A value of another type counts as absent: it may be a
    /// field of the application's credentials.
    pub(super) fn text_or_none(&self, name: &'static str) -> Option<&str> {
        self.values.get(name)?.as_str()
    }

    /// Returns whether a parameter is `true`, in JSON as text too. It has to be that or absent.
    pub(super) fn flag(&self, name: &'static str) -> Result<bool, EndpointError> {
        match self.values.get(name) {
            None => Ok(false),
            Some(Value::Bool(true)) => Ok(true),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(_) => Err(EndpointError::invalid_request(format!(
                "{name} is true or absent"
            ))),
        }
    }

    /// Returns the scope that the client asks for: words, as text or as a list of texts. An empty
    /// one asks for everything.
    pub(super) fn scope(&self) -> Result<Scope, EndpointError> {
        let Some(value) = self.values.get("scope") else {
            return Ok(Scope::default());
        };
        let scope = words(value).and_then(|words| words.parse().ok());
        Ok(scope.ok_or_else(|| SessionError::new(SessionErrorKind::InvalidScope))?)
    }

    /// Returns the same at a login. There, a value of another type belongs to the application.
    pub(super) fn login_scope(&self) -> Result<Scope, EndpointError> {
        match self.values.get("scope").map(words) {
            Some(None) => Ok(Scope::default()),
            _ => self.scope(),
        }
    }

    /// Takes a parameter that is text. It may be a secret, so no copy is kept.
    pub(super) fn take(&mut self, name: &'static str) -> Result<Option<String>, EndpointError> {
        match self.values.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(not_text(name)),
        }
    }

    /// Takes `grant_type`, which has to be absent or this one.
    pub(super) fn check_grant_type(&mut self, wanted: &str) -> Result<(), EndpointError> {
        match self.take("grant_type")? {
            Some(grant_type) if grant_type != wanted => {
                Err(SessionError::new(SessionErrorKind::UnsupportedGrantType).into())
            }
            _ => Ok(()),
        }
    }

    /// Reads all parameters that are left as the credentials of the application. Parameters that
    /// are not fields of the credentials are ignored.
    pub(super) fn into_credentials(
        self,
        sessions: &Sessions,
    ) -> Result<AnyCredentials, EndpointError> {
        self.check_credentials()?;
        sessions.read_credentials(self.values).map_err(refuse)
    }

    /// Reads the same as credentials of this type.
    pub(super) fn into_typed<C: LoginCredentials>(self) -> Result<C, EndpointError> {
        self.check_credentials()?;
        parameters::read(self.values).map_err(refuse)
    }

    /// Refuses U+0000, which credentials do not have (RFC 6749 appendix A). PostgreSQL does not
    /// take it as text, so it would be an outage to the application.
    ///
    /// A device has none when it is kept.
    fn check_credentials(&self) -> Result<(), EndpointError> {
        let mut read = self.values.iter().filter(|(name, _)| *name != "device");
        if read.any(|(_, value)| has_nul(value)) {
            return Err(EndpointError::invalid_request(
                "a parameter has the character U+0000",
            ));
        }
        Ok(())
    }
}

/// Returns the words of a scope. `None` means that it is not text, and not a list of texts.
fn words(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Array(all) => {
            let words: Option<Vec<&str>> = all.iter().map(Value::as_str).collect();
            Some(words?.join(" ").into())
        }
        _ => None,
    }
}

fn refuse(WrongParameter { name, expected }: WrongParameter) -> EndpointError {
    let Some(expected) = expected else {
        return EndpointError::invalid_request(format!("{name} is missing"));
    };
    tracing::info!(
        parameter = name,
        expected,
        "a parameter of a login does not fit the credentials"
    );
    EndpointError::invalid_request(format!("{name} is malformed"))
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(all) => all.iter().any(has_nul),
        Value::Object(all) => all
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

fn not_text(name: &'static str) -> EndpointError {
    EndpointError::invalid_request(format!("{name} is not text"))
}

/// Returns this name if it is one of ours. Others are not repeated to the client.
fn known(name: &str) -> Option<&'static str> {
    OURS.into_iter().find(|&known| known == name)
}

fn repeated(known: &'static str) -> EndpointError {
    EndpointError::invalid_request(format!("{known} is repeated"))
}

fn not_unique(error: NotUnique) -> EndpointError {
    let parameter = error.repeated.filter(|repeated| !repeated.is_inner);
    match parameter.and_then(|parameter| known(&parameter.name)) {
        Some(known) => repeated(known),
        None => EndpointError::invalid_request(
            "the body is not a JSON object, or a parameter is repeated",
        ),
    }
}

fn unique(
    pairs: impl Iterator<Item = (String, Value)>,
) -> Result<Map<String, Value>, EndpointError> {
    let (mut values, mut is_resource_repeated) = (Map::new(), false);
    for (name, value) in pairs {
        if let Some(known) = known(&name)
            && values.contains_key(known)
        {
            return Err(repeated(known));
        }
        // The one parameter that may be repeated (RFC 8707 section 2). It is not read here.
        is_resource_repeated |= name == "resource" && values.contains_key("resource");
        if values.insert(name.clone(), value).is_some() && name != "resource" {
            return Err(EndpointError::invalid_request("a parameter is repeated"));
        }
    }
    if is_resource_repeated {
        values.remove("resource");
    }
    Ok(values)
}

/// Checks the method, and that the URL has no parameters of ours. Others, such as those of a
/// campaign, are ignored.
pub(super) fn check(parts: &Parts, wanted: &'static str) -> Result<(), EndpointError> {
    check_method(parts, wanted)?;
    // URLs are logged: nothing secret may be there (RFC 6749 section 2.3.1).
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    match form_urlencoded::parse(query).find_map(|(name, _)| known(&name)) {
        None => Ok(()),
        Some(known) => Err(EndpointError::invalid_request(format!(
            "{known} is not allowed in the query string"
        ))),
    }
}

pub(super) fn check_method(parts: &Parts, wanted: &'static str) -> Result<(), EndpointError> {
    if parts.method == wanted {
        Ok(())
    } else {
        Err(EndpointError::method(wanted))
    }
}

/// Refuses a method at an endpoint that everyone may read.
pub(super) fn reads_only() -> EndpointError {
    EndpointError::method(READ)
}

#[derive(Clone, Copy)]
enum Encoding {
    Form,
    Json,
}

/// Returns the encoding that the media type names. Exactly these two are accepted: a page of
/// another origin can send `text/plain` without a preflight (OWASP ASVS 3.5.2).
fn encoding(headers: &HeaderMap) -> Option<Encoding> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let essence = value
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    match essence {
        _ if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") => {
            Some(Encoding::Form)
        }
        _ if essence.eq_ignore_ascii_case("application/json") => Some(Encoding::Json),
        _ => None,
    }
}

/// Refuses a compressed body: a few bytes could become many.
fn check_content_encoding(headers: &HeaderMap) -> Result<(), EndpointError> {
    let is_plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        Ok(())
    } else {
        Err(EndpointError::content_encoding())
    }
}

async fn read_body<B>(headers: &HeaderMap, body: B) -> Result<Bytes, EndpointError>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        return Err(EndpointError::too_large());
    }
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(EndpointError::too_large()),
        Err(_) => Err(EndpointError::invalid_request("the body is incomplete")),
    }
}

const MAX_BODY_BYTES: usize = 8 * 1024;
/// Some clients put it in front of UTF-8 (RFC 8259 section 8.1 allows to ignore it).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The parameters that these endpoints read, and where others look for a token.
const OURS: [&str; 11] = [
    "grant_type",
    "username",
    "password",
    "refresh_token",
    "token",
    "access_token",
    "scope",
    "delivery",
    "device",
    "device_mark",
    "dry_run",
];
