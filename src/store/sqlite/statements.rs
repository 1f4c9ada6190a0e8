//! What is said to SQLite.

pub(super) const INSERT: &str = "INSERT INTO tower_bearer_sessions (id, subject, device, created_at, expires_at, stamp, receipts, generation, \
    rotated_at, confirmed, recoveries, recovered, retry_key, revision, revoked_because, revoked_at) \
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) const FIND: &str = "SELECT * FROM tower_bearer_sessions WHERE id = ?";

pub(super) const REPLACE: &str = "UPDATE tower_bearer_sessions SET generation = ?1, rotated_at = ?2, confirmed = ?3, recoveries = ?4, \
    recovered = ?5, retry_key = ?6, revision = ?7 WHERE id = ?8 AND revision = ?7 - 1 AND revoked_at IS NULL";

pub(super) const CONFIRM: &str = "UPDATE tower_bearer_sessions SET confirmed = 1, revision = revision + 1 \
    WHERE id = ? AND generation = ? AND confirmed = 0 AND revoked_at IS NULL";

pub(super) const REVOKE: &str = "UPDATE tower_bearer_sessions SET revoked_because = ?, revoked_at = ?, revision = revision + 1 \
    WHERE id = ? AND revoked_at IS NULL";

pub(super) const REVOKE_ALL: &str = "UPDATE tower_bearer_sessions SET revoked_because = ?, revoked_at = ?, revision = revision + 1 \
    WHERE subject = ? AND revoked_at IS NULL";

pub(super) const LIST: &str = "SELECT * FROM tower_bearer_sessions WHERE subject = ? AND revoked_at IS NULL AND expires_at > ? \
    ORDER BY created_at DESC LIMIT ?";

/// One statement, so that rows and cursor are of one moment. A number above the last was not given out here: it counts as none.
pub(super) const REVOKED_SINCE: &str = "WITH place AS (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now, \
    COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'tower_bearer_revocations'), 0) AS last) \
    SELECT place.last, feed.session_id, place.now - feed.revoked_at AS age FROM place LEFT JOIN tower_bearer_revocations AS feed \
    ON feed.sequence > CASE WHEN ?1 > place.last THEN 0 ELSE ?1 END";

pub(super) const REVOKE_AGAIN: &str = "UPDATE tower_bearer_sessions SET revoked_because = ?1, revoked_at = ?2, revision = revision + 1 \
    WHERE id IN (SELECT unhex(value) FROM json_each(?3)) AND revoked_at IS NULL";

pub(super) const ENTER_FEED: &str = "INSERT INTO tower_bearer_revocations (session_id, revoked_at) \
    SELECT unhex(value), max(?2, CAST(unixepoch('subsec') * 1000 AS INTEGER)) FROM json_each(?1) \
    WHERE unhex(value) NOT IN (SELECT session_id FROM tower_bearer_revocations)";

pub(super) const FIND_ENDED: &str = "SELECT id FROM tower_bearer_sessions \
    WHERE revoked_at <= ?1 OR (revoked_at IS NULL AND expires_at <= ?2) LIMIT ?3";

pub(super) const DELETE_ENDED: &str = "DELETE FROM tower_bearer_sessions WHERE id IN (SELECT unhex(value) FROM json_each(?3)) \
    AND (revoked_at <= ?1 OR (revoked_at IS NULL AND expires_at <= ?2))";

pub(super) const DELETE_FEED: &str = "DELETE FROM tower_bearer_revocations WHERE sequence IN \
    (SELECT sequence FROM tower_bearer_revocations WHERE revoked_at <= ?1 LIMIT ?2)";
