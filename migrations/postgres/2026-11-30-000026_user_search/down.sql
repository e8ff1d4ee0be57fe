DROP TRIGGER mfa_search_cleared ON users;
DROP TRIGGER mfa_searched ON users;
DROP FUNCTION mfa_searched();
DROP FUNCTION mfa_user_search_clear();
DROP FUNCTION mfa_user_search_refresh(BIGINT);
DROP FUNCTION mfa_fold(TEXT);
DROP TABLE mfa_user_search;
