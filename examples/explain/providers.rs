//! Recognizes providers by their issuer, and tokens that no service can check by their shape.

use serde_json::Value;

/// The provider that this issuer belongs to, and whether `docs/issuers.md` has its settings.
pub(crate) fn of(issuer: &str) -> Option<(&'static str, bool)> {
    let (_, rest) = issuer.split_once("://").unwrap_or(("", issuer));
    let mut segments: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
    let host = segments[0].split(':').next()?.to_ascii_lowercase();
    segments[0] = &host;
    let fits_all = |(pattern, _): &&(&str, &str)| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        fits(&pattern, &segments)
    };
    let (_, name) = PROVIDERS.iter().find(fits_all)?;
    Some((*name, !WITHOUT_ROW.contains(name)))
}

fn fits(pattern: &[&str], segments: &[&str]) -> bool {
    match (pattern, segments) {
        ([], []) => true,
        (["**", rest @ ..], _) => (0..=segments.len()).any(|at| fits(rest, &segments[at..])),
        ([part, rest @ ..], [segment, others @ ..]) => {
            let is_like = match part.split_once('*') {
                None => part == segment,
                Some((start, end)) => segment
                    .strip_prefix(start)
                    .is_some_and(|middle| middle.len() > end.len() && middle.ends_with(end)),
            };
            is_like && fits(rest, others)
        }
        _ => false,
    }
}

/// What else there is to know about this token of a provider.
pub(crate) fn hint(provider: Option<&str>, header: &Value, claims: &Value) -> Option<&'static str> {
    let is_entra = provider.is_some_and(|name| name.starts_with("Entra"));
    let mut audiences = match &claims["aud"] {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        aud => Vec::from_iter(aud.as_str()),
    }
    .into_iter();
    if audiences.any(|aud| GRAPH.contains(&aud.trim_end_matches('/'))) {
        return Some(FOR_GRAPH);
    }
    if is_entra && !header["nonce"].is_null() {
        return Some(FOR_MICROSOFT);
    }
    let has_no_sub = claims.is_object() && matches!(claims["sub"].as_str(), None | Some(""));
    (provider == Some("Keycloak") && has_no_sub).then_some(KEYCLOAK_SUB)
}

/// The kind of an opaque token, which only its issuer can check.
pub(crate) fn kind_of_opaque(token: &str) -> Option<&'static str> {
    let find = |(prefix, kind): &(&str, &'static str)| token.starts_with(prefix).then_some(*kind);
    OPAQUE.iter().find_map(find)
}

/// Issuers without their scheme and port, the more exact first. In a segment `*` is any text, and
/// `**` is any number of segments.
const PROVIDERS: [(&str, &str); 33] = [
    ("cognito-idp.*.amazonaws.com/*", "Amazon Cognito"),
    ("cognito-idp.*.amazonaws.com.cn/*", "Amazon Cognito"),
    ("*.b2clogin.com/**", "Entra B2C"),
    ("*.ciamlogin.com/**", "Entra External ID"),
    ("sts.windows.net/*", "Entra ID, version 1"),
    ("login.microsoftonline.com/*/v2.0", "Entra ID, version 2"),
    ("login.microsoftonline.us/*/v2.0", "Entra ID, version 2"),
    ("*.auth0.com", "Auth0"),
    ("*.okta.com/**", "Okta"),
    ("*.oktapreview.com/**", "Okta"),
    ("*.okta-emea.com/**", "Okta"),
    ("*.clerk.accounts.dev", "Clerk"),
    ("clerk.*", "Clerk"),
    ("*.kinde.com", "Kinde"),
    ("api.workos.com/**", "WorkOS"),
    ("api.descope.com/**", "Descope"),
    ("accounts.google.com", "Google"),
    ("securetoken.google.com/*", "Firebase"),
    ("*.supabase.co/auth/v1", "Supabase"),
    ("*.zitadel.cloud", "Zitadel"),
    ("*.projects.oryapis.com", "Ory Hydra"),
    ("kubernetes.default.svc", "Kubernetes"),
    ("kubernetes.default.svc.*", "Kubernetes"),
    ("token.actions.githubusercontent.com/**", "GitHub Actions"),
    ("gitlab.com", "GitLab CI"),
    ("id.twitch.tv/oauth2", "Twitch"),
    ("*.cloudflareaccess.com", "Cloudflare Access"),
    ("cloud.google.com/iap", "Google IAP"),
    ("oauth.battle.net/**", "Battle.net"),
    ("*/application/o/*", "Authentik"),
    ("*/**/realms/*", "Keycloak"),
    ("*/adfs/**", "ADFS"),
    ("*/**/dex", "Dex"),
];

/// Those that `docs/issuers.md` has no row for.
const WITHOUT_ROW: [&str; 2] = ["Entra External ID", "Battle.net"];

const GRAPH: [&str; 3] = [
    "00000003-0000-0000-c000-000000000000",
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
];

const FOR_GRAPH: &str = "this token is for Microsoft Graph, and only Graph can check it. Ask for a \
     scope of your own API, such as api://CLIENT_ID/orders.read";

const FOR_MICROSOFT: &str = "the nonce in its header says that this token is for an API of \
     Microsoft, and only that API can check it. Ask for a scope of your own API, such as \
     api://CLIENT_ID/orders.read";

const KEYCLOAK_SUB: &str = "Keycloak sends sub if the client has the client scope `basic`";

const OPAQUE: [(&str, &str); 12] = [
    (
        "rt1_",
        "a refresh token of tower-bearer, which is never an access token",
    ),
    (
        "ya29.",
        "Google: an opaque access token. Its ID tokens are JWTs",
    ),
    ("ory_at_", "Ory Hydra: set `strategies.access_token: jwt`"),
    ("ory_rt_", "Ory Hydra: a refresh token"),
    (
        "authelia_at_",
        "Authelia: set `access_token_signed_response_alg` of the client",
    ),
    ("gho_", "GitHub: an opaque token of an OAuth app"),
    ("ghp_", "GitHub: an opaque personal token"),
    ("glpat-", "GitLab: an opaque personal token"),
    ("v4.public.", "a PASETO, not a JWT"),
    ("v4.local.", "a PASETO, not a JWT"),
    ("v2.public.", "a PASETO, not a JWT"),
    ("v2.local.", "a PASETO, not a JWT"),
];
