-- Processes enter again what a store has lost: each session is in the feed once.
CREATE INDEX tower_bearer_revocations_by_session ON tower_bearer_revocations (session_id);
