-- Roles of the administration besides `is_superuser`.
CREATE TABLE mfa_roles (
    user_id INTEGER PRIMARY KEY,
    role TEXT NOT NULL CHECK (role = 'helpdesk'),
    granted_at INTEGER NOT NULL
);

-- A user who is deleted and inserted again with the same id does not inherit a role.
CREATE TRIGGER mfa_role_deleted AFTER DELETE ON users
BEGIN
    DELETE FROM mfa_roles WHERE user_id = OLD.id;
END;

CREATE TRIGGER mfa_role_moved AFTER UPDATE OF id ON users WHEN NEW.id IS NOT OLD.id
BEGIN
    DELETE FROM mfa_roles WHERE user_id = OLD.id;
END;

-- `INSERT OR REPLACE` deletes rows without a DELETE trigger. The row that it saves keeps its role; a row with another id whose
-- name or address it takes is gone, and is noticed at the next insert.
CREATE TRIGGER mfa_role_orphaned BEFORE INSERT ON users
BEGIN
    DELETE FROM mfa_roles WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.id = mfa_roles.user_id);
END;
