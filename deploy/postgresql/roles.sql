-- The rights of the server's role: what it needs, and no more.
--
--   psql -d nova -v app=nova_mfa -v nova=nova -f deploy/postgresql/roles.sql
--
-- `app` is the role of mfa-server and mfa-admin. `nova` is the role of NOVA's own backend; leave it out where `users` is
-- not shared. Run it as the owner of the tables, after each `mfa-admin migrate up`, which that owner runs too: the
-- server itself changes no table, and starts only on a schema that is up to date.

\set ON_ERROR_STOP on

BEGIN;

-- Who the users are is NOVA's affair: the server reads them, and writes the MFA columns. (`mfa-admin user create` and
-- the replacement of bcrypt hashes, MFA_PASSWORD_REHASH, want the rights at the end.)
REVOKE ALL ON users FROM :"app";
GRANT SELECT ON users TO :"app";
GRANT UPDATE (
    mfa_enforced, is_totp_enabled, totp_secret, totp_pending_secret, totp_pending_expires_at, totp_enrolled_at,
    totp_last_step, phone_number, phone_pending, is_phone_verified, phone_verified_at, mfa_backup_method, recovery_codes,
    recovery_codes_generated_at, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at, mfa_last_method, mfa_version,
    mfa_internal
) ON users TO :"app";

-- Its own tables. Events are never updated but by an erasure, and deleted only when they are past MFA_AUDIT_DAYS.
GRANT SELECT, INSERT, UPDATE, DELETE ON mfa_events, mfa_event_floors, mfa_meta, mfa_sms_budget, mfa_sms_sends TO :"app";
GRANT SELECT ON mfa_schema, __diesel_schema_migrations TO :"app";

-- NOVA keeps all it had but the MFA columns: a whole row that it saves from an old copy undoes no spent code. It reads
-- which users have a factor; secrets, numbers and codes are sealed or hashed.
\if :{?nova}
    REVOKE UPDATE ON users FROM :"nova";
    SELECT format('GRANT UPDATE (%s) ON users TO %I', string_agg(quote_ident(attname), ', '), :'nova')
    FROM pg_attribute
    WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped
      AND attname NOT IN (
          'mfa_enforced', 'is_totp_enabled', 'totp_secret', 'totp_pending_secret', 'totp_pending_expires_at',
          'totp_enrolled_at', 'totp_last_step', 'phone_number', 'phone_pending', 'is_phone_verified',
          'phone_verified_at', 'mfa_backup_method', 'recovery_codes', 'recovery_codes_generated_at',
          'mfa_failed_attempts', 'mfa_lock_until', 'mfa_last_success_at', 'mfa_last_method', 'mfa_version',
          'mfa_internal'
      )
    \gexec
\endif

COMMIT;

-- Where the server's own login is used (LOGIN_ENABLED=true) on a `users` table of its own:
--   GRANT INSERT, UPDATE ON users TO nova_mfa;
