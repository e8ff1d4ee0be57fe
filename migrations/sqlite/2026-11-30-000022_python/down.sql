DROP TRIGGER mfa_row_save;

CREATE TRIGGER mfa_row_save BEFORE UPDATE OF email, username, full_name ON users
WHEN NEW.mfa_version IS OLD.mfa_version AND NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL
BEGIN
    INSERT OR IGNORE INTO mfa_row_saves VALUES (OLD.id);
END;
