DROP TRIGGER mfa_row_save;
DROP TRIGGER mfa_guard_copy;
DROP TRIGGER mfa_guard;
DROP TABLE mfa_row_saves;

CREATE TRIGGER mfa_guard AFTER UPDATE ON users
WHEN NEW.mfa_version IS NOT OLD.mfa_version + 1
BEGIN
    UPDATE users SET
        mfa_version = OLD.mfa_version + 1,
        mfa_internal = CASE
            -- The documented unlock statement. It also resets the strikes if the account had failures or a lock.
            WHEN NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL
                AND (OLD.mfa_failed_attempts <> 0 OR OLD.mfa_lock_until IS NOT NULL)
            THEN json_remove(OLD.mfa_internal, '$.strikes')
            ELSE OLD.mfa_internal END,
        totp_last_step = CASE
            WHEN NEW.totp_secret IS OLD.totp_secret
            THEN max(coalesce(NEW.totp_last_step, OLD.totp_last_step), coalesce(OLD.totp_last_step, NEW.totp_last_step))
            ELSE NEW.totp_last_step END,
        mfa_failed_attempts = CASE
            WHEN NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL THEN 0
            ELSE max(NEW.mfa_failed_attempts, OLD.mfa_failed_attempts) END,
        mfa_lock_until = CASE
            WHEN NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL THEN NULL
            ELSE max(coalesce(NEW.mfa_lock_until, OLD.mfa_lock_until), coalesce(OLD.mfa_lock_until, NEW.mfa_lock_until)) END,
        -- The documented emergency statement disables MFA, so the SMS backup is turned off as well.
        mfa_backup_method = CASE
            WHEN OLD.is_totp_enabled AND NOT NEW.is_totp_enabled THEN 'none'
            ELSE NEW.mfa_backup_method END
    WHERE id = NEW.id;
END;
