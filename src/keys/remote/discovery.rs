//! Fetches an issuer's metadata, and finds the URL of its key set in it.

use bytes::Bytes;
use http::{Response, StatusCode, Uri};
use serde_json::Value;

use super::document::{demand_ok, get, unreadable};
use super::fetch_error::FetchError;
use super::location::set_url;
use super::settings::Settings;
use crate::url::HttpUrl;

/// Fetches the metadata of OpenID Connect Discovery 1.0 section 4, or else of RFC 8414 section 3,
/// and returns the URL of the key set in it.
pub(super) async fn discover(
    settings: &Settings,
    issuer: &HttpUrl,
    may_be_plain: fn(&str) -> bool,
) -> Result<Uri, FetchError> {
    let (url, metadata) = fetch(settings, issuer).await?;
    let named = |name: &str| {
        let text = metadata.get(name).and_then(Value::as_str);
        text.ok_or_else(|| FetchError::new(&url, format_args!("the metadata does not name {name}")))
    };
    let theirs = named("issuer")?;
    // Otherwise the keys of another issuer would count as those of this one.
    if theirs != issuer.as_str() {
        let shown: String = theirs.chars().take(200).collect();
        let set = metadata
            .get("jwks_uri")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let cure = if theirs.contains('{') && set_url(set, may_be_plain, PLAIN).is_ok() {
            format!(
                ". It is a pattern for many issuers, which share one key set. Use \
                 RemoteJwks::new({set:?})"
            )
        } else {
            String::new()
        };
        return Err(FetchError::new(
            &url,
            format_args!(
                "the metadata belongs to another issuer: {shown:?}, not {issuer:?}. Both have to \
                 be equal, byte by byte{cure}"
            ),
        ));
    }
    set_url(named("jwks_uri")?, may_be_plain, PLAIN)
        .map_err(|error| FetchError::new(&url, format_args!("jwks_uri: {error}")))
}

async fn fetch(settings: &Settings, issuer: &HttpUrl) -> Result<(Uri, Value), FetchError> {
    let openid = format!("{}{OPENID}", issuer.as_str().trim_end_matches('/'));
    let (openid, response) = ask(settings, &openid).await?;
    let suggest = |target: &str| {
        let other = target.trim_end_matches('/').strip_suffix(OPENID);
        let other = other.filter(|other| *other != issuer.as_str().trim_end_matches('/'));
        Some(other.map_or_else(
            || "RemoteJwks::new with the `jwks_uri` of the document there".to_owned(),
            |other| format!("RemoteJwks::discover({other:?}), and that issuer for the verifier"),
        ))
    };
    // An issuer that asks for a pause gets it.
    let is_elsewhere =
        response.status().is_client_error() && response.status() != StatusCode::TOO_MANY_REQUESTS;
    if !is_elsewhere {
        let response = demand_ok(settings, &openid, response, suggest)?;
        return parse(&openid, &response).map(|metadata| (openid, metadata));
    }
    let rfc_8414 = issuer
        .without_slash()
        .well_known("oauth-authorization-server");
    let second = async {
        let (url, response) = ask(settings, &rfc_8414).await?;
        let response = demand_ok(settings, &url, response, |_| None)?;
        parse(&url, &response).map(|metadata| (url, metadata))
    };
    second.await.map_err(|second| {
        let first = FetchError::status(&openid, &response, settings.clock.now(), suggest);
        first.and(second)
    })
}

async fn ask(settings: &Settings, url: &str) -> Result<(Uri, Response<Bytes>), FetchError> {
    let parsed = url.parse::<Uri>();
    let url = parsed.map_err(|error| FetchError::new(&Uri::default(), error))?;
    let response = get(settings, &url).await?;
    Ok((url, response))
}

fn parse(url: &Uri, response: &Response<Bytes>) -> Result<Value, FetchError> {
    let document = &**response.body();
    // Some servers begin their text with a byte order mark.
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    serde_json::from_slice(document).map_err(|_| {
        let what = match document.trim_ascii_start().first() {
            None => "it is empty",
            Some(b'<') => "it is HTML or XML",
            Some(_) => "it cannot be parsed",
        };
        unreadable(
            url,
            response,
            format_args!("the metadata is not JSON: {what}"),
        )
    })
}

const OPENID: &str = "/.well-known/openid-configuration";
/// What allows plain http.
const PLAIN: &str = "dangerous_discover_over_http";
