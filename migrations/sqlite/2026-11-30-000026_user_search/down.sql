DROP TRIGGER mfa_searched_delete;
DROP TRIGGER mfa_searched_update;
DROP TRIGGER mfa_searched_insert;
DROP VIEW mfa_folded_users;
DROP TABLE mfa_search_letters;
DROP TABLE mfa_user_search;
