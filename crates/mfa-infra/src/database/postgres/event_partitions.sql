-- Makes `mfa_events` a table that is partitioned by month. The table so far becomes the partition of everything before
-- `nova_mfa.boundary`; its unique indexes and its check were made before, so nothing is scanned here.
DO $$
DECLARE
    boundary CONSTANT TIMESTAMPTZ := current_setting('nova_mfa.boundary');
    owner CONSTANT NAME := (SELECT relowner::regrole FROM pg_class WHERE oid = 'mfa_events'::regclass);
    rights CONSTANT ACLITEM[] := (SELECT relacl FROM pg_class WHERE oid = 'mfa_events'::regclass);
    next_id BIGINT;
    granted RECORD;
BEGIN
    LOCK TABLE mfa_events IN ACCESS EXCLUSIVE MODE;
    SELECT greatest(nextval(pg_get_serial_sequence('mfa_events', 'id')), coalesce(max(id), 0) + 1)
    INTO next_id FROM mfa_events;
    ALTER TABLE mfa_events RENAME TO mfa_events_first;
    ALTER INDEX mfa_events_at RENAME TO mfa_events_first_at;
    ALTER TABLE mfa_events_first ALTER COLUMN id DROP IDENTITY;

    CREATE TABLE mfa_events (LIKE mfa_events_first INCLUDING DEFAULTS INCLUDING COMMENTS) PARTITION BY RANGE (at);
    ALTER TABLE mfa_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;
    PERFORM setval(pg_get_serial_sequence('mfa_events', 'id'), next_id, FALSE);
    CREATE UNIQUE INDEX mfa_events_id_month ON mfa_events (id, at);
    CREATE UNIQUE INDEX mfa_events_user_seq_month ON mfa_events (user_id, seq, at);
    CREATE INDEX mfa_events_at ON mfa_events (at, id);
    EXECUTE format('ALTER TABLE mfa_events ATTACH PARTITION mfa_events_first FOR VALUES FROM (MINVALUE) TO (%L)', boundary);
    ALTER TABLE mfa_events_first DROP CONSTRAINT mfa_events_before;
    -- A partitioned table cannot have them, because they lack the month.
    ALTER TABLE mfa_events_first DROP CONSTRAINT mfa_events_pkey, DROP CONSTRAINT mfa_events_user_id_seq_key;
    CREATE TABLE mfa_events_default PARTITION OF mfa_events DEFAULT;

    EXECUTE format('ALTER TABLE mfa_events OWNER TO %s', owner);
    EXECUTE format('ALTER TABLE mfa_events_default OWNER TO %s', owner);
    FOR granted IN
        SELECT privilege_type AS privilege, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS role
        FROM aclexplode(rights) WHERE grantee <> (SELECT relowner FROM pg_class WHERE oid = 'mfa_events'::regclass)
    LOOP
        EXECUTE format('GRANT %s ON mfa_events TO %s', granted.privilege, granted.role);
    END LOOP;
END
$$;
