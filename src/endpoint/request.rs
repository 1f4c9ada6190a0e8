//! What comes in: a form or JSON, of at most 8 KiB.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method, Request};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::percent_decode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::response::Refused;
use crate::error::BoxError;
use crate::json::UniqueObject;
use crate::session::{SessionError, SessionErrorKind};

/// The parameters of a request. None is repeated; an empty one counts as absent (RFC 6749 section 3.2).
#[derive(Default)]
pub(super) struct Parameters(Map<String, Value>);

impl Parameters {
    /// Reads the body of a `POST`.
    pub(super) async fn read<B>(request: Request<B>) -> Result<(Parts, Self), Refused>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        demand(&parts, &Method::POST, "POST")?;
        let format = Format::of(&parts.headers)?;
        let body = read_body(&parts.headers, body).await?;
        let parameters = match format {
            // Some clients name a type and send nothing.
            _ if body.is_empty() => Self::default(),
            Some(format) => format.parse(&body)?,
            None => return Err(Refused::MediaType),
        };
        Ok((parts, parameters))
    }

    /// A parameter that is text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Refused> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Refused::invalid_request("a parameter is not text")),
        }
    }

    /// Takes a parameter that is text.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<String>, Refused> {
        let text = self.text(name)?;
        self.0.remove(name);
        Ok(text)
    }

    /// Takes `grant_type`, which is absent or this one.
    pub(super) fn demand_grant_type(&mut self, wanted: &str) -> Result<(), Refused> {
        match self.take("grant_type")? {
            Some(grant_type) if grant_type != wanted => Err(SessionError::new(SessionErrorKind::UnsupportedGrantType).into()),
            _ => Ok(()),
        }
    }

    /// All parameters that are left, as a type of the application's. Those that it does not know are ignored.
    pub(super) fn into_credentials<T: DeserializeOwned>(self) -> Result<T, Refused> {
        T::deserialize(Value::Object(self.0)).map_err(|error| Refused::invalid_request(described(&error.to_string())))
    }

    fn from_pairs(pairs: impl Iterator<Item = (String, Value)>) -> Result<Self, Refused> {
        let mut parameters = Map::new();
        for (name, value) in pairs {
            if parameters.insert(name, value).is_some() {
                return Err(Refused::invalid_request("a parameter is repeated"));
            }
        }
        parameters.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
        Ok(Self(parameters))
    }
}

/// Names the field that is missing. All other words of serde may repeat what was sent.
fn described(error: &str) -> String {
    let missing = error.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    match missing.filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')) {
        Some(name) => format!("{name} is missing"),
        None => "a parameter is missing or malformed".to_owned(),
    }
}

/// Demands a method, and an address without parameters.
pub(super) fn demand(parts: &Parts, wanted: &Method, allow: &'static str) -> Result<(), Refused> {
    demand_method(parts, wanted, allow)?;
    // Addresses are logged: nothing secret may stand there (RFC 6749 section 2.3.1).
    if parts.uri.query().is_some_and(|query| !query.is_empty()) {
        return Err(Refused::invalid_request("parameters do not belong into the address"));
    }
    Ok(())
}

pub(super) fn demand_method(parts: &Parts, wanted: &Method, allow: &'static str) -> Result<(), Refused> {
    if parts.method == wanted { Ok(()) } else { Err(Refused::Method { allow }) }
}

enum Format {
    Form,
    Json,
}

impl Format {
    /// Exactly these two: a page of another origin can send `text/plain` without asking (OWASP ASVS 3.5.2).
    fn of(headers: &HeaderMap) -> Result<Option<Self>, Refused> {
        let mut values = headers.get_all(CONTENT_TYPE).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
        match essence {
            _ if values.next().is_some() => Err(Refused::MediaType),
            _ if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") => Ok(Some(Self::Form)),
            _ if essence.eq_ignore_ascii_case("application/json") => Ok(Some(Self::Json)),
            _ => Err(Refused::MediaType),
        }
    }

    fn parse(&self, body: &[u8]) -> Result<Parameters, Refused> {
        match self {
            Self::Form => {
                // `form_urlencoded` would replace what is no UTF-8.
                if percent_decode(body).decode_utf8().is_err() {
                    return Err(Refused::invalid_request("the body is no UTF-8"));
                }
                let pairs = form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), Value::from(value)));
                Parameters::from_pairs(pairs)
            }
            Self::Json => {
                let object = serde_json::from_slice(body);
                let UniqueObject(object) =
                    object.map_err(|_| Refused::invalid_request("the body is not a JSON object, or a parameter is repeated"))?;
                Parameters::from_pairs(object.into_iter())
            }
        }
    }
}

async fn read_body<B>(headers: &HeaderMap, body: B) -> Result<Bytes, Refused>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        return Err(Refused::TooLarge);
    }
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refused::TooLarge),
        Err(_) => Err(Refused::invalid_request("the body broke off")),
    }
}

const MAX_BODY_BYTES: usize = 8 * 1024;
