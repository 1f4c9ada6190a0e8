-- Processes enter again what a store has lost: each session is in the feed once.
CREATE INDEX tower_bearer_revocations_by_session ON tower_bearer_revocations (session_id);

-- An entry is never older than its time in the feed, whatever clock revoked: else the clean-up could take it early.
DROP TRIGGER tower_bearer_revoked;
CREATE TRIGGER tower_bearer_revoked
AFTER UPDATE OF revoked_at ON tower_bearer_sessions
WHEN OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL
BEGIN
    INSERT INTO tower_bearer_revocations (session_id, revoked_at)
    VALUES (NEW.id, max(NEW.revoked_at, CAST(unixepoch('subsec') * 1000 AS INTEGER)));
END;
