//! [`Fetcher`] fetches a key set from its URL, or from the URL that an issuer's metadata names.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode, Uri};
use serde_json::Value;

use super::client::HttpClient;
use super::freshness::lifetime;
use super::settings::{KeySetLocation, MAX_DOCUMENT_BYTES, MAX_KEYS, Settings};
use crate::error::{BoxError, ConfigError};
use crate::keys::algorithm::Algorithm;
use crate::keys::jwk::Reading;
use crate::keys::jwk_set;
use crate::keys::key_set::KeySet;
use crate::keys::left_out::LeftOut;
use crate::limits::{FETCH_DEADLINE, with_timeout};
use crate::url::HttpUrl;

/// Fetches a key set, and remembers the URL that its issuer's metadata named.
#[derive(Debug)]
pub(super) struct Fetcher {
    settings: Settings,
    /// The URL of the set, and when the metadata named it, by the monotonic clock.
    discovered: Mutex<Option<(Uri, Duration)>>,
}

/// A key set that was fetched, and for how long it may be kept.
pub(super) struct Fetched {
    pub(super) keys: Arc<KeySet>,
    pub(super) lifetime: Duration,
}

impl Fetcher {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            discovered: Mutex::default(),
        }
    }

    pub(super) async fn fetch(&self) -> Result<Fetched, BoxError> {
        let fetched = self.fetch_from(&self.url().await?).await;
        if fetched.is_err() {
            // The set may have moved.
            *self
                .discovered
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = None;
        }
        fetched
    }

    async fn fetch_from(&self, url: &Uri) -> Result<Fetched, BoxError> {
        let response = demand_ok(get(&*self.settings.client, url).await?)?;
        let reading = Reading {
            is_published: true,
            rsa: Algorithm::Rs256,
        };
        let set = jwk_set::read(std::str::from_utf8(response.body())?, MAX_KEYS, reading)?;
        // This is not a warning: many sets have keys for encryption too, and every renewal would
        // repeat it.
        for LeftOut { index, reason, .. } in &set.left_out {
            tracing::debug!(index, error = %reason, "a key of the issuer is left out");
        }
        if set.keys.is_empty() {
            tracing::warn!("the issuer publishes no usable key");
        }
        // An empty set counts too: an issuer may withdraw its keys.
        Ok(Fetched {
            keys: Arc::new(set.into()),
            lifetime: lifetime(response.headers()),
        })
    }

    async fn url(&self) -> Result<Uri, BoxError> {
        let (issuer, may_be_plain) = match &self.settings.location {
            KeySetLocation::Set(url) => return Ok(url.clone()),
            KeySetLocation::Issuer(issuer, may_be_plain) => (issuer, *may_be_plain),
        };
        let now = self.settings.clock.monotonic();
        let known = self
            .discovered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((url, _)) = known.filter(|(_, since)| now < *since + REDISCOVER_AFTER) {
            return Ok(url);
        }
        let url = discover(&*self.settings.client, issuer, may_be_plain).await?;
        *self
            .discovered
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some((url.clone(), now));
        Ok(url)
    }
}

/// Parses the URL of a key set. Unlike the URL of an issuer, it may have a query.
pub(super) fn set_url(text: &str, may_be_plain: fn(&str) -> bool) -> Result<Uri, ConfigError> {
    if text.contains('#') {
        return Err(ConfigError::from_static(
            "the URL of a JWK set has a fragment. Leave it out",
        ));
    }
    HttpUrl::parse(text.split('?').next().unwrap_or_default(), may_be_plain)?;
    text.parse()
        .map_err(|_| ConfigError::from_static("the query of the URL is malformed"))
}

/// Fetches the metadata of OpenID Connect Discovery 1.0 section 4, or else of RFC 8414 section 3,
/// and returns the URL of the key set in it.
async fn discover(
    client: &dyn HttpClient,
    issuer: &HttpUrl,
    may_be_plain: fn(&str) -> bool,
) -> Result<Uri, BoxError> {
    let openid = format!(
        "{}/.well-known/openid-configuration",
        issuer.as_str().trim_end_matches('/')
    );
    let mut response = get(client, &openid.parse()?).await?;
    if response.status().is_client_error() {
        response = get(
            client,
            &issuer
                .without_slash()
                .well_known("oauth-authorization-server")
                .parse()?,
        )
        .await?;
    }
    let metadata: Value = serde_json::from_slice(demand_ok(response)?.body())?;
    let named = |name: &str| {
        metadata
            .get(name)
            .and_then(Value::as_str)
            .ok_or(format!("the metadata does not name {name}"))
    };
    // Otherwise the keys of another issuer would count as those of this one.
    if named("issuer")? != issuer.as_str() {
        return Err("the metadata belongs to another issuer".into());
    }
    Ok(set_url(named("jwks_uri")?, may_be_plain)?)
}

async fn get(client: &dyn HttpClient, url: &Uri) -> Result<Response<Bytes>, BoxError> {
    let response = with_timeout(FETCH_DEADLINE, client.get(url, MAX_DOCUMENT_BYTES)).await?;
    if response.body().len() > MAX_DOCUMENT_BYTES {
        return Err("the document is too large".into());
    }
    Ok(response)
}

fn demand_ok(response: Response<Bytes>) -> Result<Response<Bytes>, BoxError> {
    match response.status() {
        StatusCode::OK => Ok(response),
        other => Err(format!("the issuer answered {other}").into()),
    }
}

/// An issuer rarely moves its key set, and announces it beforehand.
const REDISCOVER_AFTER: Duration = Duration::from_secs(24 * 3600);
