//! The names of claims on the wire. No other file writes them.

pub(crate) const ISS: &str = "iss";
pub(crate) const SUB: &str = "sub";
pub(crate) const AUD: &str = "aud";
pub(crate) const EXP: &str = "exp";
pub(crate) const NBF: &str = "nbf";
pub(crate) const IAT: &str = "iat";
pub(crate) const JTI: &str = "jti";
pub(crate) const SCOPE: &str = "scope";
/// What Entra ID, Okta and others call the scope.
pub(super) const SCP: &str = "scp";
pub(crate) const AUTH_TIME: &str = "auth_time";
/// The session (OpenID Connect Front-Channel Logout section 3).
pub(crate) const SID: &str = "sid";
/// The client that a token was issued to (RFC 9068 section 2.2, OpenID Connect Core section 2), and
/// what Okta and Entra version 1 call it. Issuers without `aud` mostly name the audience here.
pub(crate) const CLIENT: [&str; 4] = ["client_id", "azp", "cid", "appid"];
/// The generation of the refresh token that came with this access token. This claim is ours.
pub(crate) const GEN: &str = "gen";

/// The key whose holder alone may use the token (RFC 7800 section 3.1).
pub(crate) const CNF: &str = "cnf";

/// The names that an application's extra claims may not have. These are the registered claims, our
/// own, and the claims that say who acts for the user (RFC 8693 sections 4.1 and 4.4), how the user
/// logged in (RFC 9068 section 2.2.1, OpenID Connect Core section 2), or what exactly is allowed
/// (RFC 9396 section 9.1). Verifiers act on them, so no other claim may have their names.
pub(crate) const RESERVED: [&str; 18] = [
    ISS,
    SUB,
    AUD,
    EXP,
    NBF,
    IAT,
    JTI,
    SCOPE,
    AUTH_TIME,
    SID,
    GEN,
    CNF,
    "act",
    "may_act",
    "acr",
    "amr",
    "nonce",
    "authorization_details",
];
