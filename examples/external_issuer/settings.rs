//! Builds a verifier with settings from environment variables.

use tower_bearer::keys::{Algorithm, KeySource};
use tower_bearer::token::Tenants;
use tower_bearer::{AccessTokenVerifier, KeySet, RemoteJwks};

type BoxError = Box<dyn std::error::Error>;

/// The keys of the issuer that the environment names.
pub(crate) fn keys(issuer: &str) -> Result<RemoteJwks, BoxError> {
    let over_http = flag("PLAIN_HTTP")?;
    let url = value("JWKS_URL");
    let keys = match (&url, over_http) {
        (Some(url), false) => RemoteJwks::new(url),
        (Some(url), true) => RemoteJwks::dangerous_over_http(url),
        (None, _) if issuer.contains('{') => {
            return Err("JWKS_URL is not set: an issuer with a tenant has no metadata".into());
        }
        (None, false) => RemoteJwks::discover(issuer),
        (None, true) => RemoteJwks::dangerous_discover_over_http(issuer),
    };
    keys.map_err(|error| {
        if url.as_deref().unwrap_or(issuer).starts_with("http://") {
            format!("{error}. PLAIN_HTTP=1 allows http to other machines, in a test").into()
        } else {
            error.into()
        }
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
    let tenants = parts(&value("TENANTS").unwrap_or_default());
    verifier = if issuer.contains('{') {
        verifier.issuer_pattern(issuer, Tenants::from_iter(tenants))
    } else if tenants.is_empty() {
        verifier.issuer(issuer)
    } else {
        return Err(
            "TENANTS is set, and ISSUER has no place for a tenant, as in \
                    https://id.example.com/{tenantid}/v2.0"
                .into(),
        );
    };
    for audience in parts(audiences) {
        verifier = verifier.audience(&audience);
    }
    for path in claims("AUDIENCE_CLAIM")? {
        verifier = verifier.audience_claim(&names(&path));
    }
    for path in claims("SUBJECT_CLAIM")? {
        verifier = verifier.subject_claim(&names(&path));
    }
    for path in claims("SCOPE_CLAIMS")? {
        verifier = verifier.scope_claim(&names(&path));
    }
    for (path, values) in required_claims("REQUIRE_CLAIM")? {
        verifier = verifier.require_claim(&names(&path), values);
    }
    if flag("ACCEPT_UNTYPED_JWT")? {
        verifier = verifier.accept_untyped_jwt();
    }
    if flag("ACCEPT_ID_TOKEN_LIKE")? {
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

fn flag(name: &str) -> Result<bool, BoxError> {
    let value = value(name).unwrap_or_default();
    match &*value.trim().to_ascii_lowercase() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "" | "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(format!("{name} is {value:?}, and neither 1 nor 0").into()),
    }
}

fn parts(list: &str) -> Vec<String> {
    let parts = list.split(',').map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// The way to a claim, name by name.
type Path = Vec<String>;

fn names(path: &Path) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

/// The claims that a variable names. A name with dots is tried as it is, and then as a path.
fn claims(variable: &str) -> Result<Vec<Path>, BoxError> {
    let mut found = Vec::new();
    for (path, text) in entries(variable)? {
        match path {
            Some(path) if text.is_empty() => found.push(path),
            Some(_) => return Err(format!("{variable}: {text:?} follows a list").into()),
            None => {
                let path = by_dots(&text);
                found.push(vec![text]);
                if path.len() > 1 {
                    found.push(path);
                }
            }
        }
    }
    Ok(found)
}

/// The claims that have to have certain values, as in `drn=DS,typ=Bearer|bearer`.
fn required_claims(variable: &str) -> Result<Vec<(Path, Vec<String>)>, BoxError> {
    let mut found = Vec::new();
    for (path, text) in entries(variable)? {
        let (name, values) = text.split_once('=').unwrap_or((&text, ""));
        let name = name.trim();
        let values: Vec<String> = values
            .split('|')
            .map(|value| value.trim().to_owned())
            .collect();
        if values.iter().any(String::is_empty) || name.is_empty() != path.is_some() {
            let problem = format!("{variable}: {text:?} is not as in drn=DS or typ=Bearer|bearer");
            return Err(problem.into());
        }
        // A name with a colon, such as a URL, has its dots for itself.
        let of_name = if name.contains(':') {
            vec![name.to_owned()]
        } else {
            by_dots(name)
        };
        let path = path.unwrap_or(of_name);
        found.push((path, values));
    }
    Ok(found)
}

/// `realm_access.roles` as two names. Without a name before or after each dot it is one.
fn by_dots(text: &str) -> Path {
    let path: Path = text.split('.').map(str::to_owned).collect();
    if path.iter().any(String::is_empty) {
        vec![text.to_owned()]
    } else {
        path
    }
}

/// The entries between the commas of a variable: a JSON list of names, if one comes first, and the
/// text after it.
fn entries(variable: &str) -> Result<Vec<(Option<Path>, String)>, BoxError> {
    let value = value(variable).unwrap_or_default();
    let (mut rest, mut found) = (value.trim(), Vec::new());
    while !rest.is_empty() {
        let mut path = None;
        if rest.starts_with('[') {
            let mut lists = serde_json::Deserializer::from_str(rest).into_iter::<Path>();
            path = lists
                .next()
                .and_then(Result::ok)
                .filter(|path| !path.is_empty());
            if path.is_none() {
                return Err(format!(
                    "{variable}: {rest} does not begin with a JSON list of names, as in \
                     [\"realm_access\",\"roles\"]"
                )
                .into());
            }
            rest = &rest[lists.byte_offset()..];
        }
        let (text, after) = rest.split_once(',').unwrap_or((rest, ""));
        let text = text.trim();
        if path.is_some() || !text.is_empty() {
            found.push((path, text.to_owned()));
        }
        rest = after.trim_start();
    }
    Ok(found)
}
