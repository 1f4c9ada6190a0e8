//! [`With`]: what goes with a form.

use http::HeaderValue;

use crate::secret::Secret;

#[derive(Clone, Copy)]
pub(crate) enum With<'a> {
    Nothing,
    /// An `Idempotency-Key`.
    Key(&'a Secret),
    /// An access token.
    Access(&'a HeaderValue),
}

impl With<'_> {
    fn secret(&self) -> Option<&str> {
        match self {
            Self::Nothing => None,
            Self::Key(key) => Some(key.expose()),
            Self::Access(value) => value.to_str().ok()?.strip_prefix("Bearer "),
        }
    }

    /// Whether `text` repeats a secret of the request that had this form: a password, a code, a
    /// token, a key.
    pub(super) fn is_repeated(&self, form: &[(&str, &str)], text: &str) -> bool {
        let values = form.iter().filter(|(name, _)| !PUBLIC.contains(name));
        let mut secrets = values.map(|(_, value)| *value).chain(self.secret());
        secrets.any(|secret| text == secret || secret.len() >= LONG && text.contains(secret))
    }
}

const PUBLIC: [&str; 2] = ["grant_type", "scope"];
/// A word has a shorter one in it by chance.
const LONG: usize = 8;
