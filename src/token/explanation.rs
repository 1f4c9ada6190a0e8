//! [`Explanation`] says check by check why a token passes or not, for development.

use std::fmt;

use super::error::VerifyError;
use crate::names::Scope;

/// What a verifier makes of a token, check by check: see
/// [`AccessTokenVerifier::explain`](crate::AccessTokenVerifier::explain).
///
/// Its `Display` is a table for people. It shows claims of the token, never the token itself.
#[derive(Clone, Debug, Default)]
pub struct Explanation {
    checks: Vec<Check>,
    scope: Scope,
}

#[derive(Clone, Debug)]
struct Check {
    name: &'static str,
    is_refused: bool,
    text: String,
    cure: Option<String>,
}

impl Explanation {
    /// Returns whether the token would pass.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        !self.checks.iter().any(|check| check.is_refused)
    }

    /// Returns the checks that refuse the token: the claim or the part of the token, and why.
    pub fn refusals(&self) -> impl Iterator<Item = (&str, &str)> {
        let refused = self.checks.iter().filter(|check| check.is_refused);
        refused.map(|check| (check.name, &*check.text))
    }

    /// Returns the lines of code that would make the token pass, or give it a scope, as in
    /// `.audience("account")`, some with a condition. Where no line helps, it may be what the
    /// issuer has to do. Each of them is a decision: the documentation of the method says what it
    /// loosens.
    pub fn cures(&self) -> impl Iterator<Item = &str> {
        self.checks.iter().filter_map(|check| check.cure.as_deref())
    }

    /// Returns the scope that a layer sees in the token if it passes, for a comparison with what
    /// [`require_scope`](crate::BearerAuthLayer::require_scope) demands.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(super) fn set_scope(&mut self, scope: Scope) {
        self.scope = scope;
    }

    pub(super) fn passed(&mut self, name: &'static str, text: impl Into<String>) {
        self.note(name, text, None);
    }

    /// Notes a check that refuses nothing, and what would be better.
    pub(super) fn note(
        &mut self,
        name: &'static str,
        text: impl Into<String>,
        cure: Option<String>,
    ) {
        self.checks.push(Check {
            name,
            is_refused: false,
            text: text.into(),
            cure,
        });
    }

    pub(super) fn refused(
        &mut self,
        name: &'static str,
        error: &VerifyError,
        cure: Option<String>,
    ) {
        self.checks.push(Check {
            name,
            is_refused: true,
            text: error.to_string(),
            cure,
        });
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            let verdict = if check.is_refused { "REFUSED" } else { "ok" };
            writeln!(f, "{:<10} {verdict:<8} {}", check.name, check.text)?;
            if let Some(cure) = &check.cure {
                let verb = if cure.starts_with('.') { "try: " } else { "" };
                writeln!(f, "{:<19} {verb}{cure}", "")?;
            }
        }
        f.write_str(if self.is_accepted() {
            "the token is accepted"
        } else {
            "the token is refused"
        })
    }
}
