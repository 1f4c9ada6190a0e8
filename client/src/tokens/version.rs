//! [`Lineage`] and [`Generation`]: which of two stored logins is the newer one.
//!
//! Both belong to the tokens, and not to the moment at which they are written. So neither the
//! clocks of two processes nor the order of their writes decides.

use serde::{Deserialize, Serialize};

/// The login that tokens belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Lineage {
    /// Random, so no two logins have the same.
    login: u64,
    /// The logins before it, the last one first.
    replaced: Vec<u64>,
}

impl Lineage {
    /// A new login.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let (login, replaced) = (getrandom::u64()?, Vec::new());
        Ok(Self { login, replaced })
    }

    /// Tells this login from all others.
    pub(super) fn login(&self) -> u64 {
        self.login
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.login == other.login
    }

    /// Whether `other` was there before this one. Of two logins at once, which have replaced each
    /// other, all processes choose the same.
    pub(super) fn is_after(&self, other: &Self) -> bool {
        self.has_replaced(other) && (!other.has_replaced(self) || self.login > other.login)
    }

    fn has_replaced(&self, other: &Self) -> bool {
        self.replaced.contains(&other.login)
    }

    pub(super) fn replacing(mut self, other: &Self) -> Self {
        if self.is_same(other) {
            return self;
        }
        let before = [other.login].into_iter().chain(other.replaced.clone());
        for login in before.chain(std::mem::take(&mut self.replaced)) {
            let is_new = login != 0 && login != self.login && !self.replaced.contains(&login);
            if is_new && self.replaced.len() < MOST_REPLACED {
                self.replaced.push(login);
            }
        }
        self
    }
}

/// A record of a login that is older than these is not recognized as old.
const MOST_REPLACED: usize = 16;

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
