DO $$
BEGIN
    IF EXISTS (SELECT FROM mfa_schema WHERE object = 'table users') THEN
        DROP TABLE users;
    END IF;
END
$$;

DROP TABLE mfa_schema;
