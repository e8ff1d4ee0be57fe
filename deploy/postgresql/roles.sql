-- Grants the database roles the privileges that they need, and no more (least privilege).
--
--   psql -d nova -v app=nova_mfa -v nova=nova -f deploy/postgresql/roles.sql
--
-- `app` is the role of mfa-server and mfa-admin. `nova` is the role of NOVA's own backend: omit it if `users` is not
-- shared. Run this script as the owner of the tables, after each `mfa-admin migrate up`, which the owner runs as well.
-- The server does not change the schema, and starts only if the schema is up to date.

\set ON_ERROR_STOP on

BEGIN;

-- NOVA manages the users. The server reads them and writes the MFA columns only. `mfa-admin user create` and the
-- replacement of bcrypt hashes (MFA_PASSWORD_REHASH) need the privileges at the end of this file.
REVOKE ALL ON users FROM :"app";
GRANT SELECT ON users TO :"app";
GRANT UPDATE (
    mfa_enforced, is_totp_enabled, totp_secret, totp_pending_secret, totp_pending_expires_at, totp_enrolled_at,
    totp_last_step, phone_number, phone_pending, is_phone_verified, phone_verified_at, mfa_backup_method, recovery_codes,
    recovery_codes_generated_at, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at, mfa_last_method, mfa_version,
    mfa_internal, mfa_authenticators
) ON users TO :"app";

-- Tables of the server. Events are updated only to erase a user's data, and deleted only after MFA_AUDIT_DAYS.
GRANT SELECT, INSERT, UPDATE, DELETE ON mfa_events, mfa_event_floors, mfa_leases, mfa_mail_outbox, mfa_meta, mfa_roles,
    mfa_sms_budget, mfa_sms_sends TO :"app";
GRANT SELECT ON mfa_schema, mfa_user_search, __diesel_schema_migrations TO :"app";

-- NOVA keeps all its privileges except UPDATE on the MFA columns. Otherwise, saving a whole row from a stale copy could
-- make a used code valid again. NOVA can still read all columns: secrets and numbers are encrypted, codes are hashed.
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
          'mfa_internal', 'mfa_authenticators'
      )
    \gexec
\endif

COMMIT;

-- If the server verifies the passwords itself (LOGIN_ENABLED=true) and owns the `users` table, add:
--   GRANT INSERT, UPDATE ON users TO nova_mfa;
