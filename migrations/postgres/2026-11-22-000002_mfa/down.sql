DROP TABLE mfa_meta;
DROP TABLE mfa_events;
DROP TRIGGER IF EXISTS mfa_guard ON users;
DROP FUNCTION IF EXISTS mfa_guard();

DO $$
DECLARE
    made RECORD;
BEGIN
    FOR made IN SELECT split_part(object, ' ', 1) AS kind, split_part(object, ' ', 2) AS name FROM mfa_schema LOOP
        IF made.kind = 'column' THEN
            EXECUTE format('ALTER TABLE users DROP COLUMN IF EXISTS %I', made.name);
        ELSIF made.kind = 'option' THEN
            EXECUTE format('ALTER TABLE users RESET (%s)', made.name);
        END IF;
    END LOOP;
END
$$;

DELETE FROM mfa_schema WHERE object <> 'table users';
