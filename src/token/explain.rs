//! Makes an [`Explanation`] with the checks of a verifier.

use serde_json::{Map, Value};

use super::error::{VerifyError, shown};
use super::error_kind::VerifyErrorKind;
use super::explanation::Explanation;
use super::parsed_token::ParsedToken;
use super::verifier::AccessTokenVerifier;
use super::wire::{AUD, ISS, SCOPE, SCP, SUB};
use crate::keys::Key;

impl AccessTokenVerifier {
    /// Says check by check whether a token passes, what came and what was expected, and which line
    /// of code would make it pass. It uses the keys that are at hand.
    ///
    /// It is for development, with a token of one's own: unlike an error, it shows claims even if
    /// the signature is invalid. `cargo run --example explain` prints it for any provider.
    ///
    /// ```
    /// # use tower_bearer::AccessTokenVerifier;
    /// # fn example(verifier: &AccessTokenVerifier, token: &str) {
    /// if cfg!(debug_assertions) {
    ///     println!("{}", verifier.explain(token));
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn explain(&self, token: &str) -> Explanation {
        let mut report = Explanation::default();
        match ParsedToken::parse(token, usize::MAX) {
            Ok(token) => self.explain_parsed(&token, &mut report),
            Err(error) => report.refused("form", &error, None),
        }
        report
    }

    fn explain_parsed(&self, token: &ParsedToken<'_>, report: &mut Explanation) {
        let claims = token.claims();
        let mut check = |name, outcome: Result<String, VerifyError>| match outcome {
            Ok(text) => report.passed(name, text),
            Err(error) => report.refused(name, &error, cure(error.kind(), claims)),
        };
        let bytes = token.bytes();
        let size = token.check_size(self.max_token_bytes());
        check("form", Ok("a signed JWT".to_owned()));
        check("size", size.map(|()| format!("{bytes} bytes")));
        check(
            "iss",
            self.check_issuer(token).map(|iss| shown(iss.as_str())),
        );

        let header = token.jws.header().map_err(VerifyError::from);
        let typ = header.as_ref().map_err(Clone::clone).and_then(|header| {
            let typ = self.settings.typ.check(header.typ.as_deref())?;
            self.check_kind(typ, claims)?;
            Ok(header
                .typ
                .as_deref()
                .map_or_else(|| "none".to_owned(), shown))
        });
        check("typ", typ);
        let signature = header.and_then(|header| {
            let keys = self.keys.keys().ok_or(VerifyErrorKind::KeysUnavailable)?;
            let may_sign = |key: &Key| self.issuer.has(key, token.issuer().ok());
            token.jws.check_signature(&keys, may_sign, &header)?;
            let kid = header
                .kid
                .as_deref()
                .map_or_else(|| "none".to_owned(), shown);
            Ok(format!("alg {}, kid {kid}", shown(&header.algorithm)))
        });
        check("signature", signature);

        let end = self.expiry(claims).and_then(|end| {
            self.check_expiry(end)?;
            Ok(end.as_secs().to_string())
        });
        check("exp", end);
        check(
            "nbf",
            self.check_begin(claims)
                .map(|()| "not in the future".to_owned()),
        );
        check(
            "aud",
            self.audience_of(claims)
                .map(|audience| shown(audience.as_str())),
        );
        check(
            "sub",
            self.subject_of(claims)
                .map(|subject| shown(subject.as_str())),
        );
        check(
            "cnf",
            self.check_binding(claims)
                .map(|()| "no proof is needed".to_owned()),
        );

        let scope = self.settings.scope_claims.read(claims);
        let read = self.settings.scope_claims.names();
        match other_scope(claims).filter(|_| scope.is_empty()) {
            None => report.passed(
                SCOPE,
                format!("{} (read from {read})", shown(scope.as_str())),
            ),
            Some((path, value)) => {
                let path: Vec<String> = path.iter().map(|name| format!("{name:?}")).collect();
                let path = path.join(", ");
                let text = format!("empty (read from {read}), and the token has {path}: {value}");
                report.note(SCOPE, text, Some(format!(".scope_claim(&[{path}])")));
            }
        }
    }
}

/// Returns the line of code with which a check would accept a token with these claims.
fn cure(kind: VerifyErrorKind, claims: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let first = |names: &[&'static str]| names.iter().copied().find(|&name| text(name).is_some());
    Some(match kind {
        VerifyErrorKind::TooLarge => ".max_token_bytes(…)".to_owned(),
        VerifyErrorKind::WrongIssuer => format!(".issuer({})", shown(text(ISS)?)),
        VerifyErrorKind::WrongType => ".accept_untyped_jwt()".to_owned(),
        VerifyErrorKind::LooksLikeIdToken => ".accept_id_token_like()".to_owned(),
        VerifyErrorKind::NoAudience => {
            format!(
                ".audience_claim(&[{:?}])",
                first(&super::checks::AUDIENCES)?
            )
        }
        VerifyErrorKind::WrongAudience => {
            let aud = claims.get(AUD)?;
            let aud = aud.as_str().or_else(|| aud.get(0)?.as_str())?;
            format!(".audience({}), if that is this service", shown(aud))
        }
        VerifyErrorKind::NoSubject => {
            let name = first(&["client_id", "azp", "appid"])?;
            format!(".subject_claim(&[{name:?}])")
        }
        VerifyErrorKind::InvalidClaim if claims.get(SUB).is_some_and(Value::is_number) => {
            format!(".subject_claim(&[{SUB:?}])")
        }
        VerifyErrorKind::ProofNeeded => ".dangerous_accept_unproven_cnf()".to_owned(),
        _ => return None,
    })
}

/// Returns a claim in which issuers usually say what a token allows, and its value.
fn other_scope(claims: &Map<String, Value>) -> Option<(&'static [&'static str], String)> {
    SCOPES.iter().find_map(|&path| {
        let (first, rest) = path.split_first()?;
        let claim = rest
            .iter()
            .try_fold(claims.get(*first)?, |claim, name| claim.get(name))?;
        let is_empty = matches!(claim, Value::Null) || claim.as_str() == Some("");
        (!is_empty).then(|| (path, shown(&claim.to_string())))
    })
}

const SCOPES: [&[&str]; 6] = [
    &[SCOPE],
    &[SCP],
    &["permissions"],
    &["roles"],
    &["realm_access", "roles"],
    &["groups"],
];
