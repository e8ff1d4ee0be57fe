-- A statement that sets any column of NOVA is the save of an object, and no unlock.
DROP TRIGGER mfa_row_save;

CREATE TRIGGER mfa_row_save BEFORE UPDATE OF
    email, username, hashed_password, full_name, is_active, is_superuser, created_at, updated_at ON users
WHEN NEW.mfa_version IS OLD.mfa_version AND NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL
BEGIN
    INSERT OR IGNORE INTO mfa_row_saves VALUES (OLD.id);
END;
