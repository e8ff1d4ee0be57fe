-- Token that an event issued or revoked: its ID, which is a digest of the `jti`, and its session number. The list of a
-- user's sessions reads them, so that a verification writes nothing more than its event.
ALTER TABLE mfa_events ADD COLUMN token_id BYTEA, ADD COLUMN token_session BIGINT;
