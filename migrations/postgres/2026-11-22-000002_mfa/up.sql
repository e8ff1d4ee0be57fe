-- The 18 MFA columns that operators may read, then 2 internal columns. Frequently updated columns come last, next to
-- each other, so that a verification writes little WAL.
DO $$
DECLARE
    wanted RECORD;
    actual TEXT;
    room INTEGER;
    unfit TEXT[] := '{}';
    times CONSTANT TEXT[] := ARRAY['timestamp with time zone', 'timestamp without time zone'];
    texts CONSTANT TEXT[] := ARRAY['text', 'character varying'];
    numbers CONSTANT TEXT[] := ARRAY['integer', 'bigint'];
    flags CONSTANT TEXT[] := ARRAY['boolean'];
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            (1, 'mfa_enforced', 'BOOLEAN NOT NULL DEFAULT FALSE', flags),
            (2, 'is_totp_enabled', 'BOOLEAN NOT NULL DEFAULT FALSE', flags),
            (3, 'totp_secret', 'TEXT', texts),
            (4, 'totp_pending_secret', 'TEXT', texts),
            (5, 'totp_pending_expires_at', 'TIMESTAMPTZ', times),
            (6, 'totp_enrolled_at', 'TIMESTAMPTZ', times),
            (7, 'phone_number', 'TEXT', texts),
            (8, 'phone_pending', 'TEXT', texts),
            (9, 'is_phone_verified', 'BOOLEAN NOT NULL DEFAULT FALSE', flags),
            (10, 'phone_verified_at', 'TIMESTAMPTZ', times),
            (11, 'mfa_backup_method', 'TEXT NOT NULL DEFAULT ''none''', texts),
            (12, 'recovery_codes', 'JSONB', ARRAY['jsonb', 'json']),
            (13, 'recovery_codes_generated_at', 'TIMESTAMPTZ', times),
            (14, 'totp_last_step', 'BIGINT', ARRAY['bigint']),
            (15, 'mfa_failed_attempts', 'INTEGER NOT NULL DEFAULT 0', numbers),
            (16, 'mfa_lock_until', 'TIMESTAMPTZ', times),
            (17, 'mfa_last_success_at', 'TIMESTAMPTZ', times),
            (18, 'mfa_last_method', 'TEXT', texts),
            (19, 'mfa_version', 'BIGINT NOT NULL DEFAULT 0', ARRAY['bigint']),
            (20, 'mfa_internal', 'JSONB NOT NULL DEFAULT ''{}''', ARRAY['jsonb'])
        ) AS v(place, name, definition, types)
        ORDER BY place
    LOOP
        SELECT format_type(atttypid, NULL), CASE atttypid WHEN 'varchar'::regtype THEN nullif(atttypmod, -1) - 4 END
        INTO actual, room FROM pg_attribute
        WHERE attrelid = 'users'::regclass AND attname = wanted.name AND attnum > 0 AND NOT attisdropped;
        IF actual IS NULL THEN
            EXECUTE format('ALTER TABLE users ADD COLUMN %I %s', wanted.name, wanted.definition);
            INSERT INTO mfa_schema VALUES ('column ' || wanted.name);
        ELSIF NOT actual = ANY (wanted.types) THEN
            unfit := unfit || format('users.%I is of type %s and must be one of: %s', wanted.name, actual,
                array_to_string(wanted.types, ', '));
        ELSIF room < (CASE WHEN wanted.name LIKE '%method' THEN 8 ELSE 128 END) THEN
            -- An encrypted value takes up to about 100 characters.
            unfit := unfit || format('users.%I has room for %s characters, too few for what is to stand there: '
                'ALTER TABLE users ALTER COLUMN %1$I TYPE TEXT', wanted.name, room);
        END IF;
    END LOOP;
    IF unfit <> '{}' THEN
        RAISE EXCEPTION 'columns that do not fit: %', array_to_string(unfit, '; ');
    END IF;

    -- Free space in each page and early vacuuming keep updates HOT (heap-only tuples).
    FOR wanted IN
        SELECT * FROM (VALUES ('fillfactor', '70'), ('autovacuum_vacuum_scale_factor', '0.02')) AS v(name, value)
    LOOP
        IF NOT EXISTS (
            SELECT FROM pg_class, unnest(reloptions) AS option
            WHERE oid = 'users'::regclass AND option LIKE wanted.name || '=%'
        ) THEN
            EXECUTE format('ALTER TABLE users SET (%s = %s)', wanted.name, wanted.value);
            INSERT INTO mfa_schema VALUES ('option ' || wanted.name);
        END IF;
    END LOOP;
END
$$;

-- NOVA and operators also write to `users`, sometimes whole rows. Only this server increments `mfa_version` by exactly
-- one. For any other write, the trigger increments the version and prevents a rollback of used codes, failures and locks.
CREATE FUNCTION mfa_guard() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    NEW.mfa_version := OLD.mfa_version + 1;
    NEW.mfa_internal := OLD.mfa_internal;
    IF NEW.totp_secret IS NOT DISTINCT FROM OLD.totp_secret THEN
        NEW.totp_last_step := GREATEST(NEW.totp_last_step, OLD.totp_last_step);
    END IF;
    IF NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL THEN
        -- The documented unlock statement. It also resets the strikes if the account had failures or a lock.
        IF OLD.mfa_failed_attempts <> 0 OR OLD.mfa_lock_until IS NOT NULL THEN
            NEW.mfa_internal := OLD.mfa_internal - 'strikes';
        END IF;
    ELSE
        NEW.mfa_failed_attempts := GREATEST(NEW.mfa_failed_attempts, OLD.mfa_failed_attempts);
        NEW.mfa_lock_until := GREATEST(NEW.mfa_lock_until, OLD.mfa_lock_until);
    END IF;
    IF OLD.is_totp_enabled AND NOT NEW.is_totp_enabled THEN
        -- The documented emergency statement disables MFA, so the SMS backup is turned off as well.
        NEW.mfa_backup_method := 'none';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER mfa_guard BEFORE UPDATE ON users FOR EACH ROW
WHEN (NEW.mfa_version IS DISTINCT FROM OLD.mfa_version + 1)
EXECUTE FUNCTION mfa_guard();

-- The audit log: append-only, with one hash chain per user, ordered by `seq`. No foreign key, because events are kept
-- after the user is deleted.
CREATE TABLE mfa_events (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id BYTEA NOT NULL,
    user_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    event TEXT NOT NULL,
    method TEXT,
    outcome TEXT NOT NULL,
    ip TEXT,
    user_agent TEXT,
    request_id TEXT,
    actor TEXT,
    reason TEXT,
    salt BYTEA,
    personal_digest BYTEA NOT NULL,
    mac_key TEXT NOT NULL,
    mac BYTEA NOT NULL,
    UNIQUE (user_id, seq)
);
CREATE INDEX mfa_events_at ON mfa_events (at, id);

-- Values of the installation, such as the key check value of the encryption keys.
CREATE TABLE mfa_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
