DROP TRIGGER mfa_removed ON users;
DROP FUNCTION mfa_removed();
