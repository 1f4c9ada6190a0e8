//! The settings with which a verifier would accept a token, and read more from it.

use crate::token::accepted_issuer::AcceptedIssuer;
use crate::token::claim_form::{is_absent, texts};
use crate::token::error::shown;
use crate::token::error_kind::VerifyErrorKind as Kind;
use crate::token::json::{Json, Object};
use crate::token::scope_claim::ScopeClaims;
use crate::token::typ::AcceptedTyp;
use crate::token::verifier::AccessTokenVerifier;
use crate::token::wire::{AUD, AUTH_TIME, CLIENT, ISS, SCP, SID, SUB};

impl AccessTokenVerifier {
    /// Returns what would make the check of this name accept a token with these claims, and this
    /// `typ` in its header, if that could be read.
    pub(super) fn cure(
        &self,
        check: &str,
        kind: Kind,
        typ: Option<Option<&str>>,
        claims: &Object<'_>,
    ) -> Option<String> {
        match (check, kind) {
            ("typ", _) => typ_cure(typ?, claims),
            ("size", _) => Some(".max_token_bytes(…)".to_owned()),
            ("iss", Kind::WrongIssuer) => self.issuer_cure(text(claims, ISS)?),
            ("aud", Kind::NoAudience) => self.no_audience_cure(claims),
            ("aud", Kind::WrongAudience) => Some(self.wrong_audience_cure(claims)),
            ("sub", Kind::NoSubject) => self.no_subject_cure(claims),
            ("sub", Kind::InvalidClaim) => {
                let id = claims.get(SUB).and_then(Json::as_number);
                let is_id = id.is_some_and(|id| id.is_i64() || id.is_u64());
                let is_read = self.settings.subject_claims.is_empty();
                (is_id && is_read).then(|| subject_claim(SUB))
            }
            ("cnf", Kind::ProofNeeded) => Some(".dangerous_accept_unproven_cnf()".to_owned()),
            _ => None,
        }
    }

    fn issuer_cure(&self, iss: &str) -> Option<String> {
        Some(match (&self.issuer, self.issuer.tenant(iss)) {
            (_, Some(tenant)) => {
                format!("add the tenant {tenant} to the tenants of issuer_pattern")
            }
            (AcceptedIssuer::One(_), None) => format!(".issuer({})", shown(iss)),
            (AcceptedIssuer::Pattern { .. }, None) => {
                format!(".issuer({}) in place of issuer_pattern", shown(iss))
            }
        })
    }

    fn accepts_audience(&self, name: &str) -> bool {
        self.audiences
            .iter()
            .any(|audience| audience.as_str() == name)
    }

    fn no_audience_cure(&self, claims: &Object<'_>) -> Option<String> {
        if claims.get(AUD).is_some_and(|aud| !is_absent(aud)) {
            // It was accepted, but the claim that `audience_claim` names is absent.
            return Some(audience_claim(AUD));
        }
        let named = |name: &'static str| Some((name, text(claims, name)?));
        let all = || CLIENT.into_iter().filter_map(named);
        let known = all().find(|(_, value)| self.accepts_audience(value));
        let (name, value) = known.or_else(|| all().next())?;
        let claim = audience_claim(name);
        Some(match known {
            Some(_) => claim,
            None => format!(".audience({}){claim}", shown(value)),
        })
    }

    /// Returns the values of every claim that has to name an audience, and does not.
    fn wrong_audience_cure(&self, claims: &Object<'_>) -> String {
        let is_there = |claim: &&Json<'_>| !is_absent(claim);
        let aud = claims.get(AUD).filter(is_there);
        let mut named = self.settings.audience_claims.iter();
        let named = named.find_map(|path| path.find(claims).filter(is_there));
        let wrong: Vec<String> = [aud, named]
            .into_iter()
            .filter_map(|claim| texts(claim?))
            .filter(|names| !names.clone().any(|name| self.accepts_audience(name)))
            .map(|names| {
                let lines = names
                    .take(MOST_ALTERNATIVES)
                    .map(|name| format!(".audience({})", shown(name)));
                lines.collect::<Vec<_>>().join(" or ")
            })
            .collect();
        format!("{}, if that is this service", wrong.join(" and "))
    }

    fn no_subject_cure(&self, claims: &Object<'_>) -> Option<String> {
        let is_there = |name| claims.get(name).is_some_and(|claim| !claim.is_null());
        let is_login = ScopeClaims::default().read(claims).contains("openid");
        if is_login || OF_USERS.into_iter().any(is_there) {
            return Some("this looks like a user's token: have the issuer send sub".to_owned());
        }
        let name = CLIENT
            .into_iter()
            .find(|name| text(claims, name).is_some())?;
        // Named alone, the client would be the subject of all its users.
        let first = if self.settings.subject_claims.is_empty() {
            subject_claim(SUB)
        } else {
            String::new()
        };
        let line = subject_claim(name);
        Some(format!("{first}{line}, if only machines have such tokens"))
    }
}

/// Returns what would accept a token that this `typ` or these claims refuse.
fn typ_cure(typ: Option<&str>, claims: &Object<'_>) -> Option<String> {
    match AcceptedTyp::IdTokenLike.check(typ, claims).ok()? {
        AcceptedTyp::AccessToken => None,
        AcceptedTyp::UntypedJwt => Some(".accept_untyped_jwt()".to_owned()),
        AcceptedTyp::IdTokenLike => Some(".accept_id_token_like()".to_owned()),
    }
}

fn text<'c>(claims: &'c Object<'_>, name: &str) -> Option<&'c str> {
    claims.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn audience_claim(name: &str) -> String {
    format!(".audience_claim(&[{name:?}])")
}

fn subject_claim(name: &str) -> String {
    format!(".subject_claim(&[{name:?}])")
}

/// Claims of tokens that users have, and machines have not.
const OF_USERS: [&str; 10] = [
    SID,
    "session_state",
    "preferred_username",
    "username",
    "email",
    "upn",
    "oid",
    SCP,
    AUTH_TIME,
    "name",
];

pub(super) const MOST_ALTERNATIVES: usize = 4;
