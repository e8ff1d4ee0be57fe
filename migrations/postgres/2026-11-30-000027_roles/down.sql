DROP TRIGGER mfa_role_truncated ON users;
DROP TRIGGER mfa_role_moved ON users;
DROP TRIGGER mfa_role_deleted ON users;
DROP FUNCTION mfa_role_deleted();
DROP TABLE mfa_roles;
