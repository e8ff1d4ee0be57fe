DROP TRIGGER mfa_row_save;
DROP TABLE mfa_row_saves;
CREATE TABLE mfa_row_saves (id INTEGER PRIMARY KEY);

CREATE TRIGGER mfa_row_save BEFORE UPDATE OF email, username, full_name ON users
WHEN NEW.mfa_version IS OLD.mfa_version AND NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL
BEGIN
    INSERT OR IGNORE INTO mfa_row_saves VALUES (OLD.id);
END;

DROP TRIGGER mfa_inserted;
DROP TRIGGER mfa_replaced_by_other_id;
DROP TRIGGER mfa_replaced;
DROP TRIGGER mfa_replace;
DROP TRIGGER mfa_guard_copy;
DROP TRIGGER mfa_guard;
DROP TABLE mfa_replaced_rows;
DROP TABLE mfa_restored_rows;

-- NOVA and operators also write to `users`. Only this server increments `mfa_version` by exactly one. Any other UPDATE
-- is foreign. It writes a copy that was read earlier if it sets another version, if a time or a step goes back, or if it
-- restores an enrolment from before the sessions were last revoked. Then every MFA column keeps its value.
--
-- The UPDATE inside a trigger increments the version by one, so it is not foreign to the other trigger.
CREATE TRIGGER mfa_guard_copy AFTER UPDATE ON users
WHEN NEW.mfa_version IS NOT OLD.mfa_version + 1 AND (
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
        AND NEW.totp_enrolled_at < OLD.mfa_internal ->> 'sv_at', FALSE)
    OR coalesce(NEW.phone_verified_at IS NOT OLD.phone_verified_at
        AND NEW.phone_verified_at < OLD.mfa_internal ->> 'sv_at', FALSE)
    OR coalesce(NEW.recovery_codes_generated_at IS NOT OLD.recovery_codes_generated_at
        AND NEW.recovery_codes_generated_at < OLD.mfa_internal ->> 'sv_at', FALSE)
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

    DELETE FROM mfa_row_saves WHERE id = OLD.id;
END;

-- Every other foreign write. It cannot unlock except by the documented statement, and cannot make a spent code unspent.
-- A changed factor is noted in `mfa_internal`, and the next decision records the event. A changed secret ends the
-- sessions.
CREATE TRIGGER mfa_guard AFTER UPDATE ON users
WHEN NEW.mfa_version IS OLD.mfa_version AND NOT (
    coalesce(NEW.mfa_last_success_at < OLD.mfa_last_success_at,
        OLD.mfa_last_success_at IS NOT NULL AND NEW.mfa_last_success_at IS NULL)
    OR coalesce(NEW.totp_enrolled_at < OLD.totp_enrolled_at,
        OLD.totp_enrolled_at IS NOT NULL AND NEW.totp_enrolled_at IS NULL)
    OR coalesce(NEW.recovery_codes_generated_at < OLD.recovery_codes_generated_at,
        OLD.recovery_codes_generated_at IS NOT NULL AND NEW.recovery_codes_generated_at IS NULL)
    OR coalesce(NEW.phone_verified_at < OLD.phone_verified_at, FALSE)
    OR (NEW.totp_secret IS OLD.totp_secret AND coalesce(NEW.totp_last_step < OLD.totp_last_step,
        OLD.totp_last_step IS NOT NULL AND NEW.totp_last_step IS NULL))
    OR coalesce(NEW.totp_enrolled_at IS NOT OLD.totp_enrolled_at
        AND NEW.totp_enrolled_at < OLD.mfa_internal ->> 'sv_at', FALSE)
    OR coalesce(NEW.phone_verified_at IS NOT OLD.phone_verified_at
        AND NEW.phone_verified_at < OLD.mfa_internal ->> 'sv_at', FALSE)
    OR coalesce(NEW.recovery_codes_generated_at IS NOT OLD.recovery_codes_generated_at
        AND NEW.recovery_codes_generated_at < OLD.mfa_internal ->> 'sv_at', FALSE)
)
BEGIN
    UPDATE users SET
        mfa_version = OLD.mfa_version + 1,
        mfa_internal = (
            WITH
                -- The documented unlock statement. It also resets the strikes if the account had failures or a lock.
                unlocked (doc) AS (
                    SELECT CASE
                        WHEN NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL
                            AND (OLD.mfa_failed_attempts <> 0 OR OLD.mfa_lock_until IS NOT NULL)
                            AND NOT EXISTS (SELECT 1 FROM mfa_row_saves WHERE id = OLD.id)
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
        ),
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
                AND NOT EXISTS (SELECT 1 FROM mfa_row_saves WHERE id = OLD.id) THEN 0
            ELSE max(NEW.mfa_failed_attempts, OLD.mfa_failed_attempts) END,
        mfa_lock_until = CASE
            WHEN NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL
                AND NOT EXISTS (SELECT 1 FROM mfa_row_saves WHERE id = OLD.id) THEN NULL
            ELSE max(coalesce(NEW.mfa_lock_until, OLD.mfa_lock_until), coalesce(OLD.mfa_lock_until, NEW.mfa_lock_until)) END,
        -- The documented emergency statement disables MFA, so the SMS backup is turned off as well.
        mfa_backup_method = CASE
            WHEN OLD.is_totp_enabled AND NOT NEW.is_totp_enabled THEN 'none'
            ELSE NEW.mfa_backup_method END
    WHERE id = NEW.id;

    DELETE FROM mfa_row_saves WHERE id = OLD.id;
END;
