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

/// Finds live sessions of a selection, after an id, in the order of the ids: the index by subject
/// has that order.
pub(super) const FIND_LIVE: &str = concat!(
    "SELECT id FROM tower_bearer_sessions WHERE ",
    selected!("?1", "?2", "?3", "?4"),
    "AND revoked_at IS NULL AND id > ?5 ORDER BY id LIMIT ?6"
);

pub(super) const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM tower_bearer_sessions WHERE ",
    selected!("?1", "?2", "?3", "?4"),
    "AND revoked_at IS NULL AND expires_at > ?5 ORDER BY created_at DESC LIMIT ?6"
);

pub(super) const COUNT: &str = concat!(
    "SELECT count(*) FROM (SELECT 1 FROM tower_bearer_sessions WHERE ",
    selected!("?1", "?2", "?3", "?4"),
    "AND revoked_at IS NULL AND expires_at > ?5 LIMIT ?6)"
);

/// Finds revoked sessions of a selection, in the same way.
pub(super) const FIND_REVOKED: &str = concat!(
    "SELECT id FROM tower_bearer_sessions WHERE ",
    selected!("?1", "?2", "?3", "?4"),
    "AND revoked_at IS NOT NULL AND id > ?5 ORDER BY id LIMIT ?6"
);

pub(super) const DELETE_REVOKED: &str = "DELETE FROM tower_bearer_sessions \
    WHERE id IN (SELECT unhex(value) FROM json_each(?1)) AND revoked_at IS NOT NULL";

/// Reads a page of the feed in one statement, so that entries and cursor are of one moment. A
/// number above the last one was not made here, and counts as no cursor.
///
/// The entries are one text, because a row for each costs more than to read it: `id age,` with the
/// id in hexadecimal.
pub(super) const REVOKED_SINCE: &str = "WITH place AS (SELECT \
    CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now, COALESCE((\
        SELECT seq FROM sqlite_sequence WHERE name = 'tower_bearer_revocations'\
    ), 0) AS last), \
    page AS MATERIALIZED (SELECT sequence, session_id, revoked_at FROM tower_bearer_revocations \
        WHERE sequence > CASE WHEN ?1 > (SELECT last FROM place) THEN 0 ELSE ?1 END \
        ORDER BY sequence LIMIT ?2) \
    SELECT (SELECT last FROM place) AS last, count(*) AS count, max(sequence) AS reached, \
    group_concat(hex(session_id) || ' ' || ((SELECT now FROM place) - revoked_at)) AS entries \
    FROM page";

pub(super) const REVOKE_EACH: &str = "UPDATE tower_bearer_sessions \
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

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqlitePool;
    use sqlx::{AssertSqlSafe, Row};

    use super::*;

    /// A walk through a table of millions would hold up the disk every hour.
    #[tokio::test]
    async fn no_statement_walks_through_a_table() {
        let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
        let tables = include_str!("../../../migrations/sqlite/0001_sessions.sql");
        sqlx::raw_sql(tables).execute(&pool).await.unwrap();
        for statement in [
            FIND,
            CONFIRM_ALL,
            FIND_LIVE,
            FIND_REVOKED,
            DELETE_REVOKED,
            LIST,
            COUNT,
            REVOKED_SINCE,
            REVOKE_EACH,
            ENTER_FEED,
            FIND_ENDED,
            DELETE_ENDED,
            DELETE_FEED,
        ] {
            let plan = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
            let plan = sqlx::query(plan).fetch_all(&pool).await.unwrap();
            let steps: Vec<String> = plan.iter().map(|step| step.get("detail")).collect();
            assert!(!steps.is_empty());
            for step in &steps {
                let walks =
                    step.starts_with("SCAN tower_bearer") || step.starts_with("SCAN session");
                assert!(!walks, "{statement}: {steps:#?}");
            }
            // The index by subject has the order of the ids.
            let sorts = steps
                .iter()
                .any(|step| step.contains("TEMP B-TREE FOR ORDER BY"));
            let in_order = [FIND_LIVE, FIND_REVOKED, REVOKED_SINCE].contains(&statement);
            assert!(!(in_order && sorts), "{statement}: {steps:#?}");
        }
    }
}
