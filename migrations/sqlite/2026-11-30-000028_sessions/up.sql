-- Token that an event issued or revoked: its ID, which is a digest of the `jti`, and its session number. The list of a
-- user's sessions reads them, so that a verification writes nothing more than its event.
ALTER TABLE mfa_events ADD COLUMN token_id TEXT;
ALTER TABLE mfa_events ADD COLUMN token_session INTEGER;

DROP TRIGGER mfa_account_writes_store;

CREATE TRIGGER mfa_account_writes_store INSTEAD OF INSERT ON mfa_account_writes
BEGIN
    UPDATE users SET
        mfa_enforced = NEW.mfa_enforced,
        is_totp_enabled = NEW.is_totp_enabled,
        totp_secret = NEW.totp_secret,
        totp_pending_secret = NEW.totp_pending_secret,
        totp_pending_expires_at = NEW.totp_pending_expires_at,
        totp_enrolled_at = NEW.totp_enrolled_at,
        phone_number = NEW.phone_number,
        phone_pending = NEW.phone_pending,
        is_phone_verified = NEW.is_phone_verified,
        phone_verified_at = NEW.phone_verified_at,
        mfa_backup_method = NEW.mfa_backup_method,
        recovery_codes = NEW.recovery_codes,
        recovery_codes_generated_at = NEW.recovery_codes_generated_at,
        totp_last_step = NEW.totp_last_step,
        mfa_failed_attempts = NEW.mfa_failed_attempts,
        mfa_lock_until = NEW.mfa_lock_until,
        mfa_last_success_at = NEW.mfa_last_success_at,
        mfa_last_method = NEW.mfa_last_method,
        mfa_version = NEW.mfa_version + 1,
        mfa_internal = NEW.mfa_internal,
        -- NULL: a server of the version before passkeys, which does not know the column.
        mfa_authenticators = CASE
            WHEN NEW.mfa_authenticators IS NULL AND is_totp_enabled AND NOT NEW.is_totp_enabled THEN '[]'
            ELSE coalesce(NEW.mfa_authenticators, mfa_authenticators) END
    WHERE id = NEW.id AND mfa_version = NEW.mfa_version;

    SELECT RAISE(ABORT, 'an account changed since it was read') WHERE changes() <> 1;

    -- A server of the previous version writes no token.
    INSERT INTO mfa_events (event_id, user_id, seq, at, event, method, outcome, ip, user_agent, request_id, actor,
        reason, salt, personal_digest, mac_key, mac, token_id, token_session)
    SELECT value ->> 0, NEW.id, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
        value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14,
        value ->> 15, value ->> 16
    FROM json_each(NEW.events);
END;
