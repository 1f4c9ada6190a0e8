-- One row a login. Times are milliseconds since the Unix epoch.
CREATE TABLE tower_bearer_sessions (
    id BLOB NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    device TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    stamp BLOB,
    receipts INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    rotated_at INTEGER,
    confirmed INTEGER NOT NULL,
    recoveries INTEGER NOT NULL,
    recovered INTEGER NOT NULL,
    retry_key BLOB,
    revision INTEGER NOT NULL,
    revoked_because TEXT,
    revoked_at INTEGER
) WITHOUT ROWID;

CREATE INDEX tower_bearer_sessions_by_subject ON tower_bearer_sessions (subject);

-- The feed. AUTOINCREMENT: a number is never given twice, so that a cursor never skips one.
CREATE TABLE tower_bearer_revocations (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id BLOB NOT NULL,
    revoked_at INTEGER NOT NULL
);

-- A session enters the feed in the very statement that revokes it, whoever wrote that statement.
CREATE TRIGGER tower_bearer_revoked
AFTER UPDATE OF revoked_at ON tower_bearer_sessions
WHEN OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL
BEGIN
    INSERT INTO tower_bearer_revocations (session_id, revoked_at) VALUES (NEW.id, NEW.revoked_at);
END;
