//! [`Pair`]: an access token and the refresh token that came with it.

use std::fmt;
use std::time::Duration;

use http::HeaderValue;

use super::trial::Trial;
use super::version::Generation;
use crate::secret::Secret;
use crate::wire::TokenAnswer;
use crate::{BoxError, ClientError};

/// The tokens of a login, until the next refresh.
pub(crate) struct Pair {
    /// Identifies the pair in this process.
    pub(crate) number: u64,
    /// Identifies the login that it belongs to, perhaps of another user than the next one.
    pub(crate) login: u64,
    pub(crate) access: Secret,
    /// `Bearer` and the access token.
    pub(crate) authorization: HeaderValue,
    pub(crate) refresh: Secret,
    /// Goes with every refresh of this pair, also after a restart. It is random: a thief who could
    /// derive it from the token would pass for a client that lost an answer.
    pub(crate) key: Secret,
    /// Since 1970.
    pub(crate) expires_at: Duration,
    pub(crate) lifetime: Duration,
    /// What the login has asked for: a refresh asks for no more.
    pub(crate) scope: Option<String>,
    pub(crate) generation: Generation,
    pub(crate) trial: Trial,
}

impl Pair {
    /// `before` is the pair whose token was presented: what the answer leaves out stays.
    pub(crate) fn from_answer(
        answer: TokenAnswer,
        asked: Duration,
        before: Option<&Self>,
    ) -> Result<Self, ClientError> {
        let refresh = answer
            .refresh_token
            .or(before.map(|before| before.refresh.clone()));
        let refresh =
            refresh.ok_or_else(|| ClientError::unavailable("the answer holds no refresh token"))?;
        let key = Secret::random().map_err(ClientError::unavailable)?;
        let lifetime = Duration::from_secs(answer.expires_in);
        // The end is counted from when the client asked: the server cannot have begun before.
        let expires_at = asked.saturating_add(lifetime);
        let mut pair = Self::new(answer.access_token, refresh, key, expires_at, lifetime)
            .map_err(ClientError::unavailable)?;
        if let Some(before) = before {
            pair.login = before.login;
            pair.scope.clone_from(&before.scope);
            let is_refresh_token_new = !pair.refresh.is(&before.refresh);
            pair.generation = before.generation.next(is_refresh_token_new);
        }
        Ok(pair)
    }

    pub(crate) fn new(
        access: Secret,
        refresh: Secret,
        key: Secret,
        expires_at: Duration,
        lifetime: Duration,
    ) -> Result<Self, BoxError> {
        // The error repeats nothing.
        let authorization = access.header("Bearer ")?;
        key.header("")?;
        Ok(Self {
            number: 0,
            login: 0,
            access,
            authorization,
            refresh,
            key,
            expires_at,
            lifetime,
            scope: None,
            generation: Generation::default(),
            trial: Trial::default(),
        })
    }

    /// The new access token of the same session, which `answer` brings without a refresh token.
    pub(crate) fn reauthenticated(
        answer: TokenAnswer,
        asked: Duration,
        before: &Self,
    ) -> Result<Self, ClientError> {
        let mut pair = Self::from_answer(answer, asked, Some(before))?;
        if pair.refresh.is(&before.refresh) {
            pair.key = before.key.clone();
        }
        Ok(pair)
    }

    /// The time that its access token has left.
    pub(crate) fn left(&self, now: Duration) -> Duration {
        self.expires_at.saturating_sub(now)
    }

    /// Whether the token should be renewed.
    pub(crate) fn is_due(&self, now: Duration) -> bool {
        self.left(now) <= self.margin() || self.was_set_back(now)
    }

    /// Whether the clock was set back: the token has more left than it ever lived, and may have
    /// expired.
    pub(crate) fn was_set_back(&self, now: Duration) -> bool {
        self.left(now) > self.lifetime.saturating_add(self.margin())
    }

    /// The token is renewed when no more than this is left.
    pub(crate) fn margin(&self) -> Duration {
        MARGIN.min(self.lifetime / 10)
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair")
            .field("number", &self.number)
            .field("access", &self.access)
            .field("refresh", &self.refresh)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A minute, or a tenth of the token's life where that is shorter.
const MARGIN: Duration = Duration::from_secs(60);
