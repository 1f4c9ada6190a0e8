//! Chooses the refresh token to present, where a browser sent several.

use super::error::{SessionError, SessionErrorKind};
use super::refresh::Refresh;
use super::refresh_token::Presented;
use super::rotation::Decision;
use super::sessions::Sessions;
use crate::names::Subject;
use crate::store::Session;

/// How good a token is. A used one is the worst: to present it would end its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Used,
    Over,
    Good,
}

impl Sessions {
    /// Chooses one of the tokens of a refresh. It only reads.
    pub(super) async fn choose(&self, refresh: &Refresh) -> Result<Presented, SessionError> {
        let invalid = SessionError::new(SessionErrorKind::InvalidToken);
        let mut parsed = refresh
            .tokens()
            .filter_map(|token| self.0.keys.parse(token.secret()));
        let first = parsed.next().ok_or(invalid.clone())?;
        // Nearly every client sends one token.
        let Some(second) = parsed.next() else {
            return Ok(first);
        };
        let mut newest = newest_of_each_session([first, second].into_iter().chain(parsed));
        match newest.len() {
            1 => newest.pop().ok_or(invalid),
            2..=MAX_SESSIONS => self.best_of(newest, refresh).await,
            _ => Err(invalid),
        }
    }

    async fn best_of(
        &self,
        tokens: Vec<Presented>,
        refresh: &Refresh,
    ) -> Result<Presented, SessionError> {
        self.load_revocations().await?;
        let (mut best, mut user) = (None, None::<Subject>);
        for presented in tokens {
            let session = self.0.store.find(&presented.id).await?;
            let rank = self.rank(session.as_ref(), &presented, refresh);
            if let Some(session) = session.as_ref().filter(|_| rank != Rank::Over) {
                if user.as_ref().is_some_and(|user| user != session.subject()) {
                    tracing::info!(
                        cure = "use the cookie of the whole host, whose name begins with `__Host-`",
                        "the refresh tokens of two users came in cookies of one name"
                    );
                    return Err(SessionError::new(SessionErrorKind::InvalidToken));
                }
                user = Some(session.subject().clone());
            }
            let order = (rank, session.map(|session| session.created_at()));
            if best.as_ref().is_none_or(|(known, _)| *known < order) {
                best = Some((order, presented));
            }
        }
        let best = best.map(|(_, presented)| presented);
        best.ok_or(SessionError::new(SessionErrorKind::InvalidToken))
    }

    fn rank(&self, session: Option<&Session>, presented: &Presented, refresh: &Refresh) -> Rank {
        let is_ended = |session: &Session| self.sync().revocations().contains(session.id());
        let Some(session) = session.filter(|row| self.owns(row) && !is_ended(row)) else {
            return Rank::Over;
        };
        match self.decide(session, presented, refresh, self.now()) {
            Decision::Reply { .. } | Decision::Replace { .. } => Rank::Good,
            Decision::Refuse(_) => Rank::Over,
            Decision::Reuse => Rank::Used,
        }
    }
}

fn newest_of_each_session(parsed: impl Iterator<Item = Presented>) -> Vec<Presented> {
    let mut newest: Vec<Presented> = Vec::new();
    for presented in parsed {
        let known = newest.iter().position(|known| known.id == presented.id);
        match known {
            Some(at) if newest[at].generation < presented.generation => newest[at] = presented,
            None if newest.len() <= MAX_SESSIONS => newest.push(presented),
            _ => {}
        }
    }
    newest
}

/// How many sessions the store is asked about.
const MAX_SESSIONS: usize = 4;
