-- A server of the version before passkeys does not know the column `mfa_authenticators`. If it disables the app, as in a
-- reset, passkeys and further apps are removed too: they must not come back with the next enrolment. WHEN names no column of
-- the guide, because NOVA could not drop it then.
CREATE FUNCTION mfa_removed() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.is_totp_enabled AND NOT NEW.is_totp_enabled AND NEW.mfa_authenticators = OLD.mfa_authenticators
        AND NEW.mfa_authenticators @? '$[*] ? (@.kind != "name")'
    THEN
        NEW.mfa_authenticators := '[]';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER mfa_removed BEFORE UPDATE ON users FOR EACH ROW
WHEN (NEW.mfa_version = OLD.mfa_version + 1 AND NEW.mfa_authenticators <> '[]')
EXECUTE FUNCTION mfa_removed();
