-- The 18 MFA columns that operators may read, then 2 internal columns.
ALTER TABLE users ADD COLUMN mfa_enforced BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN is_totp_enabled BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN totp_secret TEXT;
ALTER TABLE users ADD COLUMN totp_pending_secret TEXT;
ALTER TABLE users ADD COLUMN totp_pending_expires_at INTEGER;
ALTER TABLE users ADD COLUMN totp_enrolled_at INTEGER;
ALTER TABLE users ADD COLUMN phone_number TEXT;
ALTER TABLE users ADD COLUMN phone_pending TEXT;
ALTER TABLE users ADD COLUMN is_phone_verified BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN phone_verified_at INTEGER;
ALTER TABLE users ADD COLUMN mfa_backup_method TEXT NOT NULL DEFAULT 'none';
ALTER TABLE users ADD COLUMN recovery_codes TEXT;
ALTER TABLE users ADD COLUMN recovery_codes_generated_at INTEGER;
ALTER TABLE users ADD COLUMN totp_last_step INTEGER;
ALTER TABLE users ADD COLUMN mfa_failed_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN mfa_lock_until INTEGER;
ALTER TABLE users ADD COLUMN mfa_last_success_at INTEGER;
ALTER TABLE users ADD COLUMN mfa_last_method TEXT;
ALTER TABLE users ADD COLUMN mfa_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN mfa_internal TEXT NOT NULL DEFAULT '{}';

-- Operators also write to `users`. Only this server increments `mfa_version` by exactly one. For any other write, the
-- trigger increments the version and prevents a rollback of used codes, failures and locks. An UPDATE inside a trigger
-- does not fire the trigger again.
CREATE TRIGGER mfa_guard AFTER UPDATE ON users
WHEN NEW.mfa_version IS NOT OLD.mfa_version + 1
BEGIN
    UPDATE users SET
        mfa_version = OLD.mfa_version + 1,
        mfa_internal = CASE
            -- The documented unlock statement. It also resets the strikes if the account had failures or a lock.
            WHEN NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL
                AND (OLD.mfa_failed_attempts <> 0 OR OLD.mfa_lock_until IS NOT NULL)
            THEN json_remove(OLD.mfa_internal, '$.strikes')
            ELSE OLD.mfa_internal END,
        totp_last_step = CASE
            WHEN NEW.totp_secret IS OLD.totp_secret
            THEN max(coalesce(NEW.totp_last_step, OLD.totp_last_step), coalesce(OLD.totp_last_step, NEW.totp_last_step))
            ELSE NEW.totp_last_step END,
        mfa_failed_attempts = CASE
            WHEN NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL THEN 0
            ELSE max(NEW.mfa_failed_attempts, OLD.mfa_failed_attempts) END,
        mfa_lock_until = CASE
            WHEN NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL THEN NULL
            ELSE max(coalesce(NEW.mfa_lock_until, OLD.mfa_lock_until), coalesce(OLD.mfa_lock_until, NEW.mfa_lock_until)) END,
        -- The documented emergency statement disables MFA, so the SMS backup is turned off as well.
        mfa_backup_method = CASE
            WHEN OLD.is_totp_enabled AND NOT NEW.is_totp_enabled THEN 'none'
            ELSE NEW.mfa_backup_method END
    WHERE id = NEW.id;
END;

-- The audit log: append-only, with one hash chain per user, ordered by `seq`. No foreign key, because events are kept
-- after the user is deleted.
CREATE TABLE mfa_events (
    id INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    method TEXT,
    outcome TEXT NOT NULL,
    ip TEXT,
    user_agent TEXT,
    request_id TEXT,
    actor TEXT,
    reason TEXT,
    salt TEXT,
    personal_digest TEXT NOT NULL,
    mac_key TEXT NOT NULL,
    mac TEXT NOT NULL,
    UNIQUE (user_id, seq)
);
CREATE INDEX mfa_events_at ON mfa_events (at, id);

-- An INSERT into this view stores a group of accounts with their events in one statement, because SQLite has no UPDATE
-- inside WITH. The statement fails if a row has changed since it was read.
CREATE VIEW mfa_account_writes AS
SELECT id, mfa_version, mfa_internal, mfa_enforced, is_totp_enabled, totp_secret, totp_pending_secret,
    totp_pending_expires_at, totp_enrolled_at, phone_number, phone_pending, is_phone_verified, phone_verified_at,
    mfa_backup_method, recovery_codes, recovery_codes_generated_at, totp_last_step, mfa_failed_attempts, mfa_lock_until,
    mfa_last_success_at, mfa_last_method, '[]' AS events
FROM users;

CREATE TRIGGER mfa_account_writes_store INSTEAD OF INSERT ON mfa_account_writes
BEGIN
    UPDATE users SET
        mfa_enforced = NEW.mfa_enforced,
        is_totp_enabled = NEW.is_totp_enabled,
        totp_secret = NEW.totp_secret,
        totp_pending_secret = NEW.totp_pending_secret,
        totp_pending_expires_at = NEW.totp_pending_expires_at,
        totp_enrolled_at = NEW.totp_enrolled_at,
        phone_number = NEW.phone_number,
        phone_pending = NEW.phone_pending,
        is_phone_verified = NEW.is_phone_verified,
        phone_verified_at = NEW.phone_verified_at,
        mfa_backup_method = NEW.mfa_backup_method,
        recovery_codes = NEW.recovery_codes,
        recovery_codes_generated_at = NEW.recovery_codes_generated_at,
        totp_last_step = NEW.totp_last_step,
        mfa_failed_attempts = NEW.mfa_failed_attempts,
        mfa_lock_until = NEW.mfa_lock_until,
        mfa_last_success_at = NEW.mfa_last_success_at,
        mfa_last_method = NEW.mfa_last_method,
        mfa_version = NEW.mfa_version + 1,
        mfa_internal = NEW.mfa_internal
    WHERE id = NEW.id AND mfa_version = NEW.mfa_version;

    SELECT RAISE(ABORT, 'an account changed since it was read') WHERE changes() <> 1;

    INSERT INTO mfa_events (event_id, user_id, seq, at, event, method, outcome, ip, user_agent, request_id, actor,
        reason, salt, personal_digest, mac_key, mac)
    SELECT value ->> 0, NEW.id, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
        value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14
    FROM json_each(NEW.events);
END;

-- Values of the installation, such as the key check value of the encryption keys.
CREATE TABLE mfa_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
