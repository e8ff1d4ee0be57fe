ALTER TABLE mfa_events DROP COLUMN token_session, DROP COLUMN token_id;
