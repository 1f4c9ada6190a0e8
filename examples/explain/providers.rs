//! Recognizes providers by their issuer, and opaque tokens by their prefix.

/// The provider that this issuer belongs to.
pub(crate) fn of(issuer: &str) -> Option<&'static str> {
    let find = |(part, name): &(&str, &'static str)| issuer.contains(part).then_some(*name);
    PROVIDERS.iter().find_map(find)
}

/// The kind of an opaque token, which only its issuer can check.
pub(crate) fn kind_of_opaque(token: &str) -> Option<&'static str> {
    let find = |(prefix, kind): &(&str, &'static str)| token.starts_with(prefix).then_some(*kind);
    OPAQUE.iter().find_map(find)
}

/// Parts of issuers, the more exact first.
const PROVIDERS: [(&str, &str); 26] = [
    ("cognito-idp.", "Amazon Cognito"),
    (".b2clogin.com/", "Entra B2C"),
    (".ciamlogin.com/", "Entra External ID"),
    ("sts.windows.net/", "Entra ID, version 1"),
    ("login.microsoftonline.com/", "Entra ID, version 2"),
    ("/adfs", "ADFS"),
    (".auth0.com/", "Auth0"),
    (".okta.com", "Okta"),
    (".oktapreview.com", "Okta"),
    (".clerk.accounts.dev", "Clerk"),
    ("clerk.", "Clerk"),
    ("api.workos.com", "WorkOS"),
    ("api.descope.com", "Descope"),
    ("accounts.google.com", "Google"),
    ("securetoken.google.com/", "Firebase"),
    (".supabase.co/auth/v1", "Supabase"),
    (".zitadel.cloud", "Zitadel"),
    (".projects.oryapis.com", "Ory Hydra"),
    ("/application/o/", "Authentik"),
    ("/realms/", "Keycloak"),
    ("kubernetes.default.svc", "Kubernetes"),
    ("token.actions.githubusercontent.com", "GitHub Actions"),
    ("gitlab.com", "GitLab CI"),
    ("id.twitch.tv/oauth2", "Twitch"),
    ("oauth.battle.net", "Battle.net"),
    ("/dex", "Dex"),
];

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
