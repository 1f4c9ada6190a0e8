//! The index by subject: which sessions are whose.
//!
//! Sorted sets, 16384 of them, each for the subjects whose hash falls into it. A member is four
//! more bytes of that hash and the session's id; its score is the absolute end in seconds. A set of
//! each subject's own would cost each session a key more. What the index says is a hint: the row
//! decides whose it is, and whether it is there at all.

use redis::Cmd;

use super::prefix::KeyPrefix;
use super::statements::Call;
use crate::clock::Timestamp;
use crate::digest::digest;
use crate::names::{SessionId, Subject};
use crate::store::retention::KEEP_EXPIRED;
use crate::store::session::Session;

/// Where the sessions of one subject are in the index.
pub(super) struct Bucket {
    key: String,
    hash: [u8; HASH_LENGTH],
}

impl Bucket {
    pub(super) fn of(subject: &Subject, prefix: &KeyPrefix) -> Self {
        let [high, low, a, b, c, d, ..] = digest("redis subject", subject.as_str());
        Self {
            key: prefix.index(u16::from_be_bytes([high, low]) % INDEX_BUCKETS),
            hash: [a, b, c, d],
        }
    }

    /// Enters a session. Before its row: a member without a row is harmless, a row without a member
    /// could not be revoked by subject.
    pub(super) fn enter(&self, session: &Session) -> Call {
        Call {
            keys: vec![self.key.clone().into_bytes()],
            args: vec![
                score(session.expires_at()).to_string().into_bytes(),
                self.member(session.id()),
                (2 * KEEP_EXPIRED).as_secs().to_string().into_bytes(),
            ],
        }
    }

    pub(super) fn read(&self) -> Cmd {
        let mut all = Cmd::new();
        all.arg("ZRANGE").arg(&self.key).arg(0).arg(-1);
        all
    }

    /// Those of the bucket that may be the subject's.
    pub(super) fn candidates(&self, members: &[Vec<u8>]) -> Vec<SessionId> {
        let mine = members
            .iter()
            .filter(|member| member.starts_with(&self.hash));
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

/// The members of a bucket that ended at this moment or before, some at a time.
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

/// The session of a member; `None` for a member that this store did not write.
pub(super) fn id(member: &[u8]) -> Option<SessionId> {
    Some(SessionId::from_bytes(
        member.get(HASH_LENGTH..)?.try_into().ok()?,
    ))
}

/// Rounded up: nothing has ended before its score says so.
fn score(end: Timestamp) -> u64 {
    end.as_millis().div_ceil(1000)
}

/// How many sorted sets there are. Redis keeps one compact up to 128 members by default, which 1.5
/// million sessions do not exceed.
pub(super) const INDEX_BUCKETS: u16 = 16_384;
const HASH_LENGTH: usize = 4;
