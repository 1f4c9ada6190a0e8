//! Builds a verifier with settings from environment variables.

use tower_bearer::keys::{Algorithm, KeySource};
use tower_bearer::token::Tenants;
use tower_bearer::{AccessTokenVerifier, KeySet, RemoteJwks};

type BoxError = Box<dyn std::error::Error>;

/// The keys of the issuer that the environment names.
pub(crate) fn keys(issuer: &str) -> Result<RemoteJwks, BoxError> {
    let over_http = flag("PLAIN_HTTP");
    let keys = match (value("JWKS_URL"), over_http) {
        (Some(url), false) => RemoteJwks::new(&url),
        (Some(url), true) => RemoteJwks::dangerous_over_http(&url),
        (None, _) if issuer.contains('{') => {
            return Err("JWKS_URL is not set: an issuer with a tenant has no metadata".into());
        }
        (None, false) => RemoteJwks::discover(issuer),
        (None, true) => RemoteJwks::dangerous_discover_over_http(issuer),
    };
    keys.map_err(|error| {
        format!("{error}. PLAIN_HTTP=1 allows http to other machines, in a test").into()
    })
}

/// A verifier with every setting that the environment names.
pub(crate) fn verifier(
    issuer: &str,
    audiences: &str,
    keys: impl Into<KeySource>,
) -> Result<AccessTokenVerifier, BoxError> {
    let mut keys = keys.into();
    if let Some(secret) = value("HS256_SECRET") {
        keys = keys.merge(KeySet::from_hmac_secret(Algorithm::Hs256, secret)?);
    }
    let mut verifier = AccessTokenVerifier::builder(keys);
    verifier = if issuer.contains('{') {
        let tenants: Tenants = list("TENANTS").into_iter().collect();
        verifier.issuer_pattern(issuer, tenants)
    } else {
        verifier.issuer(issuer)
    };
    for audience in parts(audiences) {
        verifier = verifier.audience(&audience);
    }
    for claim in list("AUDIENCE_CLAIM") {
        verifier = verifier.audience_claim(&path(&claim));
    }
    for claim in list("SUBJECT_CLAIM") {
        verifier = verifier.subject_claim(&path(&claim));
    }
    for claim in list("SCOPE_CLAIMS") {
        verifier = verifier.scope_claim(&path(&claim));
    }
    if flag("ACCEPT_UNTYPED_JWT") {
        verifier = verifier.accept_untyped_jwt();
    }
    if flag("ACCEPT_ID_TOKEN_LIKE") {
        verifier = verifier.accept_id_token_like();
    }
    if let Some(bytes) = value("MAX_TOKEN_BYTES") {
        let bytes = bytes.parse();
        verifier = verifier.max_token_bytes(bytes.map_err(|_| "MAX_TOKEN_BYTES is not a number")?);
    }
    Ok(verifier.build()?)
}

/// The value of a variable, unless it is unset or empty.
pub(crate) fn value(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn flag(name: &str) -> bool {
    value(name).is_some_and(|value| value != "0")
}

fn list(name: &str) -> Vec<String> {
    value(name).as_deref().map(parts).unwrap_or_default()
}

fn parts(list: &str) -> Vec<String> {
    let parts = list.split(',').map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// The way to a claim: `realm_access.roles` is a member of an object. A name that is a URL or a
/// URN has its dots for itself.
fn path(claim: &str) -> Vec<&str> {
    if claim.contains(':') {
        vec![claim]
    } else {
        claim.split('.').collect()
    }
}
