-- NOVA and operators also write to `users`. Only this server increments `mfa_version` by exactly one. For any other write
-- the trigger `mfa_guard` runs this function. It must not fail, because then NOVA could not write any user.
CREATE OR REPLACE FUNCTION mfa_guard() RETURNS TRIGGER LANGUAGE plpgsql AS $$
DECLARE
    now_ms CONSTANT BIGINT := floor(extract(epoch FROM clock_timestamp()) * 1000);
    -- A document that is no object stays as it is, until an administrator resets the user.
    internal JSONB := CASE jsonb_typeof(OLD.mfa_internal) WHEN 'object' THEN OLD.mfa_internal ELSE '{}' END;
    revoked_at CONSTANT NUMERIC := CASE jsonb_typeof(internal -> 'sv_at') WHEN 'number' THEN internal ->> 'sv_at' END;
    session CONSTANT NUMERIC := CASE jsonb_typeof(internal -> 'sv') WHEN 'number' THEN internal ->> 'sv' ELSE '0' END;
    changed JSONB := '{}';
    before JSONB;
    after JSONB;
    statement TEXT;
    kept JSONB;
    ours CONSTANT TEXT[] := ARRAY['mfa_enforced', 'is_totp_enabled', 'totp_secret', 'totp_pending_secret',
        'totp_pending_expires_at', 'totp_enrolled_at', 'phone_number', 'phone_pending', 'is_phone_verified',
        'phone_verified_at', 'mfa_backup_method', 'recovery_codes', 'recovery_codes_generated_at', 'totp_last_step',
        'mfa_failed_attempts', 'mfa_lock_until', 'mfa_last_success_at', 'mfa_last_method', 'mfa_version', 'mfa_internal'];
BEGIN
    -- The write is a copy that was read earlier if it sets another version, if a time or a step goes back, if it restores
    -- an enrolment from before the sessions were last revoked, or if it brings a sealed value or the digest of a recovery
    -- code that the row does not have: only this server makes them. Then every MFA column keeps its value.
    IF NEW.mfa_version IS DISTINCT FROM OLD.mfa_version
        OR EXISTS (
            SELECT FROM (VALUES
                (NEW.totp_secret::text, OLD.totp_secret::text),
                (NEW.totp_pending_secret::text, OLD.totp_pending_secret::text),
                (NEW.phone_number::text, OLD.phone_number::text),
                (NEW.phone_pending::text, OLD.phone_pending::text)
            ) AS value(written, stored)
            WHERE written LIKE 'v1.%' AND written IS DISTINCT FROM stored
        )
        OR NEW.recovery_codes::text IS DISTINCT FROM OLD.recovery_codes::text AND EXISTS (
            SELECT FROM jsonb_path_query(
                NEW.recovery_codes::jsonb, '$[*] ? (@.id.type() == "string").digest') AS written(digest)
            WHERE digest NOT IN (SELECT jsonb_path_query(OLD.recovery_codes::jsonb, '$[*].digest'))
        )
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

    IF NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL
        AND (OLD.mfa_failed_attempts <> 0 OR OLD.mfa_lock_until IS NOT NULL)
    THEN
        -- The documented unlock statement sets two columns. A statement that may also set a column of NOVA is the save of
        -- an object, and no unlock. Only its beginning is read, up to the first literal: no literal can imitate a keyword.
        statement := split_part(current_query(), '''', 1);
        statement := regexp_replace(statement, '/\*.*?\*/', ' ', 'g');
        statement := regexp_replace(statement, '--[^\n]*', ' ', 'g');
        -- A quote or a nested comment marker ends what can be read with certainty.
        IF position('''' IN current_query()) > 0 THEN
            statement := statement || '''';
        END IF;
        IF current_query() ~ ';\s*\S' OR statement ~ '/\*|\*/' OR statement !~* (
            '^\s*update\s+(only\s+)?("?\w+"?\s*\.\s*)?"?\w+"?(\s+(as\s+)?\w+)?\s+set'
            || '(\s*,?\s*"?(' || array_to_string(ours, '|') || ')"?\s*=\s*(0|null|default|true|false|\$\d+)(::[a-z ]+)?)+'
            || '\s*(;|\m(where|from|returning)\M|$)'
        ) THEN
            NEW.mfa_failed_attempts := OLD.mfa_failed_attempts;
            NEW.mfa_lock_until := OLD.mfa_lock_until;
        END IF;
    END IF;
    IF NEW.mfa_failed_attempts = 0 AND NEW.mfa_lock_until IS NULL THEN
        -- It also resets the strikes if the account had failures or a lock.
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
                        AND o.code ->> 'digest' IN (
                            SELECT value FROM jsonb_each_text(
                                CASE jsonb_typeof(n.code) WHEN 'object' THEN n.code ELSE jsonb_build_object('', n.code) END
                            )
                        )
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
            || jsonb_build_object('sv', session + 1, 'sv_at', now_ms);
    END IF;
    IF changed <> '{}' THEN
        internal := internal || jsonb_build_object('foreign', CASE jsonb_typeof(internal -> 'foreign') WHEN 'object' THEN internal -> 'foreign' ELSE '{}' END || changed);
    END IF;

    NEW.mfa_version := OLD.mfa_version + 1;
    NEW.mfa_internal := CASE jsonb_typeof(OLD.mfa_internal) WHEN 'object' THEN internal ELSE OLD.mfa_internal END;
    RETURN NEW;
EXCEPTION WHEN undefined_column THEN
    -- A column was dropped, for example by a downgrade of NOVA's own migrations. The server does not start then, and the
    -- remaining MFA columns keep their values.
    SELECT jsonb_object_agg(key, value) INTO kept FROM jsonb_each(to_jsonb(OLD)) WHERE key = ANY (ours);
    NEW := jsonb_populate_record(NEW, kept);
    NEW.mfa_version := OLD.mfa_version + 1;
    RETURN NEW;
END
$$;

DO $$
BEGIN
    IF EXISTS (SELECT FROM mfa_schema WHERE object = 'column mfa_authenticators') THEN
        -- A placeholder for passkeys is no app.
        UPDATE users SET is_totp_enabled = FALSE, totp_secret = NULL, totp_enrolled_at = NULL,
            mfa_version = mfa_version + 1
        WHERE totp_secret IN (
            SELECT entry ->> 'placeholder' FROM jsonb_array_elements(mfa_authenticators) AS entry
            WHERE entry ->> 'kind' = 'user'
        );
        ALTER TABLE users DROP COLUMN mfa_authenticators;
        DELETE FROM mfa_schema WHERE object = 'column mfa_authenticators';
    END IF;
END
$$;
