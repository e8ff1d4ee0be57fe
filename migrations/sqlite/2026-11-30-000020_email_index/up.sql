-- E-mail addresses are found in any case: the index serves the lookup in lower case.
CREATE INDEX mfa_users_email_lower ON users (lower(email));
