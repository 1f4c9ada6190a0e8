//! Makes an [`Explanation`] with the checks of a verifier.

mod cures;
mod malformed;
mod scope_places;

use std::time::Duration;

use self::malformed::detailed;
use self::scope_places::{is_of_login, places};
use super::claim_path::ClaimPath;
use super::error::{VerifyError, shown, shown_json};
use super::error_kind::VerifyErrorKind;
use super::explanation::Explanation;
use super::header::Header;
use super::json::Object;
use super::jws::Jws;
use super::parsed_token::ParsedToken;
use super::text::TokenText;
use super::verifier::AccessTokenVerifier;
use super::wire::SCOPE;
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
        if let Err(error) = self.explain_checks(token, &mut report) {
            report.refused("form", &detailed(error, token), None);
        }
        // What the verifier says counts, if it has a check that is not in the report.
        if let Err(error) = self.verify(token)
            && report.is_accepted()
        {
            report.refused("token", &error, None);
        }
        report
    }

    fn explain_checks(&self, token: &str, report: &mut Explanation) -> Result<(), VerifyError> {
        let jws = Jws::parse(token.as_bytes(), usize::MAX)?;
        let text = TokenText::decode(jws.payload(), &[])?;
        let parsed = ParsedToken::parse(&jws, &text)?;
        let explained = |error| detailed(error, token);
        self.explain_parsed(&parsed, explained, report);
        Ok(())
    }

    /// `explained` adds to an error which part of the token cannot be read.
    fn explain_parsed(
        &self,
        token: &ParsedToken<'_>,
        explained: impl Fn(VerifyError) -> VerifyError,
        report: &mut Explanation,
    ) {
        let (claims, now) = (token.claims(), self.now());
        let header = token.jws.header().map_err(VerifyError::from);
        let header = header.map_err(explained);
        let typ = header.as_ref().ok().map(|header| header.typ());
        let mut check = |name, outcome: Result<String, VerifyError>| match outcome {
            Ok(text) => report.passed(name, text),
            Err(error) => {
                let cure = self.cure(name, error.kind(), typ, claims);
                report.refused(name, &error, cure);
            }
        };
        check("form", Ok("a signed JWT".to_owned()));
        let size = token.check_size(self.max_token_bytes());
        check("size", size.map(|()| format!("{} bytes", token.bytes())));
        let issuer = token.issuer().and_then(|iss| self.check_issuer(iss));
        check("iss", issuer.map(|iss| shown(iss.as_str())));
        let typ = header.clone().and_then(|header| {
            let typ = header.typ();
            self.settings.typ.check(typ, claims)?;
            Ok(or_none(typ))
        });
        check("typ", typ);
        let signature = header.and_then(|header| self.check_key(token, header));
        check("signature", signature);
        for required in &self.settings.required_claims {
            let outcome = required.check(claims);
            check(
                "claims",
                outcome.map(|()| "a required claim has an accepted value".to_owned()),
            );
        }
        let end = self.expiry(claims).and_then(|end| {
            self.check_expiry(end, now)?;
            let note = if end.saturating_since(now) > CENTURY {
                ", more than a century ahead. It is in seconds: does the issuer write milliseconds?"
            } else {
                ""
            };
            Ok(format!("{}{note}", end.as_secs()))
        });
        check("exp", end);
        let begin = self.check_begin(claims, now);
        check("nbf", begin.map(|_| "not in the future".to_owned()));
        let audience = self.audience_of(claims);
        check("aud", audience.map(|audience| shown(audience.as_str())));
        let subject = self.subject_of(claims);
        check("sub", subject.map(|subject| shown(&subject)));
        let binding = self.check_binding(claims);
        check("cnf", binding.map(|_| "no proof is needed".to_owned()));
        self.explain_scope(claims, report);
    }

    /// Checks the signature, whatever the `typ`.
    fn check_key(&self, token: &ParsedToken<'_>, header: &Header) -> Result<String, VerifyError> {
        let keys = self.keys.keys();
        let keys = keys.get().ok_or(VerifyErrorKind::KeysUnavailable)?;
        let may_sign = |key: &Key| self.may_sign(key, token);
        token.jws.check_signature(keys, may_sign, header)?;
        let kid = or_none(header.kid());
        Ok(format!("alg {}, kid {kid}", shown(header.algorithm())))
    }

    fn explain_scope(&self, claims: &Object<'_>, report: &mut Explanation) {
        let scope = self.settings.scope_claims.read(claims);
        let mut text = if scope.is_empty() {
            "empty".to_owned()
        } else {
            shown(scope.as_str())
        };
        text += &format!(" (read from {})", self.settings.scope_claims.names());
        let places = if is_of_login(&scope) {
            places(claims)
        } else {
            Vec::new()
        };
        let mut cures = Vec::new();
        for path in places {
            let value = ClaimPath::new(&path).find(claims).map(shown_json);
            let path: Vec<String> = path.into_iter().map(shown).collect();
            let path = path.join(", ");
            text += &format!(", and the token has {path}: {}", value.unwrap_or_default());
            cures.push(format!(".scope_claim(&[{path}])"));
        }
        let scope = match &self.settings.accepted_scope {
            Some(accepted) if !scope.is_subset_of(accepted) => {
                let rest = scope.intersection(accepted);
                text += &format!(", of which accepted_scope leaves {}", shown(rest.as_str()));
                rest
            }
            _ => scope,
        };
        report.set_scope(scope);
        let cure = (!cures.is_empty()).then(|| cures.join(" or "));
        report.note(SCOPE, text, cure);
    }
}

const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

fn or_none(text: Option<&str>) -> String {
    text.map_or_else(|| "none".to_owned(), shown)
}
