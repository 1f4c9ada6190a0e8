//! The index by subject, which finds the sessions of a user.
//!
//! It has 16384 sorted sets, each for the subjects whose keyed hash falls into it. A member is four
//! more bytes of that hash and the session's id, and its score is `expires_at` in seconds. A set
//! for each subject would take one more key for each session. The index is only a hint: the row
//! decides whose session it is, and whether it exists.

use redis::Cmd;

use super::index_key::IndexKey;
use super::prefix::KeyPrefix;
use super::statements::Call;
use crate::clock::Timestamp;
use crate::limits::REVOCATION_RETENTION;
use crate::names::{SessionId, Subject};
use crate::store::retention::KEEP_EXPIRED;
use crate::store::session::Session;

/// The part of the index with the sessions of one subject.
pub(super) struct Bucket {
    number: u16,
    key: String,
    hash: [u8; HASH_LENGTH],
}

impl Bucket {
    pub(super) fn of(subject: &Subject, prefix: &KeyPrefix, key: &IndexKey) -> Self {
        let [high, low, a, b, c, d, ..] = key.hash(subject);
        let number = u16::from_be_bytes([high, low]) % INDEX_BUCKETS;
        Self {
            number,
            key: prefix.index(number),
            hash: [a, b, c, d],
        }
    }

    pub(super) fn number(&self) -> u16 {
        self.number
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Enters a session. This comes before its row: a member without a row is harmless, but a row
    /// without a member could not be revoked by subject.
    pub(super) fn enter(&self, session: &Session) -> Call {
        Call {
            key: self.key.clone().into_bytes(),
            args: vec![
                score(session.expires_at()).to_string().into_bytes(),
                self.member(session.id()),
                (2 * KEEP_EXPIRED).as_secs().to_string().into_bytes(),
            ],
        }
    }

    /// Lets a session that was revoked leave the index when its row expires. Until then `erase`
    /// finds it.
    pub(super) fn end(&self, id: &SessionId) -> Call {
        // A member stays for `KEEP_EXPIRED` after its score. One second more, as that is rounded.
        let stays = REVOCATION_RETENTION.saturating_sub(KEEP_EXPIRED).as_secs() + 1;
        Call {
            key: self.key.clone().into_bytes(),
            args: vec![stays.to_string().into_bytes(), self.member(id)],
        }
    }

    /// Reads the members that end at this moment or later.
    pub(super) fn read(&self, from: Timestamp) -> Cmd {
        let mut all = Cmd::new();
        all.arg("ZRANGEBYSCORE").arg(&self.key);
        all.arg(from.as_secs()).arg("+inf");
        all
    }

    /// Reads about `count` members, from a cursor that Redis has given, or from 0. The answer has
    /// the next cursor, or 0 at the end.
    pub(super) fn scan(&self, cursor: u64, count: usize) -> Cmd {
        let mut some = Cmd::new();
        some.arg("ZSCAN").arg(&self.key).arg(cursor);
        some.arg("COUNT").arg(count);
        some
    }

    /// Returns the sessions of the bucket that may be those of the subject.
    pub(super) fn candidates<'m>(
        &self,
        members: impl IntoIterator<Item = &'m Vec<u8>>,
    ) -> Vec<SessionId> {
        let members = members.into_iter();
        let mine = members.filter(|member| member.starts_with(&self.hash));
        mine.filter_map(|member| id(member)).collect()
    }

    pub(super) fn remove(&self, ids: &[SessionId]) -> Cmd {
        let members: Vec<Vec<u8>> = ids.iter().map(|id| self.member(id)).collect();
        remove(&self.key, &members)
    }

    fn member(&self, id: &SessionId) -> Vec<u8> {
        [&self.hash[..], id.as_bytes()].concat()
    }
}

/// Reads some members of a bucket that ended at this moment or before.
pub(super) fn ended(key: &str, by: Timestamp, at_most: usize) -> Cmd {
    let mut ended = Cmd::new();
    ended
        .arg("ZRANGEBYSCORE")
        .arg(key)
        .arg("-inf")
        .arg(by.as_secs())
        .arg("LIMIT")
        .arg(0)
        .arg(at_most);
    ended
}

pub(super) fn remove(key: &str, members: &[Vec<u8>]) -> Cmd {
    let mut remove = Cmd::new();
    remove.arg("ZREM").arg(key).arg(members);
    remove
}

/// Returns the session of a member, or `None` for a member that this store did not write.
pub(super) fn id(member: &[u8]) -> Option<SessionId> {
    Some(SessionId::from_bytes(
        member.get(HASH_LENGTH..)?.try_into().ok()?,
    ))
}

/// Returns the score of a member, rounded up so that no session ends after its score.
fn score(end: Timestamp) -> u64 {
    end.as_millis().div_ceil(1000)
}

/// The number of sorted sets. By default Redis keeps a set compact up to 128 members, which 1.5
/// million sessions do not exceed.
pub(super) const INDEX_BUCKETS: u16 = 16_384;
const HASH_LENGTH: usize = 4;
