-- E-mail addresses are found in any case: the index serves the lookup in lower case. `citext` needs none. A large table of
-- NOVA is not locked for long: `mfa-admin doctor` prints the statement that adds the index without a lock.
DO $$
DECLARE
    kind TEXT;
BEGIN
    SELECT typname INTO kind FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
    WHERE attrelid = 'users'::regclass AND attname = 'email' AND NOT attisdropped;
    IF kind <> 'citext' AND to_regclass('mfa_users_email_lower') IS NULL AND (
        pg_relation_size('users') < 67108864
        OR EXISTS (SELECT FROM mfa_schema WHERE object = 'table users')
    ) THEN
        CREATE INDEX mfa_users_email_lower ON users (lower(CAST(email AS TEXT)));
        INSERT INTO mfa_schema VALUES ('index mfa_users_email_lower');
    END IF;
END
$$;
