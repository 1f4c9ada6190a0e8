-- One row a session. Times are milliseconds since the Unix epoch.
CREATE TABLE tower_bearer_sessions (
    id BLOB NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    -- NULL: a login.
    kind INTEGER,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    device TEXT,
    stamp BLOB,
    receipts INTEGER NOT NULL,
    idle_timeout INTEGER,
    until_browser_closes INTEGER NOT NULL,
    authenticated_at INTEGER,
    generation INTEGER NOT NULL,
    rotated_at INTEGER,
    confirmed INTEGER NOT NULL,
    recoveries INTEGER NOT NULL,
    recovered INTEGER NOT NULL,
    retry_key BLOB,
    revision INTEGER NOT NULL,
    revoked_because TEXT,
    revoked_at INTEGER,
    -- The long ones come last: what a reading does not need it does not load.
    data BLOB,
    more BLOB
) WITHOUT ROWID;

CREATE INDEX tower_bearer_sessions_by_subject ON tower_bearer_sessions (subject);
-- For the clean-up.
CREATE INDEX tower_bearer_sessions_by_expiry ON tower_bearer_sessions (expires_at);
CREATE INDEX tower_bearer_sessions_by_revocation ON tower_bearer_sessions (revoked_at)
WHERE revoked_at IS NOT NULL;

-- The feed. AUTOINCREMENT: a number is never given out twice, so that a cursor never skips one.
CREATE TABLE tower_bearer_revocations (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id BLOB NOT NULL,
    revoked_at INTEGER NOT NULL
);

-- Processes enter again what a store has lost: each session is in the feed once.
CREATE INDEX tower_bearer_revocations_by_session ON tower_bearer_revocations (session_id);
CREATE INDEX tower_bearer_revocations_by_revoked_at ON tower_bearer_revocations (revoked_at);

-- A session enters the feed in the statement that revokes it, even when an administrator wrote that
-- statement.
-- An entry is never older than its time in the feed, whatever clock revoked: else the clean-up
-- could take it early.
CREATE TRIGGER tower_bearer_revoked
AFTER UPDATE OF revoked_at ON tower_bearer_sessions
WHEN OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL
BEGIN
    INSERT INTO tower_bearer_revocations (session_id, revoked_at)
    VALUES (NEW.id, max(NEW.revoked_at, CAST(unixepoch('subsec') * 1000 AS INTEGER)));
END;

-- Short-lived things that processes share. A counter has two debts, each as the moment at which it
-- ends; a value has neither.
CREATE TABLE tower_bearer_ephemeral (
    key BLOB NOT NULL PRIMARY KEY,
    until INTEGER NOT NULL,
    fast INTEGER,
    slow INTEGER,
    value BLOB
) WITHOUT ROWID;

CREATE INDEX tower_bearer_ephemeral_by_until ON tower_bearer_ephemeral (until);
