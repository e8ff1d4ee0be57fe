DROP TRIGGER IF EXISTS mfa_full_save ON users;
DROP FUNCTION IF EXISTS mfa_full_save();

CREATE OR REPLACE FUNCTION mfa_guard() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    NEW.mfa_version := OLD.mfa_version + 1;
    NEW.mfa_internal := OLD.mfa_internal;
    IF NEW.totp_secret IS NOT DISTINCT FROM OLD.totp_secret THEN
        NEW.totp_last_step := GREATEST(NEW.totp_last_step, OLD.totp_last_step);
    END IF;
    IF NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL THEN
        -- The documented unlock statement. It also resets the strikes if the account had failures or a lock.
        IF OLD.mfa_failed_attempts <> 0 OR OLD.mfa_lock_until IS NOT NULL THEN
            NEW.mfa_internal := OLD.mfa_internal - 'strikes';
        END IF;
    ELSE
        NEW.mfa_failed_attempts := GREATEST(NEW.mfa_failed_attempts, OLD.mfa_failed_attempts);
        NEW.mfa_lock_until := GREATEST(NEW.mfa_lock_until, OLD.mfa_lock_until);
    END IF;
    IF OLD.is_totp_enabled AND NOT NEW.is_totp_enabled THEN
        -- The documented emergency statement disables MFA, so the SMS backup is turned off as well.
        NEW.mfa_backup_method := 'none';
    END IF;
    RETURN NEW;
END
$$;
