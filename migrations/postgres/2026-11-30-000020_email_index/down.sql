DO $$
BEGIN
    IF EXISTS (SELECT FROM mfa_schema WHERE object = 'index mfa_users_email_lower') THEN
        DROP INDEX IF EXISTS mfa_users_email_lower;
        DELETE FROM mfa_schema WHERE object = 'index mfa_users_email_lower';
    END IF;
END
$$;
