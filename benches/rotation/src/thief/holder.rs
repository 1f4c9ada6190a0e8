//! [`Holder`] has tokens, and the key of its next refresh: the owner, or a thief.

use crate::rows::Keys;
use crate::rule::Tokens;

/// No owner has that many tokens.
const KEYS_OF_THIEVES: u64 = 1 << 32;

pub(super) struct Holder {
    pub(super) tokens: Tokens,
    pub(super) key: Option<u64>,
    next_key: u64,
}

impl Holder {
    pub(super) fn new(tokens: Tokens, keys: Keys) -> Self {
        Self {
            tokens,
            key: (keys != Keys::Absent).then_some(0),
            next_key: 1,
        }
    }

    /// Returns what a thief has. The key that they copied belongs to the token that they copied.
    pub(super) fn copied(&self, keys: Keys) -> Self {
        Self {
            tokens: self.tokens.clone(),
            key: match keys {
                Keys::Absent => None,
                Keys::Sent => Some(KEYS_OF_THIEVES),
                Keys::Copied => self.key,
            },
            next_key: KEYS_OF_THIEVES + 1,
        }
    }

    pub(super) fn take(&mut self, tokens: Tokens) {
        if tokens.refresh != self.tokens.refresh && self.key.is_some() {
            self.key = Some(self.next_key);
            self.next_key += 1;
        }
        self.tokens = tokens;
    }
}
