-- `mfa_version` counts the writes of a row. A row that another program inserts with a number that cannot count on starts
-- at zero.
DROP TRIGGER mfa_inserted;
DROP TRIGGER mfa_replaced;

-- Not reached by an upsert, which updates, and by INSERT OR IGNORE, which leaves the row alone.
CREATE TRIGGER mfa_replaced AFTER INSERT ON users
WHEN EXISTS (SELECT 1 FROM mfa_replaced_rows WHERE id = NEW.id)
BEGIN
    INSERT INTO mfa_restored_rows VALUES (NEW.id);
    UPDATE users SET (
        mfa_version, mfa_enforced, is_totp_enabled, totp_secret, totp_pending_secret, totp_pending_expires_at, totp_enrolled_at,
        phone_number, phone_pending, is_phone_verified, phone_verified_at, mfa_backup_method, recovery_codes,
        recovery_codes_generated_at, totp_last_step, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at,
        mfa_last_method, mfa_internal
    ) = (
        SELECT CASE WHEN NEW.mfa_version BETWEEN mfa_version AND 4611686018427387904 THEN NEW.mfa_version ELSE mfa_version END + 1, mfa_enforced, is_totp_enabled, totp_secret, totp_pending_secret, totp_pending_expires_at, totp_enrolled_at,
            phone_number, phone_pending, is_phone_verified, phone_verified_at, mfa_backup_method, recovery_codes,
            recovery_codes_generated_at, totp_last_step, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at,
            mfa_last_method, mfa_internal
        FROM mfa_replaced_rows WHERE id = NEW.id
    ) WHERE id = NEW.id;
    DELETE FROM mfa_restored_rows;
    DELETE FROM mfa_replaced_rows;
END;

-- A new row may have the id of a user whose events are stored. The next decision looks for them.
CREATE TRIGGER mfa_inserted AFTER INSERT ON users
BEGIN
    INSERT INTO mfa_restored_rows SELECT NEW.id WHERE NEW.id NOT IN (SELECT id FROM mfa_restored_rows);
    UPDATE users SET
        mfa_internal = CASE WHEN json_valid(mfa_internal) THEN json_set(mfa_internal, '$.ins', json('true'))
            ELSE mfa_internal END,
        mfa_version = CASE WHEN typeof(mfa_version) = 'integer' AND mfa_version BETWEEN 0 AND 4611686018427387904
            THEN mfa_version ELSE 0 END + 1
    WHERE id = NEW.id;
    DELETE FROM mfa_restored_rows WHERE id = NEW.id;
END;
