-- A placeholder for passkeys is no app.
UPDATE users SET is_totp_enabled = FALSE, totp_secret = NULL, totp_enrolled_at = NULL, mfa_version = mfa_version + 1
WHERE json_valid(mfa_authenticators) AND totp_secret IN (
    SELECT value ->> 'placeholder' FROM json_each(mfa_authenticators) WHERE value ->> 'kind' = 'user'
);

DROP TRIGGER mfa_replaced_by_other_id;
DROP TRIGGER mfa_replaced;
DROP TRIGGER mfa_replace;
DROP TABLE mfa_replaced_rows;
DROP TRIGGER mfa_guard_copy;
DROP TRIGGER mfa_guard;
DROP VIEW mfa_account_writes;

ALTER TABLE users DROP COLUMN mfa_authenticators;

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

-- NOVA and operators also write to `users`. Only this server increments `mfa_version` by exactly one. Any other UPDATE
-- is foreign. It writes a copy that was read earlier if it sets another version, if a time or a step goes back, if it
-- restores an enrolment from before the sessions were last revoked, or if it brings a sealed value or the digest of a
-- recovery code that the row does not have: only this server makes them. Then every MFA column keeps its value.
--
-- Both triggers have this condition, which depends on OLD and NEW alone: a note of one for the other would not outlive an
-- UPDATE in a trigger of NOVA. No statement relies on `OR IGNORE`: the conflict clause of the outer statement would replace
-- it.
CREATE TRIGGER mfa_guard_copy AFTER UPDATE ON users
WHEN NEW.mfa_version IS NOT OLD.mfa_version + 1 AND NOT EXISTS (SELECT 1 FROM mfa_restored_rows WHERE id = OLD.id)
    AND (
    NEW.mfa_version IS NOT OLD.mfa_version
    OR coalesce(NEW.mfa_last_success_at < OLD.mfa_last_success_at,
        OLD.mfa_last_success_at IS NOT NULL AND NEW.mfa_last_success_at IS NULL)
    OR coalesce(NEW.totp_enrolled_at < OLD.totp_enrolled_at,
        OLD.totp_enrolled_at IS NOT NULL AND NEW.totp_enrolled_at IS NULL)
    OR coalesce(NEW.recovery_codes_generated_at < OLD.recovery_codes_generated_at,
        OLD.recovery_codes_generated_at IS NOT NULL AND NEW.recovery_codes_generated_at IS NULL)
    OR coalesce(NEW.phone_verified_at < OLD.phone_verified_at, FALSE)
    OR (NEW.totp_secret IS OLD.totp_secret AND coalesce(NEW.totp_last_step < OLD.totp_last_step,
        OLD.totp_last_step IS NOT NULL AND NEW.totp_last_step IS NULL))
    OR coalesce(NEW.totp_enrolled_at IS NOT OLD.totp_enrolled_at
        AND NEW.totp_enrolled_at < CASE WHEN json_valid(OLD.mfa_internal) THEN OLD.mfa_internal ->> 'sv_at' END, FALSE)
    OR coalesce(NEW.phone_verified_at IS NOT OLD.phone_verified_at
        AND NEW.phone_verified_at < CASE WHEN json_valid(OLD.mfa_internal) THEN OLD.mfa_internal ->> 'sv_at' END, FALSE)
    OR coalesce(NEW.recovery_codes_generated_at IS NOT OLD.recovery_codes_generated_at
        AND NEW.recovery_codes_generated_at < CASE WHEN json_valid(OLD.mfa_internal) THEN OLD.mfa_internal ->> 'sv_at' END, FALSE)
    OR (NEW.totp_secret IS NOT OLD.totp_secret AND NEW.totp_secret GLOB 'v1.*')
    OR (NEW.totp_pending_secret IS NOT OLD.totp_pending_secret AND NEW.totp_pending_secret GLOB 'v1.*')
    OR (NEW.phone_number IS NOT OLD.phone_number AND NEW.phone_number GLOB 'v1.*')
    OR (NEW.phone_pending IS NOT OLD.phone_pending AND NEW.phone_pending GLOB 'v1.*')
    OR (NEW.recovery_codes IS NOT OLD.recovery_codes AND EXISTS (
        SELECT 1
        FROM json_each(CASE WHEN json_valid(NEW.recovery_codes) THEN NEW.recovery_codes ELSE '[]' END) AS n
        WHERE CASE n.type WHEN 'object' THEN json_type(n.value, '$.id') = 'text' AND n.value ->> 'digest' IS NOT NULL END
            AND CASE n.type WHEN 'object' THEN n.value ->> 'digest' END NOT IN (
            SELECT coalesce(CASE o.type WHEN 'object' THEN o.value ->> 'digest' END, '')
            FROM json_each(CASE WHEN json_valid(OLD.recovery_codes) THEN OLD.recovery_codes ELSE '[]' END) AS o
        )
    ))
    OR (NEW.mfa_last_success_at IS NOT OLD.mfa_last_success_at AND typeof(NEW.mfa_last_success_at) = 'text' AND coalesce(
        unixepoch(NEW.mfa_last_success_at) * 1000 < CASE typeof(OLD.mfa_last_success_at) WHEN 'text' THEN unixepoch(OLD.mfa_last_success_at) * 1000 ELSE OLD.mfa_last_success_at END, TRUE))
    OR (NEW.totp_enrolled_at IS NOT OLD.totp_enrolled_at AND typeof(NEW.totp_enrolled_at) = 'text' AND coalesce(
        unixepoch(NEW.totp_enrolled_at) * 1000 < CASE typeof(OLD.totp_enrolled_at) WHEN 'text' THEN unixepoch(OLD.totp_enrolled_at) * 1000 ELSE OLD.totp_enrolled_at END, TRUE))
    OR (NEW.recovery_codes_generated_at IS NOT OLD.recovery_codes_generated_at AND typeof(NEW.recovery_codes_generated_at) = 'text' AND coalesce(
        unixepoch(NEW.recovery_codes_generated_at) * 1000 < CASE typeof(OLD.recovery_codes_generated_at) WHEN 'text' THEN unixepoch(OLD.recovery_codes_generated_at) * 1000 ELSE OLD.recovery_codes_generated_at END, TRUE))
    OR (NEW.phone_verified_at IS NOT OLD.phone_verified_at AND typeof(NEW.phone_verified_at) = 'text' AND coalesce(
        unixepoch(NEW.phone_verified_at) * 1000 < CASE typeof(OLD.phone_verified_at) WHEN 'text' THEN unixepoch(OLD.phone_verified_at) * 1000 ELSE OLD.phone_verified_at END, TRUE))
)
BEGIN
    UPDATE users SET
        mfa_enforced = OLD.mfa_enforced,
        is_totp_enabled = OLD.is_totp_enabled,
        totp_secret = OLD.totp_secret,
        totp_pending_secret = OLD.totp_pending_secret,
        totp_pending_expires_at = OLD.totp_pending_expires_at,
        totp_enrolled_at = OLD.totp_enrolled_at,
        phone_number = OLD.phone_number,
        phone_pending = OLD.phone_pending,
        is_phone_verified = OLD.is_phone_verified,
        phone_verified_at = OLD.phone_verified_at,
        mfa_backup_method = OLD.mfa_backup_method,
        recovery_codes = OLD.recovery_codes,
        recovery_codes_generated_at = OLD.recovery_codes_generated_at,
        totp_last_step = OLD.totp_last_step,
        mfa_failed_attempts = OLD.mfa_failed_attempts,
        mfa_lock_until = OLD.mfa_lock_until,
        mfa_last_success_at = OLD.mfa_last_success_at,
        mfa_last_method = OLD.mfa_last_method,
        mfa_version = OLD.mfa_version + 1,
        mfa_internal = OLD.mfa_internal
    WHERE id = NEW.id;

END;

-- Every other foreign write. It cannot unlock except by the documented statement, and cannot make a spent code unspent.
-- A changed factor is noted in `mfa_internal`, and the next decision records the event. A changed secret ends the
-- sessions.
CREATE TRIGGER mfa_guard AFTER UPDATE ON users
WHEN NEW.mfa_version IS OLD.mfa_version AND NOT EXISTS (SELECT 1 FROM mfa_restored_rows WHERE id = OLD.id)
    AND NOT (
    NEW.mfa_version IS NOT OLD.mfa_version
    OR coalesce(NEW.mfa_last_success_at < OLD.mfa_last_success_at,
        OLD.mfa_last_success_at IS NOT NULL AND NEW.mfa_last_success_at IS NULL)
    OR coalesce(NEW.totp_enrolled_at < OLD.totp_enrolled_at,
        OLD.totp_enrolled_at IS NOT NULL AND NEW.totp_enrolled_at IS NULL)
    OR coalesce(NEW.recovery_codes_generated_at < OLD.recovery_codes_generated_at,
        OLD.recovery_codes_generated_at IS NOT NULL AND NEW.recovery_codes_generated_at IS NULL)
    OR coalesce(NEW.phone_verified_at < OLD.phone_verified_at, FALSE)
    OR (NEW.totp_secret IS OLD.totp_secret AND coalesce(NEW.totp_last_step < OLD.totp_last_step,
        OLD.totp_last_step IS NOT NULL AND NEW.totp_last_step IS NULL))
    OR coalesce(NEW.totp_enrolled_at IS NOT OLD.totp_enrolled_at
        AND NEW.totp_enrolled_at < CASE WHEN json_valid(OLD.mfa_internal) THEN OLD.mfa_internal ->> 'sv_at' END, FALSE)
    OR coalesce(NEW.phone_verified_at IS NOT OLD.phone_verified_at
        AND NEW.phone_verified_at < CASE WHEN json_valid(OLD.mfa_internal) THEN OLD.mfa_internal ->> 'sv_at' END, FALSE)
    OR coalesce(NEW.recovery_codes_generated_at IS NOT OLD.recovery_codes_generated_at
        AND NEW.recovery_codes_generated_at < CASE WHEN json_valid(OLD.mfa_internal) THEN OLD.mfa_internal ->> 'sv_at' END, FALSE)
    OR (NEW.totp_secret IS NOT OLD.totp_secret AND NEW.totp_secret GLOB 'v1.*')
    OR (NEW.totp_pending_secret IS NOT OLD.totp_pending_secret AND NEW.totp_pending_secret GLOB 'v1.*')
    OR (NEW.phone_number IS NOT OLD.phone_number AND NEW.phone_number GLOB 'v1.*')
    OR (NEW.phone_pending IS NOT OLD.phone_pending AND NEW.phone_pending GLOB 'v1.*')
    OR (NEW.recovery_codes IS NOT OLD.recovery_codes AND EXISTS (
        SELECT 1
        FROM json_each(CASE WHEN json_valid(NEW.recovery_codes) THEN NEW.recovery_codes ELSE '[]' END) AS n
        WHERE CASE n.type WHEN 'object' THEN json_type(n.value, '$.id') = 'text' AND n.value ->> 'digest' IS NOT NULL END
            AND CASE n.type WHEN 'object' THEN n.value ->> 'digest' END NOT IN (
            SELECT coalesce(CASE o.type WHEN 'object' THEN o.value ->> 'digest' END, '')
            FROM json_each(CASE WHEN json_valid(OLD.recovery_codes) THEN OLD.recovery_codes ELSE '[]' END) AS o
        )
    ))
    OR (NEW.mfa_last_success_at IS NOT OLD.mfa_last_success_at AND typeof(NEW.mfa_last_success_at) = 'text' AND coalesce(
        unixepoch(NEW.mfa_last_success_at) * 1000 < CASE typeof(OLD.mfa_last_success_at) WHEN 'text' THEN unixepoch(OLD.mfa_last_success_at) * 1000 ELSE OLD.mfa_last_success_at END, TRUE))
    OR (NEW.totp_enrolled_at IS NOT OLD.totp_enrolled_at AND typeof(NEW.totp_enrolled_at) = 'text' AND coalesce(
        unixepoch(NEW.totp_enrolled_at) * 1000 < CASE typeof(OLD.totp_enrolled_at) WHEN 'text' THEN unixepoch(OLD.totp_enrolled_at) * 1000 ELSE OLD.totp_enrolled_at END, TRUE))
    OR (NEW.recovery_codes_generated_at IS NOT OLD.recovery_codes_generated_at AND typeof(NEW.recovery_codes_generated_at) = 'text' AND coalesce(
        unixepoch(NEW.recovery_codes_generated_at) * 1000 < CASE typeof(OLD.recovery_codes_generated_at) WHEN 'text' THEN unixepoch(OLD.recovery_codes_generated_at) * 1000 ELSE OLD.recovery_codes_generated_at END, TRUE))
    OR (NEW.phone_verified_at IS NOT OLD.phone_verified_at AND typeof(NEW.phone_verified_at) = 'text' AND coalesce(
        unixepoch(NEW.phone_verified_at) * 1000 < CASE typeof(OLD.phone_verified_at) WHEN 'text' THEN unixepoch(OLD.phone_verified_at) * 1000 ELSE OLD.phone_verified_at END, TRUE))
)
BEGIN
    UPDATE users SET
        mfa_version = OLD.mfa_version + 1,
        mfa_internal = CASE WHEN json_valid(OLD.mfa_internal) THEN (
            WITH
                -- The documented unlock statement. It also resets the strikes if the account had failures or a lock.
                unlocked (doc) AS (
                    SELECT CASE
                        WHEN NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL
                            AND (OLD.mfa_failed_attempts <> 0 OR OLD.mfa_lock_until IS NOT NULL)
                            AND NOT EXISTS (SELECT 1 FROM mfa_row_saves WHERE id = OLD.id AND version = OLD.mfa_version
                AND written = quote(NEW.email) || quote(NEW.username) || quote(NEW.full_name) || quote(NEW.is_active) || quote(NEW.is_superuser) || quote(NEW.updated_at))
                        THEN json_remove(OLD.mfa_internal, '$.strikes')
                        ELSE OLD.mfa_internal END
                ),
                clock (ms) AS (SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)),
                app (doc, ms) AS (
                    SELECT CASE
                        WHEN NEW.totp_secret IS NOT OLD.totp_secret
                        THEN json_remove(json_set(doc, '$.sv', coalesce(doc ->> 'sv', 0) + 1, '$.sv_at', ms,
                            '$.foreign.totp', ms), '$.kept')
                        ELSE doc END, ms
                    FROM unlocked, clock
                ),
                phone (doc, ms) AS (
                    SELECT CASE
                        WHEN NEW.phone_number IS NOT OLD.phone_number THEN json_set(doc, '$.foreign.sms', ms)
                        ELSE doc END, ms
                    FROM app
                )
            SELECT CASE
                WHEN NEW.recovery_codes IS NOT OLD.recovery_codes AND EXISTS (
                    SELECT 1 FROM json_each(CASE WHEN json_valid(NEW.recovery_codes) THEN NEW.recovery_codes ELSE '[]' END) AS n
                    WHERE CASE n.type WHEN 'object' THEN n.value ->> 'digest' ELSE n.value END NOT IN (
                        SELECT coalesce(CASE o.type WHEN 'object' THEN o.value ->> 'digest' ELSE o.value END, '')
                        FROM json_each(CASE WHEN json_valid(OLD.recovery_codes) THEN OLD.recovery_codes ELSE '[]' END) AS o
                    ) IS NOT FALSE
                )
                THEN json_set(doc, '$.foreign.recovery', ms)
                ELSE doc END
            FROM phone
        ) ELSE OLD.mfa_internal END,
        recovery_codes = CASE
            WHEN NEW.recovery_codes IS NOT OLD.recovery_codes
                AND CASE WHEN json_valid(NEW.recovery_codes) THEN json_type(NEW.recovery_codes) = 'array' ELSE FALSE END
                AND json_valid(OLD.recovery_codes)
            THEN (
                SELECT json_group_array(json(coalesce(
                    (
                        SELECT o.value FROM json_each(OLD.recovery_codes) AS o
                        WHERE CASE o.type WHEN 'object' THEN o.value ->> 'used_at' END IS NOT NULL
                            AND CASE o.type WHEN 'object' THEN o.value ->> 'digest' END
                                = CASE n.type WHEN 'object' THEN coalesce(n.value ->> 'digest', n.value ->> 'hash') ELSE n.value END
                    ),
                    CASE WHEN n.type IN ('object', 'array') THEN n.value ELSE json_quote(n.value) END
                )))
                FROM json_each(NEW.recovery_codes) AS n
            )
            ELSE NEW.recovery_codes END,
        mfa_failed_attempts = CASE
            WHEN NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL
                AND NOT EXISTS (SELECT 1 FROM mfa_row_saves WHERE id = OLD.id AND version = OLD.mfa_version
                AND written = quote(NEW.email) || quote(NEW.username) || quote(NEW.full_name) || quote(NEW.is_active) || quote(NEW.is_superuser) || quote(NEW.updated_at)) THEN 0
            ELSE max(NEW.mfa_failed_attempts, OLD.mfa_failed_attempts) END,
        -- The later lock stays. Another program may write a time as text, or in seconds.
        mfa_lock_until = CASE
            WHEN NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL
                AND NOT EXISTS (SELECT 1 FROM mfa_row_saves WHERE id = OLD.id AND version = OLD.mfa_version
                AND written = quote(NEW.email) || quote(NEW.username) || quote(NEW.full_name) || quote(NEW.is_active) || quote(NEW.is_superuser) || quote(NEW.updated_at)) THEN NULL
            WHEN NEW.mfa_lock_until IS NULL OR OLD.mfa_lock_until IS NULL THEN coalesce(NEW.mfa_lock_until, OLD.mfa_lock_until)
            WHEN coalesce(CASE
                WHEN typeof(NEW.mfa_lock_until) = 'text' AND lower(trim(NEW.mfa_lock_until)) IN ('infinity', '+infinity', 'inf') THEN 253402214400000
                WHEN typeof(NEW.mfa_lock_until) = 'text' THEN unixepoch(NEW.mfa_lock_until) * 1000
                WHEN NEW.mfa_lock_until BETWEEN 1000000000 AND 9999999999 THEN NEW.mfa_lock_until * 1000
                ELSE NEW.mfa_lock_until END, 0) >= coalesce(CASE
                WHEN typeof(OLD.mfa_lock_until) = 'text' AND lower(trim(OLD.mfa_lock_until)) IN ('infinity', '+infinity', 'inf') THEN 253402214400000
                WHEN typeof(OLD.mfa_lock_until) = 'text' THEN unixepoch(OLD.mfa_lock_until) * 1000
                WHEN OLD.mfa_lock_until BETWEEN 1000000000 AND 9999999999 THEN OLD.mfa_lock_until * 1000
                ELSE OLD.mfa_lock_until END, 253402214400000) THEN NEW.mfa_lock_until
            ELSE OLD.mfa_lock_until END,
        -- The documented emergency statement disables MFA, so the SMS backup is turned off as well.
        mfa_backup_method = CASE
            WHEN OLD.is_totp_enabled AND NOT NEW.is_totp_enabled THEN 'none'
            ELSE NEW.mfa_backup_method END
    WHERE id = NEW.id;

END;

-- INSERT OR REPLACE deletes the row and inserts another one: the save of a whole row in one statement. The new row keeps
-- every MFA column of the row that it replaces.
CREATE TABLE mfa_replaced_rows AS SELECT
    id, mfa_version, mfa_enforced, is_totp_enabled, totp_secret, totp_pending_secret, totp_pending_expires_at, totp_enrolled_at,
    phone_number, phone_pending, is_phone_verified, phone_verified_at, mfa_backup_method, recovery_codes,
    recovery_codes_generated_at, totp_last_step, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at,
    mfa_last_method, mfa_internal
FROM users WHERE FALSE;

CREATE TRIGGER mfa_replace BEFORE INSERT ON users
BEGIN
    DELETE FROM mfa_replaced_rows;
    DELETE FROM mfa_restored_rows;
    INSERT INTO mfa_replaced_rows SELECT
        id, mfa_version, mfa_enforced, is_totp_enabled, totp_secret, totp_pending_secret, totp_pending_expires_at, totp_enrolled_at,
        phone_number, phone_pending, is_phone_verified, phone_verified_at, mfa_backup_method, recovery_codes,
        recovery_codes_generated_at, totp_last_step, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at,
        mfa_last_method, mfa_internal
    FROM users WHERE id = NEW.id OR username = NEW.username OR email = NEW.email;
END;

-- Not reached by an upsert, which updates, and by INSERT OR IGNORE, which leaves the row alone.
CREATE TRIGGER mfa_replaced AFTER INSERT ON users
WHEN EXISTS (SELECT 1 FROM mfa_replaced_rows WHERE id = NEW.id)
BEGIN
    INSERT INTO mfa_restored_rows VALUES (NEW.id);
    UPDATE users SET (
        mfa_version, mfa_enforced, is_totp_enabled, totp_secret, totp_pending_secret, totp_pending_expires_at, totp_enrolled_at,
        phone_number, phone_pending, is_phone_verified, phone_verified_at, mfa_backup_method, recovery_codes,
        recovery_codes_generated_at, totp_last_step, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at,
        mfa_last_method, mfa_internal
    ) = (
        SELECT CASE WHEN NEW.mfa_version BETWEEN mfa_version AND 4611686018427387904 THEN NEW.mfa_version ELSE mfa_version END + 1, mfa_enforced, is_totp_enabled, totp_secret, totp_pending_secret, totp_pending_expires_at, totp_enrolled_at,
            phone_number, phone_pending, is_phone_verified, phone_verified_at, mfa_backup_method, recovery_codes,
            recovery_codes_generated_at, totp_last_step, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at,
            mfa_last_method, mfa_internal
        FROM mfa_replaced_rows WHERE id = NEW.id
    ) WHERE id = NEW.id;
    DELETE FROM mfa_restored_rows;
    DELETE FROM mfa_replaced_rows;
END;

-- A row that was replaced by another id, because of its user name or address. Sealed values and codes belong to the old
-- id, and a password must not be enough instead: the new row is locked until an administrator decides.
CREATE TRIGGER mfa_replaced_by_other_id AFTER INSERT ON users
WHEN EXISTS (
    SELECT 1 FROM mfa_replaced_rows AS r
    WHERE r.id <> NEW.id AND NOT EXISTS (SELECT 1 FROM users WHERE id = r.id)
        AND (r.is_totp_enabled OR r.is_phone_verified OR r.mfa_enforced OR r.mfa_lock_until IS NOT NULL)
)
BEGIN
    UPDATE users SET mfa_enforced = TRUE, mfa_lock_until = 253402214400000, mfa_version = mfa_version + 1
    WHERE id = NEW.id;
    DELETE FROM mfa_replaced_rows;
END;

-- Created last, so that it runs before `mfa_replaced`, which restores the document of the replaced row.
DROP TRIGGER mfa_inserted;
CREATE TRIGGER mfa_inserted AFTER INSERT ON users
BEGIN
    INSERT INTO mfa_restored_rows SELECT NEW.id WHERE NEW.id NOT IN (SELECT id FROM mfa_restored_rows);
    UPDATE users SET
        mfa_internal = CASE WHEN json_valid(mfa_internal) THEN json_set(mfa_internal, '$.ins', json('true'))
            ELSE mfa_internal END,
        mfa_version = CASE WHEN typeof(mfa_version) = 'integer' AND mfa_version BETWEEN 0 AND 4611686018427387904
            THEN mfa_version ELSE 0 END + 1
    WHERE id = NEW.id;
    DELETE FROM mfa_restored_rows WHERE id = NEW.id;
END;
