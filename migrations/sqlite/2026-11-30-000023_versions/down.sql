DROP TRIGGER mfa_inserted;
DROP TRIGGER mfa_replaced;

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
        SELECT max(mfa_version, NEW.mfa_version) + 1, mfa_enforced, is_totp_enabled, totp_secret, totp_pending_secret, totp_pending_expires_at, totp_enrolled_at,
            phone_number, phone_pending, is_phone_verified, phone_verified_at, mfa_backup_method, recovery_codes,
            recovery_codes_generated_at, totp_last_step, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at,
            mfa_last_method, mfa_internal
        FROM mfa_replaced_rows WHERE id = NEW.id
    ) WHERE id = NEW.id;
    DELETE FROM mfa_restored_rows;
    DELETE FROM mfa_replaced_rows;
END;

CREATE TRIGGER mfa_inserted AFTER INSERT ON users WHEN json_valid(NEW.mfa_internal)
BEGIN
    UPDATE users SET mfa_internal = json_set(mfa_internal, '$.ins', json('true')), mfa_version = mfa_version + 1
    WHERE id = NEW.id;
END;
