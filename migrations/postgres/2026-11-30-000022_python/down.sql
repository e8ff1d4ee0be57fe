DROP TRIGGER mfa_inserted ON users;
DROP FUNCTION mfa_inserted();

-- The documented unlock statement sets two columns. A save of more columns is no unlock: it keeps failures and lock.
-- `UPDATE OF` sees which columns a statement sets. The trigger runs before `mfa_guard`, in the order of their names.
CREATE FUNCTION mfa_full_save() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL THEN
        NEW.mfa_failed_attempts := OLD.mfa_failed_attempts;
        NEW.mfa_lock_until := OLD.mfa_lock_until;
    END IF;
    RETURN NEW;
EXCEPTION WHEN undefined_column THEN
    RETURN NEW;
END
$$;

CREATE TRIGGER mfa_full_save BEFORE UPDATE OF email, username, full_name ON users
FOR EACH ROW WHEN (NEW.mfa_version IS DISTINCT FROM OLD.mfa_version + 1)
EXECUTE FUNCTION mfa_full_save();

-- NOVA and operators also write to `users`. Only this server increments `mfa_version` by exactly one. For any other write
-- the trigger `mfa_guard` runs this function. It must not fail, because then NOVA could not write any user.
CREATE OR REPLACE FUNCTION mfa_guard() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    now_ms CONSTANT BIGINT := floor(extract(epoch FROM clock_timestamp()) * 1000);
    internal JSONB := OLD.mfa_internal;
    revoked_at CONSTANT NUMERIC := OLD.mfa_internal ->> 'sv_at';
    changed JSONB := '{}';
    before JSONB;
    after JSONB;
BEGIN
    -- The write is a copy that was read earlier if it sets another version, if a time or a step goes back, or if it
    -- restores an enrolment from before the sessions were last revoked. Then every MFA column keeps its value.
    IF NEW.mfa_version IS DISTINCT FROM OLD.mfa_version
        OR coalesce(NEW.mfa_last_success_at < OLD.mfa_last_success_at,
            OLD.mfa_last_success_at IS NOT NULL AND NEW.mfa_last_success_at IS NULL)
        OR coalesce(NEW.totp_enrolled_at < OLD.totp_enrolled_at,
            OLD.totp_enrolled_at IS NOT NULL AND NEW.totp_enrolled_at IS NULL)
        OR coalesce(NEW.recovery_codes_generated_at < OLD.recovery_codes_generated_at,
            OLD.recovery_codes_generated_at IS NOT NULL AND NEW.recovery_codes_generated_at IS NULL)
        OR coalesce(NEW.phone_verified_at < OLD.phone_verified_at, FALSE)
        OR (NEW.totp_secret IS NOT DISTINCT FROM OLD.totp_secret
            AND coalesce(NEW.totp_last_step < OLD.totp_last_step,
                OLD.totp_last_step IS NOT NULL AND NEW.totp_last_step IS NULL))
        OR coalesce(NEW.totp_enrolled_at IS DISTINCT FROM OLD.totp_enrolled_at
            AND extract(epoch FROM NEW.totp_enrolled_at) * 1000 < revoked_at, FALSE)
        OR coalesce(NEW.phone_verified_at IS DISTINCT FROM OLD.phone_verified_at
            AND extract(epoch FROM NEW.phone_verified_at) * 1000 < revoked_at, FALSE)
        OR coalesce(NEW.recovery_codes_generated_at IS DISTINCT FROM OLD.recovery_codes_generated_at
            AND extract(epoch FROM NEW.recovery_codes_generated_at) * 1000 < revoked_at, FALSE)
    THEN
        NEW.mfa_enforced := OLD.mfa_enforced;
        NEW.is_totp_enabled := OLD.is_totp_enabled;
        NEW.totp_secret := OLD.totp_secret;
        NEW.totp_pending_secret := OLD.totp_pending_secret;
        NEW.totp_pending_expires_at := OLD.totp_pending_expires_at;
        NEW.totp_enrolled_at := OLD.totp_enrolled_at;
        NEW.phone_number := OLD.phone_number;
        NEW.phone_pending := OLD.phone_pending;
        NEW.is_phone_verified := OLD.is_phone_verified;
        NEW.phone_verified_at := OLD.phone_verified_at;
        NEW.mfa_backup_method := OLD.mfa_backup_method;
        NEW.recovery_codes := OLD.recovery_codes;
        NEW.recovery_codes_generated_at := OLD.recovery_codes_generated_at;
        NEW.totp_last_step := OLD.totp_last_step;
        NEW.mfa_failed_attempts := OLD.mfa_failed_attempts;
        NEW.mfa_lock_until := OLD.mfa_lock_until;
        NEW.mfa_last_success_at := OLD.mfa_last_success_at;
        NEW.mfa_last_method := OLD.mfa_last_method;
        NEW.mfa_version := OLD.mfa_version + 1;
        NEW.mfa_internal := OLD.mfa_internal;
        RETURN NEW;
    END IF;

    IF NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL THEN
        -- The documented unlock statement. It also resets the strikes if the account had failures or a lock.
        IF OLD.mfa_failed_attempts <> 0 OR OLD.mfa_lock_until IS NOT NULL THEN
            internal := internal - 'strikes';
        END IF;
    ELSE
        NEW.mfa_failed_attempts := GREATEST(NEW.mfa_failed_attempts, OLD.mfa_failed_attempts);
        NEW.mfa_lock_until := GREATEST(NEW.mfa_lock_until, OLD.mfa_lock_until);
    END IF;
    IF OLD.is_totp_enabled AND NOT NEW.is_totp_enabled THEN
        -- The documented emergency statement disables MFA, so the SMS backup is turned off as well.
        NEW.mfa_backup_method := 'none';
    END IF;

    -- A spent code stays spent.
    IF NEW.recovery_codes::text IS DISTINCT FROM OLD.recovery_codes::text THEN
        before := coalesce(OLD.recovery_codes::jsonb, '[]');
        after := coalesce(NEW.recovery_codes::jsonb, '[]');
        IF jsonb_typeof(before) <> 'array' THEN
            before := jsonb_build_array(before);
        END IF;
        IF jsonb_typeof(after) = 'array' THEN
            IF EXISTS (
                SELECT FROM jsonb_array_elements(after) AS n(code)
                WHERE NOT EXISTS (
                    SELECT FROM jsonb_array_elements(before) AS o(code)
                    WHERE coalesce(o.code ->> 'digest', o.code #>> '{}') = coalesce(n.code ->> 'digest', n.code #>> '{}')
                )
            ) THEN
                changed := changed || jsonb_build_object('recovery', now_ms);
            END IF;
            IF NEW.recovery_codes IS NOT NULL THEN
                SELECT coalesce(jsonb_agg(coalesce(spent.code, n.code) ORDER BY n.place), '[]') INTO after
                FROM jsonb_array_elements(after) WITH ORDINALITY AS n(code, place) LEFT JOIN LATERAL (
                    SELECT o.code FROM jsonb_array_elements(before) AS o(code)
                    WHERE o.code ->> 'used_at' IS NOT NULL
                        AND o.code ->> 'digest' = coalesce(n.code ->> 'digest', n.code ->> 'hash', n.code #>> '{}')
                    LIMIT 1
                ) AS spent ON TRUE;
                NEW.recovery_codes := after;
            END IF;
        ELSE
            changed := changed || jsonb_build_object('recovery', now_ms);
        END IF;
    END IF;

    -- A changed factor is noted, and the next decision records the event. A changed secret ends the sessions.
    IF NEW.phone_number IS DISTINCT FROM OLD.phone_number THEN
        changed := changed || jsonb_build_object('sms', now_ms);
    END IF;
    IF NEW.totp_secret IS DISTINCT FROM OLD.totp_secret THEN
        changed := changed || jsonb_build_object('totp', now_ms);
        internal := internal - 'kept'
            || jsonb_build_object('sv', coalesce((internal ->> 'sv')::bigint, 0) + 1, 'sv_at', now_ms);
    END IF;
    IF changed <> '{}' THEN
        internal := internal || jsonb_build_object('foreign', coalesce(internal -> 'foreign', '{}') || changed);
    END IF;

    NEW.mfa_version := OLD.mfa_version + 1;
    NEW.mfa_internal := internal;
    RETURN NEW;
EXCEPTION WHEN undefined_column THEN
    -- A column was dropped, for example by a downgrade of NOVA's own migrations.
    NEW.mfa_version := OLD.mfa_version + 1;
    NEW.mfa_internal := OLD.mfa_internal;
    RETURN NEW;
END
$$;
