DROP TRIGGER mfa_codes ON users;
DROP FUNCTION mfa_codes();

CREATE OR REPLACE FUNCTION mfa_inserted() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF jsonb_typeof(NEW.mfa_internal) = 'object' THEN
        NEW.mfa_internal := NEW.mfa_internal || '{"ins": true}';
    END IF;
    RETURN NEW;
EXCEPTION WHEN undefined_column THEN
    RETURN NEW;
END
$$;
