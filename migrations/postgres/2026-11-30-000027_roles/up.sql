-- Roles of the administration besides `is_superuser`. A table of this product, because `users` is NOVA's. No foreign key: it
-- would need a privilege on NOVA's table and lock its rows.
CREATE TABLE mfa_roles (
    user_id BIGINT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role = 'helpdesk'),
    granted_at TIMESTAMPTZ NOT NULL
);

-- A user who is deleted and inserted again with the same id does not inherit a role. NOVA has no privilege on the table, so
-- the function has those of its owner. The name of the table has its schema: a temporary table must not hide it.
DO $$
BEGIN
    EXECUTE format(
        $function$
        CREATE FUNCTION mfa_role_deleted() RETURNS TRIGGER LANGUAGE plpgsql SECURITY DEFINER AS $body$
        BEGIN
            IF TG_OP = 'TRUNCATE' THEN
                DELETE FROM %1$I.mfa_roles;
            ELSE
                DELETE FROM %1$I.mfa_roles WHERE user_id = OLD.id;
            END IF;
            RETURN NULL;
        END
        $body$
        $function$,
        (SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE pg_class.oid = 'mfa_roles'::regclass)
    );
END
$$;

CREATE TRIGGER mfa_role_deleted AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION mfa_role_deleted();
CREATE TRIGGER mfa_role_moved AFTER UPDATE OF id ON users FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id) EXECUTE FUNCTION mfa_role_deleted();
CREATE TRIGGER mfa_role_truncated AFTER TRUNCATE ON users FOR EACH STATEMENT EXECUTE FUNCTION mfa_role_deleted();
