DROP TRIGGER mfa_role_orphaned;
DROP TRIGGER mfa_role_moved;
DROP TRIGGER mfa_role_deleted;
DROP TABLE mfa_roles;
