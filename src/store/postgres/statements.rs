//! The statements for PostgreSQL, with the default prefix.

use sqlx::SqlStr;

use super::table_prefix::TablePrefix;
use crate::store::sql::{columns, confirm, insert, replace, revoke};

macro_rules! statements {
    ($($(#[doc = $why:literal])* $name:ident = $sql:expr;)+) => {
        pub(super) struct Statements {
            $($(#[doc = $why])* pub(super) $name: SqlStr,)+
        }

        impl Statements {
            pub(super) fn new(prefix: &TablePrefix) -> Self {
                Self { $($name: prefix.apply($sql),)+ }
            }
        }
    };
}

/// The sessions of a selection. The subject is compared by its hash, which has the index, and then
/// by itself, since others may have the same hash. Then come the owners, the kinds or NULL, and the
/// session that is left out or NULL.
macro_rules! selected {
    ($subject:literal, $owners:literal, $kinds:literal, $except:literal) => {
        concat!(
            "hashtextextended(subject, 0) = hashtextextended(",
            $subject,
            " COLLATE \"C\", 0) AND subject = ",
            $subject,
            " AND owner = ANY(",
            $owners,
            ") AND (",
            $kinds,
            "::smallint[] IS NULL OR COALESCE(kind, 0::smallint) = ANY(",
            $kinds,
            ")) AND (",
            $except,
            "::uuid IS NULL OR id <> ",
            $except,
            ") "
        )
    };
}

/// Some ids of a selection, in one row: a standby, which may lag, has to say that it is one even if
/// it knows no such session.
macro_rules! found {
    ($state:literal) => {
        concat!(
            "SELECT pg_is_in_recovery() AS standby, ARRAY(\
             SELECT id FROM tower_bearer_sessions WHERE ",
            selected!("$1", "$2", "$3", "$4"),
            $state,
            " AND id >= $5 ORDER BY id LIMIT $6) AS ids"
        )
    };
}

/// How far the feed goes at the moment of the statement. `history` changes whenever the feed may
/// have been set back: the server was restarted, another server replaced it, or the table was
/// created again.
macro_rules! place {
    () => {
        "SELECT \
         floor(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint::text || '.' || \
         pg_relation_filenode('tower_bearer_revocations')::text AS history, \
         pg_snapshot_xmin(pg_current_snapshot())::text AS next, \
         floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now, \
         pg_is_in_recovery() AS standby, "
    };
}

/// Entries of the feed in the order of their ids, from `$1` on, at most `$2`: in one row however
/// many there are.
macro_rules! feed {
    ($from:literal) => {
        concat!(
            "COALESCE(feed.ids, '{}') AS ids, COALESCE(feed.times, '{}') AS times \
             FROM (SELECT array_agg(session_id ORDER BY session_id) AS ids, \
             array_agg(revoked_at ORDER BY session_id) AS times \
             FROM (SELECT session_id, revoked_at FROM ",
            $from,
            " WHERE session_id >= $1 ORDER BY session_id LIMIT $2) AS entries) AS feed"
        )
    };
}

/// Sessions, and a row without a session if there are none: a standby, which may lag, has to say
/// that it is one even if it knows no such session.
macro_rules! sessions {
    ($($chosen:expr),+) => {
        concat!(
            "SELECT pg_is_in_recovery() AS standby, session.* FROM (SELECT) AS one \
             LEFT JOIN (SELECT ",
            columns!(),
            " FROM tower_bearer_sessions WHERE ",
            $($chosen,)+
            ") AS session ON TRUE"
        )
    };
}

/// The time of the server, in milliseconds.
macro_rules! clock {
    () => {
        "clock AS MATERIALIZED \
         (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now)"
    };
}

/// The debt of a counter, as far as it is believed.
macro_rules! debt {
    ($rate:literal) => {
        concat!(
            "(CASE WHEN entry.",
            $rate,
            " - now BETWEEN 0 AND asked.",
            $rate,
            "_believed \
             THEN entry.",
            $rate,
            " - now ELSE 0 END)"
        )
    };
}

/// Writes a value: its key, its lifetime and itself.
macro_rules! write {
    ($condition:literal) => {
        concat!(
            "WITH ",
            clock!(),
            " INSERT INTO tower_bearer_ephemeral AS entry (key, until, value) \
             SELECT $1, now + $2, $3 FROM clock \
             ON CONFLICT (key) DO UPDATE SET until = excluded.until, value = excluded.value, \
             fast = NULL, slow = NULL WHERE ",
            $condition
        )
    };
}

statements! {
    insert = insert!();
    find = sessions!("id = $1");
    replace = replace!();
    confirm = confirm!();
    /// A row that another call is writing is left out: to wait for it would hold back the other
    /// sessions too.
    confirm_all = "UPDATE tower_bearer_sessions AS session \
        SET confirmed = TRUE, revision = revision + 1 \
        FROM (SELECT known.id FROM tower_bearer_sessions AS known \
            JOIN unnest($1::uuid[], $2::bigint[]) AS receipt (id, generation) \
            ON known.id = receipt.id AND known.generation = receipt.generation \
            WHERE NOT known.confirmed AND known.revoked_at IS NULL \
            FOR UPDATE OF known SKIP LOCKED) AS locked \
        WHERE session.id = locked.id AND NOT session.confirmed AND session.revoked_at IS NULL";
    revoke = revoke!();
    /// Finds live sessions of a selection, from an id on, in the order of the ids.
    find_live = found!("AND revoked_at IS NULL");
    /// Finds revoked ones in the same way.
    find_revoked = found!("AND revoked_at IS NOT NULL");
    /// Locks are taken in the order of the ids, so that two such statements never wait for each
    /// other. The ids are named once: named for the outer part too, PostgreSQL would compare each
    /// with each.
    revoke_each = "UPDATE tower_bearer_sessions AS session \
        SET revoked_because = $1, revoked_at = $2, revision = revision + 1 \
        FROM (SELECT id FROM tower_bearer_sessions \
            WHERE id = ANY($3) AND revoked_at IS NULL ORDER BY id FOR UPDATE) AS locked \
        WHERE session.id = locked.id AND session.revoked_at IS NULL";
    /// Locks are taken in the order of `revoke_each`.
    delete_each = "DELETE FROM tower_bearer_sessions AS session \
        USING (SELECT id FROM tower_bearer_sessions \
            WHERE id = ANY($1) AND revoked_at IS NOT NULL ORDER BY id FOR UPDATE) AS locked \
        WHERE session.id = locked.id";
    list = concat!(
        sessions!(
            selected!("$1", "$2", "$3", "$4"),
            "AND revoked_at IS NULL AND expires_at > $5 ORDER BY created_at DESC LIMIT $6"
        ),
        " ORDER BY session.created_at DESC"
    );
    count = concat!(
        "SELECT pg_is_in_recovery() AS standby, count(*) \
         FROM (SELECT FROM tower_bearer_sessions WHERE ",
        selected!("$1", "$2", "$3", "$4"),
        "AND revoked_at IS NULL AND expires_at > $5 LIMIT $6) AS counted"
    );
    revoked = concat!(place!(), feed!("tower_bearer_revocations"));
    /// It reads one snapshot: entries that it cannot see yet have the number `next` or above. The
    /// upper bound leaves out the numbers of another server whose backup was restored here. They
    /// are found by their numbers, which are few, and never by the ids of all entries.
    revoked_since = concat!(
        "WITH later AS MATERIALIZED (SELECT session_id, revoked_at \
         FROM tower_bearer_revocations WHERE xid >= $3::text::xid8 \
         AND xid < pg_snapshot_xmax(pg_current_snapshot())) ",
        place!(),
        "$3::text::xid8 <= pg_snapshot_xmax(pg_current_snapshot()) AS known, ",
        feed!("later")
    );
    enter_feed = "WITH entered AS (INSERT INTO tower_bearer_revocations (session_id, revoked_at) \
        SELECT id, greatest($1, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) \
        FROM unnest($2) AS id ON CONFLICT (session_id) DO NOTHING RETURNING session_id) \
        SELECT pg_notify('tower_bearer_revoked', '') FROM entered LIMIT 1";
    /// It uses an array, because a subquery with a limit could be run more than once.
    delete_revoked = "WITH feed AS (DELETE FROM tower_bearer_revocations \
            WHERE session_id = ANY(ARRAY(SELECT session_id FROM tower_bearer_revocations \
                WHERE revoked_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING session_id), \
        sessions AS (DELETE FROM tower_bearer_sessions AS session USING feed \
        WHERE session.id = feed.session_id AND session.revoked_at <= $1 RETURNING session.id) \
        SELECT (SELECT count(*) FROM feed), (SELECT count(*) FROM sessions)";
    /// The index has the day. Revoked rows whose entry in the feed was lost are deleted too.
    delete_expired = "DELETE FROM tower_bearer_sessions \
        WHERE id = ANY(ARRAY(SELECT id FROM tower_bearer_sessions \
            WHERE expires_at / 86400000 <= $1::bigint / 86400000 AND expires_at <= $1 \
            AND (revoked_at IS NULL OR revoked_at <= $2) LIMIT $3 FOR UPDATE SKIP LOCKED))";
    /// It always returns a row, in which a standby says that it is one. Debts are durations.
    read_ephemeral = concat!(
        "WITH ", clock!(), " SELECT pg_is_in_recovery() AS standby, entry.key, entry.value, \
         entry.fast - clock.now AS fast, entry.slow - clock.now AS slow \
         FROM clock LEFT JOIN tower_bearer_ephemeral AS entry \
         ON entry.key = ANY($1) AND entry.until > clock.now"
    );
    /// Locks are taken in the order of the keys. A debt above what is believed was written while
    /// the clock was ahead, and counts as none.
    charge = concat!(
        "WITH ", clock!(), ", asked AS MATERIALIZED (SELECT * FROM unnest($1::bytea[], \
         $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[]) \
         AS lane (key, fast, fast_most, fast_believed, slow, slow_most, slow_believed)) \
         INSERT INTO tower_bearer_ephemeral AS entry (key, until, fast, slow) \
         SELECT key, now + greatest(fast, slow), now + fast, now + slow FROM asked, clock \
         WHERE (fast = 0 OR fast <= fast_most) AND (slow = 0 OR slow <= slow_most) ORDER BY key \
         ON CONFLICT (key) DO UPDATE SET (value, until, fast, slow) = (\
             SELECT NULL::bytea, \
             now + greatest(", debt!("fast"), " + asked.fast, ", debt!("slow"), " + asked.slow), \
             now + ", debt!("fast"), " + asked.fast, now + ", debt!("slow"), " + asked.slow \
             FROM asked, clock WHERE asked.key = entry.key) \
         WHERE EXISTS (SELECT FROM asked, clock WHERE asked.key = entry.key \
             AND (entry.value IS NULL OR entry.until <= now) \
             AND (asked.fast = 0 OR ", debt!("fast"), " + asked.fast <= fast_most) \
             AND (asked.slow = 0 OR ", debt!("slow"), " + asked.slow <= slow_most)) \
         RETURNING entry.key"
    );
    /// Locks are taken in the order of the keys. A debt that ends in the past is none.
    give_back = "UPDATE tower_bearer_ephemeral AS entry \
        SET until = greatest(entry.fast - locked.fast, entry.slow - locked.slow, 0), \
        fast = greatest(entry.fast - locked.fast, 0), \
        slow = greatest(entry.slow - locked.slow, 0) \
        FROM (SELECT known.key, refund.fast, refund.slow FROM tower_bearer_ephemeral AS known \
            JOIN unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS refund (key, fast, slow) \
            ON known.key = refund.key WHERE known.value IS NULL \
            ORDER BY known.key FOR UPDATE OF known) AS locked \
        WHERE entry.key = locked.key AND entry.value IS NULL";
    note = write!("TRUE");
    put_new = write!("entry.until <= (SELECT now FROM clock)");
    take = concat!(
        "WITH ", clock!(), " DELETE FROM tower_bearer_ephemeral AS entry USING clock \
         WHERE entry.key = $1 AND entry.value IS NOT NULL \
         RETURNING CASE WHEN entry.until > clock.now THEN entry.value END AS value"
    );
    delete_ended = concat!(
        "WITH ", clock!(), " DELETE FROM tower_bearer_ephemeral \
         WHERE key = ANY(ARRAY(SELECT entry.key FROM tower_bearer_ephemeral AS entry \
             WHERE entry.until <= (SELECT now FROM clock) LIMIT $1 FOR UPDATE SKIP LOCKED))"
    );
}
