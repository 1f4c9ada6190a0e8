//! The names of claims on the wire: they stand here, and nowhere else.

pub(crate) const ISS: &str = "iss";
pub(crate) const SUB: &str = "sub";
pub(crate) const AUD: &str = "aud";
pub(crate) const EXP: &str = "exp";
pub(crate) const NBF: &str = "nbf";
pub(crate) const IAT: &str = "iat";
pub(crate) const JTI: &str = "jti";
pub(crate) const SCOPE: &str = "scope";
pub(crate) const AUTH_TIME: &str = "auth_time";
/// OpenID Connect Front-Channel Logout section 3: the session.
pub(crate) const SID: &str = "sid";
/// Ours: the generation of the refresh token that came with this access token.
pub(crate) const GEN: &str = "gen";

/// What an application's extra claims may not be called.
pub(crate) const RESERVED: [&str; 11] = [ISS, SUB, AUD, EXP, NBF, IAT, JTI, SCOPE, AUTH_TIME, SID, GEN];

/// A claim is missing, of the wrong type, or stands twice.
#[derive(Debug)]
pub(crate) struct MalformedClaims;
