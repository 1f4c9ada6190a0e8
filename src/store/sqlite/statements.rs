//! The statements for SQLite, except those that both SQL stores share.

use crate::store::sql::columns;

/// The sessions of a selection. Its parts are the subject, the owners as JSON, the kinds as JSON or
/// NULL, and the session that is left out or NULL.
macro_rules! selected {
    ($subject:literal, $owners:literal, $kinds:literal, $except:literal) => {
        concat!(
            "subject = ",
            $subject,
            " AND owner IN (SELECT value FROM json_each(",
            $owners,
            ")) AND (",
            $kinds,
            " IS NULL OR COALESCE(kind, 0) IN (SELECT value FROM json_each(",
            $kinds,
            "))) AND (",
            $except,
            " IS NULL OR id <> ",
            $except,
            ") "
        )
    };
}

pub(super) const FIND: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM tower_bearer_sessions WHERE id = ?"
);

/// The receipts are a list in JSON, each with the id in hexadecimal and the generation.
pub(super) const CONFIRM_ALL: &str = "UPDATE tower_bearer_sessions AS session \
    SET confirmed = TRUE, revision = revision + 1 \
    WHERE id IN (SELECT unhex(value ->> 0) FROM json_each(?1)) \
    AND NOT confirmed AND revoked_at IS NULL \
    AND generation IN (\
        SELECT value ->> 1 FROM json_each(?1) WHERE unhex(value ->> 0) = session.id)";

pub(super) const REVOKE_ALL: &str = concat!(
    "UPDATE tower_bearer_sessions \
     SET revoked_because = ?5, revoked_at = ?6, revision = revision + 1 WHERE ",
    selected!("?1", "?2", "?3", "?4"),
    "AND revoked_at IS NULL"
);

pub(super) const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM tower_bearer_sessions WHERE ",
    selected!("?1", "?2", "?3", "?4"),
    "AND revoked_at IS NULL AND expires_at > ?5 ORDER BY created_at DESC LIMIT ?6"
);

pub(super) const ERASE: &str = concat!(
    "DELETE FROM tower_bearer_sessions WHERE ",
    selected!("?1", "?2", "?3", "?4"),
    "AND revoked_at IS NOT NULL"
);

/// Reads the feed in one statement, so that rows and cursor are of one moment. A number above the
/// last one was not made here, and counts as no cursor.
pub(super) const REVOKED_SINCE: &str = "WITH place AS (SELECT \
    CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now, COALESCE((\
        SELECT seq FROM sqlite_sequence WHERE name = 'tower_bearer_revocations'\
    ), 0) AS last) \
    SELECT place.last, feed.session_id, place.now - feed.revoked_at AS age \
    FROM place LEFT JOIN tower_bearer_revocations AS feed \
    ON feed.sequence > CASE WHEN ?1 > place.last THEN 0 ELSE ?1 END";

pub(super) const REVOKE_AGAIN: &str = "UPDATE tower_bearer_sessions \
    SET revoked_because = ?1, revoked_at = ?2, revision = revision + 1 \
    WHERE id IN (SELECT unhex(value) FROM json_each(?3)) AND revoked_at IS NULL";

pub(super) const ENTER_FEED: &str = "INSERT INTO tower_bearer_revocations (session_id, revoked_at) \
    SELECT unhex(value), max(?2, CAST(unixepoch('subsec') * 1000 AS INTEGER)) FROM json_each(?1) \
    WHERE unhex(value) NOT IN (SELECT session_id FROM tower_bearer_revocations)";

pub(super) const FIND_ENDED: &str = "SELECT id FROM tower_bearer_sessions \
    WHERE revoked_at <= ?1 OR (revoked_at IS NULL AND expires_at <= ?2) LIMIT ?3";

pub(super) const DELETE_ENDED: &str = "DELETE FROM tower_bearer_sessions \
    WHERE id IN (SELECT unhex(value) FROM json_each(?3)) \
    AND (revoked_at <= ?1 OR (revoked_at IS NULL AND expires_at <= ?2))";

pub(super) const DELETE_FEED: &str = "DELETE FROM tower_bearer_revocations WHERE sequence IN \
    (SELECT sequence FROM tower_bearer_revocations WHERE revoked_at <= ?1 LIMIT ?2)";
