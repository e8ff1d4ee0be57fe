-- `mfa_version` counts the writes of a row. A row that another program inserts with a number that cannot count on starts
-- at zero: the guard would fail at the largest one, and with it every UPDATE of the row.
CREATE OR REPLACE FUNCTION mfa_inserted() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.mfa_version NOT BETWEEN 0 AND 4611686018427387904 THEN
        NEW.mfa_version := 0;
    END IF;
    -- A new row may have the id of a user whose events are stored. The next decision looks for them.
    IF jsonb_typeof(NEW.mfa_internal) = 'object' THEN
        NEW.mfa_internal := NEW.mfa_internal || '{"ins": true}';
    END IF;
    RETURN NEW;
EXCEPTION WHEN undefined_column THEN
    RETURN NEW;
END
$$;

-- A program that serializes recovery codes itself, before its library does it for a JSON column, writes a JSON string that
-- contains an array. It becomes the array, so that the guard finds the codes that are spent. This trigger runs before
-- `mfa_guard`, in the order of their names.
CREATE FUNCTION mfa_codes() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    codes JSONB;
BEGIN
    codes := NEW.recovery_codes;
    IF jsonb_typeof(codes) = 'string' THEN
        codes := codes #>> '{}';
        IF jsonb_typeof(codes) = 'array' THEN
            NEW.recovery_codes := codes;
        END IF;
    END IF;
    RETURN NEW;
EXCEPTION WHEN OTHERS THEN
    -- Codes that are no JSON match nothing. A trigger must not fail: NOVA could not write the user.
    RETURN NEW;
END
$$;

CREATE TRIGGER mfa_codes BEFORE UPDATE ON users FOR EACH ROW
WHEN (NEW.mfa_version IS DISTINCT FROM OLD.mfa_version + 1)
EXECUTE FUNCTION mfa_codes();
