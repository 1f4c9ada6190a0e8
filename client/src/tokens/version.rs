//! [`Lineage`] and [`Generation`]: which of two stored logins is the newer one.
//!
//! Both belong to the tokens, and not to the moment at which they are written. So neither the
//! clocks of two processes nor the order of their writes decides.

use serde::{Deserialize, Serialize};

/// The login that tokens belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Lineage {
    /// Random, so no two logins have the same.
    login: u64,
    /// The login before it.
    replaces: u64,
}

impl Lineage {
    /// A new login.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let (login, replaces) = (getrandom::u64()?, 0);
        Ok(Self { login, replaces })
    }

    /// Tells this login from all others.
    pub(super) fn login(self) -> u64 {
        self.login
    }

    pub(super) fn is_same(self, other: Self) -> bool {
        self.login == other.login
    }

    /// Whether `other` was there before this one.
    pub(super) fn has_replaced(self, other: Self) -> bool {
        other.login != 0 && other.login == self.replaces
    }

    pub(super) fn replacing(mut self, other: Self) -> Self {
        if !self.is_same(other) {
            self.replaces = other.login;
        }
        self
    }
}

/// The age of tokens within their login. The later one is the greater one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(crate) struct Generation {
    /// The refresh tokens so far: two processes that present the same one count the same.
    refresh: u64,
    /// The access tokens that came to this refresh token later.
    access: u64,
}

impl Generation {
    pub(super) fn next(self, is_refresh_token_new: bool) -> Self {
        if is_refresh_token_new {
            Self {
                refresh: self.refresh.saturating_add(1),
                access: 0,
            }
        } else {
            Self {
                access: self.access.saturating_add(1),
                ..self
            }
        }
    }
}
