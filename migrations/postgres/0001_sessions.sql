-- One row a session. Times are milliseconds since the Unix epoch. The columns of eight bytes come
-- first, so that none is padded.
-- A refresh writes no column that an index knows, and finds room in the page: its update stays
-- there (HOT), and no index grows.
CREATE TABLE tower_bearer_sessions (
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    owner bigint NOT NULL,
    generation bigint NOT NULL,
    revision bigint NOT NULL,
    rotated_at bigint,
    revoked_at bigint,
    idle_timeout bigint,
    authenticated_at bigint,
    recoveries smallint NOT NULL,
    recovered boolean NOT NULL,
    confirmed boolean NOT NULL,
    receipts boolean NOT NULL,
    until_browser_closes boolean NOT NULL,
    id uuid NOT NULL PRIMARY KEY,
    subject text COLLATE "C" NOT NULL,
    -- NULL: a login.
    kind smallint,
    device text,
    stamp bytea,
    retry_key bytea,
    revoked_because text,
    data bytea,
    more bytea
) WITH (fillfactor = 94);

-- By its hash, so that the size does not depend on the length of the subject. A hash index takes
-- twice the room.
CREATE INDEX tower_bearer_sessions_by_subject
ON tower_bearer_sessions (hashtextextended(subject, 0));
-- By the day: PostgreSQL keeps equal keys once, so that this takes a third.
CREATE INDEX tower_bearer_sessions_by_expiry ON tower_bearer_sessions ((expires_at / 86400000));

-- The feed. The transaction's number tells what a snapshot could not see yet: a cursor never skips
-- one that commits late.
-- The key has the times too: a process that starts reads millions of entries, in the order of their
-- ids, which is a random order in the table.
CREATE TABLE tower_bearer_revocations (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    revoked_at bigint NOT NULL,
    session_id uuid NOT NULL,
    PRIMARY KEY (session_id) INCLUDE (revoked_at)
);

CREATE INDEX tower_bearer_revocations_by_xid ON tower_bearer_revocations (xid);
CREATE INDEX tower_bearer_revocations_by_revoked_at ON tower_bearer_revocations (revoked_at);

-- An entry is never older than its time in the feed, whatever clock revoked: else the clean-up
-- could take it early.
-- It finds the feed beside the sessions, whatever the search_path of the connection that revokes,
-- and if the schema is renamed.
CREATE FUNCTION tower_bearer_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO %I.tower_bearer_revocations (session_id, revoked_at) VALUES ($1, $2)
         ON CONFLICT (session_id)
         DO UPDATE SET revoked_at = EXCLUDED.revoked_at, xid = EXCLUDED.xid',
        TG_TABLE_SCHEMA
    ) USING
        NEW.id,
        greatest(NEW.revoked_at, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
    PERFORM pg_notify('tower_bearer_revoked', '');
    RETURN NULL;
END
$$;

-- A session enters the feed in the statement that revokes it, even when an administrator wrote that
-- statement.
CREATE TRIGGER tower_bearer_revoked
AFTER UPDATE OF revoked_at ON tower_bearer_sessions
FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
EXECUTE FUNCTION tower_bearer_revoked();

-- Short-lived things that processes share. A counter has two debts, each as the moment at which it
-- ends; a value has neither.
CREATE TABLE tower_bearer_ephemeral (
    until bigint NOT NULL,
    fast bigint,
    slow bigint,
    key bytea NOT NULL PRIMARY KEY,
    value bytea
);

CREATE INDEX tower_bearer_ephemeral_by_until ON tower_bearer_ephemeral (until);
